/*
 * Which way a change of a list goes, and the lines of it. The planner
 * (model/acl_edit.h) knows what each way does to the flows that are protected;
 * here it is decided what is asked of it, and what is refused.
 */
#include "step_acl_parts.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>

/* Blocks under the same header that follow each other are one visit. */
static void
add_block(struct strs *texts, const struct acl_edit_plan *plan,
    const struct acl_edit_block *block, const char **header)
{
	if (block->header && !str_eq(block->header, *header))
		strs_add(texts, block->header);
	*header = block->header;
	for (size_t i = 0; i < block->count; i++)
		strs_take(texts,
		    xasprintf("%s%s", block->header ? " " : "",
			plan->lines[block->first + i].text));
}

static struct acl_edit_ask
ask_of(const struct acl_change *change, const char *name,
    const struct acl *have, const struct acl *want, enum acl_edit_way way)
{
	bool used = step_acl_is_used(change);
	return (struct acl_edit_ask){
		.dialect = change->dialect,
		.name = name,
		.have = have,
		.want = want,
		.way = way,
		.unused = !used,
		.longer = used,
	};
}

int
step_acl_lines(const struct acl_change *change, const char *name,
    const struct acl *have, const struct acl *want, enum acl_edit_way *way,
    bool flows, struct strs *texts, struct err *err)
{
	struct acl_edit_plan plan;
	const char *header = NULL;
	struct acl_edit_ask ask = ask_of(change, name, have, want, *way);
	if (flows) {
		ask.protect = change->flows;
		ask.protect_count = change->flow_count;
	}
	if (acl_edit_plan(&plan, &ask, err))
		return -1;
	*way = plan.way;
	for (size_t i = 0; i < plan.blocks_count; i++)
		if (!plan.blocks[i].after_move)
			add_block(texts, &plan, &plan.blocks[i], &header);
	acl_edit_clear(&plan);
	return 0;
}

/* From what is there to what is wanted, with all that must live on. */
static int
plan_of(const struct acl_change *change, enum acl_edit_way way,
    struct acl_edit_plan *plan, struct err *err)
{
	struct acl_edit_ask ask = ask_of(
	    change, change->name, &change->before, &change->wanted, way);
	ask.protect = change->flows;
	ask.protect_count = change->flow_count;
	return acl_edit_plan(plan, &ask, err);
}

static void
drop_flows(struct acl_change *change)
{
	for (size_t i = 0; i < change->flow_count; i++)
		acl_flow_clear(&change->flows[i]);
	change->flow_count = 0;
}

/* The planner's plan. What may lock out is refused, or done under protest. */
static int
make_plan(struct acl_change *change, enum acl_edit_way way,
    struct acl_edit_plan *plan)
{
	struct err *err = &change->result->fault.err;
	if (plan_of(change, way, plan, err) == 0)
		return 0;
	if (err->kind != ERR_LOCKOUT_RISK ||
	    !session_target(change->session)->force)
		return -1;
	step_acl_warn(change, "done all the same (--force): %s", err->text);
	*err = (struct err){ 0 };
	drop_flows(change);
	return plan_of(change, way, plan, err);
}

/* LINES are those of PLAN, with headers: what must go in one write shall. */
static void
join_lines(const struct acl_edit_plan *plan, struct plan_lines *lines)
{
	const char *header = NULL;
	size_t at = 0;
	for (size_t i = 0; i < plan->blocks_count; i++) {
		const struct acl_edit_block *block = &plan->blocks[i];
		at += block->header && !str_eq(block->header, header);
		header = block->header;
		for (size_t k = 0; k < block->count; k++, at++)
			lines->items[at].joined = block->one_write && k > 0;
	}
}

static enum acl_course
take_lines(struct acl_change *change, const struct acl_edit_plan *plan,
    struct plan_lines *lines)
{
	struct strs texts = { 0 };
	const char *header = NULL;
	for (size_t i = 0; i < plan->blocks_count; i++)
		add_block(&texts, plan, &plan->blocks[i], &header);
	plan_lines_from(lines, &texts);
	plan_lines_commit(lines, session_profile(change->session));
	join_lines(plan, lines);
	strs_clear(&texts);
	return ACL_COURSE_EDIT;
}

/* Has the template lines of its own, beside the header and the entries? */
static bool
has_own_lines(
    const struct acl_change *change, const struct plan_lines *rendered)
{
	struct strs texts = { 0 };
	for (size_t i = 0; i + rendered->own < rendered->count; i++)
		strs_add(&texts, rendered->items[i].text);
	bool only = acl_backup_is_only(change->dialect, change->name, &texts);
	strs_clear(&texts);
	return !only;
}

/* A place where the list is applied, for a message. */
static char *
place_of(const struct acl_change *change)
{
	return change->uses.count ? acl_use_text(&change->uses.items[0])
	    : change->copy_uses.count
	    ? acl_use_text(&change->copy_uses.items[0])
	    : xstrdup("the device does not show where");
}

/* The lines of the template; a list that is applied is missing meanwhile, but
 * not where all of them count at once, when they are committed. */
static enum acl_course
as_rendered(struct acl_change *change)
{
	struct acl_edit_plan plan;
	if (!step_acl_is_used(change))
		return ACL_COURSE_TEMPLATE;
	if (make_plan(change, ACL_EDIT_REPLACE, &plan))
		return ACL_COURSE_REFUSED;
	acl_edit_clear(&plan);
	if (session_profile(change->session)->commit.count)
		return ACL_COURSE_TEMPLATE;
	char *place = place_of(change);
	step_acl_warn(change,
	    "access list %s is applied (%s) and sent as the template says: "
	    "while that lasts it may be missing, or there in part",
	    change->name, place);
	free(place);
	return ACL_COURSE_TEMPLATE;
}

/* What stands in the way of moving all references; the caller frees. */
static char *
why_not_movable(const struct acl_change *change)
{
	const struct acl_use *fixed = acl_uses_fixed(&change->uses);
	if (change->uses_known != ACL_USES_READ)
		return xstrdup("the device does not show where it is applied");
	if (!fixed)
		fixed = acl_uses_fixed(&change->copy_uses);
	if (!fixed)
		return NULL;
	char *place = acl_use_text(fixed);
	char *why = xasprintf("%s cannot be moved to another list", place);
	free(place);
	return why;
}

static enum acl_course
swap_or_refuse(struct acl_change *change, const char *reason)
{
	char *why = why_not_movable(change);
	enum acl_course course = ACL_COURSE_SWAP;
	if (!why)
		goto out;
	course = ACL_COURSE_REFUSED;
	if (session_target(change->session)->force) {
		step_acl_warn(change,
		    "access list %s is deleted and built again (--force): %s; "
		    "%s",
		    change->name, reason, why);
		course = ACL_COURSE_TEMPLATE;
		goto out;
	}
	err_set(&change->result->fault.err, ERR_LOCKOUT_RISK,
	    "there is no safe way to change access list %s: %s, and %s",
	    change->name, reason, why);
out:
	free(why);
	return course;
}

/* Applied somewhere: in place, else by a swap. */
static enum acl_course
course_of_used(struct acl_change *change, struct plan_lines *lines)
{
	struct acl_edit_plan plan;
	bool swap = change->step->strategy == STRATEGY_SWAP;
	if (make_plan(change, swap ? ACL_EDIT_SWAP : ACL_EDIT_DELTA, &plan))
		return ACL_COURSE_REFUSED;
	enum acl_course course = ACL_COURSE_SWAP;
	if (plan.way == ACL_EDIT_DELTA) {
		course = take_lines(change, &plan, lines);
	} else {
		course = swap_or_refuse(change, plan.why);
		if (course == ACL_COURSE_SWAP)
			buf_addf(&change->result->notes,
			    "swapped for another list while it is built: %s\n",
			    plan.why);
	}
	acl_edit_clear(&plan);
	return course;
}

/* Applied nowhere, as far as can be told: the shortest. */
static enum acl_course
course_of_unused(struct acl_change *change, struct plan_lines *lines)
{
	struct acl_edit_plan plan;
	struct err err = { 0 };
	struct buf *notes = &change->result->notes;
	enum acl_course course = ACL_COURSE_TEMPLATE;
	struct acl_edit_ask ask = ask_of(change, change->name, &change->before,
	    &change->wanted, ACL_EDIT_DELTA);
	if (!change->before.present || change->append)
		return course;
	if (acl_edit_plan(&plan, &ask, &err)) {
		buf_addf(notes, "not edited in place: %s\n", err.text);
		return course;
	}
	if (plan.why[0])
		buf_addf(notes, "not edited in place: %s\n", plan.why);
	if (plan.way == ACL_EDIT_DELTA)
		course = take_lines(change, &plan, lines);
	acl_edit_clear(&plan);
	return course;
}

enum acl_course
step_acl_course(struct acl_change *change, const struct plan_lines *rendered,
    struct plan_lines *lines)
{
	enum job_strategy strategy = change->step->strategy;
	if (step_acl_is_half_swapped(change)) {
		step_acl_warn(change,
		    "an earlier swap of access list %s was cut: list %s, which "
		    "stands in its place, is brought back to that name",
		    change->name, change->copy_name);
		return swap_or_refuse(change, "an earlier swap was cut");
	}
	if (strategy == STRATEGY_REPLACE)
		return as_rendered(change);
	if (strategy == STRATEGY_NONE && has_own_lines(change, rendered)) {
		buf_adds(&change->result->notes,
		    "sent as it stands: the template has lines beside those "
		    "of the list\n");
		return as_rendered(change);
	}
	return step_acl_is_used(change) ? course_of_used(change, lines)
					: course_of_unused(change, lines);
}
