/* Escaping, byte by byte. */
#include "app/report_put.h"

#include <inttypes.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* U+2400 and following: a picture for each control character. */
static void
put_picture(FILE *file, unsigned char control)
{
	fputs("\xe2\x90", file);
	fputc(control == 0x7f ? 0xa1 : 0x80 + control, file);
}

static bool
is_control(unsigned char c)
{
	return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

/* U+FFFE, U+FFFF: characters, but not XML's. */
static bool
is_no_xml(const char *text)
{
	return (unsigned char)text[0] == 0xef &&
	    (unsigned char)text[1] == 0xbf && (unsigned char)text[2] >= 0xbe;
}

void
report_put_xml(FILE *file, const char *text)
{
	for (; text && *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (is_control(c)) {
			put_picture(file, c);
		} else if (is_no_xml(text)) {
			fputs(REPLACEMENT, file);
			text += 2;
		} else if (strchr("<>&\"\n\t", c)) {
			/* References keep white space in an attribute. */
			fprintf(file, "&#%u;", c);
		} else {
			fputc(c, file);
		}
	}
}

void
report_put_csv(FILE *file, const char *text)
{
	if (!text)
		return;
	bool quoted = strpbrk(text, "\",\r\n") != NULL;
	if (quoted)
		fputc('"', file);
	if (*text && strchr("=+-@\t\r", *text))
		fputc('\'', file);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (is_control(c))
			put_picture(file, c);
		else if (c == '"')
			fputs("\"\"", file);
		else
			fputc(c, file);
	}
	if (quoted)
		fputc('"', file);
}

void
report_put_label(FILE *file, const char *text)
{
	for (; text && *text; text++) {
		if (*text == '\n')
			fputs("\\n", file);
		else if (*text == '\\' || *text == '"')
			fprintf(file, "\\%c", *text);
		else
			fputc(*text, file);
	}
}

void
report_put_seconds(FILE *file, int64_t duration_ms)
{
	if (duration_ms < 0)
		duration_ms = 0;
	fprintf(file, "%" PRId64 ".%03" PRId64, duration_ms / 1000,
	    duration_ms % 1000);
}
