/*
 * One command line, from the first byte to the goodbye. What a prompt, a
 * refusal or a mode looks like stands in the profile.
 */
#include "session_parts.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/secret.h"
#include "base/str.h"
#include "device/channel.h"
#include "device/prompts.h"
#include "device/transcript.h"

#include <stdlib.h>
#include <string.h>

#define SETUP_COMMANDS_MAX 32

/* A file may hold several visits: each phase, each attempt. */
static void
note_visit(struct transcript *transcript, const struct target *target)
{
	if (!transcript)
		return;
	char *note = target->phase
	    ? xasprintf("a session begins: phase %s, attempt %d",
		  target->phase->name, target->attempt)
	    : xasprintf("a session begins: check of the credentials");
	transcript_line(transcript, '#', note, strlen(note));
	free(note);
}

struct session *
session_new(struct transport *transport, const struct target *target,
    const struct observer *observer, int64_t deadline)
{
	struct session *session = xcalloc(1, sizeof(*session));
	const struct credentials *credentials = target->credentials;
	session->target = target;
	session->profile = target->device->profile;
	session->observer = observer;
	session->deadline = deadline;
	session->redactor.find = profile_find_secrets;
	session->redactor.find_data = session->profile;
	redactor_add(&session->redactor, credentials->password);
	redactor_add(&session->redactor, credentials->enable);
	redactor_add(&session->redactor, credentials->passphrase);
	redactor_add(&session->redactor, credentials->server);
	/* Room for one line more, and the open one: nothing is cut in it. */
	buf_init(&session->greeting,
	    SESSION_GREETING_LIMIT_BYTES + 2 * (SCREEN_LINE_LIMIT_BYTES + 1));
	session->transcript = transcript_open(
	    target->transcript, &session->redactor);
	note_visit(session->transcript, target);
	session->channel = channel_new(
	    transport, observer->cancel_fd, session->transcript);
	session->prompts = prompts_new(session->profile);
	session->exchange = exchange_new(
	    session->channel, session->profile, session->prompts, observer);
	return session;
}

const struct profile_mode *
session_mode(const struct session *session)
{
	return exchange_mode(session->exchange);
}

const char *
session_prompt(const struct session *session)
{
	return exchange_prompt(session->exchange);
}

const struct profile *
session_profile(const struct session *session)
{
	return session->profile;
}

const struct target *
session_target(const struct session *session)
{
	return session->target;
}

const struct observer *
session_observer(const struct session *session)
{
	return session->observer;
}

struct exchange *
session_exchange(struct session *session)
{
	return session->exchange;
}

int
session_fd(const struct session *session)
{
	return channel_fd(session->channel);
}

const struct redactor *
session_redactor(const struct session *session)
{
	return &session->redactor;
}

int64_t
session_silence_ms(const struct session *session)
{
	return session->target->device->timeouts.silence_ms;
}

int64_t
session_deadline(const struct session *session, int64_t timeout_ms)
{
	if (!timeout_ms)
		timeout_ms = session->target->device->timeouts.step_ms;
	return deadline_first(session->deadline, deadline_in(timeout_ms));
}

void
session_clean(const struct session *session, const char *text, struct buf *out)
{
	struct buf clean;
	buf_init(&clean, out->limit);
	redact_add(&session->redactor, &clean, text, strlen(text));
	str_add_utf8(out, buf_str(&clean), clean.len);
	out->cut |= clean.cut;
	buf_clear(&clean);
}

int64_t
session_end(const struct session *session)
{
	return session->deadline;
}

bool
session_is_usable(const struct session *session)
{
	return !session->broken && exchange_is_settled(session->exchange);
}

const struct secret *
session_secret(const struct session *session)
{
	return session->target->credentials->enable;
}

/* The set-up commands, whose echoes teach the prompt. A terminal without any
 * gets two bare Returns instead. */
static int
set_up(struct session *session, int64_t deadline, struct fault *fault)
{
	const struct strs *setup = &session->profile->setup;
	const char *lines[SETUP_COMMANDS_MAX] = { "", "" };
	struct command_answer answer = { .purpose = FOR_SETUP };
	size_t count = 2;
	if (setup->count) {
		count = setup->count < SETUP_COMMANDS_MAX ? setup->count
							  : SETUP_COMMANDS_MAX;
		for (size_t i = 0; i < count; i++)
			lines[i] = setup->items[i];
	}
	unsigned window = session->profile->typeahead_echo ? 1
							   : (unsigned)count;
	if (session_run_lines(
		session, lines, count, window, deadline, NULL, &answer, fault))
		return -1;
	session->one_by_one = answer.refused > 0;
	if (answer.refused)
		session->observer->log(session->observer->data,
		    "the device refused a set-up command");
	return 0;
}

int
session_prepare(struct session *session, struct fault *fault)
{
	int64_t deadline = deadline_first(session->deadline,
	    deadline_in(session->target->device->timeouts.login_ms));
	if (session_await_prompt(session, deadline, fault)) {
		session->broken = true;
		return -1;
	}
	if (set_up(session, deadline, fault))
		return -1;
	const struct profile_mode *now = session_mode(session);
	const struct profile_mode *exec = profile_mode_find(
	    session->profile, session->profile->exec_mode);
	if (now == exec)
		return 0;
	if (exec->secret && !session_secret(session) &&
	    str_eq(exec->from, now->name)) {
		fault_at(fault, 0, exec->enter, session_prompt(session));
		return err_set(&fault->err, ERR_PROMPT,
		    "the login ended in mode %s (%s) and no enable password "
		    "was given (NETPUSH_ENABLE_PASSWORD)",
		    now->name, session_prompt(session));
	}
	return session_enter(session, session->profile->exec_mode, fault);
}

static void
ignore_line(void *data, const char *line, size_t len)
{
	(void)data;
	(void)line;
	(void)len;
}

/* The profile's close command, then the device's end of the session. */
static void
say_exit(struct session *session, int64_t deadline)
{
	struct fault ignored = { 0 };
	const char *close = session->profile->close;
	const struct profile_mode *mode = session_mode(session);
	if (!close || !mode || !session_is_usable(session))
		return;
	/* The goodbye is not called off, but it is short. */
	channel_ignore_cancel(session->channel);
	session->deadline = deadline;
	if (mode->config)
		session_enter(session, session->profile->exec_mode, &ignored);
	/* In the configuration mode it would be a line of its own. */
	if (session_is_usable(session) && !session_mode(session)->config) {
		char *line = xasprintf("%s\n", close);
		enum channel_heard heard = CHANNEL_DATA;
		channel_listen(session->channel, ignore_line, NULL);
		if (channel_send(session->channel, line, strlen(line), false,
			deadline, &ignored.err) == 0)
			while (
			    heard == CHANNEL_DATA && !deadline_passed(deadline))
				heard = channel_pump(
				    session->channel, deadline, &ignored.err);
		free(line);
	}
	fault_clear(&ignored);
}

void
session_close(struct session *session, int64_t grace_ms)
{
	if (!session)
		return;
	int64_t deadline = deadline_in(grace_ms);
	say_exit(session, deadline);
	exchange_free(session->exchange);
	channel_close(session->channel, deadline);
	prompts_free(session->prompts);
	transcript_close(session->transcript);
	buf_clear(&session->greeting);
	free(session);
}
