/*
 * The one place where a worker sleeps: until a descriptor is ready, the
 * deadline passes, or the parent calls off.
 */
#ifndef NETPUSH_DEVICE_WAIT_H
#define NETPUSH_DEVICE_WAIT_H

#include <stdint.h>

enum wait_result {
	WAIT_READY,
	WAIT_TIMEOUT,
	WAIT_CANCELLED, /* cancel_fd became readable */
};

/* EVENTS as for poll(2); DEADLINE on clock_ms(); CANCEL_FD may be -1. */
enum wait_result wait_fd(int fd, short events, int64_t deadline, int cancel_fd);

/* Sleeps in another way from now on (run/crew.h); NULL: as usual. */
typedef enum wait_result wait_fn(
    int fd, short events, int64_t deadline, int cancel_fd);
void wait_instead(wait_fn *fn);

#endif
