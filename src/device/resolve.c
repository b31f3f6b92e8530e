/*
 * getaddrinfo(3) knows no deadline and cannot be called off: a dead name server
 * holds it for as long as resolv.conf says, times the servers. So a name is
 * looked up in a child, which is killed when nobody waits for it any more. A
 * literal address needs no child.
 */
#include "device/resolve.h"

#include "base/err.h"
#include "base/fdio.h"
#include "device/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child writes, in one piece. */
struct found {
	int rc; /* getaddrinfo's */
	int sys; /* errno, for EAI_SYSTEM */
	struct endpoints endpoints;
};

static void
look_up(const char *address, int port, int flags, struct found *found)
{
	struct addrinfo *list = NULL;
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV | flags,
	};
	char service[16];
	snprintf(service, sizeof(service), "%d", port);
	memset(found, 0, sizeof(*found)); /* it is written as it stands */
	found->rc = getaddrinfo(address, service, &hints, &list);
	found->sys = errno;
	if (found->rc)
		return;
	struct endpoints *out = &found->endpoints;
	for (struct addrinfo *at = list; at && out->count < ENDPOINTS_MAX;
	     at = at->ai_next) {
		struct endpoint *item = &out->items[out->count];
		if (at->ai_addrlen > sizeof(item->address))
			continue;
		item->family = at->ai_family;
		item->type = at->ai_socktype;
		item->protocol = at->ai_protocol;
		item->len = at->ai_addrlen;
		memcpy(&item->address, at->ai_addr, at->ai_addrlen);
		out->count++;
	}
	freeaddrinfo(list);
}

/* The child. It keeps nothing of its parent's open: that would look to others
 * as if the parent were still there. */
static _Noreturn void
serve(const char *address, int port, int fd, pid_t parent)
{
	struct found found;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (fd > 3)
		close_range(3, (unsigned)fd - 1, 0);
	close_range((unsigned)fd + 1, ~0U, 0);
	look_up(address, port, AI_ADDRCONFIG, &found);
	_exit(fd_write_all(fd, &found, sizeof(found)) ? 1 : 0);
}

/* Reads all of FOUND; -1 with ERR when it does not come. */
static int
await(int fd, const char *address, int64_t deadline, int cancel_fd,
    struct found *found, struct err *err)
{
	size_t have = 0;
	while (have < sizeof(*found)) {
		switch (wait_fd(fd, POLLIN, deadline, cancel_fd)) {
		case WAIT_READY:
			break;
		case WAIT_TIMEOUT:
			return err_set(err, ERR_RESOLVE,
			    "%s: the name was not resolved in time", address);
		case WAIT_CANCELLED:
			return err_set(err, ERR_CANCELLED, "called off");
		}
		ssize_t n = read(
		    fd, (char *)found + have, sizeof(*found) - have);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return err_set(err, ERR_RESOLVE,
			    "%s: the resolver ended without a result", address);
		have += (size_t)n;
	}
	return 0;
}

static int
look_up_in_child(const char *address, int port, int64_t deadline, int cancel_fd,
    struct found *found, struct err *err)
{
	int fds[2];
	pid_t parent = getpid();
	if (pipe2(fds, O_CLOEXEC))
		return err_sys(err, ERR_INTERNAL, errno, "no pipe");
	pid_t child = fork();
	if (child == 0)
		serve(address, port, fds[1], parent);
	int cause = errno;
	close(fds[1]);
	int rc = -1;
	if (child < 0) {
		err_sys(err, ERR_INTERNAL, cause, "no process to resolve %s",
		    address);
		goto out;
	}
	rc = await(fds[0], address, deadline, cancel_fd, found, err);
	if (rc)
		kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
out:
	close(fds[0]);
	return rc;
}

int
resolve(const char *address, int port, int64_t deadline, int cancel_fd,
    struct endpoints *out, struct err *err)
{
	struct found found;
	/* A literal address must work where no interface has its family. */
	look_up(address, port, AI_NUMERICHOST, &found);
	if (found.rc &&
	    look_up_in_child(address, port, deadline, cancel_fd, &found, err))
		return -1;
	if (found.rc)
		return err_set(err, ERR_RESOLVE, "%s: %s", address,
		    found.rc == EAI_SYSTEM ? strerror(found.sys)
					   : gai_strerror(found.rc));
	*out = found.endpoints;
	return 0;
}
