"""What upgrades need of a device: reloads that are seen to go and come back,
a flash with real bytes, copies into it, and the image that is booted."""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from labctl import Lab
from terminal import OPTIONS, Terminal
from test_lab import LabCase

IOS, NXOS, JUNOS, XE, STACK = ("127.10.0.%d" % i for i in range(1, 6))

CONFIG = {"down_ms": -1, "devices": [
    {"hostname": "IOS1"},
    {"hostname": "NX1", "type": "cisco_nxos"},
    {"hostname": "J1", "type": "juniper_junos"},
    {"hostname": "XE1", "type": "cisco_xe", "install_mode": True},
    {"hostname": "STACK", "members": 2, "dir_kbytes": True},
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
        self.lab.set("*", down_ms=-1, flash_bytes=1 << 28, verify_ms=0)
        self.lab.reset()

    def lines(self, terminal, *lines):
        return [terminal.run(line) for line in lines]

    def until(self, condition):
        """Asks until it is so; the lab answers at once, devices may not."""
        deadline = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), deadline)

    def boot(self, device):
        return self.lab.control({"do": "boot", "device": device})

    def last(self, event, device):
        return self.lab.witness(event=event, device=device)[-1]

    def reload(self, terminal):
        terminal.send("reload\r")
        terminal.expect(CONFIRM)
        terminal.send("\r")

    def file(self, device, name, data=None):
        """The path of a file in a device's flash, written when DATA is."""
        home = os.path.join(self.lab.dir, "flash", device)
        os.makedirs(home, exist_ok=True)
        path = os.path.join(home, name)
        if data is not None:
            with open(path, "wb") as out:
                out.write(data)
        return path

    def image(self, device, name, version, size=1000):
        data = b"netpush-lab-image %s\n" % version.encode()
        data += bytes(i % 251 for i in range(size - len(data)))
        self.file(device, name, data)
        return hashlib.md5(data).hexdigest()

    def ios(self, address=IOS, prompt="IOS1#"):
        """A terminal, after the flash was made by its first use."""
        t = self.login(address, prompt)
        t.run("dir")
        return t

    def reboot(self, device):
        self.lab.control({"do": "reload", "device": device})
        self.boot(device)

    def connect(self, address):
        """How a TCP connection to a device goes."""
        try:
            with socket.create_connection((address, self.lab.port), 2) as link:
                link.settimeout(2)
                return "open" if link.recv(3) else "closed"
        except ConnectionRefusedError:
            return "refused"
        except ConnectionResetError:
            return "closed"  # it was just going down
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

    def test_more_questions(self):
        self.lab.faults("IOS1", {"kind": "asks_more"})
        t = self.login()
        t.send("reload\r")
        t.expect(r"reload the internal AP \? \[yes/no\]: $")
        t.send("no\r")
        t.expect(CONFIRM)
        t.send("\r")
        t.wait()
        t = self.login(STACK, "STACK#")
        t.send("reload\r")
        t.expect("(?s)this will reload the whole stack.*" + CONFIRM)

    def test_it_comes_back_by_itself(self):
        self.lab.set("IOS1", down_ms=50)
        self.reload(self.login())
        self.until(lambda: self.connect(IOS) == "open")
        self.assertEqual(self.lab.witness(device="IOS1", event="boot")[-1]
                         ["version"], "15.2(4)M6")

    def test_back_at_once(self):
        self.lab.set("IOS1", down_ms=0)
        t = self.login()
        self.reload(t)
        t.wait()
        self.assertIn("uptime is 0 minutes", self.login().run("show version"))

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


class Files(FlashCase):
    def test_dir(self):
        t = self.ios()
        self.image("IOS1", "new.bin", "15.9(3)M1", 5000)
        shown = t.run("dir flash:").replace("\r\n", "\n")
        self.assertRegex(shown, r"(?m)^ +2  -rw- +5000  .*  new.bin$")
        total, free = map(int, re.search(
            r"(\d+) bytes total \((\d+) bytes free\)", shown).groups())
        self.assertEqual(total, 256 << 20)
        old = os.path.getsize(self.file(
            "IOS1", "c2900-universalk9-mz.SPA.152-4.M6.bin"))
        self.assertEqual(free, total - 5000 - old)
        one = t.run("dir flash:/new.bin")
        self.assertIn("new.bin", one)
        self.assertNotIn("c2900", one)
        self.assertIn("%Error opening flash:/none (No such file or directory)",
                      t.run("dir flash:none"))
        self.assertIn("No such device", t.run("dir flash-2:"))
        self.lab.set("IOS1", flash_bytes=6000)
        self.assertIn("(%d bytes free)" % (6000 - 5000 - old), t.run("dir"))
        self.assertIn("15.9(3)M1", t.run(
            "more flash:new.bin | include netpush-lab"))

    def test_names_that_lead_elsewhere(self):
        t = self.ios()
        os.makedirs(self.file("IOS1", "a"), exist_ok=True)
        self.addCleanup(shutil.rmtree, self.file("IOS1", "a"))
        for name in ("../x", "a/b", ".hidden"):
            path = self.file("IOS1", name, b"mine")
            self.assertIn("%Error", t.run("delete /force flash:" + name))
            self.assertTrue(os.path.exists(path))
            self.addCleanup(os.unlink, path)
        self.assertIn("%Error", t.run("delete /force flash-9:x"))

    def test_delete(self):
        t = self.ios()
        path = self.file("IOS1", "x.bin", b"x")
        t.send("delete flash:x.bin\r")
        t.expect(r"Delete filename \[x.bin\]\? $")
        t.send("\r")
        t.expect(r"Delete flash:/x.bin\? \[confirm\]$")
        t.send("n")
        t.expect("IOS1#")
        self.assertTrue(os.path.exists(path))
        t.run("delete /force flash:x.bin")
        self.assertFalse(os.path.exists(path))
        self.assertIn("%Error deleting", t.run("delete /force flash:x.bin"))

    def test_verify(self):
        t = self.ios()
        md5 = self.image("IOS1", "new.bin", "15.9(3)M1", 300000)
        self.lab.set("IOS1", verify_ms=240)
        start = time.monotonic()
        self.assertRegex(t.run("verify /md5 flash:new.bin"),
                         r"\r\n\.{20,}Done!\r\nverify /md5 \(flash:/new.bin\) "
                         "= " + md5)
        self.assertGreater(time.monotonic() - start, 0.2)
        self.assertIn("Verified (flash:/new.bin) = " + md5,
                      t.run("verify /md5 flash:new.bin " + md5))
        self.assertIn("%Error verifying flash:/new.bin",
                      t.run("verify /md5 flash:new.bin " + "0" * 32))
        self.lab.faults("IOS1", {"kind": "wrong_md5", "at": "new"})
        self.assertNotIn(md5, t.run("verify /md5 flash:new.bin"))
        self.assertIn("(No such file or directory)",
                      t.run("verify /md5 flash:none"))

    def test_verify_can_be_hurried_and_cut(self):
        t = self.ios()
        self.lab.set("IOS1", verify_ms=24 * 600000)
        name = "flash:c2900-universalk9-mz.SPA.152-4.M6.bin"
        t.send("verify /md5 %s\rshow clock\r" % name)
        t.expect("verify /md5 .*\r\n")
        self.lab.control({"do": "release", "device": "IOS1"})
        t.expect(r"Done!(?s:.*)IOS1#(?s:.*)UTC(?s:.*)IOS1#")
        t.send("verify /md5 %s\r" % name)
        t.expect("verify /md5 .*\r\n")
        self.lab.control({"do": "drop", "device": "IOS1"})
        t.wait()

    def test_stack(self):
        t = self.ios(STACK, "STACK#")
        self.assertIn("Standby", t.run("show switch"))
        t.run("dir flash-2:")
        self.file("STACK:2", "second.bin", b"2")
        self.assertIn("second.bin", t.run("dir flash-2:"))
        self.assertNotIn("second.bin", t.run("dir flash-1:"))
        self.assertIn("262144 Kbytes total (262143 Kbytes free)",
                      t.run("dir flash-1:"))
        self.assertIn("Invalid input", self.login().run("show switch"))

    def test_nxos(self):
        t = self.login(NXOS, "NX1# ")
        t.run("dir")
        md5 = self.image("NX1", "nxos.9.3.5.bin", "9.3(5)", 4000)
        shown = t.run("dir bootflash:")
        self.assertRegex(shown, r"4000    .*  nxos.9.3.5.bin")
        self.assertRegex(shown, r"\d+ bytes free\r\n *268435456 bytes total")
        self.assertIn("\r\n%s\r\n" % md5, t.run(
            "show file bootflash:nxos.9.3.5.bin md5sum"))
        self.assertIn("No such file", t.run("show file bootflash:x md5sum"))
        self.assertIn("No such file", t.run("dir bootflash:x"))
        t.send("delete bootflash:nxos.9.3.5.bin\r")
        t.expect(r"Do you want to delete \"/nxos.9.3.5.bin\" \? "
                 r"\(yes/no/abort\)   \[y\] $")
        t.send("\r")
        t.expect("NX1# ")
        self.assertIn("No such file", t.run("dir bootflash:nxos.9.3.5.bin"))

    def test_junos(self):
        t = self.login(JUNOS, "J1> ", setup=False)
        self.assertIn("jinstall", t.run("file list /var/tmp/"))
        md5 = self.image("J1", "new.tgz", "21.4R1", 2000)
        self.assertIn("MD5 (/var/tmp/new.tgz) = " + md5,
                      t.run("file checksum md5 /var/tmp/new.tgz"))
        self.assertRegex(t.run("file list detail /var/tmp/new.tgz"),
                         " 2000 .*/var/tmp/new.tgz")
        t.run("file delete /var/tmp/new.tgz")
        self.assertIn("No such file",
                      t.run("file checksum md5 /var/tmp/new.tgz"))
        self.assertRegex(t.run("show system storage"), r"256M +0M")


class Boot(FlashCase):
    OLD = "c2900-universalk9-mz.SPA.152-4.M6.bin"

    def version(self, device):
        return self.lab.state(device)["version"]

    def boot_lines(self, t, *lines):
        self.lines(t, "conf t", "no boot system", *lines)
        t.run("end")

    def test_boot_lines_in_their_order(self):
        t = self.ios()
        self.image("IOS1", "new.bin", "15.9(3)M1")
        self.boot_lines(t, "boot system flash:/new.bin",
                        "boot system flash:/" + self.OLD)
        self.assertIn("boot-start-marker\r\nboot system flash:/new.bin\r\n"
                      "boot system flash:/%s\r\nboot-end-marker" % self.OLD,
                      t.run("show running-config"))
        self.assertIn("BOOT variable = \r\n", t.run("show bootvar"))
        self.reboot("IOS1")  # not saved
        self.assertEqual(self.version("IOS1"), "15.2(4)M6")
        t = self.login()
        self.boot_lines(t, "boot system flash:/new.bin",
                        "boot system flash:/" + self.OLD)
        t.run("write memory")
        self.assertIn("BOOT variable = flash:/new.bin,1;flash:/%s,1;"
                      % self.OLD, t.run("show boot"))
        self.reboot("IOS1")
        shown = self.login().run("show version")
        self.assertIn("Version 15.9(3)M1,", shown)
        self.assertIn('System image file is "flash:/new.bin"', shown)
        self.assertEqual(self.last("boot", "IOS1")["version"], "15.9(3)M1")

    def test_boot_lines_are_taken_away(self):
        t = self.ios()
        self.boot_lines(t, "boot system flash:/a", "boot system flash:/b",
                        "boot system flash:/a", "boot system flash:/c")
        for line, left in (("no boot system flash:/b", ["a", "c"]),
                           ("no boot system", [])):
            self.lines(t, "conf t", line, "end")
            self.assertEqual(re.findall(
                r"boot system flash:/(\w)", self.lab.state("IOS1")["running"]),
                left)

    def test_an_image_that_fails(self):
        t = self.ios()
        self.image("IOS1", "new.bin", "15.9(3)M1")
        self.boot_lines(t, "boot system flash:/new.bin",
                        "boot system flash:/" + self.OLD)
        t.run("write memory")
        self.lab.faults("IOS1", {"kind": "image_fails", "at": "new"})
        self.reboot("IOS1")
        self.assertEqual(self.version("IOS1"), "15.2(4)M6")
        self.assertEqual(self.last("boot", "IOS1")["tried"],
                         ["flash:/new.bin"])
        self.lab.faults("IOS1", {"kind": "image_fails"})
        self.reboot("IOS1")
        self.assertTrue(self.lab.state("IOS1")["down"])
        self.assertEqual(self.last("boot_failed", "IOS1")["tried"][:2],
                         ["flash:/new.bin", "flash:/" + self.OLD])
        self.lab.faults("IOS1")
        self.boot("IOS1")
        self.assertEqual(self.version("IOS1"), "15.9(3)M1")

    def test_missing_or_no_image_takes_the_next(self):
        t = self.ios()
        self.file("IOS1", "text.bin", b"no image\n")
        self.boot_lines(t, "boot system flash:/none.bin",
                        "boot system flash:/text.bin")
        t.run("write memory")
        self.reboot("IOS1")
        self.assertEqual(self.version("IOS1"), "15.2(4)M6")
        self.assertEqual(self.last("boot", "IOS1")["tried"],
                         ["flash:/none.bin", "flash:/text.bin"])

    def test_comes_back_as_the_old_version(self):
        t = self.ios()
        self.image("IOS1", "new.bin", "15.9(3)M1")
        self.boot_lines(t, "boot system flash:new.bin")
        t.run("write memory")
        self.lab.faults("IOS1", {"kind": "boots_old", "times": 1})
        self.reboot("IOS1")
        self.assertEqual(self.version("IOS1"), "15.2(4)M6")
        self.reboot("IOS1")
        self.assertEqual(self.version("IOS1"), "15.9(3)M1")

    def test_config_register(self):
        t = self.ios()
        self.lines(t, "conf t", "config-register 0x2142", "end")
        self.assertIn("register is 0x2102 (will be 0x2142 at next reload)",
                      t.run("show version"))
        self.assertIn("(will be 0x2142", t.run("show bootvar"))
        self.reboot("IOS1")
        self.assertTrue(self.lab.state("IOS1")["down"])
        self.assertEqual(self.last("boot_failed", "IOS1")["stop"],
                         "setup dialog")

    def test_nvram_full(self):
        t = self.ios()
        self.lines(t, "conf t", "ntp server 10.0.0.1", "end")
        self.lab.faults("IOS1", {"kind": "nvram_full", "times": 1})
        self.assertIn("%Error opening nvram:/startup-config (No space left on "
                      "device)", t.run("write memory"))
        self.assertNotIn("10.0.0.1", self.lab.state("IOS1")["startup"])
        self.assertIn("[OK]", t.run("write memory"))
        t = self.login(NXOS, "NX1# ")
        self.lab.faults("NX1", {"kind": "nvram_full"})
        self.assertIn("Configuration update aborted",
                      t.run("copy running-config startup-config"))
        self.assertEqual(self.lab.witness(event="save", device="NX1"), [])

    def test_stack_needs_it_on_every_member(self):
        t = self.ios(STACK, "STACK#")
        t.run("dir flash-2:")
        self.image("STACK", "new.bin", "15.9(3)M1")
        self.boot_lines(t, "boot system switch all flash:/new.bin")
        self.assertIn("BOOT path-list      : switch all flash:/new.bin",
                      t.run("show boot").replace(": flash", ": switch all "
                                                 "flash"))
        t.run("write memory")
        self.reboot("STACK")
        self.assertIn("V-Mismatch",
                      self.ios(STACK, "STACK#").run("show switch"))
        self.image("STACK:2", "new.bin", "15.9(3)M1")
        self.reboot("STACK")
        t = self.ios(STACK, "STACK#")
        self.assertNotIn("V-Mismatch", t.run("show switch"))
        self.assertEqual(t.run("show version").count("15.9(3)M1"), 3)

    def test_nxos(self):
        t = self.login(NXOS, "NX1# ")
        t.run("dir")
        self.image("NX1", "new.bin", "9.3(5)")
        t.run("conf t")
        self.assertIn("not an image", t.run("boot nxos bootflash:none.bin"))
        self.assertIn("Performing image verification",
                      t.run("boot nxos bootflash:new.bin"))
        t.run("end")
        self.assertIn("reload:\r\n\r\nsup-1\r\nNXOS variable = "
                      "bootflash:///nxos", t.run("show boot"))
        t.run("copy running-config startup-config")
        self.assertIn("reload:\r\n\r\nsup-1\r\nNXOS variable = "
                      "bootflash:/new.bin", t.run("show boot"))
        self.reboot("NX1")
        shown = self.login(NXOS, "NX1# ").run("show version")
        self.assertIn("NXOS: version 9.3(5)", shown)
        self.assertIn("image file is: bootflash:/new.bin", shown)

    def test_nxos_install(self):
        t = self.login(NXOS, "NX1# ")
        t.run("dir")
        self.image("NX1", "new.bin", "9.3(5)")
        self.file("NX1", "text.bin", b"no image\n")
        self.assertIn("Pre-upgrade check failed",
                      t.run("install all nxos bootflash:text.bin"))
        self.assertIn("disruptive", t.run(
            "show install all impact nxos bootflash:new.bin"))
        t.send("install all nxos bootflash:new.bin\r")
        t.expect(r"continue with the installation \(y/n\)\?  \[n\] $")
        t.send("\r")
        t.expect("aborted by user")
        t.run("terminal dont-ask")
        t.send("install all nxos bootflash:new.bin\r")
        t.expect("Finishing the upgrade")
        t.wait()
        self.boot("NX1")
        self.assertEqual(self.version("NX1"), "9.3(5)")
        self.assertIn("boot nxos bootflash:/new.bin",
                      self.lab.state("NX1")["startup"])

    def test_junos(self):
        t = self.login(JUNOS, "J1> ", setup=False)
        t.run("file list /var/tmp/")
        self.image("J1", "new.tgz", "21.4R1")
        self.assertIn("is not valid",
                      t.run("request system software add /var/tmp/none"))
        t.run("request system software add /var/tmp/new.tgz no-validate")
        self.reboot("J1")
        self.assertEqual(self.version("J1"), "21.4R1")
        t = self.login(JUNOS, "J1> ", setup=False)
        self.image("J1", "newer.tgz", "22.2R1")
        t.send("request system software add /var/tmp/newer.tgz reboot\r")
        t.expect("Shutdown NOW!")
        t.wait()
        self.boot("J1")
        self.assertEqual(self.version("J1"), "22.2R1")
        self.image("J1", "newer.tgz", "23.2R1")  # copied, not installed
        self.reboot("J1")
        self.assertEqual(self.version("J1"), "22.2R1")
        os.unlink(self.file("J1", "newer.tgz"))
        self.reboot("J1")
        self.assertEqual(self.version("J1"), "22.2R1")

    def test_install_mode(self):
        t = self.ios(XE, "XE1#")
        shown = t.run("show version")
        self.assertIn("Cisco IOS XE Software, Version 17.03.05", shown)
        self.assertIn('image file is "flash:packages.conf"', shown)
        self.image("XE1", "new.bin", "17.6.3")
        self.assertIn("IMG   C    17.3.5", t.run("show install summary"))
        self.assertIn("FAILED", t.run("install add file flash:none.bin "
                                      "activate commit prompt-level none"))
        self.lab.set("XE1", flash_bytes=1500)
        self.assertIn("Unable to find enough space", t.run(
            "install add file flash:new.bin activate commit"))
        self.lab.set("XE1", flash_bytes=1 << 20)
        t.send("install add file flash:new.bin activate commit\r")
        t.expect(r"Do you want to proceed\? \[y/n\]$")
        t.send("n")
        t.expect("XE1#")
        t.send("install add file flash:new.bin activate commit prompt-level "
               "none\r")
        t.expect("SUCCESS: install_add_activate_commit")
        t.wait()
        self.assertEqual(self.last("reload", "XE1")["why"], "install")
        self.boot("XE1")
        t = self.ios(XE, "XE1#")
        self.assertIn("Version 17.06.03", t.run("show version"))
        t.send("install remove inactive\r")
        t.expect(r"(?s)/flash/new.bin.*\[y/n\]$")
        t.send("y")
        t.expect("SUCCESS")
        self.assertFalse(os.path.exists(self.file("XE1", "new.bin")))
        self.assertTrue(os.path.exists(self.file("XE1", "packages.conf")))
        self.assertIn("Invalid input", self.login().run(
            "install add file flash:x activate commit"))


class Around(FlashCase):
    """Each: what is shown before, and what is there no more when a port
    stays down."""
    CASES = (
        ("IOS1", IOS, "IOS1#", "show cdp neighbors",
         r"CORE1 +Gi0/0 (?s:.*)CORE2 +Gi0/1 (?s:.*)displayed: 2",
         r"CORE1 +Gi0/0 (?s:.*)displayed: 1"),
        ("IOS1", IOS, "IOS1#", "show ip interface brief | include 0/1",
         r"GigabitEthernet0/1 +unassigned +YES unset +up +up",
         r"GigabitEthernet0/1 +unassigned +YES unset +down +down"),
        ("IOS1", IOS, "IOS1#", "show interfaces status",
         r"Gi0/1 +connected", r"Gi0/1 +notconnect"),
        ("IOS1", IOS, "IOS1#", "show ip route summary",
         r"Total +0 +42 ", r"Total +0 +24 "),
        ("NX1", NXOS, "NX1# ", "show cdp neighbors",
         r"CORE2 +Eth1/2", r"displayed: 1"),
        ("NX1", NXOS, "NX1# ", "show interface brief",
         r"Eth1/2 .* up ", r"Eth1/2 .* down +Link not connected"),
        ("NX1", NXOS, "NX1# ", "show ip route summary | include Total",
         r"routes: 42", r"routes: 24"),
        ("J1", JUNOS, "J1> ", "show lldp neighbors", "xe-0/0/1", "xe-0/0/0"),
        ("J1", JUNOS, "J1> ", "show interfaces terse",
         r"xe-0/0/1 +up +up", r"xe-0/0/1 +up +down"),
        ("J1", JUNOS, "J1> ", "show route summary",
         "inet.0: 42 dest", "inet.0: 24 dest"),
    )

    def test_before_and_after(self):
        for names, after in (((), False), (("port_lost",), True)):
            for device in ("IOS1", "NX1", "J1"):
                self.lab.faults(device, *[{"kind": name} for name in names])
                self.reboot(device)
            for device, address, prompt, line, good, bad in self.CASES:
                with self.subTest(line=line, after=after):
                    t = self.login(address, prompt, setup=device != "J1")
                    shown = t.run(line)
                    self.assertRegex(shown, bad if after else good)
                    if after:
                        self.assertNotRegex(shown, good)
                    else:
                        self.assertEqual(shown, t.run(line))

    def test_shutdown_shows(self):
        t = self.login()
        self.lines(t, "conf t", "interface gi0/0", "shutdown",
                   "ip address 10.1.2.3 255.255.255.0", "end")
        self.assertRegex(
            t.run("show ip interface brief"),
            "GigabitEthernet0/0 +10.1.2.3 +YES NVRAM +administratively down")

    def test_a_port_by_name(self):
        self.lab.faults("IOS1", {"kind": "port_lost", "times": 1,
                                 "text": "GigabitEthernet0/0"})
        self.reboot("IOS1")
        shown = self.login().run("show cdp neighbors")
        self.assertNotIn("CORE1", shown)
        self.assertIn("CORE2", shown)
        self.reboot("IOS1")
        self.assertIn("CORE1", self.login().run("show cdp neighbors"))


SCP_ON = "ip scp server enable\n"
NX_ON = "feature scp-server\nfeature sftp-server\n"


class Copies(FlashCase):
    """With OpenSSH's scp and sftp."""
    config = {"devices": [
        {"hostname": "IOS1", "startup": SCP_ON},
        {"hostname": "NX1", "type": "cisco_nxos", "startup": NX_ON},
        {"hostname": "J1", "type": "juniper_junos"},
        {"hostname": "XE1", "type": "cisco_xe"},
        {"hostname": "STACK", "members": 2, "startup": SCP_ON},
        {"hostname": "NX2", "type": "cisco_nxos"},
    ]}
    DATA = bytes(i * 7 % 256 for i in range(1 << 20))

    def setUp(self):
        self.lab.set("*", flash_bytes=1 << 28, copy_rate=0)
        self.lab.reset()
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = home.name
        self.local = self.write("new.bin", self.DATA)

    def write(self, name, data):
        path = os.path.join(self.home, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def run_copy(self, *argv, legacy=True, text=None, start=False):
        """scp (or sftp, with commands as TEXT); (status, what it said)."""
        askpass = self.write("askpass.sh", b"#!/bin/sh\necho lab-secret\n")
        os.chmod(askpass, 0o700)
        env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent",
               "SSH_ASKPASS": askpass, "SSH_ASKPASS_REQUIRE": "force"}
        # A batch of sftp wants no password, if it is not told before.
        program = ["sftp", "-o", "BatchMode=no", "-b", "-"] if text else [
            "scp", "-O"][:1 + legacy]
        process = subprocess.Popen(
            program + OPTIONS + [
                "-o", "UserKnownHostsFile=" + self.lab.known_hosts,
                "-o", "PreferredAuthentications=password",
                "-P", str(self.lab.port)] + list(argv),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=env, start_new_session=True)
        if start:
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.stdin.close)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            return process
        said = process.communicate((text or "").encode(), 60)[0].decode()
        return process.returncode, said

    def put(self, target, **options):
        return self.run_copy(self.local, "neteng@" + target, **options)

    def outcome(self, device):
        event = self.last("copy", device)
        return event["way"], event["to"], event["file"], event["outcome"]

    def test_scp_both_ways(self):
        self.assertEqual(self.put(IOS + ":flash:/x.bin"), (0, ""))
        self.assertEqual(self.read(self.file("IOS1", "x.bin")), self.DATA)
        self.assertEqual(self.outcome("IOS1"),
                         ("scp", "device", "x.bin", "done"))
        back = os.path.join(self.home, "back")
        self.assertEqual(self.run_copy("neteng@%s:flash:/x.bin" % IOS, back),
                         (0, ""))
        self.assertEqual(self.read(back), self.DATA)
        self.assertEqual(self.outcome("IOS1"),
                         ("scp", "client", "x.bin", "done"))
        self.assertEqual(self.last("copy", "IOS1")["bytes"], 1 << 20)

    def test_scp_of_nothing_and_of_a_name_with_a_blank(self):
        self.local = self.write("empty", b"")
        self.assertEqual(self.put(IOS + ":flash:"), (0, ""))
        self.assertEqual(self.read(self.file("IOS1", "empty")), b"")
        self.local = self.write("a b", b"blank")
        self.assertEqual(self.put(IOS + ":flash:"), (0, ""))
        self.assertEqual(self.read(self.file("IOS1", "a b")), b"blank")

    def test_scp_must_be_enabled(self):
        for address in (XE, NXOS[:-1] + "6"):
            status, said = self.put(address + ":flash:/x.bin")
            self.assertEqual(status, 1)
            self.assertIn("Administratively disabled.", said)

    def test_scp_takes_its_argument_as_it_is(self):
        status, said = self.put(IOS + ":'flash:/x.bin'")
        self.assertEqual(status, 1)
        self.assertIn("%Error opening 'flash:/x.bin' (No such device)", said)
        self.assertEqual(self.put(NXOS + ":'bootflash:/x.bin'"), (0, ""))

    def test_scp_refusals(self):
        self.assertEqual(
            self.run_copy("neteng@%s:flash:none" % IOS, self.home),
            (1, "%Error opening flash:none (No such file or directory)\n"))
        self.lab.set("IOS1", flash_bytes=1 << 19)
        status, said = self.put(IOS + ":flash:/x.bin")
        self.assertEqual(status, 1)
        self.assertIn("No space left on device", said)
        self.assertFalse(os.path.exists(self.file("IOS1", "x.bin")))

    def test_scp_to_a_member(self):
        self.assertEqual(self.put(STACK + ":flash-2:/x.bin"), (0, ""))
        self.assertEqual(self.read(self.file("STACK:2", "x.bin")), self.DATA)

    def test_cut_at_any_byte(self):
        for size in (0, 1, 70000, (1 << 20) - 1, 1 << 20):
            with self.subTest(bytes=size):
                self.lab.faults("IOS1", {"kind": "copy_cut", "bytes": size,
                                         "times": 1, "at": "x.bin"})
                self.assertNotEqual(self.put(IOS + ":flash:/x.bin")[0], 0)
                self.assertEqual(self.read(self.file("IOS1", "x.bin")),
                                 self.DATA[:size])
                self.assertEqual(self.outcome("IOS1")[3], "cut")
        self.assertEqual(self.put(IOS + ":flash:/x.bin"), (0, ""))
        self.lab.faults("IOS1", {"kind": "copy_cut", "bytes": 70000})
        back = os.path.join(self.home, "back")
        self.assertNotEqual(self.run_copy(
            "neteng@%s:flash:/x.bin" % IOS, back)[0], 0)
        self.assertLessEqual(len(self.read(back)), 70000)

    def test_full_and_corrupted(self):
        self.lab.faults("IOS1", {"kind": "copy_full", "bytes": 5000,
                                 "times": 1})
        status, said = self.put(IOS + ":flash:/x.bin")
        self.assertEqual(status, 1)
        self.assertIn("No space left on device", said)
        self.assertEqual(self.read(self.file("IOS1", "x.bin")),
                         self.DATA[:5000])
        self.lab.faults("IOS1", {"kind": "copy_corrupts", "bytes": 5000,
                                 "times": 1})
        self.assertEqual(self.put(IOS + ":flash:/x.bin"), (0, ""))
        got = self.read(self.file("IOS1", "x.bin"))
        self.assertEqual(len(got), len(self.DATA))
        self.assertEqual([i for i, (a, b) in enumerate(zip(got, self.DATA))
                          if a != b], [5000])

    def test_stalled(self):
        self.lab.faults("IOS1", {"kind": "copy_stalls", "bytes": 5000})
        process = self.run_copy(
            self.local, "neteng@%s:flash:/x.bin" % IOS, start=True)
        self.until(lambda: self.lab.witness(
            event="fault", kind="copy_stalls", device="IOS1"))
        self.assertIsNone(process.poll())
        self.lab.control({"do": "drop", "device": "IOS1"})
        self.assertNotEqual(process.wait(20), 0)
        self.assertEqual(len(self.read(self.file("IOS1", "x.bin"))), 5000)

    def pull(self, t, target="flash:", source="x.bin", password="lab-secret"):
        t.send("copy scp://neteng@%s:%d/flash:/%s %s\r"
               % (STACK, self.lab.port, source, target))
        t.expect(r"Destination filename \[%s\]\? $" % source)
        t.send("got.bin\r")
        if os.path.exists(self.file("IOS1", "got.bin")):
            t.expect(r"%Warning:There is a file already existing with this "
                     r"name \r\nDo you want to over write\? \[confirm\]$")
            t.send("\r")
        t.expect("Password: $")
        t.send(password + "\r")
        return t.expect("IOS1#")

    def test_the_device_fetches(self):
        self.assertEqual(self.put(STACK + ":flash:/x.bin"), (0, ""))
        t = self.ios()
        for _ in range(2):  # the second one over the first
            self.assertRegex(
                self.pull(t), r"!{16}\r\n\[OK - 1048576 bytes\]\r\n\r\n1048576 "
                r"bytes copied in \d+\.\d+ secs \(\d+ bytes/sec\)")
        self.assertEqual(self.read(self.file("IOS1", "got.bin")), self.DATA)
        self.assertEqual(self.outcome("IOS1"),
                         ("pull", "device", "got.bin", "done"))
        self.assertNotIn("lab-secret", str(self.lab.witness()))
        self.assertIn("(Permission denied)", self.pull(t, password="other"))
        self.assertIn("(No such file or directory)",
                      self.pull(t, source="none"))
        self.lab.faults("IOS1", {"kind": "copy_cut", "bytes": 70000,
                                 "times": 1})
        self.assertIn("%Error reading scp://", self.pull(t))
        self.assertEqual(self.read(self.file("IOS1", "got.bin")),
                         self.DATA[:70000])
        self.lab.faults("STACK", {"kind": "copy_cut", "bytes": 70000})
        self.assertIn("%Error", self.pull(t))
        self.assertEqual(self.outcome("IOS1")[3], "given up")
        self.lab.set("IOS1", flash_bytes=1 << 19)
        self.lab.faults("STACK")
        self.assertIn("No space left on device", self.pull(t))

    def test_the_others_fetch(self):
        self.assertEqual(self.put(STACK + ":flash:/x.bin"), (0, ""))
        url = "scp://neteng@%s:%d/flash:/" % (STACK, self.lab.port)
        for address, name, prompt, line in (
                (NXOS, "NX1", "NX1# ",
                 "copy %sx.bin bootflash:got.bin vrf management"),
                (JUNOS, "J1", "J1> ", "file copy %sx.bin /var/tmp/got.bin")):
            t = self.login(address, prompt, setup=address == NXOS)
            line %= url
            t.send(line + "\r")
            for _ in range(3):
                t.expect(r"neteng@%s's password: $" % STACK)
                t.send("other\r")
            t.expect(r"Permission denied \(password\)\.\r\n(?s:.*)" + prompt)
            self.assertFalse(os.path.exists(self.file(name, "got.bin")))
            self.lab.faults(name, {"kind": "asks_host_key", "times": 2})
            t.send(line + "\r")
            t.expect(r"continue connecting \(yes/no\)\? $")
            t.send("no\r")
            t.expect("verification failed(?s:.*)" + prompt)
            t.send(line + "\r")
            t.expect(r"continue connecting \(yes/no\)\? $")
            t.send("yes\r")
            t.expect("password: $")
            t.send("lab-secret\r")
            t.expect("100%(?s:.*)" + prompt)
            self.assertEqual(self.read(self.file(name, "got.bin")), self.DATA)
            self.assertEqual(self.outcome(name),
                             ("pull", "device", "got.bin", "done"))
        self.assertNotIn("lab-secret", str(self.lab.witness()))

    def test_nxos_asks_whether_to_replace(self):
        self.assertEqual(self.put(STACK + ":flash:/x.bin"), (0, ""))
        t = self.login(NXOS, "NX1# ")
        for answer, kept in (("n", True), ("y", False)):
            self.file("NX1", "got.bin", b"old")
            t.send("copy scp://neteng@%s:%d/flash:/x.bin bootflash:got.bin "
                   "vrf management\r" % (STACK, self.lab.port))
            t.expect(r"already a file(?s:.*)overwrite \(y/n\)\?\[n\] $")
            t.send(answer + "\r")
            if not kept:
                t.expect("password: $")
                t.send("lab-secret\r")
            t.expect("NX1# ")
            self.assertEqual(
                self.read(self.file("NX1", "got.bin")) == b"old", kept)

    def test_the_device_asks_where(self):
        self.assertEqual(self.put(STACK + ":flash:/x.bin"), (0, ""))
        t = self.ios()
        for line, question in (
                ("copy scp: flash:", r"Address or name of remote host \[\]\? $"),
                (STACK, r"Source username \[neteng\]\? $"),
                ("", r"Source filename \[\]\? $"),
                ("flash:/x.bin", r"Destination filename \[x.bin\]\? $"),
                ("", r"Password: $"),
                ("lab-secret", r"(?s)%Error opening scp://.*IOS1#$")):
            t.send(line + "\r")  # port 22 of the host is none of ours
            t.expect(question)

    def test_erase_before(self):
        self.assertEqual(self.put(STACK + ":flash:/x.bin"), (0, ""))
        old = self.file("IOS1", "old.bin")
        for answer, kept in (("n", True), ("\r", False)):
            t = self.ios()
            self.file("IOS1", "old.bin", b"old")
            self.lab.faults("IOS1", {"kind": "asks_erase"})
            t.send("copy scp://neteng@%s:%d/flash:/x.bin flash:\r"
                   % (STACK, self.lab.port))
            t.expect(r"filename \[x.bin\]\? $")
            t.send("%s.bin\r" % kept)
            t.expect(r"Erase flash: before copying\? \[confirm\]$")
            t.send(answer)
            t.expect("Password: $")
            t.send("lab-secret\r")
            t.expect("(?s)bytes copied.*IOS1#")
            self.assertEqual(os.path.exists(old), kept)

    def test_copies_inside(self):
        t = self.ios()
        self.assertEqual(self.put(IOS + ":flash:/x.bin"), (0, ""))
        t.send("copy flash:x.bin flash:y.bin\r")
        t.expect(r"Destination filename \[y.bin\]\? $")
        t.send("\r")
        t.expect("(?s)1048576 bytes copied.*IOS1#")
        self.assertEqual(self.read(self.file("IOS1", "y.bin")), self.DATA)
        self.assertIn("bytes copied", t.run("copy running-config flash:r.cfg"))
        self.assertIn(b"hostname IOS1", self.read(self.file("IOS1", "r.cfg")))

    def test_a_rate(self):
        self.lab.set("*", copy_rate=4 << 20)
        for target in (IOS + ":flash:/x.bin", NXOS + ":bootflash:x.bin"):
            start = time.monotonic()
            self.assertEqual(self.put(
                target, legacy=target.startswith(IOS)), (0, ""))
            self.assertGreater(time.monotonic() - start, 0.2)
        back = os.path.join(self.home, "back")
        start = time.monotonic()
        self.assertEqual(self.run_copy("neteng@%s:flash:/x.bin" % IOS, back),
                         (0, ""))
        self.assertGreater(time.monotonic() - start, 0.2)
        self.assertEqual(self.read(back), self.DATA)

    def test_sftp_both_ways(self):
        for device, target in (("NX1", NXOS + ":bootflash:x.bin"),
                               ("J1", JUNOS + ":/var/tmp/x.bin")):
            self.assertEqual(self.put(target, legacy=False), (0, ""))
            self.assertEqual(self.read(self.file(device, "x.bin")), self.DATA)
            self.assertEqual(self.outcome(device),
                             ("sftp", "device", "x.bin", "done"))
            back = os.path.join(self.home, "back" + device)
            self.assertEqual(self.run_copy("neteng@" + target, back,
                                           legacy=False), (0, ""))
            self.assertEqual(self.read(back), self.DATA)
            self.assertEqual(self.outcome(device),
                             ("sftp", "client", "x.bin", "done"))
            self.local = self.write("small", b"less")
            self.assertEqual(self.put(target, legacy=False), (0, ""))
            self.assertEqual(self.read(self.file(device, "x.bin")), b"less")
            self.local = os.path.join(self.home, "new.bin")

    def test_channel_after_channel(self):
        """OpenSSH's master asks for them one after the other."""
        path = os.path.join(self.home, "master")
        with Terminal(self.lab, JUNOS, tty=False, command="scp -f none", extra=[
                "-M", "-S", path, "-o", "ControlPersist=yes"]) as t:
            self.until(lambda: t.process.poll() is not None)
            back = os.path.join(self.home, "back")
            self.file("J1", "x.bin", self.DATA)
            for legacy in (True, False, True):
                self.assertEqual(self.run_copy(
                    "-o", "ControlPath=" + path, "neteng@%s:/var/tmp/x.bin"
                    % JUNOS, back, legacy=legacy), (0, ""))
                self.assertEqual(self.read(back), self.DATA)
            self.assertEqual(
                self.lab.stats()["devices"]["J1"]["connections"], 1)
            subprocess.run(["ssh", "-F", "none", "-S", path, "-O", "exit",
                            "x"], check=True, capture_output=True)

    def test_sftp_by_hand(self):
        self.file("J1", "new.bin", self.DATA[:300000])
        status, said = self.run_copy(
            "neteng@" + JUNOS, text="put %s y.bin\nls -l\nrm y.bin\n"
            "-ls y.bin\nreput %s\n" % ((self.local,) * 2))
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"1048576 .* y.bin")
        self.assertFalse(os.path.exists(self.file("J1", "y.bin")))
        self.assertEqual(self.read(self.file("J1", "new.bin")), self.DATA)
        self.assertEqual(self.last("copy", "J1")["bytes"],
                         (1 << 20) - 300000)

    def test_sftp_refusals(self):
        for address in (IOS, XE, NXOS[:-1] + "6"):
            self.assertIn("subsystem request failed",
                          self.put(address + ":x", legacy=False)[1])
        self.lab.set("NX1", flash_bytes=1 << 19)
        status, said = self.put(NXOS + ":x.bin", legacy=False)
        self.assertEqual(status, 1)
        self.assertEqual(self.outcome("NX1")[3], "no space")
        self.lab.set("NX1", flash_bytes=1 << 28)
        self.lab.faults("NX1", {"kind": "copy_cut", "bytes": 70000})
        self.assertNotEqual(self.put(NXOS + ":y.bin", legacy=False)[0], 0)
        self.assertEqual(self.read(self.file("NX1", "y.bin")),
                         self.DATA[:70000])


class HalfOpen(FlashCase):
    config = dict(CONFIG, down="silence")

    def test_old_connections_hang_and_new_ones_hear_nothing(self):
        t = self.login()
        self.reload(t)
        self.until(lambda: self.lab.witness(event="reload", device="IOS1"))
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
