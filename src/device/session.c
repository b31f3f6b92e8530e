/*
 * One command line, from the first byte to the goodbye. What a prompt, a
 * refusal or a mode looks like stands in the profile.
 */
#include "device/session.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/die.h"
#include "base/secret.h"
#include "base/str.h"
#include "device/channel.h"
#include "device/prompts.h"
#include "device/transcript.h"
#include "text/re.h"
#include "text/redact.h"

#include <stdlib.h>
#include <string.h>

#define MODE_STEPS_MAX	     8 /* from any mode to any other */
#define REFUSAL_LINES_MAX    4 /* a refusal is short; a show is not one */
#define SETUP_COMMANDS_MAX   32
#define GREETING_LIMIT_BYTES 4096
#define FALSE_PROMPTS_MAX    16 /* in one show */

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
	redactor_add(&session->redactor, credentials->password);
	redactor_add(&session->redactor, credentials->enable);
	/* Room for one line more, and the open one: nothing is cut in it. */
	buf_init(&session->greeting,
	    GREETING_LIMIT_BYTES + 2 * (SCREEN_LINE_LIMIT_BYTES + 1));
	session->transcript = transcript_open(
	    target->transcript, &session->redactor);
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

bool
session_is_usable(const struct session *session)
{
	return !session->broken && exchange_is_settled(session->exchange);
}

/* Keeps the lines before the first prompt; the newest, when they are many:
 * why a device turns us away stands at the end. */
static void
keep_greeting(void *data, const char *line, size_t len)
{
	struct buf *greeting = &((struct session *)data)->greeting;
	if (greeting->len + len + 1 > GREETING_LIMIT_BYTES)
		buf_reset(greeting);
	buf_add(greeting, line, len);
	buf_addc(greeting, '\n');
}

static void
ignore_line(void *data, const char *line, size_t len)
{
	(void)data;
	(void)line;
	(void)len;
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

/* Until the open line looks like a prompt. A device that shows nothing may
 * wait for a Return ("Press RETURN to get started"): it gets one. */
static int
await_first_prompt(
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

/* Is the whole answer a refusal: a few lines, one of which says so? */
static bool
is_refusal(const struct profile *profile, const char *text, size_t len)
{
	size_t lines = 0;
	bool refused = false;
	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len;
		if (line && ++lines > REFUSAL_LINES_MAX)
			return false;
		if (line && profile_rules_match(&profile->refusals, text, line))
			refused = true;
		line += end != NULL;
		text += line;
		len -= line;
	}
	return refused;
}

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
	const struct profile *profile;
};

/* Adds the answer to OUT; the first and only one changes hands instead of
 * being copied, for it may be a long show. */
static void
take_text(struct buf *out, const struct exchange_reply *reply)
{
	if (!out->len && out->limit == reply->whole->limit) {
		struct buf empty = *out;
		*out = *reply->whole;
		*reply->whole = empty;
		return;
	}
	buf_add(out, buf_str(reply->whole), reply->whole->len);
	if (reply->cut)
		out->cut = true;
}

/* The end of the answer without the lines that belong to the prompt below it
 * (and the blank ones that set them off). */
static size_t
without_prompt_lines(
    const struct profile *profile, const char *text, size_t len)
{
	size_t end = len, at = len;
	while (at) {
		size_t start = at - (text[at - 1] == '\n');
		size_t stop = start;
		while (start && text[start - 1] != '\n')
			start--;
		bool blank = strspn(text + start, " \t") >= stop - start;
		if (!blank &&
		    !profile_rules_match(
			&profile->above_prompt, text + start, stop - start))
			break;
		at = start;
		if (!blank)
			end = start;
	}
	return end == len ? len : at;
}

static int
take_answer(void *data, struct exchange_request *request,
    const struct exchange_reply *reply)
{
	struct command_answer *answer = data;
	(void)request;
	buf_truncate(reply->whole,
	    without_prompt_lines(answer->profile, reply->text, reply->len));
	const char *text = buf_str(reply->whole);
	size_t len = reply->whole->len;
	bool refused = is_refusal(answer->profile, text, len);
	answer->refused += refused;
	if (answer->outputs && refused)
		strs_take(answer->outputs, NULL);
	else if (answer->outputs)
		strs_add_n(answer->outputs, text, len);
	if (answer->out)
		take_text(answer->out, reply);
	return 0;
}

/* Sends LINES one after the other (all at once if WINDOW allows). */
static int
run_lines(struct session *session, const char *const *lines, size_t count,
    unsigned window, int64_t deadline, const struct secret *secret,
    struct command_answer *answer, struct fault *fault)
{
	struct exchange_request request = {
		.lines = lines,
		.count = count,
		.window = window,
		.learn = answer->purpose == FOR_SETUP,
		.moves = answer->purpose == FOR_MOVE,
		.keep_logs = answer->purpose == FOR_SHOW,
		.secret = secret,
		.on_reply = take_answer,
		.data = answer,
		.deadline = deadline,
		.silence_ms = session_silence_ms(session),
	};
	answer->profile = session->profile;
	if (exchange_run(session->exchange, &request, fault)) {
		fault->line = 0; /* no line of a template */
		return -1;
	}
	return 0;
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
	if (run_lines(
		session, lines, count, window, deadline, NULL, &answer, fault))
		return -1;
	session->one_by_one = answer.refused > 0;
	if (answer.refused)
		session->observer->log(session->observer->data,
		    "the device refused a set-up command");
	return 0;
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
	/* Out of a sub-mode, the configuration mode's own way is the short
	 * one ("end" works at any depth). */
	if (now->nested && !to->config && profile->config_mode)
		return profile_mode_find(profile, profile->config_mode)->leave;
	return now->leave;
}

static const struct secret *
enable_secret(const struct session *session)
{
	return session->target->credentials->enable;
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
	if (run_lines(session, (const char *const *)undo->items, undo->count, 1,
		session_deadline(session, 0), NULL, &answer, fault))
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
		int rc = run_lines(session, &command, 1, 1,
		    session_deadline(session, 0),
		    via->secret ? enable_secret(session) : NULL, &answer,
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
session_prepare(struct session *session, struct fault *fault)
{
	int64_t deadline = deadline_first(session->deadline,
	    deadline_in(session->target->device->timeouts.login_ms));
	if (await_first_prompt(session, deadline, fault)) {
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
	if (exec->secret && !enable_secret(session) &&
	    str_eq(exec->from, now->name)) {
		fault_at(fault, 0, exec->enter, session_prompt(session));
		return err_set(&fault->err, ERR_PROMPT,
		    "the login ended in mode %s (%s) and no enable password "
		    "was given (NETPUSH_ENABLE_PASSWORD)",
		    now->name, session_prompt(session));
	}
	return session_enter(session, session->profile->exec_mode, fault);
}

static int
run_command(struct session *session, enum purpose purpose, const char *command,
    int64_t timeout_ms, struct buf *out, struct fault *fault)
{
	struct command_answer answer = { .purpose = purpose, .out = out };
	size_t before = out->len;
	if (session_enter(session, session->profile->exec_mode, fault))
		return -1;
	if (run_lines(session, &command, 1, 1,
		session_deadline(session, timeout_ms), NULL, &answer, fault))
		return -1;
	if (answer.refused) {
		fault_at(fault, 0, command, buf_str(out) + before);
		return err_set(&fault->err, ERR_REFUSED,
		    "the device refused the command: %s", command);
	}
	return 0;
}

int
session_command(struct session *session, const char *command,
    int64_t timeout_ms, struct buf *out, struct fault *fault)
{
	return run_command(
	    session, FOR_OUTPUT, command, timeout_ms, out, fault);
}

/* Nothing but blank lines and the prompt, shown once more. */
static bool
is_blank(const struct session *session, const struct buf *text)
{
	const char *prompt = session_prompt(session);
	size_t len = strlen(prompt);
	const char *line = buf_str(text);
	while (*line) {
		size_t n = strcspn(line, "\n");
		size_t text_len = n;
		while (text_len && line[text_len - 1] == ' ')
			text_len--;
		if (text_len &&
		    (text_len != len || memcmp(line, prompt, len) != 0))
			return false;
		line += n + (line[n] == '\n');
	}
	return true;
}

/* Cuts PROMPT off the end of TEXT if it is its last line. */
static bool
cut_prompt_line(struct buf *text, const char *prompt)
{
	size_t len = strlen(prompt) + 1;
	if (text->len < len || text->data[text->len - 1] != '\n' ||
	    memcmp(text->data + text->len - len, prompt, len - 1) != 0 ||
	    (text->len > len && text->data[text->len - len - 1] != '\n'))
		return false;
	buf_truncate(text, text->len - len);
	return true;
}

/* What came behind a line that read like the prompt (BEFORE) belongs to the
 * show; the prompts at its end, behind which our RETURNS were echoed, do not.
 */
static void
add_rest(const struct session *session, struct buf *out, struct buf *rest,
    const char *before, int returns)
{
	while (returns-- > 0 && cut_prompt_line(rest, session_prompt(session)))
		continue;
	buf_addf(out, "%s\n", before);
	buf_add(out, buf_str(rest), rest->len);
	if (rest->cut)
		out->cut = true;
}

/*
 * A line of a show may read like the prompt, and the device may pause right
 * behind it. A bare Return settles it: it is answered by the same prompt and
 * nothing else, unless the show was not at its end. (A device that says the
 * same to each Return means the Return.)
 */
static int
prove_end(struct session *session, int64_t timeout_ms, struct buf *out,
    struct fault *fault)
{
	static const char *const nothing = "";
	struct buf rest;
	struct command_answer answer = { .purpose = FOR_OUTPUT, .out = &rest };
	size_t shown = out->len;
	char *last = NULL, *before = NULL;
	bool whole = false;
	int rc = 0;
	buf_init(&rest, EXCHANGE_ANSWER_LIMIT_BYTES);
	for (int i = 0; i < FALSE_PROMPTS_MAX && rc == 0 && !whole; i++) {
		buf_reset(&rest);
		free(before);
		before = xstrdup(session_prompt(session));
		rc = run_lines(session, &nothing, 1, 1,
		    session_deadline(session, timeout_ms), NULL, &answer,
		    fault);
		whole = str_eq(before, session_prompt(session)) &&
		    is_blank(session, &rest);
		if (rc || whole)
			break;
		if (str_eq(last, buf_str(&rest))) {
			buf_truncate(out, shown);
			whole = true;
			break;
		}
		free(last);
		last = xstrdup(buf_str(&rest));
		add_rest(session, out, &rest, before, i + 1);
	}
	free(last);
	free(before);
	if (rc == 0 && !whole) {
		fault_at(fault, 0, NULL, buf_str(&rest));
		rc = err_set(&fault->err, ERR_PROMPT,
		    "the end of the output cannot be told: it holds the "
		    "prompt again and again");
		session->broken = true;
	}
	buf_clear(&rest);
	return rc;
}

int
session_show(struct session *session, const char *command, int64_t timeout_ms,
    struct buf *out, struct fault *fault)
{
	if (run_command(session, FOR_SHOW, command, timeout_ms, out, fault))
		return -1;
	return prove_end(session, timeout_ms, out, fault);
}

int
session_read_config(struct session *session, int64_t timeout_ms,
    struct buf *out, struct fault *fault)
{
	if (run_command(session, FOR_OUTPUT, session->profile->running_config,
		timeout_ms, out, fault))
		return -1;
	return prove_end(session, timeout_ms, out, fault);
}

/* A whole configuration at the end of what was read: it may hold lines like
 * the prompt. */
static int
prove_last(struct session *session, const struct strs *commands,
    int64_t timeout_ms, struct strs *outputs, struct fault *fault)
{
	size_t last = commands->count - 1;
	struct buf text;
	if (!str_eq(commands->items[last], session->profile->running_config) ||
	    !outputs->items[last])
		return 0;
	buf_init(&text, EXCHANGE_ANSWER_LIMIT_BYTES);
	buf_adds(&text, outputs->items[last]);
	int rc = prove_end(session, timeout_ms, &text, fault);
	free(outputs->items[last]);
	outputs->items[last] = xstrdup(buf_str(&text));
	buf_clear(&text);
	return rc;
}

int
session_commands(struct session *session, const struct strs *commands,
    int64_t timeout_ms, struct strs *outputs, size_t *refused,
    struct fault *fault)
{
	struct command_answer answer = {
		.purpose = FOR_OUTPUT,
		.outputs = outputs,
	};
	if (session_enter(session, session->profile->exec_mode, fault))
		return -1;
	bool strict = session->profile->typeahead_echo || session->one_by_one;
	unsigned window = strict ? 1 : (unsigned)commands->count;
	int rc = run_lines(session, (const char *const *)commands->items,
	    commands->count, window, session_deadline(session, timeout_ms),
	    NULL, &answer, fault);
	*refused = answer.refused;
	return rc ? rc
		  : prove_last(session, commands, timeout_ms, outputs, fault);
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
