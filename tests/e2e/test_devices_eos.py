"""Arista EOS: nearly IOS, with a line editor that echoes what is typed ahead,
and lists that change when their sub-mode is left."""

from devices import QUIET, DeviceCase, Ios, split_at_random
from harness import main

INVALID = "% Invalid input\n"
LOG = "Nov 21 03:00:00 sw1 ConfigAgent: %SYS-5-CONFIG_I: Configured from " \
    "console by neteng on vty3 (10.0.0.1)"
SHOW = "Arista vEOS\nSoftware image version: 4.21.1F\n" + "".join(
    "line %d of it\n" % i for i in range(100))
LINES = "remark Utility Server A\npermit ip host 192.168.1.100 any\n" \
    "permit tcp 10.0.0.0 0.0.0.255 any eq 443\ndeny ip any any"
SHOWN = ["10 remark Utility Server A", "20 permit ip host 192.168.1.100 any",
         "30 permit tcp 10.0.0.0/24 any eq https", "40 deny ip any any"]
# In the place of one entry with the number 10, which goes last.
EDITED = ["%d%s" % (int(line[:2]) + 10, line[2:]) for line in SHOWN]


class Eos(Ios):
    hostname = "sw1"
    greeting = "Last login: Sat Nov 21 02:00:00 2026 from 10.0.0.1\n"
    page = 24

    def __init__(self, link):
        super().__init__(link)
        self.acls = {"EDGE": ["10 permit ip any any"]}
        self.pending = self.saved = None
        self.shows = {"show it": SHOW, "show none": ""}

    def shown_acl(self, name):
        return "ip access-list %s\n%s!\n" % (name, "".join(
            "   %s\n" % line for line in self.acls[name]))

    def running(self):
        return "! Command: show running-config\n" \
            "! device: sw1 (vEOS, EOS-4.21.1F)\n!\nhostname %s\n!\n%s%s!\n" \
            "end\n" % (self.hostname,
                       "".join(line + "\n" for line in self.config),
                       "".join(map(self.shown_acl, sorted(self.acls))))

    def show(self, line):
        section = "show running-config section ip access-list "
        if line.startswith(section):
            return "".join(self.shown_acl(name) for name in sorted(self.acls)
                           if name.startswith(line[len(section):]))
        if line == "copy running-config startup-config":
            self.saved = self.running()
            return "Copy completed successfully.\n"
        if line == "show running-config":
            return self.running()
        return self.shows.get(line, INVALID)

    def execute(self, line):
        if line in ("end", "exit", "abort") and self.pending:
            name, lines = self.pending
            if line != "abort":
                self.acls[name] = lines
            self.pending = None
        if line == "terminal length 0":
            self.page = 0
            return "Pagination disabled.\n"
        if line == "terminal width 32767":
            return "Width set to 32767 columns.\n"
        if line == "configure terminal":
            self.mode = "config"
            return ""  # it says nothing
        return super().execute(line)

    def configure(self, line):
        words = line.split()
        if self.pending:
            return self.entry(line)
        if words[:2] == ["ip", "access-list"] and len(words) == 3:
            self.mode = "config-acl-" + words[2]
            self.pending = (words[2], list(self.acls.get(words[2], [])))
            return ""
        if words[:3] == ["no", "ip", "access-list"] and len(words) == 4:
            self.acls.pop(words[3], None)
            return ""
        if words[0] == "interface":
            self.config.append(line)
            self.mode = "config-if-Et1"
            return ""
        if words[0] in ("description", "ntp", "shutdown", "hostname"):
            return super().configure(line)
        return INVALID

    def entry(self, line):
        number, _, rest = line.partition(" ")
        lines = self.pending[1]
        if number == "no" and rest.isdigit():
            lines[:] = [l for l in lines if l.split()[0] != rest]
            return ""
        if not number.isdigit():
            last = int(lines[-1].split()[0]) if lines else 0
            number, rest = str(last + 10), line
        if rest.split()[0] not in ("permit", "deny", "remark"):
            return INVALID
        rest = rest.replace("10.0.0.0 0.0.0.255", "10.0.0.0/24")
        lines[:] = [l for l in lines if l.split()[0] != number]
        lines.append("%s %s" % (number, rest.replace("eq 443", "eq https")))
        lines.sort(key=lambda line: int(line.split()[0]))
        return ""


class EosCase(DeviceCase):
    def device_list(self, *names, **more):
        return super().device_list(*names, device_type="arista_eos", **more)

    def acl(self, kind, lines=LINES, expect=0):
        self.stage(kind, name="sw1")
        result = self.outcome(self.push(self.acl_job(lines, more=QUIET),
                                        expect=expect))
        return result

    def in_config(self):
        """What the device read from `configure terminal` to `end`."""
        lines = self.device.lines
        return lines[lines.index("configure terminal"):
                     lines.index("end") + 1]

    def config_step(self, *lines):
        return ("config: |\n" + "".join(
            "          %s\n" % line for line in lines)).rstrip("\n")


class Lists(EosCase):
    def test_changed_then_unchanged(self):
        class Keeps(Eos):
            kept = {"EDGE": ["10 permit ip any any"],
                    "EDGE2": ["10 deny ip any any"]}

            def __init__(self, link):
                super().__init__(link)
                self.acls = self.kept
        result = self.acl(Keeps)
        self.assertEqual(result["status"], "changed")
        self.assertEqual(Keeps.kept, {"EDGE": EDITED,
                                      "EDGE2": ["10 deny ip any any"]})
        self.assertIn("40 permit tcp 10.0.0.0/24 any eq https",
                      result["output"])
        self.assertEqual(self.in_config(), [
            "configure terminal", "ip access-list EDGE",
            *["%d %s" % (number, line) for number, line in zip(
                (20, 30, 40, 50), LINES.split("\n"))], "no 10", "end"])
        result = self.outcome(self.push(self.acl_job(LINES, more=QUIET)))
        self.assertEqual(result["status"], "unchanged")
        self.assertNotIn("configure terminal", self.device.lines)

    def test_counters_are_a_setting(self):
        class Counts(Eos):
            def __init__(self, link):
                super().__init__(link)
                self.acls = {"EDGE": ["counters per-entry", *SHOWN]}
        self.assertEqual(self.acl(Counts)["status"], "unchanged")

    def test_refused_entry(self):
        result = self.acl(Eos, LINES + "\npremit ip any any", expect=1)
        error = result["error"]
        self.assertEqual((error["kind"], error["sent"], error["line"]),
                         ("refused", "60 premit ip any any", 6))
        self.assertIn(INVALID.strip(), error["device_text"])

    def test_nothing_applied(self):
        class Drops(Eos):
            def execute(self, line):
                if line == "end":
                    self.pending = None
                return super().execute(line)
        result = self.acl(Drops, expect=1)
        self.assertEqual(result["error"]["kind"], "verify")

    def test_system_without_sections(self):
        """It does not know the filter: the whole configuration is read."""
        class Older(Eos):
            def show(self, line):
                return INVALID if " section " in line else super().show(line)
        self.assertEqual(self.acl(Older)["status"], "changed")
        self.assertEqual(self.device.acls["EDGE"], EDITED)


class Rest(EosCase):
    def works(self, kind, **env):
        self.stage(kind, name="sw1")
        result = self.outcome(self.push(self.job([
            "command: show it", "command: show none",
            self.config_step("interface Ethernet1", " description one",
                             " shutdown", "ntp server 10.0.0.1"),
            "save: true", "command: show it"]), **env))
        self.assertEqual(result["status"], "changed")
        self.assertEqual(self.device.config, [
            "interface Ethernet1", "description one", "shutdown",
            "ntp server 10.0.0.1"])
        for step, text in ((0, SHOW), (1, ""), (4, SHOW)):
            shown = self.output(result, step).replace(LOG + "\n", "")
            self.assertEqual(shown.strip(), text.strip())
        self.assertIn("+ntp server 10.0.0.1", self.output(result, 2))
        self.assertIn("ntp server 10.0.0.1", self.device.saved)
        self.assertEqual(self.device.lines[-1], "exit")
        return result

    def test_all(self):
        self.works(Eos)

    def test_prompts(self):
        for name in ("localhost", "dc1-leaf1a.lab.example.net",
                     "a-name-of-more-than-twenty-characters"):
            with self.again(name=name):
                class Named(Eos):
                    hostname = name
                self.works(Named)

    def test_any_split_with_log_lines(self):
        for seed in range(2):
            with self.again(seed=seed):
                class Split(Eos):
                    greeting = "\n# sw9> #\n" + Eos.greeting
                    send = split_at_random(seed)

                    def execute(self, line):
                        text = super().execute(line)
                        if line.startswith(("int", "ntp", "end", "show it")):
                            self.print(LOG + "\n")
                        return text
                self.works(Split)

    def test_enable(self):
        class User(Eos):
            exec_prompt = "{name}>"

            def execute(self, line):
                if line == "enable":
                    secret = self.ask("Password: ", secret=True)
                    if secret != "opener":
                        return "% Bad secrets\n"
                    self.exec_prompt = "{name}#"
                    return ""
                return super().execute(line)
        self.works(User, NETPUSH_ENABLE_PASSWORD="opener")
        for step in self.run_done.json["results"][0]["steps"]:
            self.assertNotIn("opener", str(step))

    def test_refused_command(self):
        result = self.commands(Eos, "show nothing", expect=1, name="sw1")
        self.assertEqual(result["error"]["kind"], "refused")

    def test_refused_line(self):
        result = self.configure(
            Eos, "interface Ethernet1\n description one\n descripton two\n"
            "ntp server 10.0.0.1", expect=1, name="sw1")
        error = result["error"]
        self.assertEqual((result["status"], error["kind"], error["line"]),
                         ("unknown", "refused", 3))
        self.assertNotIn("ntp server 10.0.0.1", self.device.lines)
        self.assertEqual(self.device.mode, "")

    def test_words_of_warning_are_kept(self):
        class Warns(Eos):
            def configure(self, line):
                return super().configure(line) + (
                    "! Interface is not a member of vlan 7\n"
                    if line == "shutdown" else "")
        result = self.works(Warns)
        self.assertIn("not a member", result["steps"][2]["notes"])

    def test_save_refused(self):
        class Full(Eos):
            def show(self, line):
                if line.startswith("copy "):
                    return "% Error copying system:/running-config to " \
                        "flash:/startup-config (No space left on device)\n"
                return super().show(line)
        self.stage(Full, name="sw1")
        result = self.outcome(self.push(self.job(["save: true"]), expect=1))
        self.assertEqual(result["error"]["kind"], "refused")

    def test_lines_typed_ahead_are_none(self):
        """Its editor would show them twice: nothing is sent before the
        prompt, not even the set-up."""
        class Watches(Eos):
            ahead = []

            def answer(self, line):
                if self.typed():
                    self.ahead.append(line)
                super().answer(line)
        self.works(Watches)
        self.assertEqual(Watches.ahead, [])


if __name__ == "__main__":
    main()
