/*
 * Accounting for every line that is sent. The state of the line at the head
 * of the flight is either "echo awaited" or "answer awaited"; the lines
 * behind it wait for their echo. See docs/session.md for the drawing.
 */
#include "device/exchange.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/die.h"
#include "base/secret.h"
#include "base/str.h"
#include "device/echo.h"
#include "text/re.h"

#include <stdlib.h>
#include <string.h>

#define QUESTION_SECRET "{{secret}}"
#define NOT_SHOWN	SIZE_MAX

struct in_flight {
	size_t index;
	const char *text;
	size_t len;
	bool alone; /* nothing may be in flight with it */
	size_t part; /* of its echo, seen on wrapped lines so far */
	bool bad; /* damaged, or its question was not answered */
};

struct exchange {
	struct channel *channel;
	const struct profile *profile;
	struct prompts *prompts;
	const struct observer *observer;

	const struct profile_mode *mode;
	struct buf prompt;

	/* While exchange_run() is on: */
	struct exchange_request *request;
	struct fault *fault;
	struct in_flight flight[EXCHANGE_WINDOW_MAX];
	unsigned head, count;
	size_t bytes_in_flight;
	size_t next; /* the first line that was not sent yet */
	bool stop; /* on_reply wants no more */
	bool echoed; /* the head's echo was seen: its answer is awaited */
	bool interrupted; /* a log line broke the prompt's line */
	size_t shown_at; /* where in the answer a prompt stands on a line of
			    its own, blank lines at most behind it */
	unsigned early; /* lines behind the head whose echo came early */
	size_t open_done; /* bytes of the open line that are accounted for */
	bool echoes_early; /* seen once: never more than one line in flight */
	bool asked; /* the open line is a question that was answered */
	bool secret_given; /* a secret is offered once, never again */
	bool damaged; /* an echo was not what was sent, or a question stayed
			 unanswered: the run fails when all is heard */
	bool aborted; /* abort_line was sent */
	bool failed;
	struct buf answer;
	struct buf out;
};

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

static struct in_flight *
flight_at(struct exchange *x, unsigned i)
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

static void
fail_at(struct exchange *x, unsigned i, const char *device_text)
{
	if (i < x->count) {
		struct in_flight *line = flight_at(x, i);
		fault_at(x->fault, (unsigned)line->index + 1, line->text,
		    device_text);
	}
}

static bool
is_log_line(const struct exchange *x, const char *line, size_t len)
{
	return profile_rules_match(&x->profile->log_lines, line, len);
}

/* Tells the observer; true if LINE, or what a prompt is glued to, is a log
 * line that the device mixed in. *PROMPT_LEN = the length of that prompt. */
static bool
take_log_line(
    struct exchange *x, const char *line, size_t len, size_t *prompt_len)
{
	size_t prompt = 0;
	if (!is_log_line(x, line, len)) {
		prompt = prompts_prefix(x->prompts, line, len);
		if (!prompt || !is_log_line(x, line + prompt, len - prompt))
			return false;
	}
	char *text = xstrndup(line + prompt, len - prompt);
	x->observer->log(x->observer->data, text);
	free(text);
	x->interrupted = true;
	*prompt_len = prompt;
	return true;
}

/*
 * LINE against the echo of the I-th line in flight. Before the prompt is known
 * any text in front that has the form of a first prompt will do, and the
 * echo teaches it; a later echo of the set-up corrects an earlier one (the
 * first prompt may have been glued to a banner).
 */
static enum echo
compare_echo(struct exchange *x, unsigned i, const char *line, size_t len,
    size_t *prompt_len)
{
	struct in_flight *sent = flight_at(x, i);
	bool tail = len >= sent->len &&
	    memcmp(line + len - sent->len, sent->text, sent->len) == 0;
	if (x->request->learn && tail && !sent->part) {
		*prompt_len = len - sent->len;
		if (prompts_find(x->prompts, line, *prompt_len) ||
		    prompts_learn(x->prompts, line, *prompt_len))
			return ECHO_WHOLE;
	}
	if (!prompts_learnt(x->prompts))
		return ECHO_NONE;
	enum echo echo = echo_compare(x->prompts, line, len, sent->text,
	    sent->len, x->interrupted, &sent->part, prompt_len);
	/* What a show prints may begin like a prompt; only configuration is
	 * held to its echo to the letter. */
	return echo == ECHO_DAMAGED && !x->request->config ? ECHO_NONE : echo;
}

static void
note_prompt(struct exchange *x, const char *prompt, size_t len)
{
	const struct profile_mode *mode = prompts_find(x->prompts, prompt, len);
	if (!mode)
		return; /* an empty one, behind a log line: the mode stays */
	x->mode = mode;
	buf_reset(&x->prompt);
	while (len && prompt[len - 1] == ' ')
		len--;
	buf_add(&x->prompt, prompt, len);
}

/* The head has its whole answer; PROMPT is what followed it. */
static void
finish_head(struct exchange *x, const char *prompt, size_t prompt_len)
{
	struct in_flight *head = flight_at(x, 0);
	note_prompt(x, prompt, prompt_len);
	struct exchange_reply reply = {
		.index = head->index,
		.text = buf_str(&x->answer),
		.len = x->answer.len,
		.cut = x->answer.cut,
		.whole = &x->answer,
		.mode = x->mode,
		.prompt = exchange_prompt(x),
		.bad = head->bad,
	};
	x->bytes_in_flight -= head->len + 1;
	x->head = (x->head + 1) % EXCHANGE_WINDOW_MAX;
	x->count--;
	x->echoed = x->early > 0;
	x->early -= x->early > 0;
	x->interrupted = false;
	struct exchange_request *request = x->request;
	if (request->on_reply &&
	    request->on_reply(request->data, request, &reply))
		x->stop = true;
	buf_reset(&x->answer);
	x->shown_at = NOT_SHOWN;
}

static void
add_answer(struct exchange *x, const char *line, size_t len)
{
	if (prompts_find(x->prompts, line, len))
		x->shown_at = x->answer.len;
	else if (len)
		x->shown_at = NOT_SHOWN;
	buf_add(&x->answer, line, len);
	buf_addc(&x->answer, '\n');
}

/* Finishes the head by a prompt that a log line has pushed up from the open
 * line: what is sent next will be echoed on a line without one. */
static void
finish_shown(struct exchange *x)
{
	const char *shown = buf_str(&x->answer) + x->shown_at;
	size_t len = strcspn(shown, "\n");
	char *prompt = xstrndup(shown, len);
	buf_truncate(&x->answer, x->shown_at);
	finish_head(x, prompt, len);
	x->interrupted = true;
	free(prompt);
}

static void
stray(struct exchange *x, const char *line, size_t len)
{
	x->interrupted = true;
	if (!len || prompts_find(x->prompts, line, len))
		return;
	if (x->request && x->request->on_stray) {
		x->request->on_stray(x->request->data, line, len);
		return;
	}
	char *text = xstrndup(line, len);
	x->observer->log(x->observer->data, text);
	free(text);
}

/*
 * The device shows another line than was sent: it lost or changed something.
 * Nothing more is sent; what is in flight is still accounted for, so that the
 * session stays usable to see what has become of it.
 */
static void
note_damage(struct exchange *x, unsigned i, const char *line, size_t len)
{
	struct in_flight *sent = flight_at(x, i);
	char *shown = xstrndup(line, len);
	x->stop = x->damaged = true;
	if (x->fault->err.kind == ERR_NONE) {
		fail_at(x, i, shown);
		err_set(&x->fault->err, ERR_ECHO,
		    "the device received another line than was sent: %s",
		    shown);
	}
	sent->part = 0;
	sent->bad = true;
	free(shown);
}

static void hear_answer(struct exchange *x, const char *line, size_t len);

/* Only the beginning of an echo was seen, and LINE is not the rest: that much
 * is all that the device has read. LINE is what it made of it. */
static void
settle_for_part(struct exchange *x, const char *line, size_t len)
{
	struct in_flight *head = flight_at(x, 0);
	note_damage(x, 0, head->text, head->part);
	x->echoed = true;
	if (line)
		hear_answer(x, line, len);
}

/* The rest of an echo whose beginning was seen. A device may also begin anew,
 * with its prompt, after a log line came between. */
static void
hear_rest_of_echo(struct exchange *x, const char *line, size_t len)
{
	struct in_flight *head = flight_at(x, 0);
	size_t prompt_len = 0, part = head->part;
	if (take_log_line(x, line, len, &prompt_len))
		return;
	enum echo echo = compare_echo(x, 0, line, len, &prompt_len);
	if (echo == ECHO_DAMAGED && x->interrupted) {
		head->part = 0;
		echo = compare_echo(x, 0, line, len, &prompt_len);
		if (echo != ECHO_WHOLE && echo != ECHO_PART)
			head->part = part;
	}
	if (echo == ECHO_DAMAGED || echo == ECHO_NONE)
		settle_for_part(x, line, len);
	else
		x->echoed = echo == ECHO_WHOLE;
}

/* The echo of the head. */
static void
hear_echo(struct exchange *x, const char *line, size_t len)
{
	size_t prompt_len = 0;
	if (flight_at(x, 0)->part) {
		hear_rest_of_echo(x, line, len);
		return;
	}
	enum echo echo = compare_echo(x, 0, line, len, &prompt_len);
	if ((echo == ECHO_NONE || echo == ECHO_DAMAGED) &&
	    take_log_line(x, line, len, &prompt_len))
		return;
	if (echo == ECHO_NONE) {
		if (!prompts_learnt(x->prompts))
			return; /* still the banner */
		if (prompts_find(x->prompts, line, len))
			x->interrupted = true; /* shown once more */
		else
			stray(x, line, len);
		return;
	}
	if (prompt_len)
		note_prompt(x, line, prompt_len);
	if (echo == ECHO_DAMAGED)
		note_damage(x, 0, line, len);
	x->echoed = echo != ECHO_PART;
}

/* A log line amid the head's answer. If a prompt stands before it, the answer
 * was at its end. */
static bool
hear_log(struct exchange *x, const char *line, size_t len)
{
	size_t prompt_len = 0;
	if (!take_log_line(x, line, len, &prompt_len))
		return false;
	if (prompt_len)
		add_answer(x, line, prompt_len);
	if (x->count == 1 && x->shown_at != NOT_SHOWN)
		finish_shown(x);
	return true;
}

/* The line after the head's answer: a prompt and the next line's echo. */
static bool
take_next_echo(struct exchange *x, const char *line, size_t len)
{
	size_t prompt_len = 0;
	if (x->count < 2)
		return false;
	enum echo echo = compare_echo(x, 1, line, len, &prompt_len);
	if (echo == ECHO_NONE)
		return false;
	/* A log line that is glued to a prompt looks like one, too. */
	if (echo == ECHO_DAMAGED && hear_log(x, line, len))
		return true;
	if (!prompt_len && x->shown_at != NOT_SHOWN)
		finish_shown(x);
	else
		finish_head(x, line, prompt_len);
	if (echo == ECHO_DAMAGED)
		note_damage(x, 0, line, len);
	x->echoed = echo != ECHO_PART;
	return true;
}

/*
 * Some devices echo what they receive at once, before they have answered the
 * line that they are at (a terminal in line mode, a busy readline). Then the
 * echoes stand together and the answers follow, each up to its own prompt.
 */
static bool
is_early_echo(struct exchange *x, const char *line, size_t len)
{
	if (x->answer.len || x->count <= 1 + x->early)
		return false;
	const struct in_flight *next = flight_at(x, 1 + x->early);
	return len && len == next->len && memcmp(line, next->text, len) == 0;
}

/* Takes the prompts at the start of a line whose echo came early. Returns how
 * many bytes they are. */
static size_t
take_early_prompts(struct exchange *x, const char *line, size_t len)
{
	size_t done = 0;
	while (x->early) {
		size_t blanks = strspn(line + done, " ");
		if (blanks >= len - done)
			break;
		size_t prompt = prompts_prefix(
		    x->prompts, line + done + blanks, len - done - blanks);
		if (!prompt)
			break;
		finish_head(x, line + done + blanks, prompt);
		done += blanks + prompt;
	}
	return done;
}

static void
hear_answer(struct exchange *x, const char *line, size_t len)
{
	if (x->early) {
		size_t done = take_early_prompts(x, line, len);
		if (done && done == len)
			return;
		line += done;
		len -= done;
	} else if (take_next_echo(x, line, len)) {
		return;
	}
	if (is_early_echo(x, line, len)) {
		x->early++;
		x->echoes_early = true;
		return;
	}
	/* Where log lines are output, only one behind the prompt is none. */
	bool is_output = x->request->keep_logs && x->shown_at == NOT_SHOWN &&
	    !prompts_prefix(x->prompts, line, len);
	if (is_output || !hear_log(x, line, len))
		add_answer(x, line, len);
}

/* Text that came when no line is in flight. */
static void
hear_idle(struct exchange *x, const char *line, size_t len)
{
	size_t prompt_len;
	if (!take_log_line(x, line, len, &prompt_len))
		stray(x, line, len);
}

static void
hear_line(void *data, const char *line, size_t len)
{
	struct exchange *x = data;
	/* What the open line already gave is not heard twice. */
	size_t done = x->open_done < len ? x->open_done : len;
	bool all_done = done && done == len;
	line += done;
	len -= done;
	x->open_done = 0;
	x->asked = false;
	if (x->failed || all_done)
		return;
	if (!x->count)
		hear_idle(x, line, len);
	else if (!x->echoed)
		hear_echo(x, line, len);
	else
		hear_answer(x, line, len);
}

static int64_t
quiet_deadline(const struct exchange *x)
{
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
		fail_at(x, 0, text);
		err_set(&x->fault->err, kind, "%s: %s", why, str_trim(text));
	}
	free(text);
	flight_at(x, 0)->bad = true;
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
	const struct in_flight *head = flight_at(x, 0);
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
		x->open_done += take_early_prompts(
		    x, open + x->open_done, len - x->open_done);
	if (x->open_done > len)
		x->open_done = len; /* it was edited meanwhile */
	open += x->open_done;
	len -= x->open_done;
	if (x->count == 1 && !x->echoed && flight_at(x, 0)->part &&
	    prompts_find(x->prompts, open, len))
		settle_for_part(x, NULL, 0);
	if (!x->count || !x->echoed || !len)
		return;
	if (x->count == 1 &&
	    (prompts_find(x->prompts, open, len) || guess(x, open, len))) {
		finish_head(x, open, len);
		return;
	}
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
		if (x->count && (alone || flight_at(x, x->count - 1)->alone))
			break;
		if (x->count &&
		    x->bytes_in_flight + len + 1 > EXCHANGE_BYTES_IN_FLIGHT)
			break;
		*flight_at(x, x->count) = (struct in_flight){
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
	if (!x->echoed && flight_at(x, 0)->part) {
		settle_for_part(x, NULL, 0);
		x->failed = true;
		return;
	}
	size_t len;
	const char *open = channel_open_line(x->channel, &len);
	struct buf shown;
	buf_init(&shown, 4096);
	buf_add(&shown, buf_str(&x->answer), x->answer.len);
	buf_add(&shown, open, len);
	fail_at(x, 0, buf_str(&shown));
	buf_clear(&shown);
	if (!prompts_learnt(x->prompts))
		fail(x, ERR_PROMPT, "no prompt was recognised in time");
	else if (deadline_passed(x->request->deadline))
		fail(x, ERR_TIMEOUT, "not finished in time: %s",
		    flight_at(x, 0)->text);
	else
		fail(x, ERR_TIMEOUT, "no answer for %lld s to: %s",
		    (long long)(x->request->silence_ms / 1000),
		    flight_at(x, 0)->text);
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
	if (heard == CHANNEL_SILENCE) {
		fail_silent(x);
		return;
	}
	fail_at(x, 0, buf_str(&x->answer));
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
	x->bytes_in_flight = 0;
	buf_reset(&x->answer);
	channel_listen(x->channel, hear_line, x);
	while (!x->failed) {
		if (fill_window(x)) {
			fail_at(x, 0, NULL);
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
