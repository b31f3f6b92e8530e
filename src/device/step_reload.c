/*
 * `reload`: only with a proved image and a saved configuration, and never
 * twice. The device is told once; then it is seen to go and to come back, and
 * what follows goes over the fresh session. A device that an earlier visit
 * told to reload is only looked at: its uptime says whether it did.
 */
#include "step_parts.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/str.h"
#include "device/comeback.h"
#include "device/visit.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_LIMIT_BYTES (1u << 20)
#define HUSH_MS		  15000 /* then it is looked at from outside */
#define ASK_MS		  60000 /* for how long it is up */

struct reload {
	struct session *session;
	const struct job_step *step;
	struct plan_image texts;
	struct step_result *result;
	int64_t asked_ms; /* clock_wall_ms(): before its uptime was asked */
};

/* Of a device that came up within the last unit of its uptime (a minute, on
 * most) nobody could say later whether it rebooted once or twice. */
static int
await_age(struct reload *reload, struct step_software *software)
{
	struct fault *fault = &reload->result->fault;
	while (software->up_known && software->up_ms < software->unit_ms) {
		int64_t next = deadline_in(software->unit_ms / 4);
		if (step_pause(reload->session, next, fault))
			return -1;
		step_software_clear(software);
		if (step_ask_software(
			reload->session, reload->step, software, fault))
			return -1;
	}
	if (software->up_known)
		return 0;
	return err_set(&fault->err, ERR_VERIFY,
	    "the device does not say how long it is up, so nobody could tell "
	    "whether it rebooted");
}

/* A register that stops the boot, or leaves the configuration out. */
static int
check_register(
    const struct reload *reload, const struct step_software *software)
{
	if (software->boots)
		return 0;
	return err_set(&reload->result->fault.err, ERR_VERIFY,
	    "not reloaded: its configuration register keeps it from booting "
	    "what it is told to: the profile wants a line like %s",
	    session_profile(reload->session)->image.boots_if.text);
}

/* Each member of a stack boots from its own flash. */
static int
judge_members(const struct reload *reload, const char *path)
{
	struct fault *fault = &reload->result->fault;
	if (!session_profile(reload->session)->image.members)
		return 0;
	struct job_step each = *reload->step;
	struct strs places = { 0 };
	each.image.members = true;
	int rc = step_places(reload->session, &each, path, &places, fault);
	for (size_t i = 0; rc == 0 && places.count > 1 && i < places.count; i++)
		if (!step_is_proved(reload->session, places.items[i]))
			rc = err_set(&fault->err, ERR_VERIFY,
			    "not reloaded: a member of its stack would boot "
			    "%s, which no step of this run has proved "
			    "(members: true)",
			    places.items[i]);
	strs_clear(&places);
	return rc;
}

/* The images that it, or each of its members, will boot: somebody must have
 * proved them in this run. */
static int
judge_images(const struct reload *reload, const struct strs *paths)
{
	struct err *err = &reload->result->fault.err;
	if (!paths->count)
		return err_set(err, ERR_VERIFY,
		    "not reloaded: the device shows no image that it would "
		    "boot");
	for (size_t i = 0; i < paths->count; i++)
		if (!step_is_proved(reload->session, paths->items[i]))
			return err_set(err, ERR_VERIFY,
			    "not reloaded: it would boot %s, which no step of "
			    "this run has proved",
			    paths->items[i]);
	return reload->step->image.installs
	    ? 0
	    : judge_members(reload, paths->items[0]);
}

/* SHOWN: what the device says of its next boot. */
static int
judge_boot(const struct reload *reload, const char *shown)
{
	const struct profile_image *image = &session_profile(reload->session)
						 ->image;
	struct strs paths = { 0 };
	int rc = 0;
	char *why = profile_pattern_find(&image->stops_if, shown, "why");
	if (why)
		rc = err_set(&reload->result->fault.err, ERR_VERIFY,
		    "not reloaded: it would not boot by itself, but wait at "
		    "its console (\"%s\")",
		    why);
	free(why);
	if (rc == 0) {
		profile_boot_next(image, shown, &paths);
		rc = judge_images(reload, &paths);
	}
	strs_clear(&paths);
	return rc;
}

static int
check_image(const struct reload *reload)
{
	const struct profile_image *image = &session_profile(reload->session)
						 ->image;
	struct fault *fault = &reload->result->fault;
	const char *command = image->boot_next ? image->boot_next
					       : image->boot_show;
	struct buf shown;
	if (reload->step->image.installs) {
		struct strs paths = { 0 };
		strs_add(&paths, reload->texts.path);
		int judged = judge_images(reload, &paths);
		strs_clear(&paths);
		return judged;
	}
	buf_init(&shown, SHOWN_LIMIT_BYTES);
	int rc = session_command(
	    reload->session, command, reload->step->timeout_ms, &shown, fault);
	if (rc == 0)
		rc = judge_boot(reload, buf_str(&shown));
	if (rc && shown.len)
		fault_at(fault, 0, command, buf_str(&shown));
	buf_clear(&shown);
	return rc;
}

/* A device that an earlier visit left while it told it to reload. True: it has
 * rebooted since. */
static bool
has_rebooted(const struct reload *reload, const struct step_software *software)
{
	const struct target *target = session_target(reload->session);
	return str_eq(target->told_step, reload->step->name) &&
	    software->up_known &&
	    software->up_ms <= reload->asked_ms - target->told_ms;
}

static char *
render_command(const struct reload *reload)
{
	const struct profile_image *image = &session_profile(reload->session)
						 ->image;
	if (!reload->step->image.installs)
		return xstrdup(image->reload);
	return step_profile_text(reload->session, reload->step, image->install,
	    reload->texts.path, NULL, &reload->result->fault);
}

static int
prepare(const struct reload *reload)
{
	const struct strs *commands = &session_profile(reload->session)
					   ->image.reload_prepare;
	struct strs outputs = { 0 };
	size_t refused = 0;
	if (!commands->count)
		return 0;
	int rc = session_commands(reload->session, commands,
	    reload->step->timeout_ms, &outputs, &refused,
	    &reload->result->fault);
	strs_clear(&outputs);
	return rc;
}

/*
 * What became of the command. True: it may be on its way. The session ended or
 * fell silent, or it came back to its prompt without a refusal; of an
 * installation, which may end in many words, it must have said that it goes. A
 * question without an answer and a refusal mean that it stays as it is.
 */
static bool
is_going(const struct reload *reload, int rc, const struct buf *shown)
{
	const struct profile_image *image = &session_profile(reload->session)
						 ->image;
	struct fault *fault = &reload->result->fault;
	enum err_kind kind = fault->err.kind;
	bool says_so = profile_pattern_matches(&image->goes, buf_str(shown));
	if (rc == 0 && (says_so || !reload->step->image.installs))
		return true;
	if (rc && (kind == ERR_CLOSED || kind == ERR_TIMEOUT))
		return true;
	if (rc == 0) {
		fault_at(fault, 0, NULL, buf_str(shown));
		err_set(&fault->err, ERR_REFUSED,
		    "the installation ended without a word of a reload");
	}
	return false;
}

static int
ask_uptime(void *data, struct session *session, int64_t *at_least_ms,
    struct fault *fault)
{
	const struct reload *reload = data;
	struct step_software software;
	struct job_step step = *reload->step;
	step.timeout_ms = ASK_MS;
	if (step_ask_software(session, &step, &software, fault))
		return -1;
	bool known = software.up_known;
	*at_least_ms = software.up_ms;
	step_software_clear(&software);
	return known ? 0
		     : err_set(&fault->err, ERR_VERIFY,
			   "the device does not say how long it is up");
}

static void
tell(const struct comeback *comeback, struct step_result *result)
{
	char gone[CLOCK_TEXT_BYTES], back[CLOCK_TEXT_BYTES];
	int64_t gone_ms = comeback->gone_ms ? comeback->gone_ms
					    : comeback->told_ms;
	duration_format(gone_ms - comeback->told_ms, gone);
	duration_format(comeback->back_ms - comeback->told_ms, back);
	buf_addf(&result->output, "gone after %s, back after %s\n", gone, back);
	if (comeback->auth_refused)
		buf_addf(&result->notes,
		    "it refused the login %d time%s after the boot\n",
		    comeback->auth_refused,
		    comeback->auth_refused == 1 ? "" : "s");
}

/* The point of no return is behind us: from here on it is changed or unknown,
 * whatever happens. */
static void
await(struct reload *reload, int64_t told_ms, bool session_ended)
{
	struct step_result *result = reload->result;
	struct comeback comeback = {
		.told_ms = told_ms,
		.deadline = session_deadline(
		    reload->session, reload->step->image.wait_ms),
		.auth_wait_ms = session_profile(reload->session)
				    ->image.auth_wait_ms,
		.ask_uptime = ask_uptime,
		.data = reload,
		.gone_ms = session_ended ? clock_ms() : 0,
	};
	result->status = STEP_UNKNOWN;
	result->fresh = comeback_await(
	    reload->session, &comeback, &result->fault);
	if (!result->fresh) {
		if (result->fault.err.kind == ERR_HOST_KEY)
			err_append(&result->fault.err,
			    " (a device that makes itself new keys when it "
			    "reloads: accept_new_host_key)");
		return;
	}
	tell(&comeback, result);
	result->status = STEP_CHANGED;
	/* What comes now looks at what became of it. */
	step_stage(result->fresh, STAGE_VERIFY, &result->fault);
}

static void
tell_it(struct reload *reload, const char *command)
{
	const struct profile_image *image = &session_profile(reload->session)
						 ->image;
	struct step_result *result = reload->result;
	/* An installation works for minutes before it goes. */
	int64_t wait_ms = reload->step->image.wait_ms;
	int64_t silence_ms = session_silence_ms(reload->session);
	int64_t hush_ms = reload->step->image.installs ? wait_ms
	    : silence_ms < HUSH_MS		       ? silence_ms
						       : HUSH_MS;
	struct buf shown;
	if (prepare(reload) ||
	    step_stage(reload->session, STAGE_CHANGE, &result->fault))
		return;
	int64_t told_ms = clock_ms();
	buf_init(&shown, SHOWN_LIMIT_BYTES);
	struct session_talk talk = {
		.questions = image->questions,
		.count = image->question_count,
		.silence_ms = hush_ms,
		.timeout_ms = wait_ms,
	};
	int rc = session_dialogue(
	    reload->session, command, &talk, &shown, &result->fault);
	buf_add(&result->notes, buf_str(&shown), shown.len);
	if (is_going(reload, rc, &shown)) {
		bool ended = result->fault.err.kind == ERR_CLOSED;
		fault_clear(&result->fault);
		await(reload, told_ms, ended);
	} else {
		/* A refusal, or a question that got no answer: it stays. But an
		 * installation that failed may have done a part. */
		enum err_kind kind = result->fault.err.kind;
		bool stays = kind == ERR_REFUSED || kind == ERR_PROMPT;
		result->status = stays && !reload->step->image.installs
		    ? STEP_FAILED
		    : STEP_UNKNOWN;
		err_prefix(&result->fault.err,
		    stays ? "not reloaded: " : "told to reload, then: ");
	}
	buf_clear(&shown);
}

static void
run(struct reload *reload, struct step_software *software)
{
	struct session *session = reload->session;
	struct step_result *result = reload->result;
	const char *unless = reload->texts.unless_version;
	if (unless && step_software_is(software, unless)) {
		buf_addf(&result->output, "it runs %s already\n", unless);
		result->status = STEP_UNCHANGED;
		return;
	}
	if (has_rebooted(reload, software)) {
		buf_adds(&result->output,
		    "it has rebooted since an earlier visit told it to: not "
		    "told again\n");
		result->status = STEP_CHANGED;
		return;
	}
	if (check_register(reload, software))
		return;
	if (step_is_check(session)) {
		buf_adds(&result->output, "it would be reloaded\n");
		result->would_change = true;
		result->status = STEP_UNCHANGED;
		return;
	}
	if (check_image(reload) || await_age(reload, software))
		return;
	char *command = render_command(reload);
	if (command)
		tell_it(reload, command);
	free(command);
}

void
step_run_reload(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	struct reload reload = { session, step, { 0 }, result,
		clock_wall_ms() };
	struct step_software software;
	if (step_image_texts(session, step, &reload.texts, &result->fault))
		return;
	if (step_ask_software(session, step, &software, &result->fault) == 0) {
		run(&reload, &software);
		step_software_clear(&software);
	}
	plan_image_clear(&reload.texts);
}
