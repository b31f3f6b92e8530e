/*
 * Carries packets between a session and the socket of the one who plays the
 * device. It must not know what they say.
 */
#include "puppet.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PACKET_BYTES 16384

struct puppet {
	struct source source;
	struct session *session;
};

static void
puppet_ready(struct source *source, uint32_t events)
{
	struct puppet *puppet = CONTAINER(source, struct puppet, source);
	struct session *session = puppet->session;
	char data[PACKET_BYTES];
	(void)events;
	ssize_t got = recv(source->fd, data, sizeof(data), 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		buf_add(&session->tx, data, (size_t)got);
	} else {
		loop_change(source, 0);
		session->end = SESSION_EXIT;
	}
	/* At once, so that a packet of theirs is a packet of ours. */
	session->woken(session);
}

struct puppet *
puppet_new(struct session *session)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct puppet *puppet = xcalloc(1, sizeof(*puppet));
	puppet->session = session;
	puppet->source.fd = -1;
	puppet->source.ready = puppet_ready;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
	    session->device->terminal);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		session->end = SESSION_EXIT;
		if (fd >= 0)
			close(fd);
		return puppet;
	}
	loop_add(&puppet->source, fd, EPOLLIN);
	return puppet;
}

void
puppet_free(struct puppet *puppet)
{
	if (!puppet)
		return;
	int fd = puppet->source.fd;
	loop_remove(&puppet->source);
	if (fd >= 0)
		close(fd);
	free(puppet);
}

void
puppet_input(struct puppet *puppet, const void *data, size_t len)
{
	/* A player who went away has ended the session already. */
	if (puppet->source.fd >= 0)
		(void)!send(puppet->source.fd, data, len, MSG_NOSIGNAL);
}
