"""What the machine that netpush runs on may do to it: whatever happens, one
result for each device, and valid JSON."""

import json
import os
import resource
import shutil
import subprocess
import unittest

from harness import BINARY, Case, check_result, main, wait_until

NAMES = ["R%d" % i for i in range(1, 21)]
NOBODY = 64998  # a user without any other process


class Machine(Case):
    def setUp(self):
        super().setUp()
        self.start_lab(*NAMES)

    def limited(self, job, prepare, *options):
        """Runs it in a process that PREPARE was called in."""
        path = self.write("job.yml", job, mode=0o644)
        done = subprocess.run(
            [BINARY, "run", "--profiles",
             os.path.join(os.environ["NETPUSH_SOURCE"], "device-profiles"),
             "--json", self.json_path, *options, path],
            env=self.environment(), cwd=self.tmp, preexec_fn=prepare,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
            check=False)
        return done.returncode, done.stderr.decode()

    def statuses(self):
        with open(self.json_path, encoding="utf-8") as file:
            result = json.load(file)
        check_result(result)
        return [r["status"] for r in result["results"]]

    def test_few_descriptors(self):
        """Each worker costs one: fewer at a time, and said so."""
        def prepare():
            resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
        status, errors = self.limited(self.acl_job(threads=20), prepare)
        self.assertEqual(status, 0, errors)
        self.assertEqual(self.statuses(), ["changed"] * 20)
        self.assertRegex(errors, r"going on with \d+ at a time")
        self.assertEqual(errors.count("at a time"), 1)

    @unittest.skipUnless(os.getuid() == 0, "limits another user's processes")
    @unittest.skipIf("Sanitizer" in os.environ.get("ASAN_OPTIONS", ""), "")
    def test_few_processes(self):
        """fork(2) says EAGAIN."""
        for path, _, _ in os.walk(self.tmp):
            os.chown(path, NOBODY, NOBODY)
        for path in (self.known_hosts,):
            os.chown(path, NOBODY, NOBODY)

        def prepare():
            os.setgroups([])
            resource.setrlimit(resource.RLIMIT_NPROC, (4, 4))
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        if subprocess.run([BINARY, "--version"], preexec_fn=prepare,
                          stdout=subprocess.DEVNULL, check=False,
                          stderr=subprocess.DEVNULL).returncode:
            self.skipTest("another user cannot reach the executable")
        status, errors = self.limited(self.acl_job(threads=20), prepare)
        self.assertEqual(status, 0, errors)
        self.assertEqual(self.statuses(), ["changed"] * 20)
        self.assertRegex(errors, r"going on with \d+ at a time")

    def test_disk_full_before(self):
        """Found before any device is contacted."""
        def prepare():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        status, errors = self.limited(self.acl_job(), prepare)
        self.assertEqual(status, 2, errors)
        self.assertIn("no room for the journal", errors)
        self.assertEqual(self.connects(), [])

    def test_disk_full_during(self):
        """No word in the journal, no change. Its room was there at the
        start; the outputs of twenty devices are more."""
        for name in NAMES:
            self.lab.set(name, faults=[])
        lines = "\n".join("permit ip host 10.%d.%d.1 any" % (i // 250, i % 250)
                          for i in range(2000))

        def prepare():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1200000, 1200000))
        status, errors = self.limited(
            self.acl_job(lines, threads=2), prepare, "--json", "-")
        self.assertEqual(status, 4, errors)
        self.assertIn("events.jsonl cannot be written", errors)
        # Nobody was changed behind the last word of the journal.
        changed = [n for n in NAMES if self.lab.acl_texts(n, "EDGE")]
        self.assertLess(len(changed), len(NAMES))
        for name in changed:
            self.assertEqual(len(self.lab.acl_texts(name, "EDGE")), 2000)

    def test_state_directory_vanishes(self):
        self.lab.faults("R20", {"kind": "delay", "at": "^show ip",
                                "ms": 600000, "times": 1})
        run = self.start(self.acl_job())
        wait_until(lambda: self.lab.witness(event="fault", device="R20"),
                   "the fault")
        wait_until(lambda: sum(self.lab.acl_texts(n, "EDGE") is not None
                               for n in NAMES) == 19, "the other devices")
        shutil.rmtree(self.state_dir)
        self.lab.control({"do": "release", "device": "R20"})
        run.wait()
        # What is there cannot be kept any more: then it is not changed.
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertEqual(self.statuses(), ["changed"] * 19 + ["failed"])
        self.assertIn("so nothing was sent", run.stderr)
        self.assertIn("result.json", run.stderr)

    def test_nobody_reads_the_report(self):
        """`netpush run ... | head -1`: the run is not harmed by it."""
        read, write = os.pipe()
        os.close(read)
        run = self.start(self.acl_job(), stdout=write)
        os.close(write)
        run.wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.statuses(), ["changed"] * 20)

    def test_json_to_a_full_disk(self):
        run = self.netpush("run", "--json", "/dev/full",
                           self.write("job.yml", self.acl_job())).wait()
        self.assertEqual(run.returncode, 0)
        self.assertIn("/dev/full", run.stderr)


if __name__ == "__main__":
    main()
