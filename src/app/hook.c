/*
 * One command with a deadline. No descriptor of ours and no secret goes into
 * it; nothing that it does comes back but its exit status.
 */
#include "app/hook.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/str.h"
#include "run/result.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* Ours (secrets among them), and what leads to systemd's credentials. */
static bool
is_kept_from_it(const char *variable)
{
	return str_starts(variable, "NETPUSH_") ||
	    str_starts(variable, "CREDENTIALS_DIRECTORY=");
}

/* NULL at its end, as execve(2) wants it. */
static void
make_environment(struct strs *env, const struct run_view *view)
{
	for (char **variable = environ; *variable; variable++)
		if (!is_kept_from_it(*variable))
			strs_add(env, *variable);
	strs_take(env, xasprintf("NETPUSH_RUN_DIR=%s", view->dir));
	strs_take(
	    env, xasprintf("NETPUSH_EXIT_STATUS=%d", view->about.exit_status));
	GROW(env->items, env->count, env->cap);
	env->items[env->count] = NULL;
}

static void
become(const char *command, int input, char **env)
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)command,
		NULL };
	sigset_t none;
	setsid();
	/* What main() ignores. */
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(input, STDIN_FILENO) < 0 ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
	    close_range(STDERR_FILENO + 1, ~0u, 0))
		_exit(127);
	execve("/bin/sh", argv, env);
	_exit(127);
}

enum wait_end { WAIT_ENDED, WAIT_OVERDUE, WAIT_SIGNALLED };

/* SIGNALS are blocked: SIGCHLD, and those that end us, which go to *NUMBER.
 * The child is not reaped: as long as it is there its group is its own. */
static enum wait_end
wait_for(pid_t pid, const sigset_t *signals, int64_t deadline, int *number)
{
	for (;;) {
		siginfo_t info = { 0 };
		if (waitid(
			P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
		    info.si_pid)
			return WAIT_ENDED;
		if (deadline_passed(deadline))
			return WAIT_OVERDUE;
		int left_ms = deadline_poll_ms(deadline);
		struct timespec left = {
			.tv_sec = left_ms / 1000,
			.tv_nsec = left_ms % 1000 * 1000000L,
		};
		int got = sigtimedwait(signals, NULL, &left);
		if (got == SIGINT || got == SIGTERM) {
			*number = got;
			return WAIT_SIGNALLED;
		}
	}
}

/* It and its children: gently, then for good. */
static void
end_group(pid_t pid)
{
	sigset_t child;
	int ignored;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	kill(-pid, SIGTERM);
	wait_for(pid, &child, deadline_in(HOOK_GRACE_MS), &ignored);
	kill(-pid, SIGKILL);
}

static int
judge(pid_t pid, enum wait_end end, int64_t timeout_ms, struct err *err)
{
	int status = 0;
	char limit[CLOCK_TEXT_BYTES];
	duration_format(timeout_ms, limit);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (end == WAIT_OVERDUE)
		return err_set(err, ERR_TIMEOUT,
		    "it took longer than %s and was ended", limit);
	if (end == WAIT_SIGNALLED)
		return err_set(err, ERR_CANCELLED, "it was called off");
	if (WIFSIGNALED(status))
		return err_set(err, ERR_INTERNAL,
		    "it was killed by signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return err_set(err, ERR_INTERNAL, "it ended with status %d",
		    WEXITSTATUS(status));
	return 0;
}

static int
open_result(const struct run_view *view, struct err *err)
{
	char *path = xasprintf("%s/result.json", view->dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err_sys(err, ERR_INTERNAL, errno, "%s", path);
	free(path);
	return fd;
}

int
hook_run(const char *command, int64_t timeout_ms, const struct run_view *view,
    struct err *err)
{
	struct strs env = { 0 };
	sigset_t signals, before;
	int rc = -1, number = 0;
	int input = open_result(view, err);
	if (input < 0)
		return -1;
	make_environment(&env, view);
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, &before);
	pid_t pid = fork();
	if (pid == 0)
		become(command, input, env.items);
	if (pid < 0) {
		err_sys(err, ERR_INTERNAL, errno, "it cannot be started");
	} else {
		enum wait_end end = wait_for(
		    pid, &signals, deadline_in(timeout_ms), &number);
		if (end != WAIT_ENDED)
			end_group(pid);
		rc = judge(pid, end, timeout_ms, err);
	}
	strs_clear(&env);
	close(input);
	if (number)
		raise(number); /* blocked until here */
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
