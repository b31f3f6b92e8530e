/*
 * Small questions about text, lists of strings, and the ranged parsers that
 * every number in a job, a profile or an option goes through.
 */
#ifndef NETPUSH_BASE_STR_H
#define NETPUSH_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

bool str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);

/* Cuts white space at both ends, in place; returns the new start. */
char *str_trim(char *text);

/* True if the LEN bytes are UTF-8 (RFC 3629); *bad = offset of the first
 * byte that is not (may be NULL). */
bool str_is_utf8(const char *text, size_t len, size_t *bad);

/* Adds the LEN bytes to OUT with every byte that is not UTF-8 (and every
 * NUL) replaced by U+FFFD. What OUT's limit cuts is cut between characters,
 * so that UTF-8 stays UTF-8. */
void str_add_utf8(struct buf *out, const char *text, size_t len);

/* Edit distance (Levenshtein), for "did you mean". */
size_t str_distance(const char *a, const char *b);

/* The name nearest to TEXT (the first of equals), or NULL when none is near:
 * more than a third of its letters, rounded up, or all would have to change. */
const char *str_nearest(
    const char *text, const char *const *names, size_t count);

/*
 * Parse the whole of TEXT or refuse it: no blanks, no trailing letters.
 * Numbers are decimal. Durations: "10s", "500ms", "15m", "2h", "1d", "0"; a
 * bare number is seconds. Sizes: "2048", "2K", "10M", "4G" (powers of 1024).
 */
bool str_to_number(const char *text, int64_t *value);
bool str_to_duration_ms(const char *text, int64_t *value_ms);
bool str_to_size(const char *text, uint64_t *value_bytes);

/* Where TEXT stands among NAMES, or -1: the reverse of a table of names. */
int str_index(const char *const *names, size_t count, const char *text);

/* FNV-1a (Fowler, Noll, Vo) of TEXT on top of HASH: to find equal texts, not
 * to trust them. Never 0. */
#define STR_HASH_START 0xcbf29ce484222325u
uint64_t str_hash(uint64_t hash, const char *text);

/* A list of strings that it owns. Zeroed storage is an empty list. */
struct strs {
	char **items;
	size_t count;
	size_t cap;
};

void strs_add(struct strs *list, const char *text); /* copies */
void strs_add_n(struct strs *list, const char *text, size_t len);
void strs_take(struct strs *list, char *text); /* takes TEXT over */
bool strs_has(const struct strs *list, const char *text);
bool strs_equal(const struct strs *a, const struct strs *b);
void strs_clear(struct strs *list);

/* Splits at line ends ("\n", "\r\n"); a last empty piece is dropped. */
void strs_add_lines(struct strs *list, const char *text);

#endif
