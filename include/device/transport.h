/*
 * A byte stream to a device's command line, whatever carries it: a table of
 * operations that never block. device/channel waits on their behalf.
 */
#ifndef NETPUSH_DEVICE_TRANSPORT_H
#define NETPUSH_DEVICE_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct transport;

#define TRANSPORT_AGAIN (-2) /* wait for transport events, call again */

struct transport_ops {
	const char *name;
	/* Bytes read, 0 at the end of the stream, TRANSPORT_AGAIN, or -1. */
	ssize_t (*read)(struct transport *transport, char *data, size_t len,
	    struct err *err);
	/* Bytes taken, TRANSPORT_AGAIN (then call again with the very same
	 * bytes: libssh2 may have sent a part of the packet), or -1. */
	ssize_t (*write)(struct transport *transport, const char *data,
	    size_t len, struct err *err);
	/* What to poll for, and for which poll(2) events. */
	int (*fd)(const struct transport *transport);
	short (*events)(const struct transport *transport);
	/* Says goodbye properly within the deadline, then frees. */
	void (*close)(struct transport *transport, int64_t deadline);
};

/* First member of every transport's own struct. */
struct transport {
	const struct transport_ops *ops;
};

#endif
