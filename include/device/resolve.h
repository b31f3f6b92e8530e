/* From a name to addresses, within a deadline. */
#ifndef NETPUSH_DEVICE_RESOLVE_H
#define NETPUSH_DEVICE_RESOLVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct err;

#define ENDPOINTS_MAX 16 /* what a name has more is left out */

/* Where a socket of FAMILY, TYPE and PROTOCOL can connect to. */
struct endpoint {
	int family, type, protocol;
	socklen_t len;
	struct sockaddr_storage address;
};

struct endpoints {
	size_t count;
	struct endpoint items[ENDPOINTS_MAX];
};

/*
 * The stream endpoints of ADDRESS, a name or a literal address, in the
 * resolver's order (RFC 6724). At least one, or -1 with kind resolve (also if
 * the resolver does not answer before DEADLINE), cancelled or internal.
 */
int resolve(const char *address, int port, int64_t deadline, int cancel_fd,
    struct endpoints *out, struct err *err);

#endif
