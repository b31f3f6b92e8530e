/*
 * A logged-in command line: learns the prompt, sets the terminal up, moves
 * between modes, runs commands, says goodbye. What is sent in configuration
 * mode goes through device/sender.
 */
#ifndef NETPUSH_DEVICE_SESSION_H
#define NETPUSH_DEVICE_SESSION_H

#include "device/exchange.h"
#include "device/fault.h"
#include "device/target.h"
#include "device/transport.h"

#include <stdint.h>

struct buf;
struct profile_question;
struct re;
struct redactor;
struct session;

/*
 * Takes TRANSPORT over. TARGET and OBSERVER are borrowed. DEADLINE is the
 * device's: no step passes it. The session is not ready for commands before
 * session_prepare().
 */
struct session *session_new(struct transport *transport,
    const struct target *target, const struct observer *observer,
    int64_t deadline);

/*
 * Waits for the first prompt, sends the profile's set-up commands in one
 * write, learns the prompt from their echoes, and raises the privilege where
 * the profile's exec mode wants it (enable). -1 with kind prompt, timeout,
 * closed, auth (enable refused) or cancelled.
 */
int session_prepare(struct session *session, struct fault *fault);

/*
 * Runs one command in the exec mode. Its output is added to OUT. A command
 * that the device did not understand (a refusal is all that it shows) fails
 * with kind refused; anything else that is shown is output.
 */
int session_command(struct session *session, const char *command,
    int64_t timeout_ms, struct buf *out, struct fault *fault);

/* The same for output that is shown as it is: lines that look like the
 * device's log are kept (`show logging`). */
int session_show(struct session *session, const char *command,
    int64_t timeout_ms, struct buf *out, struct fault *fault);

/* The same for one that may work for minutes without a word: only the deadline
 * ends it. */
int session_patient(struct session *session, const char *command,
    int64_t timeout_ms, struct buf *out, struct fault *fault);

/* What a command may ask, and how long it may take. */
struct session_talk {
	/* Looked for before the profile's own. */
	const struct profile_question *questions;
	size_t count;
	const struct secret
	    *secret; /* the answer "{{secret}}", once; or NULL */
	int64_t silence_ms; /* how long it may say nothing */
	int64_t timeout_ms;
};

/* The same for one that asks. What it said is in OUT only if it came back to a
 * prompt. */
int session_dialogue(struct session *session, const char *command,
    const struct session_talk *talk, struct buf *out, struct fault *fault);

/* Adds TEXT, which the device showed, as it may be written down. */
void session_clean(
    const struct session *session, const char *text, struct buf *out);

/* Shows the running configuration (the profile's command for it): all of it,
 * though lines like the prompt may stand in it. */
int session_read_config(struct session *session, int64_t timeout_ms,
    struct buf *out, struct fault *fault);

/*
 * Runs several commands, all of them sent at once where the device allows.
 * OUTPUTS gets one text for each; NULL for one that the device refused (an old
 * system may not know every way to show a thing), of which there were *REFUSED.
 * That is no failure.
 */
int session_commands(struct session *session, const struct strs *commands,
    int64_t timeout_ms, struct strs *outputs, size_t *refused,
    struct fault *fault);

/* Goes to a mode by the profile's enter and leave commands. */
int session_enter(
    struct session *session, const char *mode, struct fault *fault);

/* The same by COMMAND, given in the exec mode, in place of the profile's; what
 * it shows must match PROOF (NULL: anything), else ERR_VERIFY. */
int session_enter_by(struct session *session, const char *mode,
    const char *command, const struct re *proof, struct fault *fault);

/* A line that is given in a mode, with answers of its own to what it asks. */
struct session_act {
	const char *line;
	const char *mode; /* NULL: the exec mode */
	const struct re *proof; /* what it shows must match, whatever else is
				   in it; NULL: it must be no refusal */
	const struct profile_question *questions;
	size_t question_count;
};

/* Does it; what it shows is added to OUT. -1 with kind refused or verify if
 * it did not do what it should. The session is left in that mode. */
int session_act(struct session *session, const struct session_act *act,
    int64_t timeout_ms, struct buf *out, struct fault *fault);

/* The mode that the last prompt showed; NULL before the first. */
const struct profile_mode *session_mode(const struct session *session);
const char *session_prompt(const struct session *session);
const struct profile *session_profile(const struct session *session);
const struct target *session_target(const struct session *session);
const struct observer *session_observer(const struct session *session);
struct exchange *session_exchange(struct session *session);

/* What carries it: a socket, if it goes to the device itself. */
int session_fd(const struct session *session);

/* What is not to be written down of this device. */
const struct redactor *session_redactor(const struct session *session);

/* The earlier of now + TIMEOUT_MS (0: the step's default) and the device's
 * deadline. */
int64_t session_deadline(const struct session *session, int64_t timeout_ms);
int64_t session_end(const struct session *session); /* the device's */
int64_t session_silence_ms(const struct session *session);

/* True while the command line can be trusted with another line. */
bool session_is_usable(const struct session *session);

/*
 * Leaves configuration mode if need be, sends the profile's close command,
 * waits for the device to end the session, disconnects, frees. Never fails:
 * a device that does not answer is left after GRACE_MS.
 */
void session_close(struct session *session, int64_t grace_ms);

#endif
