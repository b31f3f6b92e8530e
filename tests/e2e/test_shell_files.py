"""rpush and rpull against real OpenSSH servers (P9, P10, P12, P15)."""

import os
import shutil
import stat
import sys

from harness import SOURCE, main
from sshhosts import SshCase

NAMES = ["plain", "with blank", "comma,s", "{brace}", "qu'ote\"s", "-dash",
         "st*r", "$(x);&", "\xe4\xf6", "back\\slash", "?x"]


def put(path, data, mode=0o644, time=1234567890):
    with open(path, "w", encoding="utf-8") as file:
        file.write(data)
    os.chmod(path, mode)
    os.utime(path, (time, time))


def tree(top):
    """{path below TOP: (mode, time, text or None)}"""
    found = {}
    for where, directories, files in os.walk(top):
        for name in directories + files:
            path = os.path.join(where, name)
            about = os.stat(path)
            text = None
            if stat.S_ISREG(about.st_mode):
                with open(path, encoding="utf-8") as file:
                    text = file.read()
            found[os.path.relpath(path, top)] = (
                stat.S_IMODE(about.st_mode), int(about.st_mtime), text)
    return found


class Files(SshCase):
    def setUp(self):
        super().setUp()
        self.start_hosts("web1", "web2")

    def make_tree(self, top):
        os.makedirs(os.path.join(top, "sub", "empty"))
        for i, name in enumerate(NAMES):
            put(os.path.join(top, name), "in " + name, 0o640 + i % 2)
        put(os.path.join(top, "sub", "script"), "#!", 0o755, 1111111111)
        put(os.path.join(top, "sub", "nothing"), "", 0o600)
        for name in ("sub/empty", "sub"):
            os.utime(os.path.join(top, name), (1e9, 1e9))

    def host(self, name, *parts):
        return self.servers[name].path(*parts)

    def test_p9_push_to_the_home(self):
        put(os.path.join(self.tmp, "a"), "A", 0o751)
        put(os.path.join(self.tmp, "b"), "B")
        run = self.tool("rpush", "-u", "root", "-m", "web1", "web2", "--",
                        "a", "b")
        self.assertEqual(
            run.stdout, "rpush [root@web1]: a b => root@web1:~/\n"
            "rpush [root@web2]: a b => root@web2:~/\n"
            "2 succeeded, 0 failed, 2 total\n\n")
        for name in ("web1", "web2"):
            found = tree(self.host(name, "root"))
            self.assertEqual(found["a"], (0o751, 1234567890, "A"))
            self.assertEqual(found["b"][2], "B")

    def test_p9_trees_and_names(self):
        top = os.path.join(self.tmp, "tree")
        self.make_tree(top)
        self.tool("rpush", "-d", "/tmp", "-m", "web1", "web2", "--", "tree")
        for name in ("web1", "web2"):
            self.assertEqual(tree(self.host(name, "tmp", "tree")), tree(top))

    def test_p9_each_name_by_itself(self):
        top = os.path.join(self.tmp, "tree")
        self.make_tree(top)
        self.tool("rpush", "-d", "/tmp/", "-m", "web1", "--",
                  *[os.path.join("tree", name) for name in NAMES
                    if name != "?x"])
        found = tree(self.host("web1", "tmp"))
        for name in NAMES[:-1]:
            self.assertEqual(found[name][2], "in " + name)

    def test_p10_pull_several_and_by_itself(self):
        for name in NAMES:
            put(self.host("web1", "tmp", name), "from " + name)
        out = os.path.join(self.tmp, "out")
        run = self.tool("rpull", "-d", out, "-m", "web1", "--",
                        *["/tmp/" + name for name in NAMES])
        self.assertEqual({k: v[2] for k, v in tree(out).items()},
                         {name: "from " + name for name in NAMES})
        self.assertIn("rpull [web1]: web1:{/tmp/plain,/tmp/with blank,",
                      run.stdout)
        run = self.tool("rpull", "-d", "one", "-m", "web1", "--",
                        "/tmp/plain")
        self.assertIn("rpull [web1]: web1:/tmp/plain => one\n", run.stdout)
        with open(os.path.join(self.tmp, "one"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "from plain")

    def test_p10_pull_trees(self):
        self.make_tree(self.host("web2", "root", "tree"))
        self.tool("rpull", "-d", "got", "-m", "web2", "--", "~/tree", "tree")
        self.assertEqual(tree(os.path.join(self.tmp, "got", "tree")),
                         tree(self.host("web2", "root", "tree")))

    def test_a_server_that_means_no_good(self):
        """What it names stays in the directory that was asked for."""
        program = shutil.copy(
            os.path.join(SOURCE, "tests", "e2e", "evilsftp.py"), self.top)
        names = {"good": True, "..": True, "../out": False, "/x": False,
                 "a/b": False}
        for i, (name, fine) in enumerate(names.items()):
            self.start_hosts("evil%d" % i, options=(
                'Subsystem sftp %s %s "%s"' % (sys.executable, program,
                                               name),))
            into = os.path.join(self.tmp, "into%d" % i)
            os.mkdir(into)
            run = self.tool("rpull", "-d", into, "-m", "evil%d" % i, "--",
                            "/tmp/top", expect=0 if fine else 1)
            if not fine:
                self.assertIn("names a file that may not be here",
                              run.stdout)
            self.assertEqual(os.listdir(into), ["top"])
            self.assertEqual(os.listdir(os.path.join(into, "top")),
                             ["good"] if name == "good" else [])
        self.assertFalse(os.path.exists("/x"))

    def test_what_runs_as_whom_is_not_for_the_host_to_say(self):
        top = self.host("web1", "tmp", "top")
        os.makedirs(os.path.join(top, "sub"))
        for name in ("file", "sub/file"):
            put(os.path.join(top, name), "x", 0o6755)
        os.chmod(os.path.join(top, "sub"), 0o3755)
        for words in (["/tmp/top"], ["/tmp/top/file"]):
            self.tool("rpull", "-d", self.tmp + "/", "-m", "web1", "--",
                      *words)
        found = {name: about[0] for name, about in
                 tree(os.path.join(self.tmp, "top")).items()}
        self.assertEqual(found, {"file": 0o755, "sub": 0o755,
                                 "sub/file": 0o755})
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(
            self.tmp, "file")).st_mode), 0o755)

    def test_what_has_no_end_is_not_fetched(self):
        os.mkfifo(self.host("web1", "tmp", "fifo"))
        run = self.tool("rpull", "--timeout", "20s", "-d", self.tmp + "/",
                        "-m", "web1", "--", "/dev/zero", "/tmp/fifo",
                        "/etc/hostname", expect=1)
        self.assertIn("/dev/zero is not a file there", run.stdout)
        self.assertIn("/tmp/fifo is not a file there", run.stdout)
        self.assertTrue(os.path.exists(os.path.join(self.tmp, "hostname")))

    def test_p10_hosts_do_not_overwrite_each_other(self):
        for name in ("web1", "web2"):
            put(self.host(name, "tmp", "f"), name)
        run = self.tool("rpull", "-m", "web1", "web2", "--", "/tmp/f")
        self.assertIn("rpull [web1]: web1:/tmp/f => ~/web1/\n", run.stdout)
        self.tool("rpull", "-d", "x-?HOST", "-m", "web1", "web2", "--",
                  "/tmp/f")
        self.tool("rpull", "-d", "many", "-m", "web1", "web2", "--",
                  "/tmp/f", "/tmp/f")
        for name in ("web1", "web2"):
            for path in (os.path.join(self.home, name, "f"),
                         os.path.join(self.tmp, "x-" + name),
                         os.path.join(self.tmp, "many", name, "f")):
                with open(path, encoding="utf-8") as file:
                    self.assertEqual(file.read(), name)
        self.tool("rpull", "--flat", "-d", "flat", "-m", "web1", "web2",
                  "--", "/tmp/f")
        with open(os.path.join(self.tmp, "flat"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "web2")
        run = self.tool("rpull", "-m", "a@web1", "b@web1", "--", "/tmp/f",
                        expect=2)
        self.assertIn("two users would stand in one place", run.stderr)

    def test_p12_host_in_names(self):
        for name in ("web1", "web2"):
            put(os.path.join(self.tmp, "for-" + name), name)
        self.tool("rpush", "-d", "/tmp/?HOST.conf", "-m", "web1", "web2",
                  "--", "for-?HOST")
        for name in ("web1", "web2"):
            found = tree(self.host(name, "tmp"))
            self.assertEqual({k: v[2] for k, v in found.items()},
                             {name + ".conf": name})

    def test_what_is_missing_here_is_found_before(self):
        run = self.tool("rpush", "-m", "web1", "--", "none", expect=2)
        self.assertIn("rpush: error: can't open 'none': No such file",
                      run.stderr)
        self.assertEqual(self.servers["web1"].logins(), 0)

    def test_what_is_missing_there_does_not_keep_the_others(self):
        put(self.host("web1", "tmp", "b"), "B")
        run = self.tool("rpull", "-d", "out", "-m", "web1", "--",
                        "/tmp/none", "/tmp/b", "/tmp/gone", expect=1)
        self.assertRegex(run.stdout, r"stderr:\n(?s:.*)gone(?s:.*)\n"
                         r"(?s:.*)none(?s:.*)\nreturn code: 1\n")
        self.assertEqual(
            {k: v[2] for k, v in tree(os.path.join(self.tmp, "out")).items()},
            {"b": "B"})

    def test_into_a_directory_that_is_not_there(self):
        put(os.path.join(self.tmp, "a"), "A")
        put(os.path.join(self.tmp, "b"), "B")
        run = self.tool("rpush", "-d", "/tmp/none", "-m", "web1", "--", "a",
                        "b", expect=1)
        self.assertIn("return code: 1\n", run.stdout)
        self.assertFalse(os.path.isfile(self.host("web1", "tmp", "none")))

    def test_where_there_is_no_sftp(self):
        """SCP takes its place."""
        self.start_hosts("old", options=["Subsystem sftp /bin/false"])
        put(os.path.join(self.tmp, "a"), "A" * 300000)
        self.tool("rpush", "-d", "/tmp/x y", "-m", "old", "--", "a")
        self.tool("rpull", "-d", "back", "-m", "old", "--", "/tmp/x y")
        with open(os.path.join(self.tmp, "back"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "A" * 300000)


if __name__ == "__main__":
    main()
