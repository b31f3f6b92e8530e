/* An error with what a network engineer needs to act on it: which line, what
 * was sent, what the device said. */
#ifndef NETPUSH_DEVICE_FAULT_H
#define NETPUSH_DEVICE_FAULT_H

#include "base/err.h"

struct fault {
	struct err err; /* ERR_NONE: no fault */
	unsigned line; /* 1-based rendered line; 0: belongs to no line */
	char *sent; /* that line, or the command; owned, may be NULL */
	char *device_text; /* what the device answered; owned, may be NULL */
};

void fault_clear(struct fault *fault);

/* Fill what is not known yet (NULL or 0); the texts are copied. */
void fault_at(struct fault *fault, unsigned line, const char *sent,
    const char *device_text);

#endif
