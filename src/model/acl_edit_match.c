/*
 * What stays in place: a longest common subsequence of two lists, after J. W.
 * Hunt and T. G. Szymanski, "A fast algorithm for computing longest common
 * subsequences" (CACM 20, 1977): entries are mostly different from each
 * other, so that few pairs match and the work is that of sorting them.
 */
#include "acl_edit_parts.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* More pairs than this, and an entry that stands many times in both lists is
 * only paired with its counterpart by count: correct, perhaps not longest. */
#define PAIRS_MAX 2000000

struct name {
	const char *normal;
	size_t position;
};

/* A pair that ends a common subsequence; `before` is the one before it. */
struct link {
	size_t a, b, before;
};

struct matcher {
	struct draft *draft;
	struct name *names; /* of want's entries in range, sorted */
	size_t names_count;
	struct link *links;
	size_t links_count, links_cap;
	size_t *ends; /* [k]: the link that ends the best of length k + 1 */
	size_t length;
};

static int
compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = strcmp(x->normal, y->normal);
	if (order)
		return order;
	return x->position < y->position ? -1 : x->position > y->position;
}

static const char *
normal_at(const struct side *side, size_t position)
{
	return side->keys[position];
}

/* The names equal to NORMAL: [*first, *end). */
static void
find_names(const struct matcher *matcher, const char *normal, size_t *first,
    size_t *end)
{
	size_t low = 0, high = matcher->names_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(matcher->names[middle].normal, normal) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*first = low;
	while (low < matcher->names_count &&
	    strcmp(matcher->names[low].normal, normal) == 0)
		low++;
	*end = low;
}

/* Offers the pair (A, B); B descends while A stays. */
static void
offer(struct matcher *matcher, size_t a, size_t b)
{
	size_t low = 0, high = matcher->length;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (matcher->links[matcher->ends[middle]].b < b)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < matcher->length && matcher->links[matcher->ends[low]].b == b)
		return;
	GROW(matcher->links, matcher->links_count, matcher->links_cap);
	matcher->links[matcher->links_count] = (struct link){
		.a = a,
		.b = b,
		.before = low ? matcher->ends[low - 1] : NOWHERE,
	};
	matcher->ends[low] = matcher->links_count++;
	if (low == matcher->length)
		matcher->length++;
}

/* How many of the same name stand in have's range before A. */
static size_t
count_before(const struct side *have, size_t first, size_t a)
{
	size_t count = 0;
	for (size_t i = first; i < a; i++)
		count += strcmp(normal_at(have, i), normal_at(have, a)) == 0;
	return count;
}

static void
offer_all(struct matcher *matcher, size_t from, size_t to)
{
	const struct side *have = &matcher->draft->have;
	size_t offered = 0, first, end;
	for (size_t a = from; a < to; a++) {
		find_names(matcher, normal_at(have, a), &first, &end);
		offered += end - first;
		if (offered > PAIRS_MAX) {
			size_t skip = end - first > 1
			    ? count_before(have, from, a)
			    : 0;
			if (skip < end - first)
				offer(matcher, a,
				    matcher->names[first + skip].position);
			continue;
		}
		while (end > first)
			offer(matcher, a, matcher->names[--end].position);
	}
}

static void
pair(struct draft *draft, size_t a, size_t b)
{
	draft->have.pair[a] = b;
	draft->want.pair[b] = a;
}

static void
match_middle(
    struct draft *draft, size_t a, size_t a_end, size_t b, size_t b_end)
{
	struct matcher matcher = { .draft = draft };
	if (a == a_end || b == b_end)
		return;
	matcher.names_count = b_end - b;
	matcher.names = xcalloc(b_end - b, sizeof(*matcher.names));
	matcher.ends = xcalloc(b_end - b, sizeof(*matcher.ends));
	for (size_t i = b; i < b_end; i++)
		matcher.names[i - b] = (struct name){
			normal_at(&draft->want, i), i
		};
	qsort(matcher.names, matcher.names_count, sizeof(*matcher.names),
	    compare_names);
	offer_all(&matcher, a, a_end);
	size_t at = matcher.length ? matcher.ends[matcher.length - 1] : NOWHERE;
	for (; at != NOWHERE; at = matcher.links[at].before)
		pair(draft, matcher.links[at].a, matcher.links[at].b);
	free(matcher.names);
	free(matcher.ends);
	free(matcher.links);
}

/* Equal beginnings and ends are paired at once: the usual change is small. */
static void
match_range(struct draft *draft, size_t a, size_t a_end, size_t b, size_t b_end)
{
	const struct side *have = &draft->have, *want = &draft->want;
	while (a < a_end && b < b_end &&
	    strcmp(normal_at(have, a), normal_at(want, b)) == 0)
		pair(draft, a++, b++);
	while (a < a_end && b < b_end &&
	    strcmp(normal_at(have, a_end - 1), normal_at(want, b_end - 1)) == 0)
		pair(draft, --a_end, --b_end);
	match_middle(draft, a, a_end, b, b_end);
}

void
draft_match(struct draft *draft)
{
	size_t a = 0, b = 0;
	for (size_t i = 0; i < draft->have.count; i++)
		draft->have.pair[i] = NOWHERE;
	for (size_t i = 0; i < draft->want.count; i++)
		draft->want.pair[i] = NOWHERE;
	for (size_t i = 0; i < draft->anchors_count; i++) {
		const size_t *anchor = draft->anchors[i];
		match_range(draft, a, anchor[0], b, anchor[1]);
		pair(draft, anchor[0], anchor[1]);
		a = anchor[0] + 1;
		b = anchor[1] + 1;
	}
	match_range(draft, a, draft->have.count, b, draft->want.count);
}
