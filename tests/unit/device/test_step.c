/*
 * Steps against a small device that keeps an access list and a configuration:
 * what a step says must be what became of them. It answers as IOS does; how
 * the bytes travel is the business of the other tests.
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

static struct fixture fixture;
static char directory[] = "/tmp/netpush-step-XXXXXX";

/* What the device does with a configuration line that holds these words. */
struct mood {
	const char *refuse; /* "% Invalid input" */
	const char *lose; /* taken without a word and without effect */
	const char *die; /* hangs up instead of an answer */
};

/* clang-format off */
#define CALM { 0 }
#define REFUSE(words) { .refuse = words }
#define LOSE(words) { .lose = words }
#define DIE(words) { .die = words }
/* clang-format on */

struct toy {
	struct mood mood;
	const char *saved; /* what it shows to `write memory` */
	size_t flood; /* bytes of `show flood`, its CRs among them */
	bool hides_config; /* refuses to show it */
	bool present; /* the list L */
	struct strs entries; /* of L */
	struct strs config; /* the other lines */
	size_t depth; /* exec, configuration, list */
	struct buf sent; /* "line|" for each that was a configuration line */
};

static void
toy_remove(struct strs *list, const char *text)
{
	struct strs kept = { 0 };
	for (size_t i = 0; i < list->count; i++)
		if (!str_eq(list->items[i], text))
			strs_add(&kept, list->items[i]);
	strs_clear(list);
	*list = kept;
}

static void
toy_show_list(const struct toy *toy, bool numbers, struct buf *out)
{
	if (!toy->present)
		return;
	buf_adds(out,
	    numbers ? "Extended IP access list L\r\n"
		    : "ip access-list extended L\r\n");
	for (size_t i = 0; i < toy->entries.count; i++)
		if (numbers)
			buf_addf(out, "    %zu %s\r\n", 10 * (i + 1),
			    toy->entries.items[i]);
		else
			buf_addf(out, " %s\r\n", toy->entries.items[i]);
}

static void
toy_show_config(const struct toy *toy, struct buf *out)
{
	static unsigned bytes; /* never the same twice: to be ignored */
	buf_addf(out, "Current configuration : %u bytes\r\n", ++bytes);
	for (size_t i = 0; i < toy->config.count; i++)
		buf_addf(out, "%s\r\n", toy->config.items[i]);
	toy_show_list(toy, false, out);
}

static void
toy_flood(const struct toy *toy, struct buf *out)
{
	static const char line[] = "one of very many lines that are all the "
				   "same and all told\r\n";
	for (size_t n = 0; n < toy->flood; n += sizeof(line) - 1)
		buf_adds(out, line);
}

static void
toy_exec(struct toy *toy, const char *line, struct buf *out)
{
	if (str_eq(line, "configure terminal"))
		toy->depth = 1;
	else if (toy->hides_config && str_starts(line, "show running-config"))
		buf_adds(out, "% Invalid input detected\r\n");
	else if (str_eq(line, "show ip access-lists L"))
		toy_show_list(toy, true, out);
	else if (str_eq(line, "show running-config | section access-list"))
		toy_show_list(toy, false, out);
	else if (str_eq(line, "show running-config"))
		toy_show_config(toy, out);
	else if (str_eq(line, "show version"))
		buf_adds(out, "Version 15.2\r\nuptime is 3 weeks\r\n");
	else if (str_eq(line, "show flood"))
		toy_flood(toy, out);
	else if (str_eq(line, "write memory"))
		buf_adds(out, toy->saved);
	else if (*line && !str_starts(line, "terminal "))
		buf_adds(out, "% Invalid input detected\r\n");
}

static void
toy_configure(struct toy *toy, const char *line)
{
	if (str_eq(line, "no ip access-list extended L")) {
		toy->present = false;
		strs_clear(&toy->entries);
	} else if (str_eq(line, "ip access-list extended L")) {
		toy->present = true;
		toy->depth = 2;
	} else if (toy->depth == 2) {
		strs_add(&toy->entries, line);
	} else if (str_starts(line, "no ")) {
		toy_remove(&toy->config, line + 3);
	} else if (!strs_has(&toy->config, line)) {
		strs_add(&toy->config, line);
	}
}

static bool
holds(const char *line, const char *words)
{
	return words && strstr(line, words);
}

/* False: hang up. */
static bool
toy_obey(struct toy *toy, const char *line, struct buf *out)
{
	if (!toy->depth) {
		if (str_eq(line, "exit"))
			return false;
		toy_exec(toy, line, out);
		return true;
	}
	if (str_eq(line, "end")) {
		toy->depth = 0;
		return true;
	}
	if (str_eq(line, "exit")) {
		toy->depth--;
		return true;
	}
	buf_addf(&toy->sent, "%s|", line);
	if (holds(line, toy->mood.die))
		return false;
	if (holds(line, toy->mood.refuse))
		buf_adds(out, "% Invalid input detected\r\n");
	else if (!holds(line, toy->mood.lose))
		toy_configure(toy, line);
	return true;
}

static bool
toy_answer(void *data, const char *line, size_t len, struct buf *out)
{
	static const char *const prompts[] = { "R1#", "R1(config)#",
		"R1(config-ext-nacl)#" };
	struct toy *toy = data;
	char *copy = xstrndup(line, len);
	buf_addf(out, "%s\r\n", copy);
	bool goes_on = toy_obey(toy, str_trim(copy), out);
	if (goes_on)
		buf_adds(out, prompts[toy->depth]);
	free(copy);
	return goes_on;
}

struct bench {
	struct toy toy;
	struct script script;
	struct job *job;
	struct target target;
	struct profile profile; /* a copy: a test may change it */
	struct session *session;
	struct step_result result;
};

/* A job with the one step STEP, in YAML. */
static void
bench_begin(struct bench *bench, const char *step)
{
	struct diags diags = { 0 };
	char *text = xasprintf("device_list:\n"
			       "  - {hostname: R1, device_type: cisco_ios}\n"
			       "phases:\n"
			       "  - name: only\n"
			       "    steps:\n"
			       "      - %s\n",
	    step);
	*bench = (struct bench){ .target = fixture.target };
	fixture_reset(&fixture, "cisco_ios");
	bench->job = job_parse(
	    "job.yml", text, strlen(text), &fixture.profiles, &diags);
	diags_print(&diags);
	diags_clear(&diags);
	if (!bench->job)
		fail_msg("no job:\n%s", text);
	free(text);
	bench->profile = *bench->job->devices[0].profile;
	bench->job->devices[0].profile = &bench->profile;
	bench->job->devices[0].timeouts = fixture.device.timeouts;
	bench->target.job = bench->job;
	bench->target.device = &bench->job->devices[0];
	bench->toy.saved = "Building configuration...\r\n[OK]\r\n";
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
	buf_reset(&bench->script.heard);
	step_run(
	    bench->session, &bench->job->phases[0].steps[0], &bench->result);
}

static void
bench_end(struct bench *bench)
{
	session_close(bench->session, 1000);
	assert_true(bench->script.closed);
	step_result_clear(&bench->result);
	job_free(bench->job);
	strs_clear(&bench->toy.entries);
	strs_clear(&bench->toy.config);
	buf_clear(&bench->toy.sent);
	script_clear(&bench->script);
}

static void
check_end(const char *name, const struct bench *bench, enum step_status status,
    enum err_kind kind)
{
	const struct step_result *result = &bench->result;
	if (result->status != status || result->fault.err.kind != kind)
		fail_msg("%s: %s, %s: %s\nsent %s\nshown %s", name,
		    step_status_name(result->status),
		    err_kind_name(result->fault.err.kind),
		    result->fault.err.text, buf_str(&bench->toy.sent),
		    buf_str(&result->output));
}

static void
check_text(const char *name, const char *what, const char *is, const char *want)
{
	if (strcmp(is, want))
		fail_msg("%s: %s is\n%s\ninstead of\n%s", name, what, is, want);
}

static void
names_go_both_ways(void **state)
{
	(void)state;
	enum step_status status = STEP_OK;
	assert_false(step_status_get("", &status));
	assert_false(step_status_get("Changed", &status));
	assert_int_equal(status, STEP_OK);
	assert_string_equal(step_status_name(STEP_STATUS__COUNT), "unknown");
	for (int i = 0; i < STEP_STATUS__COUNT; i++) {
		const char *name = step_status_name((enum step_status)i);
		assert_true(step_status_get(name, &status));
		assert_int_equal(status, i);
	}
}

/* Commands. SAYS stands in the error. */
static const struct {
	const char *name, *step;
	enum step_status status;
	enum err_kind kind;
	const char *output, *says;
} commands[] = {
	{ "a command that is refused", "command: show nonsense", STEP_FAILED,
	    ERR_REFUSED, "% Invalid input detected\n", "" },
	{ "the second of two is refused",
	    "command: [show version, show nonsense]", STEP_FAILED, ERR_REFUSED,
	    NULL, "" },
	{ "not what is expected",
	    "{command: show version, expect: 'Version 16'}", STEP_FAILED,
	    ERR_VERIFY, NULL, "Version 16" },
	{ "expected at the start of a line, and it is not there",
	    "{command: show version, expect: '^15'}", STEP_FAILED, ERR_VERIFY,
	    NULL, "^15" },
	{ "what must not be there",
	    "{command: show version, reject: 'upt[a-z]+'}", STEP_FAILED,
	    ERR_VERIFY, NULL, "there: uptime" },
	{ "both, and the one that must not be there is",
	    "{command: show version, expect: Version, reject: weeks}",
	    STEP_FAILED, ERR_VERIFY, NULL, "there: weeks" },

	{ "a command", "command: show version", STEP_OK, ERR_NONE,
	    "Version 15.2\nuptime is 3 weeks\n", "" },
	{ "two outputs are one text",
	    "{command: [show version, show version],"
	    " expect: 'weeks\\sVersion'}",
	    STEP_OK, ERR_NONE,
	    "Version 15.2\nuptime is 3 weeks\n"
	    "Version 15.2\nuptime is 3 weeks\n",
	    "" },
	{ "expected, on the second line",
	    "{command: show version, expect: '^uptime', reject: '^Bad'}",
	    STEP_OK, ERR_NONE, NULL, "" },
};

static void
commands_show_and_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		struct bench bench;
		const char *name = commands[i].name;
		bench_begin(&bench, commands[i].step);
		bench_run(&bench);
		check_end(name, &bench, commands[i].status, commands[i].kind);
		if (commands[i].output)
			check_text(name, "the output",
			    buf_str(&bench.result.output), commands[i].output);
		if (!strstr(bench.result.fault.err.text, commands[i].says))
			fail_msg("%s: %s", name, bench.result.fault.err.text);
		check_text(name, "sent", buf_str(&bench.toy.sent), "");
		bench_end(&bench);
	}
}

/* Runs a command with save_as PATH under the directory. */
static void
run_saving(struct bench *bench, const char *path, size_t flood)
{
	char *step = xasprintf("{command: show %s, save_as: '%s/%s'}",
	    flood ? "flood" : "version", directory, path);
	bench_begin(bench, step);
	free(step);
	/* However slow the machine: nothing here waits for a silence. */
	struct timeouts *timeouts = &bench->job->devices[0].timeouts;
	timeouts->silence_ms = timeouts->step_ms = 600000;
	bench->toy.flood = flood;
	bench_run(bench);
}

static void
output_is_saved_whole_or_not_at_all(void **state)
{
	(void)state;
	struct bench bench;
	struct stat st;
	char *path = xasprintf("%s/R1.txt", directory);

	run_saving(
	    &bench, "{{hostname}}.txt", STEP_OUTPUT_LIMIT_BYTES + (1u << 20));
	check_end("too large", &bench, STEP_FAILED, ERR_VERIFY);
	assert_int_equal(stat(path, &st), -1);
	bench_end(&bench);

	run_saving(&bench, "{{hostname}}.txt", 0);
	check_end("saved", &bench, STEP_OK, ERR_NONE);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(
	    st.st_size, strlen("Version 15.2\nuptime is 3 weeks\n"));
	bench_end(&bench);
	assert_int_equal(unlink(path), 0);
	free(path);
}

/* A device in doubt may be taken for done by what it shows, but not where the
 * order of the lines matters. */
static void
a_text_in_doubt_is_not_taken_for_done(void **state)
{
	(void)state;
	static const struct {
		const char *step;
		enum step_status status;
	} cases[] = {
		{ "config: \"banner motd ^\\nlast\\nfirst\\n^\"",
		    STEP_UNKNOWN },
		{ "config: \"ntp server x\"", STEP_UNCHANGED },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bench bench;
		bench_begin(&bench, cases[i].step);
		strs_add_lines(&bench.toy.config,
		    "banner motd ^\nfirst\nlast\n^\nntp server x\n");
		bench.target.doubt_step = bench.job->phases[0].steps[0].name;
		bench.target.doubt_before = "of before";
		bench_run(&bench);
		assert_int_equal(bench.result.status, cases[i].status);
		check_text(cases[i].step, "sent", buf_str(&bench.toy.sent), "");
		bench_end(&bench);
	}
}

/* How the device answers `write memory`, and what is made of it. */
static const struct {
	const char *name, *saved;
	bool no_command, no_proof, forbidden;
	enum step_status status;
	enum err_kind kind;
	const char *stages;
} saves[] = {
	{ "a profile that does not say how", NULL, true, false, false,
	    STEP_FAILED, ERR_JOB, "" },
	{ "called off", NULL, false, false, true, STEP_FAILED, ERR_CANCELLED,
	    "save|" },
	{ "refused", "% Authorization failed\r\n", false, false, false,
	    STEP_FAILED, ERR_REFUSED, "save|" },
	{ "no word of success", "Building configuration...\r\nno space\r\n",
	    false, false, false, STEP_FAILED, ERR_VERIFY, "save|" },
	{ "silence is no proof", "", false, false, false, STEP_FAILED,
	    ERR_VERIFY, "save|" },
	{ "silence where no proof is asked for", "", false, true, false,
	    STEP_OK, ERR_NONE, "save|" },
	{ "saved", NULL, false, false, false, STEP_OK, ERR_NONE, "save|" },
};

static void
saving_needs_the_devices_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(saves) / sizeof(*saves); i++) {
		struct bench bench;
		bench_begin(&bench, "save: true");
		if (saves[i].saved)
			bench.toy.saved = saves[i].saved;
		if (saves[i].no_command)
			bench.profile.save.count = 0;
		if (saves[i].no_proof)
			bench.profile.save_proof = NULL;
		if (saves[i].forbidden)
			fixture.forbidden = STAGE_SAVE;
		size_t count = bench.profile.save.count;
		bench_run(&bench);
		check_end(
		    saves[i].name, &bench, saves[i].status, saves[i].kind);
		check_text(saves[i].name, "stages", buf_str(&fixture.stages),
		    saves[i].stages);
		check_text(saves[i].name, "heard", buf_str(&bench.script.heard),
		    count && !saves[i].forbidden ? "write memory\n" : "");
		bench_end(&bench);
	}
}

#define A  "permit tcp any any eq 22"
#define B  "permit tcp any any eq 443"
#define C  "deny ip any any"
#define NO "no ip access-list extended L|"
#define IN "ip access-list extended L|"

/* The list BEFORE and AFTER: NULL is no list. LINE is the failed one's. */
static const struct {
	const char *name, *before, *lines;
	bool append;
	struct mood mood;
	enum stage forbidden;
	enum step_status status;
	enum err_kind kind;
	unsigned line;
	const char *sent, *after, *stages;
} lists[] = {
	{ "called off before the change", A "\n", B, false, CALM, STAGE_CHANGE,
	    STEP_FAILED, ERR_CANCELLED, 0, "", A "\n", "change|" },
	{ "the first line is refused: the list is as it was", A "\n", B, false,
	    REFUSE("no ip"), STAGE_NONE, STEP_FAILED, ERR_REFUSED, 1, NO,
	    A "\n", "change|" },
	{ "an appended line is refused: the list is as it was", A "\n", B, true,
	    REFUSE("443"), STAGE_NONE, STEP_FAILED, ERR_REFUSED, 2, IN B "|",
	    A "\n", "change|" },
	{ "the second appended line is refused: the old list again", A "\n",
	    B ", " C, true, REFUSE("deny"), STAGE_NONE, STEP_ROLLED_BACK,
	    ERR_REFUSED, 3, IN B "|" C "|" NO IN A "|", A "\n",
	    "change|change|" },
	{ "a new list stops short of being another", A "\n", A ", " B, false,
	    REFUSE("443"), STAGE_NONE, STEP_FAILED, ERR_REFUSED, 4,
	    NO IN A "|" B "|", A "\n", "change|" },
	{ "a line of a new list is refused: the old list again", C "\n",
	    A ", " B, false, REFUSE("443"), STAGE_NONE, STEP_ROLLED_BACK,
	    ERR_REFUSED, 4, NO IN A "|" B "|" NO IN C "|", C "\n",
	    "change|change|" },
	{ "a line of a first list is refused: no list again", NULL, A ", " B,
	    false, REFUSE("443"), STAGE_NONE, STEP_ROLLED_BACK, ERR_REFUSED, 4,
	    NO IN A "|" B "|" NO, "", "change|change|" },
	{ "an end in the middle", A "\n", B, false, DIE("443"), STAGE_NONE,
	    STEP_UNKNOWN, ERR_CLOSED, 3, NO IN B "|", "", "change|" },
	{ "called off before it is read back", NULL, A, false, CALM,
	    STAGE_VERIFY, STEP_UNKNOWN, ERR_CANCELLED, 0, NO IN A "|", A "\n",
	    "change|verify|" },
	{ "read back with a line less: the old list again", C "\n", A ", " B,
	    false, LOSE("eq 22"), STAGE_NONE, STEP_ROLLED_BACK, ERR_VERIFY, 0,
	    NO IN A "|" B "|" NO IN C "|", C "\n", "change|verify|change|" },
	{ "nor can the old list be put back", A "\n", A ", " B, false,
	    LOSE("eq 22"), STAGE_NONE, STEP_UNKNOWN, ERR_VERIFY, 0,
	    NO IN A "|" B "|" NO IN A "|", "", "change|verify|change|" },
	{ "read back the same as before", A "\n", B, true, LOSE("443"),
	    STAGE_NONE, STEP_FAILED, ERR_VERIFY, 0, IN B "|", A "\n",
	    "change|verify|" },
	{ "the old list was not removed", C "\n", A ", " C, false,
	    LOSE("no ip"), STAGE_NONE, STEP_UNKNOWN, ERR_VERIFY, 0,
	    NO IN A "|" C "|" NO IN C "|", C "\n" A "\n" C "\n" C "\n",
	    "change|verify|change|" },

	{ "as asked: nothing is sent", A "\n" C "\n", A ", " C, false, CALM,
	    STAGE_NONE, STEP_UNCHANGED, ERR_NONE, 0, "", A "\n" C "\n", "" },
	{ "as asked in other words", A "\n", "permit tcp any any eq ssh", false,
	    CALM, STAGE_NONE, STEP_UNCHANGED, ERR_NONE, 0, "", A "\n", "" },
	{ "nothing to append", A "\n" C "\n", C, true, CALM, STAGE_NONE,
	    STEP_UNCHANGED, ERR_NONE, 0, "", A "\n" C "\n", "" },
	{ "a new list", NULL, A ", " C, false, CALM, STAGE_NONE, STEP_CHANGED,
	    ERR_NONE, 0, NO IN A "|" C "|", A "\n" C "\n", "change|verify|" },
	{ "the same lines in another order", C "\n" A "\n", A ", " C, false,
	    CALM, STAGE_NONE, STEP_CHANGED, ERR_NONE, 0, NO IN A "|" C "|",
	    A "\n" C "\n", "change|verify|" },
	{ "only what is missing is appended", A "\n", A ", " B, true, CALM,
	    STAGE_NONE, STEP_CHANGED, ERR_NONE, 0, IN B "|", A "\n" B "\n",
	    "change|verify|" },
};

static char *
joined(const struct strs *list)
{
	struct buf text;
	buf_init(&text, 1 << 16);
	for (size_t i = 0; i < list->count; i++)
		buf_addf(&text, "%s\n", list->items[i]);
	return buf_take(&text);
}

static void
run_list(size_t i, struct bench *bench)
{
	char *step = xasprintf("{template: acl, strategy: replace, "
			       "vars: {acl_name: L, acl_lines: [%s], "
			       "append: %s}}",
	    lists[i].lines, lists[i].append ? "true" : "false");
	bench_begin(bench, step);
	free(step);
	fixture.forbidden = lists[i].forbidden;
	/* One line at a time, so that nothing follows a refused one. */
	bench->job->devices[0].pipeline = 1;
	bench->toy.mood = lists[i].mood;
	bench->toy.present = lists[i].before != NULL;
	if (lists[i].before)
		strs_add_lines(&bench->toy.entries, lists[i].before);
	bench_run(bench);
}

static void
lists_become_what_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct bench bench;
		const char *name = lists[i].name;
		run_list(i, &bench);
		check_end(name, &bench, lists[i].status, lists[i].kind);
		char *after = joined(&bench.toy.entries);
		check_text(
		    name, "sent", buf_str(&bench.toy.sent), lists[i].sent);
		check_text(name, "the list", after, lists[i].after);
		check_text(
		    name, "stages", buf_str(&fixture.stages), lists[i].stages);
		free(after);
		if (bench.result.fault.line != lists[i].line)
			fail_msg("%s: line %u", name, bench.result.fault.line);
		if (!lists[i].sent[0] &&
		    strstr(buf_str(&bench.script.heard), "configure"))
			fail_msg("%s: went to configure", name);
		if (lists[i].status == STEP_CHANGED &&
		    !str_starts(buf_str(&bench.result.output),
			"Extended IP access list L\n"))
			fail_msg("%s: shown %s", name,
			    buf_str(&bench.result.output));
		bench_end(&bench);
	}
}

/* The list A, to be B; where it is applied, what is protected. SAYS stands in
 * what the person is told, or in the error. */
#define GROUP "interface Gi0/1\n ip access-group L in\n"
static const struct {
	const char *name, *config, *protect;
	bool hides_config, force, no_rules;
	enum step_status status;
	enum err_kind kind;
	const char *says;
} guarded[] = {
	{ "applied nowhere", "ntp server L\n", "tcp any any eq 22", false,
	    false, false, STEP_CHANGED, ERR_NONE, "" },
	{ "our address is not known", GROUP, NULL, false, false, false,
	    STEP_CHANGED, ERR_NONE, "was not checked|" },
	{ "applied: built again with a warning", GROUP, "tcp any any eq 443",
	    false, false, false, STEP_CHANGED, ERR_NONE,
	    "(interface Gi0/1, ip access-group L in)" },
	{ "a protected flow would be cut", GROUP, "tcp any any eq 22", false,
	    false, false, STEP_FAILED, ERR_LOCKOUT_RISK,
	    "'tcp any any eq 22'" },
	{ "and is, where somebody insists", GROUP, "tcp any any eq 22", false,
	    true, false, STEP_CHANGED, ERR_NONE,
	    "done all the same (--force): no " },
	{ "nobody shows where: it may be anywhere", "", "tcp any any eq 22",
	    true, false, false, STEP_FAILED, ERR_LOCKOUT_RISK,
	    "'tcp any any eq 22'" },
	{ "used where packets do not pass", "snmp-server community x L\n",
	    "tcp any any eq 22", false, false, false, STEP_FAILED,
	    ERR_LOCKOUT_RISK, "" },
	{ "a profile that does not say where", GROUP, "tcp any any eq 22",
	    false, false, true, STEP_CHANGED, ERR_NONE, "was not checked|" },
};

static void
applied_lists_are_guarded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(guarded) / sizeof(*guarded); i++) {
		struct bench bench;
		struct err err;
		const char *name = guarded[i].name;
		bench_begin(&bench,
		    "{template: acl, strategy: replace, "
		    "vars: {acl_name: L, acl_lines: [" B "]}}");
		bench.toy.present = true;
		bench.toy.hides_config = guarded[i].hides_config;
		strs_add_lines(&bench.toy.entries, A);
		strs_add_lines(&bench.toy.config, guarded[i].config);
		bench.target.force = guarded[i].force;
		if (guarded[i].no_rules)
			bench.profile.acl_uses_count = 0;
		if (guarded[i].protect &&
		    acl_flow_parse(
			bench.job->protect, guarded[i].protect, &err) == 0)
			bench.job->protect_count = 1;
		bench_run(&bench);
		check_end(name, &bench, guarded[i].status, guarded[i].kind);
		bool failed = guarded[i].status == STEP_FAILED;
		check_text(name, "sent", buf_str(&bench.toy.sent),
		    failed ? "" : NO IN B "|");
		const char *said = failed ? bench.result.fault.err.text
					  : buf_str(&fixture.logs);
		if (!strstr(said, guarded[i].says) ||
		    (!guarded[i].says[0] && !failed && said[0]))
			fail_msg("%s: %s", name, said);
		bench_end(&bench);
	}
}

static void
a_list_in_no_known_dialect(void **state)
{
	(void)state;
	struct bench bench;
	bench_begin(
	    &bench, "{template: acl, vars: {acl_name: L, acl_lines: [" A "]}}");
	bench.profile.acl_dialect = NULL;
	bench_run(&bench);
	check_end("no dialect", &bench, STEP_FAILED, ERR_JOB);
	assert_string_equal(buf_str(&bench.script.heard), "");
	bench_end(&bench);
}

/* The configuration is "ntp server a" before. NULL: not looked at. */
static const struct {
	const char *name, *lines;
	struct mood mood;
	enum stage forbidden;
	bool cannot_show;
	enum step_status status;
	enum err_kind kind;
	unsigned line;
	const char *sent, *output;
} configs[] = {
	{ "a profile that cannot show the configuration", "ntp server b", CALM,
	    STAGE_NONE, true, STEP_FAILED, ERR_JOB, 0, "", "" },
	{ "called off before the change", "ntp server b", CALM, STAGE_CHANGE,
	    false, STEP_FAILED, ERR_CANCELLED, 0, "", "" },
	{ "called off before it is read back", "ntp server b", CALM,
	    STAGE_VERIFY, false, STEP_UNKNOWN, ERR_CANCELLED, 0,
	    "ntp server b|", NULL },
	{ "the first line is refused", "ntp server b\\nntp server c",
	    REFUSE("server b"), STAGE_NONE, false, STEP_FAILED, ERR_REFUSED, 1,
	    "ntp server b|", "" },
	{ "the second line is refused", "ntp server b\\nntp server c",
	    REFUSE("server c"), STAGE_NONE, false, STEP_UNKNOWN, ERR_REFUSED, 2,
	    "ntp server b|ntp server c|", NULL },
	{ "an end in the middle", "ntp server b", DIE("server b"), STAGE_NONE,
	    false, STEP_UNKNOWN, ERR_CLOSED, 1, "ntp server b|", NULL },

	{ "a line that is there already", "ntp server a", CALM, STAGE_NONE,
	    false, STEP_UNCHANGED, ERR_NONE, 0, "ntp server a|", "" },
	{ "a line that is taken and has no effect", "ntp server b",
	    LOSE("server b"), STAGE_NONE, false, STEP_UNCHANGED, ERR_NONE, 0,
	    "ntp server b|", "" },
	{ "a line more", "ntp server b", CALM, STAGE_NONE, false, STEP_CHANGED,
	    ERR_NONE, 0, "ntp server b|", NULL },
	{ "a line less", "no ntp server a", CALM, STAGE_NONE, false,
	    STEP_CHANGED, ERR_NONE, 0, "no ntp server a|", NULL },
};

static void
configurations_are_compared(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(configs) / sizeof(*configs); i++) {
		struct bench bench;
		const char *name = configs[i].name;
		char *step = xasprintf("config: \"%s\"", configs[i].lines);
		bench_begin(&bench, step);
		free(step);
		bench.job->devices[0].pipeline = 1;
		bench.toy.mood = configs[i].mood;
		fixture.forbidden = configs[i].forbidden;
		if (configs[i].cannot_show)
			bench.profile.running_config = NULL;
		strs_add(&bench.toy.config, "ntp server a");
		bench_run(&bench);
		check_end(name, &bench, configs[i].status, configs[i].kind);
		check_text(
		    name, "sent", buf_str(&bench.toy.sent), configs[i].sent);
		if (configs[i].output)
			check_text(name, "the difference",
			    buf_str(&bench.result.output), configs[i].output);
		if (configs[i].status == STEP_CHANGED &&
		    !strstr(buf_str(&bench.result.output), "ntp server"))
			fail_msg("%s: no difference is shown", name);
		if (bench.result.fault.line != configs[i].line)
			fail_msg("%s: line %u", name, bench.result.fault.line);
		bench_end(&bench);
	}
}

static int
load(void **state)
{
	(void)state;
	return mkdtemp(directory) &&
		fixture_init(&fixture, SOURCE_DIR "/device-profiles")
	    ? 0
	    : -1;
}

static int
unload(void **state)
{
	(void)state;
	fixture_clear(&fixture);
	return rmdir(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(commands_show_and_are_judged),
		cmocka_unit_test(output_is_saved_whole_or_not_at_all),
		cmocka_unit_test(a_text_in_doubt_is_not_taken_for_done),
		cmocka_unit_test(saving_needs_the_devices_word),
		cmocka_unit_test(lists_become_what_is_said),
		cmocka_unit_test(applied_lists_are_guarded),
		cmocka_unit_test(a_list_in_no_known_dialect),
		cmocka_unit_test(configurations_are_compared),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
