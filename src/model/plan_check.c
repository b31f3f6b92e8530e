/*
 * The plan of a whole job: renders everything once to find what is wrong, and
 * writes down who is to get what. Of a mistake that many devices share, one
 * sentence is made.
 */
#include "model/plan.h"

#include "base/alloc.h"
#include "base/str.h"
#include "model/profile.h"
#include "plan_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A mistake of one step, and how many devices have it. */
struct finding {
	struct place place; /* file is an owned copy */
	char *text;
	const char *hostname; /* of the first */
	size_t devices;
};

struct findings {
	struct finding *items;
	size_t count, cap;
};

static struct finding *
find(struct findings *findings, const struct diag *diag)
{
	for (size_t i = 0; i < findings->count; i++) {
		struct finding *finding = &findings->items[i];
		if (finding->place.line == diag->line &&
		    finding->place.column == diag->column &&
		    strcmp(finding->place.file, diag->file) == 0 &&
		    strcmp(finding->text, diag->text) == 0)
			return finding;
	}
	return NULL;
}

/* Keeps up to DIAG_LIMIT different ones. */
static void
keep(struct findings *findings, const struct diags *diags,
    const struct job_device *device)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *diag = &diags->items[i];
		struct finding *known = find(findings, diag);
		if (known) {
			known->devices++;
			continue;
		}
		if (findings->count == DIAG_LIMIT)
			continue;
		GROW(findings->items, findings->count, findings->cap);
		findings->items[findings->count++] = (struct finding){
			.place = { xstrdup(diag->file), diag->line,
			    diag->column },
			.text = xstrdup(diag->text),
			.hostname = device->hostname,
			.devices = 1,
		};
	}
}

static void
say(struct findings *findings, struct diags *diags)
{
	for (size_t i = 0; i < findings->count; i++) {
		struct finding *f = &findings->items[i];
		if (f->devices > 1)
			diag_add(diags, f->place, "%s (%s and %zu more)",
			    f->text, f->hostname, f->devices - 1);
		else
			diag_add(
			    diags, f->place, "%s (%s)", f->text, f->hostname);
		free((void *)(uintptr_t)f->place.file);
		free(f->text);
	}
	free(findings->items);
}

/* Can it be rendered at all? Of a job with mistakes parts are missing; what
 * there is of it is checked all the same, so that all is said at once. */
static bool
is_sound(const struct job_device *device, const struct job_step *step)
{
	if (!device->profile || !device->hostname || !device->address)
		return false;
	if (step->kind == STEP_TEMPLATE)
		return step->template_name &&
		    profile_template_find(device->profile, step->template_name);
	for (size_t i = 0; i < step->command_count; i++)
		if (!step->commands[i])
			return false;
	if (step->save_as && !step->save_template)
		return false;
	bool needs_path = step->kind == STEP_UPLOAD ||
	    step->kind == STEP_DOWNLOAD || step->kind == STEP_VERIFY_IMAGE ||
	    step->kind == STEP_BOOT ||
	    (step->kind == STEP_RELOAD && step->image.installs);
	if (needs_path && !step->image.path)
		return false;
	if (step->kind == STEP_UPLOAD && !step->image.source &&
	    !step->image.from)
		return false;
	return step->kind != STEP_CONFIG || step->text;
}

/* The files of `save_as`: whose each of them is. */
struct file {
	const char *hostname; /* the first that writes it */
	const char *second; /* and the next one, or NULL */
	size_t writers;
	struct place place; /* of the second's step */
};

struct files {
	json_t *index; /* path -> number of the file */
	struct file *items;
	size_t count, cap;
};

static void
note_file(struct files *files, const struct job *job,
    const struct job_device *device, const struct job_step *step,
    struct diags *diags)
{
	char *path = plan_save_path(job, device, step, diags);
	if (!path)
		return;
	const json_t *known = json_object_get(files->index, path);
	if (!known) {
		json_object_set_new(
		    files->index, path, json_integer((json_int_t)files->count));
		GROW(files->items, files->count, files->cap);
		files->items[files->count++] = (struct file){
			.hostname = device->hostname, .writers = 1
		};
	} else {
		struct file *file = &files->items[json_integer_value(known)];
		if (file->writers++ == 1) {
			file->second = device->hostname;
			file->place = step->save_place;
		}
	}
	free(path);
}

/* One sentence for each place: 200 devices make one mistake. */
static int
judge_files(const struct files *files, struct diags *diags)
{
	const char *path;
	json_t *number;
	struct place last = { 0 };
	int rc = 0;
	json_object_foreach(files->index, path, number)
	{
		const struct file
		    *file = &files->items[json_integer_value(number)];
		bool said = last.line == file->place.line &&
		    last.column == file->place.column;
		if (file->writers < 2 || said)
			continue;
		rc = -1;
		last = file->place;
		if (str_eq(file->hostname, file->second))
			diag_add(diags, file->place,
			    "two steps would write the same file for %s: "
			    "\"%.200s\"",
			    file->hostname, path);
		else if (file->writers > 2)
			diag_add(diags, file->place,
			    "%s, %s and %zu more would write the same file: "
			    "\"%.200s\"",
			    file->hostname, file->second, file->writers - 2,
			    path);
		else
			diag_add(diags, file->place,
			    "%s and %s would write the same file: \"%.200s\"",
			    file->hostname, file->second, path);
	}
	return rc;
}

static int
check_step(const struct job *job, const struct job_step *step,
    struct files *files, uint64_t *digest, struct diags *diags)
{
	struct findings findings = { 0 };
	for (size_t i = 0; i < job->device_count; i++) {
		struct diags own = { 0 };
		struct plan_lines lines;
		if (!is_sound(&job->devices[i], step))
			continue;
		plan_render(job, &job->devices[i], step, &lines, &own);
		for (size_t k = 0; digest && k < lines.count; k++)
			*digest = str_hash(*digest, lines.items[k].text);
		plan_lines_clear(&lines);
		plan_check_source(job, &job->devices[i], step, &own);
		if (step->save_as)
			note_file(files, job, &job->devices[i], step, &own);
		keep(&findings, &own, &job->devices[i]);
		diags_clear(&own);
	}
	int rc = findings.count ? -1 : 0;
	say(&findings, diags);
	return rc;
}

int
plan_check(const struct job *job, uint64_t *digest, struct diags *diags)
{
	int rc = 0;
	struct files files = { .index = json_object() };
	if (digest)
		*digest = STR_HASH_START;
	for (size_t i = 0; i < job->phase_count; i++)
		for (size_t j = 0; j < job->phases[i].step_count; j++)
			if (check_step(job, &job->phases[i].steps[j], &files,
				digest, diags))
				rc = -1;
	if (judge_files(&files, diags))
		rc = -1;
	json_decref(files.index);
	free(files.items);
	return rc;
}

static json_t *
step_json(const struct job_step *step)
{
	json_t *json = json_pack("{s:s, s:s, s:s}", "kind",
	    step_kind_name(step->kind), "name", step->name, "on_failure",
	    on_failure_name(step->on_failure));
	if (step->template_name)
		json_object_set_new(
		    json, "template", json_string(step->template_name));
	if (step->timeout_ms)
		json_object_set_new(
		    json, "timeout_ms", json_integer(step->timeout_ms));
	return json;
}

static json_t *
phase_json(const struct job_phase *phase)
{
	json_t *steps = json_array();
	for (size_t i = 0; i < phase->step_count; i++)
		json_array_append_new(steps, step_json(&phase->steps[i]));
	return json_pack("{s:s, s:i, s:o}", "name", phase->name, "threads",
	    phase->threads, "steps", steps);
}

json_t *
plan_json(const struct job *job)
{
	json_t *phases = json_array(), *devices = json_array();
	for (size_t i = 0; i < job->phase_count; i++)
		json_array_append_new(phases, phase_json(&job->phases[i]));
	for (size_t i = 0; i < job->device_count; i++) {
		const struct job_device *device = &job->devices[i];
		json_array_append_new(devices,
		    json_pack("{s:s, s:s, s:i, s:s}", "hostname",
			device->hostname, "address", device->address, "port",
			device->port, "device_type", device->device_type));
	}
	char digest[20];
	snprintf(digest, sizeof(digest), "%016" PRIx64, job->digest);
	return json_pack("{s:i, s:s, s:i, s:s, s:o, s:o}", "schema", 1, "job",
	    job->name, "threads", job->threads, "lines", digest, "phases",
	    phases, "devices", devices);
}
