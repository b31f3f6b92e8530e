/*
 * One line of known_hosts: cutting it into fields, decoding its key, and
 * telling whether its hosts field means a given host, be it a list, a pattern
 * or a hash. It knows nothing of files, and not what the other lines say.
 */
#include "device/known_hosts_line.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/buf.h"
#include "device/crypto.h"
#include "device/known_hosts.h"

#include <stdlib.h>
#include <string.h>

#define SHA1_BYTES CRYPTO_SHA1_BYTES
#define HASH_MAGIC "|1|"
#define NOWHERE	   SIZE_MAX

/* Not tolower(3): the locale has no say in what a host is called. */
static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
piece_is(struct piece p, const char *text)
{
	return p.len == strlen(text) && memcmp(p.at, text, p.len) == 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes the next field off REST; empty when there is none. */
static struct piece
next_field(struct piece *rest)
{
	while (rest->len && is_blank(*rest->at)) {
		rest->at++;
		rest->len--;
	}
	struct piece field = { rest->at, 0 };
	while (rest->len && !is_blank(*rest->at)) {
		rest->at++;
		rest->len--;
		field.len++;
	}
	return field;
}

struct piece
piece_until(struct piece *rest, char separator)
{
	const char *end = memchr(rest->at, separator, rest->len);
	size_t len = end ? (size_t)(end - rest->at) : rest->len;
	size_t skip = end ? len + 1 : len;
	struct piece head = { rest->at, len };
	rest->at += skip;
	rest->len -= skip;
	return head;
}

static int
base64_value(char c)
{
	static const char
	    alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			 "0123456789+/";
	const char *found = c ? strchr(alphabet, c) : NULL;
	return found ? (int)(found - alphabet) : -1;
}

/*
 * Strict RFC 4648 base64 with padding. EVP_DecodeBlock() is not used because
 * it counts padding as data and lets blanks pass. OUT must hold 3/4 of the
 * text; false if the text is not base64.
 */
static bool
base64_decode(struct piece text, unsigned char *out, size_t *out_len)
{
	if (!text.len || text.len % 4)
		return false;
	size_t padding = 0;
	while (padding < 2 && text.at[text.len - 1 - padding] == '=')
		padding++;
	size_t len = 0;
	unsigned bits = 0;
	for (size_t i = 0; i < text.len; i++) {
		int value = 0;
		if (i < text.len - padding)
			value = base64_value(text.at[i]);
		if (value < 0)
			return false;
		bits = (bits << 6 | (unsigned)value) & 0xffffff;
		if (i % 4 < 3)
			continue;
		out[len++] = (unsigned char)(bits >> 16);
		out[len++] = (unsigned char)(bits >> 8);
		out[len++] = (unsigned char)bits;
	}
	*out_len = len - padding;
	return true;
}

char *
known_line_lower(struct piece name)
{
	char *copy = xstrndup(name.at, name.len);
	for (char *at = copy; *at; at++)
		*at = lower(*at);
	return copy;
}

char *
known_line_name(const char *host, uint16_t port)
{
	char *name = port == 0 || port == 22 ? xstrdup(host)
					     : xasprintf("[%s]:%u", host, port);
	char *copy = known_line_lower((struct piece){ name, strlen(name) });
	free(name);
	return copy;
}

bool
known_hosts_key_type(const void *key, size_t len, char type[KNOWN_TYPE_BYTES])
{
	const unsigned char *bytes = key;
	if (len < 4)
		return false;
	size_t name_len = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 |
	    (size_t)bytes[2] << 8 | bytes[3];
	if (!name_len || name_len >= KNOWN_TYPE_BYTES || name_len > len - 4)
		return false;
	for (size_t i = 0; i < name_len; i++) {
		if (bytes[4 + i] <= ' ' || bytes[4 + i] > '~')
			return false;
	}
	memcpy(type, bytes + 4, name_len);
	type[name_len] = '\0';
	return true;
}

/* ---- does a hosts field mean this name? ---- */

static bool
is_hashed(struct piece hosts)
{
	return hosts.len && *hosts.at == '|';
}

/* Cuts "|1|salt|hash" and decodes both halves; false if it is not that. */
static bool
hashed_parse(struct piece hosts, unsigned char salt[SHA1_BYTES],
    unsigned char hash[SHA1_BYTES])
{
	const size_t magic_len = strlen(HASH_MAGIC);
	/* 28 characters are 20 bytes with one "=". */
	const size_t text_len = 28;
	if (hosts.len != magic_len + 2 * text_len + 1 ||
	    memcmp(hosts.at, HASH_MAGIC, magic_len))
		return false;
	struct piece rest = { hosts.at + magic_len, hosts.len - magic_len };
	struct piece salt64 = piece_until(&rest, '|');
	unsigned char bytes[21];
	size_t len;
	if (salt64.len != text_len || !base64_decode(salt64, bytes, &len) ||
	    len != SHA1_BYTES)
		return false;
	memcpy(salt, bytes, SHA1_BYTES);
	if (!base64_decode(rest, bytes, &len) || len != SHA1_BYTES)
		return false;
	memcpy(hash, bytes, SHA1_BYTES);
	return true;
}

static bool
hashed_match(struct piece hosts, const char *name)
{
	unsigned char salt[SHA1_BYTES], hash[SHA1_BYTES];
	unsigned char got[SHA1_BYTES];
	return hashed_parse(hosts, salt, hash) &&
	    crypto_hmac_sha1(salt, SHA1_BYTES, name, strlen(name), got) &&
	    memcmp(got, hash, SHA1_BYTES) == 0;
}

/*
 * "*" and "?" as in a shell, nothing else special; NAME is in lower case.
 * Going back only to the last star keeps this at worst length times length.
 */
static bool
glob_match(struct piece pattern, const char *name)
{
	size_t p = 0, star = NOWHERE;
	const char *retry = NULL;
	while (*name) {
		if (p < pattern.len && pattern.at[p] == '*') {
			star = p++;
			retry = name;
		} else if (p < pattern.len &&
		    (pattern.at[p] == '?' || lower(pattern.at[p]) == *name)) {
			p++;
			name++;
		} else if (star != NOWHERE) {
			p = star + 1;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.at[p] == '*')
		p++;
	return p == pattern.len;
}

/* A "!pattern" that matches takes the whole line out, wherever it stands. */
static bool
list_match(struct piece hosts, const char *name)
{
	bool found = false;
	while (hosts.len) {
		struct piece one = piece_until(&hosts, ',');
		bool negated = one.len && *one.at == '!';
		if (negated) {
			one.at++;
			one.len--;
		}
		if (!glob_match(one, name))
			continue;
		if (negated)
			return false;
		found = true;
	}
	return found;
}

bool
known_line_match(struct piece hosts, const char *name)
{
	return is_hashed(hosts) ? hashed_match(hosts, name)
				: list_match(hosts, name);
}

bool
known_line_is_plain(struct piece hosts)
{
	if (is_hashed(hosts))
		return false;
	for (size_t i = 0; i < hosts.len; i++) {
		if (strchr("*?!", hosts.at[i]))
			return false;
	}
	return true;
}

/* ---- from text to lines ---- */

static bool
marker_parse(struct piece word, enum known_marker *marker)
{
	if (piece_is(word, "@revoked"))
		*marker = MARKER_REVOKED;
	else if (piece_is(word, "@cert-authority"))
		*marker = MARKER_CA;
	else
		return false;
	return true;
}

enum known_line_kind
known_line_parse(struct piece text, struct known_line *line)
{
	*line = (struct known_line){ .marker = MARKER_NONE };
	if (text.len && text.at[text.len - 1] == '\r')
		text.len--;
	struct piece rest = text;
	struct piece field = next_field(&rest);
	if (!field.len || *field.at == '#')
		return LINE_EMPTY;
	if (text.len > KNOWN_LINE_LIMIT_BYTES ||
	    memchr(text.at, '\0', text.len))
		return LINE_BAD;
	if (*field.at == '@') {
		if (!marker_parse(field, &line->marker))
			return LINE_BAD;
		field = next_field(&rest);
	}
	unsigned char salt[SHA1_BYTES], hash[SHA1_BYTES];
	if (is_hashed(field) && !hashed_parse(field, salt, hash))
		return LINE_BAD;
	line->hosts = field;
	line->type = next_field(&rest);
	line->key64 = next_field(&rest);
	return line->key64.len ? LINE_ENTRY : LINE_BAD;
}

bool
known_line_key(const struct known_line *line, struct known_key *key)
{
	char type[KNOWN_TYPE_BYTES];
	size_t len;
	unsigned char *blob = xmalloc(line->key64.len / 4 * 3 + 3);
	if (!base64_decode(line->key64, blob, &len) ||
	    !known_hosts_key_type(blob, len, type) ||
	    !piece_is(line->type, type)) {
		free(blob);
		return false;
	}
	*key = (struct known_key){
		.revoked = line->marker == MARKER_REVOKED,
		.type = xstrdup(type),
		.blob = blob,
		.len = len,
	};
	return true;
}

void
known_key_clear(struct known_key *key)
{
	free(key->type);
	free(key->blob);
}

void
known_line_add_base64(struct buf *out, const void *data, size_t len)
{
	char *text = base64_put(data, len);
	buf_adds(out, text);
	free(text);
}
