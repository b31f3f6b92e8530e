/* Sessions: from the first byte to the goodbye, played against scripts. */
#include "fixture.h"
#include "script_transport.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/deadline.h"
#include "base/str.h"
#include "device/session.h"

static struct fixture fixture;

#define SETUP_LINES                                                            \
	"terminal length 0\nterminal width 511\nterminal no monitor\n"
#define SETUP(p)                                                               \
	"terminal length 0\r\n" p "terminal width 511\r\n" p                   \
	"terminal no monitor\r\n" p

/* The login of each row; ENABLE is the enable password or NULL. */
static const struct {
	const char *name, *enable;
	struct script_step steps[14];
	enum err_kind kind;
	const char *mode, *prompt; /* at the end */
	bool whole; /* the script means whole packets */
} logins[] = {
	{ "nothing but an end", .steps = { END }, .kind = ERR_CLOSED },
	{ "an end before the prompt", .steps = { SAY("Welcome\r\nbye"), END },
	    .kind = ERR_CLOSED },
	{ "a connection that breaks", .steps = { SAY("Wel"), BREAK },
	    .kind = ERR_CLOSED },
	{ "an end during the set-up",
	    .steps = { SAY("R1#"), HEAR(SETUP_LINES),
		SAY("terminal length 0\r\nR1#"), END },
	    .kind = ERR_CLOSED },
	{ "a banner and silence", .steps = { SAY("Welcome\r\n"), HEAR("\n") },
	    .kind = ERR_PROMPT },
	{ "user mode without an enable password",
	    .steps = { SAY("R1>"), HEAR(SETUP_LINES), SAY(SETUP("R1>")),
		HEAR("exit\n"), END },
	    .kind = ERR_PROMPT },
	{ "an enable password that is refused", "sesame",
	    .steps = { SAY("R1>"), HEAR(SETUP_LINES), SAY(SETUP("R1>")),
		HEAR("enable\n"), SAY("enable\r\nPassword: "), HEAR("sesame\n"),
		SAY("\r\n% Access denied\r\n\r\nR1>"), HEAR("exit\n"), END },
	    .kind = ERR_AUTH },
	{ "an enable password that is asked for again", "sesame",
	    .steps = { SAY("R1>"), HEAR(SETUP_LINES), SAY(SETUP("R1>")),
		HEAR("enable\n"), SAY("enable\r\nPassword: "), HEAR("sesame\n"),
		SAY("\r\nPassword: "), HEAR("\003"), SAY("\r\nR1>"),
		HEAR("exit\n"), END },
	    .kind = ERR_AUTH },

	{ "straight to the exec mode",
	    .steps = { SAY("\r\nR1#"), HEAR(SETUP_LINES), SAY(SETUP("R1#")),
		HEAR("exit\n"), END },
	    .mode = "exec", .prompt = "R1#" },
	{ "enable", "sesame",
	    .steps = { SAY("R1>"), HEAR(SETUP_LINES), SAY(SETUP("R1>")),
		HEAR("enable\n"), SAY("enable\r\nPassword: "), HEAR("sesame\n"),
		SAY("\r\nR1#"), HEAR("exit\n"), END },
	    .mode = "exec", .prompt = "R1#" },
	{ "a device that waits for a Return",
	    .steps = { SAY("Press RETURN to get started\r\n"), HEAR("\n"),
		SAY("\r\nR1#"), HEAR(SETUP_LINES), SAY(SETUP("R1#")),
		HEAR("exit\n"), END },
	    .mode = "exec", .prompt = "R1#" },
	{ "a banner with lines that look like prompts",
	    .steps = { SAY("####\r\n# keep out #\r\nyes>\r\n####\r\n\r\nR1#"),
		HEAR(SETUP_LINES), SAY(SETUP("R1#")), HEAR("exit\n"), END },
	    .whole = true, .mode = "exec", .prompt = "R1#" },
	{ "a banner that stops where a prompt might be",
	    .steps = { SAY("####"), HEAR(SETUP_LINES),
		SAY("####\r\nlast login: noon\r\nR1#" SETUP("R1#")),
		HEAR("exit\n"), END },
	    .whole = true, .mode = "exec", .prompt = "R1#" },
	{ "a prompt glued to the banner is put right",
	    .steps = { SAY("keep out R1#"), HEAR(SETUP_LINES),
		SAY(SETUP("R1#")), HEAR("exit\n"), END },
	    .whole = true, .mode = "exec", .prompt = "R1#" },
	{ "a set-up command that is refused",
	    .steps = { SAY("R1#"), HEAR(SETUP_LINES),
		SAY("terminal length 0\r\n% Invalid input\r\n"
		    "R1#terminal width 511\r\nR1#terminal no monitor\r\nR1#"),
		HEAR("exit\n"), END },
	    .mode = "exec", .prompt = "R1#" },
};

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
}

static void
talk_end(struct talk *talk)
{
	session_close(talk->session, 200);
	assert_true(talk->script.closed);
	fault_clear(&talk->fault);
	script_clear(&talk->script);
}

static void
log_in(size_t i, size_t read_bytes)
{
	struct talk talk;
	size_t count = 0;
	while (logins[i].steps[count].text || logins[i].steps[count].act)
		count++;
	fixture_reset(&fixture, "cisco_ios");
	if (logins[i].kind == ERR_PROMPT || !read_bytes)
		fixture.device.timeouts.login_ms = 300;
	if (logins[i].enable)
		fixture.credentials.enable = fixture_secret(logins[i].enable);
	talk_begin(&talk, logins[i].steps, count);
	talk.script.read_bytes = read_bytes;
	int rc = session_prepare(talk.session, &talk.fault);
	if (rc != (logins[i].kind == ERR_NONE ? 0 : -1) ||
	    talk.fault.err.kind != logins[i].kind)
		fail_msg("%s (by %zu): %d, %s (%s)", logins[i].name, read_bytes,
		    rc, talk.fault.err.text, talk.script.wrong);
	if (!rc) {
		assert_string_equal(
		    session_mode(talk.session)->name, logins[i].mode);
		assert_string_equal(
		    session_prompt(talk.session), logins[i].prompt);
		assert_true(session_is_usable(talk.session));
	}
	session_close(talk.session, 200);
	const char *complaint = script_complaint(&talk.script);
	if (complaint)
		fail_msg("%s: %s", logins[i].name, complaint);
	fault_clear(&talk.fault);
	script_clear(&talk.script);
}

static void
logins_end_as_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(logins) / sizeof(*logins); i++) {
		log_in(i, 0);
		if (!logins[i].whole)
			log_in(i, 1);
	}
}

#define READY SAY("R1#"), HEAR(SETUP_LINES), SAY(SETUP("R1#"))

static void
commands_answer_or_are_refused(void **state)
{
	(void)state;
	static const struct script_step steps[] = { READY, HEAR("show clock\n"),
		SAY("show clock\r\nnoon\r\nR1#"), HEAR("show cluck\n"),
		SAY("show cluck\r\n       ^\r\n% Invalid input detected at "
		    "'^' marker.\r\n\r\nR1#"),
		/* A long show with a line like a refusal is a show. */
		HEAR("show log\n"),
		SAY("show log\r\n% one\r\n2\r\n3\r\n4\r\n5\r\nR1#"),
		HEAR("exit\n"), END };
	struct talk talk;
	struct buf out;
	buf_init(&out, 1 << 16);
	fixture_reset(&fixture, "cisco_ios");
	talk_begin(&talk, steps, sizeof(steps) / sizeof(*steps));
	assert_int_equal(session_prepare(talk.session, &talk.fault), 0);
	assert_int_equal(
	    session_command(talk.session, "show clock", 0, &out, &talk.fault),
	    0);
	assert_string_equal(buf_str(&out), "noon\n");
	assert_int_equal(
	    session_command(talk.session, "show cluck", 0, &out, &talk.fault),
	    -1);
	assert_int_equal(talk.fault.err.kind, ERR_REFUSED);
	assert_string_equal(talk.fault.sent, "show cluck");
	assert_true(session_is_usable(talk.session));
	fault_clear(&talk.fault);
	buf_reset(&out);
	assert_int_equal(
	    session_command(talk.session, "show log", 0, &out, &talk.fault), 0);
	assert_string_equal(buf_str(&out), "% one\n2\n3\n4\n5\n");
	buf_clear(&out);
	session_close(talk.session, 1000);
	assert_null(script_complaint(&talk.script));
	script_clear(&talk.script);
}

static void
several_commands_go_at_once(void **state)
{
	(void)state;
	static const struct script_step steps[] = { READY, HEAR("a\nb\nc\n"),
		SAY("a\r\nA\r\nR1#b\r\n% no\r\nR1#c\r\nR1#"), HEAR("exit\n"),
		END };
	struct talk talk;
	struct strs commands = { 0 }, outputs = { 0 };
	size_t refused = 0;
	strs_add_lines(&commands, "a\nb\nc\n");
	fixture_reset(&fixture, "cisco_ios");
	talk_begin(&talk, steps, sizeof(steps) / sizeof(*steps));
	assert_int_equal(session_prepare(talk.session, &talk.fault), 0);
	assert_int_equal(session_commands(talk.session, &commands, 0, &outputs,
			     &refused, &talk.fault),
	    0);
	assert_int_equal(outputs.count, 3);
	assert_int_equal(refused, 1);
	assert_string_equal(outputs.items[0], "A\n");
	assert_null(outputs.items[1]);
	assert_string_equal(outputs.items[2], "");
	strs_clear(&commands);
	strs_clear(&outputs);
	talk_end(&talk);
}

static void
modes_are_entered_and_left(void **state)
{
	(void)state;
	static const struct script_step steps[] = { READY,
		HEAR("configure terminal\n"),
		SAY("configure terminal\r\nEnter configuration commands, one "
		    "per line.  End with CNTL/Z.\r\nR1(config)#"),
		HEAR("end\n"), SAY("end\r\nR1#"), HEAR("configure terminal\n"),
		SAY("configure terminal\r\n% locked by another\r\nR1#"),
		HEAR("exit\n"), END };
	struct talk talk;
	fixture_reset(&fixture, "cisco_ios");
	talk_begin(&talk, steps, sizeof(steps) / sizeof(*steps));
	assert_int_equal(session_prepare(talk.session, &talk.fault), 0);
	assert_int_equal(session_enter(talk.session, "config", &talk.fault), 0);
	assert_string_equal(session_mode(talk.session)->name, "config");
	assert_int_equal(session_enter(talk.session, "exec", &talk.fault), 0);
	assert_int_equal(session_enter(talk.session, "exec", &talk.fault), 0);
	assert_int_equal(
	    session_enter(talk.session, "config", &talk.fault), -1);
	assert_int_equal(talk.fault.err.kind, ERR_PROMPT);
	assert_string_equal(talk.fault.sent, "configure terminal");
	assert_string_equal(talk.fault.device_text, "% locked by another\n");
	talk_end(&talk);
}

static void
the_goodbye_leaves_the_configuration_mode(void **state)
{
	(void)state;
	static const struct script_step steps[] = { READY,
		HEAR("configure terminal\n"),
		SAY("configure terminal\r\nR1(config)#"), HEAR("end\n"),
		SAY("end\r\nR1#"), HEAR("exit\n"), SAY("exit\r\nbye\r\n"),
		END };
	struct talk talk;
	fixture_reset(&fixture, "cisco_ios");
	talk_begin(&talk, steps, sizeof(steps) / sizeof(*steps));
	assert_int_equal(session_prepare(talk.session, &talk.fault), 0);
	assert_int_equal(session_enter(talk.session, "config", &talk.fault), 0);
	session_close(talk.session, 2000);
	assert_null(script_complaint(&talk.script));
	script_clear(&talk.script);
}

static ssize_t
read_for_ever(
    struct transport *transport, char *data, size_t len, struct err *err)
{
	(void)transport;
	(void)len;
	(void)err;
	memcpy(data, "noise\r\n", 7);
	return 7;
}

static void
a_device_that_never_falls_silent_is_left(void **state)
{
	(void)state;
	static const struct script_step steps[] = { READY, HEAR("exit\n") };
	struct talk talk;
	fixture_reset(&fixture, "cisco_ios");
	talk_begin(&talk, steps, sizeof(steps) / sizeof(*steps));
	assert_int_equal(session_prepare(talk.session, &talk.fault), 0);
	struct transport_ops ops = *talk.script.base.ops;
	ops.read = read_for_ever;
	talk.script.base.ops = &ops;
	int64_t start = clock_ms();
	talk_end(&talk);
	assert_true(clock_ms() - start < 5000);

	fixture.device.timeouts.login_ms = 50;
	talk_begin(&talk, steps, 0);
	talk.script.base.ops = &ops;
	assert_int_equal(session_prepare(talk.session, &talk.fault), -1);
	assert_int_equal(talk.fault.err.kind, ERR_PROMPT);
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
		cmocka_unit_test(logins_end_as_told),
		cmocka_unit_test(commands_answer_or_are_refused),
		cmocka_unit_test(several_commands_go_at_once),
		cmocka_unit_test(modes_are_entered_and_left),
		cmocka_unit_test(the_goodbye_leaves_the_configuration_mode),
		cmocka_unit_test(a_device_that_never_falls_silent_is_left),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
