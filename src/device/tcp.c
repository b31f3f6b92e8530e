/* Name resolution and connect(2). Knows nothing of what is then spoken. */
#include "device/tcp.h"

#include "base/deadline.h"
#include "base/err.h"
#include "device/wait.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Says what stopped one attempt; the last attempt's reason is kept. */
static int
connect_one(const struct addrinfo *to, const char *address, int port,
    int64_t deadline, int cancel_fd, struct err *err)
{
	int fd = socket(to->ai_family,
	    to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
	if (fd < 0) {
		return err_sys(err, ERR_CONNECT, errno,
		    "no socket for %s port %d", address, port);
	}
	int cause = connect(fd, to->ai_addr, to->ai_addrlen) ? errno : 0;
	if (cause == EINPROGRESS) {
		enum wait_result waited = wait_fd(
		    fd, POLLOUT, deadline, cancel_fd);
		if (waited == WAIT_CANCELLED) {
			err_set(err, ERR_CANCELLED, "called off");
			goto fail;
		}
		if (waited == WAIT_TIMEOUT) {
			err_set(err, ERR_TIMEOUT,
			    "no answer from %s port %d in time (TCP)", address,
			    port);
			goto fail;
		}
		socklen_t len = sizeof(cause);
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &len))
			cause = errno;
	}
	if (cause) {
		err_sys(err, ERR_CONNECT, cause, "%s port %d", address, port);
		goto fail;
	}
	int on = 1;
	/* Lines are small and each waits for its answer: never delay one. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
fail:
	close(fd);
	return -1;
}

/* One of LEFT addresses that have still to share the time. */
static int64_t
share(int64_t deadline, int left)
{
	int64_t now = clock_ms();
	if (deadline == DEADLINE_NEVER || deadline <= now)
		return deadline;
	return now + (deadline - now) / left;
}

int
tcp_connect(const char *address, int port, int64_t deadline, int cancel_fd,
    struct err *err)
{
	struct addrinfo *found = NULL;
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG,
	};
	char service[16];
	snprintf(service, sizeof(service), "%d", port);
	/* A literal address must work where no interface has its family. */
	hints.ai_flags |= AI_NUMERICHOST;
	int rc = getaddrinfo(address, service, &hints, &found);
	if (rc) {
		hints.ai_flags &= ~AI_NUMERICHOST;
		rc = getaddrinfo(address, service, &hints, &found);
	}
	if (rc) {
		return err_set(err, ERR_RESOLVE, "%s: %s", address,
		    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	}
	int fd = -1;
	int left = 0;
	for (struct addrinfo *to = found; to; to = to->ai_next)
		left++;
	for (struct addrinfo *to = found; to && fd < 0; to = to->ai_next) {
		fd = connect_one(
		    to, address, port, share(deadline, left--), cancel_fd, err);
		if (fd < 0 && err->kind == ERR_CANCELLED)
			break;
	}
	freeaddrinfo(found);
	return fd;
}
