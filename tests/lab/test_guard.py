"""Changes that can lock their author out, and what takes them back: applied
access lists, their history, the archive and reload of IOS, sessions and
checkpoints of NX-OS."""

import re
import unittest

from labctl import Lab
from terminal import Terminal
from test_lab import LabCase

IOS, NXOS, SILENT, PLAIN, OLD, SPARING = (
    "127.10.0.%d" % i for i in range(1, 7))
OPEN = "permit tcp 10.9.0.0 0.0.255.255 any eq 22"
WAY = ("interface GigabitEthernet0/1\n ip access-group EDGE in\n!\n"
       "line vty 0 15\n access-class MGMT in\n")
EDGE = ("ip access-list extended EDGE\n 10 %s\n 20 permit ip any any\n" % OPEN)
ARCHIVE = "archive\n path flash:archive\n"
TOP = {"client": "10.9.8.7", "minute_ms": 600000, "acl_history": True}

CONFIG = dict(TOP, devices=[
    {"hostname": "IOS1", "way": "GigabitEthernet0/1", "logs": "always",
     "startup": WAY + EDGE + ARCHIVE},
    {"hostname": "NX1", "type": "cisco_nxos", "startup":
     "interface mgmt0\n  ip access-group EDGE in\n"
     "ip access-list EDGE\n  10 permit tcp 10.9.0.0/16 any eq 22\n"
     "  20 permit ip any any\n"},
    {"hostname": "SILENT", "way": "GigabitEthernet0/1", "lockout": "silence",
     "startup": WAY + EDGE + ARCHIVE},
    {"hostname": "PLAIN", "startup": WAY + EDGE},
    {"hostname": "OLD", "no_archive": True},
    {"hostname": "SPARING", "vty_spares_open": True, "lockout": "close"},
])


class GuardCase(LabCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(config=CONFIG)
        cls.addClassCleanup(cls.stop)
        cls.lab.start()

    def lines(self, terminal, *lines):
        return [terminal.run(line) for line in lines]

    def refused_at_the_door(self, address):
        with Terminal(self.lab, address,
                      extra=["-o", "ConnectTimeout=5"]) as terminal:
            return terminal.errors()

    def shut_out(self, device):
        """Until the device has shut somebody out since its last reset."""
        t = self.login(OLD, "OLD#")
        for _ in range(2000):
            events = [e["event"] for e in self.lab.witness(device=device)]
            if "shut_out" in events[events[::-1].index("acl_start") * -1:]:
                return
            t.run("show clock")
        self.fail("nobody was shut out")

    def reason(self, device):
        return self.lab.witness(event="disconnect", device=device)[-1][
            "reason"]


class AppliedLists(GuardCase):
    def test_the_line_that_denies_cuts(self):
        t = self.login()
        self.lines(t, "conf t", "ip access-list extended EDGE",
                   "5 permit tcp any any eq 80", "no 20")
        t.send("no 10\r")
        self.assertEqual(t.wait(), 255)
        self.assertNotIn("no 10\r\nIOS1(config-ext-nacl)#", t.seen)
        self.assertEqual(self.reason("IOS1"), "cut by access list")
        why = self.lab.witness(event="shut_out", device="IOS1")[-1]["why"]
        self.assertEqual(why, "interface GigabitEthernet0/1: EDGE: end of "
                              "the list")
        self.assertIn("reset", self.refused_at_the_door(IOS))
        self.lab.reset("IOS1")
        self.login()

    def test_a_deny_above_cuts_and_says_which(self):
        t = self.login()
        self.lines(t, "conf t", "ip access-list extended EDGE")
        t.send("7 deny ip 10.9.8.7 0.0.0.0 any\r")
        t.wait()
        self.assertIn("EDGE: 7 deny ip host 10.9.8.7 any", self.lab.witness(
            event="shut_out", device="IOS1")[-1]["why"])

    def test_what_leaves_the_session_alone(self):
        t = self.login()
        self.lines(t, "conf t", "ip access-list extended EDGE",
                   "1 deny ip 10.8.0.0 0.0.255.255 any", "2 deny udp any any",
                   "3 deny tcp any eq 22 any", "4 deny tcp any any eq 23",
                   "5 deny tcp any any range 23 80", "6 deny tcp any any gt "
                   "22", "7 deny tcp any any lt 22", "8 deny tcp any any neq 22",
                   "9 deny ip any host 10.1.1.1")
        self.assertTrue(t.run("end").endswith("IOS1#"))

    def test_absent_permits_and_the_first_line_closes(self):
        t = self.login()
        self.lines(t, "conf t", "no ip access-list extended EDGE")
        self.lines(t, "ip access-list extended EDGE", "remark empty still")
        self.assertEqual(
            self.lab.acl_history("IOS1", "EDGE")[-3:],
            [("no ip access-list extended EDGE", None),
             ("ip access-list extended EDGE", []),
             ("remark empty still", ["10 remark empty still"])])
        t.send("permit ip host 1.1.1.1 any\r")
        self.assertEqual(t.wait(), 255)

    def test_established_is_for_who_is_in(self):
        t = self.login()
        self.lines(t, "conf t", "ip access-list extended EDGE",
                   "5 permit tcp any any established", "no 10", "no 20")
        self.assertIn("reset", self.refused_at_the_door(IOS))
        self.assertTrue(t.run("end").endswith("IOS1#"))

    def test_terminal_lines(self):
        t = self.login()
        self.lines(t, "conf t", "ip access-list standard MGMT")
        t.send("permit 10.1.1.1\r")
        self.assertEqual(t.wait(), 255)
        self.assertIn("line vty 0 15: MGMT", self.lab.witness(
            event="shut_out", device="IOS1")[0]["why"] + self.lab.witness(
            event="shut_out", device="IOS1")[-1]["why"])
        t = self.login(SPARING, "SPARING#")
        self.lines(t, "conf t", "ip access-list standard MGMT",
                   "permit 10.1.1.1", "line vty 0 15", "access-class MGMT in")
        self.assertTrue(t.run("end").endswith("SPARING#"))
        self.assertIn("closed", self.refused_at_the_door(SPARING))

    def test_an_interface_elsewhere_does_not_count(self):
        t = self.login()
        self.lines(t, "conf t", "ip access-list extended OTHER",
                   "deny ip any any", "interface gi0/2",
                   "ip access-group OTHER in")
        t.run("interface gi0/1")
        t.run("ip access-group OTHER out")
        t.send("ip access-group OTHER in\r")
        self.assertEqual(t.wait(), 255)
        self.assertEqual(
            self.lab.witness(event="bindings", device="IOS1")[-1]["bindings"],
            ["interface GigabitEthernet0/1: ip access-group OTHER in",
             "line vty 0 15: access-class MGMT in",
             "interface GigabitEthernet0/2: ip access-group OTHER in"])

    def test_silence_and_back(self):
        t = self.login(SILENT, "SILENT#")
        self.lines(t, "terminal no monitor",
                   "configure terminal revert timer 3",
                   "ip access-list extended EDGE")
        t.send("5 deny ip any any\rdo show clock\r")
        self.shut_out("SILENT")
        # Nothing more, until the timer has put the list back.
        self.lab.expire("SILENT")
        t.expect(r"(?s)5 deny ip any any.*UTC.*nacl\)#$")
        events = [e["event"] for e in self.lab.witness(device="SILENT")]
        self.assertIn("shut_out", events)
        self.assertNotIn("disconnect", events[events.index("shut_out"):])
        self.assertEqual(self.lab.acl_texts("SILENT", "EDGE")[0], OPEN)

    def test_silence_at_the_door(self):
        t = self.login(SILENT, "SILENT#")
        self.lines(t, "conf t", "ip access-list extended EDGE")
        t.send("5 deny ip any any\r")
        self.shut_out("SILENT")
        with Terminal(self.lab, SILENT,
                      extra=["-o", "ConnectTimeout=1"]) as terminal:
            self.assertIn("timed out", terminal.errors())
        self.assertNotIn("nacl)#5 deny ip any any\r\nSILENT", t.seen)

    def test_nxos(self):
        t = self.login(NXOS, "NX1# ")
        self.lines(t, "conf t", "ip access-list EDGE",
                   "5 permit tcp 10.9.8.7/32 any eq 22", "no 10", "no 20")
        self.assertEqual(
            self.lab.acl_history("NX1", "EDGE")[-1][1],
            ["5 permit tcp 10.9.8.7/32 any eq 22"])
        t.send("no 5\r")  # an empty list denies, there
        self.assertEqual(t.wait(), 255)
        self.lab.reset("NX1")
        t = self.login(NXOS, "NX1# ")
        self.lines(t, "conf t", "ip access-list M", "permit ip 1.1.1.1/32 any",
                   "line vty")
        t.send("ip access-class M in\r")
        self.assertEqual(t.wait(), 255)


class Histories(GuardCase):
    def test_every_line(self):
        t = self.login()
        self.lines(t, "conf t", "ip access-list extended L", "permit ip host "
                   "1.1.1.1 any", "permit ip host 1.1.1.1 any", "15 permit ip "
                   "any any", "12 permit icmp any any", "no 10")
        self.assertIn("% Duplicate sequence number",
                      t.run("12 deny ip any any"))
        t.run("ip access-list resequence L 100 5")
        one, icmp, ip = ("permit ip host 1.1.1.1 any", "permit icmp any any",
                         "permit ip any any")
        self.assertEqual(self.lab.acl_history("IOS1", "L"), [
            ("ip access-list extended L", []),
            ("permit ip host 1.1.1.1 any", ["10 " + one]),
            ("15 permit ip any any", ["10 " + one, "15 " + ip]),
            ("12 permit icmp any any",
             ["10 " + one, "12 " + icmp, "15 " + ip]),
            ("no 10", ["12 " + icmp, "15 " + ip]),
            ("ip access-list resequence L 100 5",
             ["100 " + icmp, "105 " + ip])])

    def test_no_history_without_the_key(self):
        with Lab(config={"devices": [{"hostname": "A"}]}) as lab:
            with Terminal(lab, IOS) as t:
                t.expect("A#")
                self.lines(t, "conf t", "ip access-list extended L",
                           "permit ip any any")
            self.assertEqual(lab.witness(event="acl"), [])

    def test_nxos_takes_duplicates(self):
        t = self.login(NXOS, "NX1# ")
        self.lines(t, "conf t", "ip access-list L", "10 permit ip any any",
                   "30 permit ip any any", "10 permit ip any any")
        self.assertIn("Duplicate sequence number", t.run("30 deny ip any any"))
        t.run("resequence ip access-list L 1000 10")
        self.assertEqual(self.lab.acl_history("NX1", "L")[-1][1],
                         ["1000 permit ip any any", "1010 permit ip any any"])

    def test_where_we_come_from(self):
        for t, line in ((self.login(), "*  2 vty 0     neteng"),
                        (self.login(NXOS, "NX1# "), "neteng   pts/0")):
            shown = [text for text in t.run("show users").splitlines()
                     if text.startswith(line)]
            self.assertRegex(shown[0], r"\b10\.9\.8\.7\b")

    def test_filters_of_show(self):
        t = self.login()
        text = t.run("show running-config | include access-group|access-class"
                     "|match ip address")
        self.assertEqual(text.splitlines()[1:-1],
                         [" ip access-group EDGE in", " access-class MGMT in"])
        text = t.run("show running-config | section ^interface|^line vty")
        self.assertEqual(text.splitlines()[1:-1],
                         WAY.replace("!\n", "").splitlines())
        self.assertIn("EDGE in", t.run("show run | include group_EDGE_in"))
        # Two delimiters in a row stand nowhere.
        self.assertNotIn("EDGE in", t.run("show run | include group__EDGE"))
        self.lines(t, "conf t", "ip access-list extended A_B")
        self.assertNotIn("extended A_B", t.run("do show run | i d A_B$"))
        self.assertIn("extended A_B", t.run(r"do show run | i d A\_B$"))


class IosArchive(GuardCase):
    def test_off_and_unknown(self):
        t = self.login(PLAIN, "PLAIN#")
        self.assertIn("Archive feature not enabled", t.run("show archive"))
        self.assertIn("%Please turn config archive on",
                      t.run("configure terminal revert timer 5"))
        t = self.login(OLD, "OLD#")
        for line in ("show archive", "configure terminal revert timer 5",
                     "configure confirm", "configure revert now",
                     "show archive config rollback timer"):
            self.assertIn("% Invalid input", t.run(line))

    def arm(self, t, minutes, name="IOS1"):
        t.send("configure terminal revert timer %d\r" % minutes)
        return t.expect(
            r"(?s)%s\(config\)#\r\n%%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_BACKUP: "
            r".*START_ABSTIMER: User: neteng: Scheduled to rollback to config "
            r"flash:archive-\S+ in %d minutes\r\n$" % (name, minutes))

    def test_confirm_from_a_second_connection(self):
        t = self.login()
        self.assertIn("There are currently 0 archive", t.run("show archive"))
        self.assertIn("%No Rollback Confirmed Change pending",
                      t.run("show archive config rollback timer"))
        text = self.arm(t, 120)
        self.assertIn("Rollback Confirmed Change: Backing up current running "
                      "config to flash:archive-", text)
        self.lines(t, "ntp server 10.0.0.1", "end")
        other = self.login()
        shown = other.run("show archive config rollback timer")
        self.assertIn("Timer value: 120 min", shown)
        self.assertIn("is pending",
                      other.run("configure terminal revert timer 1"))
        other.send("configure confirm\r")
        other.expect(r"IOS1#\r\n%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_CONFIRM: ")
        self.assertIn("%No Rollback", t.run("configure confirm"))
        self.assertIn("ntp server", self.lab.state("IOS1")["running"])

    def test_the_timer_rolls_back(self):
        before = self.lab.state("IOS1")["running"]
        t = self.login()
        self.arm(t, 3)
        self.lines(t, "hostname OTHER", "ip access-list extended EDGE",
                   "15 permit icmp any any")
        self.lab.expire("IOS1")
        t.expect(r"(?s)Rollback will begin in one minute.*ROLLBACK_START.*"
                 r"Rollback Confirmed Change: rolling to: flash:.*"
                 r"Total number of passes: 1\r\nRollback Done")
        self.assertEqual(self.lab.state("IOS1")["running"], before)
        self.assertEqual(self.lab.acl_history("IOS1", "EDGE")[-1],
                         ("rollback timer",
                          ["10 " + OPEN, "20 permit ip any any"]))
        t.run("end")

    def test_the_timer_lets_us_in_again(self):
        t = self.login()
        self.arm(t, 2)
        t.run("ip access-list extended EDGE")
        t.send("1 deny ip any any\r")
        self.assertEqual(t.wait(), 255)
        self.assertIn("reset", self.refused_at_the_door(IOS))
        self.lab.expire("IOS1")
        self.login()

    def test_revert_now_and_a_failure(self):
        t = self.login()
        self.arm(t, 120)
        self.lines(t, "ntp server 10.0.0.1", "end")
        t.send("configure revert now\r")
        t.expect(r"Total number of passes: 1\r\nRollback Done\r\nIOS1#")
        t.expect(r"REVERTNOW.*\r\n")
        self.assertNotIn("ntp", self.lab.state("IOS1")["running"])
        self.arm(t, 120)
        self.lines(t, "ntp server 10.0.0.1", "end")
        self.lab.faults("IOS1", {"kind": "rollback_fails"})
        t.send("configure revert now\r")
        t.expect(r"Rollback aborted after 5 passes\r\nIOS1#")
        self.assertIn("ntp", self.lab.state("IOS1")["running"])

    def test_sessions_cut_by_the_rollback(self):
        """A timer that runs by itself: a minute is 20 ms."""
        config = dict(TOP, minute_ms=20, devices=[{
            "hostname": "IOS1", "rollback_cuts": True,
            "startup": ARCHIVE}])
        with Lab(config=config) as lab:
            with Terminal(lab, IOS) as t:
                t.expect("IOS1#")
                t.run("terminal no monitor")
                t.send("configure terminal revert timer 1\r")
                self.assertEqual(t.wait(), 255)
                self.assertNotIn("ARCHIVE_DIFF", t.seen)

    def test_refused_confirm_and_second_connection(self):
        t = self.login()
        self.lab.faults("IOS1", {"kind": "refuse", "at": "configure confirm"},
                        {"kind": "reset", "times": 1, "after": 1})
        self.assertIn("% Invalid input", t.run("configure confirm"))
        other = self.login()
        self.assertIn("reset", self.refused_at_the_door(IOS))
        other.run("show clock")


class IosReload(GuardCase):
    def test_scheduled_and_cancelled(self):
        t = self.login(PLAIN, "PLAIN#")
        self.lines(t, "conf t", "ntp server 10.0.0.1", "end")
        t.send("reload in 10\r")
        t.expect(r"System configuration has been modified. Save\? "
                 r"\[yes/no\]: $")
        t.send("maybe\r")
        t.expect(r"(?s)Please answer 'yes' or 'no'.*\[yes/no\]: $")
        t.send("no\r")
        t.expect(r"(?s)Reload scheduled in 10 minutes by neteng.*Proceed with "
                 r"reload\? \[confirm\]$")
        t.send("y")
        t.expect(r"PLAIN#\r\n(\r\n)+\*\*\*\r\n\*\*\* --- SHUTDOWN in 0:10:00 "
                 r"---\r\n\*\*\*\r\n")
        self.assertIn("Reload scheduled in", t.run("show reload"))
        self.assertNotIn("ntp", self.lab.state("PLAIN")["startup"])
        t.send("reload cancel\r")
        t.expect(r"(?s)PLAIN#\r\n.*--- SHUTDOWN ABORTED ---")
        self.assertIn("No reload is scheduled", t.run("show reload"))

    def test_it_restores_startup(self):
        t = self.login()
        self.lines(t, "conf t", "ntp server 10.0.0.1", "end")
        t.send("reload in 2\r")
        t.expect(r"yes/no\]: $")
        t.send("no\r")
        t.expect(r"confirm\]$")
        t.send("\r")
        t.expect("SHUTDOWN in 0:02:00")
        self.lab.expire("IOS1")
        t.expect(r"(?s)SHUTDOWN in 0:01:00.*SHUTDOWN NOW")
        self.assertEqual(t.wait(), 255)
        self.assertEqual(self.reason("IOS1"), "cut by reload")
        self.assertNotIn("ntp", self.lab.state("IOS1")["running"])


class NxosChanges(GuardCase):
    def nx(self):
        return self.login(NXOS, "NX1# ")

    def names(self):
        return sorted(self.lab.state("NX1")["acls"])

    def test_checkpoint_and_rollback(self):
        t = self.nx()
        self.assertIn("Done", t.run("checkpoint np1"))
        self.assertIn("already exists", t.run("checkpoint np1"))
        self.assertIn("1) np1:", t.run("show checkpoint summary"))
        self.assertIn("Rollback Patch is Empty", t.run(
            "rollback running-config checkpoint np1 atomic"))
        self.lines(t, "conf t", "ip access-list NEW", "permit ip any any",
                   "end")
        self.lab.faults("NX1", {"kind": "rollback_fails", "times": 1})
        text = t.run("rollback running-config checkpoint np1 atomic")
        self.assertIn("Verification failed, Rolling back to previous "
                      "configuration\r\nRollback failed.", text)
        self.assertEqual(self.names(), ["EDGE", "NEW"])
        text = t.run("rollback running-config checkpoint np1 atomic")
        self.assertRegex(text, r"(?s)\r\n#Generating Rollback Patch\r\n.*"
                               r"Executing Rollback Patch.*Generating "
                               r"Running-config for verification.*Rollback "
                               r"completed successfully\.")
        self.assertEqual(self.names(), ["EDGE"])
        t.run("no checkpoint np1")
        self.assertNotIn("np1", t.run("show checkpoint summary"))
        self.assertIn("ERROR", t.run("no checkpoint np1"))

    def test_a_session_is_all_or_nothing(self):
        t = self.nx()
        self.assertTrue(t.run("configure session np").endswith(
            "NX1(config-s)# "))
        self.assertTrue(t.run("ip access-list EDGE").endswith(
            "NX1(config-s-acl)# "))
        # One after the other they would cut us; together they do not.
        self.lines(t, "no 10", "no 20", "permit tcp 10.9.8.0/24 any eq 22")
        self.assertEqual(len(self.lab.acl_texts("NX1", "EDGE")), 2)
        self.assertIn("Verification Successful", t.run("verify"))
        text = t.run("commit")
        self.assertIn("Commit Successful", text)
        self.assertTrue(text.endswith("NX1# "))
        self.assertEqual(
            [entries for _, entries in self.lab.acl_history("NX1", "EDGE")][1:],
            [["10 permit tcp 10.9.8.0/24 any eq 22"]])

    def test_a_commit_that_cuts(self):
        t = self.nx()
        self.lines(t, "configure session np", "ip access-list EDGE",
                   "5 deny ip any any", "verify")
        t.send("commit\r")
        self.assertEqual(t.wait(), 255)

    def test_a_session_is_left_and_aborted(self):
        t = self.nx()
        self.lines(t, "configure session np", "ip access-list NEW", "end")
        self.assertEqual(self.names(), ["EDGE"])
        self.assertIn("Inactive",
                      t.run("show configuration session summary"))
        self.lines(t, "configure session np", "ip access-list NEW",
                   "permit ip any any")
        other = self.nx()
        self.assertIn("in use", other.run("configure session np"))
        self.assertTrue(t.run("abort").endswith("NX1# "))
        self.assertIn("no active", t.run("show configuration session "
                                         "summary"))
        for line in ("verify", "commit", "abort"):
            t.run("conf t")
            self.assertIn("Invalid command", t.run(line))
        self.assertEqual(self.names(), ["EDGE"])

    def test_a_cut_connection_leaves_the_session(self):
        t = self.nx()
        self.lab.faults("NX1", {"kind": "drop", "line_number": 2})
        self.lines(t, "configure session np", "ip access-list NEW")
        t.send("permit ip any any\r")
        t.wait()
        self.lab.faults("NX1")
        t = self.nx()
        self.lines(t, "configure session np", "commit")
        self.assertEqual(self.lab.acl_texts("NX1", "NEW"), [])

    def test_what_fails(self):
        t = self.nx()
        self.lines(t, "configure session np", "ip access-list NEW",
                   "permit ip any any")
        for fault, text in (
                ({"kind": "verify_fails"}, "Failed to complete Verification"),
                ({"kind": "tcam_full"}, "ERROR: Sufficient free entries are "
                                        "not available in TCAM bank")):
            self.lab.faults("NX1", fault)
            self.assertIn(text, t.run("verify"))
            self.assertIn(text, t.run("commit"))
        self.lab.faults("NX1", {"kind": "commit_fails"})
        self.assertIn("Verification Successful", t.run("verify"))
        self.assertIn("Commit Failed", t.run("commit"))
        self.assertEqual(self.names(), ["EDGE"])
        self.lab.faults("NX1")
        # What somebody else did meanwhile counts.
        other = self.nx()
        self.lines(other, "conf t", "ip access-list NEW", "10 deny ip any any")
        self.lines(t, "10 permit ip any any")
        self.assertIn("Failed", t.run("verify"))


if __name__ == "__main__":
    unittest.main()
