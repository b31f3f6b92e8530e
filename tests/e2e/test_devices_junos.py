"""Junos: prompts of up to three lines, and a configuration that is only a
candidate until it is committed: nothing half done stays in it.
"""

import os

from devices import QUIET, DeviceCase, Gone, Ios, split_at_random
from harness import main

SHOW = "Hostname: mx1\nModel: mx240\n\n" + "".join(
    "line %d of it\n" % i for i in range(100))
OLD = ["set system host-name mx1",
       "set system services ssh",
       "set firewall filter EDGE term 1 then accept"]
NEW = ["set firewall filter EDGE term 0 from protocol tcp",
       "set firewall filter EDGE term 0 then discard"]
PENDING = "# commit confirmed will be rolled back in 5 minutes\n"


class Junos(Ios):
    """The CLI of one user; the configurations are the device's."""

    greeting = "\nLast login: Sat Nov 21 02:00:00 2026 from 10.0.0.1\n" \
        "--- JUNOS 18.4R1.8 Kernel 64-bit  JNPR-11.0\n"
    hostname = "mx1"
    above = "{master:0}"
    pending = ""  # above that
    page = 24

    def __init__(self, link):
        super().__init__(link)
        self.active, self.candidate = list(OLD), list(OLD)
        self.exclusive, self.complete = False, True
        self.shows = {"show it": SHOW, "show none": ""}

    def prompt(self):
        above = self.above + ("[edit]" if self.mode else "")
        return "\r\n" + self.pending.replace("\n", "\r\n") + (
            above + "\r\n" if above else "") + "neteng@%s%s " % (
                self.hostname, "#" if self.mode else ">")

    def wrong(self, line, text):
        """The caret stands under the last word, behind the prompt."""
        return " " * (len("neteng@mx1# ") + line.rfind(" ") + 1) + "^\n" + text

    # In operational mode.

    def execute(self, line):
        if self.mode:
            return self.configure(line) if line else ""
        if line in ("exit", "quit"):
            raise Gone
        if line.startswith("set cli "):
            return self.set_cli(line.split()[2:])
        if line.startswith("configure"):
            return self.enter(line)
        return self.show(line) if line else ""

    def set_cli(self, words):
        if words[0] == "screen-length":
            self.page = int(words[1])
            return "Screen length set to %s\n" % words[1]
        if words[0] == "screen-width":
            return "Screen width set to %s\n" % words[1]
        if words == ["complete-on-space", "off"]:
            self.complete = False
            return "Disabling complete-on-space\n"
        return "CLI timestamp disabled\n"

    def enter(self, line):
        self.mode, self.exclusive = "edit", line.endswith("exclusive")
        text = "Entering configuration mode\n"
        if self.exclusive:
            return "warning: uncommitted changes will be discarded on exit\n" \
                + text
        if self.candidate != self.active:
            text += "The configuration has been changed but not committed\n"
        return text

    def show(self, line):
        if line == "show configuration | display set":
            return "".join(each + "\n" for each in self.active)
        if line == "show system commit":
            return "0   2026-11-21 03:00:00 UTC by neteng via cli\n" \
                "1   2026-11-20 03:00:00 UTC by root via other\n"
        return self.shows.get(line, self.wrong(line, "unknown command.\n"))

    # In configuration mode.

    def configure(self, line):
        if line == "exit configuration-mode":
            return self.leave()
        if line == "rollback 0":
            self.candidate = list(self.active)
            return "load complete\n"
        if line.startswith("commit"):
            return self.commit()
        return self.edit(line)

    def edit(self, line):
        verb, _, rest = line.partition(" ")
        if verb == "set" and rest:
            if line not in self.candidate:
                self.candidate.append(line)
            return ""
        if verb == "delete":
            kept = [each for each in self.candidate
                    if not each.startswith("set " + rest)]
            if kept == self.candidate:
                return "warning: statement not found\n"
            self.candidate = kept
            return ""
        return self.wrong(line, "unknown command.\n")

    def commit(self):
        self.active = list(self.candidate)
        for line in self.active:
            if line.startswith("set system host-name "):
                self.hostname = line.split()[-1]
        return "commit complete\n"

    def leave(self):
        if self.candidate != self.active:
            self.print("The configuration has been changed but not "
                       "committed\n")
            if self.exclusive:
                self.print("warning: uncommitted changes will be discarded "
                           "on exit\n")
            if self.ask("Exit with uncommitted changes? [yes,no] (yes) ") \
                    == "no":
                return ""
            if self.exclusive:
                self.candidate = list(self.active)
        self.mode = ""
        return "Exiting configuration mode\n"

    # Its terminal.

    def print(self, text):
        lines = text.split("\n") if isinstance(text, str) else []
        if not self.page or len(lines) <= self.page:
            super().print(text)
            return
        for at in range(0, len(lines), self.page):
            if at:
                self.send("---(more)---")
                if self.key() != b" ":
                    return
                self.send("\r" + " " * 40 + "\r")
            rest = at + self.page < len(lines)
            super().print("\n".join(lines[at:at + self.page]) +
                          ("\n" if rest else ""))


class JunosCase(DeviceCase):
    def device_list(self, *names, **more):
        return super().device_list(*names, **{
            "device_type": "juniper_junos", **more})

    def job(self, *steps, **more):
        """What guards a change is tested by test_undo."""
        return "guard: off\n" + super().job(*steps, **more)

    def config_step(self, lines):
        return ("config: |\n" + "".join(
            "          %s\n" % line for line in lines)).rstrip("\n")

    def change(self, kind, lines, expect=0, more=QUIET, options=()):
        self.stage(kind, name="mx1")
        run = self.push(self.job([self.config_step(lines)], more), *options,
                        expect=expect)
        self.run_done = run
        return self.outcome(run)

    def sent(self):
        """What the device read in and on the way to the configuration."""
        lines = self.device.lines
        at = next(i for i, line in enumerate(lines)
                  if line.startswith("configure"))
        return [line for line in lines[at:]
                if line not in ("", "exit",
                                "show configuration | display set")]

    def assert_rolled_back(self, result, kind):
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("failed", kind), result)
        self.assertEqual(self.device.active, OLD)
        self.assertEqual(self.device.candidate, OLD)
        self.assertEqual(self.sent()[-3:], [
            "exit configuration-mode", "rollback 0",
            "exit configuration-mode"])
        self.assertEqual(self.device.mode, "")

    def works(self, kind):
        """Shows, a change, and shows again."""
        self.stage(kind, name="mx1")
        result = self.outcome(self.push(self.job([
            "command: show it", "command: show none", self.config_step(NEW),
            "command: [show it, show it]", "save: true"])))
        self.assertEqual(result["status"], "changed")
        for step, text in ((0, SHOW), (1, ""), (3, SHOW + SHOW)):
            self.assertEqual(self.output(result, step).strip("\n").replace(
                "\n\nHost", "\nHost"), text.strip("\n"))
        self.assertIn("\n+" + NEW[0], "\n" + self.output(result, 2))
        self.assertEqual(self.device.active, OLD + NEW)
        self.assertEqual(self.sent(), [
            "configure exclusive", *NEW, "commit", "exit configuration-mode",
            "show it", "show it", "show system commit"])
        self.assertEqual(self.device.lines[-1], "exit")
        return result


class Prompts(JunosCase):
    def above(self, text, more=""):
        class Above(Junos):
            above, pending = text, more
        result = self.works(Above)
        shown = str([step["output"] for step in result["steps"]])
        for word in ("{", "[edit", "# commit"):
            self.assertNotIn(word, shown)

    def test_one_line(self):
        self.above("")

    def test_master(self):
        self.above("{master:0}")

    def test_others(self):
        for text in ("{primary:node0}", "{secondary:node1}", "{backup:1}",
                     "{linecard:2}", "{master}"):
            with self.again(above=text):
                self.above(text)

    def test_three_lines(self):
        self.above("{master:0}\r\n")

    def test_commit_waits_to_be_confirmed(self):
        self.above("{master:0}", PENDING)

    def test_commit_waits_without_another_line(self):
        self.above("", PENDING)

    def test_any_split(self):
        for seed in range(3):
            with self.again(seed=seed):
                class Split(Junos):
                    greeting = "\n### neteng@other> #\n# no entry #\n" + \
                        Junos.greeting
                    send = split_at_random(seed)
                self.works(Split)

    def test_no_greeting_and_a_name_of_a_node(self):
        class Node(Junos):
            greeting, hostname, above = "", "srx-node0.lab", "{primary:node0}"

            def __init__(self, link):
                super().__init__(link)
                self.active = [line.replace("mx1", self.hostname)
                               for line in self.active]
                self.candidate = list(self.active)
        result = self.change(Node, NEW)
        self.assertEqual(result["status"], "changed")

    def test_lines_like_prompts_in_the_output(self):
        text = "[edit]\n{master:0}\nneteng@mx1>\n# commit confirmed will " \
            "be rolled back in 5 minutes\n\nneteng@mx1# exit\nlast\n"

        class Shows(Junos):
            def __init__(self, link):
                super().__init__(link)
                self.shows["show trap"] = text
        self.stage(Shows, name="mx1")
        result = self.outcome(self.push(self.job(["command: show trap"])))
        self.assertEqual(self.output(result), text)

    def test_a_pager_that_stays(self):
        class Pages(Junos):
            def set_cli(self, words):
                return "" if words[0] == "screen-length" \
                    else super().set_cli(words)
        self.works(Pages)

    def test_renamed_by_the_commit(self):
        self.stage(Junos, name="mx1")
        result = self.outcome(self.push(self.job([
            self.config_step(["delete system host-name",
                              "set system host-name border-1"]),
            "command: show it"])))
        self.assertEqual(result["status"], "changed")
        self.assertEqual(self.output(result, 1), SHOW)
        self.assertEqual(self.device.hostname, "border-1")

    def test_broadcasts(self):
        class Talks(Junos):
            def edit(self, line):
                return super().edit(line) + (
                    "\nMessage from syslogd@mx1 at Nov 21 03:00:00  ...\n"
                    "mx1 fpc0 something is up\n\n"
                    "Broadcast Message from root@mx1\n"
                    "        (no tty) at 3:00 UTC...\n\n"
                    "Commit was not confirmed; automatic rollback "
                    "complete.\n")
        self.assertEqual(self.change(Talks, NEW)["status"], "changed")
        logs = [e["text"] for e in self.run_done.select(event="log")]
        self.assertIn("Commit was not confirmed; automatic rollback complete.",
                      logs)


class Commands(JunosCase):
    def test_unknown(self):
        self.stage(Junos, name="mx1")
        result = self.outcome(self.push(
            self.job(["command: show nothing"]), expect=1))
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("failed", "refused"))
        self.assertIn("unknown command.", result["error"]["device_text"])
        self.assertNotIn("{master", result["error"]["device_text"])

    def test_check_shows_the_commit(self):
        self.stage(Junos, name="mx1")
        path = self.write("job.yml", self.job([self.config_step(NEW)]))
        run = self.netpush("check", "--render", path).wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        lines = [line.strip() for line in run.stdout.splitlines()]
        at = lines.index(NEW[0])
        self.assertEqual(lines[at:at + 3], [*NEW, "commit"])
        self.assertEqual(self.played.played, [])

    def test_check_of_the_credentials(self):
        self.stage(Junos, name="mx1")
        run = self.push(self.job(["command: show it"]), password="wrong",
                        expect=3)
        self.assertEqual(run.statuses(), ["failed"])


class Change(JunosCase):
    def test_unchanged(self):
        self.assertEqual(self.change(Junos, OLD)["status"], "unchanged")
        self.assertEqual(self.device.active, OLD)

    def test_delete(self):
        result = self.change(Junos, ["delete system services ssh"])
        self.assertEqual(result["status"], "changed")
        self.assertIn("-set system services ssh", self.output(result))

    def test_words_of_the_commit_are_kept(self):
        class Warns(Junos):
            def commit(self):
                return "re0: \nconfiguration check succeeds\nre1: \n" \
                    "warning: requires license\n" + super().commit()
        result = self.change(Warns, NEW)
        self.assertEqual(result["status"], "changed")
        self.assertIn("warning: requires license",
                      result["steps"][0]["notes"])
        self.assertIn("commit complete", result["steps"][0]["notes"])

    def refused(self, text, *, line="set firewall filtre EDGE"):
        """LINE is the second of three."""
        class Refuses(Junos):
            def edit(self, each):
                return self.wrong(each, text) if each == line \
                    else super().edit(each)
        result = self.change(Refuses, [NEW[0], line, NEW[1]], expect=1)
        self.assert_rolled_back(result, "refused")
        error = result["error"]
        self.assertEqual((error["line"], error["sent"]), (2, line))
        self.assertIn(text.strip(), error["device_text"])
        self.assertEqual(self.sent()[1:3], [NEW[0], line])
        self.assertNotIn("commit", self.sent())

    def test_refused(self):
        for text in ("syntax error.\n", "syntax error, expecting <data>.\n",
                     "unknown command.\n", "missing argument.\n",
                     "error: no such thing\n", "'filtre' is ambiguous.\n",
                     "invalid value 'filtre' in ip address\n",
                     "permission denied.\n", "something new\n"):
            with self.again(text=text):
                self.refused(text)

    def test_error_without_a_caret(self):
        class Refuses(Junos):
            def edit(self, line):
                return "error: no space left\n"
        result = self.change(Refuses, NEW, expect=1)
        self.assertEqual((result["status"], result["error"]["line"]),
                         ("failed", 1))
        # Nothing was in the candidate: the device lets us leave.
        self.assertEqual(self.sent(), ["configure exclusive", NEW[0],
                                       "exit configuration-mode"])

    def test_statement_not_found(self):
        result = self.change(
            Junos, [NEW[0], "delete firewall filter EGDE"], expect=1)
        self.assert_rolled_back(result, "refused")
        self.assertIn("statement not found", result["error"]["message"])

    def test_a_block_is_refused_at_its_head(self):
        """Curly brackets would need `load`."""
        result = self.change(Junos, ["firewall {", "    filter EDGE {",
                                     "        term 0;", "    }", "}"],
                             expect=1)
        self.assertEqual((result["status"], result["error"]["line"]),
                         ("failed", 1))
        self.assertEqual(self.device.active, OLD)
        self.assertEqual(self.sent()[1:2], ["firewall {"])
        self.assertNotIn("filter EDGE {", self.sent())

    def test_commit_refused(self):
        class Refuses(Junos):
            def commit(self):
                return "[edit firewall filter EDGE term 0]\n" \
                    "  'from'\n    no such protocol\n" \
                    "error: configuration check-out failed\n"
        result = self.change(Refuses, NEW, expect=1)
        self.assert_rolled_back(result, "refused")
        error = result["error"]
        self.assertEqual((error["line"], error["sent"]), (3, "commit"))
        self.assertIn("configuration check-out failed", error["message"])
        self.assertIn("no such protocol", error["device_text"])

    def test_commit_without_a_word(self):
        """Not done, and not said: what is not proved is no success."""
        class Silent(Junos):
            def commit(self):
                return ""
        result = self.change(Silent, NEW, expect=1)
        self.assert_rolled_back(result, "verify")
        self.assertIn("did not confirm", result["error"]["message"])

    def test_done_without_a_word(self):
        class Silent(Junos):
            def commit(self):
                super().commit()
                return "configuration check succeeds\n"
        result = self.change(Silent, NEW, expect=1)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("unknown", "verify"))

    def test_commit_that_did_nothing(self):
        class Lies(Junos):
            def commit(self):
                self.candidate = list(self.active)
                return "commit complete\n"
        result = self.change(Lies, NEW)
        self.assertEqual(result["status"], "unchanged")

    def test_locked(self):
        class Locked(Junos):
            def enter(self, line):
                return "error: configuration database locked by:\n" \
                    "  bob terminal p0 (pid 4711) on since 2026-11-21 " \
                    "02:00:00 UTC\n      exclusive [edit]\n"
        result = self.change(Locked, NEW, expect=1)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("failed", "prompt"))
        self.assertIn("locked by", result["error"]["message"])
        self.assertIn("pid 4711", result["error"]["device_text"])
        self.assertEqual(self.sent(), ["configure exclusive"])

    def test_undo_refused(self):
        """Never left with the question open, and never said to be well."""
        class Stubborn(Junos):
            def configure(self, line):
                if line == "rollback 0":
                    return "error: could not open configuration database\n"
                return super().configure(line)

            def commit(self):
                return "error: configuration check-out failed\n"
        result = self.change(Stubborn, NEW, expect=1)
        self.assertEqual(result["status"], "unknown")
        self.assertEqual(result["error"]["kind"], "refused")
        self.assertEqual(self.device.active, OLD)

    def test_lost_before_the_commit(self):
        class Leaves(Junos):
            def commit(self):
                raise Gone
        result = self.change(Leaves, NEW, expect=1)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("unknown", "closed"))


    def test_lost_behind_the_commit(self):
        """Seen by the next visit: the lines are there, "commit" is none."""
        class Once(Junos):
            kept = list(OLD)

            def __init__(self, link):
                super().__init__(link)
                self.active, self.candidate = list(self.kept), list(self.kept)

            def commit(self):
                super().commit()
                Once.kept = self.active
                raise Gone
        result = self.change(Once, NEW, expect=1)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("unknown", "closed"))
        run = self.netpush("resume", "latest", "--json", self.json_path).wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        with open(self.json_path, encoding="utf-8") as file:
            self.assertIn('"unchanged"', file.read())
        self.assertEqual(Once.kept, OLD + NEW)
        self.assertFalse(any(line.startswith("configure")
                             for line in self.device.lines))


class Shared(JunosCase):
    """A profile of one's own that enters the candidate of all."""

    PROFILE = "device_type: juniper_shared\ninherits: juniper_junos\n" \
        "modes:\n  - {name: config, prompt: '{{stem}}#[ ]?', from: exec," \
        " enter: configure, leave: exit configuration-mode, config: true}\n"

    def device_list(self, *names, **more):
        return super().device_list(*names, device_type="juniper_shared",
                                   **more)

    def change(self, kind, lines, **how):
        os.mkdir(os.path.join(self.tmp, "profiles"))
        self.write("profiles/shared.yml", self.PROFILE)
        return super().change(kind, lines, options=(
            "--profiles", os.path.join(self.tmp, "profiles")), **how)

    def test_changes(self):
        self.assertEqual(self.change(Junos, NEW)["status"], "changed")
        self.assertEqual(self.device.active, OLD + NEW)

    def test_refused(self):
        result = self.change(Junos, [NEW[0], "ste x"], expect=1)
        self.assert_rolled_back(result, "refused")

    def test_changes_of_somebody_else(self):
        """They are neither committed with ours nor taken back."""
        theirs = OLD + ["set system ntp server 10.0.0.1"]

        class Dirty(Junos):
            def __init__(self, link):
                super().__init__(link)
                self.candidate = list(theirs)
        result = self.change(Dirty, NEW, expect=1)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("failed", "refused"))
        self.assertIn("changed but not committed", result["error"]["message"])
        self.assertEqual(self.device.candidate, theirs)
        self.assertEqual(self.device.active, OLD)
        self.assertEqual(self.sent(), ["configure", "exit configuration-mode"])


if __name__ == "__main__":
    main()
