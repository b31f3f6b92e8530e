/*
 * The grammar of one access-list entry, strict as the devices are, and its
 * normal form: host bits masked, well-known ports by name, `host` and `any`.
 * It must not know the list that the entry will stand in.
 */
#include "acl.h"
#include "acl_names.h"
#include "words.h"

#include "base/buf.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum protocol {
	PROTO_IP = 0,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ICMP6 = 58
};

struct parse {
	enum acl_kind kind;
	struct words words;
	size_t at;
	size_t base; /* column of the first word */
	struct buf *text;
	struct buf *shown; /* differs from text in standard lists only */
	int protocol;
	enum acl_answer answer;
	size_t offset;
};

static bool
fail(struct parse *parse, enum acl_answer answer, size_t offset)
{
	parse->answer = answer;
	parse->offset = parse->base + offset;
	return false;
}

/* The next word, or NULL with the answer "incomplete". */
static const char *
need(struct parse *parse)
{
	if (parse->at < parse->words.count)
		return parse->words.items[parse->at].text;
	fail(parse, ACL_INCOMPLETE, strlen(parse->words.line));
	return NULL;
}

static const char *
peek(const struct parse *parse)
{
	return parse->at < parse->words.count
	    ? parse->words.items[parse->at].text
	    : NULL;
}

static bool
invalid(struct parse *parse)
{
	return fail(parse, ACL_INVALID, parse->words.items[parse->at].offset);
}

static void
say(struct parse *parse, const char *text)
{
	buf_addf(parse->text, "%s%s", parse->text->len ? " " : "", text);
}

/* Looks the next word up in TABLE, by name or as a number up to MAX. */
static bool
name_or_number(
    struct parse *parse, const struct acl_name *table, int max, int *number)
{
	const char *word = need(parse);
	int64_t value;
	int many;
	if (!word)
		return false;
	if (word_is_number(word)) {
		if (!str_to_number(word, &value) || value > max)
			return invalid(parse);
		*number = (int)value;
		parse->at++;
		return true;
	}
	const struct acl_name *row = acl_name_find(table, word, &many);
	if (many)
		return fail(
		    parse, ACL_AMBIGUOUS, parse->words.items[parse->at].offset);
	if (!row) {
		size_t most = 0;
		for (; table->name; table++) {
			size_t same = word_common(
			    word, table->name, strlen(table->name));
			most = same > most ? same : most;
		}
		return fail(parse, ACL_INVALID,
		    parse->words.items[parse->at].offset + most);
	}
	*number = row->number;
	parse->at++;
	return true;
}

static bool
read_quad(struct parse *parse, uint32_t *address)
{
	struct in_addr in;
	const char *word = need(parse);
	if (!word)
		return false;
	if (inet_pton(AF_INET, word, &in) != 1)
		return invalid(parse);
	*address = ntohl(in.s_addr);
	parse->at++;
	return true;
}

static const char *
quad(uint32_t address, char text[INET_ADDRSTRLEN])
{
	struct in_addr in = { .s_addr = htonl(address) };
	return inet_ntop(AF_INET, &in, text, INET_ADDRSTRLEN);
}

/* Wildcard bits that a prefix length can say: 0...01...1. */
static bool
is_contiguous(uint32_t wildcard)
{
	return (wildcard & (wildcard + 1)) == 0;
}

static void
say_address(struct parse *parse, uint32_t address, uint32_t wildcard)
{
	char a[INET_ADDRSTRLEN], w[INET_ADDRSTRLEN], text[64];
	bool standard = parse->kind == ACL_STANDARD;
	address &= ~wildcard;
	quad(address, a);
	quad(wildcard, w);
	if (wildcard == UINT32_MAX)
		snprintf(text, sizeof(text), "any");
	else if (parse->kind == ACL_NXOS && is_contiguous(wildcard))
		snprintf(text, sizeof(text), "%s/%d", a,
		    32 - __builtin_popcount(wildcard));
	else if (wildcard == 0)
		snprintf(text, sizeof(text), standard ? "%s" : "host %s", a);
	else
		snprintf(text, sizeof(text), "%s %s", a, w);
	if (standard && wildcard && wildcard != UINT32_MAX)
		buf_addf(parse->shown, "%s %s, wildcard bits %s",
		    buf_str(parse->text), a, w);
	say(parse, text);
	if (standard && !parse->shown->len)
		buf_adds(parse->shown, buf_str(parse->text));
}

static bool
prefix_ipv4(struct parse *parse, const char *slash)
{
	char address[INET_ADDRSTRLEN];
	const char *word = peek(parse);
	size_t len = (size_t)(slash - word);
	struct in_addr in;
	int64_t bits;
	if (parse->kind != ACL_NXOS || len >= sizeof(address))
		return invalid(parse);
	snprintf(address, sizeof(address), "%.*s", (int)len, word);
	if (inet_pton(AF_INET, address, &in) != 1 ||
	    !str_to_number(slash + 1, &bits) || bits < 0 || bits > 32)
		return invalid(parse);
	parse->at++;
	say_address(parse, ntohl(in.s_addr),
	    bits == 0	     ? UINT32_MAX
		: bits == 32 ? 0
			     : UINT32_MAX >> bits);
	return true;
}

static bool
address_ipv4(struct parse *parse)
{
	uint32_t address, wildcard = 0;
	const char *word = need(parse);
	if (!word)
		return false;
	if (word_abbreviates(word, "any")) {
		parse->at++;
		say_address(parse, 0, UINT32_MAX);
		return true;
	}
	if (word_abbreviates(word, "host")) {
		parse->at++;
		if (!read_quad(parse, &address))
			return false;
		say_address(parse, address, 0);
		return true;
	}
	const char *slash = strchr(word, '/');
	if (slash)
		return prefix_ipv4(parse, slash);
	if (!read_quad(parse, &address))
		return false;
	/* A standard list takes a lone address for a host. */
	word = peek(parse);
	bool lone = parse->kind == ACL_STANDARD &&
	    (!word || !isdigit((unsigned char)word[0]));
	if (!lone && !read_quad(parse, &wildcard))
		return false;
	say_address(parse, address, wildcard);
	return true;
}

static void
mask_ipv6(struct in6_addr *in, int64_t bits)
{
	for (int i = 0; i < 16; i++) {
		int64_t keep = bits - 8 * i;
		if (keep <= 0)
			in->s6_addr[i] = 0;
		else if (keep < 8)
			in->s6_addr[i] &= (uint8_t)(0xff00 >> keep);
	}
}

static bool
address_ipv6(struct parse *parse)
{
	char text[INET6_ADDRSTRLEN], out[80];
	struct in6_addr in;
	int64_t bits = 128;
	const char *word = need(parse);
	if (!word)
		return false;
	if (word_abbreviates(word, "any")) {
		parse->at++;
		say(parse, "any");
		return true;
	}
	bool host = word_abbreviates(word, "host");
	if (host && (parse->at++, !(word = need(parse))))
		return false;
	const char *slash = strchr(word, '/');
	size_t len = slash ? (size_t)(slash - word) : strlen(word);
	if ((slash != NULL) == host || len >= sizeof(text))
		return invalid(parse);
	snprintf(text, sizeof(text), "%.*s", (int)len, word);
	if (inet_pton(AF_INET6, text, &in) != 1)
		return invalid(parse);
	if (slash &&
	    (!str_to_number(slash + 1, &bits) || bits < 0 || bits > 128))
		return invalid(parse);
	mask_ipv6(&in, bits);
	inet_ntop(AF_INET6, &in, text, sizeof(text));
	for (char *c = text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	snprintf(out, sizeof(out), host ? "host %s" : "%s/%d", text, (int)bits);
	parse->at++;
	say(parse, bits == 0 ? "any" : out);
	return true;
}

static bool
read_port(struct parse *parse, int *port)
{
	const struct acl_name *table = parse->protocol == PROTO_TCP
	    ? acl_tcp_ports
	    : acl_udp_ports;
	return name_or_number(parse, table, 65535, port);
}

static void
say_port(struct parse *parse, int port)
{
	char number[16];
	const char *name = acl_name_of(
	    parse->protocol == PROTO_TCP ? acl_tcp_ports : acl_udp_ports, port);
	snprintf(number, sizeof(number), "%d", port);
	say(parse, name ? name : number);
}

/* eq, gt, lt, neq, range after an address; nothing is fine too. */
static bool
ports(struct parse *parse)
{
	static const struct acl_name operators[] = { { "eq", 1 }, { "gt", 1 },
		{ "lt", 1 }, { "neq", 1 }, { "range", 2 }, { NULL, 0 } };
	const char *word = peek(parse);
	int many, first, second;
	if (!word ||
	    (parse->protocol != PROTO_TCP && parse->protocol != PROTO_UDP))
		return true;
	const struct acl_name *row = acl_name_find(operators, word, &many);
	if (!row)
		return true;
	parse->at++;
	if (!read_port(parse, &first))
		return false;
	if (row->number == 2 && !read_port(parse, &second))
		return false;
	say(parse, row->name);
	say_port(parse, first);
	if (row->number == 2)
		say_port(parse, second);
	return true;
}

static bool
icmp_type(struct parse *parse)
{
	char text[32];
	const char *word = peek(parse);
	int type, code, many;
	if (!word)
		return true;
	if (!word_is_number(word)) {
		const struct acl_name *row = acl_name_find(
		    acl_icmp_types, word, &many);
		if (!row)
			return true; /* an option, or refused as one */
		say(parse, row->name);
		parse->at++;
		return true;
	}
	if (!name_or_number(parse, acl_icmp_types, 255, &type))
		return false;
	word = peek(parse);
	if (word && word_is_number(word)) {
		if (!name_or_number(parse, acl_icmp_types, 255, &code))
			return false;
		const char *name = acl_name_of(
		    acl_icmp_types, type * 256 + code);
		snprintf(text, sizeof(text), "%d %d", type, code);
		say(parse, name ? name : text);
		return true;
	}
	const char *name = acl_name_of(acl_icmp_types, type * 256 + 255);
	snprintf(text, sizeof(text), "%d", type);
	say(parse, name ? name : text);
	return true;
}

/* Trailing words. A row with a number takes one more word as its value. */
static const struct acl_name tcp_options[] = { { "established", 0 },
	{ "ack", 0 }, { "fin", 0 }, { "psh", 0 }, { "rst", 0 }, { "syn", 0 },
	{ "urg", 0 }, { "log", 0 }, { "log-input", 0 }, { "fragments", 0 },
	{ "dscp", 1 }, { "precedence", 1 }, { "tos", 1 }, { "time-range", 1 },
	{ NULL, 0 } };
static const struct acl_name ip_options[] = { { "log", 0 }, { "log-input", 0 },
	{ "fragments", 0 }, { "dscp", 1 }, { "precedence", 1 }, { "tos", 1 },
	{ "time-range", 1 }, { NULL, 0 } };
static const struct acl_name standard_options[] = { { "log", 0 }, { NULL, 0 } };

static bool
options(struct parse *parse)
{
	const struct acl_name *table = parse->kind == ACL_STANDARD
	    ? standard_options
	    : parse->protocol == PROTO_TCP ? tcp_options
					   : ip_options;
	while (peek(parse)) {
		int number;
		size_t at = parse->at;
		if (word_is_number(peek(parse)))
			return invalid(parse);
		if (!name_or_number(parse, table, 0, &number))
			return false;
		int many;
		const struct acl_name *row = acl_name_find(
		    table, parse->words.items[at].text, &many);
		say(parse, row->name);
		if (parse->shown->len)
			buf_addf(parse->shown, " %s", row->name);
		if (!number)
			continue;
		const char *value = need(parse);
		if (!value)
			return false;
		say(parse, value);
		parse->at++;
	}
	return true;
}

static bool
verb(struct parse *parse)
{
	static const struct acl_name verbs[] = { { "permit", 0 }, { "deny", 0 },
		{ NULL, 0 } };
	int number;
	const char *word = peek(parse);
	if (!word || !name_or_number(parse, verbs, 0, &number))
		return false;
	say(parse, tolower((unsigned char)word[0]) == 'p' ? "permit" : "deny");
	return true;
}

static bool
extended(struct parse *parse)
{
	bool v6 = parse->kind == ACL_IPV6;
	const struct acl_name *table = v6 ? acl_protocols_ipv6 : acl_protocols;
	char number[16];
	if (!name_or_number(parse, table, 255, &parse->protocol))
		return false;
	const char *name = acl_name_of(table, parse->protocol);
	snprintf(number, sizeof(number), "%d", parse->protocol);
	say(parse, name ? name : number);
	for (int i = 0; i < 2; i++) {
		if (!(v6 ? address_ipv6(parse) : address_ipv4(parse)))
			return false;
		if (!ports(parse))
			return false;
	}
	if (parse->protocol == (v6 ? PROTO_ICMP6 : PROTO_ICMP) &&
	    !icmp_type(parse))
		return false;
	return options(parse);
}

enum acl_answer
acl_parse(enum acl_kind kind, const char *line, size_t start, struct buf *text,
    struct buf *shown, size_t *offset)
{
	struct parse parse = { .kind = kind,
		.base = start,
		.text = text,
		.shown = shown,
		.answer = ACL_OK };
	words_init(&parse.words, line + start);
	if (verb(&parse)) {
		if (kind == ACL_STANDARD)
			(void)(address_ipv4(&parse) && options(&parse));
		else
			(void)extended(&parse);
	}
	if (parse.answer == ACL_OK && !shown->len)
		buf_adds(shown, buf_str(text));
	*offset = parse.offset;
	words_clear(&parse.words);
	return parse.answer;
}
