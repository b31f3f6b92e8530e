"""Devices that a test plays itself, byte by byte: the lab does SSH, what the
terminal says is said here. And a wire that can be cut at any byte. Neither
knows anything of netpush.
"""

import contextlib
import os
import random
import select
import socket
import struct
import threading
import time

from harness import Case

REFUSED = "          ^\n% Invalid input detected at '^' marker.\n\n"
SILENCE = object()  # in an answer: nothing for `pause` seconds
QUIET = "timeouts: {connect: 3s, login: 4s, silence: 2s}\n"


class Gone(Exception):
    """The client has left, or the device wants to."""


class Ios:
    """A command line in the manner of IOS: it echoes what it reads when it
    reads it. Subclasses say otherwise."""

    greeting = "\r\n"
    hostname = "R1"
    exec_prompt = "{name}#"
    config_prompt = "{name}({mode})#"
    cut = 1000  # bytes of the name in configuration prompts
    newline = "\r\n"
    pause = 1.2  # seconds; less than the silence that QUIET allows

    def __init__(self, packets):
        self._link, self._keys = packets, b""
        self.mode = ""  # "": exec, "config", "config-if" ...
        self.lines, self.config = [], []  # all read; those accepted
        self.shows = {}

    # What a subclass may change.

    def prompt(self):
        form = self.config_prompt if self.mode else self.exec_prompt
        name = self.hostname[:self.cut] if self.mode else self.hostname
        return form.format(name=name, mode=self.mode)

    def echo(self, line):
        """The bytes that show LINE, and the line that is taken."""
        return line, line

    def configure(self, line):
        """One line of configuration; its answer."""
        self.config.append(line)
        if line.startswith("hostname "):
            self.hostname = line.split()[1]
        elif line.startswith("interface "):
            self.mode = "config-if"
        elif line.startswith("aaa group server tacacs+ "):
            self.mode = "config-sg-tacacs+"
        return ""

    def running(self):
        return "Building configuration...\n\nCurrent configuration : %d " \
            "bytes\n!\nversion 15.2\n!\nhostname %s\n!\n%s!\nend\n\n" % (
                len(self.config), self.hostname,
                "".join(line + "\n" for line in self.config))

    def show(self, line):
        if line == "show running-config":
            return self.running()
        return self.shows.get(line, REFUSED)

    def execute(self, line):
        if line in ("exit", "quit") and not self.mode:
            raise Gone
        if line == "end":
            self.mode = ""
        elif line == "exit":
            self.mode = "config" if "-" in self.mode else ""
        elif not line or line.startswith("!"):
            pass
        elif self.mode:
            return self.configure(line)
        elif line == "configure terminal":
            self.mode = "config"
            return "Enter configuration commands, one per line.  " \
                "End with CNTL/Z.\n"
        elif line.startswith("terminal "):
            return ""
        else:
            return self.show(line)
        return ""

    # Its terminal.

    def send(self, text):
        if isinstance(text, str):
            text = text.encode()
        try:
            for at in range(0, len(text), 8192):
                self._link.send(text[at:at + 8192])
        except OSError as error:
            raise Gone from error

    def print(self, text):
        """An answer: text, bytes, SILENCE, or a list of them."""
        if isinstance(text, list):
            for part in text:
                self.print(part)
        elif text is SILENCE:
            time.sleep(self.pause)
        elif isinstance(text, bytes):
            self.send(text)
        elif text:
            self.send(text.replace("\n", self.newline))

    def key(self):
        while not self._keys:
            try:
                self._keys = self._link.recv(65536)
            except OSError as error:
                raise Gone from error
            if not self._keys:
                raise Gone
        key, self._keys = self._keys[:1], self._keys[1:]
        return key

    def read(self):
        """A line as it was typed, or None after a Ctrl-C."""
        line = b""
        while True:
            key = self.key()
            if key in (b"\n", b"\r"):
                return line.decode()
            if key == b"\x03":
                return None
            if key == b"\x15":
                line = b""
            elif key != b"\x16":
                line += key

    def typed(self):
        while not self._keys and select.select([self._link], [], [], 0)[0]:
            self._keys = self._link.recv(65536)
            if not self._keys:
                raise Gone
        return self._keys

    def ask(self, question, secret=False):
        """Prints QUESTION; what is typed then, or None."""
        self.send(question)
        answer = self.read()
        self.send(("" if secret else answer or "") + self.newline)
        return answer

    def turn(self):
        line = self.read()
        if line is None:
            self.send("^C" + self.newline + self.prompt())
            return
        shown, line = self.echo(line)
        self.send(shown)
        self.send(self.newline)
        self.lines.append(line)
        self.answer(line)

    def answer(self, line):
        self.print(self.execute(line))
        self.send(self.prompt())

    def run(self):
        self.print(self.greeting)
        self.send(self.prompt())
        while True:
            self.turn()


class Stage:
    """Where devices of KIND play: a socket for the lab's `terminal`."""

    def __init__(self, directory, name, kind):
        self.path = os.path.join(directory, name + ".sock")
        self.kind, self.played, self.error = kind, [], None
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(self.path)
        self._listener.listen(64)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                link = self._listener.accept()[0]
            except OSError:
                return
            thread = threading.Thread(target=self._play, args=(link,),
                                      daemon=True)
            thread.start()

    def _play(self, link):
        try:
            device = self.kind(link)
            self.played.append(device)
            device.run()
        except Gone:
            pass
        except Exception as error:  # the test shall say so
            self.error = error
            raise
        finally:
            link.close()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class Wire:
    """Carries one TCP connection after the other to TARGET. After CUT bytes
    from the device it resets, closes or says nothing any more."""

    def __init__(self, target, cut=None, how="reset"):
        self.target, self.cut, self.how = target, cut, how
        self.marks, self.total, self.acted = [], 0, False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._wake, self._stop = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while True:
            ready = select.select([self._listener, self._wake], [], [])[0]
            if self._wake in ready:
                return
            self._carry(self._listener.accept()[0])

    def _carry(self, client):
        device = socket.create_connection(self.target)
        self.marks, self.total = [], 0
        dead = False
        with client, device:
            for link in (client, device):
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                ready = select.select([client, device, self._wake], [], [])[0]
                if self._wake in ready:
                    return
                try:
                    if client in ready:
                        got = client.recv(65536)
                        if not got:
                            return
                        if not dead:
                            device.sendall(got)
                    if device in ready and not dead:
                        dead = self._to_client(client, device.recv(65536))
                        if dead is None:
                            return
                except OSError:
                    return
                if dead and device in ready:
                    device.close()
                    return self._wait_for(client)

    def _wait_for(self, client):
        while client not in select.select([client, self._wake], [], [])[0]:
            return
        try:
            while client.recv(65536):
                pass
        except OSError:
            pass

    def _to_client(self, client, got):
        """None: over. True: silent from now on."""
        if not got:
            return None
        if self.cut is not None and self.total + len(got) >= self.cut:
            client.sendall(got[:self.cut - self.total])
            self.acted = True
            if self.how == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack("ii", 1, 0))
            return None if self.how != "stall" else True
        client.sendall(got)
        self.total += len(got)
        self.marks.append(self.total)
        return False

    def close(self):
        self._stop.send(b"x")
        self._thread.join(10)
        self._listener.close()
        self._wake.close()
        self._stop.close()


class DeviceCase(Case):
    """A test that plays devices."""

    def stage(self, kind, name="R1", device_type="cisco_ios", **keys):
        stage = Stage(self.tmp, name, kind)
        self.addCleanup(stage.close)
        self.start_lab({"hostname": name, "type": device_type,
                        "terminal": stage.path, **keys})
        self.played = stage
        return stage

    @property
    def device(self):
        return self.played.played[-1]

    def job(self, steps, more=QUIET):
        return self.phases_job("  - name: it\n    steps:\n" + "".join(
            "      - %s\n" % step for step in steps), more=more)

    def commands(self, kind, *commands, expect=0, more=QUIET, **keys):
        """The commands on a device of KIND; the result of each step, and
        the whole."""
        self.stage(kind, **keys)
        run = self.push(self.job(
            ["command: %s" % quote(c) for c in commands], more),
            expect=expect)
        return self.outcome(run)

    def configure(self, kind, text, expect=0, more=QUIET, after=(), **keys):
        self.stage(kind, **keys)
        step = "config: |\n" + "".join(
            "          %s\n" % line for line in text.split("\n"))
        run = self.push(self.job([step.rstrip("\n")] + [
            "command: %s" % quote(c) for c in after], more), expect=expect)
        return self.outcome(run)

    @contextlib.contextmanager
    def again(self, **what):
        """A part of a test with a lab of its own."""
        with self.subTest(**what):
            try:
                yield
                self.tearDown()
            finally:
                self.doCleanups()
                self.setUp()

    def outcome(self, run):
        if self.played.error:
            raise self.played.error
        self.run_done = run
        result = run.json["results"][0]
        return result

    def output(self, result, step=0):
        return result["steps"][step]["output"]


def quote(text):
    return "'%s'" % text.replace("'", "''")


def split_at_random(seed):
    """A send() that cuts what it sends anywhere."""
    dice = random.Random(seed)

    def send(self, text):
        if isinstance(text, str):
            text = text.encode()
        while text:
            size = dice.choice((1, 1, 2, 3, 5, 8, 40))
            Ios.send(self, text[:size])
            text = text[size:]
    return send
