/*
 * The table of forms, from the documentation of the platforms. A form is
 * tried only on lines that hold its stem, and is compiled when it is needed
 * for the first time: most sessions never show one.
 *
 * In doubt a form takes more rather than less. What must stay whole are
 * entries of access lists, and remarks and descriptions, which are free text.
 */
#include "text/redact_forms.h"

#include "base/alloc.h"
#include "base/die.h"
#include "base/err.h"
#include "text/re.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A line longer than this is looked at in pieces that overlap by half, which
 * bounds what one form may cost; no configuration has such lines. */
#define PIECE_BYTES 8192
#define GROUPS	    3

/* Where in a line a form may begin. */
enum place {
	EVERYWHERE, /* in remarks and descriptions, too */
	ANYWHERE,
	COMMAND, /* at a command's start, also where a message quotes it */
	LINE, /* at the line's start, or behind a prompt: for common words */
};

#define B "[ \\t]+"
/* How the secret is written: `7`, `sha512`. */
#define KIND                                                                   \
	"(?:(?:[0-9]|1[0-9]|8a|sha512|sha256|md5|encrypted|clear(?:text)?|"    \
	"plain-text|ascii(?:-text)?|hex|cipher|irreversible-cipher|"           \
	"password)" B "){0,2}"
/* One word, or several in quotation marks. */
#define VALUE "(\"(?:[^\"\\\\]|\\\\.)*+\"|\\S+?)(?=[;,]?(?:\\s|$))"
/* What may stand behind it without being a part of it. */
#define TAIL                                                                   \
	"(?:" B "(?:(?:role|privilege|expire|group|level)" B "\\S+|encrypted|" \
	"pbkdf2|localizedkey))*;?[ \\t]*(?:##.*)?$"
#define END  "(?=;?[ \\t]*(?:##.*)?$)"
#define REST "(\\S.*?)(?=" TAIL ")"

static const struct form {
	const char *stem; /* in lower case */
	enum place place;
	unsigned flags;
	const char *pattern; /* its groups are the secrets */
} forms[] = {
	/* Logins and passwords */
	{ "ena", COMMAND, RE_ICASE,
	    "ena(?:ble)?" B "(?:algorithm-type" B "\\S+" B
	    ")?(?:sec(?:ret)?|pass(?:word)?)" B "(?:level" B "\\d+" B
	    ")?" KIND REST },
	{ "user", COMMAND, RE_ICASE,
	    "user(?:name)?" B "\\S+" B "(?:.{0,200}?[ \\t])?"
	    "?(?:sec(?:ret)?|pass(?:word)?)" B KIND REST },
	{ "pass", LINE, 0, "(?:password|passphrase|passwd)" B KIND REST },
	{ "pass", COMMAND, 0, "(?:password|passphrase)" B KIND VALUE END },
	{ "secret", COMMAND, 0, "secret" B KIND VALUE END },
	{ "secret", LINE, 0, "secret" B "(?:[0-9]|8a|10)" B REST },
	{ "pass", ANYWHERE, 0,
	    "\\bpassword" B "(?:[0-9]|8a|10)" B "(\\S{4,})" },
	{ "secret", ANYWHERE, 0,
	    "\\bsecret" B "(?:[0-9]|8a|10)" B "(\\S{4,})" },
	{ "pass", COMMAND, 0,
	    "(?:aaa|archive|bind|bgp|crypto|cts|dot1x|eap|ip|ipv6|isis|l2tp|"
	    "ldap|mpls|neighbor|peer|ppp|pppoe|protocols|set|tunnel|vpdn|vtp|"
	    "root-dn)\\b.{0,200}?\\bpassword(?:-value)?" B KIND VALUE },
	{ "password", ANYWHERE, 0,
	    "\\b(?:area|authentication|bind|chap|domain|encrypted|enrollment|"
	    "ldap-login|lsp|plain-text|privacy|revocation|simple)-password"
	    "(?:-value)?" B KIND VALUE },
	{ "secret", COMMAND, 0,
	    "set" B ".{0,300}?\\b(?:secret|passphrase)" B KIND VALUE END },
	{ "secret", ANYWHERE, 0,
	    "\\b(?:chap-|shared-|aaa root )secret" B KIND VALUE },
	{ "des", ANYWHERE, 0,
	    "\\bpem" B "(?:terminal|url" B "\\S+)" B "3?des" B VALUE END },
	{ "pkcs12", ANYWHERE, 0,
	    "\\bpkcs12" B "\\S+" B "(?:password" B ")?" VALUE END },

	/* Keys */
	{ "key", LINE, 0,
	    "key" B "(?!chain\\b|config-key\\b|generate\\b|import\\b|export\\b|"
	    "zeroize\\b|\\w*pubkey|\\d{1,5}(?:\\s*$|\\s(?:is|--)\\s))" KIND
		REST },
	{ "key", COMMAND, 0, "key" B "(?!\\d{1,5}\\s*$)" KIND VALUE END },
	{ "key", ANYWHERE, 0,
	    "\\bkey" B "[5-8]a?" B "(\"?(?=\\S*\\d)[0-9A-Za-z]{6,}\\S*)" },
	{ "key", ANYWHERE, 0, "\\bkey" B "\\d+ -- text" B REST },
	{ "key", ANYWHERE, 0,
	    "\\b(?:tacacs|radius|ldap|aaa|server|server-private)(?:-server)?\\b"
	    ".{0,200}?[ \\t]key" B KIND VALUE },
	{ "key-", ANYWHERE, 0, "\\bkey-string" B KIND REST },
	{ "key-", ANYWHERE, 0, "\\bkey-octet-string" B KIND VALUE },
	{ "config-key", ANYWHERE, 0,
	    "\\bconfig-key" B "(?:password-encrypt(?:ion)?" B ")?" REST },
	{ "server-key", ANYWHERE, 0, "\\bserver-key" B KIND VALUE },
	{ "isakmp", ANYWHERE, RE_ICASE, "\\bisakmp" B "key" B KIND VALUE },
	{ "pre-shared-key", ANYWHERE, 0,
	    "\\bpre-shared-key" B "(?:(?:local|remote|ascii-text|hexadecimal)" B
	    "){0,2}(?:(?:address" B "(?:ipv6" B ")?\\S+(?:" B "\\d+\\.\\S+)?|"
	    "hostname" B "\\S+)" B "key" B ")?" KIND REST },
	{ "message-digest-key", ANYWHERE, RE_ICASE,
	    "\\bmessage-digest-key" B "\\d+" B "\\S+" B KIND REST },
	{ "authentication-key", ANYWHERE, RE_ICASE,
	    "\\bauthentication-key" B "(?:\\d+" B "(?:type" B ")?\\S+" B
	    "(?:value" B ")?)?" KIND VALUE },
	{ "value", LINE, 0, "value" B VALUE END },
	{ "key", ANYWHERE, 0, "\\bmd5" B "\\d+" B "key" B KIND VALUE },
	{ "-key", ANYWHERE, 0,
	    "\\b(?<!pre-)(?:privacy|shared|encryption)-key" B KIND VALUE },
	{ "authentication", ANYWHERE, RE_ICASE,
	    "\\bauthentication" B "(?:text|string|key)" B KIND VALUE },
	{ "authentication", COMMAND, RE_ICASE,
	    "(?:standby|vrrp|glbp)" B "(?:\\d+" B ")?authentication" B
	    "(?!md5\\b|text\\b|mode\\b)" VALUE },
	{ "nhrp", ANYWHERE, RE_ICASE,
	    "\\bnhrp" B "authentication" B KIND VALUE },
	{ "set-key", ANYWHERE, 0, "\\bset-key" B KIND VALUE },
	{ "wpa-psk", ANYWHERE, 0, "\\bwpa-psk" B KIND VALUE },
	{ "psk", ANYWHERE, 0, ":[ \\t]*PSK" B VALUE },
	{ "cak", LINE, 0, "cak" B VALUE },
	{ "idtoken", ANYWHERE, 0, "\\bidtoken" B VALUE },

	/* SNMP */
	{ "snmp", ANYWHERE, RE_ICASE,
	    "\\bsnmp(?:-server)?" B "comm(?:unity)?" B KIND VALUE },
	{ "snmp-server", ANYWHERE, RE_ICASE,
	    "\\bsnmp-server" B "host" B "\\S+" B ".{0,100}?\\b(?:version" B
	    "(?:1|2c)|community)" B KIND VALUE },
	{ "snmp-server", ANYWHERE, RE_ICASE,
	    "\\bsnmp-server" B "host" B "\\S+" B "(?:vrf" B "\\S+" B
	    ")?(?:(?:traps?|informs?)" B "){0,1}+"
	    "(?!(?:vrf|version|community|use-vrf|source-interface|filter-vrf|"
	    "poll|udp-port)\\b)" VALUE },
	{ "snmp", ANYWHERE, RE_ICASE,
	    "\\bsnmp(?:-server)?" B "user" B "\\S.{0,200}?[ \\t]auth" B
	    "(?:md5|sha\\S*)" B "(?:\\d{3}" B ")?" VALUE "(?:" B
	    ".{0,60}?\\bpriv" B "(?:(?:3?des|aes)\\S*" B "(?:\\d{3}" B
	    ")?)?" VALUE ")?" },
	{ "community", LINE, 0,
	    "community" B VALUE "(?=[ \\t]*(?:\\{|authorization\\b))" },
	{ "community", ANYWHERE, RE_ICASE,
	    "\\bcommunity" B "name[ \\t]*:[ \\t]*" VALUE },
	{ "community", LINE, 0, "r[ow]community6?" B VALUE },

	/* Whatever the command is */
	{ "$", EVERYWHERE, 0,
	    "(\\$(?:[0-9]|1[0-9]|2[abxy]|g?y)\\$[^\\s\"';,<>:]{4,})" },
	{ ":", LINE, 0, "[a-z_][\\w.-]*:!?([A-Za-z0-9./]{13}):\\d*:" },
	{ "://", EVERYWHERE, RE_ICASE,
	    "\\b[a-z][a-z0-9+.-]{1,20}://[^\\s/:@]{0,200}:([^\\s/]+)@" },
	{ "authorization", ANYWHERE, RE_ICASE,
	    "\\bauthorization:[ \\t]*(?:basic|bearer)" B "(\\S+)" },
	{ "=", ANYWHERE, RE_ICASE,
	    "(?:password|passwd|passphrase|secret|psk|(?:preshared|private|api|"
	    "auth)[_-]?key|token)[ \\t]*=[ \\t]*" VALUE },
	{ "\":", ANYWHERE, RE_ICASE,
	    "(?:password|passphrase|secret|psk|[_-]key|community|key-string|"
	    "ascii-text|token)\"[ \\t]*:[ \\t]*(\"(?:[^\"\\\\]|\\\\.)*+\"?)" },
	{ "</", ANYWHERE, RE_ICASE,
	    "(?:password|secret|-key|ascii-text|key-string|community-name)"
	    "(?:\\s[^<>]{0,200})?>([^<]+)</" },
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

/* Free text from here to the line's end: an entry of an access list, a remark,
 * a description. */
static const struct form free_texts[] = {
	{ "", COMMAND, RE_ICASE,
	    "(?:(?:ip" B ")?access-list" B "\\S+" B "(?:(?:extended|line" B
	    "\\d+)" B ")*)?(?:\\d+" B ")?(?:permit|deny|remark)\\b" },
	{ "", ANYWHERE, RE_ICASE, "\\b(?:description|remark)[ \\t]" },
};
#define FREE_TEXTS (sizeof(free_texts) / sizeof(free_texts[0]))

/* As with the stack of text/re.c: one for the process, until it ends. */
static struct re *compiled[FORMS + FREE_TEXTS];

static const struct re *
compile(struct re **re, const struct form *form)
{
	struct err err;
	if (!*re)
		*re = re_compile(form->pattern, form->flags, &err);
	BUG_IF(!*re);
	return *re;
}

void
redact_spans_add(struct redact_spans *spans, size_t start, size_t end)
{
	if (start >= end)
		return;
	GROW(spans->items, spans->count, spans->cap);
	spans->items[spans->count++] = (struct redact_span){ start, end };
}

void
redact_spans_clear(struct redact_spans *spans)
{
	free(spans->items);
	*spans = (struct redact_spans){ 0 };
}

static size_t
skip_blanks_back(const char *line, size_t at)
{
	while (at && (line[at - 1] == ' ' || line[at - 1] == '\t'))
		at--;
	return at;
}

/* Is AT where a command begins? Words that turn a command around, and the
 * mark of a line of a difference, are a part of none. */
static bool
is_command_start(const char *line, size_t at, enum place place)
{
	static const char *const before[] = { "no", "default", "do", "set" };
	if (place == EVERYWHERE || place == ANYWHERE)
		return true;
	size_t i = 0, from = skip_blanks_back(line, at);
	if (at && from == at && !strchr("#>-+!$%:;\"'", line[at - 1]))
		return false;
	while (i < sizeof(before) / sizeof(before[0])) {
		size_t len = strlen(before[i]);
		bool is = from >= len &&
		    memcmp(line + from - len, before[i], len) == 0 &&
		    (from == len ||
			!isalnum((unsigned char)line[from - len - 1]));
		if (is)
			from = skip_blanks_back(line, from - len);
		i = is ? 0 : i + 1;
	}
	if (from && strchr("-+!", line[from - 1]) &&
	    skip_blanks_back(line, from - 1) == 0)
		return true;
	return from == 0 ||
	    strchr(place == LINE ? "#>" : "#>$%:;\"'", line[from - 1]) != NULL;
}

/* Where the free text of LINE begins; LEN when there is none. */
static size_t
find_free_text(const char *line, size_t len)
{
	size_t first = len;
	struct re_span span;
	for (size_t i = 0; i < FREE_TEXTS; i++) {
		const struct re *re = compile(
		    &compiled[FORMS + i], &free_texts[i]);
		size_t from = 0;
		while (from < first &&
		    re_match(re, line + from, len - from, &span)) {
			span.start += from;
			if (is_command_start(
				line, span.start, free_texts[i].place)) {
				first = span.start < first ? span.start : first;
				break;
			}
			from = span.start + 1;
		}
	}
	return first;
}

/* The text of one piece of a line, and what is found out about it once. */
struct piece {
	const char *text;
	size_t len;
	size_t base; /* of its first byte in the caller's text */
	size_t free_text; /* where it begins; SIZE_MAX: not looked for yet */
};

static bool
is_in_free_text(struct piece *piece, const struct form *form, size_t at)
{
	if (form->place == EVERYWHERE)
		return false;
	if (piece->free_text == SIZE_MAX)
		piece->free_text = find_free_text(piece->text, piece->len);
	return at >= piece->free_text;
}

static void
apply_form(struct piece *piece, size_t i, struct redact_spans *spans)
{
	const struct re *re = compile(&compiled[i], &forms[i]);
	struct re_span groups[GROUPS];
	size_t from = 0;
	while (from < piece->len &&
	    re_match_groups(
		re, piece->text + from, piece->len - from, groups, GROUPS)) {
		size_t start = from + groups[0].start, end = start + 1;
		bool is = is_command_start(piece->text, start, forms[i].place);
		for (size_t g = 1; is && g < GROUPS; g++) {
			if (groups[g].start == (size_t)-1)
				continue;
			end = from + groups[g].end;
			if (!is_in_free_text(
				piece, &forms[i], from + groups[g].start))
				redact_spans_add(spans,
				    piece->base + from + groups[g].start,
				    piece->base + end);
		}
		from = end;
	}
}

/* Which pairs of neighbours a text holds, as a set of hashes. Most lines hold
 * no stem, and this says so at the cost of one pass for all stems. */
struct pairs {
	uint64_t bits[4];
};

static void
pairs_add(struct pairs *pairs, const char *text, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		unsigned hash = (unsigned char)text[i - 1] * 33u +
		    (unsigned char)text[i];
		pairs->bits[hash >> 6 & 3] |= (uint64_t)1 << (hash & 63);
	}
}

static bool
pairs_hold(const struct pairs *pairs, const struct pairs *wanted)
{
	uint64_t missing = 0;
	for (size_t i = 0; i < 4; i++)
		missing |= wanted->bits[i] & ~pairs->bits[i];
	return !missing;
}

static const struct pairs *
stem_pairs(size_t form)
{
	static struct pairs pairs[FORMS];
	static bool made;
	for (size_t i = 0; !made && i < FORMS; i++)
		pairs_add(&pairs[i], forms[i].stem, strlen(forms[i].stem));
	made = true;
	return &pairs[form];
}

static void
find_in_piece(struct piece *piece, struct redact_spans *spans)
{
	char lower[PIECE_BYTES];
	const char *stem = "";
	struct pairs pairs = { 0 };
	bool there = true;
	for (size_t i = 0; i < piece->len; i++)
		lower[i] = (char)tolower((unsigned char)piece->text[i]);
	pairs_add(&pairs, lower, piece->len);
	for (size_t i = 0; i < FORMS; i++) {
		if (!pairs_hold(&pairs, stem_pairs(i)))
			continue;
		/* Forms of one stem stand together, mostly. */
		if (strcmp(stem, forms[i].stem) != 0) {
			stem = forms[i].stem;
			there = memmem(lower, piece->len, stem, strlen(stem));
		}
		if (there)
			apply_form(piece, i, spans);
	}
}

void
redact_forms_find(
    const char *line, size_t len, size_t base, struct redact_spans *spans)
{
	for (size_t at = 0; at < len; at += PIECE_BYTES / 2) {
		struct piece piece = {
			.text = line + at,
			.len = len - at < PIECE_BYTES ? len - at : PIECE_BYTES,
			.base = base + at,
			.free_text = SIZE_MAX,
		};
		find_in_piece(&piece, spans);
		if (len - at <= PIECE_BYTES)
			return;
	}
}
