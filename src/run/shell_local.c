/*
 * A command on this machine: sh(1) in a session of its own, with no terminal
 * (one that read from it in the background would be stopped for ever) and
 * nothing on standard input. It is over when it has ended and nobody holds its outputs
 * open any more, as a command of ssh(1) is.
 */
#include "shell_parts.h"

#include "base/deadline.h"
#include "base/fdio.h"
#include "base/str.h"
#include "device/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHELL	     "/bin/sh"
#define PIECE_BYTES  32768
#define END_GRACE_MS 2000 /* from SIGTERM to SIGKILL */

struct local {
	pid_t pid; /* and its group */
	int fds[2]; /* its standard output and errors; -1: at the end */
	bool watched; /* it can be called off */
};

static _Noreturn void
become_shell(const char *text, const int *pipes, pid_t parent)
{
	struct sigaction as_usual = { .sa_handler = SIG_DFL };
	static const int numbers[] = { SIGINT, SIGTERM, SIGPIPE, SIGXFSZ };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	setsid();
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &as_usual, NULL);
	if (dup2(pipes[0], STDOUT_FILENO) < 0 ||
	    dup2(pipes[1], STDERR_FILENO) < 0)
		_exit(126);
	close_range(3, ~0U, 0);
	umask(umask_of_user());
	execl(SHELL, "sh", "-c", text, (char *)NULL);
	dprintf(STDERR_FILENO, "%s: %s\n", SHELL, strerror(errno));
	_exit(127);
}

static int
begin(struct local *local, const char *text, struct err *err)
{
	int out[2], errors[2];
	pid_t parent = getpid();
	if (pipe2(out, O_CLOEXEC))
		return err_sys(err, ERR_INTERNAL, errno, "no pipe");
	if (pipe2(errors, O_CLOEXEC)) {
		err_sys(err, ERR_INTERNAL, errno, "no pipe");
		close(out[0]);
		close(out[1]);
		return -1;
	}
	local->pid = fork();
	if (local->pid == 0)
		become_shell(text, (int[2]){ out[1], errors[1] }, parent);
	int cause = errno;
	close(out[1]);
	close(errors[1]);
	local->fds[0] = out[0];
	local->fds[1] = errors[0];
	if (local->pid > 0)
		return 0;
	close(out[0]);
	close(errors[0]);
	return err_sys(err, ERR_INTERNAL, cause, "no process");
}

/* Passes on what is there. -1: the parent is gone. */
static int
pass_on(const struct shell_work *work, struct local *local, int which)
{
	char bytes[PIECE_BYTES];
	ssize_t n = read(local->fds[which], bytes, sizeof(bytes));
	if (n > 0)
		return shell_say(work, which == 1, bytes, (size_t)n);
	if (n < 0 && errno == EINTR)
		return 0;
	close(local->fds[which]);
	local->fds[which] = -1;
	return 0;
}

/* Until both outputs are at their end. -1 with kind timeout or cancelled. */
static int
listen_to(const struct shell_work *work, struct local *local, int64_t deadline,
    struct err *err)
{
	while (local->fds[0] >= 0 || local->fds[1] >= 0) {
		struct pollfd ready[3] = {
			{ .fd = local->fds[0], .events = POLLIN },
			{ .fd = local->fds[1], .events = POLLIN },
			{ .fd = local->watched ? work->fd : -1,
			    .events = POLLIN },
		};
		int n = poll(ready, 3, deadline_poll_ms(deadline));
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return err_set(err, ERR_TIMEOUT,
			    "it was not done in time and was ended");
		if (ready[2].revents)
			return err_set(err, ERR_CANCELLED, "called off");
		for (int i = 0; i < 2; i++)
			if (ready[i].revents && pass_on(work, local, i))
				return err_set(
				    err, ERR_CANCELLED, "called off");
	}
	return 0;
}

/* Only a moment after its birth it has no group yet. */
static void
end_group(const struct local *local, int number)
{
	if (kill(-local->pid, number) && errno == ESRCH)
		kill(local->pid, number);
}

/* It may still say something while it ends. */
static void
end_it(const struct shell_work *work, struct local *local)
{
	struct err ignored;
	local->watched = false;
	end_group(local, SIGTERM);
	if (listen_to(work, local, deadline_in(END_GRACE_MS), &ignored))
		end_group(local, SIGKILL);
}

void
shell_local(const struct shell_work *work, struct shell_end *end)
{
	struct local local = { .watched = true };
	struct err err;
	int status = 0;
	char *text = shell_command_text(work->call, work->host->host);
	if (begin(&local, text, &err)) {
		shell_fail(end, &err, false);
		free(text);
		return;
	}
	int rc = listen_to(work, &local, work->deadline, &err);
	if (rc)
		end_it(work, &local);
	while (waitpid(local.pid, &status, 0) < 0 && errno == EINTR)
		;
	for (int i = 0; i < 2; i++)
		if (local.fds[i] >= 0)
			close(local.fds[i]);
	if (rc)
		shell_fail(end, &err, false);
	else if (WIFSIGNALED(status))
		shell_end_by_signal(end, NULL, WTERMSIG(status));
	else
		end->code = WEXITSTATUS(status);
	free(text);
}
