/*
 * Questions in the middle of a line: which are answered, which fail their
 * line, and what has become of the lines that were typed behind one that
 * nobody foresaw. A device takes those for its answer, whole or a key of them.
 */
#include "exchange_parts.h"

#include "base/alloc.h"
#include "base/secret.h"
#include "base/str.h"
#include "text/re.h"

#include <stdlib.h>
#include <string.h>

#define QUESTION_SECRET "{{secret}}"

static const struct profile_question *
find_among(const struct profile_question *questions, size_t count,
    const char *text, size_t len)
{
	for (size_t i = 0; len && i < count; i++)
		if (re_match(questions[i].when.pattern, text, len, NULL))
			return &questions[i];
	return NULL;
}

static const struct profile_question *
find_question(const struct exchange *x, const char *text, size_t len)
{
	const struct profile_question *own = find_among(
	    x->request->questions, x->request->question_count, text, len);
	return own ? own
		   : find_among(x->profile->questions,
			 x->profile->question_count, text, len);
}

/* Has the command shown what forbids the answer? */
static bool
is_forbidden(const struct exchange *x, const struct profile_question *question)
{
	const char *at = buf_str(&x->answer);
	while (question->unless && *at) {
		size_t len = strcspn(at, "\n");
		if (re_match(question->unless, at, len, NULL))
			return true;
		at += len + (at[len] != '\0');
	}
	return false;
}

/* The head's question got no answer of ours: its line fails, and nothing more
 * is sent. The first cause stays. */
static void
blame(struct exchange *x, enum err_kind kind, const char *why,
    const char *asked, size_t len)
{
	char *text = xstrndup(asked, len);
	if (x->fault->err.kind == ERR_NONE) {
		exchange_fail_at(x, 0, text);
		err_set(&x->fault->err, kind, "%s: %s", why, str_trim(text));
	}
	free(text);
	exchange_flight(x, 0)->bad = true;
	x->stop = x->damaged = true;
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
	blame(x, kind, why, asked, len);
	x->asked = true;
	/* Once is enough: it stands behind what was typed ahead, and is heard
	 * when that is eaten up. */
	if (x->aborted)
		return;
	x->aborted = true;
	if (!abort_line ||
	    channel_send(x->channel, abort_line, strlen(abort_line), false,
		exchange_quiet_deadline(x), &x->fault->err))
		x->failed = true;
}

/* Why QUESTION must not be answered; NULL when it may. */
static const char *
why_not(const struct exchange *x, const struct profile_question *question,
    bool secret)
{
	if (!question->answer)
		return "the device asks what the profile does not answer";
	if (is_forbidden(x, question))
		return "the device asks, and what it said before forbids the "
		       "answer";
	/* What is typed already stands before any answer of ours. */
	if (x->request->config && x->count > 1)
		return "the device asks where lines had been sent ahead";
	if (secret && !x->request->secret)
		return "the device asks for a password that was not given";
	return NULL;
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
	const char *why = why_not(x, question, secret);
	if (why) {
		decline(x, ERR_PROMPT, why, asked, len);
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
		exchange_quiet_deadline(x), &x->fault->err))
		x->failed = true;
	secret_wipe(reply.data, reply.len);
	buf_clear(&reply);
}

void
exchange_ask(struct exchange *x, const char *open, size_t len)
{
	const struct profile_question *question = find_question(x, open, len);
	if (question)
		answer_question(x, question, open, len);
}

/* The I-th line in flight was an answer: it has no echo and no reply. */
static void
drop_eaten(struct exchange *x, unsigned i)
{
	x->bytes_in_flight -= exchange_flight(x, i)->len + 1;
	for (; i + 1 < x->count; i++)
		*exchange_flight(x, i) = *exchange_flight(x, i + 1);
	x->count--;
	x->eaten++;
}

void
exchange_hear_asked(struct exchange *x, const char *line, size_t len)
{
	if (!x->request->config || x->early)
		return;
	const struct in_flight *next = exchange_flight(x, 1);
	/* The next line may be seen behind the question, or a key of it. */
	size_t shown[] = { next->len, 1, 0 };
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		size_t n = shown[i];
		if (n > len || n > next->len ||
		    memcmp(line + len - n, next->text, n) ||
		    !find_question(x, line, len - n))
			continue;
		blame(x, ERR_PROMPT,
		    "the device asked what nobody could answer, for lines had "
		    "been sent ahead",
		    line, len - n);
		x->unanswered = true;
		if (n && n == next->len)
			drop_eaten(x, 1);
		return;
	}
}

/* The line of the head's answer that ends with TEXT behind something else: a
 * question that the profile does not know. *FOUND_LEN is without TEXT. */
static const char *
find_behind(
    const struct exchange *x, const char *text, size_t len, size_t *found_len)
{
	const char *at = buf_str(&x->answer);
	const char *stop = at + x->answer.len;
	while (at < stop) {
		const char *end = memchr(at, '\n', (size_t)(stop - at));
		size_t n = (size_t)((end ? end : stop) - at);
		if (len && n > len && memcmp(at + n - len, text, len) == 0) {
			*found_len = n - len;
			return at;
		}
		at += n + 1;
	}
	return NULL;
}

unsigned
exchange_drop_eaten(struct exchange *x, unsigned known)
{
	size_t len = 0;
	const struct in_flight *next = exchange_flight(x, 1);
	const char *asked = find_behind(x, next->text, next->len, &len);
	if (!x->unanswered && !asked)
		return 0;
	if (!x->unanswered)
		blame(x, ERR_PROMPT,
		    "the device took the next line for an answer to its "
		    "question",
		    asked, len);
	for (unsigned i = 1; i < known; i++)
		drop_eaten(x, 1);
	return known - 1;
}

void
exchange_give_up_rest(struct exchange *x, const char *prompt, size_t len)
{
	if (x->echoed)
		exchange_finish_head(x, prompt, len);
	x->lost += x->count;
	x->count = 0;
	x->bytes_in_flight = 0;
}

void
exchange_tell_asked(struct exchange *x)
{
	struct err *err = &x->fault->err;
	if (x->eaten)
		err_append(err, " (%u line%s behind it became the answer)",
		    x->eaten, x->eaten == 1 ? "" : "s");
	if (x->lost)
		err_append(err, " (%u line%s behind it got lost)", x->lost,
		    x->lost == 1 ? "" : "s");
}
