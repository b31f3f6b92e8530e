/*
 * The devices of a job: each map of the list over the defaults, judged. It
 * knows nothing of phases.
 */
#include "job_parts.h"

#include "base/alloc.h"
#include "base/str.h"
#include "model/profile.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HOSTNAME_MAX  253 /* RFC 1035, 3.1, written out */
#define PORT_DEFAULT  22
#define SEEN_MIN_SIZE 64

/* struct job_defaults serves as the draft of a device, too. */
#define FIELD(key, kind, member)                                               \
	{                                                                      \
		(key), YAML_FIELD_##kind,                                      \
		    offsetof(struct job_defaults, member), false, 0, 0, NULL   \
	}
#define NUMBER(key, member, low, high)                                         \
	{                                                                      \
		(key), YAML_FIELD_INT, offsetof(struct job_defaults, member),  \
		    false, (low), (high), NULL                                 \
	}
#define SHARED_FIELDS                                                          \
	FIELD("device_type", LINE, device.device_type),                        \
	    NUMBER("port", device.port, 1, 65535),                             \
	    FIELD("username", LINE, device.username),                          \
	    FIELD("proxy_jump", LINE, device.proxy_jump),                      \
	    FIELD("groups", LINES, device.groups), FIELD("vars", MAP, vars),   \
	    NUMBER("pipeline", device.pipeline, 1, 64),                        \
	{                                                                      \
		"timeouts", YAML_FIELD_TABLE,                                  \
		    offsetof(struct job_defaults, device.timeouts), false, 0,  \
		    0, &timeouts_table                                         \
	}

static const struct yaml_field default_fields[] = { SHARED_FIELDS };
static const struct yaml_table defaults_table = YAML_TABLE(
    "\"defaults\"", default_fields);

static const struct yaml_field device_fields[] = {
	{ "hostname", YAML_FIELD_LINE,
	    offsetof(struct job_defaults, device.hostname), true, 0, 0, NULL },
	FIELD("address", LINE, device.address),
	SHARED_FIELDS,
};
static const struct yaml_table device_table = YAML_TABLE(
    "a device", device_fields);

void
job_device_clear(struct job_device *device)
{
	free(device->hostname);
	free(device->address);
	free(device->device_type);
	free(device->username);
	free(device->proxy_jump);
	strs_clear(&device->groups);
	json_decref(device->vars);
}

void
job_defaults_clear(struct job_defaults *defaults)
{
	job_device_clear(&defaults->device);
}

static void
fill_text(char **text, const char *outer)
{
	if (!*text)
		*text = xstrdup(outer);
}

/* What DEVICE leaves open is as in DEFAULTS. Groups are added. */
static void
take_over(struct job_device *device, const struct job_device *defaults)
{
	fill_text(&device->device_type, defaults->device_type);
	fill_text(&device->username, defaults->username);
	fill_text(&device->proxy_jump, defaults->proxy_jump);
	if (!device->port)
		device->port = defaults->port;
	if (!device->pipeline)
		device->pipeline = defaults->pipeline;
	for (size_t i = 0; i < defaults->groups.count; i++)
		if (!strs_has(&device->groups, defaults->groups.items[i]))
			strs_add(&device->groups, defaults->groups.items[i]);
	timeouts_fill(&device->timeouts, &defaults->timeouts);
}

/* The map OWN over the object OUTER. Where there is nothing of its own, all
 * devices share the one object. New reference, or NULL. */
static json_t *
merge_vars(const struct yaml_node *own, json_t *outer, struct diags *diags)
{
	if (!own)
		return json_incref(outer);
	json_t *vars = job_vars_read(own, diags);
	if (outer)
		json_object_update_missing(vars, outer);
	return vars;
}

/* A name that goes into file names and onto command lines of `ssh -W`. */
static bool
is_host(const char *text)
{
	if (text[0] == '-' || strlen(text) > HOSTNAME_MAX)
		return false;
	for (const char *at = text; *at; at++)
		if (*at == ' ' || *at == '/')
			return false;
	return true;
}

static void
judge_hosts(const struct job_device *device, const struct yaml_node *node,
    struct diags *diags)
{
	const char *keys[] = { "hostname", "address", "proxy_jump" };
	const char *values[] = { device->hostname, device->address,
		device->proxy_jump };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (values[i] && yaml_get(node, keys[i]) && !is_host(values[i]))
			diag_add(diags, yaml_place(node, keys[i]),
			    "\"%s\" must not hold blanks or slashes, begin "
			    "with - or be longer than %d bytes",
			    keys[i], HOSTNAME_MAX);
}

/* The profile of the type that stands in NODE; NULL after a message. */
static const struct profile *
find_profile(const struct profiles *profiles, const char *type,
    const struct yaml_node *node, struct diags *diags)
{
	const struct profile *profile = profiles_find(profiles, type);
	if (profile)
		return profile;
	const char *near = profiles_nearest(profiles, type);
	diag_add(diags, yaml_place(node, "device_type"),
	    "there is no profile for the device_type \"%.64s\"%s%s%s", type,
	    near ? ": did you mean \"" : "", near ? near : "",
	    near ? "\"?" : "");
	return NULL;
}

/* A default's profile is known, or was missed where the default stands. */
static void
judge_type(struct job_device *device, const struct yaml_node *node,
    const struct job_defaults *defaults, const struct profiles *profiles,
    struct diags *diags)
{
	if (yaml_get(node, "device_type")) {
		if (device->device_type)
			device->profile = find_profile(
			    profiles, device->device_type, node, diags);
	} else if (device->device_type) {
		device->profile = defaults->device.profile;
	} else {
		diag_add(diags, node->place,
		    "a device lacks the key \"device_type\"");
	}
	if (device->profile)
		timeouts_fill(&device->timeouts, &device->profile->timeouts);
	timeouts_fill(&device->timeouts, &timeouts_built_in);
}

void
job_defaults_read(struct job_defaults *defaults,
    const struct job_defaults *outer, const struct yaml_node *node,
    const struct profiles *profiles, struct diags *diags)
{
	*defaults = (struct job_defaults){
		.device.timeouts = timeouts_unset(),
	};
	struct job_device *device = &defaults->device;
	if (node) {
		yaml_read(node, &defaults_table, defaults, diags);
		judge_hosts(device, node, diags);
	}
	if (device->device_type)
		device->profile = find_profile(
		    profiles, device->device_type, node, diags);
	else if (outer)
		device->profile = outer->device.profile;
	device->vars = merge_vars(
	    defaults->vars, outer ? outer->device.vars : NULL, diags);
	if (outer)
		take_over(device, &outer->device);
}

static void
read_device(struct job *job, const struct yaml_node *node,
    const struct job_defaults *defaults, const struct profiles *profiles,
    struct diags *diags)
{
	struct job_defaults draft = {
		.device = { .timeouts = timeouts_unset() },
	};
	struct job_device *device = &draft.device;
	yaml_read(node, &device_table, &draft, diags);
	if (node->kind != YAML_MAP)
		return;
	judge_hosts(device, node, diags);
	device->place = node->place;
	device->vars = merge_vars(draft.vars, defaults->device.vars, diags);
	take_over(device, &defaults->device);
	fill_text(&device->address, device->hostname);
	if (!device->port)
		device->port = PORT_DEFAULT;
	judge_type(device, node, defaults, profiles, diags);
	job->devices[job->device_count++] = *device;
}

void
job_devices_read(struct job *job, const struct yaml_node *list,
    const struct job_defaults *defaults, const struct profiles *profiles,
    struct diags *diags)
{
	if (!list->count) {
		diag_add(diags, list->place, "\"device_list\" is empty");
		return;
	}
	job->devices = xrealloc(job->devices, job->device_count + list->count,
	    sizeof(*job->devices));
	for (size_t i = 0; i < list->count; i++)
		read_device(job, list->items[i], defaults, profiles, diags);
}

static size_t
hash(const char *text)
{
	uint64_t sum = 0xcbf29ce484222325u; /* FNV-1a */
	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * 0x100000001b3u;
	return (size_t)sum;
}

/* Every hostname once: it names the device in reports and files. */
void
job_devices_judge(const struct job *job, struct diags *diags)
{
	size_t size = SEEN_MIN_SIZE;
	while (size < job->device_count * 2)
		size *= 2;
	const struct job_device **seen = xcalloc(
	    size, sizeof(struct job_device *));
	for (size_t i = 0; i < job->device_count; i++) {
		const struct job_device *device = &job->devices[i];
		if (!device->hostname)
			continue;
		size_t at = hash(device->hostname) & (size - 1);
		while (seen[at] && strcmp(seen[at]->hostname, device->hostname))
			at = (at + 1) & (size - 1);
		if (!seen[at]) {
			seen[at] = device;
			continue;
		}
		struct place first = seen[at]->place;
		bool same = strcmp(first.file, device->place.file) == 0;
		diag_add(diags, device->place,
		    "the hostname \"%s\" stands here for the second time "
		    "(first in %s%sline %u)",
		    device->hostname, same ? "" : first.file, same ? "" : ", ",
		    first.line);
	}
	free(seen);
}
