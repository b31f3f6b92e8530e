/*
 * Lines that are in flight together, and the judgement of every answer: a
 * refusal ends the push, other words are kept, silence is consent. The window
 * grows while nothing is said.
 */
#include "sender_parts.h"

#include "base/alloc.h"
#include "base/str.h"
#include "text/re.h"

#include <stdlib.h>
#include <string.h>

const char *
sender_line(const struct sender *sender, size_t index)
{
	const struct plan_line *line = &sender->push->lines->items[index];
	return line->in_text ? line->text
			     : line->text + strspn(line->text, " \t");
}

size_t
sender_text_count(const struct sender *sender, size_t at)
{
	const struct plan_lines *lines = sender->push->lines;
	size_t count = 1;
	if (!lines->items[at].until)
		return 0;
	while (at + count < lines->count && lines->items[at + count].in_text)
		count++;
	return count;
}

enum said { SAID_NOTHING, SAID_SOMETHING, SAID_NO };

/* What an answer in configuration mode amounts to. A word that no notice of
 * the profile knows is kept and shown; a refusal fails the line. *WHY = the
 * refusing line. */
static enum said
judge(const struct profile *profile, const char *text, size_t len,
    struct re_span *why)
{
	enum said said = SAID_NOTHING;
	for (size_t at = 0; at < len;) {
		const char *line = text + at;
		const char *end = memchr(line, '\n', len - at);
		size_t n = end ? (size_t)(end - line) : len - at;
		if (strspn(line, " \t") < n &&
		    !profile_rules_match(&profile->notices, line, n)) {
			if (profile_rules_match(&profile->refusals, line, n)) {
				*why = (struct re_span){ at, at + n };
				return SAID_NO;
			}
			said = SAID_SOMETHING;
		}
		at += n + (end != NULL);
	}
	return said;
}

/* Double after a clean window, back to one line after any word: lines that
 * were in flight by then say nothing of the calm after it. INDEX: the line of
 * REQUEST that was answered. */
static void
pace(struct sender *sender, const struct exchange_request *request,
    size_t index, bool clean)
{
	if (!clean) {
		sender->window = 1;
		sender->clean = 0;
		sender->calm_from = request->sent;
	} else if (index < sender->calm_from) {
		return;
	} else if (++sender->clean >= sender->window) {
		sender->clean = 0;
		sender->window *= 2;
		if (sender->window > sender->window_max)
			sender->window = sender->window_max;
	}
}

static void
refuse(struct sender *sender, size_t index, const char *text,
    const struct re_span *why)
{
	const char *sent = sender_line(sender, index);
	if (sender->refused || sender->bad)
		return;
	sender->refused = true;
	sender->failed_at = index;
	err_set(&sender->fault->err, ERR_REFUSED,
	    "line %zu was refused: %s: %.*s", index + 1, sent,
	    (int)(why->end - why->start), text + why->start);
	fault_at(sender->fault, (unsigned)index + 1, sent, text);
}

static void
keep_words(struct sender *sender, size_t index, const char *text)
{
	buf_addf(&sender->push->spoken, "line %zu: %s:\n%s", index + 1,
	    sender_line(sender, index), text);
}

/* A line whose answer had to say something has not said it. */
static void
not_proved(struct sender *sender, size_t index, const char *text)
{
	const char *sent = sender_line(sender, index);
	if (sender->refused || sender->bad)
		return;
	sender->refused = true;
	sender->failed_at = index;
	fault_at(sender->fault, (unsigned)index + 1, sent, text);
	err_set(&sender->fault->err, ERR_VERIFY,
	    "the device did not confirm that the change was committed: \"%s\"",
	    sent);
}

/* The mode was left while lines of the block were still to come. */
void
sender_stray(struct sender *sender, size_t index, const char *prompt)
{
	if (sender->refused || sender->strayed || sender->bad)
		return;
	sender->strayed = true;
	err_set(&sender->fault->err, ERR_PROMPT,
	    "line %zu left its mode: after it the prompt was %s instead of "
	    "%s, and more lines were to follow",
	    index + 1, prompt, sender->home ? sender->home : "(config)");
	fault_at(sender->fault, (unsigned)index + 1, sender_line(sender, index),
	    prompt);
}

/* The line of the text that line I of the request is; of our own "exit" the
 * one that follows it, of what ends a text its last. */
static size_t
text_index(const struct sender *sender, size_t i)
{
	size_t index = i < sender->lead ? 0 : i - sender->lead;
	if (sender->ends && index == sender->count)
		return sender->first + index - 1;
	return sender->first + (index > sender->count ? index - 1 : index);
}

/* The answer to our own "exit" before line INDEX. */
static int
check_exit(
    struct sender *sender, size_t index, const char *prompt, const char *home)
{
	if (str_eq(prompt, home))
		return 0;
	if (sender->refused || sender->strayed || sender->bad)
		return -1;
	sender->strayed = true;
	fault_at(sender->fault, (unsigned)index + 1, sender_line(sender, index),
	    prompt);
	return err_set(&sender->fault->err, ERR_PROMPT,
	    "leaving the block before line %zu led to the prompt %s instead "
	    "of %s",
	    index + 1, prompt, home);
}

/* The line that was to open a text brought a prompt instead. */
static int
not_opened(struct sender *sender, size_t index, const char *prompt)
{
	if (sender->refused || sender->strayed || sender->bad)
		return -1;
	sender->strayed = true;
	fault_at(sender->fault, (unsigned)index + 1, sender_line(sender, index),
	    prompt);
	return err_set(&sender->fault->err, ERR_PROMPT,
	    "line %zu did not open a text (the prompt is %s), so the lines "
	    "of the text were not sent: %s",
	    index + 1, prompt, sender_line(sender, index));
}

static int
hear_reply(void *data, struct exchange_request *request,
    const struct exchange_reply *reply)
{
	struct sender *sender = data;
	struct re_span why = { 0, 0 };
	size_t index = text_index(sender, reply->index);
	size_t behind = sender->lead + sender->count; /* the tail begins */
	if (reply->index < sender->lead)
		return check_exit(sender, index, reply->prompt, sender->home);
	if (reply->index == behind && !sender->ends)
		return check_exit(
		    sender, index, reply->prompt, sender->tail_home);
	bool in_block = sender->nested && reply->index < behind;
	if (reply->bad) {
		if (!sender->refused && !sender->bad)
			sender->failed_at = index;
		sender->bad = true;
		pace(sender, request, reply->index, false);
		return -1;
	}
	const struct plan_line *line = &sender->push->lines->items[index];
	enum said said = line->shown
	    ? (reply->len ? SAID_SOMETHING : SAID_NOTHING)
	    : judge(sender->profile, reply->text, reply->len, &why);
	if (said != SAID_NO && line->proof &&
	    !re_match(line->proof, reply->text, reply->len, NULL)) {
		not_proved(sender, index, reply->text);
		return -1;
	}
	if (said == SAID_NO) {
		refuse(sender, index, reply->text, &why);
		pace(sender, request, reply->index, false);
		return -1;
	}
	if (request->opened && !reply->opened)
		return not_opened(sender, index, reply->prompt);
	/* What ends a text is no line of it. */
	sender->push->accepted += reply->index < behind || !sender->ends;
	sender->accepted_behind += sender->refused || sender->bad;
	if (said == SAID_SOMETHING)
		keep_words(sender, index, reply->text);
	if (in_block) {
		pace(sender, request, reply->index, said == SAID_NOTHING);
		if (!request->opened)
			request->window = sender->window;
	}
	bool home = in_block ? str_eq(reply->prompt, sender->home)
			     : reply->mode && reply->mode->config;
	if (!home && reply->index + 1 < request->count)
		sender_stray(sender, index, reply->prompt);
	return sender->refused || sender->strayed || sender->bad;
}

/* Text that came when no answer was due: a refusal among it belongs to the
 * line before, other words are the observer's. */
static void
hear_stray(void *data, const char *line, size_t len)
{
	struct sender *sender = data;
	const struct observer *observer = session_observer(sender->session);
	char *text = xstrndup(line, len);
	if (profile_rules_match(&sender->profile->refusals, line, len) &&
	    !profile_rules_match(&sender->profile->notices, line, len) &&
	    sender->push->accepted && !sender->bad) {
		struct re_span why = { 0, len };
		refuse(sender, sender->push->accepted - 1, text, &why);
	} else {
		observer->log(observer->data, text);
	}
	free(text);
}

/* What was in flight behind the line that failed belongs to the story. */
static void
tell_lines_behind(struct sender *sender)
{
	size_t sent = sender->push->sent, up_to = sender->failed_at + 1;
	if (sent > up_to)
		err_append(&sender->fault->err,
		    " (%zu line%s behind it had been sent, %zu accepted)",
		    sent - up_to, sent - up_to == 1 ? "" : "s",
		    sender->accepted_behind);
}

int
sender_run(struct sender *sender, struct exchange_request *request)
{
	struct fault fault = { 0 };
	request->config = true;
	request->on_stray = hear_stray;
	request->data = sender;
	request->deadline = sender->push->deadline;
	request->silence_ms = session_silence_ms(sender->session);
	sender->calm_from = 0;
	int rc = exchange_run(
	    session_exchange(sender->session), request, &fault);
	if (rc && !sender->refused && !sender->strayed) {
		if (fault.line) {
			sender->failed_at = text_index(sender, fault.line - 1);
			sender->bad = true;
			fault.line = (unsigned)sender->failed_at + 1;
		}
		fault_clear(sender->fault);
		*sender->fault = fault;
		return rc;
	}
	fault_clear(&fault);
	return rc;
}

/* How many lines of the text went out with SENT lines of the request. */
static size_t
text_sent(const struct sender *sender, size_t sent)
{
	size_t exit_at = sender->lead + sender->count;
	size_t own = sender->lead + (sent > exit_at ? 1 : 0);
	return sender->first + (sent > own ? sent - own : 0);
}

int
sender_group(struct sender *sender, size_t first, size_t count, bool nested,
    char *home, const char *exit_line, const char *tail_home)
{
	const char **lines = xcalloc(count + 3, sizeof(*lines));
	bool *joined = xcalloc(count + 3, sizeof(*joined));
	size_t lead = exit_line ? 1 : 0, all = lead + count;
	if (exit_line)
		lines[0] = exit_line;
	for (size_t i = 0; i < count; i++) {
		lines[lead + i] = sender_line(sender, first + i);
		joined[lead + i] = i > 0 &&
		    sender->push->lines->items[first + i].joined;
	}
	if (tail_home) {
		lines[all++] = session_mode(sender->session)->leave;
		lines[all++] = sender_line(sender, first + count);
	}
	sender->first = first;
	sender->count = count;
	sender->lead = lead;
	sender->nested = nested;
	sender->home = home;
	sender->tail_home = tail_home;
	const struct profile_until *until = sender->push->lines->items[first]
						.until;
	sender->ends = until ? until->ends : NULL;
	if (sender->ends)
		lines[all++] = sender->ends;
	struct exchange_request request = {
		.lines = lines,
		.count = all,
		.own_first = lead,
		.own_at = lead + count,
		.joined = sender->window_max > 1 ? joined : NULL,
		.window = nested ? sender->window : 1 + (unsigned)lead,
		.on_reply = hear_reply,
	};
	if (until) {
		request.opened = until->opened;
		request.ends = until->ends;
		request.window = sender->window_max;
	}
	/* A group without anything in front may still be a group of one. */
	if (sender->window_max == 1)
		request.window = 1;
	int rc = sender_run(sender, &request);
	sender->push->sent = text_sent(sender, request.sent);
	free(lines);
	free(joined);
	if (sender->refused || sender->bad)
		tell_lines_behind(sender);
	if (sender->refused || sender->strayed)
		rc = -1;
	sender->tail_sent = tail_home && !rc;
	return rc ? -1 : 0;
}
