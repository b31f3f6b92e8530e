/*
 * The platforms' dialects, one row each. What is particular to a platform
 * stands here as data; the other acl files ask the row. FRR's facts were seen
 * on 8.4.4 (vtysh, zebra and staticd).
 */
#include "model/acl_dialect.h"

#include "base/buf.h"

#include <string.h>
#include <strings.h>

static const struct acl_header ios_headers[] = {
	{ "extended ip access list", ACL_EXTENDED, false, NULL },
	{ "standard ip access list", ACL_STANDARD, false, NULL },
	{ "ipv6 access list", ACL_IPV6, false, NULL },
	{ "ip access-list extended", ACL_EXTENDED, false, NULL },
	{ "ip access-list standard", ACL_STANDARD, false, NULL },
	{ "ipv6 access-list", ACL_IPV6, false, NULL },
	{ "access-list", ACL_ANY, true, NULL },
	{ NULL, ACL_ANY, false, NULL },
};

static const struct acl_header nxos_headers[] = {
	{ "ip access list", ACL_IPV4, false, NULL },
	{ "ipv6 access list", ACL_IPV6, false, NULL },
	{ "ip access-list", ACL_IPV4, false, NULL },
	{ "ipv6 access-list", ACL_IPV6, false, NULL },
	{ NULL, ACL_IPV4, false, NULL },
};

/* The forms of the show and those of the configuration. */
static const struct acl_header eos_headers[] = {
	{ "ip access list", ACL_IPV4, false, NULL },
	{ "standard ip access list", ACL_IPV4, false, NULL },
	{ "ipv6 access list", ACL_IPV6, false, NULL },
	{ "ip access-list standard", ACL_IPV4, false, NULL },
	{ "ip access-list", ACL_IPV4, false, NULL },
	{ "ipv6 access-list", ACL_IPV6, false, NULL },
	{ NULL, ACL_IPV4, false, NULL },
};

/* FRR names a list after its first entry; a list may hold all three forms. */
static const struct acl_header frr_headers[] = {
	{ "extended ip access list", ACL_IPV4, false, NULL },
	{ "standard ip access list", ACL_IPV4, false, NULL },
	{ "zebra ip access list", ACL_IPV4, false, NULL },
	{ "zebra ipv6 access list", ACL_IPV6, false, NULL },
	{ "access-list", ACL_IPV4, true, NULL },
	{ "ipv6 access-list", ACL_IPV6, true, NULL },
	{ NULL, ACL_IPV4, false, NULL },
};

static const char *const no_settings[] = { NULL };
static const char *const nxos_settings[] = { "statistics per-entry", NULL };
static const char *const eos_settings[] = { "statistics per-entry",
	"counters per-entry", NULL };

/*
 * How lists are edited. A number in front of a remark of an IPv4 list is what
 * IOS-XE writes and takes; a classic IOS that refuses it refuses the line, and
 * nothing else happens. IPv6 lists of IOS number their remarks but do not show
 * these numbers, and cannot be renumbered.
 */
static const struct acl_writing ios_writings[] = {
	{
	    .type = ACL_EXTENDED,
	    .remarks = ACL_REMARKS_SHARED,
	    .open = "ip access-list extended {list}",
	    .destroy = "no ip access-list extended {list}",
	    .add = "[{n} ]{words}",
	    .remove = "no {n}",
	    .remove_remark = "no {words}",
	    .resequence = "ip access-list resequence {list} {n} {n}",
	},
	{
	    .type = ACL_STANDARD,
	    .remarks = ACL_REMARKS_SHARED,
	    .open = "ip access-list standard {list}",
	    .destroy = "no ip access-list standard {list}",
	    .add = "[{n} ]{words}",
	    .remove = "no {n}",
	    .remove_remark = "no {words}",
	    .resequence = "ip access-list resequence {list} {n} {n}",
	},
	{
	    .type = ACL_IPV6,
	    .remarks = ACL_REMARKS_NUMBERED,
	    .open = "ipv6 access-list {list}",
	    .destroy = "no ipv6 access-list {list}",
	    .add = "[sequence {n} ]{words}",
	    .remove = "no sequence {n}",
	},
	{ .add = NULL },
};

static const struct acl_writing nxos_writings[] = {
	{
	    .type = ACL_IPV4,
	    .remarks = ACL_REMARKS_NUMBERED,
	    .open = "ip access-list {list}",
	    .destroy = "no ip access-list {list}",
	    .add = "[{n} ]{words}",
	    .remove = "no {n}",
	    .resequence = "resequence ip access-list {list} {n} {n}",
	},
	{
	    .type = ACL_IPV6,
	    .remarks = ACL_REMARKS_NUMBERED,
	    .open = "ipv6 access-list {list}",
	    .destroy = "no ipv6 access-list {list}",
	    .add = "[{n} ]{words}",
	    .remove = "no {n}",
	    .resequence = "resequence ipv6 access-list {list} {n} {n}",
	},
	{ .add = NULL },
};

static const struct acl_writing eos_writings[] = {
	{
	    .type = ACL_IPV4,
	    .remarks = ACL_REMARKS_NUMBERED,
	    .open = "ip access-list {list}",
	    .destroy = "no ip access-list {list}",
	    .add = "[{n} ]{words}",
	    .remove = "no {n}",
	    .resequence = "resequence {n} {n}",
	    .resequence_inside = true,
	},
	{
	    .type = ACL_IPV6,
	    .remarks = ACL_REMARKS_NUMBERED,
	    .open = "ipv6 access-list {list}",
	    .destroy = "no ipv6 access-list {list}",
	    .add = "[{n} ]{words}",
	    .remove = "no {n}",
	    .resequence = "resequence {n} {n}",
	    .resequence_inside = true,
	},
	{ .add = NULL },
};

static const struct acl_writing frr_writings[] = {
	{
	    .type = ACL_IPV4,
	    .remarks = ACL_REMARKS_SINGLE,
	    .destroy = "no access-list {list}",
	    .add = "access-list {list} [seq {n} ]{words}",
	    .remove = "no access-list {list} seq {n} {words}",
	    .remove_remark = "no access-list {list} remark",
	},
	{
	    .type = ACL_IPV6,
	    .remarks = ACL_REMARKS_SINGLE,
	    .destroy = "no ipv6 access-list {list}",
	    .add = "ipv6 access-list {list} [seq {n} ]{words}",
	    .remove = "no ipv6 access-list {list} seq {n} {words}",
	    .remove_remark = "no ipv6 access-list {list} remark",
	},
	{ .add = NULL },
};

/* `set` form, with the note that `display set` has of what is deactivated. */
static const struct acl_header junos_headers[] = {
	{ "set firewall family inet filter", ACL_IPV4, true, NULL },
	{ "set firewall family inet6 filter", ACL_IPV6, true, NULL },
	{ "deactivate firewall family inet filter", ACL_IPV4, true,
	    "inactive" },
	{ "deactivate firewall family inet6 filter", ACL_IPV6, true,
	    "inactive" },
	{ NULL, ACL_IPV4, false, NULL },
};

static const char *const junos_settings[] = { "interface-specific",
	"physical-interface-filter", "enhanced-mode", NULL };

static const struct acl_writing junos_writings[] = {
	{
	    .type = ACL_IPV4,
	    .remarks = ACL_REMARKS_NUMBERED,
	    .destroy = "delete firewall family inet filter {list}",
	    .add = "set firewall family inet filter {list} {words}",
	    .remove = "delete firewall family inet filter {list} {words}",
	    .move = "insert firewall family inet filter {list} {words}",
	},
	{
	    .type = ACL_IPV6,
	    .remarks = ACL_REMARKS_NUMBERED,
	    .destroy = "delete firewall family inet6 filter {list}",
	    .add = "set firewall family inet6 filter {list} {words}",
	    .remove = "delete firewall family inet6 filter {list} {words}",
	    .move = "insert firewall family inet6 filter {list} {words}",
	},
	{ .add = NULL },
};

/*
 * FRR orders numbers above 2147483647 wrongly (seen on 8.4.4). What a list
 * without entries means to traffic: see acl_flow.h.
 */
static const struct acl_dialect dialects[] = {
	{
	    .name = "ios",
	    .step = 10,
	    .drops_duplicates = true,
	    .has_types = true,
	    .number_max = 2147483647,
	    .absent = ACL_ANSWER_PERMIT,
	    .empty = ACL_ANSWER_PERMIT,
	    .writings = ios_writings,
	    .headers = ios_headers,
	    .settings = no_settings,
	},
	{
	    .name = "nxos",
	    .step = 10,
	    .remarks_numbered = true,
	    .number_max = 4294967295,
	    .absent = ACL_ANSWER_PERMIT,
	    .empty = ACL_ANSWER_DENY,
	    .writings = nxos_writings,
	    .headers = nxos_headers,
	    .settings = nxos_settings,
	},
	{
	    .name = "eos",
	    .step = 10,
	    .remarks_numbered = true,
	    .applies_at_exit = true,
	    .number_max = 4294967295,
	    .absent = ACL_ANSWER_UNKNOWN,
	    .empty = ACL_ANSWER_UNKNOWN,
	    .writings = eos_writings,
	    .headers = eos_headers,
	    .settings = eos_settings,
	},
	{
	    .name = "frr",
	    .step = 5,
	    .remark_single = true,
	    .remark_blanks = true,
	    .drops_duplicates = true,
	    .same_number_wins = true,
	    .prefix_differs = true,
	    .number_max = 2147483647,
	    .absent = ACL_ANSWER_UNKNOWN,
	    .empty = ACL_ANSWER_UNKNOWN,
	    .writings = frr_writings,
	    .headers = frr_headers,
	    .settings = no_settings,
	},
	{
	    .name = "junos",
	    .terms = true,
	    .absent = ACL_ANSWER_UNKNOWN,
	    .empty = ACL_ANSWER_UNKNOWN,
	    .writings = junos_writings,
	    .headers = junos_headers,
	    .settings = junos_settings,
	},
};

#define DIALECTS (sizeof(dialects) / sizeof(*dialects))

const struct acl_dialect *
acl_dialect_find(const char *name)
{
	for (size_t i = 0; i < DIALECTS; i++)
		if (str_eq(dialects[i].name, name))
			return &dialects[i];
	return NULL;
}

const char *
acl_dialect_name(const struct acl_dialect *dialect)
{
	return dialect->name;
}

const char *
acl_dialect_name_at(size_t i)
{
	return i < DIALECTS ? dialects[i].name : NULL;
}

bool
acl_line_is_empty(const char *line)
{
	line += strspn(line, " \t\r\n\v\f");
	return !*line || *line == '!';
}

/* True if LINE has the words of WORDS and no others. */
static bool
same_words(const char *line, const char *words)
{
	for (;;) {
		line += strspn(line, " \t\r\n");
		words += strspn(words, " ");
		size_t len = strcspn(words, " ");
		if (len != strcspn(line, " \t\r\n") ||
		    strncasecmp(line, words, len) != 0)
			return false;
		if (len == 0)
			return true;
		line += len;
		words += len;
	}
}

const char *
acl_dialect_setting(const struct acl_dialect *dialect, const char *line)
{
	for (size_t i = 0; dialect->settings[i]; i++)
		if (same_words(line, dialect->settings[i]))
			return dialect->settings[i];
	return NULL;
}

const struct acl_writing *
acl_writing_find(const struct acl_dialect *dialect, enum acl_type type)
{
	const struct acl_writing *row;
	if (!dialect->has_types && type != ACL_IPV6)
		type = ACL_IPV4;
	for (row = dialect->writings; row->add; row++)
		if (row->type == type)
			return row;
	return NULL;
}

/* True if P stands at WORD, and skips it. */
static bool
skip(const char **p, const char *word)
{
	size_t len = strlen(word);
	if (strncmp(*p, word, len) != 0)
		return false;
	*p += len;
	return true;
}

char *
acl_writing_fill(
    const char *form, const char *list, uint32_t number, const char *words)
{
	struct buf out;
	buf_init(&out, ACL_TEXT_MAX);
	for (const char *p = form; *p;) {
		if (skip(&p, "{list}"))
			buf_adds(&out, list);
		else if (skip(&p, "{words}"))
			buf_adds(&out, words);
		else if (skip(&p, "{n}"))
			buf_addf(&out, "%u", number);
		else if (*p == '[' && !number)
			p = strchr(p, ']') + 1;
		else if (*p == '[' || *p == ']')
			p++;
		else
			buf_addc(&out, *p++);
	}
	return buf_take(&out);
}
