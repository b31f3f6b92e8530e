/* The run's directory: a full disk first, then names, modes and offsets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "state.h"

#include "run/journal.h"
#include "run/rundir.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/str.h"
#include "run/event.h"
#include "run/result.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child, where files may not grow past LIMIT: what comes of it is its
 * exit status. */
static int
with_file_limit(rlim_t limit, int (*try)(void))
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit rlimit = { limit, limit };
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &rlimit);
		_exit(try());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
create_one(void)
{
	struct err err = { 0 };
	struct journal *journal = journal_create(state_dir, "job", &err);
	if (journal)
		return 1;
	return err.kind == ERR_INTERNAL && err.sys ? 0 : 2;
}

static int
fill_one(void)
{
	struct err err = { 0 };
	struct journal *journal = journal_create(state_dir, "job", &err);
	if (!journal)
		return 1;
	char *text = xmalloc(100001);
	memset(text, 'x', 100000);
	text[100000] = '\0';
	struct event event = log_event(text);
	int rc = 0;
	for (int i = 0; i < 30 && rc == 0; i++) {
		journal_add(journal, &event);
		rc = journal_flush(journal, i % 2, &err);
	}
	if (!rc || err.kind != ERR_INTERNAL)
		return 2;
	/* It stays full, and says so again. */
	if (journal_flush(journal, 1, &err) == 0)
		return 3;
	/* What is in it is still good. */
	struct event again;
	if (result_read_event(journal_fd(journal), 0, &again))
		return 4;
	event_clear(&again);
	event_clear(&event);
	free(text);
	journal_free(journal);
	return 0;
}

static void
a_full_disk_is_found_before_the_run(void **state)
{
	(void)state;
	assert_int_equal(with_file_limit(1000, create_one), 0);
}

static void
a_disk_that_fills_up_is_told(void **state)
{
	(void)state;
	assert_int_equal(with_file_limit(2 << 20, fill_one), 0);
}

static void
a_place_that_cannot_be_is_told(void **state)
{
	(void)state;
	struct err err = { 0 };
	char *file = xasprintf("%s/file", state_dir);
	int fd = open(file, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_null(journal_create(file, "job", &err));
	assert_int_not_equal(err.kind, ERR_NONE);
	assert_null(journal_create("/proc/nowhere", "job", &err));
	free(file);
}

static void
names_and_modes(void **state)
{
	(void)state;
	static const struct {
		const char *job, *part;
	} names[] = {
		{ "acl_push", "-acl_push-" },
		{ "../../etc/passwd", "-.._.._etc_passwd-" },
		{ "a b\n\xc3\xa9/", "-a_b____-" },
		{ "", "--" },
		{ "0123456789012345678901234567890123456789too long",
		    "-0123456789012345678901234567890123456789-" },
	};
	mode_t old = umask(0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct err err = { 0 };
		struct stat about;
		struct journal *journal = journal_create(
		    state_dir, names[i].job, &err);
		assert_non_null(journal);
		const char *id = journal_run_id(journal);
		/* No run for others before all its papers are there. */
		assert_int_equal(id[0], '.');
		assert_int_equal(journal_publish(journal, &err), 0);
		id = journal_run_id(journal);
		/* 20261122T020000Z-job-0a1b2c */
		assert_int_equal(strspn(id, "0123456789TZ"), 16);
		if (strncmp(id + 16, names[i].part, strlen(names[i].part)))
			fail_msg("%s became %s", names[i].job, id);
		assert_int_equal(
		    strspn(id + 16 + strlen(names[i].part), "0123456789abcdef"),
		    6);
		assert_int_equal(strlen(id), 22 + strlen(names[i].part));
		assert_int_equal(stat(journal_dir(journal), &about), 0);
		assert_int_equal(about.st_mode & 07777, 0700);
		assert_int_equal(fstat(journal_fd(journal), &about), 0);
		assert_int_equal(about.st_mode & 07777, 0600);
		assert_int_equal(about.st_size, 0);
		assert_int_equal(
		    journal_write_file(journal, "plan.json", "{}", 2, &err), 0);
		char *path = xasprintf("%s/plan.json", journal_dir(journal));
		assert_int_equal(stat(path, &about), 0);
		assert_int_equal(about.st_mode & 07777, 0600);
		free(path);
		journal_free(journal);
	}
	umask(old);
}

static void
offsets_lead_to_events(void **state)
{
	(void)state;
	struct err err;
	struct journal *journal = journal_create(state_dir, "job", &err);
	int64_t offsets[300];
	assert_non_null(journal);
	for (size_t i = 0; i < 300; i++) {
		/* Some larger than a read, some larger than what is kept. */
		size_t size = i % 100 == 99 ? 2000000 : i * 300;
		char *text = xasprintf("%zu %0*d", i, (int)size, 0);
		struct event event = log_event(text);
		offsets[i] = journal_add(journal, &event);
		event_clear(&event);
		free(text);
	}
	assert_int_equal(journal_flush(journal, 1, &err), 0);
	for (size_t i = 300; i-- > 0;) {
		struct event event;
		assert_int_equal(
		    result_read_event(journal_fd(journal), offsets[i], &event),
		    0);
		assert_int_equal(strtoul(event.text, NULL, 10), i);
		event_clear(&event);
	}
	struct event event;
	assert_int_equal(
	    result_read_event(journal_fd(journal), offsets[1] + 1, &event), -1);
	assert_int_equal(
	    result_read_event(journal_fd(journal), INT64_MAX / 2, &event), -1);
	assert_int_equal(
	    result_read_event(journal_fd(journal), -1, &event), -1);
	journal_free(journal);
}

static void
where_runs_are_kept(void **state)
{
	(void)state;
	char *dir = rundir_state_dir("/x");
	assert_string_equal(dir, "/x");
	free(dir);
	setenv("XDG_STATE_HOME", "/state", 1);
	dir = rundir_state_dir(NULL);
	assert_string_equal(dir, "/state/netpush");
	free(dir);
	/* The XDG specification: a relative path is ignored. */
	setenv("XDG_STATE_HOME", "state", 1);
	setenv("HOME", "/home/x", 1);
	dir = rundir_state_dir(NULL);
	assert_string_equal(dir, "/home/x/.local/state/netpush");
	free(dir);
	unsetenv("XDG_STATE_HOME");
	setenv("HOME", "", 1);
	dir = rundir_state_dir(NULL);
	assert_true(dir[0] == '/' && str_ends(dir, "/.local/state/netpush"));
	free(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(a_full_disk_is_found_before_the_run),
		WITH_DIR(a_disk_that_fills_up_is_told),
		WITH_DIR(a_place_that_cannot_be_is_told),
		WITH_DIR(names_and_modes),
		WITH_DIR(offsets_lead_to_events),
		cmocka_unit_test(where_runs_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
