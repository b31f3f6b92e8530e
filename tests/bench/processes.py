"""Runs programs for the bench and weighs them: wall time, CPU of the whole
tree and of the program alone, memory. It knows processes, nothing of netpush.
"""

import os
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A program that the bench ran did not do what it should."""


class Cost:
    """What one run cost: seconds and KiB."""

    def __init__(self, wall, cpu, own_cpu, peak_kb, worker_peak_kb, output):
        self.wall, self.cpu, self.own_cpu = wall, cpu, own_cpu
        self.peak_kb, self.worker_peak_kb = peak_kb, worker_peak_kb
        self.output = output


def children(pid):
    """Those of all its threads."""
    found = []
    try:
        for thread in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, thread),
                      encoding="ascii") as file:
                found += [int(child) for child in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def _field(path, *names):
    """The sum of fields in KiB of a file under /proc; 0 when it is gone."""
    total = 0
    try:
        with open(path, encoding="ascii") as file:
            for line in file:
                if line.startswith(names):
                    total += int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return total


def private_kb(pid):
    """Memory that would be free if this process ended."""
    return _field("/proc/%d/smaps_rollup" % pid,
                  "Private_Clean:", "Private_Dirty:")


def tree_of(pid):
    """The process and all below it."""
    return [pid] + [below for child in children(pid)
                    for below in tree_of(child)]


def tree_kb(pid):
    """Memory of the process and all below it, shared pages counted once."""
    return sum(_field("/proc/%d/smaps_rollup" % each, "Pss:")
               for each in tree_of(pid))


def tree_fds(pids):
    """Open descriptors of all these."""
    total = 0
    for pid in pids:
        try:
            total += len(os.listdir("/proc/%d/fd" % pid))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def peak_kb(pid):
    return _field("/proc/%d/status" % pid, "VmHWM:")


def _own_cpu(pid):
    """Of the process without its children; it may be a zombie already."""
    with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Program:
    """A running program. Its standard input is INPUT (text)."""

    def __init__(self, argv, where, input=""):
        self.argv = argv
        self._in = open(os.path.join(where, "in"), "w+b")
        self._in.write(input.encode())
        self._in.flush()
        self._in.seek(0)
        self._out = open(os.path.join(where, "out"), "w+b")
        self._err = open(os.path.join(where, "err"), "w+b")
        self._start = time.monotonic()
        self.process = subprocess.Popen(
            argv, stdin=self._in, stdout=self._out, stderr=self._err)
        self.pid = self.process.pid
        self._peak = self._worker_peak = 0

    def over(self):
        """Its end is noticed, not taken: its figures are still to be read."""
        return os.waitid(os.P_PID, self.pid,
                         os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None

    def look(self):
        self._peak = max(self._peak, peak_kb(self.pid))

    def look_at_workers(self):
        for child in children(self.pid):
            self._worker_peak = max(self._worker_peak, peak_kb(child))

    def wait(self, statuses=(0,), watch=None):
        """Its Cost. WATCH names what to look at every 20 ms."""
        if watch:
            while not self.over():
                self.look()
                if watch == "workers":
                    self.look_at_workers()
                time.sleep(0.02)
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        wall = time.monotonic() - self._start
        own = _own_cpu(self.pid)
        _, status, usage = os.wait4(self.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self._out.seek(0)
        self._err.seek(0)
        output = self._out.read().decode(errors="replace")
        errors = self._err.read().decode(errors="replace")
        for file in (self._in, self._out, self._err):
            file.close()
        if self.process.returncode not in statuses:
            raise Failed("%s ended with %d:\n%s%s" % (
                self.argv[0], self.process.returncode, output[-1000:],
                errors[-1000:]))
        return Cost(wall, usage.ru_utime + usage.ru_stime, own, self._peak,
                    self._worker_peak, output)

    def end(self):
        """For a bench that gives up: nothing is left running."""
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
