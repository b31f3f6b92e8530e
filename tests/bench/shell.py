"""The parallel shell beside its peers, in one run on one sshd: pdsh, clush,
parallel-ssh, and one ssh for each host. The cryptography is pinned to what
all of them have (curve25519, aes128-ctr). Peers that are not installed are
left out. Needs root (sshd) and a build for release.

    NETPUSH_BINARY=build/release/netpush NETPUSH_SOURCE=$PWD \\
        python3 -B tests/bench/shell.py [--write] [--hosts N] [--repeat N]
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time

SOURCE = os.environ["NETPUSH_SOURCE"]
BINARY = os.environ["NETPUSH_BINARY"]
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(SOURCE, "tests", "e2e"))

from processes import Program, children, private_kb  # noqa: E402
from sshd import Sshd  # noqa: E402

PINNED = ["KexAlgorithms curve25519-sha256", "Ciphers aes128-ctr"]
PUSH_BYTES = 10 << 20
PUSH_HOSTS = 20
PAGE = os.path.join(SOURCE, "docs", "performance.md")
BEGIN = "<!-- shell figures: written by tests/bench/shell.py -->"
END = "<!-- end of the shell figures -->"


class Bench:
    def __init__(self, top, options):
        self.top, self.count = top, options.hosts
        self.repeat = options.repeat
        self.server = Sshd(top, *PINNED, "MaxStartups 10000",
                           "Subsystem sftp internal-sftp")
        self.ssh_options = [
            "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"]
        self.home = os.path.join(top, "home")
        os.makedirs(os.path.join(self.home, ".ssh"), 0o700)
        with open(os.path.join(top, "host.pub"), encoding="ascii") as key:
            self.write("home/.ssh/known_hosts", "[127.0.0.1]:%d %s" % (
                self.server.port, key.read()))
        self.config = self.write(
            "home/.ssh/config",
            "Host n*\n HostName 127.0.0.1\n Port %d\n User root\n"
            " IdentityFile %s\n UserKnownHostsFile %s/.ssh/known_hosts\n"
            " BatchMode yes\n IdentitiesOnly yes\n KexAlgorithms "
            "curve25519-sha256\n Ciphers aes128-ctr\n" % (
                self.server.port, self.server.identity, self.home))
        self.file = os.path.join(top, "file")
        self.dest = os.path.join(top, "dest")
        with open(self.file, "wb") as file:
            file.write(os.urandom(PUSH_BYTES))
        os.environ["HOME"] = self.home

    def write(self, name, text):
        path = os.path.join(self.top, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def names(self, count):
        return ["n%d" % i for i in range(count)]

    def commands(self):
        """What each of them is called with for `true` on all hosts."""
        hosts = self.names(self.count)
        listed = self.write("list", "\n".join(hosts) + "\n")
        f = "-F" + self.config
        os.environ["PDSH_SSH_ARGS"] = "-F %s %%h" % self.config
        os.environ["PDSH_SSH_ARGS_APPEND"] = ""
        fan = str(self.count)
        found = {
            "netpush": [BINARY, "rcmd", "-f", listed, "--", "true"],
            "pdsh": ["pdsh", "-R", "ssh", "-f", fan, "-w",
                     ",".join(hosts), "true"],
            "clush": ["clush", "-n", "-f", fan, "-w", ",".join(hosts), "-o", f,
                      "true"],
            "parallel-ssh": ["parallel-ssh", "-p", fan, "-h", listed, "-x",
                             f, "true"],
            "one ssh each": [sys.executable,
                             os.path.join(HERE, "one_ssh_each.py"),
                             str(self.count), "ssh", f, "n{}", "true"],
        }
        return {k: v for k, v in found.items() if shutil.which(v[0])}

    def pushes(self):
        hosts = self.names(PUSH_HOSTS)
        listed = self.write("list-push", "\n".join(hosts) + "\n")
        f, fan = "-F" + self.config, str(PUSH_HOSTS)
        found = {
            "netpush": [BINARY, "rpush", "-d", self.dest, "-f", listed,
                        "--", self.file],
            "clush": ["clush", "-n", "-f", fan, "-w", ",".join(hosts), "-o", f,
                      "--copy", self.file, "--dest", self.dest],
            "parallel-ssh": ["parallel-scp", "-p", fan, "-h", listed, "-x",
                             f, self.file, self.dest],
            "one ssh each": [sys.executable,
                             os.path.join(HERE, "one_ssh_each.py"),
                             str(PUSH_HOSTS), "scp", "-q", f, self.file,
                             "n{}:" + self.dest],
        }
        return {k: v for k, v in found.items() if shutil.which(v[0])}

    def weigh(self, commands, count):
        """{name: [(wall, CPU ms a host)]}, the runs of all interleaved."""
        costs = {name: [] for name in commands}
        for _ in range(self.repeat):
            for name, argv in commands.items():
                cost = Program(argv, self.top).wait()
                costs[name].append((cost.wall, 1000 * cost.cpu / count))
        return costs

    def memory(self):
        """MiB a host, while 64 commands are under way at once."""
        listed = self.write("list", "\n".join(self.names(64)) + "\n")
        program = Program([BINARY, "rcmd", "-f", listed, "--",
                           "echo up; exec sleep 1000"], self.top)
        try:
            while len(children(program.pid)) < 64 or \
                    not self.sleeping(64):
                time.sleep(0.05)
            workers = children(program.pid)
            kb = sum(map(private_kb, workers)) + private_kb(program.pid)
            return kb / 1024 / len(workers)
        finally:
            program.process.terminate()
            program.process.wait()

    def sleeping(self, count):
        done = subprocess.run(["pgrep", "-c", "-f", "^sleep 1000$"],
                              stdout=subprocess.PIPE, check=False)
        return int(done.stdout or 0) >= count


def median(values):
    return sorted(values)[len(values) // 2]


def rows(title, costs, note=""):
    """Lines of the table: netpush's own, and the others as multiples."""
    names = list(costs)
    base = {i: median([c[i] for c in costs["netpush"]]) for i in (0, 1)}
    lines = ["", "| %s | %s |" % (title, " | ".join(names)),
             "|---|" + "---|" * len(names)]
    for i, what, unit in ((1, "client CPU a host", "%.2f ms"),
                          (0, "wall time", "%.2f s")):
        cells = [unit % base[i]]
        for name in names[1:]:
            value = median([c[i] for c in costs[name]])
            cells.append("%.1f x" % (value / base[i]))
        lines.append("| %s | %s |" % (what, " | ".join(cells)))
    return lines + ([note] if note else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    top = tempfile.mkdtemp(prefix="netpush-shell-bench-")
    bench = None
    try:
        bench = Bench(top, options)
        lines = rows("`true` on %d hosts" % options.hosts,
                     bench.weigh(bench.commands(), options.hosts))
        lines += rows("10 MiB to %d hosts" % PUSH_HOSTS,
                      bench.weigh(bench.pushes(), PUSH_HOSTS))
        lines += ["", "Private memory a host, 64 held at once, the parent "
                  "included: %.2f MiB." % bench.memory()]
    finally:
        if bench:
            bench.server.stop()
        shutil.rmtree(top)
    print("\n".join(lines))
    if options.write:
        with open(PAGE, encoding="utf-8") as file:
            before, _, rest = file.read().partition(BEGIN)
        after = rest.partition(END)[2]
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(before + BEGIN + "\n" + "\n".join(lines) + "\n\n" +
                       END + after)


if __name__ == "__main__":
    main()
