/*
 * Any configuration text, proved by the running configuration: read before
 * and after, without the lines that change by themselves (clocks, byte
 * counts). The difference is the step's output and decides its status.
 */
#include "step_parts.h"

#include "base/str.h"
#include "text/diff.h"
#include "text/outline.h"

#include <stdlib.h>
#include <string.h>

/* Blank lines at the end are the prompt's more than the text's. */
static void
drop_blank_end(struct strs *lines)
{
	while (lines->count) {
		char *last = lines->items[lines->count - 1];
		if (last[strspn(last, " \t")])
			break;
		free(last);
		lines->count--;
	}
}

static int
read_config(struct session *session, const struct job_step *step,
    struct strs *lines, struct fault *fault)
{
	const struct profile *profile = session_profile(session);
	struct buf text;
	buf_init(&text, STEP_OUTPUT_LIMIT_BYTES);
	int rc = session_read_config(session, step->timeout_ms, &text, fault);
	if (rc == 0 && text.cut)
		rc = err_set(&fault->err, ERR_VERIFY,
		    "the running configuration is larger than %u bytes",
		    STEP_OUTPUT_LIMIT_BYTES);
	if (rc == 0)
		step_add_content(profile, buf_str(&text), lines);
	drop_blank_end(lines);
	buf_clear(&text);
	return rc;
}

/* What is to become of the configuration, and what it was and is. */
struct config_change {
	struct session *session;
	const struct job_step *step;
	const struct plan_lines *lines;
	struct step_result *result;
	struct guard guard;
	struct strs before, after;
	bool has_after; /* as the session that changed it saw it */
	bool may_be_done; /* ... which ended before it could look */
};

/* Reads the configuration again; the difference becomes the output. */
static int
compare(struct config_change *change, struct session *session,
    struct strs *after, struct fault *fault)
{
	if (!session_is_usable(session))
		return err_set(&fault->err, ERR_CLOSED, "the session is over");
	if (read_config(session, change->step, after, fault))
		return -1;
	buf_reset(&change->result->output);
	diff_lines(&change->result->output, &change->before, after);
	return 0;
}

/* A device in doubt: are all the lines in its configuration already? Of a text
 * until a mark an outline cannot tell: order and blank lines matter there. */
static bool
is_done(const struct strs *config, const struct plan_lines *lines)
{
	struct strs wanted = { 0 };
	bool texts = false;
	for (size_t i = 0; i < lines->count - lines->own; i++) {
		strs_add(&wanted, lines->items[i].text);
		texts |= lines->items[i].in_text;
	}
	bool done = !texts && outline_holds(config, &wanted);
	strs_clear(&wanted);
	return done;
}

static int
note_before(struct session *session, const struct job_step *step,
    const struct strs *config, struct step_result *result)
{
	struct buf state;
	buf_init(&state, STEP_OUTPUT_LIMIT_BYTES);
	for (size_t i = 0; i < config->count; i++)
		buf_addf(&state, "%s\n", config->items[i]);
	int rc = step_before(session, step, &state, result);
	buf_clear(&state);
	return rc;
}

/* What can be said without sending it: which lines are there already. */
static void
tell(struct config_change *change)
{
	struct strs wanted = { 0 };
	struct plan_lines own;
	const struct plan_lines *lines = change->lines;
	struct step_result *result = change->result;
	for (size_t i = 0; i < lines->count - lines->own; i++)
		strs_add(&wanted, lines->items[i].text);
	if (outline_compare(&result->diff, &change->before, &wanted)) {
		step_tell(result, guard_lines(&change->guard, lines, &own));
		plan_lines_clear(&own);
	} else {
		buf_reset(&result->diff);
		buf_reset(&result->notes);
		result->status = STEP_UNCHANGED;
	}
	strs_clear(&wanted);
}

/* For the guard: what the device holds now. */
static enum guard_seen
look(void *data, struct session *session, struct fault *fault)
{
	struct config_change *change = data;
	struct strs now = { 0 };
	enum guard_seen seen = GUARD_UNSEEN;
	if (compare(change, session, &now, fault))
		goto out;
	seen = GUARD_OTHER;
	/* A text that changed nothing: taken back it is as before, too. */
	if (change->guard.condemned && strs_equal(&change->before, &now))
		seen = GUARD_AS_BEFORE;
	else if (change->has_after
		? strs_equal(&change->after, &now)
		: change->may_be_done && is_done(&now, change->lines))
		seen = GUARD_AS_WANTED;
	else if (strs_equal(&change->before, &now))
		seen = GUARD_AS_BEFORE;
out:
	strs_clear(&now);
	return seen;
}

/* Without a guard nobody takes back what went wrong: it is only looked at. */
static void
look_once(struct config_change *change)
{
	struct fault ignored = { 0 };
	struct strs now = { 0 };
	bool known = compare(change, change->session, &now, &ignored) == 0;
	change->result->status = known && strs_equal(&change->before, &now)
	    ? STEP_FAILED
	    : STEP_UNKNOWN;
	fault_clear(&ignored);
	strs_clear(&now);
}

/* Sent; now it is read back, and read once more from a second connection. */
static int
prove(struct config_change *change, const struct guard_change *guarded)
{
	struct step_result *result = change->result;
	result->status = STEP_UNKNOWN;
	if (step_stage(change->session, STAGE_VERIFY, &result->fault) ||
	    compare(change, change->session, &change->after, &result->fault))
		return -1;
	change->has_after = true;
	result->status = strs_equal(&change->before, &change->after)
	    ? STEP_UNCHANGED
	    : STEP_CHANGED;
	return guard_confirm(&change->guard, guarded, result);
}

static void
push_and_prove(struct config_change *change)
{
	const struct guard_change guarded = { .data = change, .look = look };
	bool touched = false;
	int rc = step_push_guarded(
	    &change->guard, change->lines, change->result, &touched);
	if (rc && !touched)
		return;
	if (rc == 0 && prove(change, &guarded) == 0)
		return;
	change->may_be_done = !session_is_usable(change->session);
	if (change->guard.how)
		guard_recover(&change->guard, &guarded, change->result);
	else if (rc)
		look_once(change);
}

/* May a line of the text cut off who sends it? */
static bool
is_risky(const struct profile *profile, const struct plan_lines *lines)
{
	bool risky = false;
	for (size_t i = 0; i < lines->count && !risky; i++) {
		const char *text = lines->items[i].text;
		text += strspn(text, " \t");
		risky = !lines->items[i].in_text &&
		    profile_rules_match(&profile->risky, text, strlen(text));
	}
	return risky;
}

static void
change_config(struct config_change *change)
{
	struct session *session = change->session;
	const struct job_step *step = change->step;
	struct step_result *result = change->result;
	if (read_config(session, step, &change->before, &result->fault))
		return;
	if (guard_choose(&change->guard, session, step, GUARD_FOR_CONFIG,
		is_risky(session_profile(session), change->lines), result))
		return;
	if (step_is_check(session)) {
		tell(change);
		return;
	}
	if (step_is_doubtful(session, step) &&
	    is_done(&change->before, change->lines)) {
		result->status = guard_adopt(&change->guard, result)
		    ? STEP_UNKNOWN
		    : STEP_UNCHANGED;
		return;
	}
	if (note_before(session, step, &change->before, result))
		return;
	push_and_prove(change);
}

void
step_change_config(struct session *session, const struct job_step *step,
    const struct plan_lines *lines, struct step_result *result)
{
	const struct profile *profile = session_profile(session);
	struct config_change change = {
		.session = session,
		.step = step,
		.lines = lines,
		.result = result,
	};
	if (!lines->count) {
		result->status = STEP_UNCHANGED;
	} else if (!profile->running_config) {
		err_set(&result->fault.err, ERR_JOB,
		    "the profile %s does not say how to show the running "
		    "configuration, so no change could be proved",
		    profile->device_type);
	} else {
		change_config(&change);
	}
	guard_clear(&change.guard);
	strs_clear(&change.before);
	strs_clear(&change.after);
}
