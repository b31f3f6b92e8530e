/*
 * The socket beneath libssh2, as its send and receive callbacks see it.
 *
 * Sending takes every packet whole and keeps what the socket does not take.
 * So libssh2 never holds a packet that is half sent, and two of its troubles
 * cannot happen: a key exchange that the server begins in the middle of a
 * write, which libssh2 up to 1.11.1 never finishes (its issue 1672), and a
 * window adjustment that meets a half-sent packet and is refused as misuse.
 *
 * Receiving tells the end of the stream only when libssh2 has handed out all
 * that came before it: it forgets what it holds when it hears of the end.
 */
#ifndef NETPUSH_DEVICE_SSH_WIRE_H
#define NETPUSH_DEVICE_SSH_WIRE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ssh_wire {
	int fd;
	bool dead; /* nothing is sent any more, and the end is read */
	struct buf out; /* from `sent` on it has still to leave */
	size_t sent;
	uint64_t heard; /* bytes received in all */
	bool received; /* something, since the end was last withheld */
	bool holds; /* libssh2 holds bytes that nobody took yet */
};

void ssh_wire_init(struct ssh_wire *wire, int fd);
void ssh_wire_clear(struct ssh_wire *wire); /* leaves the socket open */

/* As send(2) and recv(2), -errno for an error. */
ssize_t ssh_wire_send(
    struct ssh_wire *wire, const void *data, size_t len, int flags);
ssize_t ssh_wire_recv(struct ssh_wire *wire, void *data, size_t len, int flags);

/* Sends what the socket takes now. 0, or -errno. */
int ssh_wire_flush(struct ssh_wire *wire);
bool ssh_wire_pending(const struct ssh_wire *wire);
short ssh_wire_events(const struct ssh_wire *wire);

#endif
