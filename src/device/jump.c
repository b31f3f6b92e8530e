/* Running the OpenSSH client as the wire to a device behind a jump host. */
#include "device/jump.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_GRACE_MS 500 /* then it is killed */

/* In the child: becomes the client. Never returns. */
static _Noreturn void
become_client(int wire, int errors, const char *host, const char *target)
{
	char list[1024], port[16] = "";
	snprintf(list, sizeof(list), "%s", host);
	/* The last of several is reached through those before it. */
	char *name = list, *comma = strrchr(list, ',');
	if (comma) {
		*comma = '\0';
		name = comma + 1;
	}
	char *colon = strrchr(name, ':');
	if (colon && strspn(colon + 1, "0123456789") == strlen(colon + 1)) {
		*colon = '\0';
		snprintf(port, sizeof(port), "%.15s", colon + 1);
	}
	if (dup2(wire, STDIN_FILENO) < 0 || dup2(wire, STDOUT_FILENO) < 0 ||
	    dup2(errors, STDERR_FILENO) < 0)
		_exit(127);
	/* What the worker holds is not the client's; the worker ignores ^C,
	 * and so does what it is connected through. */
	close_range(3, ~0U, 0);
	const char *argv[16] = { "ssh", "-o", "BatchMode=yes", "-W", target };
	size_t count = 5;
	if (port[0]) {
		argv[count++] = "-p";
		argv[count++] = port;
	}
	if (comma) {
		argv[count++] = "-J";
		argv[count++] = list;
	}
	argv[count++] = "--";
	argv[count] = name;
	execvp("ssh", (char **)argv);
	dprintf(STDERR_FILENO, "the ssh client cannot be started: %s\n",
	    strerror(errno));
	_exit(127);
}

int
jump_connect(struct jump *jump, const char *host, const char *address, int port,
    struct err *err)
{
	int wire[2] = { -1, -1 }, errors[2] = { -1, -1 };
	*jump = (struct jump){ .errors = -1 };
	char *target = strchr(address, ':')
	    ? xasprintf("[%s]:%d", address, port)
	    : xasprintf("%s:%d", address, port);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wire) ||
	    pipe2(errors, O_CLOEXEC) || (jump->pid = fork()) < 0) {
		jump->pid = 0;
		err_sys(err, ERR_CONNECT, errno,
		    "no process for the jump "
		    "host %s",
		    host);
		for (int i = 0; i < 2; i++) {
			if (wire[i] >= 0)
				close(wire[i]);
			if (errors[i] >= 0)
				close(errors[i]);
		}
		free(target);
		return -1;
	}
	if (jump->pid == 0)
		become_client(wire[1], errors[1], host, target);
	free(target);
	close(wire[1]);
	close(errors[1]);
	jump->errors = errors[0];
	fd_set_nonblock(errors[0]);
	fd_set_nonblock(wire[0]);
	return wire[0];
}

void
jump_reason(struct jump *jump, struct err *err)
{
	char said[1024];
	if (!jump->pid)
		return;
	ssize_t n = read(jump->errors, said, sizeof(said) - 1);
	if (n <= 0)
		return;
	said[n] = '\0';
	char *text = str_trim(said);
	char *last = strrchr(text, '\n');
	size_t len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len,
	    "; the jump host's ssh said: %s", last ? last + 1 : text);
}

void
jump_end(struct jump *jump)
{
	if (!jump->pid)
		return;
	struct pollfd ended = { .fd = pidfd_open(jump->pid, 0),
		.events = POLLIN };
	kill(jump->pid, SIGTERM);
	if (ended.fd < 0 || poll(&ended, 1, END_GRACE_MS) <= 0)
		kill(jump->pid, SIGKILL);
	waitpid(jump->pid, NULL, 0);
	if (ended.fd >= 0)
		close(ended.fd);
	close(jump->errors);
	jump->pid = 0;
}
