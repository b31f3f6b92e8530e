/* What guard.c and guard_undo.c share. */
#ifndef NETPUSH_DEVICE_GUARD_PARTS_H
#define NETPUSH_DEVICE_GUARD_PARTS_H

#include "device/guard.h"

/* One line after the other, until one does not do what it should. */
int guard_acts(const struct guard *guard, struct session *session,
    const struct profile_acts *acts, struct fault *fault);

/* Is nothing armed any more? Shown by the device, where it can show that. */
int guard_settled(
    const struct guard *guard, struct session *session, struct fault *fault);

/* Looks over SESSION, a fresh one, and keeps the change for good. */
int guard_keep(struct guard *guard, const struct guard_change *change,
    struct session *session, struct fault *fault);

/* A second connection that looks and keeps it. */
int guard_keep_afresh(struct guard *guard, const struct guard_change *change,
    struct fault *fault);

#endif
