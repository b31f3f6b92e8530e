/*
 * What template.c (the parser) hands to template_render.c: a flat list of
 * nodes in the order of the text. Nobody else includes this.
 */
#ifndef NETPUSH_TEXT_TEMPLATE_NODE_H
#define NETPUSH_TEXT_TEMPLATE_NODE_H

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>

enum node_kind {
	NODE_TEXT,
	NODE_VALUE,
	NODE_SECTION,
	NODE_INVERTED,
	NODE_PARTIAL,
};

struct node {
	enum node_kind kind;
	unsigned line, column; /* of its first byte, in the file */

	/* NODE_TEXT: a piece of one line, within the template's text. For
	 * NODE_PARTIAL the indentation of a tag that stands alone. */
	const char *text;
	size_t len;

	/* NODE_TEXT: the first piece of a line of the template; there (and
	 * not after a newline inside a value) a partial is indented. Such a
	 * piece exists for every line that is not removed, even if empty. */
	bool line_start;

	char *name; /* owned; all kinds but NODE_TEXT */
	size_t end; /* sections: the body is this node + 1 .. end - 1 */
};

struct template
{
	struct place place;
	char *text;
	struct node *nodes;
	size_t count, cap;
};

#endif
