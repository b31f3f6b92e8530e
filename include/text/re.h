/*
 * Regular expressions: PCRE2 behind four calls. Patterns come from profiles
 * and jobs, subjects from devices, so matching is bounded: a pattern that
 * backtracks past the limit counts as "no match".
 */
#ifndef NETPUSH_TEXT_RE_H
#define NETPUSH_TEXT_RE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;
struct re;

enum re_flags {
	RE_ICASE = 1 << 0,
	RE_MULTILINE = 1 << 1, /* ^ and $ match at every line */
	RE_ANCHORED = 1 << 2, /* must match at the start of the subject */
	RE_WHOLE = 1 << 3, /* must match the whole subject */
};

/* NULL and ERR (kind ERR_JOB, "at character N: why") for a bad pattern. */
struct re *re_compile(const char *pattern, unsigned flags, struct err *err);
void re_free(struct re *re);

/* The pattern as it was given. */
const char *re_pattern(const struct re *re);

struct re_span {
	size_t start, end; /* byte offsets; start == end == (size_t)-1: unset */
};

/* Does it match somewhere in the LEN bytes? SPAN (may be NULL) = where. */
bool re_match(
    const struct re *re, const char *subject, size_t len, struct re_span *span);

/* The same, and fills SPANS[0..count) with the groups; group 0 is all. */
bool re_match_groups(const struct re *re, const char *subject, size_t len,
    struct re_span *spans, size_t count);

/* The number of a named group, or -1. */
int re_group(const struct re *re, const char *name);

/* Adds TEXT to OUT so that as a pattern it matches exactly itself. */
void re_quote(struct buf *out, const char *text, size_t len);

/* PCRE2's version, for --version. The text is static. */
const char *re_library_version(void);

#endif
