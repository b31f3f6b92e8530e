"""Proof that the tests can fail: takes one behaviour after the other away from
the code and expects that the tests which are named beside it say so.

Usage: mutate.py [--check] [--list] [-k WORD] [--keep] [-v]

Without --check it works on a copy of the tree (git worktree, in a temporary
directory), never on the tree itself. See README.md.
"""

import argparse
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import checks
import table

PATIENCE = 300  # seconds for a test of the code as it is
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") \
    else sys.executable

KILLED, HUNG, SKIPPED = "killed", "hung", "skipped"
SURVIVED, BROKEN = "SURVIVED", "BROKEN"


class Broken(Exception):
    """The row, the build or the machine is wrong: nothing was proved."""


def git(where, *words):
    done = subprocess.run(["git", "-C", where, *words], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise Broken("git %s: %s" % (words[0], done.stderr.decode().strip()))
    return done.stdout.decode()


class Copy:
    """The tree as it stands, changes that are not committed included, and a
    build of it."""

    def __init__(self, source):
        self.source = source
        self.top = tempfile.mkdtemp(prefix="netpush-mutants-")
        self.tree = os.path.join(self.top, "tree")
        self.build_dir = os.path.join(self.top, "build")
        # Names the state of the tracked files without touching anything.
        commit = git(source, "stash", "create").strip() or "HEAD"
        git(source, "worktree", "add", "--detach", self.tree, commit)
        others = git(source, "ls-files", "-z", "--others",
                     "--exclude-standard")
        for path in filter(None, others.split("\0")):
            target = os.path.join(self.tree, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(os.path.join(source, path), target)

    def configure(self):
        self._run("cmake", "-S", self.tree, "-B", self.build_dir, "-G",
                  "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DNETPUSH_BENCH=OFF")

    def build(self, targets):
        self._run("cmake", "--build", self.build_dir, "-j",
                  str(os.cpu_count()), "--target", *sorted(targets))

    def _run(self, *command):
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            lines = done.stdout.decode(errors="replace").split("\n")
            why = [line for line in lines if "error" in line.lower()]
            raise Broken("not built: " + (why or lines[-2:])[0].strip())

    def path(self, name):
        return os.path.join(self.tree, name)

    def program(self, *names):
        return os.path.join(self.build_dir, *names)

    def remove(self):
        try:
            git(self.source, "worktree", "remove", "--force", self.tree)
        except Broken as error:
            print(error, file=sys.stderr)
        shutil.rmtree(self.top, ignore_errors=True)


def adopt_orphans():
    """What a test leaves behind becomes ours, so that we can end it."""
    pr_set_child_subreaper = 36
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def end_children():
    """Ends whatever was started and still runs, by its number."""
    path = "/proc/self/task/%d/children" % os.getpid()
    while True:
        with open(path, encoding="ascii") as file:
            children = [int(pid) for pid in file.read().split()]
        if not children:
            return
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        for pid in children:
            os.waitpid(pid, 0)


class Verdict:
    """What a test said: "passed", "failed" (by an assertion), "hung",
    "skipped" (the machine cannot run it) or "crashed" (another end, which
    proves nothing); and its words."""

    def __init__(self, state, why="", seconds=0.0):
        self.state, self.why, self.seconds = state, why, seconds


def first(pattern, text, default=""):
    match = re.search(pattern, text, re.M)
    return match.group(1).strip() if match else default


def judge_unit(name, status, text):
    """cmocka: the function that is named must be among those that failed."""
    if status == 0:
        return Verdict("passed")
    if status < 0 or "Test failed with exception" in text:
        return Verdict("crashed", "by a signal")
    failed = re.findall(r"^\[  FAILED  \] (\w+)$", text, re.M)
    if name not in failed:
        return Verdict("passed", "but these failed: " + ", ".join(
            sorted(set(failed))))
    own = text.split("[ RUN      ] %s\n" % name)[-1].split("[ RUN ")[0]
    return Verdict("failed", first(r"^ERROR: (.*)$", own) or
                   first(r"^\[  ERROR   \] --- (.*)$", own))


def judge_e2e(status, text):
    """unittest tells failures of assertions from errors of the script."""
    if status == 0:
        skipped = re.search(r"^OK \(skipped=", text, re.M)
        return Verdict("skipped" if skipped else "passed")
    if not re.search(r"^FAIL: ", text, re.M):
        return Verdict("crashed", first(r"^(\w*(?:Error|Exception)\b.*)$",
                                        text, "no assertion failed"))
    own = re.split(r"^FAIL: ", text, flags=re.M)[1]
    return Verdict("failed", first(r"^AssertionError: (.*)$", own))


class Runner:
    def __init__(self, copy):
        self.copy = copy
        self.as_is = {}  # test -> Verdict of the code as it is
        self.environment = dict(
            os.environ, CMOCKA_MESSAGE_OUTPUT="stdout",
            NETPUSH_BINARY=copy.program("netpush"),
            NETPUSH_LAB=copy.program("tests", "lab", "netpush-lab"),
            NETPUSH_SOURCE=copy.tree)

    @staticmethod
    def targets(tests):
        found = set()
        for test in tests:
            kind, where, _ = checks.split(test)
            found |= {where.replace("/", "_")} if kind == "unit" \
                else {"netpush", "netpush-lab", "ssh-driver"}
        return found

    def command(self, test):
        kind, where, name = checks.split(test)
        if kind == "unit":
            return [self.copy.program("tests", where.replace("/", "_"))]
        return [PYTHON, "-B", self.copy.path("tests/e2e/%s.py" % where), name]

    def run(self, test, patience):
        kind, _, name = checks.split(test)
        began = time.monotonic()
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen(
                self.command(test), cwd=self.copy.top, stdout=out,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=self.environment)
            try:
                status = process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return Verdict("hung", "longer than %d s" % patience)
            finally:
                end_children()
            out.seek(0)
            text = out.read().decode(errors="replace")
        verdict = judge_unit(name, status, text) if kind == "unit" \
            else judge_e2e(status, text)
        verdict.seconds = time.monotonic() - began
        return verdict

    def prove_tests(self, tests):
        """Each test once on the code as it is. Those that fail there."""
        wrong = []
        for test in tests:
            self.as_is[test] = verdict = self.run(test, PATIENCE)
            if verdict.state not in ("passed", "skipped"):
                wrong.append(test)
                print("%s fails on the code as it is: %s %s" % (
                    test, verdict.state, verdict.why), flush=True)
        return wrong

    def try_mutant(self, mutant):
        path, = checks.places(self.copy.tree, mutant)
        text = checks.read(path)
        write(path, text.replace(mutant.old, mutant.new))
        try:
            self.copy.build(self.targets(mutant.tests))
            return self.judge(mutant)
        except Broken as error:
            return BROKEN, str(error)
        finally:
            write(path, text)

    def judge(self, mutant):
        """Every test that is named, and can be run here, must fail."""
        found, words = SKIPPED, "no test of it can be run on this machine"
        for test in mutant.tests:
            if self.as_is[test].state == "skipped":
                continue
            # Much more than it needs when all is well, on any machine.
            patience = 20 + 10 * self.as_is[test].seconds
            verdict = self.run(test, patience)
            if verdict.state == "passed":
                return SURVIVED, "%s passes%s" % (
                    test, ", " + verdict.why if verdict.why else "")
            if verdict.state == "crashed":
                return BROKEN, "%s: no assertion, %s" % (test, verdict.why)
            if found == SKIPPED:
                found, words = KILLED, verdict.why
            if verdict.state == "hung":
                found = HUNG
        return found, words


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def short(text, width=100):
    text = re.sub(r"\s+", " ", text)
    return text if len(text) <= width else text[:width - 3] + "..."


def run_all(runner, mutants, verbose):
    """The counts of each outcome."""
    tests = list(dict.fromkeys(t for m in mutants for t in m.tests))
    runner.copy.configure()
    runner.copy.build(runner.targets(tests))
    print("%d mutants, %d tests" % (len(mutants), len(tests)), flush=True)
    wrong = runner.prove_tests(tests)
    counts = dict.fromkeys((KILLED, HUNG, SKIPPED, SURVIVED, BROKEN), 0)
    for mutant in mutants:
        if set(mutant.tests) & set(wrong):
            outcome, why = BROKEN, "its test fails without it"
        else:
            outcome, why = runner.try_mutant(mutant)
        counts[outcome] += 1
        bad = outcome in (SURVIVED, BROKEN)
        line = "%-8s %s" % (outcome, mutant.behaviour)
        if bad or verbose:
            line += "\n         %s\n         %s" % (mutant.file, short(
                why, 400 if bad else 160))
        print(line, flush=True)
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true",
                        help="only see that the table fits the tree")
    parser.add_argument("--list", action="store_true", help="print the table")
    parser.add_argument("-k", metavar="WORD", default="",
                        help="only rows with WORD in behaviour, file or test")
    parser.add_argument("--keep", action="store_true",
                        help="leave the copy of the tree where it is")
    parser.add_argument("-v", action="store_true",
                        help="say for each what its test said")
    options = parser.parse_args()
    source = checks.SOURCE
    mutants = [m for m in table.MUTANTS if options.k in " ".join(
        (m.behaviour, m.file, *m.tests))]
    if options.list:
        for mutant in mutants:
            print("%s\n\t%s\n\t%s" % (mutant.behaviour, mutant.file,
                                      "\n\t".join(mutant.tests)))
        return 0
    wrong = checks.check(source, mutants)
    for sentence in wrong:
        print(sentence)
    if options.check or wrong or not mutants:
        print("%d mutants, %d wrong" % (len(mutants), len(wrong)))
        return 1 if wrong or not mutants else 0
    adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    began = time.monotonic()
    copy = Copy(source)
    try:
        counts = run_all(Runner(copy), mutants, options.v)
    except Broken as error:
        print(error)
        return 1
    finally:
        end_children()
        if options.keep:
            print("the copy is in", copy.top)
        else:
            copy.remove()
    print("%d mutants in %d s: %s" % (
        len(mutants), time.monotonic() - began,
        ", ".join("%d %s" % (n, word) for word, n in counts.items() if n)))
    return 1 if counts[SURVIVED] or counts[BROKEN] else 0


if __name__ == "__main__":
    sys.exit(main())
