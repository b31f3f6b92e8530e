/* Encodings of mail. */
#include "text/mime.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_CHARS 76 /* RFC 2045, 6.7 (5) and 6.8 */
/* RFC 2047, 2: an encoded word has at most 75 characters, of which "=?UTF-8?B?"
 * and "?=" take 12. 36 bytes (48 of base64) fit behind a field's name. */
#define WORD_BYTES    36
#define WORD_OVERHEAD 13 /* with the blank in front */

static const char hex[] = "0123456789ABCDEF";

static bool
is_printable(unsigned char byte)
{
	return byte > ' ' && byte <= '~';
}

/* Where the last character that begins before LIMIT, and does not end behind
 * it, ends. */
static size_t
whole_characters(const char *text, size_t len, size_t limit)
{
	if (len <= limit)
		return len;
	while (limit && ((unsigned char)text[limit] & 0xc0) == 0x80)
		limit--;
	return limit;
}

/* One line of UTF-8, of bounded length. */
static void
clean(struct buf *out, const char *text)
{
	buf_init(out, 4 * MIME_FIELD_LIMIT_BYTES);
	size_t len = strlen(text);
	size_t keep = whole_characters(text, len, MIME_FIELD_LIMIT_BYTES);
	str_add_utf8(out, text, keep);
	if (keep < len)
		buf_adds(out, "...");
	for (size_t i = 0; i < out->len; i++)
		if ((unsigned char)out->data[i] < ' ' || out->data[i] == 0x7f)
			out->data[i] = ' ';
}

/* Can TEXT stand as it is, folded at its blanks? Not if it looks encoded, or
 * has blanks that folding would lose, or a word that fills a line. */
static bool
is_plain(const char *text)
{
	size_t word = 0;
	if (strstr(text, "=?") || text[0] == ' ' || str_ends(text, " ") ||
	    strstr(text, "  "))
		return false;
	for (; *text; text++) {
		if (*text != ' ' && !is_printable((unsigned char)*text))
			return false;
		word = *text == ' ' ? 0 : word + 1;
		if (word > LINE_MAX_CHARS / 2)
			return false;
	}
	return true;
}

static void
put_folded(FILE *out, const char *text, size_t column)
{
	while (*text) {
		size_t len = strcspn(text, " ");
		if (column + 1 + len > LINE_MAX_CHARS) {
			fputs("\r\n", out);
			column = 0;
		}
		fprintf(out, " %.*s", (int)len, text);
		column += 1 + len;
		text += len + (text[len] == ' ');
	}
}

static void
put_words(FILE *out, const char *text, size_t column)
{
	size_t left = strlen(text);
	while (left) {
		size_t len = whole_characters(text, left, WORD_BYTES);
		char *word = base64_put(text, len);
		if (column + WORD_OVERHEAD + strlen(word) > LINE_MAX_CHARS) {
			fputs("\r\n", out);
			column = 0;
		}
		fprintf(out, " =?UTF-8?B?%s?=", word);
		column += WORD_OVERHEAD + strlen(word);
		free(word);
		text += len;
		left -= len;
	}
}

void
mime_put_field(FILE *out, const char *name, const char *text)
{
	struct buf line;
	clean(&line, text);
	fprintf(out, "%s:", name);
	if (is_plain(buf_str(&line)))
		put_folded(out, buf_str(&line), strlen(name) + 1);
	else
		put_words(out, buf_str(&line), strlen(name) + 1);
	fputs("\r\n", out);
	buf_clear(&line);
}

void
mime_put_addresses(FILE *out, const char *name, const struct strs *addresses)
{
	size_t column = (size_t)fprintf(out, "%s:", name);
	for (size_t i = 0; i < addresses->count; i++) {
		const char *address = addresses->items[i];
		bool last = i + 1 == addresses->count;
		/* An address may be longer than a line should be, never than
		 * it must be. */
		if (i && column + strlen(address) + 2 > LINE_MAX_CHARS) {
			fputs("\r\n", out);
			column = 0;
		}
		fprintf(out, " %s%s", address, last ? "" : ",");
		column += strlen(address) + 2;
	}
	fputs("\r\n", out);
}

/* RFC 2231, 7: what may stand in an encoded value as it is. */
static bool
is_attribute_char(unsigned char byte)
{
	return is_printable(byte) && !strchr("*'%()<>@,;:\\\"/[]?=", byte);
}

/* Not longer than a line, and nothing that quotes would have to escape. */
static bool
is_simple(const char *value)
{
	for (const char *c = value; *c; c++)
		if (*c == '"' || *c == '\\' ||
		    (*c != ' ' && !is_printable((unsigned char)*c)))
			return false;
	return strlen(value) <= LINE_MAX_CHARS - 24;
}

void
mime_put_parameter(FILE *out, const char *name, const char *value)
{
	fputs(";\r\n", out);
	if (is_simple(value)) {
		fprintf(out, "\t%s=\"%s\"\r\n", name, value);
		return;
	}
	/* RFC 2231, 3 and 4.1: numbered sections, the first one names the
	 * character set. */
	unsigned section = 0;
	size_t column = (size_t)fprintf(out, "\t%s*0*=UTF-8''", name);
	for (; *value; value++) {
		unsigned char byte = (unsigned char)*value;
		if (column + 4 > LINE_MAX_CHARS) {
			column = (size_t)fprintf(
			    out, ";\r\n\t%s*%u*=", name, ++section);
			column -= 3;
		}
		if (is_attribute_char(byte)) {
			fputc(byte, out);
			column++;
			continue;
		}
		column += (size_t)fprintf(
		    out, "%%%c%c", hex[byte >> 4], hex[byte & 15]);
	}
	fputs("\r\n", out);
}

/* One line, without its end. Beside what must be encoded: "." and "From " at
 * the beginning, which mail servers and mailboxes treat as theirs. */
static void
put_quoted_line(FILE *out, const char *line, size_t len)
{
	size_t column = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)line[i];
		bool plain = byte != '=' &&
		    (is_printable(byte) ||
			((byte == ' ' || byte == '\t') && i + 1 < len));
		size_t width = plain ? 1 : 3;
		if (column + width > LINE_MAX_CHARS - 1) {
			fputs("=\r\n", out);
			column = 0;
		}
		if (column == 0 &&
		    (byte == '.' ||
			(len - i >= 5 && memcmp(line + i, "From ", 5) == 0)))
			plain = false;
		if (plain)
			fputc(byte, out);
		else
			fprintf(out, "=%c%c", hex[byte >> 4], hex[byte & 15]);
		column += plain ? 1 : 3;
	}
}

void
mime_put_text(FILE *out, FILE *in)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	while ((n = getline(&line, &size, in)) > 0) {
		size_t len = (size_t)n;
		if (len && line[len - 1] == '\n')
			len--;
		if (len && line[len - 1] == '\r')
			len--;
		put_quoted_line(out, line, len);
		fputs("\r\n", out);
	}
	free(line);
}

void
mime_put_base64(FILE *out, FILE *in)
{
	char chunk[LINE_MAX_CHARS / 4 * 3];
	size_t len;
	while ((len = fread(chunk, 1, sizeof(chunk), in))) {
		char *line = base64_put(chunk, len);
		fprintf(out, "%s\r\n", line);
		free(line);
	}
}
