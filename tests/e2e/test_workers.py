"""Workers that die, and people who lose patience: the counts add up, and
nobody is said to be untouched who may not be."""

import os
import signal

from harness import Case, main, wait_until

BEFORE = {"kind": "hang", "at": "^show ip access-lists"}
DURING = {"kind": "hang", "at": "^deny"}
LINES = "permit ip host 1.1.1.1 any\ndeny ip any any"


def is_gone(pid):
    """No such process, or one that nobody has waited for."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


class Held(Case):
    """R1 is held by its device where a fault says; the others are free."""

    names = ["R1", "R2", "R3", "R4"]

    def setUp(self):
        super().setUp()
        self.start_lab(*self.names)

    def hold(self, fault, threads=8, others=True, tty=None, **more):
        self.lab.faults("R1", fault)
        run = self.start(self.acl_job(LINES, threads=threads, **more),
                         tty=tty)
        wait_until(lambda: self.lab.witness(event="fault", device="R1") or
                   run.process.poll() is not None, "the fault on R1")
        if others:
            for name in self.names[1:]:
                run.await_event(event="device_finished", hostname=name)
        return run

    def worker(self, run):
        """The only worker left."""
        wait_until(lambda: len(run.children()) == 1, "one worker left")
        return run.children()[0]


class Killed(Held):
    def assert_crashed(self, run, status):
        run.wait()
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.statuses(), [status] + ["changed"] * 3)
        error = run.results["R1"]["error"]
        self.assertEqual(error["kind"], "crashed")
        self.assertIn("9", error["message"])
        totals = run.json["run"]["totals"]
        self.assertEqual((totals["devices"], totals["changed"],
                          totals[status]), (4, 3, 1))

    def test_before_the_change(self):
        run = self.hold(BEFORE)
        os.kill(self.worker(run), signal.SIGKILL)
        self.assert_crashed(run, "failed")
        self.assertEqual(self.config_lines("R1"), [])

    def test_in_the_change(self):
        run = self.hold(DURING)
        self.assertTrue(run.select(event="stage", hostname="R1",
                                   stage="change"))
        os.kill(self.worker(run), signal.SIGKILL)
        self.assert_crashed(run, "unknown")
        self.assertIn("may be partly applied", run.stdout)

    def test_stuck(self):
        """It does not even look at its deadlines: ended by the parent, some
        seconds after the last of them."""
        run = self.hold(BEFORE, threads=2,
                        more="timeouts: {device: 2s, silence: 1s}\n")
        os.kill(self.worker(run), signal.SIGSTOP)
        run.wait()
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.statuses(), ["failed"] + ["changed"] * 3)
        error = run.results["R1"]["error"]
        self.assertEqual(error["kind"], "timeout")
        self.assertIn("passed the device's deadline", error["message"])

    def test_its_slot_is_free_again(self):
        run = self.hold(BEFORE, threads=1, others=False)
        self.assertEqual(set(self.connects()), {"R1"})
        os.kill(self.worker(run), signal.SIGKILL)
        self.assert_crashed(run, "failed")

    def test_in_the_check(self):
        """A check that died says nothing of the password: the next device
        is asked."""
        self.lab.faults("R1", {"kind": "no_banner", "times": 1})
        run = self.start(self.acl_job(LINES))
        wait_until(lambda: self.connects() == ["R1"], "the connection")
        os.kill(self.worker(run), signal.SIGKILL)
        run.wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.statuses(), ["changed"] * 4)
        checked = run.select(event="credentials_checked")
        self.assertEqual([(e["hostname"], e["status"]) for e in checked],
                         [("R1", "not_reached"), ("R2", "passed")])

    def test_parent_is_killed_before_the_change(self):
        """Its worker leaves the device at once."""
        run = self.hold(BEFORE)
        worker = self.worker(run)
        os.kill(run.pid, signal.SIGKILL)
        run.process.wait()
        wait_until(lambda: is_gone(worker), "the end of the worker")
        self.assertEqual(self.config_lines("R1"), [])

    def test_parent_is_killed_in_the_change(self):
        """Its worker brings the step to its end, and nothing beyond it; the
        journal can be read."""
        self.lab.faults("R1", {"kind": "delay", "at": "^deny", "ms": 600000})
        run = self.start(self.phases_job(
            "  - steps:\n"
            "    - template: acl\n"
            "    - save: true\n", more="vars:\n  acl_name: EDGE\n"
            "  acl_lines: |\n    permit ip host 1.1.1.1 any\n"
            "    deny ip any any\n"))
        wait_until(lambda: self.lab.witness(event="fault", device="R1"),
                   "the fault on R1")
        for name in self.names[1:]:
            run.await_event(event="device_finished", hostname=name)
        worker = self.worker(run)
        os.kill(run.pid, signal.SIGKILL)
        run.process.wait()
        self.assertFalse(is_gone(worker))
        self.lab.control({"do": "release", "device": "R1"})
        wait_until(lambda: is_gone(worker), "the end of the worker")
        self.assertEqual(self.lab.acl_texts("R1", "EDGE"), LINES.split("\n"))
        self.assertFalse(self.lab.witness(event="save", device="R1"))
        kinds = [e["event"] for e in run.events]
        self.assertEqual(kinds[0], "run_started")
        self.assertEqual(kinds.count("device_finished"), 3)
        self.assertTrue(run.select(event="stage", hostname="R1",
                                   stage="change"))


class Interrupted(Held):
    def assert_died_by(self, run, number):
        run.wait()
        self.assertEqual(run.returncode, -number, run.stderr)

    def test_once(self):
        """From the keyboard, so that the workers get it as well."""
        tty = self.terminal()
        run = self.hold({"kind": "delay", "at": "^deny", "ms": 3000},
                        threads=1, others=False, tty=tty)
        tty.send("\x03")
        wait_until(lambda: "R1" in run.stderr, "who is still busy")
        self.assert_died_by(run, signal.SIGINT)
        self.assertEqual(run.statuses(), ["changed"] + ["skipped"] * 3)
        self.assertEqual({r["error"]["kind"] for r in run.json["results"][1:]},
                         {"cancelled"})
        self.assertEqual(set(self.connects()), {"R1"})
        self.assertEqual(self.lab.acl_texts("R1", "EDGE"), LINES.split("\n"))
        self.assertEqual(len(run.select(event="run_finished")), 1)

    def test_twice_before_the_change(self):
        run = self.hold(BEFORE, threads=1, others=False)
        run.signal(signal.SIGINT)
        wait_until(lambda: "busy" in run.stderr, "the word about the first")
        self.assertIsNone(run.process.poll())
        run.signal(signal.SIGINT)
        self.assert_died_by(run, signal.SIGINT)
        self.assertEqual(run.statuses(), ["failed"] + ["skipped"] * 3)
        self.assertEqual(run.results["R1"]["error"]["kind"], "cancelled")
        self.assertEqual(self.config_lines("R1"), [])

    def test_twice_in_the_change(self):
        tty = self.terminal()
        run = self.hold(DURING, threads=1, others=False, tty=tty)
        tty.send("\x03")
        wait_until(lambda: "busy" in run.stderr, "the word about the first")
        tty.send("\x03")
        self.assert_died_by(run, signal.SIGINT)
        self.assertEqual(run.statuses(), ["rolled_back"] + ["skipped"] * 3)
        self.assertEqual(run.results["R1"]["error"]["kind"], "cancelled")

    def test_three_times(self):
        """The worker does not even hear that it is called off."""
        tty = self.terminal()
        run = self.hold(DURING, threads=1, others=False, tty=tty)
        worker = self.worker(run)
        os.kill(worker, signal.SIGSTOP)
        for word in ("busy", "calling off", "killing"):
            tty.send("\x03")
            wait_until(lambda: word in run.stderr, word)
        self.assert_died_by(run, signal.SIGINT)
        self.assertEqual(run.statuses(), ["unknown"] + ["skipped"] * 3)

    def test_terminated(self):
        run = self.hold(BEFORE, threads=1, others=False)
        run.signal(signal.SIGTERM)
        wait_until(lambda: "busy" in run.stderr, "the word about the first")
        run.signal(signal.SIGTERM)
        self.assert_died_by(run, signal.SIGTERM)

    def test_in_the_check(self):
        self.lab.faults("R1", {"kind": "no_banner"})
        run = self.start(self.acl_job(LINES))
        wait_until(lambda: self.connects() == ["R1"], "the connection")
        run.signal(signal.SIGINT)
        run.signal(signal.SIGINT)
        self.assert_died_by(run, signal.SIGINT)
        self.assertEqual(run.statuses(), ["skipped"] * 4)
        self.assertEqual({r["error"]["kind"] for r in run.json["results"]},
                         {"cancelled"})


if __name__ == "__main__":
    main()
