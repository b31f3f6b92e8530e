/* What a device shows before its first prompt, and when there is none. */
#include "session_parts.h"

#include "base/deadline.h"
#include "device/channel.h"
#include "device/prompts.h"
#include "text/re.h"

/* Keeps the lines before the first prompt; the newest, when they are many:
 * why a device turns us away stands at the end. */
static void
keep_greeting(void *data, const char *line, size_t len)
{
	struct buf *greeting = &((struct session *)data)->greeting;
	if (greeting->len + len + 1 > SESSION_GREETING_LIMIT_BYTES)
		buf_reset(greeting);
	buf_add(greeting, line, len);
	buf_addc(greeting, '\n');
}

/* The greeting and the open line, for a fault. */
static void
show_greeting(struct session *session, struct fault *fault)
{
	size_t len;
	const char *open = channel_open_line(session->channel, &len);
	buf_add(&session->greeting, open, len);
	fault_at(fault, 0, NULL, buf_str(&session->greeting));
}

static int
fail_no_prompt(struct session *session, struct fault *fault)
{
	show_greeting(session, fault);
	return err_set(&fault->err, ERR_PROMPT,
	    "no prompt was recognised within the login timeout");
}

static int
fail_new_password(struct session *session, struct fault *fault)
{
	show_greeting(session, fault);
	return err_set(&fault->err, ERR_AUTH,
	    "the device asks for a new password before its prompt; nothing was "
	    "answered, the password must be changed by hand");
}

/* A Return must not become an answer. */
static bool
is_question(const struct profile *profile, const char *open, size_t len)
{
	for (size_t i = 0; i < profile->question_count; i++)
		if (re_match(
			profile->questions[i].when.pattern, open, len, NULL))
			return true;
	return false;
}

int
session_await_prompt(
    struct session *session, int64_t deadline, struct fault *fault)
{
	int64_t nudge = deadline_in(
	    session->target->device->timeouts.login_ms / 3);
	bool nudged = false;
	channel_listen(session->channel, keep_greeting, session);
	for (;;) {
		size_t len;
		const char *open = channel_open_line(session->channel, &len);
		if (len &&
		    profile_rules_match(
			&session->profile->new_password, open, len))
			return fail_new_password(session, fault);
		if (prompts_is_first(session->prompts, open, len))
			return 0;
		int64_t until = nudged ? deadline
				       : deadline_first(nudge, deadline);
		switch (channel_pump(session->channel, until, &fault->err)) {
		case CHANNEL_DATA:
			if (deadline_passed(deadline))
				return fail_no_prompt(session, fault);
			break;
		case CHANNEL_SILENCE:
			if (nudged || deadline_passed(deadline))
				return fail_no_prompt(session, fault);
			nudged = true;
			if (is_question(session->profile, open, len))
				break;
			if (channel_send(session->channel, "\n", 1, false,
				deadline, &fault->err))
				return -1;
			break;
		case CHANNEL_EOF:
			show_greeting(session, fault);
			return err_set(&fault->err, ERR_CLOSED,
			    "the device ended the session before its prompt");
		case CHANNEL_ERROR:
			return -1;
		}
	}
}
