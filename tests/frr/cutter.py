#!/usr/bin/python3
"""A login shell that is vtysh, until a line comes at which it was told to hang
up: before the line, or once it was carried out. It stands between the pty of
sshd and one of its own, and passes on what it reads line by line.

What to do is in the file `cut` beside it, in the directory `cuts`: `before` or
`after`, a blank, and the line. The file is gone once that was done. Every line
that was passed on is added to the file `lines` there.
"""
import os
import pty
import re
import select
import sys
import termios
import tty

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cuts")
LINE_END = re.compile(rb"[\r\n]")
PROMPT = re.compile(rb"[#>] $")


class Shell:
    def __init__(self):
        self.typed, self.shown = b"", b""
        tty.setraw(0, termios.TCSANOW)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv("/usr/bin/vtysh", ["-vtysh", *sys.argv[1:]])

    def told(self, line):
        """`before`, `after` or None; a cut is made once."""
        path = os.path.join(HERE, "cut")
        try:
            with open(path, encoding="utf-8") as file:
                when, _, at = file.read().partition(" ")
            if at == line:
                os.unlink(path)
                return when
        except FileNotFoundError:
            pass
        return None

    def take(self, line):
        """One line of the client."""
        text = line.decode("utf-8", "replace")
        when = self.told(text)
        if when == "before":
            return False
        with open(os.path.join(HERE, "lines"), "a", encoding="utf-8") as file:
            file.write(text + "\n")
        self.shown = b""
        os.write(self.fd, line + b"\r")
        if when == "after":
            self.await_prompt()
            return False
        return True

    def await_prompt(self):
        while not PROMPT.search(self.shown):
            self.shown += os.read(self.fd, 65536)

    def hear(self):
        data = os.read(0, 65536)
        self.typed += data
        # A Return that came before the terminal was raw is a line feed.
        while (end := LINE_END.search(self.typed)):
            line, self.typed = (self.typed[:end.start()],
                                self.typed[end.end():])
            if not self.take(line):
                return False
        return bool(data)

    def run(self):
        while True:
            ready = select.select([0, self.fd], [], [])[0]
            if self.fd in ready:
                data = os.read(self.fd, 65536)
                if not data:
                    return
                os.write(1, data)
            if 0 in ready and not self.hear():
                return


if __name__ == "__main__":
    try:
        Shell().run()
    except OSError:
        pass  # one of the two has left
