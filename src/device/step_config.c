/*
 * Any configuration text, proved by the running configuration: read before
 * and after, without the lines that change by themselves (clocks, byte
 * counts). The difference is the step's output and decides its status.
 */
#include "step_parts.h"

#include "base/str.h"
#include "text/diff.h"
#include "text/outline.h"

#include <string.h>

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
	buf_clear(&text);
	return rc;
}

/* Reads the configuration again and compares. True if that could be done;
 * *DIFFERS and the output tell the rest. */
static bool
compare(struct session *session, const struct job_step *step,
    const struct strs *before, struct step_result *result, struct fault *fault,
    bool *differs)
{
	struct strs after = { 0 };
	bool done = session_is_usable(session) &&
	    read_config(session, step, &after, fault) == 0;
	if (done)
		*differs = diff_lines(&result->output, before, &after);
	strs_clear(&after);
	return done;
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
tell(const struct strs *config, const struct plan_lines *lines,
    struct step_result *result)
{
	struct strs wanted = { 0 };
	for (size_t i = 0; i < lines->count - lines->own; i++)
		strs_add(&wanted, lines->items[i].text);
	if (outline_compare(&result->diff, config, &wanted)) {
		step_tell(result, lines);
	} else {
		buf_reset(&result->diff);
		result->status = STEP_UNCHANGED;
	}
	strs_clear(&wanted);
}

void
step_change_config(struct session *session, const struct job_step *step,
    const struct plan_lines *lines, struct step_result *result)
{
	const struct profile *profile = session_profile(session);
	struct strs before = { 0 };
	struct fault reading = { 0 };
	bool touched = false, differs = false;
	if (!lines->count) {
		result->status = STEP_UNCHANGED;
		return;
	}
	if (!profile->running_config) {
		err_set(&result->fault.err, ERR_JOB,
		    "the profile %s does not say how to show the running "
		    "configuration, so no change could be proved",
		    profile->device_type);
		return;
	}
	if (read_config(session, step, &before, &result->fault))
		goto out;
	if (step_is_check(session)) {
		tell(&before, lines, result);
		goto out;
	}
	if (step_is_doubtful(session, step) && is_done(&before, lines)) {
		result->status = STEP_UNCHANGED;
		goto out;
	}
	if (note_before(session, step, &before, result))
		goto out;
	int rc = step_push(session, step, lines, result, &touched);
	if (rc && !touched)
		goto out;
	if (!rc && step_stage(session, STAGE_VERIFY, &result->fault)) {
		result->status = STEP_UNKNOWN;
		goto out;
	}
	bool known = compare(
	    session, step, &before, result, &reading, &differs);
	if (rc)
		result->status = known && !differs ? STEP_FAILED : STEP_UNKNOWN;
	else if (known)
		result->status = differs ? STEP_CHANGED : STEP_UNCHANGED;
	else {
		result->status = STEP_UNKNOWN;
		result->fault = reading;
		reading = (struct fault){ 0 };
	}
out:
	fault_clear(&reading);
	strs_clear(&before);
}
