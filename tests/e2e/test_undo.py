"""Changes that take themselves back: what is armed before the first line, who
takes it away again, and what is true of the device when that fails."""

import os
import signal

from harness import Case, main, wait_until

ARCHIVE = "archive\n path flash:archive\n"
RISKY = "interface GigabitEthernet0/2\n description new\n"
WAITS = {"minute_ms": 3600000}  # the lab's timers are up when a test says so


class GuardCase(Case):
    DEVICE = {}
    NAME = "R1"

    def setUp(self):
        super().setUp()
        self.start_lab({"hostname": self.NAME, **self.DEVICE}, config=WAITS)
        self.before = self.lab.state(self.NAME)["running"]

    def job(self, text=RISKY, more="", save=True):
        step = "    - config: |\n%s%s%s" % (
            "".join("        %s\n" % line for line in text.splitlines()),
            "".join("      %s\n" % line for line in more.splitlines()),
            "    - save: true\n" if save else "")
        return self.phases_job("  - steps:\n" + step)

    def run_job(self, *args, expect=0, options=(), **more):
        self.run_done = self.push(self.job(*args, **more), *options,
                                  expect=expect)
        return self.run_done.results[self.NAME]

    def faults(self, *faults):
        self.lab.faults(self.NAME, *faults)

    def lines(self):
        """(session, line) of all that the device read."""
        return [(e["session"], e["line"])
                for e in self.lab.witness(event="line", device=self.NAME)
                if e["line"]]

    def sent(self):
        return [line for _, line in self.lines()]

    def session_of(self, wanted):
        return next(s for s, line in self.lines() if line == wanted)

    def running(self):
        return self.lab.state(self.NAME)["running"]

    def stages(self):
        return [e["stage"] for e in self.run_done.select(event="stage")]

    def assert_as_before(self):
        self.assertEqual(self.running(), self.before)

    def assert_nothing_saved(self):
        self.assertEqual(self.lab.witness(event="save"), [])

    @staticmethod
    def await_wait(run):
        wait_until(lambda: any(
            "waiting for the device" in e.get("text", "")
            for e in run.select(event="log")), "netpush waits")

    def leave_armed(self, at, **more):
        """A run that is killed between its change and the line AT, which
        would keep it: another one finds the undo armed."""
        self.faults({"kind": "hang", "at": at, "times": 1})
        run = self.start(self.job(save=False, **more))
        wait_until(lambda: any(e["kind"] == "hang" for e in
                               self.lab.witness(event="fault")), "the hang")
        for pid in run.children():
            os.kill(pid, signal.SIGKILL)
        run.wait()
        return len(self.sent())

    def assert_left_alone(self, result, before, *lines):
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("failed", "refused"))
        self.assertIn("of an earlier run, is armed on the device",
                      result["error"]["message"])
        for line in lines:
            self.assertNotIn(line, self.sent()[before:])

    def start_and_expire(self, *args, **more):
        """The run; the device's timer is up as soon as netpush waits."""
        run = self.start(self.job(*args, **more))
        self.await_wait(run)
        self.lab.expire(self.NAME)
        self.run_done = run.wait()
        return run.results[self.NAME]


class Archive(GuardCase):
    DEVICE = {"startup": ARCHIVE}
    ARM = "configure terminal revert timer 5"

    def test_confirmed_from_a_second_connection(self):
        result = self.run_job()
        self.assertEqual(result["status"], "changed")
        self.assertNotEqual(self.session_of(self.ARM),
                            self.session_of("configure confirm"))
        sent = self.sent()
        # Saved only behind it, and nothing is armed any more.
        self.assertLess(sent.index("configure confirm"),
                        sent.index("write memory"))
        self.assertEqual(
            [s for s in self.stages() if s in ("change", "verify", "confirm",
                                              "save")],
            ["change", "verify", "confirm", "save"])
        self.lab.expire(self.NAME)
        self.assertIn("description new", self.running())
        self.assertIn("undo: revert timer of the archive, 5 min\n",
                      result["steps"][0]["notes"])

    def test_minutes_are_the_jobs(self):
        self.run_job(more="guard_minutes: 17")
        self.assertIn("configure terminal revert timer 17", self.sent())

    def test_harmless_text_costs_nothing(self):
        self.run_job("ntp server 10.0.0.1\n", save=False)
        self.assertEqual(len(self.connects()), 2)  # with the login check
        self.assertNotIn("show archive", self.sent())

    def test_always_and_off(self):
        self.run_job("ntp server 10.0.0.1\n", "guard: always")
        self.assertIn(self.ARM, self.sent())
        self.lab.reset(self.NAME)
        before = len(self.sent())
        self.run_job(more="guard: off")
        self.assertNotIn(self.ARM, self.sent()[before:])

    def test_refused_line(self):
        self.faults({"kind": "refuse", "at": "^ *description new"})
        result = self.run_job("ntp server 10.0.0.9\n" + RISKY, expect=1)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("rolled_back", "refused"))
        self.assert_as_before()
        self.assert_nothing_saved()
        self.assertIn("configure revert now", self.sent())
        self.assertNotIn("configure confirm", self.sent())

    def test_second_connection_refused(self):
        # The first is the check of the credentials, the second the change.
        self.faults({"kind": "reset", "after": 2})
        result = self.run_job(expect=1)
        self.assertEqual((result["status"], result["stage"]),
                         ("rolled_back", "confirm"))
        self.assertIn("the second connection", result["error"]["message"])
        self.assert_as_before()
        self.assert_nothing_saved()

    def test_a_text_that_changed_nothing(self):
        """It is as asked and as before: that is no doubt."""
        self.run_job(save=False)
        self.before = self.running()
        # Two connections of the first run, two of this one.
        self.faults({"kind": "reset", "after": 2})
        result = self.run_job(expect=1, save=False)
        self.assertEqual((result["status"], result["stage"]),
                         ("rolled_back", "confirm"))
        self.assert_as_before()

    def test_the_timer_is_waited_for(self):
        """Cut in the change, and nobody gets in: the device takes it back."""
        self.faults({"kind": "drop", "at": "description new", "when": "after"},
                    {"kind": "reset", "after": 2, "times": 2})
        result = self.start_and_expire()
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("rolled_back", "closed"))
        self.assert_as_before()
        self.assert_nothing_saved()
        self.assertIn("undo: the old state is back",
                      result["steps"][0]["notes"])

    def test_refused_and_the_timer_is_waited_for(self):
        """The second connection is refused, and the first one is cut when it
        is to take the change back: the device's timer does it."""
        self.faults({"kind": "reset", "after": 2},
                    {"kind": "drop", "at": "^configure revert now"})
        run = self.start(self.job())
        self.await_wait(run)
        self.lab.expire(self.NAME)
        self.assert_as_before()
        self.faults()
        self.run_done = run.wait()
        result = run.results[self.NAME]
        self.assertEqual((result["status"], result["stage"]),
                         ("rolled_back", "confirm"))
        self.assertIn("the second connection", result["error"]["message"])
        self.assertIn("undo: the old state is back",
                      result["steps"][0]["notes"])
        self.assert_as_before()
        self.assert_nothing_saved()

    def test_the_confirmation_is_refused(self):
        self.faults({"kind": "refuse", "at": "configure confirm"})
        result = self.run_job(expect=1)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("rolled_back", "refused"))
        self.assert_as_before()

    def test_not_the_same_from_there(self):
        # Read before, after, and from the second connection.
        self.faults({"kind": "log_line", "at": "^show running-config$",
                     "after": 2, "times": 1, "when": "middle",
                     "text": "ntp server 9.9.9.9"})
        result = self.run_job(expect=1)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("rolled_back", "verify"))
        self.assert_as_before()
        self.assertNotIn("configure confirm", self.sent())

    def test_the_rollback_fails(self):
        self.faults({"kind": "refuse", "at": "^ *description new"},
                    {"kind": "rollback_fails"})
        result = self.run_job("ntp server 10.0.0.9\n" + RISKY, expect=1)
        self.assertEqual(result["status"], "unknown")
        self.assertIn("ntp server 10.0.0.9", result["steps"][0]["output"])
        self.assertIn("takes it back by itself at ",
                      result["error"]["message"])

    def test_somebody_elses_timer(self):
        """Never armed twice, and theirs is left alone."""
        self.faults({"kind": "refuse", "at": "revert timer",
                     "text": "%Rollback Confirmed Change is pending"})
        result = self.run_job(expect=1)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("failed", "refused"))
        self.assert_as_before()
        self.assertNotIn("configure revert now", self.sent())

    def test_a_timer_that_was_left(self):
        before = self.leave_armed("^configure confirm")
        result = self.run_job("interface GigabitEthernet0/3\n"
                              " description other\n", expect=1)
        self.assert_left_alone(result, before, self.ARM, "configure confirm",
                               "configure revert now")
        self.lab.expire(self.NAME)
        self.assert_as_before()

    def test_an_undo_that_is_refused_is_taken_away(self):
        """Nothing was changed, and nothing stays armed."""
        self.faults({"kind": "refuse", "at": "^ *interface"},
                    {"kind": "refuse", "at": "revert now"})
        result = self.run_job(expect=1)
        self.assertEqual(result["status"], "failed")
        self.assertIn("configure confirm", self.sent())
        self.assertNotIn("still take back", result["error"]["message"])

    def test_an_undo_that_stays_is_told_of(self):
        self.faults({"kind": "refuse", "at": "^ *interface"},
                    {"kind": "refuse", "at": "^configure (revert|confirm)"})
        result = self.run_job(expect=1)
        self.assertEqual(result["status"], "failed")
        self.assertIn("the device may still take back all that was changed",
                      result["error"]["message"])

    def test_cut_at_every_line(self):
        text = "ntp server 10.0.0.9\n" + RISKY + "ntp server 10.0.0.8\n"
        ends = {"changed", "failed", "rolled_back"}
        for when in ("before", "after"):
            for at in ("^configure terminal", "server 10.0.0.9", "^interface",
                       "description new", "server 10.0.0.8", "^end$",
                       "^configure confirm"):
                with self.subTest(at=at, when=when):
                    self.lab.reset(self.NAME)
                    self.faults({"kind": "drop", "at": at, "when": when,
                                 "times": 1})
                    result = self.run_job(text, expect=None, save=False)
                    self.assertIn(result["status"], ends)
                    done = result["status"] == "changed"
                    self.assertEqual("description new" in self.running(),
                                     done)
                    if not done:
                        self.assert_as_before()
                    # Nothing is armed any more that would change it again.
                    running = self.running()
                    self.lab.expire(self.NAME)
                    self.assertEqual(self.running(), running)

    def test_called_off_while_it_waits(self):
        """^C, twice: the person is told what is armed."""
        self.faults({"kind": "drop", "at": "description new", "when": "after"},
                    {"kind": "reset", "after": 2})
        run = self.start(self.job())
        self.await_wait(run)
        run.signal(signal.SIGINT)
        wait_until(lambda: "busy" in run.stderr, "the word about the first")
        run.signal(signal.SIGINT)
        result = run.wait().results[self.NAME]
        self.assertEqual(result["status"], "unknown")
        self.assertIn("the device takes it back by itself at ",
                      result["error"]["message"])
        self.lab.faults(self.NAME)
        self.lab.expire(self.NAME)
        self.assert_as_before()

    def test_a_login_that_is_refused_is_not_repeated(self):
        self.faults({"kind": "drop", "at": "description new", "when": "after"},
                    {"kind": "auth_refuse", "after": 2})
        result = self.run_job(expect=None)
        self.assertEqual(result["status"], "unknown")
        self.assertEqual(len([e for e in self.lab.witness(event="auth")
                              if not e["ok"]]), 1)

    def test_killed_between_change_and_confirm(self):
        """The next visit sees the change, and takes the timer away."""
        self.faults({"kind": "hang", "at": "^configure confirm", "times": 1})
        run = self.start(self.job(save=False))
        wait_until(lambda: "configure confirm" in self.sent(), "the confirm")
        for pid in run.children():
            os.kill(pid, signal.SIGKILL)
        run.wait()
        self.assertEqual(run.results[self.NAME]["status"], "unknown")
        self.netpush("resume", "--json", self.json_path, "latest").wait()
        self.assertEqual(run.results[self.NAME]["status"], "unchanged")
        self.lab.expire(self.NAME)
        self.assertIn("description new", self.running())

    def test_somebody_elses_lock(self):
        lock = "Configuration mode is locked by process '301' user 'bob' " \
            "from terminal '3'. Please try later."
        for guard in ("auto", "off"):
            self.faults({"kind": "refuse", "at": "^configure terminal",
                         "text": lock})
            result = self.run_job(more="guard: " + guard, expect=1)
            self.assertEqual(result["status"], "failed")
            self.assertIn(lock, result["error"]["message"])
            self.assert_as_before()

    def test_check_shows_it_and_arms_nothing(self):
        result = self.run_job(options=["--check"])
        self.assertIn("undo: revert timer of the archive, 5 min\n"
                      "lines that would be sent:\n",
                      result["steps"][0]["output"])
        self.assertIn("undo: revert timer of the archive, 5 min",
                      result["steps"][0]["notes"])
        self.assertEqual(self.config_lines(self.NAME), [])


class NoArchive(GuardCase):
    def test_as_ever(self):
        result = self.run_job()
        self.assertEqual(result["status"], "changed")
        self.assertIn("show archive", self.sent())
        self.assertNotIn("reload in 5", self.sent())
        self.assertIn("undo: none", result["steps"][0]["notes"])

    def test_always_is_refused(self):
        result = self.run_job(more="guard: always", expect=1)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("failed", "job"))
        self.assertEqual(self.config_lines(self.NAME), [])

    def test_scheduled_reload(self):
        result = self.run_job(more="guard: reload")
        self.assertEqual(result["status"], "changed")
        self.assertNotEqual(self.session_of("reload in 5"),
                            self.session_of("reload cancel"))
        sent = self.sent()
        self.assertLess(sent.index("reload cancel"),
                        sent.index("write memory"))
        self.lab.expire(self.NAME)
        self.assertIn("description new", self.running())

    def test_never_saved_by_the_question(self):
        """The reload asks whether to save what is not saved."""
        self.run_job("ntp server 10.0.0.1\n", save=False)
        startup = self.lab.state(self.NAME)["startup"]
        self.run_job(more="guard: reload", save=False)
        self.assertIn("no", self.sent())
        self.assertEqual(self.lab.state(self.NAME)["startup"], startup)
        self.assert_nothing_saved()

    def test_the_reload_is_waited_for(self):
        self.faults({"kind": "refuse", "at": "description new"})
        result = self.start_and_expire(more="guard: reload")
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("rolled_back", "refused"))
        self.assert_as_before()

    def test_a_reload_of_somebody_else(self):
        before = self.leave_armed("^reload cancel", more="guard: reload")
        result = self.run_job("interface GigabitEthernet0/3\n"
                              " description other\n", "guard: reload",
                              expect=1)
        self.assert_left_alone(result, before, "reload in 5", "reload cancel")
        self.lab.expire(self.NAME)
        self.assert_as_before()

    def test_the_reload_is_refused(self):
        self.faults({"kind": "refuse", "at": "^reload in"})
        result = self.run_job(more="guard: reload", expect=1)
        self.assertEqual(result["status"], "failed")
        self.assertIn("the undo was not armed", result["error"]["message"])
        self.assertEqual(self.config_lines(self.NAME), [])


FILTER = "firewall family inet filter EDGE term 0"
BASE = "set system host-name mx1\nset %s then accept\n" % FILTER


class Junos(GuardCase):
    NAME = "mx1"
    DEVICE = {"type": "juniper_junos", "startup": BASE}
    TEXT = "set %s from protocol tcp\nset %s from destination-port ssh\n" % (
        FILTER, FILTER)

    def job(self, text=TEXT, **more):
        return super().job(text, **more)

    def test_confirmed_from_a_second_connection(self):
        result = self.run_job()
        self.assertEqual(result["status"], "changed")
        self.assertNotEqual(self.session_of("commit confirmed 5"),
                            self.session_of("commit"))
        self.assertEqual(
            [line for line in self.sent() if "commit" in line or
             "configur" in line or "compare" in line],
            ["show configuration | display set", "show system commit",
             "configure exclusive", "show | compare", "commit check",
             "commit confirmed 5", "exit configuration-mode",
             "show configuration | display set",
             "show configuration | display set", "configure exclusive",
             "commit", "exit configuration-mode", "show system commit",
             "show system commit"])
        self.lab.expire(self.NAME)
        self.assertIn("destination-port ssh", self.running())

    def test_check_shows_the_lines_that_would_go(self):
        result = self.run_job(options=["--check"])
        self.assertTrue(result["output"].endswith(
            "show | compare\ncommit check\ncommit confirmed 5\n"))
        self.assert_as_before()

    def test_harmless_text_is_committed_as_ever(self):
        self.run_job("set system ntp server 10.0.0.1\n", save=False)
        self.assertNotIn("commit confirmed 5", self.sent())
        self.assertIn("commit", self.sent())

    def test_a_member_of_a_chassis_answers(self):
        """Its name stands above what it shows."""
        self.faults({"kind": "log_line", "at": "^show system commit",
                     "when": "before", "text": "node0:\n" + 70 * "-"})
        self.assertEqual(self.run_job()["status"], "changed")
        self.lab.reset(self.NAME)
        self.faults({"kind": "log_line", "at": "^show system commit",
                     "when": "before", "text": "node0:\n" + 70 * "-"},
                    {"kind": "reset", "after": 2})
        self.assertEqual(self.run_job(expect=1)["status"], "rolled_back")

    def test_a_commit_of_somebody_else_waits(self):
        """Ours would make theirs last."""
        before = self.leave_armed("^commit$")
        result = self.run_job("set interfaces ge-0/0/1 description other\n",
                              expect=1)
        self.assert_left_alone(result, before, "commit", "commit confirmed 5",
                               "rollback 1")
        self.lab.expire(self.NAME)
        self.assert_as_before()

    def test_check_or_commit_fails(self):
        for kind in ("verify_fails", "commit_fails"):
            with self.subTest(kind=kind):
                self.lab.reset(self.NAME)
                self.faults({"kind": kind})
                result = self.run_job(expect=1)
                self.assertEqual((result["status"], result["error"]["kind"]),
                                 ("failed", "refused"))
                self.assert_as_before()
                # What was committed before is nobody's to roll back.
                self.assertNotIn("rollback 1", self.sent())

    def test_second_connection_refused(self):
        self.faults({"kind": "reset", "after": 2})
        result = self.run_job(expect=1)
        self.assertEqual((result["status"], result["stage"]),
                         ("rolled_back", "confirm"))
        self.assert_as_before()
        self.assertIn("rollback 1", self.sent())

    def test_the_timer_is_waited_for(self):
        self.faults({"kind": "drop", "at": "^commit confirmed",
                     "when": "after"},
                    {"kind": "reset", "after": 2, "times": 2})
        result = self.start_and_expire()
        self.assertEqual(result["status"], "rolled_back")
        self.assert_as_before()

    def test_the_rollback_fails(self):
        self.faults({"kind": "reset", "after": 2},
                    {"kind": "refuse", "at": "^rollback 1"})
        result = self.run_job(expect=1)
        self.assertEqual(result["status"], "unknown")
        self.assertIn("takes it back by itself at ",
                      result["error"]["message"])
        self.lab.expire(self.NAME)
        self.assert_as_before()

    def test_cut_at_every_line(self):
        for when in ("before", "after"):
            for at in ("^configure", "protocol tcp", "port ssh", "compare",
                       "^commit check", "^commit confirmed",
                       "^exit configuration", "^commit$"):
                with self.subTest(at=at, when=when):
                    self.lab.reset(self.NAME)
                    self.faults({"kind": "drop", "at": at, "when": when,
                                 "times": 1})
                    result = self.run_job(expect=None, save=False)
                    self.assertIn(result["status"],
                                  {"changed", "failed", "rolled_back"})
                    done = result["status"] == "changed"
                    self.assertEqual("port ssh" in self.running(), done)
                    running = self.running()
                    self.lab.expire(self.NAME)
                    self.assertEqual(self.running(), running)


class Nxos(GuardCase):
    NAME = "N1"
    DEVICE = {"type": "cisco_nxos"}

    def checkpoints(self):
        made = [l for l in self.sent() if l.startswith("checkpoint ")]
        gone = [l for l in self.sent() if l.startswith("no checkpoint ")]
        return made, gone

    def job(self, text="interface Ethernet1/2\n description new\n", **more):
        return super().job(text, **more)

    def test_confirmed_from_a_second_connection(self):
        result = self.run_job()
        self.assertEqual(result["status"], "changed")
        made, gone = self.checkpoints()
        self.assertEqual(["no " + made[0]], gone)
        self.assertNotEqual(self.session_of(made[0]),
                            self.session_of(gone[0]))

    def test_a_name_that_is_taken(self):
        """Nobody goes back to a checkpoint that is not ours."""
        self.faults({"kind": "refuse", "at": "^checkpoint ",
                     "text": "ERROR: Checkpoint with name x already exists"})
        result = self.run_job(expect=1)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("failed", "refused"))
        self.assertEqual([l for l in self.sent() if "rollback" in l], [])
        self.assertEqual(self.checkpoints()[1], [])

    def test_refused_line(self):
        self.faults({"kind": "refuse", "at": "description new"})
        result = self.run_job("ntp server 10.0.0.9\ninterface Ethernet1/2\n"
                              " description new\n", expect=1)
        self.assertEqual(result["status"], "rolled_back")
        self.assert_as_before()
        made, gone = self.checkpoints()
        self.assertEqual(["no " + made[0]], gone)

    def test_second_connection_refused(self):
        self.faults({"kind": "reset", "after": 2})
        result = self.run_job(expect=1)
        self.assertEqual(result["status"], "rolled_back")
        self.assert_as_before()

    def test_the_rollback_fails(self):
        self.faults({"kind": "reset", "after": 2}, {"kind": "rollback_fails"})
        result = self.run_job(expect=1)
        self.assertEqual(result["status"], "unknown")
        made, gone = self.checkpoints()
        self.assertEqual(gone, [])  # for a person to use
        self.assertIn(made[0].split()[1], result["error"]["message"])

    def test_cut_at_every_line(self):
        for when in ("before", "after"):
            for at in ("^checkpoint", "^configure", "^interface",
                       "description new", "^end$", "^no checkpoint"):
                with self.subTest(at=at, when=when):
                    self.lab.reset(self.NAME)
                    self.faults({"kind": "drop", "at": at, "when": when,
                                 "times": 1})
                    result = self.run_job(expect=None, save=False)
                    self.assertIn(result["status"],
                                  {"changed", "failed", "rolled_back"})
                    self.assertEqual("description new" in self.running(),
                                     result["status"] == "changed")


class ListCase(GuardCase):
    """The same for access lists, which netpush can put back by itself, too."""

    OLD = ["permit ip host 1.1.1.1 any", "deny ip any any"]
    NEW = ["permit ip host 2.2.2.2 any", "deny ip any any"]

    def setUp(self):
        super().setUp()
        self.before_list = self.lab.acl_texts(self.NAME, "EDGE")

    def job(self, lines=NEW, guard="always", save=True):
        return self.phases_job(
            "  - steps:\n    - template: acl\n" +
            ("    - save: true\n" if save else ""),
            more="guard: %s\nvars:\n  acl_name: EDGE\n  acl_lines:\n" % guard +
            "".join("    - %s\n" % line for line in lines))

    def entries(self):
        return self.lab.acl_texts(self.NAME, "EDGE")

    def is_new(self):
        return any("2.2.2.2" in text for text in self.entries() or [])

    def assert_old(self):
        self.assertEqual(self.entries(), self.before_list)

    def cut_at_every_line(self, *patterns):
        for when in ("before", "after"):
            for at in patterns:
                with self.subTest(at=at, when=when):
                    self.lab.reset(self.NAME)
                    self.faults({"kind": "drop", "at": at, "when": when,
                                 "times": 1})
                    result = self.run_job(expect=None, save=False)
                    self.assertIn(result["status"],
                                  {"changed", "failed", "rolled_back"})
                    self.assertEqual(self.is_new(),
                                     result["status"] == "changed")
                    if not self.is_new():
                        self.assert_old()
                    entries = self.entries()
                    self.lab.expire(self.NAME)
                    self.assertEqual(self.entries(), entries)


class IosLists(ListCase):
    DEVICE = {"startup": ARCHIVE + "ip access-list extended EDGE\n"
              " 10 permit ip host 1.1.1.1 any\n 20 deny ip any any\n"}

    def test_confirmed_from_a_second_connection(self):
        result = self.run_job()
        self.assertEqual(result["status"], "changed")
        self.assertTrue(self.is_new())
        self.assertNotEqual(self.session_of(Archive.ARM),
                            self.session_of("configure confirm"))
        self.assertLess(self.sent().index("configure confirm"),
                        self.sent().index("write memory"))

    def test_second_connection_refused(self):
        self.faults({"kind": "reset", "after": 2})
        result = self.run_job(expect=1)
        self.assertEqual((result["status"], result["stage"]),
                         ("rolled_back", "confirm"))
        self.assert_old()
        self.assert_nothing_saved()

    def test_the_device_cannot_but_netpush_can(self):
        self.faults({"kind": "reset", "after": 2}, {"kind": "rollback_fails"})
        result = self.run_job(expect=1)
        self.assertEqual(result["status"], "rolled_back")
        self.assert_old()

    def test_the_timer_is_waited_for(self):
        self.faults({"kind": "drop", "at": "2.2.2.2", "when": "after"},
                    {"kind": "reset", "after": 2, "times": 2})
        result = self.start_and_expire()
        self.assertEqual(result["status"], "rolled_back")
        self.assert_old()

    def test_cut_at_every_line(self):
        self.cut_at_every_line(
            "^configure terminal", "access-list extended EDGE$", "2.2.2.2",
            "^deny", "^end$", "^configure confirm",
            "show archive config rollback")


class ReloadLists(ListCase):
    DEVICE = {"startup": "ip access-list extended EDGE\n"
              " 10 permit ip host 1.1.1.1 any\n 20 deny ip any any\n"}

    def job(self, *args, guard="reload", **more):
        return super().job(*args, guard=guard, **more)

    def test_put_back_without_a_reload(self):
        """netpush's own lines are enough: the reload is called off."""
        self.faults({"kind": "reset", "after": 2})
        result = self.run_job(expect=1)
        self.assertEqual(result["status"], "rolled_back")
        self.assert_old()
        self.assertIn("reload cancel", self.sent())
        self.assertEqual(self.lab.witness(event="disconnect",
                                          reason="cut by reload"), [])

    def test_cut_at_every_line(self):
        self.cut_at_every_line(
            "^reload in", "^configure terminal", "access-list extended EDGE$",
            "2.2.2.2", "^deny", "^end$", "^reload cancel", "^show reload")

class Applied(ListCase):
    """What `auto` guards: lists on our way, and a job that locks us out."""

    OURS = "permit tcp 10.9.0.0 0.0.255.255 any eq 22"
    DEVICE = {"type": "cisco_ios", "way": "GigabitEthernet0/1",
              "client": "10.9.8.7", "startup": ARCHIVE +
              "interface GigabitEthernet0/1\n ip access-group EDGE in\n!\n"
              "ip access-list extended EDGE\n 10 %s\n"
              " 20 permit ip host 1.1.1.1 any\n 30 deny ip any any\n" % OURS}
    GOOD = [OURS, "permit ip host 2.2.2.2 any", "deny ip any any"]
    BAD = ["permit ip host 2.2.2.2 any", "deny ip any any"]

    def job(self, lines=GOOD, guard="auto", **more):
        return super().job(lines, guard, **more)

    def test_guarded_by_default(self):
        result = self.run_job()
        self.assertEqual(result["status"], "changed")
        self.assertIn(Archive.ARM, self.sent())
        self.assertIn("configure confirm", self.sent())

    def test_a_list_that_nobody_uses_is_not(self):
        before = len(self.connects())
        self.push(self.acl_job("permit ip any any", name="UNUSED"))
        # The check of the credentials and the change.
        self.assertEqual(len(self.connects()), before + 2)

    def start_and_expire_forced(self):
        run = self.start(self.job(self.BAD), "--force")
        self.await_wait(run)
        self.lab.expire(self.NAME)
        self.run_done = run.wait()
        return run.results[self.NAME]

    def test_who_locks_himself_out_is_let_in_again(self):
        result = self.start_and_expire_forced()
        self.assertNotEqual(self.lab.witness(event="shut_out"), [])
        self.assertEqual(result["status"], "rolled_back")
        self.assert_old()
        self.assert_nothing_saved()
        self.assertNotIn("configure confirm", self.sent())

    def test_cut_at_every_line(self):
        self.cut_at_every_line(
            "^configure terminal", "access-list extended EDGE$", "2.2.2.2",
            "^no ", "^end$", "^configure confirm",
            "show archive config rollback")

    def test_a_swap_under_guard(self):
        job = self.job(save=False).replace(
            "template: acl\n", "template: acl\n      strategy: swap\n")
        run = self.push(job)
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.sent().count(Archive.ARM), 1)
        self.assertEqual(self.sent().count("configure confirm"), 1)
        self.assertTrue(self.is_new())

    def test_a_swap_that_is_cut(self):
        job = self.job(save=False).replace(
            "template: acl\n", "template: acl\n      strategy: swap\n")
        for at in ("extended EDGE__np", "access-group EDGE__np",
                   "access-list extended EDGE$", "access-group EDGE in",
                   "^no ip access-list extended EDGE__np"):
            for when in ("before", "after"):
                with self.subTest(at=at, when=when):
                    self.lab.reset(self.NAME)
                    self.faults({"kind": "drop", "at": at, "when": when,
                                 "times": 1})
                    run = self.push(job, expect=None)
                    [status] = run.statuses()
                    self.assertIn(status, {"changed", "rolled_back",
                                           "failed"})
                    self.assertEqual(self.is_new(), status == "changed")
                    if not self.is_new():
                        self.assert_as_before()
                    self.assertNotIn("EDGE__np", self.running())
                    running = self.running()
                    self.lab.expire(self.NAME)
                    self.assertEqual(self.running(), running)


class NxosLists(ListCase):
    NAME = "N1"
    DEVICE = {"type": "cisco_nxos", "acl_history": True,
              "startup": "ip access-list EDGE\n"
              "  10 permit ip 1.1.1.1/32 any\n  20 deny ip any any\n"}

    def test_a_session_that_is_committed(self):
        result = self.run_job()
        self.assertEqual(result["status"], "changed")
        self.assertTrue(self.is_new())
        sent = [line.split()[0] for line in self.sent()]
        for one, other in (("checkpoint", "verify"), ("verify", "commit")):
            self.assertLess(sent.index(one), sent.index(other))
        self.assertTrue(any(l.startswith("no checkpoint netpush")
                            for l in self.sent()))
        # All at once: never absent, never half.
        history = [entries for _, entries in
                   self.lab.acl_history(self.NAME, "EDGE")]
        self.assertEqual(len(history[-1]), 2)
        self.assertNotIn(None, history)
        self.assertNotIn([], history)

    def test_what_fails_changes_nothing(self):
        for kind in ("verify_fails", "tcam_full", "commit_fails"):
            with self.subTest(kind=kind):
                self.lab.reset(self.NAME)
                self.faults({"kind": kind})
                before = len(self.sent())
                result = self.run_job(expect=1)
                self.assertEqual((result["status"], result["error"]["kind"]),
                                 ("failed", "refused"))
                self.assert_old()
                # Neither a session nor a checkpoint is left behind.
                sent = self.sent()[before:]
                self.assertEqual(sent.count("abort"), 1)
                self.assertTrue(sent[-2].startswith("no checkpoint") or
                                sent[-3].startswith("no checkpoint"), sent)

    def test_refused_line(self):
        self.faults({"kind": "refuse", "at": "2.2.2.2"})
        result = self.run_job(expect=1)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("failed", "refused"))
        self.assert_old()
        self.assertIn("abort", self.sent())

    def test_second_connection_refused(self):
        self.faults({"kind": "reset", "after": 2})
        result = self.run_job(expect=1)
        self.assertEqual(result["status"], "rolled_back")
        self.assert_old()
        self.assertTrue(any(l.startswith("rollback running-config")
                            for l in self.sent()))

    def test_cut_at_every_line(self):
        self.cut_at_every_line(
            "^checkpoint", "^configure session", "^no ip access-list",
            "^ip access-list", "2.2.2.2", "^deny", "^verify", "^commit",
            "^no checkpoint")


class JunosLists(ListCase):
    """One commit, confirmed from the second connection; guarded by default
    where the filter is applied."""

    NAME = "mx1"
    DEVICE = {"type": "juniper_junos", "startup":
              "set system host-name mx1\n"
              "set firewall family inet filter EDGE term a from "
              "source-address 1.1.1.1/32\n"
              "set firewall family inet filter EDGE term a then accept\n"
              "set firewall family inet filter EDGE term z then accept\n"
              "set interfaces ge-0/0/0 unit 0 family inet filter input EDGE\n"}
    NEW = ["term a from source-address 1.1.1.1/32", "term a then accept",
           "term b from source-address 2.2.2.2/32", "term b then accept",
           "term z then accept"]

    def job(self, lines=NEW, guard="auto", **more):
        return super().job(lines, guard, **more)

    def test_confirmed_from_a_second_connection(self):
        result = self.run_job()
        self.assertEqual(result["status"], "changed")
        self.assertTrue(self.is_new())
        self.assertNotEqual(self.session_of("commit confirmed 5"),
                            self.session_of("commit"))
        self.lab.expire(self.NAME)
        self.assertTrue(self.is_new())

    def test_second_connection_refused(self):
        self.faults({"kind": "reset", "after": 2})
        result = self.run_job(expect=1)
        self.assertEqual(result["status"], "rolled_back")
        self.assert_old()
        self.assertIn("rollback 1", self.sent())

    def test_commit_fails(self):
        for kind in ("verify_fails", "commit_fails"):
            with self.subTest(kind=kind):
                self.lab.reset(self.NAME)
                self.faults({"kind": kind})
                result = self.run_job(expect=1)
                self.assertEqual(result["status"], "failed")
                self.assert_old()
                self.assertNotIn("rollback 1", self.sent())

    def test_cut_at_every_line(self):
        self.cut_at_every_line(
            "^configure", "2.2.2.2", "term b then", "compare",
            "^commit check", "^commit confirmed", "^exit configuration",
            "^commit$", "^show system commit")


if __name__ == "__main__":
    main()
