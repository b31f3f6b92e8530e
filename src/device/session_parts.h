/* One session: what the files session*.c share.
 *
 *	session.c	its life: made, prepared, closed
 *	session_greet.c	what the device shows before its first prompt
 *	session_lines.c	groups of command lines, and what is an answer
 *	session_mode.c	from mode to mode
 *	session_show.c	commands whose output is read, and its proved end
 */
#ifndef NETPUSH_DEVICE_SESSION_PARTS_H
#define NETPUSH_DEVICE_SESSION_PARTS_H

#include "device/exchange.h"
#include "device/session.h"
#include "text/redact.h"

#include "base/buf.h"

#define SESSION_GREETING_LIMIT_BYTES 4096

struct channel;
struct prompts;
struct secret;
struct transcript;

struct session {
	const struct target *target;
	const struct profile *profile;
	const struct observer *observer;
	struct channel *channel;
	struct prompts *prompts;
	struct exchange *exchange;
	struct transcript *transcript;
	struct redactor redactor;
	int64_t deadline;
	bool broken;
	bool ours; /* what is not committed in the configuration mode is */
	bool one_by_one; /* a set-up command was refused: it may page, and a
			    line sent ahead would be a key for the pager */
	struct buf greeting; /* what it showed before its prompt */
};

/* What a group of commands is for. */
enum purpose {
	FOR_SETUP, /* its echoes teach the prompt */
	FOR_MOVE, /* into another mode */
	FOR_OUTPUT, /* to be read by us */
	FOR_SHOW, /* to be read by people: log lines are kept */
};

struct command_answer {
	enum purpose purpose;
	struct buf *out;
	struct strs *outputs; /* one for each line; NULL for a refused one */
	size_t refused; /* how many */
	int64_t silence_ms; /* how long it may say nothing; 0: as usual */
	/* Answers to what the lines ask, before the profile's; or NULL. */
	const struct profile_question *questions;
	size_t question_count;
	const struct secret *secret; /* to be given to one of them; or NULL */
	const struct profile *profile;
};

/* Until the open line looks like a prompt. A device that shows nothing may
 * wait for a Return ("Press RETURN to get started"): it gets one. */
int session_await_prompt(
    struct session *session, int64_t deadline, struct fault *fault);

/* Sends LINES one after the other (all at once if WINDOW allows). */
int session_run_lines(struct session *session, const char *const *lines,
    size_t count, unsigned window, int64_t deadline,
    const struct secret *secret, struct command_answer *answer,
    struct fault *fault);

/* The enable password, or NULL. */
const struct secret *session_secret(const struct session *session);

#endif
