/* Comparing what was said with what stands in a file beside the case. */
#ifndef TESTS_MODEL_EXPECT_H
#define TESTS_MODEL_EXPECT_H

#include "base/alloc.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/fdio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The messages, sorted, as diags_print() would print them. Caller frees. */
static inline char *
messages_text(struct diags *diags)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	diags_sort(diags);
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *d = &diags->items[i];
		if (d->line)
			buf_addf(&out, "%s:%u:%u: %s\n", d->file, d->line,
			    d->column, d->text);
		else
			buf_addf(&out, "%s: %s\n", d->file, d->text);
	}
	return buf_take(&out);
}

/* What the file says; nothing if there is no such file. Caller frees. */
static inline char *
expected_text(const char *path)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	if (access(path, F_OK) == 0 && file_read(path, &text, NULL))
		abort();
	return buf_take(&text);
}

/* True if they are the same; shows both if not. */
static inline bool
messages_are(struct diags *diags, const char *path)
{
	char *said = messages_text(diags), *expected = expected_text(path);
	bool same = strcmp(said ? said : "", expected ? expected : "") == 0;
	if (!same)
		fprintf(stderr, "--- %s says\n%s+++ but this was said\n%s",
		    path, expected ? expected : "", said ? said : "");
	free(said);
	free(expected);
	return same;
}

#endif
