/* Text helpers: comparison, UTF-8, distance, ranged parsers, string lists. */
#include "base/str.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool
str_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool
str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *text, const char *suffix)
{
	size_t len = strlen(text), tail = strlen(suffix);
	return len >= tail && strcmp(text + len - tail, suffix) == 0;
}

char *
str_trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	size_t len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* Length of the UTF-8 sequence at TEXT, 0 if it is none (RFC 3629, 4). */
static size_t
utf8_len(const unsigned char *text, size_t left)
{
	unsigned char c = text[0];
	if (c < 0x80)
		return 1;
	size_t len = c >= 0xc2 && c < 0xe0 ? 2
	    : c >= 0xe0 && c < 0xf0	   ? 3
	    : c >= 0xf0 && c < 0xf5	   ? 4
					   : 0;
	if (!len || len > left)
		return 0;
	unsigned char low = 0x80, high = 0xbf;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	if (text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

#define EACH_BYTE(value) (UINT64_MAX / 255 * (value))

/* A multiple of 8 bytes at the start that are ASCII and not NUL: most text is
 * nothing else. (The high bit of a byte of `low` is set where the byte is 0;
 * borrows can only add such bits above a byte that is.) */
static size_t
ascii_span(const unsigned char *bytes, size_t len)
{
	size_t n = 0;
	while (len - n >= sizeof(uint64_t)) {
		uint64_t word;
		memcpy(&word, bytes + n, sizeof(word));
		uint64_t low = (word - EACH_BYTE(1)) & ~word;
		if ((word | low) & EACH_BYTE(0x80))
			break;
		n += sizeof(word);
	}
	return n;
}

bool
str_is_utf8(const char *text, size_t len, size_t *bad)
{
	const unsigned char *bytes = (const unsigned char *)text;
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(bytes + i, len - i);
		if (!n) {
			if (bad)
				*bad = i;
			return false;
		}
		i += n;
	}
	return true;
}

/* Adds valid UTF-8; where it does not fit, whole characters of it. */
static bool
add_characters(struct buf *out, const char *text, size_t len)
{
	size_t room = out->limit - out->len;
	if (len <= room)
		return buf_add(out, text, len);
	while (room && (text[room] & 0xc0) == 0x80)
		room--;
	buf_add(out, text, room);
	out->cut = true;
	return false;
}

void
str_add_utf8(struct buf *out, const char *text, size_t len)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t start = 0;
	for (size_t i = 0; i < len;) {
		/* A text far longer than the room is not read to its end. */
		if (i - start > out->limit - out->len)
			break;
		size_t n = ascii_span(bytes + i, len - i);
		if (!n && bytes[i])
			n = utf8_len(bytes + i, len - i);
		if (n) {
			i += n;
			continue;
		}
		if (!add_characters(out, text + start, i - start) ||
		    !add_characters(out, "\xef\xbf\xbd", 3))
			return;
		start = ++i;
	}
	add_characters(out, text + start, len - start);
}

size_t
str_distance(const char *a, const char *b)
{
	size_t alen = strlen(a), blen = strlen(b);
	size_t *row = xcalloc(blen + 1, sizeof(*row));
	for (size_t j = 0; j <= blen; j++)
		row[j] = j;
	for (size_t i = 1; i <= alen; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= blen; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	size_t distance = row[blen];
	free(row);
	return distance;
}

const char *
str_nearest(const char *text, const char *const *names, size_t count)
{
	const char *best = NULL;
	size_t best_distance = 0;
	if (strlen(text) > 64)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t distance = str_distance(text, names[i]);
		size_t len = strlen(names[i]);
		/* A name of one letter is not like another one. */
		if (distance * 3 > len + 2 || (distance && distance >= len))
			continue;
		if (!best || distance < best_distance) {
			best = names[i];
			best_distance = distance;
		}
	}
	return best;
}

int
str_index(const char *const *names, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (names[i] && strcmp(names[i], text) == 0)
			return (int)i;
	return -1;
}

/* Digits at the start of TEXT into VALUE; *end = what follows them. */
static bool
parse_digits(const char *text, int64_t *value, const char **end)
{
	if (!isdigit((unsigned char)text[0]))
		return false;
	char *stop;
	errno = 0;
	long long parsed = strtoll(text, &stop, 10);
	if (errno)
		return false;
	*value = parsed;
	*end = stop;
	return true;
}

bool
str_to_number(const char *text, int64_t *value)
{
	const char *end;
	bool minus = text[0] == '-';
	int64_t parsed;
	if (!parse_digits(text + minus, &parsed, &end) || *end)
		return false;
	*value = minus ? -parsed : parsed;
	return true;
}

bool
str_to_duration_ms(const char *text, int64_t *value_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 },
		{ "h", 3600000 }, { "d", 86400000 } };
	const char *end;
	int64_t parsed;
	if (!parse_digits(text, &parsed, &end))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit))
			continue;
		return !__builtin_mul_overflow(parsed, units[i].ms, value_ms);
	}
	return false;
}

bool
str_to_size(const char *text, uint64_t *value_bytes)
{
	static const char units[] = "KMGT";
	const char *end;
	int64_t parsed;
	if (!parse_digits(text, &parsed, &end))
		return false;
	uint64_t factor = 1;
	if (*end) {
		const char *unit = strchr(units, *end);
		if (!unit || end[1])
			return false;
		factor <<= 10 * (unit - units + 1);
	}
	return !__builtin_mul_overflow((uint64_t)parsed, factor, value_bytes);
}

void
strs_take(struct strs *list, char *text)
{
	GROW(list->items, list->count, list->cap);
	list->items[list->count++] = text;
}

void
strs_add(struct strs *list, const char *text)
{
	strs_take(list, xstrdup(text));
}

void
strs_add_n(struct strs *list, const char *text, size_t len)
{
	strs_take(list, xstrndup(text, len));
}

bool
strs_has(const struct strs *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

bool
strs_equal(const struct strs *a, const struct strs *b)
{
	bool equal = a->count == b->count;
	for (size_t i = 0; equal && i < a->count; i++)
		equal = str_eq(a->items[i], b->items[i]);
	return equal;
}

void
strs_clear(struct strs *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strs){ 0 };
}

void
strs_add_lines(struct strs *list, const char *text)
{
	while (*text) {
		const char *end = strchr(text, '\n');
		size_t len = end ? (size_t)(end - text) : strlen(text);
		size_t kept = len && text[len - 1] == '\r' ? len - 1 : len;
		strs_add_n(list, text, kept);
		text += end ? len + 1 : len;
	}
}

uint64_t
str_hash(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash ? hash : 1;
}
