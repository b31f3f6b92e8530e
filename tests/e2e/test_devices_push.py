"""Lines that do not arrive as they were sent, lines that ask, and terminals
that page or are narrow.
"""

import re

from devices import QUIET, REFUSED, DeviceCase, Ios
from harness import main

LONG = "description " + " ".join("word%02d" % i for i in range(25))
BLOCK = "interface Loopback7\n" + "".join(
    " description number %02d\n" % i for i in range(40)) + " no shutdown"
FLAT = [line.strip() for line in BLOCK.split("\n")]


class Echoes(DeviceCase):
    def fails(self, kind, text, line, kinds=("echo",)):
        result = self.configure(kind, text, expect=1)
        error = result["error"]
        self.assertIn(error["kind"], kinds, error)
        self.assertEqual(error["line"], line, error)
        self.assertIn(result["status"], ("unknown", "failed"))
        return result

    def test_lost_characters(self):
        class Loses(Ios):
            def echo(self, line):
                if line == "description number 20":
                    line = "description numer 20"
                return line, line
        result = self.fails(Loses, BLOCK, 22)
        self.assertEqual(result["status"], "unknown")
        self.assertIn("numer 20", result["error"]["device_text"] or "")
        self.assertNotIn("no shutdown", self.device.config)
        self.assertIn("numer 20", result["output"] +
                      result["steps"][0]["output"])

    def test_lost_characters_at_either_end(self):
        for shown in ("escription number 20", "description number 2",
                      "d", "description number 200"):
            with self.again(shown=shown):
                class Loses(Ios):
                    def echo(self, line):
                        if line == "description number 20":
                            line = shown
                        return line, line
                self.fails(Loses, BLOCK, 22)
                self.assertNotIn("no shutdown", self.device.config)

    def test_a_lost_line_end(self):
        """Two lines become one."""
        class Loses(Ios):
            def read(self):
                line = super().read()
                if line == "description number 20":
                    line += super().read()
                return line
        self.fails(Loses, BLOCK, 22, ("echo", "timeout"))

    def test_a_line_lost_whole(self):
        class Loses(Ios):
            def read(self):
                line = super().read()
                return super().read() if line == "description number 20" \
                    else line
        self.fails(Loses, BLOCK, 22, ("echo", "timeout"))

    def test_wrapped(self):
        class Wraps(Ios):
            def echo(self, line):
                whole = self.prompt() + line
                shown = "\r\n".join(whole[i:i + 80]
                                    for i in range(0, len(whole), 80))
                return shown[len(self.prompt()):], line
        result = self.configure(Wraps, "interface Lo7\n %s\n no shutdown" %
                                LONG)
        self.assertEqual(result["status"], "changed")
        self.assertEqual(self.device.config[1], LONG)

    def test_wrapped_by_blank_and_return(self):
        """As readline does: a blank on the new line, then back over it."""
        class Wraps(Ios):
            def echo(self, line):
                whole = self.prompt() + line
                shown = "".join(
                    whole[i:i + 80] + (" \r" if i + 80 < len(whole) else "")
                    for i in range(0, len(whole), 80))
                return shown[len(self.prompt()):], line
        result = self.configure(Wraps, "interface Lo7\n %s\n no shutdown" %
                                LONG)
        self.assertEqual(result["status"], "changed")
        self.assertEqual(self.device.config[1], LONG)

    def narrow(self):
        class Narrow(Ios):
            def execute(self, line):
                if line.startswith("terminal width"):
                    return REFUSED
                return super().execute(line)

            def echo(self, line):
                shown, out, width = 0, "", 80 - len(self.prompt())
                for i, char in enumerate(line):
                    out += char
                    shown += 1
                    if shown + 1 >= width:
                        keep = shown - 11
                        out += "\b" * shown + "$" + line[i + 1 - keep:i + 1] \
                            + " " * 10 + "\b" * 10
                        shown = keep + 1
                return out, line
        return Narrow

    def test_scrolled(self):
        result = self.configure(self.narrow(), "interface Lo7\n %s\n"
                                " no shutdown" % LONG)
        self.assertEqual(result["status"], "changed")
        self.assertEqual(self.device.config[1], LONG)

    def test_scrolled_and_damaged(self):
        class Loses(self.narrow()):
            def echo(self, line):
                return super().echo(line.replace("word23", "wrd23"))
        result = self.fails(Loses, "interface Lo7\n %s\n no shutdown" % LONG,
                            2)
        self.assertIn("wrd23", result["error"]["device_text"])

    def test_typed_ahead(self):
        """A line that comes while another is at work is echoed at once."""
        class Early(Ios):
            def run(self):
                self.print(self.greeting)
                self.send(self.prompt())
                while True:
                    lines = [self.read()]
                    while self.typed():
                        lines.append(self.read())
                    self.send("".join(line + "\r\n" for line in lines))
                    for line in lines:
                        self.lines.append(line)
                        self.answer(line)
        result = self.configure(Early, BLOCK)
        self.assertEqual(result["status"], "changed")
        self.assertEqual(self.device.config, FLAT)


class Asking(Ios):
    """Asks at the lines that are in ASKS; what was answered."""

    asks = {}

    def __init__(self, link):
        super().__init__(link)
        self.answered = []

    def execute(self, line):
        if line not in self.asks:
            return super().execute(line)
        answer = self.ask(self.asks[line])
        self.answered.append(answer)
        if answer is None:
            return "^C\n"
        self.config.append("%s -> %s" % (line, answer))
        return "Building configuration...\n[OK]\n"


class Questions(DeviceCase):
    def asking(self, **asks):
        class Asks(Asking):
            pass
        Asks.asks = {k.replace("_", " "): v for k, v in asks.items()}
        return Asks

    def test_save_asks(self):
        self.stage(self.asking(
            write_memory="Overwrite the previous NVRAM configuration?"
            "[confirm]"))
        run = self.push(self.job(["save: true"]))
        self.outcome(run)
        self.assertEqual(self.device.answered, [""])

    def test_known_question(self):
        kind = self.asking()
        kind.asks = {"copy running-config startup-config":
                     "Destination filename [startup-config]? "}
        self.commands(kind, "copy running-config startup-config")
        self.assertEqual(self.device.answered, [""])

    def fails(self, kind, text, line, question):
        result = self.configure(kind, text, expect=1)
        error = result["error"]
        # What was read back may prove that nothing was changed.
        self.assertEqual((error["line"], result["status"]), (
            line, "unknown" if self.device.config else "failed"), error)
        self.assertIn(question, (error["device_text"] or "") +
                      error["message"])
        return error

    def test_unknown_question_at_the_top(self):
        question = "This operation will remove all username related " \
            "configurations with same name.Do you want to continue? [confirm]"
        kind = self.asking()
        kind.asks = {"no username bob": question}
        self.fails(kind, "ip route 10.0.0.0 255.0.0.0 Null0\n"
                   "no username bob\nip route 11.0.0.0 255.0.0.0 Null0", 2,
                   question)
        self.assertEqual(self.device.answered, [None])  # Ctrl-C
        self.assertEqual(self.device.config,
                         ["ip route 10.0.0.0 255.0.0.0 Null0"])
        self.assertEqual(self.device.lines[-1], "exit")  # left in good order

    def test_yes_or_no(self):
        kind = self.asking()
        kind.asks = {"crypto key zeroize rsa":
                     "% Do you really want to remove these keys? [yes/no]: "}
        self.fails(kind, "crypto key zeroize rsa\nhostname R2", 1,
                   "Do you really want to remove these keys?")
        self.assertEqual(self.device.answered, [None])

    def test_lines_that_may_ask_go_alone(self):
        """A line that is known to ask stands in the middle of a block: what
        comes behind it is not its answer."""
        kind = self.asking()
        kind.asks = {"crypto map OUT": "Sure? [confirm]"}
        lines = FLAT[:20] + ["crypto map OUT"] + FLAT[20:]
        self.fails(kind, lines[0] + "\n" + "\n".join(
            " " + line for line in lines[1:]), 21, "Sure?")
        self.assertEqual(self.device.answered, [None])
        self.assertEqual(self.device.config, FLAT[:20])

    # Questions that nobody announced: the device asks at "description number
    # 19" while more lines stand in its input. ASK plays what it takes for the
    # answer and what it shows of it.

    def unforeseen(self, question, ask, at=20):
        kind = self.asking()
        kind.asks = {FLAT[at]: question}
        kind.ask = ask
        error = self.fails(kind, BLOCK, at + 1, question.strip())
        self.assertEqual(error["kind"], "prompt", error)
        self.assertEqual(error["sent"], FLAT[at])
        self.assertNotIn("no shutdown", self.device.config)
        return error

    def accepted(self, error):
        """The lines that went behind the question, and how many took."""
        told = re.search(r"\((\d+) lines? behind it had been sent, (\d+) "
                         "accepted", error["message"])
        self.assertTrue(told, error)
        return int(told[1]), int(told[2])

    def took(self):
        """What the device has in its configuration of the lines behind."""
        return [line for line in self.device.config
                if line in FLAT[21:]]

    def left_in_good_order(self):
        self.assertEqual(self.device.mode, "")
        self.assertEqual(self.device.lines[-1], "exit")

    def test_question_without_notice(self):
        """Nobody could know: the next line may have become its answer. That
        must be said, never passed over."""
        def ask(self, question):
            """The answer is there before the question: one packet."""
            answer = self.read()
            self.send(question + (answer or "") + self.newline)
            return answer
        for question in ("Sure? [confirm]", "Erase it (yes/no)? ",
                         "Really? [yes/no]: ",
                         "Destination filename [startup-config]? ",
                         "Destination filename [flash:x]? "):
            with self.again(question=question):
                error = self.unforeseen(question, ask)
                self.assertEqual(self.device.answered, [FLAT[21]])
                self.assertIn("1 line behind it became the answer",
                              error["message"])
                behind, accepted = self.accepted(error)
                self.assertEqual((accepted, behind - 1),
                                 (len(self.took()), len(self.took())))
                self.left_in_good_order()

    def test_question_that_takes_one_key(self):
        """As [confirm] does: the rest of the line goes on as a command."""
        def ask(self, question, shown=1):
            self.send(question)
            key = self.key().decode()
            self.send(key[:shown] + self.newline)
            return key
        for shown in (0, 1):
            with self.again(shown=shown):
                error = self.unforeseen("Sure? [confirm]",
                                        lambda s, q: ask(s, q, shown))
                self.assertIn(FLAT[21][1:], self.device.config)
                behind, accepted = self.accepted(error)
                self.assertEqual((accepted, behind - 1),
                                 (len(self.took()), len(self.took())))
                self.left_in_good_order()

    def test_question_that_hides_its_answer(self):
        def ask(self, question):
            answer = self.read()
            self.send(question + self.newline)
            return answer
        error = self.unforeseen("Sure? [confirm]", ask)
        self.assertIn("1 line behind it became the answer", error["message"])
        self.assertEqual(self.accepted(error)[1], len(self.took()))
        self.left_in_good_order()

    def test_question_that_no_profile_knows(self):
        def ask(self, question):
            answer = self.read()
            self.send(question + (answer or "") + self.newline)
            return answer
        error = self.unforeseen("Shall I, master?> ", ask)
        self.assertIn("1 line behind it became the answer", error["message"])
        self.assertEqual(self.accepted(error)[1], len(self.took()))
        self.left_in_good_order()

    def test_question_that_wants_a_proper_answer(self):
        """It asks again and again, until nothing is left in its input: then
        Ctrl-C brings the prompt back."""
        def ask(self, question):
            while True:
                self.send(question)
                answer = self.read()
                if answer is None:
                    return answer
                self.send(answer + self.newline +
                          "% Please answer 'yes' or 'no'." + self.newline)
        error = self.unforeseen("Really? [yes/no]: ", ask)
        behind, accepted = self.accepted(error)
        self.assertEqual(accepted, 0)
        self.assertIn("%d lines behind it became the answer" % behind,
                      error["message"])
        self.assertEqual(self.took(), [])
        self.left_in_good_order()

    def test_question_whose_abort_empties_the_input(self):
        """Ctrl-C throws away what was typed ahead. The prompt comes back, the
        lines never do."""
        def ask(self, question):
            while not self.typed():
                pass
            self.send(question)
            while b"\x03" not in self._keys:
                self._keys += self._link.recv(65536)
            self._keys = self._keys.split(b"\x03", 1)[1]
        # The second is one that the profile would answer, were it alone.
        for question in ("Sure? [confirm]",
                         "Destination filename [startup-config]? "):
            with self.again(question=question):
                error = self.unforeseen(question, ask)
                behind, accepted = self.accepted(error)
                self.assertEqual((accepted, self.took()), (0, []))
                self.assertIn("%d lines behind it got lost" % behind,
                              error["message"])
                self.left_in_good_order()

    def test_question_that_nothing_ends(self):
        """The session is given up, and the state is not known."""
        def ask(self, question):
            self.send(question)
            while self.key():
                pass
        error = self.unforeseen("Sure? [confirm]", ask)
        self.assertEqual(self.accepted(error)[1], 0)

    def test_answer_that_ends_as_the_next_line(self):
        """A word of the device that ends with the next line is no question,
        as long as that line is heard."""
        class Says(Ios):
            def configure(self, line):
                text = super().configure(line)
                if line == FLAT[20]:
                    return "Instead of %s\n" % FLAT[21]
                return text
        result = self.configure(Says, BLOCK)
        self.assertEqual(result["status"], "changed")
        self.assertEqual(self.device.config, FLAT)

    def test_device_without_abort(self):
        """Ctrl-C does not help: the session is given up, in time."""
        kind = self.asking()
        kind.asks = {"no username bob": "Continue? [confirm]"}
        kind.ask = lambda self, question: [
            self.send(question), *iter(self.key, None)]
        result = self.configure(kind, "no username bob\nhostname R2",
                                expect=1)
        self.assertEqual(result["status"], "unknown")
        self.assertIn("Continue?", result["error"]["device_text"])
        self.assertLess(result["duration"], 8)


class Reading(Ios):
    """Reads texts until their mark, without a prompt (HEX: with one)."""

    hex_prompt = ""

    def __init__(self, link):
        super().__init__(link)
        self.texts = []

    def taken(self, line):
        """What is shown of a line of a text, and what is taken."""
        return line, line

    def ended(self, line, mark, alone):
        return line.strip() == mark if alone else mark in line

    def read_text(self, opening, notice, mark, alone=False):
        self.print(notice)
        lines = [opening]
        while True:
            self.send(self.hex_prompt if alone else "")
            shown, line = self.taken(self.read())
            self.send(shown + self.newline)
            lines.append(line)
            if self.ended(line, mark, alone):
                break
        self.texts.append(lines)
        self.config.append(opening)
        return ""

    def configure(self, line):
        words = line.split()
        if words[0] == "banner":
            mark = words[2][0]
            if mark in line.split(mark, 1)[1]:
                return super().configure(line)
            return self.read_text(line, "Enter TEXT message.  End with the "
                                  "character '%s'.\n" % mark, mark)
        if words[0] == "macro":
            return self.read_text(line, "Enter macro commands one per line. "
                                  "End with the character '@'.\n", "@", True)
        if words[:3] == ["crypto", "pki", "certificate"]:
            self.mode = "config-cert-chain"
        elif words[0] == "certificate" and "nvram:" not in line:
            return self.read_text(line, "Enter the certificate in hexidecimal "
                                  "representation....\n\n", "quit", True)
        return super().configure(line)


class Texts(DeviceCase):
    """Lines that go on until a mark."""

    BANNER = ["banner motd ^C", "  Authorised  use only", "", "! really?",
              "end", "exit", "no shutdown", "R1(config)#", "R1#shutdown",
              "% Invalid input", "are you sure [confirm]",
              "*Nov 21 03:00:00.000: %SYS-5-CONFIG_I: nobody", "x" * 70,
              "", "bye ^C"]
    AFTER = ["ip route 10.0.0.0 255.0.0.0 Null0"]

    def reads(self, lines, kind=Reading, **keys):
        result = self.configure(kind, "\n".join(lines), **keys)
        self.assertEqual(result["status"], "changed", result)
        self.assertEqual(self.device.lines[-1], "exit")
        return result

    def test_banner(self):
        for mark in ("^C", "#", "z"):
            with self.again(mark=mark):
                lines = ["banner motd " + mark] + [
                    line for line in self.BANNER[1:-1]
                    if mark[0] not in line] + ["bye " + mark]
                self.reads(self.AFTER + lines + self.AFTER)
                self.assertEqual(self.device.texts, [lines])
                self.assertEqual(self.device.config,
                                 self.AFTER + [lines[0]] + self.AFTER)

    def test_banner_as_long_as_it_likes(self):
        lines = ["banner login #"] + ["line %d of many" % i
                                      for i in range(400)] + ["#"]
        self.reads(lines + self.AFTER)
        self.assertEqual(self.device.texts, [lines])

    def test_banner_line_by_line(self):
        self.reads(self.BANNER + self.AFTER,
                   more=QUIET + "defaults: {pipeline: 1}\n")
        self.assertEqual(self.device.texts, [self.BANNER])

    def test_banner_on_one_line(self):
        self.reads(["banner motd ^no entry^"] + self.AFTER)
        self.assertEqual(self.device.texts, [])
        self.assertEqual(self.device.config,
                         ["banner motd ^no entry^"] + self.AFTER)

    def test_banner_of_a_switch(self):
        self.reads(["banner motd #", "keep out", "#"] + self.AFTER,
                   device_type="cisco_nxos")
        self.assertEqual(self.device.texts,
                         [["banner motd #", "keep out", "#"]])

    def test_banner_on_the_lab(self):
        """The same twice, on devices that keep it."""
        self.start_lab("IOS1", {"hostname": "NX1", "type": "cisco_nxos"})
        job = self.phases_job("""  - name: it
    steps:
      - config: |
          ntp server 10.0.0.9
          banner motd #
            Authorised  use only

          ! really
          end
          #
          ntp server 10.0.0.8
""")
        run = self.push(job)
        self.assertEqual(run.statuses(), ["changed"] * 2)
        for name in ("IOS1", "NX1"):
            self.assertIn("+banner motd ^C\n+  Authorised  use only\n+\n"
                          "+! really\n+end\n+^C\n",
                          run.results[name]["steps"][0]["output"])
        self.assertEqual(self.push(job).statuses(), ["unchanged"] * 2)

    def test_macro(self):
        lines = ["macro name cisco-desk", "switchport mode access", "# it's",
                 "! not a comment here", "@"]
        self.reads(lines + self.AFTER)
        self.assertEqual(self.device.texts, [lines])

    HEX = ["30820229 30820192 A0030201 02020101 300D0609 2A864886",
           "F70D0101 04050030 31312F30 2D060355 04031326 494F532D", "\tquit"]

    def test_certificates(self):
        lines = ["crypto pki certificate chain TP-self-signed-1",
                 " certificate self-signed 01"] + [
                     "  " + line for line in self.HEX] + [
                         " certificate ca 02"] + [
                             "  " + line for line in self.HEX] + self.AFTER

        class Hex(Reading):
            hex_prompt = "R1(config-pubkey)#"
        for kind in (Reading, Hex):
            with self.again(kind=kind):
                # The tab of the running configuration needs a quoted text.
                step = 'config: "%s"' % "\\n".join(
                    line.replace("\t", "\\t") for line in lines)
                self.stage(kind)
                run = self.push(self.job([step]))
                self.assertEqual(self.outcome(run)["status"], "changed")
                text = [line.strip() for line in self.HEX]
                self.assertEqual(self.device.texts, [
                    ["certificate self-signed 01"] + text,
                    ["certificate ca 02"] + text])
                self.assertEqual(self.device.config[-1], self.AFTER[0])

    def test_certificate_of_a_file(self):
        lines = ["crypto pki certificate chain TP-self-signed-1",
                 " certificate self-signed 01 nvram:IOS-Self-Sig#1.cer"]
        self.reads(lines + self.AFTER)
        self.assertEqual(self.device.config,
                         [line.strip() for line in lines] + self.AFTER)

    def test_log_lines_in_it(self):
        log = "*Nov 21 03:00:00.000: %SYS-5-CONFIG_I: Configured by vty0"

        class Logs(Reading):
            def taken(self, line):
                half = len(line) // 2
                return line[:half] + "\r\n" + log + "\r\n" + line[half:], \
                    line
        lines = ["banner motd #", "one two", "three", "last #"]
        self.reads(lines + self.AFTER, Logs)
        self.assertEqual(self.device.texts, [lines])

    def fails(self, kind, lines, line, error_kind):
        result = self.configure(kind, "\n".join(lines), expect=1)
        error = result["error"]
        self.assertEqual((error["kind"], error["line"]), (error_kind, line),
                         error)
        self.assertNotIn(self.AFTER[0], self.device.config)
        return error

    def test_refused(self):
        """Not one line of the text goes into the mode around it."""
        class Refuses(Reading):
            def configure(self, line):
                if line.startswith("banner"):
                    return "Command authorization failed.\n\n"
                return super().configure(line)
        self.fails(Refuses, self.BANNER + self.AFTER, 1, "refused")
        self.assertEqual(self.device.config, [])
        self.assertEqual(self.device.lines[-1], "exit")

    def test_not_opened(self):
        class Ignores(Reading):
            def configure(self, line):
                return ""
        error = self.fails(Ignores, self.BANNER + self.AFTER, 1, "prompt")
        self.assertIn("did not open a text", error["message"])
        self.assertEqual([line for line in self.device.lines if line][-3:-1],
                         ["end", "show running-config"])

    def test_silent_at_the_opening(self):
        class Waits(Reading):
            def configure(self, line):
                self.key()
                self.config.append("!")
                raise AssertionError("a key without a notice")
        self.fails(Waits, self.BANNER + self.AFTER, 1, "timeout")
        self.assertEqual(self.device.config, [])

    def test_ended_too_early(self):
        """The device takes an earlier line for the end: what follows it would
        be commands."""
        class Early(Reading):
            def ended(self, line, mark, alone):
                return line == "second"
        lines = ["banner motd #", "first", "second", "third", "#"]
        error = self.fails(Early, lines + self.AFTER, 4, "prompt")
        self.assertIn("ended the text before its mark", error["message"])

    def test_never_ended(self):
        class Never(Reading):
            def ended(self, line, mark, alone):
                return False
        lines = ["banner motd #", "first", "#"]
        self.fails(Never, lines + self.AFTER, 3, "timeout")

    def test_lost_characters(self):
        class Loses(Reading):
            def taken(self, line):
                line = line.replace("second", "secnd")
                return line, line
        lines = ["banner motd #", "first", "second", "third", "#"]
        error = self.fails(Loses, lines + self.AFTER, 3, "echo")
        self.assertIn("secnd", error["device_text"])


class Paging(DeviceCase):
    STARTUP = "".join("ip access-list extended L%d\n" % n + "".join(
        " permit tcp any host 10.0.%d.%d eq 443\n" % (n, i)
        for i in range(1, 60)) for n in range(3))
    NO_PAGING_OFF = {"kind": "refuse", "at": "^terminal length"}

    def both(self, **keys):
        self.start_lab(
            {"hostname": "A", "startup": self.STARTUP, **keys,
             "faults": [self.NO_PAGING_OFF]},
            {"hostname": "B", "startup": self.STARTUP})

    def test_shows_read_through_more(self):
        self.both()
        run = self.push(self.job(["command: show ip access-lists L1",
                                  "command: show running-config"]))
        for step in range(2):
            shown = [run.results[n]["steps"][step]["output"].replace(
                "hostname " + n, "") for n in "AB"]
            if step == 1:
                shown = [s.split("!", 1)[1] for s in shown]
            self.assertEqual(*shown)
            self.assertNotIn("More", shown[0])
            self.assertGreater(len(shown[0].split("\n")), 50)

    def test_changes_read_through_more(self):
        self.both()
        run = self.push(self.job([
            "config: |\n          interface Loopback7\n"
            "           description paged"]))
        self.assertEqual(run.statuses(), ["changed"] * 2)
        shown = [run.results[n]["steps"][0]["output"] for n in "AB"]
        self.assertEqual(shown[0].count("\n+"), shown[1].count("\n+"))

    def test_list_pushed_and_read_back_through_more(self):
        self.both()
        lines = "\n".join("permit ip host 10.9.9.%d any" % i
                          for i in range(1, 70))
        job = self.acl_job(lines, name="L1", more=QUIET)
        self.assertEqual(self.push(job).statuses(), ["changed"] * 2)
        self.assertEqual(self.lab.acl_texts("A", "L1"), lines.split("\n"))
        self.assertEqual(self.push(job).statuses(), ["unchanged"] * 2)


if __name__ == "__main__":
    main()
