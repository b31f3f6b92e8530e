"""What leaves a run beside its directory: events as they happen, the files of
`report:`, its command. Whatever becomes of them, the result is the same."""

import csv
import io
import json
import os
import re
import signal
import stat
import subprocess

from harness import BINARY, PASSWORD, Case, main, wait_until
from test_workers import is_gone

HOLD = {"kind": "hang", "at": "^show ip access-lists"}


def report(**keys):
    """JSON is YAML."""
    return "report: %s\n" % json.dumps(keys)


class Pushed(Case):
    def setUp(self):
        super().setUp()
        self.start_lab("R1", "R2")

    def path(self, name):
        return os.path.join(self.tmp, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def job(self, **keys):
        return self.acl_job(more=report(**keys))

    def deliver(self, *options, expect=0, env=(), **keys):
        run = self.push(self.job(**keys), *options, expect=expect, **dict(env))
        self.assertEqual([name for name in os.listdir(self.tmp)
                          if re.search(r"\.\w{6}$", name)], [])
        return run


class Stream(Pushed):
    def test_standard_output_is_the_journal(self):
        run = self.push(self.acl_job(), "--format", "jsonl", "-q")
        with open(os.path.join(run.dir, "events.jsonl"),
                  encoding="utf-8") as file:
            self.assertEqual(run.stdout, file.read())
        self.assertEqual(run.stderr, "")

    def test_while_it_runs(self):
        self.lab.faults("R1", HOLD)
        run = self.start(self.acl_job(), "--format", "jsonl")

        def ends():
            lines = run.stdout.split("\n")[:-1]
            return [event["hostname"] for event in map(json.loads, lines)
                    if event["event"] == "device_finished"]
        wait_until(lambda: ends() == ["R2"], "the end of R2 in the stream")
        self.assertIsNone(run.process.poll())
        run.signal(signal.SIGTERM)
        wait_until(lambda: "busy" in run.stderr, "the word about the first")
        run.signal(signal.SIGTERM)
        run.wait()
        self.assertEqual(sorted(ends()), ["R1", "R2"])

    def test_reader_is_gone(self):
        path = self.write("job.yml", self.acl_job())
        reader, writer = os.pipe()
        os.close(reader)
        run = self.netpush("run", "--json", self.json_path, "--format",
                           "jsonl", path, stdout=writer)
        os.close(writer)
        run.wait()
        self.assertEqual((run.returncode, run.statuses()),
                         (0, ["changed"] * 2))
        self.assertEqual(run.stderr.count("no more events"), 1)

    def test_other_formats_come_at_the_end(self):
        run = self.push(self.acl_job(), "--format", "csv")
        self.assertEqual([line.split(",")[0]
                          for line in run.stdout.split("\r\n")[:3]],
                         ["hostname", "R1", "R2"])

    def test_standard_output_is_wanted_once(self):
        path = self.write("job.yml", self.acl_job())
        for name in ("text", "jsonl"):
            run = self.netpush("run", "--json", "-", "--format", name,
                               path).wait()
            self.assertEqual(run.returncode, 2)
            self.assertIn("--format", run.stderr)
        self.assertEqual(self.connects(), [])


class Files(Pushed):
    def test_rights(self):
        self.write("old.csv", "old", mode=0o640)
        self.deliver(csv="old.csv", junit="new.xml", prometheus="new.prom")
        modes = {name: stat.S_IMODE(os.stat(self.path(name)).st_mode)
                 for name in ("old.csv", "new.xml", "new.prom")}
        self.assertEqual(modes, {"old.csv": 0o640, "new.xml": 0o600,
                                 "new.prom": 0o644})

    def test_whole_or_not_at_all(self):
        """Who has the old file open reads it to its end."""
        self.write("real.csv", "old")
        os.symlink("real.csv", self.path("link.csv"))
        with open(self.path("link.csv"), encoding="utf-8") as before:
            self.deliver(csv="link.csv")
            self.assertEqual(before.read(), "old")
        self.assertTrue(os.path.islink(self.path("link.csv")))
        self.assertTrue(self.read("real.csv").startswith(b"hostname,"))

    def test_a_pipe_is_written_to(self):
        os.mkfifo(self.path("pipe"))
        reader = os.open(self.path("pipe"), os.O_RDONLY | os.O_NONBLOCK)
        self.deliver(csv="pipe")
        self.assertTrue(os.read(reader, 65536).startswith(b"hostname,"))
        os.close(reader)
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("pipe")).st_mode))

    def test_one_that_cannot_be_written(self):
        run = self.deliver(csv="nowhere/out.csv", junit="/dev/full",
                           json="out.json")
        self.assertEqual(run.statuses(), ["changed"] * 2)
        for words in ("report.csv: nowhere/out.csv will not be written",
                      "report.csv: nowhere/out.csv cannot be written",
                      "report.junit: /dev/full cannot be written"):
            self.assertEqual(run.stderr.count(words), 1, run.stderr)
        # That one was said before anything was done.
        self.assertLess(run.stderr.index("will not be written"),
                        run.stderr.index("R1: changed"))
        self.assertEqual(json.loads(self.read("out.json")), run.json)

    def test_whether_it_can_be_written_is_seen_before(self):
        """Warned of is what will fail, and nothing else."""
        os.mkdir(self.path("dir"))
        os.mkfifo(self.path("pipe"))
        reader = os.open(self.path("pipe"), os.O_RDONLY | os.O_NONBLOCK)
        self.write("old.csv", "old")
        run = self.deliver(junit="dir", json="pipe", csv="old.csv",
                           prometheus="dir/new.prom", text="/dev/null",
                           jsonl="old.csv/x")
        os.close(reader)
        warned = re.findall(r"report\.(\w+): \S+ will not be", run.stderr)
        failed = re.findall(r"report\.(\w+): \S+ cannot be", run.stderr)
        self.assertEqual((warned, failed), (["jsonl", "junit"],) * 2)

    def test_resumed_from_elsewhere(self):
        """Paths are relative to where the run was started."""
        self.lab.faults("R1", HOLD)
        run = self.start(self.job(csv="out.csv", command="touch done"))
        run.await_event(event="device_finished", hostname="R2")
        run.signal(signal.SIGKILL)
        run.wait()
        self.lab.faults("R1")
        self.lab.control({"do": "drop", "device": "R1"})
        wait_until(lambda: self.lab.stats()["totals"]["sessions_now"] == 0,
                   "the end of the worker")
        self.assertFalse(os.path.exists(self.path("out.csv")))
        again = subprocess.run(
            [BINARY, "resume", "latest"], env=self.environment(), cwd="/",
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
            check=False)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn(b"R1,", self.read("out.csv"))
        self.assertEqual(self.read("done"), b"")

    def test_directory_of_report(self):
        """-o DIR: a file that is named after the run."""
        run = self.push(self.acl_job())
        again = self.netpush("report", "--format", "junit", "-o", self.tmp,
                             "latest").wait()
        self.assertEqual((again.returncode, again.stderr), (0, ""))
        self.assertIn(b"<testsuite", self.read(
            os.path.basename(run.dir) + ".xml"))

    def test_report_that_cannot_be_written(self):
        self.push(self.acl_job())
        for path in ("/dev/full", self.path("nowhere/x")):
            again = self.netpush("report", "-o", path, "latest").wait()
            self.assertEqual(again.returncode, 2)
            self.assertIn(path, again.stderr)
        again = self.netpush("report", "--format", "pdf", "latest").wait()
        self.assertEqual(again.returncode, 2)
        self.assertIn("junit", again.stderr)
        again = self.netpush("report", "--format", "csv", "--transcript",
                             "R1", "latest").wait()
        self.assertEqual((again.returncode, again.stdout), (2, ""))


class Command(Pushed):
    def test_gets_the_result(self):
        run = self.deliver(
            command="cat >got.json; echo $NETPUSH_RUN_DIR "
            "$NETPUSH_EXIT_STATUS >about; echo aloud; echo too >&2")
        self.assertEqual(json.loads(self.read("got.json")), run.json)
        self.assertEqual(self.read("about").decode(), run.dir + " 0\n")
        self.assertNotIn("aloud", run.stdout)
        self.assertTrue(run.stderr.endswith("aloud\ntoo\n"), run.stderr)

    def test_need_not_read(self):
        run = self.deliver(command="exec <&-; touch done")
        self.assertEqual(run.stderr.count("report."), 0)
        self.assertEqual(self.read("done"), b"")

    def test_comes_after_the_files(self):
        self.deliver(csv="out.csv", command="cp out.csv seen.csv")
        self.assertEqual(self.read("seen.csv"), self.read("out.csv"))

    def test_no_secret_and_nothing_of_ours(self):
        file = self.write("password", PASSWORD + "\n")
        self.deliver("--password-file", file,
                     command="env >env; ls -l /proc/self/fd >fds; "
                     "grep Sig /proc/self/status >signals",
                     env={"NETPUSH_PASSWORD": "hush-1",
                          "NETPUSH_ENABLE_PASSWORD": "hush-2",
                          "NETPUSH_PASSPHRASE": "hush-3",
                          "NETPUSH_SMTP_PASSWORD": "hush-4",
                          "CREDENTIALS_DIRECTORY": self.tmp,
                          "MINE": "stays"})
        env = self.read("env").decode()
        self.assertNotIn("hush", env)
        self.assertNotIn("CREDENTIALS", env)
        self.assertIn("MINE=stays\n", env)
        self.assertEqual(re.findall(r"(?m)^NETPUSH_\w+", env),
                         ["NETPUSH_RUN_DIR", "NETPUSH_EXIT_STATUS"])
        fds = re.findall(r" (\d+) -> (\S+)", self.read("fds").decode())
        self.assertEqual(
            [number for number, to in fds if not to.startswith("/proc/")],
            ["0", "1", "2"])
        signals = dict(line.split(":\t") for line in
                       self.read("signals").decode().splitlines())
        self.assertEqual((int(signals["SigBlk"], 16),
                          int(signals["SigIgn"], 16)), (0, 0))

    def test_that_fails(self):
        for command, words in (("exit 7", "ended with status 7"),
                               ("kill -9 $$", "killed by signal 9"),
                               ("/nonsense", "ended with status 127")):
            run = self.deliver(command=command)
            self.assertEqual(run.statuses()[0] in ("changed", "unchanged"),
                             True)
            self.assertRegex(run.stderr, "(?m)^netpush: report.command: it .*"
                             + words)

    def test_of_a_run_that_failed(self):
        self.deliver(expect=3, env={"password": "wrong"},
                     command="echo $NETPUSH_EXIT_STATUS >status; cat >got")
        self.assertEqual(self.read("status"), b"3\n")
        self.assertEqual(json.loads(self.read("got"))["run"]["exit_status"],
                         3)

    def pids(self):
        return [int(pid) for pid in self.read("pids").split()]

    def test_takes_too_long(self):
        """It and its children are ended, deaf ones as well."""
        run = self.deliver(
            command="trap '' TERM; sleep 1000 & echo $! >pids; "
            "echo $$ >>pids; while :; do wait; sleep 1000; done",
            command_timeout="1s")
        self.assertIn("report.command: it took longer than 1.0 s and was "
                      "ended", run.stderr)
        pids = self.pids()
        self.assertEqual(len(pids), 2)
        wait_until(lambda: all(map(is_gone, pids)), "the end of the command")

    def test_interrupted(self):
        run = self.start(self.job(
            command="echo $$ >pids; sleep 1000 & echo $! >>pids; "
            "touch begun; wait"))
        wait_until(lambda: os.path.exists(self.path("begun")), "the command")
        run.signal(signal.SIGINT)
        run.wait()
        self.assertEqual(run.returncode, -signal.SIGINT)
        wait_until(lambda: all(map(is_gone, self.pids())),
                   "the end of the command")
        self.assertEqual(run.statuses(), ["changed"] * 2)

    def test_not_for_a_check(self):
        run = self.push(self.job(csv="out.csv", command="touch done"),
                        "--check", "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(run.stdout, newline="")))
        self.assertEqual([(row["status"], row["would_change"])
                          for row in rows], [("unchanged", "true")] * 2)
        self.assertEqual({"done", "out.csv"} & set(os.listdir(self.tmp)),
                         set())

    def test_not_for_a_run_that_left_nothing(self):
        run = self.start(self.job(csv="out.csv", command="touch done"),
                         "--at", "2037-01-01 00:00")
        wait_until(lambda: "waiting until" in run.stderr, "the waiting")
        run.signal(signal.SIGINT)
        run.wait()
        self.assertEqual(run.returncode, -signal.SIGINT)
        self.assertEqual({"done", "out.csv"} & set(os.listdir(self.tmp)),
                         set())


if __name__ == "__main__":
    main()
