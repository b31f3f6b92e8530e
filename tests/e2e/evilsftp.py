"""An SFTP server (draft-ietf-secsh-filexfer-02) that means no good: every path
is a directory whose only entry is called argv[1]; every file holds "evil"."""

import struct
import sys

INIT, OPEN, CLOSE, READ, LSTAT, FSTAT, OPENDIR, READDIR, STAT = (
    1, 3, 4, 5, 7, 8, 11, 12, 17)
VERSION, STATUS, HANDLE, DATA, NAME, ATTRS = 2, 101, 102, 103, 104, 105
OK, EOF, UNSUPPORTED = 0, 1, 8
SIZE_AND_MODE = 0x5
NAMED = sys.argv[1].encode()


def string(data):
    return struct.pack(">I", len(data)) + data


def attributes(mode):
    return struct.pack(">IQI", SIZE_AND_MODE, 4, mode)


FILE, DIRECTORY = attributes(0o100644), attributes(0o40755)


def answer(kind, said, told):
    """TOLD: what was given out already."""
    if kind in (STAT, LSTAT):
        return ATTRS, DIRECTORY
    if kind == FSTAT:
        return ATTRS, FILE
    if kind in (OPEN, OPENDIR):
        return HANDLE, string(b"h")
    if kind == READDIR and NAME not in told:
        told.add(NAME)
        return NAME, (struct.pack(">I", 1) + string(NAMED) + string(NAMED) +
                      FILE)
    if kind == READ and not struct.unpack(">Q", said[5:13])[0]:
        return DATA, string(b"evil")
    code = (OK if kind == CLOSE else EOF if kind in (READ, READDIR) else
            UNSUPPORTED)
    return STATUS, struct.pack(">I", code) + string(b"") + string(b"")


def main():
    told = set()
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    while len(head := stdin.read(4)) == 4:
        packet = stdin.read(struct.unpack(">I", head)[0])
        if packet[0] == INIT:
            reply = bytes([VERSION]) + struct.pack(">I", 3)
        else:
            kind, body = answer(packet[0], packet[5:], told)
            reply = bytes([kind]) + packet[1:5] + body
        stdout.write(string(reply))
        stdout.flush()


if __name__ == "__main__":
    main()
