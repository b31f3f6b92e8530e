"""The copy engine against Debian's OpenSSH servers: internal-sftp alone, scp
alone, one that asks for new keys with every megabyte, wires that break."""

import hashlib
import os
import shlex
import stat
import subprocess

from harness import main
from relay import Relay
from sshd import SshdCase

MB = 1 << 20
METHODS = ("scp", "sftp")
ODD_NAMES = ("with blanks", "it's", 'a "quote"', "comma,brace{1}", "-dash",
             "$HOME `x`", "back\\slash", "*star?", "#hash;semi&", "umläut")


def digest(path):
    value = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(MB), b""):
            value.update(chunk)
    return value.hexdigest()


class CopyCase(SshdCase):
    lines = ("Subsystem sftp internal-sftp",)

    def setUp(self):
        super().setUp()
        self.start_sshd(*self.lines)
        os.mkdir(self.path("there"))
        os.mkdir(self.path("here"))

    def make(self, *names, size=100000, mode=0o644):
        path = self.path(*names)
        with open(path, "wb") as file:
            for at in range(0, size, MB):
                file.write(os.urandom(min(MB, size - at)))
        os.chmod(path, mode)
        return path

    def up(self, method, source, target, *words, **more):
        return self.drive("copy", "up", method, source, target, *words, **more)

    def down(self, method, target, source, *words, **more):
        return self.drive("copy", "down", method, target, source, *words,
                          **more)

    def both(self, function):
        for method in METHODS:
            for direction in ("up", "down"):
                with self.subTest(method=method, direction=direction):
                    function(method, direction)

    def copy(self, method, direction, source, target, *words, **more):
        """SOURCE to TARGET, whichever of them is the device's."""
        return (self.up(method, source, target, *words, **more)
                if direction == "up" else
                self.down(method, target, source, *words, **more))


class Big(CopyCase):
    lines = ("Subsystem sftp internal-sftp", "RekeyLimit 1M none")

    def test_200_megabytes(self):
        source = self.make("source", size=200 * MB + 17)

        def check(method, direction):
            target = self.path("target-%s-%s" % (method, direction))
            got = self.copy(method, direction, source, target)
            self.assertEqual(got["method"], method)
            self.assertEqual(got["bytes"], 200 * MB + 17)
            self.assertEqual((got["told"], got["total"]),
                             (200 * MB + 17, 200 * MB + 17))
            self.assertFalse(got["backwards"])
            self.assertEqual(digest(target), digest(source))
            self.assertLess(got["peak"], 24 * MB)
            os.remove(target)
        self.both(check)


class Files(CopyCase):
    def test_sizes(self):
        def check(method, direction):
            for size in (0, 1, 32767, 32768, 32769, 3 * MB):
                source = self.make("source", size=size)
                target = self.path("target")
                got = self.copy(method, direction, source, target)
                self.assertEqual(got["bytes"], size)
                self.assertEqual(digest(target), digest(source))
                os.remove(target)
        self.both(check)

    def test_odd_names(self):
        def check(method, direction):
            for name in ODD_NAMES:
                source = self.make("there", name, size=100)
                target = self.path("here", name)
                self.copy(method, direction, source, target)
                self.assertEqual(digest(target), digest(source))
                os.remove(target)
        self.both(check)

    def test_a_name_that_begins_with_a_dash(self):
        # Not behind a directory's name: the command's own words are near.
        home = os.path.expanduser("~root")
        name = "-netpush-test-%d" % os.getpid()
        self.addCleanup(lambda: os.path.exists(os.path.join(home, name)) and
                        os.remove(os.path.join(home, name)))
        source = self.make("source")
        for method in METHODS:
            for remote in (name, "~/" + name):
                self.up(method, source, remote)
                self.assertEqual(digest(os.path.join(home, name)),
                                 digest(source))
                os.remove(os.path.join(home, name))

    def test_line_ends_in_names_are_refused(self):
        source = self.make("source")

        def check(method, direction):
            remote = self.path("there") + "/a\nb"
            if direction == "down":
                with open(remote, "w", encoding="ascii"):
                    pass
            here = source if direction == "up" else self.path("here", "x")
            got = self.drive("copy", direction, method, here, remote,
                             expect=1)
            self.assertEqual(got["kind"], "transfer")
            self.assertIn("control characters", got["message"])
        self.both(check)

    def test_into_a_directory(self):
        source = self.make("source")

        def check(method, direction):
            self.copy(method, direction, source, self.path("there"))
            self.assertEqual(digest(self.path("there", "source")),
                             digest(source))
            os.remove(self.path("there", "source"))
        self.both(check)

    def test_over_an_old_longer_one(self):
        source = self.make("source", size=1000)

        def check(method, direction):
            target = self.make("target", size=70000)
            self.copy(method, direction, source, target)
            self.assertEqual(digest(target), digest(source))
        self.both(check)

    def test_modes_and_times(self):
        source = self.make("source", mode=0o751)

        def check(method, direction):
            target = self.path("target")
            # Each time: whoever reads it may change one of them.
            os.utime(source, (1000000000, 1234567890))
            self.copy(method, direction, source, target, "preserve")
            found = os.stat(target)
            self.assertEqual(stat.S_IMODE(found.st_mode), 0o751)
            self.assertEqual((found.st_atime, found.st_mtime),
                             (1000000000, 1234567890))
            os.remove(target)
            self.copy(method, direction, source, target)
            found = os.stat(target)
            self.assertEqual(stat.S_IMODE(found.st_mode), 0o751 & ~0o022)
            self.assertNotEqual(found.st_mtime, 1234567890)
            os.remove(target)
            self.copy(method, direction, source, target, "mode=600")
            self.assertEqual(stat.S_IMODE(os.stat(target).st_mode), 0o600)
            os.remove(target)
        self.both(check)

    def test_out_of_and_into_an_open_file(self):
        source = self.make("source", size=2 * MB)

        def check(method, direction):
            target = self.path("target")
            self.copy(method, direction, source, target, "fd")
            self.assertEqual(digest(target), digest(source))
            os.remove(target)
        self.both(check)

    def test_free_space(self):
        free = self.drive("free", self.path("there"))["free"]
        found = os.statvfs(self.path("there"))
        self.assertLess(abs(free - found.f_bavail * found.f_frsize),
                        max(free // 4, 1 << 30))


class Refused(CopyCase):
    def refused(self, *argv, **more):
        got = self.drive("copy", *argv, expect=1, **more)
        self.assertEqual(got["kind"], "transfer", got["message"])
        return got

    def test_no_such_place(self):
        source = self.make("source")
        for method in METHODS:
            got = self.refused("up", method, source, "/nowhere/file")
            self.assertIn("o such file", got["message"])
            self.assertTrue(got["device_text"])
            got = self.refused("down", method, self.path("x"), "/nowhere")
            self.assertIn("o such file", got["message"])
            self.assertFalse(os.path.exists(self.path("x")))

    def test_no_space_left(self):
        source = self.make("source", size=3 * MB)
        got = self.refused("up", "scp", source, "/dev/full")
        self.assertIn("No space left", got["device_text"])
        self.refused("up", "sftp", source, "/dev/full")

    def test_a_directory_that_was_not_asked_for(self):
        for method in METHODS:
            self.refused("down", method, self.path("x"), self.path("there"))
            self.refused("up", method, self.path("there"), self.path("x"))

    def test_nothing_here(self):
        for method in METHODS:
            got = self.refused("up", method, self.path("nothing"), "x")
            self.assertIn("No such file", got["message"])
            got = self.refused("down", method, self.path("no", "x"),
                               self.make("source"))
            self.assertIn("No such file", got["message"])

    def test_not_a_file(self):
        os.mkfifo(self.path("pipe"))
        for method in METHODS:
            self.refused("up", method, self.path("pipe"), self.path("x"))


class Trees(CopyCase):
    def plant(self):
        top = self.path("tree")
        for directory in ("tree", "tree/a", "tree/a/deep one", "tree/empty"):
            os.mkdir(self.path(directory))
        self.make("tree", "a", "file", size=5000, mode=0o640)
        self.make("tree", "a", "deep one", "it's", size=0, mode=0o755)
        self.make("tree", "b", size=40000, mode=0o444)
        os.symlink("b", self.path("tree", "link"))
        os.symlink("a", self.path("tree", "dirlink"))
        os.symlink("nothing", self.path("tree", "broken"))
        os.mkfifo(self.path("tree", "pipe"))
        os.chmod(self.path("tree", "empty"), 0o711)
        os.chmod(self.path("tree", "a"), 0o555)
        for where, _, names in os.walk(top):
            for name in names:
                if name not in ("pipe", "broken"):
                    os.utime(os.path.join(where, name), (10**9, 10**9 + 5))
            os.utime(where, (10**9, 10**9 + 7))
        return top

    def look(self, top):
        found = {}
        for where, directories, names in os.walk(top):
            for name in directories + names:
                path = os.path.join(where, name)
                is_ = os.lstat(path)
                what = (digest(path) if stat.S_ISREG(is_.st_mode)
                        else stat.S_IFMT(is_.st_mode))
                found[os.path.relpath(path, top)] = (
                    stat.S_IMODE(is_.st_mode), int(is_.st_mtime), what)
        return found

    def test_all_that_is_in_them(self):
        top = self.plant()
        wanted = self.look(top)
        for gone in ("dirlink", "broken", "pipe"):
            del wanted[gone]
        wanted["link"] = wanted["b"]

        def check(method, direction):
            target = self.path("copy-%s-%s" % (method, direction))
            # What scp sends is its own business: it follows links to
            # directories, and ends in error for what it cannot send.
            if (method, direction) == ("scp", "down"):
                os.remove(self.path("tree", "broken"))
                os.remove(self.path("tree", "pipe"))
                os.remove(self.path("tree", "dirlink"))
                os.utime(top, (10**9, 10**9 + 7))
            got = self.copy(method, direction, top, target, "tree",
                            "preserve")
            self.assertEqual(self.look(target), wanted)
            self.assertEqual(int(os.stat(target).st_mtime), 10**9 + 7)
            self.assertEqual(got["files"], 4)
            if (method, direction) != ("scp", "down"):
                self.assertEqual(got["left_out"], 3)
                self.assertEqual(len(got["notes"]), 3)
                self.assertIn("a link to a directory",
                              " ".join(got["notes"]))
        for method in reversed(METHODS):
            for direction in ("up", "down"):
                with self.subTest(method=method, direction=direction):
                    check(method, direction)

    def test_into_one_that_is_there(self):
        self.make("there", "b", size=10)
        os.mkdir(self.path("tree"))
        self.make("tree", "x", size=10)

        def check(method, direction):
            for _ in range(2):  # the second time all of it is there
                self.copy(method, direction, self.path("tree"),
                          self.path("there"), "tree")
                self.assertEqual(
                    digest(self.path("there", "tree", "x")),
                    digest(self.path("tree", "x")))
        self.both(check)

    def test_a_link_here_is_not_followed(self):
        os.mkdir(self.path("tree"))
        os.mkdir(self.path("tree", "sub"))
        self.make("tree", "sub", "x", size=10)
        os.mkdir(self.path("outside"))
        os.mkdir(self.path("here", "tree"))
        os.symlink(self.path("outside"), self.path("here", "tree", "sub"))
        for method in METHODS:
            got = self.down(method, self.path("here"), self.path("tree"),
                            "tree", expect=1)
            self.assertEqual(got["kind"], "transfer")
            self.assertEqual(os.listdir(self.path("outside")), [])

    def test_a_file_may_be_the_top(self):
        source = self.make("source")

        def check(method, direction):
            self.copy(method, direction, source, self.path("x"), "tree")
            self.assertEqual(digest(self.path("x")), digest(source))
            os.remove(self.path("x"))
        self.both(check)


class Resume(CopyCase):
    def half(self, source, target, size=300000):
        with open(source, "rb") as file:
            data = file.read(size)
        with open(target, "wb") as file:
            file.write(data)

    def part(self, name):
        return self.path("here", ".%s.netpush-part" % name)

    def targets(self, direction):
        """The file that grows, and what it is when it is whole."""
        whole = self.path("here", "x")
        return (self.part("x") if direction == "down" else whole), whole

    def each(self, word, wrong, wanted):
        source = self.make("source", size=MB)
        for direction in ("up", "down"):
            part, whole = self.targets(direction)
            self.half(source, part)
            if wrong:
                with open(part, "r+b") as file:
                    file.seek(250000)
                    file.write(b"something else")
            got = self.copy("sftp", direction, source, whole, *word)
            self.assertEqual(got["resumed_at"], wanted)
            self.assertEqual(got["bytes"], MB - wanted)
            self.assertEqual(got["told"], MB)
            if not (wrong and wanted):
                self.assertEqual(digest(whole), digest(source))
            self.assertFalse(os.path.exists(self.part("x")))
            os.remove(whole)

    def test_trusted(self):
        self.each(["trusted"], False, 300000)

    def test_compared_and_equal(self):
        self.each(["compared"], False, 300000)

    def test_compared_and_different(self):
        self.each(["compared"], True, 0)

    def test_not_asked(self):
        self.each([], False, 0)

    def test_one_that_is_longer_is_begun_again(self):
        source = self.make("source", size=1000)
        for direction in ("up", "down"):
            part, whole = self.targets(direction)
            self.make(os.path.relpath(part, self.tmp), size=2000)
            got = self.copy("sftp", direction, source, whole, "trusted")
            self.assertEqual(got["resumed_at"], 0)
            self.assertEqual(digest(whole), digest(source))
            os.remove(whole)

    def test_beyond_4_gigabytes(self):
        source = self.path("source")
        at = (4 << 30) + 12345
        with open(source, "wb") as file:
            file.truncate(at)
            file.seek(at)
            file.write(os.urandom(70000))
        for direction in ("up", "down"):
            part, whole = self.targets(direction)
            with open(part, "wb") as file:
                file.truncate(at)
            got = self.copy("sftp", direction, source, whole, "trusted")
            self.assertEqual((got["resumed_at"], got["bytes"]), (at, 70000))
            self.assertEqual(subprocess.run(
                ["cmp", "-s", "-i", str(4 << 30), source, whole],
                check=False).returncode, 0)
            self.assertEqual(os.path.getsize(whole), at + 70000)
            os.remove(whole)

    def test_scp_begins_again(self):
        source = self.make("source")
        self.half(source, self.path("x"), 500)
        got = self.up("scp", source, self.path("x"), "trusted")
        self.assertEqual((got["resumed_at"], got["bytes"]), (0, 100000))


class Auto(SshdCase):
    def setUp(self):
        super().setUp()
        self.source = os.path.join(self.tmp, "source")
        with open(self.source, "wb") as file:
            file.write(os.urandom(5000))
        self.target = os.path.join(self.tmp, "target")

    def copy(self, method, *words, **more):
        return self.drive("copy", "up", method, self.source, self.target,
                          *words, **more)

    def test_sftp_where_it_is(self):
        self.start_sshd("Subsystem sftp internal-sftp")
        self.assertEqual(self.copy("auto")["method"], "sftp")

    def test_scp_where_there_is_no_sftp(self):
        self.start_sshd()
        self.assertEqual(self.copy("auto")["method"], "scp")
        self.assertEqual(digest(self.target), digest(self.source))
        got = self.copy("sftp", expect=1)
        self.assertEqual(got["kind"], "transfer")
        self.assertIn("no SFTP", got["message"])

    def test_scp_where_the_sftp_server_is_missing(self):
        self.start_sshd("Subsystem sftp /nowhere/sftp-server")
        self.assertEqual(self.copy("auto")["method"], "scp")

    def test_nothing_but_sftp(self):
        self.start_sshd("Subsystem sftp internal-sftp",
                        "ForceCommand internal-sftp")
        self.assertEqual(self.copy("auto")["method"], "sftp")
        got = self.copy("scp", expect=1)
        self.assertEqual(got["kind"], "transfer")
        self.assertIn("allows sftp connections only", got["device_text"])

    def test_one_that_waits_for_something_else(self):
        self.start_sshd("ForceCommand /usr/lib/openssh/sftp-server")
        got = self.copy("scp", "silence=500", expect=1)
        self.assertEqual((got["kind"], got["stalled"]), ("timeout", True))

    def test_a_device_that_talks_instead(self):
        self.start_sshd("ForceCommand echo Administratively disabled.")
        got = self.copy("scp", expect=1)
        self.assertEqual(got["kind"], "transfer")
        self.assertEqual(got["device_text"], "Administratively disabled.")

    def test_a_device_that_refuses_on_the_error_stream(self):
        self.start_sshd("ForceCommand echo no scp here >&2; exit 1")
        got = self.copy("auto", expect=1)
        self.assertEqual(got["kind"], "transfer")
        self.assertIn("no scp here", got["message"])

    def test_what_is_said_last_counts(self):
        # All of it was acknowledged, and then it fails all the same.
        self.start_sshd("ForceCommand scp -t %s; echo late >&2; exit 9" %
                        shlex.quote(self.target))
        got = self.copy("scp", expect=1)
        self.assertEqual(got["kind"], "transfer")
        self.assertIn("late", got["message"])


class Wires(CopyCase):
    def through(self, **limits):
        relay = Relay(self.sshd.port, **limits)
        self.port = relay.port
        return relay

    def test_cut_anywhere(self):
        size = 300000
        source = self.make("source", size=size)

        def check(method, direction):
            target = self.path("target")
            relay = self.through()
            self.copy(method, direction, source, target)
            relay.close()
            up, down = relay.passed
            os.remove(target)
            # The payload's direction from one end to the other, the last
            # bytes closely; the other direction a little.
            way, total = ("up", up) if direction == "up" else ("down", down)
            cuts = [(way, at) for at in
                    list(range(0, total, total // 12)) +
                    [total - n for n in (1, 30, 80, 150, 300, 600)]]
            other = "down" if way == "up" else "up"
            cuts += [(other, n) for n in (0, 1000, 2000, 3000, 3500, 4000)]
            for which, at in cuts:
                relay = self.through(**{which: at})
                driver = self.start_driver(
                    "copy", direction, method,
                    *((source, target) if direction == "up"
                      else (target, source)), stdin=subprocess.DEVNULL)
                status = driver.wait(timeout=60)
                relay.close()
                if which == way and at <= size:
                    self.assertEqual(status, 1, (which, at))
                if status == 0:
                    self.assertEqual(digest(target), digest(source))
                else:
                    self.assertIn(self.report()["kind"],
                                  ("closed", "connect", "transfer"))
                if direction == "down" and status:
                    self.assertEqual(
                        [name for name in os.listdir(self.tmp)
                         if name.endswith("netpush-part")], [])
                if os.path.exists(target):
                    # Whole or not there, when it comes down.
                    if direction == "down":
                        self.assertEqual(digest(target), digest(source))
                    os.remove(target)
        self.both(check)

    def test_a_cut_one_is_gone_on_with(self):
        source = self.make("source", size=4 * MB)
        for direction, limit in (("up", "up"), ("down", "down")):
            target = self.path("here", "x")
            relay = self.through(**{limit: 2 * MB})
            got = self.copy("sftp", direction, source, target, "trusted",
                            expect=1)
            relay.close()
            self.port = self.sshd.port
            self.assertEqual(got["kind"], "closed")
            got = self.copy("sftp", direction, source, target, "trusted")
            self.assertGreater(got["resumed_at"], 0)
            self.assertEqual(got["resumed_at"] + got["bytes"], 4 * MB)
            self.assertEqual(digest(target), digest(source))
            os.remove(target)

    def test_silence_is_told_apart(self):
        source = self.make("source", size=4 * MB)

        def check(method, direction):
            limit = {direction: MB}
            relay = self.through(silent=True, **limit)
            got = self.copy(method, direction, source, self.path("x"),
                            "silence=400", expect=1)
            relay.close()
            self.assertEqual((got["kind"], got["stalled"]),
                             ("timeout", True))
        self.both(check)


if __name__ == "__main__":
    main()
