"""What the bench measures of the parallel shell: the same work on the same
servers, by netpush and by what people use today. Each tool runs in turn, so
that all see the same machine.

The servers offer one key exchange, one cipher and one MAC, which every client
then uses: OpenSSH's own client would choose a post-quantum exchange, and what
is to be measured is not that.
"""

import filecmp
import os
import shutil
import subprocess
import sys
import time

from measures import PATIENCE, SOURCE, Place, Row, median
from processes import Failed, Program, tree_fds, tree_kb, tree_of

sys.path.insert(0, os.path.join(SOURCE, "tests", "e2e"))

from farm import SSHD, Farm  # noqa: E402

CRYPTOGRAPHY = {"KexAlgorithms": "curve25519-sha256",
                "HostKeyAlgorithms": "ssh-ed25519",
                "Ciphers": "aes128-ctr", "MACs": "hmac-sha2-256",
                "Compression": "no"}
FANOUT = 64  # for all of them: netpush's and clush's own
ONE_SSH, PDSH, CLUSH, PSSH = "ssh each", "pdsh", "clush", "parallel-ssh"
PEERS = (ONE_SSH, PDSH, CLUSH, PSSH)
PAYLOAD_MB = 10
CPU_SHARE, MEMORY_MIB = 1 / 8, 1

# ParaMgmt's own, beside what every ssh here is told by the configuration.
PARAMGMT = ["-o", "PasswordAuthentication=no", "-o", "ConnectTimeout=2",
            "-o", "ConnectionAttempts=3"]


def is_possible():
    """Says why, if not."""
    if os.geteuid() == 0 and os.path.exists(SSHD):
        return True
    print("the parallel shell is skipped: it needs root and openssh-server",
          file=sys.stderr)
    return False


def versions():
    """The peers that are installed, and those that are not, as a sentence."""
    texts = []
    for program, package in (("ssh", "openssh-client"), ("pdsh", "pdsh"),
                             ("clush", "clustershell"),
                             ("parallel-ssh", "pssh")):
        version = "was not installed"
        if shutil.which(program):
            done = subprocess.run(
                ["dpkg-query", "-W", "-f=${Version}", package],
                capture_output=True, text=True)
            version = done.stdout.strip() or "of this machine"
        texts.append("%s %s" % (package, version))
    return ", ".join(texts)


class Site:
    """The servers, a directory, and how each tool is started on them."""

    def __init__(self, count, apart=False, fanout=FANOUT):
        self.farm = Farm(count, apart=apart, **CRYPTOGRAPHY)
        self.fanout, self.place = fanout, Place()

    def __enter__(self):
        self.place.__enter__()
        self.farm.start()
        self.hosts = self.farm.hosts_file()
        self.netpush_hosts = self.place.write("netpush-hosts", "".join(
            "%s:%d\n" % (host, self.farm.port) for host in self.farm.hosts))
        return self

    def __exit__(self, *failure):
        self.farm.stop()
        self.place.__exit__(*failure)

    @property
    def count(self):
        return len(self.farm.hosts)

    def tools(self):
        """Who takes part: a name, and its argument vectors by what to do."""
        tools = {"netpush": self._netpush, ONE_SSH: self._one_ssh}
        tools.update((name, tool) for name, tool in (
            (PDSH, self._pdsh), (CLUSH, self._clush), (PSSH, self._pssh))
            if shutil.which(name))
        return tools

    def start(self, tool, what, *words):
        return Program(tool(what, *words), self.place.dir)

    def _netpush(self, what, *words):
        argv = [os.environ["NETPUSH_BINARY"], what, "-f", self.netpush_hosts,
                "--ssh-config", "none", "-u", self.farm.user.pw_name,
                "--identity", self.farm.identity, "--known-hosts",
                self.farm.known_hosts,
                "--host-keys", "strict", "-j", str(self.fanout)]
        if what == "rpush":
            return argv + ["-d", words[1], "--", words[0]]
        return argv + ["--", *words]

    def _one_ssh(self, what, *words):
        """ParaMgmt's way: a client for every host, all at once."""
        tool = ["xargs", "-a", self.hosts, "-P", str(self.count), "-I", "HOST"]
        if what == "rpush":
            return tool + ["scp", "-q", "-r", "-F", self.farm.ssh_config,
                           *PARAMGMT, words[0], "HOST:" + words[1]]
        return tool + ["ssh", "-n", "-F", self.farm.ssh_config, *PARAMGMT,
                       "HOST", *words]

    def _pdsh(self, what, *words):
        argv = ["env", "PDSH_SSH_ARGS_APPEND=-F " + self.farm.ssh_config,
                "pdcp" if what == "rpush" else "pdsh", "-R", "ssh", "-f",
                str(self.fanout), "-w", "^" + self.hosts]
        return argv + ([] if what == "rpush" else ["-S"]) + list(words)

    def _clush(self, what, *words):
        argv = ["clush", "-S", "-q", "--hostfile", self.hosts, "-f",
                str(self.fanout), "-o", "-F " + self.farm.ssh_config]
        if what == "rpush":
            return argv + ["--copy", words[0], "--dest", words[1]]
        return argv + list(words)

    def _pssh(self, what, *words):
        program = "parallel-scp" if what == "rpush" else "parallel-ssh"
        return [program, "-h", self.hosts, "-p", str(self.fanout), "-t", "0",
                "-x", "-F " + self.farm.ssh_config, *words]


def in_turns(site, times, once):
    """ONCE(tool) of every tool, TIMES rounds: the Costs by name."""
    costs = {}
    for _ in range(times):
        for name, tool in site.tools().items():
            costs.setdefault(name, []).append(once(tool))
    return costs


def beside(what, unit, values, **more):
    """A row of VALUES, lists by name."""
    return Row(what, unit, values.get("netpush", []), peers={
        name: values[name] for name in PEERS if name in values}, **more)


def per_host(costs, count):
    return {name: [1000 * cost.cpu / count for cost in each]
            for name, each in costs.items()}


def walls(costs):
    return {name: [cost.wall for cost in each]
            for name, each in costs.items()}


def judge_cpu(row):
    """Against a client a host, the way that this is to replace."""
    share = median(row.netpush) / median(row.peers[ONE_SSH])
    row.target, row.met = "<= 1/8 of ssh each", share <= CPU_SHARE
    row.note = "1/%.1f" % (1 / share)
    return row


def judge_wall(row, options):
    """By the best of the runs: what else the machine does only ever makes
    one slower. One run says nothing."""
    row.target = "slower than none"
    if not options.quick:
        row.met = min(row.netpush) <= min(map(min, row.peers.values()))
    return row


def shell_true(options):
    """`true` everywhere; that it was run is in the server's log."""
    if not is_possible():
        return []
    count = 100  # fewer would weigh how it starts
    with Site(count) as site:
        server = site.farm.servers[""]

        def once(tool):
            before = server.log().count("Starting session: command")
            cost = site.start(tool, "rcmd", "true").wait()
            ran = server.log().count("Starting session: command") - before
            if ran != count:
                raise Failed("%d of %d hosts ran it: %s" % (
                    ran, count, tool("rcmd", "true")))
            return cost

        costs = in_turns(site, options.repeat, once)
    return [judge_cpu(beside("CPU a host, `true` on %d hosts" % count, "ms",
                             per_host(costs, count))),
            judge_wall(beside("wall time of it", "s", walls(costs)), options)]


def hold(site, tool, look):
    """Every host at once in the middle of a command, then LOOK(program), then
    all are let go: each waits for a lock that we have."""
    lock, came = site.place.write("lock", ""), site.place.write("came", "")
    command = "echo >>%s; flock -s %s true" % (came, lock)
    holder = subprocess.Popen(["flock", "-x", lock, "sh", "-c",
                               "echo held; read x"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    program = None
    try:
        holder.stdout.readline()
        program = site.start(tool, "rcmd", command)
        deadline = time.monotonic() + PATIENCE
        while os.path.getsize(came) < site.count:
            if program.over() or time.monotonic() > deadline:
                raise Failed("%d of %d hosts came: %s" % (
                    os.path.getsize(came), site.count, tool("rcmd", "")))
            time.sleep(0.02)
        value = look(program)
        holder.communicate(b"\n")
        program.wait()
        return value
    finally:
        holder.communicate() if not holder.stdin.closed else holder.wait()
        if program:
            program.end()


def shell_memory(options):
    """What all the tool's processes take, with every host's command running:
    shared pages count once."""
    if not is_possible():
        return []
    count = 20 if options.quick else 100
    with Site(count, fanout=count) as site:
        values = {name: [hold(site, tool, lambda program: tree_kb(
            program.pid) / 1024 / count)]
            for name, tool in site.tools().items()}
    row = beside("memory a host, %d held at once" % count, "MiB", values,
                 target="<= 1 MiB")
    row.met = max(row.netpush) <= MEMORY_MIB
    row.note = "%.2g MiB" % max(row.netpush)
    return [row]


def shell_push(options):
    """A file to hosts that share none, compared afterwards."""
    if not is_possible():
        return []
    count, target = 4 if options.quick else 16, "/tmp/payload"
    with Site(count, apart=True) as site:
        source = site.place.path("payload")
        with open(source, "wb") as file:
            for _ in range(PAYLOAD_MB):
                file.write(os.urandom(1 << 20))

        def once(tool):
            cost = site.start(tool, "rpush", source, target).wait()
            for host in site.farm.hosts:
                copy = site.farm.path_at(host, target)
                if not filecmp.cmp(source, copy, shallow=False):
                    raise Failed("%s has another file: %s" % (
                        host, tool("rpush", source, target)))
                os.unlink(copy)
            return cost

        costs = in_turns(site, options.repeat, once)
    return [beside("CPU a host, %d MiB pushed to %d hosts" % (
        PAYLOAD_MB, count), "ms", per_host(costs, count)),
        judge_wall(beside("wall time of it", "s", walls(costs)), options)]


def shell_many(options):
    """2,000 hosts, 64 at a time: what netpush holds meanwhile."""
    if options.quick or not is_possible():
        return []
    with Site(2000) as site:
        program = site.start(site._netpush, "rcmd", "echo", "I am ?HOST")
        most = [0, 0, 0]
        while not program.over():
            pids = tree_of(program.pid)
            now = (len(pids), tree_fds(pids), tree_kb(program.pid) / 1024)
            most = [max(pair) for pair in zip(most, now)]
            time.sleep(0.1)
        cost = program.wait()
        said = [line[5:].partition(":")[0]
                for line in cost.output.splitlines()
                if line.startswith("I am ")]
        if said != site.farm.hosts:
            raise Failed("%d answers, or in another order" % len(said))
    processes, files, memory = most
    return [Row("memory at most, 2,000 hosts, 64 at a time", "MiB", [memory],
                note="%.0f s, %d processes, %d descriptors; answers in the "
                "order of the hosts" % (cost.wall, processes, files))]


ALL = (shell_true, shell_memory, shell_push, shell_many)
