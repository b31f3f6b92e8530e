/*
 * One line of a known_hosts file, for device/known_hosts.c: its fields, its
 * key, and whether it speaks of a host.
 */
#ifndef NETPUSH_DEVICE_KNOWN_HOSTS_LINE_H
#define NETPUSH_DEVICE_KNOWN_HOSTS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* A longer line is nonsense: the largest key in use, RSA with 16384 bits,
 * takes less than 3 KB, and the rest is room for host names. */
#define KNOWN_LINE_LIMIT_BYTES 65536

/* Borrowed bytes, not terminated. */
struct piece {
	const char *at;
	size_t len;
};

/* Takes the bytes before SEPARATOR off REST, and the separator with them. */
struct piece piece_until(struct piece *rest, char separator);

enum known_marker { MARKER_NONE, MARKER_REVOKED, MARKER_CA };

/* The fields point into the text that was parsed. */
struct known_line {
	enum known_marker marker;
	struct piece hosts, type, key64;
};

enum known_line_kind { LINE_EMPTY, LINE_ENTRY, LINE_BAD };

/* Cuts TEXT (no newline) into fields; LINE is complete only for LINE_ENTRY.
 * The key is not looked at: see known_line_key(). */
enum known_line_kind known_line_parse(
    struct piece text, struct known_line *line);

struct known_key {
	bool revoked;
	char *type; /* owned, as is the blob */
	unsigned char *blob;
	size_t len;
};

/* Decodes the line's key; false, with KEY untouched, unless it is base64 of a
 * blob that names the same type as the line does. */
bool known_line_key(const struct known_line *line, struct known_key *key);
void known_key_clear(struct known_key *key);

/* An owned copy in lower case (ASCII: the locale has no say in names). */
char *known_line_lower(struct piece name);

/* The name that a host has in the file, in lower case; the caller frees. */
char *known_line_name(const char *host, uint16_t port);

/* True if HOSTS is a list of names and nothing else: no pattern, no hash. */
bool known_line_is_plain(struct piece hosts);

/* True if the hosts field means NAME, which is in lower case. */
bool known_line_match(struct piece hosts, const char *name);

/* Adds LEN bytes as base64 (RFC 4648, padded). */
void known_line_add_base64(struct buf *out, const void *data, size_t len);

#endif
