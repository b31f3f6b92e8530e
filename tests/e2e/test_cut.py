"""A connection that is cut at any line of a change, before or behind it, on
each platform: the device ends as before or as asked, and the status says
which. (On a real FRR: tests/frr/test_netpush.py.)"""

from harness import Case, main

# Entries that every platform spells alike.
ACL = (["permit udp any any eq 7009", "permit tcp any any eq 22",
        "deny ip any any"],
       ["permit tcp any any eq 22", "permit udp any any eq 7001",
        "permit udp any any eq 7002", "deny ip any any log"])
TERMS = (["term a from source-address 9.9.9.9/32", "term a then accept",
          "term ssh from protocol tcp", "term ssh from destination-port 22",
          "term ssh then accept", "term z then discard"],
         ["term ssh from protocol tcp", "term ssh from destination-port 22",
          "term ssh then accept", "term b from source-address 1.1.1.1/32",
          "term b then accept", "term z then log", "term z then discard"])


class Cut(Case):
    def prepare(self, device_type, lists, more=""):
        self.start_lab({"hostname": "R1", "type": device_type})
        self.old, self.new, self.more = *lists, more

    def job(self, lines, strategy):
        return self.phases_job(
            "  - steps:\n    - template: acl\n      strategy: %s\n" % strategy,
            more=self.more + "vars:\n  acl_name: EDGE\n  acl_lines:\n" +
            "".join("    - %s\n" % line for line in lines))

    def typed(self, job):
        """What the device reads from the way into the configuration mode to
        the way out, each line once."""
        self.lab.reset()
        self.push(self.job(self.old, "replace"))
        before = len(self.lab.witness(event="line", device="R1"))
        run = self.push(job)
        self.assertEqual(run.statuses(), ["changed"])
        events = self.lab.witness(event="line", device="R1")[before:]
        lines = [e["line"] for e in events if e["line"]]
        inside = [i for i, e in enumerate(e for e in events if e["line"])
                  if e["mode"].startswith("config")]
        return list(dict.fromkeys(lines[inside[0] - 1:inside[-1] + 1]))

    def ordered(self, lines):
        """Statements of a term stand in any order."""
        terms = {}
        for line in lines or ():
            words = line.split(None, 2)
            key = words[1] if words[0] == "term" else line
            terms.setdefault(key, []).append(line)
        return [sorted(group) for group in terms.values()]

    def cut(self, job, line, when):
        self.lab.reset()
        self.push(self.job(self.old, "replace"))
        self.lab.faults("R1", {
            "kind": "drop", "when": when, "times": 1,
            "at": "^%s$" % line.replace(".", "\\.")})
        result = self.push(job, expect=None).results["R1"]
        self.assertIn(result["status"], ("changed", "failed", "rolled_back"))
        self.assertEqual(
            self.ordered(self.lab.acl_texts("R1", "EDGE")),
            self.ordered(self.new if result["status"] == "changed"
                         else self.old))
        return result["status"]

    def at_every_line(self, strategy, last):
        """LAST: the line that settles it: behind it all is as asked."""
        job = self.job(self.new, strategy)
        lines = self.typed(job)
        self.assertIn(last, lines)
        statuses = {}
        for line in lines:
            for when in ("before", "after"):
                with self.subTest(line=line, when=when):
                    statuses[line, when] = self.cut(job, line, when)
        self.assertEqual(statuses[lines[0], "before"], "failed")
        self.assertEqual(statuses[last, "after"], "changed")
        return statuses

    def test_ios(self):
        """Edited; built again: test_failures.py."""
        self.prepare("cisco_ios", ACL)
        self.at_every_line("delta", "end")

    def test_nxos(self):
        self.prepare("cisco_nxos", ACL)
        for strategy in "replace", "delta":
            self.at_every_line(strategy, "end")

    def test_junos(self):
        """A candidate that is lost with its session needs no undo."""
        self.prepare("juniper_junos", TERMS)
        for strategy in "replace", "delta":
            statuses = self.at_every_line(strategy, "commit")
            self.assertNotIn("rolled_back", statuses.values())


if __name__ == "__main__":
    main()
