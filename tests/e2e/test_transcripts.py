"""What is written down about a device: secrets in configurations are replaced
everywhere but in a backup, ordinary lines stay; and the transcript, shown."""

import os
import re

from harness import Case, files_below, main

NEW = "$9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM"
OLD = "$1$mERr$hx5rVt7rPNoS4wqbXKX7m0"
COMMUNITY = "quayside"
LOCAL = "harbour at night"
SECRETS = [NEW, OLD, COMMUNITY, LOCAL, "harbour"]

STARTUP = ("enable secret 5 %s\nsnmp-server location Key West\n" % OLD)

CONFIG = """
  - name: push
    steps:
      - config: |
          enable secret 9 %s
          username netops secret %s
          snmp-server community %s RO
          snmp-server location Key West, password street 7
      - command: show running-config
      - command: show running-config
        save_as: saved/{{hostname}}.txt
""" % (NEW, LOCAL, COMMUNITY)

REMARKS = """remark password policy for the vty lines
remark enable secret of the month
permit tcp any any eq 443 log
deny ip any any log"""


class Transcripts(Case):
    def report(self, run, *options, expect=0, tty=None):
        report = self.netpush("report", *options, os.path.basename(run.dir),
                              tty=tty).wait()
        self.assertEqual(report.returncode, expect,
                         report.stdout + report.stderr)
        return report

    def texts(self, run):
        """All that was written down, but for the job itself and backups."""
        texts = {"stdout": run.stdout, "stderr": run.stderr}
        for path in list(files_below(self.state_dir)) + [self.json_path]:
            if os.path.basename(path) != "job.yml":
                with open(path, encoding="utf-8") as file:
                    texts[path] = file.read()
        return texts

    def test_secrets_of_a_configuration(self):
        self.start_lab({"hostname": "R1", "startup": STARTUP}, "R2")
        run = self.push(self.phases_job(CONFIG), "--transcripts", "-vv")
        self.assertEqual([r["status"] for r in run.json["results"]],
                         ["changed"] * 2)
        for where, text in self.texts(run).items():
            for secret in SECRETS:
                self.assertNotIn(secret, text, where)
        change, shown, _ = run.json["results"][0]["steps"]
        lines = change["output"].split("\n")
        for line in ("-enable secret 5 <redacted>",
                     "+enable secret 9 <redacted>",
                     "+username netops secret <redacted>",
                     "+snmp-server community <redacted> RO",
                     "+snmp-server location Key West, password street 7"):
            self.assertIn(line, lines)
        self.assertIn("\nsnmp-server community <redacted> RO\n",
                      shown["output"])
        # A backup is exact.
        with open(os.path.join(self.tmp, "saved", "R1.txt"),
                  encoding="utf-8") as file:
            saved = file.read()
        for secret in SECRETS[:1] + SECRETS[2:]:
            self.assertIn(secret, saved)
        self.assertNotIn("<redacted>", saved)

    def test_a_refused_secret(self):
        self.start_lab({"hostname": "R1", "faults": [
            {"kind": "refuse", "at": "^enable",
             "text": "% enable secret 9 " + NEW + ": bad hash"}]})
        run = self.push(self.phases_job("""
  - name: push
    steps: [{config: "enable secret 9 %s"}]
""" % NEW), "--transcripts", "-vv", expect=1)
        error = run.json["results"][0]["error"]
        self.assertEqual(error["kind"], "refused")
        self.assertEqual(error["sent"], "enable secret 9 <redacted>")
        for where, text in self.texts(run).items():
            self.assertNotIn(NEW, text, where)

    def test_a_form_of_a_profile(self):
        os.mkdir(os.path.join(self.tmp, "own"))
        self.write("own/shy.yml", """
device_type: shy_ios
inherits: cisco_ios
secrets: ['location .*room (\\w+) code (\\w+)', 'Cisco IOS \\S+']
""")
        self.start_lab("R1")
        job = self.phases_job("""
  - name: push
    steps:
      - config: snmp-server location Hut, room green42 code 4711x, hill
      - command: show version
""").replace("cisco_ios", "shy_ios")
        run = self.push(job, "--transcripts", "--profiles",
                        os.path.join(self.tmp, "own"))
        change, shown = run.json["results"][0]["steps"]
        self.assertIn("+snmp-server location Hut, room <redacted> code "
                      "<redacted>, hill\n", change["output"])
        self.assertIn("<redacted>", shown["output"])
        for where, text in self.texts(run).items():
            for secret in ("green42", "4711x", "Cisco IOS "):
                self.assertNotIn(secret, text, where)

    def test_a_damaged_echo(self):
        self.start_lab({"hostname": "R1", "faults": [
            {"kind": "swallow_chars", "at": "^snmp", "position": 14,
             "count": 2}]})
        run = self.push(self.phases_job("""
  - name: push
    steps: [{config: snmp-server community %s RO}]
""" % COMMUNITY), "--transcripts", "-vv", expect=None)
        self.assertEqual(run.json["results"][0]["error"]["kind"], "echo")
        for where, text in self.texts(run).items():
            self.assertNotIn(COMMUNITY, text, where)

    def test_an_access_list_stays_whole(self):
        self.start_lab("R1", {"hostname": "N1", "type": "cisco_nxos"})
        run = self.push(self.acl_job(REMARKS), "--transcripts")
        for where, text in self.texts(run).items():
            self.assertNotIn("<redacted>", text, where)
        for result in run.json["results"]:
            self.assertEqual(result["status"], "changed")
            self.assertIn("permit tcp any any eq 443 log", result["output"])
            shown = self.report(run, "--transcript", result["hostname"]).stdout
            for line in REMARKS.split("\n"):
                self.assertRegex(shown, " > .*" + line)
                self.assertRegex(shown, " < .*#.*" + line)
        again = self.push(self.acl_job(REMARKS))
        self.assertEqual([r["status"] for r in again.json["results"]],
                         ["unchanged"] * 2)

    def test_shown_again(self):
        self.start_lab("R1", "R2")
        run = self.push(self.phases_job("""
  - name: look
    steps: [{command: show version}]
  - name: push
    steps: [{config: "enable secret 9 %s"}]
""" % NEW), "--transcripts")
        shown = self.report(run, "--transcript", "R1").stdout
        sessions = re.findall(
            r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  (.*)$", shown, re.M)
        self.assertEqual(sessions, ["phase look, attempt 1",
                                    "phase push, attempt 1"])
        for line in shown.split("\n"):
            self.assertRegex(line, r"^(| +\d+\.\d{3} [<>#] .*|\d{4}-.* UTC .*)$")
        self.assertRegex(shown, r"\n +0\.\d{3} < R1#")
        self.assertRegex(shown, r"\n +\d+\.\d{3} > show version\n")
        self.assertIn(" > enable secret 9 <redacted>\n", shown)
        self.assertRegex(
            shown, r" < R1\(config\)#enable secret 9 <redacted>\n")
        self.assertNotIn("\033", shown)
        # Each line of the file is there, in its order.
        with open(os.path.join(run.dir, "transcripts", "R1.log"),
                  encoding="utf-8") as file:
            kept = [line.rstrip("\n")[25:] for line in file]
        self.assertEqual(
            [line for line in kept if line[0] != "#"],
            [line[11:] for line in shown.split("\n")
             if re.match(r" +\d+\.\d{3} [<>]", line)])

    def test_what_there_is_not(self):
        self.start_lab("R1", "R2")
        run = self.push(self.phases_job(
            "  - steps: [{command: show version}]\n"))
        report = self.report(run, "--transcript", "R1", expect=2)
        self.assertIn("there is no transcript of R1", report.stderr)
        report = self.report(run, "--transcript", "R3", expect=2)
        self.assertIn("did you mean \"R1\"?", report.stderr)
        report = self.report(run, "--transcript", "../job", expect=2)
        self.assertIn("has no device \"../job\"", report.stderr)
        self.assertEqual(report.stdout, "")


if __name__ == "__main__":
    main()
