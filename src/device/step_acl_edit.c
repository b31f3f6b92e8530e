/*
 * The planner's edits (model/acl_edit.h) as lines to send. What it cannot do
 * in place the template does, as without it.
 */
#include "step_acl_parts.h"

#include "base/alloc.h"
#include "base/str.h"
#include "model/acl_edit.h"

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

bool
step_acl_edit(struct acl_change *change, struct plan_lines *lines)
{
	struct acl_edit_plan plan;
	struct err err = { 0 };
	struct strs texts = { 0 };
	const char *header = NULL;
	struct acl_edit_ask ask = {
		.dialect = change->dialect,
		.name = change->name,
		.have = &change->before,
		.want = &change->wanted,
		.way = ACL_EDIT_DELTA,
		/* Where it is applied is not known: what cannot be edited is
		 * built again, as the template says. */
		.unused = true,
	};
	struct buf *notes = &change->result->notes;
	if (acl_edit_plan(&plan, &ask, &err)) {
		buf_addf(notes, "not edited in place: %s\n", err.text);
		return false;
	}
	bool edits = plan.way == ACL_EDIT_DELTA;
	if (plan.why[0])
		buf_addf(notes, "not edited in place: %s\n", plan.why);
	for (size_t i = 0; edits && i < plan.blocks_count; i++)
		add_block(&texts, &plan, &plan.blocks[i], &header);
	if (edits) {
		plan_lines_from(lines, &texts);
		plan_lines_commit(lines, session_profile(change->session));
	}
	strs_clear(&texts);
	acl_edit_clear(&plan);
	return edits;
}
