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
