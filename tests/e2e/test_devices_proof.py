"""What the table of mutants (tests/mutants) asked for and no other test told,
through the executable."""

import os
import sys

import test_devices_ssh
from devices import QUIET, REFUSED, SILENCE, DeviceCase, Ios
from harness import main, wait_until
from test_devices_push import BLOCK, Asking
from test_devices_text import LOG, SHOW, Plain

ONE = "interface Loopback7\n description one"


class Alone(DeviceCase):
    def test_every_kind(self):
        """Lines that ask, read on or change the prompt, in the middle of a
        block: when the device is at one, nothing was typed behind it."""
        lines = ["banner motd #keep out#", "hostname R1",
                 "username bob privilege 1", "no username bob",
                 "crypto key generate rsa", "enable algorithm-type sha256"]
        ahead = {}

        class Watches(Ios):
            def execute(self, line):
                ahead[line] = self.typed()
                return super().execute(line)
        text = "interface Loopback7\n" + "".join(
            " description %d\n %s\n" % pair for pair in enumerate(lines)) + \
            "".join(" ip address 10.0.0.%d\n" % i for i in range(9))
        result = self.configure(Watches, text.rstrip("\n"))
        self.assertEqual(result["status"], "changed")
        self.assertEqual({line: ahead[line] for line in lines},
                         {line: b"" for line in lines})
        # And the others were typed ahead: the device could have seen it.
        self.assertTrue(any(ahead.values()))


class Questions(DeviceCase):
    def asking(self, line, question):
        class Asks(Asking):
            asks = {line: question}
        return Asks

    def test_the_question_is_told(self):
        result = self.configure(self.asking(
            "no username bob", "Remove all of bob? [confirm]"),
            "no username bob", expect=1)
        self.assertIn("Remove all of bob? [confirm]",
                      result["error"]["message"])

    def test_the_line_is_not_an_accepted_one(self):
        """What it asked is no note beside a line that went well."""
        result = self.configure(self.asking(
            "no username bob", "Remove all of bob? [confirm]"),
            "no username bob", expect=1)
        self.assertNotIn("bob", result["steps"][0]["notes"])

    def test_again_and_again(self):
        """The abort is answered with the same question: it is not repeated
        for ever."""
        class Asks(Asking):
            def execute(self, line):
                if line != "no username bob":
                    return super().execute(line)
                for _ in range(5):
                    self.answered.append(self.ask("Continue? [confirm]"))
                return ""
        result = self.configure(Asks, "no username bob", expect=1)
        self.assertEqual(result["error"]["kind"], "prompt")
        self.assertEqual(self.device.answered[:2], [None])


class Echoes(DeviceCase):
    def test_an_abbreviation_written_out(self):
        """The device shows more than was typed. Whatever it made of the line
        cannot be told: nothing more is sent."""
        class Writes(Ios):
            def echo(self, line):
                whole = line.replace("desc number", "description number")
                return whole, whole
        result = self.configure(
            Writes, BLOCK.replace("description number 20", "desc number 20"),
            expect=1)
        error = result["error"]
        self.assertEqual((error["kind"], error["line"], error["sent"]),
                         ("echo", 22, "desc number 20"))
        self.assertIn("description number 20", error["device_text"] or "")
        self.assertNotIn("no shutdown", self.device.config)
        self.assertEqual(result["status"], "unknown")

    def test_an_abbreviation_that_stays_one(self):
        """What was typed is what is echoed: no damage."""
        class Short(Ios):
            def configure(self, line):
                return super().configure(line.replace("int ", "interface "))
        result = self.configure(Short, "int Loopback7\n desc one\n no shut")
        self.assertEqual(result["status"], "changed")
        self.assertEqual(self.device.config,
                         ["interface Loopback7", "desc one", "no shut"])

    def test_a_line_cut_short_is_accounted_for(self):
        """Its prompt is there, so the session goes on to read back."""
        class Loses(Ios):
            def echo(self, line):
                if line == "description one":
                    line = "descrip"
                return line, line
        result = self.configure(Loses, ONE, expect=1)
        self.assertEqual((result["error"]["kind"], result["error"]["line"]),
                         ("echo", 2))
        self.assertEqual([line for line in self.device.lines if line][-3:],
                         ["end", "show running-config", "exit"])

    def test_one_at_a_time_after_an_early_echo(self):
        batches = []

        class Early(Ios):
            def run(self):
                self.print(self.greeting)
                self.send(self.prompt())
                while True:
                    lines = [self.read()]
                    while self.typed():
                        lines.append(self.read())
                    batches.append(len(lines))
                    self.send("".join(line + "\r\n" for line in lines))
                    for line in lines:
                        self.answer(line)
        self.configure(Early, BLOCK)
        self.assertEqual(batches[0], 3)  # the set-up
        self.assertEqual(set(batches[1:]), {1})


class SetUp(DeviceCase):
    def test_what_is_asked_for(self):
        self.commands(Plain, "show it")
        self.assertEqual(self.device.lines[:4], [
            "terminal length 0", "terminal width 511", "terminal no monitor",
            "show it"])

    def test_a_refused_command_is_told(self):
        class Refuses(Plain):
            def execute(self, line):
                return REFUSED if line.startswith("terminal no") \
                    else super().execute(line)
        self.commands(Refuses, "show it")
        logs = [e["text"] for e in self.run_done.select(event="log")]
        self.assertIn("the device refused a set-up command", logs)


class Greetings(DeviceCase):
    def test_turned_away_after_a_long_banner(self):
        class Away(Plain):
            def run(self):
                self.print("\n" + "no trespassing\n" * 400 +
                           "% No VTY lines available\n")
        result = self.commands(Away, "show it", expect=None)
        self.assertEqual(result["error"]["kind"], "closed")
        self.assertIn("% No VTY lines available",
                      result["error"]["device_text"] or "")


    def test_a_new_password_is_asked_for(self):
        typed = []

        class Asks(Plain):
            def run(self):
                self.send("\r\nYour password has expired.\r\n"
                          "Enter new password: ")
                typed.append(self.key())
        result = self.commands(Asks, "show it", expect=None)
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("failed", "auth"))
        self.assertEqual(typed, [])


class Prompts(DeviceCase):
    def test_back_and_forth_between_two_names(self):
        """The command `prompt` gave the exec mode a name of its own, with
        blanks, which no form of a prompt would find again."""
        class Named(Plain):
            hostname, exec_prompt = "DC1-CORE", "the core at dc1#"
        self.stage(Named)
        run = self.push(self.job(
            ["command: show it",
             "config: |\n          ip route 10.0.0.0 255.0.0.0 Null0",
             "command: show it",
             "config: |\n          ip route 11.0.0.0 255.0.0.0 Null0",
             "command: show it"]))
        result = self.outcome(run)
        self.assertEqual(result["status"], "changed")
        for step in (0, 2, 4):
            self.assertEqual(self.output(result, step), SHOW)


class Output(DeviceCase):
    def test_all_of_it_is_kept(self):
        """A line that says what the prompt says, and a pause behind it."""
        class Shows(Plain):
            def show(self, line):
                return ["one\n", b"R1#", SILENCE, "\ntwo\n"] \
                    if line == "show trap" else super().show(line)
        result = self.commands(Shows, "show trap", "show it")
        self.assertEqual(self.output(result).strip(), "one\nR1#\ntwo")
        self.assertEqual(self.output(result, 1), SHOW)

    def test_a_log_line_under_the_prompt_of_a_show(self):
        """It came when the output was over."""
        class Logs(Plain):
            def answer(self, line):
                end = self.prompt()
                if line == "show it":
                    end += "\r\n" + LOG + "\r\n"
                self.send(self.execute(line).replace("\n", "\r\n") + end)
        result = self.commands(Logs, "show it", "show it")
        self.assertEqual([self.output(result, i) for i in (0, 1)], [SHOW] * 2)
        logs = [e["text"] for e in self.run_done.select(event="log")]
        self.assertEqual(logs, [LOG] * 2)


class Noise(DeviceCase):
    def test_after_end(self):
        """Log lines behind the prompt that `end` gave: the second comes when
        nothing at all is awaited."""
        class Ended(Plain):
            def answer(self, line):
                text = self.execute(line).replace("\n", "\r\n")
                text += self.prompt()
                if line == "end":
                    text += "\r\n" + (LOG + "\r\n") * 2
                self.send(text)
        result = self.configure(Ended, ONE, after=["show it"])
        self.assertEqual(result["status"], "changed")
        self.assertEqual(self.output(result, 1), SHOW)
        logs = [e["text"] for e in self.run_done.select(event="log")]
        self.assertEqual(logs, [LOG] * 2)


class Timers(DeviceCase):
    def waits(self, kind, timeouts, words):
        self.stage(kind)
        run = self.push(self.job(
            ["command: show slow"], more="timeouts: {%s}\n" % timeouts),
            expect=1)
        result = self.outcome(run)
        self.assertIn(words, result["error"]["message"])
        return result

    def test_silence(self):
        class Silent(Plain):
            def show(self, line):
                return list(iter(self.key, None))
        result = self.waits(Silent, "silence: 1s, device: 20s",
                            "no answer for 1 s")
        self.assertEqual(result["error"]["kind"], "timeout")

    def test_step(self):
        """It says something all the time."""
        class Trickles(Plain):
            pause = 0.2

            def show(self, line):
                return [part for i in range(30)
                        for part in ("%d " % i, SILENCE)] + ["\n"]
        result = self.waits(Trickles, "silence: 4s, step: 1s, device: 60s",
                            "not finished in time")
        self.assertEqual(result["error"]["kind"], "timeout")

    def test_login(self):
        class Greets(Plain):
            def run(self):
                self.print("\nWelcome\n")
                self.key()  # the Return that it gets
                self.print([SILENCE] * 20)
        result = self.waits(Greets, "login: 1s, silence: 3s, device: 20s",
                            "within the login timeout")
        self.assertLess(result["duration"], 10)

    def test_connect(self):
        listener = test_devices_ssh.Listener(b"", False)
        self.addCleanup(listener.close)
        job = "timeouts: {connect: 1s, login: 20s, device: 20s}\n" \
            "device_list:\n  - {hostname: R1, address: 127.0.0.1, port: %d," \
            " device_type: cisco_ios}\nacl_name: E\nacl_lines: |\n" \
            "  permit ip any any\n" % listener.port
        result = self.push(job, expect=1).results["R1"]
        self.assertEqual((result["error"]["kind"], result["stage"]),
                         ("timeout", "connect"))
        self.assertLess(result["duration"], 10)


class Cuts(DeviceCase):
    def test_configuration_mode_not_reached(self):
        """Not one line was sent, so it is known that nothing was changed."""
        self.start_lab("R1")
        self.lab.faults("R1", {"kind": "drop", "at": "^configure"})
        run = self.push(self.acl_job(more=QUIET), expect=1)
        result = run.results["R1"]
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("failed", "closed"))


class Ends(test_devices_ssh.Sshd):
    """A server that ends the session and keeps the connection, as OpenSSH's
    does; IOS ends both."""

    def test_the_end_of_the_session_is_heard(self):
        self.start_sshd()
        run = self.push("timeouts: {silence: 3s}\n" +
                        self.shell_job("echo last words; exit"),
                        password=None, expect=1, NETPUSH_USERNAME="root")
        error = run.results["S1"]["error"]
        self.assertEqual(error["kind"], "closed")
        self.assertIn("last words", error["device_text"] or "")


class Login(DeviceCase):
    def tries(self):
        return [(e["method"], e["ok"])
                for e in self.lab.witness(event="auth")]

    def test_a_second_question_gets_nothing(self):
        """The lab would take the password for both."""
        self.start_lab({"hostname": "R1", "auth": ["keyboard-interactive"],
                        "prompts": 2})
        run = self.push(self.acl_job(), expect=3)
        # That `password` is not offered is learnt from its refusal.
        self.assertEqual(self.tries(), [("password", False)])
        self.assertIn("a second secret",
                      run.results["R1"]["error"]["message"])

    def test_one_attempt(self):
        """Both methods are offered: the second is no second chance."""
        self.start_lab({"hostname": "R1",
                        "auth": ["password", "keyboard-interactive"]})
        self.push(self.acl_job(), expect=3, password="not-this-one")
        self.assertEqual(self.tries(), [("password", False)])


# Stands in for ssh(1): it does not go when nobody speaks to it any more.
CLIENT = """#!%s
import os, re, select, signal, socket, sys
if %r:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(%r, "a") as file:
    file.write("%%d\\n" %% os.getpid())
host, port = sys.argv[sys.argv.index("-W") + 1].rsplit(":", 1)
link = socket.create_connection((host, int(port)))
ways = {0: link.sendall, link.fileno(): lambda got: os.write(1, got)}
while ways:
    for fd in select.select(list(ways), [], [])[0]:
        try:
            got = os.read(fd, 65536)
            if got:
                ways[fd](got)
        except OSError:
            got = b""
        if not got:
            del ways[fd]
            link.shutdown(socket.SHUT_WR)
            ways = {}
            break
while True:
    signal.pause()
"""


class Jumps(DeviceCase):
    def jump(self, stubborn):
        self.start_lab("R1")
        pids = os.path.join(self.tmp, "pids")
        os.mkdir(os.path.join(self.tmp, "bin"))
        self.write("bin/ssh", CLIENT % (sys.executable, stubborn, pids),
                   0o700)
        self.addCleanup(self.end_all, pids)
        run = self.push('defaults: {proxy_jump: "jump"}\n' + self.acl_job(),
                        PATH=os.path.join(self.tmp, "bin") + ":" +
                        os.environ["PATH"])
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual([pid for pid in self.pids(pids) if self.lives(pid)],
                         [])

    @staticmethod
    def pids(path):
        with open(path, encoding="ascii") as file:
            return [int(line) for line in file]

    @staticmethod
    def lives(pid):
        """A process that was waited for is not even a zombie."""
        try:
            with open("/proc/%d/cmdline" % pid, "rb") as file:
                return b"bin/ssh" in file.read()
        except OSError:
            return False

    def end_all(self, path):
        for pid in self.pids(path) if os.path.exists(path) else []:
            if self.lives(pid):
                os.kill(pid, 9)
                wait_until(lambda gone=pid: not self.lives(gone), "its end")

    def test_its_client_is_ended(self):
        self.jump(False)

    def test_a_client_that_will_not_go(self):
        self.jump(True)


if __name__ == "__main__":
    main()
