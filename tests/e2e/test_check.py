"""netpush run --check: what would be done, and not one configuration line."""

import json
import os

from harness import Case, main

IOS = {"hostname": "R1"}
NXOS = {"hostname": "N1", "type": "cisco_nxos"}


class Check(Case):
    def setUp(self):
        super().setUp()
        self.start_lab(IOS, NXOS, {"hostname": "R2"})

    def typed(self):
        """Lines in a configuration mode, and the savings, of all devices."""
        return [e for e in self.lab.witness(event="line")
                if e["mode"].startswith("config")] + \
            self.lab.witness(event="save")

    def check(self, job, *options, expect=0):
        run = self.push(job, "--check", *options, expect=expect)
        self.assertEqual(self.typed(), [])
        self.assertFalse(run.select(event="stage", stage="change"))
        return run

    def step(self, run, name, index=0):
        return run.results[name]["steps"][index]

    def test_lists(self):
        self.push(self.acl_job("permit ip host 1.1.1.1 any\n"
                               "deny ip any any", devices=["R2"]))
        before = len(self.typed())
        run = self.push(self.acl_job("permit ip host 2.2.2.2 any\n"
                                     "deny ip any any"), "--check")
        self.assertEqual(len(self.typed()), before)
        self.assertEqual(run.statuses(), ["unchanged"] * 3)
        step = self.step(run, "R2")
        self.assertTrue(step["would_change"])
        self.assertIn("-permit ip host 1.1.1.1 any\n"
                      "+permit ip host 2.2.2.2 any\n"
                      " deny ip any any\n", step["diff"])
        for line in ("ip access-list extended EDGE",
                     " permit ip host 2.2.2.2 any"):
            self.assertIn(line + "\n",
                          step["output"].split("would be sent:\n")[1])
        self.assertIn("(absent)", self.step(run, "R1")["diff"])
        self.assertIn("only checked, nothing was changed: 3 would change",
                      run.stdout)
        self.assertRegex(run.stdout, r"would change \(1\):\n  R2\n")
        self.assertIn("R2: would change", run.stderr)
        # Where there is no list, the same lines as --render says.
        path = self.write("job.yml", self.acl_job(
            "permit ip host 2.2.2.2 any\ndeny ip any any"))
        rendered = self.netpush("check", "--render", path).wait().stdout
        self.assertIn(self.step(run, "R1")["output"].split(
            "would be sent:\n")[1], rendered)

    def test_diff_of_a_real_run(self):
        """--diff shows what became of it, once for all that are alike; a
        report drawn again can show it, too."""
        self.push(self.acl_job("permit ip any any", devices=["R1", "R2"]))
        run = self.push(self.acl_job("deny ip any any"), "--diff")
        self.assertIn("R1, R2\n    --- EDGE\n    +++ EDGE\n    @@ -1,1 +1,1 @@"
                      "\n    -permit ip any any\n    +deny ip any any\n",
                      run.stdout.replace("@@ -1 +1 @@", "@@ -1,1 +1,1 @@"))
        again = self.netpush("report", "--diff", "latest").wait()
        self.assertEqual(again.stdout, run.stdout)

    def test_as_asked(self):
        job = self.acl_job("permit ip any any")
        self.push(job)
        before = len(self.typed())
        run = self.push(job, "--check")
        self.assertEqual(len(self.typed()), before)
        self.assertNotIn("would_change", self.step(run, "R1"))
        self.assertNotIn("diff", self.step(run, "R1"))

    def test_append(self):
        """Only what is missing would go."""
        self.push(self.acl_job("permit ip host 1.1.1.1 any",
                               devices=["R1"]))
        before = len(self.typed())
        run = self.push(self.acl_job(
            "permit ip host 1.1.1.1 any\npermit ip host 2.2.2.2 any",
            devices=["R1"], more="append: true\n"), "--check")
        self.assertEqual(len(self.typed()), before)
        lines = self.step(run, "R1")["output"].split("would be sent:\n")[1]
        self.assertIn("2.2.2.2", lines)
        self.assertNotIn("1.1.1.1", lines)

    def test_configuration_text(self):
        job = self.phases_job(
            "  - steps:\n    - config: |\n        ntp server 10.1.1.1\n"
            "        ntp server 10.1.1.2\n", devices=["R1"])
        run = self.check(job)
        step = self.step(run, "R1")
        self.assertTrue(step["would_change"])
        self.assertEqual(step["diff"],
                         "+ntp server 10.1.1.1\n+ntp server 10.1.1.2\n")

    def test_commands_and_savings(self):
        """A command that is not known to be harmless is not run."""
        target = os.path.join(self.tmp, "out.txt")
        run = self.check(self.phases_job(
            "  - steps:\n    - command: show version\n      save_as: %s\n"
            "    - command: clear counters\n"
            "    - command: show version | redirect flash:x\n"
            "    - save: true\n" % target, devices=["R1"]))
        lines = self.lab.lines("R1")
        self.assertIn("show version", lines)
        self.assertNotIn("clear counters", lines)
        self.assertFalse([line for line in lines if "redirect" in line])
        self.assertFalse(os.path.exists(target))
        steps = run.results["R1"]["steps"]
        self.assertIn("not run by --check: clear counters",
                      steps[1]["notes"])
        self.assertIn("not saved by --check", steps[3]["notes"])

    def test_a_precheck_still_fails(self):
        run = self.check(self.phases_job(
            "  - steps:\n    - command: show version\n"
            "      expect: 'Version 99'\n    - template: acl\n",
            devices=["R1"],
            more="vars: {acl_name: E, acl_lines: permit ip any any}\n"),
            expect=1)
        self.assertEqual(run.statuses(), ["failed"])

    def test_the_journal_says_so(self):
        run = self.check(self.acl_job("permit ip any any"))
        self.assertTrue(run.select(event="run_started")[0]["check"])
        with open(os.path.join(run.dir, "call.json"),
                  encoding="utf-8") as file:
            self.assertTrue(json.load(file)["check"])


if __name__ == "__main__":
    main()
