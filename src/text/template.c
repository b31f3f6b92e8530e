/*
 * Reads a Mustache template (mustache(5) and the published specification's
 * sections on interpolation, sections, inverted, comments, delimiters and
 * partials) into a flat list of nodes. It settles everything about
 * white space and standalone lines, and knows nothing about data.
 */
#include "text/template.h"

#include "template_node.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct slice {
	const char *text;
	size_t len;
};

struct parser {
	struct template *template;
	struct diags *diags;
	bool failed;
	const char *at, *end;
	bool line_start; /* AT begins a line, and nothing of it was read */
	struct slice open, close; /* the delimiters in force */

	/* The place of MARK, which only moves forward. */
	const char *mark;
	unsigned line, column;

	/* Sections that are open: indexes of nodes. */
	size_t *sections;
	size_t depth, cap;
};

struct tag {
	char sigil; /* one of "#^/>!=" or, for a value, '&' */
	const char *start, *after;
	struct slice body; /* without sigil and blanks around */
	struct place place;
};

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static bool
is_space(char byte)
{
	return is_blank(byte) || byte == '\n' || byte == '\r';
}

static struct slice
trim(struct slice slice)
{
	while (slice.len && is_space(slice.text[0])) {
		slice.text++;
		slice.len--;
	}
	while (slice.len && is_space(slice.text[slice.len - 1]))
		slice.len--;
	return slice;
}

static const char *
find(const char *from, const char *end, struct slice what)
{
	return memmem(from, (size_t)(end - from), what.text, what.len);
}

static bool
starts_with(const char *at, const char *end, struct slice what)
{
	return (size_t)(end - at) >= what.len &&
	    memcmp(at, what.text, what.len) == 0;
}

/* Columns count characters, as editors do: UTF-8's continuation bytes (10..)
 * are left out. */
static struct place
place_at(struct parser *p, const char *at)
{
	unsigned first = p->template->place.column;
	for (; p->mark < at; p->mark++) {
		if (*p->mark == '\n') {
			p->line++;
			p->column = first;
		} else if ((*p->mark & 0xc0) != 0x80) {
			p->column++;
		}
	}
	return (struct place){ p->template->place.file, p->line, p->column };
}

static struct node *
add_node(struct parser *p, enum node_kind kind, struct place place)
{
	struct template *t = p->template;
	GROW(t->nodes, t->count, t->cap);
	struct node *node = &t->nodes[t->count++];
	*node = (struct node){
		.kind = kind, .line = place.line, .column = place.column
	};
	return node;
}

static void
add_piece(struct parser *p, const char *from, size_t len)
{
	struct node *node = add_node(p, NODE_TEXT, place_at(p, from));
	node->text = from;
	node->len = len;
	node->line_start = p->line_start;
	p->line_start = len && from[len - 1] == '\n';
}

/* Adds the text up to TO, each line a node of its own. */
static void
add_text(struct parser *p, const char *to)
{
	const char *from = p->at;
	while (from < to) {
		const char *newline = memchr(from, '\n', (size_t)(to - from));
		const char *next = newline ? newline + 1 : to;
		add_piece(p, from, (size_t)(next - from));
		from = next;
	}
	p->at = to;
}

/* Names may be dotted ("a.b.c") or be the implicit iterator ("."). */
static bool
is_dotted_name(struct slice name)
{
	if (name.len == 1 && name.text[0] == '.')
		return true;
	bool part = false;
	for (size_t i = 0; i < name.len; i++) {
		bool dot = name.text[i] == '.';
		if (dot && !part)
			return false;
		part = !dot;
	}
	return part;
}

static bool
check_name(struct parser *p, const struct tag *tag)
{
	struct slice name = tag->body;
	const char *wrong = NULL;
	if (!name.len) {
		diag_add(p->diags, tag->place, "the tag has no name");
		p->failed = true;
		return false;
	}
	for (size_t i = 0; i < name.len; i++)
		if (is_space(name.text[i]))
			wrong = "has a blank in it";
	if (!wrong && tag->sigil != '>' && !is_dotted_name(name))
		wrong = "has an empty part";
	if (!wrong)
		return true;
	diag_add(p->diags, tag->place, "the name '%.*s' %s", (int)name.len,
	    name.text, wrong);
	p->failed = true;
	return false;
}

/*
 * Reads the tag at START. Three forms have a closing delimiter of their own:
 * {{{x}}} ends in "}" and the delimiter, {{=a b=}} in "=" and the delimiter.
 */
static bool
read_tag(struct parser *p, const char *start, struct tag *tag)
{
	*tag = (struct tag){ .start = start };
	const char *body = start + p->open.len;
	while (body < p->end && is_space(*body))
		body++;
	char sigil = body < p->end ? *body : '\0';
	char twin = sigil == '{' ? '}' : sigil == '=' ? '=' : '\0';
	bool has_sigil = sigil && strchr("#^/>!=&{<$", sigil);
	/* "{{/}}" with "/" would be a sigil even if the delimiter began with
	 * it; a delimiter wins, so that "<%%>" is an empty tag. */
	if (starts_with(body, p->end, p->close))
		has_sigil = false;
	body += has_sigil;

	const char *close = body;
	for (;; close++) {
		close = find(close, p->end, p->close);
		if (!close) {
			diag_add(p->diags, place_at(p, start),
			    "the tag is not closed: no '%s%.*s' follows",
			    twin == '}' ? "}"
				: twin	? "="
					: "",
			    (int)p->close.len, p->close.text);
			p->failed = true;
			return false;
		}
		if (!has_sigil || !twin || (close > body && close[-1] == twin))
			break;
	}
	const char *body_end = has_sigil && twin ? close - 1 : close;
	/* "{{{x}}}" closes at the last of three braces, not the first. */
	tag->sigil = !has_sigil || sigil == '{' ? '&' : sigil;
	tag->body = trim((struct slice){ body, (size_t)(body_end - body) });
	tag->after = close + p->close.len;
	return true;
}

/* Is there nothing but blanks between FROM and the end of its line? Returns
 * the start of the next line, or NULL. */
static const char *
rest_of_line(const struct parser *p, const char *from)
{
	while (from < p->end && is_blank(*from))
		from++;
	if (from == p->end)
		return from;
	if (*from == '\r' && from + 1 < p->end)
		from++;
	return *from == '\n' ? from + 1 : NULL;
}

/*
 * A tag that is not a value and has its line for itself takes the whole line
 * with it. Sets *indent to the blanks in front and returns the start of the
 * next line; NULL if the tag does not stand alone.
 */
static const char *
stands_alone(
    const struct parser *p, const struct tag *tag, struct slice *indent)
{
	if (tag->sigil == '&')
		return NULL;
	const char *from = tag->start;
	while (from > p->at && is_blank(from[-1]))
		from--;
	bool begins = from > p->at ? from[-1] == '\n' : p->line_start;
	if (!begins)
		return NULL;
	*indent = (struct slice){ from, (size_t)(tag->start - from) };
	return rest_of_line(p, tag->after);
}

static void
set_delimiters(struct parser *p, const struct tag *tag)
{
	struct slice open = tag->body, close;
	size_t len = 0;
	while (len < open.len && !is_space(open.text[len]))
		len++;
	close = trim((struct slice){ open.text + len, open.len - len });
	open.len = len;
	bool good = open.len && close.len &&
	    !memchr(open.text, '=', open.len) &&
	    !memchr(close.text, '=', close.len);
	for (size_t i = 0; i < close.len; i++)
		good = good && !is_space(close.text[i]);
	if (!good) {
		diag_add(p->diags, tag->place,
		    "delimiters are set with two words without '=': "
		    "{{=<%% %%>=}}");
		p->failed = true;
		return;
	}
	p->open = open;
	p->close = close;
}

static const char *
open_name(const struct parser *p, size_t depth)
{
	return p->template->nodes[p->sections[depth]].name;
}

static bool
slice_is(struct slice slice, const char *text)
{
	return strlen(text) == slice.len &&
	    memcmp(slice.text, text, slice.len) == 0;
}

/* The innermost open section has no end of its own. */
static void
abandon_section(struct parser *p)
{
	struct node *node = &p->template->nodes[p->sections[--p->depth]];
	struct place place = { p->template->place.file, node->line,
		node->column };
	diag_add(p->diags, place, "the section '%s' is not closed", node->name);
	p->failed = true;
	node->end = p->template->count;
}

static void
close_section(struct parser *p, const struct tag *tag)
{
	size_t depth = p->depth;
	while (depth && !slice_is(tag->body, open_name(p, depth - 1)))
		depth--;
	if (!depth) {
		diag_add(p->diags, tag->place,
		    "'%.*s' is closed here, but is not open",
		    (int)tag->body.len, tag->body.text);
		p->failed = true;
		return;
	}
	while (p->depth > depth)
		abandon_section(p);
	p->template->nodes[p->sections[--p->depth]].end = p->template->count;
}

static void
open_section(struct parser *p, enum node_kind kind, const struct tag *tag)
{
	GROW(p->sections, p->depth, p->cap);
	p->sections[p->depth++] = p->template->count;
	struct node *node = add_node(p, kind, tag->place);
	node->name = xstrndup(tag->body.text, tag->body.len);
}

static void
add_partial(struct parser *p, const struct tag *tag, struct slice indent)
{
	struct node *node = add_node(p, NODE_PARTIAL, tag->place);
	node->name = xstrndup(tag->body.text, tag->body.len);
	node->text = indent.text;
	node->len = indent.len;
}

static void
apply_tag(struct parser *p, const struct tag *tag, struct slice indent)
{
	if (tag->sigil == '!')
		return;
	if (tag->sigil == '=') {
		set_delimiters(p, tag);
		return;
	}
	if (tag->sigil == '<' || tag->sigil == '$') {
		diag_add(p->diags, tag->place,
		    "'%c' tags (template inheritance) are not supported",
		    tag->sigil);
		p->failed = true;
		return;
	}
	if (!check_name(p, tag))
		return;
	if (tag->sigil == '#')
		open_section(p, NODE_SECTION, tag);
	else if (tag->sigil == '^')
		open_section(p, NODE_INVERTED, tag);
	else if (tag->sigil == '/')
		close_section(p, tag);
	else if (tag->sigil == '>')
		add_partial(p, tag, indent);
	else
		add_node(p, NODE_VALUE, tag->place)->name = xstrndup(
		    tag->body.text, tag->body.len);
}

/* One tag and the text before it; false at the end of the text. */
static bool
parse_step(struct parser *p)
{
	struct slice indent = { NULL, 0 };
	struct tag tag;
	const char *start = find(p->at, p->end, p->open);
	if (!start) {
		add_text(p, p->end);
		return false;
	}
	if (!read_tag(p, start, &tag))
		return false;

	const char *next_line = stands_alone(p, &tag, &indent);
	if (next_line) {
		add_text(p, indent.text);
	} else {
		add_text(p, start);
		if (p->line_start)
			add_piece(p, start, 0);
	}
	tag.place = place_at(p, start);
	apply_tag(p, &tag, indent);
	p->at = next_line ? next_line : tag.after;
	p->line_start = next_line != NULL;
	return true;
}

struct template *
template_parse(const char *text, struct place place, struct diags *diags)
{
	struct template *t = xcalloc(1, sizeof(*t));
	t->place = place;
	t->text = xstrdup(text);
	struct parser p = {
		.template = t,
		.diags = diags,
		.at = t->text,
		.end = t->text + strlen(t->text),
		.line_start = true,
		.open = { "{{", 2 },
		.close = { "}}", 2 },
		.mark = t->text,
		.line = place.line,
		.column = place.column,
	};
	while (parse_step(&p))
		;
	while (p.depth)
		abandon_section(&p);
	free(p.sections);
	if (p.failed) {
		template_free(t);
		return NULL;
	}
	return t;
}

void
template_free(struct template *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		free(t->nodes[i].name);
	free(t->nodes);
	free(t->text);
	free(t);
}
