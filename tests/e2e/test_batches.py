"""Batches, limits and retries: who is begun, in which order, and when it is
enough."""

from harness import Case, main, wait_until

NAMES = ["R%d" % i for i in range(1, 11)]
REFUSED = {"kind": "auth_refuse"}


class Batches(Case):
    def setUp(self):
        super().setUp()
        self.start_lab(*NAMES)

    def job(self, run, threads=4, **more):
        return self.acl_job(threads=threads, more="run: %s\n" % run, **more)

    def failing(self, *names):
        for name in names:
            self.lab.faults(name, {"kind": "drop", "at": "^show ip access"})

    def touched(self):
        """Those on which anything was typed."""
        return {d for d in NAMES if self.lab.witness(event="line", device=d)}

    def test_sizes(self):
        run = self.push(self.job("{batches: [1, 30%, 2]}", threads=10))
        started = run.select(event="batch_started")
        self.assertEqual([(e["batch"], e["batches"], e["devices"], e["first"],
                           e["last"]) for e in started],
                         [(1, 5, 1, "R1", "R1"), (2, 5, 3, "R2", "R4"),
                          (3, 5, 2, "R5", "R6"), (4, 5, 2, "R7", "R8"),
                          (5, 5, 2, "R9", "R10")])
        # A batch begins when the last one has come to its end.
        order = [e.get("batch") or e["hostname"] for e in run.events
                 if e["event"] in ("batch_started", "device_finished")]
        self.assertEqual(order[:3], [1, "R1", 2])
        self.assertEqual(set(order[3:6]), {"R2", "R3", "R4"})
        self.assertEqual(order[6], 3)
        self.assertEqual(run.statuses(), ["changed"] * 10)

    def test_failing_canary(self):
        self.failing("R1")
        run = self.push(self.job("{batches: [1, 10%, 100%]}"), expect=4)
        self.assertEqual(run.statuses(), ["failed"] + ["skipped"] * 9)
        self.assertEqual(self.touched(), {"R1"})
        self.assertIn("1 of 1 device in batch 1 of 3 failed "
                      "(max_failures: 0)", run.stdout)
        self.assertEqual(run.results["R2"]["error"]["kind"], "cancelled")

    def test_unreachable_canary(self):
        """The check of the credentials passes it over; it still counts."""
        self.lab.down("R1")
        run = self.push(self.job("{batches: [1, 100%]}"), expect=4)
        self.assertEqual(run.statuses(), ["failed"] + ["skipped"] * 9)
        self.assertEqual(self.touched(), set())

    def test_some_may_fail(self):
        self.failing("R2")
        run = self.push(self.job("{batches: [1, 3, 100%], max_failures: 1}"),
                        expect=1)
        self.assertEqual(run.statuses(),
                         ["changed", "failed"] + ["changed"] * 8)

    def test_of_the_run_as_well(self):
        """One in each batch is not too many, but two in the run are."""
        self.failing("R2", "R5", "R8")
        run = self.push(self.job("{batches: [3, 3, 4], max_failures: 1}",
                                 threads=1), expect=4)
        self.assertEqual(run.statuses(), [
            "changed", "failed", "changed", "changed", "failed"] +
            ["skipped"] * 5)
        self.assertIn("2 of 10 devices failed (max_failures: 1)", run.stdout)

    def test_percentage(self):
        """20% of ten is two; of a batch of three it is none."""
        self.failing("R8", "R9")
        run = self.push(self.job("{max_failures: 20%}", threads=1), expect=1)
        self.assertEqual(run.statuses().count("failed"), 2)
        self.lab.reset()
        self.failing("R2")
        run = self.push(self.job("{batches: [3, 7], max_failures: 20%}",
                                 threads=1), expect=4)
        self.assertEqual(run.statuses(),
                         ["changed", "failed"] + ["skipped"] * 8)

    def test_decided_before_the_next_device(self):
        """Without batches the limit holds as well, at once."""
        self.failing("R3")
        run = self.push(self.job("{max_failures: 0}", threads=1), expect=4)
        self.assertEqual(run.statuses(), ["changed"] * 2 + ["failed"] +
                         ["skipped"] * 7)
        self.assertEqual(self.touched(), {"R1", "R2", "R3"})

    def test_a_batch_goes_through_all_phases(self):
        """The canary is checked to its end before the others are begun."""
        run = self.push(self.phases_job(
            "  - name: look\n    steps: [command: show version]\n"
            "  - name: push\n    steps: [template: acl]\n"
            "  - name: prove\n    steps:\n"
            "      - command: show ip access-lists EDGE\n"
            "        expect: permit\n",
            more="run: {batches: [1, 100%]}\n"
                 "vars: {acl_name: EDGE, acl_lines: permit ip any any}\n"))
        finished = [(e["hostname"], e["phase"])
                    for e in run.select(event="device_finished")]
        self.assertEqual(finished[:3], [("R1", "look"), ("R1", "push"),
                                        ("R1", "prove")])
        self.assertEqual({p for _, p in finished[3:12]}, {"look"})

    def test_unchecked_steps_of_one_batch_stop_the_next(self):
        self.failing("R1")
        run = self.push(self.phases_job(
            "  - name: push\n    steps: [template: acl]\n"
            "  - name: prove\n    steps: [command: show version]\n",
            more="run: {batches: [1, 100%]}\n"
                 "vars: {acl_name: EDGE, acl_lines: permit ip any any}\n"),
            expect=4)
        self.assertEqual(run.statuses(), ["failed"] + ["skipped"] * 9)


class Retries(Case):
    def setUp(self):
        super().setUp()
        self.start_lab(*NAMES)

    def job(self, run="retries: 2, retry_delay: 20ms", **more):
        return self.acl_job(more="run: {%s}\n" % run, **more)

    def test_comes_back(self):
        """Two connections are reset before the login; the third is not."""
        self.lab.faults("R2", {"kind": "reset", "times": 2})
        run = self.push(self.job())
        self.assertEqual(run.statuses(), ["changed"] * 10)
        self.assertEqual([r["attempts"] for r in run.json["results"]],
                         [1, 3] + [1] * 8)
        retries = run.select(event="device_retry")
        self.assertEqual([(e["hostname"], e["attempt"]) for e in retries],
                         [("R2", 1), ("R2", 2)])
        # Doubled, each spread by a quarter.
        for e, low, high in zip(retries, (0.015, 0.03), (0.025, 0.05)):
            self.assertTrue(low <= e["wait"] <= high, e)
        self.assertEqual(len(run.select(event="device_finished",
                                        hostname="R2")), 1)

    def test_never_comes_back(self):
        self.lab.faults("R2", {"kind": "reset"})
        run = self.push(self.job(), expect=1)
        self.assertEqual(run.results["R2"]["status"], "failed")
        self.assertEqual(run.results["R2"]["attempts"], 3)
        self.assertEqual(self.connects().count("R2"), 3)

    def test_not_without_being_asked(self):
        self.lab.faults("R2", {"kind": "reset"})
        run = self.push(self.job("max_auth_failures: 1"), expect=1)
        self.assertEqual(self.connects().count("R2"), 1)
        self.assertEqual(run.results["R2"]["attempts"], 1)

    def test_never_after_a_refused_login(self):
        self.lab.faults("R2", REFUSED)
        run = self.push(self.job("retries: 5, retry_delay: 1ms, "
                                 "max_auth_failures: 2"), expect=1)
        self.assertEqual(run.results["R2"]["error"]["kind"], "auth")
        self.assertEqual(len(self.lab.witness(event="auth", device="R2")), 1)

    def test_never_after_a_change(self):
        """Cut in the middle of the list: what is there must be looked at."""
        self.lab.faults("R2", {"kind": "drop", "at": "^permit"})
        run = self.push(self.job(), expect=1)
        self.assertEqual(run.results["R2"]["status"], "rolled_back")
        self.assertFalse(run.select(event="device_retry"))

    def test_never_after_a_refusal(self):
        self.lab.faults("R2", {"kind": "apply_nothing", "at": "^permit"})
        run = self.push(self.job(), expect=1)
        self.assertEqual(self.connects().count("R2"), 1)
        self.assertFalse(run.select(event="device_retry"))

    def test_serial_stays_serial(self):
        """threads: 1: the next device waits for the retries of this one."""
        self.lab.faults("R2", {"kind": "reset", "times": 1})
        self.push(self.job(threads=1))
        self.assertEqual(self.connects(),
                         ["R1", "R1", "R2", "R2"] + NAMES[2:])

    def test_others_do_not_wait(self):
        self.lab.faults("R1", {"kind": "reset", "times": 2})
        run = self.start(self.job("retries: 1, retry_delay: 1h", threads=2))
        for name in NAMES[1:]:
            run.await_event(event="device_finished", hostname=name)
        self.assertFalse(run.select(event="device_finished", hostname="R1"))
        # What would be tried again is told with what it met when the run ends.
        run.process.terminate()
        run.wait()
        self.assertEqual(run.statuses(), ["failed"] + ["changed"] * 9)
        self.assertIn(run.results["R1"]["error"]["kind"],
                      ("closed", "connect"))

    def test_steps_are_told_once(self):
        """What the first visit showed is not shown twice."""
        self.lab.faults("R2", {"kind": "drop", "at": "^show ip", "times": 1})
        run = self.push(self.phases_job(
            "  - steps:\n    - command: show version\n"
            "    - command: show ip access-lists\n",
            more="run: {retries: 1, retry_delay: 1ms}\n"))
        self.assertEqual(len(run.results["R2"]["steps"]), 2)


class Breaker(Case):
    def test_wrong_from_the_middle(self):
        """8 of 100 refuse what the check accepted: at most `threads` logins
        fail, the rest is skipped."""
        names = ["R%d" % i for i in range(1, 101)]
        self.start_lab(*names)
        for name in names[40:48]:
            self.lab.faults(name, REFUSED)
        run = self.push(self.acl_job(threads=8), expect=4)
        failed = self.lab.witness(event="auth", ok=False)
        self.assertTrue(1 <= len(failed) <= 8, len(failed))
        totals = run.json["run"]["totals"]
        self.assertEqual(totals["failed"], len(failed))
        self.assertGreaterEqual(totals["skipped"], 100 - 48 - 8)
        self.assertIn("refused after the credentials had been checked",
                      run.stdout)


if __name__ == "__main__":
    main()
