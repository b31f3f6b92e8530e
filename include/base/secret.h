/*
 * A password or passphrase. It stays out of swap and core files as far as the
 * system allows, is wiped when it is freed, and is seen only through
 * secret_reveal(): grep for that name to see every place that can.
 */
#ifndef NETPUSH_BASE_SECRET_H
#define NETPUSH_BASE_SECRET_H

#include <stddef.h>

struct secret;

/* Copies LEN bytes; the caller wipes its own copy (secret_wipe). */
struct secret *secret_new(const char *text, size_t len);
void secret_free(struct secret *secret);

/* NUL-terminated, valid as long as the secret. Never copy it elsewhere. */
const char *secret_reveal(const struct secret *secret);
size_t secret_len(const struct secret *secret);

/* Overwrites memory in a way that the compiler keeps. */
void secret_wipe(void *data, size_t len);

/* Forbids core files and ptrace for this process and its children. */
void secret_harden_process(void);

#endif
