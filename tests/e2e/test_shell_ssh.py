"""rcmd and rscript against real OpenSSH servers (P8 to P25), and how a host is
reached: ~/.ssh/config, keys, passwords, host keys, jump hosts, retries."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading

from farm import Farm
from harness import main, wait_until
from sshd import free_port
from sshhosts import SshCase


def text(*lines):
    return "".join(line + "\n" for line in lines)


class Commands(SshCase):
    def setUp(self):
        super().setUp()
        self.start_hosts("web1", "web2")

    def test_p8_words_are_joined_and_read_again(self):
        run = self.tool("rcmd", "-m", "web1", "--", "printf '<%s>'", "'a b'",
                        "c", "?HOST", "??HOST", stdin="nothing\n")
        self.assertEqual(run.stdout, text(
            "rcmd [web1]: printf '<%s>' 'a b' c web1 ?HOST", "stdout:",
            "<a b><c><web1><?HOST>", "1 succeeded, 0 failed, 1 total", ""))

    def test_p8_nothing_to_read(self):
        run = self.tool("rcmd", "-m", "web1", "web2", "--", "cat; echo $?",
                        stdin="one\ntwo\n")
        self.assertEqual(run.stdout.count("stdout:\n0\n"), 2)

    def test_p14_p15_p17(self):
        run = self.tool(
            "rcmd", "-u", "root", "-m", "web1", "web2", "--",
            "echo out; test ?HOST = web1 || { echo err >&2; exit 3; }",
            expect=1)
        words = "echo out; test %s = web1 || { echo err >&2; exit 3; }"
        self.assertEqual(run.stdout, text(
            "rcmd [root@web1]: " + words % "web1", "stdout:", "out",
            "rcmd [root@web2]: " + words % "web2", "stdout:", "out",
            "stderr:", "err", "return code: 3", "attempts:    1",
            "1 succeeded, 1 failed, 2 total", "", "Failed hosts:", "web2"))
        self.assertEqual(run.stderr, "")

    def test_p5_by_name(self):
        self.tool("rcmd", "-m", "web1", "--", "false", expect=255,
                  by_name=True)

    def test_hosts_do_not_share_what_they_have(self):
        self.tool("rcmd", "-m", "web1", "web2", "--",
                  "echo ?HOST >/tmp/x; echo ?HOST >~/y")
        for name in ("web1", "web2"):
            for part in ("tmp/x", "root/y"):
                with open(self.servers[name].path(part),
                          encoding="ascii") as file:
                    self.assertEqual(file.read(), name + "\n")
        self.assertFalse(os.path.exists("/root/y"))

    def test_p16_order(self):
        """The first ends last, and is shown first."""
        run = self.start_tool(
            "rcmd", "-m", "web1", "web2", "--",
            "until test -e /tmp/?HOST; do sleep 0.02; done; echo ?HOST; "
            "echo >/tmp/done")
        for name in ("web2", "web1"):
            with open(self.servers[name].path("tmp", name), "wb"):
                pass
            wait_until(lambda n=name: os.path.exists(
                self.servers[n].path("tmp", "done")), name + "'s end")
            # What web2 said is kept until it is its turn.
            if name == "web2":
                self.assertEqual(run.stdout, "")
        run.wait()
        self.assertLess(run.stdout.index("stdout:\nweb1"),
                        run.stdout.index("rcmd [web2]"))

    def test_p20_bytes(self):
        run = self.tool("rcmd", "-m", "web1", "--",
                        "printf '\\377\\000\\nx'; printf '\\376' >&2")
        self.assertIn(b"stdout:\n\xff\x00\nx\nstderr:\n\xfe\n1 succ",
                      run.stdout_bytes)

    def test_p21_a_signal_there(self):
        run = self.tool("rcmd", "-m", "web1", "--", "kill -TERM $$", expect=1)
        self.assertIn("return code: -15\nattempts:    1\n", run.stdout)

    def test_p22_timeout(self):
        run = self.tool("rcmd", "--timeout", "1s", "-m", "web1", "web2", "--",
                        "echo before; test ?HOST = web2 || sleep 1000",
                        expect=1)
        self.assertIn("stdout:\nbefore\nstderr:\nit was not done in time and "
                      "was left\nreturn code: 124\nattempts:    1\n",
                      run.stdout)
        self.assertIn("1 succeeded, 1 failed", run.stdout)

    def test_p22_timeout_of_a_host_that_says_nothing(self):
        """It is the time of the host, not of one attempt."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            run = self.tool("rcmd", "--timeout", "1s", "-m", "127.0.0.1:%d" %
                            server.getsockname()[1], "--", "true", expect=1)
        self.assertIn("return code: 124\nattempts:    1\n", run.stdout)

    def test_large_outputs_of_both_streams(self):
        run = self.tool("rcmd", "-m", "web1", "web2", "--",
                        "head -c 3000000 /dev/zero | tr '\\000' o; "
                        "head -c 3000000 /dev/zero | tr '\\000' e >&2")
        self.assertEqual(run.stdout.count("o" * 3000000), 2)
        self.assertEqual(run.stdout.count("e" * 3000000), 2)
        self.assertEqual(os.listdir(os.path.join(self.state_dir, "shell")),
                         [])

    def test_json(self):
        run = self.tool("rcmd", "--json", "-m", "web2", "web1", "--",
                        "echo ?HOST")
        result = json.loads(run.stdout)
        self.assertEqual([(r["router_name"], r["output"])
                          for r in result["results"]],
                         [("web2", "web2\n"), ("web1", "web1\n")])

    def test_a_worker_that_is_killed_costs_one_host(self):
        run = self.start_tool("rcmd", "-s", "-m", "web1", "web2", "web1",
                              "--", "test ?HOST = web2 || exit 0; "
                              "echo >/tmp/here; sleep 1000")
        wait_until(lambda: os.path.exists(
            self.servers["web2"].path("tmp", "here")), "the second command")
        [worker] = run.children()
        os.kill(worker, signal.SIGKILL)
        run.wait()
        self.assertEqual(run.returncode, 1)
        self.assertIn("stderr:\nits worker was killed by signal 9\n"
                      "return code: 255\nattempts:    1\n", run.stdout)
        self.assertIn("2 succeeded, 1 failed", run.stdout)

    def test_interrupted(self):
        run = self.start_tool("rcmd", "-s", "-m", "web1", "web2", "--",
                              "echo here >/tmp/here; sleep 1000")
        wait_until(lambda: os.path.exists(
            self.servers["web1"].path("tmp", "here")), "the first command")
        run.signal(signal.SIGINT)
        run.wait()
        self.assertEqual(run.returncode, -signal.SIGINT)
        self.assertIn("return code: 130\n", run.stdout)
        self.assertIn("0 succeeded, 1 failed, 2 total, 1 not run\n\n"
                      "Failed hosts:\nweb1\nNot run:\nweb2\n", run.stdout)
        self.assertIn("called off", run.stderr)
        self.assertEqual(self.servers["web2"].logins(), 0)


class Scripts(SshCase):
    def setUp(self):
        super().setUp()
        self.start_hosts("web1")

    def script(self, *texts, options=(), expect=0):
        paths = [self.write("s%d" % i, t) for i, t in enumerate(texts)]
        return self.tool("rscript", *options, "-m", "web1", "--", *paths,
                         expect=expect)

    def test_p11_without_a_first_line(self):
        run = self.script("echo $0 ?HOST ??HOST\necho last")
        self.assertEqual(run.stdout.split("\n", 1)[1], text(
            "stdout:", "/bin/bash web1 ?HOST", "last",
            "1 succeeded, 0 failed, 1 total", ""))
        self.assertRegex(run.stdout, r"\Arscript \[web1\]: running \S*/s0\n")

    def test_p11_the_first_line_counts(self):
        run = self.script("#! /usr/bin/env -S python3 -u\n"
                          "import sys\nprint(sys.argv[0].split('/')[-1], "
                          "repr(sys.stdin.read()), '?HOST')\n"
                          "print(\"it's\", file=sys.stderr)\nsys.exit(5)",
                          expect=1)
        self.assertIn(text("stdout:", "s0 '' web1", "stderr:", "it's",
                           "return code: 5"), run.stdout)
        self.assertEqual(os.listdir(self.servers["web1"].path("tmp")), [])

    def test_p11_one_after_the_other_until_one_fails(self):
        run = self.script("echo one", "#!/bin/sh\necho two; exit 4",
                          "echo three", expect=1)
        self.assertIn(text("stdout:", "one", "two", "return code: 4"),
                      run.stdout)
        self.assertEqual(self.servers["web1"].logins(), 1)

    def test_p11_errexit(self):
        self.assertIn("after", self.script("false\necho after").stdout)
        run = self.script("false\necho after", options=["-e"], expect=1)
        self.assertNotIn("after", run.stdout)

    def test_p11_nothing(self):
        self.assertIn("1 succeeded", self.script("", "\n", "#!\n").stdout)

    def test_p11_a_script_that_is_not_there(self):
        run = self.tool("rscript", "-m", "web1", "--", "none", expect=2)
        self.assertIn("rscript: error: can't open 'none': No such file",
                      run.stderr)
        self.assertEqual(self.servers["web1"].logins(), 0)

    def test_no_script_is_run_in_part(self):
        name = "long" + "g" * 60
        self.start_hosts(name)
        script = self.write("s", "echo begin\n#" + "?HOST" * 300000 +
                            "\necho end; exit 3\n")
        run = self.tool("rscript", "-m", name, "--", script, expect=1)
        self.assertNotIn("begin", run.stdout)
        self.assertIn("longer than 16 MiB when ?HOST is filled in",
                      run.stdout)
        self.assertIn("return code: 255\nattempts:    1\n", run.stdout)

    def test_a_large_script_without_end_of_line(self):
        run = self.script("# " + "x" * 3000000 + "\nprintf done")
        self.assertIn("stdout:\ndone\n", run.stdout)


class Reach(SshCase):
    """How a host is found and logged in to."""

    def test_ssh_config(self):
        self.start_hosts("web1")
        other = self.key("other")
        port = self.servers["web1"].port
        self.config("Host alias-* !alias-9\n HostName 127.0.0.1\n Port %d\n"
                    "User root\nIdentityFile %s\nIdentityFile ~/.ssh/%%n\n"
                    % (port, other))
        shutil.move(self.user_key, os.path.join(
            os.path.dirname(self.user_key), "alias-1"))
        run = self.tool("rcmd", "-m", "alias-1", "--", "echo $USER")
        self.assertIn("rcmd [alias-1]: echo $USER\nstdout:\nroot\n",
                      run.stdout)
        run = self.tool("rcmd", "-m", "alias-2", "--", "true", expect=1)
        self.assertIn("login as root refused", run.stdout)
        run = self.tool("rcmd", "--connect-timeout", "5s", "-m",
                        "127.0.0.1:%d" % port, "--identity",
                        os.path.join(self.home, ".ssh", "alias-1"), "--",
                        "echo ?HOST")
        self.assertIn("stdout:\n127.0.0.1:%d\n" % port, run.stdout)

    def test_the_users_order(self):
        self.start_hosts("web1")
        self.config("User fromconfig\n")
        for argv, env, user in (
                (["-m", "given@web1", "-u", "option"], {}, "given"),
                (["-m", "web1", "-u", "option"], {}, "option"),
                (["-m", "web1"], {"NETPUSH_USERNAME": "env"}, "env"),
                (["-m", "web1"], {}, "fromconfig")):
            run = self.tool("rcmd", *argv, "--", "true", expect=1, **env)
            self.assertIn("login as %s refused" % user, run.stdout)
        self.config("")
        run = self.tool("rcmd", "-m", "web1", "--", "id -un")
        self.assertIn("stdout:\nroot\n", run.stdout)

    def test_host_keys(self):
        self.start_hosts("web1", known=False)
        run = self.tool("rcmd", "--host-keys", "strict", "-m", "web1", "--",
                        "true", expect=1)
        self.assertIn("is not in known_hosts", run.stdout)
        self.assertEqual(self.servers["web1"].logins(), 0)
        self.config("StrictHostKeyChecking yes\nUserKnownHostsFile ~/k1 "
                    "~/k2\n")
        self.tool("rcmd", "-m", "web1", "--", "true", expect=1)
        self.config("UserKnownHostsFile ~/k1 ~/k2\n")
        self.tool("rcmd", "-m", "web1", "--", "true")
        with open(os.path.join(self.home, "k1"), encoding="ascii") as file:
            self.assertIn("[127.0.0.1]:%d" % self.servers["web1"].port,
                          file.read())
        os.rename(os.path.join(self.home, "k1"),
                  os.path.join(self.home, "k2"))
        self.config("StrictHostKeyChecking yes\nUserKnownHostsFile ~/k1 "
                    "~/k2\n")
        self.tool("rcmd", "-m", "web1", "--", "true")

    def test_a_changed_host_key_is_not_tried_again(self):
        self.start_hosts("web1", known=False)
        with open(self.key("wrong") + ".pub", encoding="ascii") as file:
            self.write("home/.ssh/known_hosts", "[127.0.0.1]:%d %s" %
                       (self.servers["web1"].port, file.read()))
        run = self.tool("rcmd", "-m", "web1", "--", "true", expect=1)
        self.assertIn("HOST KEY HAS CHANGED", run.stdout)
        self.assertIn("return code: 255\nattempts:    1\n", run.stdout)

    def test_agent(self):
        self.start_hosts("web1")
        sock = os.path.join(self.tmp, "agent")
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", sock],
                                 stdout=subprocess.DEVNULL)
        self.addCleanup(agent.wait)
        self.addCleanup(agent.terminate)
        wait_until(lambda: os.path.exists(sock), "the agent")
        subprocess.run(["ssh-add", "-q", self.user_key], check=True,
                       env={**os.environ, "SSH_AUTH_SOCK": sock})
        os.unlink(self.user_key)
        self.tool("rcmd", "-m", "web1", "--", "true", SSH_AUTH_SOCK=sock)
        self.tool("rcmd", "--agent", "-m", "web1", "--", "true",
                  SSH_AUTH_SOCK=sock)
        self.config("IdentitiesOnly yes\n")
        run = self.tool("rcmd", "-m", "web1", "--", "true", expect=2,
                        SSH_AUTH_SOCK=sock)
        self.assertIn("there is no password", run.stderr)

    def test_an_encrypted_key(self):
        self.start_hosts("web1")
        subprocess.run(["ssh-keygen", "-q", "-p", "-N", "open sesame", "-f",
                        self.user_key], check=True,
                       stdout=subprocess.DEVNULL)
        self.tool("rcmd", "-m", "web1", "--", "true",
                  NETPUSH_PASSPHRASE="open sesame")
        self.tool("rcmd", "-m", "web1", "--", "true", expect=2)

    def test_p25_nobody_is_asked_and_nothing_hangs(self):
        self.start_hosts("web1")
        os.unlink(self.user_key)
        run = self.tool("rcmd", "-m", "web1", "--", "true", expect=2)
        self.assertIn("there is no password", run.stderr)
        self.assertEqual(self.servers["web1"].logins(), 0)

    def test_jump_host(self):
        self.start_hosts("jump", "web1")
        wrapper_dir = os.path.join(self.tmp, "bin")
        os.mkdir(wrapper_dir)
        self.write("bin/ssh", "#!/bin/sh\nexec /usr/bin/ssh -F %s/.ssh/config"
                   " -o UserKnownHostsFile=%s -i %s \"$@\"\n" %
                   (self.home, self.known_hosts, self.user_key), 0o700)
        self.config("Host web1\n ProxyJump jump\n")
        run = self.tool("rcmd", "-m", "web1", "--", "echo through",
                        PATH=wrapper_dir + ":" + os.environ["PATH"])
        self.assertIn("stdout:\nthrough\n", run.stdout)
        self.assertEqual(self.servers["jump"].logins(), 1)

    def test_jump_hosts_one_behind_the_other(self):
        self.start_hosts("j1", "j2", "web1")
        wrapper_dir = os.path.join(self.tmp, "bin")
        os.mkdir(wrapper_dir)
        # The one that ssh itself starts for the first hop reads root's own
        # files: it is told by its options.
        self.write("bin/ssh", "#!/bin/sh\nexec /usr/bin/ssh -F %s/.ssh/config"
                   " -o UserKnownHostsFile=%s -i %s \"$@\"\n" %
                   (self.home, self.known_hosts, self.user_key), 0o700)
        self.config("UserKnownHostsFile %s\nIdentityFile %s\n"
                    "Host web1\n ProxyJump j1,root@j2\n" %
                    (self.known_hosts, self.user_key))
        run = self.tool("rcmd", "-m", "web1", "--", "echo through",
                        PATH=wrapper_dir + ":" + os.environ["PATH"])
        self.assertIn("stdout:\nthrough\n", run.stdout)
        for name in ("j1", "j2", "web1"):
            self.assertEqual(self.servers[name].logins(), 1, name)

    def test_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6 here")
        self.start_hosts("web1", options=["ListenAddress ::1"])
        port = self.servers["web1"].port
        run = self.tool("rcmd", "-m", "root@[::1]:%d" % port, "--",
                        "echo ?HOST")
        self.assertIn("rcmd [root@[::1]:%d]: echo [::1]:%d\nstdout:\n"
                      "[::1]:%d\n" % (port, port, port), run.stdout)

    def test_a_reader_that_went_away(self):
        """It is said, and the hosts are done all the same."""
        read, write = os.pipe()
        os.close(read)
        run = self.netpush("lcmd", "-m", "h[1-3]", "--",
                           "echo >>%s/done" % self.tmp, stdout=write).wait()
        os.close(write)
        self.assertEqual(run.returncode, 1)
        self.assertIn("not everything could be written", run.stderr)
        with open(os.path.join(self.tmp, "done"), encoding="ascii") as file:
            self.assertEqual(file.read(), "\n\n\n")

    def test_proxy_command_is_refused_with_words(self):
        self.start_hosts("web1")
        self.config("ProxyCommand nc %h %p\n")
        run = self.tool("rcmd", "-m", "web1", "--", "true", expect=1)
        self.assertIn("ProxyCommand, which is not supported", run.stdout)


class Passwords(SshCase):
    """A mistyped password is offered once, whatever the number of hosts."""

    def test_one_refusal_ends_it(self):
        self.start_lab(*["R%d" % i for i in range(5)])
        hosts = ["netops@%s:%d" % (address, self.lab.port)
                 for _, address, _ in self.devices]
        run = self.tool("rcmd", "-m", *hosts, "--", "show version",
                        password="wrong", expect=1)
        self.assertIn("5 total, 4 not run", run.stdout)
        self.assertIn("the password was refused by", run.stderr)
        tries = [e for e in self.lab.witness(event="auth")]
        self.assertEqual(len({e["device"] for e in tries}), 1)


class Drop:
    """A server that closes the first connections before it says anything."""

    def __init__(self, port, drops):
        self.port, self.drops, self.seen = port, drops, 0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.own = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.seen += 1
            if self.seen <= self.drops:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.port))
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(a, b),
                                 daemon=True).start()

    @staticmethod
    def pump(a, b):
        try:
            while True:
                data = a.recv(65536)
                if not data:
                    break
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Retry(SshCase):
    def test_p13_what_never_reached_the_command_is_tried_again(self):
        self.start_hosts("web1")
        drop = Drop(self.servers["web1"].port, 2)
        self.addCleanup(drop.socket.close)
        run = self.tool("rcmd", "-m", "127.0.0.1:%d" % drop.own, "--",
                        "echo once >>/tmp/x; cat /tmp/x")
        self.assertIn("stdout:\nonce\nattempts:    3\n1 succeeded",
                      run.stdout)
        drop.seen = 0
        run = self.tool("rcmd", "-a", "2", "-m", "127.0.0.1:%d" % drop.own,
                        "--", "true", expect=1)
        self.assertIn("return code: 255\nattempts:    2\n", run.stdout)

    def test_p13_refused_connections_too(self):
        run = self.tool("rcmd", "-a", "2", "-m", "127.0.0.1:%d" % free_port(),
                        "--", "true", expect=1)
        self.assertIn("Connection refused\nreturn code: 255\n"
                      "attempts:    2\n", run.stdout)

    def test_p13_neither_a_command_nor_a_login(self):
        self.start_hosts("web1")
        run = self.tool("rcmd", "-m", "web1", "--",
                        "echo x >>/tmp/x; exit 255", expect=1)
        self.assertIn("return code: 255\nattempts:    1\n", run.stdout)
        with open(self.servers["web1"].path("tmp", "x"),
                  encoding="ascii") as file:
            self.assertEqual(file.read(), "x\n")
        run = self.tool("rcmd", "-u", "nobody", "-m", "web1", "--", "true",
                        expect=1)
        self.assertIn("login as nobody refused", run.stdout)
        self.assertIn("attempts:    1\n", run.stdout)

    def test_200_hosts_behind_three_doors(self):
        self.start_hosts("web1", options=["MaxStartups 3"])
        run = self.tool("rcmd", "-m", *["web1"] * 200, "--", "echo x")
        self.assertIn("200 succeeded, 0 failed, 200 total", run.stdout)
        self.assertEqual(self.servers["web1"].logins(), 200)

    def test_2000_hosts(self):
        """Each an address of one server: bounded processes, descriptors and
        memory of them all; the order is kept."""
        count = 500 if "ASAN_OPTIONS" in os.environ else 2000
        farm = Farm(count)
        self.addCleanup(farm.stop)
        farm.start()
        names = ["%s:%d" % (host, farm.port) for host in farm.hosts]
        path = self.write("hosts", "\n".join(names) + "\n")
        run = self.start_tool(
            "rcmd", "-j", "32", "-f", path, "--ssh-config", "none",
            "--identity", farm.identity, "--known-hosts", farm.known_hosts,
            "--", "echo x")
        most = {"children": 0, "files": 0}

        def look():
            if run.process.poll() is not None:
                return True
            # It may end, or be at its end, at any time.
            with contextlib.suppress(OSError, ValueError):
                children = run.children()
                most["children"] = max(most["children"], len(children))
                most["files"] = max(most["files"], max(
                    len(os.listdir("/proc/%d/fd" % pid))
                    for pid in [run.pid, *children]))
                most["peak"] = self.peak_kb(run.pid)
            return False
        wait_until(look, "its end", 200)
        self.assertEqual(run.returncode, 0, run.stdout[-300:])
        self.assertEqual(run.stdout.count("stdout:\nx\n"), count)
        self.assertEqual(
            re.findall(r"^rcmd \[(?:\w+@)?(.*?)\]:", run.stdout, re.M), names)
        self.assertLessEqual(most["children"], 32)
        self.assertLessEqual(most["files"], 32 + 20)
        if "ASAN_OPTIONS" not in os.environ:
            self.assertLess(most["peak"], 30000)


if __name__ == "__main__":
    main()
