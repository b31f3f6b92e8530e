/*
 * A device that was told to reload: waits until it is gone and back again. It
 * is back when a fresh connection shows a device that has been up for less
 * time than has passed since it was told.
 */
#ifndef NETPUSH_DEVICE_COMEBACK_H
#define NETPUSH_DEVICE_COMEBACK_H

#include "device/session.h"

#include <stdbool.h>
#include <stdint.h>

struct comeback {
	int64_t told_ms; /* clock_ms(): when it was told to reload */
	int64_t deadline;
	int64_t auth_wait_ms; /* between two logins that it refuses */
	/* How long it has been up, over SESSION: at least *AT_LEAST_MS. -1 with
	 * FAULT when it cannot be asked. */
	int (*ask_uptime)(void *data, struct session *session,
	    int64_t *at_least_ms, struct fault *fault);
	void *data;
	/* Results. */
	int64_t gone_ms; /* when it was first found gone; 0: never seen so */
	int64_t back_ms;
	bool same_life; /* the last attempt found it not rebooted */
	int auth_refused; /* logins that it refused before it took one */
};

/*
 * Tries gently, at most every ten seconds, until the device is back or the
 * deadline has passed. A login that is refused right after a boot is no wrong
 * password (its AAA server may not be reached yet): tried again after
 * AUTH_WAIT_MS, and a warning. NULL with FAULT: kinds timeout (did not come
 * back, or never went), host_key, cancelled. OLD only says which device, it may
 * be dead.
 */
struct session *comeback_await(
    const struct session *old, struct comeback *comeback, struct fault *fault);

#endif
