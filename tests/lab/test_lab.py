"""The simulator against OpenSSH's client: transcripts, refusals, type-ahead,
turns, faults. What is proved here, end-to-end tests may rely on."""

import os
import subprocess
import tempfile
import time
import unittest

from labctl import ENABLE, Lab, LabError
from terminal import Terminal

IOS, NXOS, USER = "127.10.0.1", "127.10.0.2", "127.10.0.3"

CONFIG = {"devices": [
    {"hostname": "IOS1", "type": "cisco_ios", "tech_mb": 1},
    {"hostname": "NX1", "type": "cisco_nxos"},
    {"hostname": "USER1", "type": "cisco_ios", "login_mode": "user",
     "banner": "Authorised access only\n"},
    {"hostname": "A-VERY-LONG-HOSTNAME-OF-34-CHARACTER", "prompt_cut": True,
     "numbers_in_config": True, "matches": True, "startup":
     "hostname A-VERY-LONG-HOSTNAME-OF-34-CHARACTER\n"
     "interface gi0/1\n ip access-group EDGE in\n!\n"
     "ip access-list extended EDGE\n remark web\n"
     " permit tcp any host 10.1.1.1 eq 80\n deny ip any any log\n"
     "line vty 0 4\n access-class MGMT in\n!\nend\n"},
    {"hostname": "KEYS", "auth": ["publickey"], "own_host_key": True,
     "exec": True},
]}


class LabCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(config=CONFIG)
        cls.addClassCleanup(cls.stop)
        cls.lab.start()

    @classmethod
    def stop(cls):
        returncode = cls.lab.stop()
        assert returncode == 0, (returncode, cls.lab.errors)

    def setUp(self):
        self.lab.reset()

    def login(self, address=IOS, prompt=r"IOS1#", setup=True, **options):
        terminal = Terminal(self.lab, address, **options)
        self.addCleanup(terminal.close)
        terminal.expect(prompt)
        if setup:
            terminal.run("terminal length 0")
        return terminal

    def nxos(self):
        return self.login(NXOS, r"NX1# ")

    def check(self, terminal, cases, prompt):
        """Each case: a line and what the device shows after its echo."""
        for line, shown in cases:
            with self.subTest(line=line):
                text = terminal.run(line).replace("\r\n", "\n")
                self.assertEqual(text, line + "\n" + shown + prompt)


class Login(LabCase):
    def test_wrong_password_is_counted_and_never_logged(self):
        with Terminal(self.lab, IOS, password="wr0ng") as terminal:
            self.assertIn("Permission denied", terminal.errors())
        stats = self.lab.stats()
        self.assertEqual(stats["devices"]["IOS1"]["failed_logins"], 1)
        self.assertEqual(stats["devices"]["IOS1"]["logins"], 0)
        self.assertEqual(stats["totals"]["sessions_now"], 0)
        self.assertNotIn("wr0ng", str(self.lab.witness()))

    def test_wrong_user(self):
        with Terminal(self.lab, IOS, user="other") as terminal:
            self.assertIn("Permission denied", terminal.errors())

    def test_none_is_refused_and_noted(self):
        before = len(self.lab.witness(event="auth_none", device="IOS1"))
        with Terminal(self.lab, IOS, auth="none") as terminal:
            self.assertIn("Permission denied", terminal.errors())
        events = self.lab.witness(event="auth_none", device="IOS1")
        self.assertEqual(len(events), before + 1)
        self.assertEqual(
            self.lab.stats()["devices"]["IOS1"]["failed_logins"], 0)

    def test_keyboard_interactive(self):
        with Terminal(self.lab, IOS, auth="keyboard-interactive",
                      password="no") as terminal:
            self.assertIn("Permission denied", terminal.errors())
        self.login(auth="keyboard-interactive")
        events = self.lab.witness(event="auth", device="IOS1")[-2:]
        self.assertEqual([(e["method"], e["ok"]) for e in events],
                         [("keyboard-interactive", False),
                          ("keyboard-interactive", True)])

    def test_auth_refuse_once(self):
        self.lab.faults("IOS1", {"kind": "auth_refuse", "times": 1})
        with Terminal(self.lab, IOS) as terminal:
            self.assertIn("Permission denied", terminal.errors())
        self.login()

    def test_exec_is_refused(self):
        with Terminal(self.lab, IOS, command="show version",
                      tty=False) as terminal:
            self.assertIn("request failed", terminal.errors())
        self.assertTrue(self.lab.witness(event="exec_refused"))

    def test_enable(self):
        terminal = self.login(USER, r"USER1>", setup=False)
        self.assertIn("Authorised access only", terminal.seen)
        self.assertIn("Invalid input", terminal.run("show running-config"))
        terminal.send("enable\r")
        for _ in range(2):
            terminal.expect("Password: ")
            terminal.send("bad\r")
        terminal.expect("Password: ")
        terminal.send("bad\r")
        self.assertIn("% Bad secrets", terminal.expect("USER1>"))
        terminal.send("enable\r")
        terminal.expect("Password: ")
        terminal.send(ENABLE + "\r")
        self.assertEqual(terminal.expect("#"), "\r\nUSER1#")
        self.assertNotIn(ENABLE, terminal.seen)
        self.assertNotIn(ENABLE, str(self.lab.witness()))
        self.assertEqual(
            len(self.lab.witness(event="password_line", device="USER1")), 4)

    def test_public_key_and_exec(self):
        with tempfile.TemporaryDirectory() as home:
            keys = []
            for name in ("good", "other"):
                keys.append(os.path.join(home, name))
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                                "-f", keys[-1]], check=True)
            config = {"devices": [dict(CONFIG["devices"][4],
                                       authorized_keys=keys[0] + ".pub")]}
            with Lab(config=config) as lab:
                for key, good in zip(keys, (True, False)):
                    with Terminal(lab, IOS, auth="publickey", tty=False,
                                  command="show version",
                                  extra=["-i", key]) as terminal:
                        status = terminal.wait()
                        self.assertEqual("KEYS uptime" in terminal.seen, good)
                        self.assertEqual(status == 0, good)


class IosTranscripts(LabCase):
    def test_acl_exchange(self):
        t = self.login()
        self.check(t, [("configure terminal",
                        "Enter configuration commands, one per line.  "
                        "End with CNTL/Z.\n")], "IOS1(config)#")
        self.check(t, [
            ("no ip access-list extended LOCK", "")], "IOS1(config)#")
        self.check(t, [
            ("ip access-list extended LOCK", ""),
            ("remark Utility Server A", ""),
            ("permit ip host 192.168.1.100 any", ""),
            ("permit tcp 10.0.0.9 0.0.0.255 any eq 80", ""),
            ("permit tcp any any eq 22", ""),
            ("permit udp any range 53 123 any", ""),
            ("deny icmp any any echo-reply log", ""),
            ("permit ip host 192.168.1.100 any", ""),      # ignored
            ("70 permit ip host 192.168.1.100 any", ""),   # ignored
            ("15 permit 89 1.1.1.1 0.0.0.0 2.2.2.2 255.255.255.255", ""),
            ("15 deny ip any any", "% Duplicate sequence number\n"),
            ("no 30", ""),
            ("no 99", "% Specified entry does not exist\n"),
        ], "IOS1(config-ext-nacl)#")
        self.check(t, [("end", ""), (
            "show ip access-lists LOCK",
            "Extended IP access list LOCK\n"
            "    10 permit ip host 192.168.1.100 any\n"
            "    15 permit ospf host 1.1.1.1 any\n"
            "    20 permit tcp 10.0.0.0 0.0.0.255 any eq www\n"
            "    40 permit udp any range domain ntp any\n"
            "    50 deny icmp any any echo-reply log\n"),
            ("show running-config | section access-list",
             "ip access-list extended LOCK\n"
             " remark Utility Server A\n"
             " permit ip host 192.168.1.100 any\n"
             " permit ospf host 1.1.1.1 any\n"
             " permit tcp 10.0.0.0 0.0.0.255 any eq www\n"
             " permit udp any range domain ntp any\n"
             " deny icmp any any echo-reply log\n")], "IOS1#")
        t.send("exit\r")
        self.assertEqual(t.wait(), 0)
        self.assertEqual(
            self.lab.stats()["devices"]["IOS1"]["clean_exits"], 1)
        state = self.lab.state("IOS1")["acls"]["LOCK"]["entries"]
        self.assertEqual(state[:2], [
            {"sequence": 10, "remark": "Utility Server A"},
            {"sequence": 10, "text": "permit ip host 192.168.1.100 any"}])

    def test_what_is_never_the_same_twice(self):
        for t, clock in ((self.login(), "! Last configuration change at "),
                         (self.nxos(), "!Time: ")):
            first, second = (t.run("show running-config").splitlines()
                             for _ in range(2))
            differ = [line for line in first if line not in second]
            self.assertEqual([line.startswith(clock) for line in differ],
                             [True], differ)
            self.assertIn("hostname", " ".join(first))

    def test_version_and_inventory(self):
        for t, filtered in (
                (self.login(), "IOS Software"), (self.nxos(), "NXOS: ")):
            shown = t.run("show version | include " + filtered)
            self.assertEqual(shown.count("\n"), 2, shown)
            self.assertIn(filtered, shown.splitlines()[1])
            self.assertRegex(t.run("show inventory"), r"\bSN: \w{11}\b")

    def test_refusals_and_their_columns(self):
        t = self.login()
        t.run("conf t")
        t.run("ip access-list extended LOCK")
        mode = "IOS1(config-ext-nacl)#"
        bad = "% Invalid input detected at '^' marker.\n\n"
        for line, column in [
                ("permit ip host 192.168.1.300 any", 15),
                ("permit ip any any foo", 19),  # f: fragments
                ("permit zip any any", 7),
                ("permit tcp any any eq 99999", 22),
                ("permit ip 10.0.0.0/8 any", 10),
                ("permit udp any any established", 19),
                ("0 permit ip any any", 0),
                ("ip access-list extended A B", 26)]:
            self.check(t, [(line, " " * (len(mode) + column) + "^\n" + bad)],
                       mode)
        self.check(t, [
            ("permit ip any", "% Incomplete command.\n\n"),
            ("10", "% Incomplete command.\n\n"),
            ("permit tcp any any eq", "% Incomplete command.\n\n")], mode)
        self.assertEqual(self.lab.acl_texts("IOS1", "LOCK"), [])
        self.check(t, [("end", ""),
                       ("conf", "Configuring from terminal, memory, or "
                                "network [terminal]? ")][:1], "IOS1#")
        self.check(t, [("c", "% Ambiguous command:  \"c\"\n\n"),
                       ("show ip", "% Incomplete command.\n\n")], "IOS1#")
        self.assertIn("% Unknown command or computer name", t.run("foo"))
        self.assertEqual(
            self.lab.stats()["devices"]["IOS1"]["refused"], 14)

    def test_standard_list(self):
        t = self.login()
        for line in ("conf t", "ip access-list standard MGMT",
                     "permit 10.1.1.1", "permit 192.168.1.7 0.0.0.255",
                     "deny any log"):
            t.run(line)
        self.check(t, [("do show access-lists MGMT",
                        "Standard IP access list MGMT\n"
                        "    10 permit 10.1.1.1\n"
                        "    20 permit 192.168.1.0, wildcard bits 0.0.0.255\n"
                        "    30 deny any log\n")], "IOS1(config-std-nacl)#")
        self.assertIn("already exists",
                      t.run("ip access-list extended MGMT"))
        self.assertIn("% Invalid access list name",
                      t.run("ip access-list extended 10"))

    def test_resequence_and_ipv6(self):
        t = self.login()
        for line in ("conf t", "ip access-list extended A", "remark one",
                     "permit ip any host 1.1.1.1", "permit ip any any",
                     "ip access-list resequence A 1000 100",
                     "ipv6 access-list SIX", "permit tcp 2001:db8::1/64 any "
                     "eq 443", "sequence 5 deny ipv6 any host 2001:db8::9"):
            self.assertNotIn("%", t.run(line))
        self.assertEqual(
            [e["sequence"] for e in self.lab.state("IOS1")["acls"]["A"]
             ["entries"]], [1000, 1000, 1100])
        self.assertEqual(self.lab.acl_texts("IOS1", "SIX"),
                         ["deny ipv6 any host 2001:DB8::9",
                          "permit tcp 2001:DB8::/64 any eq 443"])

    def test_refused_header_leaves_the_mode(self):
        t = self.login()
        t.run("conf t")
        text = t.run("router bgp x")
        self.assertIn("% Invalid input", text)
        self.assertTrue(text.endswith("IOS1(config)#"))
        t.run("router bgp 65000")
        t.run("neighbor 10.0.0.1 shutdown")
        t.run("exit")
        self.assertIn("% Invalid input", t.run("neighbor 10.0.0.1 shutdown"))

    def test_saving(self):
        t = self.login()
        t.run("conf t")
        t.run("hostname CHANGED")
        t.run("ntp server 10.0.0.1")
        t.run("no ntp server 10.0.0.9")
        t.run("end")
        state = self.lab.state("IOS1")
        self.assertIn("hostname CHANGED", state["running"])
        self.assertIn("hostname IOS1", state["startup"])
        self.assertIn("Building configuration...\r\n[OK]\r\n",
                      t.run("write memory"))
        t.run("conf t")
        t.run("no ntp server 10.0.0.1")
        t.send("\x1a")
        t.expect("#")
        t.send("copy run start\r")
        t.expect(r"Destination filename \[startup-config\]\? ")
        self.assertIn("[OK]", t.run(""))
        state = self.lab.state("IOS1")
        self.assertEqual(state["running"], state["startup"])
        self.assertNotIn("ntp", state["startup"])
        self.assertEqual(len(self.lab.witness(event="save", device="IOS1")),
                         2)

    def test_startup_text_and_long_name(self):
        name = CONFIG["devices"][3]["hostname"]
        t = self.login("127.10.0.4", name + "#")
        text = t.run("show ip access-lists EDGE").replace("\r\n", "\n")
        self.assertIn("    10 permit tcp any host 10.1.1.1 eq www (3 matches)",
                      text)
        text = t.run("show run | section access-list").replace("\r\n", "\n")
        self.assertIn(" 10 remark web\n 10 permit tcp", text)
        self.assertTrue(t.run("conf t").endswith(name[:20] + "(config)#"))


class Terminals(LabCase):
    def test_typed_ahead_is_echoed_after_its_prompt(self):
        t = self.login()
        t.send("conf t\nip access-list extended L\r\npermit ip any any\rend\n")
        text = t.expect(r"\nIOS1#$").replace("\r\n", "\n")
        self.assertEqual(
            text, "conf t\nEnter configuration commands, one per line.  "
            "End with CNTL/Z.\nIOS1(config)#ip access-list extended L\n"
            "IOS1(config-ext-nacl)#permit ip any any\n"
            "IOS1(config-ext-nacl)#end\nIOS1#")

    def test_end_of_input_after_type_ahead(self):
        with Terminal(self.lab, IOS) as terminal:
            terminal.send("terminal length 0\rshow version\rshow clock\r")
            terminal.process.stdin.close()
            terminal.expect(r"(?s)register is.*show clock\r\n.*UTC.*IOS1#")
            terminal.wait()
            terminal.process.stdin = open(os.devnull, "wb")
        events = self.lab.witness(event="disconnect", device="IOS1")
        self.assertEqual(events[-1]["reason"], "client_disconnect")

    def test_turns(self):
        t = self.login(setup=False)
        t.run("terminal length 0")
        t.send("show clock\rshow clock\rshow clock\rshow archive\r")
        t.expect(r"(?s)not enabled.*IOS1#$")
        self.assertEqual(self.lab.stats()["devices"]["IOS1"]["turns"], 2)

    def test_turn_of_a_line(self):
        t = self.login(setup=False)
        t.send("terminal length 0\rshow clock\r")
        t.expect(r"(?s)UTC.*IOS1#$")
        t.run("show archive")
        self.assertEqual(
            [e["turn"] for e in self.lab.witness(event="line",
                                                 device="IOS1")][-3:],
            [1, 1, 2])

    def test_long_show_and_what_was_typed_ahead(self):
        t = self.login()
        t.send("show tech-support\rshow clock\r")
        text = t.expect(r"IOS1#show clock\r\n.*UTC.*\r\nIOS1#$")
        shown = text.split("show tech-support\r\n")[1].split("IOS1#")[0]
        self.assertEqual(len(shown), 1 << 20)
        self.assertTrue(shown.endswith("\r\n"))

    def test_keys(self):
        t = self.login()
        self.assertIn("sho\b \b\b \b\b \b",
                      t.run("sho\x15show clockk\x7f"))
        self.assertEqual(self.lab.lines("IOS1")[-1], "show clock")
        t.send("garbage\x03")
        t.expect("IOS1#")
        t.run("conf t")
        t.send("hostname NEWNAME\x1a")
        t.expect("NEWNAME#")

    def test_paging(self):
        t = self.login(setup=False)
        t.run("terminal length 5")
        t.send("show version\r")
        text = t.expect(" --More-- ")
        self.assertEqual(text.count("\n"), 5)  # the echo and four lines
        t.send(" ")
        self.assertTrue(t.expect(" --More-- ").startswith(
            "\b" * 9 + " " * 8 + "\b" * 9))
        t.send("\r")
        self.assertEqual(t.expect(" --More-- ").count("\n"), 1)
        t.send("q")
        t.expect("IOS1#")

    def test_narrow_terminal_shifts_the_line(self):
        t = self.login()
        t.run("terminal width 60")
        line = "snmp-server location " + "x" * 60
        t.run("conf t")
        t.send(line + "\r")
        self.assertIn("$", t.expect(r"IOS1\(config\)#$"))
        self.assertIn(line, self.lab.state("IOS1")["running"])

    def test_line_limit(self):
        t = self.login()
        t.run("conf t")
        self.assertIn("\a", t.run("snmp-server contact " + "y" * 300))
        self.assertEqual(len(self.lab.lines("IOS1")[-1]), 254)


class NxosTranscripts(LabCase):
    def test_acl_exchange(self):
        t = self.nxos()
        t.run("terminal width 511")
        t.run("terminal dont-ask")
        t.run("configure terminal")
        mode = "NX1(config)# "
        bad = "% Invalid command at '^' marker.\n"
        self.check(t, [
            ("no ip access-list LOCK", ""),
            ("ip access-list extended LOCK",
             " " * (len(mode) + 24) + "^\n" + bad)], mode)
        self.check(t, [
            ("ip access-list LOCK", ""), ("remark One", ""),
            ("permit ip host 192.168.1.100 any", ""),
            ("permit ip host 192.168.1.100 any", ""),
            ("permit tcp 10.0.0.9 0.0.0.255 any eq 22", ""),
            ("permit udp 10.0.0.0/8 10.0.0.1 0.255.0.255", ""),
            ("permit ip any", " " * (len("NX1(config-acl)# ") + 13) +
             "^\n% Incomplete command at '^' marker.\n")],
            "NX1(config-acl)# ")
        self.check(t, [("end", ""), ("show ip access-lists LOCK",
                        "\nIP access list LOCK\n"
                        "        10 remark One \n"
                        "        20 permit ip 192.168.1.100/32 any \n"
                        "        30 permit ip 192.168.1.100/32 any \n"
                        "        40 permit tcp 10.0.0.0/24 any eq 22 \n"
                        "        50 permit udp 10.0.0.0/8 "
                        "10.0.0.0 0.255.0.255 \n")], "NX1# ")
        text = t.run("copy running-config startup-config")
        self.assertIn("] 100%\r\nCopy complete, now saving to disk "
                      "(please wait)...\r\nCopy complete.\r\n", text)
        self.assertIn("10 remark One", self.lab.state("NX1")["startup"])


class Faults(LabCase):
    def acl_mode(self, *faults):
        t = self.login()
        t.run("conf t")
        t.run("ip access-list extended L")
        self.lab.faults("IOS1", *faults)
        return t

    def test_unknown_fault_is_an_error(self):
        for fault in ({"kind": "nonsense"}, {"kind": "drop", "wen": "x"},
                      {"kind": "drop", "at": "("}, {}):
            with self.assertRaises(LabError):
                self.lab.faults("IOS1", fault)

    def test_refuse(self):
        t = self.acl_mode({"kind": "refuse", "at": "1.1.1.1", "times": 1},
                          {"kind": "refuse", "line_number": 3,
                           "text": "% No memory"})
        self.assertIn("% Invalid input", t.run("permit ip host 1.1.1.1 any"))
        self.assertIn("% No memory", t.run("permit ip host 1.1.1.1 any"))
        self.assertNotIn("%", t.run(""))  # no configuration line
        self.assertNotIn("%", t.run("permit ip host 1.1.1.1 any"))
        self.assertEqual(self.lab.acl_texts("IOS1", "L"),
                         ["permit ip host 1.1.1.1 any"])

    def test_apply_nothing_and_other(self):
        t = self.acl_mode({"kind": "apply_nothing", "at": "1.1.1.1"},
                          {"kind": "apply_other", "at": "2.2.2.2",
                           "text": "permit ip any any"})
        self.assertNotIn("%", t.run("permit ip host 1.1.1.1 any"))
        self.assertNotIn("%", t.run("permit ip host 2.2.2.2 any"))
        self.assertEqual(self.lab.acl_texts("IOS1", "L"),
                         ["permit ip any any"])
        self.assertFalse(self.lab.witness(event="line")[-1]["applied"])

    def test_drop(self):
        for when, applied in (("before", False), ("after", True),
                              ("mid_echo", False)):
            with self.subTest(when=when):
                self.lab.reset()
                t = self.acl_mode({"kind": "drop", "at": "permit",
                                   "when": when})
                t.send("permit ip any any\r")
                self.assertEqual(t.wait(), 255)
                self.assertEqual(
                    self.lab.acl_texts("IOS1", "L") == ["permit ip any any"],
                    applied)
                self.assertEqual(self.lab.witness(
                    event="disconnect", device="IOS1")[-1]["reason"],
                    "dropped by fault")

    def test_swallowed_characters(self):
        t = self.acl_mode({"kind": "swallow_chars", "at": "192",
                           "position": 24})
        text = t.run("permit ip host 192.168.1.100 any")
        self.assertTrue(text.startswith("permit ip host 192.168.1100 any"),
                        text)
        self.assertEqual(self.lab.lines("IOS1")[-1],
                         "permit ip host 192.168.1100 any")

    def test_delay_holds_one_device_only(self):
        t = self.acl_mode({"kind": "delay", "at": "permit", "ms": 1500})
        other = self.nxos()
        start = time.monotonic()
        t.send("permit ip any any\r")
        other.run("show clock")
        self.assertLess(time.monotonic() - start, 1.2)
        t.expect(r"nacl\)#")
        self.assertGreater(time.monotonic() - start, 1.4)

    def test_release_ends_a_delay(self):
        t = self.acl_mode({"kind": "delay", "at": "permit", "ms": 600000})
        t.send("permit ip any any\r")
        t.expect("permit ip any any\r\n")
        self.lab.control({"do": "release", "device": "IOS1"})
        t.expect(r"nacl\)#")
        self.assertEqual(self.lab.acl_texts("IOS1", "L"),
                         ["permit ip any any"])

    def test_hang(self):
        t = self.acl_mode({"kind": "hang", "at": "permit"})
        t.send("permit ip any any\rend\r")
        t.expect("permit ip any any\r\n")
        with self.assertRaises(AssertionError):
            t.expect("#", timeout=0.5)

    def test_log_lines(self):
        t = self.acl_mode({"kind": "log_line", "at": "1.1.1.1",
                           "when": "after_prompt", "text": "%SYS-5-X: y"},
                          {"kind": "log_line", "at": "2.2.2.2",
                           "text": "%SYS-5-X: z"})
        t.send("permit ip host 1.1.1.1 any\r")
        t.expect(r"IOS1\(config-ext-nacl\)#\r\n%SYS-5-X: y\r\n$")
        text = t.run("permit ip host 2.2.2.2 any")
        self.assertIn("any\r\n%SYS-5-X: z\r\nIOS1(", text)

    def test_connections(self):
        for kind, text in (("reset", "reset by peer"),
                           ("close_after_kex", "closed"),
                           ("changed_host_key", "IDENTIFICATION HAS CHANGED")):
            self.lab.faults("IOS1", {"kind": kind, "times": 1})
            with self.subTest(kind=kind):
                with Terminal(self.lab, IOS,
                              extra=["-o", "LogLevel=INFO"]) as terminal:
                    self.assertIn(text, terminal.errors())
        self.lab.faults("IOS1", {"kind": "no_banner", "times": 1})
        with Terminal(self.lab, IOS,
                      extra=["-o", "ConnectTimeout=1"]) as terminal:
            self.assertIn("timed out", terminal.errors())
        self.login()

    def test_banner_slow_login_and_down(self):
        self.lab.faults("IOS1", {"kind": "slow_login", "ms": 600},
                        {"kind": "banner", "text": "#### IOS9# ####\n"})
        start = time.monotonic()
        self.login(prompt=r"IOS9# ####\r\n\r\nIOS1#")
        self.assertGreater(time.monotonic() - start, 0.6)
        self.lab.down("IOS1")
        with Terminal(self.lab, IOS) as terminal:
            self.assertIn("refused", terminal.errors())
        self.lab.faults("IOS1")
        self.lab.up("IOS1")
        self.login()

    def test_latency(self):
        self.lab.set("IOS1", latency_ms=60)
        self.addCleanup(self.lab.set, "IOS1", latency_ms=0)
        t = self.login()
        start = time.monotonic()
        for _ in range(3):
            t.run("show clock")
        took = time.monotonic() - start
        self.assertGreater(took, 3 * 0.120)
        self.assertLess(took, 3 * 0.120 + 1)
        t.send("exit\r")
        self.assertEqual(t.wait(), 0)


class Start(unittest.TestCase):
    def test_wrong_configurations(self):
        for config, text in [
                ({}, "no devices"),
                ({"devices": [{"type": "cisco_ios"}]}, "no hostname"),
                ({"devices": [{"hostname": "A", "type": "x"}]}, "type"),
                ({"devices": [{"hostname": "A", "colour": 1}]}, "colour"),
                ({"devices": [{"hostname": "A"}, {"hostname": "A"}]},
                 "twice"),
                ({"devices": [{"hostname": "A", "startup": "permit x"}]},
                 "line 1 refused")]:
            with self.subTest(config=config):
                lab = Lab(config=config)
                with self.assertRaisesRegex(LabError, text):
                    lab.start()

    def test_many_sessions(self):
        """Sixty devices at once; every counter must add up."""
        with Lab(count=60, type="mixed") as lab:
            terminals = [Terminal(lab, Lab.address(i)) for i in range(60)]
            try:
                for terminal in terminals:
                    terminal.expect("#", timeout=60)
                totals = lab.stats()["totals"]
                self.assertEqual(totals["sessions_now"], 60)
                self.assertEqual(totals["logins"], 60)
                for terminal in terminals:
                    terminal.send("exit\r")
                for terminal in terminals:
                    self.assertEqual(terminal.wait(60), 0)
                totals = lab.stats()["totals"]
                self.assertEqual(totals["sessions_now"], 0)
                self.assertEqual(totals["sessions_max"], 60)
            finally:
                for terminal in terminals:
                    terminal.close()


if __name__ == "__main__":
    unittest.main()
