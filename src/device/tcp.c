/* connect(2) to what a name resolves to. Knows nothing of what is then spoken. */
#include "device/tcp.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/err.h"
#include "device/resolve.h"
#include "device/wait.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Says what stopped one attempt; the last attempt's reason is kept. */
static int
connect_one(const struct endpoint *to, const char *address, int port,
    int64_t deadline, int cancel_fd, struct err *err)
{
	int fd = socket(
	    to->family, to->type | SOCK_NONBLOCK | SOCK_CLOEXEC, to->protocol);
	if (fd < 0) {
		return err_sys(err, ERR_CONNECT, errno,
		    "no socket for %s port %d", address, port);
	}
	int cause = connect(fd, (const struct sockaddr *)&to->address, to->len)
	    ? errno
	    : 0;
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
	struct endpoints found;
	int fd = -1;
	if (resolve(address, port, deadline, cancel_fd, &found, err))
		return -1;
	for (size_t i = 0; i < found.count && fd < 0; i++) {
		fd = connect_one(&found.items[i], address, port,
		    share(deadline, (int)(found.count - i)), cancel_fd, err);
		if (fd < 0 && err->kind == ERR_CANCELLED)
			break;
	}
	return fd;
}

static char *
address_text(const struct sockaddr_storage *address)
{
	char text[INET6_ADDRSTRLEN];
	const void *bytes = NULL;
	const struct sockaddr_in6 *v6 = (const void *)address;
	int family = address->ss_family;
	if (family == AF_INET)
		bytes = &((const struct sockaddr_in *)(const void *)address)
			     ->sin_addr;
	if (family == AF_INET6)
		bytes = &v6->sin6_addr;
	if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		family = AF_INET;
		bytes = &v6->sin6_addr.s6_addr[12];
	}
	return bytes && inet_ntop(family, bytes, text, sizeof(text))
	    ? xstrdup(text)
	    : NULL;
}

char *
tcp_own_address(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);
	return getsockname(fd, (struct sockaddr *)&address, &len)
	    ? NULL
	    : address_text(&address);
}

char *
tcp_peer_address(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);
	return getpeername(fd, (struct sockaddr *)&address, &len)
	    ? NULL
	    : address_text(&address);
}
