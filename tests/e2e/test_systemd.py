"""The units of docs/systemd. systemd itself reads them (systemd-analyze), and
what they say is done here as systemd does it, as far as that needs no systemd
that runs: the command line, a user without rights, the credentials directory,
the filter of system calls, the signals of `systemctl stop`."""

import ctypes
import errno
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from harness import (BINARY, ENABLE, PASSWORD, SOURCE, USERNAME, Case, Run,
                     files_below, main, wait_until)

UNITS = os.path.join(SOURCE, "docs", "systemd")
SERVICE, TIMER = "netpush-push.service", "netpush-push.timer"
INSTALLED = "/usr/local/bin/netpush"
ANALYZE = shutil.which("systemd-analyze")
# Of those that systemd takes for DynamicUser=; nobody has it.
UID = 64123


def read_unit(name):
    with open(os.path.join(UNITS, name), encoding="utf-8") as file:
        return file.read()


def values(unit, key):
    """All values of a key, those in comments left out."""
    return re.findall(r"(?m)^%s=(.*)$" % key, unit)


def value(unit, key):
    [one] = values(unit, key)
    return one


@unittest.skipUnless(ANALYZE, "systemd-analyze is not installed")
class Units(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.mkdtemp(prefix="netpush-systemd-")
        self.addCleanup(shutil.rmtree, self.tmp)

    def analyze(self, *argv, change=lambda text: text):
        """systemd's word on both units, the program where it was built."""
        paths = []
        for name in (SERVICE, TIMER):
            path = os.path.join(self.tmp, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(change(read_unit(name).replace(INSTALLED, BINARY)))
            paths.append(path)
        done = subprocess.run(
            [ANALYZE, *argv, *paths], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, cwd=self.tmp)
        return done.returncode, done.stdout

    def test_nothing_is_wrong_with_them(self):
        self.assertEqual(self.analyze("verify", "--man=no"), (0, ""))

    def test_a_mistake_would_be_seen(self):
        for right, wrong in (("KillMode=", "KilMode="),
                             ("=mixed", "=mixd"),
                             ("AccuracySec=1s", "AccuracySec=1x"),
                             ("2026-11-22", "2026-22-11")):
            with self.subTest(wrong=wrong):
                _, said = self.analyze(
                    "verify", "--man=no",
                    change=lambda text: text.replace(right, wrong))
                self.assertIn("netpush-push", said)

    def test_what_a_stranger_in_it_could_do(self):
        """On systemd's scale of 0 to 10 it stays under 2."""
        path = os.path.join(UNITS, SERVICE)
        done = subprocess.run(
            [ANALYZE, "security", "--offline=yes", "--threshold=20",
             "--no-pager", path], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_time_of_the_timer(self):
        said = subprocess.run(
            [ANALYZE, "calendar", value(read_unit(TIMER), "OnCalendar")],
            stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn("Normalized form: 2026-11-22 02:00:00 Europe/Zurich",
                      said)


class Pages(unittest.TestCase):
    def test_what_the_page_names_is_in_the_units(self):
        with open(os.path.join(SOURCE, "docs", "systemd.md"),
                  encoding="utf-8") as file:
            page = file.read()
        units = read_unit(SERVICE) + read_unit(TIMER)
        named = set(re.findall(r"`([A-Z]\w+=)", page))
        # What may be added to them.
        added = set(re.findall(r"(?m)^    ([A-Z]\w+=)", page))
        self.assertTrue(named)
        for key in named - added:
            self.assertIn("\n" + key, units)
        for entry in values(read_unit(SERVICE), "#?LoadCredential"):
            self.assertIn("`%s`" % entry.partition(":")[2], page)


class Compare(ctypes.Structure):
    """struct scmp_arg_cmp: the argument's number, how, with what."""
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int),
                ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]

    EQUAL, MASKED_EQUAL = 4, 7


class Filter:
    """The unit's SystemCallFilter=, RestrictAddressFamilies= and
    MemoryDenyWriteExecute= for a process, with the library that systemd takes
    for it. (An address family that is not allowed kills here; systemd lets
    socket(2) fail.)"""

    KILL, ALLOW, REFUSE = 0x80000000, 0x7fff0000, 0x00050000 | errno.EPERM
    WRITE, EXECUTE = 2, 4

    def __init__(self, unit):
        self.lib = ctypes.CDLL("libseccomp.so.2")
        self.lib.seccomp_init.restype = ctypes.c_void_p
        self.lib.seccomp_init.argtypes = [ctypes.c_uint32]
        self.lib.seccomp_load.argtypes = [ctypes.c_void_p]
        self.lib.seccomp_release.argtypes = [ctypes.c_void_p]
        self.lib.seccomp_rule_add_array.argtypes = [
            ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
            ctypes.POINTER(Compare)]
        self.context = self.lib.seccomp_init(self.KILL)
        special = {"socket", "mmap", "mprotect", "pkey_mprotect"}
        for group in value(unit, "SystemCallFilter").split():
            for name in self.calls(group) - special:
                self.rule(self.ALLOW, name)
        for name in value(unit, "RestrictAddressFamilies").split():
            self.rule(self.ALLOW, "socket", Compare(
                0, Compare.EQUAL, getattr(socket, name), 0))
        assert value(unit, "MemoryDenyWriteExecute") == "yes"
        both = self.WRITE | self.EXECUTE
        for bits in (0, self.WRITE, self.EXECUTE, both):
            self.rule(self.REFUSE if bits == both else self.ALLOW, "mmap",
                      Compare(2, Compare.MASKED_EQUAL, both, bits))
        for name in ("mprotect", "pkey_mprotect"):
            for bits in (0, self.EXECUTE):
                self.rule(self.REFUSE if bits else self.ALLOW, name, Compare(
                    2, Compare.MASKED_EQUAL, self.EXECUTE, bits))

    def rule(self, action, name, *compare):
        number = self.lib.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # of another machine
            return
        rc = self.lib.seccomp_rule_add_array(
            self.context, action, number, len(compare),
            (Compare * len(compare))(*compare))
        assert rc == 0, (name, rc)

    def calls(self, name):
        """The system calls of a set, with those of the sets in it."""
        text = subprocess.run([ANALYZE, "syscall-filter", name],
                              stdout=subprocess.PIPE, text=True,
                              check=True).stdout
        found = set()
        for word in [line.strip() for line in text.split("\n")[1:]]:
            if word.startswith("@"):
                found |= self.calls(word)
            elif word and not word.startswith("#"):
                found.add(word)
        return found

    def load(self):
        """In the child, before it becomes another program."""
        if self.lib.seccomp_load(self.context):
            os._exit(99)

    def close(self):
        self.lib.seccomp_release(self.context)


def can_filter():
    try:
        ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return False
    return ANALYZE is not None


class Started(Run):
    """The service, started as its unit says."""

    def __init__(self, case, argv, env, prepare):
        self.case, self.argv = case, argv
        self.state_dir = case.state_dir
        self._before = set(self._run_dirs())
        self._out = tempfile.TemporaryFile()
        self._err = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            argv, env=env, cwd=case.state_dir, stdin=subprocess.DEVNULL,
            stdout=self._out, stderr=self._err, start_new_session=True,
            umask=int(value(case.unit, "UMask"), 8), preexec_fn=prepare,
            **case.user)
        self.pid = self.process.pid
        case.addCleanup(self.end)


class Service(Case):
    names = ["R1", "R2", "R3"]
    secrets = {"username": USERNAME, "password": PASSWORD, "enable": ENABLE}

    def setUp(self):
        super().setUp()
        self.unit = read_unit(SERVICE)
        self.user = {}
        self.assertEqual(value(self.unit, "DynamicUser"), "yes")
        if os.getuid() == 0:
            self.user = {"user": UID, "group": UID, "extra_groups": []}
            os.chmod(self.tmp, 0o711)
        self.install()
        self.state_dir = self.path("/var/lib/" +
                                   value(self.unit, "StateDirectory"))
        self.json_path = os.path.join(self.state_dir, "last.json")
        os.makedirs(os.path.dirname(self.state_dir))
        os.mkdir(self.state_dir)
        os.chmod(self.state_dir, int(value(self.unit, "StateDirectoryMode"),
                                     8))
        self.give(self.state_dir)

    def path(self, path):
        return self.tmp + path

    def give(self, path):
        if self.user:
            os.chown(path, UID, UID)

    def install(self):
        os.makedirs(os.path.dirname(self.path(INSTALLED)))
        shutil.copy(BINARY, self.path(INSTALLED))
        shutil.copytree(
            os.path.join(SOURCE, "device-profiles"),
            self.path("/usr/local/share/netpush/device-profiles"))
        os.makedirs(self.path("/etc/netpush"))

    def write_etc(self, job):
        """The files that docs/systemd.md asks for."""
        for name, text in self.secrets.items():
            self.write("etc/netpush/" + name, text + "\n")
        self.write("etc/netpush/push.yml", job, 0o644)
        shutil.copy(self.lab.known_hosts,
                    self.path("/etc/netpush/known_hosts"))
        os.chmod(self.path("/etc/netpush/known_hosts"), 0o644)

    def load_credentials(self, mode):
        """What systemd makes of LoadCredential=: copies in a directory of the
        service's own. MODE: 0400, or 0440 where it gives them by an ACL, whose
        mask stands there then."""
        directory = self.path("/credentials")
        if os.path.exists(directory):
            self.drop(directory)
        os.mkdir(directory)
        self.addCleanup(self.drop, directory)
        for entry in values(self.unit, "LoadCredential"):
            name, _, path = entry.partition(":")
            copy = os.path.join(directory, name)
            shutil.copy(self.path(path), copy)
            os.chmod(copy, mode)
            self.give(copy)
        os.chmod(directory, 0o500)
        self.give(directory)
        return directory

    @staticmethod
    def drop(directory):
        if os.path.exists(directory):
            os.chmod(directory, 0o700)
            shutil.rmtree(directory)

    def launch(self, mode=0o400, prepare=None, **more):
        text = value(self.unit, "ExecStart")
        for name, path in (("%S", "/var/lib"), ("/etc/netpush",) * 2,
                           (INSTALLED,) * 2):
            self.assertIn(name, text)
            text = text.replace(name, self.path(path))
        self.assertNotIn("%", text)
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
               "LANG": "C.UTF-8", "HOME": "/", "USER": "netpush-push",
               "LOGNAME": "netpush-push", "SHELL": "/bin/sh",
               "INVOCATION_ID": "0123456789abcdef0123456789abcdef",
               "STATE_DIRECTORY": self.state_dir,
               "CREDENTIALS_DIRECTORY": self.load_credentials(mode)}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        return Started(self, shlex.split(text), {**env, **more}, prepare)

    def expect(self, run, status):
        run.wait()
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run

    def files(self):
        """All but what the service may write and what this test does."""
        own = (self.state_dir + "/", self.path("/credentials/"))
        return {path: os.stat(path).st_mtime_ns
                for path in files_below(self.tmp) if not path.startswith(own)}

    def begin(self, *devices, **job):
        self.start_lab(*(devices or self.names), known=False)
        self.write_etc(self.acl_job(**job))

    def test_push(self):
        self.begin()
        before = self.files()
        run = self.expect(self.launch(), 0)
        self.assertEqual(run.statuses(), ["changed"] * 3)
        self.assertEqual(self.lab.acl_texts("R3", "EDGE"),
                         ["permit ip any any"])
        self.assertEqual({(e["user"], e["ok"])
                          for e in self.lab.witness(event="auth")},
                         {(USERNAME, True)})
        self.assertEqual(self.files(), before)
        for path in files_below(self.state_dir):
            self.assertEqual(os.stat(path).st_mode & 0o077, 0, path)
            with open(path, encoding="utf-8") as file:
                self.assertNotIn(PASSWORD, file.read(), path)

    def test_again_with_credentials_under_an_acl(self):
        self.begin()
        self.expect(self.launch(), 0)
        run = self.expect(self.launch(0o440), 0)
        self.assertEqual(run.statuses(), ["unchanged"] * 3)

    def test_enable_password(self):
        self.begin({"hostname": "R1", "login_mode": "user"})
        self.unit = self.unit.replace("#LoadCredential", "LoadCredential")
        self.expect(self.launch(), 0)
        self.assertTrue(self.lab.witness(event="password_line"))

    def test_refused(self):
        """Exit status 3 after one login, and no second start."""
        self.secrets = {**self.secrets, "password": "wr0ng-Zebra-71c4"}
        self.begin()
        run = self.expect(self.launch(), 3)
        self.assertEqual(len(self.lab.witness(event="auth")), 1)
        self.assertEqual(run.statuses(), ["failed", "skipped", "skipped"])
        self.assertEqual(value(self.unit, "Restart"), "no")
        self.assertEqual(value(read_unit(TIMER), "Persistent"), "no")

    def test_no_credentials(self):
        """It does not wait for an answer that nobody can give."""
        self.begin()
        self.unit = self.unit.replace("LoadCredential=password",
                                      "#LoadCredential=password")
        run = self.expect(self.launch(), 2)
        self.assertIn("there is no password", run.stderr)
        self.assertEqual(self.connects(), [])

    def test_unknown_host_key(self):
        self.begin()
        self.write("etc/netpush/known_hosts", "", 0o644)
        run = self.expect(self.launch(), 1)
        self.assertEqual({r["error"]["kind"] for r in run.json["results"]},
                         {"host_key"})
        self.assertEqual(self.lab.witness(event="auth"), [])

    def stop(self, run):
        """What `systemctl stop` does first (systemd.kill(5)); then it waits
        for TimeoutStopSec=."""
        number = getattr(signal, value(self.unit, "KillSignal"))
        hit = [run.pid]
        if value(self.unit, "KillMode") == "control-group":
            hit += run.children()
        for pid in hit:
            os.kill(pid, number)
        return number

    def test_stop(self):
        """The device in flight is brought to its end."""
        self.begin(threads=1, lines="permit ip host 1.1.1.1 any\n"
                                    "deny ip any any")
        self.lab.faults("R1", {"kind": "delay", "at": "^deny", "ms": 3000})
        run = self.launch()
        wait_until(lambda: self.lab.witness(event="fault", device="R1") or
                   run.process.poll() is not None, "the fault on R1")
        number = self.stop(run)
        self.expect(run, -number)
        self.assertEqual(run.statuses(), ["changed", "skipped", "skipped"])
        self.assertEqual(self.lab.acl_texts("R1", "EDGE"),
                         ["permit ip host 1.1.1.1 any", "deny ip any any"])

    def test_patience_of_a_stop(self):
        """Longer than a device may take, and its worker's grace."""
        with open(os.path.join(SOURCE, "docs", "job.md"),
                  encoding="utf-8") as file:
            [default] = re.findall(r"(?m)^\| `device` .*\| (\d+)m \|$",
                                   file.read())
        [stop] = re.findall(r"^(\d+)min$",
                            value(self.unit, "TimeoutStopSec"))
        self.assertGreater(int(stop), int(default))

    @unittest.skipUnless(can_filter(), "no systemd-analyze or libseccomp")
    def test_under_its_filter(self):
        self.begin()
        calls = Filter(self.unit)
        self.addCleanup(calls.close)
        # LeakSanitizer is a debugger, which the filter does not let in.
        options = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        run = self.expect(self.launch(
            prepare=calls.load, ASAN_OPTIONS=options.lstrip(":")), 0)
        self.assertEqual(run.statuses(), ["changed"] * 3)

    @unittest.skipUnless(can_filter(), "no systemd-analyze or libseccomp")
    def test_the_filter_works(self):
        calls = Filter(self.unit)
        self.addCleanup(calls.close)
        for code, end in (
                ("pass", 0),
                ("import socket; socket.socket(socket.AF_INET)", 0),
                ("import socket; socket.socket(socket.AF_PACKET)",
                 -signal.SIGSYS),
                ("import os; os.chroot('/')", -signal.SIGSYS),
                ("import mmap; mmap.mmap(-1, 4096, prot=3)", 0),
                ("import mmap; mmap.mmap(-1, 4096, prot=7)", 1)):
            with self.subTest(code=code):
                done = subprocess.run(
                    [sys.executable, "-c", code], preexec_fn=calls.load,
                    stderr=subprocess.DEVNULL, check=False)
                self.assertEqual(done.returncode, end)


if __name__ == "__main__":
    main()
