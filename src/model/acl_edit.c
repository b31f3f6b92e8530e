/*
 * From two lists to a plan: what is refused, which way is taken. How a delta
 * is made stands in the other acl_edit files.
 */
#include "model/acl_edit.h"

#include "acl_edit_parts.h"

#include "base/alloc.h"
#include "base/err.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Entries that had to be kept by force; more, and it is a swap. */
#define ANCHORS_MAX 16

const struct acl_entry *
side_entry(const struct side *side, size_t position)
{
	return &side->acl->items[side->items[position]];
}

bool
draft_is_numbered(const struct draft *draft, const struct acl_entry *entry)
{
	return entry->action != ACL_REMARK ||
	    draft->writing->remarks == ACL_REMARKS_NUMBERED;
}

static void
side_init(const struct draft *draft, struct side *side, const struct acl *acl)
{
	side->acl = acl;
	side->keys = xcalloc(acl->count + 1, sizeof(*side->keys));
	side->items = xcalloc(acl->count + 1, sizeof(*side->items));
	side->pair = xcalloc(acl->count + 1, sizeof(*side->pair));
	side->numbers = xcalloc(acl->count + 1, sizeof(*side->numbers));
	for (size_t i = 0; i < acl->count; i++)
		if (draft_is_numbered(draft, &acl->items[i])) {
			side->keys[side->count] = acl->items[i].normal;
			side->items[side->count++] = i;
		}
}

static void
side_clear(struct side *side)
{
	free(side->items);
	free(side->keys);
	free(side->pair);
	free(side->numbers);
}

static void
draft_clear(struct draft *draft)
{
	side_clear(&draft->have);
	side_clear(&draft->want);
	free(draft->anchors);
	free(draft->steps);
	free(draft->remove_remarks.items);
	free(draft->add_remarks.items);
}

static bool
types_differ(const struct draft *draft)
{
	const struct acl_edit_ask *ask = draft->ask;
	const struct acl_writing *old = acl_writing_find(
	    ask->dialect, ask->have->type);
	return ask->have->present && ask->have->type != ACL_ANY &&
	    old != draft->writing;
}

/* Keeps, next time, the entry that could not move; false if it crosses one
 * that has to be kept as well, or is not the same to the letter. */
static bool
add_anchor(struct draft *draft)
{
	size_t a = draft->stuck, b = 0, at = 0;
	if (a == NOWHERE || draft->anchors_count == ANCHORS_MAX)
		return false;
	const char *normal = side_entry(&draft->have, a)->normal;
	while (b < draft->want.count &&
	    strcmp(side_entry(&draft->want, b)->normal, normal) != 0)
		b++;
	while (at < draft->anchors_count && draft->anchors[at][0] < a)
		at++;
	if (b == draft->want.count || (at && draft->anchors[at - 1][1] >= b) ||
	    (at < draft->anchors_count && draft->anchors[at][1] <= b))
		return false;
	draft->anchors = xrealloc(
	    draft->anchors, draft->anchors_count + 1, sizeof(*draft->anchors));
	memmove(draft->anchors + at + 1, draft->anchors + at,
	    (draft->anchors_count - at) * sizeof(*draft->anchors));
	draft->anchors[at][0] = a;
	draft->anchors[at][1] = b;
	draft->anchors_count++;
	return true;
}

static bool
is_longer(const struct draft *draft, const struct acl_edit_plan *plan)
{
	const struct acl_edit_ask *ask = draft->ask;
	size_t retyped = draft_lines(ask->want) + ask->have->present;
	return plan->count - plan->renumbered > retyped;
}

size_t
draft_lines(const struct acl *acl)
{
	size_t count = acl->settings.count;
	for (size_t i = 0; i < acl->count; i++) {
		const struct acl_entry *entry = &acl->items[i];
		size_t statements = entry->statements.count;
		count += statements ? statements : 1;
	}
	return count;
}

static void
drop_lines(struct acl_edit_plan *plan)
{
	char *list = plan->list;
	plan->list = NULL;
	acl_edit_clear(plan);
	plan->list = list;
}

/* NULL, or why there is no delta of this kind. */
static const char *
try_delta(struct draft *draft, struct acl_edit_plan *plan)
{
	draft->anchors_count = 0;
	do {
		draft_match(draft);
		if (!draft_number(draft))
			return "there is no room between the numbers of the "
			       "entries";
		if (!draft_order(draft))
			continue;
		draft_remarks(draft);
		draft_write(draft, plan);
		if (draft->ask->longer || !is_longer(draft, plan))
			return NULL;
		drop_lines(plan);
		return "editing in place takes more lines than retyping";
	} while (add_anchor(draft));
	return "editing in place would cut a protected flow, or leave the "
	       "list empty, meanwhile";
}

static const char *
try_terms(struct draft *draft, struct acl_edit_plan *plan)
{
	const char *why = draft_terms(draft, plan);
	if (!why && is_longer(draft, plan))
		why = "editing in place takes more lines than retyping";
	if (why)
		drop_lines(plan);
	return why;
}

static const char *
plan_delta(struct draft *draft, struct acl_edit_plan *plan)
{
	if (types_differ(draft))
		return "the list on the device is of another type";
	if (draft->ask->dialect->terms)
		return try_terms(draft, plan);
	const char *why = try_delta(draft, plan);
	if (why && draft->ask->dialect->same_number_wins) {
		draft->reuse = true;
		why = try_delta(draft, plan);
	}
	return why;
}

/* IOS takes a name that begins with a digit for the number of a list. */
char *
acl_edit_second_name(const char *name)
{
	return isdigit((unsigned char)*name) ? xasprintf("np__%s", name)
					     : xasprintf("%s__np", name);
}

static void
plan_whole(
    struct draft *draft, struct acl_edit_plan *plan, enum acl_edit_way way)
{
	bool present = draft->ask->have->present;
	plan->way = way;
	if (way == ACL_EDIT_SWAP) {
		free(plan->list);
		plan->list = acl_edit_second_name(draft->ask->name);
	}
	draft_write_whole(draft, plan, present && way == ACL_EDIT_REPLACE,
	    present && way == ACL_EDIT_SWAP);
}

static void
plan_lines(struct draft *draft, struct acl_edit_plan *plan)
{
	const struct acl_edit_ask *ask = draft->ask;
	const char *why = NULL;
	enum acl_edit_way way = ask->way;
	if (!ask->want->present)
		way = ACL_EDIT_REPLACE;
	if (way == ACL_EDIT_DELTA) {
		why = plan_delta(draft, plan);
		if (!why)
			return;
		way = ask->unused ? ACL_EDIT_REPLACE : ACL_EDIT_SWAP;
	}
	snprintf(plan->why, sizeof(plan->why), "%s",
	    why ? why : "another way was asked for");
	plan_whole(draft, plan, way);
}

/* Lines that act together leave no moment without the list: to type it again
 * is an edit, too, and no swap is ever needed. */
static void
plan_terms(struct draft *draft, struct acl_edit_plan *plan)
{
	const struct acl_edit_ask *ask = draft->ask;
	bool replace = ask->way == ACL_EDIT_REPLACE || !ask->want->present;
	const char *why = replace ? "another way was asked for"
				  : plan_delta(draft, plan);
	if (!why)
		return;
	snprintf(plan->why, sizeof(plan->why), "%s", why);
	plan_whole(draft, plan, ACL_EDIT_REPLACE);
	if (!replace)
		plan->way = ACL_EDIT_DELTA;
}

static int
refuse(const struct acl_edit_ask *ask, const struct acl_flow *flow,
    const struct acl_verdict *verdict, struct err *err)
{
	bool denied = verdict->answer == ACL_ANSWER_DENY;
	const char *whose = flow->own ? "netpush's own way in,"
				      : "the protected flow";
	if (verdict->entry != SIZE_MAX) {
		const struct acl_entry *entry = &ask->want
						     ->items[verdict->entry];
		return err_set(err, ERR_LOCKOUT_RISK,
		    "line %u of list %s, '%.150s', %s %s '%.120s'", entry->line,
		    ask->name, entry->words, denied ? "denies" : "may deny",
		    whose, flow->text);
	}
	if (ask->want->present && denied)
		return err_set(err, ERR_LOCKOUT_RISK,
		    "no line of list %s permits %s '%.120s'", ask->name, whose,
		    flow->text);
	return err_set(err, ERR_LOCKOUT_RISK,
	    "%s list %s %s '%.120s' may be denied",
	    ask->want->present ? "with an empty" : "without", ask->name, whose,
	    flow->text);
}

/* What the wanted list itself does to the flows. */
static int
check_flows(const struct acl_edit_ask *ask, struct err *err)
{
	for (size_t i = 0; i < ask->protect_count; i++) {
		const struct acl_flow *flow = &ask->protect[i];
		struct acl_verdict before = acl_decide(
		    ask->dialect, ask->have, flow);
		struct acl_verdict after = acl_decide(
		    ask->dialect, ask->want, flow);
		bool same = before.answer == ACL_ANSWER_UNKNOWN &&
		    after.answer == ACL_ANSWER_UNKNOWN &&
		    before.path == after.path;
		if (before.answer != ACL_ANSWER_DENY && !same &&
		    after.answer != ACL_ANSWER_PERMIT)
			return refuse(ask, flow, &after, err);
	}
	return 0;
}

static enum acl_type
type_of(const struct acl_edit_ask *ask)
{
	const struct acl *want = ask->want;
	return want->present && want->type != ACL_ANY ? want->type
						      : ask->have->type;
}

int
acl_edit_plan(
    struct acl_edit_plan *plan, const struct acl_edit_ask *ask, struct err *err)
{
	struct draft draft = { .ask = ask };
	memset(plan, 0, sizeof(*plan));
	if (acl_equal(ask->want, ask->have, NULL)) {
		plan->way = ACL_EDIT_NOTHING;
		plan->list = xstrdup(ask->name);
		plan->kept = ask->want->count;
		return 0;
	}
	draft.writing = acl_writing_find(ask->dialect, type_of(ask));
	if (!draft.writing)
		return err_set(err, ERR_JOB,
		    "it is not known of which type list %s is", ask->name);
	if (check_flows(ask, err) < 0)
		return -1;
	plan->list = xstrdup(ask->name);
	side_init(&draft, &draft.have, ask->have);
	side_init(&draft, &draft.want, ask->want);
	if (ask->dialect->terms)
		plan_terms(&draft, plan);
	else
		plan_lines(&draft, plan);
	draft_clear(&draft);
	return 0;
}

void
acl_edit_clear(struct acl_edit_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		free(plan->lines[i].text);
	for (size_t i = 0; i < plan->blocks_count; i++)
		free(plan->blocks[i].header);
	free(plan->lines);
	free(plan->blocks);
	free(plan->list);
	memset(plan, 0, sizeof(*plan));
}
