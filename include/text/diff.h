/* The difference of two texts, line by line, as people know it. */
#ifndef NETPUSH_TEXT_DIFF_H
#define NETPUSH_TEXT_DIFF_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct strs;

#define DIFF_CONTEXT 3 /* unchanged lines shown around a change */

/*
 * Adds a unified diff to OUT (lines "-old", "+new", " same", hunks headed by
 * "@@ -a,b +c,d @@"); nothing when they are equal. Returns whether they
 * differ. Minimal up to DIFF_EDITS_MAX edits (Myers, 1986), past that the
 * differing middle is shown as removed and added whole.
 */
#define DIFF_EDITS_MAX 2000
bool diff_lines(
    struct buf *out, const struct strs *before, const struct strs *after);

#endif
