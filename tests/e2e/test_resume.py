"""Runs that did not come to their end, and what goes on with them: nothing is
done twice, nothing is taken for granted."""

import collections
import json
import os
import random
import signal

from harness import BINARY, Case, check_result, main, wait_until

LINES = ["permit ip host 1.1.1.1 any", "deny ip any any"]
TEXT = "\n".join(LINES)


class Resume(Case):
    def resume(self, run, *options, expect=0, **env):
        """Goes on with RUN; returns the process, and the result as `json`."""
        if os.path.exists(self.json_path):
            os.unlink(self.json_path)
        again = self.netpush("resume", "--json", self.json_path, *options,
                             os.path.basename(run.dir), **env).wait()
        self.assertEqual(again.returncode, expect,
                         again.stdout + again.stderr)
        return again

    def result(self):
        with open(self.json_path, encoding="utf-8") as file:
            result = json.load(file)
        check_result(result)
        return result

    def statuses(self):
        return [r["status"] for r in self.result()["results"]]

    def by_name(self, name):
        return next(r for r in self.result()["results"]
                    if r["hostname"] == name)

    def events(self, run, kind):
        return [e for e in run.events if e["event"] == kind]

    def kill(self, run):
        run.process.send_signal(signal.SIGKILL)
        run.process.wait()
        wait_until(lambda: self.lab.stats()["totals"]["sessions_now"] == 0,
                   "the end of the workers that it left")


class AfterADeath(Resume):
    names = ["R1", "R2", "R3", "R4"]

    def setUp(self):
        super().setUp()
        self.start_lab(*self.names)

    def died(self, fault, threads=1, job=None, at=None, **more):
        """A run whose parent was killed while R2 was held by FAULT."""
        self.lab.faults("R2", fault)
        run = self.start(job or self.acl_job(TEXT, threads=threads), **more)
        wait_until(lambda: self.lab.witness(event="fault", device="R2"),
                   "the fault on R2")
        self.lab.faults("R2")
        workers = run.children()
        os.kill(run.pid, signal.SIGKILL)
        run.process.wait()
        for worker in workers if at == "power" else ():
            os.kill(worker, signal.SIGKILL)
        if at == "release":
            self.lab.control({"do": "release", "device": "R2"})
        wait_until(lambda: self.lab.stats()["totals"]["sessions_now"] == 0,
                   "the end of the worker")
        self.seen = len(self.lab.witness(event="line"))
        return run

    def lines_since(self, name):
        return [e for e in self.lab.witness(event="line")[self.seen:]
                if e["device"] == name]

    def test_before_the_change(self):
        run = self.died({"kind": "delay", "at": "^show ip", "ms": 600000, "times": 1})
        self.resume(run)
        self.assertEqual(self.statuses(), ["changed"] * 4)
        self.assertEqual(self.lines_since("R1"), [])
        for name in self.names:
            self.assertEqual(self.lab.acl_texts(name, "EDGE"), LINES)

    def test_its_worker_finished_it(self):
        """It is in doubt, read, and found as asked: nothing is sent."""
        run = self.died({"kind": "delay", "at": "^deny", "ms": 600000, "times": 1},
                        at="release")
        self.resume(run)
        self.assertEqual(self.statuses(),
                         ["changed", "unchanged", "changed", "changed"])
        self.assertFalse([e for e in self.lines_since("R2")
                          if e["mode"].startswith("config")])

    def test_half_of_it_is_there(self):
        """Neither as before nor as asked: left alone, and said so."""
        run = self.died({"kind": "delay", "at": "^deny", "ms": 600000, "times": 1},
                        at="power")
        self.assertEqual(self.lab.acl_texts("R2", "EDGE"), LINES[:1])
        again = self.resume(run, expect=1)
        self.assertEqual(self.statuses(),
                         ["changed", "unknown", "changed", "changed"])
        self.assertFalse([e for e in self.lines_since("R2")
                          if e["mode"].startswith("config")])
        error = self.by_name("R2")["error"]
        self.assertEqual(error["kind"], "verify")
        self.assertIn("--force", error["message"])
        self.assertIn("as it was seen last", again.stdout)
        # Twice the same.
        self.resume(run, expect=1)
        self.assertEqual(self.statuses()[1], "unknown")
        self.assertEqual(self.lab.acl_texts("R2", "EDGE"), LINES[:1])
        # And then finished by whoever has looked at it.
        self.resume(run, "--force")
        self.assertEqual(self.statuses(), ["changed"] * 4)
        self.assertEqual(self.lab.acl_texts("R2", "EDGE"), LINES)

    def test_as_it_was_before(self):
        """Whatever undid it, the device is as before: done."""
        run = self.died({"kind": "delay", "at": "^deny", "ms": 600000, "times": 1},
                        at="power")
        self.lab.reset("R2")
        self.resume(run)
        self.assertEqual(self.statuses(), ["changed"] * 4)
        self.assertEqual(self.lab.acl_texts("R2", "EDGE"), LINES)

    def test_in_doubt_and_out_of_reach(self):
        """What cannot be looked at is not said to be untouched."""
        run = self.died({"kind": "delay", "at": "^deny", "ms": 600000, "times": 1},
                        at="power")
        self.lab.down("R2")
        self.resume(run, expect=1)
        self.assertEqual(self.statuses()[1], "unknown")
        error = self.by_name("R2")["error"]
        self.assertEqual(error["kind"], "connect")
        self.assertIn("may have left it partly applied", error["message"])
        self.lab.up("R2")
        self.lab.reset("R2")
        self.resume(run)
        self.assertEqual(self.statuses(), ["changed"] * 4)

    def test_configuration_text(self):
        """The same for text that is no access list: its lines are there."""
        job = self.phases_job(
            "  - steps:\n    - config: |\n        ntp server 10.1.1.1\n"
            "        ntp server 10.1.1.2\n", threads=1)
        run = self.died({"kind": "delay", "at": "10.1.1.2", "ms": 600000, "times": 1},
                        job=job, at="release")
        self.resume(run)
        self.assertEqual(self.statuses(),
                         ["changed", "unchanged", "changed", "changed"])

    def test_configuration_text_half_there(self):
        job = self.phases_job(
            "  - steps:\n    - config: |\n        ntp server 10.1.1.1\n"
            "        ntp server 10.1.1.2\n", threads=1)
        run = self.died({"kind": "delay", "at": "10.1.1.2", "ms": 600000, "times": 1},
                        job=job, at="power")
        self.resume(run, expect=1)
        self.assertEqual(self.statuses()[1], "unknown")
        self.resume(run, "--force")
        self.assertEqual(self.statuses(), ["changed"] * 4)

    def test_goes_on_in_its_phase(self):
        """Phases that a device has passed are not done again."""
        job = self.phases_job(
            "  - name: look\n    steps: [command: show version]\n"
            "  - name: push\n    steps: [template: acl]\n", threads=1,
            more="vars: {acl_name: EDGE, acl_lines: permit ip any any}\n")
        run = self.died({"kind": "delay", "at": "^show ip", "ms": 600000, "times": 1},
                        job=job)
        self.resume(run)
        self.assertEqual(self.statuses(), ["changed"] * 4)
        # Only the check of the credentials comes before it.
        self.assertFalse([e for e in self.lines_since("R3")
                          if e["line"] == "show version"])

    def test_torn_last_line(self):
        """The power went while it was written."""
        run = self.died({"kind": "delay", "at": "^show ip", "ms": 600000, "times": 1})
        path = os.path.join(run.dir, "events.jsonl")
        with open(path, "ab") as file:
            file.write(b'{"event":"device_finished","hostname":"R3","sta')
        self.resume(run)
        self.assertEqual(self.statuses(), ["changed"] * 4)
        with open(path, encoding="utf-8") as file:
            for line in file:
                json.loads(line)

    def test_two_at_once(self):
        run = self.died({"kind": "delay", "at": "^show ip", "ms": 600000, "times": 1})
        self.lab.faults("R3", {"kind": "delay", "at": "^show ip",
                               "ms": 600000, "times": 1})
        first = self.netpush("resume", os.path.basename(run.dir))
        wait_until(lambda: self.lab.witness(event="fault", device="R3"),
                   "the first one at R3")
        second = self.netpush("resume", os.path.basename(run.dir)).wait()
        self.assertEqual(second.returncode, 2)
        self.assertIn("still going on (process %d)" % first.pid,
                      second.stderr)
        self.lab.control({"do": "release", "device": "R3"})
        self.assertEqual(first.wait().returncode, 0)

    def test_while_it_runs(self):
        self.lab.faults("R1", {"kind": "delay", "at": "^show ip",
                               "ms": 600000, "times": 1})
        run = self.start(self.acl_job(TEXT))
        wait_until(lambda: self.lab.witness(event="fault", device="R1"),
                   "the fault")
        second = self.netpush("resume", "latest").wait()
        self.assertEqual(second.returncode, 2)
        self.assertIn("still going on", second.stderr)
        self.lab.control({"do": "release", "device": "R1"})
        self.assertEqual(run.wait().returncode, 0)

    def test_waits_for_orphans(self):
        """The parent is dead, its worker is at the device: not both."""
        self.lab.faults("R2", {"kind": "delay", "at": "^deny", "ms": 600000, "times": 1})
        run = self.start(self.acl_job(TEXT, threads=1))
        wait_until(lambda: self.lab.witness(event="fault", device="R2"),
                   "the fault")
        self.lab.faults("R2")
        os.kill(run.pid, signal.SIGKILL)
        run.process.wait()
        again = self.netpush("resume", "--json", self.json_path, "latest")
        wait_until(lambda: "left behind" in again.stderr, "that it waits")
        self.assertEqual(self.connects().count("R3"), 0)
        self.lab.control({"do": "release", "device": "R2"})
        self.assertEqual(again.wait().returncode, 0, again.stderr)
        self.assertEqual(self.statuses(),
                         ["changed", "unchanged", "changed", "changed"])


class AfterAStop(Resume):
    def setUp(self):
        super().setUp()
        self.start_lab("R1", "R2", "R3", "R4")

    def test_failed_and_skipped_ones(self):
        self.lab.faults("R2", {"kind": "reset"})
        run = self.push(self.acl_job(TEXT, threads=1,
                                     more="run: {max_failures: 0}\n"),
                        expect=4)
        self.assertEqual(run.statuses(),
                         ["changed", "failed", "skipped", "skipped"])
        self.lab.faults("R2")
        count = len(self.lab.witness(event="line", device="R1"))
        self.resume(run)
        self.assertEqual(self.statuses(), ["changed"] * 4)
        self.assertEqual(len(self.lab.witness(event="line", device="R1")),
                         count)
        self.assertEqual(self.result()["run"]["id"],
                         os.path.basename(run.dir))

    def test_everything_is_done(self):
        """Nobody is asked for a login then."""
        run = self.push(self.acl_job(TEXT))
        count = len(self.lab.witness(event="connect"))
        self.resume(run)
        self.assertEqual(self.statuses(), ["changed"] * 4)
        self.assertEqual(len(self.lab.witness(event="connect")), count)

    def test_means_what_it_meant(self):
        """--limit of the first call holds; its inventory is the kept one."""
        inventory = self.write("inv.yml", self.device_list())
        job = self.write("short.yml", "inventory: inv.yml\nacl_name: EDGE\n"
                         "acl_lines: permit ip any any\n")
        self.lab.faults("R1", {"kind": "reset"})
        run = self.netpush("run", "--limit", "R1,R2", "--json",
                           self.json_path, job).wait()
        self.assertEqual(run.returncode, 1)
        os.unlink(inventory)
        os.unlink(job)
        self.lab.faults("R1")
        self.resume(run)
        self.assertEqual(self.statuses(), ["changed"] * 2)
        self.assert_untouched("R3", "R4")

    def test_profile_that_changed(self):
        profiles = os.path.join(self.tmp, "profiles")
        os.mkdir(profiles)
        own = os.path.join(profiles, "own.yml")
        with open(own, "w", encoding="utf-8") as file:
            file.write("device_type: own\ninherits: cisco_ios\n"
                       "templates:\n  - {name: t, text: 'ntp server 1.1.1.1'}\n")
        device = self.device_list("R1").replace("cisco_ios", "own")
        self.lab.faults("R1", {"kind": "drop", "at": "^show run"})
        run = self.start("%sphases:\n  - steps: [template: t]\n" % device,
                         "--profiles", profiles).wait()
        self.assertEqual(run.returncode, 1)
        with open(own, "a", encoding="utf-8") as file:
            file.write("  - {name: other, text: 'ntp server 2.2.2.2'}\n")
        with open(own, encoding="utf-8") as file:
            text = file.read()
        with open(own, "w", encoding="utf-8") as file:
            file.write(text.replace("1.1.1.1", "3.3.3.3"))
        self.lab.faults("R1")
        again = self.resume(run, expect=2)
        self.assertIn("has changed since", again.stderr)
        with open(own, "w", encoding="utf-8") as file:
            file.write(text)
        self.resume(run)
        self.assertEqual(self.statuses(), ["changed"])

    def test_no_such_run(self):
        self.push(self.acl_job(TEXT))
        for name, words in (("nonsense", "there is no run"),
                            ("", "there is no run")):
            again = self.netpush("resume", name).wait()
            self.assertEqual(again.returncode, 2)
            self.assertIn(words, again.stderr)
        self.push(self.acl_job(TEXT))
        again = self.netpush("resume", "2").wait()
        self.assertEqual(again.returncode, 2)
        self.assertIn("could be 2 runs", again.stderr)


class Runs(Resume):
    def setUp(self):
        super().setUp()
        self.start_lab("R1", "R2")

    def runs(self, *options):
        run = self.netpush("runs", *options).wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout.splitlines()

    def test_list_show_prune(self):
        self.assertIn("no runs are kept", self.runs()[0])
        done = self.push(self.acl_job(TEXT))
        self.lab.faults("R2", {"kind": "reset"})
        self.push(self.acl_job("permit ip any any"), expect=1)
        self.lab.faults("R2", {"kind": "delay", "at": "^show ip",
                               "ms": 600000, "times": 1})
        dead = self.start(self.acl_job(TEXT))
        wait_until(lambda: self.lab.witness(event="fault", device="R2",
                                            kind="delay"), "the fault")
        lines = self.runs()
        self.assertEqual(len(lines), 3)
        self.assertTrue(any("running (process %d)" % dead.pid in line
                            for line in lines), lines)
        self.kill(dead)
        lines = "\n".join(self.runs())
        self.assertIn("finished, exit 0: changed 2", lines)
        self.assertIn("finished, exit 1: changed 1, failed 1", lines)
        self.assertIn("interrupted, can be resumed", lines)
        shown = "\n".join(self.runs(os.path.basename(done.dir)))
        self.assertIn("changed (2)", shown)
        report = self.netpush("report", os.path.basename(done.dir)).wait()
        self.assertEqual(report.stdout, done.stdout)
        # The newest one and what can be resumed stay.
        self.assertIn("removed", self.runs("--keep", "0")[0])
        lines = self.runs()
        self.assertEqual(len(lines), 1)
        self.assertIn("interrupted", lines[0])
        shown = self.runs("latest")
        self.assertTrue(any("did not come to its end" in s for s in shown))

    def test_report_of_a_dead_run_judges_as_the_parent_does(self):
        self.lab.faults("R1", {"kind": "hang", "at": "^deny"})
        self.lab.faults("R2", {"kind": "hang", "at": "^show ip"})
        run = self.start(self.acl_job(TEXT, more="timeouts: {silence: 1s}\n"))
        for name in ("R1", "R2"):
            wait_until(lambda name=name: self.lab.witness(
                event="fault", device=name), "the faults")
        self.kill(run)
        report = self.netpush("report", "latest").wait()
        self.assertEqual(report.returncode, 0, report.stderr)
        self.assertRegex(report.stdout, r"R1: unknown \(may be partly")
        self.assertRegex(report.stdout, r"R2: failed")


class AnyInstant(Resume):
    def test_killed_at_any_instant(self):
        """SIGKILL of the parent at 50 instants of a run of 40 devices: after
        `resume` every device is as asked, none was pushed twice, and the
        results say what the devices show."""
        names = ["R%d" % i for i in range(1, 41)]
        self.start_lab(*names)
        seed = int(os.environ.get("NETPUSH_TEST_SEED", "20261121"))
        dice = random.Random(seed)
        job = self.acl_job(TEXT, threads=8)
        # The journal is the clock of the run: so many bytes are the instant.
        whole = self.push(job)
        length = os.path.getsize(os.path.join(whole.dir, "events.jsonl"))
        for round_number in range(50):
            with self.subTest(round=round_number, seed=seed):
                self.lab.reset()
                since = len(self.lab.witness())
                wanted = dice.randrange(1, length)
                run = self.start(job)
                wait_until(lambda: self.size(run) >= wanted or
                           run.process.poll() is not None, "the instant")
                self.kill(run)
                self.resume(run)
                pushes = collections.Counter(
                    e["device"] for e in self.lab.witness()[since:]
                    if e["event"] == "line" and e["line"] == LINES[1])
                self.assertEqual(pushes, collections.Counter(names))
                for name in names:
                    self.assertEqual(self.lab.acl_texts(name, "EDGE"), LINES)
                self.assertTrue(set(self.statuses()) <=
                                {"changed", "unchanged"})

    @staticmethod
    def size(run):
        try:
            return os.path.getsize(os.path.join(run.dir, "events.jsonl"))
        except (TypeError, FileNotFoundError):
            return 0


if __name__ == "__main__":
    main()
