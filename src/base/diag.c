/* The list of mistakes in the user's files. */
#include "base/diag.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
diag_add(struct diags *diags, struct place place, const char *fmt, ...)
{
	if (diags->count == DIAG_LIMIT) {
		diags->left_out++;
		return;
	}
	va_list ap;
	va_start(ap, fmt);
	GROW(diags->items, diags->count, diags->cap);
	diags->items[diags->count++] = (struct diag){
		.file = xstrdup(place.file ? place.file : "netpush"),
		.line = place.line,
		.column = place.column,
		.text = xvasprintf(fmt, ap),
	};
	va_end(ap);
}

bool
diags_any(const struct diags *diags)
{
	return diags->count > 0;
}

static int
compare(const void *left, const void *right)
{
	const struct diag *a = left, *b = right;
	int files = strcmp(a->file, b->file);
	if (files)
		return files;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return strcmp(a->text, b->text);
}

static void
diag_free(struct diag *diag)
{
	free(diag->file);
	free(diag->text);
}

void
diags_sort(struct diags *diags)
{
	if (!diags->count)
		return;
	qsort(diags->items, diags->count, sizeof(*diags->items), compare);
	size_t kept = 1;
	for (size_t i = 1; i < diags->count; i++) {
		struct diag *item = &diags->items[i];
		if (compare(&diags->items[kept - 1], item) == 0)
			diag_free(item);
		else
			diags->items[kept++] = *item;
	}
	diags->count = kept;
}

void
diags_print(const struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *d = &diags->items[i];
		if (d->line)
			fprintf(stderr, "%s:%u:%u: %s\n", d->file, d->line,
			    d->column, d->text);
		else
			fprintf(stderr, "%s: %s\n", d->file, d->text);
	}
	if (diags->left_out)
		fprintf(stderr, "... and %zu more\n", diags->left_out);
}

void
diags_clear(struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		diag_free(&diags->items[i]);
	free(diags->items);
	*diags = (struct diags){ 0 };
}
