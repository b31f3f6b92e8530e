#!/usr/bin/env python3
"""A real router for the tests: FRR's daemons and OpenSSH's sshd.

Both are Debian's own, unchanged, but they run in private mount, process and
network namespaces, over copies of /etc/passwd, /etc/group, /etc/shadow,
/etc/frr, /etc/pam.d/sshd and over empty /run and /var/log. So vtysh is a real
login shell with its real paths, passwords work, routes stay inside, and the
machine is not changed. sshd alone stays in the network of the machine and
listens on 127.0.0.1; when this process ends, however it ends, the kernel ends
everything in the process namespace.

    with Router() as router:
        connect(router.address, router.port, router.username, router.password)
        print(router.vtysh("show running-config"))
"""
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings

FRR = "/usr/lib/frr/frrinit.sh"
SSHD = "/usr/sbin/sshd"
VTYSH = "/usr/bin/vtysh"

# frrinit.sh reads this; -P 0 is not needed, the network is private.
DAEMONS = """\
vtysh_enable=yes
zebra_options="  -A 127.0.0.1 -s 90000000 --limit-fds 1024"
staticd_options="-A 127.0.0.1 --limit-fds 1024"
"""

FRR_CONF = """\
frr version 8.4.4
frr defaults traditional
hostname {hostname}
log syslog informational
service integrated-vtysh-config
"""

SSHD_CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {dir}/host_key
PidFile none
AuthorizedKeysFile {dir}/authorized_keys
StrictModes no
UsePAM yes
PasswordAuthentication {password}
KbdInteractiveAuthentication {keyboard}
PubkeyAuthentication {key}
PermitRootLogin no
UseDNS no
PrintMotd no
PrintLastLog no
X11Forwarding no
AllowTcpForwarding yes
MaxStartups 200
MaxSessions 50
LogLevel VERBOSE
{extra}
"""

PAM_SSHD = """\
auth required pam_unix.so
account required pam_permit.so
session required pam_permit.so
"""


def unavailable():
    """Why a Router cannot run here, or None."""
    if not os.path.exists(FRR) or not os.path.exists(VTYSH):
        return "FRR is not installed (apt-get install frr)"
    if not os.path.exists(SSHD):
        return "sshd is not installed (apt-get install openssh-server)"
    if os.geteuid() != 0:
        return "only root can give sshd and FRR a namespace of their own"
    probe = subprocess.run(
        ["unshare", "--mount", "--pid", "--uts", "--net", "--fork", "true"],
        capture_output=True, text=True)
    if probe.returncode:
        return "this machine allows no namespaces: " + probe.stderr.strip()
    return None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Router:
    """One FRR router behind one sshd.

    address, port, username, password, key (private key file), known_hosts
    (a file that holds its host key), hostname, directory and log (of sshd)
    are there after start(). methods: any of password, keyboard-interactive,
    publickey. config: lines for the start of frr.conf. cuts: the login shell
    hangs up at a line that it was told (cutter.py).
    """

    def __init__(self, hostname="R1", config="", sshd_extra="",
                 methods=("password", "keyboard-interactive", "publickey"),
                 cuts=False):
        self.cuts = cuts
        self.hostname = hostname
        self.config = config
        self.methods = methods
        self.sshd_extra = sshd_extra
        self.address = "127.0.0.1"
        self.port = None
        self.username = "neteng"
        self.password = secrets.token_urlsafe(12)
        self.directory = None
        self._init = self._net = self._sshd = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *unused):
        self.stop()

    # -- life ---------------------------------------------------------------

    def start(self):
        why = unavailable()
        if why:
            raise RuntimeError(why)
        self.directory = tempfile.mkdtemp(prefix="netpush-frr-")
        try:
            self._write_files()
            self._start_namespaces()
            self._frrinit("start")
            self._wait_for_frr()
            self._start_sshd()
        except BaseException:
            self.stop()
            raise
        return self

    def restart(self):
        """Restart FRR's daemons, as after a reload: what was not saved is
        gone. sshd and its sessions stay."""
        self._frrinit("restart")
        self._wait_for_frr()

    def stop_frr(self):
        """The daemons end, sshd stays: vtysh then finds nobody."""
        self._frrinit("stop")

    def stop(self):
        # The first process of the namespaces ends with its input, and the
        # kernel ends all others with it: also those that hang.
        for child in (self._init, self._net, self._sshd):
            if not child:
                continue
            for end in (child.stdin, child.stdout):
                if end:
                    end.close()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._init = self._net = self._sshd = None
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory = None

    # -- the independent reader ----------------------------------------------

    def vtysh(self, *commands):
        """What these commands print, run directly and not over SSH."""
        argv = [VTYSH]
        for command in commands:
            argv += ["-c", command]
        return self._inside(argv).stdout

    def startup_config(self):
        """The saved configuration, as the file holds it."""
        with open(self.path("etc-frr/frr.conf")) as file:
            return file.read()

    def sshd_log(self):
        with open(self.path("sshd.log")) as file:
            return file.read()

    def cut_at(self, when, line):
        """Hang up once, `before` or `after` LINE."""
        self._write("cuts/cut", "%s %s" % (when, line), 0o666)

    def lines(self):
        """What the login shells have passed on so far."""
        try:
            with open(self.path("cuts/lines"), encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def path(self, name):
        return os.path.join(self.directory, name)

    @property
    def key(self):
        return self.path("user_key")

    @property
    def known_hosts(self):
        return self.path("known_hosts")

    # -- the parts -----------------------------------------------------------

    def _write(self, name, text, mode=0o644):
        with open(self.path(name), "w") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def _write_files(self):
        os.chmod(self.directory, 0o711)
        if self.cuts:
            shutil.copy(os.path.join(os.path.dirname(os.path.abspath(
                __file__)), "cutter.py"), self.path("cutter.py"))
            os.chmod(self.path("cutter.py"), 0o755)
            os.mkdir(self.path("cuts"))
            os.chmod(self.path("cuts"), 0o777)
        self._write_accounts()
        self._write("pam-sshd", PAM_SSHD)
        self._write_frr()
        for name in ("host_key", "user_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                            "-C", "", "-f", self.path(name)], check=True)
        shutil.copy(self.path("user_key.pub"), self.path("authorized_keys"))

    def _write_accounts(self):
        """The machine's own accounts and one more, whose shell is vtysh."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python 3.13 has it no more
            import crypt
        uid = 61234
        with open("/etc/passwd") as file:
            passwd = file.read()
        self._write("passwd", passwd + "%s:x:%d:%d:Network engineer:/:%s\n"
                    % (self.username, uid, uid,
                       self.path("cutter.py") if self.cuts else VTYSH))
        shadow = crypt.crypt(self.password, crypt.METHOD_SHA256)
        self._write("shadow", "root:*:19000:0:99999:7:::\n%s:%s:19000:0:"
                    "99999:7:::\n" % (self.username, shadow), 0o640)
        # vtysh asks PAM about the account, and the helper of pam_unix reads
        # the file as group shadow.
        shutil.chown(self.path("shadow"), "root", "shadow")
        with open("/etc/group") as file:
            groups = file.read().splitlines()
        groups = [line + ("" if line.endswith(":") else ",") + self.username
                  if line.startswith(("frr:", "frrvty:")) else line
                  for line in groups]
        groups.append("%s:x:%d:" % (self.username, uid))
        self._write("group", "\n".join(groups) + "\n")

    def _write_frr(self):
        os.mkdir(self.path("etc-frr"))
        os.chmod(self.path("etc-frr"), 0o750)
        self._write("etc-frr/daemons", DAEMONS, 0o640)
        self._write("etc-frr/vtysh.conf",
                    "service integrated-vtysh-config\n", 0o640)
        self._write("etc-frr/frr.conf", FRR_CONF.format(
            hostname=self.hostname) + self.config, 0o640)
        for name in ("", "/daemons", "/vtysh.conf", "/frr.conf"):
            shutil.chown(self.path("etc-frr" + name), "frr", "frr")

    def _start_namespaces(self):
        self._init = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child",
             "--mount-proc", "--propagation", "private",
             sys.executable, "-B", os.path.abspath(__file__), "--init",
             self.directory, self.hostname],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._expect_ready(self._init, "the namespaces")
        # unshare itself is outside; the first process inside is its child.
        with open("/proc/%d/task/%d/children"
                  % (self._init.pid, self._init.pid)) as file:
            self._init_pid = file.read().split()[0]
        self._net = subprocess.Popen(
            ["nsenter", "-t", self._init_pid, "-m", "-p", "-u", "unshare",
             "--net",
             "sh", "-c", "ip link set lo up; echo ready; exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._expect_ready(self._net, "the network namespace")
        with open("/proc/%d/task/%d/children"
                  % (self._net.pid, self._net.pid)) as file:
            self._net_pid = file.read().split()[0]

    @staticmethod
    def _expect_ready(child, what):
        if child.stdout.readline().strip() != "ready":
            raise RuntimeError("router: %s did not come up" % what)

    def _inside(self, argv, timeout=60):
        return subprocess.run(
            ["nsenter", "-t", self._net_pid, "-m", "-p", "-u", "-n"] + argv,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=timeout)

    def _frrinit(self, verb):
        # frrinit.sh's daemons keep its output open: give them a file.
        with open(self.path("frrinit.log"), "a") as log:
            result = subprocess.run(
                ["nsenter", "-t", self._net_pid, "-m", "-p", "-u", "-n", FRR,
                 verb],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=90)
        if result.returncode:
            with open(self.path("frrinit.log")) as log:
                raise RuntimeError("router: frrinit.sh %s: %s"
                                   % (verb, log.read()))

    def _wait_for_frr(self):
        """Until the daemons answer and have read the saved configuration:
        watchfrr reads it with a vtysh -b of its own, a moment after the
        daemons came up, and it would undo what a test changes earlier."""
        names = [line for line in self.startup_config().splitlines()
                 if line.startswith("hostname ")]
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            result = self._inside([VTYSH, "-c", "show running-config"])
            if result.returncode == 0 and "connect" not in result.stdout \
                    and names[0] in result.stdout.splitlines() \
                    and not self._is_loading():
                return
            time.sleep(0.05)
        raise RuntimeError("router: FRR is silent: " + result.stdout)

    def _is_loading(self):
        """Whether a vtysh -b runs in our process namespace."""
        inside = os.readlink("/proc/%s/ns/pid" % self._init_pid)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink("/proc/%s/ns/pid" % pid) != inside:
                    continue
                with open("/proc/%s/cmdline" % pid, "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue  # it ended meanwhile
            if words[0].endswith(b"vtysh") and b"-b" in words:
                return True
        return False

    def _start_sshd(self):
        """sshd must be told its port; somebody may take a free one before it
        does, so a start that fails is tried again with another."""
        yes = {True: "yes", False: "no"}
        for _ in range(5):
            self.port = free_port()
            self._write("sshd_config", SSHD_CONFIG.format(
                dir=self.directory, port=self.port, extra=self.sshd_extra,
                password=yes["password" in self.methods],
                keyboard=yes["keyboard-interactive" in self.methods],
                key=yes["publickey" in self.methods]))
            self._sshd = subprocess.Popen(
                ["nsenter", "-t", self._init_pid, "-m", "-p", "-u", SSHD, "-D",
                 "-f", self.path("sshd_config"), "-E", self.path("sshd.log")],
                stdin=subprocess.DEVNULL)
            if self._sshd_answers():
                break
        else:
            raise RuntimeError("router: sshd: " + self.sshd_log())
        with open(self.path("host_key.pub")) as file:
            kind, key = file.read().split()[:2]
        self._write("known_hosts", "[%s]:%d %s %s\n"
                    % (self.address, self.port, kind, key))

    def _sshd_answers(self):
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and self._sshd.poll() is None:
            try:
                with socket.create_connection(
                        (self.address, self.port), 5) as probe:
                    if probe.recv(4) == b"SSH-":
                        return True
            except OSError:
                time.sleep(0.02)
        return False


def init(directory, hostname):
    """The first process of the namespaces: mounts, then waits for the end of
    its input, which comes when the test lets go or dies."""
    def bind(source, target):
        subprocess.run(["mount", "--bind", os.path.join(directory, source),
                        target], check=True)

    for target in ("/run", "/var/log"):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", target], check=True)
    os.mkdir("/run/sshd", 0o755)
    for path in ("/run/frr", "/var/log/frr"):
        os.mkdir(path, 0o755)
        shutil.chown(path, "frr", "frr")
    bind("etc-frr", "/etc/frr")
    for name in ("passwd", "group", "shadow"):
        bind(name, "/etc/" + name)
    bind("pam-sshd", "/etc/pam.d/sshd")
    # Orphans (daemons that were stopped) must not stay as zombies: frrinit.sh
    # would wait for them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # vtysh takes its prompt from here, not from the hostname in frr.conf.
    socket.sethostname(hostname)
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--init"]:
        init(sys.argv[2], sys.argv[3])
    else:
        with Router() as shown:
            print("%s@%s:%d password %s key %s" % (
                shown.username, shown.address, shown.port, shown.password,
                shown.key), flush=True)
            sys.stdin.read()
