/*
 * Keeps secrets out of what is written down. Every text that came from a
 * device, or was sent to it, passes here before it enters an event, a
 * transcript or a message. Replaced are the secrets that are known (the
 * password that was used, also where a terminal wrapped it), and what stands
 * in a configuration where secrets stand (text/redact_forms.h). The lines of a
 * text stay the lines they are.
 */
#ifndef NETPUSH_TEXT_REDACT_H
#define NETPUSH_TEXT_REDACT_H

#include "text/redact_forms.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct secret;

#define REDACT_MARK "<redacted>"

/* Adds what else is secret in one line to SPANS, as redact_forms_find(). */
typedef void redact_find_fn(const void *data, const char *line, size_t len,
    size_t base, struct redact_spans *spans);

#define REDACT_LEARNT_MAX 8

/* Borrowed secrets, and learnt ones, which it owns. Zeroed: none is known. */
struct redactor {
	const struct secret *secrets[4 + REDACT_LEARNT_MAX];
	size_t count; /* of those borrowed */
	size_t learnt; /* behind those borrowed; the oldest gives way */
	redact_find_fn *find; /* forms of this platform alone, or NULL */
	const void *find_data;
};

/* NULL and empty ones are skipped. Only before anything was learnt. */
void redactor_add(struct redactor *redactor, const struct secret *secret);

/*
 * Learns what is secret in LINE, which was sent: a device may show it again
 * where no form finds it, in an echo that lost a character or was wrapped.
 * What is short is not learnt, it may be any word.
 */
void redactor_learn(struct redactor *redactor, const char *line, size_t len);
void redactor_forget(struct redactor *redactor);

/* Adds TEXT to OUT, everything secret replaced by REDACT_MARK (one mark where
 * secrets overlap). A secret that a line end divides leaves its mark before
 * that line end. */
void redact_add(const struct redactor *redactor, struct buf *out,
    const char *text, size_t len);

/* How much to keep of a TEXT that was cut at its end, before it is redacted: a
 * secret may have been divided by the cut, and half of one is not found. */
size_t redact_cut_len(
    const struct redactor *redactor, const char *text, size_t len);

/* The same for a text that goes on where another ended, with whole lines.
 * *PEM is zeroed before the first. */
void redact_add_more(const struct redactor *redactor, enum redact_pem *pem,
    struct buf *out, const char *text, size_t len);

/* The same for a text that ends where something was cut off: its end is also
 * replaced when it may be the beginning of a known secret. (Of very few bytes
 * it may not: they would be found in any text.) */
void redact_add_cut(const struct redactor *redactor, enum redact_pem *pem,
    struct buf *out, const char *text, size_t len);

/* How many bytes at the end of TEXT may be the beginning of a known secret
 * that the next line goes on with. 0: none. */
size_t redact_open_end(
    const struct redactor *redactor, const char *text, size_t len);

#endif
