/*
 * Bytes that grow up to a ceiling that is named at birth. Past the ceiling
 * nothing more is taken and the buffer says so (`cut`): a device that prints
 * for ever costs a bounded amount of memory, and a cut is seen as a cut.
 */
#ifndef NETPUSH_BASE_BUF_H
#define NETPUSH_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* always ends in a NUL that len does not count */
	size_t len;
	size_t cap;
	size_t limit; /* bytes */
	bool cut; /* something did not fit */
};

/* Storage is the caller's; nothing is allocated before the first byte. */
void buf_init(struct buf *buf, size_t limit_bytes);
void buf_clear(struct buf *buf); /* gives the memory back */
void buf_reset(struct buf *buf); /* empty again, memory kept, cut = false */

/* Add what fits; false when something had to be left out. */
bool buf_add(struct buf *buf, const void *data, size_t len);
bool buf_adds(struct buf *buf, const char *text);
bool buf_addc(struct buf *buf, char byte);
bool buf_addf(struct buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Drops LEN bytes from the front (moves the rest: for small buffers). */
void buf_drop(struct buf *buf, size_t len);

/* Shortens to LEN bytes; LEN must not be more than there is. */
void buf_truncate(struct buf *buf, size_t len);

/* The text, never NULL; valid until the next change. */
const char *buf_str(const struct buf *buf);

/* Hands the text out (free() it) and leaves the buffer empty. */
char *buf_take(struct buf *buf);

#endif
