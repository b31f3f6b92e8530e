/*
 * The grammar of what follows permit or deny: words in, fields out. It is
 * understood as a whole or kept as words; a half-understood one could be
 * taken for another. It must not know of lists, headers or numbering.
 */
#include "model/acl_dialect.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "model/acl_names.h"

#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX 64 /* more are no entry that any platform has */

struct words {
	char *copy;
	char *items[WORDS_MAX];
	size_t count, at;
	bool ipv6;
};

static void
words_init(struct words *words, const char *text, bool ipv6)
{
	*words = (struct words){ .copy = xstrdup(text), .ipv6 = ipv6 };
	char *p = words->copy;
	while (*p) {
		while (isspace((unsigned char)*p))
			*p++ = '\0';
		if (!*p)
			break;
		if (words->count == WORDS_MAX) {
			words->count = 0;
			return;
		}
		words->items[words->count++] = p;
		while (*p && !isspace((unsigned char)*p))
			p++;
	}
}

static const char *
peek(const struct words *words)
{
	return words->at < words->count ? words->items[words->at] : "";
}

static bool
take(struct words *words, const char *word)
{
	if (strcasecmp(peek(words), word) != 0)
		return false;
	words->at++;
	return true;
}

static size_t
left(const struct words *words)
{
	return words->count - words->at;
}

static bool
parse_protocol(struct words *words, struct acl_entry *entry)
{
	if (!left(words))
		return false;
	if (take(words, "ip") || take(words, "ipv6")) {
		entry->protocol = ACL_PROTOCOL_IP;
		return true;
	}
	if (left(words) > 1 && take(words, "object-group")) {
		entry->protocol = ACL_PROTOCOL_IP;
		entry->protocol_group = xasprintf(
		    "object-group %s", words->items[words->at++]);
		return true;
	}
	entry->protocol = acl_protocol_get(
	    words->items[words->at++], words->ipv6);
	return entry->protocol >= 0;
}

static bool
parse_address(struct words *words, struct acl_address *address, bool bare_host)
{
	size_t taken = acl_address_parse(
	    address, words->items + words->at, left(words), bare_host);
	words->at += taken;
	return taken != 0;
}

static int
compare_values(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* Takes ports as long as they come, up to MAX; at least MIN. */
static bool
parse_values(struct words *words, struct acl_ports *ports, int protocol,
    unsigned min, unsigned max)
{
	while (left(words) && ports->count < max) {
		int port = acl_port_get(peek(words), protocol);
		if (port < 0)
			break;
		ports->values[ports->count++] = (uint16_t)port;
		words->at++;
	}
	return ports->count >= min;
}

static bool
parse_ports(struct words *words, struct acl_ports *ports, int protocol)
{
	static const struct {
		const char *word;
		enum acl_ports_kind kind;
		unsigned min, max;
	} table[] = {
		{ "eq", ACL_PORTS_EQ, 1, ACL_PORTS_MAX },
		{ "neq", ACL_PORTS_NEQ, 1, ACL_PORTS_MAX },
		{ "gt", ACL_PORTS_GT, 1, 1 },
		{ "lt", ACL_PORTS_LT, 1, 1 },
		{ "range", ACL_PORTS_RANGE, 2, 2 },
	};
	if (left(words) > 1 && take(words, "portgroup")) {
		ports->kind = ACL_PORTS_GROUP;
		ports->group = xasprintf(
		    "portgroup %s", words->items[words->at++]);
		return true;
	}
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (!take(words, table[i].word))
			continue;
		ports->kind = table[i].kind;
		if (!parse_values(
			words, ports, protocol, table[i].min, table[i].max))
			return false;
		if (ports->kind != ACL_PORTS_RANGE)
			qsort(ports->values, ports->count,
			    sizeof(*ports->values), compare_values);
		return true;
	}
	return true;
}

/* `icmp any any echo`, `... 8`, `... 3 1`: the type and perhaps a code. Not
 * for ICMPv6, which is another protocol and has other numbers. */
static void
parse_icmp(struct words *words, struct acl_entry *entry)
{
	const char *named = acl_icmp_get(peek(words));
	if (named) {
		strs_take(&entry->flags, xasprintf("type %s", named));
		words->at++;
		return;
	}
	int type = acl_number_get(peek(words), 255);
	if (type < 0)
		return;
	words->at++;
	int code = acl_number_get(peek(words), 255);
	words->at += code >= 0;
	strs_take(&entry->flags,
	    code >= 0 ? xasprintf("type %d %d", type, code)
		      : xasprintf("type %d", type));
}

/* Flags whose order does not matter. The value of time-range is a name and
 * keeps its letters. */
static const struct {
	const char *word;
	int (*value)(const char *word);
	bool name;
} flags[] = {
	{ "ack", NULL, false },
	{ "established", NULL, false },
	{ "exact-match", NULL, false },
	{ "fin", NULL, false },
	{ "fragments", NULL, false },
	{ "log", NULL, false },
	{ "log-input", NULL, false },
	{ "psh", NULL, false },
	{ "rst", NULL, false },
	{ "syn", NULL, false },
	{ "urg", NULL, false },
	{ "dscp", acl_dscp_get, false },
	{ "precedence", acl_precedence_get, false },
	{ "tos", acl_tos_get, false },
	{ "time-range", NULL, true },
};

static bool
parse_flag(struct words *words, struct strs *list)
{
	size_t i, count = sizeof(flags) / sizeof(*flags);
	for (i = 0; i < count; i++)
		if (strcasecmp(peek(words), flags[i].word) == 0)
			break;
	bool valued = i < count && (flags[i].value || flags[i].name);
	if (i == count || (valued && left(words) < 2))
		return false;
	if (!valued) {
		strs_add(list, flags[i].word);
		words->at++;
		return true;
	}
	const char *value = words->items[words->at + 1];
	if (flags[i].name) {
		strs_take(list, xasprintf("%s %s", flags[i].word, value));
	} else {
		int number = flags[i].value(value);
		if (number < 0)
			return false;
		strs_take(list, xasprintf("%s %d", flags[i].word, number));
	}
	words->at += 2;
	return true;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
sort_flags(struct strs *list)
{
	if (list->count < 2)
		return;
	qsort(list->items, list->count, sizeof(*list->items), compare_texts);
	size_t kept = 1;
	for (size_t i = 1; i < list->count; i++) {
		if (strcmp(list->items[i], list->items[kept - 1]) == 0)
			free(list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

/* From the first unknown word on, the order of all words is kept, that of
 * the flags before it too: an unknown word may belong to one of them. */
static void
parse_flags(struct words *words, struct acl_entry *entry)
{
	size_t start = words->at;
	while (left(words))
		if (!parse_flag(words, &entry->flags))
			break;
	if (!left(words)) {
		sort_flags(&entry->flags);
		return;
	}
	strs_clear(&entry->flags);
	struct buf tail;
	buf_init(&tail, ACL_TEXT_MAX);
	buf_addc(&tail, '?');
	for (size_t i = start; i < words->count; i++)
		buf_addf(&tail, " %s", words->items[i]);
	strs_take(&entry->flags, buf_take(&tail));
}

static bool
parse_extended(struct words *words, struct acl_entry *entry)
{
	if (!parse_protocol(words, entry) ||
	    !parse_address(words, &entry->source, false) ||
	    !parse_ports(words, &entry->source_ports, entry->protocol) ||
	    !parse_address(words, &entry->destination, false) ||
	    !parse_ports(words, &entry->destination_ports, entry->protocol))
		return false;
	if (entry->protocol == IPPROTO_ICMP)
		parse_icmp(words, entry);
	return true;
}

bool
acl_match_parse(struct acl_entry *entry, enum acl_type type, const char *text)
{
	struct words words;
	words_init(&words, text, type == ACL_IPV6);
	entry->protocol = ACL_PROTOCOL_NONE;
	bool group = strcasecmp(peek(&words), "object-group") == 0;
	bool done = false;
	if (type == ACL_STANDARD || !group)
		done = parse_address(&words, &entry->source, true);
	if (!done && type != ACL_STANDARD)
		done = parse_extended(&words, entry);
	if (done)
		parse_flags(&words, entry);
	else
		acl_match_clear(entry);
	free(words.copy);
	return done;
}

void
acl_match_clear(struct acl_entry *entry)
{
	free(entry->protocol_group);
	free(entry->source.group);
	free(entry->destination.group);
	free(entry->source_ports.group);
	free(entry->destination_ports.group);
	strs_clear(&entry->flags);
	entry->protocol_group = NULL;
	entry->protocol = ACL_PROTOCOL_NONE;
	memset(&entry->source, 0, sizeof(entry->source));
	memset(&entry->destination, 0, sizeof(entry->destination));
	memset(&entry->source_ports, 0, sizeof(entry->source_ports));
	memset(&entry->destination_ports, 0, sizeof(entry->destination_ports));
}
