"""What the end-to-end tests share: a lab and a home of its own for each test,
the executable run in them, and what can be read afterwards. It knows the face
of netpush (options, exit status, files of a run), nothing of its inside.

Every test that derives from Case ends with the lab's word that no session was
left on any device, and with a lab that ended well.
"""

import fcntl
import glob
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
import unittest

SOURCE = os.environ["NETPUSH_SOURCE"]
BINARY = os.environ["NETPUSH_BINARY"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "lab"))

from labctl import ENABLE, PASSWORD, USERNAME, Lab, LabError  # noqa: E402

PATIENCE = 30  # seconds until a test gives up on something

STATUSES = ("changed", "unchanged", "failed", "rolled_back", "unknown",
            "skipped")
KINDS = ("job", "resolve", "connect", "host_key", "auth", "timeout", "closed",
         "prompt", "refused", "echo", "verify", "transfer", "lockout_risk",
         "cancelled", "crashed", "internal")
STAGES = ("connect", "login", "prepare", "change", "confirm", "save",
          "verify", "close")
STEP_STATUSES = ("ok", "unchanged", "changed", "failed", "rolled_back",
                 "unknown")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def wait_until(condition, what, patience=PATIENCE):
    """Until CONDITION() is true; returns what it returned."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("never happened: " + what)
        time.sleep(0.01)


def check_error(error):
    assert set(error) == {"kind", "message", "line", "sent", "device_text"}, \
        error
    assert error["kind"] in KINDS, error
    assert error["message"], error
    assert error["line"] is None or error["line"] >= 1, error
    for key in ("sent", "device_text"):
        assert error[key] is None or isinstance(error[key], str), error


def check_result(result):
    """The shape of --json, as the documents promise it."""
    assert set(result) == {"schema", "run", "results"}, set(result)
    assert result["schema"] == 1
    run, devices = result["run"], result["results"]
    assert set(run) == {"id", "job", "started", "finished", "duration",
                        "threads", "exit_status", "totals"}, set(run)
    for key in ("started", "finished"):
        assert TIME.fullmatch(run[key]), run[key]
    assert run["started"] <= run["finished"]
    assert isinstance(run["duration"], (int, float)) and run["duration"] >= 0
    assert set(run["totals"]) == {"devices", *STATUSES}, run["totals"]
    assert run["totals"]["devices"] == len(devices)
    for status in STATUSES:
        assert run["totals"][status] == sum(
            device["status"] == status for device in devices), run["totals"]
    for device in devices:
        assert set(device) == {
            "hostname", "address", "device_type", "status", "attempts",
            "started", "duration", "output", "phase", "stage", "steps",
            "error"}, set(device)
        assert device["status"] in STATUSES, device
        assert isinstance(device["output"], str)
        assert device["stage"] is None or device["stage"] in STAGES, device
        assert isinstance(device["attempts"], int)
        assert device["duration"] >= 0
        assert device["started"] is None or TIME.fullmatch(device["started"])
        good = device["status"] in ("changed", "unchanged")
        assert (device["error"] is None) == good, device
        if device["error"]:
            check_error(device["error"])
        for step in device["steps"]:
            assert set(step) - {"notes", "output_cut", "diff", "would_change"} == {
                "phase", "name", "status", "duration", "output", "error"}, step
            assert step["status"] in STEP_STATUSES, step
            if step["error"]:
                check_error(step["error"])


class Run:
    """One netpush: running, or done and read."""

    _dir = None  # the run's directory, once it was seen

    def __init__(self, case, argv, env, tty=None, stdout=None, stderr=None):
        self.case, self.argv = case, argv
        self.state_dir = case.state_dir
        self._before = set(self._run_dirs())
        self._out = tempfile.TemporaryFile(dir=case.tmp)
        self._err = tempfile.TemporaryFile(dir=case.tmp)
        take_tty = None
        if tty is not None:
            def take_tty():
                fcntl.ioctl(tty, termios.TIOCSCTTY, 0)
        # A session of its own: no terminal but the one that a test gives.
        self.process = subprocess.Popen(
            [BINARY] + argv, env=env, cwd=case.tmp,
            stdin=subprocess.DEVNULL if tty is None else tty,
            stdout=self._out if stdout is None else stdout,
            stderr=self._err if stderr is None else stderr,
            start_new_session=True,
            preexec_fn=take_tty)
        self.pid = self.process.pid
        case.addCleanup(self.end)

    def _run_dirs(self):
        return glob.glob(os.path.join(self.state_dir, "runs", "*"))

    @property
    def dir(self):
        """The run's directory, or None while there is none."""
        if self._dir is None:
            fresh = set(self._run_dirs()) - self._before
            self._dir = fresh.pop() if fresh else None
        return self._dir

    @property
    def events(self):
        """The journal so far; a line that is not finished is left out."""
        path = self.dir and os.path.join(self.dir, "events.jsonl")
        if not path or not os.path.exists(path):
            return []
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]

    def select(self, **match):
        return [e for e in self.events
                if all(e.get(k) == v for k, v in match.items())]

    def await_event(self, **match):
        def look():
            # Its end first: what is in the journal then is all.
            over = self.process.poll() is not None
            found = self.select(**match)
            if over and not found:
                raise AssertionError("netpush ended (%s) without %s: %s" % (
                    self.returncode, match, self.stderr))
            return found
        return wait_until(look, str(match))

    def children(self):
        """The workers' process ids."""
        path = "/proc/%d/task/%d/children" % (self.pid, self.pid)
        with open(path, encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        self.process.wait(2 * PATIENCE)
        return self

    @property
    def returncode(self):
        return self.process.returncode

    @staticmethod
    def _text(file):
        # Not through the descriptor's offset: the process shares it.
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), size, 0).decode(errors="replace")

    @property
    def stdout(self):
        return self._text(self._out)

    @property
    def stderr(self):
        return self._text(self._err)

    @property
    def json(self):
        """What --json wrote, checked; the same as the run's result.json."""
        with open(self.case.json_path, encoding="utf-8") as file:
            result = json.load(file)
        check_result(result)
        with open(os.path.join(self.dir, "result.json"),
                  encoding="utf-8") as file:
            assert json.load(file) == result
        assert result["run"]["id"] == os.path.basename(self.dir)
        return result

    @property
    def results(self):
        return {r["hostname"]: r for r in self.json["results"]}

    def statuses(self):
        return [r["status"] for r in self.json["results"]]

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        errors = self.stderr
        self._out.close()
        self._err.close()
        # Of workers, too: they share our standard error.
        if "Sanitizer" in errors or "runtime error:" in errors:
            raise AssertionError(errors)


class Terminal:
    """The terminal in front of which a netpush sits. Only what is asked
    there goes through it; its output and errors stay apart."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        self.seen = ""
        self._fresh = ""

    def expect(self, text):
        deadline = time.monotonic() + PATIENCE
        while text not in self._fresh:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError("not seen: %r in %r" % (text, self.seen))
            got = os.read(self.master, 4096).decode(errors="replace")
            self.seen += got
            self._fresh += got
        self._fresh = self._fresh.split(text, 1)[1]

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def send(self, text):
        os.write(self.master, text.encode())

    def answer(self, question, text):
        self.expect(question)
        self.send(text + "\n")

    def close(self):
        # What is still unread belongs to what was seen.
        while select.select([self.master], [], [], 0)[0]:
            self.seen += os.read(self.master, 4096).decode(errors="replace")
        os.close(self.master)
        os.close(self.slave)


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.tmp = tempfile.mkdtemp(prefix="netpush-e2e-")
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)
        self.home = os.path.join(self.tmp, "home")
        self.known_hosts = os.path.join(self.home, ".ssh", "known_hosts")
        os.makedirs(os.path.dirname(self.known_hosts), 0o700)
        self.state_dir = os.path.join(self.home, ".local/state/netpush")
        self.json_path = os.path.join(self.tmp, "out.json")
        self.lab = None

    def start_lab(self, *devices, known=True, **lab):
        """A lab of DEVICES (maps, or names of IOS devices). KNOWN: its host
        keys are in the home's known_hosts."""
        config = None
        if devices:
            config = {"devices": [{"hostname": d} if isinstance(d, str) else d
                                  for d in devices], **lab.pop("config", {})}
        self.lab = Lab(config=config, **lab)
        self.addCleanup(self._stop_lab)
        self.lab.start()
        if known:
            shutil.copy(self.lab.known_hosts, self.known_hosts)
        with open(self.lab.inventory, encoding="utf-8") as file:
            self.devices = re.findall(
                r"hostname: (\S+)\n +address: (\S+)\n +port: \d+\n"
                r" +device_type: (\S+)", file.read())
        return self.lab

    def _stop_lab(self):
        returncode = self.lab.stop()
        self.assertEqual((returncode, self.lab.errors), (0, ""))

    def tearDown(self):
        if self.lab is None:
            return
        # The device hears of the end a moment after the client made it.
        wait_until(lambda: self.lab.stats()["totals"]["sessions_now"] == 0,
                   "the end of all sessions", 20)
        wait_until(lambda: not any(
            d["connections_now"] for d in self.lab.stats()["devices"].values()),
            "the end of all connections", 20)

    # What a job is made of.

    def device_list(self, *names, **more):
        """The lab's devices (or those NAMED, in this order) as a job's
        device_list; MORE: keys for each."""
        known = {device[0]: device for device in self.devices}
        lines = ["device_list:"]
        for name in names or [device[0] for device in self.devices]:
            _, address, device_type = known[name]
            keys = {"hostname": name, "address": address,
                    "port": self.lab.port, "device_type": device_type, **more}
            lines.append("  - {%s}" % ", ".join(
                "%s: %s" % item for item in keys.items()))
        return "\n".join(lines) + "\n"

    def acl_job(self, lines="permit ip any any", name="EDGE", devices=(),
                threads=8, more=""):
        """The short form."""
        text = "threads: %d\n%s" % (threads, self.device_list(*devices))
        return text + more + "acl_name: %s\nacl_lines: |\n%s" % (
            name, "".join("  %s\n" % line for line in lines.split("\n")))

    def phases_job(self, phases, devices=(), threads=8, more=""):
        """The long form; PHASES is the YAML below `phases:`."""
        return "threads: %d\n%s%sphases:\n%s" % (
            threads, self.device_list(*devices), more, phases)

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.tmp, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    # Running it.

    def environment(self, password=PASSWORD, **more):
        env = {"HOME": self.home, "PATH": os.environ["PATH"],
               "NETPUSH_USERNAME": USERNAME, "LANG": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        if password is not None:
            env["NETPUSH_PASSWORD"] = password
        env.update(more)
        return {k: v for k, v in env.items() if v is not None}

    def netpush(self, *argv, tty=None, stdout=None, stderr=None, **env):
        """Starts it. The profiles are those of the source tree."""
        argv = list(argv)
        if argv and argv[0] in ("run", "check"):
            argv[1:1] = ["--profiles", os.path.join(SOURCE, "device-profiles")]
        return Run(self, argv, self.environment(**env),
                   tty.slave if tty else None, stdout, stderr)

    def start(self, job, *options, tty=None, stderr=None, **env):
        """Starts `netpush run` on the job's text."""
        if os.path.exists(self.json_path):
            os.unlink(self.json_path)
        path = self.write("job.yml", job)
        return self.netpush("run", "--json", self.json_path, *options, path,
                            tty=tty, stderr=stderr, **env)

    def push(self, job, *options, expect=0, **env):
        """The whole run, which must end with the exit status EXPECT (None:
        any)."""
        run = self.start(job, *options, **env).wait()
        if expect is None:  # the test will see
            return run
        self.assertEqual(run.returncode, expect, run.stdout + run.stderr)
        if expect in (0, 1, 3, 4):
            self.assertEqual(run.json["run"]["exit_status"], expect)
        return run

    def terminal(self):
        terminal = Terminal()
        self.addCleanup(terminal.close)
        return terminal

    # What is often asked of the witness.

    def config_lines(self, device, since=0):
        """Lines that DEVICE read in configuration mode, in order."""
        return [e["line"] for e in self.lab.witness(event="line",
                                                     device=device)[since:]
                if e["mode"].startswith("config") and e["line"]]

    def connects(self):
        return [e["device"] for e in self.lab.witness(event="connect")]

    def assert_untouched(self, *names):
        """No login was even tried."""
        seen = {e["device"] for e in self.lab.witness(event="auth")}
        self.assertFalse(seen & set(names))


def files_below(directory):
    for folder, _, names in os.walk(directory):
        for name in names:
            yield os.path.join(folder, name)


def main():
    unittest.main(verbosity=2)
