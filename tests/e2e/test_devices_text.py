"""What devices print around and into their answers: greetings, prompts of all
kinds, log lines, terminal noise, and any split of all that into packets."""

import os
import re

from devices import QUIET, SILENCE, DeviceCase, Gone, Ios, split_at_random
from harness import main

STUCK = object()
LOG = ("*Nov 21 03:00:00.000: %SYS-5-CONFIG_I: Configured from console by "
       "neteng on vty0 (127.0.0.1)")
IS_LOG = re.compile(r"\*\*\*|\*Nov 21 .*%SYS-5-")
SHOW = "first line\n" + "".join("line %d of it\n" % i for i in range(200)) + \
    "last line\n"
CONFIG = "interface Loopback7\n description one\n no shutdown\n" \
    "ip route 10.0.0.0 255.0.0.0 Null0\nbanner-free line"
FLAT = [line.strip() for line in CONFIG.split("\n")]


class Plain(Ios):
    def __init__(self, link):
        super().__init__(link)
        self.shows = {"show it": SHOW, "show none": ""}


class Text(DeviceCase):
    def works(self, kind, **keys):
        """A show, a change and a show on such a device."""
        self.stage(kind, **keys)
        step = "config: |\n" + "".join(
            "          %s\n" % line for line in CONFIG.split("\n"))
        run = self.push(self.job(
            ["command: show it", "command: show none", step.rstrip("\n"),
             "command: show it"]))
        result = self.outcome(run)
        self.assertEqual(self.device.config, FLAT)
        for step, text in ((0, SHOW), (1, ""), (3, SHOW)):
            # What people asked to see has the log lines, too.
            seen = "".join(line + "\n" for line in
                           self.output(result, step).split("\n")
                           if line.strip() and not IS_LOG.match(line))
            self.assertEqual(seen, text)
        self.assertEqual(self.device.lines[-1], "exit")
        return result


class Greetings(Text):
    def greets(self, text):
        class Greeting(Plain):
            greeting = "\n" + text
        self.works(Greeting)

    def test_plain(self):
        self.works(Plain)

    def test_lines_that_end_like_prompts(self):
        self.greets("Building 7 #\nroom 4>\n%%%#\nR9>\nADMIN#\nR1(config)#\n")

    def test_the_very_prompt(self):
        self.greets("R1#\nR1#\n R1#\nR1#\n")

    def test_the_very_prompt_and_a_pause(self):
        class Slow(Plain):
            greeting = ["\nWelcome to\n", b"R1#", SILENCE, "\nR1#\n", SILENCE]
        self.works(Slow)

    def test_a_frame_of_hashes_and_a_pause(self):
        class Slow(Plain):
            greeting = ["\n", b"#" * 60, SILENCE, "\n# no entry #\n",
                        b"#" * 60, SILENCE, "\n"]
        self.works(Slow)

    def test_motd_after_login(self):
        self.greets("Last login: Mon Nov  3\non pts/0 from 10.0.0.1\n\n"
                    "Today: maintenance > see #ops\n\n")

    def test_prompt_glued_to_the_banner(self):
        self.greets("Authorised use only")

    def test_prompt_glued_to_a_log_line(self):
        self.greets(LOG)

    def test_password_expiry_notice(self):
        self.greets("% Password will expire in 3 days\n")

    def turned_away(self, text):
        class Away(Plain):
            def run(self):
                self.print(text)
        result = self.commands(Away, "show it", expect=None)
        self.assertEqual(result["status"], "failed")
        self.assertEqual(result["error"]["kind"], "closed")
        self.assertIn(text.strip(), result["error"]["device_text"] or "")

    def test_no_vty_lines(self):
        self.turned_away("\n% No VTY lines available\n")

    def test_authorization_failed(self):
        self.turned_away("\n% Authorization failed.\n")

    def test_authorization_failed_without_a_line_end(self):
        self.turned_away("\n% Authorization failed.")

    def test_closed_without_a_word(self):
        self.turned_away("")

    def test_enable_refused(self):
        class Refuses(Plain):
            exec_prompt = "{name}>"

            def show(self, line):
                if line == "enable":
                    return "% Error in authentication.\n"
                return super().show(line)

            def execute(self, line):
                if line == "enable":
                    self.ask("Password: ", secret=True)
                return super().execute(line)
        self.stage(Refuses)
        run = self.push(self.job(["command: show it"]), expect=None,
                        NETPUSH_ENABLE_PASSWORD="wrong")
        result = self.outcome(run)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("failed", "auth"))
        self.assertIn("Error in authentication",
                      result["error"]["device_text"] or "")
        self.assertEqual(self.device.lines.count("enable"), 1)


class Prompts(Text):
    def named(self, name, **keys):
        class Named(Plain):
            hostname = name
        for key, value in keys.items():
            setattr(Named, key, value)
        self.works(Named)

    def test_cut_in_configuration(self):
        self.named("A-VERY-LONG-HOSTNAME-OF-34-CHARACTER", cut=20)

    def test_cut_deeper_in_configuration(self):
        self.named("A-VERY-LONG-HOSTNAME-OF-34-CHARACTER", cut=16)

    def test_own_exec_prompt(self):
        self.named("DC1-CORE", exec_prompt="the-core at dc1#")

    def test_standby(self):
        self.named("R1", exec_prompt="{name}(standby)#",
                   config_prompt="{name}(standby)({mode})#")

    def test_hash_in_the_name(self):
        self.named("R#1")

    def test_greater_in_the_name(self):
        self.named("R>1")

    def test_parenthesis_in_the_name(self):
        self.named("R1(lab)")

    def test_half_a_parenthesis_in_the_name(self):
        self.named("R1)")

    def test_regex_in_the_name(self):
        self.named("R1.*[a|b]+$^{2}\\Q")

    def test_blank_behind(self):
        self.named("R1", exec_prompt="{name}# ",
                   config_prompt="{name}({mode})# ")

    def test_blank_before(self):
        self.named("R1", exec_prompt="\r\n{name}#",
                   config_prompt="\r\n{name}({mode})#")

    def test_plus_in_the_mode(self):
        result = self.configure(
            Plain, "aaa group server tacacs+ TAC\n server-private 10.1.1.1\n"
            " server-private 10.1.1.2\nip route 10.0.0.0 255.0.0.0 Null0")
        self.assertEqual(result["status"], "changed")
        self.assertEqual(len(self.device.config), 4)

    def test_renamed_by_the_job(self):
        self.renamed("OTHER")

    def test_renamed_by_more(self):
        self.renamed("R1-NEW")

    def test_renamed_to_a_long_name(self):
        self.renamed("A-VERY-LONG-HOSTNAME-OF-34-CHARACT")

    def renamed(self, name):
        result = self.configure(Plain, "hostname %s\n%s" % (name, CONFIG),
                                after=["show it"])
        self.assertEqual(result["status"], "changed")
        self.assertEqual(self.device.config[1:], FLAT)
        self.assertEqual(self.output(result, 1).strip(), SHOW.strip())

    def test_renamed_alone(self):
        result = self.configure(Plain, "hostname OTHER", after=["show it"])
        self.assertEqual(result["status"], "changed")
        self.assertEqual(self.output(result, 1).strip(), SHOW.strip())

    def test_renamed_in_the_middle(self):
        result = self.configure(
            Plain, "%s\nhostname OTHER\n%s" % (CONFIG, CONFIG))
        self.assertEqual(result["status"], "changed")
        self.assertEqual(len(self.device.config), 11)


class Output(Text):
    def shows(self, text, seen=None, kind=Plain):
        class Shows(kind):
            def __init__(self, link):
                super().__init__(link)
                self.shows["show trap"] = text
        result = self.commands(Shows, "show trap", "show it")
        self.assertEqual(self.output(result).rstrip("\n"),
                         (text if seen is None else seen).rstrip("\n"))
        self.assertEqual(self.output(result, 1).strip(), SHOW.strip())
        return result

    def test_rollback_patch(self):
        self.shows("Collecting Running-Config\n#Generating Rollback Patch\n"
                   ".Executing Rollback Patch\n....\nRollback Done\n")

    def test_rollback_patch_and_a_pause(self):
        text = "Collecting\n#Generating Rollback Patch\n.Executing\n"
        self.shows(["Collecting\n", b"#", SILENCE,
                    "Generating Rollback Patch\n", b".", SILENCE,
                    "Executing\n"], text)

    def test_prompt_in_the_output(self):
        self.shows("hostname R1\n!\nR1#\nbanner motd ^C\nR1#\n R1#\n"
                   "R1(config)#\nR1>\n^C\nR1# show it\nend\n")

    def test_prompt_in_the_output_at_the_end_of_a_packet(self):
        self.shows([b"one\r\nR1#", b"\r\ntwo\r\n", b"R1#\r\n", b"three\r\n"],
                   "one\nR1#\ntwo\nR1#\nthree\n")

    def test_prompt_in_the_output_and_a_pause(self):
        """A line of the output that says what the prompt says, in a packet
        of its own, and the line end much later."""
        class Shows(Plain):
            def show(self, line):
                return ["one\n", b"R1#", SILENCE, "\ntwo\n"] \
                    if line == "show trap" else super().show(line)
        result = self.commands(Shows, "show trap", "show it", expect=None)
        whole = self.output(result).strip() == "one\nR1#\ntwo"
        self.assertTrue(whole or result["status"] == "failed", result)

    def test_prompt_glued_to_the_output(self):
        self.shows("one\ntwo", "one\ntwo")

    def test_silence_in_the_output(self):
        self.shows(["one\n", SILENCE, "two\nthr", SILENCE, "ee\n"],
                   "one\ntwo\nthree\n")

    def test_long_silence_in_the_output(self):
        class Slow(Plain):
            pause = 3

            def show(self, line):
                return ["one\n", SILENCE, "two\n"] \
                    if line == "show slow" else super().show(line)
        result = self.commands(Slow, "show slow", "show it",
                               more="timeouts: {silence: 10s}\n")
        self.assertEqual(self.output(result).strip(), "one\ntwo")

    def test_colours_and_erasures(self):
        self.shows([b"\x1b[1;32mgreen\x1b[0m and \x1b]0;title\x07plain\r\n"
                    b"wrong\rright\r\nabc\x1b[3D\x1b[Kxyz\r\n"
                    b"\x1b[2J\x1b[Hlast\r\n"],
                   "green and plain\nright\nxyz\nlast\n")

    def test_line_ends_and_nuls(self):
        self.shows([b"one\r\r\ntwo\n\rthree\r\nfo\0ur\r\r\r\n\0"],
                   "one\ntwo\nthree\nfour\n")

    def test_backspaces(self):
        self.shows([b"onf\x08e\r\nab\x08\x08  \x08\x08cd\x07\r\n"],
                   "one\ncd\n")

    def test_invalid_utf8(self):
        self.shows([b"caf\xe9 \xff\xfe\xc3( \xed\xa0\x80 end\r\n"],
                   "caf\ufffd \ufffd\ufffd\ufffd( \ufffd\ufffd\ufffd end\n")

    def test_shutdown_broadcast_in_the_output(self):
        self.shows("one\n\n\n***\n*** --- SHUTDOWN in 0:05:00 ---\n***\n\ntwo\n",
                   "one\n\n\n***\n*** --- SHUTDOWN in 0:05:00 ---\n***\n\ntwo")


class Noise(Text):
    """Log lines and broadcasts in the stream."""

    def test_in_output(self):
        class Logs(Plain):
            def show(self, line):
                text = super().show(line)
                if line == "show it":
                    lines = text.split("\n")
                    self.print("\n".join(lines[:100]) + "\n")
                    return LOG + "\n" + "\n".join(lines[100:])
                return text
        self.stage(Logs)
        run = self.push(self.job(["command: show it"]))
        self.assertIn(LOG, run.stdout + str(run.events))
        text = self.output(self.outcome(run)).replace(LOG + "\n", "")
        self.assertEqual(text.strip(), SHOW.strip())

    def logs_in_config(self, message, after_prompt=False, before=False,
                       again=False, pieces=False):
        class Logs(Plain):
            def answer(self, line):
                text = self.execute(line)
                noise = "\r\n" + message.replace("\n", "\r\n") + "\r\n"
                if before:
                    self.send(noise)
                self.print(text)
                self.send(self.prompt())
                if after_prompt:
                    self.send(noise)
                if again:
                    self.send(self.prompt())
        self.works(Logs)

    def test_after_the_prompt(self):
        """No new prompt comes: IOS without `logging synchronous`."""
        self.logs_in_config(LOG, after_prompt=True)

    def test_after_the_prompt_and_a_new_prompt(self):
        self.logs_in_config(LOG, after_prompt=True, again=True)

    def test_before_the_answer(self):
        self.logs_in_config(LOG, before=True)

    def test_after_end(self):
        class Logs(Plain):
            def answer(self, line):
                super().answer(line)
                if line == "end":
                    self.send("\r\n" + LOG + "\r\n")
        self.works(Logs)

    def test_before_the_prompt_after_end(self):
        class Logs(Plain):
            def execute(self, line):
                if line == "end":
                    self.mode = ""
                    return LOG + "\n"
                return super().execute(line)
        self.works(Logs)

    def test_prompt_glued_to_a_log_line_after_end(self):
        class Logs(Plain):
            def answer(self, line):
                self.print(self.execute(line))
                self.send(LOG + self.prompt() if line == "end"
                          else self.prompt())
        self.works(Logs)

    def test_in_the_middle_of_an_echo(self):
        """The rest of the echo goes on, on a line of its own."""
        class Logs(Plain):
            def echo(self, line):
                half = len(line) // 2
                if line.startswith(("description", "ip route", "show")):
                    return line[:half] + "\r\n" + LOG + "\r\n" + \
                        line[half:], line
                return line, line
        self.works(Logs)

    def test_in_the_middle_of_an_echo_which_is_shown_again(self):
        class Logs(Plain):
            def echo(self, line):
                half = len(line) // 2
                if line.startswith(("description", "ip route", "show")):
                    return line[:half] + "\r\n" + LOG + "\r\n" + \
                        self.prompt() + line, line
                return line, line
        self.works(Logs)

    def test_in_the_middle_of_every_echo(self):
        class Logs(Plain):
            def echo(self, line):
                half = len(line) // 2
                return line[:half] + "\r\n" + LOG + "\r\n" + line[half:], line
        self.works(Logs)

    SHUTDOWN = "\n\n***\n*** --- SHUTDOWN in 0:05:00 ---\n***\n"
    ABORTED = "\n\n***\n*** --- SHUTDOWN ABORTED ---\n***\n"

    def test_shutdown_broadcast(self):
        self.logs_in_config(self.SHUTDOWN, after_prompt=True)

    def test_shutdown_broadcast_before(self):
        self.logs_in_config(self.SHUTDOWN, before=True)

    def test_shutdown_aborted_and_a_new_prompt(self):
        self.logs_in_config(self.ABORTED, after_prompt=True, again=True)


class Nexus(Text):
    """NX-OS shows its work where a prompt is awaited."""

    ROLLBACK = ["Collecting Running-Config\n", b"#", SILENCE,
                "Generating Rollback Patch\n", b".", SILENCE,
                "Executing Rollback Patch\nN1#\n..\n"
                "Generating Running-config for verification\n"
                "Rollback completed successfully.\n"]

    def device_list(self, *names, **more):
        return super().device_list(*names, device_type="cisco_nxos", **more)

    def test_rollback(self):
        class Rolls(Plain):
            hostname, exec_prompt = "N1", "{name}# "
            config_prompt = "{name}({mode})# "

            def show(self, line):
                return Nexus.ROLLBACK if line.startswith("rollback") \
                    else super().show(line)
        result = self.commands(
            Rolls, "rollback running-config checkpoint x", "show it")
        self.assertEqual(self.output(result), "".join(
            each if isinstance(each, str) else each.decode()
            for each in self.ROLLBACK if each is not SILENCE))
        self.assertEqual(self.output(result, 1).strip(), SHOW.strip())

    def test_in_configuration(self):
        """Such words are kept; they are no prompt and no refusal."""
        class Rolls(Plain):
            hostname, exec_prompt = "N1", "{name}# "
            config_prompt = "{name}({mode})# "

            def configure(self, line):
                return super().configure(line) or list(
                    Nexus.ROLLBACK if line.startswith("ip route") else [])
        result = self.configure(Rolls, CONFIG)
        self.assertEqual(result["status"], "changed")
        self.assertEqual(self.device.config, FLAT)
        self.assertIn("#Generating Rollback Patch\n.Executing",
                      result["steps"][0]["notes"])


class LastLine(Text):
    def test_of_another_mode(self):
        """The last line says what the prompt of another mode says: nothing
        is taken for a line of configuration."""
        class Shows(Plain):
            def show(self, line):
                return ["one\n", b"R1(config)#", SILENCE, "\n"] \
                    if line == "show trap" else super().show(line)
        result = self.commands(Shows, "show trap", "show it")
        self.assertEqual(self.output(result).strip(), "one\nR1(config)#")
        self.assertEqual(self.output(result, 1).strip(), SHOW.strip())
        self.assertNotIn("end", self.device.lines)


class Glued(Text):
    """Two lines like the prompt, each answered with a Return; then the rest
    and what the Returns bring, all in one packet."""

    def test_answers_of_both_returns(self):
        class Holds(Plain):
            held = None

            def send(self, text):
                text = text if isinstance(text, bytes) else text.encode()
                if self.held is None:
                    super().send(text)
                else:
                    self.held += text

            def await_keys(self, keys):
                while self._keys != keys:
                    got = self._link.recv(65536)
                    if not got:
                        raise Gone
                    self._keys += got

            def show(self, line):
                if line != "show trap":
                    return super().show(line)
                self.send("one\r\nR1#")
                self.await_keys(b"\n")
                self.send("\r\ntwo\r\nR1(config)#")
                self.await_keys(b"\n\n")
                self.held = b""
                return "\nthree\n"

            def answer(self, line):
                super().answer(line)
                if self.held is not None and not self._keys:
                    held, self.held = self.held, None
                    self.send(held)
        result = self.commands(Holds, "show trap", "show it")
        self.assertEqual(self.output(result),
                         "one\nR1#\ntwo\nR1(config)#\nthree\n")
        self.assertEqual(self.output(result, 1).strip(), SHOW.strip())


class Proof(Text):
    """The configuration that is read to prove a change holds lines that read
    like the prompt."""

    def changes(self, between, more=QUIET):
        """BETWEEN: what is sent behind such a line, before its end."""
        class Traps(Plain):
            def show(self, line):
                if line != "show running-config":
                    return super().show(line)
                head, _, rest = self.running().partition("!\n")
                return [head + "banner motd ^C\n", b"R1#", *between,
                        "\nno entry\n", b"R1(config)#", *between,
                        "\n R1#\n^C\nR1#\n!\n" + rest]
        result = self.configure(Traps, CONFIG, more=more, after=["show it"])
        self.assertEqual(result["status"], "changed")
        self.assertEqual(self.device.config, FLAT)
        self.assertEqual(
            sorted(line for line in self.output(result).split("\n")
                   if line.startswith(("+", "-"))),
            sorted("+" + line for line in FLAT))
        self.assertEqual(self.output(result, 1).strip(), SHOW.strip())

    def test_lines_like_the_prompt(self):
        self.changes([])

    def test_at_the_end_of_a_packet(self):
        self.changes([b"\0"])

    def test_and_a_pause(self):
        self.changes([SILENCE])


class Timers(Text):
    """A platform's own limits; those of the job go first."""

    def device_list(self, *names, **more):
        return super().device_list(*names, device_type="slow_ios", **more)

    def show(self, between, more, expect):
        class Slow(Plain):
            def show(self, line):
                return ["one\n", *between, "two\n"]

            def print(self, text):
                if text is STUCK:
                    while True:  # until the client leaves
                        self.key()
                super().print(text)
        self.stage(Slow)
        os.mkdir(os.path.join(self.tmp, "profiles"))
        self.write("profiles/slow.yml", "device_type: slow_ios\n"
                   "inherits: cisco_ios\ntimeouts: {silence: 1s}\n")
        run = self.push(self.job(["command: show it"], more), "--profiles",
                        os.path.join(self.tmp, "profiles"), expect=expect)
        return self.outcome(run)

    def test_of_the_profile(self):
        result = self.show([STUCK], "", 1)
        self.assertEqual(result["error"]["kind"], "timeout")
        self.assertIn("no answer for 1 s", result["error"]["message"])

    def test_of_the_job(self):
        result = self.show([SILENCE], "timeouts: {silence: 20s}\n", 0)
        self.assertEqual(self.output(result), "one\ntwo\n")


class Packets(Text):
    def test_one_byte_each(self):
        class Slow(Plain):
            def send(self, text):
                if isinstance(text, str):
                    text = text.encode()
                for at in range(len(text)):
                    Ios.send(self, text[at:at + 1])
        self.works(Slow)

    def test_any_split(self):
        for seed in range(4):
            with self.again(seed=seed):
                class Split(Plain):
                    greeting = "\n###\nR1>\n# R1# #\n" + LOG + "\n"
                    send = split_at_random(seed)
                self.works(Split)


if __name__ == "__main__":
    main()
