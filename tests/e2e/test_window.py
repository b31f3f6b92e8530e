"""Runs that wait for their start, and runs whose window closes."""

import datetime
import os
import re
import signal
import time

from harness import Case, main, wait_until

ZONE = "CET-1CEST,M3.5.0,M10.5.0/3"
NAMES = ["R1", "R2", "R3", "R4"]


def at(seconds):
    """So far from now, as RFC 3339."""
    moment = datetime.datetime.now(datetime.timezone.utc) + \
        datetime.timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Window(Case):
    def setUp(self):
        super().setUp()
        self.start_lab(*NAMES)

    def job(self, window=None, more="", **keys):
        if window:
            more += "run: {window: {%s}}\n" % window
        return self.acl_job(more=more, **keys)

    def logins(self, **match):
        return self.lab.witness(event="auth", **match)

    def waits(self, *options, job=None, **env):
        run = self.start(job or self.job(), *options, **env)
        wait_until(lambda: "waiting until" in run.stderr, "that it waits")
        return run

    def runs_kept(self):
        path = os.path.join(self.state_dir, "runs")
        return os.listdir(path) if os.path.exists(path) else []

    def assert_left_nothing(self):
        self.assertEqual(self.runs_kept(), [])
        wait_until(lambda: self.lab.stats()["totals"]["sessions_now"] == 0,
                   "the end of all sessions")

    # The start.

    def test_starts_on_time(self):
        start = time.time() + 1.5
        run = self.waits("--at", at(1.5))
        self.assertEqual(len(self.logins()), 1)
        run.wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.statuses(), ["changed"] * 4)
        # One check before, one at the start, then each device.
        self.assertEqual([e["device"] for e in self.logins()][:2],
                         ["R1", "R1"])
        self.assertEqual(len(self.logins()), 6)
        checks = run.select(event="credentials_checked")
        self.assertEqual([e["status"] for e in checks], ["passed"] * 2)
        moment = datetime.datetime.fromisoformat(
            checks[1]["time"].replace("Z", "+00:00")).timestamp()
        self.assertGreaterEqual(moment, start - 0.001)

    def test_start_of_the_job(self):
        run = self.waits(job=self.job('start: "%s"' % at(1)))
        self.assertEqual(run.wait().returncode, 0)

    def test_window_is_open(self):
        """It began an hour ago: no waiting, one check."""
        run = self.push(self.job('start: "%s", end: "%s"' % (
            at(-3600), at(3600))))
        self.assertNotIn("waiting", run.stderr)
        self.assertEqual(len(self.logins()), 5)

    def test_password_expired_meanwhile(self):
        run = self.waits("--at", at(1.5))
        self.lab.faults("R1", {"kind": "auth_refuse"})
        run.wait()
        self.assertEqual(run.returncode, 3, run.stderr)
        self.assertEqual(len(self.logins(ok=False)), 1)
        self.assert_untouched("R2", "R3", "R4")
        self.assertEqual(run.statuses(), ["failed"] + ["skipped"] * 3)

    def test_time_is_shown_with_its_zone(self):
        run = self.waits("--at", "2099-01-01 02:00", TZ=ZONE)
        self.assertIn("2099-01-01 02:00:00 CET (+01:00)", run.stderr)
        # A log is not filled with a countdown.
        self.assertEqual(run.stderr.count("\n"), 1)
        run.signal(signal.SIGTERM)
        run.wait()

    def test_sigterm_while_waiting(self):
        run = self.waits("--at", at(3600))
        run.signal(signal.SIGTERM)
        run.wait()
        self.assertEqual(run.returncode, -signal.SIGTERM)
        self.assert_left_nothing()
        self.assert_untouched("R2", "R3", "R4")

    def test_interrupt_on_a_terminal(self):
        tty = self.terminal()
        run = self.waits("--at", at(3600), tty=tty)
        tty.send("\x03")
        run.wait()
        self.assertEqual(run.returncode, -signal.SIGINT)
        self.assert_left_nothing()

    def test_killed_while_waiting(self):
        """It may be resumed: the window is then judged anew."""
        run = self.waits("--at", at(3600))
        run.signal(signal.SIGKILL)
        run.process.wait()
        again = self.netpush("resume", "latest").wait()
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("changed (4)", again.stdout)

    # The end.

    def test_nothing_new_after_the_end(self):
        """R1 holds the only slot until after the end; it may finish."""
        self.lab.faults("R1", {"kind": "delay", "at": "^permit",
                               "ms": 600000, "times": 1})
        run = self.start(self.job('end: "%s"' % at(1.5), threads=1))
        wait_until(lambda: "the window has closed" in run.stderr, "the end")
        self.lab.control({"do": "release", "device": "R1"})
        run.wait()
        self.assertEqual(run.returncode, 4, run.stderr)
        self.assertEqual(run.statuses(), ["changed"] + ["skipped"] * 3)
        self.assertIn("the window closed at",
                      run.results["R2"]["error"]["message"])
        self.assert_untouched("R2", "R3", "R4")

    def test_grace_is_bounded(self):
        self.lab.faults("R1", {"kind": "delay", "at": "^permit",
                               "ms": 600000, "times": 1})
        run = self.start(self.job('end: "%s", grace: 1s' % at(1), threads=1))
        run.wait()
        self.assertEqual(run.returncode, 4, run.stderr)
        self.assertEqual(run.statuses(), ["rolled_back"] + ["skipped"] * 3)
        self.assertEqual(run.results["R1"]["error"]["kind"], "cancelled")

    def test_closes_during_the_check(self):
        """Nobody was begun: nobody is."""
        self.lab.faults("R1", {"kind": "no_banner"})
        run = self.start(self.job('end: "%s"' % at(1), threads=1,
                                  more="timeouts: {connect: 3s}\n"))
        run.wait()
        self.assertEqual(run.returncode, 4, run.stderr)
        self.assertEqual(run.statuses(), ["skipped"] * 4)
        self.assert_untouched("R2", "R3", "R4")

    # What cannot be.

    def assert_refused(self, run, *words):
        run.wait()
        self.assertEqual(run.returncode, 2)
        for word in words:
            self.assertIn(word, run.stderr)
        self.assertEqual(self.connects(), [])
        self.assertEqual(self.runs_kept(), [])

    def test_over(self):
        self.assert_refused(self.start(self.job('end: "%s"' % at(-60))),
                            "the window is over: it closed at")

    def test_ends_before_it_begins(self):
        self.assert_refused(
            self.start(self.job('end: "%s"' % at(600)), "--at", at(3600)),
            "before the run would begin")

    def test_nonsense(self):
        job = self.job('start: "25:00", end: "2026-02-30 10:00"')
        self.assert_refused(self.start(job), "25:00", "2026-02-30")
        path = self.write("job.yml", job)
        check = self.netpush("check", path).wait()
        self.assertEqual(check.returncode, 2)
        self.assertRegex(check.stderr, r"job\.yml:\d+:\d+: .*25:00")
        self.assert_refused(self.start(self.job(), "--at", "soon"), "--at",
                            "soon")

    def test_check_shows_it(self):
        path = self.write("job.yml", self.acl_job(
            more='run: {batches: [1, 50%], max_failures: 1, retries: 2, '
                 'window: {start: "2099-01-01 02:00", '
                 'end: "2099-01-01 04:00"}}\n'))
        check = self.netpush("check", path, TZ=ZONE).wait()
        self.assertEqual(check.returncode, 0, check.stderr)
        for line in (r"batches: 1, 50%; ", r"limit: +more than 1 failed",
                     r"retries: 2", r"begins: +2099-01-01 02:00:00 CET",
                     r"ends: +2099-01-01 04:00:00 CET"):
            self.assertRegex(check.stdout, line)
        self.assertFalse(re.search(r".{81}", check.stdout))


if __name__ == "__main__":
    main()
