/*
 * An access list brought to the asked state: read, compared, pushed if it
 * differs, read again, compared entry by entry. The model knows what equal
 * means; the profile knows which commands show the list.
 */
#include "step_acl_parts.h"

#include "base/alloc.h"
#include "base/str.h"
#include "text/diff.h"
#include "text/template.h"

#include <stdlib.h>
#include <string.h>

static const json_t *
var(const struct acl_change *change, const char *name)
{
	const struct target *target = session_target(change->session);
	return plan_var(target->job, target->device, change->step, name);
}

/* Renders one of the profile's commands for this step. */
static char *
render_command(const struct acl_change *change, const char *text)
{
	const struct target *target = session_target(change->session);
	const struct profile *profile = session_profile(change->session);
	struct diags diags = { 0 };
	struct place place = { .file = profile->file };
	struct template *template = template_parse(text, place, &diags);
	char *command = template ? plan_render_text(target->job, target->device,
				       change->step, template, &diags)
				 : NULL;
	if (!command)
		err_set(&change->result->fault.err, ERR_JOB,
		    "the profile's command \"%s\" cannot be rendered: %s", text,
		    diags.count ? diags.items[0].text : "");
	template_free(template);
	diags_clear(&diags);
	return command;
}

/* Runs the profile's commands TEXTS (templates); adds what they show. */
static int
run_commands(struct acl_change *change, const struct strs *texts,
    struct strs *outputs, size_t *refused)
{
	struct strs commands = { 0 };
	int rc = -1;
	for (size_t i = 0; i < texts->count; i++) {
		char *command = render_command(change, texts->items[i]);
		if (!command)
			goto out;
		strs_take(&commands, command);
	}
	rc = session_commands(change->session, &commands,
	    change->step->timeout_ms, outputs, refused, &change->result->fault);
out:
	strs_clear(&commands);
	return rc;
}

/* What is kept of the outputs for people: that of the profile's `show`, or,
 * where the device refused it, the first that shows anything. */
static void
keep_output(struct acl_change *change, const struct strs *outputs)
{
	const struct profile *profile = session_profile(change->session);
	const char *kept = "";
	for (size_t i = 0; i < outputs->count; i++) {
		bool is_show = i < profile->acl_read.count &&
		    str_eq(profile->acl_read.items[i], profile->acl_show);
		const char *text = outputs->items[i];
		if (text && text[0] && (!kept[0] || is_show))
			kept = text;
	}
	buf_reset(&change->result->output);
	buf_adds(&change->result->output, kept);
}

int
step_acl_read(
    struct acl_change *change, struct acl *acl, struct acl_backup *backup)
{
	const struct profile *profile = session_profile(change->session);
	struct fault *fault = &change->result->fault;
	struct strs outputs = { 0 }, heard = { 0 };
	size_t refused = 0, refused_again = 0;
	int rc = -1;
	if (run_commands(change, &profile->acl_read, &outputs, &refused))
		goto out;
	if (refused && profile->acl_otherwise.count &&
	    run_commands(
		change, &profile->acl_otherwise, &outputs, &refused_again))
		goto out;
	for (size_t i = 0; i < outputs.count; i++)
		if (outputs.items[i])
			strs_add(&heard, outputs.items[i]);
	if (!heard.count) {
		err_set(&fault->err, ERR_REFUSED,
		    "the device refused every command that shows the access "
		    "list: %s",
		    profile->acl_show);
		goto out;
	}
	if (acl_read(acl, change->dialect, change->name, &heard, &fault->err))
		goto out;
	keep_output(change, &outputs);
	if (backup)
		acl_backup_take(
		    backup, change->dialect, change->name, &heard, acl);
	rc = 0;
out:
	strs_clear(&heard);
	strs_clear(&outputs);
	return rc;
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

/* The lines that go: the rendered ones; for a delta the edits, for an append
 * only those that are missing, in MISSING. NULL after a fault. */
static const struct plan_lines *
lines_to_send(struct acl_change *change, const struct plan_lines *lines,
    struct plan_lines *missing)
{
	*missing = (struct plan_lines){ 0 };
	if (change->step->strategy == STRATEGY_DELTA &&
	    step_acl_edit(change, missing))
		return missing;
	if (!change->append)
		return lines;
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
	if (step_acl_same(&change->before, &after))
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

void
step_change_acl(struct session *session, const struct job_step *step,
    const struct plan_lines *lines, struct step_result *result)
{
	struct acl_change change = {
		.session = session,
		.step = step,
		.result = result,
	};
	struct plan_lines missing = { 0 };
	const struct plan_lines *send;
	bool touched = false;
	prepare(&change);
	if (!change.dialect || !change.name) {
		err_set(&result->fault.err, ERR_JOB,
		    "the profile %s does not say how access lists look",
		    session_profile(session)->device_type);
		goto out;
	}
	if (step_acl_read(&change, &change.before, &change.backup) ||
	    plan_change(&change))
		goto out;
	if (is_done(&change)) {
		result->status = STEP_UNCHANGED;
		goto out;
	}
	tell_difference(&change);
	send = lines_to_send(&change, lines, &missing);
	if (!send)
		goto out;
	if (step_is_check(session)) {
		step_tell(result, send);
		goto out;
	}
	if (note_before(&change))
		goto out;
	if (step_push(session, step, send, result, &touched) == 0)
		prove(&change);
	else if (touched)
		result->status = STEP_UNKNOWN;
	if (result->status == STEP_UNKNOWN)
		step_acl_recover(&change);
out:
	plan_lines_clear(&missing);
	acl_backup_clear(&change.backup);
	acl_clear(&change.before);
	acl_clear(&change.wanted);
	strs_clear(&change.lines);
	strs_clear(&change.send);
}
