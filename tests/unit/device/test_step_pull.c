/*
 * A file that the device fetches itself, byte for byte: which questions get
 * which answer, which get none, and what its last words mean. The scripts are
 * strict: one byte that they do not foresee, a Return behind a key, is wrong.
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
#include "device/session.h"
#include "device/step.h"

#define MD5	  "0123456789abcdef0123456789abcdef"
#define OTHER	  "1123456789abcdef0123456789abcdef"
#define SECRET	  "s3cret?!"
#define FROM	  "scp://u@192.0.2.1/x.bin"
#define STEPS_MAX 64

static struct fixture fixture;

/* ---- IOS ---- */

#define LINE(line) HEAR(line "\n"), SAY(line "\r\n")
#define PROMPT	   SAY("R1#")
#define LOOK(listed)                                                           \
	LINE("dir flash:"), SAY(listed "9 bytes total (9 bytes free)\r\n"),    \
	    PROMPT
#define NONE "    2  -rw-   5  Mar 1 1993 00:03:03  old.bin\r\n"
#define OLD  "    1  -rw-   7  Mar 1 1993 00:03:03  new.bin\r\n"
#define NEW  "    1  -rw-  70  Mar 1 1993 00:03:03  new.bin\r\n"
#define SUM(md5)                                                               \
	LINE("verify /md5 flash:new.bin"),                                     \
	    SAY("....Done!\r\nverify /md5 (flash:new.bin) = " md5 "\r\n"),     \
	    PROMPT
#define VERSION                                                                \
	LINE("show version"),                                                  \
	    SAY("Cisco IOS Software, X, Version 15.2(4)M6, RELEASE\r\n"        \
		"R1 uptime is 1 week\r\n"                                      \
		"System image file is \"flash:/old.bin\"\r\n"),                \
	    PROMPT
#define COPY	  LINE("copy " FROM " flash:new.bin")
#define ASK(text) SAY(text)
#define RETURN	  HEAR("\n"), SAY("\r\n")
#define PASSWORD  ASK("Password: "), HEAR(SECRET "\n"), SAY("\r\n")
#define MARKS	  SAY(" Sending file modes: C0644 70\r\n"), SAY("!!!"), SAY("!O.!!")
#define DONE                                                                   \
	SAY("\r\n[OK - 70 bytes]\r\n\r\n70 bytes copied in 0.5 secs "          \
	    "(140 bytes/sec)\r\n"),                                            \
	    PROMPT
#define AWAKE	HEAR("\n"), SAY("\r\nR1#")
#define ARRIVED AWAKE, LOOK(NEW), SUM(MD5)
#define OVER                                                                   \
	ASK("%Warning:There is a file already existing with this name \r\n"    \
	    "Do you want to over write? [confirm]")
#define DECLINED HEAR("\x03"), SAY("^C\r\nR1#")
#define REMOVED                                                                \
	AWAKE, LOOK(NEW), LINE("delete /force flash:new.bin"), PROMPT,         \
	    LOOK(NONE)

struct dialogue {
	const char *name, *more; /* keys of the step */
	enum step_status status;
	enum err_kind kind;
	const char *says; /* in the error, or the output */
	struct script_step steps[STEPS_MAX];
};

static const struct dialogue ios[] = {
	{ "fetched", "", STEP_CHANGED, ERR_NONE, "70 bytes copied",
	    { LOOK(NONE), COPY,
		ASK("Address or name of remote host [192.0.2.1]? "), RETURN,
		ASK("Source username [u]? "), RETURN,
		ASK("Source filename [x.bin]? "), RETURN,
		ASK("Destination filename [new.bin]? "), RETURN, PASSWORD,
		MARKS, DONE, ARRIVED } },
	{ "it is there", "", STEP_UNCHANGED, ERR_NONE, "is there already",
	    { LOOK(NEW), SUM(MD5) } },
	{ "fetched anew", ", skip_if_present: false", STEP_CHANGED, ERR_NONE,
	    "70 bytes",
	    { LOOK(NEW), VERSION, SUM(MD5), COPY, OVER, HEAR("y"), SAY("\r\n"),
		PASSWORD, MARKS, DONE, ARRIVED } },
	{ "another file gives way", "", STEP_CHANGED, ERR_NONE, "70 bytes",
	    { LOOK(OLD), SUM(OTHER), VERSION, COPY, OVER, HEAR("y"),
		SAY("\r\n"), PASSWORD, MARKS, DONE, ARRIVED } },
	{ "a key, and no Return behind it", "", STEP_CHANGED, ERR_NONE,
	    "70 bytes",
	    { LOOK(NONE), COPY, ASK("Erase flash: before copying? [confirm]"),
		HEAR("n"), SAY("\r\n"), PASSWORD, MARKS, DONE, ARRIVED } },
	{ "nobody looked at it", "", STEP_FAILED, ERR_TRANSFER,
	    "has come up on the device meanwhile",
	    { LOOK(NONE), COPY, OVER, DECLINED } },
	{ "an unknown server", "", STEP_FAILED, ERR_HOST_KEY,
	    "accept_new_host_key",
	    { LOOK(NONE), COPY,
		ASK("Are you sure you want to continue connecting? [yes/no]: "),
		DECLINED } },
	{ "an unknown server that is trusted", ", accept_new_host_key: true",
	    STEP_CHANGED, ERR_NONE, "70 bytes",
	    { LOOK(NONE), COPY,
		ASK("Are you sure you want to continue connecting? [yes/no]: "),
		HEAR("yes\n"), SAY("yes\r\n"), PASSWORD, MARKS, DONE,
		ARRIVED } },
	{ "no default to be taken", "", STEP_FAILED, ERR_PROMPT,
	    "Destination filename []?",
	    { LOOK(NONE), COPY, ASK("Destination filename []? "), DECLINED } },
	{ "what nobody knows", "", STEP_FAILED, ERR_PROMPT, "Format flash:?",
	    { LOOK(NONE), COPY, ASK("Format flash:? [confirm]"), DECLINED } },
	{ "the password is offered once", "", STEP_FAILED, ERR_AUTH,
	    "NETPUSH_SERVER_PASSWORD",
	    { LOOK(NONE), COPY, PASSWORD, ASK("Password: "), DECLINED } },
	{ "the server lets nobody in", "", STEP_FAILED, ERR_AUTH,
	    "(Permission denied)",
	    { LOOK(NONE), COPY, PASSWORD,
		SAY("%Error opening " FROM " (Permission denied)\r\n"), PROMPT,
		AWAKE, LOOK(NONE) } },
	{ "... and the old file stays", "", STEP_FAILED, ERR_AUTH,
	    "(Permission denied)",
	    { LOOK(OLD), SUM(OTHER), VERSION, COPY, OVER, HEAR("y"),
		SAY("\r\n"), PASSWORD,
		SAY("%Error opening " FROM " (Permission denied)\r\n"), PROMPT,
		AWAKE, LOOK(OLD), SUM(OTHER) } },
	{ "... though nobody had compared it", ", skip_if_present: false",
	    STEP_FAILED, ERR_AUTH, "(Permission denied)",
	    { LOOK(OLD), VERSION, SUM(OTHER), COPY, OVER, HEAR("y"),
		SAY("\r\n"), PASSWORD,
		SAY("%Error opening " FROM " (Permission denied)\r\n"), PROMPT,
		AWAKE, LOOK(OLD), SUM(OTHER) } },
	{ "no such file", "", STEP_FAILED, ERR_TRANSFER,
	    "not fetched: %Error opening " FROM " (No such file or directory)",
	    { LOOK(NONE), COPY, PASSWORD,
		SAY("%Error opening " FROM " (No such file or directory)\r\n"),
		PROMPT, AWAKE, LOOK(NONE) } },
	{ "cut in the middle", "", STEP_FAILED, ERR_TRANSFER,
	    "(Connection reset by peer)",
	    { LOOK(NONE), COPY, PASSWORD, MARKS,
		SAY("\r\n%Error reading " FROM
		    " (Connection reset by peer)\r\n"),
		PROMPT, AWAKE, LOOK(NEW), REMOVED } },
	{ "no last word", "", STEP_FAILED, ERR_TRANSFER,
	    "does not say that it has copied",
	    { LOOK(NONE), COPY, PASSWORD, MARKS, SAY("\r\n"), PROMPT, AWAKE,
		LOOK(NONE) } },
	{ "less than it says", "", STEP_FAILED, ERR_TRANSFER,
	    "70 of 71 bytes arrived",
	    { LOOK(NONE), COPY, PASSWORD,
		SAY("!!\r\n71 bytes copied in 0.5 secs\r\n"), PROMPT, AWAKE,
		LOOK(NEW), AWAKE, LOOK(NEW), REMOVED } },
	{ "nothing there in the end", "", STEP_FAILED, ERR_TRANSFER,
	    "is not there when the copy is over",
	    { LOOK(NONE), COPY, PASSWORD, MARKS, DONE, AWAKE, LOOK(NONE), AWAKE,
		LOOK(NONE) } },
	{ "not the bytes that were meant", "", STEP_FAILED, ERR_VERIFY,
	    "what arrived is not what was wanted",
	    { LOOK(NONE), COPY, PASSWORD, MARKS, DONE, AWAKE, LOOK(NEW),
		SUM(OTHER), AWAKE, LOOK(NEW), REMOVED } },
};

static const struct script_step setup[] = {
	SAY("\r\nR1#"),
	HEAR("terminal length 0\nterminal width 511\nterminal no monitor\n"),
	SAY("terminal length 0\r\nR1#terminal width 511\r\n"
	    "R1#terminal no monitor\r\nR1#"),
};
#define SETUP_STEPS (sizeof(setup) / sizeof(*setup))

static size_t
join_steps(const struct dialogue *dialogue,
    struct script_step all[SETUP_STEPS + STEPS_MAX])
{
	size_t count = SETUP_STEPS;
	memcpy(all, setup, sizeof(setup));
	for (size_t i = 0; i < STEPS_MAX && dialogue->steps[i].text; i++)
		all[count++] = dialogue->steps[i];
	return count;
}

static struct job *
make_job(const struct dialogue *dialogue, const char *from)
{
	struct diags diags = { 0 };
	char *text = xasprintf(
	    "device_list:\n"
	    "  - {hostname: R1, device_type: cisco_ios}\n"
	    "phases:\n"
	    "  - steps:\n"
	    "      - upload: {from: '%s', destination: 'flash:new.bin', "
	    "md5: " MD5 "%s}\n",
	    from, dialogue->more);
	struct job *job = job_parse(
	    "job.yml", text, strlen(text), &fixture.profiles, &diags);
	diags_print(&diags);
	diags_clear(&diags);
	if (!job)
		fail_msg("no job:\n%s", text);
	free(text);
	job->devices[0].timeouts = fixture.device.timeouts;
	return job;
}

static void
check(const struct dialogue *dialogue, struct script *script,
    const struct step_result *result)
{
	const char *said = result->fault.err.kind ? result->fault.err.text
						  : buf_str(&result->output);
	const char *wrong = script_complaint(script);
	bool goes_on = wrong && strstr(wrong, "the script stands");
	if (wrong && !goes_on)
		fail_msg("%s: %s", dialogue->name, wrong);
	if (result->status != dialogue->status ||
	    result->fault.err.kind != dialogue->kind ||
	    !strstr(said, dialogue->says) || goes_on)
		fail_msg("%s: %s, %s: %s\n%s", dialogue->name,
		    step_status_name(result->status),
		    err_kind_name(result->fault.err.kind), said,
		    wrong ? wrong : "");
}

static void
play(const struct dialogue *dialogue, const char *from)
{
	struct script_step all[SETUP_STEPS + STEPS_MAX];
	struct script script;
	struct fault fault = { 0 };
	struct step_result result;
	fixture_reset(&fixture, "cisco_ios");
	fixture.credentials.server = fixture_secret(SECRET);
	struct job *job = make_job(dialogue, from);
	struct target target = fixture.target;
	target.job = job;
	target.device = &job->devices[0];
	script_init(&script, all, join_steps(dialogue, all));
	step_result_init(&result);
	struct session *session = session_new(
	    &script.base, &target, &fixture.observer, deadline_in(600000));
	if (session_prepare(session, &fault))
		fail_msg(
		    "%s: not prepared: %s", dialogue->name, fault.err.text);
	step_run(session, &job->phases[0].steps[0], &result);
	check(dialogue, &script, &result);
	assert_null(strstr(buf_str(&result.output), SECRET));
	assert_null(strstr(buf_str(&result.notes), SECRET));
	session_close(session, 0);
	step_result_clear(&result);
	fault_clear(&fault);
	script_clear(&script);
	job_free(job);
	secret_free(fixture.credentials.server);
	fixture.credentials.server = NULL;
}

static void
each_question_gets_its_answer_or_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ios) / sizeof(*ios); i++)
		play(&ios[i], FROM);
}

/* A server that is named without a user has no password of ours. */
static void
who_names_no_user_gives_no_password(void **state)
{
	(void)state;
	static const struct dialogue tftp = { "no user", "", STEP_FAILED,
		ERR_PROMPT, "a password that was not given",
		{ LOOK(NONE), LINE("copy tftp://192.0.2.1/x.bin flash:new.bin"),
		    ASK("Password: "), DECLINED } };
	play(&tftp, "tftp://192.0.2.1/x.bin");
}

static int
set_up(void **state)
{
	(void)state;
	return fixture_init(&fixture, SOURCE_DIR "/device-profiles") ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	fixture_clear(&fixture);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_question_gets_its_answer_or_none),
		cmocka_unit_test(who_names_no_user_gives_no_password),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
