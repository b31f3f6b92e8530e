/*
 * The forms in which configurations hold secrets: `password 7 ...`, `key ...`,
 * `encrypted-password "..."`, a line of the shadow file. What they find is
 * replaced before a device's text is written down (text/redact.h).
 */
#ifndef NETPUSH_TEXT_REDACT_FORMS_H
#define NETPUSH_TEXT_REDACT_FORMS_H

#include <stdbool.h>
#include <stddef.h>

/* Places in a text that must not be seen. Zeroed storage is an empty list. */
struct redact_spans {
	struct redact_span {
		size_t start, end; /* byte offsets */
	} * items;
	size_t count, cap;
};
void redact_spans_add(struct redact_spans *spans, size_t start, size_t end);
void redact_spans_clear(struct redact_spans *spans);

/* Adds what is secret in the LEN bytes of LINE (no line end in it) to SPANS,
 * each offset plus BASE, in no certain order. Linear in LEN. */
void redact_forms_find(
    const char *line, size_t len, size_t base, struct redact_spans *spans);

/* Where a private key in PEM (RFC 7468) begins and ends, line by line. */
enum redact_pem {
	REDACT_PEM_NONE,
	REDACT_PEM_PRIVATE, /* between BEGIN and END of a private key */
	REDACT_PEM_PUBLIC, /* of anything else: a certificate is no secret */
	REDACT_PEM_STRAY, /* behind a line that looks like a key's middle */
};

/* The same for LINE as a part of a key; returns the state behind it. */
enum redact_pem redact_pem_find(enum redact_pem state, const char *line,
    size_t len, size_t base, struct redact_spans *spans);

#endif
