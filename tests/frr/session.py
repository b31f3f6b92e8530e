"""A terminal on a router, through OpenSSH's client: for tests that need an
opinion other than netpush's own on what the router says, byte by byte."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time


def ssh(router, *command, method="publickey", options=()):
    """argv and environment for an ssh to the router by one method only."""
    argv = ["ssh", "-F", "none", "-e", "none",
            "-o", "UserKnownHostsFile=" + router.known_hosts,
            "-o", "GlobalKnownHostsFile=/dev/null",
            "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR",
            "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
            "-o", "NumberOfPasswordPrompts=1",
            "-o", "PreferredAuthentications=" + method,
            "-i", router.key, "-p", str(router.port), *options,
            "%s@%s" % (router.username, router.address), *command]
    return argv


def askpass(router, password):
    """An environment in which ssh is told the password by a program."""
    path = router.path("askpass")
    with open(path, "w") as file:
        file.write("#!/bin/sh\nprintf '%s\\n' \"$ROUTER_PASSWORD\"\n")
    os.chmod(path, 0o700)
    return dict(os.environ, SSH_ASKPASS=path, SSH_ASKPASS_REQUIRE="force",
                ROUTER_PASSWORD=password)


class Session:
    """vtysh on a pty. read() returns the bytes as they came."""

    def __init__(self, router, term="vt100", columns=511, rows=24):
        self.terminal, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            ssh(router, options=("-tt",)), stdin=child, stdout=child,
            stderr=child, env=dict(os.environ, TERM=term),
            start_new_session=True)
        os.close(child)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def read_until(self, end, timeout=20):
        """Until the text ends in END (bytes), or the session is over."""
        text = b""
        deadline = time.monotonic() + timeout
        while not text.endswith(end):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.terminal], [], [], left)[0]:
                raise TimeoutError("no %r in %r" % (end, text))
            try:
                more = os.read(self.terminal, 65536)
            except OSError:  # EIO: the other side is closed
                more = b""
            if not more:
                break
            text += more
        return text

    def send(self, text):
        os.write(self.terminal, text)

    def ask(self, line, end):
        self.send(line + b"\r")
        return self.read_until(end)

    def close(self):
        """As if the terminal was cut off: vtysh gets no word of farewell."""
        self.process.terminate()
        self.process.wait()
        os.close(self.terminal)
