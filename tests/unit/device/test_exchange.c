/*
 * The accounting of lines, played against scripts: each story is told with
 * whole packets, in single bytes, and with a transport that stutters.
 */
#include "fixture.h"
#include "script_transport.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/deadline.h"
#include "base/str.h"
#include "device/exchange.h"
#include "text/re.h"

static struct fixture fixture;

/* A session with the prompt on the screen, and what was heard of it. */
struct play {
	struct script script;
	struct channel *channel;
	struct prompts *prompts;
	struct exchange *exchange;
	struct buf replies, strays;
	size_t stop_at; /* the reply that wants no more; SIZE_MAX: none */
	unsigned grow; /* window after the first reply */
	const struct re *opened;
	const char *ends;
};

static void
play_begin(struct play *play, const struct script_step *steps, size_t count)
{
	struct err err = { 0 };
	size_t len = 0;
	*play = (struct play){ .stop_at = SIZE_MAX };
	buf_init(&play->replies, 1 << 20);
	buf_init(&play->strays, 1 << 20);
	script_init(&play->script, steps, count);
	play->channel = channel_new(
	    &play->script.base, fixture.observer.cancel_fd, NULL);
	play->prompts = prompts_new(fixture.device.profile);
	play->exchange = exchange_new(play->channel, fixture.device.profile,
	    play->prompts, &fixture.observer);
	/* The first step is the prompt. */
	while (channel_open_line(play->channel, &len) && !len)
		assert_int_equal(
		    channel_pump(play->channel, deadline_in(5000), &err),
		    CHANNEL_DATA);
}

static void
play_end(struct play *play)
{
	exchange_free(play->exchange);
	channel_close(play->channel, deadline_in(0));
	prompts_free(play->prompts);
	assert_true(play->script.closed);
	script_clear(&play->script);
	buf_clear(&play->replies);
	buf_clear(&play->strays);
}

static int
on_reply(void *data, struct exchange_request *request,
    const struct exchange_reply *reply)
{
	struct play *play = data;
	buf_addf(&play->replies, "%zu:", reply->index);
	for (size_t i = 0; i < reply->len; i++)
		buf_addc(&play->replies,
		    reply->text[i] == '\n' ? '|' : reply->text[i]);
	buf_addf(&play->replies, "%s@%s ", reply->bad ? "!" : "",
	    reply->mode ? reply->mode->name : "?");
	if (play->grow)
		request->window = play->grow;
	return reply->index == play->stop_at ? -1 : 0;
}

static void
on_stray(void *data, const char *line, size_t len)
{
	struct play *play = data;
	buf_add(&play->strays, line, len);
	buf_addc(&play->strays, '|');
}

static int
play_lines(struct play *play, const char *joined, unsigned window, bool config,
    const struct secret *secret, struct fault *fault)
{
	struct strs lines = { 0 };
	while (*joined || !lines.count) {
		size_t len = strcspn(joined, "|");
		strs_add_n(&lines, joined, len);
		joined += len + (joined[len] == '|');
	}
	struct exchange_request request = {
		.lines = (const char *const *)lines.items,
		.count = lines.count,
		.window = window,
		.config = config,
		.learn = !prompts_learnt(play->prompts),
		.opened = play->opened,
		.ends = play->ends,
		.secret = secret,
		.on_reply = on_reply,
		.on_stray = on_stray,
		.data = play,
		.deadline = deadline_in(fixture.device.timeouts.step_ms),
		.silence_ms = fixture.device.timeouts.silence_ms,
	};
	int rc = exchange_run(play->exchange, &request, fault);
	strs_clear(&lines);
	return rc;
}

struct story {
	const char *name;
	const char *lines; /* joined by '|' */
	unsigned window;
	bool config;
	const char *opened; /* pattern of a text that the first line opens */
	const char *ends;
	bool settled; /* though it failed */
	bool whole; /* means something only in whole packets */
	const char *secret;
	struct script_step steps[12];
	/* What is to come of it: */
	enum err_kind kind;
	const char *replies;
	const char *logs, *strays;
	unsigned line;
	const char *sent, *device_text;
};

#define LOG "*Mar  1 00:01:02.003: %SYS-5-CONFIG_I: Configured by vty0"

static const struct story stories[] = {
	{ "the device hangs up at the echo", "show clock", 1,
	    .steps = { SAY("R1#"), HEAR("show clock\n"), SAY("show cl"), END },
	    .kind = ERR_CLOSED, .replies = "", .line = 1,
	    .sent = "show clock" },
	{ "the device hangs up in the answer", "show clock", 1,
	    .steps = { SAY("R1#"), HEAR("show clock\n"),
		SAY("show clock\r\nNoon\r\n*1"), END },
	    .kind = ERR_CLOSED, .replies = "", .line = 1,
	    .sent = "show clock", .device_text = "Noon\n" },
	{ "a question that took the next line for its answer", "a|b|c", 3,
	    .config = true, .whole = true,
	    .steps = { SAY("R1#"), HEAR("a\nb\nc\n"),
		SAY("a\r\nSure? [confirm]b\r\nR1#c\r\nR1#") },
	    .kind = ERR_PROMPT, .settled = true,
	    .replies = "0:Sure? [confirm]b|!@exec 2:@exec ", .line = 1,
	    .sent = "a", .device_text = "Sure? [confirm]" },
	{ "the same, as the last of all", "a|b", 2, .config = true, .whole = true,
	    .steps = { SAY("R1#"), HEAR("a\nb\n"),
		SAY("a\r\nSure? [confirm]b\r\nR1#") },
	    .kind = ERR_PROMPT, .settled = true,
	    .replies = "0:Sure? [confirm]b|!@exec ", .line = 1, .sent = "a" },
	{ "a question that took a key", "a|bc|d", 3, .config = true, .whole = true,
	    .steps = { SAY("R1#"), HEAR("a\nbc\nd\n"),
		SAY("a\r\nSure? [confirm]b\r\nR1#c\r\n% Bad\r\nR1#d\r\n"
		    "R1#") },
	    .kind = ERR_PROMPT, .settled = true,
	    .replies = "0:Sure? [confirm]b|!@exec 1:% Bad|!@exec 2:@exec ",
	    .line = 1, .sent = "a" },
	{ "a question that no profile knows, and its answer unseen", "a|b|c", 3,
	    .config = true,
	    .steps = { SAY("R1#"), HEAR("a\nb\nc\n"),
		SAY("a\r\nWell? b\r\nR1#c\r\nR1#") },
	    .kind = ERR_PROMPT, .settled = true,
	    .replies = "0:Well? b|!@exec 2:@exec ", .line = 1, .sent = "a",
	    .device_text = "Well? " },
	{ "the connection breaks", "show clock", 1,
	    .steps = { SAY("R1#"), HEAR("show clock\n"), BREAK },
	    .kind = ERR_CLOSED, .replies = "", .line = 1 },
	{ "it hangs up between two answers", "a|b", 4,
	    .steps = { SAY("R1#"), HEAR("a\nb\n"),
		SAY("a\r\nA\r\nR1#b\r\nhalf"), END },
	    .kind = ERR_CLOSED, .replies = "0:A|@exec ", .line = 2,
	    .sent = "b" },
	{ "a question without an answer", "reload", 1,
	    .steps = { SAY("R1#"), HEAR("reload\n"),
		SAY("reload\r\nProceed with reload? [confirm]") },
	    .kind = ERR_PROMPT, .replies = "", .line = 1, .sent = "reload",
	    .device_text = "Proceed with reload? [confirm]" },
	{ "a password that was not given", "enable", 1,
	    .steps = { SAY("R1>"), HEAR("enable\n"),
		SAY("enable\r\nPassword: ") },
	    .kind = ERR_PROMPT, .replies = "", .line = 1, .sent = "enable" },
	{ "a password is given once", "enable", 1, .secret = "sesame",
	    .steps = { SAY("R1>"), HEAR("enable\n"),
		SAY("enable\r\nPassword: "), HEAR("sesame\n"),
		SAY("\r\nPassword: ") },
	    .kind = ERR_AUTH, .replies = "", .line = 1, .sent = "enable" },

	{ "a password is accepted", "enable", 1, .secret = "sesame",
	    .steps = { SAY("R1>"), HEAR("enable\n"),
		SAY("enable\r\nPassword: "), HEAR("sesame\n"),
		SAY("\r\nR1#") },
	    .replies = "0:Password: |@exec " },
	{ "a question with an answer", "write memory", 1,
	    .steps = { SAY("R1#"), HEAR("write memory\n"),
		SAY("write memory\r\nOverwrite the previous NVRAM "
		    "configuration?[confirm]"),
		HEAR("\n"), SAY("\r\nBuilding configuration...\r\n[OK]\r\nR1#"),
	    },
	    .replies = "0:Overwrite the previous NVRAM configuration?[confirm]"
		       "|Building configuration...|[OK]|@exec " },
	{ "the pager twice", "show run", 1, .whole = true,
	    .steps = { SAY("R1#"), HEAR("show run\n"),
		SAY("show run\r\na\r\n --More-- "), HEAR(" "),
		SAY("\b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\bb\r\n"
		    " --More-- "),
		HEAR(" "), SAY("\r          \rc\r\nR1#") },
	    .replies = "0:a|b|c|@exec " },
	{ "the pager, then at once the prompt", "show run", 1, .whole = true,
	    .steps = { SAY("R1#"), HEAR("show run\n"),
		SAY("show run\r\na\r\n --More-- "), HEAR(" "),
		SAY("\r          \rR1#") },
	    .replies = "0:a|@exec " },

	{ "one line, no answer", "terminal length 0", 1,
	    .steps = { SAY("R1#"), HEAR("terminal length 0\n"),
		SAY("terminal length 0\r\nR1#") },
	    .replies = "0:@exec " },
	{ "one line, two lines of answer", "show clock", 1,
	    .steps = { SAY("R1#"), HEAR("show clock\n"),
		SAY("show clock\r\n*12:00\r\n\r\nR1#") },
	    .replies = "0:*12:00||@exec " },
	{ "several answers in one packet", "a|b|c", 3,
	    .steps = { SAY("R1#"), HEAR("a\nb\nc\n"),
		SAY("a\r\nA\r\nR1#b\r\nR1#c\r\nC\r\nCC\r\nR1#") },
	    .replies = "0:A|@exec 1:@exec 2:C|CC|@exec " },
	{ "one by one", "a|b", 1,
	    .steps = { SAY("R1#"), HEAR("a\n"), SAY("a\r\nA\r\nR1#"),
		HEAR("b\n"), SAY("b\r\nR1#") },
	    .replies = "0:A|@exec 1:@exec " },
	{ "two in flight of three", "a|b|c", 2,
	    .steps = { SAY("R1#"), HEAR("a\nb\n"), SAY("a\r\nR1#b\r\n"),
		HEAR("c\n"), SAY("R1#c\r\nC\r\nR1#") },
	    .replies = "0:@exec 1:@exec 2:C|@exec " },
	{ "the mode changes on the way", "conf t|back", 2, .config = true,
	    .steps = { SAY("R1#"), HEAR("conf t\nback\n"),
		SAY("conf t\r\nEnter\r\nR1(config)#back\r\nR1#") },
	    .replies = "0:Enter|@config 1:@exec " },
	{ "an empty line", "|", 2,
	    .steps = { SAY("R1#"), HEAR("\n"), SAY("\r\nR1#") },
	    .replies = "0:@exec " },
	{ "the prompt shown once more", "a", 1,
	    .steps = { SAY("R1#"), HEAR("a\n"),
		SAY("\r\nR1#\r\nR1#a\r\nA\r\nR1#") },
	    .replies = "0:A|@exec " },
	{ "a line of output equal to the prompt", "a|b", 1, .whole = true,
	    .steps = { SAY("R1#"), HEAR("a\n"),
		SAY("a\r\nR1#\r\nmore\r\nR1#"), HEAR("b\n"),
		SAY("b\r\nB\r\nR1#") },
	    .replies = "0:R1#|more|@exec 1:B|@exec " },
	{ "output that looks like another device's prompt", "a", 1,
	    .steps = { SAY("R1#"), HEAR("a\n"),
		SAY("a\r\nR2#\r\nR2>\r\nxR1#\r\nR1#") },
	    .replies = "0:R2#|R2>|xR1#|@exec " },

	{ "a log line in the answer", "a", 1,
	    .steps = { SAY("R1#"), HEAR("a\n"),
		SAY("a\r\nA\r\n" LOG "\r\nB\r\nR1#") },
	    .replies = "0:A|B|@exec ", .logs = LOG "|" },
	{ "a log line between two answers", "a|b", 2,
	    .steps = { SAY("R1#"), HEAR("a\nb\n"),
		SAY("a\r\nA\r\nR1#" LOG "\r\nb\r\nB\r\nR1#") },
	    .replies = "0:A|@exec 1:B|@exec ", .logs = LOG "|" },
	{ "a log line glued to the last prompt", "a|b", 1,
	    .steps = { SAY("R1#"), HEAR("a\n"),
		SAY("a\r\nA\r\nR1#" LOG "\r\n"), HEAR("b\n"),
		SAY("b\r\nB\r\nR1#") },
	    .replies = "0:A|@exec 1:B|@exec ", .logs = LOG "|" },
	{ "a log line under the last prompt", "a|b", 1, .whole = true,
	    .steps = { SAY("R1#"), HEAR("a\n"),
		SAY("a\r\nA\r\nR1#\r\n" LOG "\r\n"), HEAR("b\n"),
		SAY("b\r\nB\r\nR1#") },
	    .replies = "0:A|@exec 1:B|@exec ", .logs = LOG "|" },
	{ "a broadcast under a prompt between two answers", "a|b", 2,
	    .steps = { SAY("R1#"), HEAR("a\nb\n"),
		SAY("a\r\nA\r\nR1#\r\n\r\n***\r\n*** --- SHUTDOWN in 0:05:00 "
		    "---\r\n***\r\nb\r\nB\r\nR1#") },
	    .replies = "0:A|@exec 1:B|@exec ",
	    .logs = "***|*** --- SHUTDOWN in 0:05:00 ---|***|" },
	{ "an echo broken by a log line, before the prompt is known", "show it",
	    1,
	    .steps = { SAY("R1#"), HEAR("show it\n"),
		SAY("show\r\n" LOG "\r\n i\r\n" LOG
		    "\r\nt\r\nA\r\nR1#") },
	    .replies = "0:A|@exec ", .logs = LOG "|" LOG "|" },
	{ "a banner that ends as the line begins", "show it", 1,
	    .steps = { SAY("\r\nroom#s\r\n\r\nR1#"), HEAR("show it\n"),
		SAY("show it\r\nA\r\nR1#") },
	    .replies = "0:A|@exec " },
	{ "wrapped by a blank and a CR", "show items|show all|s", 3,
	    .config = true,
	    .steps = { SAY("R1#"), HEAR("show items\nshow all\ns\n"),
		SAY("sh \row it \rems\r\nA \r\nR1#sh \row al \rl\r\n"
		    "B\r\nR1#s \r\r\nR1#") },
	    .replies = "0:A |@exec 1:B|@exec 2:@exec " },
	{ "a word that ends as the next line is none", "a|b|c", 3,
	    .config = true,
	    .steps = { SAY("R1#"), HEAR("a\nb\nc\n"),
		SAY("a\r\nnot b\r\nR1#b\r\nR1#c\r\nR1#") },
	    .replies = "0:not b|@exec 1:@exec 2:@exec " },
	{ "a text that is read until its mark", "ban ^|what?|| R1#|end|^", 8,
	    .config = true, .opened = "^Enter TEXT",
	    .steps = { SAY("R1#"), HEAR("ban ^\n"),
		SAY("ban ^\r\nEnter TEXT message.\r\n"),
		HEAR("what?\n\n R1#\nend\n^\n"),
		SAY("what?\r\n\r\n R1#\r\nend\r\n^\r\nR1#") },
	    .replies = "0:@exec 1:@exec 2:@exec 3:@exec 4:@exec 5:@exec " },
	{ "such a text one by one, and what is said at its end", "ban ^|a|^", 1,
	    .config = true, .opened = "^Enter TEXT",
	    .steps = { SAY("R1#"), HEAR("ban ^\n"),
		SAY("ban ^\r\nwell\r\nEnter TEXT message.\r\n"), HEAR("a\n"),
		SAY("a\r\n"), HEAR("^\n"), SAY("^\r\nStored.\r\nR1#") },
	    .replies = "0:well|@exec 1:@exec 2:Stored.|@exec " },
	{ "a text whose lines are wrapped", "ban ^|abcdef|a b^", 8,
	    .config = true, .opened = "^Enter TEXT",
	    .steps = { SAY("R1#"), HEAR("ban ^\n"),
		SAY("ban ^\r\nEnter TEXT message.\r\n"),
		HEAR("abcdef\na b^\n"),
		SAY("abc \rdef\r\na \r\nb^\r\nR1#") },
	    .replies = "0:@exec 1:@exec 2:@exec " },
	{ "a text with a prompt of its own", "cert|AB|CD|quit", 8,
	    .config = true, .opened = "^Enter",
	    .steps = { SAY("R1#"), HEAR("cert\n"), SAY("cert\r\nEnter it\r\n"),
		HEAR("AB\nCD\nquit\n"),
		SAY("\r\nR1(config-pubkey)#AB\r\nR1(config-pubkey)#CD\r\n"
		    "R1(config-pubkey)#quit\r\nR1#") },
	    .replies = "0:@exec 1:@exec 2:@exec 3:@exec " },
	{ "a text that bytes end", "load|a|b|\x04", 8, .config = true,
	    .opened = "^.Type .D", .ends = "\x04",
	    .steps = { SAY("R1#"), HEAR("load\n"),
		SAY("load\r\n[Type ^D at a new line to end input]\r\n"),
		HEAR("a\nb\n"), SAY("a\r\nb\r\n"), HEAR("\x04"),
		SAY("load complete\r\nR1#") },
	    .replies = "0:@exec 1:@exec 2:@exec 3:load complete|@exec " },
	{ "a text that is not opened is not sent", "ban ^|a|^", 8,
	    .config = true, .opened = "^Enter TEXT",
	    .steps = { SAY("R1#"), HEAR("ban ^\n"),
		SAY("ban ^\r\n% No\r\nR1#") },
	    .replies = "0:% No|@exec " },
	{ "a text that the device ends too early", "ban ^|a|b|^", 8,
	    .config = true, .opened = "^Enter TEXT",
	    .steps = { SAY("R1#"), HEAR("ban ^\n"),
		SAY("ban ^\r\nEnter TEXT message.\r\n"), HEAR("a\nb\n^\n"),
		SAY("a\r\nR1#b\r\nR1#^\r\nR1#") },
	    .kind = ERR_PROMPT, .line = 3, .sent = "b",
	    .replies = "0:@exec 1:@exec " },
	{ "a damaged line of a text", "ban ^|ab|^", 8, .config = true,
	    .opened = "^Enter TEXT",
	    .steps = { SAY("R1#"), HEAR("ban ^\n"),
		SAY("ban ^\r\nEnter TEXT message.\r\n"), HEAR("ab\n^\n"),
		SAY("b\r\n") },
	    .kind = ERR_ECHO, .line = 2, .sent = "ab", .device_text = "b",
	    .replies = "0:@exec " },
	{ "a help key is quoted", "what?", 1,
	    .steps = { SAY("R1#"), HEAR("what\x16?\n"),
		SAY("what?\r\nR1#") },
	    .replies = "0:@exec " },
};

static void
expect_text(const struct story *story, const char *what, const char *seen,
    const char *wanted)
{
	if (strcmp(seen ? seen : "", wanted ? wanted : ""))
		fail_msg("%s: %s is \"%s\" instead of \"%s\"", story->name,
		    what, seen ? seen : "", wanted ? wanted : "");
}

static void
tell(const struct story *story, size_t read_bytes, bool stutter)
{
	struct play play;
	struct fault fault = { 0 };
	size_t count = 0;
	struct secret *secret = story->secret ? fixture_secret(story->secret)
					      : NULL;
	while (story->steps[count].text || story->steps[count].act)
		count++;
	buf_reset(&fixture.logs);
	play_begin(&play, story->steps, count);
	play.script.read_bytes = read_bytes;
	play.script.stutter = stutter;
	struct re *opened = story->opened ? re_compile(story->opened, 0, NULL)
					  : NULL;
	play.opened = opened;
	play.ends = story->ends;
	int rc = play_lines(
	    &play, story->lines, story->window, story->config, secret, &fault);
	if (story->kind == ERR_NONE && script_complaint(&play.script))
		fail_msg("%s: %s", story->name, play.script.wrong);
	if (rc != (story->kind == ERR_NONE ? 0 : -1) ||
	    fault.err.kind != story->kind)
		fail_msg("%s (by %zu): %d, %s: %s (%s), %s", story->name,
		    read_bytes, rc, err_kind_name(fault.err.kind),
		    fault.err.text, play.script.wrong, buf_str(&play.replies));
	expect_text(story, "replies", buf_str(&play.replies), story->replies);
	expect_text(story, "strays", buf_str(&play.strays), story->strays);
	if (story->logs || story->kind == ERR_NONE)
		expect_text(story, "logs", buf_str(&fixture.logs), story->logs);
	if (story->line)
		assert_int_equal(fault.line, story->line);
	if (story->sent)
		expect_text(story, "sent", fault.sent, story->sent);
	if (story->device_text)
		expect_text(story, "device_text", fault.device_text,
		    story->device_text);
	assert_int_equal(
	    exchange_is_settled(play.exchange), rc == 0 || story->settled);
	fault_clear(&fault);
	secret_free(secret);
	re_free(opened);
	play_end(&play);
}

static void
stories_come_out_as_told(void **state)
{
	(void)state;
	fixture_reset(&fixture, "cisco_ios");
	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		tell(&stories[i], 0, false);
		tell(&stories[i], 0, true);
		if (stories[i].whole)
			continue;
		tell(&stories[i], 1, false);
		tell(&stories[i], 2, true);
		tell(&stories[i], 5, false);
	}
}

/* ---- what a story cannot tell ---- */

static const struct script_step learnt[] = {
	SAY("R1#"),
	HEAR("terminal length 0\n"),
	SAY("terminal length 0\r\nR1#"),
	HEAR("configure terminal\n"),
	SAY("configure terminal\r\nR1(config)#"),
};
#define LEARNT learnt[0], learnt[1], learnt[2], learnt[3], learnt[4]

static void
learn(struct play *play, const struct script_step *steps, size_t count)
{
	struct fault fault = { 0 };
	fixture_reset(&fixture, "cisco_ios");
	play_begin(play, steps, count);
	assert_int_equal(
	    play_lines(play, "terminal length 0|configure terminal", 1, true,
		NULL, &fault),
	    0);
	assert_string_equal(exchange_prompt(play->exchange), "R1(config)#");
	buf_reset(&play->replies);
}

static void
damaged_echoes_are_seen(void **state)
{
	(void)state;
	static const struct {
		const char *first, *answer;
		unsigned line; /* 0: no fault */
	} cases[] = {
		{ "permit ip host 10.0.0.1 any",
		    "permit ip host 10.0.0. any\r\nR1(config)#", 1 },
		{ "permit a", "ermit a\r\nR1(config)#", 1 },
		{ "permit a", "permit a\r\nR1(config)#deny\r\n", 2 },
		{ "permit a", "permit adeny b\r\n", 1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fault fault = { 0 };
		struct play play;
		char *joined = xasprintf("%s|deny b", cases[i].first);
		char *heard = xasprintf("%s\ndeny b\n", cases[i].first);
		struct script_step steps[] = { LEARNT, HEAR(heard),
			SAY(cases[i].answer) };
		learn(&play, steps, 7);
		/* What is behind the damage is still waited for. */
		fixture.device.timeouts.silence_ms = 20;
		assert_int_equal(
		    play_lines(&play, joined, 2, true, NULL, &fault), -1);
		if (fault.err.kind != ERR_ECHO || fault.line != cases[i].line)
			fail_msg("case %zu: %s at line %u", i, fault.err.text,
			    fault.line);
		fault_clear(&fault);
		play_end(&play);
		free(joined);
		free(heard);
	}
}

static void
strays_reach_the_sender(void **state)
{
	(void)state;
	static const struct script_step steps[] = { LEARNT, HEAR("a\n"),
		SAY("\r\n% late words\r\nR1(config)#a\r\nR1(config)#") };
	struct play play;
	struct fault fault = { 0 };
	learn(&play, steps, 7);
	assert_int_equal(play_lines(&play, "a", 1, true, NULL, &fault), 0);
	assert_string_equal(buf_str(&play.strays), "% late words|");
	assert_string_equal(buf_str(&play.replies), "0:@config ");
	play_end(&play);
}

static void
a_stop_still_accounts_for_what_is_in_flight(void **state)
{
	(void)state;
	static const struct script_step steps[] = { LEARNT, HEAR("a\nb\nc\n"),
		SAY("a\r\n% bad\r\nR1(config)#b\r\nR1(config)#c\r\n"
		    "R1(config)#") };
	struct play play;
	struct fault fault = { 0 };
	learn(&play, steps, 7);
	play.stop_at = 0;
	assert_int_equal(
	    play_lines(&play, "a|b|c|d|e", 3, true, NULL, &fault), 0);
	assert_string_equal(
	    buf_str(&play.replies), "0:% bad|@config 1:@config 2:@config ");
	assert_null(script_complaint(&play.script));
	assert_true(exchange_is_settled(play.exchange));
	play_end(&play);
}

static void
a_window_grows_and_shrinks_on_the_way(void **state)
{
	(void)state;
	static const struct script_step steps[] = { LEARNT, HEAR("a\n"),
		SAY("a\r\nR1(config)#"), HEAR("b\nc\nd\n"),
		SAY("b\r\nR1(config)#c\r\nR1(config)#d\r\nR1(config)#") };
	struct play play;
	struct fault fault = { 0 };
	learn(&play, steps, 9);
	play.grow = 3;
	assert_int_equal(
	    play_lines(&play, "a|b|c|d", 1, true, NULL, &fault), 0);
	assert_null(script_complaint(&play.script));
	play_end(&play);
}

/* Answers every line with its echo and the exec prompt. */
static bool
echo_device(void *data, const char *line, size_t len, struct buf *out)
{
	size_t *most = data;
	buf_add(out, line, len);
	buf_adds(out, "\r\nR1#");
	if (most && len > *most)
		*most = len;
	return true;
}

static void
bytes_in_flight_are_bounded(void **state)
{
	(void)state;
	struct play play;
	struct fault fault = { 0 };
	struct buf lines;
	buf_init(&lines, 1 << 20);
	for (int i = 0; i < 100; i++)
		buf_addf(&lines, "%s%0700d", i ? "|" : "", i);
	static const struct script_step steps[] = { SAY("R1#") };
	fixture_reset(&fixture, "cisco_ios");
	play_begin(&play, steps, 1);
	play.script.answer = echo_device;
	assert_int_equal(
	    play_lines(&play, buf_str(&lines), 64, false, NULL, &fault), 0);
	for (size_t i = 0; i < play.script.write_count; i++)
		assert_true(play.script.writes[i] <= 2);
	assert_int_equal(play.script.writes[0], 2); /* 2 * 701 <= 2048 */
	play_end(&play);
	buf_clear(&lines);
}

static void
a_line_longer_than_the_window_goes_alone(void **state)
{
	(void)state;
	struct play play;
	struct fault fault = { 0 };
	size_t longest = 0;
	char *lines = xasprintf("a|%0*d|b", 100000, 7);
	static const struct script_step steps[] = { SAY("R1#") };
	fixture_reset(&fixture, "cisco_ios");
	play_begin(&play, steps, 1);
	play.script.answer = echo_device;
	play.script.data = &longest;
	assert_int_equal(play_lines(&play, lines, 64, false, NULL, &fault), 0);
	assert_string_equal(buf_str(&play.replies), "0:@exec 1:@exec 2:@exec ");
	assert_int_equal(longest, 100000);
	play_end(&play);
	free(lines);
}

static void
silence_ends_it(void **state)
{
	(void)state;
	static const struct script_step steps[] = { LEARNT, HEAR("a\n"),
		SAY("a\r\nhalf an answer\r\nand") };
	struct play play;
	struct fault fault = { 0 };
	learn(&play, steps, 7);
	fixture.device.timeouts.silence_ms = 20;
	assert_int_equal(play_lines(&play, "a", 1, true, NULL, &fault), -1);
	assert_int_equal(fault.err.kind, ERR_TIMEOUT);
	assert_non_null(strstr(fault.err.text, "no answer"));
	assert_string_equal(fault.device_text, "half an answer\nand");
	assert_string_equal(fault.sent, "a");
	fault_clear(&fault);
	play_end(&play);
}

static void
no_prompt_at_all_is_said(void **state)
{
	(void)state;
	static const struct script_step steps[] = { SAY("Welcome"), HEAR("a\n"),
		SAY("\r\nnothing here\r\n") };
	struct play play;
	struct fault fault = { 0 };
	fixture_reset(&fixture, "cisco_ios");
	play_begin(&play, steps, 3);
	fixture.device.timeouts.silence_ms = 20;
	assert_int_equal(play_lines(&play, "a", 1, false, NULL, &fault), -1);
	assert_int_equal(fault.err.kind, ERR_PROMPT);
	fault_clear(&fault);
	play_end(&play);
}

/* A device that never falls silent, and never comes to an end either. */
static ssize_t
read_for_ever(
    struct transport *transport, char *data, size_t len, struct err *err)
{
	(void)transport;
	(void)err;
	(void)len;
	memcpy(data, "a\r\nxx\r\n", 7);
	return 7;
}

static struct transport_ops
endless_ops(const struct play *play)
{
	struct transport_ops ops = *play->script.base.ops;
	ops.read = read_for_ever;
	return ops;
}

static void
a_device_that_never_ends_meets_the_deadline(void **state)
{
	(void)state;
	static const struct script_step steps[] = { LEARNT, HEAR("a\n") };
	struct play play;
	struct fault fault = { 0 };
	learn(&play, steps, 6);
	struct transport_ops ops = endless_ops(&play);
	play.script.base.ops = &ops;
	fixture.device.timeouts.step_ms = 50;
	assert_int_equal(play_lines(&play, "a", 1, true, NULL, &fault), -1);
	assert_int_equal(fault.err.kind, ERR_TIMEOUT);
	assert_non_null(strstr(fault.err.text, "not finished in time"));
	fault_clear(&fault);
	play_end(&play);
}

static void
a_device_that_never_ends_can_be_called_off(void **state)
{
	(void)state;
	static const struct script_step steps[] = { LEARNT, HEAR("a\n") };
	struct play play;
	struct fault fault = { 0 };
	int fds[2];
	fixture_reset(&fixture, "cisco_ios");
	assert_int_equal(pipe(fds), 0);
	fixture.observer.cancel_fd = fds[0];
	play_begin(&play, steps, 6);
	struct transport_ops ops = endless_ops(&play);
	play.script.base.ops = &ops;
	close(fds[1]);
	int64_t start = clock_ms();
	assert_int_equal(
	    play_lines(&play, "terminal length 0", 1, false, NULL, &fault), -1);
	assert_int_equal(fault.err.kind, ERR_CANCELLED);
	assert_true(clock_ms() - start < 10000);
	fault_clear(&fault);
	close(fds[0]);
	play_end(&play);
}

static void
a_silent_device_can_be_called_off(void **state)
{
	(void)state;
	static const struct script_step steps[] = { SAY("R1#"), HEAR("a\n") };
	struct play play;
	struct fault fault = { 0 };
	int fds[2];
	fixture_reset(&fixture, "cisco_ios");
	assert_int_equal(pipe(fds), 0);
	fixture.observer.cancel_fd = fds[0];
	play_begin(&play, steps, 2);
	close(fds[1]); /* the parent is gone */
	assert_int_equal(play_lines(&play, "a", 1, false, NULL, &fault), -1);
	assert_int_equal(fault.err.kind, ERR_CANCELLED);
	assert_string_equal(fault.sent, "a");
	fault_clear(&fault);
	close(fds[0]);
	play_end(&play);
}

static int
load(void **state)
{
	(void)state;
	return fixture_init(&fixture, SOURCE_DIR "/device-profiles") ? 0 : -1;
}

static int
unload(void **state)
{
	(void)state;
	fixture_clear(&fixture);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stories_come_out_as_told),
		cmocka_unit_test(damaged_echoes_are_seen),
		cmocka_unit_test(strays_reach_the_sender),
		cmocka_unit_test(a_stop_still_accounts_for_what_is_in_flight),
		cmocka_unit_test(a_window_grows_and_shrinks_on_the_way),
		cmocka_unit_test(bytes_in_flight_are_bounded),
		cmocka_unit_test(a_line_longer_than_the_window_goes_alone),
		cmocka_unit_test(silence_ends_it),
		cmocka_unit_test(no_prompt_at_all_is_said),
		cmocka_unit_test(a_device_that_never_ends_meets_the_deadline),
		cmocka_unit_test(a_device_that_never_ends_can_be_called_off),
		cmocka_unit_test(a_silent_device_can_be_called_off),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
