/*
 * An access list brought to the asked state: read, compared, pushed if it
 * differs, read again, compared entry by entry. The model knows what equal
 * means; the profile knows which commands show the list.
 */
#include "step_acl_parts.h"

#include "base/alloc.h"
#include "base/str.h"
#include "text/diff.h"

#include <stdlib.h>
#include <string.h>

static const json_t *
var(const struct acl_change *change, const char *name)
{
	const struct target *target = session_target(change->session);
	return plan_var(target->job, target->device, change->step, name);
}

bool
step_acl_same(const struct acl *a, const struct acl *b)
{
	if (!a->present || !b->present)
		return a->present == b->present;
	return acl_equal(a, b, NULL);
}

static void
prepare(struct acl_change *change)
{
	const json_t *lines = var(change, "acl_lines");
	size_t i;
	json_t *line;
	json_array_foreach((json_t *)lines, i, line)
	    strs_add(&change->lines, json_string_value(line));
	change->name = json_string_value(var(change, "acl_name"));
	if (change->name)
		change->copy_name = acl_edit_second_name(change->name);
	change->append = json_is_true(var(change, "append"));
	const json_t *extended = var(change, "extended");
	change->type = !extended     ? ACL_ANY
	    : json_is_true(extended) ? ACL_EXTENDED
				     : ACL_STANDARD;
	change->dialect = acl_dialect_find(
	    session_profile(change->session)->acl_dialect);
}

/* What the list is to be, and which lines lead there. */
static int
plan_change(struct acl_change *change)
{
	struct err *err = &change->result->fault.err;
	if (change->append)
		return acl_append(&change->wanted, &change->send,
		    change->dialect, change->type, &change->before,
		    &change->lines, err);
	return acl_wanted(&change->wanted, change->dialect, change->type,
	    &change->lines, err);
}

static bool
is_done(const struct acl_change *change)
{
	if (change->append)
		return change->before.present && !change->send.count;
	return change->before.present &&
	    acl_equal(&change->wanted, &change->before, NULL);
}

/* The template's lines; for an append only those that are missing, rendered
 * into MISSING. NULL after a fault. */
static const struct plan_lines *
lines_of_template(struct acl_change *change, const struct plan_lines *rendered,
    struct plan_lines *missing)
{
	if (!change->append)
		return rendered;
	struct job_step step = *change->step;
	step.vars = job_acl_vars(&change->send);
	if (change->step->vars)
		json_object_update_missing(step.vars, change->step->vars);
	int rc = step_render(change->session, &step, missing, change->result);
	json_decref(step.vars);
	return rc ? NULL : missing;
}

/* The list read back is what counts. */
static void
prove(struct acl_change *change)
{
	struct step_result *result = change->result;
	struct acl after = { 0 };
	struct buf difference;
	buf_init(&difference, 64u << 10);
	result->status = STEP_UNKNOWN;
	if (step_stage(change->session, STAGE_VERIFY, &result->fault) ||
	    step_acl_read(change, &after, NULL))
		goto out;
	if (acl_equal(&change->wanted, &after, &difference)) {
		result->status = STEP_CHANGED;
		goto out;
	}
	/* Of a swap more must be as before than the list. */
	if (!change->swapped && step_acl_same(&change->before, &after))
		result->status = STEP_FAILED;
	buf_addf(&difference, "as read back:\n%s", buf_str(&result->output));
	fault_at(&result->fault, 0, NULL, buf_str(&difference));
	err_set(&result->fault.err, ERR_VERIFY,
	    "access list %s was accepted line by line, but read back it is "
	    "%s",
	    change->name,
	    !after.present			? "not there"
		: result->status == STEP_FAILED ? "the same as before"
						: "not what was asked for");
out:
	acl_clear(&after);
	buf_clear(&difference);
}

/* What the list is now, in the form that comparing knows: neither numbers nor
 * counters are in it. */
static int
note_before(struct acl_change *change)
{
	const struct acl *acl = &change->before;
	struct buf state;
	buf_init(&state, STEP_OUTPUT_LIMIT_BYTES);
	buf_adds(&state, acl->present ? "present\n" : "absent\n");
	for (size_t i = 0; i < acl->count; i++)
		buf_addf(&state, "%s\n", acl->items[i].normal);
	for (size_t i = 0; i < acl->settings.count; i++)
		buf_addf(&state, "setting %s\n", acl->settings.items[i]);
	int rc = step_before(
	    change->session, change->step, &state, change->result);
	buf_clear(&state);
	return rc;
}

/* What the step is about to make of the list, in normal forms. */
static void
tell_difference(struct acl_change *change)
{
	struct strs before = { 0 }, wanted = { 0 };
	struct buf *diff = &change->result->diff;
	acl_put_lines(&change->before, &before);
	acl_put_lines(&change->wanted, &wanted);
	buf_addf(diff, "--- %s%s\n+++ %s\n", change->name,
	    change->before.present ? "" : " (absent)", change->name);
	diff_lines(diff, &before, &wanted);
	strs_clear(&before);
	strs_clear(&wanted);
}

/* Announced with what is there before; -1 if it must be left alone. A list that
 * is half swapped is in no doubt where it is as asked, or where nobody uses it:
 * the other one has its places. */
static int
announce(struct acl_change *change)
{
	bool as_asked = change->before.present &&
	    acl_equal(&change->wanted, &change->before, NULL);
	if (step_acl_is_half_swapped(change) &&
	    (as_asked || !change->uses.count))
		return 0;
	return note_before(change);
}

/* Where nobody can say that the list is applied, it may be. */
static int
choose_guard(struct acl_change *change)
{
	bool risky = change->applied || change->uses_known == ACL_USES_NO_RULES;
	return guard_choose(&change->guard, change->session, change->step,
	    GUARD_FOR_ACL, risky, change->result);
}

static void
end(struct acl_change *change, int rc, bool touched)
{
	struct step_result *result = change->result;
	const struct guard_change guarded = step_acl_guarded(change);
	if (rc == 0)
		prove(change);
	else if (touched)
		result->status = STEP_UNKNOWN;
	bool good = result->status == STEP_CHANGED &&
	    guard_confirm(&change->guard, &guarded, result) == 0;
	/* Where something is armed a failure without a change is one more
	 * reason to take that away. */
	if (!good && (result->status != STEP_FAILED || change->guard.armed))
		guard_recover(&change->guard, &guarded, result);
	if (result->status == STEP_UNKNOWN && change->backup_path)
		buf_addf(&result->notes,
		    "what was there before is kept in %s\n",
		    change->backup_path);
}

static void
push(struct acl_change *change, const struct plan_lines *lines)
{
	struct plan_lines own;
	bool touched = false;
	if (choose_guard(change))
		return;
	if (step_is_check(change->session)) {
		step_tell(
		    change->result, guard_lines(&change->guard, lines, &own));
		plan_lines_clear(&own);
		return;
	}
	if (announce(change) || step_acl_keep(change))
		return;
	int rc = step_push_guarded(
	    &change->guard, lines, change->result, &touched);
	end(change, rc, touched);
}

static void
push_swap(struct acl_change *change)
{
	struct acl_swap swap;
	bool touched = false;
	if (step_acl_swap_plan(change, &swap) || choose_guard(change))
		goto out;
	if (step_is_check(change->session)) {
		struct strs all = { 0 };
		struct plan_lines lines;
		for (int i = 0; i < ACL_SWAP__COUNT; i++)
			for (size_t k = 0; k < swap.parts[i].count; k++)
				strs_add(&all, swap.parts[i].items[k]);
		plan_lines_from(&lines, &all);
		step_tell(change->result, &lines);
		plan_lines_clear(&lines);
		strs_clear(&all);
		goto out;
	}
	if (announce(change) || step_acl_keep(change))
		goto out;
	int rc = step_acl_swap(change, &swap, &touched);
	end(change, rc, touched);
out:
	acl_swap_clear(&swap);
}

static void
carry_out(struct acl_change *change, const struct plan_lines *rendered)
{
	struct plan_lines own = { 0 };
	const struct plan_lines *lines = &own;
	enum acl_course course = step_acl_course(change, rendered, &own);
	if (course == ACL_COURSE_TEMPLATE)
		lines = lines_of_template(change, rendered, &own);
	if (course == ACL_COURSE_SWAP)
		push_swap(change);
	else if (course != ACL_COURSE_REFUSED && lines)
		push(change, lines);
	plan_lines_clear(&own);
}

/* It is as asked. If an earlier visit made it so and was cut, its undo may
 * still be armed. */
static enum step_status
leave(struct acl_change *change)
{
	if (!step_is_doubtful(change->session, change->step) ||
	    step_is_check(change->session))
		return STEP_UNCHANGED;
	step_acl_find_flows(change);
	return choose_guard(change) ||
		guard_adopt(&change->guard, change->result)
	    ? STEP_UNKNOWN
	    : STEP_UNCHANGED;
}

static void
change_clear(struct acl_change *change)
{
	guard_clear(&change->guard);
	acl_clear(&change->now);
	acl_backup_clear(&change->backup);
	acl_clear(&change->before);
	acl_clear(&change->wanted);
	strs_clear(&change->lines);
	strs_clear(&change->send);
	acl_uses_clear(&change->uses);
	acl_uses_clear(&change->copy_uses);
	for (size_t i = 0; i < change->flow_count; i++)
		acl_flow_clear(&change->flows[i]);
	free(change->flows);
	free(change->copy_name);
	free(change->client);
	free(change->backup_path);
}

void
step_change_acl(struct session *session, const struct job_step *step,
    const struct plan_lines *lines, struct step_result *result)
{
	struct acl_change change = {
		.session = session,
		.step = step,
		.result = result,
	};
	prepare(&change);
	if (!change.dialect || !change.name) {
		err_set(&result->fault.err, ERR_JOB,
		    "the profile %s does not say how access lists look",
		    session_profile(session)->device_type);
		goto out;
	}
	if (step_acl_survey(&change) || plan_change(&change))
		goto out;
	if (is_done(&change) && !step_acl_is_half_swapped(&change)) {
		result->status = leave(&change);
		goto out;
	}
	step_acl_find_flows(&change);
	tell_difference(&change);
	carry_out(&change, lines);
out:
	change_clear(&change);
}
