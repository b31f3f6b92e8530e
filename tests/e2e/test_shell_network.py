"""rcmd on network devices: the session engine behind the tool's face."""

import json
import os

from harness import Case, main


class Network(Case):
    def setUp(self):
        super().setUp()
        self.start_lab("R1", "R2", {"hostname": "N1", "type": "cisco_nxos"})

    def config(self):
        """Names for the lab's addresses, as a person would have them."""
        with open(os.path.join(self.home, ".ssh", "config"), "w",
                  encoding="utf-8") as file:
            for name, address, _ in self.devices:
                file.write("Host %s\n HostName %s\n Port %d\n" % (
                    name, address, self.lab.port))

    def rcmd(self, *argv, expect=0, **env):
        run = self.netpush("rcmd", *argv, **env).wait()
        self.assertEqual(run.returncode, expect, run.stdout + run.stderr)
        return run

    def test_on_the_command_line_of_each(self):
        self.config()
        run = self.rcmd("-t", "cisco_ios", "-m", "R2", "R1", "--",
                        "show version", "| include ?HOST")
        self.assertEqual(
            run.stdout,
            "".join("rcmd [%s]: show version | include %s\nstdout:\n%s uptime "
                    "is 1 week, 2 days, 3 hours, 4 minutes\n" % (n, n, n)
                    for n in ("R2", "R1")) +
            "2 succeeded, 0 failed, 2 total\n\n")
        self.assertEqual(run.stderr, "")

    def test_a_device_list(self):
        path = self.write("devices.yml", self.device_list())
        run = self.rcmd("-f", path, "--json", "show version")
        result = json.loads(run.stdout)
        self.assertEqual(
            {k: v for k, v in result["summary"].items()
             if k != "total_duration"},
            {"command": "show version", "total_routers": 3, "successful": 3,
             "failed": 0, "not_run": 0})
        self.assertEqual([r["router_name"] for r in result["results"]],
                         ["R1", "R2", "N1"])
        for one in result["results"]:
            self.assertEqual(one["status"], "success")
            self.assertIn("Cisco", one["output"])
            self.assertGreater(one["execution_duration"], 0)
            self.assertLess(one["start_time"], one["end_time"])

    def test_gathered(self):
        path = self.write("devices.yml", self.device_list("R1", "R2"))
        run = self.rcmd("-b", "-f", path, "show ip access-lists")
        self.assertIn("rcmd [R1,R2] (2 hosts): show ip access-lists\n",
                      run.stdout)

    def test_a_refused_command(self):
        path = self.write("devices.yml", self.device_list("R1"))
        run = self.rcmd("-f", path, "show nonsense", expect=1)
        self.assertIn("% Invalid input detected at '^' marker.\n"
                      "stderr:\nthe device refused the command: show nonsense"
                      "\nreturn code: 1\nattempts:    1\n", run.stdout)
        self.assertEqual(run.stderr, "")

    def test_the_run_is_kept(self):
        path = self.write("devices.yml", self.device_list("R1"))
        self.rcmd("-f", path, "show version")
        run = self.netpush("runs", "latest").wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(os.listdir(os.path.join(self.state_dir, "shell")),
                         [])

    def test_what_looks_like_a_template_is_none(self):
        self.config()
        run = self.rcmd("-t", "cisco_ios", "-m", "R1", "--",
                        "show {{x}} {{{y}}}", expect=1)
        self.assertIn("refused the command: show {{x}} {{{y}}}\n", run.stdout)
        [line] = [e["line"] for e in self.lab.witness(event="line")
                  if "{{" in e["line"]]
        self.assertEqual(line, "show {{x}} {{{y}}}")

    def test_one_is_down(self):
        self.config()
        self.lab.down("R1")
        run = self.rcmd("-t", "cisco_ios", "-a", "2", "-m", "R1", "R2", "--",
                        "show clock", expect=1)
        self.assertIn("stderr:\n", run.stdout)
        self.assertIn("return code: 255\nattempts:    2\n", run.stdout)
        self.assertIn("1 succeeded, 1 failed, 2 total\n\nFailed hosts:\nR1\n",
                      run.stdout)

    def test_a_wrong_password_is_tried_once(self):
        self.config()
        run = self.rcmd("-t", "cisco_ios", "-m", "R1", "R2", "--", "show "
                        "clock", expect=1, password="wrong")
        self.assertIn("refused", run.stderr + run.stdout)
        self.assertEqual(len({e["device"] for e in
                              self.lab.witness(event="auth")}), 1)

    def test_mistakes_are_found_before(self):
        for argv, told in (
                (["-t", "cisco_ois", "-m", "R1", "--", "x"], "cisco_ios"),
                (["-t", "cisco_ios", "--stream", "-m", "R1", "--", "x"],
                 "--stream is not for network devices"),
                (["-f", self.write("d.yml", self.device_list()), "-m", "R1",
                  "--", "x"], "not from both")):
            run = self.rcmd(*argv, expect=2)
            self.assertIn(told, run.stderr)
        self.assertEqual(self.connects(), [])


if __name__ == "__main__":
    main()
