/*
 * What a device is configured with: its name, global lines, sections with
 * lines of their own, and access lists. How it prints is the platform's.
 */
#ifndef LAB_CONFIG_H
#define LAB_CONFIG_H

#include "acl.h"

#include "base/str.h"

struct config {
	char *hostname;
	struct strs globals;
	struct section {
		char *header; /* "interface GigabitEthernet0/1" */
		struct strs lines;
	} * sections;
	size_t section_count, section_cap;
	struct acl **acls;
	size_t acl_count, acl_cap;
};

void config_init(struct config *config, const char *hostname);
void config_clear(struct config *config);

/* TO, which is empty, becomes another FROM, numbers of entries and all. */
void config_copy(struct config *to, const struct config *from);
bool config_same(const struct config *a, const struct config *b);

struct acl *config_acl(const struct config *config, const char *name);
struct acl *config_acl_make(
    struct config *config, const char *name, enum acl_kind kind);
bool config_acl_remove(struct config *config, const char *name);

struct section *config_section(
    struct config *config, const char *header, bool make);
bool config_section_remove(struct config *config, const char *header);

/*
 * Lines are kept by a pattern of words (cli.h): keywords and <values> name
 * the setting, =values are what it is set to. Setting replaces the line of
 * the same name; removing takes LINE as far as it was given. False if there
 * was nothing to remove.
 */
void setting_put(struct strs *lines, const char *pattern, const char *line);
bool setting_remove(struct strs *lines, const char *pattern, const char *line);

#endif
