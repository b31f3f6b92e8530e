"""Real OpenSSH servers on loopback, each a host of its own: its own port, host
key, home and /tmp (a mount namespace for each; needs root). The parallel shell
tools are run against them.

A host is known to the tools by a name in the test's ~/.ssh/config, as it is
for a person."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile

from harness import BINARY, Case, Run, wait_until
from sshd import SSHD, free_port

# In a mount namespace of its own: the host's directory is its /tmp and the
# home of who logs in.
ENTER = ("mount --bind \"$1/tmp\" /tmp && mount --bind \"$1/root\" /root && "
         "shift && exec \"$@\"")


class Server:
    def __init__(self, top, name, user_key, host_key, options=()):
        self.name = name
        self.dir = os.path.join(top, name)
        for part in ("tmp", "root"):
            os.makedirs(os.path.join(self.dir, part), 0o700)
        self.port = free_port()
        self.log_path = os.path.join(self.dir, "log")
        config = os.path.join(self.dir, "config")
        with open(config, "w", encoding="utf-8") as file:
            # Of each option the first value counts.
            file.write("\n".join([*options,
                "Port %d" % self.port, "ListenAddress 127.0.0.1",
                "HostKey " + host_key, "PidFile none", "UsePAM no",
                "AuthorizedKeysFile " + user_key + ".pub", "StrictModes no",
                "PermitRootLogin yes", "MaxStartups 1000",
                "LogLevel VERBOSE",
                *([] if "Subsystem" in " ".join(options) else
                  ["Subsystem sftp internal-sftp"]), ""]))
        self.argv = ["unshare", "--mount", "--propagation", "private", "--",
                     "sh", "-c", ENTER, "sh", self.dir,
                     SSHD, "-D", "-e", "-f", config]
        self.process = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: "listening" in self.log() or
                   self.process.poll() is not None, self.name + "'s start")
        if self.process.poll() is not None:
            raise OSError(self.log())

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        if self.process:
            self.process.wait()

    def log(self):
        with contextlib.suppress(FileNotFoundError):
            with open(self.log_path, encoding="utf-8",
                      errors="replace") as file:
                return file.read()
        return ""

    def logins(self):
        return len(re.findall(r"Accepted \S+ for ", self.log()))

    def path(self, *parts):
        """A file of the host: "tmp" and "root" are its directories."""
        return os.path.join(self.dir, *parts)


class SshCase(Case):
    """A home with a key, and servers that take it."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0 or not os.path.exists(SSHD):
            self.skipTest("needs root and openssh-server")
        os.makedirs("/run/sshd", exist_ok=True)
        # Not below /tmp: that is another one for each host.
        self.top = tempfile.mkdtemp(prefix="netpush-sshd-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.top, ignore_errors=True)
        self.user_key = os.path.join(self.home, ".ssh", "id_ed25519")
        self.key("user")
        self.host_key = self.key("host")
        for suffix in ("", ".pub"):
            shutil.copy(os.path.join(self.top, "user" + suffix),
                        self.user_key + suffix)
        self.servers = {}
        self.config("")

    def key(self, name, kind="ed25519", passphrase=""):
        path = os.path.join(self.top, name)
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase,
                        "-f", path], check=True)
        return path

    def config(self, text):
        """~/.ssh/config: TEXT, then the hosts that were started."""
        self.config_text = text
        with open(os.path.join(self.home, ".ssh", "config"), "w",
                  encoding="utf-8") as file:
            file.write(text)
            for server in self.servers.values():
                file.write("Host %s\n  HostName 127.0.0.1\n  Port %d\n" %
                           (server.name, server.port))

    def start_hosts(self, *names, options=(), known=True):
        for name in names:
            server = Server(self.top, name, os.path.join(self.top, "user"),
                            self.host_key, options)
            self.servers[name] = server
            self.addCleanup(server.stop)
            try:
                server.start()
            except OSError as error:
                if "mount" not in str(error):
                    raise
                self.skipTest("no mount namespaces here: %s" % error)
        self.config(self.config_text)
        if known:
            self.know(*names)

    def know(self, *names):
        with open(self.host_key + ".pub", encoding="utf-8") as file:
            key = file.read()
        with open(self.known_hosts, "a", encoding="utf-8") as file:
            for name in names:
                file.write("[127.0.0.1]:%d %s" % (self.servers[name].port,
                                                  key))

    def environment(self, password=None, **more):
        env = super().environment(password, **more)
        if "NETPUSH_USERNAME" not in more:
            env.pop("NETPUSH_USERNAME")
        return env

    def tool(self, name, *argv, expect=0, by_name=False, stdin=None, **env):
        """`netpush NAME ARGV` to its end; STDIN: its standard input."""
        run = self.start_tool(name, *argv, by_name=by_name, stdin=stdin,
                              **env).wait()
        if expect is not None:
            self.assertEqual(run.returncode, expect, run.stdout + run.stderr)
        return run

    def start_tool(self, name, *argv, by_name=False, stdin=None, **env):
        program, arguments = BINARY, [name, *argv]
        if by_name:
            program = os.path.join(self.tmp, name)
            if not os.path.islink(program):
                os.symlink(BINARY, program)
            arguments = list(argv)
        return ToolRun(self, program, arguments, self.environment(**env),
                       stdin)

    @staticmethod
    def peak_kb(pid):
        with open("/proc/%d/status" % pid, encoding="ascii") as file:
            [line] = [line for line in file if line.startswith("VmHWM:")]
        return int(line.split()[1])


class ToolRun(Run):
    """One of the tools: it leaves no run behind."""

    def __init__(self, case, program, argv, env, stdin):
        self.case, self.argv = case, argv
        self.state_dir = case.state_dir
        self._before = set()
        self._out = tempfile.TemporaryFile(dir=case.tmp)
        self._err = tempfile.TemporaryFile(dir=case.tmp)
        with tempfile.TemporaryFile(dir=case.tmp) as file:
            file.write((stdin or "").encode())
            file.seek(0)
            self.process = subprocess.Popen(
                [program] + argv, env=env, cwd=case.tmp, stdin=file,
                stdout=self._out, stderr=self._err, start_new_session=True)
        self.pid = self.process.pid
        case.addCleanup(self.end)

    @property
    def stdout_bytes(self):
        size = os.fstat(self._out.fileno()).st_size
        return os.pread(self._out.fileno(), size, 0)
