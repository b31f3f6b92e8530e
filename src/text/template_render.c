/*
 * Turns a parsed template and data into text. Strict, because the text goes
 * to a router: what has no value is a mistake with its place, never an empty
 * string. Bounded in depth, in work and in output, because partials may call
 * themselves. Knows nothing about files or devices.
 */
#include "text/template.h"

#include "template_node.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_LIMIT 100 /* sections and partials inside each other */
#define WORK_LIMIT  5000000 /* nodes rendered */

struct render {
	const struct template *root;
	const struct template_scope *scope;
	struct buf *out;
	struct template_map *map;
	struct diags *diags;
	bool failed;
	bool stopped; /* past a bound: nothing that follows means anything */
	bool line_start; /* the next byte begins a line of the output */
	unsigned depth;
	size_t work;
	const json_t **stack; /* contexts, innermost last */
	size_t count, cap;
};

/* The template that is being rendered: the root, or a partial. */
struct frame {
	const struct template *template;
	const char *indent;
	/* The line of the root that stands for all of a partial from another
	 * file; 0: the nodes' own lines. */
	unsigned line;
};

void
template_map_clear(struct template_map *map)
{
	free(map->lines);
	*map = (struct template_map){ 0 };
}

/* A mistake in a loop is one mistake: the list would be full of it, and hide
 * the others. */
static void
complain(struct render *r, const struct frame *frame, const struct node *node,
    const char *text)
{
	struct place place = { frame->template->place.file, node->line,
		node->column };
	r->failed = true;
	for (size_t i = 0; i < r->diags->count; i++) {
		const struct diag *d = &r->diags->items[i];
		if (d->line == place.line && d->column == place.column &&
		    str_eq(d->text, text) && place.file &&
		    str_eq(d->file, place.file))
			return;
	}
	diag_add(r->diags, place, "%s", text);
}

static void complainf(struct render *r, const struct frame *frame,
    const struct node *node, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
complainf(struct render *r, const struct frame *frame, const struct node *node,
    const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = xvasprintf(fmt, ap);
	va_end(ap);
	complain(r, frame, node, text);
	free(text);
}

static void
map_bytes(struct render *r, unsigned line, const char *data, size_t len)
{
	const char *end = data + len;
	while (data < end) {
		if (r->line_start && r->map) {
			struct template_map *map = r->map;
			GROW(map->lines, map->count, map->cap);
			map->lines[map->count++] = line;
		}
		const char *newline = memchr(data, '\n', (size_t)(end - data));
		r->line_start = newline != NULL;
		data = newline ? newline + 1 : end;
	}
}

static void
emit(struct render *r, const struct frame *frame, const struct node *node,
    const char *data, size_t len)
{
	if (!len)
		return;
	if (!buf_add(r->out, data, len)) {
		complainf(r, frame, node,
		    "the text grows over the limit of %zu bytes",
		    r->out->limit);
		r->stopped = true;
		return;
	}
	map_bytes(r, frame->line ? frame->line : node->line, data, len);
}

/*
 * The first part of a dotted name is looked for from the innermost context
 * outwards, the others only inside what was found. Returns NULL where the
 * chain breaks, with *known = length of the part of NAME that exists.
 */
static const json_t *
look_up(const struct render *r, const char *name, size_t *known)
{
	*known = 0;
	if (str_eq(name, "."))
		return r->count ? r->stack[r->count - 1] : NULL;
	size_t len = strcspn(name, ".");
	const json_t *value = NULL;
	for (size_t i = r->count; i > 0 && !value; i--)
		value = json_object_getn(r->stack[i - 1], name, len);
	while (value && name[len]) {
		*known = len;
		const char *part = name + len + 1;
		size_t part_len = strcspn(part, ".");
		value = json_object_getn(value, part, part_len);
		len += 1 + part_len;
	}
	return value;
}

/* The name in scope that looks most like NAME. */
static const char *
guess(const struct render *r, const char *name)
{
	const char *best = NULL;
	size_t best_distance = 0;
	for (size_t i = r->count; i > 0; i--) {
		json_t *context = (json_t *)r->stack[i - 1];
		const char *key;
		json_t *value;
		json_object_foreach(context, key, value)
		{
			const char *near = str_nearest(name, &key, 1);
			if (!near)
				continue;
			size_t distance = str_distance(name, near);
			if (best && distance >= best_distance)
				continue;
			best = near;
			best_distance = distance;
		}
	}
	return best;
}

static void
complain_undefined(struct render *r, const struct frame *frame,
    const struct node *node, size_t known)
{
	const char *name = node->name;
	if (known) {
		complainf(r, frame, node,
		    "'%s' is not defined: '%.*s' has no '%.*s'", name,
		    (int)known, name, (int)strcspn(name + known + 1, "."),
		    name + known + 1);
		return;
	}
	const char *near = guess(r, name);
	complainf(r, frame, node, "'%s' is not defined%s%s%s", name,
	    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* The shortest decimals that read back as the same number. A whole number
 * keeps its point (3.0), or a version would lose its zero. */
static void
emit_real(struct render *r, const struct frame *frame, const struct node *node,
    double real)
{
	char text[40];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, real);
		if (strtod(text, NULL) == real)
			break;
	}
	emit(r, frame, node, text, strlen(text));
	if (!strpbrk(text, ".en"))
		emit(r, frame, node, ".0", 2);
}

static void
render_value(
    struct render *r, const struct frame *frame, const struct node *node)
{
	size_t known;
	char text[32];
	const json_t *value = look_up(r, node->name, &known);
	if (!value) {
		complain_undefined(r, frame, node, known);
		return;
	}
	switch (json_typeof(value)) {
	case JSON_STRING:
		emit(r, frame, node, json_string_value(value),
		    json_string_length(value));
		break;
	case JSON_INTEGER:
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
		emit(r, frame, node, text, strlen(text));
		break;
	case JSON_REAL:
		emit_real(r, frame, node, json_real_value(value));
		break;
	case JSON_TRUE:
		emit(r, frame, node, "true", 4);
		break;
	case JSON_FALSE:
		emit(r, frame, node, "false", 5);
		break;
	case JSON_NULL:
		complainf(
		    r, frame, node, "'%s' has no value (null)", node->name);
		break;
	case JSON_OBJECT:
		complainf(r, frame, node,
		    "'%s' is a map, but text is asked for here", node->name);
		break;
	case JSON_ARRAY:
		complainf(r, frame, node,
		    "'%s' is a list, but text is asked for here", node->name);
		break;
	}
}

/*
 * The specification leaves "falsy" to the language. Here: nothing, null,
 * false, an empty list and an empty text. The number 0 is something: "0" is
 * a setting (exec-timeout 0), while an empty description is none.
 */
static bool
is_something(const json_t *value)
{
	if (!value || json_is_null(value) || json_is_false(value))
		return false;
	if (json_is_array(value))
		return json_array_size(value) > 0;
	if (json_is_string(value))
		return json_string_length(value) > 0;
	return true;
}

static void render_nodes(
    struct render *r, const struct frame *frame, size_t from, size_t end);

/* Goes one level down, unless that is too deep. */
static bool
enter(struct render *r, const struct frame *frame, const struct node *node)
{
	if (r->depth == DEPTH_LIMIT) {
		complainf(r, frame, node,
		    "'%s' is the %dth section or partial inside another; "
		    "does a partial call itself for ever?",
		    node->name, DEPTH_LIMIT + 1);
		r->stopped = true;
		return false;
	}
	r->depth++;
	return true;
}

static void
render_with(struct render *r, const struct frame *frame,
    const struct node *node, const json_t *context)
{
	size_t first = (size_t)(node - frame->template->nodes) + 1;
	GROW(r->stack, r->count, r->cap);
	r->stack[r->count++] = context;
	render_nodes(r, frame, first, node->end);
	r->count--;
}

static void
render_section(
    struct render *r, const struct frame *frame, const struct node *node)
{
	size_t known;
	const json_t *value = look_up(r, node->name, &known);
	if (!is_something(value) || !enter(r, frame, node))
		return;
	if (!json_is_array(value)) {
		render_with(r, frame, node, value);
	} else {
		size_t count = json_array_size(value);
		for (size_t i = 0; i < count && !r->stopped; i++)
			render_with(r, frame, node, json_array_get(value, i));
	}
	r->depth--;
}

static void
render_inverted(
    struct render *r, const struct frame *frame, const struct node *node)
{
	size_t known;
	size_t first = (size_t)(node - frame->template->nodes) + 1;
	if (is_something(look_up(r, node->name, &known)) ||
	    !enter(r, frame, node))
		return;
	render_nodes(r, frame, first, node->end);
	r->depth--;
}

static void
render_partial(
    struct render *r, const struct frame *frame, const struct node *node)
{
	const struct template_scope *scope = r->scope;
	const struct template *partial = scope->partial
	    ? scope->partial(scope->partial_data, node->name)
	    : NULL;
	if (!partial) {
		complainf(
		    r, frame, node, "there is no partial '%s'", node->name);
		return;
	}
	if (!enter(r, frame, node))
		return;
	/* Only a tag that stands alone has an indentation, and only it hands
	 * the one that it stands in on. */
	char *indent = node->text
	    ? xasprintf("%s%.*s", frame->indent, (int)node->len, node->text)
	    : xstrdup("");
	struct frame inner = { .template = partial, .indent = indent };
	if (frame->line)
		inner.line = frame->line;
	else if (!str_eq(partial->place.file, r->root->place.file))
		inner.line = node->line;
	render_nodes(r, &inner, 0, partial->count);
	free(indent);
	r->depth--;
}

static void
render_text(
    struct render *r, const struct frame *frame, const struct node *node)
{
	if (node->line_start)
		emit(r, frame, node, frame->indent, strlen(frame->indent));
	if (!r->stopped)
		emit(r, frame, node, node->text, node->len);
}

static void
render_node(
    struct render *r, const struct frame *frame, const struct node *node)
{
	switch (node->kind) {
	case NODE_TEXT:
		render_text(r, frame, node);
		break;
	case NODE_VALUE:
		render_value(r, frame, node);
		break;
	case NODE_SECTION:
		render_section(r, frame, node);
		break;
	case NODE_INVERTED:
		render_inverted(r, frame, node);
		break;
	case NODE_PARTIAL:
		render_partial(r, frame, node);
		break;
	}
}

static void
render_nodes(
    struct render *r, const struct frame *frame, size_t from, size_t end)
{
	const struct node *nodes = frame->template->nodes;
	for (size_t i = from; i < end && !r->stopped;) {
		const struct node *node = &nodes[i];
		if (++r->work > WORK_LIMIT) {
			complain(r, frame, node,
			    "the template has too much to do: "
			    "does a partial call itself twice?");
			r->stopped = true;
			return;
		}
		render_node(r, frame, node);
		i = node->end ? node->end : i + 1;
	}
}

int
template_render(const struct template *template,
    const struct template_scope *scope, struct buf *out,
    struct template_map *map, struct diags *diags)
{
	struct render r = {
		.root = template,
		.scope = scope,
		.out = out,
		.map = map,
		.diags = diags,
		.line_start = !out->len || out->data[out->len - 1] == '\n',
	};
	for (size_t i = 0; i < scope->count; i++) {
		GROW(r.stack, r.count, r.cap);
		r.stack[r.count++] = scope->contexts[i];
	}
	struct frame frame = { .template = template, .indent = "" };
	render_nodes(&r, &frame, 0, template->count);
	free(r.stack);
	return r.failed ? -1 : 0;
}
