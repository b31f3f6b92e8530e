/*
 * Mustache templates after the published specification (interpolation,
 * sections over lists and maps, implicit iterator, inverted sections,
 * comments, set delimiters, partials, standalone lines), with three
 * differences that configuration text asks for: nothing is HTML-escaped
 * ({{x}}, {{{x}}} and {{&x}} are the same), an undefined name is an error
 * with its place instead of nothing, and so is a map or list where a text is
 * asked for. A name that only a section ({{#x}}, {{^x}}) asks for may be
 * undefined: that is what sections are for.
 */
#ifndef NETPUSH_TEXT_TEMPLATE_H
#define NETPUSH_TEXT_TEMPLATE_H

#include "base/diag.h"

#include <jansson.h>
#include <stddef.h>

struct buf;
struct template;

/*
 * PLACE is where the text begins in its file, so that line and column in
 * messages are the user's (a YAML block has one indentation throughout, so
 * column = PLACE.column + offset in the line; file is borrowed for the
 * template's lifetime). NULL after at least one message in DIAGS.
 */
struct template *template_parse(
    const char *text, struct place place, struct diags *diags);
void template_free(struct template *template);

/* Finds a partial by name; NULL if there is none. */
typedef const struct template *template_partial_fn(
    void *data, const char *name);

struct template_scope {
	const json_t *const *contexts; /* objects, outermost first */
	size_t count;
	template_partial_fn *partial; /* may be NULL: no partials */
	void *partial_data;
};

/* Where each line of the output came from: a line of the template's file. */
struct template_map {
	unsigned *lines; /* lines[i] belongs to output line i + 1 */
	size_t count, cap;
};
void template_map_clear(struct template_map *map);

/*
 * Renders into OUT (added to what is there). MAP may be NULL. Every mistake
 * is added to DIAGS; 0 if there was none, else -1 and OUT is not to be used.
 * Depth of sections and partials, and the output, are bounded (OUT's limit):
 * passing a bound is a mistake, too.
 */
int template_render(const struct template *template,
    const struct template_scope *scope, struct buf *out,
    struct template_map *map, struct diags *diags);

#endif
