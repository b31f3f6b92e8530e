"""Filters of Junos as access lists: a term is an entry, and all lines of a
change count at its commit."""

from harness import Case, main

PATH = "firewall family inet filter EDGE"
OLD = ["term ssh from source-address 10.0.0.0/8",
       "term ssh from protocol tcp", "term ssh from destination-port ssh",
       "term ssh then accept", "term rest then discard"]
NEW = OLD[:4] + ["term web from protocol tcp",
                 "term web from destination-port 80", "term web then accept",
                 "term rest then count refused", "term rest then discard"]
COMMIT = ["commit", "exit configuration-mode"]


class JunosCase(Case):
    startup = ""

    def setUp(self):
        super().setUp()
        self.start_lab({"hostname": "J1", "type": "juniper_junos",
                        "startup": self.startup}, known=True)

    def device_list(self, *names, **more):
        """What guards a change is tested by test_undo."""
        return "guard: off\n" + super().device_list(*names, **more)

    def job(self, lines, strategy=None, more=""):
        body = "vars:\n  acl_name: EDGE\n%s  acl_lines:\n" % more + "".join(
            "    - %s\n" % line for line in lines)
        way = "      strategy: %s\n" % strategy if strategy else ""
        return self.phases_job(
            "  - steps:\n    - template: acl\n" + way, more=body)

    def go(self, job, *options, expect=0):
        """The device's result and what it was sent."""
        before = len(self.config_lines("J1"))
        run = self.push(job, *options, expect=expect)
        sent = [line for line in self.config_lines("J1")[before:]
                if line != "configure exclusive"]
        return run.results["J1"], sent

    def filter(self):
        return self.lab.acl_texts("J1", "EDGE")


class Push(JunosCase):
    def test_short_form_new_and_again(self):
        for status in "changed", "unchanged":
            run = self.push(self.acl_job("\n".join(OLD)))
            self.assertEqual(run.statuses(), [status])
            self.assertEqual(self.filter(), OLD)
        self.assertEqual(self.config_lines("J1"), [
            "set " + PATH, "delete " + PATH,
            *("set %s %s" % (PATH, line) for line in OLD), *COMMIT])
        self.assertEqual(run.results["J1"]["output"].strip().splitlines(), [
            "set %s %s" % (PATH, line) for line in OLD])

    def test_replaced(self):
        self.go(self.job(OLD))
        result, sent = self.go(self.job(NEW, "replace"))
        self.assertEqual(result["status"], "changed")
        self.assertEqual(sent[:3], [
            "set " + PATH, "delete " + PATH,
            "set %s %s" % (PATH, NEW[0])])
        self.assertEqual(self.filter(), NEW)
        self.assertIn("+term web from destination-port 80\n",
                      result["steps"][0]["diff"])

    def test_edited(self):
        self.go(self.job(OLD))
        result, sent = self.go(self.job(NEW, "delta"))
        self.assertEqual(result["status"], "changed")
        self.assertEqual(sent, [
            *("set %s %s" % (PATH, line) for line in NEW[4:7]),
            "insert %s term web after term ssh" % PATH,
            "set %s term rest then count refused" % PATH, *COMMIT])
        self.assertEqual(sorted(self.filter()), sorted(NEW))
        result, sent = self.go(self.job(NEW, "delta"))
        self.assertEqual((result["status"], sent), ("unchanged", []))

    def test_another_spelling_is_unchanged(self):
        self.go(self.job(OLD))
        result, sent = self.go(self.job([
            '"term ssh from protocol 6 destination-port 22"',
            "term ssh then accept",
            "term ssh from source-address 10.1.2.3/8",
            "term rest then discard"]))
        self.assertEqual((result["status"], sent), ("unchanged", []))

    def test_new_by_edits(self):
        result, sent = self.go(self.job(OLD, "delta"))
        self.assertEqual(result["status"], "changed")
        self.assertEqual([line for line in sent if "term" in line],
                         ["set %s %s" % (PATH, line) for line in OLD])
        self.assertEqual(sent[-2:], COMMIT)

    def test_append(self):
        self.go(self.job(OLD[:4]))
        result, sent = self.go(self.job(NEW[:7], more="  append: true\n"))
        self.assertEqual(result["status"], "changed")
        self.assertEqual(sent, ["set %s %s" % (PATH, line)
                                for line in NEW[4:7]] + COMMIT)
        self.assertEqual(self.filter(), NEW[:7])

    def test_check(self):
        self.go(self.job(OLD))
        result, sent = self.go(self.job(NEW, "delta"), "--check")
        self.assertEqual((result["status"], sent), ("unchanged", []))
        output = result["steps"][0]["output"]
        self.assertIn("+term rest then count refused\n", output)
        self.assertTrue(output.endswith(
            "insert %s term web after term ssh\n"
            "set %s term rest then count refused\ncommit\n" % (PATH, PATH)),
            output)
        self.assertEqual(self.filter(), OLD)


class Trouble(JunosCase):
    def trouble(self, lines, *faults, **options):
        self.go(self.job(OLD))
        self.lab.faults("J1", *faults)
        return self.go(self.job(lines, **options), expect=1)

    def test_refused_line(self):
        """What came before it is dropped with the candidate."""
        for strategy in "replace", "delta":
            with self.subTest(strategy=strategy):
                result, sent = self.trouble(
                    [*NEW, "term last from sauce 1"], strategy=strategy)
                self.assertEqual((result["status"], result["error"]["kind"]),
                                 ("failed", "refused"))
                self.assertIn("term last from sauce 1",
                              result["error"]["sent"])
                self.assertIn("rollback 0", sent)
                self.assertNotIn("commit", sent)
                self.assertEqual(self.filter(), OLD)

    def test_refused_commit(self):
        result, sent = self.trouble(NEW, {"kind": "commit_fails"})
        self.assertEqual(result["status"], "failed")
        self.assertEqual(result["error"]["sent"], "commit")
        self.assertEqual(self.filter(), OLD)

    def test_other_than_asked_is_put_back(self):
        """The device commits something else: the old filter comes back, and
        is committed, too."""
        for strategy in "replace", "delta":
            with self.subTest(strategy=strategy):
                self.lab.reset()
                result, sent = self.trouble(NEW, {
                    "kind": "apply_other", "at": "destination-port 80",
                    "text": "set %s term web from destination-port 81" % PATH
                }, strategy=strategy)
                self.assertEqual((result["status"], result["error"]["kind"]),
                                 ("rolled_back", "verify"))
                self.assertEqual(sent.count("commit"), 2)
                self.assertEqual(self.filter(), OLD)

    def test_nothing_was_there_before(self):
        self.lab.faults("J1", {
            "kind": "apply_nothing", "at": "destination-port 80"})
        result, sent = self.go(self.job(NEW), expect=1)
        self.assertEqual(result["status"], "rolled_back")
        self.assertIsNone(self.filter())


if __name__ == "__main__":
    main()
