/*
 * Sending lines in a window and waiting for what comes. The state of the line
 * at the head of the flight is either "echo awaited" or "answer awaited"; the
 * lines behind it wait for their echo. What the lines of the screen mean is
 * exchange_hear.c's. See docs/session.md for the drawing.
 */
#include "exchange_parts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/die.h"

#include <stdlib.h>
#include <string.h>

#define GLUED_QUIET_MS 1000 /* then a Return shows if it is the prompt */

struct exchange *
exchange_new(struct channel *channel, const struct profile *profile,
    struct prompts *prompts, const struct observer *observer)
{
	struct exchange *x = xcalloc(1, sizeof(*x));
	x->channel = channel;
	x->profile = profile;
	x->prompts = prompts;
	x->observer = observer;
	x->shown_at = NOT_SHOWN;
	buf_init(&x->answer, EXCHANGE_ANSWER_LIMIT_BYTES);
	buf_init(&x->prompt, 1024);
	buf_init(&x->begun, 1024);
	buf_init(&x->out, 4 * SCREEN_LINE_LIMIT_BYTES);
	return x;
}

void
exchange_free(struct exchange *x)
{
	if (!x)
		return;
	channel_listen(x->channel, NULL, NULL);
	buf_clear(&x->answer);
	buf_clear(&x->prompt);
	buf_clear(&x->begun);
	buf_clear(&x->out);
	free(x);
}

const struct profile_mode *
exchange_mode(const struct exchange *x)
{
	return x->mode;
}

const char *
exchange_prompt(const struct exchange *x)
{
	return buf_str(&x->prompt);
}

bool
exchange_is_settled(const struct exchange *x)
{
	return x->count == 0;
}

struct in_flight *
exchange_flight(struct exchange *x, unsigned i)
{
	return &x->flight[(x->head + i) % EXCHANGE_WINDOW_MAX];
}

/* The run is over; FAULT names the head's line. */
static void __attribute__((format(printf, 3, 4)))
fail(struct exchange *x, enum err_kind kind, const char *fmt, ...)
{
	if (x->failed)
		return;
	x->failed = true;
	/* What a reply came to is the cause, what ended the run its sequel. */
	if (x->fault->err.kind != ERR_NONE)
		return;
	va_list ap;
	va_start(ap, fmt);
	char *text = xvasprintf(fmt, ap);
	va_end(ap);
	err_set(&x->fault->err, kind, "%s", text);
	free(text);
}

void
exchange_fail_at(struct exchange *x, unsigned i, const char *device_text)
{
	if (i < x->count) {
		struct in_flight *line = exchange_flight(x, i);
		fault_at(x->fault, (unsigned)line->index + 1, line->text,
		    device_text);
	}
}

/* Is the open line worth a Return, to see if the device awaits a line? */
static bool
wants_probe(const struct exchange *x)
{
	return (x->glued && !x->probes) || (x->stranded && x->probes < 2);
}

int64_t
exchange_quiet_deadline(const struct exchange *x)
{
	int64_t quiet_ms = wants_probe(x) ? GLUED_QUIET_MS
					  : x->request->silence_ms;
	return deadline_first(x->request->deadline, deadline_in(quiet_ms));
}

/* May the prompt show a name that is not known yet? */
static bool
guess(struct exchange *x, const char *open, size_t len)
{
	const struct in_flight *head = exchange_flight(x, 0);
	if (!x->request->moves &&
	    !profile_rules_match(&x->profile->renames, head->text, head->len))
		return false;
	return prompts_guess(x->prompts, open, len);
}

/* Looks at the open line: the prompt behind the last answer, or a question. */
static void
look_at_open_line(struct exchange *x)
{
	size_t len;
	const char *open = channel_open_line(x->channel, &len);
	if (x->count && x->echoed && x->early && len > x->open_done)
		x->open_done += exchange_take_early(
		    x, open + x->open_done, len - x->open_done);
	if (x->open_done > len)
		x->open_done = len; /* it was edited meanwhile */
	open += x->open_done;
	len -= x->open_done;
	if (x->count == 1 && !x->echoed && !exchange_in_text(x, 0) &&
	    exchange_flight(x, 0)->part && prompts_find(x->prompts, open, len))
		exchange_settle_for_part(x, NULL, 0);
	x->glued = x->stranded = false;
	if (!x->count || !len)
		return;
	/* After an aborted question, a prompt that stays: what was typed behind
	 * the question may be gone. */
	x->stranded = x->aborted && x->count > 1 &&
	    prompts_find(x->prompts, open, len);
	if (!x->echoed)
		return;
	if (x->count == 1 &&
	    (prompts_find(x->prompts, open, len) || guess(x, open, len))) {
		exchange_finish_head(x, open, len);
		return;
	}
	x->glued = x->count == 1 && exchange_glued_prompt(x, open, len);
	if (!x->asked)
		exchange_ask(x, open, len);
}

static void
add_line(struct exchange *x, const char *text, size_t len, bool in_text)
{
	for (size_t i = 0; i < len; i++) {
		/* A bare "?" is the help key on these command lines. */
		if (text[i] == '?' && x->profile->literal_next && !in_text)
			buf_adds(&x->out, x->profile->literal_next);
		buf_addc(&x->out, text[i]);
	}
	buf_addc(&x->out, '\n');
}

/* The bytes that end a text are no line: they have no echo, and all that comes
 * is their answer. */
static void
add_ends(struct exchange *x)
{
	buf_adds(&x->out, x->request->ends);
	x->echoed = true;
}

/* Only one line at a time is in flight anyhow: then nobody needs to know. */
static bool
goes_alone(
    const struct exchange *x, const char *text, size_t len, unsigned window)
{
	const struct exchange_request *request = x->request;
	bool own = x->next < request->own_first || x->next == request->own_at;
	return window > 1 && request->config && !own && !request->opened &&
	    profile_rules_match(&x->profile->alone, text, len);
}

static bool
is_joined(const struct exchange *x, size_t index)
{
	const struct exchange_request *request = x->request;
	return request->joined && !x->echoes_early && index < request->count &&
	    request->joined[index];
}

/* May the next line go now? One that begins a group only with all of it. */
static bool
has_room(const struct exchange *x, unsigned window)
{
	size_t bytes = 0, at = x->next;
	if (x->count == 0)
		return true;
	if (is_joined(x, at))
		return x->count < EXCHANGE_WINDOW_MAX;
	do
		bytes += strlen(x->request->lines[at++]) + 1;
	while (is_joined(x, at));
	return x->count + (at - x->next) <= window &&
	    x->bytes_in_flight + bytes <= EXCHANGE_BYTES_IN_FLIGHT;
}

/* Sends as many lines as the window allows, in one write. */
static int
fill_window(struct exchange *x)
{
	struct exchange_request *request = x->request;
	unsigned window = x->echoes_early ? 1 : request->window;
	if (window > EXCHANGE_WINDOW_MAX)
		window = EXCHANGE_WINDOW_MAX;
	buf_reset(&x->out);
	while (!x->stop && !x->asked && x->next < request->count &&
	    has_room(x, window) && exchange_text_may_go(x, x->next)) {
		const char *text = request->lines[x->next];
		size_t len = strlen(text);
		bool alone = goes_alone(x, text, len, window);
		if (x->count &&
		    (alone || exchange_flight(x, x->count - 1)->alone))
			break;
		*exchange_flight(x, x->count) = (struct in_flight){
			.index = x->next,
			.text = text,
			.len = len,
			.alone = alone,
		};
		x->count++;
		request->sent = ++x->next;
		x->bytes_in_flight += len + 1;
		if (request->ends && x->next == request->count)
			add_ends(x);
		else
			add_line(
			    x, text, len, exchange_in_text(x, x->count - 1));
	}
	if (!x->out.len)
		return 0;
	return channel_send(x->channel, buf_str(&x->out), x->out.len, false,
	    exchange_quiet_deadline(x), &x->fault->err);
}

static void
fail_silent(struct exchange *x)
{
	if (!x->echoed && exchange_flight(x, 0)->part) {
		exchange_settle_for_part(x, NULL, 0);
		x->failed = true;
		return;
	}
	size_t len;
	const char *open = channel_open_line(x->channel, &len);
	struct buf shown;
	/* Never cut here: what is cut must be redacted before. */
	buf_init(&shown, EXCHANGE_ANSWER_LIMIT_BYTES + SCREEN_LINE_LIMIT_BYTES);
	buf_add(&shown, buf_str(&x->answer), x->answer.len);
	buf_add(&shown, open, len);
	exchange_fail_at(x, 0, buf_str(&shown));
	buf_clear(&shown);
	if (!prompts_learnt(x->prompts))
		fail(x, ERR_PROMPT, "no prompt was recognised in time");
	else if (deadline_passed(x->request->deadline))
		fail(x, ERR_TIMEOUT, "not finished in time: %s",
		    exchange_flight(x, 0)->text);
	else
		fail(x, ERR_TIMEOUT, "no answer for %lld s to: %s",
		    (long long)(x->request->silence_ms / 1000),
		    exchange_flight(x, 0)->text);
}

/* All that has arrived. A device that never falls silent ends as one that
 * does, at the deadline. */
static enum channel_heard
hear_all(struct exchange *x, struct err *err)
{
	for (;;) {
		enum channel_heard heard = channel_drain(x->channel, err);
		if (heard != CHANNEL_DATA)
			return heard;
		if (!x->count || x->failed)
			return CHANNEL_SILENCE;
		if (deadline_passed(x->request->deadline)) {
			fail_silent(x);
			return CHANNEL_SILENCE;
		}
	}
}

/* A Return is answered by a prompt where a line is awaited. If a prompt stays
 * that no line in flight has followed, none will. */
static void
probe(struct exchange *x)
{
	size_t len;
	const char *open = channel_open_line(x->channel, &len);
	if (x->stranded && x->probes++) {
		exchange_give_up_rest(x, open, len);
		return;
	}
	x->probes = 1;
	if (channel_send(x->channel, "\n", 1, false, exchange_quiet_deadline(x),
		&x->fault->err))
		x->failed = true;
}

/*
 * The open line means something only when all that has arrived was heard: a
 * line of a show that reads like the prompt is then no longer the last one.
 */
static void
pump(struct exchange *x)
{
	struct err err = { 0 };
	enum channel_heard heard = channel_pump(
	    x->channel, exchange_quiet_deadline(x), &err);
	if (heard == CHANNEL_DATA) {
		heard = hear_all(x, &err);
		if (!x->failed)
			look_at_open_line(x);
		/* What ends the stream after the last answer is told to the
		 * next line. */
		if (heard == CHANNEL_SILENCE || x->count == 0)
			return;
	}
	if (heard == CHANNEL_SILENCE && wants_probe(x)) {
		probe(x);
		return;
	}
	if (heard == CHANNEL_SILENCE) {
		fail_silent(x);
		return;
	}
	exchange_fail_at(x, 0, buf_str(&x->answer));
	if (heard == CHANNEL_EOF)
		fail(x, ERR_CLOSED, "the device ended the session");
	else if (!x->failed && x->fault->err.kind == ERR_NONE)
		x->fault->err = err;
	x->failed = true;
}

int
exchange_run(
    struct exchange *x, struct exchange_request *request, struct fault *fault)
{
	BUG_IF(x->count);
	x->request = request;
	x->fault = fault;
	x->next = request->sent = 0;
	x->stop = x->failed = x->asked = x->echoed = false;
	x->secret_given = false;
	x->shown_at = NOT_SHOWN;
	x->early = 0;
	x->damaged = x->aborted = x->unanswered = x->opened = false;
	x->glued = x->stranded = false;
	x->probes = x->eaten = x->lost = 0;
	x->bytes_in_flight = 0;
	buf_reset(&x->answer);
	buf_reset(&x->begun);
	channel_listen(x->channel, exchange_hear_line, x);
	while (!x->failed) {
		if (fill_window(x)) {
			exchange_fail_at(x, 0, NULL);
			x->failed = true;
			break;
		}
		if (!x->count)
			break;
		pump(x);
	}
	exchange_tell_asked(x);
	x->request = NULL;
	x->fault = NULL;
	return x->failed || x->damaged ? -1 : 0;
}
