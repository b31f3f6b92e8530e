"""Devices that fetch a file from a server themselves: told, answered, proved.
The server is one of the lab's devices; the password for it is nobody else's,
and stands nowhere."""

import hashlib
import os
import signal

from harness import main, wait_until
from test_upgrade import NEW, Upgrade, image_bytes

SERVER = "FILES"
SECRET = "fetch-Secret-77"  # of the server, and of nothing else
PLACES = {"cisco_ios": "flash:", "cisco_xe": "flash:",
          "cisco_nxos": "bootflash:", "juniper_junos": "/var/tmp/"}


class Pull(Upgrade):
    def setUp(self):
        super().setUp()
        self.data = image_bytes(NEW, 200000)
        self.md5 = hashlib.md5(self.data).hexdigest()
        self.secret = SECRET

    def pull_lab(self, *faults, kind="cisco_ios", more=(), **keys):
        self.kind = kind
        keys = {"type": kind, "faults": list(faults), **keys}
        self.lab_of(R1=keys, **{name: keys for name in more},
                    **{SERVER: {"username": "files", "password": SECRET,
                                "startup": "ip scp server enable\n"}})
        self.put(SERVER, "x.bin", self.data)

    def url(self, path="x.bin", user="files@"):
        address = next(d[1] for d in self.devices if d[0] == SERVER)
        return "scp://%s%s:%d/flash:/%s" % (
            user, address, self.lab.port, path)

    def destination(self):
        return PLACES[self.kind] + "got.bin"

    def pull_job(self, more="", md5=None, devices=("R1",), threads=8, **url):
        step = "upload: {from: '%s', destination: '%s', md5: %s%s}" % (
            self.url(**url), self.destination(), md5 or self.md5,
            ", " + more if more else "")
        return self.job(step, devices=devices, threads=threads)

    def fetch(self, *options, job=None, env=(), **more):
        env = {"NETPUSH_SERVER_PASSWORD": self.secret, **dict(env)}
        return self.push(job or self.pull_job(), *options, **env, **more)

    def got(self):
        path = os.path.join(self.lab.dir, "flash", "R1", "got.bin")
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            return file.read()

    def pulls(self):
        return [copy["outcome"] for copy in self.lab.witness(
            event="copy", device="R1") if copy["way"] == "pull"]

    def error(self, run):
        return run.results["R1"]["error"]

    def assert_nothing_there(self, run):
        self.assertEqual(run.statuses(), ["failed"])
        self.assertIsNone(self.got())

    def assert_secret(self, run):
        """It is written nowhere."""
        for directory, _, names in os.walk(self.state_dir):
            for name in names:
                path = os.path.join(directory, name)
                with open(path, "rb") as file:
                    self.assertNotIn(SECRET.encode(), file.read(), path)
        self.assertNotIn(SECRET, run.stdout + run.stderr)


class Fetched(Pull):
    def check_fetched(self, **more):
        self.pull_lab(**more)
        run = self.fetch("--transcripts", "-vv")
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.got(), self.data)
        step = self.step(run, "upload")
        self.assertRegex(step["output"], "^200000 bytes copied in ")
        self.assert_secret(run)
        self.assertTrue(self.lab.witness(event="password_line", device="R1"))
        run = self.fetch()
        self.assertEqual(run.statuses(), ["unchanged"])
        self.assertEqual(self.pulls(), ["done"])

    def test_ios(self):
        self.check_fetched()

    def test_xe(self):
        self.check_fetched(kind="cisco_xe")

    def test_nxos(self):
        self.check_fetched(kind="cisco_nxos")
        self.assertTrue([line for line in self.lab.lines("R1")
                         if line.endswith(" vrf management")])

    def test_junos(self):
        self.check_fetched(kind="juniper_junos")

    def test_only_told(self):
        """--check needs no password of the server: nothing is fetched."""
        self.pull_lab()
        run = self.fetch("--check", env={"NETPUSH_SERVER_PASSWORD": None})
        step = self.step(run, "upload")
        self.assertTrue(step["would_change"])
        self.assertIn("would be fetched from scp://files@", step["output"])
        self.assertEqual((self.got(), self.pulls()), (None, []))

    def test_another_file_gives_way(self):
        self.pull_lab()
        self.put("R1", "got.bin", b"x" * 200000)
        run = self.fetch()
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.got(), self.data)

    def test_again_if_the_job_says_so(self):
        self.pull_lab()
        for _ in range(2):
            run = self.fetch(job=self.pull_job("skip_if_present: false"))
            self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.pulls(), ["done", "done"])

    def test_compared_with_a_file_here(self):
        self.pull_lab()
        with open(self.image, "wb") as file:
            file.write(self.data)
        job = self.job("upload: {from: '%s', source: %s, destination: "
                       "'flash:got.bin'}" % (
                           self.url(), os.path.basename(self.image)),
                       devices=["R1"])
        self.assertEqual(self.fetch(job=job).statuses(), ["changed"])

    def test_its_proof_counts_for_a_reload(self):
        self.pull_lab()
        steps = ["upload: {from: '%s', destination: 'flash:got.bin', md5: %s}"
                 % (self.url(), self.md5), "boot: 'flash:got.bin'",
                 "save: true", "reload: {wait: 25s}",
                 "expect_version: " + NEW]
        run = self.fetch(job=self.job(*steps, devices=["R1"]))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.lab.state("R1")["version"], NEW)

    def test_every_member_of_a_stack(self):
        self.pull_lab(kind="cisco_xe", members=2)
        run = self.fetch(job=self.pull_job("members: true"))
        self.assertEqual(run.statuses(), ["changed"])
        second = os.path.join(self.lab.dir, "flash", "R1:2", "got.bin")
        with open(second, "rb") as file:
            self.assertEqual(file.read(), self.data)
        self.assertEqual(self.got(), self.data)
        os.unlink(second)
        self.fetch(job=self.pull_job("members: true"))
        self.assertEqual(self.pulls(), ["done"] * 3)

    def test_password_from_a_file(self):
        self.pull_lab()
        path = self.write("server", SECRET + "\n")
        run = self.fetch("--server-password-file", path,
                         env={"NETPUSH_SERVER_PASSWORD": "another"})
        self.assertEqual(run.statuses(), ["changed"])

    def test_password_of_systemd(self):
        self.pull_lab()
        self.write("server_password", SECRET + "\n")
        run = self.fetch(env={"NETPUSH_SERVER_PASSWORD": None,
                              "CREDENTIALS_DIRECTORY": self.tmp})
        self.assertEqual(run.statuses(), ["changed"])

    def test_password_from_the_terminal(self):
        self.pull_lab()
        tty = self.terminal()
        run = self.start(self.pull_job(), tty=tty)
        tty.answer("Password of the file server: ", SECRET)
        self.assertEqual(run.wait().returncode, 0)
        self.assertEqual(self.got(), self.data)

    def test_no_password_at_all(self):
        """That is found before anything is contacted."""
        self.pull_lab()
        run = self.fetch(env={"NETPUSH_SERVER_PASSWORD": None}, expect=2)
        self.assertIn("NETPUSH_SERVER_PASSWORD", run.stderr)
        self.assert_untouched("R1", SERVER)


class Asked(Pull):
    def test_flash_is_never_erased(self):
        self.pull_lab({"kind": "asks_erase"})
        self.put("R1", "old.bin", b"old")
        run = self.fetch()
        self.assertEqual(run.statuses(), ["changed"])
        old = os.path.join(self.lab.dir, "flash", "R1", "old.bin")
        self.assertTrue(os.path.exists(old))

    def check_host_key(self, kind):
        self.pull_lab({"kind": "asks_host_key"}, kind=kind)
        run = self.fetch(expect=1)
        self.assertEqual(self.error(run)["kind"], "host_key")
        self.assertIn("file server's host key", self.error(run)["message"])
        self.assert_nothing_there(run)
        # No password for a server that nobody knows.
        self.assertEqual(self.lab.witness(event="auth", device=SERVER), [])
        run = self.fetch(job=self.pull_job("accept_new_host_key: true"))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.got(), self.data)

    def test_host_key_ios(self):
        self.check_host_key("cisco_ios")

    def test_host_key_nxos(self):
        self.check_host_key("cisco_nxos")

    def test_host_key_junos(self):
        self.check_host_key("juniper_junos")

    def test_a_file_that_was_not_there_before(self):
        """What nobody has looked at is not overwritten."""
        self.pull_lab({"kind": "delay", "at": "^copy scp", "ms": 600000})
        run = self.start(self.pull_job(), NETPUSH_SERVER_PASSWORD=SECRET)
        wait_until(lambda: self.lab.witness(event="fault", device="R1"),
                   "the fault")
        self.put("R1", "got.bin", b"somebody's")
        self.lab.control({"do": "release", "device": "R1"})
        self.assertEqual(run.wait().returncode, 1)
        self.assertIn("has come up on the device meanwhile",
                      self.error(run)["message"])
        self.assertEqual(self.pulls(), [])
        self.assertEqual(self.got(), b"somebody's")


class Failed(Pull):
    def check_password(self, kind):
        """Nobody else of the run tries it: the account may be locked."""
        self.pull_lab(kind=kind, more=("R2",))
        self.put("R1", "got.bin", b"old" * 50)
        self.secret = "not-" + SECRET
        job = self.pull_job(devices=["R1", "R2"], threads=1)
        run = self.fetch(job=job, expect=4)
        self.assertEqual(self.error(run)["kind"], "auth")
        self.assertIn("NETPUSH_SERVER_PASSWORD", self.error(run)["message"])
        # What stood there is still there.
        self.assertEqual(run.statuses(), ["failed", "skipped"])
        self.assertEqual(self.got(), b"old" * 50)
        tries = [a for a in self.lab.witness(event="auth", device=SERVER)
                 if not a["ok"]]
        self.assertEqual(len({a["session"] for a in tries}), 1)
        self.assert_secret(run)

    def test_password_ios(self):
        self.check_password("cisco_ios")

    def test_password_nxos(self):
        self.check_password("cisco_nxos")

    def test_password_junos(self):
        self.check_password("juniper_junos")

    def check_no_file(self, kind):
        self.pull_lab(kind=kind)
        run = self.fetch(job=self.pull_job(path="none"), expect=1)
        self.assertEqual(self.error(run)["kind"], "transfer")
        self.assertIn("No such file", self.error(run)["message"])
        self.assert_nothing_there(run)

    def test_no_file_ios(self):
        self.check_no_file("cisco_ios")

    def test_no_file_nxos(self):
        self.check_no_file("cisco_nxos")

    def test_no_file_junos(self):
        self.check_no_file("juniper_junos")

    def check_cut(self, kind):
        """What came of it is looked at, and taken away."""
        self.pull_lab({"kind": "copy_cut", "bytes": 70000, "times": 1},
                      kind=kind)
        run = self.fetch(expect=1)
        self.assertEqual(self.error(run)["kind"], "transfer")
        self.assert_nothing_there(run)
        self.assertEqual(self.pulls(), ["cut"])
        run = self.fetch()
        self.assertEqual(run.statuses(), ["changed"])

    def test_cut_ios(self):
        self.check_cut("cisco_ios")

    def test_cut_nxos(self):
        self.check_cut("cisco_nxos")

    def test_cut_junos(self):
        self.check_cut("juniper_junos")

    def test_no_room(self):
        self.pull_lab({"kind": "copy_full", "bytes": 70000})
        run = self.fetch(expect=1)
        self.assertIn("No space left", self.error(run)["message"])
        self.assert_nothing_there(run)

    def test_stored_wrong(self):
        self.pull_lab({"kind": "copy_corrupts", "bytes": 500})
        run = self.fetch(expect=1)
        self.assertEqual(self.error(run)["kind"], "verify")
        self.assertIn("what arrived is not what was wanted",
                      self.error(run)["message"])
        self.assert_nothing_there(run)

    def test_not_the_file_that_was_meant(self):
        """The size is right, the bytes are another's."""
        self.pull_lab()
        run = self.fetch(job=self.pull_job(md5="0" * 31 + "1"), expect=1)
        self.assertEqual(self.error(run)["kind"], "verify")
        self.assert_nothing_there(run)

    def test_not_the_file_that_it_runs_from(self):
        self.pull_lab()
        image = self.lab.state("R1")["image"]
        job = self.job("upload: {from: '%s', destination: '%s', md5: %s}" % (
            self.url(), image, self.md5), devices=["R1"])
        run = self.fetch(job=job, expect=1)
        self.assertIn("runs from", self.error(run)["message"])
        self.assertEqual(self.pulls(), [])

    def test_stands_still(self):
        """Silence ends it; while marks come, it goes on."""
        self.pull_lab({"kind": "copy_stalls", "bytes": 70000, "times": 1})
        job = self.pull_job().replace(
            "phases:", "timeouts: {silence: 2s}\nphases:")
        run = self.fetch(job=job, expect=1)
        self.assertEqual(self.error(run)["kind"], "timeout")
        self.assertIsNone(self.got())

    def test_the_session_is_cut(self):
        """A fresh one looks at what there is."""
        self.pull_lab({"kind": "copy_stalls", "bytes": 70000, "times": 1})
        run = self.start(self.pull_job(), NETPUSH_SERVER_PASSWORD=SECRET)
        wait_until(lambda: self.lab.witness(event="fault", device="R1"),
                   "the fault")
        self.lab.control({"do": "drop", "device": "R1"})
        self.assertEqual(run.wait().returncode, 1)
        self.assertEqual(self.error(run)["kind"], "closed")
        self.assert_nothing_there(run)

    def test_longer_than_the_silence(self):
        """Each mark starts the silence anew."""
        self.pull_lab(copy_rate=60000)
        self.put(SERVER, "x.bin", self.data * 2)
        self.md5 = hashlib.md5(self.data * 2).hexdigest()
        job = self.pull_job().replace(
            "phases:", "timeouts: {silence: 5s}\nphases:")
        run = self.fetch(job=job)
        self.assertEqual(run.statuses(), ["changed"])

    def test_killed_and_resumed(self):
        self.pull_lab({"kind": "copy_stalls", "bytes": 70000, "times": 1})
        run = self.start(self.pull_job(), NETPUSH_SERVER_PASSWORD=SECRET)
        wait_until(lambda: self.lab.witness(event="fault", device="R1"),
                   "the fault")
        for pid in run.children() + [run.pid]:
            os.kill(pid, signal.SIGKILL)
        run.process.wait()
        wait_until(lambda: self.lab.stats()["totals"]["sessions_now"] == 0,
                   "the end of the sessions")
        again = self.netpush(
            "resume", "--json", self.json_path, os.path.basename(run.dir),
            NETPUSH_SERVER_PASSWORD=SECRET).wait()
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(self.got(), self.data)


class Refused(Pull):
    """Before anything is contacted."""

    def check(self, text, *, keys=None):
        self.pull_lab()
        job = self.job("upload: {destination: 'flash:got.bin', %s, %s}" % (
            self.from_, keys or "md5: " + self.md5), devices=["R1"])
        run = self.fetch(job=job, expect=2)
        self.assertRegex(run.stderr, text)
        self.assert_untouched("R1", SERVER)
        return run

    def test_a_password_in_the_url(self):
        self.from_ = "from: 'scp://files:%s@h/x'" % SECRET
        run = self.check("must not hold a password")
        self.assert_secret(run)

    def test_without_a_proof(self):
        self.from_ = "from: 'scp://files@h/x'"
        self.check("must be proved", keys="skip_if_present: true")

    def test_by_what_it_does_not_know(self):
        self.from_ = "from: 'sftp://files@h/x'"
        self.check("does not fetch by sftp, but by scp, tftp")

    def test_lines_behind_it(self):
        self.from_ = 'from: "scp://files@h/x;reload"'
        self.check("must hold nothing but")


if __name__ == "__main__":
    main()
