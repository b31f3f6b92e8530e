/*
 * From bytes to a tree of nodes with places. This file knows libyaml and
 * nothing of jobs or profiles; what libyaml says in its own terms is put in
 * plain words here.
 */
#include "model/yaml.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/str.h"
#include "yaml_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

struct anchor {
	const char *name;
	struct yaml_node *node;
};

struct builder {
	yaml_parser_t parser;
	struct yaml *yaml;
	struct yaml_source source;
	struct yaml_node **stack; /* nodes of the unfinished collections */
	size_t count, cap;
	struct anchor *anchors;
	size_t anchor_count, anchor_cap;
	size_t weight;
	unsigned depth;
	struct diags *diags;
};

static char *
arena_text(struct yaml *yaml, const void *text, size_t len)
{
	char *copy = yaml_get_memory(yaml, len + 1);
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

const struct yaml_node *
yaml_root(const struct yaml *yaml)
{
	return yaml->root;
}

static struct place
place_of(const struct builder *b, const yaml_mark_t *mark)
{
	return (struct place){ b->source.file, (unsigned)mark->line + 1,
		(unsigned)mark->column + 1 };
}

static const struct {
	const char *libyaml;
	const char *plain;
} sentences[] = {
	{ "mapping values are not allowed in this context",
	    "a colon is not expected here: is the indentation right, or does "
	    "the value need quotes?" },
	{ "did not find expected key",
	    "this does not fit here: a key was expected (is the indentation "
	    "right?)" },
	{ "did not find expected '-' indicator",
	    "this does not fit here: a list item (\"- ...\") was expected (is "
	    "the indentation right?)" },
	{ "could not find expected ':'",
	    "this line has no colon: \"key: value\" was expected" },
	{ "found unexpected end of stream",
	    "the file ends inside a text in quotes" },
	{ "found unexpected document indicator",
	    "a text in quotes is not closed before this line" },
	{ "did not find expected ',' or ']'",
	    "a list in brackets is not closed: \",\" or \"]\" was expected" },
	{ "did not find expected ',' or '}'",
	    "a map in braces is not closed: \",\" or \"}\" was expected" },
	{ "found character that cannot start any token",
	    "this character cannot begin a value: put the value in quotes" },
	{ "block sequence entries are not allowed in this context",
	    "a list item (\"- ...\") is not expected here" },
	{ "mapping keys are not allowed in this context",
	    "a key is not expected here" },
	{ "did not find expected <document start>",
	    "this stands behind the end of the document (is the indentation "
	    "right?)" },
	{ "found unknown escape character",
	    "unknown escape in a text in double quotes: write \\\\ for a "
	    "backslash, or use single quotes" },
	{ "did not find expected hexdecimal number",
	    "an escape in a text in double quotes lacks its hexadecimal "
	    "digits" },
	{ "did not find expected node content", "a value is missing here" },
	{ "did not find expected alphabetic or numeric character",
	    "an anchor or alias lacks its name: a value that begins with * or "
	    "& needs quotes" },
	{ "found a tab character where an indentation space is expected",
	    "a tab is used for indentation: YAML wants blanks" },
	{ "found a tab character that violates indentation",
	    "a tab is used for indentation: YAML wants blanks" },
};

static const char *
plain_words(const char *problem)
{
	if (!problem)
		return "this is not YAML";
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if (strcmp(problem, sentences[i].libyaml) == 0)
			return sentences[i].plain;
	return problem;
}

static void
syntax_error(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	size_t tab, line = p->problem_mark.line;
	if (p->error == YAML_READER_ERROR) {
		diag_add(b->diags,
		    yaml_source_place(&b->source, p->problem_offset),
		    "this character is not allowed in YAML");
		return;
	}
	if (yaml_source_tab(&b->source, line, &tab)) {
		diag_add(b->diags, yaml_source_place(&b->source, tab),
		    "a tab is used for indentation: YAML wants blanks");
		return;
	}
	struct buf text;
	buf_init(&text, 1024);
	buf_adds(&text, plain_words(p->problem));
	if (p->context && p->context_mark.line != line)
		buf_addf(
		    &text, " (it began in line %zu)", p->context_mark.line + 1);
	if (yaml_source_braces(&b->source, line))
		buf_adds(&text, " (a value with {{ may need quotes)");
	diag_add(b->diags, place_of(b, &p->problem_mark), "%s", buf_str(&text));
	buf_clear(&text);
}

static int
next_event(struct builder *b, yaml_event_t *event)
{
	if (yaml_parser_parse(&b->parser, event))
		return 0;
	syntax_error(b);
	return -1;
}

static struct yaml_node *
new_node(struct builder *b, enum yaml_kind kind, const yaml_mark_t *mark)
{
	struct yaml_node *node = yaml_get_memory(b->yaml, sizeof(*node));
	*node = (struct yaml_node){ .kind = kind, .weight = 1 };
	node->place = node->text_place = place_of(b, mark);
	return node;
}

/* Counts WEIGHT more nodes against the ceiling that stops alias bombs. */
static int
add_weight(struct builder *b, size_t weight, const yaml_mark_t *mark)
{
	b->weight += weight;
	if (b->weight <= YAML_NODES_MAX)
		return 0;
	diag_add(b->diags, place_of(b, mark),
	    "the file holds more than %d values (aliases unfolded)",
	    YAML_NODES_MAX);
	return -1;
}

static int
set_anchor(struct builder *b, const yaml_char_t *name, struct yaml_node *node)
{
	if (!name)
		return 0;
	if (b->anchor_count == YAML_ANCHORS_MAX) {
		diag_add(b->diags, node->place, "more than %d anchors",
		    YAML_ANCHORS_MAX);
		return -1;
	}
	GROW(b->anchors, b->anchor_count, b->anchor_cap);
	const char *text = (const char *)name;
	b->anchors[b->anchor_count++] = (struct anchor){
		.name = arena_text(b->yaml, text, strlen(text)),
		.node = node,
	};
	return 0;
}

/* The last anchor of that name that is complete. */
static struct yaml_node *
take_alias(struct builder *b, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	for (size_t i = b->anchor_count; i-- > 0;) {
		struct anchor *anchor = &b->anchors[i];
		if (strcmp(anchor->name, name))
			continue;
		if (add_weight(b, anchor->node->weight, &event->start_mark))
			return NULL;
		return anchor->node;
	}
	diag_add(b->diags, place_of(b, &event->start_mark),
	    "*%s: no value above has the anchor &%s", name, name);
	return NULL;
}

/* Of all tags only the standard ones mean anything to us. */
static int
check_tag(struct builder *b, const yaml_char_t *tag, const yaml_mark_t *mark)
{
	if (!tag || strcmp((const char *)tag, "!") == 0 ||
	    str_starts((const char *)tag, "tag:yaml.org,2002:"))
		return 0;
	diag_add(b->diags, place_of(b, mark),
	    "the tag %.40s means nothing here", (const char *)tag);
	return -1;
}

static struct yaml_node *
take_scalar(struct builder *b, const yaml_event_t *event)
{
	const yaml_mark_t *mark = &event->start_mark;
	const yaml_char_t *tag = event->data.scalar.tag;
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	if (check_tag(b, tag, mark) || add_weight(b, 1, mark))
		return NULL;
	struct yaml_node *node = new_node(b, YAML_SCALAR, mark);
	if (memchr(text, '\0', len)) {
		diag_add(b->diags, node->place, "a text must not hold a NUL");
		return NULL;
	}
	node->text = arena_text(b->yaml, text, len);
	switch (event->data.scalar.style) {
	case YAML_LITERAL_SCALAR_STYLE:
	case YAML_FOLDED_SCALAR_STYLE:
		node->style = YAML_STYLE_BLOCK;
		node->text_place = yaml_source_block(
		    &b->source, mark->line, node->text);
		break;
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		node->style = YAML_STYLE_QUOTED;
		node->text_place.column++;
		break;
	default:
		if (tag && (str_ends((const char *)tag, ":str") || !tag[1]))
			node->style = YAML_STYLE_QUOTED;
		break;
	}
	return set_anchor(b, event->data.scalar.anchor, node) ? NULL : node;
}

static struct yaml_node *take_node(struct builder *b, yaml_event_t *event);

static void
push(struct builder *b, struct yaml_node *node)
{
	GROW(b->stack, b->count, b->cap);
	b->stack[b->count++] = node;
}

/* Reads nodes onto the stack up to the event END. */
static int
take_children(struct builder *b, yaml_event_type_t end)
{
	for (;;) {
		yaml_event_t event;
		if (next_event(b, &event))
			return -1;
		bool done = event.type == end;
		struct yaml_node *node = done ? NULL : take_node(b, &event);
		yaml_event_delete(&event);
		if (done)
			return 0;
		if (!node)
			return -1;
		push(b, node);
	}
}

static struct yaml_node *
take_list(struct builder *b, const yaml_event_t *event)
{
	struct yaml_node *node = new_node(b, YAML_LIST, &event->start_mark);
	size_t base = b->count;
	if (check_tag(b, event->data.sequence_start.tag, &event->start_mark) ||
	    take_children(b, YAML_SEQUENCE_END_EVENT))
		return NULL;
	node->count = b->count - base;
	node->items = yaml_get_memory(
	    b->yaml, node->count * sizeof(*node->items));
	for (size_t i = 0; i < node->count; i++) {
		node->items[i] = b->stack[base + i];
		node->weight += node->items[i]->weight;
	}
	b->count = base;
	return set_anchor(b, event->data.sequence_start.anchor, node) ? NULL
								      : node;
}

static struct yaml_node *
take_map(struct builder *b, const yaml_event_t *event)
{
	struct yaml_node *node = new_node(b, YAML_MAP, &event->start_mark);
	size_t base = b->count;
	if (check_tag(b, event->data.mapping_start.tag, &event->start_mark) ||
	    take_children(b, YAML_MAPPING_END_EVENT))
		return NULL;
	struct yaml_node **nodes = b->stack ? b->stack + base : NULL;
	if (yaml_map_fill(b->yaml, node, nodes, b->count - base, b->diags))
		return NULL;
	b->count = base;
	return set_anchor(b, event->data.mapping_start.anchor, node) ? NULL
								     : node;
}

static struct yaml_node *
take_node(struct builder *b, yaml_event_t *event)
{
	struct yaml_node *node = NULL;
	if (event->type == YAML_ALIAS_EVENT)
		return take_alias(b, event);
	if (event->type == YAML_SCALAR_EVENT)
		return take_scalar(b, event);
	if (b->depth == YAML_DEPTH_MAX) {
		diag_add(b->diags, place_of(b, &event->start_mark),
		    "values are nested more than %d deep", YAML_DEPTH_MAX);
		return NULL;
	}
	if (add_weight(b, 1, &event->start_mark))
		return NULL;
	b->depth++;
	if (event->type == YAML_SEQUENCE_START_EVENT)
		node = take_list(b, event);
	else
		node = take_map(b, event);
	b->depth--;
	return node;
}

/* The one document: start, root, end, end of the stream. */
static struct yaml_node *
take_document(struct builder *b)
{
	struct yaml_node *root = NULL;
	for (;;) {
		yaml_event_t event;
		if (next_event(b, &event))
			return NULL;
		yaml_event_type_t type = event.type;
		struct place place = place_of(b, &event.start_mark);
		bool node = type == YAML_ALIAS_EVENT ||
		    type == YAML_SCALAR_EVENT ||
		    type == YAML_SEQUENCE_START_EVENT ||
		    type == YAML_MAPPING_START_EVENT;
		struct yaml_node *taken = node ? take_node(b, &event) : NULL;
		yaml_event_delete(&event);
		if (node && !taken)
			return NULL;
		if (node)
			root = taken;
		if (type == YAML_STREAM_END_EVENT)
			break;
		if (type == YAML_DOCUMENT_START_EVENT && root) {
			diag_add(b->diags, place,
			    "a second document begins here: one per file");
			return NULL;
		}
	}
	if (!root || yaml_is_null(root)) {
		diag_add(b->diags, (struct place){ b->source.file, 1, 1 },
		    "the file is empty");
		return NULL;
	}
	return root;
}

struct yaml *
yaml_parse(const char *file, const char *text, size_t len, struct diags *diags)
{
	size_t before = diags->count + diags->left_out;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3; /* a byte order mark is no text */
		len -= 3;
	}
	struct builder b = { .diags = diags };
	struct yaml *yaml = b.yaml = xcalloc(1, sizeof(*yaml));
	yaml_source_init(&b.source, file, text, len);
	if (!yaml_source_is_text(&b.source, diags))
		goto out;
	if (!yaml_parser_initialize(&b.parser)) {
		diag_add(diags, (struct place){ file, 0, 0 },
		    "no memory for the YAML parser");
		goto out;
	}
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &b.parser, (const unsigned char *)text, len);
	yaml->root = take_document(&b);
	yaml_parser_delete(&b.parser);
out:
	yaml_source_clear(&b.source);
	free(b.stack);
	free(b.anchors);
	if (diags->count + diags->left_out > before || !yaml->root) {
		yaml_release(yaml);
		yaml = NULL;
	}
	return yaml;
}

struct yaml *
yaml_load(const char *path, size_t limit_bytes, struct diags *diags)
{
	struct yaml *yaml = NULL;
	struct place place = { path, 0, 0 };
	struct err err;
	struct stat st;
	struct buf text;
	buf_init(&text, limit_bytes);
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size > limit_bytes) {
		diag_add(diags, place,
		    "%lld bytes are too many: a file like this may have %zu",
		    (long long)st.st_size, limit_bytes);
		goto out;
	}
	if (file_read(path, &text, &err)) {
		/* the message begins with the path, and so will the line */
		const char *why = err.text;
		size_t len = strlen(path);
		if (str_starts(why, path) && str_starts(why + len, ": "))
			why += len + 2;
		diag_add(diags, place, "%s", why);
		goto out;
	}
	yaml = yaml_parse(path, buf_str(&text), text.len, diags);
out:
	buf_clear(&text);
	return yaml;
}

const char *
yaml_library_version(void)
{
	return yaml_get_version_string();
}
