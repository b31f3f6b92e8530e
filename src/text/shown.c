/* What a terminal would obey, made visible. */
#include "text/shown.h"

#include "base/buf.h"

#include <stdbool.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define CUT	    "..."
#define CUT_COLUMNS 3

/* The bytes of the character at TEXT, of which LEFT are there. */
static size_t
character_len(const char *text, size_t left)
{
	size_t len = 1;
	while (len < left && ((unsigned char)text[len] & 0xc0) == 0x80)
		len++;
	return len;
}

/* Printable ASCII at the start: most text is nothing else. */
static size_t
plain_len(const char *text, size_t left)
{
	size_t len = 0;
	while (len < left && text[len] >= ' ' && text[len] < 0x7f)
		len++;
	return len;
}

/* C0, DEL, C1 (U+0080 to U+009F); the marks and overrides of direction
 * (U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069). */
static bool
is_harmful(const char *text, size_t len)
{
	const unsigned char *c = (const unsigned char *)text;
	if (len == 1)
		return c[0] < 0x20 || c[0] == 0x7f;
	if (len == 2)
		return c[0] == 0xc2 && c[1] < 0xa0;
	if (len != 3 || c[0] != 0xe2)
		return false;
	return (c[1] == 0x80 &&
		   (c[2] == 0x8e || c[2] == 0x8f ||
		       (c[2] >= 0xaa && c[2] <= 0xae))) ||
	    (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
}

void
shown_add(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = plain_len(text + i, len - i);
		if (n) {
			buf_add(out, text + i, n);
			continue;
		}
		n = character_len(text + i, len - i);
		bool keeps = text[i] == '\n' || text[i] == '\t' ||
		    !is_harmful(text + i, n);
		if (keeps)
			buf_add(out, text + i, n);
		else
			buf_adds(out, REPLACEMENT);
	}
}

size_t
shown_add_line(struct buf *out, const char *text, size_t columns)
{
	size_t len = strlen(text), added = 0, cut_at = out->len;
	for (size_t i = 0, n; i < len; i += n) {
		n = character_len(text + i, len - i);
		if (columns && added == columns) {
			buf_truncate(out, cut_at);
			for (size_t j = 0; j < CUT_COLUMNS && j < columns; j++)
				buf_addc(out, CUT[j]);
			return added;
		}
		if (text[i] == '\n' || text[i] == '\t')
			buf_addc(out, ' ');
		else if (is_harmful(text + i, n))
			buf_adds(out, REPLACEMENT);
		else
			buf_add(out, text + i, n);
		added++;
		if (added + CUT_COLUMNS <= columns)
			cut_at = out->len;
	}
	return added;
}
