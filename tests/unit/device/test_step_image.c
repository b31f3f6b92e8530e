/*
 * The steps of an upgrade against a small device that answers as IOS does:
 * what each asks, what it refuses, and that nothing is told to reload that
 * must not be. Going away and coming back is for tests with a network.
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

#include <sys/stat.h>

#define MD5_OF_IMAGE "0123456789abcdef0123456789abcdef"
#define REGISTER     "Configuration register is 0x2102"

static struct fixture fixture;
static char image_path[] = "/tmp/netpush-image-XXXXXX";

struct toy {
	const char *version, *uptime, *reg, *dir, *stack, *md5, *next;
	const char *question; /* to reload */
	struct strs boot; /* lines of the configuration */
	bool loses; /* boot lines have no effect */
	bool config;
	struct buf sent; /* "line|" for each, terminal lines left out */
};

static const struct toy new_toy = {
	.version = "15.2(4)M6",
	.uptime = "3 weeks, 2 minutes",
	.reg = REGISTER,
	.dir = "    1  -rw-         100   Mar 1 1993 00:03:03  old.bin\r\n"
	       "2000 bytes total (1000 bytes free)\r\n",
	.md5 = MD5_OF_IMAGE,
	.next = "flash:new.bin,1;flash:old.bin,1;",
	.question = "Proceed with reload? [confirm]",
};

static void
toy_version(const struct toy *toy, struct buf *out)
{
	buf_addf(out,
	    "Cisco IOS Software, C2900 Software, Version %s, RELEASE\r\n"
	    "R1 uptime is %s\r\n"
	    "System image file is \"flash:/old.bin\"\r\n%s\r\n",
	    toy->version, toy->uptime, toy->reg);
}

/* The answer of a command; false: the device hangs up. */
static bool
toy_exec(struct toy *toy, const char *line, struct buf *out)
{
	if (str_eq(line, "show version"))
		toy_version(toy, out);
	else if (str_eq(line, "configure terminal"))
		toy->config = true;
	else if (str_eq(line, "show running-config | include ^boot system"))
		for (size_t i = 0; i < toy->boot.count; i++)
			buf_addf(out, "%s\r\n", toy->boot.items[i]);
	else if (str_eq(line, "show boot"))
		buf_addf(out, "BOOT variable = %s\r\n", toy->next);
	else if (str_starts(line, "dir ") && toy->dir)
		buf_adds(out, toy->dir);
	else if (str_eq(line, "show switch") && toy->stack)
		buf_adds(out, toy->stack);
	else if (str_eq(line, "verify /md5 flash:new.bin") && toy->md5)
		buf_addf(out,
		    "................Done!\r\n"
		    "verify /md5 (flash:new.bin) = %s\r\n",
		    toy->md5);
	else if (str_eq(line, "show neighbours"))
		buf_adds(out,
		    "Device    Holdtime\r\nCORE2     171\r\nCORE1     120\r\n"
		    "password 7 0822455D0A16\r\n");
	else if (*line)
		buf_adds(out, "% Invalid input detected\r\n");
	return true;
}

static void
toy_configure(struct toy *toy, const char *line)
{
	if (str_eq(line, "end"))
		toy->config = false;
	else if (str_eq(line, "no boot system") && !toy->loses)
		strs_clear(&toy->boot);
	else if (!toy->loses)
		strs_add(&toy->boot, line);
}

static bool
toy_answer(void *data, const char *line, size_t len, struct buf *out)
{
	struct toy *toy = data;
	char *copy = xstrndup(line, len);
	char *text = str_trim(copy);
	bool goes_on = true;
	/* What is typed to the question: Return says yes. */
	bool confirms = toy->sent.len > 7 &&
	    str_ends(buf_str(&toy->sent), "|reload|");
	if (!str_starts(text, "terminal "))
		buf_addf(&toy->sent, "%s|", text);
	if (confirms && !*text)
		goes_on = false;
	else if (confirms && *text == '\x03')
		buf_adds(out, "^C\r\nR1#");
	else
		buf_addf(out, "%s\r\n", text);
	if (goes_on && !confirms && str_eq(text, "reload")) {
		buf_adds(out, toy->question);
	} else if (goes_on && !(confirms && *text == '\x03')) {
		if (str_eq(text, "exit"))
			goes_on = false;
		else if (toy->config)
			toy_configure(toy, text);
		else
			goes_on = toy_exec(toy, text, out);
		buf_adds(out, toy->config ? "R1(config)#" : "R1#");
	}
	free(copy);
	return goes_on;
}

struct bench {
	struct toy toy;
	struct script script;
	struct job *job;
	struct target target;
	json_t *memory;
	struct session *session;
	struct step_result result;
};

static void
bench_begin(struct bench *bench, const char *step)
{
	struct diags diags = { 0 };
	/* The first two only allow what the others rely on. */
	char *text = xasprintf(
	    "vars: {source: %s}\n"
	    "device_list:\n"
	    "  - {hostname: R1, device_type: cisco_ios}\n"
	    "phases:\n"
	    "  - name: only\n"
	    "    steps:\n"
	    "      - verify_image: {path: x, md5: " MD5_OF_IMAGE "}\n"
	    "      - {command: show version, remember: around}\n"
	    "      - %s\n",
	    image_path, step);
	*bench = (struct bench){ .target = fixture.target, .toy = new_toy };
	fixture_reset(&fixture, "cisco_ios");
	bench->job = job_parse(
	    "job.yml", text, strlen(text), &fixture.profiles, &diags);
	diags_print(&diags);
	diags_clear(&diags);
	if (!bench->job)
		fail_msg("no job:\n%s", text);
	free(text);
	struct timeouts *timeouts = &bench->job->devices[0].timeouts;
	*timeouts = fixture.device.timeouts;
	timeouts->connect_ms = 200;
	bench->memory = json_object();
	bench->target.job = bench->job;
	bench->target.device = &bench->job->devices[0];
	bench->target.memory = bench->memory;
	buf_init(&bench->toy.sent, 1 << 20);
	script_init(&bench->script, NULL, 0);
	bench->script.answer = toy_answer;
	bench->script.data = &bench->toy;
	step_result_init(&bench->result);
}

static void
bench_run(struct bench *bench)
{
	struct fault fault = { 0 };
	buf_adds(&bench->script.out, "\r\nR1#");
	script_signal(&bench->script);
	bench->session = session_new(&bench->script.base, &bench->target,
	    &fixture.observer, deadline_in(600000));
	if (session_prepare(bench->session, &fault))
		fail_msg("not prepared: %s", fault.err.text);
	buf_reset(&fixture.stages);
	step_run(
	    bench->session, &bench->job->phases[0].steps[2], &bench->result);
}

static void
bench_end(struct bench *bench)
{
	session_close(bench->session, 1000);
	step_result_clear(&bench->result);
	job_free(bench->job);
	json_decref(bench->memory);
	strs_clear(&bench->toy.boot);
	buf_clear(&bench->toy.sent);
	script_clear(&bench->script);
}

static void
check(const char *name, const struct bench *bench, enum step_status status,
    enum err_kind kind, const char *says)
{
	const struct step_result *result = &bench->result;
	if (result->status != status || result->fault.err.kind != kind ||
	    !strstr(result->fault.err.text, says))
		fail_msg("%s: %s, %s: %s\nsent %s\nshown %s", name,
		    step_status_name(result->status),
		    err_kind_name(result->fault.err.kind),
		    result->fault.err.text, buf_str(&bench->toy.sent),
		    buf_str(&result->output));
}

static bool
was_sent(const struct bench *bench, const char *line)
{
	char *whole = xasprintf("|%s|", line);
	char *all = xasprintf("|%s", buf_str(&bench->toy.sent));
	bool found = strstr(all, whole) != NULL;
	free(whole);
	free(all);
	return found;
}

/* The image here has 800 bytes. */
static const struct {
	const char *name, *step, *dir, *stack;
	enum step_status status;
	enum err_kind kind;
	const char *says;
} rooms[] = {
	{ "room enough", "space: {file: '{{source}}', margin: 25%}", NULL, NULL,
	    STEP_OK, ERR_NONE, "" },
	{ "one byte too little", "space: {file: '{{source}}', margin: 26%}",
	    NULL, NULL, STEP_FAILED, ERR_VERIFY, "1000 bytes are free, 1008" },
	{ "it does not say", "space: {file: '{{source}}'}",
	    "Directory of flash:/\r\n", NULL, STEP_FAILED, ERR_VERIFY,
	    "does not say" },
	{ "no such directory", "space: {file: '{{source}}', path: 'usb:'}",
	    "%Error opening usb:/ (No such device)\r\n", NULL, STEP_FAILED,
	    ERR_REFUSED, "dir usb:" },
	{ "in kilobytes", "space: {file: '{{source}}'}",
	    "9 Kbytes total (1 Kbytes free)\r\n", NULL, STEP_OK, ERR_NONE, "" },
	{ "of a file that is elsewhere",
	    "space: {file: else/where.bin, size: 900}", NULL, NULL, STEP_OK,
	    ERR_NONE, "" },
	{ "of a larger one that is elsewhere",
	    "space: {file: else/where.bin, size: 910}", NULL, NULL, STEP_FAILED,
	    ERR_VERIFY, "1000 bytes are free, 1001" },
	{ "that is there already", "space: {file: else/old.bin, size: 100}",
	    "    1  -rw-   100  Mar 1 1993 00:03:03  old.bin\r\n"
	    "100 bytes total (0 bytes free)\r\n",
	    NULL, STEP_OK, ERR_NONE, "" },
	{ "runs the version already",
	    "space: {file: '{{source}}', unless_version: 15.2(4)M6}", "", NULL,
	    STEP_UNCHANGED, ERR_NONE, "" },
	{ "runs another version",
	    "space: {file: '{{source}}', unless_version: 15.2(4)M}",
	    "0 bytes total (0 bytes free)\r\n", NULL, STEP_FAILED, ERR_VERIFY,
	    "not enough" },
	{ "both members of a stack", "space: {file: '{{source}}'}", NULL,
	    "*1 Active 0c75\r\n 2 Standby 0c76\r\n", STEP_OK, ERR_NONE, "" },
};

static void
room_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rooms) / sizeof(*rooms); i++) {
		struct bench bench;
		bench_begin(&bench, rooms[i].step);
		if (rooms[i].dir)
			bench.toy.dir = rooms[i].dir;
		bench.toy.stack = rooms[i].stack;
		bench_run(&bench);
		check(rooms[i].name, &bench, rooms[i].status, rooms[i].kind,
		    rooms[i].says);
		assert_int_equal(
		    rooms[i].stack != NULL, was_sent(&bench, "dir flash2:"));
		assert_string_equal(buf_str(&fixture.stages), "");
		bench_end(&bench);
	}
}

static const struct {
	const char *name, *md5;
	bool check_only;
	enum step_status status;
	enum err_kind kind;
	bool proved;
} images[] = {
	{ "the image", MD5_OF_IMAGE, false, STEP_OK, ERR_NONE, true },
	{ "the image, in capitals", "0123456789ABCDEF0123456789ABCDEF", false,
	    STEP_OK, ERR_NONE, true },
	{ "another one", "1123456789abcdef0123456789abcdef", false, STEP_FAILED,
	    ERR_VERIFY, false },
	{ "no checksum at all", "unknown", false, STEP_FAILED, ERR_VERIFY,
	    false },
	{ "not there", NULL, false, STEP_FAILED, ERR_REFUSED, false },
	{ "not there yet", NULL, true, STEP_OK, ERR_NONE, false },
};

static void
images_are_proved(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(images) / sizeof(*images); i++) {
		struct bench bench;
		bench_begin(&bench,
		    "verify_image: {path: 'flash:new.bin', md5: " MD5_OF_IMAGE
		    "}");
		bench.toy.md5 = images[i].md5;
		bench.target.check_only = images[i].check_only;
		bench_run(&bench);
		check(images[i].name, &bench, images[i].status, images[i].kind,
		    "");
		/* What was proved before counts no more, either way. */
		assert_string_equal(
		    json_string_value(json_object_get(
			bench.result.memory, "image:flash:new.bin")),
		    images[i].proved ? MD5_OF_IMAGE : "");
		bench_end(&bench);
	}
}

static void
versions_are_expected(void **state)
{
	(void)state;
	static const struct {
		const char *step;
		enum step_status status;
		enum err_kind kind;
		const char *says;
	} cases[] = {
		{ "expect_version: 15.2(4)M6", STEP_OK, ERR_NONE, "" },
		{ "expect_version: 15.2(4)M", STEP_FAILED, ERR_VERIFY,
		    "it runs 15.2(4)M6, not 15.2(4)M" },
		{ "expect_version: 15.2(4)M60", STEP_FAILED, ERR_VERIFY,
		    "not 15.2(4)M60" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bench bench;
		bench_begin(&bench, cases[i].step);
		bench_run(&bench);
		check(cases[i].step, &bench, cases[i].status, cases[i].kind,
		    cases[i].says);
		bench_end(&bench);
	}
}

/* The boot list before, and what becomes of it. */
static const struct {
	const char *name, *before, *reg, *version;
	bool loses, check_only;
	enum step_status status;
	enum err_kind kind;
	const char *after, *stages;
} boots[] = {
	{ "no list before", "", REGISTER, NULL, false, false, STEP_CHANGED,
	    ERR_NONE, "boot system flash:new.bin|boot system flash:/old.bin|",
	    "change|verify|" },
	{ "another one before", "boot system flash:other.bin\n", REGISTER, NULL,
	    false, false, STEP_CHANGED, ERR_NONE,
	    "boot system flash:new.bin|boot system flash:/old.bin|",
	    "change|verify|" },
	{ "first already", "boot system flash:/new.bin\n", REGISTER, NULL,
	    false, false, STEP_UNCHANGED, ERR_NONE,
	    "boot system flash:/new.bin|", "" },
	{ "second is not first",
	    "boot system flash:/old.bin\nboot system flash:/new.bin\n",
	    REGISTER, NULL, false, false, STEP_CHANGED, ERR_NONE,
	    "boot system flash:new.bin|boot system flash:/old.bin|",
	    "change|verify|" },
	{ "a register that does not boot it", "",
	    "Configuration register is 0x2142", NULL, false, false, STEP_FAILED,
	    ERR_VERIFY, "", "" },
	{ "accepted and not done", "boot system flash:other.bin\n", REGISTER,
	    NULL, true, false, STEP_FAILED, ERR_VERIFY,
	    "boot system flash:other.bin|", "change|verify|" },
	{ "runs the version already", "", REGISTER, "15.7(3)M8", false, false,
	    STEP_UNCHANGED, ERR_NONE, "", "" },
	{ "only told", "", REGISTER, NULL, false, true, STEP_UNCHANGED,
	    ERR_NONE, "", "" },
};

static void
boot_lists_are_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(boots) / sizeof(*boots); i++) {
		struct bench bench;
		struct buf after;
		bench_begin(&bench,
		    "{boot: 'flash:new.bin', unless_version: 15.7(3)M8}");
		strs_add_lines(&bench.toy.boot, boots[i].before);
		bench.toy.reg = boots[i].reg;
		bench.toy.loses = boots[i].loses;
		if (boots[i].version)
			bench.toy.version = boots[i].version;
		bench.target.check_only = boots[i].check_only;
		bench_run(&bench);
		check(
		    boots[i].name, &bench, boots[i].status, boots[i].kind, "");
		buf_init(&after, 4096);
		for (size_t k = 0; k < bench.toy.boot.count; k++)
			buf_addf(&after, "%s|", bench.toy.boot.items[k]);
		assert_string_equal(buf_str(&after), boots[i].after);
		assert_string_equal(buf_str(&fixture.stages), boots[i].stages);
		assert_int_equal(
		    bench.result.would_change, boots[i].check_only);
		buf_clear(&after);
		bench_end(&bench);
	}
}

/* What keeps a reload from being told, and what does not. */
static const struct {
	const char *name, *proved, *next, *uptime, *question, *version;
	int64_t doubt_ms; /* an earlier visit told it so long ago */
	bool check_only;
	enum step_status status;
	enum err_kind kind;
	const char *says;
	bool told, confirmed;
} reloads[] = {
	{ "nobody proved it", NULL, NULL, NULL, NULL, NULL, 0, false,
	    STEP_FAILED, ERR_VERIFY, "no step of this run has proved", false,
	    false },
	{ "another one was proved", "image:flash:old.bin", NULL, NULL, NULL,
	    NULL, 0, false, STEP_FAILED, ERR_VERIFY, "flash:new.bin", false,
	    false },
	{ "nothing is said to be booted", "image:flash:new.bin", "", NULL, NULL,
	    NULL, 0, false, STEP_FAILED, ERR_VERIFY, "no image", false, false },
	{ "no uptime", "image:flash:new.bin", NULL, "unknown", NULL, NULL, 0,
	    false, STEP_FAILED, ERR_VERIFY, "how long it is up", false, false },
	{ "not saved", "image:flash:new.bin", NULL, NULL,
	    "System configuration has been modified. Save? [yes/no]: ", NULL, 0,
	    false, STEP_FAILED, ERR_PROMPT, "not reloaded: ", true, false },
	{ "refused", "image:flash:new.bin", NULL, NULL,
	    "% Reload is not allowed\r\nR1#", NULL, 0, false, STEP_FAILED,
	    ERR_REFUSED, "not reloaded: ", true, false },
	{ "runs the version already", NULL, NULL, NULL, NULL, "15.7(3)M8", 0,
	    false, STEP_UNCHANGED, ERR_NONE, "", false, false },
	{ "only told", NULL, NULL, NULL, NULL, NULL, 0, true, STEP_UNCHANGED,
	    ERR_NONE, "", false, false },
	{ "told by an earlier visit, and up since then", NULL, NULL,
	    "4 minutes", NULL, NULL, 300000, false, STEP_CHANGED, ERR_NONE, "",
	    false, false },
	{ "told by an earlier visit, but up for longer", "image:flash:new.bin",
	    NULL, "6 minutes", NULL, NULL, 300000, false, STEP_UNKNOWN,
	    ERR_TIMEOUT, "did not come back", true, true },
	{ "it goes", "image:flash:new.bin", NULL, NULL, NULL, NULL, 0, false,
	    STEP_UNKNOWN, ERR_TIMEOUT, "did not come back", true, true },
};

static void
reloads_are_told_once_and_only_if_all_is_well(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(reloads) / sizeof(*reloads); i++) {
		struct bench bench;
		bench_begin(
		    &bench, "reload: {wait: 1s, unless_version: 15.7(3)M8}");
		if (reloads[i].proved)
			json_object_set_new(bench.memory, reloads[i].proved,
			    json_string(MD5_OF_IMAGE));
		if (reloads[i].next)
			bench.toy.next = reloads[i].next;
		if (reloads[i].uptime)
			bench.toy.uptime = reloads[i].uptime;
		if (reloads[i].question)
			bench.toy.question = reloads[i].question;
		if (reloads[i].version)
			bench.toy.version = reloads[i].version;
		bench.target.check_only = reloads[i].check_only;
		if (reloads[i].doubt_ms) {
			bench.target.told_step = "reload";
			bench.target.told_ms = clock_wall_ms() -
			    reloads[i].doubt_ms;
		}
		/* Nobody listens there. */
		bench.job->devices[0].port = 1;
		bench_run(&bench);
		check(reloads[i].name, &bench, reloads[i].status,
		    reloads[i].kind, reloads[i].says);
		if (was_sent(&bench, "reload") != reloads[i].told ||
		    (strstr(buf_str(&bench.toy.sent), "|reload||") != NULL) !=
			reloads[i].confirmed)
			fail_msg("%s: sent %s", reloads[i].name,
			    buf_str(&bench.toy.sent));
		/* The journal knows before it is told. */
		assert_int_equal(reloads[i].told,
		    str_starts(buf_str(&fixture.stages), "change|"));
		assert_int_equal(
		    bench.result.would_change, reloads[i].check_only);
		bench_end(&bench);
	}
}

#define PICKED "CORE1\nCORE2\n"

static const struct {
	const char *name, *step, *before;
	bool check_only;
	enum step_status status;
	enum err_kind kind;
	const char *says, *kept;
} memories[] = {
	{ "what was picked, in order",
	    "{command: show neighbours, pick: '^(CORE\\S+)', remember: n}",
	    NULL, false, STEP_OK, ERR_NONE, "", PICKED },
	{ "all that a pattern without a group matches",
	    "{command: show neighbours, pick: 'CORE1.*', remember: n}", NULL,
	    false, STEP_OK, ERR_NONE, "", "CORE1     120\n" },
	{ "two groups are one line",
	    "{command: show neighbours, pick: '^(C)ORE(1)', remember: n}", NULL,
	    false, STEP_OK, ERR_NONE, "", "C 1\n" },
	{ "no secret is kept",
	    "{command: show neighbours, pick: password.*, remember: n}", NULL,
	    false, STEP_OK, ERR_NONE, "", "password 7 <redacted>\n" },
	{ "the same",
	    "{command: show neighbours, pick: '^(CORE\\S+)', same_as: around}",
	    PICKED, false, STEP_OK, ERR_NONE, "", NULL },
	{ "one is gone",
	    "{command: show neighbours, pick: '^(CORE\\S+)', same_as: around}",
	    PICKED "CORE3\n", false, STEP_FAILED, ERR_VERIFY,
	    "not as around was: 1 gone, 0 new", NULL },
	{ "one is new",
	    "{command: show neighbours, pick: '^(CORE\\S+)', same_as: around}",
	    "CORE1\n", false, STEP_FAILED, ERR_VERIFY, "0 gone, 1 new", NULL },
	{ "nothing was there before",
	    "{command: show neighbours, pick: '^(CORE\\S+)', same_as: around}",
	    "", false, STEP_FAILED, ERR_VERIFY, "0 gone, 2 new", NULL },
	{ "nothing is remembered",
	    "{command: show neighbours, same_as: around}", NULL, false,
	    STEP_FAILED, ERR_VERIFY, "nothing is remembered", NULL },
	{ "nothing is remembered, and only looked",
	    "{command: show neighbours, same_as: around}", NULL, true, STEP_OK,
	    ERR_NONE, "", NULL },
};

static void
what_was_shown_is_remembered_and_compared(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(memories) / sizeof(*memories); i++) {
		struct bench bench;
		bench_begin(&bench, memories[i].step);
		if (memories[i].before)
			json_object_set_new(bench.memory, "around",
			    json_string(memories[i].before));
		bench.target.check_only = memories[i].check_only;
		bench_run(&bench);
		check(memories[i].name, &bench, memories[i].status,
		    memories[i].kind, memories[i].says);
		const char *kept = json_string_value(
		    json_object_get(bench.result.memory, "n"));
		if (!str_eq(kept, memories[i].kept))
			fail_msg("%s: %s", memories[i].name, kept);
		bench_end(&bench);
	}
}

static void
waiting_is_called_off(void **state)
{
	(void)state;
	struct bench bench;
	int fds[2];
	bench_begin(&bench, "wait: 20ms");
	bench_run(&bench);
	check("it is over", &bench, STEP_OK, ERR_NONE, "");
	bench_end(&bench);

	bench_begin(&bench, "wait: 1h");
	assert_int_equal(pipe(fds), 0);
	struct fault fault = { 0 };
	buf_adds(&bench.script.out, "\r\nR1#");
	script_signal(&bench.script);
	bench.session = session_new(&bench.script.base, &bench.target,
	    &fixture.observer, deadline_in(600000));
	assert_int_equal(session_prepare(bench.session, &fault), 0);
	fixture.observer.cancel_fd = fds[0];
	close(fds[1]);
	step_run(bench.session, &bench.job->phases[0].steps[2], &bench.result);
	check("called off", &bench, STEP_FAILED, ERR_CANCELLED, "");
	fixture.observer.cancel_fd = -1;
	close(fds[0]);
	bench_end(&bench);
}

static int
set_up(void **state)
{
	(void)state;
	static const char bytes[800];
	int fd = mkstemp(image_path);
	bool made = fd >= 0 &&
	    write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes);
	if (fd >= 0)
		close(fd);
	return made && fixture_init(&fixture, SOURCE_DIR "/device-profiles")
	    ? 0
	    : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(image_path);
	fixture_clear(&fixture);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_is_judged),
		cmocka_unit_test(images_are_proved),
		cmocka_unit_test(versions_are_expected),
		cmocka_unit_test(boot_lists_are_changed),
		cmocka_unit_test(reloads_are_told_once_and_only_if_all_is_well),
		cmocka_unit_test(what_was_shown_is_remembered_and_compared),
		cmocka_unit_test(waiting_is_called_off),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
