/*
 * Walking the tree of configuration lines. Each group of lines that may be in
 * flight together is one exchange; every answer is judged as it comes.
 */
#include "device/sender.h"

#include "base/alloc.h"
#include "base/str.h"
#include "device/exchange.h"
#include "text/re.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_START   4
#define WINDOW_DEFAULT 32
#define NESTING_MAX    8

struct sender {
	struct session *session;
	const struct profile *profile;
	struct push *push;
	struct fault *fault;
	unsigned window, window_max;
	unsigned clean; /* answers without a word since the window changed */

	/* The group that is in flight: */
	size_t first; /* index in push->lines of the request's line 0 */
	size_t lead; /* lines in front that are ours ("exit"): 0 or 1 */
	size_t count; /* lines of the text, without lead and tail */
	/* Behind the last lines of a block go an "exit" and the header of the
	 * next: this is the prompt that the exit must lead to. NULL: no tail. */
	const char *tail_home;
	bool tail_sent; /* ... and all of it was accepted */
	bool nested; /* under a header: must stay in its mode */
	char *home; /* the prompt that belongs to this block */
	bool refused;
	size_t refused_at; /* its index in push->lines */
	size_t accepted_behind; /* lines in flight behind it that took */
	bool strayed; /* the mode was left with lines still to come */
};

void
push_init(struct push *push, const struct plan_lines *lines, int64_t deadline)
{
	*push = (struct push){ .lines = lines, .deadline = deadline };
	buf_init(&push->spoken, 64u << 10);
}

void
push_clear(struct push *push)
{
	buf_clear(&push->spoken);
}

static size_t
indentation(const char *text)
{
	return strspn(text, " \t");
}

static const char *
line_text(const struct sender *sender, size_t index)
{
	const char *text = sender->push->lines->items[index].text;
	return text + indentation(text);
}

static size_t
line_depth(const struct sender *sender, size_t index)
{
	return indentation(sender->push->lines->items[index].text);
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

/* Double after a clean window, back to one line after any word. */
static void
pace(struct sender *sender, bool clean)
{
	if (!clean) {
		sender->window = 1;
		sender->clean = 0;
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
	const char *sent = line_text(sender, index);
	if (sender->refused)
		return;
	sender->refused = true;
	sender->refused_at = index;
	err_set(&sender->fault->err, ERR_REFUSED,
	    "line %zu was refused: %s: %.*s", index + 1, sent,
	    (int)(why->end - why->start), text + why->start);
	fault_at(sender->fault, (unsigned)index + 1, sent, text);
}

static void
keep_words(struct sender *sender, size_t index, const char *text)
{
	buf_addf(&sender->push->spoken, "line %zu: %s:\n%s", index + 1,
	    line_text(sender, index), text);
}

/* The mode was left while lines of the block were still to come. */
static void
stray_from_block(struct sender *sender, size_t index, const char *prompt)
{
	if (sender->refused || sender->strayed)
		return;
	sender->strayed = true;
	err_set(&sender->fault->err, ERR_PROMPT,
	    "line %zu left its mode: after it the prompt was %s instead of "
	    "%s, and more lines were to follow",
	    index + 1, prompt, sender->home ? sender->home : "(config)");
	fault_at(sender->fault, (unsigned)index + 1, line_text(sender, index),
	    prompt);
}

/* The line of the text that line I of the request is; of our own "exit" the
 * one that follows it. */
static size_t
text_index(const struct sender *sender, size_t i)
{
	size_t index = i < sender->lead ? 0 : i - sender->lead;
	return sender->first + (index > sender->count ? index - 1 : index);
}

/* The answer to our own "exit" before line INDEX. */
static int
check_exit(
    struct sender *sender, size_t index, const char *prompt, const char *home)
{
	if (str_eq(prompt, home))
		return 0;
	if (sender->refused || sender->strayed)
		return -1;
	sender->strayed = true;
	fault_at(sender->fault, (unsigned)index + 1, line_text(sender, index),
	    prompt);
	return err_set(&sender->fault->err, ERR_PROMPT,
	    "leaving the block before line %zu led to the prompt %s instead "
	    "of %s",
	    index + 1, prompt, home);
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
	if (reply->index == behind)
		return check_exit(
		    sender, index, reply->prompt, sender->tail_home);
	bool in_block = sender->nested && reply->index < behind;
	if (reply->bad) {
		pace(sender, false);
		return -1;
	}
	enum said said = judge(sender->profile, reply->text, reply->len, &why);
	if (said == SAID_NO) {
		refuse(sender, index, reply->text, &why);
		pace(sender, false);
		return -1;
	}
	sender->push->accepted++;
	sender->accepted_behind += sender->refused;
	if (said == SAID_SOMETHING)
		keep_words(sender, index, reply->text);
	if (in_block) {
		pace(sender, said == SAID_NOTHING);
		request->window = sender->window;
	}
	bool home = in_block ? str_eq(reply->prompt, sender->home)
			     : reply->mode && reply->mode->config;
	if (!home && reply->index + 1 < request->count)
		stray_from_block(sender, index, reply->prompt);
	return sender->refused || sender->strayed;
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
	    sender->push->accepted) {
		struct re_span why = { 0, len };
		refuse(sender, sender->push->accepted - 1, text, &why);
	} else {
		observer->log(observer->data, text);
	}
	free(text);
}

/* What was in flight behind a refused line belongs to the story. */
static void
tell_lines_behind(struct sender *sender)
{
	size_t behind = sender->push->sent - sender->refused_at - 1;
	struct err *err = &sender->fault->err;
	size_t len = strlen(err->text);
	if (behind)
		snprintf(err->text + len, sizeof(err->text) - len,
		    " (%zu line%s behind it had been sent, %zu accepted)",
		    behind, behind == 1 ? "" : "s", sender->accepted_behind);
}

/* A failed exchange names its own lines: they are made the text's. What was
 * refused before it failed is the better story, and stays. */
static int
run_group(struct sender *sender, struct exchange_request *request)
{
	struct fault fault = { 0 };
	int rc = exchange_run(
	    session_exchange(sender->session), request, &fault);
	if (rc && !sender->refused && !sender->strayed) {
		if (fault.line)
			fault.line = (unsigned)text_index(
					 sender, fault.line - 1) +
			    1;
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
	return sent <= sender->lead ? sender->first
				    : text_index(sender, sent - 1) + 1 -
		(sent - 1 == sender->lead + sender->count);
}

/*
 * LINES [first, first + count) as one exchange; EXIT_LINE (or NULL) before
 * them. HOME: the prompt that the block belongs to. TAIL_HOME: not NULL if an
 * exit and the header behind them (line first + count) go along.
 */
static int
send_group(struct sender *sender, size_t first, size_t count, bool nested,
    char *home, const char *exit_line, const char *tail_home)
{
	const char **lines = xcalloc(count + 3, sizeof(*lines));
	size_t lead = exit_line ? 1 : 0, all = lead + count;
	if (exit_line)
		lines[0] = exit_line;
	for (size_t i = 0; i < count; i++)
		lines[lead + i] = line_text(sender, first + i);
	if (tail_home) {
		lines[all++] = session_mode(sender->session)->leave;
		lines[all++] = line_text(sender, first + count);
	}
	sender->first = first;
	sender->count = count;
	sender->lead = lead;
	sender->nested = nested;
	sender->home = home;
	sender->tail_home = tail_home;
	struct exchange_request request = {
		.lines = lines,
		.count = all,
		.own_first = lead,
		.own_at = lead + count,
		.window = nested ? sender->window : 1 + (unsigned)lead,
		.config = true,
		.on_reply = hear_reply,
		.on_stray = hear_stray,
		.data = sender,
		.deadline = sender->push->deadline,
		.silence_ms = session_silence_ms(sender->session),
	};
	/* A group without anything in front may still be a group of one. */
	if (sender->window_max == 1)
		request.window = 1;
	int rc = run_group(sender, &request);
	sender->push->sent = text_sent(sender, request.sent);
	free(lines);
	if (sender->refused)
		tell_lines_behind(sender);
	if (sender->refused || sender->strayed)
		rc = -1;
	sender->tail_sent = tail_home && !rc;
	return rc ? -1 : 0;
}

static bool
is_header(const struct sender *sender, size_t index, size_t end)
{
	return index + 1 < end &&
	    line_depth(sender, index + 1) > line_depth(sender, index);
}

static size_t
block_end(const struct sender *sender, size_t header, size_t end)
{
	size_t depth = line_depth(sender, header);
	size_t at = header + 1;
	while (at < end && line_depth(sender, at) > depth)
		at++;
	return at;
}

/* Has header INDEX, the last line that was sent, led into its sub-mode? */
static int
check_entered(struct sender *sender, size_t index, const char *home)
{
	const struct profile_mode *mode = session_mode(sender->session);
	const char *prompt = session_prompt(sender->session);
	if (mode->config && mode->nested && !str_eq(prompt, home))
		return 0;
	fault_at(sender->fault, (unsigned)index + 1, line_text(sender, index),
	    prompt);
	return err_set(&sender->fault->err, ERR_PROMPT,
	    "line %zu did not lead into a sub-mode (the prompt is %s), so the "
	    "lines under it were not sent: %s",
	    index + 1, prompt, line_text(sender, index));
}

/* A header, on its own or behind EXIT_LINE. */
static int
send_header(
    struct sender *sender, size_t index, char *home, const char *exit_line)
{
	if (send_group(sender, index, 1, false, home, exit_line, NULL))
		return -1;
	return check_entered(sender, index, home);
}

/* May the exit and the next header go behind the lines before END? Not where
 * the last of them leaves the mode itself. */
static bool
takes_tail(const struct sender *sender, size_t end)
{
	const char *last = line_text(sender, end - 1);
	return sender->window_max > 1 && session_mode(sender->session)->leave &&
	    !profile_rules_match(&sender->profile->alone, last, strlen(last));
}

/* What leads out of the block that ended; NULL when it left itself. */
static const char *
way_out(const struct sender *sender, const char *home)
{
	const struct profile_mode *mode = session_mode(sender->session);
	bool there = str_eq(session_prompt(sender->session), home);
	return there || !mode->nested ? NULL : mode->leave;
}

/* Out of what is nested deeper than HOME (a block in a block, a header with
 * nothing under it), step by step, before line NEXT. */
static int
go_home(struct sender *sender, size_t next, char *home)
{
	for (int i = 0; i < NESTING_MAX; i++) {
		const char *leave = way_out(sender, home);
		if (!leave)
			break;
		struct exchange_request request = {
			.lines = &leave,
			.count = 1,
			.window = 1,
			.config = true,
			.on_stray = hear_stray,
			.data = sender,
			.deadline = sender->push->deadline,
			.silence_ms = session_silence_ms(sender->session),
		};
		sender->first = next;
		sender->lead = 1;
		sender->count = 0;
		sender->tail_home = NULL;
		if (run_group(sender, &request) || sender->refused)
			return -1;
	}
	if (str_eq(session_prompt(sender->session), home))
		return 0;
	sender->home = home;
	stray_from_block(
	    sender, next ? next - 1 : 0, session_prompt(sender->session));
	return -1;
}

/* May line AT be sent where the device stands now? Headers and the lines of
 * a block want their own place; flat text at the top any configuration mode. */
static int
check_place(struct sender *sender, size_t at, char *home, bool strict)
{
	if (strict)
		return go_home(sender, at, home);
	if (session_mode(sender->session)->config)
		return 0;
	sender->home = home;
	stray_from_block(
	    sender, at ? at - 1 : 0, session_prompt(sender->session));
	return -1;
}

/* Does line AT leave the mode itself ("exit-address-family")? */
static bool
leaves_itself(const struct sender *sender, size_t at, const char *exit_line)
{
	return exit_line && str_starts(line_text(sender, at), exit_line);
}

/* The lines of one depth from AT that go together: in a block all up to the
 * next header, at the top one. */
static size_t
group_count(const struct sender *sender, size_t at, size_t end, bool together)
{
	size_t count = 1;
	while (
	    together && at + count < end && !is_header(sender, at + count, end))
		count++;
	return count;
}

/*
 * The lines [at, end), which stand at one depth with their blocks between
 * them. After a block, the sub-mode is left before its next sibling goes: the
 * same prompt twice would prove nothing about the second header. TAIL_HOME: if
 * not NULL, line END is a header of the block around, which may go along with
 * the last lines here (sender->tail_sent says if it did).
 */
static int
send_block(struct sender *sender, size_t at, size_t end, bool nested,
    const char *tail_home)
{
	int rc = -1;
	char *home = xstrdup(session_prompt(sender->session));
	const char *exit_line = NULL;
	bool entered = false; /* the header at AT was sent as a tail */
	while (at < end) {
		bool header = is_header(sender, at, end);
		bool leaves = leaves_itself(sender, at, exit_line);
		if (!exit_line && !entered &&
		    check_place(sender, at, home, header || nested))
			goto out;
		/* Our "exit" is proved before a line that would mean something
		 * elsewhere, too; a header in the wrong place is refused. */
		if (exit_line && !header && !leaves &&
		    go_home(sender, at, home))
			goto out;
		if (leaves || !header)
			exit_line = NULL;
		if (header) {
			size_t stop = block_end(sender, at, end);
			bool more = stop < end && is_header(sender, stop, end);
			if (entered ? check_entered(sender, at, home)
				    : send_header(sender, at, home, exit_line))
				goto out;
			if (send_block(
				sender, at + 1, stop, true, more ? home : NULL))
				goto out;
			entered = sender->tail_sent;
			sender->tail_sent = false;
			exit_line = entered ? NULL : way_out(sender, home);
			at = stop;
			continue;
		}
		size_t count = group_count(sender, at, end, nested && !leaves);
		bool last = at + count == end;
		if (send_group(sender, at, count, nested, home, exit_line,
			last && tail_home && takes_tail(sender, end) ? tail_home
								     : NULL))
			goto out;
		exit_line = NULL;
		at += count;
	}
	/* A block that ends with a block: one "exit" of the next line must be
	 * enough. */
	if (nested && exit_line && end < sender->push->lines->count &&
	    go_home(sender, end, home))
		goto out;
	rc = 0;
out:
	free(home);
	return rc;
}

static unsigned
window_limit(const struct session *session)
{
	const struct profile *profile = session_profile(session);
	int limit = session_target(session)->device->pipeline;
	if (!limit)
		limit = profile->pipeline ? profile->pipeline : WINDOW_DEFAULT;
	if (profile->typeahead_echo)
		limit = 1;
	return (unsigned)limit;
}

int
sender_push(struct session *session, struct push *push, struct fault *fault)
{
	const struct observer *observer = session_observer(session);
	const struct profile *profile = session_profile(session);
	struct fault leaving = { 0 };
	struct sender sender = {
		.session = session,
		.profile = profile,
		.push = push,
		.fault = fault,
		.window_max = window_limit(session),
	};
	sender.window = sender.window_max < WINDOW_START ? sender.window_max
							 : WINDOW_START;
	if (!profile->config_mode)
		return err_set(&fault->err, ERR_JOB,
		    "the profile %s has no configuration mode",
		    profile->device_type);
	if (observer->stage(observer->data, STAGE_CHANGE))
		return err_set(&fault->err, ERR_CANCELLED, "called off");
	if (session_enter(session, profile->config_mode, fault))
		return -1;
	int rc = send_block(&sender, 0, push->lines->count, false, NULL);
	sender.home = NULL;
	/* Never leave a session in configuration mode, whatever happened. */
	if (session_is_usable(session) &&
	    session_enter(session, profile->exec_mode, rc ? &leaving : fault) &&
	    !rc)
		rc = -1;
	fault_clear(&leaving);
	return rc;
}
