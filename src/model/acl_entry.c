/*
 * One entry from one line: number, action, remark or match, and its normal
 * form. It must not know of the list that the line stands in.
 */
#include "model/acl_dialect.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "model/acl_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\n\v\f"

static const char *
skip_blanks(const char *text)
{
	return text + strspn(text, BLANKS);
}

/* True if TEXT's first word is WORD; *REST is what follows its blanks. */
static bool
first_word(const char *text, const char *word, const char **rest)
{
	size_t len = strlen(word);
	if (strcspn(text, BLANKS) != len || strncasecmp(text, word, len) != 0)
		return false;
	*rest = skip_blanks(text + len);
	return true;
}

/* A number in 1..4294967295 with something behind it. */
static uint32_t
leading_number(const char *text, const char **rest)
{
	size_t len = strspn(text, "0123456789");
	if (len == 0 || len > 10 || !text[len] || !strchr(BLANKS, text[len]))
		return 0;
	uint64_t number = 0;
	for (size_t i = 0; i < len; i++)
		number = number * 10 + (uint64_t)(text[i] - '0');
	const char *after = skip_blanks(text + len);
	if (number == 0 || number > UINT32_MAX || !*after)
		return 0;
	*rest = after;
	return (uint32_t)number;
}

struct acl_line
acl_line_split(const char *line)
{
	struct acl_line split = { .rest = skip_blanks(line) };
	const char *number = split.rest, *after;
	if (!first_word(number, "seq", &number))
		first_word(number, "sequence", &number);
	split.sequence = leading_number(number, &split.rest);
	split.is_remark = first_word(split.rest, "remark", &after);
	return split;
}

/* TEXT with the blanks at its ends removed and, if COLLAPSE, one for each
 * run of blanks inside. */
static char *
tidy(const char *text, bool collapse)
{
	text = skip_blanks(text);
	char *copy = xstrdup(text), *to = copy;
	for (const char *p = text; *p; p++) {
		bool blank = isspace((unsigned char)*p);
		if (!collapse)
			*to++ = *p;
		else if (!blank)
			*to++ = *p;
		else if (to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > copy && isspace((unsigned char)to[-1]))
		to--;
	*to = '\0';
	return copy;
}

/*
 * REST in a form that the device takes back: the show of a standard list says
 * `192.0.2.0, wildcard bits 0.0.0.255` where a line has only the two values.
 */
static char *
words_of(const char *rest, bool is_remark, const struct acl_dialect *dialect)
{
	static const char note[] = ", wildcard bits ";
	char *words = tidy(rest, !is_remark || dialect->remark_blanks);
	char *found = is_remark ? NULL : strstr(words, note);
	if (found) {
		char *after = found + sizeof(note) - 1;
		*found = ' ';
		memmove(found + 1, after, strlen(after) + 1);
	}
	return words;
}

static void
parse_rest(struct acl_entry *entry, const struct acl_dialect *dialect,
    enum acl_type type, const char *rest)
{
	const char *after = rest;
	if (type == ACL_STANDARD && !dialect->has_types)
		type = ACL_IPV4;
	entry->protocol = ACL_PROTOCOL_NONE;
	if (first_word(rest, "remark", &after)) {
		entry->action = ACL_REMARK;
		entry->text = tidy(after, dialect->remark_blanks);
	} else if (first_word(rest, "permit", &after)) {
		entry->action = ACL_PERMIT;
	} else if (first_word(rest, "deny", &after)) {
		entry->action = ACL_DENY;
	} else {
		entry->action = ACL_OPAQUE;
		entry->text = tidy(rest, true);
	}
	if (!entry->text && !acl_match_parse(entry, type, after))
		entry->text = tidy(after, true);
	entry->words = words_of(rest, entry->action == ACL_REMARK, dialect);
	acl_entry_normalise(entry, dialect);
}

void
acl_entry_parse(struct acl_entry *entry, const struct acl_dialect *dialect,
    enum acl_type type, const char *line, unsigned line_number)
{
	struct acl_line split = acl_line_split(line);
	memset(entry, 0, sizeof(*entry));
	entry->sequence = split.sequence;
	entry->line = line_number;
	parse_rest(entry, dialect, type, split.rest);
}

static bool
is_number(const char *text, size_t len)
{
	return len > 0 && strspn(text, "0123456789") >= len;
}

/*
 * True for what a device puts behind an entry without being asked: `12
 * matches`, `1 match`, `match=0`, `active`, `inactive`, `time left 297`.
 */
static bool
is_note(const char *text, size_t len)
{
	static const char *const heads[] = { "match=", "time left " };
	static const char *const tails[] = { " match", " matches" };
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(heads[i]);
		if (len > n && strncmp(text, heads[i], n) == 0)
			return is_number(text + n, len - n);
		n = strlen(tails[i]);
		if (len > n && strncmp(text + len - n, tails[i], n) == 0)
			return is_number(text, len - n);
	}
	return (len == 6 && strncmp(text, "active", 6) == 0) ||
	    (len == 8 && strncmp(text, "inactive", 8) == 0);
}

/* Cuts one `(...)` or `[...]` of the kinds above off the end of TEXT. */
static bool
cut_note(char *text)
{
	size_t len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
	if (len == 0 || (text[len - 1] != ')' && text[len - 1] != ']'))
		return false;
	char *open = strrchr(text, text[len - 1] == ')' ? '(' : '[');
	if (!open || open == text || !isspace((unsigned char)open[-1]) ||
	    !is_note(open + 1, (size_t)(text + len - 1 - (open + 1))))
		return false;
	*open = '\0';
	return true;
}

/* IOS shows the numbers of an IPv6 list behind the entries. */
static uint32_t
cut_sequence(char *text)
{
	static const char word[] = "sequence";
	size_t len = strlen(text), digits = 0;
	while (digits < len && isdigit((unsigned char)text[len - digits - 1]))
		digits++;
	size_t tail = digits + sizeof(word); /* and one blank */
	if (digits == 0 || digits > 9 || len <= tail)
		return 0;
	char *start = text + len - tail;
	if (!isspace((unsigned char)start[-1]) ||
	    strncmp(start, word, sizeof(word) - 1) != 0 ||
	    start[sizeof(word) - 1] != ' ')
		return 0;
	*start = '\0';
	return (uint32_t)strtoul(start + sizeof(word), NULL, 10);
}

void
acl_entry_parse_shown(struct acl_entry *entry,
    const struct acl_dialect *dialect, enum acl_type type, const char *line,
    unsigned line_number)
{
	struct acl_line split = acl_line_split(line);
	memset(entry, 0, sizeof(*entry));
	entry->sequence = split.sequence;
	entry->line = line_number;
	char *rest = xstrdup(split.rest);
	if (!split.is_remark) {
		while (cut_note(rest))
			continue;
		if (type == ACL_IPV6 && !entry->sequence)
			entry->sequence = cut_sequence(rest);
		while (cut_note(rest))
			continue;
	}
	parse_rest(entry, dialect, type, rest);
	free(rest);
}

static void
put_ports(struct buf *out, const struct acl_ports *ports)
{
	static const char *const words[] = {
		[ACL_PORTS_EQ] = " eq",
		[ACL_PORTS_NEQ] = " neq",
		[ACL_PORTS_GT] = " gt",
		[ACL_PORTS_LT] = " lt",
		[ACL_PORTS_RANGE] = " range",
	};
	if (ports->kind == ACL_PORTS_NONE)
		return;
	if (ports->kind == ACL_PORTS_GROUP) {
		buf_addf(out, " %s", ports->group);
		return;
	}
	buf_adds(out, words[ports->kind]);
	for (unsigned i = 0; i < ports->count; i++)
		buf_addf(out, " %u", (unsigned)ports->values[i]);
}

static void
put_protocol(struct buf *out, const struct acl_entry *entry)
{
	const char *name = acl_protocol_name(entry->protocol);
	if (entry->protocol_group)
		buf_addf(out, " %s", entry->protocol_group);
	else if (entry->protocol == ACL_PROTOCOL_IP)
		buf_adds(out, " ip");
	else if (name)
		buf_addf(out, " %s", name);
	else if (entry->protocol >= 0)
		buf_addf(out, " %d", entry->protocol);
}

static void
put_match(struct buf *out, const struct acl_entry *entry,
    const struct acl_dialect *dialect)
{
	put_protocol(out, entry);
	buf_addc(out, ' ');
	acl_address_put(out, &entry->source, dialect);
	put_ports(out, &entry->source_ports);
	if (entry->destination.kind != ACL_ADDRESS_NONE)
		buf_addc(out, ' ');
	acl_address_put(out, &entry->destination, dialect);
	put_ports(out, &entry->destination_ports);
	for (size_t i = 0; i < entry->flags.count; i++)
		buf_addf(out, " %s", entry->flags.items[i]);
}

/* Words that were not understood stand behind a "?", which begins no word of
 * a normal form otherwise: they cannot look like an entry that was. */
void
acl_entry_normalise(struct acl_entry *entry, const struct acl_dialect *dialect)
{
	static const char *const actions[] = {
		[ACL_PERMIT] = "permit",
		[ACL_DENY] = "deny",
		[ACL_REMARK] = "remark ",
		[ACL_OPAQUE] = "? ",
	};
	struct buf out;
	buf_init(&out, ACL_TEXT_MAX);
	buf_adds(&out, actions[entry->action]);
	if (entry->action == ACL_REMARK || entry->action == ACL_OPAQUE)
		buf_adds(&out, entry->text);
	else if (entry->text)
		buf_addf(&out, " ? %s", entry->text);
	else
		put_match(&out, entry, dialect);
	free(entry->normal);
	entry->normal = buf_take(&out);
}

static char *
copy_text(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

void
acl_entry_copy(struct acl_entry *to, const struct acl_entry *from)
{
	*to = *from;
	to->protocol_group = copy_text(from->protocol_group);
	to->source.group = copy_text(from->source.group);
	to->destination.group = copy_text(from->destination.group);
	to->source_ports.group = copy_text(from->source_ports.group);
	to->destination_ports.group = copy_text(from->destination_ports.group);
	to->text = copy_text(from->text);
	to->normal = copy_text(from->normal);
	to->words = copy_text(from->words);
	to->term = copy_text(from->term);
	to->flags = to->statements = (struct strs){ 0 };
	for (size_t i = 0; i < from->flags.count; i++)
		strs_add(&to->flags, from->flags.items[i]);
	for (size_t i = 0; i < from->statements.count; i++)
		strs_add(&to->statements, from->statements.items[i]);
}

void
acl_entry_clear(struct acl_entry *entry)
{
	acl_match_clear(entry);
	free(entry->text);
	free(entry->normal);
	free(entry->words);
	free(entry->term);
	strs_clear(&entry->statements);
	memset(entry, 0, sizeof(*entry));
}
