/*
 * A change that takes itself back: an undo is armed on the device before the
 * first line, and taken away only from a second, fresh connection that sees
 * the change as the first one did. docs/undo.md tells what that is on each
 * platform; here are only lines of the profile.
 */
#ifndef NETPUSH_DEVICE_GUARD_H
#define NETPUSH_DEVICE_GUARD_H

#include "device/fault.h"
#include "device/sender.h"
#include "device/session.h"
#include "device/step.h"
#include "model/plan.h"
#include "model/profile_guard.h"

#include <stdbool.h>
#include <stdint.h>

/* In the caller's storage; all zero guards nothing. */
struct guard {
	struct session *session; /* the one that makes the change */
	const struct job_step *step;
	const struct profile_guard *how; /* NULL: nothing is armed */
	char *name, *enter; /* of what is armed; its way in, rendered */
	bool armed; /* from here on the device may take the change back */
	bool in_effect; /* the change was seen on the device */
	bool condemned; /* it is not to be kept, whatever is seen */
	bool confirming; /* the line that keeps it went out once */
	bool helpless; /* the device says that it cannot take it back */
	int64_t due_ms, due_wall_ms; /* when the device does so by itself */
};

enum guard_seen {
	GUARD_UNSEEN, /* the device could not be read */
	GUARD_AS_BEFORE,
	GUARD_AS_WANTED,
	GUARD_OTHER,
};

/* What is guarded. */
struct guard_change {
	void *data;
	/* What the device holds now, over a session that is ready. */
	enum guard_seen (*look)(
	    void *data, struct session *session, struct fault *fault);
	/* Puts back what there was with netpush's own lines. NULL: it cannot.
	 * Whether it did is seen by looking. */
	void (*put_back)(void *data, struct session *session, int64_t deadline);
};

/*
 * Finds what SESSION's device has to guard a change of SCOPE. RISKY: it may
 * cut us off. Nothing is changed, but something may be asked. -1 with a fault
 * in RESULT when the job wants a guard and there is none, or the device could
 * not be asked. GUARD is the caller's to clear in any case.
 */
int guard_choose(struct guard *guard, struct session *session,
    const struct job_step *step, enum guard_scope scope, bool risky,
    struct step_result *result);
void guard_clear(struct guard *guard);

/* The lines that go in place of LINES: those of the guard commit them. The
 * caller clears OWN; borrowed are LINES or OWN. */
const struct plan_lines *guard_lines(const struct guard *guard,
    const struct plan_lines *lines, struct plan_lines *own);

/* Before PUSH goes: arms what is armed by commands of its own, and sets the
 * way in. Announces STAGE_CHANGE. -1 with FAULT; `armed` says if anything may
 * be armed by now. */
int guard_begin(struct guard *guard, struct push *push, struct fault *fault);

/* After it: the time runs from here at the latest. RC as sender_push. */
void guard_pushed(struct guard *guard, const struct push *push, int rc);

/*
 * The change was made and is as asked: announces STAGE_CONFIRM, opens a second
 * connection, looks, and takes the undo away. -1 with a fault in RESULT: then
 * it is to be taken back. 0 without a guard.
 */
int guard_confirm(struct guard *guard, const struct guard_change *change,
    struct step_result *result);

/*
 * An earlier visit left the device in doubt, and it is as asked: what that
 * visit armed would still take it back, so it is taken away over this one,
 * which is a fresh connection, too. -1 with a fault in RESULT.
 */
int guard_adopt(struct guard *guard, struct step_result *result);

/*
 * Out of a change that went wrong: looks, over the same connection or fresh
 * ones, takes it back with what the device has or with netpush's own lines,
 * or waits for the device's timer. Only what was seen counts: sets the status
 * of RESULT to failed or rolled_back (the old state was seen), changed (it is
 * as asked after all, and stays) or unknown. Works without a guard, too.
 */
void guard_recover(struct guard *guard, const struct guard_change *change,
    struct step_result *result);

#endif
