"""Does the table of mutants still fit the tree? Reads text only: fast enough
to stand among the unit tests.
"""

import ast
import glob
import os
import re

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PLACES = ("src/", "include/", "device-profiles/")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def places(source, mutant):
    """The files below SOURCE in which the mutant's old text stands, each as
    often as it stands there. MUTANT.file is a pattern: what moves from one
    file of a module to another needs no new row."""
    return [path for path in sorted(glob.glob(
        os.path.join(source, mutant.file)))
            for _ in range(read(path).count(mutant.old))]


def split(test):
    """A test's name, as unit/LAYER/FILE:FUNCTION or e2e/FILE:CLASS.METHOD;
    its kind, where it stands, what it is called there."""
    where, _, name = test.partition(":")
    kind, _, where = where.partition("/")
    return kind, where, name


def is_expected_failure(node):
    return any("expectedFailure" in ast.dump(d) for d in node.decorator_list)


def scenarios(path):
    """Class.method of each test in a Python file; a class has those of the
    classes of its file that it is made from, too."""
    tree = ast.parse(read(path))
    classes, found = {}, set()
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        names = {n.name for n in node.body
                 if isinstance(n, ast.FunctionDef)
                 and n.name.startswith("test_") and not is_expected_failure(n)}
        for base in node.bases:
            names |= classes.get(getattr(base, "id", ""), set())
        classes[node.name] = names
        found |= {"%s.%s" % (node.name, name) for name in names}
    return found


def functions(path):
    """The tests that a C file hands to cmocka."""
    return set(re.findall(r"cmocka_unit_test\w*\(\s*(\w+)", read(path)))


class Tests:
    """Which tests there are; each file is read once."""

    def __init__(self, source):
        self._source, self._files = source, {}

    def complaint(self, test):
        kind, where, name = split(test)
        if kind not in ("unit", "e2e") or not name:
            return "is no name of a test"
        ending, names = (".c", functions) if kind == "unit" \
            else (".py", scenarios)
        path = os.path.join("tests", kind, where + ending)
        if path not in self._files:
            full = os.path.join(self._source, path)
            self._files[path] = names(full) if os.path.exists(full) \
                else None
        if self._files[path] is None:
            return "needs %s, which does not exist" % path
        return None if name in self._files[path] \
            else "is not in %s, or is expected to fail" % path


def check(source, mutants):
    """What is wrong, one sentence each."""
    wrong, seen, tests = [], set(), Tests(source)
    for mutant in mutants:
        def say(sentence, mutant=mutant):
            wrong.append('"%s": %s' % (mutant.behaviour, sentence))
        if mutant.behaviour in seen:
            say("stands there twice")
        seen.add(mutant.behaviour)
        if not mutant.file.startswith(PLACES):
            say("%s is no place of ours" % mutant.file)
            continue
        count = len(places(source, mutant))
        if count != 1:
            say("%s has this %d times instead of once: %s" % (
                mutant.file, count, mutant.old))
        if mutant.old == mutant.new:
            say("changes nothing")
        if not mutant.tests:
            say("names no test")
        for test in mutant.tests:
            complaint = tests.complaint(test)
            if complaint:
                say("the test %s %s" % (test, complaint))
    return wrong
