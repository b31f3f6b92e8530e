"""Everything that can be wrong is found before the network is touched: exit
2, each mistake with its place, and no device has heard of it."""

import json
import os
import re

from harness import SOURCE, Case, main


class Wrong(Case):
    def setUp(self):
        super().setUp()
        self.start_lab("R1", "R2")

    def tearDown(self):
        self.assertEqual(self.connects(), [])
        super().tearDown()

    def refuse(self, *argv, **env):
        run = self.netpush(*argv, **env).wait()
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertTrue(run.stderr)
        self.assertIsNone(run.dir)
        return run

    def test_all_mistakes_at_once(self):
        path = self.write("job.yml", """\
threads: many
colour: red
device_list:
  - hostname: R1
    device_type: cisco_oss
  - hostname: R2
    device_type: cisco_ios
    port: 70000
  - hostname: R2
    device_type: cisco_ios
acl_name: A
acl_lines: permit ip any any
""")
        for command in ("check", "run"):
            with self.subTest(command=command):
                run = self.refuse(command, path)
                places = re.findall(
                    r"^%s:(\d+):(\d+): \S" % re.escape(path), run.stderr,
                    re.MULTILINE)
                self.assertEqual([int(line) for line, _ in places],
                                 [1, 2, 5, 8, 9])
                self.assertEqual(len(places), len(run.stderr.splitlines()))
                for word in ("many", "colour", "cisco_oss", "70000", "R2"):
                    self.assertIn(word, run.stderr)

    def test_long_form(self):
        path = self.write("job.yml", self.phases_job("""
  - name: a
    steps:
      - command: show version
        expect: '(open'
      - comand: show clock
"""))
        run = self.refuse("run", path)
        self.assertEqual(len(run.stderr.splitlines()), 2)
        for word in ("expect", "comand"):
            self.assertIn(word, run.stderr)

    def test_undefined_variables(self):
        path = self.write("job.yml", self.phases_job("""
  - steps:
      - config: |
          ntp server {{server}}
          interface {{nowhere}}
""", more="vars: {server: 10.0.0.1}\n"))
        for command in ("check", "run"):
            run = self.refuse(command, path)
            self.assertIn("nowhere", run.stderr)
            self.assertNotIn("server", run.stderr)
            self.assertRegex(run.stderr, r"job.yml:\d+:\d+: ")

    def test_no_yaml(self):
        path = self.write("job.yml", "threads: [1\nb: }\n")
        self.assertRegex(self.refuse("run", path).stderr, r"job.yml:\d+:\d+: ")

    def test_files(self):
        self.assertIn("none.yml", self.refuse("run", "none.yml").stderr)
        self.refuse("run", self.tmp)
        self.refuse("run", self.write("empty.yml", ""))

    def test_options(self):
        path = self.write("job.yml", self.acl_job())
        for argv in (["run"], ["run", path, path], ["run", "--nope", path],
                     ["run", "--threads", "0", path],
                     ["run", "--threads", "4x", path],
                     ["run", "--host-keys", "maybe", path],
                     ["run", "--limit", "", path],
                     ["run", "--limit", "X*", path],
                     ["run", "--threads"], ["nonsense"], [],
                     ["check", "--json", "x", path]):
            with self.subTest(argv=argv):
                self.refuse(*argv)

    def test_missing_password(self):
        path = self.write("job.yml", self.acl_job())
        run = self.refuse("run", path, password=None)
        self.assertIn("password", run.stderr)

    def test_state_that_cannot_be_written(self):
        path = self.write("job.yml", self.acl_job())
        file = self.write("file", "")
        run = self.refuse("run", "--state-dir", file + "/x", path)
        self.assertIn("nothing was contacted", run.stderr)

    def test_known_hosts_that_cannot_be_read(self):
        path = self.write("job.yml", self.acl_job())
        self.refuse("run", "--known-hosts", self.tmp, path)


class Check(Case):
    def setUp(self):
        super().setUp()
        self.start_lab("R1", "R2", {"hostname": "N1", "type": "cisco_nxos"})

    def look(self, *options, job=None):
        path = self.write("job.yml", job or self.acl_job(
            "remark hello\npermit ip any any"))
        run = self.netpush("check", *options, path, password=None).wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stderr, "")
        self.assertEqual(self.connects(), [])
        return run.stdout

    def test_summary(self):
        text = self.look()
        self.assertIn("devices: 3", text)
        self.assertIn("2 cisco_ios", text)

    def test_render(self):
        lines = self.look("--render").splitlines()
        starts = [i for i, line in enumerate(lines)
                  if re.match(r"! (R1|R2|N1) ", line)]
        self.assertEqual(len(starts), 3)
        ios = ["no ip access-list extended EDGE",
               "ip access-list extended EDGE", " remark hello",
               " permit ip any any"]
        for start, expected in zip(starts, [
                ios, ios, [line.replace("extended ", "") for line in ios]]):
            shown = [line for line in lines[start + 1:start + 6]
                     if not line.startswith("!")]
            self.assertEqual(shown, expected)

    def test_rendered_is_what_is_sent(self):
        job = self.acl_job("remark hello\npermit ip any any", devices=["R1"])
        shown = [line.strip() for line in self.look(
            "--render", job=job).splitlines() if not line.startswith("!")]
        self.push(job)
        self.assertEqual([line for line in self.config_lines("R1")
                          if line not in ("exit", "end")], shown)

    def test_render_variables(self):
        text = self.look("--render", job=self.phases_job("""
  - steps:
      - config: |
          ntp server {{server}}
          snmp-server location {{hostname}} at {{address}}
""", devices=["R1"], more="vars: {server: 10.0.0.1}\n"))
        self.assertIn("\nntp server 10.0.0.1\n"
                      "snmp-server location R1 at 127.10.0.1\n", text)

    def test_limit(self):
        for pattern, names in (("R*", ["R1", "R2"]), ("R2,N1", ["R2", "N1"]),
                               ("!R*", ["N1"]), ("*,!R1", ["R2", "N1"]),
                               ("R?,!R2", ["R1"]), ("[RN]1", ["R1", "N1"])):
            with self.subTest(pattern=pattern):
                text = self.look("--render", "--limit", pattern)
                self.assertEqual(
                    re.findall(r"^! (\w+) \(", text, re.MULTILINE), names)

    def test_limit_of_a_run(self):
        run = self.push(self.acl_job(), "--limit", "!R1")
        self.assertEqual(list(run.results), ["R2", "N1"])
        self.assertEqual(set(self.connects()), {"R2", "N1"})

    def test_example(self):
        """The job that ships is right as it stands."""
        run = self.netpush("check", os.path.join(
            SOURCE, "playbooks", "acl_push.yml")).wait()
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_inventory(self):
        job = "inventory: %s\nacl_name: A\nacl_lines: permit ip any any\n" \
            % self.lab.inventory
        self.assertIn("devices: 3", self.look(job=job))
        self.assertEqual(self.push(job).statuses(), ["changed"] * 3)


class Help(Case):
    def test_help_and_version(self):
        for argv in (["--help"], ["--version"], ["run", "--help"],
                     ["check", "--help"], ["profiles"]):
            with self.subTest(argv=argv):
                argv = argv + (["--profiles", os.path.join(
                    SOURCE, "device-profiles")] if argv == ["profiles"]
                    else [])
                run = self.netpush(*argv).wait()
                self.assertEqual((run.returncode, run.stderr), (0, ""))
                self.assertTrue(run.stdout)
        self.assertIsNone(run.dir)


class Results(Case):
    """Where a run's results go."""

    def setUp(self):
        super().setUp()
        self.start_lab("R1", "R2")

    def test_json_on_standard_output(self):
        path = self.write("job.yml", self.acl_job())
        run = self.netpush("run", "--json", "-", path).wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        result = json.loads(run.stdout)
        self.assertEqual([r["status"] for r in result["results"]],
                         ["changed"] * 2)

    def test_run_directory(self):
        run = self.push(self.acl_job(), "--transcripts")
        self.assertEqual(sorted(os.listdir(run.dir)), [
            "backup", "call.json", "events.jsonl", "job.yml", "lock",
            "plan.json", "result.json", "transcripts"])
        self.assertRegex(os.path.basename(run.dir),
                         r"^\d{8}T\d{6}Z-job-[0-9a-f]{6}$")
        for folder, folders, names in os.walk(self.state_dir):
            self.assertEqual(os.stat(folder).st_mode & 0o777, 0o700, folder)
            for name in names:
                path = os.path.join(folder, name)
                self.assertEqual(os.stat(path).st_mode & 0o777, 0o600, path)
        with open(os.path.join(run.dir, "job.yml"), encoding="utf-8") as file:
            self.assertEqual(file.read(), self.acl_job())
        with open(os.path.join(run.dir, "plan.json"),
                  encoding="utf-8") as file:
            self.assertIn("R1", json.dumps(json.load(file)))

    def test_state_directories(self):
        for option, env, place in (
                ("--state-dir", {}, "state"), (None, {
                    "XDG_STATE_HOME": self.tmp + "/xdg"}, "xdg/netpush")):
            self.state_dir = os.path.join(self.tmp, place)
            options = [option, self.state_dir] if option else []
            run = self.push(self.acl_job(), *options, **env)
            self.assertTrue(run.dir.startswith(self.state_dir + "/runs/"))

    def test_events(self):
        run = self.push(self.acl_job())
        kinds = [e["event"] for e in run.events]
        self.assertEqual(kinds[0], "run_started")
        self.assertEqual(kinds[1], "credentials_checked")
        self.assertEqual(kinds[-1], "run_finished")
        for name in ("R1", "R2"):
            own = [e for e in run.events if e.get("hostname") == name and
                   e["event"] != "credentials_checked"]
            self.assertEqual(own[0]["event"], "device_started")
            self.assertEqual(own[-1]["event"], "device_finished")
            self.assertEqual(
                [e["stage"] for e in own if e["event"] == "stage"],
                ["connect", "login", "prepare", "change", "verify", "close"])
            self.assertEqual(sum(e["event"] == "step" for e in own), 1)
        times = [e["time"] for e in run.events]
        self.assertRegex(times[0], r"^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$")

    def test_quiet(self):
        run = self.push(self.acl_job(), "-q")
        self.assertEqual((run.stdout, run.stderr), ("", ""))

    def test_reader_of_the_output_is_gone(self):
        """A broken pipe must not end a run half way."""
        path = self.write("job.yml", self.acl_job())
        reader, writer = os.pipe()
        os.close(reader)
        run = self.netpush("run", "--json", self.json_path, path,
                           stdout=writer)
        os.close(writer)
        run.wait()
        self.assertEqual(run.statuses(), ["changed"] * 2)


if __name__ == "__main__":
    main()
