/*
 * The keys `image`, `boot` and `reload` of a profile: read, given back, and
 * the small questions that steps ask of their patterns.
 */
#include "profile_parts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"
#include "text/re.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX	 16
#define AUTH_WAIT_MAX_MS (3600 * 1000)

#define FIELD(key, kind, member)                                               \
	{                                                                      \
		(key), YAML_FIELD_##kind,                                      \
		    offsetof(struct profile_image, member), false, 0, 0, NULL  \
	}
static const struct yaml_field image_fields[] = {
	FIELD("version", LINE, version),
	FIELD("version_is", LINE, version_is.text),
	FIELD("runs", LINE, runs.text),
	FIELD("boots_if", LINE, boots_if.text),
	FIELD("uptime", LINE, uptime),
	FIELD("uptime_is", LINE, uptime_is.text),
	FIELD("filesystem", LINE, filesystem),
	FIELD("list", LINE, list),
	FIELD("file_is", LINE, file_is.text),
	FIELD("free_is", LINE, free_is.text),
	FIELD("members", LINE, members),
	FIELD("member_is", LINE, member_is.text),
	FIELD("member_filesystem", LINE, member_filesystem),
	FIELD("md5", LINE, md5),
	FIELD("md5_is", LINE, md5_is.text),
	FIELD("remove", LINE, remove),
	FIELD("copy", LINE, copy),
};
static const struct yaml_table image_table = YAML_TABLE(
    "\"image\"", image_fields);

static const struct yaml_field boot_fields[] = {
	FIELD("show", LINE, boot_show),
	FIELD("is", LINE, boot_is.text),
	FIELD("next", LINE, boot_next),
	FIELD("next_is", LINE, boot_next_is.text),
	FIELD("next_skips", LINE, next_skips.text),
	FIELD("stops_if", LINE, stops_if.text),
	FIELD("lines", TEXT, boot_lines),
};
static const struct yaml_table boot_table = YAML_TABLE("\"boot\"", boot_fields);

struct reload_draft {
	struct profile_image image;
	const struct yaml_node *questions;
};
#define RELOAD(key, kind, member)                                              \
	{                                                                      \
		(key), YAML_FIELD_##kind,                                      \
		    offsetof(struct reload_draft, member), false, 0, 0, NULL   \
	}
static const struct yaml_field reload_fields[] = {
	RELOAD("command", LINE, image.reload),
	RELOAD("install", LINE, image.install),
	RELOAD("prepare", LINES, image.reload_prepare),
	RELOAD("questions", LIST, questions),
	RELOAD("goes", LINE, image.goes.text),
	{ "auth_wait", YAML_FIELD_DURATION,
	    offsetof(struct reload_draft, image.auth_wait_ms), false, 1,
	    AUTH_WAIT_MAX_MS, NULL },
};
static const struct yaml_table reload_table = YAML_TABLE(
    "\"reload\"", reload_fields);

/* Every pattern, and what its groups must be: one of `any`. */
static const struct {
	const char *map, *key;
	size_t offset;
	const char *any[2];
} patterns[] = {
#define PATTERN(map, key, member, ...)                                         \
	{                                                                      \
		(map), (key), offsetof(struct profile_image, member),          \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}
	PATTERN("image", "version_is", version_is, "version"),
	PATTERN("image", "runs", runs, "path"),
	PATTERN("image", "boots_if", boots_if, NULL),
	PATTERN("image", "uptime_is", uptime_is, "minutes"),
	PATTERN("image", "file_is", file_is, "size"),
	PATTERN("image", "free_is", free_is, "free", "free_k"),
	PATTERN("image", "member_is", member_is, "member"),
	PATTERN("image", "md5_is", md5_is, "md5"),
	PATTERN("boot", "is", boot_is, "paths"),
	PATTERN("boot", "next_is", boot_next_is, "paths"),
	PATTERN("boot", "next_skips", next_skips, NULL),
	PATTERN("boot", "stops_if", stops_if, "why"),
	PATTERN("reload", "goes", goes, NULL),
};
#define PATTERN_COUNT (sizeof(patterns) / sizeof(*patterns))

static struct profile_pattern *
pattern_at(struct profile_image *image, size_t i)
{
	return (struct profile_pattern *)((char *)image + patterns[i].offset);
}

void
profile_pattern_compile(struct profile_pattern *pattern, const char *key,
    const char *const any[2], struct place place, struct diags *diags)
{
	re_free(pattern->re);
	pattern->re = profile_compile(pattern->text, 0, place, diags);
	if (!pattern->re)
		return;
	if (any[0] && re_group(pattern->re, any[0]) < 0 &&
	    (!any[1] || re_group(pattern->re, any[1]) < 0))
		diag_add(diags, place, "\"%s\" lacks the group (?<%s>...)", key,
		    any[0]);
}

static void
judge(const struct profile_image *image, const struct yaml_node *root,
    struct diags *diags)
{
	const struct yaml_node *map = yaml_get(root, "image");
	if (image->copy && !str_eq(image->copy, "scp") &&
	    !str_eq(image->copy, "sftp"))
		diag_add(diags, yaml_place(map, "copy"),
		    "\"copy\" must be scp or sftp");
	if (image->members &&
	    (!image->member_is.text || !image->member_filesystem))
		diag_add(diags, yaml_place(map, "members"),
		    "\"members\" needs \"member_is\" and "
		    "\"member_filesystem\"");
	if (image->boot_next && !image->boot_next_is.text)
		diag_add(diags, yaml_place(yaml_get(root, "boot"), "next"),
		    "\"next\" needs \"next_is\"");
}

void
profile_image_read(struct profile *profile, const struct yaml_node *root,
    const struct profile_image_nodes *nodes, struct diags *diags)
{
	struct profile_image *image = &profile->image;
	if (nodes->image)
		yaml_read(nodes->image, &image_table, image, diags);
	if (nodes->boot)
		yaml_read(nodes->boot, &boot_table, image, diags);
	if (nodes->reload) {
		struct reload_draft draft = { .image = *image };
		yaml_read(nodes->reload, &reload_table, &draft, diags);
		*image = draft.image;
		profile_questions_read(&image->questions,
		    &image->question_count, draft.questions, diags);
	}
	for (size_t i = 0; i < PATTERN_COUNT; i++) {
		const struct yaml_node *map = yaml_get(root, patterns[i].map);
		struct profile_pattern *pattern = pattern_at(image, i);
		if (pattern->text && yaml_get(map, patterns[i].key))
			profile_pattern_compile(pattern, patterns[i].key,
			    patterns[i].any, yaml_place(map, patterns[i].key),
			    diags);
	}
	profile_check_template(yaml_get(nodes->image, "list"), diags);
	profile_check_template(yaml_get(nodes->image, "md5"), diags);
	profile_check_template(yaml_get(nodes->image, "remove"), diags);
	profile_check_template(
	    yaml_get(nodes->image, "member_filesystem"), diags);
	profile_check_template(yaml_get(nodes->boot, "lines"), diags);
	profile_check_template(yaml_get(nodes->reload, "install"), diags);
	judge(image, root, diags);
}

void
profile_image_clear(struct profile_image *image)
{
	for (size_t i = 0; i < PATTERN_COUNT; i++) {
		free(pattern_at(image, i)->text);
		re_free(pattern_at(image, i)->re);
	}
	for (size_t i = 0; i < image->question_count; i++)
		profile_question_clear(&image->questions[i]);
	free(image->questions);
	free(image->version);
	free(image->uptime);
	free(image->filesystem);
	free(image->list);
	free(image->members);
	free(image->member_filesystem);
	free(image->md5);
	free(image->remove);
	free(image->copy);
	free(image->boot_show);
	free(image->boot_next);
	free(image->boot_lines);
	free(image->reload);
	strs_clear(&image->reload_prepare);
	free(image->install);
}

/* ---- asking ---- */

/* The groups of the next line that matches; *TEXT is moved behind it. */
static const char *
next_match(const struct profile_pattern *pattern, const char **text,
    struct re_span groups[GROUPS_MAX])
{
	while (pattern->re && **text) {
		const char *line = *text;
		size_t len = strcspn(line, "\n");
		*text += len + (line[len] != '\0');
		if (len && line[len - 1] == '\r')
			len--;
		if (re_match_groups(pattern->re, line, len, groups, GROUPS_MAX))
			return line;
	}
	return NULL;
}

static char *
take_group(const struct profile_pattern *pattern, const char *line,
    const struct re_span groups[GROUPS_MAX], const char *name)
{
	int group = re_group(pattern->re, name);
	if (group < 0 || group >= GROUPS_MAX ||
	    groups[group].start == (size_t)-1)
		return NULL;
	return xstrndup(line + groups[group].start,
	    groups[group].end - groups[group].start);
}

char *
profile_pattern_find(
    const struct profile_pattern *pattern, const char *text, const char *group)
{
	struct re_span groups[GROUPS_MAX];
	const char *line;
	while ((line = next_match(pattern, &text, groups))) {
		char *found = take_group(pattern, line, groups, group);
		if (found)
			return found;
	}
	return NULL;
}

void
profile_pattern_find_all(const struct profile_pattern *pattern,
    const char *text, const char *group, struct strs *found)
{
	struct re_span groups[GROUPS_MAX];
	const char *line;
	while ((line = next_match(pattern, &text, groups))) {
		char *one = take_group(pattern, line, groups, group);
		if (one)
			strs_take(found, one);
	}
}

bool
profile_pattern_matches(const struct profile_pattern *pattern, const char *text)
{
	struct re_span groups[GROUPS_MAX];
	return next_match(pattern, &text, groups) != NULL;
}

static const struct {
	const char *group;
	int64_t ms;
} units[] = {
	{ "years", 365 * 86400000LL },
	{ "weeks", 7 * 86400000LL },
	{ "days", 86400000LL },
	{ "hours", 3600000LL },
	{ "minutes", 60000LL },
	{ "seconds", 1000LL },
};

bool
profile_uptime(const struct profile_image *image, const char *text,
    int64_t *at_least_ms, int64_t *unit_ms)
{
	struct re_span groups[GROUPS_MAX];
	const struct profile_pattern *pattern = &image->uptime_is;
	const char *line = next_match(pattern, &text, groups);
	bool any = false;
	*at_least_ms = 0;
	/* A device that names no seconds counts minutes. */
	*unit_ms = 60000;
	for (size_t i = 0; line && i < sizeof(units) / sizeof(*units); i++) {
		int64_t count = 0;
		char *digits = take_group(
		    pattern, line, groups, units[i].group);
		if (digits && str_to_number(digits, &count) && count >= 0 &&
		    count < 1000000) {
			any = true;
			*at_least_ms += count * units[i].ms;
			if (units[i].ms < *unit_ms)
				*unit_ms = units[i].ms;
		}
		free(digits);
	}
	return any;
}

void
profile_boot_list(
    const struct profile_pattern *pattern, const char *text, struct strs *paths)
{
	struct strs lists = { 0 };
	profile_pattern_find_all(pattern, text, "paths", &lists);
	for (size_t i = 0; i < lists.count; i++) {
		const char *at = lists.items[i];
		while (*at) {
			/* "flash:a.bin,12;flash:b.bin,12;" */
			size_t len = strcspn(at, ";");
			size_t path = strcspn(at, ";, \t");
			if (path)
				strs_add_n(paths, at, path);
			at += len + (at[len] == ';');
		}
	}
	strs_clear(&lists);
}

/* TEXT without the paragraphs that tell of something else than the next boot. */
static void
add_about_next(
    const struct profile_pattern *skips, const char *text, struct buf *about)
{
	struct strs lines = { 0 };
	bool skipping = false;
	strs_add_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];
		skipping = line[strspn(line, " \t\r")] &&
		    (skipping || profile_pattern_matches(skips, line));
		if (!skipping)
			buf_addf(about, "%s\n", line);
	}
	strs_clear(&lines);
}

void
profile_boot_next(
    const struct profile_image *image, const char *text, struct strs *paths)
{
	struct strs lists = { 0 };
	struct buf about;
	if (!image->boot_next) {
		profile_boot_list(&image->boot_is, text, &lists);
		if (lists.count)
			strs_add(paths, lists.items[0]);
		strs_clear(&lists);
		return;
	}
	buf_init(&about, strlen(text) + 2);
	add_about_next(&image->next_skips, text, &about);
	profile_pattern_find_all(
	    &image->boot_next_is, buf_str(&about), "paths", &lists);
	for (size_t i = 0; i < lists.count; i++) {
		size_t len = strcspn(lists.items[i], ";, \t");
		if (len)
			strs_add_n(paths, lists.items[i], len);
	}
	strs_clear(&lists);
	buf_clear(&about);
}

/* The next byte of a path that counts: a "/" behind the colon does not. */
static const char *
next_byte(const char *path, const char *at)
{
	if (at > path && at[-1] == ':')
		while (*at == '/')
			at++;
	return at;
}

bool
profile_path_is_same(const char *a, const char *b)
{
	const char *x = a, *y = b;
	for (;; x++, y++) {
		x = next_byte(a, x);
		y = next_byte(b, y);
		if (*x != *y)
			return false;
		if (!*x)
			return true;
	}
}
