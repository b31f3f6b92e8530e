/*
 * Variables of a job: free-form values as JSON, except the few that netpush
 * itself gives a meaning (the access list's name, lines and switches). The
 * lines' syntax is not judged: the device is the judge of that.
 */
#include "job_parts.h"

#include "base/alloc.h"
#include "base/str.h"
#include "model/acl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ACL_NAME_MAX 64

static void
set_text(json_t *vars, const char *name, const struct yaml_node *value,
    struct diags *diags)
{
	const char *text = yaml_line(value, "\"acl_name\"", diags);
	/* Set in any case: a bad one is not undefined on top of that. */
	json_object_set_new(vars, name, json_string(text ? text : ""));
	if (!text)
		return;
	if (strlen(text) > ACL_NAME_MAX)
		diag_add(diags, value->place,
		    "\"acl_name\" must not be longer than %d bytes",
		    ACL_NAME_MAX);
	else if (strchr(text, ' '))
		diag_add(
		    diags, value->place, "\"acl_name\" must not hold a blank");
	else if (strchr(text, '?'))
		diag_add(diags, value->place,
		    "\"acl_name\" must not hold a question mark: it would ask "
		    "the device for help");
}

/* One wanted line, as templates see it. */
static json_t *
entry_json(const char *line)
{
	struct acl_line split = acl_line_split(line);
	json_t *number = json_false();
	if (split.sequence) {
		char *digits = xasprintf("%u", split.sequence);
		number = json_string(digits);
		free(digits);
	}
	return json_pack("{s:s, s:o, s:s, s:b}", "line", line, "number", number,
	    "text", split.rest, "remark", (int)split.is_remark);
}

/* Adds one line, trimmed; PLACE is its own. */
static void
add_line(json_t *lines, json_t *entries, const char *text, size_t len,
    struct place place, struct diags *diags)
{
	char *copy = xstrndup(text, len);
	char *line = str_trim(copy);
	for (const char *at = line; *at; at++) {
		unsigned char c = (unsigned char)*at;
		if (c >= 0x20 && c != 0x7f)
			continue;
		if (c == '\n' || c == '\r')
			diag_add(diags, place,
			    "a line of \"acl_lines\" must not hold a line "
			    "break");
		else
			diag_add(diags, place,
			    "a line of \"acl_lines\" must not hold a control "
			    "character (0x%02x)",
			    c);
		goto out;
	}
	if (line[0]) {
		json_array_append_new(lines, json_string(line));
		json_array_append_new(entries, entry_json(line));
	}
out:
	free(copy);
}

static void
add_block(json_t *lines, json_t *entries, const struct yaml_node *value,
    struct diags *diags)
{
	struct place place = value->text_place;
	for (const char *at = value->text; *at; place.line++) {
		size_t len = strcspn(at, "\n");
		add_line(lines, entries, at, len, place, diags);
		at += len + (at[len] == '\n');
	}
}

static void
add_list(json_t *lines, json_t *entries, const struct yaml_node *value,
    struct diags *diags)
{
	for (size_t i = 0; i < value->count; i++) {
		const struct yaml_node *item = value->items[i];
		if (item->kind == YAML_SCALAR)
			add_line(lines, entries, item->text, strlen(item->text),
			    item->place, diags);
		else
			diag_add(diags, item->place,
			    "a line of \"acl_lines\" must be a text, this is "
			    "%s",
			    yaml_kind_text(item));
	}
}

static void
set_lines(json_t *vars, const char *name, const struct yaml_node *value,
    struct diags *diags)
{
	size_t before = diags->count + diags->left_out;
	json_t *lines = json_array(), *entries = json_array();
	if (value->kind == YAML_MAP)
		diag_add(diags, value->place,
		    "\"acl_lines\" must be a block of lines or a list, this "
		    "is a map");
	else if (value->kind == YAML_LIST)
		add_list(lines, entries, value, diags);
	else
		add_block(lines, entries, value, diags);
	if (!json_array_size(lines) && diags->count + diags->left_out == before)
		diag_add(diags, value->place, "\"acl_lines\" holds no line");
	json_object_set_new(vars, name, lines);
	json_object_set_new(vars, "acl_entries", entries);
}

json_t *
job_acl_vars(const struct strs *lines)
{
	json_t *texts = json_array(), *entries = json_array();
	for (size_t i = 0; i < lines->count; i++) {
		json_array_append_new(texts, json_string(lines->items[i]));
		json_array_append_new(entries, entry_json(lines->items[i]));
	}
	return json_pack(
	    "{s:o, s:o}", "acl_lines", texts, "acl_entries", entries);
}

/* A switch must be one: the text "no" would count as set in a template. */
static void
set_switch(json_t *vars, const char *name, const struct yaml_node *value,
    struct diags *diags)
{
	bool truth = false;
	if (!yaml_to_bool(value, &truth))
		diag_add(
		    diags, value->place, "\"%s\" must be true or false", name);
	json_object_set_new(vars, name, json_boolean(truth));
}

static void
refuse_built_in(json_t *vars, const char *name, const struct yaml_node *value,
    struct diags *diags)
{
	(void)vars;
	diag_add(diags, value->place,
	    "the variable \"%s\" is built in and cannot be set", name);
}

static const struct {
	const char *name;
	void (*set)(json_t *vars, const char *name,
	    const struct yaml_node *value, struct diags *diags);
} special[] = {
	{ "acl_name", set_text },
	{ "acl_lines", set_lines },
	{ "append", set_switch },
	{ "extended", set_switch },
	{ "hostname", refuse_built_in },
	{ "address", refuse_built_in },
	{ "device_type", refuse_built_in },
	{ "running_config", refuse_built_in },
	{ "acl_entries", refuse_built_in },
};

void
job_vars_set(json_t *vars, const char *name, const struct yaml_node *value,
    struct diags *diags)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		if (strcmp(name, special[i].name))
			continue;
		special[i].set(vars, name, value, diags);
		return;
	}
	json_object_set_new(vars, name, yaml_json(value));
}

json_t *
job_vars_read(const struct yaml_node *map, struct diags *diags)
{
	json_t *vars = json_object();
	for (size_t i = 0; map && i < map->count; i++)
		job_vars_set(vars, map->keys[i]->text, map->items[i], diags);
	return vars;
}
