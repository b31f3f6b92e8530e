"""Many devices: never more at once than asked for, nobody waits for a slow
one, results in the order of the list, every session closed as it should."""

from harness import Case, main, wait_until

HOLD = {"kind": "hang", "at": "^show ip access-lists"}


class Hundred(Case):
    def test_slow_one_delays_nobody(self):
        """R5 is held until all others are done, however long that takes."""
        self.start_lab(count=100, type="mixed")
        names = ["R%d" % (i + 1) for i in range(100)]
        self.lab.faults("R5", HOLD)
        run = self.start(self.acl_job())
        wait_until(lambda: len({e["hostname"] for e in run.select(
            event="device_finished", status="changed")}) == 99 or
            run.process.poll() is not None, "the end of the others")
        self.assertEqual(run.select(event="device_finished", hostname="R5"),
                         [])
        self.lab.control({"do": "drop", "device": "R5"})
        run.wait()
        self.assertEqual(run.returncode, 1)
        results = run.json["results"]
        self.assertEqual([r["hostname"] for r in results], names)
        self.assertEqual([r["hostname"] for r in results
                          if r["status"] != "changed"], ["R5"])
        finished = [e["hostname"] for e in run.events
                    if e["event"] == "device_finished"]
        self.assertEqual(sorted(finished), sorted(names))
        self.assertEqual(finished[-1], "R5")
        most = self.lab.stats()["totals"]["sessions_max"]
        self.assertLessEqual(most, 8)
        self.assertGreater(most, 1)

    def test_all_slots_are_used_and_no_more(self):
        names = ["R%d" % (i + 1) for i in range(10)]
        self.start_lab(*names)
        for name in names[:8]:
            self.lab.faults(name, HOLD)
        run = self.start(self.acl_job())
        wait_until(lambda: len(self.lab.witness(event="fault")) == 8 or
                   run.process.poll() is not None, "all eight at once")
        self.assertEqual(len(run.children()), 8)
        self.assertEqual(set(self.connects()), set(names[:8]))
        self.lab.control({"do": "drop", "device": "R3"})
        for name in names[8:]:
            run.await_event(event="device_finished", hostname=name)
        for name in names[:8]:
            self.lab.control({"do": "drop", "device": name})
        run.wait()
        self.assertEqual(run.statuses(), ["failed"] * 8 + ["changed"] * 2)
        self.assertEqual(self.lab.stats()["totals"]["sessions_max"], 8)


class Few(Case):
    def test_one_after_the_other(self):
        names = ["R1", "R2", "R3", "R4", "R5"]
        self.start_lab(*names)
        run = self.push(self.acl_job(threads=1))
        steps = [(e["event"], e["device"]) for e in self.lab.witness()
                 if e["event"] in ("connect", "disconnect")]
        expected = [(event, name) for name in ["R1"] + names
                    for event in ("connect", "disconnect")]
        self.assertEqual(steps, expected)
        self.assertEqual(self.lab.stats()["totals"]["sessions_max"], 1)
        self.assertEqual([e["hostname"] for e in run.select(
            event="device_finished")], names)

    def test_threads_option_wins(self):
        names = ["R1", "R2", "R3"]
        self.start_lab(*names)
        run = self.push(self.acl_job(threads=8), "--threads", "1")
        self.assertEqual(self.lab.stats()["totals"]["sessions_max"], 1)
        self.assertEqual(run.json["run"]["threads"], 1)

    def test_sessions_are_closed_with_a_word(self):
        self.start_lab("R1", {"hostname": "N1", "type": "cisco_nxos"}, "BAD")
        self.lab.faults("BAD", {"kind": "refuse", "at": "^permit"})
        self.push(self.acl_job(), expect=1)
        sessions = {}
        for event in self.lab.witness():
            if event["session"]:
                sessions.setdefault(event["session"], []).append(event)
        self.assertEqual(len(sessions), 4)  # the check, and one for each
        for events in sessions.values():
            with self.subTest(device=events[0]["device"]):
                self.assertEqual(events[0]["event"], "connect")
                self.assertEqual(events[-1]["event"], "disconnect")
                self.assertIn(events[-1]["reason"],
                              ("client_disconnect", "exit"))
                if any(e["event"] == "open" for e in events):
                    self.assertEqual(events[-2]["event"], "exit")
                    self.assertEqual(events[-3]["line"], "exit")
                else:
                    self.assertEqual(events[-1]["reason"],
                                     "client_disconnect")
        self.assertEqual(self.lab.stats()["devices"]["R1"]["clean_exits"], 1)


if __name__ == "__main__":
    main()
