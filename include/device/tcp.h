/* A TCP connection to a name or address, made within a deadline. */
#ifndef NETPUSH_DEVICE_TCP_H
#define NETPUSH_DEVICE_TCP_H

#include <stdint.h>

struct err;

/*
 * Tries every address that ADDRESS resolves to, in the resolver's order
 * (RFC 6724), until one answers; the lookup has the same deadline. Returns a
 * non-blocking, close-on-exec socket, or -1 with kind resolve, connect, timeout,
 * cancelled or internal.
 */
int tcp_connect(const char *address, int port, int64_t deadline, int cancel_fd,
    struct err *err);

/* The addresses at this end and the other of a connected socket, as text (an
 * IPv4 address never in an IPv6 one). The caller frees; NULL: it has none. */
char *tcp_own_address(int fd);
char *tcp_peer_address(int fd);

#endif
