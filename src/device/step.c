/*
 * The table of step kinds and the read-only ones. Those that change a device
 * are in step_acl.c and step_config.c, by how the change is proved.
 */
#include "device/step.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/fdio.h"
#include "base/str.h"
#include "device/crypto.h"
#include "device/sender.h"
#include "step_parts.h"
#include "text/re.h"
#include "text/template.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_FIRST_MS 500 /* between two attempts; doubles */
#define AGAIN_MAX_MS   15000

static const char *const status_names[STEP_STATUS__COUNT] = {
	[STEP_OK] = "ok",
	[STEP_UNCHANGED] = "unchanged",
	[STEP_CHANGED] = "changed",
	[STEP_FAILED] = "failed",
	[STEP_ROLLED_BACK] = "rolled_back",
	[STEP_UNKNOWN] = "unknown",
};

const char *
step_status_name(enum step_status status)
{
	return (unsigned)status < STEP_STATUS__COUNT ? status_names[status]
						     : "unknown";
}

bool
step_status_get(const char *name, enum step_status *status)
{
	int found = str_index(status_names, STEP_STATUS__COUNT, name);
	if (found < 0)
		return false;
	*status = (enum step_status)found;
	return true;
}

void
step_result_init(struct step_result *result)
{
	*result = (struct step_result){ .status = STEP_FAILED };
	buf_init(&result->output, STEP_OUTPUT_LIMIT_BYTES);
	buf_init(&result->notes, 64u << 10);
	buf_init(&result->diff, STEP_SHOWN_LIMIT_BYTES);
}

void
step_result_clear(struct step_result *result)
{
	buf_clear(&result->output);
	buf_clear(&result->notes);
	buf_clear(&result->diff);
	json_decref(result->memory);
	session_close(result->fresh, 0);
	fault_clear(&result->fault);
}

int64_t
step_deadline(const struct session *session, const struct job_step *step)
{
	return session_deadline(session, step->timeout_ms);
}

int
step_stage(struct session *session, enum stage stage, struct fault *fault)
{
	const struct observer *observer = session_observer(session);
	if (observer->stage(observer->data, stage))
		return err_set(&fault->err, ERR_CANCELLED,
		    "called off before %s", stage_name(stage));
	return 0;
}

bool
step_is_doubtful(const struct session *session, const struct job_step *step)
{
	const char *doubt = session_target(session)->doubt_step;
	return doubt && str_eq(doubt, step->name);
}

int
step_before(struct session *session, const struct job_step *step,
    const struct buf *state, struct step_result *result)
{
	const struct observer *observer = session_observer(session);
	char digest[CRYPTO_SHA256_TEXT_BYTES];
	if (!crypto_sha256_text(buf_str(state), state->len, digest))
		return err_set(&result->fault.err, ERR_INTERNAL,
		    "the state before the change cannot be noted: SHA-256 is "
		    "not to be had");
	if (step_is_doubtful(session, step) &&
	    !str_eq(session_target(session)->doubt_before, digest)) {
		result->status = STEP_UNKNOWN;
		return err_set(&result->fault.err, ERR_VERIFY,
		    "left alone: it is neither as it was before the run nor as "
		    "the job asks; look at it, then finish it with --force");
	}
	if (observer->before)
		observer->before(observer->data, digest);
	return 0;
}

bool
step_is_check(const struct session *session)
{
	return session_target(session)->check_only;
}

void
step_tell(struct step_result *result, const struct plan_lines *lines)
{
	struct buf *output = &result->output;
	buf_reset(output);
	buf_add(output, buf_str(&result->diff), result->diff.len);
	/* Which undo would be armed, or that there is none, is half of it. */
	buf_add(output, buf_str(&result->notes), result->notes.len);
	buf_adds(output, "lines that would be sent:\n");
	for (size_t i = 0; i < lines->count; i++)
		buf_addf(output, "%s\n", lines->items[i].text);
	result->would_change = true;
	result->status = STEP_UNCHANGED;
}

int
step_render(struct session *session, const struct job_step *step,
    struct plan_lines *lines, struct step_result *result)
{
	const struct target *target = session_target(session);
	struct diags diags = { 0 };
	*lines = (struct plan_lines){ 0 };
	int rc = plan_render(target->job, target->device, step, lines, &diags);
	if (rc)
		/* The parent rendered it before: this cannot happen. */
		err_set(&result->fault.err, ERR_JOB, "%s",
		    diags.count ? diags.items[0].text : "not renderable");
	diags_clear(&diags);
	return rc;
}

int
step_push_guarded(struct guard *guard, const struct plan_lines *lines,
    struct step_result *result, bool *touched)
{
	struct plan_lines own;
	struct push push;
	push_init(&push, guard_lines(guard, lines, &own),
	    step_deadline(guard->session, guard->step));
	int rc = guard_begin(guard, &push, &result->fault);
	if (rc == 0) {
		rc = sender_push(guard->session, &push, &result->fault);
		guard_pushed(guard, &push, rc);
	}
	buf_add(&result->notes, buf_str(&push.spoken), push.spoken.len);
	result->notes.cut |= push.spoken.cut;
	*touched = push.sent > 0 || guard->armed;
	push_clear(&push);
	plan_lines_clear(&own);
	return rc;
}

int
step_push(struct session *session, const struct job_step *step,
    const struct plan_lines *lines, struct step_result *result, bool *touched)
{
	struct guard none = { .session = session, .step = step };
	return step_push_guarded(&none, lines, result, touched);
}

/* Both kinds of text go one way; the proof decides which. */
static void
run_change(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	static const struct {
		const char *proof;
		step_change_fn *change;
	} proofs[] = { { "acl", step_change_acl } };
	step_change_fn *change = step_change_config;
	struct plan_lines lines;
	if (step_render(session, step, &lines, result))
		return;
	const struct profile_template *template = step->kind == STEP_TEMPLATE
	    ? profile_template_find(
		  session_profile(session), step->template_name)
	    : NULL;
	for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++)
		if (template && str_eq(template->proof, proofs[i].proof))
			change = proofs[i].change;
	change(session, step, &lines, result);
	plan_lines_clear(&lines);
}

/* What `expect` and `reject` say of the output. */
static int
check_output(const struct job_step *step, struct step_result *result)
{
	const char *text = buf_str(&result->output);
	size_t len = result->output.len;
	struct re_span span;
	if (step->expect && !re_match(step->expect, text, len, NULL))
		return err_set(&result->fault.err, ERR_VERIFY,
		    "the output does not hold what is expected: %s",
		    re_pattern(step->expect));
	if (step->reject && re_match(step->reject, text, len, &span))
		return err_set(&result->fault.err, ERR_VERIFY,
		    "the output holds what must not be there: %.*s",
		    (int)(span.end - span.start), text + span.start);
	return 0;
}

/* Leaves the lines out of OUTPUT, from FROM on, that match RULES. */
static void
leave_out(const struct profile_rules *rules, struct buf *output, size_t from)
{
	struct strs lines = { 0 };
	strs_add_lines(&lines, buf_str(output) + from);
	buf_truncate(output, from);
	for (size_t i = 0; i < lines.count; i++)
		if (!profile_rules_match(
			rules, lines.items[i], strlen(lines.items[i])))
			buf_addf(output, "%s\n", lines.items[i]);
	strs_clear(&lines);
}

static bool
has_content(const struct profile *profile, const char *text)
{
	struct strs lines = { 0 };
	bool found = false;
	step_add_content(profile, text, &lines);
	for (size_t i = 0; i < lines.count && !found; i++)
		found = lines.items[i][strspn(lines.items[i], " \t")];
	strs_clear(&lines);
	return found;
}

/*
 * One command; what it shows is added to the output. The running configuration
 * is a text, not a show of what happens: log lines that the device mixed in
 * are none of it (as for a config step), and one without any line is no
 * configuration, so that it cannot take a backup's place.
 */
static int
show(struct session *session, const struct job_step *step, const char *command,
    struct step_result *result)
{
	const struct profile *profile = session_profile(session);
	struct buf *output = &result->output;
	size_t before = output->len;
	if (session_show(
		session, command, step->timeout_ms, output, &result->fault))
		return -1;
	if (!str_eq(command, profile->running_config))
		return 0;
	leave_out(&profile->log_lines, output, before);
	if (has_content(profile, buf_str(output) + before))
		return 0;
	fault_at(&result->fault, 0, command, buf_str(output) + before);
	return err_set(&result->fault.err, ERR_VERIFY,
	    "the device shows an empty running configuration");
}

void
step_add_content(
    const struct profile *profile, const char *text, struct strs *lines)
{
	struct strs all = { 0 };
	strs_add_lines(&all, text);
	for (size_t i = 0; i < all.count; i++)
		if (!profile_rules_match(&profile->config_ignore, all.items[i],
			strlen(all.items[i])))
			strs_add(lines, all.items[i]);
	strs_clear(&all);
}

/* Nobody knows what else an exec command does. */
static bool
is_read_only(const struct session *session, const char *command,
    struct step_result *result)
{
	if (profile_rules_match(
		&session_profile(session)->read_only, command, strlen(command)))
		return true;
	buf_addf(&result->notes, "not run by --check: %s\n", command);
	return false;
}

/* Asks once, and judges the answer. *SKIPPED: not all of it was asked. */
static int
ask_once(struct session *session, const struct job_step *step,
    const struct plan_lines *lines, struct step_result *result, bool *skipped)
{
	int rc = 0;
	buf_reset(&result->output);
	buf_reset(&result->notes);
	*skipped = false;
	for (size_t i = 0; i < lines->count && rc == 0; i++) {
		if (step_is_check(session) &&
		    !is_read_only(session, lines->items[i].text, result))
			*skipped = true;
		else
			rc = show(session, step, lines->items[i].text, result);
	}
	if (rc || *skipped)
		return rc;
	return check_output(step, result) ||
		step_compare_memory(session, step, result)
	    ? -1
	    : 0;
}

/* What is not as it should be may become so: a neighbour needs its time. Asked
 * again, ever more seldom, as long as `within` allows. */
static int
ask_within(struct session *session, const struct job_step *step,
    const struct plan_lines *lines, struct step_result *result, bool *skipped)
{
	int64_t until = deadline_in(step->within_ms);
	int64_t wait_ms = AGAIN_FIRST_MS;
	for (;;) {
		int rc = ask_once(session, step, lines, result, skipped);
		if (rc == 0 || result->fault.err.kind != ERR_VERIFY ||
		    step_is_check(session) || deadline_passed(until))
			return rc;
		fault_clear(&result->fault);
		if (step_pause(session,
			deadline_first(until, deadline_in(wait_ms)),
			&result->fault))
			return -1;
		wait_ms = wait_ms * 2 < AGAIN_MAX_MS ? wait_ms * 2
						     : AGAIN_MAX_MS;
	}
}

static void
run_command(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	struct plan_lines lines;
	if (step_render(session, step, &lines, result))
		return;
	/* Nobody looks at more of it: fifty megabytes need not be kept. */
	if (!step->expect && !step->reject && !step->save_as)
		result->output.limit = STEP_SHOWN_LIMIT_BYTES;
	bool skipped = false;
	int rc = ask_within(session, step, &lines, result, &skipped);
	plan_lines_clear(&lines);
	if (rc ||
	    (!skipped && step->save_as && !step_is_check(session) &&
		step_save_as(session, step, result)))
		return;
	result->status = STEP_OK;
}

static void
save(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	const struct profile *profile = session_profile(session);
	struct buf *output = &result->output;
	if (!profile->save.count) {
		err_set(&result->fault.err, ERR_JOB,
		    "the profile %s does not say how to save",
		    profile->device_type);
		return;
	}
	if (step_is_check(session)) {
		buf_adds(&result->notes, "not saved by --check\n");
		result->status = STEP_OK;
		return;
	}
	if (step_stage(session, STAGE_SAVE, &result->fault))
		return;
	for (size_t i = 0; i < profile->save.count; i++) {
		buf_reset(output);
		if (session_command(session, profile->save.items[i],
			step->timeout_ms, output, &result->fault))
			return;
	}
	if (profile->save_proof &&
	    !re_match(
		profile->save_proof, buf_str(output), output->len, NULL)) {
		fault_at(&result->fault, 0,
		    profile->save.items[profile->save.count - 1],
		    buf_str(output));
		err_set(&result->fault.err, ERR_VERIFY,
		    "the device did not confirm that the configuration was "
		    "saved");
		return;
	}
	result->status = STEP_OK;
}

static void
run_save(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	struct plan_image texts;
	bool upgraded = false;
	if (step_image_texts(session, step, &texts, &result->fault))
		return;
	if (step_is_upgraded(session, step, &texts, result, &upgraded) == 0 &&
	    !upgraded)
		save(session, step, result);
	plan_image_clear(&texts);
}

static step_run_fn *const runners[STEP__COUNT] = {
	[STEP_TEMPLATE] = run_change,
	[STEP_CONFIG] = run_change,
	[STEP_COMMAND] = run_command,
	[STEP_SAVE] = run_save,
	[STEP_UPLOAD] = step_run_upload,
	[STEP_DOWNLOAD] = step_run_download,
	[STEP_SPACE] = step_run_space,
	[STEP_VERIFY_IMAGE] = step_run_verify_image,
	[STEP_BOOT] = step_run_boot,
	[STEP_RELOAD] = step_run_reload,
	[STEP_EXPECT_VERSION] = step_run_expect_version,
	[STEP_WAIT] = step_run_wait,
};

void
step_run(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	runners[step->kind](session, step, result);
}
