/* A host key and all that libssh needs to serve with it. */
#ifndef LAB_CONN_KEYS_H
#define LAB_CONN_KEYS_H

#include <stdbool.h>

struct conn_keys;
struct device;
struct ssh_session_struct;

/* DEVICE: whose wishes about algorithms count, or NULL. */
struct conn_keys *conn_keys_new(const struct device *device);
void conn_keys_free(struct conn_keys *keys);
const char *conn_keys_public(const struct conn_keys *keys); /* base64 */
const char *conn_keys_type(const struct conn_keys *keys);

/* SSH becomes the server on FD, which libssh owns from here on. */
bool conn_keys_accept(
    const struct conn_keys *keys, struct ssh_session_struct *ssh, int fd);

#endif
