/*
 * Walking the tree of configuration lines. Each group of lines that may be in
 * flight together is one exchange; every answer is judged as it comes.
 */
#include "sender_parts.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_START   4
#define WINDOW_DEFAULT 32
#define NESTING_MAX    8

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

static size_t
line_depth(const struct sender *sender, size_t index)
{
	return indentation(sender->push->lines->items[index].text);
}

static bool
in_text(const struct sender *sender, size_t index)
{
	return sender->push->lines->items[index].in_text;
}

static bool
is_header(const struct sender *sender, size_t index, size_t end)
{
	return index + 1 < end && !in_text(sender, index + 1) &&
	    line_depth(sender, index + 1) > line_depth(sender, index);
}

static size_t
block_end(const struct sender *sender, size_t header, size_t end)
{
	size_t depth = line_depth(sender, header);
	size_t at = header + 1;
	while (
	    at < end && (in_text(sender, at) || line_depth(sender, at) > depth))
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
	fault_at(sender->fault, (unsigned)index + 1, sender_line(sender, index),
	    prompt);
	return err_set(&sender->fault->err, ERR_PROMPT,
	    "line %zu did not lead into a sub-mode (the prompt is %s), so the "
	    "lines under it were not sent: %s",
	    index + 1, prompt, sender_line(sender, index));
}

/* A header, on its own or behind EXIT_LINE. */
static int
send_header(
    struct sender *sender, size_t index, char *home, const char *exit_line)
{
	if (sender_group(sender, index, 1, false, home, exit_line, NULL))
		return -1;
	return check_entered(sender, index, home);
}

/* May the exit and the next header go behind the lines before END? Not where
 * the last of them leaves the mode itself. */
static bool
takes_tail(const struct sender *sender, size_t end)
{
	const char *last = sender_line(sender, end - 1);
	return sender->window_max > 1 && !in_text(sender, end - 1) &&
	    !sender_text_count(sender, end - 1) &&
	    session_mode(sender->session)->leave &&
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
		};
		sender->first = next;
		sender->lead = 1;
		sender->count = 0;
		sender->tail_home = NULL;
		if (sender_run(sender, &request) || sender->refused)
			return -1;
	}
	if (str_eq(session_prompt(sender->session), home))
		return 0;
	sender->home = home;
	sender_stray(
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
	sender_stray(sender, at ? at - 1 : 0, session_prompt(sender->session));
	return -1;
}

/* Does line AT leave the mode itself ("exit-address-family")? */
static bool
leaves_itself(const struct sender *sender, size_t at, const char *exit_line)
{
	return exit_line && !sender_text_count(sender, at) &&
	    str_starts(sender_line(sender, at), exit_line);
}

/* The lines of one depth from AT that go together: in a block all up to the
 * next header or text until a mark, at the top one; such a text, whole. */
static size_t
group_count(const struct sender *sender, size_t at, size_t end, bool together)
{
	size_t count = sender_text_count(sender, at);
	if (count)
		return count;
	for (count = 1; together && at + count < end; count++)
		if (is_header(sender, at + count, end) ||
		    sender_text_count(sender, at + count))
			break;
	return count;
}

/* After a line that renames the device, home has another prompt. */
static void
renew_home(struct sender *sender, size_t at, bool nested, char **home)
{
	const char *text = sender_line(sender, at);
	if (nested || session_mode(sender->session)->nested ||
	    !profile_rules_match(&sender->profile->renames, text, strlen(text)))
		return;
	free(*home);
	*home = xstrdup(session_prompt(sender->session));
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
		if (sender_group(sender, at, count, nested, home, exit_line,
			last && tail_home && takes_tail(sender, end) ? tail_home
								     : NULL))
			goto out;
		exit_line = NULL;
		renew_home(sender, at, nested, &home);
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

static int
enter_config(
    struct session *session, const struct push *push, struct fault *fault)
{
	const char *mode = session_profile(session)->config_mode;
	if (!push->enter)
		return session_enter(session, mode, fault);
	return session_enter_by(
	    session, push->mode ? push->mode : mode, push->enter, fault);
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
	if (enter_config(session, push, fault))
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
