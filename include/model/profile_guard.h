/*
 * The part of a profile that says how a platform takes a change back by
 * itself: what arms that, what keeps the change, what undoes it at once. In
 * the lines {{minutes}} and {{name}} (of a checkpoint, a session) may stand.
 */
#ifndef NETPUSH_MODEL_PROFILE_GUARD_H
#define NETPUSH_MODEL_PROFILE_GUARD_H

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile;
struct profile_question;
struct re;

/* One line, and what its answer must be. */
struct profile_act {
	char *line; /* as written, see profile_guard_text() */
	char *mode; /* where it is given; NULL: the exec mode */
	char *proof_text; /* the answer must match, whatever else it holds; */
	struct re *proof; /* NULL: it must be no refusal */
	bool shown; /* a text to look at: no line of it is a refusal */
};

struct profile_acts {
	struct profile_act *items;
	size_t count;
};

enum guard_scope {
	GUARD_FOR_ALL,
	GUARD_FOR_ACL, /* lists that are read back */
	GUARD_FOR_CONFIG, /* any other text */
	GUARD_FOR__COUNT,
};

struct profile_guard {
	char *name; /* for people */
	char *scope_text; /* "acl", "config" or NULL */
	enum guard_scope scope;
	bool reloads; /* its undo is a reload: only if the job asks for that */
	bool timer; /* the device takes the change back without us */
	int64_t grace_ms; /* until that is done, once the minutes are over */
	struct profile_acts probe; /* all as proved: the device has it */
	struct profile_acts arm; /* before the first line */
	char *enter; /* in place of the configuration mode's; NULL: that */
	char *mode; /* where that leads; NULL: the configuration mode */
	struct profile_acts commit; /* lines in place of the profile's */
	struct profile_acts confirm; /* keeps the change */
	struct profile_acts settled; /* as proved: nothing is armed any more */
	struct profile_acts undo; /* takes it back now; may do nothing when
				     there is nothing to be taken back */
	struct profile_question *questions; /* asked before the profile's own */
	size_t question_count;
	struct place place;
};

#define GUARD_MINUTES_MAX     120
#define GUARD_MINUTES_DEFAULT 5

/* LINE with {{name}} and {{minutes}} put in; the caller frees it. NULL after
 * a message in DIAGS. */
char *profile_guard_text(const char *line, struct place place, const char *name,
    int minutes, struct diags *diags);

#endif
