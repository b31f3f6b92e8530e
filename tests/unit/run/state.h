/* A directory for runs that each test has to itself, and events to put there. */
#ifndef TESTS_RUN_STATE_H
#define TESTS_RUN_STATE_H

#include "base/alloc.h"
#include "base/err.h"
#include "run/event.h"
#include "run/journal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *state_dir;

static inline int
make_dir(void **state)
{
	(void)state;
	state_dir = xstrdup("/tmp/netpush-state-XXXXXX");
	return mkdtemp(state_dir) ? 0 : -1;
}

static inline int
drop_dir(void **state)
{
	(void)state;
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", state_dir, (char *)NULL);
		_exit(127);
	}
	free(state_dir);
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)

static inline struct event
log_event(const char *text)
{
	struct event event;
	event_init(&event, EVENT_LOG);
	event.text = xstrdup(text);
	return event;
}

/* Adds to the end of the FILE of the run in DIR, which need not be there. */
static inline void
append(const char *dir, const char *file, const void *data, size_t len)
{
	char *path = xasprintf("%s/%s", dir, file);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
	free(path);
}

/* The directory of a new run with an empty journal, held by nobody. Caller
 * frees. */
static inline char *
new_run(void)
{
	struct err err;
	struct journal *journal = journal_create(state_dir, "job", &err);
	assert_non_null(journal);
	char *dir = xstrdup(journal_dir(journal));
	journal_free(journal);
	return dir;
}

/*
 * Another process holds the run in DIR until let_go(). Fills *PIPE for that;
 * returns its pid.
 */
static inline pid_t
held_by_another(const char *dir, int *pipe_fd)
{
	char word;
	int hold[2], ready[2];
	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct err err;
		close(hold[1]);
		close(ready[0]);
		struct journal *journal = journal_open(dir, &err);
		if (!journal || write(ready[1], "+", 1) != 1)
			_exit(1);
		(void)!read(hold[0], &word, 1);
		journal_free(journal);
		_exit(0);
	}
	close(hold[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &word, 1), 1);
	close(ready[0]);
	*pipe_fd = hold[1];
	return pid;
}

static inline void
let_go(pid_t pid, int pipe_fd)
{
	int status;
	close(pipe_fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#endif
