"""Many hosts on one machine, for the parallel shell: real OpenSSH servers on
addresses of 127.0.0.0/8, all at one port.

    with Farm(2000) as farm:             # one sshd that has 2,000 addresses
    with Farm(8, apart=True) as farm:    # one sshd each, that share no files
        farm.hosts, farm.port, farm.identity, farm.known_hosts
        farm.ssh_config                  # for `ssh -F`

Servers have a mount namespace each with an empty home, and those that are
apart a /tmp of their own too; farm.path_at(host, path) is where this process
finds a file of theirs. The login is the user who runs this (root), with a key
that was made for it.
"""

import os
import pwd
import shutil
import tempfile
import unittest

from sshd import SSHD, Sshd, free_port

# Patience for machines on which all hosts are the same two processors.
OPTIONS = {"MaxStartups": "4096", "LoginGraceTime": "300",
           "PrintMotd": "no", "PrintLastLog": "no",
           "Subsystem": "sftp internal-sftp"}

# An empty home, so that no .bashrc has a say, and perhaps a /tmp of its own.
HOME = """mount -t tmpfs -o mode=700 tmpfs "$0" && exec "$@" """
APART = "mount -t tmpfs -o mode=1777 tmpfs /tmp && " + HOME

SSH_CONFIG = """Port {port}
User {user}
IdentityFile {identity}
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile {known_hosts}
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
BatchMode yes
GSSAPIAuthentication no
"""

needs_root = unittest.skipUnless(
    os.geteuid() == 0 and os.path.exists(SSHD),
    "needs root and openssh-server")


class Farm:
    def __init__(self, count=1, apart=False, **options):
        """OPTIONS are sshd's own, MaxStartups="3" or RekeyLimit="1M none"."""
        self.apart = apart
        self.hosts = ["127.20.%d.%d" % (i // 250, i % 250 + 1)
                      for i in range(count)]
        self.user = pwd.getpwuid(os.getuid())
        # One that answers at every address is for this machine alone.
        options = {**OPTIONS, **options,
                   "AllowUsers": self.user.pw_name + "@127.0.0.0/8"}
        self.lines = tuple("%s %s" % option for option in options.items())
        self.servers = {}  # by address; one for all is at ""
        # Not below /tmp nor in a home: hosts that are apart hide those.
        self.dir = tempfile.mkdtemp(prefix="netpush-farm-", dir="/var/tmp")

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def start(self):
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self):
        for _ in range(5):
            self.port = free_port()
            if self._start_servers():
                break
            self._stop_servers()
        else:
            raise AssertionError("no port is free on all of 127.20.0.0/16")
        first = next(iter(self.servers.values()))
        self.identity = first.identity
        self.known_hosts = self._write("known_hosts", "".join(
            "[%s]:%d %s\n" % (address or "127.20.*", self.port,
                              server.host_key())
            for address, server in self.servers.items()))
        self.ssh_config = self._write("ssh_config", SSH_CONFIG.format(
            port=self.port, user=self.user.pw_name, identity=self.identity,
            known_hosts=self.known_hosts))

    def _start_servers(self):
        wrapper = ("unshare", "-m", "--propagation", "private", "sh", "-c",
                   APART if self.apart else HOME, self.user.pw_dir)
        addresses = self.hosts if self.apart else ("",)
        for address in addresses:
            server = self._server(address, wrapper)
            if not server:
                return False
            self.servers[address] = server
        return True

    def _server(self, address, wrapper):
        directory = self.path("sshd" + address)
        os.makedirs(directory, exist_ok=True)
        if self.servers:  # one key logs in everywhere
            for name in ("user", "user.pub"):
                shutil.copy(self.path("sshd" + self.hosts[0], name), directory)
        try:
            return Sshd(directory, *self.lines, address=address or "0.0.0.0",
                        port=self.port, wrapper=wrapper)
        except AssertionError:
            return None

    def _write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def hosts_file(self, hosts=None):
        """A file with a host a line, for -f and its like."""
        return self._write("hosts", "".join(
            host + "\n" for host in hosts or self.hosts))

    def path_at(self, host, path):
        """PATH on HOST, as seen from here."""
        server = self.servers[host if self.apart else ""]
        return "/proc/%d/root%s" % (server.process.pid, path)

    def _stop_servers(self):
        for server in self.servers.values():
            server.stop()
        self.servers = {}

    def stop(self):
        self._stop_servers()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *failure):
        self.stop()
