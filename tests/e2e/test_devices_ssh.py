"""SSH as old, odd and hostile devices speak it."""

import base64
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import unittest

from devices import QUIET, DeviceCase
from harness import PATIENCE, Case, main, wait_until

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
            self.assertIn("warning (1), " + WEAK, run.stdout)
        self.assertTrue(run.select(event="log", warning=True))
        whole = [e["text"] for e in run.select(event="log")
                 if e["text"].startswith("SSH: ")]
        for what in ("key exchange", "host key", "cipher", "MAC"):
            self.assertIn(what, whole[0])

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
class Sshd(Case):
    """OpenSSH's server, told what to speak, with a shell behind it."""

    def key(self, name, *kind):
        path = os.path.join(self.tmp, name)
        subprocess.run(["ssh-keygen", "-q", "-t", *(kind or ["ed25519"]),
                        "-N", "", "-f", path], check=True,
                       stdin=subprocess.DEVNULL)
        return path

    def start_sshd(self, *lines, host_key=()):
        host, self.user = self.key("host", *host_key), self.key("user")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        config = self.write("sshd_config", "\n".join([
            "Port %d" % port, "ListenAddress 127.0.0.1", "HostKey " + host,
            "AuthorizedKeysFile %s.pub" % self.user, "StrictModes no",
            "UsePAM no", "PermitRootLogin yes", "PidFile none",
            "PrintMotd no", "PrintLastLog no", "LogLevel DEBUG1", *lines, ""]))
        os.makedirs("/run/sshd", exist_ok=True)
        self.log = os.path.join(self.tmp, "sshd.log")
        sshd = subprocess.Popen([SSHD, "-D", "-f", config, "-E", self.log])
        self.addCleanup(sshd.wait)
        self.addCleanup(sshd.terminate)

        def listens():
            with socket.socket() as link:
                return link.connect_ex(("127.0.0.1", port)) == 0
        wait_until(listens, "sshd")
        self.port = port

    def shell_job(self, *commands):
        return "device_list:\n  - {hostname: S1, address: 127.0.0.1," \
            " port: %d, device_type: linux, username: root}\n" \
            "credentials: {source: key, identity: %s}\n" \
            "phases:\n  - name: it\n    steps:\n" % (
                self.port, self.user) + "".join(
                    "      - command: '%s'\n" % c for c in commands)

    def shell(self, *commands):
        return self.push(self.shell_job(*commands), "--host-keys",
                         "accept-new", password=None,
                         NETPUSH_USERNAME="root")


class Rekey(Sshd):
    """A server that makes new keys in the middle of everything."""

    def test_rekey_in_a_long_show(self):
        self.start_sshd("RekeyLimit 64K none")
        run = self.shell("seq 1 100000", "echo still here")
        steps = run.results["S1"]["steps"]
        self.assertEqual(steps[1]["output"].strip(), "still here")
        self.assertIn("\n99999\n100000", steps[0]["output"])
        with open(self.log, encoding="utf-8", errors="replace") as file:
            self.assertGreater(file.read().count("rekey"), 3)


class Alone(Sshd):
    """Each old algorithm as the only one that the server speaks: it does, and
    it is said."""

    def speak(self, kind, name, *lines, host_key=()):
        with self.subTest(name=name):
            self.start_sshd("%s %s" % (kind, name), *lines, host_key=host_key)
            run = self.shell("seq 1 2000")
            self.assertIn("\n1999\n2000", run.results["S1"]["output"])
            warned = [e["text"] for e in run.select(event="log")
                      if e["text"].startswith(WEAK)]
            self.assertTrue(warned, run.events)
            for text in warned:
                self.assertIn(" " + name, text)
                # Of the others the best was chosen.
                self.assertNotIn(",", text)
        self.tearDown()
        self.doCleanups()
        self.setUp()

    def test_key_exchanges(self):
        for name in ("group1-sha1", "group14-sha1", "group-exchange-sha1"):
            self.speak("KexAlgorithms", "diffie-hellman-" + name)

    def test_ciphers(self):
        for name in ("3des", "aes128", "aes192", "aes256"):
            self.speak("Ciphers", name + "-cbc")

    def test_macs(self):
        for name in ("sha1", "sha1-96", "md5", "md5-96"):
            self.speak("MACs", "hmac-" + name)

    def test_host_keys(self):
        self.speak("HostKeyAlgorithms", "ssh-rsa", host_key=("rsa",))
        self.speak("HostKeyAlgorithms", "ssh-dss", host_key=("dsa",))

    def test_a_key_of_dss_is_known_again(self):
        """It is written to known_hosts, and compared the next time."""
        self.start_sshd("HostKeyAlgorithms ssh-dss", host_key=("dsa",))
        self.shell("true")
        with open(self.known_hosts, encoding="utf-8") as file:
            self.assertIn("]:%d ssh-dss " % self.port, file.read())
        run = self.push(self.shell_job("true"), "--host-keys", "strict",
                        password=None, NETPUSH_USERNAME="root")
        self.assertEqual(run.statuses(), ["unchanged"])

    def test_all_at_once(self):
        self.start_sshd("KexAlgorithms diffie-hellman-group1-sha1",
                        "HostKeyAlgorithms ssh-dss", "Ciphers 3des-cbc",
                        "MACs hmac-md5", host_key=("dsa",))
        run = self.shell("seq 1 2000")
        [text] = {e["text"] for e in run.select(event="log")
                  if e["text"].startswith(WEAK)}
        self.assertEqual(text, WEAK + "key exchange diffie-hellman-group1-"
                         "sha1, host key ssh-dss, cipher 3des-cbc, MAC "
                         "hmac-md5")


def first_packet(link):
    """What the client says before keys are made: its KEXINIT."""
    stream = link.makefile("rb")
    stream.readline()
    length, padding = struct.unpack(">IB", stream.read(5))
    return stream.read(length - 1)[:length - 1 - padding]


class Offer(Case):
    """What is offered, and in which order (RFC 4253, section 7.1)."""

    OLD = re.compile(r"-sha1|^ssh-(rsa|dss)$|-cbc|arcfour|hmac-(md5|ripemd)")
    MUST = ("diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1",
            "diffie-hellman-group-exchange-sha1", "ssh-rsa", "ssh-dss",
            "3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc", "hmac-sha1",
            "hmac-md5")

    def offered(self, *options, known=""):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            if known:
                with open(self.known_hosts, "w", encoding="ascii") as file:
                    file.write("[127.0.0.1]:%d %s\n" % (port, known))
            run = self.start(QUIET + "device_list:\n  - {hostname: R1, "
                             "address: 127.0.0.1, port: %d, device_type: "
                             "cisco_ios}\nacl_name: E\nacl_lines: permit ip "
                             "any any\n" % port, *options)
            server.settimeout(PATIENCE)
            with server.accept()[0] as link:
                link.sendall(b"SSH-2.0-Old-1\r\n")
                packet = first_packet(link)
        run.wait()
        self.assertEqual(packet[0], 20)  # SSH_MSG_KEXINIT
        lists, at = [], 17
        for _ in range(8):
            size = struct.unpack_from(">I", packet, at)[0]
            lists.append(packet[at + 4:at + 4 + size].decode().split(","))
            at += 4 + size
        return lists

    def test_old_ones_come_last(self):
        lists = self.offered("--host-keys", "off")
        for names in lists[:6]:
            old = [bool(self.OLD.search(name)) for name in names]
            self.assertEqual(old, sorted(old), names)
            self.assertFalse(old[0], names)
        for name in self.MUST:
            self.assertTrue(any(name in names for names in lists), name)

    def test_so_do_old_host_keys_of_the_unknown(self):
        for options in ((), ("--host-keys", "strict")):
            keys = self.offered(*options)[1]
            self.assertEqual(keys[-2:], ["ssh-rsa", "ssh-dss"])

    def test_the_known_key_comes_first(self):
        rsa = "ssh-rsa " + base64.b64encode(
            struct.pack(">I", 7) + b"ssh-rsa" + bytes(20)).decode()
        keys = self.offered(known=rsa)[1]
        self.assertEqual((keys[0], keys[-1]), ("ssh-rsa", "ssh-dss"))


if __name__ == "__main__":
    main()
