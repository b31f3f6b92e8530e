/*
 * The job as a whole: its top-level keys, the short form, and giving it back.
 * Devices, phases and variables have files of their own.
 */
#include "model/job.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "job_parts.h"
#include "model/plan.h"
#include "model/profile_guard.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_DEFAULT 8

/* The job as it stands in the file. */
struct draft {
	struct job job;
	char *inventory;
	const char *kept_inventory; /* in place of it, or NULL */
	const struct yaml_node *defaults, *device_list, *vars, *phases, *run,
	    *report, *protect;
	const struct yaml_node *acl_name, *acl_lines, *append, *extended;
	const struct yaml_node *guard;
};

#define FIELD(key, kind, type, member)                                         \
	{                                                                      \
		(key), YAML_FIELD_##kind, offsetof(type, member), false, 0, 0, \
		    NULL                                                       \
	}

static const struct yaml_field credential_fields[] = {
	FIELD("username", LINE, struct draft, job.username),
	FIELD("source", LINE, struct draft, job.source),
	FIELD("identity", LINE, struct draft, job.identity),
	FIELD("validate_on", LINE, struct draft, job.validate_on),
};
static const struct yaml_table credentials_table = YAML_TABLE(
    "\"credentials\"", credential_fields);

static const struct yaml_field job_fields[] = {
	FIELD("name", LINE, struct draft, job.name),
	{ "threads", YAML_FIELD_INT, offsetof(struct draft, job.threads), false,
	    1, JOB_THREADS_MAX, NULL },
	FIELD("defaults", MAP, struct draft, defaults),
	FIELD("device_list", LIST, struct draft, device_list),
	FIELD("inventory", LINE, struct draft, inventory),
	{ "credentials", YAML_FIELD_TABLE, 0, false, 0, 0, &credentials_table },
	FIELD("vars", MAP, struct draft, vars),
	FIELD("run", MAP, struct draft, run),
	{ "timeouts", YAML_FIELD_TABLE, offsetof(struct draft, job.timeouts),
	    false, 0, 0, &timeouts_table },
	FIELD("guard", ANY, struct draft, guard),
	{ "guard_minutes", YAML_FIELD_INT,
	    offsetof(struct draft, job.guard_minutes), false, 1,
	    GUARD_MINUTES_MAX, NULL },
	FIELD("phases", LIST, struct draft, phases),
	FIELD("report", MAP, struct draft, report),
	FIELD("protect", ANY, struct draft, protect),
	FIELD("acl_name", ANY, struct draft, acl_name),
	FIELD("acl_lines", ANY, struct draft, acl_lines),
	FIELD("append", ANY, struct draft, append),
	FIELD("extended", ANY, struct draft, extended),
};
static const struct yaml_table job_table = YAML_TABLE("a job", job_fields);

static const struct yaml_field inventory_fields[] = {
	FIELD("defaults", MAP, struct draft, defaults),
	{ "device_list", YAML_FIELD_LIST, offsetof(struct draft, device_list),
	    true, 0, 0, NULL },
};
static const struct yaml_table inventory_table = YAML_TABLE(
    "an inventory", inventory_fields);

/* The file's name without directory and extension. */
static char *
stem(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	return xstrndup(
	    name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
}

/* A path as written in the job, relative to the job's directory. */
static char *
beside(const char *job_path, const char *path)
{
	const char *slash = strrchr(job_path, '/');
	if (path[0] == '/' || !slash)
		return xstrdup(path);
	return xasprintf("%.*s/%s", (int)(slash - job_path), job_path, path);
}

static void
read_inventory(struct job *job, const char *path, const char *kept,
    const struct job_defaults *outer, const struct profiles *profiles,
    struct diags *diags)
{
	struct draft draft = { 0 };
	struct job_defaults defaults;
	job->inventory = kept ? xstrdup(kept) : beside(job->path, path);
	struct yaml *yaml = yaml_load(
	    job->inventory, JOB_FILE_LIMIT_BYTES, diags);
	if (!yaml)
		return;
	yaml_read(yaml_root(yaml), &inventory_table, &draft, diags);
	job_defaults_read(&defaults, outer, draft.defaults, profiles, diags);
	if (draft.device_list)
		job_devices_read(
		    job, draft.device_list, &defaults, profiles, diags);
	job_defaults_clear(&defaults);
	yaml_release(yaml);
}

static void
read_devices(struct draft *draft, const struct yaml_node *root,
    const struct profiles *profiles, struct diags *diags)
{
	struct job *job = &draft->job;
	struct job_defaults defaults;
	job_defaults_read(&defaults, NULL, draft->defaults, profiles, diags);
	timeouts_fill(&defaults.device.timeouts, &job->timeouts);
	if (draft->device_list)
		job_devices_read(
		    job, draft->device_list, &defaults, profiles, diags);
	if (draft->inventory)
		read_inventory(job, draft->inventory, draft->kept_inventory,
		    &defaults, profiles, diags);
	if (!yaml_get(root, "device_list") && !yaml_get(root, "inventory"))
		diag_add(diags, root->place,
		    "a job lacks the key \"device_list\" (or \"inventory\")");
	job_defaults_clear(&defaults);
	job_devices_judge(job, diags);
}

/* The short form's keys are variables of the job. */
static void
read_vars(
    struct draft *draft, const struct yaml_node *root, struct diags *diags)
{
	static const char *const names[] = { "acl_name", "acl_lines", "append",
		"extended" };
	const struct yaml_node *values[] = { draft->acl_name, draft->acl_lines,
		draft->append, draft->extended };
	json_decref(draft->job.vars);
	draft->job.vars = job_vars_read(draft->vars, diags);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!values[i])
			continue;
		if (yaml_get(draft->vars, names[i]))
			diag_add(diags, yaml_place(root, names[i]),
			    "\"%s\" is given twice: here and in \"vars\" (line "
			    "%u)",
			    names[i], yaml_place(draft->vars, names[i]).line);
		job_vars_set(draft->job.vars, names[i], values[i], diags);
	}
}

/* Without phases a list of lines must come from somewhere for all devices. */
static void
judge_short_form(
    const struct job *job, const struct yaml_node *root, struct diags *diags)
{
	static const char *const names[] = { "acl_name", "acl_lines" };
	for (size_t i = 0; i < 2; i++) {
		const struct yaml_node *own = yaml_get(root, names[i]);
		bool missing = !own && !json_object_get(job->vars, names[i]);
		bool somewhere = missing && job->device_count;
		for (size_t j = 0; somewhere && j < job->device_count; j++)
			somewhere = json_object_get(
					job->devices[j].vars, names[i]) != NULL;
		if (!missing || somewhere)
			continue;
		diag_add(
		    diags, root->place, "a job lacks the key \"%s\"", names[i]);
		/* Said once: it is not undefined on top of that. */
		json_object_set_new(job->vars, names[i], json_string(""));
	}
}

static void
read_phases(
    struct draft *draft, const struct yaml_node *root, struct diags *diags)
{
	struct job *job = &draft->job;
	if (draft->phases) {
		job_phases_read(job, draft->phases, diags);
	} else if (draft->acl_name || draft->acl_lines) {
		judge_short_form(job, root, diags);
		job_phase_push(job, root->place);
	} else if (!yaml_get(root, "phases")) {
		diag_add(diags, root->place,
		    "nothing to do: give \"acl_name\" and \"acl_lines\", or "
		    "\"phases\"");
	}
	job_phases_judge(job, diags);
}

/* A flow for each line, or one alone. */
static void
read_protect(struct job *job, const struct yaml_node *node, struct diags *diags)
{
	bool list = node && node->kind == YAML_LIST;
	size_t count = list ? node->count : node != NULL;
	if (list && !count)
		diag_add(diags, node->place, "\"protect\" is empty");
	job->protect = xcalloc(count + 1, sizeof(*job->protect));
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *item = list ? node->items[i] : node;
		struct err err = { 0 };
		const char *text = yaml_line(item, "a flow", diags);
		if (!text)
			continue;
		if (acl_flow_parse(
			&job->protect[job->protect_count], text, &err))
			diag_add(diags, item->place, "%s", err.text);
		else
			job->protect_count++;
	}
}

static void
judge_credentials(
    const struct job *job, const struct yaml_node *root, struct diags *diags)
{
	static const char *const sources[] = { "prompt", "env", "agent",
		"key" };
	const struct yaml_node *node = yaml_get(root, "credentials");
	bool known = !job->source;
	for (size_t i = 0; i < 4 && !known; i++)
		known = strcmp(job->source, sources[i]) == 0;
	if (!known)
		diag_add(diags, yaml_place(node, "source"),
		    "\"source\" must be prompt, env, agent or key");
	known = !job->validate_on;
	for (size_t i = 0; i < job->device_count && !known; i++)
		known = str_eq(job->devices[i].hostname, job->validate_on);
	if (!known)
		diag_add(diags, yaml_place(node, "validate_on"),
		    "\"validate_on\": there is no device \"%.64s\"",
		    job->validate_on);
}

static struct job *
read_job(const char *path, const struct yaml_node *root, struct job *job,
    const char *kept_inventory, const struct profiles *profiles,
    struct diags *diags)
{
	size_t before = diags->count + diags->left_out;
	struct draft draft = { .job = *job, .kept_inventory = kept_inventory };
	yaml_read(root, &job_table, &draft, diags);
	if (root->kind == YAML_MAP) {
		if (!draft.job.name)
			draft.job.name = stem(path);
		read_vars(&draft, root, diags);
		read_devices(&draft, root, profiles, diags);
		if (draft.guard)
			job_guard_read(&draft.job.guard, draft.guard, diags);
		job_policy_read(&draft.job.policy, draft.run, diags);
		job_report_read(&draft.job.report, draft.report, diags);
		read_protect(&draft.job, draft.protect, diags);
		read_phases(&draft, root, diags);
		judge_credentials(&draft.job, root, diags);
	}
	free(draft.inventory);
	*job = draft.job;
	/* Sound jobs are rendered by the caller, after --limit. */
	if (diags->count + diags->left_out > before)
		plan_check(job, NULL, diags);
	return diags->count + diags->left_out > before ? NULL : job;
}

static struct job *
job_new(const char *path)
{
	struct job *job = xcalloc(1, sizeof(*job));
	job->path = xstrdup(path);
	job->threads = THREADS_DEFAULT;
	job->guard_minutes = GUARD_MINUTES_DEFAULT;
	job_policy_init(&job->policy);
	job->timeouts = timeouts_unset();
	job_report_init(&job->report);
	job->vars = json_object();
	return job;
}

static struct job *
finish(struct job *job, struct yaml *yaml, const char *kept_inventory,
    const struct profiles *profiles, struct diags *diags)
{
	struct job *good = NULL;
	if (yaml)
		good = read_job(job->path, yaml_root(yaml), job, kept_inventory,
		    profiles, diags);
	yaml_release(yaml);
	if (!good)
		job_free(job);
	return good;
}

struct job *
job_load(const char *path, const struct profiles *profiles, struct diags *diags)
{
	struct job *job = job_new(path);
	struct yaml *yaml = yaml_load(job->path, JOB_FILE_LIMIT_BYTES, diags);
	return finish(job, yaml, NULL, profiles, diags);
}

struct job *
job_parse_kept(const char *path, const char *text, size_t len,
    const char *inventory, const struct profiles *profiles, struct diags *diags)
{
	struct job *job = job_new(path);
	struct yaml *yaml = yaml_parse(job->path, text, len, diags);
	return finish(job, yaml, inventory, profiles, diags);
}

struct job *
job_parse(const char *path, const char *text, size_t len,
    const struct profiles *profiles, struct diags *diags)
{
	return job_parse_kept(path, text, len, NULL, profiles, diags);
}

void
job_free(struct job *job)
{
	if (!job)
		return;
	for (size_t i = 0; i < job->device_count; i++)
		job_device_clear(&job->devices[i]);
	free(job->devices);
	for (size_t i = 0; i < job->phase_count; i++)
		job_phase_clear(&job->phases[i]);
	free(job->phases);
	json_decref(job->vars);
	free(job->path);
	free(job->inventory);
	free(job->name);
	free(job->username);
	free(job->source);
	free(job->identity);
	free(job->validate_on);
	job_policy_clear(&job->policy);
	job_report_clear(&job->report);
	for (size_t i = 0; i < job->protect_count; i++)
		acl_flow_clear(&job->protect[i]);
	free(job->protect);
	free(job);
}

/* A pattern of --limit: a glob over the hostname, or @ and a group. */
static bool
matches(const struct job_device *device, const char *pattern)
{
	if (pattern[0] == '@')
		return strs_has(&device->groups, pattern + 1);
	return fnmatch(pattern, device->hostname, 0) == 0;
}

static bool
wanted(const struct job_device *device, const struct strs *patterns)
{
	bool only_exclusions = true, included = false;
	for (size_t i = 0; i < patterns->count; i++) {
		const char *pattern = patterns->items[i];
		if (pattern[0] == '!') {
			if (matches(device, pattern + 1))
				return false;
			continue;
		}
		only_exclusions = false;
		if (matches(device, pattern))
			included = true;
	}
	return included || only_exclusions;
}

size_t
job_limit(struct job *job, const struct strs *patterns)
{
	size_t kept = 0;
	for (size_t i = 0; i < job->device_count; i++) {
		struct job_device *device = &job->devices[i];
		if (wanted(device, patterns))
			job->devices[kept++] = *device;
		else
			job_device_clear(device);
	}
	job->device_count = kept;
	return kept;
}
