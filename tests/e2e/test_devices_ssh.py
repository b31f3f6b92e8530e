"""SSH as old, odd and hostile devices speak it."""

import os
import shutil
import socket
import subprocess
import threading
import unittest

from devices import QUIET, DeviceCase
from harness import PASSWORD, USERNAME, Case, main, wait_until

WEAK = "weak SSH algorithms: "


class Questions(DeviceCase):
    """Keyboard-interactive."""

    def log_in(self, prompts, expect=0):
        self.start_lab({"hostname": "R1", "auth": ["keyboard-interactive"],
                        "prompts": prompts})
        return self.push(self.acl_job(more=QUIET), expect=expect)

    def test_one_prompt(self):
        self.assertEqual(self.log_in(1).statuses(), ["changed"])

    def test_no_prompt(self):
        """A round that asks nothing is answered with nothing."""
        self.assertEqual(self.log_in(0).statuses(), ["changed"])

    def test_two_prompts(self):
        """The second is nobody's but a person's: no answer to either, and so
        no try that the device could count."""
        run = self.log_in(2, expect=3)
        error = run.results["R1"]["error"]
        self.assertEqual(error["kind"], "auth")
        self.assertIn("a second secret: Again:", error["message"])
        tries = self.lab.witness(event="auth", method="keyboard-interactive")
        self.assertEqual(tries, [])
        self.assertEqual(len(self.connects()), 1)


class Algorithms(DeviceCase):
    def speak(self, weak, **offer):
        self.start_lab({"hostname": "R1", **offer})
        run = self.push(self.acl_job(more=QUIET))
        self.assertEqual(run.statuses(), ["changed"])
        logs = [e["text"] for e in run.select(event="log")
                if e["text"].startswith(WEAK)]
        if not weak:
            self.assertEqual(logs, [])
            return
        self.assertTrue(logs, run.events)
        for name in weak:
            self.assertIn(name, logs[0])

    def test_modern_ones_are_not_reported(self):
        self.speak([])

    def test_group14_sha1(self):
        self.speak(["diffie-hellman-group14-sha1"],
                   kex="diffie-hellman-group14-sha1")

    def test_group_exchange_sha1(self):
        self.speak(["diffie-hellman-group-exchange-sha1"],
                   kex="diffie-hellman-group-exchange-sha1")

    def test_group1_sha1(self):
        self.speak(["diffie-hellman-group1-sha1"],
                   kex="diffie-hellman-group1-sha1")

    def test_ssh_rsa(self):
        self.speak(["ssh-rsa"], host_key_type="ssh-rsa")

    def test_aes_cbc(self):
        self.speak(["aes128-cbc"], ciphers="aes128-cbc")

    def test_3des(self):
        self.speak(["3des-cbc"], ciphers="3des-cbc")

    def test_hmac_sha1(self):
        self.speak(["hmac-sha1"], macs="hmac-sha1", ciphers="aes128-ctr")

    def test_all_at_once(self):
        names = {"kex": "diffie-hellman-group14-sha1",
                 "host_key_type": "ssh-rsa", "ciphers": "3des-cbc",
                 "macs": "hmac-sha1"}
        self.speak(list(names.values()), **names)


class Listener:
    """Says BYTES to whoever connects, and then nothing, or closes."""

    def __init__(self, say, then_close):
        self._say, self._close = say, then_close
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._links = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                link = self._socket.accept()[0]
            except OSError:
                return
            link.sendall(self._say)
            if self._close:
                link.shutdown(socket.SHUT_WR)
            self._links.append(link)

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for link in self._links:
            link.close()


class Strangers(Case):
    """What answers is no SSH server, or stops being one."""

    def meet(self, say, then_close, kinds):
        listener = Listener(say, then_close)
        self.addCleanup(listener.close)
        job = "timeouts: {connect: 2s, login: 2s}\ndevice_list:\n" \
            "  - {hostname: R1, address: 127.0.0.1, port: %d," \
            " device_type: cisco_ios}\nacl_name: E\nacl_lines: |\n" \
            "  permit ip any any\n" % listener.port
        run = self.push(job, expect=None)
        result = run.results["R1"]
        self.assertEqual(result["status"], "failed")
        self.assertIn(result["error"]["kind"], kinds)
        self.assertLess(result["duration"], 4)
        return result

    def test_no_banner(self):
        self.meet(b"", False, ("timeout",))

    def test_half_a_banner(self):
        self.meet(b"SSH-2.0-Cis", False, ("timeout",))

    def test_closes_at_once(self):
        self.meet(b"", True, ("closed", "connect"))

    def test_closes_after_the_banner(self):
        self.meet(b"SSH-2.0-Cisco-1.25\r\n", True, ("closed", "connect"))

    def test_silent_after_the_banner(self):
        self.meet(b"SSH-2.0-Cisco-1.25\r\n", False, ("timeout",))

    def test_not_ssh(self):
        self.meet(b"HTTP/1.1 400 Bad Request\r\n\r\n", True,
                  ("closed", "connect"))

    def test_endless_lines_before_the_banner(self):
        self.meet(b"x" * 100 + b"\r\n" * 20000, False,
                  ("timeout", "closed", "connect"))

    def test_random_bytes_for_a_key_exchange(self):
        self.meet(b"SSH-2.0-Cisco-1.25\r\n" + bytes(range(256)) * 200, False,
                  ("timeout", "closed", "connect"))


SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


@unittest.skipUnless(os.path.exists(SSHD) and os.getuid() == 0,
                     "needs sshd, and root to start one")
class Rekey(Case):
    """A server that makes new keys in the middle of everything."""

    def key(self, name):
        path = os.path.join(self.tmp, name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        path], check=True, stdin=subprocess.DEVNULL)
        return path

    def start_sshd(self, limit):
        host, user = self.key("host"), self.key("user")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        config = self.write("sshd_config", "\n".join([
            "Port %d" % port, "ListenAddress 127.0.0.1", "HostKey " + host,
            "AuthorizedKeysFile %s.pub" % user, "StrictModes no", "UsePAM no",
            "PermitRootLogin yes", "PidFile none", "RekeyLimit " + limit,
            "PrintMotd no", "PrintLastLog no", "LogLevel DEBUG1", ""]))
        os.makedirs("/run/sshd", exist_ok=True)
        self.log = os.path.join(self.tmp, "sshd.log")
        sshd = subprocess.Popen([SSHD, "-D", "-f", config, "-E", self.log])
        self.addCleanup(sshd.wait)
        self.addCleanup(sshd.terminate)

        def listens():
            with socket.socket() as link:
                return link.connect_ex(("127.0.0.1", port)) == 0
        wait_until(listens, "sshd")
        return port, user

    def test_rekey_in_a_long_show(self):
        port, user = self.start_sshd("64K none")
        job = "device_list:\n  - {hostname: S1, address: 127.0.0.1," \
            " port: %d, device_type: linux, username: root}\n" \
            "credentials: {source: key, identity: %s}\n" \
            "phases:\n  - name: it\n    steps:\n" \
            "      - command: 'seq 1 100000'\n" \
            "      - command: 'echo still here'\n" % (port, user)
        run = self.push(job, "--host-keys", "accept-new", password=None,
                        NETPUSH_USERNAME="root")
        steps = run.results["S1"]["steps"]
        self.assertEqual(steps[1]["output"].strip(), "still here")
        self.assertIn("\n99999\n100000", steps[0]["output"])
        with open(self.log, encoding="utf-8", errors="replace") as file:
            self.assertGreater(file.read().count("rekey"), 3)


if __name__ == "__main__":
    main()
