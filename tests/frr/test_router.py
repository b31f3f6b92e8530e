#!/usr/bin/env python3
"""The fixture itself: is it a real router, does it leave the machine alone,
and is what tests/frr/TRANSCRIPT.md says still what FRR does?"""
import os
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import router as fixture  # noqa: E402
from router import Router  # noqa: E402
from session import Session, askpass, ssh  # noqa: E402

EXEC = b"R1# "
CONFIG = b"R1(config)# "


def processes(text):
    """The pids whose command line holds TEXT."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                if text.encode() in file.read() and int(pid) != os.getpid():
                    found.append(int(pid))
        except OSError:
            pass
    return found


def machine():
    """What a test could have changed by mistake."""
    state = []
    for path in ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/frr",
                 "/etc/frr/frr.conf", "/etc/pam.d/sshd"):
        if os.path.exists(path):
            found = os.stat(path)
            state.append((path, found.st_ino, found.st_mtime_ns,
                          found.st_size, found.st_uid))
    state.append(sorted(os.listdir("/run")))
    if os.path.exists("/run/frr"):
        state.append(sorted(os.listdir("/run/frr")))
    with open("/proc/mounts") as file:
        state.append([line for line in file if "netpush-frr" in line])
    with open("/proc/net/route") as file:
        state.append(file.read())
    state.append(socket.gethostname())
    return state


class TheMachine(unittest.TestCase):
    def test_is_as_it_was(self):
        before = machine()
        with Router(hostname="OTHER") as router:
            router.vtysh("configure terminal", "ip route 10.99.0.0/16 Null0",
                         "interface lo", "ip address 10.99.1.1/32")
            router.vtysh("write memory")
            self.assertEqual(before, machine())
            directory = router.directory
        self.assertEqual(before, machine())
        self.assertFalse(os.path.exists(directory))
        self.assertEqual(processes(directory), [])

    def test_nothing_lives_on_when_the_test_is_killed(self):
        child = subprocess.Popen(
            [sys.executable, "-B", fixture.__file__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        words = child.stdout.readline().split()
        port = int(words[0].split(":")[1])
        directory = os.path.dirname(words[-1])
        self.assertTrue(processes(directory))
        child.send_signal(signal.SIGKILL)
        child.wait()
        deadline = time.monotonic() + 20
        while processes(directory) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(processes(directory), [])
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", port), 2).close()
        subprocess.run(["rm", "-rf", directory], check=True)
        child.stdin.close()
        child.stdout.close()


class Login(unittest.TestCase):
    def login(self, router, method, password):
        return subprocess.run(
            ssh(router, "show version", method=method),
            env=askpass(router, password), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60)

    def test_each_method_and_a_wrong_password(self):
        with Router() as router:
            for method in ("password", "keyboard-interactive"):
                with self.subTest(method):
                    bad = self.login(router, method, "wrong")
                    self.assertEqual(bad.returncode, 255, bad)
                    self.assertIn("Permission denied", bad.stderr)
                    good = self.login(router, method, router.password)
                    self.assertEqual(good.returncode, 0, good)
                    self.assertIn("FRRouting", good.stdout)
            good = self.login(router, "publickey", "")
            self.assertIn("FRRouting", good.stdout)
            self.assertIn("Accepted keyboard-interactive", router.sshd_log())

    def test_a_method_that_is_switched_off(self):
        with Router(methods=("keyboard-interactive",)) as router:
            for method in ("password", "publickey"):
                bad = self.login(router, method, router.password)
                self.assertEqual(bad.returncode, 255, bad)
            good = self.login(router, "keyboard-interactive", router.password)
            self.assertEqual(good.returncode, 0, good)


class Vtysh(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.router = Router().start()

    @classmethod
    def tearDownClass(cls):
        cls.router.stop()

    def setUp(self):
        self.router.vtysh("configure terminal", "no access-list T")
        self.session = Session(self.router)
        self.banner = self.session.read_until(EXEC)

    def tearDown(self):
        self.session.close()

    def config(self, *lines):
        self.session.ask(b"configure terminal", CONFIG)
        return [self.session.ask(line, CONFIG) for line in lines]

    def test_login_and_exit(self):
        self.assertTrue(self.banner.startswith(
            b"\r\nHello, this is FRRouting (version "), self.banner)
        self.assertEqual(self.session.ask(b"", EXEC), b"\r\nR1# ")
        self.session.send(b"exit\r")
        self.session.read_until(b"never", timeout=20)
        self.assertEqual(self.session.process.wait(10), 0)

    def test_refusals(self):
        for line, text in (
                (b"bogus here", b"% Unknown command: bogus here"),
                (b"access-list T seq", b"% Command incomplete: "
                                       b"access-list T seq"),
                (b"a", b"% Ambiguous command: a")):
            self.session.ask(b"configure terminal", CONFIG)
            self.assertEqual(self.session.ask(line, CONFIG),
                             line + b"\r\n" + text + b"\r\n" + CONFIG)
            self.session.ask(b"end", EXEC)

    def test_an_access_list(self):
        answers = self.config(
            b"no access-list T",
            b"access-list T seq 5 permit 10.0.0.0/8",
            b"access-list T seq 5 deny 10.0.0.0/8",      # replaces it
            b"access-list T seq 7 deny 10.0.0.0/8",      # ignored: is there
            b"access-list T permit host 192.0.2.1",      # gets a number
            b"access-list T remark first",
            b"access-list T remark second",              # one for the list
            b"no access-list T seq 99 permit any")
        for answer in answers:
            self.assertEqual(answer.count(b"\r\n"), 1, answer)
        self.assertEqual(
            [line for line in self.router.vtysh("show running-config")
             .splitlines() if line.startswith("access-list T")],
            ["access-list T remark second",
             "access-list T seq 5 deny 10.0.0.0/8",
             "access-list T seq 10 permit 192.0.2.1"])
        self.session.ask(b"end", EXEC)
        self.assertEqual(
            self.session.ask(b"show ip access-list T", EXEC),
            b"show ip access-list T\r\nZEBRA:\r\nZebra IP access list T\r\n"
            b"    seq 5 deny   10.0.0.0/8\r\n"
            b"    seq 10 permit 192.0.2.1\r\n" + EXEC)

    def test_a_question_mark_is_help_unless_quoted(self):
        plain, quoted = self.config(b"access-list T remark why? me",
                                    b"access-list T remark why\x16? me")
        self.assertIn(b"Comment up to 100 characters", plain)
        self.assertEqual(quoted, b"access-list T remark why? me\r\n" + CONFIG)
        self.assertIn("access-list T remark why? me",
                      self.router.vtysh("show running-config"))

    def test_a_header_is_accepted_by_a_daemon_that_does_not_run(self):
        self.session.ask(b"configure terminal", CONFIG)
        self.assertEqual(
            self.session.ask(b"router bgp 65000", b"R1(config-router)# "),
            b"router bgp 65000\r\nbgpd is not running\r\nR1(config-router)# ")

    def test_no_paging_after_terminal_length_0(self):
        self.config(*(b"access-list T seq %d permit 10.%d.0.0/16" % (n, n)
                      for n in range(1, 41)))
        self.session.ask(b"end", EXEC)
        self.session.ask(b"terminal length 0", EXEC)
        text = self.session.ask(b"show running-config", EXEC)
        self.assertEqual(text.count(b"access-list T"), 40)
        self.assertNotIn(b"\x1b", text)

    def test_saved_configuration_survives_a_restart(self):
        self.config(b"access-list T seq 5 permit 10.5.0.0/16")
        self.session.ask(b"end", EXEC)
        self.assertTrue(self.session.ask(b"write memory", EXEC).endswith(
            b"Building Configuration...\r\nIntegrated configuration saved to "
            b"/etc/frr/frr.conf\r\n[OK]\r\nR1# "))
        self.session.ask(b"configure terminal", CONFIG)
        self.session.ask(b"access-list T seq 6 permit 10.6.0.0/16", CONFIG)
        self.assertIn("10.5.0.0/16", self.router.startup_config())
        self.assertNotIn("10.6.0.0/16", self.router.startup_config())
        self.router.restart()
        config = self.router.vtysh("show running-config")
        self.assertIn("access-list T seq 5 permit 10.5.0.0/16", config)
        self.assertNotIn("10.6.0.0/16", config)


if __name__ == "__main__":
    why = fixture.unavailable()
    if why:
        print("skipped: " + why)
        sys.exit(77)
    unittest.main(verbosity=2)
