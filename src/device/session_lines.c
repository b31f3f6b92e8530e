/* Groups of command lines: sent, answered, and what of it is a refusal. */
#include "session_parts.h"

#include <string.h>

#define REFUSAL_LINES_MAX 4 /* a refusal is short; a show is not one */

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

int
session_run_lines(struct session *session, const char *const *lines,
    size_t count, unsigned window, int64_t deadline,
    const struct secret *secret, struct command_answer *answer,
    struct fault *fault)
{
	struct exchange_request request = {
		.lines = lines,
		.count = count,
		.window = window,
		.learn = answer->purpose == FOR_SETUP,
		.moves = answer->purpose == FOR_MOVE,
		.keep_logs = answer->purpose == FOR_SHOW,
		.secret = secret,
		.questions = answer->questions,
		.question_count = answer->question_count,
		.on_reply = take_answer,
		.data = answer,
		.deadline = deadline,
		.silence_ms = answer->silence_ms ? answer->silence_ms
						 : session_silence_ms(session),
	};
	answer->profile = session->profile;
	if (exchange_run(session->exchange, &request, fault)) {
		fault->line = 0; /* no line of a template */
		return -1;
	}
	return 0;
}
