"""Devices that talk in between, that are far away, or that greet at length."""


from harness import Case, main

IOS_LOG = ("*Nov 21 03:00:00.000: %SYS-5-CONFIG_I: Configured from console "
           "by neteng on vty0 (127.0.0.1)")
NXOS_LOG = ("2026 Nov 21 02:40:00 N1 %ETHPORT-5-IF_UP: Interface Ethernet1/1 "
            "is up in mode trunk")
LINES = "\n".join(["remark one"] + [
    "permit tcp any host 10.0.0.%d eq 443" % i for i in range(1, 40)] +
    ["deny ip any any log"])


class Noise(Case):
    def check(self):
        job = self.acl_job(LINES, more="timeouts: {silence: 10s}\n")
        run = self.push(job)
        self.assertEqual(set(run.statuses()), {"changed"})
        for name, _, kind in self.devices:
            texts = self.lab.acl_texts(name, "EDGE")
            self.assertEqual(len(texts), 41)
            for result in run.results.values():
                self.assertNotIn("%SYS-5", result["output"])
        self.assertEqual(set(self.push(job).statuses()),
                         {"unchanged"})

    def test_log_lines(self):
        self.start_lab("R1", {"hostname": "N1", "type": "cisco_nxos"})
        for when in ("before", "after", "after_prompt"):
            with self.subTest(when=when):
                self.lab.reset()
                at = "10\\.0\\.0\\.(1|7|22|23|39) |^configure|^end"
                self.lab.faults("R1", {"kind": "log_line", "at": at,
                                       "when": when, "text": IOS_LOG})
                self.lab.faults("N1", {"kind": "log_line", "at": at,
                                       "when": when, "text": NXOS_LOG})
                before = len(self.lab.witness(event="fault"))
                self.check()
                self.assertGreater(len(self.lab.witness(event="fault")),
                                   before + 10)

    def test_log_line_in_the_middle_of_an_echo(self):
        self.start_lab("R1")
        self.lab.faults("R1", {"kind": "log_line", "at": "10\\.0\\.0\\.7 ",
                               "when": "mid_echo", "text": IOS_LOG})
        self.check()

    def test_log_lines_in_a_show(self):
        self.start_lab("R1", {"hostname": "N1", "type": "cisco_nxos"})
        for name, text in (("R1", IOS_LOG), ("N1", NXOS_LOG)):
            self.lab.faults(name, *[
                {"kind": "log_line", "at": "^show", "when": when,
                 "text": text} for when in ("before", "middle", "after")])
        self.check()

    def test_log_lines_are_events(self):
        self.start_lab("R1")
        self.lab.faults("R1", {"kind": "log_line", "at": "^permit",
                               "when": "after", "text": IOS_LOG})
        run = self.push(self.acl_job())
        self.assertIn(IOS_LOG, [e["text"] for e in run.select(event="log")])

    def test_banners(self):
        art = ("#" * 60 + "\n# R1# is not a prompt, R1> neither #\n" +
               "% Invalid input detected\nPassword: \n" + "#" * 60 + "\n") * 9
        self.start_lab({"hostname": "R1", "banner": art},
                       {"hostname": "R2", "faults": [
                           {"kind": "banner", "text": "lots of text\n" * 500}
                       ]})
        self.check()

    def test_slow_line(self):
        self.start_lab({"hostname": "R1", "latency_ms": 50},
                       {"hostname": "N1", "type": "cisco_nxos",
                        "latency_ms": 50})
        self.check()

    def test_slow_login(self):
        self.start_lab({"hostname": "R1", "faults": [
            {"kind": "slow_login", "ms": 1000}]})
        self.check()

    def test_long_name_and_counters(self):
        self.start_lab({"hostname": "A-VERY-LONG-HOSTNAME-OF-34-CHARACTER",
                        "prompt_cut": True, "matches": True,
                        "numbers_in_config": True})
        self.check()

    def test_long_lines(self):
        """As long as a remark may be: no wrapped echo confuses."""
        self.start_lab("R1")
        job = self.acl_job("remark " + "x" * 100 + "\npermit ip any any")
        self.assertEqual(self.push(job).statuses(), ["changed"])
        self.assertEqual(self.lab.acl_texts("R1", "EDGE")[0],
                         "remark " + "x" * 100)


if __name__ == "__main__":
    main()
