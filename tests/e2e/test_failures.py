"""Each device by itself: one down, one with another host key, one that
refuses a line, one that loses characters; and what is said of each."""

from harness import Case, main

LINES = "permit ip host 1.1.1.1 any\npermit ip host 2.2.2.2 any\n" \
        "permit ip host 3.3.3.3 any\ndeny ip any any"
# Rendered: 1 no ip access-list, 2 ip access-list, 3 to 6 the entries.
SECOND = {"kind": "refuse", "at": "2\\.2\\.2\\.2",
          "text": "% this box is full"}
OLD = "permit ip host 9.9.9.9 any"


class Each(Case):
    def test_own_status_and_kind(self):
        names = ["GOOD1", "DOWN", "KEY", "REFUSES", "GOOD2", "GOOD3"]
        self.start_lab(*names)
        self.lab.down("DOWN")
        self.lab.faults("KEY", {"kind": "changed_host_key"})
        self.lab.faults("REFUSES", SECOND)
        run = self.push(self.acl_job(LINES), expect=1)
        self.assertEqual([r["hostname"] for r in run.json["results"]], names)
        self.assertEqual(run.statuses(), [
            "changed", "failed", "failed", "rolled_back", "changed",
            "changed"])
        self.assertEqual(
            [r["error"] and r["error"]["kind"] for r in run.json["results"]],
            [None, "connect", "host_key", "refused", None, None])
        self.assertEqual(run.json["run"]["totals"], {
            "devices": 6, "changed": 3, "unchanged": 0, "failed": 2,
            "rolled_back": 1, "unknown": 0, "skipped": 0})
        self.assert_untouched("KEY", "DOWN")
        for name in ("GOOD1", "GOOD2", "GOOD3"):
            self.assertEqual(self.lab.acl_texts(name, "EDGE"),
                             LINES.split("\n"))
        for text in ("DOWN", "KEY", "REFUSES", "this box is full"):
            self.assertIn(text, run.stdout)
        self.assertIn("REFUSES: rolled_back (the old state is back)",
                      run.stdout)

        error = run.results["REFUSES"]["error"]
        self.assertEqual(error["line"], 4)
        self.assertEqual(error["sent"], "permit ip host 2.2.2.2 any")
        self.assertIn("% this box is full", error["device_text"])
        self.assertEqual(run.results["REFUSES"]["stage"], "change")
        self.assertEqual(run.results["DOWN"]["stage"], "connect")
        # Out of configuration mode before the session ended.
        lines = self.lab.witness(event="line", device="REFUSES")
        self.assertEqual(lines[-1]["mode"], "exec")

    def test_nothing_is_sent_after_a_refusal(self):
        self.start_lab("R1")
        self.lab.faults("R1", SECOND)
        lines = "permit ip host 1.1.1.1 any\npermit ip host 2.2.2.2 any\n" + \
            "\n".join("permit ip host 3.3.3.%d any" % i for i in range(100))
        run = self.push(self.acl_job(lines).replace(
            "device_type: cisco_ios", "device_type: cisco_ios, pipeline: 1"),
            expect=1)
        self.assertEqual(run.results["R1"]["error"]["line"], 4)
        sent = self.config_lines("R1")
        # Behind it only what puts the old state back: there was no list.
        self.assertEqual(sent[-4:], ["permit ip host 2.2.2.2 any", "end",
                                     "no ip access-list extended EDGE",
                                     "end"])
        self.assertEqual(run.statuses(), ["rolled_back"])
        self.assertIsNone(self.lab.acl_texts("R1", "EDGE"))

    def test_a_refusal_stops_the_pipeline(self):
        """What was in flight behind the line may still arrive, no more."""
        self.start_lab("R1")
        self.lab.faults("R1", SECOND)
        lines = "permit ip host 1.1.1.1 any\npermit ip host 2.2.2.2 any\n" + \
            "\n".join("permit ip host 3.3.3.%d any" % i for i in range(100))
        run = self.push(self.acl_job(lines), expect=1)
        error = run.results["R1"]["error"]
        self.assertEqual((error["line"], error["sent"]),
                         (4, "permit ip host 2.2.2.2 any"))
        self.assertEqual(run.statuses(), ["rolled_back"])
        self.assertLess(len(self.config_lines("R1")), 60)
        self.assertEqual(self.config_lines("R1")[-1], "end")

    def test_refused_first_line_leaves_it_as_it_was(self):
        self.start_lab("R1")
        self.push(self.acl_job(OLD))
        self.lab.faults("R1", {"kind": "refuse", "at": "^ip access-list"})
        run = self.push(self.acl_job(LINES), expect=1)
        self.assertEqual(run.statuses(), ["failed"])
        error = run.results["R1"]["error"]
        self.assertEqual((error["kind"], error["line"]), ("refused", 1))
        self.assertIn("Invalid input", error["device_text"])
        self.assertEqual(self.lab.acl_texts("R1", "EDGE"), [OLD])


class Proof(Case):
    """The list read back is what counts, not the words on the way."""

    def setUp(self):
        super().setUp()
        self.start_lab("R1", "R2")
        self.push(self.acl_job(OLD))

    def outcome(self, *faults, **options):
        self.lab.faults("R1", *faults)
        run = self.push(self.acl_job(LINES, **options), expect=1)
        self.assertEqual(run.results["R2"]["status"], "changed")
        result = run.results["R1"]
        return result["status"], result["error"]["kind"]

    def test_nothing_applied(self):
        self.assertEqual(self.outcome(
            {"kind": "apply_nothing", "at": "^no |permit|deny"}),
            ("failed", "verify"))
        self.assertEqual(self.lab.acl_texts("R1", "EDGE"), [OLD])

    def test_part_applied(self):
        self.assertEqual(self.outcome(
            {"kind": "apply_nothing", "at": "2\\.2\\.2\\.2"}),
            ("rolled_back", "verify"))

    def test_other_applied(self):
        self.assertEqual(self.outcome(
            {"kind": "apply_other", "at": "2\\.2\\.2\\.2",
             "text": "permit ip host 2.2.2.3 any"}), ("rolled_back", "verify"))
        self.assertEqual(self.lab.acl_texts("R1", "EDGE"), [OLD])

    def test_cut_at_every_line(self):
        """Whichever line of a push the connection is cut at, before or behind
        it: the device ends as before or as asked, and the status says which."""
        lines = LINES.split("\n")
        before = len(self.lab.witness(event="line", device="R1"))
        self.push(self.acl_job(LINES))
        typed = ["configure terminal", *self.config_lines("R1", before)]
        self.assertEqual(len(typed), len(lines) + 4)  # header, "no", "end"
        for when in ("before", "after"):
            for line in typed:
                with self.subTest(line=line, when=when):
                    self.lab.reset()
                    self.push(self.acl_job(OLD))
                    self.lab.faults("R1", {
                        "kind": "drop", "when": when, "times": 1,
                        "at": "^%s$" % line.replace(".", "\\.")})
                    run = self.push(self.acl_job(LINES), expect=None)
                    status = run.results["R1"]["status"]
                    self.assertEqual(
                        self.lab.acl_texts("R1", "EDGE"),
                        lines if status == "changed" else [OLD])
                    self.assertIn(status, ("changed", "failed",
                                           "rolled_back"))
                    if line == "end" and when == "after":
                        self.assertEqual(status, "changed")

    def test_dropped_in_the_change(self):
        for when in ("before", "after", "mid_echo"):
            with self.subTest(when=when):
                self.lab.reset()
                self.assertEqual(self.outcome(
                    {"kind": "drop", "at": "2\\.2\\.2\\.2", "when": when}),
                    ("rolled_back", "closed"))

    def test_reset_in_the_change(self):
        status, kind = self.outcome({"kind": "reset", "at": "2\\.2\\.2\\.2"})
        self.assertEqual(status, "rolled_back")
        self.assertIn(kind, ("closed", "connect"))

    def test_dropped_before_the_change(self):
        self.assertEqual(self.outcome(
            {"kind": "drop", "at": "^show ip access-lists", "times": 1}),
            ("failed", "closed"))
        self.assertEqual(self.lab.acl_texts("R1", "EDGE"), [OLD])

    def test_hangs_in_the_change(self):
        self.assertEqual(self.outcome(
            {"kind": "hang", "at": "2\\.2\\.2\\.2"},
            more="timeouts: {silence: 2s}\n"), ("rolled_back", "timeout"))

    def test_hangs_before_the_change(self):
        self.assertEqual(self.outcome(
            {"kind": "hang", "at": "^show ip access-lists"},
            more="timeouts: {silence: 2s}\n"), ("failed", "timeout"))
        self.assertEqual(self.lab.acl_texts("R1", "EDGE"), [OLD])

    def test_device_time_is_bounded(self):
        """It talks all the time, and yet does not come to an end."""
        self.assertEqual(self.outcome(
            {"kind": "delay", "at": "3\\.3\\.3\\.3|^no|^end", "ms": 20000},
            more="timeouts: {device: 3s}\n"), ("unknown", "timeout"))

    def test_lost_characters(self):
        self.assertEqual(self.outcome(
            {"kind": "swallow_chars", "at": "2\\.2\\.2\\.2",
             "position": 16}), ("rolled_back", "echo"))
        self.assertEqual(self.lab.acl_texts("R1", "EDGE"), [OLD])

    def test_lost_characters_that_meant_nothing(self):
        """`hos` is short for `host`: what was read back is what counts."""
        self.lab.faults("R1", {"kind": "swallow_chars",
                               "at": "2\\.2\\.2\\.2", "position": 13})
        run = self.push(self.phases_job(
            "  - steps:\n    - {template: acl, strategy: replace}\n",
            more="vars:\n  acl_name: EDGE\n  acl_lines:\n" + "".join(
                "  - %s\n" % line for line in LINES.split("\n"))))
        self.assertEqual(run.results["R1"]["status"], "changed")
        self.assertIn("received another line than was sent",
                      run.results["R1"]["steps"][0]["notes"])


class Login(Case):
    """What goes wrong before the first prompt."""

    def test_kinds(self):
        self.start_lab("GOOD", "MUTE", "KEX", "RESET", "LATE")
        self.lab.faults("MUTE", {"kind": "no_banner"})
        self.lab.faults("KEX", {"kind": "close_after_kex"})
        self.lab.faults("RESET", {"kind": "reset"})
        self.lab.faults("LATE", {"kind": "slow_login", "ms": 60000})
        run = self.push(self.acl_job(
            more="timeouts: {connect: 3s, login: 4s}\n"), expect=1)
        self.assertEqual(run.statuses(), ["changed"] + ["failed"] * 4)
        kinds = {n: r["error"]["kind"] for n, r in run.results.items()
                 if r["error"]}
        self.assertEqual(kinds["MUTE"], "timeout")
        self.assertEqual(kinds["KEX"], "closed")
        self.assertIn(kinds["RESET"], ("connect", "closed"))
        self.assertIn(kinds["LATE"], ("prompt", "timeout"))


if __name__ == "__main__":
    main()
