/* --gather: hosts that said the very same are shown as one. */
#include "shell_parts.h"

#include "base/alloc.h"
#include "text/fold.h"

#include <stdlib.h>
#include <string.h>

#define FOLD_WIDTH 4096

struct kind {
	uint64_t hash;
	size_t host;
};

static int
hash_piece(void *data, const char *bytes, size_t len)
{
	uint64_t *hash = data;
	for (size_t i = 0; i < len; i++)
		*hash = (*hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
	return 0;
}

/* Equal results have equal hashes; the reverse is looked into. */
static uint64_t
hash_result(const struct shell_result *result)
{
	struct err ignored;
	uint64_t hash = STR_HASH_START ^ (uint64_t)(unsigned)result->code;
	const struct capture *both[] = { &result->out, &result->err };
	for (int i = 0; i < 2; i++) {
		if (both[i]->place)
			capture_each(both[i], both[i]->size, hash_piece, &hash,
			    &ignored);
		hash *= 31;
	}
	return str_hash(hash, result->message ? result->message : "");
}

static bool
same(const struct capture *a, const struct capture *b)
{
	uint64_t a_size = a->place ? a->size : 0;
	uint64_t b_size = b->place ? b->size : 0;
	return a_size == b_size && (!a_size || capture_equal(a, b));
}

static bool
are_equal(const struct shell_result *a, const struct shell_result *b)
{
	return a->code == b->code && a->kind == b->kind &&
	    a->attempts == b->attempts && str_eq(a->message, b->message) &&
	    same(&a->out, &b->out) && same(&a->err, &b->err);
}

/* Brings those with one hash together; each in the order of the hosts. */
static int
compare(const void *a, const void *b)
{
	const struct kind *left = a, *right = b;
	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	return left->host < right->host ? -1 : 1;
}

/* What was asked of all of them: ?HOST stays as it is. */
static char *
description(const struct shell_view *view, const struct strs *names)
{
	struct fold fold;
	struct buf text;
	const struct strs *words = view->call->words;
	buf_init(&text, 1u << 24);
	buf_addf(&text, "%s [", view->options->tool->name);
	fold_names(&fold, names, FOLD_WIDTH);
	for (size_t i = 0; i < fold.count; i++)
		buf_addf(&text, "%s%s", i ? "," : "", fold.pieces[i].text);
	fold_clear(&fold);
	buf_addf(&text, "] (%zu hosts):", names->count);
	for (size_t i = 0; i < words->count; i++)
		buf_addf(&text, " %s", words->items[i]);
	return buf_take(&text);
}

/* The group of the host FIRST: group[i] == FIRST. */
static void
print_group(struct shell_view *view, const size_t *group, size_t first)
{
	struct strs names = { 0 };
	for (size_t i = first; i < view->hosts->count; i++)
		if (group[i] == first)
			strs_add(&names, view->hosts->items[i].name);
	char *text = names.count == 1 ? shell_description(view, first)
				      : description(view, &names);
	shell_print_result(view, text, first);
	free(text);
	strs_clear(&names);
}

void
shell_print_gathered(struct shell_view *view)
{
	size_t count = view->hosts->count, kinds_count = 0;
	struct kind *kinds = xcalloc(count + 1, sizeof(*kinds));
	size_t *group = xcalloc(count + 1, sizeof(*group));
	for (size_t i = 0; i < count; i++) {
		group[i] = SIZE_MAX;
		if (view->results[i].state == SHELL_DONE)
			kinds[kinds_count++] = (struct kind){
				hash_result(&view->results[i]), i
			};
	}
	qsort(kinds, kinds_count, sizeof(*kinds), compare);
	for (size_t i = 0; i < kinds_count; i++) {
		if (group[kinds[i].host] != SIZE_MAX)
			continue;
		const struct shell_result
		    *result = &view->results[kinds[i].host];
		for (size_t j = i;
		     j < kinds_count && kinds[j].hash == kinds[i].hash; j++)
			if (group[kinds[j].host] == SIZE_MAX &&
			    are_equal(result, &view->results[kinds[j].host]))
				group[kinds[j].host] = kinds[i].host;
	}
	for (size_t i = 0; i < count; i++)
		if (group[i] == i)
			print_group(view, group, i);
	free(group);
	free(kinds);
}
