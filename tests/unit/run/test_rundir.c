/* The directories of runs: which one is meant, who has it, what became of it,
 * and how it goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "state.h"

#include "run/rundir.h"

#include "base/deadline.h"
#include "base/fdio.h"

#include <sys/stat.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

#define FIRST  "20261121T024000Z-acl-000001"
#define SECOND "20261121T024000Z-acl-000002"
#define THIRD  "20261121T031500Z-acl-000001"
#define LONGER THIRD "-more"

/* A directory for each id, made in another order than theirs. */
static void
make_runs(void)
{
	static const char *const ids[] = { THIRD, FIRST, LONGER, SECOND,
		".hidden" };
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		struct err err;
		char *path = xasprintf("%s/runs/%s", state_dir, ids[i]);
		assert_int_equal(dir_make(path, 0700, &err), 0);
		free(path);
	}
}

static void
no_runs_yet(void **state)
{
	(void)state;
	struct strs ids = { 0 };
	struct err err = { 0 };
	rundir_list(state_dir, &ids);
	assert_int_equal(ids.count, 0);
	strs_clear(&ids);
	assert_null(rundir_find(state_dir, "latest", &err));
	assert_int_equal(err.kind, ERR_JOB);
	assert_non_null(strstr(err.text, "\"latest\""));
	assert_non_null(strstr(err.text, state_dir));
}

static void
the_oldest_is_listed_first(void **state)
{
	(void)state;
	static const char *const order[] = { FIRST, SECOND, THIRD, LONGER };
	struct strs ids = { 0 };
	make_runs();
	rundir_list(state_dir, &ids);
	assert_int_equal(ids.count, COUNT_OF(order));
	for (size_t i = 0; i < ids.count; i++)
		assert_string_equal(ids.items[i], order[i]);
	strs_clear(&ids);
}

static void
one_run_is_meant_or_none(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const char *found; /* or NULL, and then */
		const char *said;
	} cases[] = {
		/* Several begin so. */
		{ "20261121T024000Z", NULL, "could be 2 runs" },
		{ "2", NULL, "could be 4 runs" },
		{ "20261121T03", NULL, "could be 2 runs" },
		/* None is called so. */
		{ "", NULL, "there is no run" },
		{ "acl", NULL, "there is no run" },
		{ "late", NULL, "there is no run" },
		{ "latest ", NULL, "there is no run" },
		{ ".hidden", NULL, "there is no run" },
		{ "..", NULL, "there is no run" },
		{ FIRST "/", NULL, "there is no run" },
		{ "../runs/" FIRST, NULL, "there is no run" },
		/* The whole id, also where another one begins with it. */
		{ FIRST, FIRST, NULL },
		{ THIRD, THIRD, NULL },
		{ LONGER, LONGER, NULL },
		/* As much as it needs. */
		{ THIRD "-", LONGER, NULL },
		{ "20261121T024000Z-acl-000002", SECOND, NULL },
		{ "latest", LONGER, NULL },
	};
	make_runs();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct err err = { 0 };
		char *dir = rundir_find(state_dir, cases[i].name, &err);
		char *wanted = cases[i].found
		    ? xasprintf("%s/runs/%s", state_dir, cases[i].found)
		    : NULL;
		if (!str_eq(dir, wanted))
			fail_msg("\"%s\" is %s", cases[i].name,
			    dir ? dir : err.text);
		if (!dir) {
			assert_int_equal(err.kind, ERR_JOB);
			if (!strstr(err.text, cases[i].said))
				fail_msg("\"%s\": %s", cases[i].name, err.text);
		}
		free(dir);
		free(wanted);
	}
}

static void
who_holds_a_run(void **state)
{
	(void)state;
	int pipe_fd;
	char *dir = new_run(), *other = new_run();
	assert_int_equal(rundir_holder(dir), 0);
	pid_t pid = held_by_another(dir, &pipe_fd);
	assert_int_equal(rundir_holder(dir), pid);
	assert_int_equal(rundir_holder(other), 0);
	/* Having looked does not let go of it. */
	assert_int_equal(rundir_holder(dir), pid);
	let_go(pid, pipe_fd);
	assert_int_equal(rundir_holder(dir), 0);
	assert_int_equal(rundir_holder(state_dir), 0);
	free(other);
	free(dir);
}

static void
a_run_is_held_once(void **state)
{
	(void)state;
	int pipe_fd, fd;
	struct err err = { 0 };
	struct stat about;
	char *dir = new_run();
	pid_t pid = held_by_another(dir, &pipe_fd);
	assert_int_equal(rundir_hold(dir, &err), -1);
	assert_int_equal(err.kind, ERR_JOB);
	let_go(pid, pipe_fd);
	fd = rundir_hold(dir, &err);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fstat(fd, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0600);
	close(fd);
	err = (struct err){ 0 };
	assert_int_equal(rundir_hold("/proc/nowhere", &err), -1);
	assert_int_equal(err.kind, ERR_INTERNAL);
	free(dir);
}

#define TIME "2026-11-21T02:40:01.500Z"
#define LINE "{\"event\":\"log\",\"time\":\"" TIME "\",\"text\":\"x\"}\n"
#define FINISHED                                                               \
	"{\"event\":\"run_finished\",\"time\":\"" TIME "\","                   \
	"\"exit_status\":1,\"totals\":{\"changed\":3}}\n"

static const struct {
	const char *journal;
	enum rundir_state state;
	bool has_time;
} glances[] = {
	{ "", RUNDIR_INTERRUPTED, false },
	{ "\n", RUNDIR_INTERRUPTED, false },
	{ "what?\n", RUNDIR_INTERRUPTED, false },
	{ "{\"event\":", RUNDIR_INTERRUPTED, false },
	{ LINE, RUNDIR_INTERRUPTED, true },
	{ LINE LINE, RUNDIR_INTERRUPTED, true },
	/* What is not whole is not there. */
	{ LINE "{\"event\":", RUNDIR_INTERRUPTED, true },
	{ FINISHED, RUNDIR_FINISHED, true },
	{ LINE LINE FINISHED, RUNDIR_FINISHED, true },
	{ FINISHED "{", RUNDIR_FINISHED, true },
	/* It was taken up again, and died. */
	{ FINISHED LINE, RUNDIR_INTERRUPTED, true },
};

static void
what_became_of_a_run(void **state)
{
	(void)state;
	int64_t time_ms;
	assert_true(clock_parse(TIME, &time_ms));
	for (size_t i = 0; i < COUNT_OF(glances); i++) {
		struct rundir_glance glance;
		char *dir = new_run();
		const char *text = glances[i].journal;
		append(dir, "events.jsonl", text, strlen(text));
		rundir_look(dir, &glance);
		if (glance.state != glances[i].state)
			fail_msg("%s is taken for %d", text, glance.state);
		assert_int_equal(
		    glance.time_ms, glances[i].has_time ? time_ms : 0);
		bool finished = glance.state == RUNDIR_FINISHED;
		assert_int_equal(glance.exit_status, finished ? 1 : 0);
		assert_int_equal(json_integer_value(
				     json_object_get(glance.totals, "changed")),
		    finished ? 3 : 0);
		json_decref(glance.totals);
		free(dir);
	}
}

static void
a_run_without_a_journal(void **state)
{
	(void)state;
	struct rundir_glance glance;
	rundir_look(state_dir, &glance);
	assert_int_equal(glance.state, RUNDIR_INTERRUPTED);
	assert_int_equal(glance.time_ms, 0);
	assert_null(glance.totals);
}

/* Only its end is read, however long it is. */
static void
the_end_of_a_long_journal(void **state)
{
	(void)state;
	for (size_t len = 65000; len < 200000; len += 45001) {
		struct rundir_glance glance;
		char *dir = new_run();
		char *line = xmalloc(len);
		memset(line, 'x', len);
		line[len - 1] = '\n';
		append(dir, "events.jsonl", line, len);
		append(dir, "events.jsonl", FINISHED, strlen(FINISHED));
		rundir_look(dir, &glance);
		assert_int_equal(glance.state, RUNDIR_FINISHED);
		json_decref(glance.totals);
		free(line);
		free(dir);
	}
}

/* It had come to its end, and goes on now. */
static void
a_run_that_is_held_goes_on(void **state)
{
	(void)state;
	int pipe_fd;
	struct rundir_glance glance;
	char *dir = new_run();
	append(dir, "events.jsonl", FINISHED, strlen(FINISHED));
	pid_t pid = held_by_another(dir, &pipe_fd);
	rundir_look(dir, &glance);
	assert_int_equal(glance.state, RUNDIR_RUNNING);
	json_decref(glance.totals);
	let_go(pid, pipe_fd);
	rundir_look(dir, &glance);
	assert_int_equal(glance.state, RUNDIR_FINISHED);
	json_decref(glance.totals);
	free(dir);
}

static void
removing_stays_inside(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct stat about;
	char *dir = new_run(), *other = new_run();
	char *deep = xasprintf("%s/a/b/c", dir);
	char *link = xasprintf("%s/link", dir);
	append(other, "kept", "x", 1);
	assert_int_equal(dir_make(deep, 0700, &err), 0);
	append(deep, "file", "x", 1);
	assert_int_equal(symlink(other, link), 0);
	assert_int_equal(rundir_remove(dir, &err), 0);
	assert_int_equal(lstat(dir, &about), -1);
	char *kept = xasprintf("%s/kept", other);
	assert_int_equal(stat(kept, &about), 0);
	/* There is nothing left to be removed. */
	assert_int_equal(rundir_remove(dir, &err), -1);
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_non_null(strstr(err.text, dir));
	free(kept);
	free(link);
	free(deep);
	free(other);
	free(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(no_runs_yet),
		WITH_DIR(the_oldest_is_listed_first),
		WITH_DIR(one_run_is_meant_or_none),
		WITH_DIR(who_holds_a_run),
		WITH_DIR(a_run_is_held_once),
		WITH_DIR(a_run_without_a_journal),
		WITH_DIR(what_became_of_a_run),
		WITH_DIR(the_end_of_a_long_journal),
		WITH_DIR(a_run_that_is_held_goes_on),
		WITH_DIR(removing_stays_inside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
