/*
 * Rendering: a step and a device to lines, each with the line of the template
 * that it came from. What the lines mean is the device's affair.
 */
#include "model/plan.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"
#include "model/profile.h"
#include "plan_parts.h"
#include "text/template.h"

#include <stdlib.h>
#include <string.h>

#define RENDER_LIMIT_BYTES (8u << 20) /* of one step for one device */

void
plan_lines_clear(struct plan_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->items[i].text);
	free(lines->items);
	*lines = (struct plan_lines){ 0 };
}

/* The scopes of a step, outermost first. */
enum {
	SCOPE_NAMES,
	SCOPE_PROFILE,
	SCOPE_JOB,
	SCOPE_DEVICE,
	SCOPE_STEP,
	SCOPE_BUILT_IN,
	SCOPE__COUNT
};

struct scopes {
	const json_t *contexts[SCOPE__COUNT];
	size_t count;
};

static void
scope_add(struct scopes *scopes, const json_t *context)
{
	if (context)
		scopes->contexts[scopes->count++] = context;
}

static struct scopes
scopes_of(const struct job *job, const struct job_device *device,
    const struct job_step *step, const json_t *built_in)
{
	struct scopes scopes = { 0 };
	scope_add(&scopes, device->profile->names);
	scope_add(&scopes, device->profile->vars);
	scope_add(&scopes, job->vars);
	scope_add(&scopes, device->vars);
	scope_add(&scopes, step ? step->vars : NULL);
	scope_add(&scopes, built_in);
	return scopes;
}

static json_t *
built_in_vars(const struct job_device *device)
{
	/* A platform without a running configuration: undefined (s*). */
	return json_pack("{s:s, s:s, s:s, s:s*}", "hostname", device->hostname,
	    "address", device->address, "device_type", device->device_type,
	    "running_config", device->profile->running_config);
}

/* A partial is another template of the same profile. */
static const struct template *
find_partial(void *data, const char *name)
{
	const struct profile_template *template = profile_template_find(
	    data, name);
	return template ? template->parsed : NULL;
}

static int
render(const struct plan_target *target, const struct template *template,
    struct buf *out, struct template_map *map, struct diags *diags)
{
	json_t *built_in = built_in_vars(target->device);
	if (target->names)
		json_object_update(
		    built_in, (json_t *)(uintptr_t)target->names);
	struct scopes scopes = scopes_of(
	    target->job, target->device, target->step, built_in);
	struct template_scope scope = {
		.contexts = scopes.contexts,
		.count = scopes.count,
		.partial = find_partial,
		.partial_data = (void *)(uintptr_t)target->device->profile,
	};
	int rc = template_render(template, &scope, out, map, diags);
	json_decref(built_in);
	return rc;
}

/* A control character would act on the device's line editor. */
static int
check_line(const char *text, struct place place, struct diags *diags)
{
	for (const char *at = text; *at; at++) {
		unsigned char c = (unsigned char)*at;
		if (c >= 0x20 && c != 0x7f)
			continue;
		diag_add(diags, place,
		    "a rendered line holds the control character 0x%02x: "
		    "\"%.*s\"",
		    c, (int)(at - text > 60 ? 60 : at - text), text);
		return -1;
	}
	return 0;
}

static void
add_line(
    struct plan_lines *lines, const char *text, size_t len, unsigned origin)
{
	GROW(lines->items, lines->count, lines->cap);
	lines->items[lines->count++] = (struct plan_line){
		.text = xstrndup(text, len),
		.origin = origin,
	};
}

void
plan_lines_add(struct plan_lines *lines, const char *text, unsigned origin)
{
	add_line(lines, text, strlen(text), origin);
}

void
plan_lines_from(struct plan_lines *lines, const struct strs *texts)
{
	*lines = (struct plan_lines){ .file = "" };
	for (size_t i = 0; i < texts->count; i++)
		add_line(lines, texts->items[i], strlen(texts->items[i]), 0);
}

void
plan_lines_copy(struct plan_lines *copy, const struct plan_lines *lines)
{
	*copy = (struct plan_lines){ .file = lines->file };
	for (size_t i = 0; i < lines->count - lines->own; i++) {
		struct plan_line line = lines->items[i];
		line.text = xstrdup(line.text);
		GROW(copy->items, copy->count, copy->cap);
		copy->items[copy->count++] = line;
	}
}

void
plan_lines_own(struct plan_lines *lines, const char *text,
    const struct re *proof, bool shown)
{
	add_line(lines, text, strlen(text), 0);
	struct plan_line *line = &lines->items[lines->count - 1];
	line->proof = proof;
	line->shown = shown;
	lines->own++;
}

static bool
is_content(const char *text, size_t len)
{
	size_t at = 0;
	while (at < len && (text[at] == ' ' || text[at] == '\t'))
		at++;
	return at < len && text[at] != '!';
}

/* A rendered text on its way to lines. */
struct split {
	const struct profile *profile;
	const char *file;
	struct plan_lines *lines;
	struct diags *diags;
	struct until_end
	    end; /* of the text that is open; until is NULL: none */
	struct place opened;
	size_t depth; /* of the line that opened it */
};

static size_t
indentation(const char *text, size_t len)
{
	size_t n = 0;
	while (n < len && (text[n] == ' ' || text[n] == '\t'))
		n++;
	return n;
}

static int
add_checked(
    struct split *split, const char *text, size_t len, struct place place)
{
	struct plan_lines *lines = split->lines;
	add_line(lines, text, len, place.line);
	const char *line = lines->items[lines->count - 1].text;
	/* Indentation is not sent: a tab may stand there. */
	if (!split->end.until)
		line += indentation(line, strlen(line));
	return check_line(line, place, split->diags);
}

/* A line that is a command; it may open a text. */
static int
split_command(
    struct split *split, const char *text, size_t len, struct place place)
{
	while (len && strchr(" \t\r", text[len - 1]))
		len--;
	if (!is_content(text, len))
		return 0;
	int rc = add_checked(split, text, len, place);
	struct plan_line *line = &split->lines->items[split->lines->count - 1];
	split->depth = indentation(text, len);
	split->opened = place;
	const char *sent = line->text + split->depth;
	if (profile_until_opens(
		split->profile, sent, strlen(sent), &split->end))
		line->until = split->end.until;
	else
		split->end.until = NULL;
	return rc;
}

/* A line of the text that is open, which may end it. */
static int
split_text(
    struct split *split, const char *text, size_t len, struct place place)
{
	bool ends = profile_until_ends(&split->end, text, len);
	while (len && text[len - 1] == '\r')
		len--;
	if (split->end.until->alone) {
		size_t skip = indentation(text, len);
		text += skip;
		len -= skip;
		while (len && strchr(" \t", text[len - 1]))
			len--;
		if (!len)
			return 0;
	}
	int rc = add_checked(split, text, len, place);
	split->lines->items[split->lines->count - 1].in_text = true;
	if (ends)
		split->end.until = NULL;
	return rc;
}

/* Splits the rendered text; blank lines and comments are not sent, except in
 * texts that go on until a mark. */
static int
split(const char *text, const struct template_map *map, struct split *split)
{
	int rc = 0;
	for (size_t row = 0; *text; row++) {
		size_t len = strcspn(text, "\n");
		unsigned origin = row < map->count ? map->lines[row] : 0;
		struct place place = { split->file, origin, origin ? 1 : 0 };
		/* What bytes end reaches as far as the indentation does. */
		if (split->end.until && split->end.until->ends &&
		    is_content(text, len) &&
		    indentation(text, len) <= split->depth)
			split->end.until = NULL;
		if (split->end.until ? split_text(split, text, len, place)
				     : split_command(split, text, len, place))
			rc = -1;
		text += len + (text[len] == '\n');
	}
	if (!split->end.until || split->end.until->ends)
		return rc;
	diag_add(split->diags, split->opened,
	    "the text that this line opens is not ended by \"%.*s\"",
	    (int)split->end.mark_len, split->end.mark);
	return -1;
}

static int
render_config(const struct plan_target *target, const struct template *template,
    const char *file, struct plan_lines *lines, struct diags *diags)
{
	struct template_map map = { 0 };
	struct buf text;
	buf_init(&text, RENDER_LIMIT_BYTES);
	lines->file = file;
	struct split to = {
		.profile = target->device->profile,
		.file = file,
		.lines = lines,
		.diags = diags,
	};
	int rc = render(target, template, &text, &map, diags);
	if (rc == 0)
		rc = split(buf_str(&text), &map, &to);
	template_map_clear(&map);
	buf_clear(&text);
	return rc;
}

static int
render_commands(const struct plan_target *target, struct plan_lines *lines,
    struct diags *diags)
{
	const struct job_step *step = target->step;
	int rc = 0;
	lines->file = step->place.file;
	for (size_t i = 0; i < step->command_count; i++) {
		struct buf text;
		buf_init(&text, RENDER_LIMIT_BYTES);
		if (render(target, step->commands[i], &text, NULL, diags) ||
		    check_line(buf_str(&text), step->place, diags))
			rc = -1;
		else
			add_line(lines, text.data ? text.data : "", text.len,
			    step->place.line);
		buf_clear(&text);
	}
	return rc;
}

static int
render_template(const struct plan_target *target, struct plan_lines *lines,
    struct diags *diags)
{
	const struct job_step *step = target->step;
	const struct profile_template *template = profile_template_find(
	    target->device->profile, step->template_name);
	if (!template) {
		diag_add(diags, step->place,
		    "the profile %s has no template \"%s\"",
		    target->device->profile->device_type, step->template_name);
		return -1;
	}
	return render_config(
	    target, template->parsed, template->place.file, lines, diags);
}

/* Lines of the profile's own. */
static void
add_own(struct plan_lines *lines, const struct strs *own)
{
	for (size_t i = 0; i < own->count; i++)
		add_line(lines, own->items[i], strlen(own->items[i]), 0);
}

void
plan_lines_commit(struct plan_lines *lines, const struct profile *profile)
{
	const struct strs *commit = &profile->commit;
	/* The last of them says whether the change counts. */
	for (size_t i = 0; lines->count && i < commit->count; i++)
		plan_lines_own(lines, commit->items[i],
		    i + 1 == commit->count ? profile->commit_proof : NULL,
		    false);
}

int
plan_render(const struct job *job, const struct job_device *device,
    const struct job_step *step, struct plan_lines *lines, struct diags *diags)
{
	const struct plan_target target = { job, device, step, NULL };
	*lines = (struct plan_lines){ 0 };
	int rc = 0;
	switch (step->kind) {
	case STEP_TEMPLATE:
		rc = render_template(&target, lines, diags);
		break;
	case STEP_CONFIG:
		rc = render_config(
		    &target, step->text, step->place.file, lines, diags);
		break;
	case STEP_COMMAND:
		rc = render_commands(&target, lines, diags);
		break;
	case STEP_SAVE:
		lines->file = device->profile->file;
		add_own(lines, &device->profile->save);
		break;
	default:
		rc = plan_image_render(&target, lines, diags);
		break;
	}
	bool changes = step->kind == STEP_TEMPLATE ||
	    step->kind == STEP_CONFIG || step->kind == STEP_BOOT;
	if (changes)
		plan_lines_commit(lines, device->profile);
	if (rc)
		plan_lines_clear(lines);
	return rc;
}

char *
plan_render_text(const struct job *job, const struct job_device *device,
    const struct job_step *step, const struct template *template,
    struct diags *diags)
{
	const struct plan_target target = { job, device, step, NULL };
	struct buf text;
	buf_init(&text, RENDER_LIMIT_BYTES);
	char *taken = NULL;
	if (render(&target, template, &text, NULL, diags) == 0)
		taken = buf_take(&text);
	buf_clear(&text);
	return taken;
}

char *
plan_profile_text(const struct job *job, const struct job_device *device,
    const struct job_step *step, const char *text, const json_t *names,
    struct diags *diags)
{
	const struct plan_target target = { job, device, step, names };
	struct place place = { device->profile->file, 0, 0 };
	struct template *template = template_parse(text, place, diags);
	struct buf out;
	buf_init(&out, RENDER_LIMIT_BYTES);
	char *taken = NULL;
	if (template && render(&target, template, &out, NULL, diags) == 0)
		taken = buf_take(&out);
	buf_clear(&out);
	template_free(template);
	return taken;
}

const json_t *
plan_var(const struct job *job, const struct job_device *device,
    const struct job_step *step, const char *name)
{
	struct scopes scopes = scopes_of(job, device, step, NULL);
	for (size_t i = scopes.count; i-- > 0;) {
		const json_t *value = json_object_get(scopes.contexts[i], name);
		if (value)
			return value;
	}
	return NULL;
}
