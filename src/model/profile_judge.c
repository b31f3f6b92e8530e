/*
 * Judging a profile as a whole, its ancestors included: what is missing, what
 * refers to something that is not there.
 */
#include "profile_parts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "model/acl.h"
#include "text/re.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PROMPT_LIMIT_BYTES 4096

/* Where a mode of this profile was written; the profile's own place when an
 * ancestor wrote it. */
static struct place
mode_place(const struct yaml_node *root, const char *name, const char *key)
{
	const struct yaml_node *modes = yaml_get(root, "modes");
	for (size_t i = 0; modes && i < modes->count; i++) {
		const struct yaml_node *own = yaml_get(modes->items[i], "name");
		if (own && own->text && strcmp(own->text, name) == 0)
			return yaml_place(modes->items[i], key);
	}
	return root->place;
}

/* The pattern with a stand-in for the device's name, to see if it compiles. */
static void
check_prompt(const struct profile_mode *mode, const struct yaml_node *root,
    struct diags *diags)
{
	static const char *const names[] = { "{{stem}}", "{{stem16}}" };
	struct err err = { 0 };
	struct buf pattern;
	buf_init(&pattern, PROMPT_LIMIT_BYTES);
	for (const char *at = mode->prompt; *at;) {
		size_t skip = 0;
		for (size_t i = 0; i < 2 && !skip; i++)
			if (str_starts(at, names[i]))
				skip = strlen(names[i]);
		if (skip)
			re_quote(&pattern, "Router", strlen("Router"));
		else
			buf_addc(&pattern, *at);
		at += skip ? skip : 1;
	}
	struct re *re = re_compile(buf_str(&pattern), 0, &err);
	if (!re)
		diag_add(diags, mode_place(root, mode->name, "prompt"),
		    "the prompt of mode \"%s\" is a bad regular expression: %s",
		    mode->name, err.text);
	re_free(re);
	buf_clear(&pattern);
}

/* Does `from` lead back to where it began? */
static bool
is_circle(const struct profile *profile, const struct profile_mode *mode)
{
	const struct profile_mode *at = mode;
	for (size_t i = 0; at && at->from && i < profile->mode_count; i++) {
		at = profile_mode_find(profile, at->from);
		if (at == mode)
			return true;
	}
	return false;
}

static void
judge_mode(const struct profile *profile, const struct profile_mode *mode,
    const struct yaml_node *root, struct diags *diags)
{
	check_prompt(mode, root, diags);
	if (mode->from && !profile_mode_find(profile, mode->from))
		diag_add(diags, mode_place(root, mode->name, "from"),
		    "mode \"%s\" comes from \"%s\", which is no mode",
		    mode->name, mode->from);
	if (is_circle(profile, mode))
		diag_add(diags, mode_place(root, mode->name, "from"),
		    "mode \"%s\" comes from itself", mode->name);
	if (mode->enter && !mode->from)
		diag_add(diags, mode_place(root, mode->name, "enter"),
		    "mode \"%s\" has \"enter\" but no \"from\"", mode->name);
	if (mode->enter && mode->nested)
		diag_add(diags, mode_place(root, mode->name, "enter"),
		    "mode \"%s\" is nested: it is entered by a header line, "
		    "not by \"enter\"",
		    mode->name);
	if (mode->from && !mode->enter && !mode->nested)
		diag_add(diags, mode_place(root, mode->name, "from"),
		    "mode \"%s\" has \"from\" but no \"enter\"", mode->name);
	if (mode->secret && !mode->enter)
		diag_add(diags, mode_place(root, mode->name, "secret"),
		    "mode \"%s\" has \"secret\" but no \"enter\"", mode->name);
}

static void
judge_modes(const struct profile *profile, const struct yaml_node *root,
    struct diags *diags)
{
	for (size_t i = 0; i < profile->mode_count; i++)
		judge_mode(profile, &profile->modes[i], root, diags);
	const struct profile_mode *config = NULL;
	if (profile->config_mode) {
		config = profile_mode_find(profile, profile->config_mode);
		if (!config)
			diag_add(diags, yaml_place(root, "config_mode"),
			    "\"config_mode\": there is no mode \"%s\"",
			    profile->config_mode);
		else if (!config->config)
			diag_add(diags, yaml_place(root, "config_mode"),
			    "\"config_mode\": mode \"%s\" lacks \"config: "
			    "true\"",
			    profile->config_mode);
	}
	if (profile->exec_mode &&
	    !profile_mode_find(profile, profile->exec_mode))
		diag_add(diags, yaml_place(root, "exec_mode"),
		    "\"exec_mode\": there is no mode \"%s\"",
		    profile->exec_mode);
}

static void
judge_device_type(const struct profile *profile, const struct yaml_node *root,
    struct diags *diags)
{
	const char *name = profile->device_type;
	for (const char *at = name; *at; at++) {
		if (islower((unsigned char)*at) ||
		    isdigit((unsigned char)*at) || *at == '_')
			continue;
		diag_add(diags, yaml_place(root, "device_type"),
		    "\"device_type\" is made of a-z, 0-9 and _");
		return;
	}
}

static void
judge_acl(const struct profile *profile, const struct yaml_node *root,
    struct diags *diags)
{
	const char *name = profile->acl_dialect;
	if (!name || acl_dialect_find(name))
		return;
	const struct yaml_node *acl = yaml_get(root, "acl");
	struct buf known;
	buf_init(&known, PROMPT_LIMIT_BYTES);
	for (size_t i = 0; acl_dialect_name_at(i); i++)
		buf_addf(&known, "%s%s", i ? ", " : "", acl_dialect_name_at(i));
	diag_add(diags, acl ? yaml_place(acl, "dialect") : root->place,
	    "there is no dialect \"%s\" of access lists; there are: %s", name,
	    buf_str(&known));
	buf_clear(&known);
}

static void
need(const void *member, const char *key, const struct yaml_node *root,
    struct diags *diags)
{
	if (!member && !yaml_get(root, key))
		diag_add(
		    diags, root->place, "a profile lacks the key \"%s\"", key);
}

void
profile_judge(
    struct profile *profile, const struct yaml_node *root, struct diags *diags)
{
	if (root->kind != YAML_MAP) {
		diag_add(diags, root->place, "a profile must be a map");
		return;
	}
	need(NULL, "device_type", root, diags); /* never an ancestor's */
	need(profile->first_prompt_text, "first_prompt", root, diags);
	need(profile->modes, "modes", root, diags);
	need(profile->exec_mode, "exec_mode", root, diags);
	if (profile->device_type)
		judge_device_type(profile, root, diags);
	judge_modes(profile, root, diags);
	judge_acl(profile, root, diags);
	profile_guards_judge(profile, diags);
}
