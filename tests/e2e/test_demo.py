"""./demo.sh twice: the first run changes every device, the second finds them
as the first one left them; nothing is left running."""

import json
import os
import subprocess

from harness import BINARY, SOURCE, Case, main, wait_until

NAMES = ["BRANCH1_DIST1", "BRANCH2_DIST1", "DC1_CORE1", "DC1_CORE2"]


class Demo(Case):
    def setUp(self):
        super().setUp()
        self.demo_dir = os.path.join(self.tmp, "demo")

    def demo(self, *options, **more):
        # Of the caller's settings nothing may get in: the demo has its own.
        env = self.environment(
            password="not-the-labs", NETPUSH_USERNAME="nobody",
            NETPUSH_BUILD_DIR=os.path.dirname(BINARY),
            NETPUSH_DEMO_DIR=self.demo_dir, **more)
        return subprocess.run(
            [os.path.join(SOURCE, "demo.sh"), *options], env=env,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, start_new_session=True, check=False)

    def good(self, *options):
        done = self.demo(*options)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assert_lab_has_ended()
        return done.stdout

    def users_of_the_demo(self):
        """Command lines of processes that name the demo's directory."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                with open("/proc/%s/cmdline" % entry, "rb") as file:
                    line = file.read()
            except (FileNotFoundError, NotADirectoryError,
                    ProcessLookupError):
                continue
            if self.demo_dir.encode() in line:
                found.append(line)
        return found

    def assert_lab_has_ended(self):
        self.assertEqual(self.users_of_the_demo(), [])

    def statuses(self):
        with open(os.path.join(self.demo_dir, "result.json"),
                  encoding="utf-8") as file:
            return {r["hostname"]: r["status"]
                    for r in json.load(file)["results"]}

    def test_changed_then_unchanged_then_reset(self):
        first = self.good()
        self.assertEqual(self.statuses(), dict.fromkeys(NAMES, "changed"))
        self.assertNotIn("\033", first)
        before, after = first.split("== The run")
        self.assertIn("permit ip any any", before)
        self.assertNotIn("192.168.1.101", before)
        self.assertNotIn("permit ip any any", after)
        self.assertIn("192.168.1.101", after)
        second = self.good()
        self.assertEqual(self.statuses(), dict.fromkeys(NAMES, "unchanged"))
        self.assertIn("192.168.1.101", second.split("== The run")[0])
        self.good("--reset")
        self.assertEqual(self.statuses(), dict.fromkeys(NAMES, "changed"))

    def test_nothing_is_written_elsewhere(self):
        self.good()
        self.assertEqual(os.listdir(self.home), [".ssh"])
        self.assertEqual(os.listdir(os.path.join(self.home, ".ssh")), [])

    def test_a_lab_that_does_not_start_is_said(self):
        os.makedirs(os.path.join(self.demo_dir, "devices"))
        for name in NAMES:
            path = os.path.join(self.demo_dir, "devices", name + ".cfg")
            with open(path, "w", encoding="utf-8") as file:
                file.write("what is this\n")
        done = self.demo()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--reset", done.stderr)
        self.assert_lab_has_ended()

    def test_the_lab_ends_when_the_demo_is_killed(self):
        demo = subprocess.Popen(
            [os.path.join(SOURCE, "demo.sh")],
            env=self.environment(
                NETPUSH_BUILD_DIR=os.path.dirname(BINARY),
                NETPUSH_DEMO_DIR=self.demo_dir),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        socket = os.path.join(self.demo_dir, "lab", "control.sock")
        wait_until(lambda: os.path.exists(socket), "the lab")
        demo.kill()
        demo.wait()
        wait_until(lambda: not self.users_of_the_demo(), "the end of the lab")

    def test_usage(self):
        done = self.demo("--rest")
        self.assertEqual(done.returncode, 2)
        self.assertIn("usage", done.stderr)


if __name__ == "__main__":
    main()
