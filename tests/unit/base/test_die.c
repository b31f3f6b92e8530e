/*
 * Ends of the process and memory that is never missing. What ends a process
 * is run in a child, whose status and standard error are looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/die.h"

#include "base/alloc.h"
#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct end {
	int status; /* of waitpid */
	char text[8192]; /* standard error */
};

static void
read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;
	while ((n = read(fd, text + len, size - 1 - len)) > 0 ||
	    (n < 0 && errno == EINTR))
		len += n > 0 ? (size_t)n : 0;
	text[len] = '\0';
}

/* Runs BODY in a child; one that comes back leaves with 0. */
static void
run_child(void (*body)(void), struct end *end)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit none = { 0, 0 };
		setrlimit(RLIMIT_CORE, &none);
		/* cmocka and the sanitizer catch it otherwise. */
		signal(SIGABRT, SIG_DFL);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		body();
		_exit(0);
	}
	close(ends[1]);
	read_all(ends[0], end->text, sizeof(end->text));
	close(ends[0]);
	assert_int_equal(waitpid(pid, &end->status, 0), pid);
}

static void
die_plain(void)
{
	fatal("no socket pair");
}

static void
die_formatted(void)
{
	fatal("%s: %d of %zu", "R1", -1, (size_t)7);
}

/* Its product is 2 modulo SIZE_MAX + 1: without a check it would succeed. */
static void
overflow_by_a_little(void)
{
	free(xrealloc(NULL, SIZE_MAX / 2 + 2, 2));
}

static void
overflow_by_much(void)
{
	free(xrealloc(NULL, SIZE_MAX, SIZE_MAX));
}

static void
bug_if_true(void)
{
	BUG_IF(1 + 1 == 2);
}

static void
bug_plain(void)
{
	BUG("never here");
}

static void
bug_if_false(void)
{
	BUG_IF(1 + 1 == 3);
}

/* SIGNAL or STATUS; TEXT is all of standard error, PART (if TEXT is NULL)
 * stands in it. */
static const struct {
	const char *name;
	void (*body)(void);
	int signal, status;
	const char *text, *part;
} ends[] = {
	{ "fatal", die_plain, 0, FATAL_STATUS, "netpush: no socket pair\n",
	    NULL },
	{ "fatal with values", die_formatted, 0, FATAL_STATUS,
	    "netpush: R1: -1 of 7\n", NULL },
	{ "a size just too large", overflow_by_a_little, 0, FATAL_STATUS,
	    "netpush: out of memory\n", NULL },
	{ "a size much too large", overflow_by_much, 0, FATAL_STATUS,
	    "netpush: out of memory\n", NULL },
	{ "a bug by condition", bug_if_true, SIGABRT, 0, NULL,
	    ": 1 + 1 == 2\n" },
	{ "a bug", bug_plain, SIGABRT, 0, NULL, ": never here\n" },
	{ "no bug", bug_if_false, 0, 0, "", NULL },
};

static void
processes_end_as_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct end end;
		run_child(ends[i].body, &end);
		bool well = ends[i].signal ? WIFSIGNALED(end.status) &&
			WTERMSIG(end.status) == ends[i].signal
					   : WIFEXITED(end.status) &&
			WEXITSTATUS(end.status) == ends[i].status;
		if (ends[i].text)
			well &= strcmp(end.text, ends[i].text) == 0;
		else
			well &= strstr(end.text, ends[i].part) &&
			    strstr(end.text, "test_die.c:") &&
			    strncmp(end.text, "netpush: bug at ", 16) == 0 &&
			    strchr(end.text, '\n')[1] == '\0';
		if (!well)
			fail_msg("%s: status %#x, \"%s\"", ends[i].name,
			    (unsigned)end.status, end.text);
	}
}

static void
say_all(void)
{
	log_error("%s", "e");
	log_warn("%d", 1);
	log_info("i");
	log_debug("d");
}

static void
at_error(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	say_all();
}

static void
at_info(void)
{
	log_set_level(LOG_LEVEL_INFO);
	say_all();
}

static void
at_debug(void)
{
	log_set_level(LOG_LEVEL_DEBUG);
	say_all();
}

static void
down_again(void)
{
	log_set_level(LOG_LEVEL_DEBUG);
	log_set_level(LOG_LEVEL_ERROR);
	say_all();
}

/* Longer than a line may be: cut, and still one line. */
static void
say_much(void)
{
	char text[4096];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_error("%s", text);
}

#define E "netpush: e\n"
#define W "netpush: 1\n"
#define I "netpush: i\n"
#define D "netpush: d\n"

static void
lines_above_the_level_are_dropped(void **state)
{
	(void)state;
	static const struct {
		void (*body)(void);
		const char *text;
	} levels[] = { { at_error, E }, { down_again, E }, { say_all, E W },
		{ at_info, E W I }, { at_debug, E W I D } };
	struct end end;
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		run_child(levels[i].body, &end);
		assert_int_equal(end.status, 0);
		assert_string_equal(end.text, levels[i].text);
	}
	run_child(say_much, &end);
	assert_int_equal(end.status, 0);
	assert_true(strlen(end.text) > 2000);
	assert_true(strlen(end.text) < 4096);
	assert_ptr_equal(
	    strchr(end.text, '\n'), end.text + strlen(end.text) - 1);
}

static void
copies_are_the_callers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
		const char *copy;
	} cuts[] = { { "", 0, "" }, { "abc", 0, "" }, { "abc", 2, "ab" },
		{ "abc", 3, "abc" } };
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		char *copy = xstrndup(cuts[i].text, cuts[i].len);
		assert_string_equal(copy, cuts[i].copy);
		assert_ptr_not_equal(copy, cuts[i].text);
		free(copy);
	}
	char *none = xstrndup(NULL, 0);
	assert_string_equal(none, "");
	free(none);
	assert_null(xstrdup(NULL));

	static const char bytes[] = { 'a', '\0', 'b', '\xff' };
	char *copy = xmemdup(bytes, sizeof(bytes));
	assert_memory_equal(copy, bytes, sizeof(bytes));
	free(copy);
	void *nothing = xmemdup(NULL, 0);
	assert_non_null(nothing);
	free(nothing);
}

static void
texts_are_as_long_as_needed(void **state)
{
	(void)state;
	char *empty = xasprintf("%s", "");
	assert_string_equal(empty, "");
	free(empty);
	char *text = xasprintf("%s-%03d|%*s", "R1", 7, 3000, "x");
	assert_int_equal(strlen(text), 7 + 3000);
	assert_memory_equal(text, "R1-007| ", 8);
	assert_int_equal(text[strlen(text) - 1], 'x');
	free(text);
}

static void
nothing_is_something_to_own(void **state)
{
	(void)state;
	void *all[] = { xmalloc(0), xcalloc(0, 8), xcalloc(8, 0),
		xrealloc(NULL, 0, 8), xrealloc(xmalloc(4), 0, 1) };
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		assert_non_null(all[i]);
		free(all[i]);
	}
	unsigned char *zero = xcalloc(16, 4);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(zero[i], 0);
	free(zero);
}

static void
arrays_grow_and_keep_what_they_hold(void **state)
{
	(void)state;
	static const size_t caps[] = { 8, 16, 32, 64, 128 };
	uint64_t *items = NULL;
	size_t count = 0, cap = 0, turns = 0;
	for (uint64_t i = 0; i < 100; i++) {
		size_t before = cap;
		GROW(items, count, cap);
		if (cap != before)
			assert_int_equal(cap, caps[turns++]);
		assert_true(count < cap);
		items[count++] = i * i;
	}
	assert_int_equal(turns, sizeof(caps) / sizeof(*caps));
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(items[i], i * i);
	free(items);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes_end_as_told),
		cmocka_unit_test(lines_above_the_level_are_dropped),
		cmocka_unit_test(copies_are_the_callers),
		cmocka_unit_test(texts_are_as_long_as_needed),
		cmocka_unit_test(nothing_is_something_to_own),
		cmocka_unit_test(arrays_grow_and_keep_what_they_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
