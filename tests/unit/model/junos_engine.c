#include "junos_engine.h"

#include "junos.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static bool
has_below(const struct strs *statements, const char *path)
{
	for (size_t i = 0; i < statements->count; i++)
		if (junos_below(statements->items[i], path))
			return true;
	return false;
}

static const char *delete (struct strs *statements, const char *path)
{
	size_t wrong;
	const char *in_term = strstr(path, " then ");
	if (!in_term)
		in_term = strstr(path, " from ");
	if (junos_apply(statements, false, path, &wrong) != JUNOS_OK)
		return "statement not found";
	char *term = xstrndup(
	    path, in_term ? (size_t)(in_term - path) : strlen(path));
	bool empty = in_term && !has_below(statements, term);
	free(term);
	return empty ? "the term is empty for a moment" : NULL;
}

/* insert PATH before|after KEYWORD NAME */
static const char *
insert(struct strs *statements, const char *rest)
{
	const char *said = "syntax error";
	const char *at = strstr(rest, " before ");
	bool before = at != NULL;
	if (!at)
		at = strstr(rest, " after ");
	char *path = xstrndup(rest, at ? (size_t)(at - rest) : 0);
	char *last = strstr(path, " term ");
	if (at && last) {
		char *other = xasprintf("%.*s %s", (int)(last - path), path,
		    at + strlen(before ? " before " : " after "));
		said = has_below(statements, path) &&
			junos_insert(statements, path, before, other) ==
			    JUNOS_OK
		    ? NULL
		    : "statement not found";
		free(other);
	}
	free(path);
	return said;
}

const char *
junos_engine_take(struct strs *statements, const char *line)
{
	size_t wrong;
	if (str_starts(line, "set "))
		return junos_apply(statements, true, line + 4, &wrong) ==
			JUNOS_OK
		    ? NULL
		    : "syntax error";
	if (str_starts(line, "delete "))
		return delete (statements, line + 7);
	return str_starts(line, "insert ") ? insert(statements, line + 7)
					   : "unknown command";
}

char *
junos_engine_show(const struct strs *statements, const char *path)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	junos_print(statements, path, true, &out);
	return buf_take(&out);
}
