/*
 * Firewall filters of Junos: what they do with a packet, and whether they are
 * there. The terms of a filter stand in the order of their statements.
 */
#include "acl_match.h"
#include "junos.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
prefix_fits(const char *text, uint32_t address)
{
	char copy[64];
	struct in_addr in;
	snprintf(copy, sizeof(copy), "%s", text);
	char *slash = strchr(copy, '/');
	long bits = slash ? strtol(slash + 1, NULL, 10) : 32;
	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, copy, &in) != 1)
		return false;
	uint32_t mask = bits <= 0 ? 0 : UINT32_MAX << (32 - bits);
	return ((ntohl(in.s_addr) ^ address) & mask) == 0;
}

static bool
port_fits(const char *text, int port)
{
	char *end;
	if (str_eq(text, "ssh"))
		return port == 22;
	if (str_eq(text, "telnet"))
		return port == 23;
	long first = strtol(text, &end, 10), last = first;
	if (*end == '-')
		last = strtol(end + 1, NULL, 10);
	return end != text && port >= first && port <= last;
}

static bool
list_fits(const struct strs *lines, const char *name, uint32_t address)
{
	char path[256];
	snprintf(path, sizeof(path), "policy-options prefix-list %s", name);
	for (size_t i = 0; i < lines->count; i++)
		if (junos_below(lines->items[i], path) &&
		    prefix_fits(strrchr(lines->items[i], ' ') + 1, address))
			return true;
	return false;
}

/* One `from` statement: KEY VALUE. */
static bool
condition_fits(const struct strs *lines, const char *key, const char *value,
    const struct flow *flow)
{
	if (str_eq(key, "source-address"))
		return prefix_fits(value, flow->source);
	if (str_eq(key, "destination-address"))
		return prefix_fits(value, flow->destination);
	if (str_eq(key, "address"))
		return prefix_fits(value, flow->source) ||
		    prefix_fits(value, flow->destination);
	if (str_eq(key, "source-prefix-list"))
		return list_fits(lines, value, flow->source);
	if (str_eq(key, "destination-prefix-list"))
		return list_fits(lines, value, flow->destination);
	if (str_eq(key, "prefix-list"))
		return list_fits(lines, value, flow->source) ||
		    list_fits(lines, value, flow->destination);
	if (str_eq(key, "protocol"))
		return str_eq(value, "tcp") || str_eq(value, "6");
	if (str_eq(key, "destination-port"))
		return port_fits(value, flow->port);
	if (str_eq(key, "source-port"))
		return port_fits(value, flow->source_port);
	if (str_eq(key, "port"))
		return port_fits(value, flow->port) ||
		    port_fits(value, flow->source_port);
	return str_eq(key, "tcp-established") && flow->established;
}

/* All kinds of conditions must fit, of each kind one. */
static bool
term_fits(const struct strs *lines, const char *term, const struct flow *flow)
{
	struct strs asked = { 0 }, fit = { 0 };
	struct buf path;
	buf_init(&path, 1024);
	buf_addf(&path, "%s from", term);
	for (size_t i = 0; i < lines->count; i++) {
		struct words words;
		const char *line = lines->items[i];
		if (!junos_below(line, buf_str(&path)) || !line[path.len])
			continue;
		words_init(&words, line + path.len);
		const char *key = words.items[0].text;
		const char *value = words.count > 1 ? words.items[1].text : "";
		if (!strs_has(&asked, key))
			strs_add(&asked, key);
		if (condition_fits(lines, key, value, flow) &&
		    !strs_has(&fit, key))
			strs_add(&fit, key);
		words_clear(&words);
	}
	bool fits = asked.count == fit.count;
	strs_clear(&asked);
	strs_clear(&fit);
	buf_clear(&path);
	return fits;
}

enum verdict { GO_ON, ACCEPT, DENY };

static enum verdict
term_does(const struct strs *lines, const char *term)
{
	char path[1024];
	enum verdict verdict = ACCEPT; /* also when it only counts */
	snprintf(path, sizeof(path), "%s then", term);
	for (size_t i = 0; i < lines->count; i++) {
		const char *line = lines->items[i];
		if (!junos_below(line, path))
			continue;
		const char *what = line + strlen(path);
		if (str_starts(what, " discard") || str_starts(what, " reject"))
			verdict = DENY;
		else if (str_eq(what, " next term"))
			verdict = GO_ON;
	}
	return verdict;
}

static bool
filter_permits(const struct strs *lines, const char *name,
    const struct flow *flow, struct buf *why)
{
	char start[512], last[512] = "";
	snprintf(
	    start, sizeof(start), "firewall family inet filter %s term ", name);
	for (size_t i = 0; i < lines->count; i++) {
		const char *line = lines->items[i];
		char term[512];
		if (!str_starts(line, start))
			continue;
		snprintf(term, sizeof(term), "%.*s",
		    (int)(strlen(start) + strcspn(line + strlen(start), " ")),
		    line);
		if (str_eq(term, last))
			continue;
		snprintf(last, sizeof(last), "%s", term);
		if (!term_fits(lines, term, flow))
			continue;
		enum verdict verdict = term_does(lines, term);
		if (verdict == DENY && why)
			buf_adds(why, term);
		if (verdict != GO_ON)
			return verdict == ACCEPT;
	}
	if (why)
		buf_addf(why, "filter %s: end of the filter", name);
	return false;
}

static bool
filter_exists(const struct strs *lines, const char *name)
{
	char path[1024];
	snprintf(path, sizeof(path), "firewall family inet filter %s", name);
	for (size_t i = 0; i < lines->count; i++)
		if (junos_below(lines->items[i], path))
			return true;
	return false;
}

/* The filter that LINE applies to what comes in, or NULL. */
static const char *
applied(const char *line)
{
	const char *at = strstr(line, " family inet filter input ");
	return str_starts(line, "interfaces ") && at
	    ? at + strlen(" family inet filter input ")
	    : NULL;
}

bool
junos_permits(
    const struct device *device, const struct flow *flow, struct buf *why)
{
	const struct strs *lines = &device->running.globals;
	char way[256];
	snprintf(way, sizeof(way), "interfaces %s", device->way);
	for (size_t i = 0; i < lines->count; i++) {
		const char *name = applied(lines->items[i]);
		if (!name || !junos_below(lines->items[i], way) ||
		    !filter_exists(lines, name))
			continue;
		if (!filter_permits(lines, name, flow, why))
			return false;
	}
	return true;
}

bool
junos_check(const struct strs *lines, struct buf *why)
{
	for (size_t i = 0; i < lines->count; i++) {
		const char *name = applied(lines->items[i]);
		if (!name || filter_exists(lines, name))
			continue;
		const char *end = strstr(lines->items[i], " filter input ");
		buf_addf(why,
		    "[edit %.*s]\n  'filter'\n"
		    "    Referenced filter '%s' is not defined\n",
		    (int)(end - lines->items[i]), lines->items[i], name);
		return false;
	}
	return true;
}

void
junos_list_filters(struct config *config)
{
	static const char start[] = "firewall family inet filter ";
	while (config->acl_count)
		config_acl_remove(config, config->acls[0]->name);
	for (size_t i = 0; i < config->globals.count; i++) {
		const char *line = config->globals.items[i];
		if (!str_starts(line, start))
			continue;
		const char *name = line + strlen(start);
		size_t len = strcspn(name, " ");
		if (!name[len])
			continue;
		char *copy = xstrndup(name, len);
		struct acl *acl = config_acl_make(config, copy, ACL_NXOS);
		free(copy);
		GROW(acl->entries, acl->count, acl->cap);
		acl->entries[acl->count] = (struct acl_entry){
			.sequence = (uint32_t)acl->count + 1,
			.text = xstrdup(name + len + 1),
			.shown = xstrdup(name + len + 1),
		};
		acl->count++;
	}
}
