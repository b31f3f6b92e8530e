#!/usr/bin/python3
"""Makes the pictures of README.md from one run: netpush pushes an access list
to twelve simulated devices, one of which refuses a line and one of which does
not answer. What the terminal showed becomes run.svg, the HTML report as a
browser draws it becomes report.png.

    docs/pictures/make.py [BUILD_DIR]      build/debug unless told otherwise

Needs the lab of the build, and Chromium (Debian: chromium-headless-shell).
"""

import html
import os
import pty
import re
import select
import shutil
import subprocess
import struct
import sys
import tempfile
import termios
import fcntl
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(SOURCE, "tests", part) for part in ("lab", "e2e")]
sys.dont_write_bytecode = True

from browser import Browser  # noqa: E402
from labctl import PASSWORD, USERNAME, Lab  # noqa: E402

COLUMNS, ROWS = 92, 200
DEVICES = [{"hostname": "BRANCH%d_DIST1" % i, "type": "cisco_ios"}
           for i in range(1, 9)] + [
    {"hostname": "DC%d_CORE%d" % (i, k), "type": "cisco_nxos"}
    for i in (1, 2) for k in (1, 2)]
LIST = """\
acl_name: LOCK_IT_DOWN
acl_lines: |
 remark Utility Server A
 permit ip host 192.168.1.100 any
 permit ip host 192.168.1.101 any
 remark Network Management Servers
 permit ip 192.168.200.0 0.0.0.255 any
 deny ip any any log
"""
BEFORE = {"cisco_ios": "ip access-list extended LOCK_IT_DOWN\n"
                       " permit ip any any\n!\n",
          "cisco_nxos": "ip access-list LOCK_IT_DOWN\n"
                        "  10 permit ip any any\n"}

# The eight colours of a terminal, on a dark ground.
PAPER, INK = "#15181b", "#dde2e6"
COLORS = {31: "#ff8473", 32: "#58c084", 33: "#e0a94c", 34: "#7db2f0",
          35: "#d694f2", 36: "#6cc7c7", 90: "#98a3ad"}


class Screen:
    """So much of a terminal as netpush uses: what is on it at the end."""

    PIECE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|(\r)|(\n)|([^\r\n\x1b])")

    def __init__(self):
        self.lines, self.row, self.column = [[]], 0, 0
        self.style = (None, False)

    def put(self, char):
        if self.column == COLUMNS:
            self.down()
            self.column = 0
        line = self.lines[self.row]
        line += [(" ", (None, False))] * (self.column + 1 - len(line))
        line[self.column] = (char, self.style)
        self.column += 1

    def down(self):
        self.row += 1
        while self.row >= len(self.lines):
            self.lines.append([])

    def control(self, numbers, letter):
        first = int(numbers[0] or 0) if numbers else 0
        if letter == "K":
            del self.lines[self.row][0 if first == 2 else self.column:]
        elif letter == "J":
            del self.lines[self.row][self.column:]
            del self.lines[self.row + 1:]
        elif letter == "A":
            self.row = max(0, self.row - (first or 1))
        elif letter == "G":
            self.column = max(0, first - 1)
        elif letter == "m":
            for number in [int(n or 0) for n in numbers]:
                color, bold = self.style
                if number == 0:
                    color, bold = None, False
                elif number in (1, 22):
                    bold = number == 1
                elif number == 2:
                    color = 90
                elif number == 39 or number in COLORS:
                    color = COLORS.get(number) and number
                self.style = (color, bold)

    def feed(self, text):
        for numbers, letter, back, down, char in self.PIECE.findall(text):
            if letter and not numbers.startswith("?"):
                self.control(numbers.split(";"), letter)
            elif back:
                self.column = 0
            elif down:
                self.down()
            elif char:
                self.put(char)

    def runs(self):
        """Each line as [(text, style)]."""
        for line in self.lines:
            pieces = []
            for char, style in line:
                if pieces and pieces[-1][1] == style:
                    pieces[-1][0] += char
                else:
                    pieces.append([char, style])
            yield pieces


def draw(screen, path):
    wide, high, left, top = 8.4, 19, 16, 24
    lines = list(screen.runs())
    while lines and not lines[-1]:
        lines.pop()
    width = left * 2 + wide * COLUMNS
    height = top + high * len(lines) + 8
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" '
           'font-family="ui-monospace,DejaVu Sans Mono,Menlo,Consolas,'
           'monospace" font-size="14" fill="%s" xml:space="preserve">'
           % (width, height, INK),
           '<rect width="100%%" height="100%%" rx="8" fill="%s"/>' % PAPER]
    for i, pieces in enumerate(lines):
        column = 0
        for text, (color, bold) in pieces:
            lead = len(text) - len(text.lstrip())
            shown = text.strip()
            if shown:
                out.append('<text x="%.1f" y="%d" textLength="%.1f"%s%s>%s'
                           '</text>' % (
                               left + (column + lead) * wide, top + i * high,
                               len(shown) * wide,
                               ' fill="%s"' % COLORS[color] if color else "",
                               ' font-weight="bold"' if bold else "",
                               html.escape(shown, quote=False)))
            column += len(text)
    out.append("</svg>\n")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out))


def on_a_terminal(argv, directory, env):
    """Runs it in front of a terminal; returns all that it wrote there."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ,
                struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(argv, cwd=directory, env=env, stdin=its,
                               stdout=its, stderr=its, start_new_session=True)
    os.close(its)
    seen = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            got = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not got:
            break
        seen += got
    process.wait()
    os.close(ours)
    return seen.decode()


def squeeze(path):
    """Packs the PNG as tightly as zlib can: Chromium is in a hurry."""
    with open(path, "rb") as file:
        data = file.read()
    out, at, pixels = data[:8], 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IDAT":
            pixels += body
        else:
            if kind == b"IEND":
                packed = zlib.compress(zlib.decompress(pixels), 9)
                out += (struct.pack(">I", len(packed)) + b"IDAT" + packed +
                        struct.pack(">I", zlib.crc32(b"IDAT" + packed)))
            out += data[at:at + 12 + size]
        at += 12 + size
    if len(out) < len(data):
        with open(path, "wb") as file:
            file.write(out)


def job(lab):
    return "".join([
        "threads: 4\n", "run: {batches: [1, 100%], max_failures: 50%}\n",
        "device_list:\n"] + [
        "    - {hostname: %s, address: %s, port: %d, device_type: %s}\n" % (
            device["hostname"], Lab.address(i), lab.port, device["type"])
        for i, device in enumerate(DEVICES)] + [LIST])


def photograph(page, path):
    browser = Browser()
    try:
        browser.look(960, 1010)
        browser.open(page)
        browser.run("[...document.querySelectorAll('.host')].find(each => "
                    "each.textContent === 'BRANCH6_DIST1').click()")
        browser.picture(path)
    finally:
        browser.close()
    squeeze(path)


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else
                            os.path.join(SOURCE, "build", "debug"))
    netpush = os.path.join(build, "netpush")
    home = tempfile.mkdtemp(prefix="netpush-pictures-")
    env = {"HOME": home, "PATH": os.environ["PATH"], "TERM": "xterm-256color",
           "LANG": "C.UTF-8", "NETPUSH_USERNAME": USERNAME,
           "NETPUSH_PASSWORD": PASSWORD}
    config = {"devices": [{**device, "startup": BEFORE[device["type"]]}
                          for device in DEVICES], "latency_ms": 25}
    try:
        with Lab(config=config, executable=os.path.join(
                build, "tests", "lab", "netpush-lab")) as lab:
            lab.faults("BRANCH6_DIST1", {"kind": "refuse", "at": "200.0"})
            lab.faults("BRANCH3_DIST1", {"kind": "reset"})
            with open(os.path.join(home, "acl_push.yml"), "w",
                      encoding="utf-8") as file:
                file.write(job(lab))
            os.mkdir(os.path.join(home, ".ssh"), 0o700)
            shutil.copy(lab.known_hosts, os.path.join(home, ".ssh"))
            seen = on_a_terminal(
                [netpush, "run", "acl_push.yml", "--profiles",
                 os.path.join(SOURCE, "device-profiles")], home, env)
        screen = Screen()
        screen.feed("\x1b[1m$ netpush run acl_push.yml\x1b[0m\r\n" +
                    seen.replace(home, "/home/neteng"))
        draw(screen, os.path.join(HERE, "run.svg"))
        page = os.path.join(home, "report.html")
        subprocess.run([netpush, "report", "latest", "--format", "html",
                        "--output", page], env=env, check=True)
        photograph(page, os.path.join(HERE, "report.png"))
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
