/* From mode to mode, as the profile says; the prompt proves each step. */
#include "session_parts.h"

#include "base/die.h"
#include "base/str.h"

#include <string.h>

#define MODE_STEPS_MAX 8 /* from any mode to any other */

/* Is it the profile's configuration mode that the sub-mode MODE belongs to? */
static bool
is_below_config(const struct profile *profile, const struct profile_mode *mode)
{
	for (int i = 0; mode && mode->nested && i < MODE_STEPS_MAX; i++)
		mode = mode->from ? profile_mode_find(profile, mode->from)
				  : NULL;
	return profile->config_mode &&
	    (!mode || str_eq(mode->name, profile->config_mode));
}

/* One step from the current mode towards TO; NULL when there is no way. */
static const char *
next_command(const struct session *session, const struct profile_mode *to,
    const struct profile_mode **via)
{
	const struct profile *profile = session->profile;
	const struct profile_mode *now = session_mode(session);
	/* Down: some mode on the way to TO that is entered from here. */
	for (const struct profile_mode *mode = to; mode && mode->from;
	     mode = profile_mode_find(profile, mode->from)) {
		if (str_eq(mode->from, now->name) && mode->enter) {
			*via = mode;
			return mode->enter;
		}
	}
	*via = now;
	/* Out of one of its sub-modes, the configuration mode's own way is the
	 * short one ("end" works at any depth). */
	if (now->nested && !to->config && is_below_config(profile, now))
		return profile_mode_find(profile, profile->config_mode)->leave;
	return now->leave;
}

/* The first line of TEXT that the profile calls a refusal, or NULL. */
static const char *
find_refusal(const struct profile *profile, const char *text, size_t *len)
{
	for (; *text; text += *len + (text[*len] != 0)) {
		*len = strcspn(text, "\n");
		if (profile_rules_match(&profile->refusals, text, *len) &&
		    !profile_rules_match(&profile->notices, text, *len))
			return text;
	}
	return NULL;
}

/*
 * The prompt shows a configuration mode, but a refusal may stand above it:
 * somebody else's changes wait to be committed, and with ours they would be.
 * Only what was clean when we came is ours to take back.
 */
static int
check_entered(struct session *session, const char *command, const char *text,
    struct fault *fault)
{
	size_t len;
	const char *line = find_refusal(session->profile, text, &len);
	session->ours = !line;
	if (!line)
		return 0;
	fault_at(fault, 0, command, text);
	return err_set(&fault->err, ERR_REFUSED,
	    "\"%s\" was refused, nothing was sent: %.*s", command, (int)len,
	    line);
}

/* A device that is not left for changes that wait to be committed: ours are
 * dropped. */
static int
take_back(struct session *session, struct fault *fault)
{
	const struct strs *undo = &session->profile->undo;
	struct command_answer answer = { .purpose = FOR_OUTPUT };
	session->ours = false;
	if (session_run_lines(session, (const char *const *)undo->items,
		undo->count, 1, session_deadline(session, 0), NULL, &answer,
		fault))
		return -1;
	if (answer.refused)
		return err_set(&fault->err, ERR_REFUSED,
		    "the device refused to take back what was not committed");
	session->observer->log(
	    session->observer->data, "what was not committed was taken back");
	return 0;
}

static int
fail_to_move(struct session *session, const struct profile_mode *via,
    const struct profile_mode *to, const char *command, const char *text,
    struct fault *fault)
{
	const struct profile_mode *now = session_mode(session);
	size_t len;
	const char *line = find_refusal(session->profile, text, &len);
	fault_at(fault, 0, command, text);
	return err_set(&fault->err, via->secret ? ERR_AUTH : ERR_PROMPT,
	    "\"%s\" did not lead from mode %s to %s%s%.*s", command, now->name,
	    via == now ? to->name : via->name, line ? ": " : "",
	    line ? (int)len : 0, line ? line : "");
}

int
session_enter(struct session *session, const char *mode, struct fault *fault)
{
	const struct profile_mode *to = profile_mode_find(
	    session->profile, mode);
	BUG_IF(!to);
	for (int i = 0; i < MODE_STEPS_MAX; i++) {
		const struct profile_mode *now = session_mode(session);
		const struct profile_mode *via = NULL;
		struct command_answer answer = { .purpose = FOR_MOVE };
		struct buf text;
		if (now == to)
			return 0;
		const char *command = next_command(session, to, &via);
		if (!command)
			break;
		buf_init(&text, EXCHANGE_ANSWER_LIMIT_BYTES);
		answer.out = &text;
		int rc = session_run_lines(session, &command, 1, 1,
		    session_deadline(session, 0),
		    via->secret ? session_secret(session) : NULL, &answer,
		    fault);
		const struct profile_mode *seen = session_mode(session);
		if (rc == 0 && seen == now && via == now && session->ours &&
		    session->profile->undo.count)
			rc = take_back(session, fault);
		else if (rc == 0 && seen == now && !now->nested)
			rc = fail_to_move(
			    session, via, to, command, buf_str(&text), fault);
		else if (rc == 0 && seen == via && via != now && via->config)
			rc = check_entered(
			    session, command, buf_str(&text), fault);
		buf_clear(&text);
		if (rc)
			return -1;
	}
	if (session_mode(session) == to)
		return 0;
	return err_set(&fault->err, ERR_PROMPT,
	    "the profile %s knows no way from mode %s to %s",
	    session->profile->device_type, session_mode(session)->name, mode);
}

int
session_enter_by(struct session *session, const char *mode, const char *command,
    struct fault *fault)
{
	const struct profile_mode *to = profile_mode_find(
	    session->profile, mode);
	struct command_answer answer = { .purpose = FOR_MOVE };
	struct buf text;
	BUG_IF(!to);
	if (session_enter(session, session->profile->exec_mode, fault))
		return -1;
	buf_init(&text, EXCHANGE_ANSWER_LIMIT_BYTES);
	answer.out = &text;
	int rc = session_run_lines(session, &command, 1, 1,
	    session_deadline(session, 0), NULL, &answer, fault);
	if (rc == 0)
		rc = check_entered(session, command, buf_str(&text), fault);
	if (rc == 0 && session_mode(session) != to)
		rc = fail_to_move(
		    session, to, to, command, buf_str(&text), fault);
	buf_clear(&text);
	return rc;
}
