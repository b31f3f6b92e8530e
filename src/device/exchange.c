/*
 * Sending lines in a window, waiting for what comes, answering questions. The
 * state of the line at the head of the flight is either "echo awaited" or
 * "answer awaited"; the lines behind it wait for their echo. What the lines of
 * the screen mean is exchange_hear.c's. See docs/session.md for the drawing.
 */
#include "exchange_parts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/die.h"
#include "base/secret.h"
#include "base/str.h"
#include "text/re.h"

#include <stdlib.h>
#include <string.h>

#define GLUED_QUIET_MS	1000 /* then a Return shows if it is the prompt */
#define QUESTION_SECRET "{{secret}}"

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

/* Text without a line end, and the prompt right behind it? */
static bool
ends_with_prompt(const struct exchange *x, const char *open, size_t len)
{
	size_t prompt = x->prompt.len;
	while (len && open[len - 1] == ' ')
		len--;
	return prompt && len > prompt &&
	    memcmp(open + len - prompt, x->prompt.data, prompt) == 0;
}

static int64_t
quiet_deadline(const struct exchange *x)
{
	if (x->glued && !x->probed)
		return deadline_first(
		    x->request->deadline, deadline_in(GLUED_QUIET_MS));
	return deadline_first(
	    x->request->deadline, deadline_in(x->request->silence_ms));
}

/*
 * A question that gets no answer fails its line. The profile's abort_line
 * (^C) brings the prompt back where the device knows it; else the session is
 * given up after the silence.
 */
static void
decline(struct exchange *x, enum err_kind kind, const char *why,
    const char *asked, size_t len)
{
	const char *abort_line = x->profile->abort_line;
	char *text = xstrndup(asked, len);
	if (x->fault->err.kind == ERR_NONE) {
		exchange_fail_at(x, 0, text);
		err_set(&x->fault->err, kind, "%s: %s", why, str_trim(text));
	}
	free(text);
	exchange_flight(x, 0)->bad = true;
	x->stop = x->damaged = x->asked = true;
	if (!abort_line || x->aborted ||
	    channel_send(x->channel, abort_line, strlen(abort_line), false,
		quiet_deadline(x), &x->fault->err))
		x->failed = true;
	x->aborted = true;
}

static void
answer_question(struct exchange *x, const struct profile_question *question,
    const char *asked, size_t len)
{
	struct buf reply;
	bool secret = str_eq(question->answer, QUESTION_SECRET);
	if (secret && x->secret_given) {
		decline(
		    x, ERR_AUTH, "the device refused the password", asked, len);
		return;
	}
	if (secret && !x->request->secret) {
		decline(x, ERR_PROMPT,
		    "the device asks for a password that was not given", asked,
		    len);
		return;
	}
	if (!question->answer) {
		decline(x, ERR_PROMPT,
		    "the device asks what the profile does not answer", asked,
		    len);
		return;
	}
	buf_init(&reply, 4096);
	if (secret)
		buf_add(&reply, secret_reveal(x->request->secret),
		    secret_len(x->request->secret));
	else
		buf_adds(&reply, question->answer);
	if (!question->bare)
		buf_addc(&reply, '\n');
	x->asked = true;
	x->secret_given |= secret;
	if (channel_send(x->channel, buf_str(&reply), reply.len, secret,
		quiet_deadline(x), &x->fault->err))
		x->failed = true;
	secret_wipe(reply.data, reply.len);
	buf_clear(&reply);
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
	if (x->count == 1 && !x->echoed && exchange_flight(x, 0)->part &&
	    prompts_find(x->prompts, open, len))
		exchange_settle_for_part(x, NULL, 0);
	if (!x->count || !x->echoed || !len)
		return;
	if (x->count == 1 &&
	    (prompts_find(x->prompts, open, len) || guess(x, open, len))) {
		exchange_finish_head(x, open, len);
		return;
	}
	x->glued = x->count == 1 && ends_with_prompt(x, open, len);
	if (x->asked)
		return;
	for (size_t i = 0; i < x->profile->question_count; i++) {
		const struct profile_question *question = &x->profile
							       ->questions[i];
		if (re_match(question->when.pattern, open, len, NULL)) {
			answer_question(x, question, open, len);
			return;
		}
	}
}

static void
add_line(struct exchange *x, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		/* A bare "?" is the help key on these command lines. */
		if (text[i] == '?' && x->profile->literal_next)
			buf_adds(&x->out, x->profile->literal_next);
		buf_addc(&x->out, text[i]);
	}
	buf_addc(&x->out, '\n');
}

/* Only one line at a time is in flight anyhow: then nobody needs to know. */
static bool
goes_alone(
    const struct exchange *x, const char *text, size_t len, unsigned window)
{
	const struct exchange_request *request = x->request;
	bool own = x->next < request->own_first || x->next == request->own_at;
	return window > 1 && request->config && !own &&
	    profile_rules_match(&x->profile->alone, text, len);
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
	while (!x->stop && x->next < request->count &&
	    (x->count == 0 || x->count < window)) {
		const char *text = request->lines[x->next];
		size_t len = strlen(text);
		bool alone = goes_alone(x, text, len, window);
		if (x->count &&
		    (alone || exchange_flight(x, x->count - 1)->alone))
			break;
		if (x->count &&
		    x->bytes_in_flight + len + 1 > EXCHANGE_BYTES_IN_FLIGHT)
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
		add_line(x, text, len);
	}
	if (!x->out.len)
		return 0;
	return channel_send(x->channel, buf_str(&x->out), x->out.len, false,
	    quiet_deadline(x), &x->fault->err);
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
	buf_init(&shown, 4096);
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

/*
 * The open line means something only when all that has arrived was heard: a
 * line of a show that reads like the prompt is then no longer the last one.
 */
static void
pump(struct exchange *x)
{
	struct err err = { 0 };
	enum channel_heard heard = channel_pump(
	    x->channel, quiet_deadline(x), &err);
	if (heard == CHANNEL_DATA) {
		heard = hear_all(x, &err);
		if (!x->failed)
			look_at_open_line(x);
		/* What ends the stream after the last answer is told to the
		 * next line. */
		if (heard == CHANNEL_SILENCE || x->count == 0)
			return;
	}
	if (heard == CHANNEL_SILENCE && x->glued && !x->probed) {
		x->probed = true;
		if (channel_send(x->channel, "\n", 1, false, quiet_deadline(x),
			&x->fault->err))
			x->failed = true;
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
	x->damaged = x->aborted = false;
	x->glued = x->probed = false;
	x->bytes_in_flight = 0;
	buf_reset(&x->answer);
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
	x->request = NULL;
	x->fault = NULL;
	return x->failed || x->damaged ? -1 : 0;
}
