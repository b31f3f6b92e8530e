/* A file that the device fetches from a server itself. */
#ifndef NETPUSH_DEVICE_STEP_PULL_H
#define NETPUSH_DEVICE_STEP_PULL_H

#include "step_parts.h"

struct pull_told {
	int64_t bytes; /* that it says it copied; -1: it does not say */
	bool untouched; /* it asked, got no answer, and so did not begin */
};

/*
 * Tells the device to fetch FROM to PATH, and waits until it has.
 * REPLACE: what stands there gives way. -1 with FAULT: kinds auth (the
 * server's), host_key, transfer, prompt, and those of a session. Unless it is
 * `untouched`, nobody knows then what is there.
 */
int step_pull(struct session *session, const struct job_step *step,
    const char *from, const char *path, bool replace, struct pull_told *told,
    struct fault *fault);

#endif
