/*
 * The terminal of a device: what a line goes through after it was read, and
 * what is printed after it. Reading and echoing is in editor.c, commands are
 * the CLI's.
 */
#include "session.h"
#include "editor.h"
#include "puppet.h"
#include "transfer.h"
#include "witness.h"

#include "base/alloc.h"
#include "base/deadline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TX_LIMIT   (8u << 20)
#define RX_LIMIT   (8u << 20)
#define TEXT_LIMIT (4u << 20)
#define LINE_LIMIT 8192
#define FLOOD_SIZE 65536

static void
timer_fired(struct timer *timer)
{
	struct session *session = CONTAINER(timer, struct session, timer);
	session->phase = SESSION_IDLE;
	session->after_timer(session);
	if (!session->transfer.kind)
		editor_read(session);
	session->woken(session);
}

struct session *
session_new(struct device *device, unsigned id, int width,
    void (*woken)(struct session *session), void *owner)
{
	struct session *session = xcalloc(1, sizeof(*session));
	session->id = id;
	session->device = device;
	session->woken = woken;
	session->owner = owner;
	session->timer.fire = timer_fired;
	buf_init(&session->tx, TX_LIMIT);
	buf_init(&session->rx, RX_LIMIT);
	buf_init(&session->line, LINE_LIMIT);
	buf_init(&session->text, TEXT_LIMIT);
	buf_init(&session->page, TEXT_LIMIT);
	cli_init(&session->cli, device, &session->text);
	session->cli.session = id;
	if (width > 0)
		session->cli.width = width;
	return session;
}

void
session_free(struct session *session)
{
	if (!session)
		return;
	timer_disarm(&session->timer);
	puppet_free(session->puppet);
	if (session->transfer.kind)
		session->transfer.kind->free(session->transfer.state);
	cli_clear(&session->cli);
	buf_clear(&session->tx);
	buf_clear(&session->rx);
	buf_clear(&session->line);
	buf_clear(&session->text);
	buf_clear(&session->page);
	free(session->mid_text);
	free(session);
}

void
session_wait(
    struct session *session, int64_t ms, void (*after)(struct session *session))
{
	session->phase = SESSION_BLOCKED;
	session->after_timer = after;
	timer_arm(&session->timer, clock_ms() + ms);
}

void
session_print(struct session *session, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			buf_addc(&session->tx, '\r');
		buf_addc(&session->tx, text[i]);
	}
}

/* Over whatever stands there, with line ends around it. */
static void
print_over(struct session *session, const char *text)
{
	buf_adds(&session->tx, "\r\n");
	session_print(session, text, strlen(text));
	buf_adds(&session->tx, "\r\n");
}

/* A log line as the console prints it. */
static void
print_log_line(struct session *session, const struct fault *fault)
{
	const char *text = fault->text
	    ? fault->text
	    : "*Nov 21 03:00:00.000: %SYS-5-CONFIG_I: Configured from console "
	      "by neteng on vty0 (127.0.0.1)";
	print_over(session, text);
}

void
session_say(struct session *session, const char *text, bool log)
{
	if (log && !session->cli.monitor && !session->device->logs_always)
		return;
	if (!session->busy) {
		print_over(session, text);
		return;
	}
	char *all = session->cli.late
	    ? xasprintf("%s\n%s", session->cli.late, text)
	    : xstrdup(text);
	free(session->cli.late);
	session->cli.late = all;
}

static void
note_fault(struct session *session, const struct fault *fault)
{
	witness_add("fault", session->device->name, session->id,
	    json_pack("{s:s}", "kind", fault_kind_name(fault->kind)));
}

/* The fault that acts now on the line that was read, noted; or NULL. */
const struct fault *
session_fault(struct session *session, enum fault_kind kind,
    enum fault_when when, const char *line, uint64_t number)
{
	const struct fault *fault = faults_take(
	    &session->device->faults, kind, when, line, number);
	if (fault)
		note_fault(session, fault);
	return fault;
}

static void
prompt(struct session *session)
{
	struct buf text;
	buf_init(&text, LINE_LIMIT);
	if (session->cli.question) {
		buf_adds(&text, session->cli.question);
	} else {
		cli_prompt(&session->cli, &text);
	}
	/* A prompt of several lines: the last is what stands before a line. */
	const char *last = strrchr(buf_str(&text), '\n');
	session->cli.prompt_len = last ? strlen(last + 1) : text.len;
	session_print(session, buf_str(&text), text.len);
	buf_clear(&text);
	session->phase = SESSION_IDLE;
	session->busy = false;
}

static void
after_output(struct session *session)
{
	const char *line = buf_str(&session->line);
	if (session->cli.closing) {
		session->end = SESSION_EXIT;
		session->device->counters.clean_exits++;
		witness_add("exit", session->device->name, session->id, NULL);
		return;
	}
	prompt(session);
	const struct fault *fault = session_fault(
	    session, FAULT_LOG_LINE, WHEN_AFTER_PROMPT, line, session->number);
	if (fault)
		print_log_line(session, fault);
	if (session->cli.late && !session->cli.question) {
		print_over(session, session->cli.late);
		free(session->cli.late);
		session->cli.late = NULL;
	}
	buf_reset(&session->line);
}

/* Prints up to LINES lines of the page, then the question for more. */
static void
page_more(struct session *session, int lines)
{
	const char *text = session->page.data;
	while (lines-- > 0 && session->page_at < session->page.len) {
		const char *end = strchr(text + session->page_at, '\n');
		size_t len = end ? (size_t)(end + 1 - text) - session->page_at
				 : session->page.len - session->page_at;
		session_print(session, text + session->page_at, len);
		session->page_at += len;
	}
	if (session->page_at < session->page.len) {
		session->phase = SESSION_PAGING;
		buf_adds(&session->tx, session->device->platform->more);
		return;
	}
	buf_reset(&session->page);
	after_output(session);
}

void
session_page_key(struct session *session, char key)
{
	buf_adds(&session->tx, session->device->platform->more_erase);
	session->phase = SESSION_IDLE;
	if (key == ' ') {
		page_more(session, session->cli.length - 1);
	} else if (key == '\r' || key == '\n') {
		session->skip_newline = key == '\r';
		page_more(session, 1);
	} else {
		/* Any other key ends the listing, and is eaten. */
		buf_reset(&session->page);
		after_output(session);
	}
}

static int
count_lines(const char *text)
{
	int count = 0;
	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void
print_output(struct session *session)
{
	int length = session->cli.length;
	if (session->cli.flood) {
		session->phase = SESSION_FLOODING;
		return;
	}
	if (length > 1 && count_lines(buf_str(&session->text)) > length - 1) {
		buf_reset(&session->page);
		buf_add(&session->page, session->text.data, session->text.len);
		session->page_at = 0;
		page_more(session, length - 1);
	} else {
		session_print(
		    session, buf_str(&session->text), session->text.len);
		after_output(session);
	}
}

/* Lines as a long show has them, made once. */
static const char *
flood_block(void)
{
	static char block[FLOOD_SIZE];
	size_t at = 0;
	for (unsigned i = 0; !block[0] || at; i++) {
		char line[96];
		int len = snprintf(line, sizeof(line),
		    "GigabitEthernet%u/0/%u  10.%u.%u.1  YES NVRAM  up  %u "
		    "packets input\r\n",
		    i % 8, i % 48, i % 256, i % 100, i * 7919);
		if (at + (size_t)len > FLOOD_SIZE) {
			/* The rest is one line of blanks, to end in one. */
			memset(block + at, ' ', FLOOD_SIZE - at);
			memcpy(block + FLOOD_SIZE - 2, "\r\n", 2);
			break;
		}
		memcpy(block + at, line, (size_t)len);
		at += (size_t)len;
	}
	return block;
}

bool
session_refill(struct session *session)
{
	size_t *left = &session->cli.flood;
	if (session->transfer.kind)
		return transfer_refill(session);
	if (session->phase != SESSION_FLOODING)
		return false;
	if (!*left) {
		after_output(session);
		editor_read(session);
		return true;
	}
	size_t take = *left < FLOOD_SIZE ? *left : FLOOD_SIZE;
	buf_add(&session->tx, flood_block(), take);
	*left -= take;
	return true;
}

void
session_release(struct session *session)
{
	session->cli.task.ms = 0;
	if (session->phase == SESSION_BLOCKED)
		timer_arm(&session->timer, clock_ms());
}

/* Puts a log line into the output: before, behind, or in its middle. */
static void
mix_log_line(struct session *session, const char *line, enum fault_when when)
{
	const struct fault *fault = session_fault(
	    session, FAULT_LOG_LINE, when, line, session->number);
	if (!fault)
		return;
	struct buf mixed;
	buf_init(&mixed, TEXT_LIMIT);
	const char *text = buf_str(&session->text);
	size_t at = 0;
	if (when == WHEN_AFTER)
		at = session->text.len;
	else if (when == WHEN_MIDDLE)
		at = session->text.len / 2;
	while (at && at < session->text.len && text[at - 1] != '\n')
		at--;
	buf_add(&mixed, text, at);
	buf_addf(&mixed, "%s\n",
	    fault->text ? fault->text : "%LINK-3-UPDOWN: Interface changed");
	buf_adds(&mixed, text + at);
	buf_reset(&session->text);
	buf_add(&session->text, mixed.data, mixed.len);
	buf_clear(&mixed);
}

/* Runs LINE, or what a fault puts in its place; false if a fault did. */
static bool
apply(struct session *session, const char *line, uint64_t number)
{
	struct cli *cli = &session->cli;
	const struct fault *fault = session_fault(
	    session, FAULT_REFUSE, WHEN_ANY, line, number);
	if (fault && fault->text) {
		cli->question = NULL;
		cli_refuse(cli, "%s\n", fault->text);
		return false;
	}
	if (fault) {
		size_t column = strspn(line, " ");
		cli->device->platform->complain(
		    cli, COMPLAIN_INVALID, column, line);
		return false;
	}
	fault = session_fault(
	    session, FAULT_APPLY_OTHER, WHEN_ANY, line, number);
	if (fault && fault->text) {
		cli_line(cli, fault->text);
		return false;
	}
	cli->apply = !session_fault(
	    session, FAULT_APPLY_NOTHING, WHEN_ANY, line, number);
	bool applied = cli->apply;
	cli_line(cli, line);
	cli->apply = true;
	return applied;
}

static void
note_line(struct session *session, enum mode mode, const char *line,
    bool secret, bool applied)
{
	struct counters *counters = &session->device->counters;
	bool refused = session->cli.refused;
	counters->lines++;
	counters->refused += refused;
	if (secret) {
		witness_add(
		    "password_line", session->device->name, session->id, NULL);
		return;
	}
	witness_add("line", session->device->name, session->id,
	    json_pack("{s:s s:o s:b s:b s:I}", "mode", cli_mode_name(mode),
		"line", witness_text(line, strlen(line)), "refused", refused,
		"applied", applied, "turn", (json_int_t)counters->turns));
	if (session->cli.saved)
		witness_add("save", session->device->name, session->id, NULL);
}

/* A fault that ends the connection at this point of the line's way? */
static bool
cut_here(struct session *session, enum fault_when when, const char *line,
    uint64_t number)
{
	if (session_fault(session, FAULT_DROP, when, line, number))
		session->end = SESSION_DROP;
	else if (when == WHEN_BEFORE &&
	    session_fault(session, FAULT_RESET, WHEN_ANY, line, number))
		session->end = SESSION_RESET;
	return session->end != SESSION_OPEN;
}

/* What a task prints, from step to step. */
static void
run_task(struct session *session)
{
	struct cli *cli = &session->cli;
	buf_reset(&session->text);
	bool more = cli_step(cli);
	session_print(session, buf_str(&session->text), session->text.len);
	buf_reset(&session->text);
	if (session->end != SESSION_OPEN)
		return; /* it took the device down */
	if (more)
		session_wait(session, cli->task.ms, run_task);
	else
		after_output(session);
}

static void
start_task(struct session *session)
{
	session_print(session, buf_str(&session->text), session->text.len);
	session_wait(session, session->cli.task.ms, run_task);
}

static void
execute(struct session *session)
{
	const char *line = buf_str(&session->line);
	enum mode mode = session->cli.mode;
	bool secret = session->cli.secret;
	bool config = cli_in_config(&session->cli);
	/* A secret is no line: faults must not see it. */
	const char *seen = secret ? "" : line;
	uint64_t number = session->number;

	session->busy = true;
	buf_reset(&session->text);
	session->cli.refused = session->cli.saved = false;
	if (cut_here(session, WHEN_BEFORE, seen, number)) {
		note_line(session, mode, line, secret, false);
		return;
	}
	bool applied = true;
	if (secret)
		cli_line(&session->cli, line);
	else
		applied = apply(session, line, number);
	note_line(
	    session, mode, line, secret, applied && !session->cli.refused);
	if (config || session->cli.changed)
		device_changed(session->device, session->id, seen);
	if (session->end != SESSION_OPEN)
		return; /* it shut us out, or took the device down */
	mix_log_line(session, seen, WHEN_BEFORE);
	mix_log_line(session, seen, WHEN_MIDDLE);
	mix_log_line(session, seen, WHEN_AFTER);
	if (cut_here(session, WHEN_AFTER, seen, number))
		return;
	if (cut_here(session, WHEN_MIDDLE, seen, number)) {
		session_print(
		    session, buf_str(&session->text), session->text.len / 2);
		return;
	}
	if (secret)
		buf_reset(&session->line);
	if (session->cli.task.step)
		start_task(session);
	else
		print_output(session);
}

void
session_line(struct session *session)
{
	const char *line = buf_str(&session->line);
	bool config = cli_in_config(&session->cli) &&
	    (!session->cli.question || session->cli.reads_text);
	session->number = 0;
	if (config && *line) {
		session->device->counters.config_lines++;
		session->number = ++session->config_lines;
	}
	const char *seen = session->cli.secret ? "" : line;
	if (session_fault(
		session, FAULT_HANG, WHEN_BEFORE, seen, session->number)) {
		session->phase = SESSION_HUNG;
		note_line(session, session->cli.mode, line, session->cli.secret,
		    false);
		return;
	}
	const struct fault *fault = session_fault(
	    session, FAULT_DELAY, WHEN_ANY, seen, session->number);
	if (fault)
		session_wait(session, fault->ms, execute);
	else
		execute(session);
}

static void
greet(struct session *session)
{
	const struct fault *fault = session_fault(
	    session, FAULT_BANNER, WHEN_ANY, NULL, 0);
	const char *texts[] = { session->device->banner,
		fault ? fault->text : NULL };
	for (size_t i = 0; i < 2; i++) {
		if (!texts[i])
			continue;
		buf_adds(&session->tx, "\r\n");
		session_print(session, texts[i], strlen(texts[i]));
	}
	buf_adds(&session->tx, "\r\n");
	prompt(session);
}

void
session_start(struct session *session)
{
	if (session->device->terminal) {
		session->puppet = puppet_new(session);
		return;
	}
	const struct fault *fault = session_fault(
	    session, FAULT_SLOW_LOGIN, WHEN_ANY, NULL, 0);
	if (fault)
		session_wait(session, fault->ms, greet);
	else
		greet(session);
}

void
session_input(struct session *session, const void *data, size_t len)
{
	if (session->answered) {
		session->device->counters.turns++;
		session->answered = false;
	}
	if (session->puppet) {
		puppet_input(session->puppet, data, len);
		return;
	}
	bool fits = buf_add(&session->rx, data, len);
	if (session->transfer.kind && !fits)
		session->end = SESSION_RESET; /* never a file with a hole */
	else if (session->transfer.kind)
		transfer_feed(session);
	else
		editor_read(session);
}

void
session_sent(struct session *session)
{
	session->answered = true;
}

void
session_exec(struct session *session, const char *command)
{
	enum mode mode = session->cli.mode;
	session->cli.length = 0;
	buf_reset(&session->text);
	cli_line(&session->cli, command);
	note_line(session, mode, command, false, !session->cli.refused);
	session_print(session, buf_str(&session->text), session->text.len);
	session->end = SESSION_EXIT;
}
