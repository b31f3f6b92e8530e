/* A host key that a worker met first, on its way to the parent, which is the
 * only writer of known_hosts. */
#ifndef NETPUSH_RUN_HOST_KEY_H
#define NETPUSH_RUN_HOST_KEY_H

#include <jansson.h>
#include <stddef.h>

struct err;

/* The object that tells it. New reference. */
json_t *host_key_put(const char *address, int port, const char *type,
    const void *key, size_t len);

/* Appends what NOTE tells to the known_hosts file at PATH. -1 with ERR. */
int host_key_append(const json_t *note, const char *path, struct err *err);

/* The same in place of the keys that stand there for that host. */
int host_key_replace(const json_t *note, const char *path, struct err *err);

#endif
