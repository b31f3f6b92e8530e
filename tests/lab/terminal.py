"""A terminal on a simulated device, through OpenSSH's client: the lab is
judged by a client that was not written for it."""

import os
import re
import select
import subprocess
import tempfile
import time

OPTIONS = ["-F", "none", "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR",
           "-o", "IdentityFile=none", "-o", "GlobalKnownHostsFile=none",
           "-o", "NumberOfPasswordPrompts=1", "-o", "ConnectTimeout=20",
           "-o", "StrictHostKeyChecking=yes"]


class Terminal:
    def __init__(self, lab, address, password="lab-secret", user="neteng",
                 auth="password", command=None, extra=(), tty=True):
        self._askpass = tempfile.NamedTemporaryFile(
            "w", suffix=".sh", delete=False)
        self._askpass.write("#!/bin/sh\necho \"$LAB_PASSWORD\"\n")
        self._askpass.close()
        os.chmod(self._askpass.name, 0o700)
        env = {"PATH": os.environ["PATH"], "LAB_PASSWORD": password,
               "HOME": "/nonexistent", "TERM": "xterm",
               "SSH_ASKPASS": self._askpass.name,
               "SSH_ASKPASS_REQUIRE": "force"}
        argv = ["ssh"] + list(extra) + OPTIONS + [  # the first one counts
            "-o", "PreferredAuthentications=" + auth,
            "-o", "UserKnownHostsFile=" + lab.known_hosts,
            "-p", str(lab.port), "-l", user] + (["-tt"] if tty else []) + [
            address] + ([command] if command else [])
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=env, start_new_session=True)
        self.seen = ""   # all that the device sent
        self.fresh = ""  # since the last expect

    def send(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def _read(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise AssertionError("timeout; seen: %r" % self.fresh)
        ready, _, _ = select.select([self.process.stdout], [], [], left)
        if not ready:
            return True
        data = os.read(self.process.stdout.fileno(), 65536)
        text = data.decode(errors="replace")
        self.seen += text
        self.fresh += text
        return bool(data)

    def expect(self, pattern, timeout=20):
        """Reads up to the end of PATTERN; returns the text up to there."""
        deadline = time.monotonic() + timeout
        regex = re.compile(pattern)
        while True:
            match = regex.search(self.fresh)
            if match:
                text = self.fresh[:match.end()]
                self.fresh = self.fresh[match.end():]
                return text
            if not self._read(deadline):
                raise AssertionError("closed; seen: %r, %r"
                                     % (self.fresh, self.errors()))

    def run(self, line, prompt=r"[\w.-]+(\([\w-]+\))?[#>] ?$"):
        self.send(line + "\r")
        return self.expect(prompt)

    def errors(self):
        self.process.wait(20)
        return self.process.stderr.read().decode(errors="replace")

    def wait(self, timeout=20):
        """Reads until the device closes; returns ssh's exit status."""
        deadline = time.monotonic() + timeout
        while self._read(deadline):
            pass
        return self.process.wait(timeout)

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        for pipe in (self.process.stdin, self.process.stdout,
                     self.process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass
        os.unlink(self._askpass.name)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()
