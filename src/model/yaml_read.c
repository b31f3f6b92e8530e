/*
 * Judging YAML maps by tables, and free-form values as JSON. It knows nodes
 * and tables, neither libyaml nor what the fields are for.
 */
#include "model/yaml.h"

#include "base/alloc.h"
#include "base/die.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

const struct yaml_node *
yaml_get(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->keys[i]->text, key) == 0)
			return map->items[i];
	return NULL;
}

struct place
yaml_place(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *value = yaml_get(map, key);
	return value ? value->place : map->place;
}

bool
yaml_is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->style == YAML_STYLE_PLAIN &&
	    (!node->text[0] || strcmp(node->text, "~") == 0 ||
		strcmp(node->text, "null") == 0);
}

bool
yaml_to_bool(const struct yaml_node *node, bool *value)
{
	static const struct {
		const char *text;
		bool value;
	} words[] = { { "true", true }, { "True", true }, { "TRUE", true },
		{ "yes", true }, { "on", true }, { "false", false },
		{ "False", false }, { "FALSE", false }, { "no", false },
		{ "off", false } };
	if (node->kind != YAML_SCALAR || node->style != YAML_STYLE_PLAIN)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(node->text, words[i].text))
			continue;
		*value = words[i].value;
		return true;
	}
	return false;
}

const char *
yaml_kind_text(const struct yaml_node *node)
{
	switch (node->kind) {
	case YAML_SCALAR:
		return "a text";
	case YAML_LIST:
		return "a list";
	case YAML_MAP:
		return "a map";
	}
	BUG("node kind");
}

/* A whole number in its one canonical spelling: printing it again gives what
 * was written. */
static bool
is_number(const struct yaml_node *node, int64_t *value)
{
	const char *digits = node->text + (node->text[0] == '-');
	if (node->style != YAML_STYLE_PLAIN)
		return false;
	if (digits[0] == '0' && (digits[1] || digits != node->text))
		return false;
	return str_to_number(node->text, value);
}

static json_t *
scalar_json(const struct yaml_node *node)
{
	bool truth;
	int64_t number;
	if (yaml_is_null(node))
		return json_null();
	if (yaml_to_bool(node, &truth))
		return json_boolean(truth);
	if (is_number(node, &number))
		return json_integer(number);
	return json_string(node->text);
}

json_t *
yaml_json(const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR)
		return scalar_json(node);
	if (node->kind == YAML_LIST) {
		json_t *array = json_array();
		for (size_t i = 0; i < node->count; i++)
			json_array_append_new(array, yaml_json(node->items[i]));
		return array;
	}
	json_t *object = json_object();
	for (size_t i = 0; i < node->count; i++)
		json_object_set_new(
		    object, node->keys[i]->text, yaml_json(node->items[i]));
	return object;
}

static bool
has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

const char *
yaml_line(const struct yaml_node *node, const char *what, struct diags *diags)
{
	if (node->kind != YAML_SCALAR) {
		diag_add(diags, node->place, "%s must be a text, this is %s",
		    what, yaml_kind_text(node));
		return NULL;
	}
	if (!node->text[0] || yaml_is_null(node)) {
		diag_add(diags, node->place, "%s must not be empty", what);
		return NULL;
	}
	if (has_control(node->text)) {
		diag_add(diags, node->place,
		    "%s must be one line without control characters", what);
		return NULL;
	}
	return node->text;
}

static void
set_text(char **out, const char *text)
{
	free(*out);
	*out = xstrdup(text);
}

static int
read_line(const struct yaml_field *field, const struct yaml_node *node,
    void *out, struct diags *diags)
{
	char *what = xasprintf("\"%s\"", field->key);
	const char *line = yaml_line(node, what, diags);
	free(what);
	if (!line)
		return -1;
	set_text(out, line);
	return 0;
}

static int
read_text(const struct yaml_field *field, const struct yaml_node *node,
    void *out, struct diags *diags)
{
	if (node->kind != YAML_SCALAR) {
		diag_add(diags, node->place,
		    "\"%s\" must be a text, this is %s", field->key,
		    yaml_kind_text(node));
		return -1;
	}
	set_text(out, node->text);
	return 0;
}

static int
read_lines(const struct yaml_field *field, const struct yaml_node *node,
    void *out, struct diags *diags)
{
	int rc = 0;
	struct strs lines = { 0 };
	char *what = xasprintf("\"%s\"", field->key);
	size_t count = node->kind == YAML_LIST ? node->count : 1;
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *item = node->kind == YAML_LIST
		    ? node->items[i]
		    : node;
		const char *line = yaml_line(item, what, diags);
		if (line)
			strs_add(&lines, line);
		else
			rc = -1;
	}
	free(what);
	if (rc) {
		strs_clear(&lines);
		return rc;
	}
	strs_clear(out);
	*(struct strs *)out = lines;
	return 0;
}

static int
read_int(const struct yaml_field *field, const struct yaml_node *node,
    void *out, struct diags *diags)
{
	int64_t value;
	long long min = field->min, max = field->max;
	if (node->kind != YAML_SCALAR || yaml_is_null(node)) {
		diag_add(diags, node->place,
		    "\"%s\" must be a whole number from %lld to %lld, not %s",
		    field->key, min, max,
		    yaml_is_null(node) ? "nothing" : yaml_kind_text(node));
		return -1;
	}
	if (!str_to_number(node->text, &value)) {
		diag_add(diags, node->place,
		    "\"%s\" must be a whole number from %lld to %lld, not "
		    "\"%.40s\"",
		    field->key, min, max, node->text);
		return -1;
	}
	if (value < field->min || value > field->max) {
		diag_add(diags, node->place,
		    "\"%s\" must be from %lld to %lld, not %lld", field->key,
		    min, max, (long long)value);
		return -1;
	}
	*(int *)out = (int)value;
	return 0;
}

static int
read_bool(const struct yaml_field *field, const struct yaml_node *node,
    void *out, struct diags *diags)
{
	if (yaml_to_bool(node, out))
		return 0;
	diag_add(
	    diags, node->place, "\"%s\" must be true or false", field->key);
	return -1;
}

static int
read_duration(const struct yaml_field *field, const struct yaml_node *node,
    void *out, struct diags *diags)
{
	int64_t value;
	if (node->kind != YAML_SCALAR ||
	    !str_to_duration_ms(node->text, &value)) {
		diag_add(diags, node->place,
		    "\"%s\" must be a duration such as 500ms, 10s, 15m or 2h",
		    field->key);
		return -1;
	}
	if (value < field->min || value > field->max) {
		diag_add(diags, node->place,
		    "\"%s\" must be from %lld ms to %lld s", field->key,
		    (long long)field->min, (long long)field->max / 1000);
		return -1;
	}
	*(int64_t *)out = value;
	return 0;
}

static int
read_node(const struct yaml_field *field, const struct yaml_node *node,
    void *out, struct diags *diags)
{
	bool wrong = (field->kind == YAML_FIELD_LIST &&
			 node->kind != YAML_LIST) ||
	    (field->kind == YAML_FIELD_MAP && node->kind != YAML_MAP);
	if (wrong) {
		diag_add(diags, node->place, "\"%s\" must be %s, not %s",
		    field->key,
		    field->kind == YAML_FIELD_LIST ? "a list" : "a map",
		    yaml_is_null(node) ? "nothing" : yaml_kind_text(node));
		return -1;
	}
	*(const struct yaml_node **)out = node;
	return 0;
}

static int
read_table(const struct yaml_field *field, const struct yaml_node *node,
    void *out, struct diags *diags)
{
	return yaml_read(node, field->table, out, diags);
}

static int
refuse_later(const struct yaml_field *field, const struct yaml_node *node,
    void *out, struct diags *diags)
{
	(void)out;
	diag_add(diags, node->place,
	    "\"%s\" is not supported yet by this version of netpush",
	    field->key);
	return -1;
}

typedef int read_fn(const struct yaml_field *field,
    const struct yaml_node *node, void *out, struct diags *diags);

static read_fn *const readers[] = {
	[YAML_FIELD_LINE] = read_line,
	[YAML_FIELD_TEXT] = read_text,
	[YAML_FIELD_LINES] = read_lines,
	[YAML_FIELD_INT] = read_int,
	[YAML_FIELD_BOOL] = read_bool,
	[YAML_FIELD_DURATION] = read_duration,
	[YAML_FIELD_LIST] = read_node,
	[YAML_FIELD_MAP] = read_node,
	[YAML_FIELD_ANY] = read_node,
	[YAML_FIELD_TABLE] = read_table,
	[YAML_FIELD_LATER] = refuse_later,
};

static const struct yaml_field *
find_field(const struct yaml_table *table, const char *key)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->fields[i].key, key) == 0)
			return &table->fields[i];
	return NULL;
}

static void
unknown_key(const struct yaml_table *table, const struct yaml_node *key,
    struct diags *diags)
{
	const char **names = xcalloc(table->count, sizeof(*names));
	for (size_t i = 0; i < table->count; i++)
		names[i] = table->fields[i].key;
	const char *near = str_nearest(key->text, names, table->count);
	if (near)
		diag_add(diags, key->place,
		    "%s has no key \"%.64s\": did you mean \"%s\"?",
		    table->what, key->text, near);
	else
		diag_add(diags, key->place, "%s has no key \"%.64s\"",
		    table->what, key->text);
	free(names);
}

int
yaml_read(const struct yaml_node *node, const struct yaml_table *table,
    void *out, struct diags *diags)
{
	int rc = 0;
	if (node->kind != YAML_MAP) {
		diag_add(diags, node->place, "%s must be a map, not %s",
		    table->what,
		    yaml_is_null(node) ? "nothing" : yaml_kind_text(node));
		return -1;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_field *field = find_field(
		    table, node->keys[i]->text);
		if (!field) {
			unknown_key(table, node->keys[i], diags);
			rc = -1;
			continue;
		}
		if (readers[field->kind](field, node->items[i],
			(char *)out + field->offset, diags))
			rc = -1;
	}
	for (size_t i = 0; i < table->count; i++) {
		const struct yaml_field *field = &table->fields[i];
		if (!field->required || yaml_get(node, field->key))
			continue;
		diag_add(diags, node->place, "%s lacks the key \"%s\"",
		    table->what, field->key);
		rc = -1;
	}
	return rc;
}
