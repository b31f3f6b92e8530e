/*
 * The echo of the line at the head: whole, in parts, wrapped, broken by log
 * lines, of a device whose prompt is still to be learnt; or not what was sent.
 */
#include "exchange_parts.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/*
 * LINE against the echo of the I-th line in flight. Before the prompt is known
 * any text in front that has the form of a first prompt will do, and the
 * echo teaches it; a later echo of the set-up corrects an earlier one (the
 * first prompt may have been glued to a banner).
 */
enum echo
exchange_compare_echo(struct exchange *x, unsigned i, const char *line,
    size_t len, size_t *prompt_len)
{
	struct in_flight *sent = exchange_flight(x, i);
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

/*
 * The device shows another line than was sent: it lost or changed something.
 * Nothing more is sent; what is in flight is still accounted for, so that the
 * session stays usable to see what has become of it.
 */
void
exchange_note_damage(
    struct exchange *x, unsigned i, const char *line, size_t len)
{
	struct in_flight *sent = exchange_flight(x, i);
	char *shown = xstrndup(line, len);
	x->stop = x->damaged = true;
	if (x->fault->err.kind == ERR_NONE) {
		exchange_fail_at(x, i, shown);
		err_set(&x->fault->err, ERR_ECHO,
		    "the device received another line than was sent: %s",
		    shown);
	}
	sent->part = 0;
	sent->bad = true;
	free(shown);
}

void
exchange_settle_for_part(struct exchange *x, const char *line, size_t len)
{
	struct in_flight *head = exchange_flight(x, 0);
	exchange_note_damage(x, 0, head->text, head->part);
	x->echoed = true;
	if (line)
		exchange_hear_answer(x, line, len);
}

/* The rest of an echo whose beginning was seen. A device may also begin anew,
 * with its prompt, after a log line came between. */
static void
hear_rest_of_echo(struct exchange *x, const char *line, size_t len)
{
	struct in_flight *head = exchange_flight(x, 0);
	size_t prompt_len = 0, part = head->part;
	if (exchange_take_log_line(x, line, len, &prompt_len))
		return;
	enum echo echo = exchange_compare_echo(x, 0, line, len, &prompt_len);
	if ((echo == ECHO_DAMAGED || echo == ECHO_NONE) && x->interrupted) {
		head->part = 0;
		echo = exchange_compare_echo(x, 0, line, len, &prompt_len);
		if (echo != ECHO_WHOLE && echo != ECHO_PART)
			head->part = part;
	}
	if (echo == ECHO_DAMAGED || echo == ECHO_NONE)
		exchange_settle_for_part(x, line, len);
	else
		x->echoed = echo == ECHO_WHOLE;
}

/*
 * Before the prompt is known, log lines may break an echo, too. What has the
 * form of a first prompt, with the beginning of the head behind it, teaches the
 * prompt if exactly the rest of the head follows.
 */
static void
learn_from_parts(struct exchange *x, const char *line, size_t len)
{
	struct in_flight *head = exchange_flight(x, 0);
	size_t left = head->len - x->begun_part;
	if (x->begun.len && len <= left &&
	    memcmp(line, head->text + x->begun_part, len) == 0) {
		x->begun_part += len;
		x->echoed = len == left &&
		    prompts_learn(x->prompts, x->begun.data, x->begun.len);
		if (x->echoed)
			exchange_note_prompt(x, x->begun.data, x->begun.len);
		return;
	}
	buf_reset(&x->begun);
	for (size_t n = len < head->len ? len : head->len; n > 0; n--) {
		if (memcmp(line + len - n, head->text, n) ||
		    !prompts_is_first(x->prompts, line, len - n))
			continue;
		buf_add(&x->begun, line, len - n);
		x->begun_part = n;
		break;
	}
}

/* The echo of the head. */
void
exchange_hear_echo(struct exchange *x, const char *line, size_t len)
{
	size_t prompt_len = 0;
	if (exchange_flight(x, 0)->part) {
		hear_rest_of_echo(x, line, len);
		return;
	}
	enum echo echo = exchange_compare_echo(x, 0, line, len, &prompt_len);
	if ((echo == ECHO_NONE || echo == ECHO_DAMAGED) &&
	    exchange_take_log_line(x, line, len, &prompt_len))
		return;
	if (echo == ECHO_NONE) {
		if (!prompts_learnt(x->prompts)) {
			if (x->request->learn) /* or still the banner */
				learn_from_parts(x, line, len);
			return;
		}
		if (prompts_find(x->prompts, line, len))
			x->interrupted = true; /* shown once more */
		else
			exchange_stray(x, line, len);
		return;
	}
	if (prompt_len)
		exchange_note_prompt(x, line, prompt_len);
	if (echo == ECHO_DAMAGED)
		exchange_note_damage(x, 0, line, len);
	x->echoed = echo != ECHO_PART;
}

/* Is LINE the echo that is due, or its beginning? Changes nothing. */
static bool
is_due(struct exchange *x, unsigned due, const char *line, size_t len)
{
	struct in_flight *sent = exchange_flight(x, due);
	size_t part = sent->part, prompt_len;
	if (exchange_in_text(x, due))
		return len == sent->len - part &&
		    memcmp(line, sent->text + part, len) == 0;
	enum echo echo = exchange_compare_echo(x, due, line, len, &prompt_len);
	sent->part = part;
	return echo == ECHO_WHOLE || echo == ECHO_PART;
}

/* A line that may have been wrapped by a blank and a CR is read so where only
 * that makes it the echo that is due, or begins with a prompt. */
void
exchange_read_unfolded(struct exchange *x, const char **line, size_t *len)
{
	unsigned due = x->echoed ? 1 : 0;
	size_t unfolded_len;
	const char *unfolded = channel_unfolded(x->channel, &unfolded_len);
	if (!unfolded || x->failed || x->early || is_due(x, due, *line, *len))
		return;
	if (!is_due(x, due, unfolded, unfolded_len) &&
	    (prompts_prefix(x->prompts, *line, *len) ||
		!prompts_prefix(x->prompts, unfolded, unfolded_len)))
		return;
	*line = unfolded;
	*len = unfolded_len;
}
