/* One SSH connection to a device, from the key exchange to its end. */
#ifndef LAB_CONN_H
#define LAB_CONN_H

#include "session.h"

/* A host key and all that libssh needs to serve with it. DEVICE: whose
 * wishes about algorithms count, or NULL. */
struct conn_keys;
struct conn_keys *conn_keys_new(const struct device *device);
void conn_keys_free(struct conn_keys *keys);
const char *conn_keys_public(const struct conn_keys *keys); /* base64 */
const char *conn_keys_type(const struct conn_keys *keys);

/* Take FD over. conn_mute() holds it and never says a word. */
void conn_new(
    struct device *device, unsigned id, int fd, const struct conn_keys *keys);
void conn_mute(struct device *device, unsigned id, int fd);

void conns_drop(const struct device *device);
void conns_release(const struct device *device);
void conns_reap(void); /* frees those that ended in this turn */
void conns_free(void);
json_t *conns_modes(const struct device *device);
void conns_totals(uint64_t *sessions_now, uint64_t *sessions_max);

#endif
