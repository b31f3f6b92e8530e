"""The documents tell the truth: the examples in README.md and docs/*.md are
executed, and the tables name what the program knows.

An example is a fenced block behind a comment that readers do not see:

    <!-- check: job -->          passes `netpush check`
    <!-- check: job playbook --> ... and is the playbook without its comments
    <!-- check: mistakes -->     gives the messages of the block behind it
    <!-- check: render -->       what `check --render` of the job before prints
    <!-- check: inventory F -->  a file that later jobs of the page may name
    <!-- check: profile F -->    passes `netpush profiles`
    <!-- check: events -->       lines of a journal
    <!-- check: result -->       a result.json
    <!-- check: run changed -->  what a run of the playbook prints
    <!-- check: run refused -->  ... with a typing mistake in one line
    <!-- check: shell -->        calls of the parallel shell tools and what they
                                 print (test_shell_docs.py)
"""

import glob
import json
import os
import re
import textwrap

from harness import (KINDS, SOURCE, STAGES, STATUSES, Case, check_result,
                     main)

PAGES = [os.path.join(SOURCE, "README.md")] + sorted(
    glob.glob(os.path.join(SOURCE, "docs", "*.md")))
PLAYBOOK = os.path.join(SOURCE, "playbooks", "acl_push.yml")
PROFILES = os.path.join(SOURCE, "device-profiles")
DEVICES = [("BRANCH1_DIST1", "cisco_ios"), ("BRANCH2_DIST1", "cisco_ios"),
           ("DC1_CORE1", "cisco_nxos"), ("DC1_CORE2", "cisco_nxos")]
EXAMPLE = re.compile(r"<!-- check: (.*?) -->\n\s*```\w*\n(.*?)\n *```"
                     r"(?:\n+ *```text\n(.*?)\n *```)?", re.DOTALL)


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as file:
        return file.read()


def examples(page):
    """(what, text, the block behind it or "") in the order of the page."""
    return [(what, textwrap.dedent(text) + "\n",
             textwrap.dedent(behind) + "\n" if behind else "")
            for what, text, behind in EXAMPLE.findall(read(page))]


def find(page, wanted):
    return [text for what, text, _ in examples(page) if what == wanted]


def in_code(page):
    """All that stands in back quotes on a page."""
    return set(re.findall(r"`([^`\n]+)`", read(page)))


class Examples(Case):
    def check_job(self, text, *options):
        self.write("job.yml", text)
        return self.netpush("check", *options, "job.yml").wait()

    def test_each_one(self):
        seen = set()
        for page in PAGES:
            for what, text, behind in examples(page):
                kind, _, name = what.partition(" ")
                seen.add(kind)
                with self.subTest(page=os.path.basename(page), what=what):
                    getattr(self, "example_" + kind)(name, text, behind)
        self.assertEqual(seen, {
            "job", "mistakes", "render", "inventory", "profile", "events",
            "result", "run", "shell"})

    def example_job(self, name, text, _):
        run = self.check_job(text)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("nothing is wrong with it", run.stdout)
        if name == "playbook":
            lines = [line for line in read(PLAYBOOK).split("\n")
                     if line and not line.startswith("#")]
            self.assertEqual([line for line in text.split("\n") if line],
                             lines)
        self.job_before = text

    def example_mistakes(self, _, text, messages):
        run = self.check_job(text)
        self.assertEqual((run.returncode, run.stderr), (2, messages))

    def example_render(self, _, text, __):
        run = self.check_job(self.job_before, "--render")
        self.assertEqual(run.returncode, 0)
        self.assertEqual(run.stdout[:len(text)], text)

    def example_inventory(self, name, text, _):
        self.write(name, text)

    def example_profile(self, name, text, _):
        os.makedirs(os.path.join(self.tmp, "profiles"), exist_ok=True)
        self.write(os.path.join("profiles", name), text)
        device_type = name[:-len(".yml")]
        options = ["--profiles", PROFILES, "--profiles", "profiles"]
        run = self.netpush("profiles", *options).wait()
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertRegex(run.stdout, r"(?m)^%s " % device_type)
        run = self.netpush("profiles", *options, device_type).wait()
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("device_type: " + device_type, run.stdout)

    def example_events(self, _, text, __):
        for line in text.splitlines():
            self.assertIn("event", json.loads(line))

    def example_result(self, _, text, __):
        check_result(json.loads(text))

    def example_shell(self, _, text, __):
        """Executed by test_shell_docs.py, which has hosts."""
        self.assertTrue(text.startswith("$ "))

    def example_run(self, name, text, __):
        """Executed below, with a lab."""
        self.assertIn(name, ("changed", "refused"))


class Runs(Case):
    """What the pages show of a run, against a run."""

    def setUp(self):
        super().setUp()
        self.start_lab(*[{"hostname": name, "type": device_type}
                         for name, device_type in DEVICES])
        job = read(PLAYBOOK)
        for name, address, _ in self.devices:
            line = "    - hostname: %s\n" % name
            self.assertIn(line, job)
            job = job.replace(line, "%s      address: %s\n      port: %d\n"
                              % (line, address, self.lab.port))
        self.job = job

    def run_job(self, job, *options):
        self.write("acl_push.yml", job)
        return self.netpush("run", "--json", self.json_path, *options,
                            "acl_push.yml").wait()

    @staticmethod
    def fixed(text):
        """Without what differs from run to run: times, the order in which
        devices end, the run's directory, blanks at the end of a line."""
        text = re.sub(r"\b\d+(\.\d)? m?s\b", "TIME", text)
        text = re.sub(r"(?m)^run: \S+$", "run: DIR", text)
        text = re.sub(r"(?m)[ \t]+$", "", text).strip("\n")
        head, _, rest = text.partition("\nacl_push: ")
        return sorted(head.split("\n")), rest

    @staticmethod
    def without_race(text):
        """How many lines were in flight behind a refused one, and so what is
        left on the device behind it, depends on how fast it answers."""
        text = re.sub(r" \(\d+ lines? behind it .*?\)", "", text)
        return re.sub(r"(?s)(as it was seen last:\n.*?\n.*?\n).*\n(?=run: )",
                      r"\1\n", text)

    def assert_shown(self, name, run):
        [text] = find("README.md", "run " + name)
        command, _, shown = text.partition("\n")
        self.assertTrue(command.startswith("$ netpush run "), command)
        self.assertEqual(
            self.fixed(self.without_race(run.stderr + run.stdout)),
            self.fixed(self.without_race(shown)))

    def test_changed(self):
        run = self.run_job(self.job)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assert_shown("changed", run)

    def test_refused(self):
        mistake = self.job.replace("permit ip host 192.168.1.101",
                                   "permit ipp host 192.168.1.101")
        self.assertNotEqual(mistake, self.job)
        run = self.run_job(mistake, "--limit", "BRANCH1_DIST1")
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assert_shown("refused", run)

    def test_the_example_of_a_journal_has_the_members_of_a_real_one(self):
        run = self.run_job(self.job, "--limit", "BRANCH1_DIST1")
        [text] = find("docs/events.md", "events")
        shown = [json.loads(line) for line in text.splitlines()]
        real = run.events
        self.assertEqual([(e["event"], e.get("stage")) for e in shown],
                         [(e["event"], e.get("stage")) for e in real])
        for example, event in zip(shown, real):
            self.assertEqual(set(example), set(event), event)
        words = in_code("docs/events.md")
        for event in real:
            self.assertLessEqual(set(event) | {event["event"]}, words)

    def test_every_key_of_a_result_is_explained(self):
        self.run_job(self.job.replace("permit ip host", "permit ipp host"))
        words = in_code("docs/results.md")

        def walk(value):
            for item in value if isinstance(value, list) else []:
                walk(item)
            for key, item in (value.items() if isinstance(value, dict)
                              else []):
                self.assertIn(key, words | {"schema"})
                walk(item)
        with open(self.json_path, encoding="utf-8") as file:
            walk(json.load(file))


class Tables(Case):
    """What the program knows stands on the pages."""

    def test_error_kinds_statuses_stages(self):
        results, events = in_code("docs/results.md"), in_code("docs/events.md")
        self.assertLessEqual(set(KINDS) | set(STATUSES), results)
        self.assertLessEqual(set(STAGES), events)

    def names(self, source, expression):
        names = set(re.findall(expression, read(source)))
        self.assertTrue(names, source)
        return names

    def test_event_kinds(self):
        names = self.names("src/run/event.c",
                           r'\[EVENT_\w+\] = "(\w+)"')
        self.assertLessEqual(names, in_code("docs/events.md"))

    def test_keys_of_a_job(self):
        words = in_code("docs/job.md")
        for source in ("job.c", "job_policy.c", "job_devices.c",
                       "job_steps.c", "job_steps_image.c",
                       "job_report.c"):
            keys = self.names(
                os.path.join("src/model", source),
                r'(?:FIELD|LATER|LINE|NEEDED|NUMBER|TIMEOUT|NODE|TRUTH|\{)'
                r'\(? ?\s*"(\w+)",?\s*'
                r'(?=[,)A-Z]|YAML)')
            self.assertLessEqual(keys, words, source)

    def test_reports(self):
        words = in_code("docs/reports.md")
        names = self.names("src/app/report_prometheus.c",
                           r'(?m)^\t\{ "(\w+)"')
        self.assertLessEqual(names, words)
        names = self.names("src/model/job_report.c",
                           r'\[REPORT_\w+\] = "(\w+)"')
        self.assertLessEqual(names, words)
        names = self.names("src/app/report_formats.c",
                           r'\[REPORT_\w+\] = \{ "([.\w]+)"')
        self.assertLessEqual(names, words)
        [columns] = re.findall(r'fputs\("(hostname[^;]*),\s*file\);',
                               read("src/app/report_csv.c"))
        columns = re.sub(r'"\s*"|" LINE_END', "", columns).split(",")
        self.assertGreater(len(columns), 10)
        self.assertLessEqual(set(columns), words)

    def test_keys_of_a_profile(self):
        words = in_code("docs/profiles.md") | {"config: true", "config"}
        words |= {word.split(":")[0] for word in words}
        for source in ("profile_read.c", "profile_image.c",
                       "profile_guard.c"):
            keys = self.names(
                os.path.join("src/model", source),
                r'(?:FIELD|NEEDED|RELOAD|\{)\(? ?"(\w+)", ?\s*[A-Z]')
            self.assertLessEqual(keys, words, source)

    def test_profiles(self):
        run = self.netpush("profiles").wait()
        known = set(re.findall(r"(?m)^([a-z0-9_]+) ", run.stdout))
        table = read("docs/profiles.md").partition("| profile |")[2]
        told = set(re.findall(r"(?m)^\| `(\w+)` \|",
                              table.partition("\n\n")[0]))
        self.assertTrue(known)
        self.assertEqual(told, known)

    def test_options(self):
        manual = read("docs/netpush.1").replace("\\&", "")
        told = {"--" + name for name in re.findall(
            r"Fl Fl ([a-z_-]+)", manual)} - {"--version"}
        known = set()
        for command in ("check", "run", "resume", "report", "runs",
                        "profiles", "rhosts", "lcmd", "rcmd", "rpush",
                        "rpull", "rscript"):
            run = self.netpush(command, "--help").wait()
            self.assertEqual(run.returncode, 0)
            known |= set(re.findall(r"(?m)^ +(?:-\w, )?(--[a-z_-]+)",
                                    run.stdout))
            self.assertIn(".It Cm " + command, manual)
        self.assertEqual(told, known)

    def test_commands_of_the_manual_are_all(self):
        run = self.netpush("--help").wait()
        commands = set(re.findall(r"(?m)^  ([a-z]+) (?:JOB|-m|\[|[A-Z])",
                                  run.stdout)) - {"netpush"}
        self.assertTrue(commands)
        manual = read("docs/netpush.1")
        for command in commands:
            self.assertIn(".It Cm " + command, manual)

    def test_links(self):
        for page in PAGES:
            for link in re.findall(r"\]\(([^)]+)\)", read(page)):
                target, _, anchor = link.partition("#")
                path = os.path.join(os.path.dirname(page), target)
                self.assertTrue(os.path.exists(path), (page, link))
                if anchor:
                    headings = re.findall(r"(?m)^#+ (.*)$", read(path))
                    slugs = [re.sub(r"[^a-z0-9 -]", "", h.lower())
                             .replace(" ", "-") for h in headings]
                    self.assertIn(anchor, slugs, (page, link))


if __name__ == "__main__":
    main()
