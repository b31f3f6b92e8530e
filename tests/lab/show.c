/* Filters of show output. They must not know whose output it is. */
#include "show.h"

#include "base/alloc.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum filter { FILTER_INCLUDE, FILTER_EXCLUDE, FILTER_BEGIN, FILTER_SECTION };

static const char *const filters[] = { "include", "exclude", "begin",
	"section" };

/* Where IOS says `_`: a delimiter, or either end of the line. */
static char *
ios_regex(const char *text)
{
	struct buf out;
	buf_init(&out, 8192);
	for (; *text; text++) {
		if (*text == '\\' && text[1])
			buf_addc(&out, *text++);
		else if (*text == '_') {
			buf_adds(&out, "(^|[ ,(){}]|$)");
			continue;
		}
		buf_addc(&out, *text);
	}
	return buf_take(&out);
}

/* A regex in quotes, as NX-OS wants one that holds a bar. */
static char *
unquoted(const char *text)
{
	size_t len = strlen(text);
	bool quoted = len > 1 && text[0] == '"' && text[len - 1] == '"';
	return xstrndup(text + quoted, len - 2 * (size_t)quoted);
}

/* The regex says yes to LINE? */
static bool
says_yes(const regex_t *regex, const char *line)
{
	return regexec(regex, line, 0, NULL, 0) == 0;
}

static void
filter_lines(struct cli *cli, const struct strs *lines, enum filter filter,
    const regex_t *regex)
{
	bool open = false;
	for (size_t i = 0; i < lines->count; i++) {
		const char *line = lines->items[i];
		bool yes = says_yes(regex, line), keep = yes;
		switch (filter) {
		case FILTER_INCLUDE:
			break;
		case FILTER_EXCLUDE:
			keep = !yes;
			break;
		case FILTER_BEGIN:
			keep = open = open || yes;
			break;
		case FILTER_SECTION:
			/* A header that fits, with what is indented below it;
			 * a child that fits shows itself alone. */
			if (!isspace((unsigned char)line[0]))
				open = yes;
			keep = yes || open;
			break;
		}
		if (keep)
			buf_addf(cli->out, "%s\n", line);
	}
}

void
show_filtered(
    struct cli *cli, const char *text, const struct words *words, size_t filter)
{
	struct strs lines = { 0 };
	regex_t regex;
	size_t kind = 0;
	if (filter >= words->count) {
		buf_adds(cli->out, text);
		return;
	}
	const struct word *bar = &words->items[filter];
	if (filter + 2 >= words->count) {
		cli->device->platform->complain(
		    cli, COMPLAIN_INCOMPLETE, strlen(words->line), words->line);
		return;
	}
	while (kind < 4 &&
	    !word_abbreviates(words->items[filter + 1].text, filters[kind]))
		kind++;
	char *pattern = cli->device->platform->underscore
	    ? ios_regex(words_rest(words, filter + 2))
	    : unquoted(words_rest(words, filter + 2));
	bool bad = !str_eq(bar->text, "|") || kind == 4 ||
	    regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
	free(pattern);
	if (bad) {
		cli->device->platform->complain(cli, COMPLAIN_INVALID,
		    words->items[filter + 1].offset, bar->text);
		return;
	}
	strs_add_lines(&lines, text);
	filter_lines(cli, &lines, (enum filter)kind, &regex);
	strs_clear(&lines);
	regfree(&regex);
}

void
show_lines(const struct strs *lines, const char *indent, struct buf *out)
{
	for (size_t i = 0; i < lines->count; i++)
		buf_addf(out, "%s%s\n", indent, lines->items[i]);
}

unsigned
show_matches(const struct device *device, const struct acl_entry *entry)
{
	return device->matches ? entry->sequence / 10 * 3 % 50 : 0;
}
