/*
 * Lines of a configuration against the rules of a profile. It must not know
 * what becomes of the list.
 */
#include "model/acl_uses.h"

#include "base/alloc.h"
#include "text/re.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 8

static const char *const way_names[ACL_WAY__COUNT] = {
	[ACL_WAY_NONE] = "none",
	[ACL_WAY_PACKETS] = "packets",
	[ACL_WAY_SOURCE] = "source",
};

bool
acl_way_get(const char *name, enum acl_way *way)
{
	int found = str_index(way_names, ACL_WAY__COUNT, name);
	if (found < 0)
		return false;
	*way = (enum acl_way)found;
	return true;
}

void
acl_use_rule_clear(struct acl_use_rule *rule)
{
	re_free(rule->pattern);
	re_free(rule->under);
	free(rule->pattern_text);
	free(rule->under_text);
	free(rule->way_text);
	*rule = (struct acl_use_rule){ 0 };
}

/* Where NAME stands in LINE as a word, from AT on; SIZE_MAX: nowhere. */
static size_t
find_word(const char *line, size_t at, const char *name)
{
	size_t len = strlen(name);
	while (line[at += strspn(line + at, " \t")]) {
		size_t word = strcspn(line + at, " \t");
		if (word == len && memcmp(line + at, name, len) == 0)
			return at;
		at += word;
	}
	return SIZE_MAX;
}

/* Where LINE, by RULE, names the list; SIZE_MAX: it does not. */
static size_t
name_in(const struct acl_use_rule *rule, const char *line, const char *name)
{
	struct re_span spans[GROUPS_MAX];
	int group = re_group(rule->pattern, "list");
	if (!re_match_groups(
		rule->pattern, line, strlen(line), spans, GROUPS_MAX))
		return SIZE_MAX;
	if (group < 0)
		return find_word(line, spans[0].end, name);
	if (group >= GROUPS_MAX)
		return SIZE_MAX;
	size_t start = spans[group].start, len = strlen(name);
	bool same = start != (size_t)-1 && spans[group].end - start == len &&
	    memcmp(line + start, name, len) == 0;
	return same ? start : SIZE_MAX;
}

static bool
is_under(const struct acl_use_rule *rule, const char *header)
{
	return !rule->under ||
	    (header && re_match(rule->under, header, strlen(header), NULL));
}

static bool
is_known(const struct acl_uses *uses, const char *header, const char *line)
{
	for (size_t i = 0; i < uses->count; i++)
		if (str_eq(uses->items[i].header, header) &&
		    str_eq(uses->items[i].line, line))
			return true;
	return false;
}

static void
add_use(struct acl_uses *uses, const struct acl_use_rule *rule,
    const char *header, const char *line, size_t at, size_t len)
{
	size_t indent = strspn(line, " \t");
	if (is_known(uses, header, line + indent))
		return;
	GROW(uses->items, uses->count, uses->cap);
	uses->items[uses->count++] = (struct acl_use){
		.header = header ? xstrdup(header) : NULL,
		.line = xstrdup(line + indent),
		.name_at = at - indent,
		.name_len = len,
		.way = rule->way,
		.moves = rule->moves,
	};
}

void
acl_uses_read(struct acl_uses *uses, const struct acl_use_rule *rules,
    size_t rule_count, const char *text, const char *name)
{
	struct strs lines = { 0 };
	const char *header = NULL;
	strs_add_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];
		bool nested = line[0] == ' ' || line[0] == '\t';
		if (!nested && line[0])
			header = line;
		/* Long configurations: most lines name no list of ours. */
		if (!strstr(line, name))
			continue;
		for (size_t r = 0; r < rule_count; r++) {
			const char *above = nested ? header : NULL;
			size_t at = is_under(&rules[r], above)
			    ? name_in(&rules[r], line, name)
			    : SIZE_MAX;
			if (at == SIZE_MAX)
				continue;
			add_use(uses, &rules[r], above, line, at, strlen(name));
			break;
		}
	}
	strs_clear(&lines);
}

void
acl_uses_clear(struct acl_uses *uses)
{
	for (size_t i = 0; i < uses->count; i++) {
		free(uses->items[i].header);
		free(uses->items[i].line);
	}
	free(uses->items);
	*uses = (struct acl_uses){ 0 };
}

const struct acl_use *
acl_uses_fixed(const struct acl_uses *uses)
{
	for (size_t i = 0; i < uses->count; i++)
		if (!uses->items[i].moves)
			return &uses->items[i];
	return NULL;
}

bool
acl_uses_on_way(const struct acl_uses *uses, enum acl_way way)
{
	for (size_t i = 0; i < uses->count; i++)
		if (uses->items[i].way == way)
			return true;
	return false;
}

char *
acl_use_line(const struct acl_use *use, const char *name)
{
	return xasprintf("%.*s%s%s", (int)use->name_at, use->line, name,
	    use->line + use->name_at + use->name_len);
}

void
acl_uses_move(const struct acl_uses *uses, const char *name, struct strs *lines)
{
	const char *header = NULL;
	for (size_t i = 0; i < uses->count; i++) {
		const struct acl_use *use = &uses->items[i];
		char *line = acl_use_line(use, name);
		if (use->header && !str_eq(use->header, header))
			strs_add(lines, use->header);
		header = use->header;
		strs_take(
		    lines, xasprintf("%s%s", use->header ? " " : "", line));
		free(line);
	}
}

char *
acl_use_text(const struct acl_use *use)
{
	return xasprintf("%s%s%s", use->header ? use->header : "",
	    use->header ? ", " : "", use->line);
}

static bool
is_address(const char *text)
{
	unsigned char bytes[16];
	return inet_pton(AF_INET, text, bytes) == 1 ||
	    inet_pton(AF_INET6, text, bytes) == 1;
}

char *
acl_client_address(const struct re *pattern, const char *text)
{
	struct strs lines = { 0 };
	char *found = NULL;
	int group = re_group(pattern, "address");
	strs_add_lines(&lines, text);
	for (size_t i = 0; i < lines.count && !found; i++) {
		struct re_span spans[GROUPS_MAX];
		const char *line = lines.items[i];
		if (group < 0 || group >= GROUPS_MAX ||
		    !re_match_groups(
			pattern, line, strlen(line), spans, GROUPS_MAX) ||
		    spans[group].start == (size_t)-1)
			continue;
		found = xstrndup(line + spans[group].start,
		    spans[group].end - spans[group].start);
		if (!is_address(found)) {
			free(found);
			found = NULL;
		}
	}
	strs_clear(&lines);
	return found;
}
