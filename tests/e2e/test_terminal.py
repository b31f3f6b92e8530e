"""What a person sees: the live lines on a terminal that is emulated (pyte) and
resized, plain lines where there is none, and the report at the end. Nothing
here asks how long something took, only what stands on the screen."""

import fcntl
import json
import os
import re
import signal
import struct
import termios
import threading
import time
import unittest

import pyte

from harness import Case, ENABLE, PASSWORD, main, wait_until

ESCAPE = "\x1b"
SGR = re.compile(r"\x1b\[[0-9;]*m")
STUCK = {"kind": "delay", "at": "^show ip access", "ms": 600000}
LOST = {"kind": "drop", "at": "^show ip access"}
BAR = re.compile(r"\[=*-* *\]")


class Reflowing(pyte.Screen):
    """A terminal that breaks its lines anew when its width changes (as VTE,
    kitty and tmux do). pyte itself cuts them, as xterm does. Each row counts
    as a line of its own: what is tested writes none that wrap."""

    def resize(self, lines=None, columns=None):
        rows = [row.rstrip() for row in self.display]
        at, column = self.cursor.y, self.cursor.x
        last = max([at] + [i for i, row in enumerate(rows) if row])
        width = columns or self.columns
        fresh, cursor = [], 0
        for i, row in enumerate(rows[:last + 1]):
            if i == at:
                cursor = len(fresh)
            fresh += [row[k:k + width] for k in range(0, len(row), width)] \
                or [""]
        over = max(0, len(fresh) - self.lines)
        super().resize(lines, columns)
        self.erase_in_display(2)
        for i, row in enumerate(fresh[over:]):
            self.cursor.y, self.cursor.x = i, 0
            self.draw(row)
        self.cursor.y, self.cursor.x = max(0, cursor - over), column


class Monitor:
    """A terminal with a window size, and somebody who reads it all the time."""

    def __init__(self, columns=80, rows=24, screen=pyte.Screen):
        self.master, self.slave = os.openpty()
        self.screen = screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.lock = threading.Lock()
        self._tell(columns, rows)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _tell(self, columns, rows):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self):
        while True:
            try:
                got = os.read(self.master, 65536)
            except OSError:  # nobody has it open any more
                return
            if not got:
                return
            with self.lock:
                self.raw += got
                self.stream.feed(got)

    def resize(self, columns, rows):
        with self.lock:
            self.screen.resize(rows, columns)
            self._tell(columns, rows)

    @property
    def text(self):
        with self.lock:
            return self.raw.decode(errors="replace")

    @property
    def rows(self):
        with self.lock:
            return [row.rstrip() for row in self.screen.display]

    def shows(self, text):
        return any(text in row for row in self.rows)

    def expect(self, condition, what="the screen"):
        """Until CONDITION(rows), a function or a text in one of them."""
        def look():
            rows = self.rows
            good = condition(rows) if callable(condition) else \
                any(condition in row for row in rows)
            return rows if good else None
        try:
            return wait_until(look, what)
        except AssertionError as error:
            raise AssertionError("%s: %s, not in:\n%s" % (
                error, what if callable(condition) else condition,
                "\n".join(self.rows))) from None

    def close(self):
        os.close(self.slave)
        self.reader.join(10)
        os.close(self.master)


class OnTerminal(Case):
    NAMES = ["R%d" % i for i in range(1, 7)]

    def monitor(self, *size, **more):
        monitor = Monitor(*size, **more)
        self.addCleanup(monitor.close)
        return monitor

    def begin(self, monitor, *options, job=None, **env):
        env.setdefault("TERM", "xterm-256color")
        return self.start(job or self.acl_job(), *options,
                          stderr=monitor.slave, **env)

    def release(self, *names):
        for name in names:
            self.lab.faults(name)
            self.lab.control({"do": "release", "device": name})

    def finish(self, run, monitor, expect=0):
        """The run to its end, and everything it wrote read."""
        run.wait()
        self.assertEqual(run.returncode, expect, monitor.text)
        mark = "--- the end ---"
        os.write(monitor.slave, mark.encode())
        monitor.expect(mark)
        return [row.replace(mark, "") for row in monitor.rows]

    def assert_one_view(self, rows):
        """The live lines stand there once, whole."""
        self.assertEqual(sum(bool(BAR.search(row)) for row in rows), 1, rows)
        self.assertEqual(sum("in flight" in row for row in rows), 1, rows)


class Copying(OnTerminal):
    def test_how_fast_and_how_long(self):
        self.start_lab({"hostname": "R1", "copy_rate": 500000,
                        "startup": "ip scp server enable\n"})
        # Down: the device paces what it sends; of what goes up it takes all
        # that there is.
        flash = os.path.join(self.lab.dir, "flash", "R1")
        os.makedirs(flash, exist_ok=True)
        with open(os.path.join(flash, "i"), "wb") as file:
            file.write(bytes(16000000))
        monitor = self.monitor(100)
        run = self.begin(monitor, job=self.phases_job(
            "  - steps:\n      - download: {source: 'flash:/i', "
            "destination: '%s', md5: false}\n" %
            os.path.join(self.tmp, "i")))
        monitor.expect(lambda rows: any(re.match(
            r"  R1 +\w+ +\d+ s  \d+ %  \d+ kB/s  about \d+ s left$", row)
            for row in rows), "the line of the copy")
        self.lab.set("R1", copy_rate=0)
        rows = self.finish(run, monitor)
        self.assertEqual([row for row in rows if row], [])


class Live(OnTerminal):
    def setUp(self):
        super().setUp()
        self.start_lab(*self.NAMES)

    def test_bar_counts_and_slowest(self):
        self.lab.faults("R4", STUCK)
        self.lab.faults("R5", STUCK)
        monitor = self.monitor()
        run = self.begin(monitor)
        rows = monitor.expect(lambda rows: any(
            re.fullmatch(r"  R5 +prepare +\d+ s", row) for row in rows))
        self.assert_one_view(rows)
        bar = next(row for row in rows if BAR.search(row))
        self.assertRegex(
            bar, r"^\[=+-+ +\] 4/6  66 %  \d+ s(, about \d+ s left)?$")
        self.assertEqual(len(bar), 79)
        self.assertIn("changed 4  in flight 2", rows)
        self.assertTrue(any(re.match(r"  R4 ", row) for row in rows), rows)
        # What succeeded needs no line of its own.
        self.assertFalse(any("R1" in row for row in rows), rows)
        monitor.expect(lambda rows: any("about" in row for row in rows),
                       "an estimate")
        self.release("R4", "R5")
        rows = self.finish(run, monitor)
        self.assertEqual([row for row in rows if row], [])

    def test_failures_stand_above(self):
        self.lab.faults("R2", LOST)
        self.lab.faults("R3", {"kind": "refuse", "at": "^permit",
                               "text": "% " + 100 * "no! "})
        self.lab.faults("R6", STUCK)
        monitor = self.monitor()
        os.write(monitor.slave, b"before\r\n")
        run = self.begin(monitor)
        rows = monitor.expect(lambda rows: any("failed 2" in row or (
            "failed 1" in row and "rolled_back 1" in row) for row in rows))
        self.assert_one_view(rows)
        self.assertEqual(rows[0], "before")
        self.assertEqual([row[:3] for row in sorted(rows[1:3])],
                         ["R2:", "R3:"])
        for row in rows[1:3]:
            self.assertLess(len(row), 80)
        self.assertRegex(rows[1] + rows[2], r"R3: \w+, refused: line \d+ was "
                                            r"refused: permit.*\.\.\.")
        self.assertRegex(rows[3], BAR)
        self.release("R6")
        rows = self.finish(run, monitor, expect=1)
        self.assertEqual([row for row in rows[3:] if row], [])
        # The report has all of it.
        self.assertIn("no! no! no! no! no! no! no! no!", run.stdout)

    def resized(self, screen):
        self.lab.faults("R2", LOST)
        self.lab.faults("R6", STUCK)
        monitor = self.monitor(screen=screen)
        os.write(monitor.slave, b"before\r\n")
        run = self.begin(monitor)
        monitor.expect("  R6  ")
        for columns in (60, 34, 50, 24, 79, 120):
            monitor.resize(columns, 24)
            rows = monitor.expect(lambda rows: any(
                len(row) == columns - 1 and BAR.search(row) or
                columns < 40 and row.startswith("5/6") for row in rows),
                "a bar of %d columns" % columns)
            if columns >= 40:
                self.assert_one_view(rows)
            self.assertEqual(
                sum(bool(re.search(r"\b5/6\b", row)) for row in rows), 1, rows)
            self.assertEqual(
                sum(row.startswith("  R6 ") for row in rows), 1, rows)
            self.assertEqual(rows[0], "before")
            self.assertRegex(rows[1], r"^R2: failed, closed")
        self.release("R6")
        rows = self.finish(run, monitor, expect=1)
        self.assertFalse(any("in flight" in row or "[" in row for row in rows),
                         rows)

    def test_resized_where_lines_are_cut(self):
        self.resized(pyte.Screen)

    def test_resized_where_lines_are_broken_anew(self):
        self.resized(Reflowing)

    def test_small(self):
        """No line wraps, and half of the window stays free."""
        self.lab.faults("R6", STUCK)
        monitor = self.monitor(20, 8)
        run = self.begin(monitor)
        rows = monitor.expect("changed 5")
        used = [row for row in rows if row]
        self.assertLessEqual(len(used), 4, rows)
        self.assertLessEqual(max(len(row) for row in used), 19)
        self.assertTrue(used[0].startswith("5/6"), rows)
        self.release("R6")
        self.finish(run, monitor)

    def test_many_lines_at_the_bottom(self):
        """The screen scrolls; what scrolled away has left nothing behind."""
        for name in self.NAMES[:5]:
            self.lab.faults(name, LOST)
        self.lab.faults("R6", STUCK)
        monitor = self.monitor(80, 12)
        os.write(monitor.slave, b"".join(b"old %d\r\n" % i for i in range(11)))
        run = self.begin(monitor)
        rows = monitor.expect(lambda rows: any(
            "failed 5" in row for row in rows) and any(
                row.startswith("  R6") for row in rows))
        self.assert_one_view(rows)
        self.assertEqual(
            sorted(row[:3] for row in rows if ": failed" in row),
            ["R1:", "R2:", "R3:", "R4:", "R5:"])
        self.release("R6")
        rows = self.finish(run, monitor, expect=1)
        self.assertFalse(any(BAR.search(row) for row in rows), rows)

    def test_interrupted(self):
        self.lab.faults("R6", STUCK)
        monitor = self.monitor()
        run = self.begin(monitor)
        monitor.expect("in flight 1")
        run.signal(signal.SIGINT)
        monitor.expect("netpush: busy: R6 (prepare)")
        rows = monitor.expect(lambda rows: any(BAR.search(r) for r in rows))
        self.assert_one_view(rows)
        run.signal(signal.SIGINT)
        run.wait()
        self.assertEqual(run.returncode, -signal.SIGINT)

    def test_waiting(self):
        start = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                              time.gmtime(time.time() + 3700))
        monitor = self.monitor(columns=100)
        run = self.begin(monitor, "--at", start)
        rows = monitor.expect("begins in 1 h 01 min (^C: leave)")
        self.assertRegex(rows[0], "^netpush: credentials checked; waiting")
        self.assertEqual([row for row in rows[2:] if row], [])
        # It counts down in place.
        monitor.expect(lambda _: monitor.text.count("begins in") >= 2,
                       "a second look at the clock")
        self.assertEqual(sum("begins in" in row for row in monitor.rows), 1)
        run.signal(signal.SIGINT)
        run.wait()
        self.assertFalse(self.lab.witness(event="line"))

    def test_batches_and_retries(self):
        self.lab.faults("R3", {"kind": "reset", "times": 1})
        self.lab.faults("R6", STUCK)
        monitor = self.monitor()
        run = self.begin(monitor, job=self.acl_job(
            more="run: {batches: [1, 100%], retries: 1, retry_delay: 1s}\n"))
        rows = monitor.expect(lambda rows: any(
            "batch 2 of 2  changed 5  in flight 1" in row for row in rows))
        self.assertEqual(rows[0], "batch 1 of 2: 1 device")
        self.assertEqual(rows[1], "batch 2 of 2: 5 devices")
        self.assertRegex(rows[2], r"^R3: (connect|closed): .*; again in "
                                  r"(\d\.\d s|\d+ ms)$")
        self.assertLess(len(rows[2]), 80)
        self.release("R6")
        self.finish(run, monitor)

    def test_question_in_between(self):
        """The lines are out of the way while a password is asked."""
        monitor = self.monitor()
        tty = self.terminal()
        run = self.start(self.acl_job(), tty=tty, stderr=monitor.slave,
                         TERM="xterm", password=None)
        tty.answer("Password: ", "wrong")
        tty.answer("Username [neteng]: ", "")
        tty.expect("Password: ")
        wait_until(lambda: not monitor.shows("checking"),
                   "the lines taken away")
        tty.send(PASSWORD + "\n")
        self.finish(run, monitor)

    def test_what_is_logged_makes_room(self):
        """A new host key that cannot be written down: a message while the
        lines stand there."""
        os.unlink(self.known_hosts)
        os.symlink("/nonexistent/known_hosts", self.known_hosts)
        self.lab.faults("R4", STUCK)
        self.lab.faults("R6", STUCK)
        monitor = self.monitor(160)
        run = self.begin(monitor, job=self.acl_job(
            more="run: {batches: [5, 100%]}\n"))
        monitor.expect("batch 1 of 2  changed 4  in flight 1")
        self.release("R4")
        rows = monitor.expect("batch 2 of 2  changed 5  in flight 1")
        self.assert_one_view(rows)
        at = rows.index("batch 2 of 2: 1 device")
        self.assertRegex(rows[at + 1], r"^netpush: \S+: cannot be opened for "
                                       r"writing: No such file or directory$")
        self.release("R6")
        rows = self.finish(run, monitor)
        self.assertFalse(any(rows[at + 2:]), rows)

    def test_color(self):
        self.lab.faults("R2", LOST)
        for options, env, wanted in (
                ((), {}, True), (("--no-color",), {}, False),
                ((), {"NO_COLOR": "1"}, False), ((), {"NO_COLOR": ""}, True)):
            with self.subTest(options=options, env=env):
                monitor = self.monitor()
                run = self.begin(monitor, *options, **env)
                rows = self.finish(run, monitor, expect=1)
                self.assertRegex(rows[0], "^R2: failed, closed: ")
                self.assertEqual(bool(SGR.search(monitor.text)), wanted)
                self.assertIn(ESCAPE + "[K", monitor.text)

    def test_no_live_lines(self):
        """A dumb terminal, a CI system: one plain line for each device."""
        self.lab.faults("R2", LOST)
        for env in ({"TERM": "dumb"}, {"TERM": None}, {"CI": "true"}):
            with self.subTest(env=env):
                monitor = self.monitor(200)
                run = self.begin(monitor, **env)
                rows = self.finish(run, monitor, expect=1)
                self.assertNotIn(ESCAPE, monitor.text)
                self.assertEqual(
                    sorted(row[:2] for row in rows if row), self.NAMES)


class Plain(OnTerminal):
    def setUp(self):
        super().setUp()
        self.start_lab(*self.NAMES)

    def test_pipe(self):
        self.lab.faults("R2", LOST)
        run = self.push(self.acl_job(), expect=1, TERM="xterm")
        self.assertNotIn(ESCAPE, run.stderr + run.stdout)
        lines = run.stderr.splitlines()
        self.assertEqual(sorted(line[:2] for line in lines), self.NAMES)
        self.assertRegex(run.stderr, r"(?m)^R1: changed \([\d.]+ m?s\)$")
        self.assertRegex(run.stderr, r"(?m)^R2: failed, closed: .* closed "
                                     r"the connection$")

    def test_quiet(self):
        self.lab.faults("R2", LOST)
        monitor = self.monitor(200)
        run = self.begin(monitor, "-q", job=self.acl_job(
            more="run: {batches: [1, 100%], max_failures: 6}\n"))
        rows = [row for row in self.finish(run, monitor, expect=1) if row]
        self.assertEqual(len(rows), 1, rows)
        self.assertTrue(rows[0].startswith("R2: failed, closed: "), rows)
        self.assertNotIn("R1", run.stdout)

    def test_verbose(self):
        run = self.push(self.acl_job(), "-v")
        self.assertRegex(
            run.stderr, r"(?m)^R1: push: template acl: changed \([\d.]+ m?s\)$")
        self.assertIn("credentials of neteng on R1: passed\n", run.stderr)
        self.assertNotIn("R1 > ", run.stderr)
        self.assertFalse(os.path.exists(os.path.join(run.dir, "transcripts")))

    def test_dialogue(self):
        run = self.push(self.acl_job(), "-vv")
        lines = run.stderr.splitlines()
        for name in self.NAMES:
            mine = [line for line in lines if line.startswith(name)]
            self.assertIn(name + " > ip access-list extended EDGE", mine)
            self.assertIn(name + " <     10 permit ip any any", mine)
            # In the order of things.
            step = mine.index(next(
                line for line in mine if ": push: template acl: " in line))
            self.assertLess(mine.index(
                name + " > ip access-list extended EDGE"), step)
            self.assertEqual(mine.count(
                name + " > ip access-list extended EDGE"), 1)

    def test_dialogue_of_this_part_only(self):
        """A second phase and a resumed run repeat nothing of what was
        shown."""
        job = self.phases_job("""  - name: look
    steps: [{command: show clock}]
  - name: again
    steps: [{command: show version}]
""", devices=["R1"])
        run = self.push(job, "-vv")
        self.assertEqual(run.stderr.count("R1 > show clock"), 1)
        self.assertEqual(run.stderr.count("R1 > show version"), 1)
        self.lab.faults("R1", {"kind": "drop", "at": "^show version"})
        run = self.push(job, "-vv", expect=1)
        self.lab.faults("R1")
        run = self.netpush("resume", "-vv", os.path.basename(run.dir),
                           "--state-dir", self.state_dir).wait()
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertEqual(run.stderr.count("R1 > show clock"), 0)
        self.assertEqual(run.stderr.count("R1 > show version"), 1)


class Secrets(OnTerminal):
    def test_dialogue_without_them(self):
        self.start_lab({"hostname": "R1", "login_mode": "user"})
        run = self.push(self.acl_job(), "-vv",
                        NETPUSH_ENABLE_PASSWORD=ENABLE)
        self.assertIn("R1 > enable\n", run.stderr)
        self.assertNotIn(ENABLE, run.stderr)
        self.assertNotIn(PASSWORD, run.stderr)


class Report(OnTerminal):
    NAMES = ["BRANCH%d_DIST1" % i for i in range(1, 10)]

    def setUp(self):
        super().setUp()
        self.start_lab(*self.NAMES)

    def again(self, run, *options):
        return self.netpush("report", *options, os.path.basename(run.dir),
                            "--state-dir", self.state_dir).wait()

    def test_folded(self):
        run = self.push(self.acl_job())
        self.assertRegex(
            run.stdout, r"\nchanged \(9\):\n  BRANCH\[1-9\]_DIST1 \(9\)\n"
                        r"    Extended IP access list EDGE\n")
        self.assertEqual(run.stdout.count("Extended IP"), 1)
        self.assertEqual(self.again(run).stdout, run.stdout)

    def test_failures_of_one_kind(self):
        for name in self.NAMES[1:4] + self.NAMES[6:7]:
            self.lab.faults(name, LOST)
        self.lab.faults(self.NAMES[8], {"kind": "refuse", "at": "^permit"})
        run = self.push(self.acl_job(), expect=1)
        self.assertRegex(
            run.stdout, r"\nfailed \(4\), in stage prepare:\n"
                        r"  BRANCH\[2-4,7\]_DIST1 \(4\)\n"
                        r"  closed: <address> port \d+: the device closed "
                        r"the connection\n")
        self.assertEqual(run.stdout.count("closed the connection"), 1)
        self.assertRegex(run.stdout, r"\nBRANCH9_DIST1: \w+.*\n  refused: ")
        self.assertRegex(run.stdout,
                         r"\nchanged \(4\):\n  BRANCH\[1,5-6,8\]_DIST1")
        self.assertEqual(self.again(run).stdout, run.stdout)
        quiet = self.again(run, "-q").stdout
        self.assertNotIn("changed (4)", quiet)
        self.assertIn("BRANCH[2-4,7]_DIST1", quiet)

    def test_the_odd_one(self):
        """It differs from the others in two lines: these are shown."""
        lines = "\n".join("permit ip host 192.0.2.%d any" % i
                          for i in range(1, 9))
        self.push(self.acl_job(lines))
        other = lines.replace("192.0.2.3 ", "192.0.2.33 ")
        self.push(self.acl_job(other, devices=["BRANCH4_DIST1"]))
        run = self.push(self.phases_job("""  - name: look
    steps: [{command: show ip access-lists EDGE}]
"""))
        self.assertRegex(
            run.stdout, r"\nunchanged \(8\):\n  BRANCH\[1-3,5-9\]_DIST1 "
                        r"\(8\)\n    Extended IP access list EDGE\n")
        odd = run.stdout[run.stdout.index("unchanged (1)"):]
        self.assertTrue(odd.startswith(
            "unchanged (1):\n  BRANCH4_DIST1\n"
            "    unlike BRANCH1_DIST1 (-: there, +: here):\n    @@ "), odd)
        self.assertIn("\n    -    30 permit ip host 192.0.2.3 any\n"
                      "    +    31 permit ip host 192.0.2.33 any\n", odd)
        self.assertNotIn("192.0.2.8 ", odd)
        self.assertEqual(self.again(run).stdout, run.stdout)

    def test_the_same_of_another_status(self):
        self.push(self.acl_job(devices=["BRANCH2_DIST1", "BRANCH3_DIST1"]))
        run = self.push(self.acl_job())
        self.assertIn("\nunchanged (2):\n  BRANCH2_DIST1, BRANCH3_DIST1\n"
                      "    the same as BRANCH1_DIST1\n", run.stdout)
        self.assertEqual(run.stdout.count("Extended IP"), 1)

    def test_colors_of_a_difference(self):
        """The report goes to a terminal, too."""
        self.test_the_odd_one()
        monitor = self.monitor()
        self.netpush("report", "latest", "--state-dir", self.state_dir,
                     stdout=monitor.slave, TERM="xterm").wait()
        monitor.expect(lambda _: "\nrun: " in monitor.text, "its end")
        self.assertIn("    \x1b[31m-    30 permit ip host 192.0.2.3 any"
                      "\x1b[0m", monitor.text)
        self.assertIn("    \x1b[32m+    31 permit ip host 192.0.2.33 any"
                      "\x1b[0m", monitor.text)

    def test_hostile_texts(self):
        """A journal in which somebody wrote what a terminal would obey."""
        self.lab.faults("BRANCH1_DIST1", LOST)
        run = self.push(self.acl_job(), expect=1)
        path = os.path.join(run.dir, "events.jsonl")
        with open(path, encoding="utf-8") as file:
            events = [json.loads(line) for line in file]
        bad = "\x1b[2J\x9b31m\u202eevil\r\b"
        for event in events:
            if event["event"] == "step" and event.get("output"):
                event["output"] += bad + "\n"
            if event.get("error"):
                event["error"]["message"] += bad
                event["error"]["device_text"] = bad
        with open(path, "w", encoding="utf-8") as file:
            for event in events:
                file.write(json.dumps(event) + "\n")
        shown = self.again(run).stdout
        self.assertEqual(shown.count("evil"), 3, shown)
        for mark in bad.replace("evil", "").replace("[2J", "").replace(
                "31m", ""):
            self.assertNotIn(mark, shown)


if __name__ == "__main__":
    main()
