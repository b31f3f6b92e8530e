/*
 * Matches packets against entries as acl_parse.c writes them. An entry with a
 * condition that a plain packet does not fulfil (fragments, dscp, a time
 * range) matches nothing here.
 */
#include "acl_match.h"

#include "acl_names.h"
#include "words.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	struct words words;
	size_t at;
};

static const char *
next(struct reader *reader)
{
	return reader->at < reader->words.count
	    ? reader->words.items[reader->at++].text
	    : "";
}

static bool
next_is(struct reader *reader, const char *word)
{
	if (reader->at >= reader->words.count ||
	    !str_eq(reader->words.items[reader->at].text, word))
		return false;
	reader->at++;
	return true;
}

static uint32_t
quad(const char *text)
{
	struct in_addr in = { 0 };
	inet_pton(AF_INET, text, &in);
	return ntohl(in.s_addr);
}

/* any, host A, A/N, A W, or a lone A (of a standard list). */
static bool
address_fits(struct reader *reader, uint32_t address)
{
	if (next_is(reader, "any"))
		return true;
	if (next_is(reader, "host"))
		return quad(next(reader)) == address;
	char text[64];
	snprintf(text, sizeof(text), "%s", next(reader));
	char *slash = strchr(text, '/');
	uint32_t wildcard = 0;
	if (slash) {
		int bits = (int)strtol(slash + 1, NULL, 10);
		*slash = '\0';
		wildcard = bits <= 0 ? UINT32_MAX
		    : bits >= 32     ? 0
				     : UINT32_MAX >> bits;
	} else if (reader->at < reader->words.count &&
	    strchr(reader->words.items[reader->at].text, '.')) {
		wildcard = quad(next(reader));
	}
	return (quad(text) & ~wildcard) == (address & ~wildcard);
}

static int
port_number(const char *word)
{
	int many;
	if (word_is_number(word))
		return (int)strtol(word, NULL, 10);
	const struct acl_name *row = acl_name_find(acl_tcp_ports, word, &many);
	return row ? row->number : -1;
}

static bool
port_fits(struct reader *reader, int port)
{
	if (next_is(reader, "eq"))
		return port == port_number(next(reader));
	if (next_is(reader, "neq"))
		return port != port_number(next(reader));
	if (next_is(reader, "gt"))
		return port > port_number(next(reader));
	if (next_is(reader, "lt"))
		return port < port_number(next(reader));
	if (!next_is(reader, "range"))
		return true;
	int first = port_number(next(reader));
	return port >= first && port <= port_number(next(reader));
}

static bool
options_fit(struct reader *reader, const struct flow *flow)
{
	while (reader->at < reader->words.count) {
		const char *word = next(reader);
		if (str_eq(word, "log") || str_eq(word, "log-input"))
			continue;
		if (!flow->established ||
		    (!str_eq(word, "established") && !str_eq(word, "ack")))
			return false;
	}
	return true;
}

static bool
entry_matches(enum acl_kind kind, const char *text, const struct flow *flow)
{
	struct reader reader = { 0 };
	bool matches = false;
	words_init(&reader.words, text);
	next(&reader); /* permit or deny */
	if (kind == ACL_STANDARD) {
		matches = address_fits(&reader, flow->source) &&
		    options_fit(&reader, flow);
	} else {
		const char *protocol = next(&reader);
		bool tcp = str_eq(protocol, "tcp");
		matches = (tcp || str_eq(protocol, "ip")) &&
		    address_fits(&reader, flow->source) &&
		    (!tcp || port_fits(&reader, flow->source_port)) &&
		    address_fits(&reader, flow->destination) &&
		    (!tcp || port_fits(&reader, flow->port)) &&
		    options_fit(&reader, flow);
	}
	words_clear(&reader.words);
	return matches;
}

bool
acl_permits(const struct acl *acl, const struct flow *flow, bool empty_permits,
    size_t *index)
{
	bool empty = true;
	*index = 0;
	if (acl->kind == ACL_IPV6)
		return true; /* our sessions come over IPv4 */
	for (; *index < acl->count; (*index)++) {
		const struct acl_entry *entry = &acl->entries[*index];
		if (entry->remark)
			continue;
		empty = false;
		if (entry_matches(acl->kind, entry->text, flow))
			return str_starts(entry->text, "permit");
	}
	return empty && empty_permits;
}
