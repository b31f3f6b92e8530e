"""One row of the table."""

import collections

Mutant = collections.namedtuple("Mutant", "behaviour file old new tests")


def mutant(behaviour, file, old, new, *tests):
    """BEHAVIOUR: "subject: what is so", in plain words. In FILE (a pattern of
    paths: src/device/sender*.c) the text OLD, which stands there exactly once,
    becomes NEW; then each of TESTS must fail: "unit/LAYER/FILE:FUNCTION" or "e2e/FILE:CLASS.METHOD"."""
    return Mutant(behaviour, file, old, new, tests)
