/*
 * What each line of the screen means to the lines in flight: an echo, an
 * answer, a prompt that was pushed up, a log line, a word that belongs to
 * nobody. See docs/session.md for the drawing.
 */
#include "exchange_parts.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static bool
is_log_line(const struct exchange *x, const char *line, size_t len)
{
	return profile_rules_match(&x->profile->log_lines, line, len);
}

/* Tells the observer; true if LINE, or what a prompt is glued to, is a log
 * line that the device mixed in. *PROMPT_LEN = the length of that prompt. */
bool
exchange_take_log_line(
    struct exchange *x, const char *line, size_t len, size_t *prompt_len)
{
	size_t prompt = 0;
	if (!is_log_line(x, line, len)) {
		prompt = prompts_prefix(x->prompts, line, len);
		if (!prompt || !is_log_line(x, line + prompt, len - prompt))
			return false;
	}
	size_t glued = x->probes ? exchange_glued_prompt(x, line, len) : 0;
	char *text = xstrndup(line + prompt, len - prompt - glued);
	x->observer->log(x->observer->data, text);
	free(text);
	x->interrupted = true;
	*prompt_len = prompt;
	return true;
}

void
exchange_note_prompt(struct exchange *x, const char *prompt, size_t len)
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

size_t
exchange_glued_prompt(const struct exchange *x, const char *text, size_t len)
{
	size_t prompt = prompts_suffix(x->prompts, text, len);
	return prompt < len ? prompt : 0;
}

/* The prompt that stood behind the last text is not part of the answer. */
static void
cut_glued_prompt(struct exchange *x)
{
	struct buf *answer = &x->answer;
	size_t len = answer->len;
	while (len && answer->data[len - 1] == '\n')
		len--;
	const char *last = len ? memrchr(answer->data, '\n', len) : NULL;
	size_t start = last ? (size_t)(last + 1 - answer->data) : 0;
	size_t glued = exchange_glued_prompt(
	    x, buf_str(answer) + start, len - start);
	if (!glued)
		return;
	buf_truncate(answer, len - glued);
	buf_addc(answer, '\n');
}

void
exchange_finish_head(struct exchange *x, const char *prompt, size_t prompt_len)
{
	struct in_flight *head = exchange_flight(x, 0);
	if (x->probes)
		cut_glued_prompt(x);
	exchange_note_prompt(x, prompt, prompt_len);
	struct exchange_reply reply = {
		.index = head->index,
		.text = buf_str(&x->answer),
		.len = x->answer.len,
		.cut = x->answer.cut,
		.whole = &x->answer,
		.mode = x->mode,
		.prompt = exchange_prompt(x),
		.opened = x->opened,
		.bad = head->bad,
	};
	x->bytes_in_flight -= head->len + 1;
	x->head = (x->head + 1) % EXCHANGE_WINDOW_MAX;
	x->count--;
	x->echoed = x->early > 0;
	x->early -= x->early > 0;
	x->interrupted = x->asked = x->unanswered = false;
	/* A text that was not opened is not sent. */
	if (x->request->opened && !x->opened)
		x->stop = true;
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

void
exchange_finish_shown(struct exchange *x)
{
	const char *shown = buf_str(&x->answer) + x->shown_at;
	size_t len = strcspn(shown, "\n");
	char *prompt = xstrndup(shown, len);
	buf_truncate(&x->answer, x->shown_at);
	exchange_finish_head(x, prompt, len);
	x->interrupted = true;
	free(prompt);
}

void
exchange_stray(struct exchange *x, const char *line, size_t len)
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

/* A log line amid the head's answer. If a prompt stands before it, the answer
 * was at its end. */
static bool
hear_log(struct exchange *x, const char *line, size_t len)
{
	size_t prompt_len = 0;
	if (!exchange_take_log_line(x, line, len, &prompt_len))
		return false;
	if (prompt_len)
		add_answer(x, line, prompt_len);
	if (x->count == 1 && x->shown_at != NOT_SHOWN)
		exchange_finish_shown(x);
	return true;
}

/* Is LINE the echo of one farther behind, and did a question of the head's take
 * those between? */
static bool
was_eaten(struct exchange *x, const char *line, size_t len)
{
	for (unsigned i = 2; i < x->count; i++) {
		size_t prompt_len;
		enum echo echo = exchange_compare_echo(
		    x, i, line, len, &prompt_len);
		exchange_flight(x, i)->part = 0;
		if (echo == ECHO_WHOLE)
			return exchange_drop_eaten(x, i) > 0;
	}
	return false;
}

/* The line after the head's answer: a prompt and the next line's echo. */
static bool
take_next_echo(struct exchange *x, const char *line, size_t len)
{
	size_t prompt_len = 0;
	if (x->count < 2)
		return false;
	enum echo echo = exchange_compare_echo(x, 1, line, len, &prompt_len);
	if (echo == ECHO_DAMAGED && was_eaten(x, line, len))
		echo = exchange_compare_echo(x, 1, line, len, &prompt_len);
	if (echo == ECHO_NONE)
		return false;
	/* A log line that is glued to a prompt looks like one, too. */
	if (echo == ECHO_DAMAGED && hear_log(x, line, len))
		return true;
	if (!prompt_len && x->shown_at != NOT_SHOWN)
		exchange_finish_shown(x);
	else
		exchange_finish_head(x, line, prompt_len);
	if (echo == ECHO_DAMAGED)
		exchange_note_damage(x, 0, line, len);
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
	const struct in_flight *next = exchange_flight(x, 1 + x->early);
	return len && len == next->len && memcmp(line, next->text, len) == 0;
}

size_t
exchange_take_early(struct exchange *x, const char *line, size_t len)
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
		exchange_finish_head(x, line + done + blanks, prompt);
		done += blanks + prompt;
	}
	return done;
}

void
exchange_hear_answer(struct exchange *x, const char *line, size_t len)
{
	bool answered = x->asked && !x->aborted;
	x->asked = false;
	if (x->request->opened && exchange_hear_opened(x, line, len))
		return;
	if (x->early) {
		size_t done = exchange_take_early(x, line, len);
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
	if (!is_output && hear_log(x, line, len))
		return;
	if (x->count > 1 && !answered)
		exchange_hear_asked(x, line, len);
	add_answer(x, line, len);
}

/* Text that came when no line is in flight. */
static void
hear_idle(struct exchange *x, const char *line, size_t len)
{
	size_t prompt_len;
	if (!exchange_take_log_line(x, line, len, &prompt_len))
		exchange_stray(x, line, len);
}

void
exchange_hear_line(void *data, const char *line, size_t len)
{
	struct exchange *x = data;
	/* What the open line already gave is not heard twice. */
	size_t done = x->open_done < len ? x->open_done : len;
	bool all_done = done && done == len;
	line += done;
	len -= done;
	/* An echo is due: of the head, or of the next line. */
	if (!x->open_done && x->count > x->echoed)
		exchange_read_unfolded(x, &line, &len);
	x->open_done = 0;
	if (x->failed || all_done)
		return;
	if (!x->count)
		hear_idle(x, line, len);
	else if (!x->echoed && exchange_in_text(x, 0))
		exchange_hear_text(x, line, len);
	else if (!x->echoed)
		exchange_hear_echo(x, line, len);
	else
		exchange_hear_answer(x, line, len);
}
