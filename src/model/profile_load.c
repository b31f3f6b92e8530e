/*
 * From directories to a set of profiles: which file counts, who inherits from
 * whom. What a profile says is none of its business.
 */
#include "profile_parts.h"

#include "base/alloc.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROFILE_LIMIT_BYTES (1u << 20)
#define INHERIT_MAX	    16

/* A file that was read. Two with one device_type: the later stands. */
struct source {
	struct profile *profile;
	struct yaml *yaml;
	bool dropped;
};

struct sources {
	struct source *items;
	size_t count, cap;
};

static void
sources_clear(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		yaml_release(sources->items[i].yaml);
		profile_free(sources->items[i].profile);
	}
	free(sources->items);
}

static const struct yaml_node *
source_root(const struct source *source)
{
	return yaml_root(source->yaml);
}

static const char *
source_text(const struct source *source, const char *key)
{
	const struct yaml_node *node = yaml_get(source_root(source), key);
	return node && node->kind == YAML_SCALAR ? node->text : NULL;
}

static struct source *
source_find(const struct sources *sources, const char *device_type)
{
	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->items[i];
		if (!source->dropped &&
		    str_eq(source_text(source, "device_type"), device_type))
			return source;
	}
	return NULL;
}

static int
is_profile(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(entry->d_name, ".yml");
}

static void
read_file(struct sources *sources, const char *path, size_t first,
    struct diags *diags)
{
	struct profile *profile = profile_new(path);
	struct yaml *yaml = yaml_load(
	    profile->file, PROFILE_LIMIT_BYTES, diags);
	if (!yaml) {
		profile_free(profile);
		return;
	}
	struct source source = { .profile = profile, .yaml = yaml };
	const char *device_type = source_text(&source, "device_type");
	struct source *other = device_type ? source_find(sources, device_type)
					   : NULL;
	if (other && (size_t)(other - sources->items) >= first)
		diag_add(diags, yaml_place(yaml_root(yaml), "device_type"),
		    "\"%.64s\" is the device_type of %s, too", device_type,
		    other->profile->file);
	else if (other)
		other->dropped = true;
	GROW(sources->items, sources->count, sources->cap);
	sources->items[sources->count++] = source;
}

static void
read_directory(
    struct sources *sources, const char *directory, struct diags *diags)
{
	struct dirent **entries;
	size_t first = sources->count;
	int count = scandir(directory, &entries, is_profile, alphasort);
	if (count < 0) {
		diag_add(diags, (struct place){ directory, 0, 0 },
		    "the directory of profiles cannot be read: %s",
		    strerror(errno));
		return;
	}
	for (int i = 0; i < count; i++) {
		char *path = xasprintf("%s/%s", directory, entries[i]->d_name);
		read_file(sources, path, first, diags);
		free(path);
		free(entries[i]);
	}
	free(entries);
}

static void
unknown_parent(const struct sources *sources, const struct source *source,
    const char *parent, struct diags *diags)
{
	const char **names = xcalloc(sources->count + 1, sizeof(*names));
	size_t count = 0;
	for (size_t i = 0; i < sources->count; i++) {
		const char *name = source_text(
		    &sources->items[i], "device_type");
		if (name)
			names[count++] = name;
	}
	const char *near = str_nearest(parent, names, count);
	diag_add(diags, yaml_place(source_root(source), "inherits"),
	    "there is no profile \"%.64s\"%s%s%s", parent,
	    near ? ": did you mean \"" : "", near ? near : "",
	    near ? "\"?" : "");
	free(names);
}

/*
 * The line of descent, SOURCE first. Its length; 0 after a message about an
 * ancestor that does not exist, or about a circle.
 */
static size_t
find_line(const struct sources *sources, const struct source *source,
    const struct source *line[INHERIT_MAX], struct diags *diags)
{
	size_t count = 0;
	line[count++] = source;
	for (;;) {
		const char *parent = source_text(line[count - 1], "inherits");
		if (!parent)
			return count;
		const struct source *next = source_find(sources, parent);
		if (!next) {
			unknown_parent(sources, line[count - 1], parent, diags);
			return 0;
		}
		bool circle = count == INHERIT_MAX;
		for (size_t i = 0; i < count; i++)
			circle |= line[i] == next;
		if (circle) {
			diag_add(diags,
			    yaml_place(source_root(source), "inherits"),
			    "\"inherits\" goes round in a circle or is more "
			    "than %d deep",
			    INHERIT_MAX);
			return 0;
		}
		line[count++] = next;
	}
}

/* Reads the ancestors' keys, the eldest's first, then the profile's own. What
 * is wrong with an ancestor is said once, under its own name. */
static void
resolve(const struct sources *sources, const struct source *source,
    struct diags *diags)
{
	const struct source *line[INHERIT_MAX];
	struct diags unsaid = { 0 };
	size_t count = find_line(sources, source, line, diags);
	for (size_t i = count; i-- > 1;)
		profile_read(source->profile, source_root(line[i]), &unsaid);
	bool sound = count && !diags_any(&unsaid);
	diags_clear(&unsaid);
	profile_read(source->profile, source_root(source), diags);
	for (size_t i = 0; i < count; i++) {
		const char *name = source_text(line[i], "device_type");
		if (name)
			json_object_set_new(
			    source->profile->names, name, json_true());
	}
	if (sound)
		profile_judge(source->profile, source_root(source), diags);
}

static int
compare(const void *left, const void *right)
{
	const struct profile *const *a = left, *const *b = right;
	return strcmp((*a)->device_type, (*b)->device_type);
}

int
profiles_load(struct profiles *profiles, const struct strs *directories,
    struct diags *diags)
{
	size_t before = diags->count + diags->left_out;
	struct sources sources = { 0 };
	*profiles = (struct profiles){ 0 };
	for (size_t i = 0; i < directories->count; i++)
		read_directory(&sources, directories->items[i], diags);
	for (size_t i = 0; i < sources.count; i++)
		if (!sources.items[i].dropped)
			resolve(&sources, &sources.items[i], diags);
	for (size_t i = 0; i < sources.count; i++) {
		struct source *source = &sources.items[i];
		if (source->dropped || !source->profile->device_type)
			continue;
		GROW(profiles->items, profiles->count, profiles->cap);
		profiles->items[profiles->count++] = source->profile;
		source->profile = NULL;
	}
	sources_clear(&sources);
	if (profiles->count)
		qsort(profiles->items, profiles->count,
		    sizeof(*profiles->items), compare);
	return diags->count + diags->left_out > before ? -1 : 0;
}
