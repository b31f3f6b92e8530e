/*
 * The line editor: bytes are echoed when they are read, and they are read
 * only while a prompt or a question stands on the screen. That is why what
 * was typed ahead appears after the next prompt, as on the real thing.
 */
#include "editor.h"

#include "base/alloc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define CTRL(letter) ((letter)&0x1f)
#define DELETE	     0x7f

/* How far IOS shifts a line that reached the right edge. */
#define SHIFT 10

static void
echo_text(struct session *session, const char *text, size_t len)
{
	buf_add(&session->tx, text, len);
}

static void
echo_times(struct session *session, const char *text, size_t times)
{
	while (times--)
		buf_adds(&session->tx, text);
}

/*
 * At the right edge IOS does not wrap: it redraws the line shifted to the
 * left, with a $ for what is no longer seen. Clients that look for their
 * echo must have asked for a wide terminal.
 */
static void
shift_at_edge(struct session *session)
{
	size_t width = (size_t)session->cli.width;
	size_t prompt = session->cli.prompt_len;
	if (!width || session->device->platform->exec_in_config ||
	    width < prompt + 2 * SHIFT || prompt + session->shown + 1 < width)
		return;
	size_t keep = session->shown - SHIFT - 1;
	echo_times(session, "\b", session->shown);
	buf_addc(&session->tx, '$');
	echo_text(session, session->line.data + session->line.len - keep, keep);
	echo_times(session, " ", SHIFT);
	echo_times(session, "\b", SHIFT);
	session->shown = keep + 1;
}

static void
insert_char(struct session *session, char byte)
{
	if (session->line.len >= (size_t)session->device->line_limit) {
		buf_addc(&session->tx, '\a');
		return;
	}
	buf_addc(&session->line, byte);
	if (session->cli.secret)
		return;
	echo_text(session, &byte, 1);
	session->shown++;
	shift_at_edge(session);
}

static void
erase_char(struct session *session)
{
	if (!session->line.len)
		return;
	buf_truncate(&session->line, session->line.len - 1);
	if (session->cli.secret)
		return;
	buf_adds(&session->tx, "\b \b");
	if (session->shown)
		session->shown--;
}

static void
erase_line(struct session *session)
{
	while (session->line.len)
		erase_char(session);
}

static void
line_end(struct session *session)
{
	buf_adds(&session->tx, "\r\n");
	session->shown = 0;
	session->mid_echo = 0;
	session->phase = SESSION_IDLE;
	session_line(session);
}

/* Ctrl-C: the line is forgotten, and a question with it. */
static void
abort_line(struct session *session)
{
	session->cli.question = NULL;
	session->cli.secret = session->cli.one_key = false;
	session->cli.reads_text = false;
	buf_reset(&session->line);
	line_end(session);
}

/* Ctrl-Z: what was typed is run, then configuration mode is left. */
static void
leave_config(struct session *session)
{
	if (!cli_in_config(&session->cli) || session->cli.question)
		return;
	buf_adds(&session->tx, "^Z");
	if (session->line.len) {
		cli_line(&session->cli, buf_str(&session->line));
		buf_reset(&session->line);
	}
	buf_adds(&session->line, "end");
	line_end(session);
}

static void
read_char(struct session *session, char byte)
{
	bool skip = session->skip_newline && byte == '\n';
	session->skip_newline = false;
	if (skip || byte == '\0')
		return;
	switch (byte) {
	case '\r':
		session->skip_newline = true;
		line_end(session);
		break;
	case '\n':
		line_end(session);
		break;
	case '\b':
	case DELETE:
		erase_char(session);
		break;
	case CTRL('u'):
	case CTRL('x'):
		erase_line(session);
		break;
	case CTRL('c'):
		abort_line(session);
		break;
	case CTRL('d'):
		if (session->cli.reads_text) {
			buf_addc(&session->line, byte);
			line_end(session);
		}
		break;
	case CTRL('z'):
		leave_config(session);
		break;
	default:
		if (!iscntrl((unsigned char)byte)) {
			insert_char(session, byte);
			if (session->cli.one_key)
				line_end(session);
		} else if (byte == '\t' || byte == '?')
			buf_addc(&session->tx, '\a');
		break;
	}
}

/* Faults that need the whole line before its first character is echoed. */
static bool
must_peek(const struct session *session)
{
	const struct faults *faults = &session->device->faults;
	return !session->cli.secret &&
	    (faults_have(faults, FAULT_SWALLOW_CHARS, WHEN_ANY) ||
		faults_have(faults, FAULT_DROP, WHEN_MID_ECHO) ||
		faults_have(faults, FAULT_LOG_LINE, WHEN_MID_ECHO));
}

static void
swallow(struct session *session, const struct fault *fault, size_t len)
{
	size_t at = fault->position >= 0 ? (size_t)fault->position : len / 2;
	size_t count = (size_t)fault->count;
	if (at >= len)
		return;
	if (count > len - at)
		count = len - at;
	at += session->rx_at;
	memmove(session->rx.data + at, session->rx.data + at + count,
	    session->rx.len - at - count);
	buf_truncate(&session->rx, session->rx.len - count);
}

static void
peek_faults(struct session *session, char *line, size_t len)
{
	uint64_t number = cli_in_config(&session->cli)
	    ? session->config_lines + 1
	    : 0;
	const struct fault *fault = session_fault(
	    session, FAULT_SWALLOW_CHARS, WHEN_ANY, line, number);
	if (fault)
		swallow(session, fault, len);
	session->mid_echo = 0;
	free(session->mid_text);
	session->mid_text = NULL;
	fault = session_fault(session, FAULT_DROP, WHEN_MID_ECHO, line, number);
	if (!fault) {
		fault = session_fault(
		    session, FAULT_LOG_LINE, WHEN_MID_ECHO, line, number);
		if (fault)
			session->mid_text = xstrdup(fault->text
				? fault->text
				: "%SYS-5-CONFIG_I: Configured from console");
	}
	if (fault)
		session->mid_echo = len / 2 ? len / 2 : 1;
}

/* At the start of a line; false if it cannot be read yet. */
static bool
line_start(struct session *session)
{
	if (session->skip_newline && session->rx.data[session->rx_at] == '\n') {
		session->skip_newline = false;
		session->rx_at++;
		if (session->rx_at == session->rx.len)
			return false;
	}
	if (must_peek(session)) {
		const char *text = session->rx.data + session->rx_at;
		size_t len = strcspn(text, "\r\n");
		if (session->rx_at + len == session->rx.len)
			return false;
		char *line = xstrndup(text, len);
		peek_faults(session, line, len);
		free(line);
	}
	session->phase = SESSION_READING;
	return true;
}

static void
mid_echo(struct session *session)
{
	session->mid_echo = 0;
	if (!session->mid_text) {
		session->end = SESSION_DROP;
		return;
	}
	buf_adds(&session->tx, "\r\n");
	session_print(session, session->mid_text, strlen(session->mid_text));
	buf_adds(&session->tx, "\r\n");
}

void
editor_read(struct session *session)
{
	while (
	    session->end == SESSION_OPEN && session->rx_at < session->rx.len) {
		if (session->muted || session->phase == SESSION_BLOCKED ||
		    session->phase == SESSION_FLOODING ||
		    session->phase == SESSION_HUNG)
			break;
		if (session->phase == SESSION_IDLE && !line_start(session))
			break;
		char byte = session->rx.data[session->rx_at++];
		if (session->phase == SESSION_PAGING)
			session_page_key(session, byte);
		else
			read_char(session, byte);
		if (session->mid_echo && session->line.len == session->mid_echo)
			mid_echo(session);
	}
	buf_drop(&session->rx, session->rx_at);
	session->rx_at = 0;
}
