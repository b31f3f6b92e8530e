/*
 * The sender against a small device that knows modes: it writes down in which
 * mode it heard each line, so that a line in the wrong place is seen.
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
#include "device/sender.h"
#include "device/session.h"

static struct fixture fixture;

/* Modes by depth: exec, config, and what headers lead to. */
struct box {
	const char *modes[4]; /* what stands in the prompt; "" for exec */
	size_t depth;
	bool reading; /* a text, up to "^" */
	struct buf heard; /* "mode:line|" for each */
};

static void
box_prompt(const struct box *box, struct buf *out)
{
	const char *mode = box->modes[box->depth];
	buf_addf(out, box->depth ? "R1(%s)#" : "R1#", mode);
}

/* What a header leads to from the mode that stands before it. */
static const struct {
	const char *from, *header, *to;
} headers[] = {
	{ "", "configure terminal", "config" },
	{ "config", "interface ", "config-if" },
	{ "config", "ip access-list ", "config-ext-nacl" },
	{ "config", "router bgp ", "config-router" },
	{ "config-router", "address-family ", "config-router-af" },
	/* As on the device: from a sub-mode of config, too. */
	{ "config-if", "interface ", "config-if" },
};

static bool
box_enter(struct box *box, const char *line)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		if (strcmp(headers[i].from, box->modes[box->depth]) ||
		    !str_starts(line, headers[i].header))
			continue;
		if (strcmp(headers[i].from, headers[i].to))
			box->depth++;
		box->modes[box->depth] = headers[i].to;
		return true;
	}
	return false;
}

/* False: hang up. Words in a line say what it is to lead to. */
static bool
box_obey(struct box *box, const char *line, struct buf *out)
{
	const char *mode = box->modes[box->depth];
	bool bgp_only = str_starts(line, "address-family") ||
	    str_starts(line, "neighbor");
	bool place = strcmp(mode, "config-router") == 0 ||
	    strcmp(mode, "config-router-af") == 0;
	if (strstr(line, "DIE") || (str_eq(line, "exit") && !box->depth))
		return false;
	if (strstr(line, "BAD") || (bgp_only && !place) ||
	    (str_eq(line, "exit-address-family") &&
		!str_eq(mode, "config-router-af")))
		buf_adds(out,
		    "    ^\r\n% Invalid input detected at '^' "
		    "marker.\r\n\r\n");
	else if (str_starts(line, "banner ^")) {
		buf_adds(out, "Enter TEXT message.  End with '^'.\r\n");
		box->reading = true;
	} else if (strstr(line, "WARN"))
		buf_adds(out, "Take care with this\r\n");
	else if (str_eq(line, "end"))
		box->depth = 0;
	else if (str_starts(line, "exit") && box->depth)
		box->depth--;
	else if (strstr(line, "LEAVE"))
		box->depth = 1;
	else if (box_enter(box, line) && box->depth == 1)
		buf_adds(out,
		    "Enter configuration commands, one per line.  "
		    "End with CNTL/Z.\r\n");
	return true;
}

static bool
box_answer(void *data, const char *line, size_t len, struct buf *out)
{
	struct box *box = data;
	char *text = xstrndup(line, len);
	buf_addf(&box->heard, "%s:%s|",
	    box->reading ? "text" : box->modes[box->depth], text);
	if (strstr(text, "ODD"))
		buf_add(out, line, len / 2);
	else
		buf_add(out, line, len);
	buf_adds(out, "\r\n");
	bool goes_on = true;
	bool ended = box->reading && strchr(text, '^');
	if (!box->reading && !strstr(text, "MUTE"))
		goes_on = box_obey(box, text, out);
	box->reading &= !ended;
	if (goes_on && !box->reading && !strstr(text, "MUTE"))
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
};

static void
bench_begin(struct bench *bench, const char *text)
{
	struct strs lines = { 0 };
	*bench = (struct bench){ .box.modes = { "" } };
	buf_init(&bench->box.heard, 1 << 20);
	script_init(&bench->script, NULL, 0);
	bench->script.answer = box_answer;
	bench->script.data = &bench->box;
	buf_adds(&bench->script.out, "\r\nWelcome\r\nR1#");
	script_signal(&bench->script);
	bench->session = session_new(&bench->script.base, &fixture.target,
	    &fixture.observer, deadline_in(2000));
	assert_int_equal(session_prepare(bench->session, &bench->fault), 0);
	strs_add_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		GROW(bench->lines.items, bench->lines.count, bench->lines.cap);
		bench->lines.items[bench->lines.count++] = (struct plan_line){
			.text = xstrdup(lines.items[i]),
		};
	}
	strs_clear(&lines);
	/* "> " stands before the lines of a text that the one before opens. */
	for (size_t i = 1; i < bench->lines.count; i++) {
		struct plan_line *line = &bench->lines.items[i];
		if (!str_starts(line->text, "> "))
			continue;
		memmove(line->text, line->text + 2, strlen(line->text) - 1);
		line->in_text = true;
		if (!line[-1].in_text)
			line[-1].until = fixture.device.profile->untils;
	}
	buf_reset(&bench->box.heard);
	bench->script.write_count = 0;
	push_init(&bench->push, &bench->lines, deadline_in(2000));
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

#define CONF ":configure terminal|"

/* TEXT pushed with PIPELINE lines in flight at most; HEARD by the box. */
static const struct {
	const char *name, *text;
	int pipeline;
	enum err_kind kind;
	unsigned line;
	size_t sent, accepted;
	const char *heard;
} cases[] = {
	/* What goes wrong. */
	{ "a refused header never sends its children",
	    "interface BAD\n shutdown\n no ip address\nntp server x\n", 0,
	    ERR_REFUSED, 1, 1, 0, CONF "config:interface BAD|config:end|" },
	{ "a header that leads nowhere is a barrier, too",
	    "ntp server x\n iburst\n", 0, ERR_PROMPT, 1, 1, 1,
	    CONF "config:ntp server x|config:end|" },
	{ "an inner header that is refused",
	    "router bgp 1\n address-family BAD\n  network x\n", 0, ERR_REFUSED,
	    2, 2, 1,
	    CONF "config:router bgp 1|config-router:address-family BAD|"
		 "config-router:end|" },
	{ "a refused line stops the rest", "interface a\n b\n BAD\n d\n", 1,
	    ERR_REFUSED, 3, 3, 2,
	    CONF "config:interface a|config-if:b|config-if:BAD|"
		 "config-if:end|" },
	{ "what is in flight behind a refused line is accounted for",
	    "interface a\n BAD\n c\n d\n e\n f\n g\n", 0, ERR_REFUSED, 2, 5, 4,
	    CONF "config:interface a|config-if:BAD|config-if:c|config-if:d|"
		 "config-if:e|config-if:end|" },
	{ "a line at the top is refused", "ntp server BAD\nntp server y\n", 0,
	    ERR_REFUSED, 1, 1, 0, CONF "config:ntp server BAD|config:end|" },
	{ "a line that leaves its mode", "interface a\n LEAVE\n c\n", 1,
	    ERR_PROMPT, 2, 2, 2,
	    CONF "config:interface a|config-if:LEAVE|config:end|" },
	{ "a line that leaves its mode before an inner header",
	    "router bgp 1\n LEAVE\n address-family x\n  network y\n", 0,
	    ERR_PROMPT, 2, 2, 2,
	    CONF "config:router bgp 1|config-router:LEAVE|config:end|" },
	{ "a text that ends the configuration too early",
	    "interface a\n b\n end\nntp server x\n", 0, ERR_PROMPT, 3, 3, 3,
	    CONF "config:interface a|config-if:b|config-if:end|" },
	{ "flat text that ends the configuration too early",
	    "interface a\nend\nntp server x\n", 0, ERR_PROMPT, 2, 2, 2,
	    CONF "config:interface a|config-if:end|" },
	{ "a damaged echo", "interface a\n description ODD one\n", 1, ERR_ECHO,
	    2, 2, 1,
	    CONF "config:interface a|config-if:description ODD one|"
		 "config-if:end|" },
	{ "the device hangs up", "interface a\n b\n DIE\n", 1, ERR_CLOSED, 3, 3,
	    2, CONF "config:interface a|config-if:b|config-if:DIE|" },
	{ "it hangs up after a refusal", "interface a\n BAD\n DIE\n c\n", 0,
	    ERR_REFUSED, 2, 4, 1,
	    CONF "config:interface a|config-if:BAD|config-if:DIE|" },

	{ "a text that is refused is not sent",
	    "banner BAD ^\n> shutdown\n> ^\nntp server x\n", 0, ERR_REFUSED, 1,
	    1, 0, CONF "config:banner BAD ^|config:end|" },
	{ "a text that is not opened is not sent",
	    "interface a\n> shutdown\n> ^\nntp server x\n", 0, ERR_PROMPT, 1, 1,
	    0, CONF "config:interface a|config-if:end|" },
	{ "a refused line before a text",
	    "interface a\n b\n BAD\n banner ^\n> x\n> ^\n", 0, ERR_REFUSED, 3,
	    3, 2,
	    CONF "config:interface a|config-if:b|config-if:BAD|"
		 "config-if:end|" },

	/* What goes well. */
	{ "a text in a block goes whole, and nothing behind it",
	    "interface a\n b\n banner ^\n>   x\n> end\n> \n> ^\n c\n"
	    "interface d\n e\n",
	    0, ERR_NONE, 0, 10, 10,
	    CONF "config:interface a|config-if:b|config-if:banner ^|text:  x|"
		 "text:end|text:|text:^|config-if:c|config-if:exit|"
		 "config:interface d|config-if:e|config-if:end|" },
	{ "a text at the end of a block, and one by one",
	    "interface a\n b\n banner ^\n> x\n> ^\ninterface d\n e\n", 1,
	    ERR_NONE, 0, 7, 7,
	    CONF "config:interface a|config-if:b|config-if:banner ^|text:x|"
		 "text:^|config-if:exit|config:interface d|config-if:e|"
		 "config-if:end|" },
	{ "a text behind a block, and another",
	    "interface a\n b\nbanner ^\n> x\n"
	    "> ^\nbanner ^\n> y\n> ^\n",
	    0, ERR_NONE, 0, 8, 8,
	    CONF "config:interface a|config-if:b|config-if:exit|"
		 "config:banner ^|text:x|text:^|config:banner ^|text:y|text:^|"
		 "config:end|" },
	{ "nothing to send", "", 0, ERR_NONE, 0, 0, 0, CONF "config:end|" },
	{ "a block", "ip access-list extended A\n permit ip any any\n", 0,
	    ERR_NONE, 0, 2, 2,
	    CONF "config:ip access-list extended A|"
		 "config-ext-nacl:permit ip any any|config-ext-nacl:end|" },
	{ "two blocks with an exit between",
	    "interface a\n b\ninterface c\n d\n", 0, ERR_NONE, 0, 4, 4,
	    CONF "config:interface a|config-if:b|config-if:exit|"
		 "config:interface c|config-if:d|config-if:end|" },
	{ "a line at the top after a block", "interface a\n b\nntp server x\n",
	    0, ERR_NONE, 0, 3, 3,
	    CONF "config:interface a|config-if:b|config-if:exit|"
		 "config:ntp server x|config:end|" },
	{ "a block in a block, then a line at the top",
	    "router bgp 1\n address-family x\n  network y\nntp server z\n", 0,
	    ERR_NONE, 0, 4, 4,
	    CONF "config:router bgp 1|config-router:address-family x|"
		 "config-router-af:network y|config-router-af:exit|"
		 "config-router:exit|config:ntp server z|config:end|" },
	{ "a line after a block in a block",
	    "router bgp 1\n address-family x\n  network y\n neighbor z\n", 0,
	    ERR_NONE, 0, 4, 4,
	    CONF "config:router bgp 1|config-router:address-family x|"
		 "config-router-af:network y|config-router-af:exit|"
		 "config-router:neighbor z|config-router:end|" },
	{ "a block that leaves itself, as IOS shows it",
	    "router bgp 1\n address-family x\n  network y\n "
	    "exit-address-family\n neighbor z\n",
	    0, ERR_NONE, 0, 5, 5,
	    CONF "config:router bgp 1|config-router:address-family x|"
		 "config-router-af:network y|"
		 "config-router-af:exit-address-family|"
		 "config-router:neighbor z|config-router:end|" },
	{ "a block that ends with its own exit",
	    "interface a\n b\n exit\ninterface c\n d\n", 0, ERR_NONE, 0, 5, 5,
	    CONF "config:interface a|config-if:b|config-if:exit|"
		 "config:interface c|config-if:d|config-if:end|" },
	{ "flat text, as people paste it",
	    "interface a\ndescription x\ninterface b\ndescription y\n", 0,
	    ERR_NONE, 0, 4, 4,
	    CONF "config:interface a|config-if:description x|"
		 "config-if:interface b|config-if:description y|"
		 "config-if:end|" },
	{ "flat text, then a block",
	    "interface a\nshutdown\nrouter bgp 1\n "
	    "neighbor x\n",
	    0, ERR_NONE, 0, 4, 4,
	    CONF "config:interface a|config-if:shutdown|config-if:exit|"
		 "config:router bgp 1|config-router:neighbor x|"
		 "config-router:end|" },
	{ "a header with nothing under it, then a sibling",
	    "router bgp 1\n address-family x\n address-family y\n  network z\n",
	    0, ERR_NONE, 0, 4, 4,
	    CONF "config:router bgp 1|config-router:address-family x|"
		 "config-router-af:exit|config-router:address-family y|"
		 "config-router-af:network z|config-router-af:end|" },
	{ "tabs and deep blanks", "interface a\n\tb\ninterface c\n        d\n",
	    0, ERR_NONE, 0, 4, 4,
	    CONF "config:interface a|config-if:b|config-if:exit|"
		 "config:interface c|config-if:d|config-if:end|" },
};

static void
try_case(size_t i, size_t read_bytes, bool stutter)
{
	struct bench bench;
	fixture_reset(&fixture, "cisco_ios");
	fixture.device.pipeline = cases[i].pipeline;
	fixture.device.timeouts.silence_ms = 1500;
	bench_begin(&bench, cases[i].text);
	bench.script.read_bytes = read_bytes;
	bench.script.stutter = stutter;
	int rc = bench_push(&bench);
	const struct fault *fault = &bench.fault;
	if (rc != (cases[i].kind == ERR_NONE ? 0 : -1) ||
	    fault->err.kind != cases[i].kind || fault->line != cases[i].line)
		fail_msg("%s: %s, line %u: %s\nheard %s", cases[i].name,
		    err_kind_name(fault->err.kind), fault->line,
		    fault->err.text, buf_str(&bench.box.heard));
	if (strcmp(buf_str(&bench.box.heard), cases[i].heard))
		fail_msg("%s: heard\n%s\ninstead of\n%s", cases[i].name,
		    buf_str(&bench.box.heard), cases[i].heard);
	if (bench.push.sent != cases[i].sent ||
	    bench.push.accepted != cases[i].accepted)
		fail_msg("%s: %zu sent, %zu accepted", cases[i].name,
		    bench.push.sent, bench.push.accepted);
	if (fault->line && !bench.lines.items[fault->line - 1].in_text)
		assert_string_equal(fault->sent,
		    bench.lines.items[fault->line - 1].text +
			strspn(bench.lines.items[fault->line - 1].text, " \t"));
	assert_string_equal(buf_str(&fixture.stages), "change|");
	bench_end(&bench);
}

static void
every_line_is_heard_in_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		try_case(i, 0, false);
		try_case(i, 3, true);
	}
}

static void
called_off_before_the_first_line(void **state)
{
	(void)state;
	struct bench bench;
	fixture_reset(&fixture, "cisco_ios");
	fixture.forbidden = STAGE_CHANGE;
	bench_begin(&bench, "interface a\n b\n");
	assert_int_equal(bench_push(&bench), -1);
	assert_int_equal(bench.fault.err.kind, ERR_CANCELLED);
	assert_int_equal(bench.push.sent, 0);
	assert_string_equal(buf_str(&bench.box.heard), "");
	bench_end(&bench);
}

/* WORD stands in the 12th of 60 lines under a header. */
static char *
long_block(const char *word)
{
	struct buf text;
	buf_init(&text, 1 << 16);
	buf_adds(&text, "ip access-list extended A\n");
	for (int i = 0; i < 60; i++)
		buf_addf(&text, " %s %d\n", i == 12 ? word : "permit", i);
	return buf_take(&text);
}

/* The most lines that were in one write after the header. */
static void
check_writes(const char *word, int pipeline, const size_t *wanted, size_t count)
{
	struct bench bench;
	char *text = long_block(word);
	fixture_reset(&fixture, "cisco_ios");
	fixture.device.pipeline = pipeline;
	bench_begin(&bench, text);
	assert_int_equal(bench_push(&bench), 0);
	assert_int_equal(bench.push.accepted, 61);
	/* configure terminal, the header, then the block. */
	for (size_t i = 0; i < count; i++)
		if (bench.script.writes[2 + i] != wanted[i])
			fail_msg("%s: write %zu has %zu lines, not %zu", word,
			    i, bench.script.writes[2 + i], wanted[i]);
	bench_end(&bench);
	free(text);
}

static void
the_window_grows_and_falls_back(void **state)
{
	(void)state;
	static const size_t clean[] = { 4, 8, 16, 32 };
	static const size_t strict[] = { 1, 1, 1, 1, 1, 1 };
	static const size_t three[] = { 3, 3, 3, 3 };
	check_writes("permit", 0, clean, 4);
	check_writes("permit", 1, strict, 6);
	check_writes("permit", 3, three, 4);
}

/* Lines 5 and 6 belong together, and 12 to 18: whatever the window is, but not
 * where one line at a time is asked for. */
static void
what_belongs_together_goes_in_one_write(void **state)
{
	(void)state;
	static const struct {
		int pipeline;
		size_t writes[8];
	} together[] = {
		{ 0, { 4, 7, 8 } },
		{ 1, { 1, 1, 1, 1, 1, 1, 1, 1 } },
		{ 2, { 2, 2, 2, 2, 2, 1, 7, 2 } },
	};
	for (size_t i = 0; i < sizeof(together) / sizeof(*together); i++) {
		struct bench bench;
		char *text = long_block("permit");
		fixture_reset(&fixture, "cisco_ios");
		fixture.device.pipeline = together[i].pipeline;
		bench_begin(&bench, text);
		struct plan_line *lines = bench.lines.items;
		lines[6].joined = true;
		for (size_t k = 13; k <= 18; k++)
			lines[k].joined = true;
		assert_int_equal(bench_push(&bench), 0);
		assert_int_equal(bench.push.accepted, 61);
		for (size_t k = 0; k < 8 && together[i].writes[k]; k++)
			if (bench.script.writes[2 + k] != together[i].writes[k])
				fail_msg("pipeline %d: write %zu has %zu lines",
				    together[i].pipeline, k,
				    bench.script.writes[2 + k]);
		bench_end(&bench);
		free(text);
	}
}

static void
after_a_word_it_goes_one_by_one(void **state)
{
	(void)state;
	struct bench bench;
	char *text = long_block("WARN");
	fixture_reset(&fixture, "cisco_ios");
	bench_begin(&bench, text);
	assert_int_equal(bench_push(&bench), 0);
	assert_int_equal(bench.push.accepted, 61);
	assert_string_equal(buf_str(&bench.push.spoken),
	    "line 14: WARN 12:\nTake care with this\n");
	bench_end(&bench);
	free(text);
	/* Clean answers to what was in flight by then are no new calm. */
	static const size_t wanted[] = { 4, 8, 16, 1, 2, 4, 8, 16 };
	check_writes("WARN", 0, wanted, sizeof(wanted) / sizeof(wanted[0]));
}

static void
a_mute_device_is_a_timeout_at_the_line(void **state)
{
	(void)state;
	struct bench bench;
	fixture_reset(&fixture, "cisco_ios");
	bench_begin(&bench, "interface a\n b\n MUTE\n");
	fixture.device.timeouts.silence_ms = 30;
	assert_int_equal(bench_push(&bench), -1);
	assert_int_equal(bench.fault.err.kind, ERR_TIMEOUT);
	assert_int_equal(bench.fault.line, 3);
	assert_string_equal(bench.fault.sent, "MUTE");
	assert_false(session_is_usable(bench.session));
	bench_end(&bench);
}

static void
a_profile_without_a_configuration_mode(void **state)
{
	(void)state;
	struct bench bench;
	fixture_reset(&fixture, "cisco_ios");
	struct profile bare = *fixture.device.profile;
	bare.config_mode = NULL;
	fixture.device.profile = &bare;
	bench_begin(&bench, "interface a\n");
	assert_int_equal(bench_push(&bench), -1);
	assert_int_equal(bench.fault.err.kind, ERR_JOB);
	assert_string_equal(buf_str(&bench.box.heard), "");
	bench_end(&bench);
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
		cmocka_unit_test(every_line_is_heard_in_its_place),
		cmocka_unit_test(called_off_before_the_first_line),
		cmocka_unit_test(the_window_grows_and_falls_back),
		cmocka_unit_test(what_belongs_together_goes_in_one_write),
		cmocka_unit_test(after_a_word_it_goes_one_by_one),
		cmocka_unit_test(a_mute_device_is_a_timeout_at_the_line),
		cmocka_unit_test(a_profile_without_a_configuration_mode),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
