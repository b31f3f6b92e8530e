/*
 * A Junos candidate for the tests of the planner: the lab's statements
 * (tests/lab/junos_statement.c), and what its command line does with a line.
 */
#ifndef TESTS_MODEL_JUNOS_ENGINE_H
#define TESTS_MODEL_JUNOS_ENGINE_H

#include "base/str.h"

/*
 * Takes one line (`set`, `delete`, `insert`) as the device does. NULL, or what
 * it would say against it; a term that loses its last statement is refused,
 * too: nobody has seen whether it keeps its place.
 */
const char *junos_engine_take(struct strs *statements, const char *line);

/* What `show configuration PATH | display set` shows; the caller frees it. */
char *junos_engine_show(const struct strs *statements, const char *path);

#endif
