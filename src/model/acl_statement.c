/*
 * One statement of a term of a Junos filter: what condition or action it is,
 * and its one spelling. Only words that are beyond doubt are in the tables; a
 * statement that is not understood equals only itself. It must not know of
 * terms and lists.
 */
#include "model/acl_term.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "model/acl_names.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 8 /* a longer statement is none of those below */

/* Conditions that take a value, and those that are complete without one. */
static const struct condition {
	const char *word;
	enum acl_condition condition;
	bool bare; /* takes no value */
	bool list; /* the value is the name of a prefix list */
	int (*number)(const char *word); /* has names for numbers */
} conditions[] = {
	{ .word = "source-address", .condition = ACL_CONDITION_SOURCE },
	{ .word = "destination-address",
	    .condition = ACL_CONDITION_DESTINATION },
	{ .word = "address", .condition = ACL_CONDITION_ADDRESS },
	{ .word = "source-prefix-list",
	    .condition = ACL_CONDITION_SOURCE,
	    .list = true },
	{ .word = "destination-prefix-list",
	    .condition = ACL_CONDITION_DESTINATION,
	    .list = true },
	{ .word = "prefix-list",
	    .condition = ACL_CONDITION_ADDRESS,
	    .list = true },
	{ .word = "protocol", .condition = ACL_CONDITION_PROTOCOL },
	{ .word = "source-port", .condition = ACL_CONDITION_SOURCE_PORT },
	{ .word = "destination-port",
	    .condition = ACL_CONDITION_DESTINATION_PORT },
	{ .word = "port", .condition = ACL_CONDITION_PORT },
	{ .word = "tcp-established",
	    .condition = ACL_CONDITION_ESTABLISHED,
	    .bare = true },
	{ .word = "is-fragment",
	    .condition = ACL_CONDITION_FRAGMENT,
	    .bare = true },
	{ .word = "tcp-initial",
	    .condition = ACL_CONDITION_OTHER,
	    .bare = true },
	{ .word = "first-fragment",
	    .condition = ACL_CONDITION_OTHER,
	    .bare = true },
	{ .word = "icmp-type",
	    .condition = ACL_CONDITION_OTHER,
	    .number = acl_junos_icmp_get },
	{ .word = "icmp-code", .condition = ACL_CONDITION_OTHER },
	{ .word = "next-header", .condition = ACL_CONDITION_OTHER },
	{ .word = "dscp", .condition = ACL_CONDITION_OTHER },
	{ .word = "precedence", .condition = ACL_CONDITION_OTHER },
	{ .word = "traffic-class", .condition = ACL_CONDITION_OTHER },
	{ .word = "ttl", .condition = ACL_CONDITION_OTHER },
	{ .word = "tcp-flags", .condition = ACL_CONDITION_OTHER },
	{ .word = "packet-length", .condition = ACL_CONDITION_OTHER },
	{ .word = "fragment-offset", .condition = ACL_CONDITION_OTHER },
};

/* How many words an action takes behind it: at least, at most. `simple`: it
 * can be deleted as it was set. */
static const struct action {
	const char *word;
	enum acl_action action;
	size_t min, max;
} actions[] = {
	{ "accept", ACL_PERMIT, 0, 0 },
	{ "discard", ACL_DENY, 0, 0 },
	{ "reject", ACL_DENY, 0, 1 },
	{ "next", ACL_PASS, 1, 1 },
	{ "count", ACL_REMARK, 1, 1 },
	{ "log", ACL_REMARK, 0, 0 },
	{ "syslog", ACL_REMARK, 0, 0 },
	{ "sample", ACL_REMARK, 0, 0 },
	{ "forwarding-class", ACL_REMARK, 1, 1 },
	{ "loss-priority", ACL_REMARK, 1, 1 },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct condition *
find_condition(const char *word)
{
	for (size_t i = 0; i < COUNT(conditions); i++)
		if (str_eq(conditions[i].word, word))
			return &conditions[i];
	return NULL;
}

static const struct action *
find_action(const char *word)
{
	for (size_t i = 0; i < COUNT(actions); i++)
		if (str_eq(actions[i].word, word))
			return &actions[i];
	return NULL;
}

/* The end of the word at TEXT; blanks between quotes belong to it. */
static const char *
word_end(const char *text)
{
	bool quoted = false;
	for (; *text && (quoted || !strchr(" \t\r\n\v\f", *text)); text++)
		quoted ^= *text == '"';
	return text;
}

void
acl_words_split(struct strs *words, const char *text)
{
	for (;;) {
		text += strspn(text, " \t\r\n\v\f");
		const char *end = word_end(text);
		if (end == text)
			return;
		strs_add_n(words, text, (size_t)(end - text));
		text = end;
	}
}

static bool
read_address(struct acl_statement *statement, char *value)
{
	/* `any` and `host` are words of other platforms. */
	if (!strpbrk(value, ".:"))
		return false;
	return acl_address_parse(&statement->address, &value, 1, true) == 1;
}

/* `22`, `ssh`, `20-25`. */
static bool
read_ports(struct acl_statement *statement, const char *value)
{
	struct acl_ports *ports = &statement->ports;
	char *first = xstrdup(value), *dash = NULL;
	int low = acl_junos_port_get(first), high = low;
	if (low < 0 && (dash = strchr(first, '-'))) {
		*dash = '\0';
		low = acl_number_get(first, UINT16_MAX);
		high = acl_number_get(dash + 1, UINT16_MAX);
	}
	free(first);
	if (low < 0 || high < low)
		return false;
	ports->kind = dash ? ACL_PORTS_RANGE : ACL_PORTS_EQ;
	ports->count = dash ? 2 : 1;
	ports->values[0] = (uint16_t)low;
	ports->values[1] = (uint16_t)high;
	return true;
}

static bool
is_address(enum acl_condition condition)
{
	return condition == ACL_CONDITION_SOURCE ||
	    condition == ACL_CONDITION_DESTINATION ||
	    condition == ACL_CONDITION_ADDRESS;
}

static bool
is_port(enum acl_condition condition)
{
	return condition == ACL_CONDITION_SOURCE_PORT ||
	    condition == ACL_CONDITION_DESTINATION_PORT ||
	    condition == ACL_CONDITION_PORT;
}

/* Reads what follows the condition's word; its normal form goes to OUT. */
static bool
read_value(struct acl_statement *statement, const struct condition *row,
    char *value, struct buf *out)
{
	static const struct acl_dialect plain = { .name = "junos" };
	if (row->list ||
	    (row->condition == ACL_CONDITION_OTHER && !row->number)) {
		buf_adds(out, value);
	} else if (is_address(row->condition)) {
		if (!read_address(statement, value))
			return false;
		acl_address_put(out, &statement->address, &plain);
	} else if (is_port(row->condition)) {
		if (!read_ports(statement, value))
			return false;
		const struct acl_ports *ports = &statement->ports;
		buf_addf(out, "%u", (unsigned)ports->values[0]);
		if (ports->kind == ACL_PORTS_RANGE)
			buf_addf(out, "-%u", (unsigned)ports->values[1]);
	} else {
		int number = row->number ? row->number(value)
					 : acl_junos_protocol_get(value);
		if (number < 0)
			return false;
		statement->protocol = number;
		buf_addf(out, "%d", number);
	}
	return true;
}

/* WORDS are `from KEY [VALUE [except]]`. */
static bool
read_from(
    struct acl_statement *statement, const struct strs *words, struct buf *out)
{
	size_t count = words->count;
	const struct condition *row = count > 1
	    ? find_condition(words->items[1])
	    : NULL;
	if (!row || count != (row->bare ? 2u : 3u) + statement->except)
		return false;
	if (statement->except && !is_address(row->condition))
		return false;
	statement->condition = row->condition;
	statement->list = row->list;
	buf_addf(out, "from %s", row->word);
	if (!row->bare) {
		buf_addc(out, ' ');
		if (!read_value(statement, row, words->items[2], out))
			return false;
	}
	if (statement->except)
		buf_adds(out, " except");
	/* `delete ... except` would only take the exception away. */
	statement->simple = !statement->except;
	return true;
}

static bool
read_then(
    struct acl_statement *statement, const struct strs *words, struct buf *out)
{
	size_t count = words->count;
	const struct action *row = count > 1 ? find_action(words->items[1])
					     : NULL;
	if (!row || count < 2 + row->min || count > 2 + row->max ||
	    (row->action == ACL_PASS && !str_eq(words->items[2], "term")))
		return false;
	statement->action = row->action;
	statement->simple = count == 2 + row->min;
	for (size_t i = 0; i < count; i++)
		buf_addf(out, "%s%s", i ? " " : "", words->items[i]);
	return true;
}

void
acl_statement_parse(struct acl_statement *statement, const char *text)
{
	struct strs words = { 0 };
	struct buf out;
	bool known = false;
	*statement = (struct acl_statement){ .protocol = -1 };
	acl_words_split(&words, text);
	buf_init(&out, ACL_TEXT_MAX);
	const char *place = words.count ? words.items[0] : "";
	if (words.count > WORDS_MAX) {
		known = false;
	} else if (str_eq(place, "from")) {
		statement->kind = ACL_STATEMENT_FROM;
		statement->except = str_eq(
		    words.items[words.count - 1], "except");
		known = read_from(statement, &words, &out);
	} else if (str_eq(place, "then")) {
		statement->kind = ACL_STATEMENT_THEN;
		known = read_then(statement, &words, &out);
	}
	if (!known) {
		buf_reset(&out);
		buf_addf(&out, "? %s", text);
		statement->kind = ACL_STATEMENT_UNKNOWN;
		statement->simple = false;
	}
	statement->normal = buf_take(&out);
	strs_clear(&words);
}

void
acl_statement_clear(struct acl_statement *statement)
{
	free(statement->normal);
	*statement = (struct acl_statement){ 0 };
}

/* How many of the words from AT on are one condition or action, with its
 * value but without its `except`; 0: they are not understood. */
static size_t
piece_len(const struct strs *words, size_t at, bool from)
{
	size_t left = words->count - at;
	const char *word = words->items[at];
	if (from) {
		const struct condition *row = find_condition(word);
		size_t len = !row ? 0 : row->bare ? 1 : 2;
		return len <= left ? len : 0;
	}
	const struct action *row = find_action(word);
	if (!row || left <= row->min)
		return 0;
	size_t len = 1 + row->min;
	while (len < 1 + row->max && len < left &&
	    !find_action(words->items[at + len]))
		len++;
	return len;
}

/* One statement of the words PLACE KEY VALUE TAIL, of which the last two may
 * be NULL. */
static void
put(struct strs *out, const char *place, const char *key, const char *value,
    const char *tail)
{
	strs_take(out,
	    xasprintf("%s %s%s%s%s%s", place, key, value ? " " : "",
		value ? value : "", tail ? " " : "", tail ? tail : ""));
}

/* The values between brackets from AT on: where they end, 0 if they do not. */
static size_t
put_values(struct strs *out, const struct strs *words, size_t at,
    const char *place, const char *key)
{
	for (; at < words->count; at++) {
		if (str_eq(words->items[at], "]"))
			return at + 1;
		put(out, place, key, words->items[at], NULL);
	}
	return 0;
}

static bool
split(struct strs *out, const struct strs *words, size_t at)
{
	const char *place = words->items[at++];
	bool from = str_eq(place, "from");
	if (!from && !str_eq(place, "then"))
		return false;
	while (at < words->count) {
		const char *key = words->items[at];
		size_t len = piece_len(words, at, from);
		if (!len)
			return false;
		const char *value = len > 1 ? words->items[at + 1] : NULL;
		at += len;
		if (value && str_eq(value, "[")) {
			at = put_values(out, words, at, place, key);
			if (!at)
				return false;
			continue;
		}
		bool except = from && value && at < words->count &&
		    str_eq(words->items[at], "except");
		at += except;
		put(out, place, key, value, except ? "except" : NULL);
	}
	return true;
}

void
acl_statements_split(struct strs *out, const struct strs *words, size_t at)
{
	struct strs pieces = { 0 };
	struct buf whole;
	if (at < words->count && split(&pieces, words, at) && pieces.count) {
		for (size_t i = 0; i < pieces.count; i++)
			strs_add(out, pieces.items[i]);
	} else if (at < words->count) {
		buf_init(&whole, ACL_TEXT_MAX);
		for (size_t i = at; i < words->count; i++)
			buf_addf(
			    &whole, "%s%s", i > at ? " " : "", words->items[i]);
		strs_take(out, buf_take(&whole));
	}
	strs_clear(&pieces);
}
