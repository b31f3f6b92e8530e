/*
 * A configuration as an outline: by indentation each line stands under those
 * that are above it and further left. Two outlines can be compared without
 * knowing what the lines mean.
 */
#ifndef NETPUSH_TEXT_OUTLINE_H
#define NETPUSH_TEXT_OUTLINE_H

#include "base/str.h"

#include <stdbool.h>

struct buf;

/*
 * Does CONFIG show what the lines WANTED say: each of them stands in it under
 * the same lines, and of each "no TEXT" neither TEXT nor a line that goes on
 * behind it stands there? Literal: a line that the device shows in another
 * spelling is not found, so false may be wrong, true is not.
 */
bool outline_holds(const struct strs *config, const struct strs *wanted);

/*
 * The same, shown: adds each line of WANTED to OUT, behind " " when nothing is
 * to be done for it, "+" when it is not in CONFIG, "-" when it takes away
 * what is there. Returns whether anything is to be done.
 */
bool outline_compare(
    struct buf *out, const struct strs *config, const struct strs *wanted);

#endif
