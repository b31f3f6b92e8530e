/* The way to a device's command line, from TCP to a session that is ready. */
#ifndef NETPUSH_DEVICE_VISIT_H
#define NETPUSH_DEVICE_VISIT_H

#include "device/session.h"

struct ssh;

/* Connects, logs in and leaves again: are the credentials right? 0, or -1 with
 * FAULT. */
int visit_login(const struct target *target, const struct observer *observer,
    int64_t deadline, struct fault *fault);

/*
 * Connects, logs in and prepares, each within its timeout and all before
 * DEADLINE. Announces the stages. NULL with FAULT. The session is closed with
 * session_close().
 */
struct session *visit_open(const struct target *target,
    const struct observer *observer, int64_t deadline, struct fault *fault);

/* A connection to the device of SESSION that is logged in and has no shell: for
 * a copy. It is part of the stage that it serves. NULL with FAULT; closed with ssh_close(). */
struct ssh *visit_connect(
    const struct session *session, int64_t deadline, struct fault *fault);

/*
 * A fresh connection to the device of SESSION, whatever has become of that one:
 * it is not announced and not called off, so it must be short. Tried once.
 */
struct session *visit_again(
    const struct session *session, int64_t deadline, struct fault *fault);

/* May the next visit succeed where this one failed so? */
bool visit_is_passing(enum err_kind kind);

#endif
