/*
 * Arming an undo, and taking it away again from a second connection. What is
 * sent for that stands in the profile; in which order, and what must be seen
 * before the next line goes, stands here.
 */
#include "guard_parts.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "device/visit.h"
#include "device/wait.h"
#include "step_parts.h"
#include "text/re.h"

#include <stdlib.h>

#define CLOSE_GRACE_MS	 2000
#define ACT_LIMIT_BYTES	 (1u << 20)
#define CONFIRM_TRIES	 3
#define CONFIRM_PAUSE_MS 500
#define CONFIRM_PART	 5 /* of the minutes, at the end: for confirming */

/* LINE of the profile with the name and the minutes put in. */
static char *
text_of(const struct guard *guard, const char *line)
{
	struct diags diags = { 0 };
	char *text = profile_guard_text(line, guard->how->place, guard->name,
	    guard->step->guard_minutes, &diags);
	diags_clear(&diags);
	/* The profile's check rendered it before. */
	return text ? text : xstrdup("");
}

static int
do_act(const struct guard *guard, struct session *session,
    const struct profile_act *act, struct fault *fault)
{
	char *line = text_of(guard, act->line);
	struct session_act one = {
		.line = line,
		.mode = act->mode,
		.proof = act->proof,
		.questions = guard->how->questions,
		.question_count = guard->how->question_count,
	};
	struct buf shown;
	buf_init(&shown, ACT_LIMIT_BYTES);
	int rc = session_act(
	    session, &one, guard->step->timeout_ms, &shown, fault);
	buf_clear(&shown);
	free(line);
	return rc;
}

int
guard_acts(const struct guard *guard, struct session *session,
    const struct profile_acts *acts, struct fault *fault)
{
	for (size_t i = 0; i < acts->count; i++)
		if (do_act(guard, session, &acts->items[i], fault))
			return -1;
	return 0;
}

/* Has the device what the candidate GUARD->how needs? -1: it could not be
 * asked. */
static int
probe(const struct guard *guard, bool *has, struct fault *fault)
{
	*has = guard_acts(guard, guard->session, &guard->how->probe, fault) ==
	    0;
	if (*has)
		return 0;
	enum err_kind kind = fault->err.kind;
	if (kind != ERR_REFUSED && kind != ERR_VERIFY)
		return -1;
	fault_clear(fault);
	return 0;
}

static bool
is_wanted(const struct job_step *step, bool risky)
{
	return step->guard >= JOB_GUARD_ALWAYS ||
	    (step->guard == JOB_GUARD_AUTO && risky);
}

static bool
fits(const struct profile_guard *how, const struct job_step *step,
    enum guard_scope scope)
{
	return (how->scope == GUARD_FOR_ALL || how->scope == scope) &&
	    (!how->reloads || step->guard == JOB_GUARD_RELOAD);
}

/* A guard of the profile was found: what its lines need to be rendered. */
static void
settle(struct guard *guard, struct step_result *result)
{
	const struct profile_guard *how = guard->how;
	if (how->enter)
		guard->enter = text_of(guard, how->enter);
	buf_addf(&result->notes, "undo: %s", how->name);
	if (how->timer)
		buf_addf(
		    &result->notes, ", %d min", guard->step->guard_minutes);
	buf_addc(&result->notes, '\n');
}

int
guard_choose(struct guard *guard, struct session *session,
    const struct job_step *step, enum guard_scope scope, bool risky,
    struct step_result *result)
{
	const struct profile *profile = session_profile(session);
	bool has = false;
	*guard = (struct guard){ .session = session, .step = step };
	if (!is_wanted(step, risky))
		return 0;
	guard->name = xasprintf(
	    "netpush%lld", (long long)(clock_wall_ms() / 1000));
	for (size_t i = 0; i < profile->guard_count && !has; i++) {
		guard->how = &profile->guards[i];
		if (fits(guard->how, step, scope) &&
		    probe(guard, &has, &result->fault))
			return -1;
	}
	if (has) {
		settle(guard, result);
		return 0;
	}
	guard->how = NULL;
	if (step->guard >= JOB_GUARD_ALWAYS)
		return err_set(&result->fault.err, ERR_JOB,
		    "not changed: the device has nothing that would take the "
		    "change back, as \"guard\" asks for");
	if (profile->guard_count)
		buf_adds(&result->notes,
		    "undo: none, the device has nothing that would take the "
		    "change back\n");
	return 0;
}

void
guard_clear(struct guard *guard)
{
	free(guard->name);
	free(guard->enter);
	*guard = (struct guard){ 0 };
}

const struct plan_lines *
guard_lines(const struct guard *guard, const struct plan_lines *lines,
    struct plan_lines *own)
{
	*own = (struct plan_lines){ 0 };
	if (!guard->how || !guard->how->commit.count)
		return lines;
	plan_lines_copy(own, lines);
	for (size_t i = 0; i < guard->how->commit.count; i++) {
		const struct profile_act *act = &guard->how->commit.items[i];
		char *text = text_of(guard, act->line);
		plan_lines_own(own, text, act->proof, act->shown);
		free(text);
	}
	return own;
}

/* From now on the device may take the change back, in so many minutes. */
static void
set_due(struct guard *guard)
{
	int64_t left_ms = guard->step->guard_minutes * 60000LL;
	guard->armed = true;
	guard->due_ms = deadline_in(left_ms);
	guard->due_wall_ms = clock_wall_ms() + left_ms;
}

/* Whatever is armed already is somebody else's, or an earlier run's: our lines
 * would be taken back with theirs, our confirmation would keep theirs. */
static int
check_free(const struct guard *guard, struct fault *fault)
{
	if (guard_settled(guard, guard->session, fault) == 0)
		return 0;
	if (fault->err.kind == ERR_VERIFY)
		return err_set(&fault->err, ERR_REFUSED,
		    "nothing was sent: an undo (%s) of somebody else, or of an "
		    "earlier run, is armed on the device, as \"%s\" shows; "
		    "confirm it or wait until it is over, then run again",
		    guard->how->name, fault->sent);
	err_prefix(&fault->err,
	    "nothing was sent: the device does not tell whether an undo is "
	    "armed already: ");
	return -1;
}

/* The device must not take the change back while the lines still go: those
 * behind would stay. What is too slow for the timer is ended before, and
 * undone. */
static void
limit_push(const struct guard *guard, struct push *push)
{
	int64_t part_ms = guard->step->guard_minutes * 60000LL / CONFIRM_PART;
	if (guard->armed && guard->how->timer)
		push->deadline = deadline_first(
		    push->deadline, guard->due_ms - part_ms);
}

int
guard_begin(struct guard *guard, struct push *push, struct fault *fault)
{
	const struct profile_guard *how = guard->how;
	if (!how)
		return 0;
	bool again = guard->armed;
	if (!again && check_free(guard, fault))
		return -1;
	/* What arms it twice would be refused; a mode of its own is entered by
	 * every text. */
	if (!again || how->mode) {
		push->enter = guard->enter;
		push->entered = how->entered;
		push->mode = how->mode;
	}
	/* What a commit arms is armed when that goes out. */
	if (again || (!how->arm.count && !how->enter)) {
		limit_push(guard, push);
		return 0;
	}
	if (how->arm.count) {
		if (step_stage(guard->session, STAGE_CHANGE, fault))
			return -1;
		set_due(guard);
		if (guard_acts(guard, guard->session, &how->arm, fault)) {
			/* A name that is taken: what is kept under it is
			 * somebody else's to go back to. */
			if (fault->err.kind == ERR_REFUSED && !how->timer)
				guard->armed = false;
			err_prefix(&fault->err, "the undo was not armed: ");
			return -1;
		}
	}
	set_due(guard);
	limit_push(guard, push);
	return 0;
}

void
guard_pushed(struct guard *guard, const struct push *push, int rc)
{
	const struct profile_guard *how = guard->how;
	if (!how)
		return;
	bool by_commit = !how->arm.count && !how->enter;
	/* The way in was refused, so nothing of it is armed. */
	if (rc && !push->sent && !how->arm.count && !push->unproved &&
	    session_is_usable(guard->session))
		guard->armed = false;
	else if (by_commit && push->sent == push->lines->count)
		set_due(guard);
	/* Without a candidate each line counts at once. Of a session that was
	 * cut nobody knows how far it got. */
	bool cut = !session_is_usable(guard->session);
	if (how->commit.count)
		guard->in_effect |= cut && push->sent == push->lines->count;
	else
		guard->in_effect |= (cut ? push->sent : push->accepted) > 0;
}

int
guard_settled(
    const struct guard *guard, struct session *session, struct fault *fault)
{
	return guard_acts(guard, session, &guard->how->settled, fault);
}

/* Takes the undo away. Where an earlier try was cut it may be gone already,
 * and the device refuses: what it shows then decides. */
static int
confirm(struct guard *guard, struct session *session, struct fault *fault)
{
	bool again = guard->confirming;
	guard->confirming = true;
	int rc = guard_acts(guard, session, &guard->how->confirm, fault);
	if (rc && (!again || fault->err.kind != ERR_REFUSED))
		return -1;
	fault_clear(fault);
	return guard_settled(guard, session, fault);
}

/* As asked, seen over SESSION? */
static int
look(const struct guard_change *change, struct session *session,
    struct fault *fault)
{
	enum guard_seen seen = change->look(change->data, session, fault);
	if (seen == GUARD_UNSEEN)
		return -1;
	if (seen != GUARD_AS_WANTED)
		return err_set(&fault->err, ERR_VERIFY,
		    "there it is not what the first one saw");
	return 0;
}

int
guard_keep(struct guard *guard, const struct guard_change *change,
    struct session *session, struct fault *fault)
{
	bool again = guard->confirming;
	if (look(change, session, fault) || confirm(guard, session, fault))
		return -1;
	/* That nothing is armed may also mean that the time was over. */
	return again ? look(change, session, fault) : 0;
}

/* One try over a second connection. */
static int
keep_once(
    struct guard *guard, const struct guard_change *change, struct fault *fault)
{
	const struct timeouts *timeouts = &session_target(guard->session)
					       ->device->timeouts;
	int64_t limit_ms = timeouts->connect_ms + 2 * timeouts->login_ms +
	    timeouts->step_ms;
	struct session *fresh = visit_again(
	    guard->session, session_deadline(guard->session, limit_ms), fault);
	int rc = fresh ? guard_keep(guard, change, fresh, fault) : -1;
	session_close(fresh, CLOSE_GRACE_MS);
	return rc;
}

/* A device may be short of terminal lines, a second connection be cut as well,
 * a lock be held for a moment: it is tried again, not often. */
int
guard_keep_afresh(
    struct guard *guard, const struct guard_change *change, struct fault *fault)
{
	int rc = keep_once(guard, change, fault);
	for (int i = 1;
	     rc && i < CONFIRM_TRIES && visit_is_passing(fault->err.kind);
	     i++) {
		fault_clear(fault);
		wait_fd(-1, 0,
		    session_deadline(guard->session, CONFIRM_PAUSE_MS), -1);
		rc = keep_once(guard, change, fault);
	}
	if (rc)
		err_prefix(&fault->err,
		    "the second connection, which was to "
		    "confirm the change: ");
	return rc;
}

int
guard_confirm(struct guard *guard, const struct guard_change *change,
    struct step_result *result)
{
	if (!guard->armed)
		return 0;
	guard->in_effect = true;
	if (step_stage(guard->session, STAGE_CONFIRM, &result->fault) ||
	    guard_keep_afresh(guard, change, &result->fault)) {
		guard->condemned = true;
		return -1;
	}
	guard->armed = false;
	buf_adds(&result->notes, "undo: taken away from a second connection\n");
	return 0;
}

int
guard_adopt(struct guard *guard, struct step_result *result)
{
	struct fault *fault = &result->fault;
	if (!guard->how || !guard->how->settled.count)
		return 0;
	if (guard_settled(guard, guard->session, fault) == 0)
		return 0;
	enum err_kind kind = fault->err.kind;
	if (kind != ERR_VERIFY && kind != ERR_REFUSED)
		return -1;
	fault_clear(fault);
	const struct observer *observer = session_observer(guard->session);
	observer->log(observer->data,
	    "an earlier visit left an undo armed: it is taken away");
	return confirm(guard, guard->session, fault);
}
