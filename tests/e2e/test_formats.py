"""The formats that programs read, each through a reader of somebody else's:
lxml with the schema beside this file, junitparser, csv, Prometheus' own
parser, jsonschema with what docs/schema/ publishes."""

import copy
import csv
import io
import json
import os
import subprocess
import unittest

import jsonschema
import junitparser
from lxml import etree
from prometheus_client.parser import text_string_to_metric_families

from harness import BINARY, SOURCE, Case, check_result, main
from kept import Kept, error

FORMATS = ("text", "json", "jsonl", "junit", "csv", "prometheus", "html")
HERE = os.path.dirname(os.path.abspath(__file__))

# What ends a field, an element, a line, or a terminal's patience.
HOSTILE = ("<script>alert('x')</script> ]]> &amp; \"quoted\", it's\\n\n"
           "\ttab\x1b[31mred\x07\x7f\r\n\u00e4\U0001f600\ufffe\uffff "
           "\x01\x08\x0b\x0c\x1f end")


def schema(name, strict=True):
    """STRICT: as published, but a member that it does not tell is an error,
    so that the program and the schema cannot drift apart."""
    path = os.path.join(SOURCE, "docs", "schema", name + ".schema.json")
    with open(path, encoding="utf-8") as file:
        tree = json.load(file)
    jsonschema.Draft202012Validator.check_schema(tree)

    def close(node):
        for item in node.values() if isinstance(node, dict) else node:
            if isinstance(item, (dict, list)):
                close(item)
        if isinstance(node, dict) and "required" in node and "type" in node:
            node["unevaluatedProperties"] = False
    if strict:
        close(tree)
    return jsonschema.Draft202012Validator(tree)


def pictures(text):
    """Control characters as the reports show them."""
    return "".join(
        chr(0x2400 + ord(c)) if ord(c) < 0x20 and c not in "\n\t"
        else "\u2421" if c == "\x7f" else c for c in text)


class Drawn(Case):
    """`netpush report` on runs made by hand."""

    def draw(self, name, *options, text=True):
        run = self.netpush("report", "--format", name, *options,
                           "latest").wait()
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        if text:
            return run.stdout
        # As it is: the harness mends what is no UTF-8.
        return os.pread(run._out.fileno(), 1 << 24, 0)

    def hostile(self):
        kept = Kept(self.state_dir, [
            ("GOOD", "cisco_ios"), ("SAME", "cisco_ios"),
            ("BAD<&>\"'", "cisco_ios"), ("HALF", "cisco_nxos"),
            ("NOT,BEGUN", "frr")], job="a <b> & \"c\"")
        kept.device("GOOD", output=HOSTILE)
        kept.device("SAME", "unchanged", output="=cmd|' /C calc'!A0\n")
        kept.device("BAD<&>\"'", "failed", error=error(
            "refused", "line 2 was refused: " + HOSTILE, 2, HOSTILE, HOSTILE))
        kept.device("HALF", "unknown", output="@SUM(1)", error=error(
            "closed", "-2+3: the session ended"))
        kept.skip("NOT,BEGUN", "not started: \"stopped\"")
        kept.finish(4, changed=1, unchanged=1, failed=1, unknown=1, skipped=1)
        return kept


class Junit(Drawn):
    def parse(self):
        data = self.draw("junit", text=False)
        try:
            tree = etree.fromstring(data)
        except etree.XMLSyntaxError as wrong:
            self.fail(wrong)
        valid = etree.XMLSchema(etree.parse(os.path.join(HERE, "junit.xsd")))
        self.assertTrue(valid.validate(tree), valid.error_log)
        return data, tree

    def test_hostile(self):
        kept = self.hostile()
        data, tree = self.parse()
        self.assertNotIn(b"<script", data)
        self.assertNotIn(b"\x1b", data)
        report = junitparser.JUnitXml.fromstring(data)
        [suite] = list(report)
        self.assertEqual(
            (suite.name, suite.tests, suite.failures, suite.errors,
             suite.skipped), (kept.job, 5, 1, 1, 1))
        self.assertEqual(suite.timestamp, "2026-11-21T02:40:00")
        cases = {case.name: case for case in suite}
        self.assertEqual(list(cases), [name for name, _ in kept.devices])
        self.assertEqual({case.classname for case in suite}, {kept.job})
        self.assertEqual(cases["GOOD"].result, [])
        self.assertEqual(cases["GOOD"].time, 0.5)
        seen = pictures(HOSTILE).replace("\ufffe", "\ufffd").replace(
            "\uffff", "\ufffd")
        self.assertEqual(cases["GOOD"].system_out, seen)
        self.assertEqual(cases["SAME"].result, [])
        [failure] = cases["BAD<&>\"'"].result
        self.assertIsInstance(failure, junitparser.Failure)
        self.assertEqual(failure.type, "refused")
        self.assertEqual(failure.message, "line 2 was refused: " + seen)
        self.assertEqual(failure.text, "failed\nline 2\nsent: %s\n"
                         "the device said:\n%s" % (seen, seen))
        [bad] = cases["HALF"].result
        self.assertIsInstance(bad, junitparser.Error)
        self.assertIn("may be partly applied", bad.text)
        self.assertEqual(cases["HALF"].system_out, "@SUM(1)")
        [skipped] = cases["NOT,BEGUN"].result
        self.assertIsInstance(skipped, junitparser.Skipped)
        self.assertEqual(skipped.message, "not started: \"stopped\"")
        properties = {p.name: p.value for p in suite.properties()}
        self.assertEqual(properties, {
            "run": kept.id, "threads": "8", "exit_status": "4",
            "finished": "true"})

    def test_a_run_that_is_not_over(self):
        kept = Kept(self.state_dir, [("R1", "cisco_ios"), ("R2", "frr")])
        kept.device("R1")
        kept.close()
        _, tree = self.parse()
        self.assertEqual(
            tree.xpath("//testcase[@name='R2']/skipped/@message"),
            ["not begun yet"])
        self.assertEqual(tree.xpath("//property[@name='finished']/@value"),
                         ["false"])

    def test_no_device_said_anything(self):
        kept = Kept(self.state_dir, [("R1", "cisco_ios")])
        kept.device("R1", "unchanged")
        kept.finish(unchanged=1)
        _, tree = self.parse()
        self.assertEqual(tree.xpath("//system-out/text()"), [])


class Csv(Drawn):
    def rows(self):
        data = self.draw("csv", text=False)
        self.assertTrue(data.endswith(b"\r\n"))
        reader = csv.DictReader(io.StringIO(data.decode(), newline=""),
                                strict=True)
        try:
            return data, list(reader)
        except csv.Error as wrong:
            return self.fail(wrong)

    def test_hostile(self):
        kept = self.hostile()
        data, rows = self.rows()
        self.assertNotIn(b"\x1b", data)
        self.assertEqual([row["hostname"] for row in rows],
                         [name for name, _ in kept.devices])
        self.assertEqual([row["status"] for row in rows], [
            "changed", "unchanged", "failed", "unknown", "skipped"])
        good, same, bad, half, skipped = rows
        self.assertEqual(good["output"], pictures(HOSTILE))
        self.assertEqual(
            (good["address"], good["device_type"], good["attempts"],
             good["duration"], good["phase"], good["stage"],
             good["error_kind"]),
            ("192.0.2.1", "cisco_ios", "1", "0.500", "push", "verify", ""))
        self.assertEqual(good["started"], "2026-11-21T02:40:00.001Z")
        self.assertEqual(
            (bad["error_kind"], bad["error_line"], bad["error_sent"],
             bad["error_device_text"]),
            ("refused", "2", pictures(HOSTILE), pictures(HOSTILE)))
        # What a spreadsheet would calculate is a text.
        self.assertEqual(same["output"], "'=cmd|' /C calc'!A0\n")
        self.assertEqual(half["output"], "'@SUM(1)")
        self.assertEqual(half["error_message"], "'-2+3: the session ended")
        self.assertEqual((skipped["started"], skipped["attempts"]), ("", "0"))
        for row in rows:
            self.assertNotIn(None, row)  # as many fields as names
            self.assertNotIn(None, row.values())

    def test_lines_end_as_rfc_4180_says(self):
        kept = Kept(self.state_dir, [("R1", "cisco_ios"), ("R2", "frr")])
        kept.device("R1", output="one line")
        kept.skip("R2", "why")
        kept.finish(4, changed=1, skipped=1)
        data, _ = self.rows()
        lines = data.split(b"\r\n")
        self.assertEqual(len(lines), 4)
        self.assertNotIn(b'"', data)
        self.assertTrue(lines[1].endswith(b",one line"), lines[1])


class Prometheus(Drawn):
    def families(self):
        return {family.name: family for family in
                text_string_to_metric_families(self.draw("prometheus"))}

    def test_hostile(self):
        kept = self.hostile()
        families = self.families()
        for family in families.values():
            self.assertEqual(family.type, "gauge")
            self.assertTrue(family.documentation)
            for sample in family.samples:
                self.assertEqual(sample.labels["netpush_job"], kept.job)
                self.assertIsNone(sample.timestamp)

        def value(name):
            [sample] = families[name].samples
            return sample.value
        self.assertAlmostEqual(value("netpush_run_start_time_seconds"),
                               1795228800.0)
        self.assertAlmostEqual(value("netpush_run_end_time_seconds"),
                               1795228800 + (kept.now - 1) / 1000, 3)
        self.assertEqual(value("netpush_run_exit_status"), 4)
        self.assertEqual(value("netpush_run_finished"), 1)
        self.assertEqual(
            {s.labels["status"]: s.value
             for s in families["netpush_run_devices"].samples},
            {"changed": 1, "unchanged": 1, "failed": 1, "unknown": 1,
             "skipped": 1, "rolled_back": 0})
        for name, values in (
                ("netpush_device_success", [1, 1, 0, 0, 0]),
                ("netpush_device_duration_seconds", [.5, .5, .5, .5, 0])):
            samples = families[name].samples
            self.assertEqual([(s.labels["hostname"], s.labels["device_type"])
                              for s in samples], kept.devices)
            self.assertEqual([s.value for s in samples], values)

    def test_labels_are_escaped(self):
        job = "back\\slash \"quote\" new\nline"
        kept = Kept(self.state_dir, [("R1", "cisco_ios")], job=job)
        kept.device("R1")
        kept.finish(changed=1)
        [sample] = self.families()["netpush_run_finished"].samples
        self.assertEqual(sample.labels, {"netpush_job": job})


class Json(Drawn):
    def test_hostile(self):
        kept = self.hostile()
        result = json.loads(self.draw("json"))
        check_result(result)
        schema("result").validate(result)
        results = {r["hostname"]: r for r in result["results"]}
        self.assertEqual(results["GOOD"]["output"], HOSTILE)
        self.assertEqual(result["run"]["job"], kept.job)

    def test_a_run_that_is_not_over(self):
        kept = Kept(self.state_dir, [("R1", "cisco_ios"), ("R2", "frr")])
        kept.device("R1")
        kept.close()
        result = json.loads(self.draw("json"))
        schema("result").validate(result)
        self.assertEqual([r["status"] for r in result["results"]],
                         ["changed", "pending"])

    def test_lines_are_the_journal(self):
        kept = self.hostile()
        with open(kept.path, "rb") as file:
            journal = file.read()
        self.assertEqual(self.draw("jsonl", text=False), journal)
        validator = schema("event")
        for line in journal.splitlines():
            validator.validate(json.loads(line))

    def test_a_line_that_is_not_whole_is_left_out(self):
        kept = self.hostile()
        with open(kept.path, "rb") as file:
            journal = file.read()
        with open(kept.path, "ab") as file:
            file.write(b'{"event":"log","time":"2026')
        self.assertEqual(self.draw("jsonl", text=False), journal)


class Schemas(unittest.TestCase):
    """They refuse what is wrong, and as published let pass what a later
    version adds."""

    def setUp(self):
        path = os.path.join(SOURCE, "docs", "results.md")
        with open(path, encoding="utf-8") as file:
            page = file.read()
        self.result = json.loads(
            page.split("<!-- check: result -->\n```json\n")[1]
            .split("```")[0])
        self.events = []
        path = os.path.join(SOURCE, "docs", "events.md")
        with open(path, encoding="utf-8") as file:
            page = file.read()
        for line in page.split("<!-- check: events -->\n```json\n")[1] \
                .split("```")[0].splitlines():
            self.events.append(json.loads(line))

    OPTIONAL = {"run_started": {"user", "machine"},
                "device_started": {"phase", "address", "port", "device_type"},
                "stage": {"step", "before"},
                "step": {"diff"},
                "device_finished": {"phase", "stage", "duration"}}

    def test_examples_of_the_pages(self):
        schema("result").validate(self.result)
        for event in self.events:
            schema("event").validate(event)

    def test_wrong_results(self):
        published, strict = schema("result", strict=False), schema("result")

        def device(result):
            return result["results"][0]
        for change in (
                lambda r: r.update(schema=2),
                lambda r: r.pop("run"),
                lambda r: r["run"]["totals"].pop("skipped"),
                lambda r: r["run"].update(exit_status=5),
                lambda r: r["run"].update(started="2026-11-21 02:40"),
                lambda r: device(r).pop("hostname"),
                lambda r: device(r).update(status="done"),
                lambda r: device(r).update(duration=-1),
                lambda r: device(r).update(stage="lunch"),
                lambda r: device(r).update(error=None),
                lambda r: device(r)["error"].update(kind="bad luck"),
                lambda r: device(r)["error"].update(line=0),
                lambda r: device(r)["steps"][0].update(status="skipped"),
                lambda r: device(r)["steps"][0].pop("output"),
                lambda r: device(r).update(status="changed")):
            wrong = copy.deepcopy(self.result)
            change(wrong)
            self.assertFalse(published.is_valid(wrong), wrong)
        more = copy.deepcopy(self.result)
        device(more)["colour"] = "red"
        self.assertTrue(published.is_valid(more))
        self.assertFalse(strict.is_valid(more))

    def test_wrong_events(self):
        published, strict = schema("event", strict=False), schema("event")
        for event in self.events:
            for key in set(event) - self.OPTIONAL.get(event["event"], set()):
                self.assertFalse(published.is_valid(
                    {k: v for k, v in event.items() if k != key}),
                    (event, key))
            self.assertFalse(published.is_valid({**event, "event": "x"}))
            self.assertTrue(published.is_valid({**event, "colour": "red"}))
            self.assertFalse(strict.is_valid({**event, "colour": "red"}))


class Again(Case):
    """Live and drawn again: the same bytes; and what the program writes keeps
    to the schemas, whatever happened."""

    def paths(self):
        return {name: os.path.join(self.tmp, "out." + name)
                for name in FORMATS}

    def reports(self):
        return "report: {%s}\n" % ", ".join(
            "%s: %s" % item for item in self.paths().items())

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def compare(self, run, options=()):
        schema("result").validate(run.json)
        validator = schema("event")
        for event in run.events:
            validator.validate(event)
        for name, path in self.paths().items():
            live = self.read(path)
            again = os.path.join(self.tmp, "again")
            report = self.netpush("report", "--format", name, "-o", again,
                                  *options, os.path.basename(run.dir)).wait()
            self.assertEqual((report.returncode, report.stdout,
                              report.stderr), (0, "", ""))
            self.assertEqual(live, self.read(again), name)
            if name == "text":
                self.assertEqual(run.stdout, live.decode())
            elif name == "json":
                self.assertEqual(live, self.read(
                    os.path.join(run.dir, "result.json")))
                self.assertEqual(live, self.read(self.json_path))
            elif name == "jsonl":
                self.assertEqual(live, self.read(
                    os.path.join(run.dir, "events.jsonl")))

    def test_all_kinds_of_ends(self):
        self.start_lab("GOOD", "DOWN", "KEY", "REFUSES", "HANGS", "TALKS")
        self.lab.down("DOWN")
        self.lab.faults("KEY", {"kind": "changed_host_key"})
        self.lab.faults("REFUSES", {
            "kind": "refuse", "at": "2\\.2\\.2\\.2", "text": "% full"})
        self.lab.faults("HANGS", {
            "kind": "delay", "at": "^(permit|deny|end)", "ms": 20000})
        self.lab.faults("TALKS", {
            "kind": "log_line", "at": "permit", "text":
            "%SYS-5-CONFIG_I: Configured from console"})
        run = self.push(self.acl_job(
            "permit ip host 1.1.1.1 any\npermit ip host 2.2.2.2 any",
            more="run: {retries: 1, retry_delay: 10ms, batches: [1, 100%], "
            "max_failures: 90%}\n" + self.reports()).replace(
                "hostname: HANGS", "hostname: HANGS, timeouts: {device: 3s}"),
            expect=1)
        self.assertEqual(run.statuses(), [
            "changed", "failed", "failed", "rolled_back", "unknown",
            "changed"])
        kinds = {event["event"] for event in run.events}
        self.assertLessEqual({"device_retry", "batch_started"}, kinds)
        self.compare(run)
        junit = junitparser.JUnitXml.fromfile(self.paths()["junit"])
        self.assertEqual((junit.tests, junit.failures, junit.errors),
                         (6, 3, 1))

    def test_check(self):
        """It delivers nothing; what it writes keeps to the schemas."""
        self.start_lab("R1", "R2")
        run = self.push(self.acl_job(), "--check")
        [would_change] = {step["would_change"] for device in
                          run.json["results"] for step in device["steps"]}
        self.assertTrue(would_change)
        schema("result").validate(run.json)
        validator = schema("event")
        for event in run.events:
            validator.validate(event)

    def test_credentials_refused(self):
        self.start_lab("R1", "R2")
        run = self.push(self.acl_job(more=self.reports()), expect=3,
                        password="wrong")
        self.compare(run)

    def test_stopped_in_the_first_batch(self):
        self.start_lab("R1", "R2", "R3")
        self.lab.down("R1")
        run = self.push(self.acl_job(
            more="run: {batches: [1]}\n" + self.reports()), expect=4)
        self.assertIn("skipped", run.statuses())
        self.compare(run)

    def test_new_host_keys_and_phases(self):
        self.start_lab("R1", {"hostname": "N1", "type": "cisco_nxos"},
                       known=False)
        run = self.push(self.phases_job("""
  - steps:
      - command: show clock
  - steps:
      - config: hostname {{hostname}}x
      - save: true
""", more=self.reports()))
        self.assertTrue(run.select(event="host_key"))
        self.compare(run)


class Large(Case):
    """10,000 devices: the cost in memory is that of one."""
    COUNT = 10000
    LIMIT_BYTES = 200 << 20

    def test_memory(self):
        names = ["BRANCH%d_DIST1" % i for i in range(self.COUNT)]
        kept = Kept(self.state_dir, [(name, "cisco_ios") for name in names])
        for i, name in enumerate(names):
            if i % 100 == 7:
                kept.device(name, "unknown", "% none\n", error("refused",
                            "line 3 was refused: permit", 3, "permit",
                            "% Incomplete command.\n"))
            else:
                kept.device(name, output="Extended IP access list EDGE\n" +
                            "".join("    %d permit ip host 10.0.0.%d any\n" %
                                    (n * 10, n) for n in range(1, 60)))
        kept.finish(1, changed=self.COUNT - 100, unknown=100)
        with open(BINARY, "rb") as file:
            sanitized = b"__asan_init" in file.read()
        for name in FORMATS:
            with self.subTest(format=name):
                path = os.path.join(self.tmp, "out")
                process = subprocess.Popen(
                    [BINARY, "report", "--format", name, "-o", path,
                     "latest"], env=self.environment(), cwd=self.tmp)
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                self.assertEqual(process.returncode, 0)
                if not sanitized:  # they need several times as much
                    self.assertLess(usage.ru_maxrss << 10, self.LIMIT_BYTES)
                with open(path, "rb") as file:
                    self.assertGreater(len(file.read()), 200)


if __name__ == "__main__":
    main()
