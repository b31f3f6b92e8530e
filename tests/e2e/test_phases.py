"""The long form: commands, configuration with its proof, saving, phases one
after the other, and headers as barriers."""

import os

from harness import Case, main

CONFIG = """
  - name: push
    steps:
      - config: |
          interface Loopback7
           description made for {{hostname}}
           ip address 10.7.7.7 255.255.255.255
          ntp server 10.0.0.1
"""


class Commands(Case):
    def setUp(self):
        super().setUp()
        self.start_lab("R1", {"hostname": "N1", "type": "cisco_nxos"})

    def test_expect_reject_save_as(self):
        out = os.path.join(self.tmp, "{{hostname}}.txt")
        run = self.push(self.phases_job("""
  - name: look
    steps:
      - command: show version
        name: version
        expect: '(?i)cisco'
        reject: 'no such thing'
        save_as: '%s'
      - command: [show clock, show clock]
""" % out))
        self.assertEqual(run.statuses(), ["unchanged"] * 2)
        for name in ("R1", "N1"):
            with open(out.replace("{{hostname}}", name),
                      encoding="utf-8") as file:
                self.assertIn("isco", file.read())
            steps = run.results[name]["steps"]
            self.assertEqual([s["phase"] for s in steps], ["look"] * 2)
            self.assertEqual([s["status"] for s in steps], ["ok"] * 2)
            self.assertEqual(steps[0]["name"], "version")
            self.assertEqual(self.config_lines(name), [])
            lines = self.lab.lines(name)
            self.assertEqual(lines.count("show version"), 1)
            self.assertEqual(lines.count("show clock"), 2)

    def test_expectation_fails(self):
        run = self.push(self.phases_job("""
  - steps: [{command: show version, expect: 'Version 99'}]
"""), expect=1)
        self.assertEqual(run.statuses(), ["failed"] * 2)
        self.assertEqual({r["error"]["kind"] for r in run.json["results"]},
                         {"verify"})
        self.assertIn("Version 99", run.results["R1"]["error"]["message"])

    def test_rejected_text(self):
        run = self.push(self.phases_job("""
  - steps: [{command: show version, reject: '(?i)cisco'}]
"""), expect=1)
        self.assertEqual(run.results["R1"]["error"]["kind"], "verify")
        self.assertIn("isco", run.results["R1"]["error"]["message"])

    def test_unknown_command(self):
        run = self.push(self.phases_job("""
  - steps: [{command: show nonsense}]
"""), expect=1)
        self.assertEqual({r["error"]["kind"] for r in run.json["results"]},
                         {"refused"})
        self.assertEqual(run.results["R1"]["error"]["sent"], "show nonsense")

    def test_later_phases_skip_who_failed(self):
        self.lab.faults("R1", {"kind": "refuse", "at": "^show clock"})
        run = self.push(self.phases_job("""
  - name: precheck
    steps: [{command: show clock}]
  - name: push
    steps: [{template: acl}]
""", more="vars: {acl_name: A, acl_lines: [permit ip any any]}\n"), expect=1)
        self.assertEqual(run.statuses(), ["failed", "changed"])
        self.assertEqual(run.results["R1"]["phase"], "precheck")
        self.assertEqual(run.results["N1"]["phase"], "push")
        self.assertEqual(self.config_lines("R1"), [])
        self.assertEqual(self.connects().count("N1"), 2)
        self.assertEqual(self.connects().count("R1"), 2)  # check, precheck

    def test_changed_then_failed_is_unknown(self):
        """A later phase cannot make a changed device an untouched one."""
        self.lab.faults("R1", {"kind": "refuse", "at": "^show clock"})
        run = self.push(self.phases_job("""
  - name: push
    steps: [{template: acl}]
  - name: look
    steps: [{command: show clock}]
""", more="vars: {acl_name: A, acl_lines: [permit ip any any]}\n"), expect=1)
        self.assertEqual(run.statuses(), ["unknown", "changed"])
        self.assertEqual(run.results["R1"]["error"]["kind"], "refused")


class Configuration(Case):
    def setUp(self):
        super().setUp()
        self.start_lab("R1", "R2")

    def test_changed_then_unchanged(self):
        run = self.push(self.phases_job(CONFIG))
        self.assertEqual(run.statuses(), ["changed"] * 2)
        self.assertIn("+interface Loopback7", run.results["R1"]["output"])
        self.assertIn("made for R1", run.results["R1"]["output"])
        running = self.lab.state("R2")["running"]
        self.assertIn("interface Loopback7\n description made for R2\n"
                      " ip address 10.7.7.7 255.255.255.255\n", running)
        self.assertIn("ntp server 10.0.0.1", running)
        self.assertNotIn("Loopback7", self.lab.state("R2")["startup"])
        again = self.push(self.phases_job(CONFIG))
        self.assertEqual(again.statuses(), ["unchanged"] * 2)

    def test_saved(self):
        run = self.push(self.phases_job(CONFIG + "      - save: true\n"))
        self.assertEqual(run.statuses(), ["changed"] * 2)
        for name in ("R1", "R2"):
            self.assertIn("ntp server 10.0.0.1",
                          self.lab.state(name)["startup"])
            self.assertEqual(
                len(self.lab.witness(event="save", device=name)), 1)
            self.assertIn("Loopback7", run.results[name]["output"])

    def test_saving_is_not_confirmed(self):
        self.lab.faults("R1", {"kind": "apply_nothing", "at": "^write"},
                        {"kind": "refuse", "at": "^write",
                         "text": "startup-config file open failed"})
        run = self.push(self.phases_job("""
  - steps: [{save: true}]
"""), expect=1)
        self.assertEqual(run.statuses(), ["failed", "unchanged"])
        error = run.results["R1"]["error"]
        self.assertIn(error["kind"], ("verify", "refused"))
        self.assertIn("open failed", error["device_text"])
        self.assertEqual(run.results["R1"]["stage"], "save")

    def test_refused_header_keeps_its_children_back(self):
        self.lab.faults("R1", {"kind": "refuse", "at": "^interface"})
        run = self.push(self.phases_job(CONFIG), expect=1)
        self.assertEqual(run.statuses(), ["failed", "changed"])
        error = run.results["R1"]["error"]
        self.assertEqual((error["kind"], error["line"], error["sent"]),
                         ("refused", 1, "interface Loopback7"))
        self.assertEqual(self.config_lines("R1"),
                         ["interface Loopback7", "end"])

    def test_header_that_leads_nowhere(self):
        """Accepted without a word, but the prompt stays."""
        self.lab.faults("R1", {"kind": "apply_other", "at": "^interface",
                               "text": "ntp server 10.9.9.9"})
        run = self.push(self.phases_job(CONFIG), expect=1)
        self.assertEqual(run.results["R1"]["status"], "unknown")
        self.assertEqual(run.results["R1"]["error"]["kind"], "prompt")
        self.assertEqual(self.config_lines("R1"),
                         ["interface Loopback7", "end"])

    def test_refused_child(self):
        self.lab.faults("R1", {"kind": "refuse", "at": "^ip address"})
        run = self.push(self.phases_job(CONFIG), expect=1)
        self.assertEqual(run.statuses(), ["unknown", "changed"])
        error = run.results["R1"]["error"]
        self.assertEqual((error["line"], error["sent"]),
                         (3, "ip address 10.7.7.7 255.255.255.255"))
        self.assertNotIn("ntp server 10.0.0.1", self.config_lines("R1"))
        self.assertEqual(self.lab.witness(
            event="line", device="R1")[-1]["mode"], "exec")

    def test_changed_by_itself_is_not_a_change(self):
        """Told twice in one step: the running configuration is what counts."""
        job = self.phases_job("""
  - steps:
      - config: |
          ntp server 10.0.0.9
          no ntp server 10.0.0.9
""")
        self.assertEqual(self.push(job).statuses(), ["unchanged"] * 2)


if __name__ == "__main__":
    main()
