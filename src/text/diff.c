/*
 * Line differences after E. W. Myers, "An O(ND) Difference Algorithm and Its
 * Variations" (Algorithmica 1, 1986), the greedy form: for each number of
 * edits the furthest point on every diagonal, then the way back.
 */
#include "text/diff.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

enum edit { EDIT_KEEP, EDIT_REMOVE, EDIT_ADD };

struct script {
	unsigned char *edits; /* enum edit, in order */
	size_t count, cap;
};

static void
script_add(struct script *script, enum edit edit)
{
	GROW(script->edits, script->count, script->cap);
	script->edits[script->count++] = (unsigned char)edit;
}

struct side {
	char **lines;
	long count;
};

/* Walks back through the saved rows and writes the middle's edits. */
static void
trace_back(struct script *script, long **rows, long edits, long n, long m)
{
	struct script back = { 0 };
	long x = n, y = m;
	for (long d = edits; d > 0; d--) {
		const long *row = rows[d - 1] + d; /* row[k], -d < k < d */
		long k = x - y;
		bool down = k == -d || (k != d && row[k - 1] < row[k + 1]);
		long from_k = down ? k + 1 : k - 1;
		long from_x = row[from_k], from_y = from_x - from_k;
		while (x > from_x && y > from_y) {
			script_add(&back, EDIT_KEEP);
			x--;
			y--;
		}
		script_add(&back, down ? EDIT_ADD : EDIT_REMOVE);
		x = from_x;
		y = from_y;
	}
	while (x-- > 0)
		script_add(&back, EDIT_KEEP);
	while (back.count)
		script_add(script, (enum edit)back.edits[--back.count]);
	free(back.edits);
}

/* The edits that turn A into B; false if there are too many. */
static bool
find_edits(struct script *script, struct side a, struct side b)
{
	long max = a.count + b.count;
	if (max > DIFF_EDITS_MAX)
		max = DIFF_EDITS_MAX;
	long **rows = xcalloc((size_t)max + 1, sizeof(*rows));
	long *furthest = xcalloc(2 * (size_t)max + 3, sizeof(*furthest));
	long *v = furthest + max + 1; /* v[k], -max-1 <= k <= max+1 */
	bool found = false;
	long d;
	for (d = 0; d <= max && !found; d++) {
		for (long k = -d; k <= d; k += 2) {
			bool down = k == -d || (k != d && v[k - 1] < v[k + 1]);
			long x = down ? v[k + 1] : v[k - 1] + 1;
			while (x < a.count && x - k < b.count &&
			    strcmp(a.lines[x], b.lines[x - k]) == 0)
				x++;
			v[k] = x;
			if (x >= a.count && x - k >= b.count) {
				found = true;
				break;
			}
		}
		/* What step d + 1 starts from: v[-d-1 .. d+1]. */
		rows[d] = xmemdup(v - d - 1, (2 * (size_t)d + 3) * sizeof(*v));
	}
	if (found)
		trace_back(script, rows, d - 1, a.count, b.count);
	for (long i = 0; i < d; i++)
		free(rows[i]);
	free(rows);
	free(furthest);
	return found;
}

static void
diff_script(
    struct script *script, const struct strs *before, const struct strs *after)
{
	size_t head = 0, tail = 0;
	size_t shorter = before->count < after->count ? before->count
						      : after->count;
	while (head < shorter &&
	    strcmp(before->items[head], after->items[head]) == 0)
		head++;
	while (tail < shorter - head &&
	    strcmp(before->items[before->count - 1 - tail],
		after->items[after->count - 1 - tail]) == 0)
		tail++;
	struct side a = { before->items + head,
		(long)(before->count - head - tail) };
	struct side b = { after->items + head,
		(long)(after->count - head - tail) };
	for (size_t i = 0; i < head; i++)
		script_add(script, EDIT_KEEP);
	if (!find_edits(script, a, b)) {
		for (long i = 0; i < a.count; i++)
			script_add(script, EDIT_REMOVE);
		for (long i = 0; i < b.count; i++)
			script_add(script, EDIT_ADD);
	}
	for (size_t i = 0; i < tail; i++)
		script_add(script, EDIT_KEEP);
}

/* One hunk: edits [from, to), which begin at lines A and B (from 0). */
static void
print_hunk(struct buf *out, const struct script *script, size_t from, size_t to,
    const struct strs *before, size_t a, const struct strs *after, size_t b)
{
	size_t old_lines = 0, new_lines = 0;
	for (size_t i = from; i < to; i++) {
		old_lines += script->edits[i] != EDIT_ADD;
		new_lines += script->edits[i] != EDIT_REMOVE;
	}
	buf_addf(out, "@@ -%zu,%zu +%zu,%zu @@\n", a + (old_lines > 0),
	    old_lines, b + (new_lines > 0), new_lines);
	for (size_t i = from; i < to; i++) {
		enum edit edit = script->edits[i];
		buf_addf(out, "%c%s\n", " -+"[edit],
		    edit == EDIT_ADD ? after->items[b] : before->items[a]);
		a += edit != EDIT_ADD;
		b += edit != EDIT_REMOVE;
	}
}

/* The end of the hunk whose first change is at AT: where more than twice the
 * context of unchanged lines follows a change. */
static size_t
hunk_end(const struct script *script, size_t at)
{
	size_t last = at;
	while (at < script->count && at - last <= 2 * DIFF_CONTEXT + 1) {
		if (script->edits[at] != EDIT_KEEP)
			last = at;
		at++;
	}
	size_t end = last + 1 + DIFF_CONTEXT;
	return end < script->count ? end : script->count;
}

bool
diff_lines(struct buf *out, const struct strs *before, const struct strs *after)
{
	struct script script = { 0 };
	bool differs = false;
	diff_script(&script, before, after);
	size_t a = 0, b = 0, at = 0; /* AT edits are behind us */
	for (size_t i = 0; i < script.count;) {
		if (script.edits[i] == EDIT_KEEP) {
			i++;
			continue;
		}
		differs = true;
		size_t from = i - at > DIFF_CONTEXT ? i - DIFF_CONTEXT : at;
		for (; at < from; at++) {
			a++;
			b++;
		}
		size_t end = hunk_end(&script, i);
		print_hunk(out, &script, from, end, before, a, after, b);
		for (; at < end; at++) {
			a += script.edits[at] != EDIT_ADD;
			b += script.edits[at] != EDIT_REMOVE;
		}
		i = end;
	}
	free(script.edits);
	return differs;
}
