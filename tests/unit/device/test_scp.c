/*
 * SCP against a far side that says what a script says: the bytes that cross,
 * and what a hostile or broken server gets for its trouble.
 */
#include "device/copy.h"

#include "base/deadline.h"
#include "device/fault.h"

#include "script_exec.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#define PATIENCE_MS  20000
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char home[64];

static int
remove_one(const char *path, const struct stat *is, int what, struct FTW *at)
{
	(void)is;
	(void)what;
	(void)at;
	return remove(path);
}

static int
set_up(void **state)
{
	(void)state;
	umask(022);
	snprintf(home, sizeof(home), "/tmp/netpush-scp-XXXXXX");
	return mkdtemp(home) && chdir(home) == 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	return chdir("/") || nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
write_file(const char *path, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void
assert_file(const char *path, const char *wanted)
{
	char text[256];
	FILE *file = fopen(path, "r");
	if (!file)
		fail_msg("%s is not there", path);
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	assert_string_equal(text, wanted);
}

static bool
is_there(const char *path)
{
	struct stat is;
	return lstat(path, &is) == 0;
}

/* How many names there are in the directory of the test. */
static int entries;

static int
count_one(const char *path, const struct stat *is, int what, struct FTW *at)
{
	(void)path;
	(void)is;
	(void)what;
	entries += at->level > 0;
	return 0;
}

static int
count_entries(void)
{
	entries = 0;
	nftw(".", count_one, 8, FTW_PHYS);
	return entries;
}

struct outcome {
	int rc;
	struct copy_result result;
	struct fault fault;
	struct buf heard;
	bool finished;
};

static void
copy_with(
    struct script_exec *script, struct copy_ask ask, struct outcome *outcome)
{
	*outcome = (struct outcome){ 0 };
	ask.method = COPY_SCP;
	ask.fd = -1;
	ask.cancel_fd = -1;
	if (!ask.deadline)
		ask.deadline = deadline_in(PATIENCE_MS);
	outcome->rc = copy_over(
	    &script->base, &ask, &outcome->result, &outcome->fault);
	outcome->finished = script->finished;
	outcome->heard = script->heard;
	buf_init(&script->heard, 1);
	script_exec_clear(script);
}

static void
forget(struct outcome *outcome)
{
	fault_clear(&outcome->fault);
	buf_clear(&outcome->heard);
}

/* One that must not succeed, with WORDS in the fault, and leave nothing. */
static void
refuse(const struct said *says, size_t count, bool tree, const char *words)
{
	struct script_exec script;
	struct outcome outcome;
	script_exec_init(&script, says, count);
	copy_with(&script,
	    (struct copy_ask){ .direction = COPY_DOWN,
		.local = "x",
		.remote = "/there/x",
		.tree = tree },
	    &outcome);
	assert_int_equal(outcome.rc, -1);
	assert_string_equal(err_kind_name(outcome.fault.err.kind), "transfer");
	if (!strstr(outcome.fault.err.text, words))
		fail_msg("'%s' has no '%s'", outcome.fault.err.text, words);
	forget(&outcome);
}

static void
a_file_comes_down(void **state)
{
	static const struct said says[] = { SAID("C0640 5 anything\n"),
		SAID("hello\0") };
	struct script_exec script;
	struct outcome outcome;
	(void)state;
	script_exec_init(&script, says, COUNT(says));
	copy_with(&script,
	    (struct copy_ask){
		.direction = COPY_DOWN, .local = "here", .remote = "flash:/x" },
	    &outcome);
	assert_int_equal(outcome.rc, 0);
	assert_int_equal(outcome.result.bytes, 5);
	assert_int_equal(outcome.result.files, 1);
	assert_true(outcome.finished);
	assert_int_equal(outcome.heard.len, 3);
	assert_memory_equal(outcome.heard.data, "\0\0\0", 3);
	assert_file("here", "hello");
	assert_int_equal(count_entries(), 1);
	forget(&outcome);
}

static void
a_tree_comes_down(void **state)
{
	static const struct said says[] = {
		SAID("T1000000000 0 1000000001 0\n"), SAID("D0750 0 tree\n"),
		SAID("C0604 1 a b\n"), SAID("1\0"), SAID("D0700 0 sub\n"),
		SAID("C0600 0 empty\n"), SAID("\0"), SAID("E\n"), SAID("E\n")
	};
	struct script_exec script;
	struct outcome outcome;
	struct stat is;
	(void)state;
	script_exec_init(&script, says, COUNT(says));
	copy_with(&script,
	    (struct copy_ask){ .direction = COPY_DOWN,
		.local = "here",
		.remote = "tree",
		.tree = true,
		.preserve = true },
	    &outcome);
	assert_int_equal(outcome.rc, 0);
	assert_int_equal(outcome.result.files, 2);
	assert_file("here/a b", "1");
	assert_file("here/sub/empty", "");
	assert_int_equal(stat("here", &is), 0);
	assert_int_equal(is.st_mode & 07777, 0750);
	assert_int_equal(is.st_mtime, 1000000000);
	assert_int_equal(stat("here/a b", &is), 0);
	assert_int_equal(is.st_mode & 07777, 0604);
	/* The directory's times are the directory's. */
	assert_int_not_equal(is.st_mtime, 1000000000);
	forget(&outcome);
}

static void
names_that_lead_elsewhere_are_refused(void **state)
{
	static const char *const names[] = { "..", ".", "", "../x", "/etc/x",
		"a/b", "a\x01", "tab\tbed", "x\x7f" };
	(void)state;
	assert_int_equal(mkdir("x", 0755), 0);
	for (size_t i = 0; i < COUNT(names); i++) {
		for (int kind = 0; kind < 4; kind++) {
			char entry[64];
			bool inside = kind & 1;
			snprintf(entry, sizeof(entry), "%s %s\n",
			    kind & 2 ? "D0755 0" : "C0644 1", names[i]);
			const struct said says[] = { SAID("D0755 0 top\n"),
				{ entry, strlen(entry) }, SAID("1\0"),
				SAID("E\n") };
			refuse(inside ? says : says + 1, 3, true,
			    "may not be here");
		}
	}
	/* x, and in it the top of the trees. */
	assert_int_equal(count_entries(), 2);
}

static void
what_was_not_asked_for_is_refused(void **state)
{
	static const struct said second[] = { SAID("C0644 1 x\n"), SAID("1\0"),
		SAID("C0644 1 y\n"), SAID("2\0") };
	static const struct said directory[] = { SAID("D0755 0 x\n"),
		SAID("E\n") };
	static const struct said top[] = { SAID("D0755 0 x\n"), SAID("E\n"),
		SAID("D0755 0 y\n"), SAID("E\n") };
	(void)state;
	refuse(second, COUNT(second), false, "more than was asked for");
	assert_false(is_there("y"));
	refuse(directory, COUNT(directory), false, "a directory");
	assert_file("x", "1"); /* the first one was whole */
	assert_int_equal(unlink("x"), 0);
	refuse(top, COUNT(top), true, "more than was asked for");
	assert_int_equal(count_entries(), 1);
}

static void
what_is_not_whole_is_refused(void **state)
{
	static const struct said nothing[] = { SAID("") };
	static const struct said cut[] = { SAID("C0644 5 x\n"), SAID("hel") };
	static const struct said no_end[] = { SAID("C0644 5 x\n"),
		SAID("hello") };
	static const struct said bad_end[] = { SAID("C0644 5 x\n"),
		SAID("hello\1scp: x: Input/output error\n") };
	static const struct said open_tree[] = { SAID("D0755 0 x\n"),
		SAID("D0755 0 y\n"), SAID("E\n") };
	(void)state;
	refuse(nothing, 0, false, "ended the transfer");
	refuse(cut, COUNT(cut), false, "ended the transfer");
	refuse(no_end, COUNT(no_end), false, "ended the transfer");
	refuse(bad_end, COUNT(bad_end), false, "Input/output error");
	assert_int_equal(count_entries(), 0);
	refuse(open_tree, COUNT(open_tree), true, "ended the transfer");
}

static void
lines_that_are_none_are_refused(void **state)
{
	static const struct said lines[] = { SAID("C0644 x\n"),
		SAID("C0844 1 x\n"), SAID("C 1 x\n"), SAID("C0644  1 x\n"),
		SAID("C0644 -1 x\n"), SAID("C0644 1x\n"),
		SAID("C0644 9223372036854775808 x\n"),
		SAID("C0644 99999999999999999999999 x\n"),
		SAID("C77777777777 1 x\n"), SAID("C0644 1 a\0b\n"), SAID("E\n"),
		SAID("T1 0 1\n"), SAID("T1 0 1 0 \n"), SAID("T-1 0 1 0\n"),
		SAID("C0644 1 x"), SAID("Warning: a banner\n"),
		SAID("\0\0\0\0") };
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		refuse(&lines[i], 1, true, "the device");
	char longest[4096];
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "C0644 1 ", 8);
	longest[sizeof(longest) - 1] = '\n';
	const struct said line = { longest, sizeof(longest) };
	refuse(&line, 1, true, "none of SCP's");
	assert_int_equal(count_entries(), 0);
}

static void
sizes_go_beyond_4_gigabytes(void **state)
{
	/* Only so much of it comes; what was announced is what is missing. */
	static const struct said says[] = { SAID("C0644 5000000000 x\n"),
		SAID("12345678") };
	uint64_t total = 0;
	struct script_exec script;
	struct outcome outcome;
	(void)state;
	(void)total;
	script_exec_init(&script, says, COUNT(says));
	copy_with(&script,
	    (struct copy_ask){
		.direction = COPY_DOWN, .local = "x", .remote = "x" },
	    &outcome);
	assert_int_equal(outcome.rc, -1);
	assert_int_equal(outcome.result.bytes, 8);
	assert_int_equal(count_entries(), 0);
	forget(&outcome);

	int fd = open("big", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(ftruncate(fd, 5000000000), 0);
	close(fd);
	static const struct said acks[] = { SAID("\0\0\2enough\n") };
	script_exec_init(&script, acks, COUNT(acks));
	script.at_once = true;
	copy_with(&script,
	    (struct copy_ask){
		.direction = COPY_UP, .local = "big", .remote = "x" },
	    &outcome);
	assert_int_equal(outcome.rc, -1);
	assert_memory_equal(outcome.heard.data, "C0644 5000000000 big\n", 21);
	forget(&outcome);
}

static void
a_file_goes_up(void **state)
{
	static const struct said says[] = { SAID("\0\0\0") };
	static const char wanted[] = "C0644 3 it's\nabc\0";
	struct script_exec script;
	struct outcome outcome;
	(void)state;
	write_file("it's", "abc", 3);
	script_exec_init(&script, says, COUNT(says));
	script.at_once = true;
	copy_with(&script,
	    (struct copy_ask){
		.direction = COPY_UP, .local = "it's", .remote = "x" },
	    &outcome);
	assert_int_equal(outcome.rc, 0);
	assert_int_equal(outcome.result.bytes, 3);
	assert_int_equal(outcome.heard.len, sizeof(wanted) - 1);
	assert_memory_equal(outcome.heard.data, wanted, sizeof(wanted) - 1);
	forget(&outcome);
}

/* An upload to a far side that says SAYS, of which the last thing is wrong. */
static void
upload_fails(const struct said *says, size_t count, const char *errors,
    struct exec_end end, const char *kind, const char *words)
{
	struct script_exec script;
	struct outcome outcome;
	write_file("x", "abc", 3);
	script_exec_init(&script, says, count);
	script.at_once = true;
	script.errors = errors;
	script.end = end;
	script.breaks = strcmp(kind, "closed") == 0;
	copy_with(&script,
	    (struct copy_ask){ .direction = COPY_UP,
		.local = "x",
		.remote = "flash:/x",
		.silence_ms = 50 },
	    &outcome);
	assert_int_equal(outcome.rc, -1);
	assert_string_equal(err_kind_name(outcome.fault.err.kind), kind);
	if (!strstr(outcome.fault.err.text, words))
		fail_msg("'%s' has no '%s'", outcome.fault.err.text, words);
	forget(&outcome);
}

static void
an_upload_counts_when_all_is_said(void **state)
{
	static const struct said none[] = { SAID("") };
	static const struct said one[] = { SAID("\0") };
	static const struct said two[] = { SAID("\0\0") };
	static const struct said three[] = { SAID("\0\0\0") };
	static const struct said no_name[] = { SAID(
	    "\0\1scp: flash:/x: No space left on device\n") };
	static const struct said late[] = { SAID("\0\0\0\1too late\n") };
	static const struct said words[] = { SAID(
	    "Administratively disabled.\n") };
	static const struct exec_end well = { .has_status = true };
	static const struct exec_end badly = { .has_status = true,
		.status = 1 };
	static const struct exec_end killed = { .signal = "KILL" };
	(void)state;
	upload_fails(none, 0, "", well, "transfer", "ended the transfer");
	upload_fails(one, 1, "", well, "transfer", "ended the transfer");
	upload_fails(two, 1, "", well, "transfer", "ended the transfer");
	upload_fails(two, 1, "", well, "closed", "the wire broke");
	upload_fails(three, 1, "", well, "closed", "the wire broke");
	upload_fails(three, 1, "", badly, "transfer", "failed");
	upload_fails(three, 1, "", killed, "transfer", "failed");
	upload_fails(three, 1, "quota\n", badly, "transfer", "quota");
	upload_fails(no_name, 1, "", well, "transfer", "No space left");
	upload_fails(late, 1, "", well, "transfer", "too late");
	upload_fails(words, 1, "", well, "transfer", "disabled");
}

static void
a_refused_channel_is_a_refused_transfer(void **state)
{
	struct script_exec script;
	struct outcome outcome;
	(void)state;
	write_file("x", "abc", 3);
	script_exec_init(&script, NULL, 0);
	script.refused = true;
	copy_with(&script,
	    (struct copy_ask){
		.direction = COPY_UP, .local = "x", .remote = "x" },
	    &outcome);
	assert_int_equal(outcome.rc, -1);
	assert_string_equal(err_kind_name(outcome.fault.err.kind), "transfer");
	forget(&outcome);
}

static void
silence_is_told_from_the_deadline(void **state)
{
	/* It waits for an answer that nobody has sent yet. */
	static const struct said never[] = { SAID("C0644 1 x\n"), SAID("a"),
		SAID("b") };
	struct script_exec script;
	struct outcome outcome;
	(void)state;
	for (int silent = 0; silent < 2; silent++) {
		script_exec_init(&script, never, COUNT(never));
		copy_with(&script,
		    (struct copy_ask){ .direction = COPY_DOWN,
			.local = "x",
			.remote = "x",
			.silence_ms = silent ? 20 : 0,
			.deadline = deadline_in(silent ? PATIENCE_MS : 20) },
		    &outcome);
		assert_int_equal(outcome.rc, -1);
		assert_string_equal(
		    err_kind_name(outcome.fault.err.kind), "timeout");
		assert_int_equal(outcome.result.stalled, silent);
		forget(&outcome);
	}
	assert_int_equal(count_entries(), 0);
}

static void
the_pace_is_that_of_late(void **state)
{
	struct copy_pace pace = { 0 };
	(void)state;
	assert_int_equal(copy_pace_rate(&pace), 0);
	assert_int_equal(copy_pace_left_ms(&pace, 100), -1);
	/* Fast for a minute, then 1,000 bytes a second. */
	for (int i = 0; i <= 600; i++)
		copy_pace_note(&pace, i * 100, (uint64_t)i * 100000);
	assert_int_equal(copy_pace_rate(&pace), 1000000);
	for (int i = 1; i <= 300; i++)
		copy_pace_note(
		    &pace, 60000 + i * 100, 60000000 + (uint64_t)i * 100);
	assert_int_equal(copy_pace_rate(&pace), 1000);
	assert_int_equal(copy_pace_left_ms(&pace, 60030000 + 5000), 5000);
	assert_int_equal(copy_pace_left_ms(&pace, 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_file_comes_down, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_tree_comes_down, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    names_that_lead_elsewhere_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    what_was_not_asked_for_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    what_is_not_whole_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    lines_that_are_none_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    sizes_go_beyond_4_gigabytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_file_goes_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    an_upload_counts_when_all_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_refused_channel_is_a_refused_transfer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    silence_is_told_from_the_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    the_pace_is_that_of_late, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
