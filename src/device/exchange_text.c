/*
 * Lines of a text that the device reads without a prompt, until its mark: a
 * banner, a certificate. Each is accounted for by its echo, which stands alone
 * on its line; the last one's answer goes up to the prompt, as any other's.
 */
#include "exchange_parts.h"

#include "base/alloc.h"
#include "text/re.h"

#include <stdlib.h>
#include <string.h>

bool
exchange_in_text(const struct exchange *x, unsigned i)
{
	return x->request->opened &&
	    x->flight[(x->head + i) % EXCHANGE_WINDOW_MAX].index > 0;
}

bool
exchange_text_may_go(const struct exchange *x, size_t next)
{
	const struct exchange_request *request = x->request;
	if (!request->opened || !next)
		return true;
	/* What ends it may work at once: all before it must have been read. */
	bool last = request->ends && next + 1 == request->count;
	return x->opened && (!last || !x->count);
}

bool
exchange_hear_opened(struct exchange *x, const char *line, size_t len)
{
	if (x->opened || !re_match(x->request->opened, line, len, NULL))
		return false;
	x->opened = true;
	exchange_finish_head(x, "", 0);
	return true;
}

/* Nothing more can be said of where the device stands: the session ends. */
static void
end_here(struct exchange *x)
{
	x->stop = x->damaged = x->failed = true;
}

/* The prompt of before the text is back, though its end was not reached. */
static bool
came_back(struct exchange *x, const char *line, size_t prompt)
{
	while (prompt && line[prompt - 1] == ' ')
		prompt--;
	if (!prompt || prompt != x->prompt.len ||
	    memcmp(line, x->prompt.data, prompt))
		return false;
	exchange_fail_at(x, 0, buf_str(&x->prompt));
	err_set(&x->fault->err, ERR_PROMPT,
	    "the device ended the text before its mark: the prompt came back "
	    "before the line: %s",
	    exchange_flight(x, 0)->text);
	end_here(x);
	return true;
}

void
exchange_hear_text(struct exchange *x, const char *line, size_t len)
{
	struct in_flight *head = exchange_flight(x, 0);
	const char *rest = head->text + head->part;
	size_t left = head->len - head->part, prompt = 0;
	bool whole = len == left && memcmp(line, rest, len) == 0;
	if (!whole) {
		prompt = prompts_prefix(x->prompts, line, len);
		if (came_back(x, line, prompt) ||
		    exchange_take_log_line(x, line, len, &prompt))
			return;
		/* A mode of its own for the text (a certificate's). */
		line += prompt;
		len -= prompt;
		whole = len == left && memcmp(line, rest, len) == 0;
	}
	if (!whole && len < left && memcmp(line, rest, len) == 0) {
		head->part += len;
		return;
	}
	if (!whole) {
		exchange_note_damage(x, 0, line, len);
		end_here(x);
		return;
	}
	x->echoed = true;
	if (head->index + 1 < x->request->count)
		exchange_finish_head(x, "", 0);
}
