/* One SSH connection to a device, from the key exchange to its end. */
#ifndef LAB_CONN_H
#define LAB_CONN_H

#include "session.h"

struct conn_keys;

/* Take FD over; PEER is the client's address in host byte order. conn_mute() holds it and never says a word, conn_refuse() ends it. */
void conn_new(struct device *device, unsigned id, int fd, uint32_t peer,
    const struct conn_keys *keys);
void conn_mute(struct device *device, unsigned id, int fd);
void conn_refuse(struct device *device, unsigned id, int fd);

void conns_drop(const struct device *device, const char *reason);

/* The device's connections say nothing more and read nothing; those that
 * were hung so are reset. */
void conns_hang(struct device *device);
void conns_reset_hung(struct device *device);

/* Shuts out whom the device's access lists deny now, as its `lockout` says;
 * lets those speak again whom they permit again. */
void conns_judge(struct device *device);
void conns_say(struct device *device, const char *text, bool log);
void conns_release(const struct device *device);
void conns_reap(void); /* frees those that ended in this turn */
void conns_free(void);
json_t *conns_modes(const struct device *device);
void conns_totals(uint64_t *sessions_now, uint64_t *sessions_max);

#endif
