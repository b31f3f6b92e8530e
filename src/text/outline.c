/* Outlines as sorted lists of paths: a line behind all those it is under. */
#include "text/outline.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX	 32 /* deeper lines are taken as this deep */
#define PATH_LIMIT_BYTES 65536
#define SEPARATOR	 '\n'

/* The way down to the line that is looked at. */
struct way {
	struct {
		size_t indent; /* of the line */
		size_t end; /* of its part of `path` */
	} levels[DEPTH_MAX];
	size_t depth;
	struct buf path;
};

static void
way_init(struct way *way)
{
	*way = (struct way){ 0 };
	buf_init(&way->path, PATH_LIMIT_BYTES);
}

/* Goes to LINE; false for a blank one. TEXT = the line's own part, without
 * blanks around it; the path ends with the lines above it. */
static bool
way_go(struct way *way, const char *line, const char **text, size_t *len)
{
	size_t indent = strspn(line, " \t");
	*text = line + indent;
	*len = strlen(*text);
	while (*len && strchr(" \t\r", (*text)[*len - 1]))
		(*len)--;
	if (!*len)
		return false;
	while (way->depth && way->levels[way->depth - 1].indent >= indent)
		way->depth--;
	buf_truncate(
	    &way->path, way->depth ? way->levels[way->depth - 1].end : 0);
	return true;
}

/* The line becomes one that others may be under. */
static void
way_enter(struct way *way, const char *line, const char *text, size_t len)
{
	buf_add(&way->path, text, len);
	buf_addc(&way->path, SEPARATOR);
	if (way->depth == DEPTH_MAX)
		return;
	way->levels[way->depth].indent = strspn(line, " \t");
	way->levels[way->depth].end = way->path.len;
	way->depth++;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The first path that is not less than TEXT. */
static size_t
lower_bound(const struct strs *paths, const char *text)
{
	size_t low = 0, high = paths->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(paths->items[middle], text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
has_prefix(const struct strs *paths, const char *prefix)
{
	size_t at = lower_bound(paths, prefix);
	return at < paths->count && str_starts(paths->items[at], prefix);
}

/* Every line's path, its own SEPARATOR at the end, sorted. */
static void
list_paths(const struct strs *config, struct strs *paths)
{
	struct way way;
	way_init(&way);
	for (size_t i = 0; i < config->count; i++) {
		const char *text;
		size_t len;
		if (!way_go(&way, config->items[i], &text, &len))
			continue;
		way_enter(&way, config->items[i], text, len);
		strs_add(paths, buf_str(&way.path));
	}
	buf_clear(&way.path);
	if (paths->count)
		qsort(
		    paths->items, paths->count, sizeof(*paths->items), compare);
}

/* Is the path of WAY with TEXT behind it there, TEXT ending with END? */
static bool
is_there(const struct strs *paths, const struct way *way, const char *text,
    size_t len, char end)
{
	struct buf path;
	buf_init(&path, 2 * PATH_LIMIT_BYTES);
	buf_add(&path, buf_str(&way->path), way->path.len);
	buf_add(&path, text, len);
	buf_addc(&path, end);
	bool found = has_prefix(paths, buf_str(&path));
	buf_clear(&path);
	return found;
}

/* What is to be done for one line: ' ', '+' or '-'. */
static char
mark_of(const struct strs *paths, const struct way *way, const char *text,
    size_t len)
{
	if (len > 3 && str_starts(text, "no ")) {
		bool there = is_there(
				 paths, way, text + 3, len - 3, SEPARATOR) ||
		    is_there(paths, way, text + 3, len - 3, ' ');
		return there ? '-' : ' ';
	}
	return is_there(paths, way, text, len, SEPARATOR) ? ' ' : '+';
}

/* OUT may be NULL. *CUT: something was too long to be compared. */
static bool
compare_all(struct buf *out, const struct strs *config,
    const struct strs *wanted, bool *cut)
{
	struct strs paths = { 0 };
	struct way way;
	bool differs = false;
	list_paths(config, &paths);
	way_init(&way);
	for (size_t i = 0; i < wanted->count; i++) {
		const char *text;
		size_t len;
		if (!way_go(&way, wanted->items[i], &text, &len))
			continue;
		char mark = mark_of(&paths, &way, text, len);
		differs |= mark != ' ';
		if (out)
			buf_addf(out, "%c%s\n", mark, wanted->items[i]);
		way_enter(&way, wanted->items[i], text, len);
	}
	*cut = way.path.cut;
	buf_clear(&way.path);
	strs_clear(&paths);
	return differs;
}

bool
outline_holds(const struct strs *config, const struct strs *wanted)
{
	bool cut;
	return !compare_all(NULL, config, wanted, &cut) && !cut;
}

bool
outline_compare(
    struct buf *out, const struct strs *config, const struct strs *wanted)
{
	bool cut;
	return compare_all(out, config, wanted, &cut) || cut;
}
