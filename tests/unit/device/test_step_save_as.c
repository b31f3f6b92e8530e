/*
 * What a command showed, in a file: when it is written, what it then holds,
 * and that it is left alone whenever there is nothing new or something wrong.
 */
#include "fixture.h"
#include "script_transport.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/deadline.h"
#include "base/fdio.h"
#include "base/str.h"
#include "device/session.h"
#include "device/step.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#define COMMAND "command: '{{running_config}}', "

static struct fixture fixture;
static char directory[] = "/tmp/netpush-save-XXXXXX";

/* Shows one text to every command. */
static bool
answer(void *data, const char *line, size_t len, struct buf *out)
{
	const char *shown = data;
	buf_addf(out, "%.*s\r\n", (int)len, line);
	if (len == 4 && memcmp(line, "exit", 4) == 0)
		return false;
	if (len > 5 && memcmp(line, "show ", 5) == 0)
		buf_adds(out, shown);
	buf_adds(out, "R1#");
	return true;
}

/* Runs the step {FIELDS, save_as: DIRECTORY/NAME} on a device that SHOWS. */
static void
save(const char *fields, const char *name, const char *shows,
    struct step_result *result)
{
	struct diags diags = { 0 };
	struct fault fault = { 0 };
	struct script script;
	struct target target;
	char *text = xasprintf(
	    "device_list: [{hostname: R1, device_type: cisco_ios}]\n"
	    "phases: [{steps: [{%ssave_as: '%s/%s'}]}]\n",
	    fields, directory, name);
	fixture_reset(&fixture, "cisco_ios");
	target = fixture.target;
	struct job *job = job_parse(
	    "job.yml", text, strlen(text), &fixture.profiles, &diags);
	diags_print(&diags);
	assert_non_null(job);
	target.job = job;
	target.device = &job->devices[0];
	script_init(&script, NULL, 0);
	script.answer = answer;
	script.data = (void *)(uintptr_t)shows;
	buf_adds(&script.out, "\r\nR1#");
	script_signal(&script);
	struct session *session = session_new(
	    &script.base, &target, &fixture.observer, deadline_in(600000));
	if (session_prepare(session, &fault))
		fail_msg("not prepared: %s", fault.err.text);
	step_result_init(result);
	step_run(session, &job->phases[0].steps[0], result);
	session_close(session, 1000);
	script_clear(&script);
	job_free(job);
	free(text);
}

static char *
path_of(const char *name)
{
	return xasprintf("%s/%s", directory, name);
}

static void
check_file(const char *name, const char *text)
{
	struct err err = { 0 };
	struct buf file;
	char *path = path_of(name);
	buf_init(&file, 1 << 20);
	if (file_read(path, &file, &err))
		fail_msg("%s", err.text);
	assert_string_equal(buf_str(&file), text);
	buf_clear(&file);
	free(path);
}

static struct stat
stat_of(const char *name)
{
	struct stat st;
	char *path = path_of(name);
	if (stat(path, &st))
		fail_msg("%s is not there", path);
	free(path);
	return st;
}

static int
is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 &&
	    strcmp(entry->d_name, "..") != 0;
}

/* Nothing but that many entries: no temporary file was left. */
static void
check_count(const char *name, int wanted)
{
	struct dirent **entries;
	char *path = path_of(name);
	int count = scandir(path, &entries, is_entry, alphasort);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	if (count >= 0)
		free(entries);
	assert_int_equal(count, wanted);
	free(path);
}

static void
check_saved(const char *shows, const char *output, const char *notes)
{
	struct step_result result;
	char *wanted = xasprintf("%s/new/deep/R1.cfg: %s\n", directory, notes);
	save(COMMAND, "new/deep/{{hostname}}.cfg", shows, &result);
	assert_string_equal(result.fault.err.text, "");
	assert_int_equal(result.status, STEP_OK);
	assert_string_equal(buf_str(&result.output), output);
	assert_string_equal(buf_str(&result.notes), wanted);
	step_result_clear(&result);
	free(wanted);
}

static void
written_only_when_something_is_new(void **state)
{
	(void)state;
	check_saved("Current configuration : 9 bytes\r\nhostname R1\r\n"
		    "ntp clock-period 17180000\r\n",
	    "saved for the first time\n", "written");
	check_file("new/deep/R1.cfg",
	    "Current configuration : 9 bytes\nhostname R1\n"
	    "ntp clock-period 17180000\n");
	struct stat first = stat_of("new/deep/R1.cfg");
	assert_int_equal(first.st_mode & 07777, 0600);
	assert_int_equal(stat_of("new").st_mode & 07777, 0700);
	assert_int_equal(stat_of("new/deep").st_mode & 07777, 0700);

	check_saved("Current configuration : 8 bytes\r\nhostname R1\r\n"
		    "ntp clock-period 17180001\r\n",
	    "same as the saved file\n", "same as before");
	assert_int_equal(stat_of("new/deep/R1.cfg").st_ino, first.st_ino);

	check_saved("Current configuration : 9 bytes\r\nhostname R2\r\n",
	    "@@ -1,1 +1,1 @@\n-hostname R1\n+hostname R2\n", "written");
	check_file("new/deep/R1.cfg",
	    "Current configuration : 9 bytes\nhostname R2\n");
	check_count("new/deep", 1);
}

/* A log line is none of the configuration, and all of `show logging`. */
static void
log_lines_are_no_configuration(void **state)
{
	(void)state;
	static const char shows
	    [] = "hostname R1\r\n"
		 "*Mar  1 00:00:00.000: %SYS-5-CONFIG_I: Configured by vty0\r\n"
		 "end\r\n";
	struct step_result result;
	save(COMMAND, "R1.cfg", shows, &result);
	assert_int_equal(result.status, STEP_OK);
	check_file("R1.cfg", "hostname R1\nend\n");
	step_result_clear(&result);
	save("command: show logging, ", "R1.log", shows, &result);
	assert_int_equal(result.status, STEP_OK);
	check_file("R1.log",
	    "hostname R1\n"
	    "*Mar  1 00:00:00.000: %SYS-5-CONFIG_I: Configured by vty0\n"
	    "end\n");
	step_result_clear(&result);
}

/* What goes wrong, and the word for it. The file K holds "kept". */
static const struct {
	const char *name, *fields, *file, *shows;
	enum err_kind kind;
	const char *says;
} failures[] = {
	{ "an empty configuration takes no backup's place", COMMAND, "K",
	    "Building configuration...\r\n\r\n"
	    "Current configuration : 0 bytes\r\n",
	    ERR_VERIFY, "empty running configuration" },
	{ "refused", COMMAND, "K", "% Invalid input detected\r\n", ERR_REFUSED,
	    "" },
	{ "not what is expected", COMMAND "expect: '^end', ", "K",
	    "hostname R1\r\n", ERR_VERIFY, "^end" },
	{ "below a file", COMMAND, "K/R1", "hostname R1\r\n", ERR_INTERNAL,
	    "K/R1" },
	{ "a directory of that name", COMMAND, "D", "hostname R1\r\n",
	    ERR_INTERNAL, "/D" },
	{ "a file that no backup can be", COMMAND, "L", "hostname R1\r\n",
	    ERR_INTERNAL, "larger" },
};

static void
left_alone_when_something_is_wrong(void **state)
{
	(void)state;
	struct err err = { 0 };
	char *kept = path_of("K"), *dir = path_of("D");
	assert_int_equal(file_write_atomic(kept, "kept", 4, 0600, &err), 0);
	char *large = path_of("L");
	assert_int_equal(dir_make(dir, 0700, &err), 0);
	assert_int_equal(file_write_atomic(large, "", 0, 0600, &err), 0);
	assert_int_equal(truncate(large, STEP_OUTPUT_LIMIT_BYTES + 1), 0);
	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++) {
		struct step_result result;
		save(failures[i].fields, failures[i].file, failures[i].shows,
		    &result);
		if (result.status != STEP_FAILED ||
		    result.fault.err.kind != failures[i].kind ||
		    !strstr(result.fault.err.text, failures[i].says))
			fail_msg("%s: %s, %s: %s", failures[i].name,
			    step_status_name(result.status),
			    err_kind_name(result.fault.err.kind),
			    result.fault.err.text);
		assert_string_equal(buf_str(&result.notes), "");
		step_result_clear(&result);
		check_file("K", "kept");
		check_count("D", 0);
	}
	assert_int_equal(stat_of("L").st_size, STEP_OUTPUT_LIMIT_BYTES + 1);
	free(kept);
	free(large);
	free(dir);
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
	static const char *const left[] = { "new/deep/R1.cfg", "new/deep",
		"new", "R1.cfg", "R1.log", "K", "L", "D", "" };
	int rc = 0;
	fixture_clear(&fixture);
	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++) {
		char *path = path_of(left[i]);
		rc |= remove(path);
		free(path);
	}
	return rc;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_only_when_something_is_new),
		cmocka_unit_test(log_lines_are_no_configuration),
		cmocka_unit_test(left_alone_when_something_is_wrong),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
