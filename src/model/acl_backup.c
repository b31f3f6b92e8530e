/* The device's own words for a list, and how it is put back with them. */
#include "model/acl_backup.h"

#include "base/alloc.h"
#include "model/acl_dialect.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A header as it stands in a configuration, not in a show of the list. */
static bool
is_typed(const struct acl_header *header)
{
	return header->flat || strstr(header->words, "access-list") != NULL;
}

/* Is REST, what follows a header's words, about the list NAME? */
static bool
is_named(const char *rest, const char *name)
{
	size_t len = strlen(name);
	return strncmp(rest, name, len) == 0 &&
	    (!rest[len] || isspace((unsigned char)rest[len]));
}

/* Adds the list's lines of a configuration; false if it does not stand
 * there. */
static bool
take_typed(struct strs *lines, const struct acl_dialect *dialect,
    const char *name, const struct strs *shown)
{
	bool inside = false;
	size_t before = lines->count;
	for (size_t i = 0; i < shown->count; i++) {
		const char *line = shown->items[i], *rest;
		size_t indent = strspn(line, " \t");
		const struct acl_header *header = indent
		    ? NULL
		    : acl_header_find(dialect, line, &rest);
		if (header)
			inside = is_typed(header) && is_named(rest, name);
		else if (!indent)
			inside = false;
		if (inside && line[indent])
			strs_add(lines, line);
		if (header && header->flat)
			inside = false;
	}
	return lines->count > before;
}

/* Is LINE the one that takes the list away, of whatever type? */
static bool
takes_away(
    const struct acl_dialect *dialect, const char *name, const char *line)
{
	const struct acl_writing *row;
	bool same = false;
	for (row = dialect->writings; row->add && !same; row++) {
		char *destroy = acl_writing_fill(row->destroy, name, 0, "");
		same = str_eq(line, destroy);
		free(destroy);
	}
	return same;
}

bool
acl_backup_is_only(const struct acl_dialect *dialect, const char *name,
    const struct strs *lines)
{
	struct strs rest = { 0 }, taken = { 0 };
	for (size_t i = 0; i < lines->count; i++)
		if (!takes_away(dialect, name, lines->items[i]))
			strs_add(&rest, lines->items[i]);
	take_typed(&taken, dialect, name, &rest);
	bool only = taken.count == rest.count;
	strs_clear(&taken);
	strs_clear(&rest);
	return only;
}

static const struct acl_header *
typed_header(const struct acl_dialect *dialect, enum acl_type type)
{
	const struct acl_header *header, *any = NULL;
	for (header = dialect->headers; header->words; header++) {
		if (!is_typed(header))
			continue;
		if (header->type == type)
			return header;
		if (!any)
			any = header;
	}
	return any;
}

/* The entry as it is typed: the line without its counters. */
static void
add_shown(struct strs *lines, const char *line)
{
	const char *text = line + strspn(line, " \t");
	size_t len = strcspn(text, "([");
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (len)
		strs_take(lines, xasprintf(" %.*s", (int)len, text));
}

/* From a show of the list, where that shows all of it. */
static bool
take_shown(struct strs *lines, const struct acl_dialect *dialect,
    const char *name, enum acl_type type, const struct strs *shown)
{
	bool inside = false;
	for (size_t i = 0; i < shown->count; i++) {
		const char *line = shown->items[i], *rest;
		const struct acl_header *header = isspace((unsigned char)*line)
		    ? NULL
		    : acl_header_find(dialect, line, &rest);
		if (inside && isspace((unsigned char)*line)) {
			add_shown(lines, line);
			continue;
		}
		inside = header && !is_typed(header) && is_named(rest, name);
		if (inside)
			strs_take(lines,
			    xasprintf("%s %s",
				typed_header(dialect, type)->words, name));
	}
	return lines->count > 0;
}

void
acl_backup_take(struct acl_backup *backup, const struct acl_dialect *dialect,
    const char *name, const struct strs *outputs, const struct acl *acl)
{
	*backup = (struct acl_backup){ .known = !acl->present };
	for (size_t i = 0; i < outputs->count && !backup->known; i++) {
		struct strs shown = { 0 };
		strs_add_lines(&shown, outputs->items[i]);
		backup->known = take_typed(
		    &backup->lines, dialect, name, &shown);
		strs_clear(&shown);
	}
	for (size_t i = 0; i < outputs->count && !backup->known; i++) {
		struct strs shown = { 0 };
		strs_add_lines(&shown, outputs->items[i]);
		backup->known = dialect->remarks_numbered &&
		    take_shown(
			&backup->lines, dialect, name, acl->type, &shown);
		strs_clear(&shown);
	}
}

void
acl_backup_clear(struct acl_backup *backup)
{
	strs_clear(&backup->lines);
	*backup = (struct acl_backup){ 0 };
}

void
acl_backup_restore(const struct acl_backup *backup,
    const struct acl_dialect *dialect, const char *name, const struct acl *now,
    struct strs *lines)
{
	const struct acl_writing *writing = acl_writing_find(
	    dialect, now->type);
	if (now->present && writing)
		strs_take(
		    lines, acl_writing_fill(writing->destroy, name, 0, ""));
	else if (now->present)
		strs_take(lines,
		    xasprintf("no %s %s",
			typed_header(dialect, now->type)->words, name));
	for (size_t i = 0; i < backup->lines.count; i++)
		strs_add(lines, backup->lines.items[i]);
}
