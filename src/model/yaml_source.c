/*
 * The text of a YAML file and where its lines begin: from offsets to places,
 * and what can be seen of a line without a parser.
 */
#include "yaml_parts.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/* The length of the line break at the start of TEXT (YAML 1.1, 5.4, whose
 * breaks libyaml counts), 0 if there is none. */
static size_t
break_len(const char *text, size_t len)
{
	if (text[0] == '\r')
		return len > 1 && text[1] == '\n' ? 2 : 1;
	if (text[0] == '\n')
		return 1;
	if (len > 1 && memcmp(text, "\xc2\x85", 2) == 0)
		return 2;
	if (len > 2 &&
	    (memcmp(text, "\xe2\x80\xa8", 3) == 0 ||
		memcmp(text, "\xe2\x80\xa9", 3) == 0))
		return 3;
	return 0;
}

static void
index_lines(struct yaml_source *source)
{
	size_t start = 0;
	for (size_t i = 0; i < source->len;) {
		size_t n = break_len(source->text + i, source->len - i);
		i += n ? n : 1;
		if (!n)
			continue;
		GROW(source->lines, source->count, source->cap);
		source->lines[source->count++] = start;
		start = i;
	}
	GROW(source->lines, source->count, source->cap);
	source->lines[source->count++] = start;
}

struct place
yaml_source_place(const struct yaml_source *source, size_t offset)
{
	size_t low = 0, high = source->count;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		if (source->lines[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	unsigned column = 1;
	for (size_t i = source->lines[low]; i < offset && i < source->len; i++)
		column += (source->text[i] & 0xc0) != 0x80;
	return (struct place){ source->file, (unsigned)low + 1, column };
}

void
yaml_source_init(
    struct yaml_source *source, const char *file, const char *text, size_t len)
{
	*source = (struct yaml_source){ file, text, len, NULL, 0, 0 };
	index_lines(source);
}

void
yaml_source_clear(struct yaml_source *source)
{
	free(source->lines);
}

/*
 * A block begins on the line below its header. How far it is indented shows
 * on its first line that is not blank: blanks there less blanks in the text.
 */
struct place
yaml_source_block(
    const struct yaml_source *source, size_t line, const char *text)
{
	size_t skipped = 0;
	line++;
	while (text[skipped] == '\n')
		skipped++;
	size_t at = line + skipped, column = 0;
	if (at < source->count) {
		for (size_t i = source->lines[at]; i < source->len;
		     i++, column++)
			if (source->text[i] != ' ')
				break;
		size_t own = strspn(text + skipped, " ");
		column = column > own ? column - own : 0;
	}
	return (struct place){ source->file, (unsigned)line + 1,
		(unsigned)column + 1 };
}

bool
yaml_source_tab(const struct yaml_source *source, size_t line, size_t *offset)
{
	if (line >= source->count)
		return false;
	size_t at = source->lines[line];
	while (at < source->len && source->text[at] == ' ')
		at++;
	*offset = at;
	return at < source->len && source->text[at] == '\t';
}

bool
yaml_source_braces(const struct yaml_source *source, size_t line)
{
	if (line >= source->count)
		return false;
	size_t from = source->lines[line];
	size_t to = line + 1 < source->count ? source->lines[line + 1]
					     : source->len;
	return memmem(source->text + from, to - from, "{{", 2) != NULL;
}

bool
yaml_source_is_text(const struct yaml_source *source, struct diags *diags)
{
	size_t bad;
	const char *nul = memchr(source->text, '\0', source->len);
	if (!str_is_utf8(source->text, source->len, &bad)) {
		diag_add(diags, yaml_source_place(source, bad),
		    "this is not UTF-8 (byte 0x%02x)",
		    (unsigned char)source->text[bad]);
		return false;
	}
	if (nul)
		diag_add(diags,
		    yaml_source_place(source, (size_t)(nul - source->text)),
		    "a text file must not hold a NUL");
	return !nul;
}
