"""Debian's own sshd for one test, and the driver of netpush's SSH layer
(tests/tools/ssh_driver.c) that is pointed at it."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import unittest

from harness import wait_until

SSHD = "/usr/sbin/sshd"
DRIVER = os.environ.get("NETPUSH_DRIVER") or os.path.join(
    os.path.dirname(os.environ["NETPUSH_BINARY"]), "tests", "tools",
    "ssh-driver")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sshd:
    """One server with LINES in its configuration. The port is free when it is
    chosen; a server that lost it to somebody else is started again, unless
    the port was given. WRAPPER is what it is started by."""

    def __init__(self, directory, *lines, address="127.0.0.1", port=None,
                 wrapper=()):
        self.directory, self.address = directory, address
        self.wrapper = list(wrapper)
        self.log_path = os.path.join(directory, "sshd.log")
        os.makedirs("/run/sshd", exist_ok=True)
        for name in ("host", "user"):
            path = os.path.join(directory, name)
            if not os.path.exists(path):
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                                "-f", path], check=True)
        self.identity = os.path.join(directory, "user")
        for _ in range(1 if port else 5):
            self.port = port or free_port()
            if self._start(lines):
                return
        raise AssertionError("sshd: " + self.log())

    def _start(self, lines):
        config = os.path.join(self.directory, "sshd_config")
        with open(config, "w", encoding="utf-8") as file:
            file.write("\n".join(lines + (
                "Port %d" % self.port, "ListenAddress " + self.address,
                "HostKey " + os.path.join(self.directory, "host"),
                "PidFile none", "UsePAM no", "StrictModes no",
                "AuthorizedKeysFile " + self.identity + ".pub",
                "PermitRootLogin yes", "LogLevel VERBOSE", "")))
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.wrapper + [SSHD, "-D", "-e", "-f", config],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=log)
        wait_until(lambda: "listening" in self.log()
                   or self.process.poll() is not None, "the start of sshd")
        return self.process.poll() is None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def host_key(self):
        """Its kind and itself, as in known_hosts."""
        with open(os.path.join(self.directory, "host.pub"),
                  encoding="ascii") as file:
            return " ".join(file.read().split()[:2])

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait()


@unittest.skipUnless(os.geteuid() == 0 and os.path.exists(SSHD),
                     "needs root and openssh-server")
class SshdCase(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="netpush-sshd-")
        self.addCleanup(holder.cleanup)
        self.tmp = holder.name
        self.port = None

    def path(self, *names):
        return os.path.join(self.tmp, *names)

    def start_sshd(self, *lines):
        self.sshd = Sshd(self.tmp, *lines)
        self.addCleanup(self.sshd.stop)
        self.port = self.sshd.port

    def start_driver(self, *argv, **more):
        return subprocess.Popen(
            [DRIVER, str(self.port), self.sshd.identity,
             self.path("report.json")] + [str(word) for word in argv], **more)

    def report(self):
        with open(self.path("report.json"), encoding="utf-8") as file:
            return json.load(file)

    def drive(self, *argv, stdin=b"", expect=0):
        """Runs it to its end. The report, with what it said."""
        driver = self.start_driver(
            *argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        out, errors = driver.communicate(stdin, timeout=120)
        report = self.report()
        report["stdout"], report["stderr"] = out, errors
        self.assertEqual(driver.returncode, expect, report["message"])
        return report
