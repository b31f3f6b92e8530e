/* A host key that a worker met first, on its way to the parent, which is the
 * only writer of known_hosts. */
#ifndef NETPUSH_RUN_HOST_KEY_H
#define NETPUSH_RUN_HOST_KEY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct err;

/* The object that tells it. New reference. */
json_t *host_key_put(const char *address, int port, const char *type,
    const void *key, size_t len);

/*
 * Brings what NOTE tells into the known_hosts file at PATH: as a new line, or
 * in the place of the host's old key where the note has "replaces": true. That
 * is passed over unless MAY_REPLACE. -1 with ERR.
 */
int host_key_keep(
    const json_t *note, const char *path, bool may_replace, struct err *err);

#endif
