/*
 * Keeps a device's configuration. It must not know commands, prompts or
 * sessions: only what is set to what.
 */
#include "config.h"

#include "words.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

void
config_init(struct config *config, const char *hostname)
{
	*config = (struct config){ .hostname = xstrdup(hostname) };
}

static void
section_clear(struct section *section)
{
	free(section->header);
	strs_clear(&section->lines);
}

void
config_clear(struct config *config)
{
	free(config->hostname);
	strs_clear(&config->globals);
	for (size_t i = 0; i < config->section_count; i++)
		section_clear(&config->sections[i]);
	free(config->sections);
	for (size_t i = 0; i < config->acl_count; i++)
		acl_free(config->acls[i]);
	free(config->acls);
	*config = (struct config){ 0 };
}

static void
strs_copy(struct strs *to, const struct strs *from)
{
	for (size_t i = 0; i < from->count; i++)
		strs_add(to, from->items[i]);
}

void
config_copy(struct config *to, const struct config *from)
{
	config_init(to, from->hostname);
	strs_copy(&to->globals, &from->globals);
	for (size_t i = 0; i < from->section_count; i++) {
		const struct section *section = &from->sections[i];
		strs_copy(&config_section(to, section->header, true)->lines,
		    &section->lines);
	}
	for (size_t i = 0; i < from->acl_count; i++)
		acl_copy(config_acl_make(
			     to, from->acls[i]->name, from->acls[i]->kind),
		    from->acls[i]);
}

static bool
strs_same(const struct strs *a, const struct strs *b)
{
	bool same = a->count == b->count;
	for (size_t i = 0; same && i < a->count; i++)
		same = str_eq(a->items[i], b->items[i]);
	return same;
}

bool
config_same(const struct config *a, const struct config *b)
{
	bool same = str_eq(a->hostname, b->hostname) &&
	    strs_same(&a->globals, &b->globals) &&
	    a->section_count == b->section_count &&
	    a->acl_count == b->acl_count;
	for (size_t i = 0; same && i < a->section_count; i++)
		same = str_eq(a->sections[i].header, b->sections[i].header) &&
		    strs_same(&a->sections[i].lines, &b->sections[i].lines);
	for (size_t i = 0; same && i < a->acl_count; i++)
		same = str_eq(a->acls[i]->name, b->acls[i]->name) &&
		    acl_same(a->acls[i], b->acls[i]);
	return same;
}

static size_t
acl_index(const struct config *config, const char *name)
{
	size_t i = 0;
	while (i < config->acl_count && !str_eq(config->acls[i]->name, name))
		i++;
	return i;
}

struct acl *
config_acl(const struct config *config, const char *name)
{
	size_t i = acl_index(config, name);
	return i < config->acl_count ? config->acls[i] : NULL;
}

struct acl *
config_acl_make(struct config *config, const char *name, enum acl_kind kind)
{
	struct acl *acl = config_acl(config, name);
	if (acl)
		return acl;
	GROW(config->acls, config->acl_count, config->acl_cap);
	acl = acl_new(name, kind);
	config->acls[config->acl_count++] = acl;
	return acl;
}

bool
config_acl_remove(struct config *config, const char *name)
{
	size_t i = acl_index(config, name);
	if (i == config->acl_count)
		return false;
	acl_free(config->acls[i]);
	config->acl_count--;
	memmove(&config->acls[i], &config->acls[i + 1],
	    (config->acl_count - i) * sizeof(config->acls[0]));
	return true;
}

struct section *
config_section(struct config *config, const char *header, bool make)
{
	for (size_t i = 0; i < config->section_count; i++)
		if (str_eq(config->sections[i].header, header))
			return &config->sections[i];
	if (!make)
		return NULL;
	GROW(config->sections, config->section_count, config->section_cap);
	struct section *section = &config->sections[config->section_count++];
	*section = (struct section){ .header = xstrdup(header) };
	return section;
}

bool
config_section_remove(struct config *config, const char *header)
{
	struct section *section = config_section(config, header, false);
	if (!section)
		return false;
	section_clear(section);
	size_t at = (size_t)(section - config->sections);
	config->section_count--;
	memmove(section, section + 1,
	    (config->section_count - at) * sizeof(*section));
	return true;
}

/* True if the words of A and B that name the setting are the same. */
static bool
same_setting(const char *pattern, const char *a, const char *b, bool part)
{
	struct words p, x, y;
	bool same = true;
	words_init(&p, pattern);
	words_init(&x, a);
	words_init(&y, b);
	for (size_t i = 0; i < p.count && same; i++) {
		if (part && i >= y.count)
			break;
		bool value = strchr("=.", p.items[i].text[0]);
		if (value && !part)
			continue;
		same = i < x.count && i < y.count &&
		    str_eq(x.items[i].text, y.items[i].text);
	}
	words_clear(&p);
	words_clear(&x);
	words_clear(&y);
	return same;
}

void
setting_put(struct strs *lines, const char *pattern, const char *line)
{
	for (size_t i = 0; i < lines->count; i++) {
		if (!same_setting(pattern, lines->items[i], line, false))
			continue;
		free(lines->items[i]);
		lines->items[i] = xstrdup(line);
		return;
	}
	strs_add(lines, line);
}

bool
setting_remove(struct strs *lines, const char *pattern, const char *line)
{
	for (size_t i = 0; i < lines->count; i++) {
		if (!same_setting(pattern, lines->items[i], line, true))
			continue;
		free(lines->items[i]);
		lines->count--;
		memmove(&lines->items[i], &lines->items[i + 1],
		    (lines->count - i) * sizeof(lines->items[0]));
		return true;
	}
	return false;
}
