/*
 * A connection through a jump host: OpenSSH's own client carries the bytes
 * (`ssh -W`, ssh(1)), so that the jump host's keys, agent and ~/.ssh/config
 * are used as the engineer has set them up. It never asks (BatchMode).
 */
#ifndef NETPUSH_DEVICE_JUMP_H
#define NETPUSH_DEVICE_JUMP_H

#include <sys/types.h>

struct err;

struct jump {
	pid_t pid; /* of the ssh client; 0: none */
	int errors; /* what it says on standard error, non-blocking */
};

/*
 * Starts `ssh -W [ADDRESS]:PORT HOST`, HOST being [user@]name[:port], or
 * several of them by commas, one reached through the other. Returns
 * a non-blocking socket that is connected to its ends, or -1 with ERR (kind
 * connect). Whether the jump host could be reached shows only when the
 * stream ends: jump_reason() then has the client's own words.
 */
int jump_connect(struct jump *jump, const char *host, const char *address,
    int port, struct err *err);

/* Adds the last line that the client said to ERR, if it said anything. */
void jump_reason(struct jump *jump, struct err *err);

/* After the socket was closed: ends the client and reaps it. */
void jump_end(struct jump *jump);

#endif
