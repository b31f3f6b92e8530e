/* Whole packets out, the end not too early: see the header for why. */
#include "ssh_wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* One write of the SFTP engine and what answers a server's requests; who makes
 * us answer more and does not listen is cut off. */
#define OUT_LIMIT_BYTES (4U << 20)

void
ssh_wire_init(struct ssh_wire *wire, int fd)
{
	*wire = (struct ssh_wire){ .fd = fd };
	buf_init(&wire->out, OUT_LIMIT_BYTES);
}

void
ssh_wire_clear(struct ssh_wire *wire)
{
	buf_clear(&wire->out);
}

bool
ssh_wire_pending(const struct ssh_wire *wire)
{
	return wire->sent < wire->out.len;
}

short
ssh_wire_events(const struct ssh_wire *wire)
{
	return (short)(POLLIN | (ssh_wire_pending(wire) ? POLLOUT : 0));
}

/* Bytes that the socket took, or -errno. */
static ssize_t
push(const struct ssh_wire *wire, const char *data, size_t len, int flags)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = send(
		    wire->fd, data + done, len - done, flags | MSG_NOSIGNAL);
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? (ssize_t)done : -errno;
	}
	return (ssize_t)done;
}

int
ssh_wire_flush(struct ssh_wire *wire)
{
	if (!ssh_wire_pending(wire))
		return 0;
	ssize_t n = push(
	    wire, wire->out.data + wire->sent, wire->out.len - wire->sent, 0);
	if (n < 0)
		return (int)n;
	wire->sent += (size_t)n;
	if (!ssh_wire_pending(wire)) {
		buf_reset(&wire->out);
		wire->sent = 0;
	}
	return 0;
}

ssize_t
ssh_wire_send(struct ssh_wire *wire, const void *data, size_t len, int flags)
{
	if (wire->dead)
		return (ssize_t)len;
	int rc = ssh_wire_flush(wire);
	if (rc)
		return rc;
	size_t done = 0;
	if (!ssh_wire_pending(wire)) {
		ssize_t n = push(wire, data, len, flags);
		if (n < 0)
			return n;
		done = (size_t)n;
	}
	buf_drop(&wire->out, wire->sent);
	wire->sent = 0;
	if (!buf_add(&wire->out, (const char *)data + done, len - done))
		return -ENOBUFS;
	return (ssize_t)len;
}

ssize_t
ssh_wire_recv(struct ssh_wire *wire, void *data, size_t len, int flags)
{
	if (wire->dead)
		return 0;
	/* If it cannot, there may still be something to read. */
	(void)ssh_wire_flush(wire);
	ssize_t n;
	do
		n = recv(wire->fd, data, len, flags);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		n = -errno;
	bool ended = n <= 0 && n != -EAGAIN;
	if (ended && (wire->received || wire->holds))
		n = -EAGAIN;
	wire->received = n > 0;
	if (n > 0)
		wire->heard += (uint64_t)n;
	return n;
}
