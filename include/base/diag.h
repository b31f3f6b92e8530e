/*
 * Everything that is wrong with what the user wrote, collected so that it is
 * said at once: "file:line:col: sentence". A text with no known place has
 * line 0 and is said as "file: sentence".
 */
#ifndef NETPUSH_BASE_DIAG_H
#define NETPUSH_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>

/* Where something stands; line and column count from 1. FILE is borrowed and
 * must outlive the place. */
struct place {
	const char *file;
	unsigned line;
	unsigned column;
};

#define DIAG_LIMIT 100 /* kept; the rest is only counted */

struct diags {
	struct diag {
		char *file; /* owned copy */
		unsigned line, column;
		char *text;
	} * items;
	size_t count, cap;
	size_t left_out;
};

/* Zeroed storage is an empty list. */
void diag_add(struct diags *diags, struct place place, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool diags_any(const struct diags *diags);

/* Sorts by file, line and column, and
 * drops exact repetitions. */
void diags_sort(struct diags *diags);

/* One line each, and "... and N more" where the limit was reached. */
void diags_print(const struct diags *diags);
void diags_clear(struct diags *diags);

#endif
