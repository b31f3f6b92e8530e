/*
 * Keeps secrets out of what is written down. Every text that came from a
 * device passes here before it enters an event, a transcript or a message: a
 * device that echoes a password must not make netpush write it.
 */
#ifndef NETPUSH_TEXT_REDACT_H
#define NETPUSH_TEXT_REDACT_H

#include <stddef.h>

struct buf;
struct secret;

#define REDACT_MARK "<redacted>"

/* Borrowed secrets; NULL entries are skipped. Zeroed: nothing to hide. */
struct redactor {
	const struct secret *secrets[4];
	size_t count;
};

void redactor_add(struct redactor *redactor, const struct secret *secret);

/* Adds TEXT to OUT, every occurrence of a secret replaced by REDACT_MARK (one
 * mark where secrets overlap). */
void redact_add(const struct redactor *redactor, struct buf *out,
    const char *text, size_t len);

/* How much to keep of a TEXT that was cut at its end, before it is redacted: a
 * secret may have been divided by the cut, and half of one is not found. */
size_t redact_cut_len(
    const struct redactor *redactor, const char *text, size_t len);

#endif
