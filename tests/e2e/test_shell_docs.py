"""The examples of docs/shell.md and of the manual page, executed: with three
web servers, and a router."""

import os
import re
import shlex
import shutil
import subprocess

from harness import PASSWORD, SOURCE, USERNAME, main, wait_until
from sshhosts import SshCase

TOOLS = ("rhosts", "lcmd", "rcmd", "rpush", "rpull", "rscript")
SHOWN = re.compile(r"<!-- check: shell -->\n```console\n\$ (.*?)\n(.*?)```",
                   re.DOTALL)


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as file:
        return file.read()


def of_the_manual():
    return [line[4:].replace("\\-", "-").replace("\\&", "")
            for line in read("docs", "netpush.1").splitlines()
            if line.startswith(".Dl ")]


class Examples(SshCase):
    def setUp(self):
        super().setUp()
        names = ["web1", "web2", "web3"]
        self.start_hosts(*names)
        self.start_lab("R1", known=False)
        with open(self.lab.known_hosts, encoding="utf-8") as lab, \
                open(self.known_hosts, "a", encoding="utf-8") as known:
            known.write(lab.read())
        [(_, address, _)] = self.devices
        self.config("Host R1\n HostName %s\n Port %d\n" %
                    (address, self.lab.port))
        config = os.path.join(self.home, ".ssh", "config")
        with open(config, encoding="utf-8") as file:
            self.write("my_config", file.read())
        for name in names:
            with open(self.servers[name].path("tmp", "app.log"), "w",
                      encoding="ascii") as file:
                file.write(name)
        self.write("hosts.txt", "web1\nweb2 # the second\n")
        self.write("devices.yml", self.device_list())
        self.write("motd", "hello\n")
        self.write("setup.sh", "echo set up ?HOST\n")
        self.write("report.py", "#!/usr/bin/python3\n"
                   "print('a report of ?HOST')\n")

        self.write("secret", PASSWORD + "\n")
        os.mkdir(os.path.join(self.tmp, "mine"))
        shutil.copy(self.known_hosts, os.path.join(self.tmp, "my_hosts"))
        shutil.copy(self.user_key, os.path.join(self.tmp, "my_key"))
        self.start_agent()

    def start_agent(self):
        self.agent = os.path.join(self.tmp, "agent")
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", self.agent],
                                 stdout=subprocess.DEVNULL)
        self.addCleanup(agent.wait)
        self.addCleanup(agent.terminate)
        wait_until(lambda: os.path.exists(self.agent), "the agent")
        subprocess.run(["ssh-add", "-q", self.user_key], check=True,
                       env={**os.environ, "SSH_AUTH_SOCK": self.agent})

    def call(self, line):
        """As in a shell; network devices want a password."""
        argv = shlex.split(line)
        self.assertEqual(argv[0], "netpush")
        env = {"SSH_AUTH_SOCK": self.agent}
        if "cisco_ios" in argv or "devices.yml" in argv:
            env = {"password": PASSWORD, "NETPUSH_USERNAME": USERNAME}
        return self.tool(argv[1], *argv[2:], expect=None, **env)

    def test_the_page(self):
        shown = SHOWN.findall(read("docs", "shell.md"))
        self.assertGreater(len(shown), 7)
        for line, output in shown:
            with self.subTest(line):
                run = self.call(line)
                self.assertEqual((run.stdout, run.stderr), (output, ""))
                self.assertEqual(run.returncode, "Failed hosts" in output)

    def test_the_manual(self):
        for line in of_the_manual():
            with self.subTest(line):
                run = self.call(line)
                self.assertEqual((run.returncode, run.stderr), (0, "")
                                 if "--stream" not in line
                                 else (0, run.stderr), run.stdout)

    def test_every_option_has_an_example(self):
        seen = set()
        for line in of_the_manual():
            seen |= {word.split("=")[0] for word in shlex.split(line)
                     if word.startswith("-")}
        for tool in TOOLS:
            told = set(re.findall(r"(?m)^ +(?:-\w, )?(--[a-z_-]+)",
                                  self.tool(tool, "--help").stdout))
            told |= set(re.findall(r"(?m)^ +(-\w), ",
                                   self.tool(tool, "--help").stdout))
            self.assertLessEqual(told, seen, tool)

    def test_the_manual_is_well_formed(self):
        path = os.path.join(SOURCE, "docs", "netpush.1")
        try:
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "error",
                                   path], stdout=subprocess.PIPE, check=False)
        except FileNotFoundError:
            self.skipTest("mandoc is not installed")
        self.assertEqual(done.stdout, b"")


if __name__ == "__main__":
    main()
