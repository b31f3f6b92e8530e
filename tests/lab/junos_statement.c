/*
 * Statements of Junos: adding, removing, moving, printing. It must not know
 * candidates, commits or terminals.
 */
#include "junos.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
junos_below(const char *line, const char *path)
{
	size_t len = strlen(path);
	return !len ||
	    (strncmp(line, path, len) == 0 && strchr(" ", line[len]));
}

static bool
one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (str_eq(word, *list))
			return true;
	return false;
}

static const char *const tops[] = { "system", "interfaces", "firewall",
	"policy-options", "routing-options", "protocols", "snmp", "chassis",
	"vlans", "security", "groups", "routing-instances", "apply-groups",
	"forwarding-options", "class-of-service", NULL };
static const char *const froms[] = { "source-address", "destination-address",
	"address", "protocol", "source-port", "destination-port", "port",
	"tcp-established", "source-prefix-list", "destination-prefix-list",
	"prefix-list", "icmp-type", "icmp-code", "is-fragment",
	"fragment-offset", "dscp", "ttl", NULL };
static const char *const thens[] = { "accept", "discard", "reject", "count",
	"log", "syslog", "next", "policer", "sample", NULL };
static const char *const addresses[] = { "source-address",
	"destination-address", "address", NULL };

static bool
is_prefix(const char *word)
{
	char text[64];
	unsigned char in[16];
	snprintf(text, sizeof(text), "%s", word);
	char *slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	if (slash && !word_is_number(slash + 1))
		return false;
	if (inet_pton(AF_INET6, text, in) == 1)
		return !slash || strtol(slash + 1, NULL, 10) <= 128;
	return inet_pton(AF_INET, text, in) == 1 &&
	    (!slash || strtol(slash + 1, NULL, 10) <= 32);
}

/* The words of a filter's term from word AT on (`term NAME ...`). */
static bool
term_fits(const struct words *words, size_t at, size_t *wrong)
{
	size_t count = words->count;
	const struct word *w = words->items;
	*wrong = at;
	if (at < count && !str_eq(w[at].text, "term"))
		return str_eq(w[at].text, "interface-specific");
	if ((*wrong = at + 2) >= count)
		return true;
	bool from = str_eq(w[at + 2].text, "from");
	if (!from && !str_eq(w[at + 2].text, "then"))
		return false;
	if ((*wrong = at + 3) >= count)
		return true;
	if (!one_of(w[at + 3].text, from ? froms : thens))
		return false;
	*wrong = at + 4;
	return !from || at + 4 >= count || !one_of(w[at + 3].text, addresses) ||
	    is_prefix(w[at + 4].text);
}

static bool
statement_fits(const struct words *words, size_t *wrong)
{
	*wrong = 0;
	if (!words->count || !one_of(words->items[0].text, tops))
		return false;
	if (!str_eq(words->items[0].text, "firewall"))
		return true;
	size_t at = 1;
	if (words->count > 1 && str_eq(words->items[1].text, "family"))
		at = 3;
	*wrong = at;
	if (at >= words->count)
		return true;
	if (!str_eq(words->items[at].text, "filter"))
		return str_eq(words->items[at].text, "policer");
	return at + 2 >= words->count || term_fits(words, at + 2, wrong);
}

/* The statement of which there is one only: all but its value. */
static char *
single_path(const struct words *words)
{
	static const char *const single[] = { "host-name", "domain-name",
		"description", "input", "output", "time-zone", NULL };
	static const char *const actions[] = { "accept", "discard", "reject",
		NULL };
	struct buf out;
	size_t count = words->count;
	bool value = count > 1 && one_of(words->items[count - 2].text, single);
	if (!value &&
	    (count < 2 || !one_of(words->items[count - 1].text, actions)))
		return NULL;
	buf_init(&out, 8192);
	for (size_t i = 0; i + 1 < count; i++)
		buf_addf(&out, "%s%s", i ? " " : "", words->items[i].text);
	return buf_take(&out);
}

static size_t
common_words(const char *a, const char *b)
{
	size_t count = 0;
	for (size_t i = 0;; i++) {
		bool ends = !a[i] || a[i] == ' ', other = !b[i] || b[i] == ' ';
		if (ends && other)
			count++;
		if (!a[i] || !b[i] || a[i] != b[i])
			return count;
	}
}

static void
put_at(struct strs *lines, size_t at, const char *line)
{
	strs_add(lines, line);
	char *last = lines->items[lines->count - 1];
	memmove(&lines->items[at + 1], &lines->items[at],
	    (lines->count - 1 - at) * sizeof(lines->items[0]));
	lines->items[at] = last;
}

static void
remove_at(struct strs *lines, size_t at)
{
	free(lines->items[at]);
	lines->count--;
	memmove(&lines->items[at], &lines->items[at + 1],
	    (lines->count - at) * sizeof(lines->items[0]));
}

/* Where a new statement goes: behind the last of its nearest relatives. */
static size_t
place_of(const struct strs *lines, const char *line)
{
	size_t most = 0, at = lines->count;
	for (size_t i = 0; i < lines->count; i++) {
		size_t common = common_words(lines->items[i], line);
		if (common && common >= most) {
			most = common;
			at = i + 1;
		}
	}
	return at;
}

/* accept, discard and reject give way to each other, values to values. */
static bool
gives_way(const char *line, const char *path)
{
	const char *last = strrchr(line, ' ');
	if (!junos_below(line, path) || line[strlen(path)] != ' ')
		return false;
	if (str_starts(strrchr(path, ' ') ? strrchr(path, ' ') : "", " then"))
		return str_eq(last, " accept") || str_eq(last, " discard") ||
		    str_eq(last, " reject");
	return true;
}

static void
add(struct strs *lines, const struct words *words, const char *line)
{
	if (strs_has(lines, line))
		return;
	char *single = single_path(words);
	size_t at = place_of(lines, line);
	for (size_t i = lines->count; single && i-- > 0;)
		if (gives_way(lines->items[i], single)) {
			remove_at(lines, i);
			at = i;
		}
	/* A container that was made empty is one no longer. */
	for (size_t i = lines->count; i-- > 0;)
		if (junos_below(line, lines->items[i]) &&
		    !str_eq(line, lines->items[i])) {
			remove_at(lines, i);
			at = at > i ? at - 1 : at;
		}
	put_at(lines, at, line);
	free(single);
}

enum junos_answer
junos_apply(struct strs *lines, bool set, const char *path, size_t *word)
{
	struct words words;
	struct buf clean;
	enum junos_answer answer = JUNOS_SYNTAX;
	buf_init(&clean, 8192);
	words_init(&words, path);
	for (size_t i = 0; i < words.count; i++)
		buf_addf(&clean, "%s%s", i ? " " : "", words.items[i].text);
	const char *line = buf_str(&clean);
	*word = 0;
	if (set && statement_fits(&words, word)) {
		answer = JUNOS_OK;
		add(lines, &words, line);
	} else if (!set && words.count) {
		answer = JUNOS_NOT_FOUND;
		for (size_t i = lines->count; i-- > 0;)
			if (junos_below(lines->items[i], line)) {
				remove_at(lines, i);
				answer = JUNOS_OK;
			}
	}
	words_clear(&words);
	buf_clear(&clean);
	return answer;
}

enum junos_answer
junos_insert(
    struct strs *lines, const char *path, bool before, const char *other)
{
	struct strs moved = { 0 };
	size_t at = 0;
	bool found = false;
	for (size_t i = 0; i < lines->count;) {
		if (!junos_below(lines->items[i], path)) {
			i++;
			continue;
		}
		strs_add(&moved, lines->items[i]);
		remove_at(lines, i);
	}
	for (size_t i = 0; i < lines->count; i++) {
		if (!junos_below(lines->items[i], other))
			continue;
		at = before && !found ? i : before ? at : i + 1;
		found = true;
	}
	if (!found)
		at = lines->count;
	for (size_t i = 0; i < moved.count; i++)
		put_at(lines, at + i, moved.items[i]);
	bool any = moved.count > 0;
	strs_clear(&moved);
	return found && any ? JUNOS_OK : JUNOS_NOT_FOUND;
}

/* Words behind which a name stands that belongs to the container. */
static const char *const named[] = { "family", "filter", "term", "unit",
	"prefix-list", "policy-statement", "user", "group", "policer", NULL };
static const char *const blocks[] = { "from", "then", "source-address",
	"destination-address", "address", "interfaces", "system", "firewall",
	NULL };

static const char *
word_at(const char *line, size_t index, size_t *len)
{
	for (; index; index--) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	*len = strcspn(line, " ");
	return line;
}

/* Statements COUNT of LINES, alike in their first DEPTH words, in braces. */
static void
braces(
    char *const *lines, size_t count, size_t depth, struct buf *out, int indent)
{
	for (size_t i = 0; i < count;) {
		size_t len, next_len, same = 1, words = 1;
		const char *word = word_at(lines[i], depth, &len);
		char head[256];
		if (!len) {
			i++;
			continue;
		}
		snprintf(head, sizeof(head), "%.*s", (int)len, word);
		const char *name = word_at(lines[i], depth + 1, &next_len);
		bool block = one_of(head, blocks);
		if (next_len && one_of(head, named))
			words = 2;
		while (i + same < count &&
		    common_words(lines[i], lines[i + same]) >= depth + words)
			same++;
		word_at(lines[i], depth + words, &next_len);
		size_t more;
		word_at(lines[i], depth + words + 1, &more);
		int shown = (int)(words == 2
			? (size_t)(name - word) + strcspn(name, " ")
			: len);
		buf_addf(out, "%*s%.*s", indent, "", shown, word);
		if (!next_len) {
			buf_adds(out, ";\n");
		} else if (words == 1 && same == 1 && !more && !block) {
			buf_addf(out, "%s;\n", word + len);
		} else {
			buf_adds(out, " {\n");
			braces(lines + i, same, depth + words, out, indent + 4);
			buf_addf(out, "%*s}\n", indent, "");
		}
		i += same;
	}
}

void
junos_print(
    const struct strs *lines, const char *path, bool set, struct buf *out)
{
	size_t first = lines->count, count = 0, len, depth = 0;
	for (size_t i = 0; i < lines->count; i++) {
		if (!junos_below(lines->items[i], path))
			continue;
		if (set)
			buf_addf(out, "set %s\n", lines->items[i]);
		first = first < i ? first : i;
		count++;
	}
	while (word_at(path, depth, &len), len)
		depth++;
	if (!set && count)
		braces(lines->items + first, count, depth, out, 0);
}

/* The container that a difference is shown under: the filter's term, or all
 * words but two. */
static size_t
container_len(const char *line)
{
	const char *term = strstr(line, " term ");
	if (term)
		return (size_t)(term - line) + 6 + strcspn(term + 6, " ");
	const char *last = strrchr(line, ' ');
	size_t len = last ? (size_t)(last - line) : 0;
	while (len && line[len - 1] != ' ')
		len--;
	return len ? len - 1 : 0;
}

static void
compare_one(const char *sign, const struct strs *in, const struct strs *other,
    char header[512], struct buf *out)
{
	for (size_t i = 0; i < in->count; i++) {
		const char *line = in->items[i];
		char now[512];
		if (strs_has(other, line))
			continue;
		size_t len = container_len(line);
		snprintf(now, sizeof(now), "[edit%s%.*s]", len ? " " : "",
		    (int)len, line);
		if (!str_eq(now, header))
			buf_addf(out, "%s\n", now);
		snprintf(header, 512, "%s", now);
		buf_addf(out, "%s   %s;\n", sign, line + len + (len != 0));
	}
}

/* True when those that are in both stand in another order. */
static bool
moved(const struct strs *old, const struct strs *now)
{
	size_t at = 0;
	for (size_t i = 0; i < now->count; i++) {
		if (!strs_has(old, now->items[i]))
			continue;
		while (at < old->count && !strs_has(now, old->items[at]))
			at++;
		if (at < old->count && !str_eq(old->items[at], now->items[i]))
			return true;
		at++;
	}
	return false;
}

void
junos_compare(const struct strs *old, const struct strs *now, struct buf *out)
{
	char header[512] = "";
	compare_one("-", old, now, header, out);
	compare_one("+", now, old, header, out);
	if (moved(old, now))
		buf_adds(out,
		    "[edit firewall]\n!   statements in another "
		    "order;\n");
}
