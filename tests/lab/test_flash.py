"""What upgrades need of a device: reloads that are seen to go and come back,
a flash with real bytes, copies into it, and the image that is booted."""

import os
import re
import socket
import time
import unittest

from labctl import Lab
from terminal import Terminal
from test_lab import LabCase

IOS, NXOS, JUNOS, XE, STACK = ("127.10.0.%d" % i for i in range(1, 6))

CONFIG = {"down_ms": -1, "devices": [
    {"hostname": "IOS1"},
    {"hostname": "NX1", "type": "cisco_nxos"},
    {"hostname": "J1", "type": "juniper_junos"},
]}
SAVE = r"System configuration has been modified. Save\? \[yes/no\]: $"
CONFIRM = r"Proceed with reload\? \[confirm\]$"


class FlashCase(LabCase):
    config = CONFIG

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(config=cls.config)
        cls.addClassCleanup(cls.stop)
        cls.lab.start()

    def setUp(self):
        self.lab.set("*", down_ms=-1)
        self.lab.reset()

    def lines(self, terminal, *lines):
        return [terminal.run(line) for line in lines]

    def boot(self, device):
        return self.lab.control({"do": "boot", "device": device})

    def last(self, event, device):
        return self.lab.witness(event=event, device=device)[-1]

    def reload(self, terminal):
        terminal.send("reload\r")
        terminal.expect(CONFIRM)
        terminal.send("\r")

    def connect(self, address):
        """How a TCP connection to a device goes."""
        try:
            with socket.create_connection((address, self.lab.port), 2) as link:
                link.settimeout(2)
                return "open" if link.recv(3) else "closed"
        except ConnectionRefusedError:
            return "refused"
        except (TimeoutError, socket.timeout):
            return "silence"


class Reload(FlashCase):
    def test_it_goes_and_comes_back_from_startup(self):
        t = self.login()
        self.assertIn("IOS1 uptime is 1 week, 2 days, 3 hours, 4 minutes",
                      t.run("show version"))
        self.lines(t, "conf t", "ntp server 10.0.0.1", "end", "write memory",
                   "conf t", "ntp server 10.0.0.2", "end")
        t.send("reload\r")
        t.expect(SAVE)
        t.send("no\r")
        t.expect(CONFIRM)
        t.send("\r")
        self.assertEqual(t.wait(), 255)
        self.assertEqual(self.last("disconnect", "IOS1")["reason"],
                         "cut by reload")
        self.assertEqual(self.last("reload", "IOS1")["why"], "command")
        self.assertFalse(self.last("reload", "IOS1")["saved"])
        self.assertEqual(self.connect(IOS), "refused")
        self.assertTrue(self.lab.state("IOS1")["down"])
        self.boot("IOS1")
        running = self.lab.state("IOS1")["running"]
        self.assertIn("10.0.0.1", running)
        self.assertNotIn("10.0.0.2", running)
        shown = self.login().run("show version")
        self.assertIn("IOS1 uptime is 0 minutes", shown)
        self.assertIn("returned to ROM by reload", shown)

    def test_saved_asks_once_and_the_saving_answer_saves(self):
        t = self.login()
        self.lines(t, "conf t", "ntp server 10.0.0.1", "end")
        t.send("reload\r")
        t.expect(SAVE)
        t.send("yes\r")
        t.expect(r"(?s)\[OK\].*" + CONFIRM)
        t.send("n")
        t.expect("IOS1#")
        self.assertFalse(self.lab.state("IOS1")["down"])
        self.reload(t)
        t.wait()
        self.assertTrue(self.last("reload", "IOS1")["saved"])

    def test_it_comes_back_by_itself(self):
        self.lab.set("IOS1", down_ms=50)
        self.reload(self.login())
        while self.connect(IOS) != "open":
            pass
        self.assertEqual(self.lab.witness(device="IOS1", event="boot")[-1]
                         ["version"], "15.2(4)M6")

    def test_never_back_until_reset(self):
        self.lab.set("IOS1", down_ms=0)
        self.lab.faults("IOS1", {"kind": "never_back"})
        self.lab.control({"do": "reload", "device": "IOS1"})
        self.assertEqual(self.connect(IOS), "refused")
        self.lab.reset()
        self.login()

    def test_ignored(self):
        self.lab.faults("IOS1", {"kind": "reload_ignored", "times": 1})
        t = self.login()
        self.reload(t)
        t.expect("IOS1#")
        self.assertIn("1 week", t.run("show version"))
        self.reload(t)
        t.wait()

    def test_aaa_is_late(self):
        self.lab.faults("IOS1", {"kind": "aaa_late", "count": 2})
        self.login()
        self.lab.control({"do": "reload", "device": "IOS1"})
        self.boot("IOS1")
        for _ in range(2):
            with Terminal(self.lab, IOS) as terminal:
                self.assertIn("Permission denied", terminal.errors())
        self.login()

    def test_aaa_is_late_by_the_clock(self):
        self.lab.faults("IOS1", {"kind": "aaa_late", "ms": 600000})
        self.lab.control({"do": "reload", "device": "IOS1"})
        self.boot("IOS1")
        with Terminal(self.lab, IOS) as terminal:
            self.assertIn("Permission denied", terminal.errors())

    def test_another_host_key(self):
        self.lab.faults("IOS1", {"kind": "new_host_key"})
        self.login()
        self.lab.control({"do": "reload", "device": "IOS1"})
        self.boot("IOS1")
        with Terminal(self.lab, IOS) as terminal:
            self.assertIn("verification failed", terminal.errors())

    def test_nxos(self):
        t = self.login(NXOS, r"NX1# ")
        self.lines(t, "conf t", "ntp server 10.0.0.1", "end")
        t.send("reload\r")
        t.expect(r"(?s)!!!WARNING! there is unsaved.*\(y/n\)\?  \[n\] $")
        t.send("\r")
        t.expect("NX1# ")
        t.run("copy running-config startup-config")
        t.send("reload\r")
        self.assertNotIn("unsaved", t.expect(r"\[n\] $"))
        t.send("y\r")
        t.wait()
        self.assertEqual(self.connect(NXOS), "refused")
        self.boot("NX1")
        shown = self.login(NXOS, r"NX1# ").run("show version")
        self.assertRegex(shown, r"Kernel uptime is 0 day\(s\), 0 hour\(s\), 0 "
                                r"minute\(s\), \d+ second\(s\)")

    def test_junos(self):
        t = self.login(JUNOS, "J1> ", setup=False)
        t.send("request system reboot\r")
        t.expect(r"Reboot the system \? \[yes,no\] \(no\) $")
        t.send("yes\r")
        t.wait()
        self.boot("J1")
        t = self.login(JUNOS, "J1> ", setup=False)
        self.assertRegex(t.run("show system uptime"),
                         r"System booted: .* UTC \(0:00:\d\d ago\)")


class HalfOpen(FlashCase):
    config = dict(CONFIG, down="silence")

    def test_old_connections_hang_and_new_ones_hear_nothing(self):
        t = self.login()
        self.reload(t)
        while not self.lab.witness(event="reload", device="IOS1"):
            pass
        t.send("show clock\r")
        self.assertEqual(self.connect(IOS), "silence")
        self.assertIsNone(t.process.poll())
        self.boot("IOS1")
        self.assertEqual(t.wait(), 255)  # it does not know the connection
        self.assertNotIn("UTC", t.seen)
        self.assertEqual(self.last("disconnect", "IOS1")["reason"],
                         "cut by reload")
        self.login()


if __name__ == "__main__":
    unittest.main()
