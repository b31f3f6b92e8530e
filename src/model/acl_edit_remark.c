/*
 * Remarks without a number of their own: which go, which come. Where they are
 * removed by their text, one that stands twice cannot be told from its like,
 * so that all of them go and those that are wanted come again.
 */
#include "acl_edit_parts.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS 32 /* then none is kept: correct, only longer */

struct remark {
	const char *normal;
	size_t index, before; /* as in remark_step */
	size_t mate; /* the same one on the other side, NOWHERE: changes */
	size_t class; /* of equal texts, only in have */
};

struct remarks {
	struct remark *items;
	size_t count, cap;
};

static void
list_remarks(struct remarks *list, const struct side *side)
{
	const struct acl *acl = side->acl;
	size_t position = 0;
	for (size_t i = 0; i < acl->count; i++) {
		if (acl->items[i].action != ACL_REMARK) {
			position++;
			continue;
		}
		GROW(list->items, list->count, list->cap);
		list->items[list->count++] = (struct remark){
			.normal = acl->items[i].normal,
			.index = i,
			.before = position < side->count ? position : NOWHERE,
			.mate = NOWHERE,
		};
	}
}

/* True if both ends are the ends of the same list: what stands there stays
 * behind everything. */
static bool
same_end(const struct draft *draft)
{
	size_t h = draft->have.count, w = draft->want.count;
	if (h == 0 || w == 0)
		return h == w;
	return draft->have.pair[h - 1] == w - 1;
}

/* Where the group in front of have's BEFORE stands in want; *before. */
static bool
same_place(const struct draft *draft, size_t *before)
{
	if (*before == NOWHERE)
		return same_end(draft);
	*before = draft->have.pair[*before];
	return *before != NOWHERE;
}

/* True if the remark has, or is believed to have, the number of the entry
 * that it stands in front of, so that nothing can come between them. */
static bool
is_tied(const struct side *have, const struct remark *remark)
{
	uint32_t number = have->acl->items[remark->index].sequence;
	return number == 0 || remark->before == NOWHERE ||
	    number == side_entry(have, remark->before)->sequence;
}

/* Remarks in front of an entry that stays, as far as they agree. */
static void
find_mates(
    const struct draft *draft, struct remarks *have, struct remarks *want)
{
	size_t k = 0;
	for (size_t i = 0; i < have->count;) {
		size_t group = have->items[i].before, before = group;
		bool stays = same_place(draft, &before);
		while (
		    stays && k < want->count && want->items[k].before < before)
			k++;
		for (; i < have->count && have->items[i].before == group; i++) {
			stays = stays && k < want->count &&
			    is_tied(&draft->have, &have->items[i]) &&
			    want->items[k].before == before &&
			    str_eq(
				have->items[i].normal, want->items[k].normal);
			if (!stays)
				continue;
			have->items[i].mate = k;
			want->items[k++].mate = i;
		}
	}
}

static int
compare_remarks(const void *a, const void *b)
{
	const struct remark *const *x = a, *const *y = b;
	return strcmp((*x)->normal, (*y)->normal);
}

static void
classify(struct remarks *have)
{
	struct remark **sorted = xcalloc(have->count + 1, sizeof(*sorted));
	for (size_t i = 0; i < have->count; i++)
		sorted[i] = &have->items[i];
	qsort(sorted, have->count, sizeof(*sorted), compare_remarks);
	for (size_t i = 1; i < have->count; i++)
		sorted[i]->class = sorted[i - 1]->class +
		    (compare_remarks(&sorted[i], &sorted[i - 1]) != 0);
	free(sorted);
}

static bool
part(struct remarks *have, struct remarks *want, size_t i)
{
	struct remark *remark = &have->items[i];
	if (remark->mate == NOWHERE)
		return false;
	want->items[remark->mate].mate = NOWHERE;
	remark->mate = NOWHERE;
	return true;
}

/* One goes: so do its likes, and those behind it in front of the same entry,
 * where only the end can be added to. True if that changed anything. */
static bool
spread_removal(struct remarks *have, struct remarks *want, bool *going)
{
	bool changed = false;
	for (size_t i = 0; i < have->count; i++)
		if (have->items[i].mate == NOWHERE)
			going[have->items[i].class] = true;
	for (size_t i = 0; i < have->count; i++) {
		const struct remark *remark = &have->items[i];
		bool behind = i && remark[-1].before == remark->before &&
		    remark[-1].mate == NOWHERE;
		if (behind || going[remark->class])
			changed = part(have, want, i) || changed;
	}
	return changed;
}

static void
add_remark(struct remark_steps *steps, size_t index, size_t before)
{
	GROW(steps->items, steps->count, steps->cap);
	steps->items[steps->count++] = (struct remark_step){ index, before };
}

static void
list_steps(struct remark_steps *steps, const struct remarks *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].mate == NOWHERE)
			add_remark(
			    steps, list->items[i].index, list->items[i].before);
}

static void
shared_remarks(struct draft *draft, struct remarks *have, struct remarks *want)
{
	bool *going = xcalloc(have->count + 1, sizeof(*going));
	unsigned rounds = 0;
	find_mates(draft, have, want);
	classify(have);
	while (spread_removal(have, want, going))
		if (++rounds == ROUNDS)
			memset(going, true, have->count);
	free(going);
	list_steps(&draft->remove_remarks, have);
	list_steps(&draft->add_remarks, want);
}

/* The last one counts, and a new one takes its place. */
static void
single_remark(
    struct draft *draft, const struct remarks *have, const struct remarks *want)
{
	const struct remark *old = have->count ? &have->items[have->count - 1]
					       : NULL;
	const struct remark *new = want->count ? &want->items[want->count - 1]
					       : NULL;
	if (new && (!old || !str_eq(old->normal, new->normal)))
		add_remark(&draft->add_remarks, new->index, NOWHERE);
	else if (old && !new)
		add_remark(&draft->remove_remarks, old->index, NOWHERE);
}

void
draft_remarks(struct draft *draft)
{
	struct remarks have = { 0 }, want = { 0 };
	draft->remove_remarks.count = draft->add_remarks.count = 0;
	if (draft->writing->remarks == ACL_REMARKS_NUMBERED)
		return;
	list_remarks(&have, &draft->have);
	list_remarks(&want, &draft->want);
	if (draft->writing->remarks == ACL_REMARKS_SINGLE)
		single_remark(draft, &have, &want);
	else
		shared_remarks(draft, &have, &want);
	free(have.items);
	free(want.items);
}
