"""The runner's own judgement: what it takes for a failure, and what it finds
wrong in a table."""

import os
import tempfile
import unittest

import checks
import mutate
from row import mutant

PASSED = "[ RUN      ] one\n[       OK ] one\n"
FAILED = "[ RUN      ] one\nERROR: a story\n[  ERROR   ] --- x.c:1: error: " \
    "Failure!\n[  FAILED  ] one\n[ RUN      ] two\n[       OK ] two\n" \
    "[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] one\n"
CRASHED = "[ RUN      ] one\n[  ERROR   ] --- Test failed with exception: " \
    "Segmentation fault(11)\n[  FAILED  ] one\n"


class Judgement(unittest.TestCase):
    def unit(self, name, status, text):
        return mutate.judge_unit(name, status, text).state

    def test_unit(self):
        self.assertEqual(self.unit("one", 0, PASSED), "passed")
        self.assertEqual(self.unit("one", 1, FAILED), "failed")
        self.assertEqual(self.unit("two", 1, FAILED), "passed")
        self.assertEqual(self.unit("one", 1, CRASHED), "crashed")
        self.assertEqual(self.unit("one", -6, FAILED), "crashed")
        self.assertEqual(mutate.judge_unit("one", 1, FAILED).why, "a story")
        self.assertEqual(mutate.judge_unit("two", 1, FAILED).why,
                         "but these failed: one")

    def test_e2e(self):
        fail = "FAIL: test_a (A)\nAssertionError: 1 != 2\n"
        error = "ERROR: test_a (A)\nKeyError: 'x'\n"
        self.assertEqual(mutate.judge_e2e(0, "OK\n").state, "passed")
        self.assertEqual(mutate.judge_e2e(0, "OK (skipped=1)\n").state,
                         "skipped")
        self.assertEqual(mutate.judge_e2e(1, fail).state, "failed")
        self.assertEqual(mutate.judge_e2e(1, fail).why, "1 != 2")
        self.assertEqual(mutate.judge_e2e(1, error).state, "crashed")
        self.assertEqual(mutate.judge_e2e(1, error + fail).state, "failed")


class Table(unittest.TestCase):
    """A tree of three files, and rows that do or do not fit it."""

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = top.name
        self.write("src/x.c", "one two two")
        self.write("tests/unit/base/test_x.c", "cmocka_unit_test(it_works),")
        self.write("tests/e2e/test_y.py",
                   "class A:\n    def test_a(self): pass\n"
                   "    @unittest.expectedFailure\n"
                   "    def test_b(self): pass\n"
                   "class B(A):\n    pass\n")

    def write(self, name, text):
        path = os.path.join(self.top, name)
        os.makedirs(os.path.dirname(path))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def wrong(self, file="src/x.c", old="one", new="",
              test="unit/base/test_x:it_works"):
        return checks.check(self.top, [mutant("it", file, old, new, test)])

    def test_what_fits(self):
        self.assertEqual(self.wrong(), [])
        self.assertEqual(self.wrong(test="e2e/test_y:A.test_a"), [])
        self.assertEqual(self.wrong(test="e2e/test_y:B.test_a"), [])

    def test_what_does_not(self):
        for keys in ({"old": "two"}, {"old": "three"}, {"new": "one"},
                     {"file": "src/z.c"},
                     {"file": "tests/unit/base/test_x.c"},
                     {"test": "unit/base/test_x:it_wor"},
                     {"test": "unit/base/test_z:it_works"},
                     {"test": "e2e/test_y:A.test_b"},
                     {"test": "e2e/test_y:C.test_a"},
                     {"test": "e2e/test_y"}, {"test": "it_works"}):
            with self.subTest(**keys):
                self.assertEqual(len(self.wrong(**keys)), 1)

    def test_the_same_twice(self):
        row = mutant("it", "src/x.c", "one", "", "unit/base/test_x:it_works")
        self.assertEqual(len(checks.check(self.top, [row, row])), 1)
        self.assertEqual(len(checks.check(self.top, [
            mutant("it", "src/x.c", "one", "")])), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
