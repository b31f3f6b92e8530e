"""The playbooks, each as it stands in playbooks/: only the addresses of the
simulated devices are put in. What the lab holds before and after is the
witness, not what netpush says of it."""

import glob
import os
import re
import signal
import stat
import time

from harness import SOURCE, Case, main, wait_until
from mailserver import MailServer

PLAYBOOKS = os.path.join(SOURCE, "playbooks")
IOS = ("BRANCH1_DIST1", "BRANCH2_DIST1")
NXOS = ("DC1_CORE1", "DC1_CORE2")
NAMES = IOS + NXOS
START = {"cisco_ios": "interface GigabitEthernet0/1\n"
                      " description uplink\n"
                      "ntp server 198.51.100.1\n",
         "cisco_nxos": "ntp server 198.51.100.1\n"
                       "interface Ethernet1/1\n"
                       "  description uplink\n"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Playbook(Case):
    name = None  # of the file

    def setUp(self):
        super().setUp()
        self.start_lab(*[
            {"hostname": name, "type": device_type,
             "startup": START[device_type]}
            for names, device_type in ((IOS, "cisco_ios"),
                                       (NXOS, "cisco_nxos"))
            for name in names])
        self.text = read(os.path.join(PLAYBOOKS, self.name + ".yml"))
        for name, address, _ in self.devices:
            line = "    - hostname: %s\n" % name
            self.assertIn(line, self.text)
            self.text = self.text.replace(line, (
                "%s      address: %s\n      port: %d\n"
                % (line, address, self.lab.port)))

    def play(self, *options, expect=0):
        """The playbook, under its own name, in the test's directory."""
        path = self.write(self.name + ".yml", self.text)
        run = self.netpush("run", "--json", self.json_path, *options,
                           path).wait()
        self.assertEqual(run.returncode, expect, run.stdout + run.stderr)
        self.assertEqual(run.json["run"]["job"], self.name)
        return run

    def running(self, name):
        return self.lab.state(name)["running"]

    def startup(self, name):
        return self.lab.state(name)["startup"]

    def lines_since(self, count, name):
        """What NAME was sent after its first COUNT lines, the login's and
        the set-up's left out."""
        return [line for line in self.lab.lines(name)[count:]
                if not line.startswith("terminal ") and line != "exit"]

    def refuse(self, name, line):
        self.lab.faults(name, {"kind": "refuse", "at": line})


class All(Case):
    def test_check(self):
        """Nothing is wrong with any of them, as it stands."""
        paths = glob.glob(os.path.join(PLAYBOOKS, "*.yml"))
        self.assertGreaterEqual(len(paths), 8)
        os.mkdir(os.path.join(self.tmp, "images"))
        for path in paths:
            for image in re.findall(r"(?m)^    image: (\S+)$", read(path)):
                self.write(os.path.join("images", image), "an image")
        for path in paths:
            with self.subTest(os.path.basename(path)):
                for options in [], ["--render"]:
                    run = self.netpush("check", *options, path).wait()
                    self.assertEqual((run.returncode, run.stderr), (0, ""))
                self.assertNotIn("{{", run.stdout)

    def test_each_is_told_of(self):
        """In its own first lines how to run it; in README what it is for;
        here that it works."""
        tested = {case.name for case in Playbook.__subclasses__()}
        # Those of upgrades need more than this file has.
        tested |= set(re.findall(r'(?m)^    name = "(\w+)"$', read(
            os.path.join(SOURCE, "tests", "e2e",
                         "test_upgrade_playbooks.py"))))
        readme = read(os.path.join(SOURCE, "README.md"))
        for path in glob.glob(os.path.join(PLAYBOOKS, "*.yml")):
            name = os.path.basename(path)
            head = read(path).split("\n\n")[0]
            self.assertRegex(head, r"(?m)^# +netpush +run .*playbooks/" + name)
            self.assertTrue("(playbooks/%s)" % name in readme, name)
            self.assertIn(name[:-len(".yml")], tested)


class AclPush(Playbook):
    name = "acl_push"
    acl = "LOCK_IT_DOWN"

    def test_pushed_then_unchanged(self):
        self.assertIsNone(self.lab.acl_texts("BRANCH1_DIST1", self.acl))
        run = self.play()
        self.assertEqual(run.statuses(), ["changed"] * 4)
        before = {}
        for name in NAMES:
            texts = self.lab.acl_texts(name, self.acl)
            self.assertEqual(len(texts), 7)
            self.assertEqual(texts[0], "remark Utility Server A")
            before[name] = len(self.config_lines(name))
        self.assertEqual(self.play().statuses(), ["unchanged"] * 4)
        for name in NAMES:
            self.assertEqual(len(self.config_lines(name)), before[name])

    def test_one_refuses(self):
        self.refuse("DC1_CORE1", "^deny ip")
        run = self.play(expect=1)
        self.assertEqual(run.statuses(),
                         ["changed", "changed", "rolled_back", "changed"])
        error = run.results["DC1_CORE1"]["error"]
        self.assertEqual((error["kind"], error["sent"]),
                         ("refused", "deny ip any any log"))


class AclPushWindow(Playbook):
    name = "acl_push_window"
    acl = "LOCK_IT_DOWN"

    def setUp(self):
        super().setUp()
        self.as_it_stands = self.text
        self.window(0, 3600)
        self.server = MailServer()
        self.addCleanup(self.server.stop)
        smtp = "smtp: smtp://mail.example.net:587\n"
        self.assertIn(smtp, self.text)
        self.text = self.text.replace(
            smtp, "smtp: %s\n        starttls: off\n" % self.server.url)

    def window(self, start, end):
        """Opens START seconds from now, or has always been open."""
        self.start = time.time() + start
        begin, end = (
            time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))
            for t in (self.start + 1, self.start + end))
        text, count = re.subn(
            r'(?m)^    window: .*$', '    window: {%send: "%s"}' % (
                'start: "%s", ' % begin if start else "", end), self.text)
        self.assertEqual(count, 1)
        self.text = text

    def assert_pushed(self, name):
        self.assertEqual(len(self.lab.acl_texts(name, self.acl)), 7)
        self.assertEqual(self.startup(name), self.running(name))

    def assert_not_pushed(self, name):
        self.assertEqual(self.config_lines(name), [])
        self.assertIsNone(self.lab.acl_texts(name, self.acl))

    def test_one_then_the_others(self):
        run = self.play()
        self.assertEqual(run.statuses(), ["changed"] * 4)
        [(_, to, text)] = self.server.mails
        self.assertEqual(to, ["noc@example.net"])
        self.assertIn(b"Subject: [netpush] OK 4/4 acl_push_window", text)
        for name in NAMES:
            self.assert_pushed(name)
            self.assertEqual([s["name"] for s in run.results[name]["steps"]],
                             ["command show version", "template acl", "save"])
        # As the devices saw it: the first one was done, saved and left
        # before the next heard anything.
        events = [e for e in self.lab.witness()
                  if e["event"] in ("line", "save", "disconnect")]
        last_of_first = max(i for i, e in enumerate(events)
                            if e["device"] == NAMES[0])
        first_of_others = min(i for i, e in enumerate(events)
                              if e["device"] != NAMES[0])
        self.assertLess(last_of_first, first_of_others)
        self.assertEqual(
            [e["devices"] for e in run.select(event="batch_started")],
            [1, 2, 1])
        self.assertEqual(self.play().statuses(), ["unchanged"] * 4)

    def test_nothing_before_the_window(self):
        self.window(1, 3600)
        run = self.play()
        self.assertEqual(run.statuses(), ["changed"] * 4)
        opened = run.select(event="device_started")[0]["time"]
        self.assertGreaterEqual(
            opened, time.strftime("%Y-%m-%dT%H:%M:%S",
                                  time.gmtime(self.start + 1)))
        # Only the credentials were checked before.
        checked = run.select(event="credentials_checked")[0]["time"]
        self.assertLessEqual(checked, opened)

    def test_waits_as_it_stands(self):
        """Until the next 02:00: called off while it waits, it was nowhere
        but at the check of the credentials."""
        run = self.netpush(
            "run", self.write("job.yml", self.as_it_stands))
        wait_until(lambda: "02:00:00" in run.stderr or
                   run.process.poll() is not None, "the wait")
        run.signal(signal.SIGTERM)
        self.assertEqual(run.wait().returncode, -signal.SIGTERM, run.stderr)
        self.assertEqual(self.connects(), [NAMES[0]])
        for name in NAMES:
            self.assert_not_pushed(name)

    def test_the_window_is_over(self):
        self.window(0, -60)
        run = self.netpush("run", self.write("job.yml", self.text)).wait()
        self.assertEqual(run.returncode, 2)
        self.assertIn("the window is over", run.stderr)
        self.assertEqual(self.connects(), [])

    def test_the_first_one_refuses(self):
        self.refuse(NAMES[0], "^deny ip")
        run = self.play(expect=4)
        self.assertEqual(run.statuses(), ["rolled_back"] + ["skipped"] * 3)
        self.assertIn(b"Subject: [netpush] FAILED 4/4",
                      self.server.mails[0][2])
        # Not saved, and nobody else was touched.
        self.assertNotIn(self.acl, self.startup(NAMES[0]))
        self.assertEqual(self.lab.witness(event="save"), [])
        for name in NAMES[1:]:
            self.assert_not_pushed(name)

    def test_a_precheck_that_is_not_passed(self):
        """In the second batch: the first device is done, no other is."""
        self.lab.faults("BRANCH2_DIST1", {
            "kind": "refuse", "at": "^show version", "text":
            "Cisco IOS Software, Version 12.2(55)SE\nsecond line\n"
            "third line\nfourth line\nfifth line\n"})
        run = self.play(expect=4)
        self.assertEqual(run.statuses(),
                         ["changed", "failed", "skipped", "skipped"])
        self.assertEqual(run.results["BRANCH2_DIST1"]["error"]["kind"],
                         "verify")
        self.assert_pushed("BRANCH1_DIST1")
        for name in NAMES[1:]:
            self.assert_not_pushed(name)


class ShowInventory(Playbook):
    name = "show_inventory"

    def test_shown_and_grouped(self):
        before = {name: self.running(name) for name in NAMES}
        run = self.play()
        self.assertEqual(run.statuses(), ["unchanged"] * 4)
        serials = set()
        for name in NAMES:
            steps = run.results[name]["steps"]
            self.assertEqual([s["name"] for s in steps],
                             ["hardware", "software"])
            self.assertEqual([s["status"] for s in steps], ["ok"] * 2)
            serials.update(re.findall(r"SN: (\S+)", steps[0]["output"]))
            # Read only: no line in another mode, nothing saved.
            self.assertEqual(self.lines_since(0, name).count(
                "configure terminal"), 0)
            self.assertEqual(self.lab.witness(event="save", device=name), [])
            self.assertEqual(self.running(name), before[name])
        self.assertEqual(len(serials), 6)
        # Two groups, by what they run.
        self.assertRegex(
            run.stdout, r"unchanged \(2\):\n  BRANCH1_DIST1, BRANCH2_DIST1\n"
            r" +Cisco IOS Software, .* Version 15\.2\(4\)M6")
        self.assertRegex(
            run.stdout, r"unchanged \(2\):\n  DC1_CORE1, DC1_CORE2\n"
            r" +NXOS: version 9\.3\(3\)\n")
        self.assertEqual(self.play().statuses(), ["unchanged"] * 4)

    def test_one_is_down(self):
        self.lab.down("BRANCH2_DIST1")
        run = self.play(expect=1)
        self.assertEqual(run.statuses(),
                         ["unchanged", "failed", "unchanged", "unchanged"])
        self.assertEqual(run.results["BRANCH2_DIST1"]["error"]["kind"],
                         "connect")

    def test_one_does_not_know_the_command(self):
        self.refuse("DC1_CORE2", "^show inventory")
        run = self.play(expect=1)
        self.assertEqual(run.results["DC1_CORE2"]["status"], "failed")
        self.assertEqual(run.results["DC1_CORE2"]["error"]["sent"],
                         "show inventory")


class BackupConfigs(Playbook):
    name = "backup_configs"

    def path(self, name):
        return os.path.join(self.tmp, "backups", name + ".cfg")

    def files(self):
        """Of each file what it is and what it holds."""
        files = {}
        for name in os.listdir(os.path.join(self.tmp, "backups")):
            path = os.path.join(self.tmp, "backups", name)
            files[name] = os.stat(path).st_ino, read(path)
        return files

    def backup(self, name):
        return read(self.path(name))

    def test_written_then_only_when_changed(self):
        run = self.play()
        self.assertEqual(run.statuses(), ["unchanged"] * 4)
        self.assertRegex(
            run.stdout,
            r"unchanged \(4\):\n  BRANCH1_DIST1, BRANCH2_DIST1, DC1_CORE1, "
            r"DC1_CORE2\n    saved for the first time\n")
        first = self.files()
        self.assertEqual(set(first), {name + ".cfg" for name in NAMES})
        self.assertEqual(stat.S_IMODE(os.stat(
            os.path.join(self.tmp, "backups")).st_mode), 0o700)
        for name in NAMES:
            self.assertEqual(
                stat.S_IMODE(os.stat(self.path(name)).st_mode), 0o600)
            self.assertIn(self.running(name).strip("\n"), self.backup(name))
            self.assertEqual(self.config_lines(name), [])
            [step] = run.results[name]["steps"]
            self.assertEqual(step["status"], "ok")
            self.assertEqual(step["notes"], "backups/%s.cfg: written\n" % name)
            # The configuration is in the file and nowhere else.
            self.assertNotIn("uplink", run.stdout)
        self.assertNotIn("uplink", read(os.path.join(run.dir,
                                                     "events.jsonl")))

        # The clocks in it go on, which is no change.
        self.assertIn("! Last configuration change at",
                      self.backup("BRANCH1_DIST1"))
        self.assertIn("!Time: ", self.backup("DC1_CORE1"))
        run = self.play()
        self.assertEqual(self.files(), first)
        self.assertEqual({s["notes"].split(": ")[1]
                          for r in run.json["results"] for s in r["steps"]},
                         {"same as before\n"})

        # Somebody changes one device.
        self.push(self.phases_job("""
  - steps: [{config: ntp server 203.0.113.9}]
""", devices=["DC1_CORE1"]))
        run = self.play()
        self.assertEqual(run.statuses(), ["unchanged"] * 4)
        self.assertIn("+ntp server 203.0.113.9\n",
                      run.results["DC1_CORE1"]["output"])
        self.assertIn("\n    +ntp server 203.0.113.9\n", run.stdout)
        now = self.files()
        self.assertIn("\nntp server 203.0.113.9\n",
                      self.backup("DC1_CORE1"))
        self.assertNotEqual(now.pop("DC1_CORE1.cfg"),
                            first.pop("DC1_CORE1.cfg"))
        self.assertEqual(now, first)

    def test_who_fails_keeps_the_old_one(self):
        self.play()
        first = self.files()
        whole = "^show running-config$"
        for name, fault, kind in (
                ("BRANCH1_DIST1", {"kind": "drop", "when": "middle"},
                 "closed"),
                ("DC1_CORE1", {"kind": "refuse"}, "refused"),
                # It answers, but with what is no configuration.
                ("DC1_CORE2", {"kind": "refuse", "text": "!"}, "verify")):
            self.lab.faults(name, {"at": whole, **fault})
            run = self.play(expect=1)
            self.assertEqual(run.results[name]["status"], "failed")
            self.assertEqual(run.results[name]["error"]["kind"], kind,
                             run.results[name]["error"])
            self.assertEqual(run.json["run"]["totals"]["unchanged"], 3)
            self.assertEqual(self.files(), first)
            self.lab.faults(name)

    def test_two_devices_in_one_file(self):
        self.text = self.text.replace("{{hostname}}.cfg", "all.cfg")
        path = self.write("job.yml", self.text)
        run = self.netpush("run", path).wait()
        self.assertEqual(run.returncode, 2)
        self.assertRegex(run.stderr, (
            r"^\S+/job\.yml:\d+:\d+: BRANCH1_DIST1, BRANCH2_DIST1 and "
            r"2 more would write the same file: \"backups/all\.cfg\"\n$"))
        self.assertEqual(self.connects(), [])
        self.assertFalse(os.path.exists(os.path.join(self.tmp, "backups")))


class NtpDnsBaseline(Playbook):
    name = "ntp_dns_baseline"
    common = {
        "cisco_ios": ["ip domain name example.net",
                      "ip name-server 192.0.2.53",
                      "ip name-server 192.0.2.54",
                      "ntp server 192.0.2.123 prefer",
                      "ntp server 192.0.2.124"],
        "cisco_nxos": ["ip domain-name example.net",
                       "ip name-server 192.0.2.53 use-vrf management",
                       "ip name-server 192.0.2.54 use-vrf management",
                       "ntp server 192.0.2.123 prefer use-vrf management",
                       "ntp server 192.0.2.124 use-vrf management",
                       "ntp source-interface mgmt0"]}

    def wanted(self, name):
        lines = self.common["cisco_ios" if name in IOS else "cisco_nxos"]
        return lines + (["ntp source Loopback0"] if name == "BRANCH1_DIST1"
                        else [])

    def about(self, text):
        return [line for line in text.splitlines()
                if re.match(r"ntp |ip domain|ip name-server", line)]

    def test_changed_saved_then_unchanged(self):
        for name in NAMES:
            self.assertEqual(self.about(self.running(name)),
                             ["ntp server 198.51.100.1"])
        run = self.play()
        self.assertEqual(run.statuses(), ["changed"] * 4)
        for name in NAMES:
            self.assertCountEqual(
                self.about(self.running(name)),
                self.wanted(name) + ["ntp server 198.51.100.1"])
            self.assertIn("uplink", self.running(name))
            self.assertEqual(self.startup(name), self.running(name))
            for line in self.wanted(name):
                self.assertIn("+%s\n" % line, run.results[name]["output"])
        before = {name: self.running(name) for name in NAMES}
        self.assertEqual(self.play().statuses(), ["unchanged"] * 4)
        for name in NAMES:
            self.assertEqual(self.running(name), before[name])

    def test_one_refuses(self):
        self.refuse("BRANCH2_DIST1", "^ntp server .* prefer")
        run = self.play(expect=1)
        self.assertEqual(run.statuses(),
                         ["changed", "unknown", "changed", "changed"])
        result = run.results["BRANCH2_DIST1"]
        self.assertEqual(result["error"]["sent"],
                         "ntp server 192.0.2.123 prefer")
        # It is not saved: a reload brings the old state back.
        self.assertEqual(self.about(self.startup("BRANCH2_DIST1")),
                         ["ntp server 198.51.100.1"])

    def test_a_platform_without_lines(self):
        path = self.write("job.yml", self.text.replace(
            "device_type: cisco_nxos", "device_type: frr"))
        run = self.netpush("run", path).wait()
        self.assertEqual(run.returncode, 2)
        self.assertIn("'no_lines_for_this_platform' is not defined "
                      "(DC1_CORE1 and 1 more)", run.stderr)
        self.assertEqual(self.connects(), [])

    def test_xe_is_an_ios(self):
        path = self.write("job.yml", self.text.replace(
            "device_type: cisco_ios", "device_type: cisco_xe"))
        run = self.netpush("check", "--render", path).wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("\nip domain name example.net\n", run.stdout)


if __name__ == "__main__":
    main()
