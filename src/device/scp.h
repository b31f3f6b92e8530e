/* What the two directions of SCP share. */
#ifndef NETPUSH_DEVICE_SCP_H
#define NETPUSH_DEVICE_SCP_H

#include "base/buf.h"
#include "device/exec.h"

#include "copy_job.h"

#include <stdlib.h>

#define SCP_END	       (-3) /* the far side said all it has to say */
#define SCP_PATH_BYTES 8192

struct scp {
	struct copy_job *job;
	struct exec *exec;
	char ahead[4096]; /* read, and not looked at yet */
	size_t at, got;
	bool errors_ended;
	struct buf words; /* what the far side said for people */
	char said[256]; /* the first line of it */
	char command[SCP_PATH_BYTES];
};

/* The next byte, SCP_END, or -1 with fault. */
int scp_byte(struct scp *scp);

/* Up to LEN bytes, 0 at the end, or -1. */
ssize_t scp_read(struct scp *scp, char *data, size_t len);

/* FIRST (0: none) and the rest of its line, without the line end, which is
 * returned; or SCP_END, or -1. */
int scp_line(struct scp *scp, char first, struct buf *line);

/* All of it. What COUNTS is a file's. */
int scp_send(struct scp *scp, const char *data, size_t len, bool counts);

/* An answer that is 0; -1 with fault for any other. */
int scp_ack(struct scp *scp);

/* FIRST begins a message of the far side: the fault says it. -1. */
int scp_complaint(struct scp *scp, int first);

/* WHAT went wrong, and what the far side said so far. -1. */
int scp_refused(struct scp *scp, const char *what);

int scp_wait(struct scp *scp);

/* The direction that receives. */
int scp_receive(struct scp *scp);

#endif
