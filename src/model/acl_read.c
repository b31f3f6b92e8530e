/*
 * Finds one list in what a device showed: in a show of the list, in a section
 * of the configuration, in a whole one. Every place where the list stands is
 * a source of its own; sources must agree. It must not know which command
 * gave which text.
 */
#include "model/acl_dialect.h"
#include "model/acl_term.h"

#include "base/alloc.h"
#include "base/err.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct source {
	struct acl acl;
	unsigned output; /* 1-based */
	const struct acl_header *header;
	size_t remarks;
	struct acl_terms terms; /* where entries are terms */
};

struct reader {
	const struct acl_dialect *dialect;
	const char *name;
	struct source *items;
	size_t count, cap;
	unsigned output;
	size_t first; /* the first source of this output */
	size_t open; /* the source whose section we are in, or CLOSED */
	bool full;
};

#define CLOSED SIZE_MAX

/* FRR's vtysh shows a list once for each daemon; more places than this are no
 * device's doing. */
#define SOURCES_MAX 64

static const char *
skip(const char *line)
{
	return line + strspn(line, " \t");
}

static size_t
word_len(const char *line)
{
	return strcspn(line, " \t\r");
}

/* What follows WORDS at the start of LINE, NULL if it starts otherwise. */
static const char *
after_words(const char *line, const char *words)
{
	for (;;) {
		size_t len = strcspn(words, " ");
		if (word_len(line) != len || strncasecmp(line, words, len))
			return NULL;
		line = skip(line + len);
		words += len;
		if (!*words)
			return line;
		words++;
	}
}

const struct acl_header *
acl_header_find(
    const struct acl_dialect *dialect, const char *line, const char **rest)
{
	const struct acl_header *header;
	for (header = dialect->headers; header->words; header++)
		if ((*rest = after_words(line, header->words)))
			return header;
	return NULL;
}

/* The numbers that IOS gives to the two sorts of lists. */
static enum acl_type
type_of_number(const char *name)
{
	int64_t number;
	if (!str_to_number(name, &number))
		return ACL_ANY;
	if ((number >= 1 && number <= 99) || (number >= 1300 && number <= 1999))
		return ACL_STANDARD;
	if ((number >= 100 && number <= 199) ||
	    (number >= 2000 && number <= 2699))
		return ACL_EXTENDED;
	return ACL_ANY;
}

static struct source *
add_source(struct reader *reader, const struct acl_header *header)
{
	if (reader->count == SOURCES_MAX) {
		reader->full = true;
		return &reader->items[reader->count - 1];
	}
	GROW(reader->items, reader->count, reader->cap);
	struct source *source = &reader->items[reader->count++];
	*source = (struct source){ .output = reader->output, .header = header };
	source->acl.present = true;
	source->acl.type = header->type;
	if (header->type == ACL_ANY && reader->dialect->has_types)
		source->acl.type = type_of_number(reader->name);
	return source;
}

static void
add_entry(struct reader *reader, struct source *source, const char *line,
    unsigned number)
{
	struct acl_entry entry;
	const char *setting = acl_dialect_setting(reader->dialect, line);
	if (setting) {
		if (!strs_has(&source->acl.settings, setting))
			strs_add(&source->acl.settings, setting);
		return;
	}
	if (source->acl.count == ACL_ENTRIES_MAX) {
		reader->full = true;
		return;
	}
	if (reader->dialect->terms) {
		acl_terms_take(&source->terms, &source->acl, line, number);
		return;
	}
	acl_entry_parse_shown(
	    &entry, reader->dialect, source->acl.type, line, number);
	source->remarks += entry.action == ACL_REMARK;
	acl_add(&source->acl, &entry);
}

/* The source of this output that is fed by lines of HEADER's form, and by the
 * notes about them. */
static struct source *
flat_source(struct reader *reader, const struct acl_header *header)
{
	for (size_t i = reader->first; i < reader->count; i++)
		if (reader->items[i].header == header ||
		    (header->note && reader->items[i].acl.type == header->type))
			return &reader->items[i];
	return add_source(reader, header);
}

/* REST begins with the list's name. A section's header has nothing behind it
 * but perhaps a note in parentheses; a flat line has its entry there. */
static void
use_header(struct reader *reader, const struct acl_header *header,
    const char *rest, unsigned number)
{
	size_t len = strlen(reader->name);
	reader->open = CLOSED;
	if (word_len(rest) != len || strncmp(rest, reader->name, len) != 0)
		return;
	rest = skip(rest + len);
	if (header->note) {
		char *line = xasprintf("%s %s", rest, header->note);
		add_entry(reader, flat_source(reader, header), line, number);
		free(line);
	} else if (header->flat && *rest) {
		add_entry(reader, flat_source(reader, header), rest, number);
	} else if (header->flat && reader->dialect->terms) {
		flat_source(reader, header); /* a filter without terms */
	} else if (!header->flat && (!*rest || *rest == '(')) {
		add_source(reader, header);
		reader->open = reader->count - 1;
	}
}

/* An entry whose indentation was lost on the way. */
static bool
looks_like_entry(const char *line)
{
	struct acl_line split = acl_line_split(line);
	return split.is_remark || after_words(split.rest, "permit") ||
	    after_words(split.rest, "deny");
}

static void
read_line(struct reader *reader, char *line, unsigned number)
{
	const char *rest;
	bool indented = isspace((unsigned char)*line);
	char *text = str_trim(line);
	if (indented ? acl_line_is_empty(text) : !*text)
		return;
	const struct acl_header *header = indented
	    ? NULL
	    : acl_header_find(reader->dialect, text, &rest);
	if (header)
		use_header(reader, header, rest, number);
	else if (reader->open == CLOSED)
		return;
	else if (indented || looks_like_entry(text))
		add_entry(reader, &reader->items[reader->open], text, number);
	else
		reader->open = CLOSED;
}

static void
read_output(struct reader *reader, const char *output)
{
	struct strs lines = { 0 };
	strs_add_lines(&lines, output);
	reader->output++;
	reader->open = CLOSED;
	reader->first = reader->count;
	for (size_t i = 0; i < lines.count && !reader->full; i++)
		read_line(reader, lines.items[i], (unsigned)(i + 1));
	strs_clear(&lines);
}

/* The next entry from *I on that is no remark, NULL past the last. */
static struct acl_entry *
next_match(struct acl *acl, size_t *i)
{
	while (*i < acl->count)
		if (acl->items[(*i)++].action != ACL_REMARK)
			return &acl->items[*i - 1];
	return NULL;
}

static const char *
normal_of(const struct acl_entry *entry)
{
	return entry ? entry->normal : "no entry";
}

static void
merge_settings(struct strs *settings, const struct strs *others)
{
	for (size_t i = 0; i < others->count; i++)
		if (!strs_has(settings, others->items[i]))
			strs_add(settings, others->items[i]);
}

/* Checks that OTHER says the same as BASE, and learns numbers from it. */
static int
agree(struct source *base, struct source *other, struct err *err)
{
	size_t i = 0, k = 0, place = 0;
	struct acl_entry *x, *y;
	if (base->acl.type == ACL_ANY)
		base->acl.type = other->acl.type;
	else if (other->acl.type != ACL_ANY &&
	    other->acl.type != base->acl.type)
		return err_set(err, ERR_VERIFY,
		    "outputs %u and %u show lists of different types",
		    base->output, other->output);
	do {
		x = next_match(&base->acl, &i);
		y = next_match(&other->acl, &k);
		place++;
		if ((x || y) && (!x || !y || strcmp(x->normal, y->normal) != 0))
			return err_set(err, ERR_VERIFY,
			    "outputs %u and %u contradict each other at "
			    "entry %zu: '%.150s' and '%.150s'",
			    base->output, other->output, place, normal_of(x),
			    normal_of(y));
		if (x && !x->sequence)
			x->sequence = y->sequence;
	} while (x && y);
	return 0;
}

/* An output without the list is no contradiction while the list is empty:
 * IOS and FRR show no list that has only remarks. */
static int
check_missing(const struct reader *reader, const struct source *base,
    size_t outputs, struct err *err)
{
	size_t matches = base->acl.count - base->remarks;
	for (unsigned i = 1; matches && i <= outputs; i++) {
		size_t k = 0;
		while (k < reader->count && reader->items[k].output != i)
			k++;
		if (k == reader->count)
			return err_set(err, ERR_VERIFY,
			    "output %u has no list %s, output %u has it "
			    "with %zu entries",
			    i, reader->name, base->output, matches);
	}
	return 0;
}

/*
 * IOS shows the hosts of a standard list first, in an order of its own, and
 * refuses what would not mean the same in both orders; its numbers tell the
 * order that was asked for.
 */
static void
order_standard(struct acl *acl)
{
	size_t count = acl->count;
	uint64_t next = UINT64_MAX;
	if (acl->type != ACL_STANDARD || count == 0)
		return;
	uint64_t *keys = xcalloc(count, sizeof(*keys));
	for (size_t i = count; i-- > 0;) {
		const struct acl_entry *entry = &acl->items[i];
		if (entry->action != ACL_REMARK) {
			if (!entry->sequence)
				goto out;
			next = entry->sequence;
		}
		keys[i] = next;
	}
	acl_sort(acl, keys, false);
out:
	free(keys);
}

static int
combine(struct reader *reader, size_t outputs, struct acl *acl, struct err *err)
{
	struct source *base = NULL;
	for (size_t i = 0; i < reader->count; i++)
		if (!base || reader->items[i].remarks > base->remarks)
			base = &reader->items[i];
	if (!base)
		return 0;
	for (size_t i = 0; i < reader->count; i++)
		acl_terms_finish(&reader->items[i].acl);
	if (check_missing(reader, base, outputs, err) < 0)
		return -1;
	for (size_t i = 0; i < reader->count; i++) {
		struct source *other = &reader->items[i];
		if (other == base)
			continue;
		if (agree(base, other, err) < 0)
			return -1;
		merge_settings(&base->acl.settings, &other->acl.settings);
	}
	*acl = base->acl;
	memset(&base->acl, 0, sizeof(base->acl));
	order_standard(acl);
	return 0;
}

int
acl_read(struct acl *acl, const struct acl_dialect *dialect, const char *name,
    const struct strs *outputs, struct err *err)
{
	struct reader reader = { .dialect = dialect, .name = name };
	int rc = -1;
	memset(acl, 0, sizeof(*acl));
	for (size_t i = 0; i < outputs->count && !reader.full; i++)
		read_output(&reader, outputs->items[i]);
	if (reader.full) {
		err_set(err, ERR_VERIFY,
		    "the list has more than %d entries or stands in more "
		    "than %d places",
		    ACL_ENTRIES_MAX, SOURCES_MAX);
		goto out;
	}
	rc = combine(&reader, outputs->count, acl, err);
out:
	for (size_t i = 0; i < reader.count; i++) {
		acl_clear(&reader.items[i].acl);
		acl_terms_clear(&reader.items[i].terms);
	}
	free(reader.items);
	return rc;
}
