/*
 * What a profile says of access lists: how they are read, where they are
 * applied, and how the device sees us.
 */
#include "profile_parts.h"

#include "base/alloc.h"
#include "text/re.h"
#include "text/template.h"

#include <stddef.h>

#define FIELD(key, kind, type, member)                                         \
	{                                                                      \
		(key), YAML_FIELD_##kind, offsetof(type, member), false, 0, 0, \
		    NULL                                                       \
	}
#define NEEDED(key, kind, type, member)                                        \
	{                                                                      \
		(key), YAML_FIELD_##kind, offsetof(type, member), true, 0, 0,  \
		    NULL                                                       \
	}

/* What stands under `acl`. */
struct acl_draft {
	struct profile profile;
	const struct yaml_node *uses;
};

static const struct yaml_field acl_fields[] = {
	NEEDED("dialect", LINE, struct acl_draft, profile.acl_dialect),
	NEEDED("read", LINES, struct acl_draft, profile.acl_read),
	FIELD("otherwise", LINES, struct acl_draft, profile.acl_otherwise),
	FIELD("show", LINE, struct acl_draft, profile.acl_show),
	FIELD("uses_read", LINES, struct acl_draft, profile.acl_uses_read),
	FIELD("uses", LIST, struct acl_draft, uses),
	FIELD("client_read", LINE, struct acl_draft, profile.acl_client_read),
	FIELD("client", LINE, struct acl_draft, profile.acl_client_text),
	{ "ssh_port", YAML_FIELD_INT,
	    offsetof(struct acl_draft, profile.acl_ssh_port), false, 1, 65535,
	    NULL },
};
static const struct yaml_table acl_table = YAML_TABLE("\"acl\"", acl_fields);

static const struct yaml_field use_fields[] = {
	NEEDED("pattern", LINE, struct acl_use_rule, pattern_text),
	FIELD("under", LINE, struct acl_use_rule, under_text),
	FIELD("way", LINE, struct acl_use_rule, way_text),
	FIELD("moves", BOOL, struct acl_use_rule, moves),
};
static const struct yaml_table use_table = YAML_TABLE(
    "a use of a list", use_fields);

/* Commands of `acl` are templates: one that does not parse is said here. */
void
profile_check_template(const struct yaml_node *node, struct diags *diags)
{
	size_t count = node && node->kind == YAML_LIST ? node->count : 1;
	for (size_t i = 0; node && i < count; i++) {
		const struct yaml_node *item = node->kind == YAML_LIST
		    ? node->items[i]
		    : node;
		if (item->kind == YAML_SCALAR)
			template_free(template_parse(
			    item->text, item->text_place, diags));
	}
}

/* Judges what was read of a rule; false after a message. */
static bool
judge_use(struct acl_use_rule *rule, const struct yaml_node *node,
    struct diags *diags)
{
	rule->place = yaml_place(node, "pattern");
	rule->pattern = profile_compile(
	    rule->pattern_text, 0, rule->place, diags);
	if (rule->under_text)
		rule->under = profile_compile(
		    rule->under_text, 0, yaml_place(node, "under"), diags);
	if (rule->way_text && !acl_way_get(rule->way_text, &rule->way)) {
		diag_add(diags, yaml_place(node, "way"),
		    "\"way\" must be none, packets or source");
		return false;
	}
	if (rule->pattern && rule->moves &&
	    re_group(rule->pattern, "list") < 0) {
		diag_add(diags, rule->place,
		    "a use that moves needs the group (?<list>...) in its "
		    "pattern");
		return false;
	}
	return rule->pattern && (rule->under || !rule->under_text);
}

static void
read_uses(
    struct profile *profile, const struct yaml_node *list, struct diags *diags)
{
	if (!list)
		return;
	profile_uses_clear(profile);
	profile->acl_uses = xcalloc(
	    list->count + 1, sizeof(*profile->acl_uses));
	for (size_t i = 0; i < list->count; i++) {
		const struct yaml_node *node = list->items[i];
		struct acl_use_rule rule = { 0 };
		if (yaml_read(node, &use_table, &rule, diags) == 0 &&
		    judge_use(&rule, node, diags))
			profile->acl_uses[profile->acl_uses_count++] = rule;
		else
			acl_use_rule_clear(&rule);
	}
}

static void
read_client(
    struct profile *profile, const struct yaml_node *acl, struct diags *diags)
{
	struct place place = yaml_place(acl, "client");
	if (!yaml_get(acl, "client") || !profile->acl_client_text)
		return;
	re_free(profile->acl_client);
	profile->acl_client = profile_compile(
	    profile->acl_client_text, 0, place, diags);
	if (profile->acl_client && re_group(profile->acl_client, "address") < 0)
		diag_add(diags, place,
		    "\"client\" lacks the group (?<address>...) that holds "
		    "the address we come from");
}

void
profile_read_acl(
    struct profile *profile, const struct yaml_node *acl, struct diags *diags)
{
	static const char *const commands[] = { "read", "otherwise", "show",
		"uses_read", "client_read" };
	struct acl_draft draft = { .profile = *profile };
	if (!acl)
		return;
	yaml_read(acl, &acl_table, &draft, diags);
	*profile = draft.profile;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		profile_check_template(yaml_get(acl, commands[i]), diags);
	read_uses(profile, draft.uses, diags);
	read_client(profile, acl, diags);
}
