/* The bytes of a copy step: a connection of its own, and what carries them. */
#ifndef NETPUSH_DEVICE_STEP_TRANSFER_H
#define NETPUSH_DEVICE_STEP_TRANSFER_H

#include "device/session.h"

#include <stdbool.h>
#include <stdint.h>

struct transfer {
	const char *local, *remote;
	int64_t size; /* of an upload */
	bool upload;
	const char *method; /* "scp", "sftp", or NULL: whatever works */
	int64_t deadline;
};

/* Copies the whole file, to the last byte that the other side acknowledges. -1
 * with FAULT. */
int step_transfer(const struct session *session,
    const struct transfer *transfer, struct fault *fault);

#endif
