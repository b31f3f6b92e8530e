/*
 * What the table of mutants (tests/mutants) asked for and no other test told:
 * how many lines are under way, what holds lines back, and what is read into
 * an answer.
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
#include "device/echo.h"
#include "device/sender.h"
#include "device/session.h"

static struct fixture fixture;

/* A device with three modes; words in a line say what it makes of it. */
struct box {
	int depth; /* 0 exec, 1 config, 2 under a header */
	bool stuck; /* `exit` does nothing */
	struct buf heard; /* "depth:line|" for each */
};

static void
box_prompt(const struct box *box, struct buf *out)
{
	static const char *const prompts[] = { "R1#", "R1(config)#",
		"R1(config-if)#" };
	buf_adds(out, prompts[box->depth]);
}

static void
box_obey(struct box *box, const char *line, struct buf *out)
{
	if (strstr(line, "BAD"))
		buf_adds(out, "% Invalid input\r\n");
	else if (strstr(line, "WARN"))
		buf_adds(out, "Take care with this\r\n");
	else if (strstr(line, "NOTE"))
		buf_adds(out, "[OK]\r\n");
	else if (str_eq(line, "configure terminal"))
		box->depth = 1;
	else if (str_starts(line, "interface "))
		box->depth = 2;
	else if (str_eq(line, "end"))
		box->depth = 0;
	else if (str_eq(line, "exit") && box->depth && !box->stuck)
		box->depth--;
}

static bool
box_answer(void *data, const char *line, size_t len, struct buf *out)
{
	struct box *box = data;
	char *text = xstrndup(line, len);
	bool goes_on = !str_eq(text, "exit") || box->depth;
	buf_addf(&box->heard, "%d:%s|", box->depth, text);
	/* What it says of the line before comes only now. */
	if (strstr(text, "LATE")) {
		buf_adds(out, "\r\n% Not enough memory\r\n");
		box_prompt(box, out);
	}
	buf_add(out, line, len);
	buf_adds(out, "\r\n");
	box_obey(box, text, out);
	box_prompt(box, out);
	free(text);
	return goes_on;
}

struct bench {
	struct box box;
	struct script script;
	struct session *session;
	struct plan_lines lines;
	struct push push;
	struct fault fault;
	struct profile profile; /* a copy of IOS's, to be changed */
};

/* Before bench_begin(): the device speaks IOS, as changed by the test. */
static void
bench_new(struct bench *bench)
{
	*bench = (struct bench){ 0 };
	fixture_reset(&fixture, "cisco_ios");
	bench->profile = *fixture.device.profile;
	fixture.device.profile = &bench->profile;
}

static void
bench_begin(struct bench *bench, const char *text)
{
	struct strs lines = { 0 };
	buf_init(&bench->box.heard, 1 << 20);
	script_init(&bench->script, NULL, 0);
	bench->script.answer = box_answer;
	bench->script.data = &bench->box;
	buf_adds(&bench->script.out, "\r\nR1#");
	script_signal(&bench->script);
	bench->session = session_new(&bench->script.base, &fixture.target,
	    &fixture.observer, deadline_in(20000));
	assert_int_equal(session_prepare(bench->session, &bench->fault), 0);
	strs_add_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		GROW(bench->lines.items, bench->lines.count, bench->lines.cap);
		bench->lines.items[bench->lines.count++] = (struct plan_line){
			.text = xstrdup(lines.items[i]),
		};
	}
	strs_clear(&lines);
	buf_reset(&bench->box.heard);
	bench->script.write_count = 0;
	push_init(&bench->push, &bench->lines, deadline_in(20000));
}

static int
bench_push(struct bench *bench)
{
	return sender_push(bench->session, &bench->push, &bench->fault);
}

static void
bench_end(struct bench *bench)
{
	session_close(bench->session, 1000);
	push_clear(&bench->push);
	plan_lines_clear(&bench->lines);
	fault_clear(&bench->fault);
	buf_clear(&bench->box.heard);
	script_clear(&bench->script);
}

/* COUNT lines under a header; MIDDLE stands in each of them. */
static char *
block(size_t count, const char *middle)
{
	struct buf text;
	buf_init(&text, 1 << 16);
	buf_adds(&text, "interface a\n");
	for (size_t i = 0; i < count; i++)
		buf_addf(&text, " line %s %zu\n", middle, i);
	return buf_take(&text);
}

static size_t
most_in_a_write(const struct script *script)
{
	size_t most = 0;
	for (size_t i = 0; i < script->write_count; i++)
		if (script->writes[i] > most)
			most = script->writes[i];
	return most;
}

/* Pushes a long block; the most lines in one write. */
static size_t
push_block(struct bench *bench, const char *middle)
{
	char *text = block(300, middle);
	bench_begin(bench, text);
	assert_int_equal(bench_push(bench), 0);
	assert_int_equal(bench->push.accepted, 301);
	size_t most = most_in_a_write(&bench->script);
	free(text);
	return most;
}

static void
no_more_lines_than_the_limit(void **state)
{
	(void)state;
	static const struct {
		int device, profile;
		size_t most;
	} cases[] = {
		{ 0, -1, 32 }, /* what the profile of IOS says */
		{ 0, 0, 32 }, /* a profile that says nothing */
		{ 6, -1, 6 },
		{ 2, -1, 2 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bench bench;
		bench_new(&bench);
		fixture.device.pipeline = cases[i].device;
		if (cases[i].profile >= 0)
			bench.profile.pipeline = cases[i].profile;
		assert_int_equal(push_block(&bench, "x"), cases[i].most);
		bench_end(&bench);
	}
}

static void
the_profile_sets_the_limit(void **state)
{
	(void)state;
	struct bench bench;
	bench_new(&bench);
	bench.profile.pipeline = 5;
	assert_int_equal(push_block(&bench, "x"), 5);
	bench_end(&bench);
	bench_new(&bench);
	bench.profile.pipeline = 5;
	bench.profile.typeahead_echo = true;
	fixture.device.pipeline = 7;
	char *text = block(20, "x");
	bench_begin(&bench, text);
	assert_int_equal(bench_push(&bench), 0);
	assert_int_equal(most_in_a_write(&bench.script), 1);
	bench_end(&bench);
	free(text);
}

static void
answered_bytes_are_free_again(void **state)
{
	(void)state;
	struct bench bench;
	bench_new(&bench);
	push_block(&bench, "x");
	/* The rest of the block, and `end`, come behind the last full one. */
	assert_int_equal(bench.script.writes[bench.script.write_count - 3], 32);
	bench_end(&bench);
}

static void
strict_means_one_line_everywhere(void **state)
{
	(void)state;
	struct bench bench;
	bench_new(&bench);
	fixture.device.pipeline = 1;
	bench_begin(&bench,
	    "interface a\n b\n c\ninterface d\n e\ninterface f\n g\n"
	    "ntp server x\nntp server y\n");
	assert_int_equal(bench_push(&bench), 0);
	assert_int_equal(most_in_a_write(&bench.script), 1);
	bench_end(&bench);
}

static void
a_notice_does_not_slow_the_window(void **state)
{
	(void)state;
	struct bench bench;
	bench_new(&bench);
	assert_int_equal(push_block(&bench, "NOTE"), 32);
	assert_string_equal(buf_str(&bench.push.spoken), "");
	bench_end(&bench);
}

static void
back_to_one_line_after_a_word(void **state)
{
	(void)state;
	struct bench bench;
	bench_new(&bench);
	bench_begin(
	    &bench, "interface a\n b\n c\n d\n WARN e\n f\n g\n h\n i\n j\n");
	assert_int_equal(bench_push(&bench), 0);
	/* The word is the last of four: no clean answer comes behind it. */
	assert_int_equal(bench.script.writes[2], 4);
	assert_int_equal(bench.script.writes[3], 1);
	assert_int_equal(bench.script.writes[4], 2);
	bench_end(&bench);
}

static void
a_line_alone_waits_for_those_before(void **state)
{
	(void)state;
	struct bench bench;
	bench_new(&bench);
	bench_begin(
	    &bench, "interface a\n b\n c\n crypto map d\n e\n f\n g\n h\n");
	assert_int_equal(bench_push(&bench), 0);
	/* configure terminal, the header, then the block. */
	assert_int_equal(bench.script.writes[2], 2);
	assert_int_equal(bench.script.writes[3], 1);
	assert_int_equal(bench.script.writes[4], 4);
	bench_end(&bench);
}

/* TEXT fails as told, and UNHEARD is a line that never got to the device. */
static const struct {
	const char *name, *text;
	bool stuck;
	enum err_kind kind;
	unsigned line;
	const char *unheard;
	const char *message; /* a part of it; NULL: any */
} failures[] = {
	{ "a header that leaves the prompt as it was",
	    "interface a\n SAME b\n  child\n", false, ERR_PROMPT, 2, "child",
	    NULL },
	{ "a header behind a block that leads nowhere",
	    "interface a\n b\nNOWHERE c\n child\n", false, ERR_PROMPT, 3,
	    "child", NULL },
	{ "a header behind a block that is refused",
	    "interface a\n b\ninterface BAD\n child\n", false, ERR_REFUSED, 3,
	    "child", NULL },
	{ "an exit that leads nowhere",
	    "interface a\n b\ninterface c\n child\n", true, ERR_PROMPT, 3,
	    "child", NULL },
	{ "an exit that leads nowhere, before a line at the top",
	    "interface a\n b\nntp server x\n", true, ERR_PROMPT, 2,
	    "ntp server x", NULL },
	{ "lines behind a refused one",
	    "interface a\n BAD\n c\n d\n e\n f\n g\n", false, ERR_REFUSED, 2,
	    "f", "(3 lines behind it had been sent, 3 accepted)" },
	{ "lines behind a refused one that are refused, too",
	    "interface a\n BAD\n c\n BAD 2\n e\n f\n", false, ERR_REFUSED, 2,
	    "f", "(3 lines behind it had been sent, 2 accepted)" },
	{ "a refusal that comes late", "interface a\n b\n LATE\n d\n e\n",
	    false, ERR_REFUSED, 2, "e", "Not enough memory" },
};

static void
fail_as_told(size_t i, int pipeline)
{
	struct bench bench;
	bench_new(&bench);
	fixture.device.pipeline = pipeline;
	bench.box.stuck = failures[i].stuck;
	bench_begin(&bench, failures[i].text);
	int rc = bench_push(&bench);
	const struct fault *fault = &bench.fault;
	if (!rc || fault->err.kind != failures[i].kind ||
	    fault->line != failures[i].line)
		fail_msg("%s: %d, %s, line %u: %s", failures[i].name, rc,
		    err_kind_name(fault->err.kind), fault->line,
		    fault->err.text);
	char *unheard = xasprintf(":%s|", failures[i].unheard);
	if (strstr(buf_str(&bench.box.heard), unheard))
		fail_msg("%s: heard %s", failures[i].name,
		    buf_str(&bench.box.heard));
	if (failures[i].message &&
	    !strstr(fault->err.text, failures[i].message))
		fail_msg("%s: %s", failures[i].name, fault->err.text);
	free(unheard);
	bench_end(&bench);
}

static void
headers_and_exits_are_barriers(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5; i++) {
		fail_as_told(i, 0);
		fail_as_told(i, 1);
	}
}

static void
lines_behind_a_refusal_are_counted(void **state)
{
	(void)state;
	fail_as_told(5, 0);
	fail_as_told(6, 0);
}

static void
a_late_refusal_fails_the_line_before(void **state)
{
	(void)state;
	fail_as_told(7, 1);
}

/* ---- what is read ---- */

#define SETUP_LINES                                                            \
	"terminal length 0\nterminal width 511\nterminal no monitor\n"
#define SETUP                                                                  \
	"terminal length 0\r\nR1#terminal width 511\r\nR1#"                    \
	"terminal no monitor\r\nR1#"
#define READY SAY("R1#"), HEAR(SETUP_LINES), SAY(SETUP)

struct talk {
	struct script script;
	struct session *session;
	struct fault fault;
};

static void
talk_begin(struct talk *talk, const struct script_step *steps, size_t count)
{
	*talk = (struct talk){ 0 };
	script_init(&talk->script, steps, count);
	talk->session = session_new(&talk->script.base, &fixture.target,
	    &fixture.observer, deadline_in(10000));
	if (session_prepare(talk->session, &talk->fault))
		fail_msg("%s (%s)", talk->fault.err.text, talk->script.wrong);
}

static void
talk_end(struct talk *talk)
{
	session_close(talk->session, 1000);
	assert_null(script_complaint(&talk->script));
	fault_clear(&talk->fault);
	script_clear(&talk->script);
}

/* Nothing is sent while the answer to a damaged line is awaited. */
static void
nothing_is_sent_behind_a_damaged_echo(void **state)
{
	(void)state;
	static const struct script_step steps[] = { READY,
		HEAR("configure terminal\n"),
		SAY("configure terminal\r\nR1(config)#"), HEAR("interface a\n"),
		SAY("interface a\r\nR1(config-if)#"), HEAR("b\nc\nd\ne\n"),
		SAY("b\r\nR1(config-if)#x\r\n") };
	static const char *const texts[] = { "interface a", " b", " c", " d",
		" e", " f", " g" };
	struct talk talk;
	struct push push;
	struct plan_line items[7];
	struct plan_lines lines = { .items = items, .count = 7 };
	for (size_t i = 0; i < lines.count; i++)
		items[i] = (struct plan_line){ .text = (char *)texts[i] };
	fixture_reset(&fixture, "cisco_ios");
	talk_begin(&talk, steps, sizeof(steps) / sizeof(*steps));
	fixture.device.timeouts.silence_ms = 50;
	push_init(&push, &lines, deadline_in(5000));
	assert_int_equal(sender_push(talk.session, &push, &talk.fault), -1);
	assert_int_equal(talk.fault.err.kind, ERR_ECHO);
	assert_int_equal(talk.fault.line, 3);
	assert_int_equal(push.sent, 5);
	push_clear(&push);
	talk_end(&talk);
}

static void
the_rest_of_a_wrapped_echo_is_compared(void **state)
{
	(void)state;
	static const char sent[] = "permit ip any any";
	fixture_reset(&fixture, "cisco_ios");
	struct prompts *prompts = prompts_new(fixture.device.profile);
	size_t part = 0, prompt = 0;
	assert_true(prompts_learn(prompts, "R1#", 3));
	assert_int_equal(echo_compare(prompts, "R1(config)#permit ", 18, sent,
			     sizeof(sent) - 1, false, &part, &prompt),
	    ECHO_PART);
	/* As long as what is missing, and yet something else. */
	assert_int_equal(echo_compare(prompts, "ip any all", 10, sent,
			     sizeof(sent) - 1, false, &part, &prompt),
	    ECHO_DAMAGED);
	prompts_free(prompts);
}

static void
a_prompt_before_the_echo_is_no_answer(void **state)
{
	(void)state;
	static const struct script_step steps[] = { READY, HEAR("show it\n"),
		SAY("\r\nR1#\r\nR1#show it\r\none\r\nR1#"), HEAR("exit\n"),
		END };
	struct talk talk;
	struct buf out;
	buf_init(&out, 1 << 16);
	fixture_reset(&fixture, "cisco_ios");
	talk_begin(&talk, steps, sizeof(steps) / sizeof(*steps));
	/* Each byte is looked at by itself. */
	talk.script.read_bytes = 1;
	talk.script.stutter = true;
	if (session_command(talk.session, "show it", 0, &out, &talk.fault))
		fail_msg("%s (%s)", talk.fault.err.text, talk.script.wrong);
	assert_string_equal(buf_str(&out), "one\n");
	buf_clear(&out);
	talk_end(&talk);
}

static void
a_finished_line_is_no_prompt(void **state)
{
	(void)state;
	static const struct script_step steps[] = {
		SAY("R9#\r\nplease wait"),
		HEAR("\n"), /* after a third of the login's time */
		SAY("\r\nR1#"),
		HEAR(SETUP_LINES),
		SAY(SETUP),
		HEAR("exit\n"),
		END,
	};
	struct talk talk;
	fixture_reset(&fixture, "cisco_ios");
	fixture.device.timeouts.login_ms = 1000;
	talk_begin(&talk, steps, sizeof(steps) / sizeof(*steps));
	assert_string_equal(session_prompt(talk.session), "R1#");
	talk_end(&talk);
}

static void
a_line_like_the_prompt_and_more_behind_it(void **state)
{
	(void)state;
	/* Two packets that have both arrived when the first is read. */
	static const struct script_step steps[] = { READY, HEAR("show it\n"),
		SAY("show it\r\none\r\nR1#"), SAY("\r\ntwo\r\nR1#"),
		HEAR("exit\n"), END };
	struct talk talk;
	struct buf out;
	buf_init(&out, 1 << 16);
	fixture_reset(&fixture, "cisco_ios");
	talk_begin(&talk, steps, sizeof(steps) / sizeof(*steps));
	assert_int_equal(
	    session_command(talk.session, "show it", 0, &out, &talk.fault), 0);
	assert_string_equal(buf_str(&out), "one\nR1#\ntwo\n");
	buf_clear(&out);
	talk_end(&talk);
}

static void
a_show_is_not_held_to_its_echo(void **state)
{
	(void)state;
	static const struct script_step steps[] = { READY,
		HEAR("show a\nshow b\n"),
		SAY("show a\r\nR1#is how a prompt begins\r\nR1#show b\r\n"
		    "R1#show c\r\nB\r\nR1#"),
		HEAR("exit\n"), END };
	struct talk talk;
	struct strs commands = { 0 }, outputs = { 0 };
	size_t refused = 0;
	strs_add_lines(&commands, "show a\nshow b\n");
	fixture_reset(&fixture, "cisco_ios");
	talk_begin(&talk, steps, sizeof(steps) / sizeof(*steps));
	if (session_commands(
		talk.session, &commands, 0, &outputs, &refused, &talk.fault))
		fail_msg("%s", talk.fault.err.text);
	assert_int_equal(outputs.count, 2);
	assert_string_equal(outputs.items[0], "R1#is how a prompt begins\n");
	assert_string_equal(outputs.items[1], "R1#show c\nB\n");
	strs_clear(&commands);
	strs_clear(&outputs);
	talk_end(&talk);
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
		cmocka_unit_test(no_more_lines_than_the_limit),
		cmocka_unit_test(the_profile_sets_the_limit),
		cmocka_unit_test(answered_bytes_are_free_again),
		cmocka_unit_test(strict_means_one_line_everywhere),
		cmocka_unit_test(a_notice_does_not_slow_the_window),
		cmocka_unit_test(back_to_one_line_after_a_word),
		cmocka_unit_test(a_line_alone_waits_for_those_before),
		cmocka_unit_test(headers_and_exits_are_barriers),
		cmocka_unit_test(lines_behind_a_refusal_are_counted),
		cmocka_unit_test(a_late_refusal_fails_the_line_before),
		cmocka_unit_test(nothing_is_sent_behind_a_damaged_echo),
		cmocka_unit_test(the_rest_of_a_wrapped_echo_is_compared),
		cmocka_unit_test(a_prompt_before_the_echo_is_no_answer),
		cmocka_unit_test(a_finished_line_is_no_prompt),
		cmocka_unit_test(a_line_like_the_prompt_and_more_behind_it),
		cmocka_unit_test(a_show_is_not_held_to_its_echo),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
