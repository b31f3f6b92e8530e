/*
 * Jobs: every file of jobs/ is loaded and rendered; what is said must be what
 * stands in its .expect file, to the column. A file without one must be fine.
 */
#include "expect.h"
#include "base/str.h"
#include "model/job.h"
#include "model/plan.h"
#include "model/profile.h"
#include "text/re.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define JOBS_MIN 80 /* fewer found: the directory is not the right one */

static struct profiles profiles;

static struct job *
load(const char *path, struct diags *diags)
{
	struct job *job = job_load(path, &profiles, diags);
	assert_true(!job == diags_any(diags));
	return job;
}

static struct job *
load_good(const char *path)
{
	struct diags diags = { 0 };
	struct job *job = load(path, &diags);
	diags_print(&diags);
	assert_non_null(job);
	return job;
}

static void
test_files(void **state)
{
	(void)state;
	glob_t files;
	size_t wrong = 0;
	assert_int_equal(glob("*.yml", 0, NULL, &files), 0);
	assert_true(files.gl_pathc > JOBS_MIN);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		const char *path = files.gl_pathv[i];
		struct diags diags = { 0 };
		struct job *job = load(path, &diags);
		int rc = job ? plan_check(job, NULL, &diags) : -1;
		assert_int_equal(rc, diags_any(&diags) ? -1 : 0);
		char *expect = xasprintf(
		    "%.*s.expect", (int)(strlen(path) - 4), path);
		wrong += !messages_are(&diags, expect);
		wrong += str_starts(path, "good_") == diags_any(&diags);
		free(expect);
		diags_clear(&diags);
		job_free(job);
	}
	globfree(&files);
	assert_int_equal(wrong, 0);
}

/* Each one is cut at every byte: an answer each time, and no leak. */
static void
test_cut_anywhere(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 1 << 20);
	assert_int_equal(file_read("good_long.yml", &text, NULL), 0);
	for (size_t len = 0; len < text.len; len += 3) {
		struct diags diags = { 0 };
		struct job *job = job_parse(
		    "good_long.yml", buf_str(&text), len, &profiles, &diags);
		assert_true(!job == diags_any(&diags));
		job_free(job);
		diags_clear(&diags);
	}
	buf_clear(&text);
}

static void
test_large_file(void **state)
{
	(void)state;
	char path[] = "/tmp/netpush-job-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 100 << 20), 0);
	close(fd);
	struct diags diags = { 0 };
	assert_null(load(path, &diags));
	assert_int_equal(diags.count, 1);
	assert_true(str_starts(diags.items[0].text, "104857600 bytes"));
	diags_clear(&diags);
	unlink(path);
}

static void
test_short_form(void **state)
{
	(void)state;
	struct job *job = load_good("good_short.yml");
	assert_string_equal(job->name, "good_short");
	assert_int_equal(job->threads, 8);
	assert_int_equal(job->device_count, 2);
	assert_int_equal(job->phase_count, 1);
	assert_int_equal(job->policy.max_auth_failures, 1);
	const struct job_phase *phase = &job->phases[0];
	assert_string_equal(phase->name, "push");
	assert_int_equal(phase->threads, 8);
	assert_int_equal(phase->step_count, 1);
	assert_int_equal(phase->steps[0].kind, STEP_TEMPLATE);
	assert_string_equal(phase->steps[0].template_name, "acl");
	assert_string_equal(phase->steps[0].name, "template acl");
	assert_int_equal(phase->steps[0].on_failure, ON_FAILURE_SKIP);
	const struct job_device *device = &job->devices[0];
	assert_string_equal(device->address, "BRANCH1_DIST1");
	assert_int_equal(device->port, 22);
	assert_string_equal(device->profile->device_type, "cisco_ios");
	assert_int_equal(device->timeouts.connect_ms, 10000);
	assert_int_equal(device->timeouts.login_ms, 30000);
	assert_int_equal(device->timeouts.silence_ms, 60000);
	assert_int_equal(device->timeouts.step_ms, 300000);
	assert_int_equal(device->timeouts.device_ms, 900000);
	job_free(job);
}

/* Blank lines are dropped, blanks around a line cut; numbers split off. */
static void
test_acl_variables(void **state)
{
	(void)state;
	struct job *job = load_good("good_short.yml");
	char *text = json_dumps(job->vars, JSON_SORT_KEYS);
	assert_string_equal(text,
	    "{\"acl_entries\": ["
	    "{\"line\": \"remark Utility Server A\", \"number\": false, "
	    "\"remark\": true, \"text\": \"remark Utility Server A\"}, "
	    "{\"line\": \"15 permit ip host 192.168.1.100 any\", "
	    "\"number\": \"15\", \"remark\": false, \"text\": "
	    "\"permit ip host 192.168.1.100 any\"}, "
	    "{\"line\": \"permit tcp any any eq 22\", \"number\": false, "
	    "\"remark\": false, \"text\": \"permit tcp any any eq 22\"}], "
	    "\"acl_lines\": [\"remark Utility Server A\", "
	    "\"15 permit ip host 192.168.1.100 any\", "
	    "\"permit tcp any any eq 22\"], "
	    "\"acl_name\": \"LOCK_IT_DOWN\"}");
	free(text);
	job_free(job);
}

static void
test_long_form(void **state)
{
	(void)state;
	struct job *job = load_good("good_long.yml");
	assert_string_equal(job->name, "Lock down the branches");
	assert_string_equal(job->username, "neteng");
	assert_string_equal(job->source, "agent");
	assert_string_equal(job->identity, "~/.ssh/id");
	assert_string_equal(job->validate_on, "R2");
	assert_string_equal(job->inventory, "inventory_good.yaml");
	assert_int_equal(job->policy.max_auth_failures, 3);
	assert_int_equal(job->device_count, 4);
	assert_int_equal(job->phase_count, 2);
	assert_int_equal(job->phases[0].threads, 50);
	assert_int_equal(job->phases[1].threads, 4);
	const struct job_step *step = &job->phases[0].steps[0];
	assert_int_equal(step->kind, STEP_COMMAND);
	assert_string_equal(step->name, "command show version");
	assert_string_equal(re_pattern(step->expect), "Version 15\\.2");
	assert_string_equal(re_pattern(step->reject), "^Bad");
	assert_string_equal(step->save_as, "{{hostname}}.txt");
	assert_int_equal(step->timeout_ms, 90000);
	assert_int_equal(step->on_failure, ON_FAILURE_CONTINUE);
	assert_string_equal(step[1].name, "look around");
	assert_int_equal(step[1].command_count, 2);
	assert_int_equal(job->phases[1].steps[2].kind, STEP_SAVE);
	job_free(job);
}

static void
assert_good_report(const struct job_report *report)
{
	const struct job_email *email = report->email;
	assert_string_equal(report->paths[REPORT_TEXT], "out/run.txt");
	assert_string_equal(report->paths[REPORT_JSON], "out/run.json");
	assert_string_equal(report->paths[REPORT_JSONL], "out/run.jsonl");
	assert_string_equal(report->paths[REPORT_JUNIT], "out/run.xml");
	assert_string_equal(report->paths[REPORT_CSV], "out/run.csv");
	assert_string_equal(report->paths[REPORT_PROMETHEUS],
	    "/var/lib/node_exporter/netpush.prom");
	assert_string_equal(report->paths[REPORT_HTML], "out/run.html");
	assert_string_equal(report->command, "jq . >last.json");
	assert_int_equal(report->command_timeout_ms, 45000);
	assert_int_equal(email->to.count, 2);
	assert_string_equal(email->to.items[1], "change@example.net");
	assert_string_equal(email->from, "netpush@example.net");
	assert_string_equal(email->smtp, "smtp://[2001:db8::25]:587");
	assert_int_equal(email->starttls, EMAIL_STARTTLS_REQUIRED);
	assert_string_equal(email->username, "netpush");
	assert_string_equal(email->password_file, "/etc/netpush/smtp");
	assert_string_equal(email->ca, "/etc/ssl/private-ca.pem");
	assert_int_equal(email->when, EMAIL_ON_FAILURE);
	assert_int_equal(email->timeout_ms, 180000);
}

/* As a part of a job, and alone of a kept one. */
static void
test_report(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	struct job_report report;
	struct job *job = load_good("good_report.yml");
	assert_good_report(&job->report);
	job_free(job);
	assert_int_equal(
	    job_report_load(&report, "good_report.yml", &diags), 0);
	assert_good_report(&report);
	job_report_clear(&report);
	assert_int_equal(
	    job_report_load(&report, "report_email_smtp.yml", &diags), -1);
	assert_int_equal(diags.count, 3);
	job_report_clear(&report);
	diags_clear(&diags);
	assert_int_equal(job_report_load(&report, "good_short.yml", &diags), 0);
	assert_null(report.email);
	job_report_clear(&report);
}

static void
test_report_defaults(void **state)
{
	(void)state;
	struct job *job = load_good("good_report_least.yml");
	const struct job_email *email = job->report.email;
	assert_int_equal(job->report.command_timeout_ms, 30000);
	assert_null(job->report.command);
	for (size_t i = 0; i < REPORT__COUNT; i++)
		assert_null(job->report.paths[i]);
	assert_int_equal(email->to.count, 1);
	assert_int_equal(email->starttls, EMAIL_STARTTLS_REQUIRED);
	assert_int_equal(email->when, EMAIL_ALWAYS);
	assert_int_equal(email->timeout_ms, 120000);
	assert_null(email->username);
	job_free(job);
}

/* Device over defaults over job; the inventory's defaults in between. */
static void
test_layers(void **state)
{
	(void)state;
	static const struct {
		const char *hostname, *address, *type, *username, *site;
		int port, pipeline;
		int64_t connect_ms, silence_ms, login_ms, device_ms;
	} cases[] = {
		{ "R1", "10.0.0.1", "cisco_ios", "admin", "north", 2022, 16,
		    5000, 90000, 40000, 1200000 },
		{ "R2", "R2", "cisco_xe", "second", "unknown", 22, 1, 1500,
		    90000, 40000, 1200000 },
		{ "N1", "N1", "cisco_nxos", "admin", "inventory", 2022, 16,
		    5000, 90000, 40000, 1200000 },
		{ "N2", "N2", "cisco_nxos", "admin", "south", 2022, 16, 5000,
		    90000, 40000, 1200000 },
	};
	struct job *job = load_good("good_long.yml");
	for (size_t i = 0; i < 4; i++) {
		const struct job_device *d = &job->devices[i];
		assert_string_equal(d->hostname, cases[i].hostname);
		assert_string_equal(d->address, cases[i].address);
		assert_string_equal(d->profile->device_type, cases[i].type);
		assert_string_equal(d->username, cases[i].username);
		assert_int_equal(d->port, cases[i].port);
		assert_int_equal(d->pipeline, cases[i].pipeline);
		assert_int_equal(d->timeouts.connect_ms, cases[i].connect_ms);
		assert_int_equal(d->timeouts.silence_ms, cases[i].silence_ms);
		assert_int_equal(d->timeouts.login_ms, cases[i].login_ms);
		assert_int_equal(d->timeouts.device_ms, cases[i].device_ms);
		const json_t *site = plan_var(job, d, NULL, "site");
		assert_string_equal(json_string_value(site), cases[i].site);
		assert_true(strs_has(&d->groups, "branch"));
	}
	assert_int_equal(job->devices[0].groups.count, 2);
	job_free(job);
}

static void
test_limit(void **state)
{
	(void)state;
	static const struct {
		const char *patterns[3];
		const char *left;
	} cases[] = {
		{ { "R1" }, "R1 " },
		{ { "R*" }, "R1 R2 " },
		{ { "?1" }, "R1 N1 " },
		{ { "R*", "!R2" }, "R1 " },
		{ { "!R2" }, "R1 N1 N2 " },
		{ { "!*" }, "" },
		{ { "r1" }, "" },
		{ { "R1", "N[12]" }, "R1 N1 N2 " },
		{ { NULL }, "R1 R2 N1 N2 " },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct job *job = load_good("good_long.yml");
		struct strs patterns = { 0 };
		struct buf left;
		buf_init(&left, 1024);
		for (size_t j = 0; cases[i].patterns[j]; j++)
			strs_add(&patterns, cases[i].patterns[j]);
		size_t count = job_limit(job, &patterns);
		assert_int_equal(count, job->device_count);
		for (size_t j = 0; j < count; j++)
			buf_addf(&left, "%s ", job->devices[j].hostname);
		assert_string_equal(buf_str(&left), cases[i].left);
		buf_clear(&left);
		strs_clear(&patterns);
		job_free(job);
	}
}

/* The example that the README names. */
static void
test_playbook(void **state)
{
	(void)state;
	struct job *job = load_good(SOURCE_DIR "/playbooks/acl_push.yml");
	assert_string_equal(job->name, "acl_push");
	assert_int_equal(job->threads, 8);
	assert_int_equal(job->device_count, 4);
	job_free(job);
}

static int
set_up(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	struct strs directories = { 0 };
	strs_add(&directories, SOURCE_DIR "/device-profiles");
	int rc = profiles_load(&profiles, &directories, &diags);
	diags_print(&diags);
	strs_clear(&directories);
	diags_clear(&diags);
	return rc || chdir(SOURCE_DIR "/tests/unit/model/jobs") ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	profiles_clear(&profiles);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_large_file),
		cmocka_unit_test(test_short_form),
		cmocka_unit_test(test_acl_variables),
		cmocka_unit_test(test_long_form),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_report_defaults),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_playbook),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
