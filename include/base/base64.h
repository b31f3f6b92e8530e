/* Base64 (RFC 4648, section 4): how host keys travel in events. */
#ifndef NETPUSH_BASE_BASE64_H
#define NETPUSH_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* The text, padded; the caller frees it. */
char *base64_put(const void *data, size_t len);

/* Adds the bytes of TEXT to OUT; false if TEXT is not canonical base64 or
 * OUT has no room for them. */
bool base64_get(const char *text, struct buf *out);

#endif
