"""Junos in the lab: the candidate and its lock, commits that must be
confirmed, filters that shut out whoever applies them."""

import unittest

from labctl import Lab
from terminal import Terminal
from test_lab import LabCase

J1, MASTER = "127.10.0.1", "127.10.0.2"
FILTER = "firewall family inet filter MGMT"
SSH = (f"set {FILTER} term ssh from source-address 10.9.0.0/16\n"
       f"set {FILTER} term ssh from protocol tcp\n"
       f"set {FILTER} term ssh from destination-port ssh\n"
       f"set {FILTER} term ssh then accept\n")
BASE = ("set system host-name J1\n" + SSH +
        f"set {FILTER} term rest then discard\n"
        "set interfaces lo0 unit 0 family inet filter input MGMT\n")

CONFIG = {"client": "10.9.8.7", "minute_ms": 600000, "acl_history": True,
          "type": "juniper_junos", "devices": [
              {"hostname": "J1", "startup": BASE},
              {"hostname": "J2", "above_prompt": "{master:0}"}]}
PROMPT = r"neteng@J\d[>#] $"


class JunosCase(LabCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(config=CONFIG)
        cls.addClassCleanup(cls.stop)
        cls.lab.start()

    def cli(self, address=J1):
        t = Terminal(self.lab, address)
        self.addCleanup(t.close)
        t.expect(r"neteng@J\d> $")
        return t

    def editor(self, *lines, address=J1):
        t = self.cli(address)
        self.assertIn("Entering configuration mode",
                      t.run("configure exclusive"))
        for line in lines:
            self.assertNotIn("error", t.run(line), line)
        return t

    def running(self, device="J1"):
        return self.lab.state(device)["running"]


class Candidate(JunosCase):
    def test_prompts(self):
        t = self.cli()
        self.assertEqual(
            t.run("configure exclusive"), "configure exclusive\r\n"
            "warning: uncommitted changes will be discarded on exit\r\n"
            "Entering configuration mode\r\n\r\n[edit]\r\nneteng@J1# ")
        self.assertEqual(t.run("edit " + FILTER),
                         "edit %s\r\n\r\n[edit %s]\r\nneteng@J1# "
                         % (FILTER, FILTER))
        t.run("set term x then accept")
        self.assertTrue(t.run("exit").endswith(
            "[edit firewall family inet filter]\r\nneteng@J1# "))
        self.assertIn("\r\n[edit]\r\n", t.run("top"))
        self.assertIn(f"set {FILTER} term x then accept",
                      t.run("show | display set"))
        self.assertNotIn("term x", self.running())
        t = self.cli(MASTER)
        self.assertTrue(t.run("configure").endswith(
            "\r\n\r\n{master:0}[edit]\r\nneteng@J2# "))
        self.assertTrue(t.run("exit").endswith(
            "Exiting configuration mode\r\n\r\n{master:0}\r\nneteng@J2> "))

    def test_statements(self):
        t = self.editor()
        self.assertIn("warning: statement not found",
                      t.run("delete system ntp"))
        for line, column in (("set sistem host-name x", 4),
                             (f"set {FILTER} term a from sauce 1", 49),
                             (f"set {FILTER} term a from source-address "
                              "10.0.0.0/33", 64), ("frobnicate", 0)):
            text = t.run(line).replace("\r\n", "\n")
            self.assertIn(
                "\n" + " " * (len("neteng@J1# ") + column) + "^\n", text)
            self.assertRegex(text, "syntax error|unknown command")
        t.run("set system host-name OTHER")
        t.run(f"set {FILTER} term rest then accept")
        t.run(f"set {FILTER} term last then reject")
        t.run(f"insert {FILTER} term last before term rest")
        self.assertEqual(
            t.run(f"show {FILTER} | display set").splitlines()[5:-3],
            [f"set {FILTER} term last then reject",
             f"set {FILTER} term rest then accept"])
        self.assertNotIn("host-name J1", t.run("show | display set"))

    def test_compare_and_rollback(self):
        t = self.editor("set system domain-name example.net",
                        f"delete {FILTER} term rest")
        text = t.run("show | compare").replace("\r\n", "\n")
        self.assertIn(f"[edit {FILTER} term rest]\n-   then discard;\n", text)
        self.assertIn("[edit system]\n+   domain-name example.net;", text)
        self.assertIn("load complete", t.run("rollback 0"))
        self.assertEqual(t.run("show | compare"),
                         "show | compare\r\n\r\n[edit]\r\nneteng@J1# ")
        self.assertIn("error", t.run("rollback 7"))

    def test_braces(self):
        t = self.editor()
        self.assertIn(
            "        term ssh {\n            from {\n"
            "                source-address {\n"
            "                    10.9.0.0/16;\n                }\n"
            "                protocol tcp;\n"
            "                destination-port ssh;\n            }\n"
            "            then {\n                accept;\n",
            t.run("show firewall").replace("\r\n", "\n"))

    def test_load(self):
        t = self.editor()
        t.send("load set terminal\r")
        t.expect(r"\[Type \^D at a new line to end input\]\r\n")
        t.send("set system domain-name a.example\rset nonsense\r"
               "delete system services\r\x04")
        text = t.expect(PROMPT)
        self.assertIn("terminal:2:(1) syntax error: set nonsense", text)
        self.assertIn("load complete (1 errors)", text)
        t.send("load set terminal\rset system time-zone UTC\r\x04")
        self.assertIn("\r\nload complete\r\n", t.expect(PROMPT))
        self.assertIn("time-zone", t.run("show | display set"))

    def test_where_we_come_from(self):
        self.assertIn(" 10.9.8.7  ", self.cli().run("show system users"))

    def test_lock(self):
        t = self.editor("set system domain-name a.example")
        other = self.cli()
        for line in ("configure", "configure exclusive"):
            self.assertIn("error: configuration database locked by:\r\n"
                          "  neteng terminal", other.run(line))
        t.send("exit\r")
        t.expect(r"changed but not committed\r\nExit with uncommitted "
                 r"changes\? \[yes,no\] \(yes\) $")
        t.send("no\r")
        t.expect(r"\[edit\]\r\nneteng@J1# $")
        t.send("exit configuration-mode\r")
        t.expect(r"\(yes\) $")
        t.send("yes\r")
        t.expect(PROMPT)
        other.run("configure exclusive")
        self.assertEqual(other.run("show | compare").count("\r\n"), 3)

    def test_a_cut_connection_drops_the_candidate(self):
        t = self.editor()
        self.lab.faults("J1", {"kind": "reset", "line_number": 2})
        t.run("set system domain-name a.example")
        t.send("set system time-zone UTC\r")
        self.assertEqual(t.wait(), 255)
        self.lab.faults("J1")
        t = self.editor()
        self.assertEqual(t.run("show | compare").count("\r\n"), 3)

    def test_shared_changes_stay(self):
        t = self.cli()
        t.run("configure")
        t.run("set system domain-name a.example")
        t.process.stdin.close()
        t.wait()
        t.process.stdin = open("/dev/null", "wb")
        other = self.cli()
        self.assertIn("error: configuration database modified",
                      other.run("configure exclusive"))
        self.assertIn("The configuration has been changed but not committed",
                      other.run("configure"))


class Commits(JunosCase):
    def test_commit(self):
        t = self.editor("set system host-name J9")
        self.assertIn("configuration check succeeds", t.run("commit check"))
        self.assertNotIn("J9", self.running())
        self.assertIn("commit complete\r\n\r\n[edit]\r\nneteng@J9# ",
                      t.run("commit"))
        self.assertEqual(self.lab.state("J1")["startup"], self.running())
        t.run("rollback 1")
        self.assertIn("Exiting configuration mode\r\n\r\nneteng@J1> ",
                      t.run("commit and-quit"))
        shown = t.run("show system commit")
        self.assertRegex(shown, r"\r\n2   \d{4}-\d\d-\d\d .* by neteng via")

    def test_commit_that_fails(self):
        t = self.editor("set interfaces lo0 unit 0 family inet filter input "
                        "NONE")
        for line in ("commit check", "commit", "commit confirmed 5"):
            text = t.run(line)
            self.assertIn("Referenced filter 'NONE' is not defined", text)
            self.assertIn("error: configuration check-out failed", text)
        t.run("rollback 0")
        t.run("set system domain-name a.example")
        self.lab.faults("J1", {"kind": "commit_fails"})
        self.assertIn("error: commit failed", t.run("commit"))
        self.assertNotIn("a.example", self.running())

    def test_confirmed_and_confirmed_elsewhere(self):
        t = self.editor("set system domain-name a.example")
        text = t.run('commit confirmed 5 comment "a change"')
        self.assertIn(
            "commit confirmed will be automatically rolled back in 5 minutes "
            "unless confirmed\r\ncommit complete\r\n\r\n"
            "# commit confirmed will be rolled back in 5 minutes\r\n"
            "[edit]\r\nneteng@J1# ", text)
        t.run("exit")
        other = self.editor()
        self.assertIn("rollback in 5mins", other.run("run show system "
                                                     "commit"))
        text = other.run("commit")
        self.assertIn("commit complete", text)
        self.assertNotIn("# commit confirmed", text)
        self.lab.expire("J1")
        self.assertIn("a.example", self.running())

    def test_not_confirmed(self):
        before = self.running()
        t = self.editor("set system domain-name a.example",
                        "commit confirmed 1")
        self.lab.expire("J1")
        t.expect(r"(?s)Broadcast Message from root@J1.*Commit was not "
                 r"confirmed; automatic rollback complete\.")
        self.assertEqual(self.running(), before)
        self.assertEqual(self.lab.state("J1")["startup"], before)
        t.send("show | compare\r")
        text = t.expect(r"show \| compare\r\n(?s:.*)neteng@J1# $")
        self.assertNotIn("# commit confirmed", text)
        self.assertNotIn("a.example", text)

    def test_the_filter_that_cuts(self):
        t = self.editor(f"delete {FILTER} term ssh")
        t.send("commit confirmed 1\r")
        self.assertEqual(t.wait(), 255)
        with Terminal(self.lab, J1) as refused:
            self.assertIn("reset", refused.errors())
        self.lab.expire("J1")
        self.cli()
        self.assertEqual(
            [entries for _, entries in self.lab.acl_history("J1", "MGMT")],
            [[f"{i + 1} {line.split('MGMT ')[1]}" for i, line in
              enumerate(SSH.splitlines() +
                        [f"set {FILTER} term rest then discard"])],
             ["1 term rest then discard"]] + [[
                 f"{i + 1} {line.split('MGMT ')[1]}" for i, line in
                 enumerate(SSH.splitlines() +
                           [f"set {FILTER} term rest then discard"])]])

    def test_filters_that_do_not(self):
        deny = f"set {FILTER} term a"
        t = self.editor(
            f"{deny} from protocol tcp", f"{deny} from destination-port 23",
            f"{deny} from destination-port 100-200", f"{deny} then discard",
            f"{deny}2 from prefix-list P", f"{deny}2 then discard",
            "set policy-options prefix-list P 10.8.0.0/16",
            f"{deny}3 then next term", f"{deny}4 from source-address "
            "10.9.8.0/24", f"{deny}4 from protocol udp",
            f"{deny}4 then reject",
            *(f"insert {FILTER} term a{n} before term ssh"
              for n in ("", "2", "3", "4")))
        self.assertIn("commit complete", t.run("commit"))
        t.run("set policy-options prefix-list P 10.9.8.0/24")
        t.send("commit\r")
        self.assertEqual(t.wait(), 255)
        self.assertEqual(
            self.lab.witness(event="shut_out", device="J1")[-1]["why"],
            FILTER + " term a2")

    def test_a_timer_that_runs(self):
        config = dict(CONFIG, minute_ms=20)
        with Lab(config=config) as lab:
            with Terminal(lab, J1) as t:
                t.expect("> $")
                t.run("configure exclusive", PROMPT)
                t.run("set system domain-name a.example")
                t.send("commit confirmed 1\r")
                t.expect("automatic rollback complete")


if __name__ == "__main__":
    unittest.main()
