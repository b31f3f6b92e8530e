"""Commands on channels of their own, against Debian's sshd."""

import hashlib
import os
import signal
import subprocess

from harness import main, wait_until
from sshd import SshdCase


class Exec(SshdCase):
    def setUp(self):
        super().setUp()
        self.start_sshd("RekeyLimit 1M none")

    def test_streams_are_apart(self):
        got = self.drive("exec", "echo out; echo err >&2; exit 7")
        self.assertEqual((got["stdout"], got["stderr"]), (b"out\n", b"err\n"))
        self.assertEqual((got["status"], got["signal"]), (7, ""))

    def test_success_is_told_from_no_status(self):
        self.assertEqual(self.drive("exec", "true")["status"], 0)
        got = self.drive("exec", "kill -TERM $$")
        self.assertEqual((got["status"], got["signal"]), (None, "TERM"))

    def test_status_behind_the_end_of_the_streams(self):
        got = self.drive("exec", "exec >&- 2>&-; sleep 0.2; exit 3")
        self.assertEqual(got["status"], 3)

    def test_no_terminal(self):
        self.assertEqual(self.drive("exec", "tty; true")["stdout"],
                         b"not a tty\n")

    def test_every_byte_both_ways(self):
        data = os.urandom(3 << 20) + bytes(range(256)) * 64
        got = self.drive("exec", "tee /dev/stderr", stdin=data)
        digest = hashlib.sha256(data).hexdigest()
        for stream in ("stdout", "stderr"):
            self.assertEqual(len(got[stream]), len(data), stream)
            self.assertEqual(hashlib.sha256(got[stream]).hexdigest(), digest)

    def test_input_that_nobody_wants(self):
        got = self.drive("exec", "exit 4", stdin=bytes(8 << 20))
        self.assertEqual(got["status"], 4)

    def test_input_is_closed(self):
        self.assertEqual(self.drive("exec", "cat")["stdout"], b"")

    def test_rekeyed_many_times(self):
        # Bytes go both ways all the while: a packet that libssh2 knew as half
        # sent would meet the server's key exchange, and stay for ever.
        data = os.urandom(1 << 20) * 24
        got = self.drive("exec", "cat", stdin=data)
        self.assertEqual(hashlib.sha256(got["stdout"]).digest(),
                         hashlib.sha256(data).digest())

    def test_memory_is_bounded_when_nobody_reads(self):
        mark = self.path("mark")
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        driver = self.start_driver(
            "exec", "head -c 200M /dev/zero; touch " + mark,
            stdin=subprocess.DEVNULL, stdout=write, stderr=write)
        self.addCleanup(driver.wait)
        os.close(write)
        # As slowly as it may be: a little, and then a little more.
        total = 0
        while total < 64 << 20:
            some = len(os.read(read, 4096))
            self.assertTrue(some, "it ended after %d bytes" % total)
            total += some
        self.assertFalse(os.path.exists(mark))
        while os.read(read, 1 << 20):
            pass
        wait_until(lambda: driver.poll() is not None, "its end")
        self.assertEqual(driver.returncode, 0)
        self.assertTrue(os.path.exists(mark))
        self.assertLess(self.report()["peak"], 24 << 20)

    def test_a_connection_that_breaks_is_no_end(self):
        driver = self.start_driver(
            "exec", "echo $PPID; while echo .; do sleep 0.1; done",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        os.kill(int(driver.stdout.readline()), signal.SIGKILL)
        driver.communicate(timeout=60)
        self.assertEqual(driver.returncode, 1)
        got = self.report()
        self.assertEqual(got["kind"], "closed")
        self.assertTrue(got["may_have_run"])


class Refused(SshdCase):
    def test_no_session_is_to_be_had(self):
        self.start_sshd("MaxSessions 0")
        got = self.drive("exec", "true", expect=1)
        self.assertFalse(got["may_have_run"])
        self.assertIsNone(got["status"])

    def test_a_command_that_does_not_fit(self):
        self.start_sshd()
        got = self.drive("exec", "true " + "x" * 32000, expect=1)
        self.assertEqual(got["kind"], "refused")
        self.assertFalse(got["may_have_run"])

    def test_a_long_one_that_fits(self):
        self.start_sshd()
        word = "x" * 31000
        self.assertEqual(self.drive("exec", "echo " + word)["stdout"],
                         word.encode() + b"\n")


if __name__ == "__main__":
    main()
