/*
 * The lines of a plan, in the words of the platform's row. It must not decide
 * anything but where a block begins.
 */
#include "acl_edit_parts.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

/* The block for the next line: the last one if it is of the same sort. */
void
writer_begin(
    struct writer *writer, bool inside, bool one_write, bool after_move)
{
	struct acl_edit_plan *plan = writer->plan;
	const char *open = inside ? writer->draft->writing->open : NULL;
	if (plan->blocks_count && !one_write) {
		struct acl_edit_block
		    *last = &plan->blocks[plan->blocks_count - 1];
		if (!last->one_write && last->after_move == after_move &&
		    (last->header != NULL) == (open != NULL))
			return;
	}
	GROW(plan->blocks, plan->blocks_count, plan->blocks_cap);
	plan->blocks[plan->blocks_count++] = (struct acl_edit_block){
		.header = open ? acl_writing_fill(open, plan->list, 0, "")
			       : NULL,
		.one_write = one_write,
		.after_move = after_move,
		.first = plan->count,
	};
}

void
writer_put(struct writer *writer, enum acl_edit_kind kind, char *text,
    uint32_t sequence, size_t index)
{
	struct acl_edit_plan *plan = writer->plan;
	GROW(plan->lines, plan->count, plan->cap);
	plan->lines[plan->count++] = (struct acl_edit_line){
		.text = text,
		.kind = kind,
		.sequence = sequence,
		.index = index,
	};
	plan->blocks[plan->blocks_count - 1].count++;
}

/* NUMBER 0: the device numbers it, as SEQUENCE. */
static void
put_add(struct writer *writer, size_t index, uint32_t number, uint32_t sequence)
{
	const struct draft *draft = writer->draft;
	const struct acl_entry *entry = &draft->ask->want->items[index];
	if (entry->term) {
		writer_put_term(
		    writer, ACL_EDIT_ADD, index, entry, &entry->statements);
		return;
	}
	writer_put(writer, ACL_EDIT_ADD,
	    acl_writing_fill(
		draft->writing->add, writer->plan->list, number, entry->words),
	    sequence, index);
}

static void
put_remove(
    struct writer *writer, const char *form, size_t index, uint32_t number)
{
	const struct acl_entry *entry = &writer->draft->ask->have->items[index];
	writer_put(writer, ACL_EDIT_REMOVE,
	    acl_writing_fill(form, writer->plan->list, number, entry->words),
	    number, index);
}

void
writer_put_settings(
    struct writer *writer, const struct strs *settings, const struct strs *but)
{
	const struct acl_writing *writing = writer->draft->writing;
	for (size_t i = 0; i < settings->count; i++) {
		if (but && strs_has(but, settings->items[i]))
			continue;
		writer_begin(writer, true, false, false);
		writer_put(writer, ACL_EDIT_SETTING,
		    writing->open
			? xstrdup(settings->items[i])
			: acl_writing_fill(writing->add, writer->plan->list, 0,
			      settings->items[i]),
		    0, SIZE_MAX);
	}
}

static void
put_renumbering(struct writer *writer)
{
	const struct draft *draft = writer->draft;
	const struct acl_writing *writing = draft->writing;
	if (!draft->renumber)
		return;
	writer_begin(writer, writing->resequence_inside, false, false);
	writer_put(writer, ACL_EDIT_RENUMBER,
	    acl_writing_fill(
		writing->resequence, writer->plan->list, draft->renumber, ""),
	    0, SIZE_MAX);
	writer->plan->renumbered = true;
	writer->plan->renumber_step = draft->renumber;
}

static void
put_step(struct writer *writer, const struct step *step)
{
	const struct draft *draft = writer->draft;
	if (step->add == NOWHERE) {
		put_remove(writer, draft->writing->remove,
		    draft->have.items[step->remove],
		    draft->have.numbers[step->remove]);
		return;
	}
	uint32_t number = draft->want.numbers[step->add];
	put_add(writer, draft->want.items[step->add], number, number);
}

/* The remarks in front of the entry at POSITION, if they are new. */
static void
put_remarks_of(struct writer *writer, size_t position)
{
	const struct draft *draft = writer->draft;
	const struct remark_steps *steps = &draft->add_remarks;
	size_t low = 0, high = steps->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (steps->items[middle].before < position)
			low = middle + 1;
		else
			high = middle;
	}
	uint32_t number = position == NOWHERE ? 0
					      : draft->want.numbers[position];
	for (; low < steps->count && steps->items[low].before == position;
	     low++) {
		writer_begin(writer, true, false, false);
		put_add(writer, steps->items[low].index, number, number);
	}
}

static void
put_steps(struct writer *writer)
{
	const struct draft *draft = writer->draft;
	for (size_t i = 0; i < draft->steps_count;) {
		const struct step *step = &draft->steps[i++];
		bool group = i < draft->steps_count && step[1].joined;
		if (!group && step->add != NOWHERE)
			put_remarks_of(writer, step->add);
		writer_begin(writer, true, group, false);
		put_step(writer, step);
		for (; i < draft->steps_count && draft->steps[i].joined; i++) {
			step = &draft->steps[i];
			put_step(writer, step);
		}
		if (group && step->add != NOWHERE)
			put_remarks_of(writer, step->add);
	}
}

void
draft_write(const struct draft *draft, struct acl_edit_plan *plan)
{
	struct writer writer = { draft, plan };
	const struct acl_edit_ask *ask = draft->ask;
	const struct acl_writing *writing = draft->writing;
	put_renumbering(&writer);
	if (!ask->have->present && writing->open)
		writer_begin(&writer, true, false, false);
	writer_put_settings(
	    &writer, &ask->want->settings, &ask->have->settings);
	for (size_t i = 0; i < draft->remove_remarks.count; i++) {
		writer_begin(&writer, true, false, false);
		put_remove(&writer, writing->remove_remark,
		    draft->remove_remarks.items[i].index, 0);
	}
	put_steps(&writer);
	for (size_t i = 0; i < draft->want.count; i++) {
		plan->kept += draft->want.pair[i] != NOWHERE;
		if (draft->want.pair[i] != NOWHERE)
			put_remarks_of(&writer, i);
	}
	put_remarks_of(&writer, NOWHERE);
}

/* The numbers that are asked for, if all are there and ascend; otherwise the
 * platform's own. */
static uint32_t *
numbers_of(const struct draft *draft)
{
	const struct side *want = &draft->want;
	uint32_t step = draft->ask->dialect->step, last = 0;
	uint32_t *numbers = xcalloc(want->count + 1, sizeof(*numbers));
	for (size_t i = 0; i < want->count; i++) {
		numbers[i] = side_entry(want, i)->sequence;
		if (numbers[i] <= last) {
			for (size_t k = 0; k < want->count; k++)
				numbers[k] = step * (uint32_t)(k + 1);
			break;
		}
		last = numbers[i];
	}
	return numbers;
}

/* Everything in its order; a number stands only where the device would give
 * another one. */
static void
put_whole(struct writer *writer)
{
	const struct draft *draft = writer->draft;
	const struct acl *want = draft->ask->want;
	uint32_t *numbers = numbers_of(draft);
	uint32_t last = 0, step = draft->ask->dialect->step;
	bool single = draft->writing->remarks == ACL_REMARKS_SINGLE;
	for (size_t i = 0, k = 0; i < want->count; i++) {
		const struct acl_entry *entry = &want->items[i];
		bool numbered = draft_is_numbered(draft, entry);
		uint32_t next = k < draft->want.count ? numbers[k] : 0;
		uint32_t sequence = single && !numbered ? 0 : next;
		put_add(writer, i, sequence == last + step ? 0 : sequence,
		    sequence);
		if (!numbered)
			continue;
		last = next;
		k++;
	}
	free(numbers);
}

static void
put_destroy(struct writer *writer, bool after_move)
{
	const struct draft *draft = writer->draft;
	writer_begin(writer, false, false, after_move);
	writer_put(writer, ACL_EDIT_DESTROY,
	    acl_writing_fill(draft->writing->destroy, draft->ask->name, 0, ""),
	    0, SIZE_MAX);
}

void
draft_write_whole(const struct draft *draft, struct acl_edit_plan *plan,
    bool destroy_first, bool destroy_after)
{
	struct writer writer = { draft, plan };
	const struct acl_edit_ask *ask = draft->ask;
	if (destroy_first)
		put_destroy(&writer, false);
	if (ask->want->present) {
		writer_begin(&writer, true, false, false);
		writer_put_settings(&writer, &ask->want->settings, NULL);
		writer_put_settings(
		    &writer, &ask->have->settings, &ask->want->settings);
		put_whole(&writer);
	}
	if (destroy_after)
		put_destroy(&writer, true);
}
