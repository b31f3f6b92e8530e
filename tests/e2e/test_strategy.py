"""How a list is brought to what is asked: built again, or edited in place."""

from harness import Case, main

OLD = ["remark first", "permit ip host 1.1.1.1 any",
       "permit tcp any any eq 22", "deny ip any any"]
NEW = ["remark first", "permit ip host 1.1.1.1 any",
       "permit ip host 3.3.3.3 any", "permit tcp any any eq 22",
       "deny ip any any log"]


class Delta(Case):
    def setUp(self):
        super().setUp()
        self.start_lab("R1", {"hostname": "N1", "type": "cisco_nxos"})

    def job(self, lines, strategy="delta"):
        return self.phases_job(
            "  - steps:\n    - template: acl\n      strategy: %s\n" % strategy,
            more="vars:\n  acl_name: EDGE\n  acl_lines:\n" +
                 "".join("    - %s\n" % line for line in lines))

    def sent(self, lines, *options, expect=0, **more):
        """What each device was sent in configuration mode."""
        before = {n: len(self.config_lines(n)) for n in ("R1", "N1")}
        run = self.push(self.job(lines, **more), *options, expect=expect)
        return run, {n: self.config_lines(n)[before[n]:] for n in before}

    def test_only_what_differs(self):
        self.sent(OLD)
        run, sent = self.sent(NEW)
        self.assertEqual(run.statuses(), ["changed"] * 2)
        self.assertEqual(sent["R1"], [
            "ip access-list extended EDGE", "15 permit ip host 3.3.3.3 any",
            "no 30", "40 deny ip any any log", "end"])
        self.assertEqual(sent["N1"], [
            "ip access-list EDGE", "25 permit ip host 3.3.3.3 any",
            "50 deny ip any any log", "no 40", "end"])
        self.assertEqual(self.lab.acl_texts("R1", "EDGE"), NEW)
        _, sent = self.sent(NEW)
        self.assertEqual(sent, {"R1": [], "N1": []})

    def test_check_shows_the_edits(self):
        self.sent(OLD)
        run, sent = self.sent(NEW, "--check")
        self.assertEqual(sent, {"R1": [], "N1": []})
        self.assertTrue(run.results["R1"]["steps"][0]["output"].endswith(
            "lines that would be sent:\nip access-list extended EDGE\n"
            " 15 permit ip host 3.3.3.3 any\n no 30\n"
            " 40 deny ip any any log\n"))

    def test_longer_than_building_it_again(self):
        self.sent(NEW)
        run, sent = self.sent(["permit ip any any"])
        self.assertEqual(sent["R1"][0], "no ip access-list extended EDGE")
        self.assertIn("not edited in place: ",
                      run.results["R1"]["steps"][0]["notes"])

    def test_an_edit_that_fails_is_taken_back(self):
        self.sent(OLD)
        self.lab.faults("R1", {"kind": "drop", "at": "^no 30", "times": 1,
                               "when": "after"})
        run, _ = self.sent(NEW, expect=1)
        self.assertEqual(run.results["R1"]["status"], "rolled_back")
        self.assertEqual(self.lab.acl_texts("R1", "EDGE"), OLD)

    def test_as_it_was(self):
        self.sent(OLD)
        _, sent = self.sent(NEW, strategy="replace")
        self.assertEqual(sent["R1"][0], "no ip access-list extended EDGE")


if __name__ == "__main__":
    main()
