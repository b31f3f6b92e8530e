"""The parallel shell tools against real OpenSSH servers: what was observed of
the tools whose names they have (P1 to P25), and what was wrong with those."""

import json
import os

from harness import main, wait_until
from sshhosts import SshCase


def text(*lines):
    return "".join(line + "\n" for line in lines)


class Grammar(SshCase):
    """No host is contacted here."""

    def hosts(self, *argv, stdin=None):
        return self.tool("rhosts", *argv, stdin=stdin).stdout.split("\n")[:-1]

    def refused(self, tool, *argv, by_name=False):
        """The line that says what is wrong."""
        run = self.tool(tool, *argv, expect=2, by_name=by_name)
        self.assertEqual(run.stdout, "")
        return run.stderr

    def test_p1_hosts_of_options_first_then_those_of_the_file(self):
        path = self.write("hosts", "f1\nf2\nm1\n")
        self.assertEqual(self.hosts("-f", path, "-m", "m2", "m1", "m1"),
                         ["m2", "m1", "m1", "f1", "f2", "m1"])
        self.assertEqual(
            self.hosts("-f", path, "-m", "m2", "m1", "m1", "--unique"),
            ["m2", "m1", "f1", "f2"])

    def test_p2_a_host_file(self):
        path = self.write("hosts", "# all of it\n\n  a  # one\n\tb#two\nc\n")
        self.assertEqual(self.hosts("-f", path), ["a", "b", "c"])
        self.assertEqual(self.hosts("-f", "-", stdin="x\ny # z\n"),
                         ["x", "y"])
        path = self.write("hosts", "a\nb c\n")
        self.assertIn("%s:2: \"b c\" is no host" % path,
                      self.refused("rhosts", "-f", path))

    def test_ranges_users_ports_addresses(self):
        names = "web[08-10,20],me@db:2222 [::1]:22 fe80::1 u@[::2]".split()
        self.assertEqual(
            self.hosts("-m", *names),
            ["web08", "web09", "web10", "web20", "me@db:2222", "[::1]:22",
             "fe80::1", "u@[::2]"])
        for name in ("-x", "a;b", "$(x)", "a/b", "x:99999"):
            self.assertIn("is no host", self.refused("rhosts", "-m=" + name))

    def test_a_name_that_would_leave_its_directory_is_no_host(self):
        for name in (".", "..", "me@.."):
            self.assertIn("is no host", self.refused("rhosts", "-m", name))

    def test_no_host_behind_a_nul_byte_is_passed_over(self):
        path = self.write("hosts", "a\nb\0\nc\n")
        self.assertIn("it holds a NUL byte", self.refused(
            "lcmd", "-f", path, "true"))

    def test_p3_no_hosts(self):
        for tool, words in (("rhosts", []), ("lcmd", ["true"]),
                            ("rcmd", ["true"])):
            self.assertEqual(self.refused(tool, *words),
                             "no hosts specified\n")

    def test_p4_a_host_file_that_cannot_be_read(self):
        for by_name in (False, True):
            told = self.refused("lcmd", "-f", "none", "true",
                                by_name=by_name)
            self.assertRegex(told, r"\Ausage: (netpush )?lcmd ")
            self.assertTrue(told.endswith(
                "lcmd: error: argument -f/--hostfile: can't open 'none': "
                "No such file or directory\n"), told)

    def test_p5_exit_status(self):
        for by_name, status in ((False, 1), (True, 255)):
            self.tool("lcmd", "-m", "a", "b", "--", "true", by_name=by_name)
            self.tool("lcmd", "-m", "a", "b", "--", "test ?HOST = a",
                      expect=status, by_name=by_name)
            self.refused("lcmd", "-m", "a", by_name=by_name)

    def test_p6_rhosts(self):
        run = self.tool("rhosts", "-m", "a", "b", by_name=True)
        self.assertEqual((run.stdout, run.stderr), ("a\nb\n", ""))

    def test_words_on_both_sides_of_the_dashes(self):
        run = self.tool("lcmd", "-m", "h", "--", "echo", "-n", "--", "a")
        self.assertIn("lcmd [h]: echo -n -- a\nstdout:\n-- a\n", run.stdout)
        path = self.write("hosts", "h\n")
        run = self.tool("lcmd", "-f", path, "echo", "A", "--", "B")
        self.assertIn("lcmd [h]: echo A B\n", run.stdout)

    def test_options(self):
        path = self.write("hosts", "h\n")
        for words in (["--hostfile=" + path], ["--hostf", path],
                      ["-f" + path], ["-f=" + path], ["-scf", path],
                      ["-f", path, "--seq", "--no_c"], ["-f", path, "--no-c"],
                      ["-f", path, "--no_color", "--no-color"]):
            run = self.tool("lcmd", *words, "echo", "x")
            self.assertIn("lcmd [h]: echo x\n", run.stdout)
        self.assertIn("ambiguous option: --host could match --hosts, "
                      "--hostfile", self.refused("rhosts", "--host", "x"))
        self.assertIn("unrecognized arguments: -x",
                      self.refused("lcmd", "-m", "h", "-x", "ls"))
        self.assertIn("unrecognized arguments: --nix",
                      self.refused("lcmd", "-m", "h", "--nix", "ls"))
        self.assertIn("expected at least one argument",
                      self.refused("lcmd", "-m", "--", "ls"))
        self.assertIn("argument -f/--hostfile: expected one argument",
                      self.refused("lcmd", "ls", "-f"))
        self.assertIn("takes no value",
                      self.refused("lcmd", "--sequential=1", "ls"))
        self.assertIn("unrecognized arguments: b", self.refused(
            "rhosts", "b", "-m", "h"))

    def test_short_cuts_of_the_first_tools_stay_what_they_were(self):
        """--a was --attempts before there was --agent."""
        self.assertIn("attempts must be greater than 0",
                      self.refused("rcmd", "--a", "0", "-m", "h", "--", "x"))
        self.assertIn("attempts must be greater than 0",
                      self.refused("rcmd", "-a0", "-m", "h", "--", "x"))
        self.assertIn("invalid int value: 'x'",
                      self.refused("rcmd", "-ax", "-m", "h", "--", "x"))
        self.assertIn("unrecognized arguments: -a",
                      self.refused("lcmd", "-a", "1", "-m", "h", "--", "x"))

    def test_help_names_every_option(self):
        for tool in ("rhosts", "lcmd", "rcmd", "rpush", "rpull", "rscript"):
            for by_name in (False, True):
                run = self.tool(tool, "-h", by_name=by_name)
                self.assertIn("--hostfile FILE", run.stdout)
                self.assertRegex(run.stdout, r"\Ausage: (netpush )?" + tool)


class Local(SshCase):
    def test_p7_a_shell_with_nothing_to_read(self):
        run = self.tool("lcmd", "-m", "a", "--", "read x || echo", "end;",
                        "echo $0", stdin="one\n")
        self.assertEqual(run.stdout, text(
            "lcmd [a]: read x || echo end; echo $0", "stdout:", "end", "sh",
            "1 succeeded, 0 failed, 1 total", ""))

    def test_p12_host_everywhere(self):
        run = self.tool("lcmd", "-m", "u@a:22", "--",
                        "echo ?HOST?HOST", "??HOST", "'???HOST'")
        self.assertEqual(run.stdout.split("\n")[:3], [
            "lcmd [a:22]: echo a:22a:22 ?HOST '??HOST'", "stdout:",
            "a:22a:22 ?HOST ??HOST"])

    def test_p14_p17_output(self):
        run = self.tool(
            "lcmd", "-m", "a", "b", "c", "--",
            "case ?HOST in a) echo out; echo;; b) printf 'x\\n\\ny';"
            " echo err >&2; exit 3;; esac", expect=1)
        words = ("case %s in a) echo out; echo;; b) printf 'x\\n\\ny';"
                 " echo err >&2; exit 3;; esac")
        self.assertEqual(run.stdout, text(
            "lcmd [a]: " + words % "a", "stdout:", "out",
            "lcmd [b]: " + words % "b", "stdout:", "x", "", "y", "stderr:",
            "err", "return code: 3", "attempts:    1",
            "lcmd [c]: " + words % "c",
            "2 succeeded, 1 failed, 3 total", "", "Failed hosts:", "b"))
        self.assertEqual(run.stderr, "")

    def test_p16_order_and_one_after_the_other(self):
        hosts = ["h%d" % i for i in range(20)]
        # The last ends first.
        fifo = os.path.join(self.tmp, "fifo-")
        for name in hosts:
            os.mkfifo(fifo + name)
        command = ("n=?HOST; n=${n#h}; test $n = 19 || read x <%sh$n; "
                   "echo $n; test $n = 0 || echo >%sh$((n-1))" % (fifo, fifo))
        run = self.tool("lcmd", "-m", *hosts, "--", command)
        shown = [line for line in run.stdout.split("\n") if line.isdigit()]
        self.assertEqual(shown, [str(i) for i in range(20)])
        run = self.tool("lcmd", "-s", "-m", "h1", "h2", "h3", "--",
                        "set -C; echo >busy && rm busy; false", expect=1)
        self.assertIn("0 succeeded, 3 failed, 3 total", run.stdout)
        self.assertNotIn("stderr:", run.stdout)

    def test_p18_colours(self):
        terminal = self.terminal()
        run = self.netpush(
            "lcmd", "-m", "a", "b", "--",
            "printf 'x\\033[2J\\n'; echo e >&2; test ?HOST = a",
            stdout=terminal.slave, TERM="xterm").wait()
        self.assertEqual(run.returncode, 1)
        terminal.expect("Failed hosts:\r\n\033[31mb\033[0m")
        seen = terminal.seen.replace("\r\n", "\n")
        self.assertIn("\033[34mlcmd [a]: printf", seen)
        self.assertIn("stdout:\n\033[32mx\ufffd[2J\033[0m\n", seen)
        self.assertIn("stderr:\n\033[33me\033[0m\n\033[34mlcmd [b]", seen)
        self.assertIn("stderr:\n\033[31me\033[0m\nreturn code: "
                      "\033[31m1\033[0m\nattempts:    \033[31m1\033[0m\n",
                      seen)
        for option in (["-c"], ["--no-color"]):
            run = self.netpush("lcmd", *option, "-m", "a", "--", "echo x",
                               stdout=terminal.slave, TERM="xterm").wait()
            terminal.expect("1 total")
            self.assertNotIn("\033", terminal.seen[len(seen) + 20:])
            seen = terminal.seen
        self.netpush("lcmd", "-m", "a", "--", "echo x", NO_COLOR="1",
                     stdout=terminal.slave, TERM="xterm").wait()
        terminal.expect("1 total")
        self.assertNotIn("\033", terminal.seen[len(seen):])

    def test_a_terminal_sees_whole_characters(self):
        """Also where one piece of a long output ends and the next begins."""
        terminal = self.terminal()
        run = self.netpush(
            "lcmd", "-c", "-m", "a", "--",
            "head -c 65535 /dev/zero | tr '\\0' x; printf '\\303\\244|\\303'",
            stdout=terminal.slave)
        terminal.expect("1 total")
        run.wait()
        self.assertIn("xx\xe4|\ufffd\r\n", terminal.seen)

    def test_p20_bytes_that_are_no_text(self):
        run = self.tool("lcmd", "-m", "a", "--", "printf '\\377\\000\\nx'")
        self.assertIn(b"stdout:\n\xff\x00\nx\n1 succeeded", run.stdout_bytes)

    def test_p21_killed_by_a_signal(self):
        run = self.tool("lcmd", "-m", "a", "--", "kill -9 $$", expect=1)
        self.assertIn("return code: -9\n", run.stdout)
        run = self.tool("lcmd", "-m", "a", "--", "none-such", expect=1)
        self.assertIn("return code: 127\n", run.stdout)

    def test_p22_a_timeout_ends_all_of_it(self):
        mark = os.path.join(self.tmp, "mark")
        run = self.tool("lcmd", "--timeout", "300ms", "-m", "a", "b", "--",
                        "echo before; test ?HOST = b || sleep 1000 & "
                        "wait; echo after >%s?HOST" % mark, expect=1)
        self.assertIn("stdout:\nbefore\nstderr:\nit was not done in time and "
                      "was ended\nreturn code: 124\n", run.stdout)
        self.assertIn("1 succeeded, 1 failed", run.stdout)
        self.assertFalse(os.path.exists(mark + "a"))
        self.assertTrue(os.path.exists(mark + "b"))

    def test_the_umask_is_the_users(self):
        run = self.tool("lcmd", "-m", "a", "--", "umask")
        self.assertIn("stdout:\n%04o\n" % self.umask(), run.stdout)

    @staticmethod
    def umask():
        mask = os.umask(0)
        os.umask(mask)
        return mask

    def test_no_secret_reaches_a_command(self):
        run = self.tool("lcmd", "-m", "a", "--", "env", password="hunter2",
                        NETPUSH_PASSPHRASE="hunter3")
        self.assertNotIn("hunter", run.stdout)

    def test_gather(self):
        run = self.tool("lcmd", "-b", "-m", "web[1-9]", "db", "--",
                        "case ?HOST in web4) echo four;; web*) echo w;; "
                        "*) exit 1; esac", expect=1)
        words = ("case %s in web4) echo four;; web*) echo w;; "
                 "*) exit 1; esac")
        self.assertEqual(run.stdout, text(
            "lcmd [web[1-3,5-9]] (8 hosts): " + words % "?HOST", "stdout:",
            "w", "lcmd [web4]: " + words % "web4", "stdout:", "four",
            "lcmd [db]: " + words % "db", "return code: 1",
            "attempts:    1", "9 succeeded, 1 failed, 10 total", "",
            "Failed hosts:", "db"))

    def test_stream(self):
        """A line is there before its command has ended, and one host does
        not wait for another."""
        os.mkfifo(os.path.join(self.tmp, "go"))
        run = self.start_tool("lcmd", "--stream", "-m", "a", "b", "--",
                              "test ?HOST = b && echo now && exit; "
                              "echo one; echo two >&2; read x <go; printf e;"
                              "exit 3")
        wait_until(lambda: "a: one\n" in run.stdout and
                   "b: now\n" in run.stdout and
                   "a: two\n" in run.stderr, "the lines")
        self.assertIsNone(run.process.poll())
        with open(os.path.join(self.tmp, "go"), "w", encoding="ascii"):
            pass
        run.wait()
        self.assertEqual(run.returncode, 1)
        self.assertIn("a: return code: 3\n", run.stderr)
        self.assertEqual(sorted(run.stdout.split("\n")[:3]),
                         ["a: e", "a: one", "b: now"])
        self.assertIn("1 succeeded, 1 failed, 2 total\n\nFailed hosts:\na\n",
                      run.stdout)

    def test_json(self):
        run = self.tool("lcmd", "--json", "-m", "a", "b", "a", "--",
                        "printf '\"\\303\\244\\377'; test ?HOST = a",
                        expect=1)
        self.check_json(json.loads(run.stdout))
        run = self.tool("lcmd", "--json=out.json", "-m", "a", "b", "a", "--",
                        "printf '\"\\303\\244\\377'; test ?HOST = a",
                        expect=1)
        self.assertIn("2 succeeded, 1 failed", run.stdout)
        with open(self.json_path, encoding="utf-8") as file:
            self.check_json(json.load(file))

    def check_json(self, result):
        summary = result["summary"]
        self.assertEqual(
            {k: v for k, v in summary.items() if k != "total_duration"},
            {"command": "printf '\"\\303\\244\\377'; test ?HOST = a",
             "total_routers": 3, "successful": 2, "failed": 1, "not_run": 0})
        self.assertEqual([(r["router_name"], r["status"], r["return_code"])
                          for r in result["results"]],
                         [("a", "success", 0), ("b", "failed", 1),
                          ("a", "success", 0)])
        for one in result["results"]:
            self.assertEqual(one["output"], "\"\xe4\ufffd")
            self.assertTrue(one["binary"])
            self.assertLessEqual(one["start_time"], one["end_time"])
            self.assertGreaterEqual(one["execution_duration"], 0)
            self.assertIsNone(one["error"])

    def test_outdir(self):
        out = os.path.join(self.tmp, "out")
        self.tool("lcmd", "--outdir", out, "-m", "a", "b", "a", "--",
                  "printf '?HOST\\n\\n'; test ?HOST = a || echo e >&2")
        found = {}
        for name in os.listdir(out):
            with open(os.path.join(out, name), encoding="ascii") as file:
                found[name] = file.read()
        self.assertEqual(found, {"a": "a\n\n", "b": "b\n\n", "a.2": "a\n\n",
                                 "b.stderr": "e\n"})

    def test_outdir_keeps_what_each_said(self):
        """Nobody's file is another's, however the hosts are called."""
        out = os.path.join(self.tmp, "out")
        for hosts in (["a", "a", "a.2"], ["a", "a.stderr"]):
            run = self.tool("lcmd", "--outdir", out, "-m", *hosts, "--",
                            "echo run >>%s/ran; echo e >&2" % self.tmp,
                            expect=2)
            self.assertIn("would both be written to", run.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.tmp, "ran")))

    def test_outdir_that_takes_nothing_is_a_failure(self):
        out = os.path.join(self.tmp, "out")
        os.makedirs(os.path.join(out, "a"))
        run = self.tool("lcmd", "--outdir", out, "-m", "a", "--", "echo x",
                        expect=1)
        self.assertIn("out/a cannot be written", run.stderr)

    def test_nobody_waits_for_a_terminal(self):
        """A command that asks the terminal is refused: as a background job
        it would be stopped by it, and never come back."""
        run = self.tool("lcmd", "-m", "a", "--",
                        "test $(ps -o sid= -p $$) = $$ && echo alone")
        self.assertIn("stdout:\nalone\n", run.stdout)

    def test_json_holds_nothing_that_a_terminal_obeys(self):
        run = self.tool("lcmd", "--json", "-m", "a", "--",
                        "printf '\\302\\233x'")
        self.assertIn('"output": "\\u009bx"', run.stdout)
        self.assertEqual(json.loads(run.stdout)["results"][0]["output"],
                         "\x9bx")

    def test_large_outputs_leave_memory(self):
        """200 MB through a parent that keeps little of it, shown in order,
        and nothing is left behind."""
        os.mkfifo(os.path.join(self.tmp, "go"))
        run = self.start_tool(
            "lcmd", "-j", "4", "-m", "h[1-20]", "--",
            "head -c 10000000 /dev/zero | tr '\\0' x; "
            "test ?HOST != h20 || read x <go || true")
        wait_until(lambda: len(run.stdout_bytes) > 19 * 10000000,
                   "all but the last")
        peak = self.peak_kb(run.pid)
        with open(os.path.join(self.tmp, "go"), "w", encoding="ascii"):
            pass
        self.assertEqual(run.wait().returncode, 0)
        self.assertGreater(len(run.stdout_bytes), 20 * 10000000)
        self.assertIn(b"20 succeeded", run.stdout_bytes[-100:])
        if "ASAN_OPTIONS" not in os.environ:
            self.assertLess(peak, 60000)
        left = os.path.join(self.state_dir, "shell")
        self.assertEqual(os.listdir(left), [])


if __name__ == "__main__":
    main()
