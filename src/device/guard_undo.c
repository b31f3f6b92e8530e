/*
 * Out of a change that went wrong. Nothing is said to be put back that was not
 * read back, and nobody waits for a device longer than it said it would take.
 */
#include "guard_parts.h"

#include "base/deadline.h"
#include "base/when.h"
#include "device/visit.h"
#include "device/wait.h"

#include <stdio.h>

#define UNDO_MS                                                                \
	10000 /* without a timer, all of it; a worker that is called off is    \
		 killed 15 s later */
#define VISIT_MS       60000 /* one look, while there is a timer */
#define REPORT_MS      5000 /* left of the device's time, to tell of it */
#define CLOSE_GRACE_MS 2000
#define FRESH_MAX      2 /* connections beside the first, without a timer */
#define WAIT_FIRST_MS  250 /* between two connections; doubles */
#define WAIT_MAX_MS    4000
#define WAIT_TIMER_MS  15000 /* the same while the device's timer runs */

struct recovery {
	struct guard *guard;
	const struct guard_change *change;
	struct step_result *result;
	bool called_off;
};

static void
tell(const struct guard *guard, const char *text)
{
	const struct observer *observer = session_observer(guard->session);
	observer->log(observer->data, text);
}

/* Did the device answer, with a no? What is locked, or cut, may go later. */
static bool
is_answer(enum err_kind kind)
{
	return kind == ERR_REFUSED || kind == ERR_VERIFY;
}

/* The device's own way back; true if it says that it went it. */
static bool
undo(struct guard *guard, struct session *session)
{
	struct fault fault = { 0 };
	tell(guard, "the device is told to take the change back");
	bool done = guard_acts(guard, session, &guard->how->undo, &fault) == 0;
	guard->helpless = !done && is_answer(fault.err.kind);
	if (!done)
		tell(guard, fault.err.text);
	fault_clear(&fault);
	return done;
}

/* It is as it was before, by other means: what is still armed would take back
 * what others do later, or reload the device. */
static void
disarm(struct recovery *r, struct session *session)
{
	struct fault fault = { 0 };
	struct guard *guard = r->guard;
	if (guard_acts(guard, session, &guard->how->confirm, &fault) &&
	    guard->how->reloads && fault.err.kind != ERR_REFUSED)
		buf_addf(&r->result->notes,
		    "undo: the reload could not be called off: %s\n",
		    fault.err.text);
	fault_clear(&fault);
}

enum stays { STAYS, STAYS_NOT, STAYS_LATER };

/* As asked, seen behind a cut: may it stay? */
static enum stays
keep(struct recovery *r, struct session *session, bool fresh)
{
	struct fault fault = { 0 };
	struct guard *guard = r->guard;
	enum stays stays = STAYS;
	if (!guard->armed)
		return stays;
	if (guard->condemned)
		return STAYS_NOT;
	const struct observer *observer = session_observer(guard->session);
	observer->stage(observer->data, STAGE_CONFIRM);
	if (fresh ? guard_keep(guard, r->change, session, &fault)
		  : guard_keep_afresh(guard, r->change, &fault)) {
		tell(guard, fault.err.text);
		stays = fresh && !is_answer(fault.err.kind) ? STAYS_LATER
							    : STAYS_NOT;
	}
	guard->condemned = stays == STAYS_NOT;
	guard->armed = stays != STAYS;
	fault_clear(&fault);
	return stays;
}

/* The line that keeps the change went out and was not answered: does the
 * device show that it took it? */
static bool
was_kept(struct recovery *r, struct session *session)
{
	struct fault ignored = { 0 };
	struct guard *guard = r->guard;
	if (!guard->confirming || !guard->how->settled.count)
		return false;
	/* Not armed, and still there: it was not the time that was over. */
	bool kept = guard_settled(guard, session, &ignored) == 0 &&
	    r->change->look(r->change->data, session, &ignored) ==
		GUARD_AS_WANTED;
	fault_clear(&ignored);
	guard->armed &= !kept;
	return kept;
}

static enum guard_seen
look(struct recovery *r, struct session *session)
{
	struct fault ignored = { 0 };
	enum guard_seen seen = r->change->look(
	    r->change->data, session, &ignored);
	fault_clear(&ignored);
	r->guard->in_effect |= seen == GUARD_AS_WANTED || seen == GUARD_OTHER;
	return seen;
}

static bool
is_there_still(enum guard_seen seen)
{
	return seen == GUARD_AS_WANTED || seen == GUARD_OTHER;
}

/* Over a session that is ready. */
static enum step_status
recover(
    struct recovery *r, struct session *session, bool fresh, int64_t deadline)
{
	struct guard *guard = r->guard;
	bool undone = false, own = false;
	enum guard_seen seen = look(r, session);
	if (seen == GUARD_UNSEEN)
		return STEP_UNKNOWN;
	if (seen == GUARD_AS_WANTED) {
		enum stays stays = keep(r, session, fresh);
		if (stays == STAYS || was_kept(r, session))
			return STEP_CHANGED;
		if (stays == STAYS_LATER)
			return STEP_UNKNOWN;
	}
	if (guard->armed && guard->how->undo.count) {
		undone = undo(guard, session);
		seen = look(r, session);
	}
	if (is_there_still(seen) && r->change->put_back) {
		tell(guard, "putting the old state back");
		r->change->put_back(r->change->data, session, deadline);
		seen = look(r, session);
		own = true;
	}
	/* What was done but for its last lines was brought to its end. */
	if (seen == GUARD_AS_WANTED && own && !guard->armed)
		return STEP_CHANGED;
	if (seen != GUARD_AS_BEFORE)
		return STEP_UNKNOWN;
	if (guard->armed && !undone && (own || !guard->how->undo.count))
		disarm(r, session);
	guard->armed = false;
	return guard->in_effect ? STEP_ROLLED_BACK : STEP_FAILED;
}

/* Is it of no use to come again? A login that was refused is not repeated:
 * accounts are locked for that. */
static bool
is_final(enum err_kind kind, bool timer)
{
	if (kind == ERR_AUTH || kind == ERR_HOST_KEY)
		return true;
	return !timer && !visit_is_passing(kind);
}

/* Until when fresh connections are tried. */
static int64_t
last_moment(const struct guard *guard, bool timer)
{
	if (!timer)
		return deadline_in(UNDO_MS);
	int64_t due_ms = guard->due_ms + guard->how->grace_ms;
	int64_t left_ms = due_ms - clock_ms();
	return session_deadline(guard->session, left_ms > 0 ? left_ms : 1) -
	    REPORT_MS;
}

static void
tell_wait(const struct guard *guard)
{
	char when[WHEN_TEXT_BYTES], text[WHEN_TEXT_BYTES + 64];
	when_format(guard->due_wall_ms, when);
	snprintf(text, sizeof(text),
	    "waiting for the device to take the change back at %s", when);
	tell(guard, text);
}

/* One fresh connection: -1 when it is of no use to try another. */
static int
visit(struct recovery *r, bool timer, int64_t until)
{
	struct fault fault = { 0 };
	struct guard *guard = r->guard;
	int64_t deadline = timer ? session_deadline(guard->session, VISIT_MS)
				 : until;
	struct session *fresh = visit_again(guard->session, deadline, &fault);
	bool final = !fresh && is_final(fault.err.kind, timer);
	if (fresh) {
		r->result->status = recover(r, fresh, true, deadline);
		session_close(fresh, CLOSE_GRACE_MS);
	}
	fault_clear(&fault);
	return final ? -1 : fresh != NULL;
}

/* Over fresh connections, until the old state or the asked one was seen. */
static void
recover_afresh(struct recovery *r)
{
	const struct guard *guard = r->guard;
	bool timer = guard->armed && guard->how->timer && !r->called_off;
	int cancel_fd = r->called_off
	    ? -1
	    : session_observer(guard->session)->cancel_fd;
	int64_t until = last_moment(guard, timer), wait_ms = WAIT_FIRST_MS;
	int64_t longest_ms = timer ? WAIT_TIMER_MS : WAIT_MAX_MS;
	bool told = false;
	for (int visits = 0;;) {
		int made = visit(r, timer, until);
		visits += made > 0;
		if (made < 0 || r->result->status != STEP_UNKNOWN ||
		    guard->helpless || (!timer && visits == FRESH_MAX) ||
		    clock_ms() + wait_ms >= until)
			return;
		if (timer && !told)
			tell_wait(guard);
		told = true;
		if (wait_fd(-1, 0, deadline_in(wait_ms), cancel_fd) ==
		    WAIT_CANCELLED)
			return;
		wait_ms = wait_ms * 2 < longest_ms ? wait_ms * 2 : longest_ms;
	}
}

/* What the person has to know of an undo that is still armed. */
static void
tell_armed(const struct guard *guard, struct err *err)
{
	char when[WHEN_TEXT_BYTES];
	when_format(guard->due_wall_ms, when);
	if (!guard->how->timer)
		err_append(
		    err, "; what was before is kept on it as %s", guard->name);
	else if (deadline_passed(guard->due_ms))
		err_append(err,
		    "; it should have taken the change back by itself at %s",
		    when);
	else
		err_append(err,
		    "; unless somebody confirms the change, the device takes "
		    "it back by itself at %s (%s)",
		    when, guard->how->name);
}

void
guard_recover(struct guard *guard, const struct guard_change *change,
    struct step_result *result)
{
	struct recovery r = {
		.guard = guard,
		.change = change,
		.result = result,
		.called_off = result->fault.err.kind == ERR_CANCELLED,
	};
	bool usable = session_is_usable(guard->session) && !r.called_off;
	guard->condemned |= guard->armed && r.called_off;
	result->status = STEP_UNKNOWN;
	if (usable)
		result->status = recover(
		    &r, guard->session, false, deadline_in(UNDO_MS));
	/* What is put back may be cut as well. */
	bool waits = guard->armed && guard->how->timer && !guard->helpless;
	if (result->status == STEP_UNKNOWN &&
	    (waits || r.called_off || !session_is_usable(guard->session)))
		recover_afresh(&r);
	if (result->status == STEP_CHANGED) {
		/* It is as asked after all: the first trouble is a note. */
		buf_addf(&result->notes, "%s; but read back, it is as asked\n",
		    result->fault.err.text);
		fault_clear(&result->fault);
	} else if (result->status == STEP_ROLLED_BACK && guard->how) {
		buf_adds(&result->notes, "undo: the old state is back\n");
	} else if (result->status == STEP_UNKNOWN && guard->armed) {
		tell_armed(guard, &result->fault.err);
	}
}
