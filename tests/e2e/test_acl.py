"""Access lists, short form: the example as it ships, the second run, appending,
standard lists, and the spellings that mean the same."""

import os
import re

from harness import SOURCE, Case, main

EXAMPLE = os.path.join(SOURCE, "playbooks", "acl_push.yml")
NAMES = ["BRANCH1_DIST1", "BRANCH2_DIST1", "DC1_CORE1", "DC1_CORE2"]
ENTRIES = [
    "remark Utility Server A",
    "permit ip host 192.168.1.100 any",
    "permit ip host 192.168.1.101 any",
    "remark Network Management Servers",
    "permit ip 192.168.200.0 0.0.0.255 any",
    "remark Deny everybody else",
    "deny ip any any log",
]


def device(name, **more):
    kind = "cisco_nxos" if "CORE" in name else "cisco_ios"
    return {"hostname": name, "type": kind, **more}


class Example(Case):
    """playbooks/acl_push.yml, to which only addresses are added."""

    def setUp(self):
        super().setUp()
        self.start_lab(*[device(name) for name in NAMES])

    def job(self, *changes):
        with open(EXAMPLE, encoding="utf-8") as file:
            text = file.read()
        for name, address, _ in self.devices:
            line = "    - hostname: %s\n" % name
            self.assertIn(line, text)
            text = text.replace(line, "%s      address: %s\n      port: %d\n"
                                % (line, address, self.lab.port))
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        return text

    def texts(self, name):
        """As IOS writes it: NX-OS shows prefixes."""
        return [re.sub(r"(\S+)/32", r"host \1", text).replace(
                    "192.168.200.0/24", "192.168.200.0 0.0.0.255")
                for text in self.lab.acl_texts(name, "LOCK_IT_DOWN")]

    def test_pushed_then_already_there(self):
        run = self.push(self.job())
        self.assertEqual(list(run.results), NAMES)
        self.assertEqual(run.statuses(), ["changed"] * 4)
        self.assertEqual(run.json["run"]["threads"], 8)
        self.assertEqual(run.json["run"]["job"], "job")
        before = {}
        for name in NAMES:
            self.assertEqual(self.texts(name), ENTRIES, name)
            self.assertIn("LOCK_IT_DOWN", run.results[name]["output"])
            self.assertIn("192.168.1.101", run.results[name]["output"])
            before[name] = len(self.lab.witness(event="line", device=name))
            self.assertTrue(self.config_lines(name))
        self.assertIn("4 devices", run.stdout)
        self.assertIn("changed 4", run.stdout)

        again = self.push(self.job())
        self.assertEqual(again.statuses(), ["unchanged"] * 4)
        for name in NAMES:
            self.assertEqual(self.config_lines(name, before[name]), [])
            self.assertEqual(self.texts(name), ENTRIES)
            self.assertIn("192.168.1.101", again.results[name]["output"])
        for event in again.events:
            self.assertNotEqual(event.get("stage"), "change")

    def test_replaces_what_was_there(self):
        self.push(self.job(
            ("permit ip host 192.168.1.100 any", "permit ip host 9.9.9.9 any")))
        run = self.push(self.job())
        self.assertEqual(run.statuses(), ["changed"] * 4)
        for name in NAMES:
            self.assertEqual(self.texts(name), ENTRIES)

    def test_lines_as_a_list(self):
        text, _, block = self.job().partition("acl_lines: |\n")
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        self.assertEqual(lines, ENTRIES)
        self.push(text + "acl_lines:\n" + "".join(
            "  - %s\n" % line for line in lines))
        for name in NAMES:
            self.assertEqual(self.texts(name), ENTRIES)

    def test_append(self):
        self.push(self.job())
        job = self.job(("append: false", "append: true"),
                       (" remark Utility Server A\n", ""),
                       ("192.168.1.101", "192.168.1.102"))
        self.assertEqual(self.push(job).statuses(), ["changed"] * 4)
        for name in NAMES:
            texts = self.texts(name)
            self.assertEqual(texts[:len(ENTRIES)], ENTRIES)
            self.assertEqual(texts[len(ENTRIES):],
                             ["permit ip host 192.168.1.102 any"])
        before = {n: len(self.lab.witness(event="line", device=n))
                  for n in NAMES}
        self.assertEqual(self.push(job).statuses(), ["unchanged"] * 4)
        for name in NAMES:
            self.assertEqual(self.config_lines(name, before[name]), [])


class Lists(Case):
    def setUp(self):
        super().setUp()
        self.start_lab(device("R1"), device("CORE"))

    def test_standard_list(self):
        job = self.acl_job("permit host 10.1.1.1\nremark lab\n"
                           "permit 192.168.7.0 0.0.0.255\ndeny any log",
                           devices=["R1"], more="extended: false\n")
        self.assertEqual(self.push(job).statuses(), ["changed"])
        self.assertEqual(self.lab.state("R1")["acls"]["EDGE"]["type"],
                         "standard")
        self.assertEqual(self.lab.acl_texts("R1", "EDGE"), [
            "permit 10.1.1.1", "remark lab", "permit 192.168.7.0 0.0.0.255",
            "deny any log"])
        self.assertEqual(self.push(job).statuses(), ["unchanged"])

    def test_a_number_tells_the_type(self):
        """The device would refuse it, after half of the work."""
        for name, more, asked in (("10", "", "false"),
                                  ("2000", "extended: false\n", "true")):
            run = self.push(self.acl_job("permit 192.0.2.0 0.0.0.255",
                                         name='"%s"' % name, more=more,
                                         devices=["R1"]), expect=1)
            [result] = run.results.values()
            self.assertEqual(result["error"]["kind"], "job")
            self.assertIn('"extended: %s"' % asked,
                          result["error"]["message"])
            self.assertEqual(self.config_lines("R1"), [])

    def test_numbers(self):
        job = self.acl_job("100 permit ip host 10.0.0.1 any\n"
                           "200 deny ip any any")
        self.assertEqual(self.push(job).statuses(), ["changed"] * 2)
        for name in ("R1", "CORE"):
            entries = self.lab.state(name)["acls"]["EDGE"]["entries"]
            self.assertEqual([e["sequence"] for e in entries], [100, 200])
        self.assertEqual(self.push(job).statuses(), ["unchanged"] * 2)

    def test_order_is_no_detail(self):
        self.push(self.acl_job("permit ip host 1.1.1.1 any\n"
                               "deny ip any any"))
        run = self.push(self.acl_job("deny ip any any\n"
                                     "permit ip host 1.1.1.1 any"))
        self.assertEqual(run.statuses(), ["changed"] * 2)
        for name in ("R1", "CORE"):
            self.assertEqual(self.lab.acl_texts(name, "EDGE")[0],
                             "deny ip any any")

    def test_remarks_count(self):
        self.push(self.acl_job("remark one\npermit ip any any"))
        run = self.push(self.acl_job("remark two\npermit ip any any"))
        self.assertEqual(run.statuses(), ["changed"] * 2)
        for name in ("R1", "CORE"):
            self.assertEqual(self.lab.acl_texts(name, "EDGE"),
                             ["remark two", "permit ip any any"])

    def test_other_lists_are_left_alone(self):
        self.push(self.acl_job("permit ip host 9.9.9.9 any", name="OTHER"))
        self.push(self.acl_job("deny ip any any"))
        for name in ("R1", "CORE"):
            self.assertEqual(len(self.lab.acl_texts(name, "OTHER")), 1)


# Pushed, and asked for again in other words.
SPELLINGS = [
    ("R1", "permit ip 10.1.1.1 0.0.0.0 any", "permit ip host 10.1.1.1 any"),
    ("R1", "permit ip 0.0.0.0 255.255.255.255 any", "permit ip any any"),
    ("R1", "permit tcp any any eq www", "permit tcp any any eq 80"),
    ("R1", "permit tcp any any eq 443 log", "permit tcp any any eq 443 log"),
    ("R1", "permit udp any range domain 69 any",
     "permit udp any range 53 tftp any"),
    ("R1", "permit ip 10.1.1.9 0.0.0.255 any",
     "permit ip 10.1.1.0 0.0.0.255 any"),
    ("R1", "permit  tcp   any host 1.1.1.1   eq telnet",
     "permit tcp any host 1.1.1.1 eq 23"),
    ("CORE", "permit ip 10.1.1.0 0.0.0.255 any", "permit ip 10.1.1.0/24 any"),
    ("CORE", "permit ip host 10.1.1.1 any", "permit ip 10.1.1.1/32 any"),
    ("CORE", "permit tcp any any eq www", "permit tcp any any eq 80"),
    ("CORE", "permit udp any any eq syslog", "permit udp any any eq 514"),
]


class Spellings(Case):
    def test_same_meaning_is_unchanged(self):
        self.start_lab(device("R1"), device("CORE"))
        for name, first, second in SPELLINGS:
            for old, new in ((first, second), (second, first)):
                with self.subTest(device=name, old=old, new=new):
                    self.push(self.acl_job(old, devices=[name]))
                    before = len(self.lab.witness(event="line", device=name))
                    run = self.push(self.acl_job(new, devices=[name]))
                    self.assertEqual(run.statuses(), ["unchanged"])
                    self.assertEqual(self.config_lines(name, before), [])

    def test_other_meaning_is_not(self):
        self.start_lab(device("R1"))
        for line in ("permit tcp any any eq 80", "permit tcp any any eq 8080",
                     "permit tcp any any eq 8080 log",
                     "permit tcp any any range 8080 8081",
                     "deny tcp any any range 8080 8081"):
            with self.subTest(line=line):
                run = self.push(self.acl_job(line))
                self.assertEqual(run.statuses(), ["changed"])


if __name__ == "__main__":
    main()
