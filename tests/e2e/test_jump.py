"""Devices behind a jump host: a real OpenSSH server between netpush and the
lab, reached by OpenSSH's own client."""

import os
import signal
import socket
import subprocess

from harness import Case, main, wait_until

SSHD, SSH = "/usr/sbin/sshd", "/usr/bin/ssh"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Jump(Case):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0 or not os.path.exists(SSHD):
            self.skipTest("needs root and openssh-server")
        self.start_lab("R1", {"hostname": "N1", "type": "cisco_nxos"})
        self.start_sshd()
        # The client reads root's own files, whatever HOME says: ours is
        # found first and is told which to read.
        os.mkdir(self.path("bin"))
        wrapper = self.write(
            "bin/ssh", "#!/bin/sh\nexec %s -F %s \"$@\"\n" %
            (SSH, self.path("client")), 0o700)
        self.write("client", "IdentityFile %s\nUserKnownHostsFile %s\n"
                   "IdentitiesOnly yes\n" %
                   (self.path("user"), self.path("jump_hosts")))
        self.env = {"PATH": os.path.dirname(wrapper) + ":" +
                    os.environ["PATH"]}

    def path(self, name):
        return os.path.join(self.tmp, name)

    def start_sshd(self):
        for name in ("host", "user", "stranger"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                            "-f", self.path(name)], check=True)
        os.makedirs("/run/sshd", exist_ok=True)
        self.jump_port = free_port()
        with open(self.path("host.pub"), encoding="utf-8") as file:
            self.write("jump_hosts", "[127.0.0.1]:%d %s" %
                       (self.jump_port, file.read()))
        config = self.write("sshd", "\n".join([
            "Port %d" % self.jump_port, "ListenAddress 127.0.0.1",
            "HostKey " + self.path("host"), "PidFile none", "UsePAM no",
            "AuthorizedKeysFile " + self.path("user.pub"), "StrictModes no",
            "PermitRootLogin yes", ""]))
        self.sshd_log = open(self.path("sshd.log"), "w+b")
        self.addCleanup(self.sshd_log.close)
        self.sshd = subprocess.Popen([SSHD, "-D", "-e", "-f", config],
                                     stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL,
                                     stderr=self.sshd_log)
        self.addCleanup(self.stop_sshd)
        wait_until(lambda: b"listening" in self.log(), "the jump host's start")

    def stop_sshd(self):
        if self.sshd.poll() is None:
            self.sshd.send_signal(signal.SIGTERM)
        self.sshd.wait()

    def log(self):
        with open(self.sshd_log.name, "rb") as file:
            return file.read()

    def job(self, jump=None):
        jump = jump or "root@127.0.0.1:%d" % self.jump_port
        return ("defaults: {proxy_jump: \"%s\"}\n" % jump) + self.acl_job()

    def test_push_through(self):
        run = self.push(self.job(), **self.env)
        self.assertEqual(run.statuses(), ["changed", "changed"])
        self.assertEqual(self.push(self.job(), **self.env).statuses(),
                         ["unchanged", "unchanged"])
        self.assertGreaterEqual(self.log().count(b"Accepted publickey"), 3)

    def test_no_client_stays(self):
        self.push(self.job(), **self.env)
        wait_until(lambda: not subprocess.run(
            ["pgrep", "-f", self.path("client")],
            stdout=subprocess.PIPE, check=False).stdout, "its clients' end")

    def test_jump_host_is_down(self):
        jump = "root@127.0.0.1:%d" % free_port()
        run = self.push(self.job(jump), expect=1, **self.env)
        self.assertEqual(run.statuses(), ["failed", "failed"])
        error = run.json["results"][0]["error"]
        self.assertIn(error["kind"], ("closed", "connect"))
        self.assertIn("Connection refused", error["message"])
        self.assertEqual(self.connects(), [])

    def test_jump_host_lets_nobody_in(self):
        self.write("client", "IdentityFile %s\nUserKnownHostsFile %s\n"
                   "IdentitiesOnly yes\n" %
                   (self.path("stranger"), self.path("jump_hosts")))
        run = self.push(self.job(), expect=1, **self.env)
        self.assertEqual(run.statuses(), ["failed", "failed"])
        self.assertIn("Permission denied",
                      run.json["results"][0]["error"]["message"])
        self.assertEqual(self.connects(), [])

    def test_device_behind_it_is_down(self):
        self.lab.down("R1")
        run = self.push(self.job(), expect=1, **self.env)
        self.assertEqual(run.statuses(), ["failed", "changed"])


if __name__ == "__main__":
    main()
