/*
 * Phases and steps: a step is a map whose first key names its kind, and each
 * kind is a row of a table. It knows profiles only to ask whether they have
 * what a step needs.
 */
#include "job_parts.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "model/profile.h"
#include "text/re.h"
#include "text/template.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define STEP_TIMEOUT_MAX (86400000LL)
#define WITHIN_SLACK_MS	 60000 /* for the last time that it is asked */
#define MEMORY_NAME_MAX	 64
#define MEMORY_NAME_BYTES                                                      \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

/* A step as it stands in the file. */
struct draft {
	struct job_step step;
	const struct yaml_node *value; /* of the key that names the kind */
	const struct yaml_node *vars, *expect, *reject, *save_as, *on_failure;
	const struct yaml_node *strategy, *guard;
	const struct yaml_node *unless_version, *remember, *same_as, *pick;
};

#define FIELD(key, kind, member)                                               \
	{                                                                      \
		(key), YAML_FIELD_##kind, offsetof(struct draft, member),      \
		    false, 0, 0, NULL                                          \
	}
#define COMMON_FIELDS                                                          \
	FIELD("name", LINE, step.name),                                        \
	    { "timeout", YAML_FIELD_DURATION,                                  \
		    offsetof(struct draft, step.timeout_ms), false, 1,         \
		    STEP_TIMEOUT_MAX, NULL },                                  \
	    FIELD("on_failure", ANY, on_failure), FIELD("vars", MAP, vars)

#define GUARD_FIELDS                                                           \
	FIELD("guard", ANY, guard),                                            \
	{                                                                      \
		"guard_minutes", YAML_FIELD_INT,                               \
		    offsetof(struct draft, step.guard_minutes), false, 1,      \
		    GUARD_MINUTES_MAX, NULL                                    \
	}

static const struct yaml_field template_fields[] = {
	FIELD("template", ANY, value),
	COMMON_FIELDS,
	GUARD_FIELDS,
	FIELD("strategy", ANY, strategy),
};
static const struct yaml_field config_fields[] = {
	FIELD("config", ANY, value),
	COMMON_FIELDS,
	GUARD_FIELDS,
};
static const struct yaml_field command_fields[] = {
	FIELD("command", ANY, value),
	COMMON_FIELDS,
	FIELD("expect", ANY, expect),
	FIELD("reject", ANY, reject),
	FIELD("save_as", ANY, save_as),
	FIELD("pick", ANY, pick),
	FIELD("remember", ANY, remember),
	FIELD("same_as", ANY, same_as),
	{ "within", YAML_FIELD_DURATION, offsetof(struct draft, step.within_ms),
	    false, 0, STEP_TIMEOUT_MAX, NULL },
};
static const struct yaml_field save_fields[] = {
	FIELD("save", ANY, value),
	COMMON_FIELDS,
	FIELD("unless_version", ANY, unless_version),
};
#define IMAGE_FIELDS(kind)                                                     \
	static const struct yaml_field kind##_fields[] = {                     \
		FIELD(#kind, ANY, value),                                      \
		COMMON_FIELDS,                                                 \
	}
IMAGE_FIELDS(upload);
IMAGE_FIELDS(download);
IMAGE_FIELDS(space);
IMAGE_FIELDS(verify_image);
IMAGE_FIELDS(reload);
IMAGE_FIELDS(expect_version);
IMAGE_FIELDS(wait);
static const struct yaml_field boot_fields[] = {
	FIELD("boot", ANY, value),
	COMMON_FIELDS,
	FIELD("unless_version", ANY, unless_version),
};

static void
read_strategy(struct draft *draft, struct diags *diags)
{
	static const char *const names[STRATEGY__COUNT] = {
		[STRATEGY_NONE] = "",
		[STRATEGY_DELTA] = "delta",
		[STRATEGY_SWAP] = "swap",
		[STRATEGY_REPLACE] = "replace",
	};
	const struct yaml_node *node = draft->strategy;
	int found = node->kind == YAML_SCALAR
	    ? str_index(names, STRATEGY__COUNT, node->text)
	    : -1;
	if (found <= STRATEGY_NONE)
		diag_add(diags, node->place,
		    "\"strategy\" must be delta, swap or replace");
	else
		draft->step.strategy = (enum job_strategy)found;
}

void
job_guard_read(
    enum job_guard *guard, const struct yaml_node *node, struct diags *diags)
{
	static const char *const names[JOB_GUARD__COUNT] = {
		[JOB_GUARD_AUTO] = "auto",
		[JOB_GUARD_OFF] = "off",
		[JOB_GUARD_ALWAYS] = "always",
		[JOB_GUARD_RELOAD] = "reload",
	};
	int found = node->kind == YAML_SCALAR
	    ? str_index(names, JOB_GUARD__COUNT, node->text)
	    : -1;
	if (found < 0)
		diag_add(diags, node->place,
		    "\"guard\" must be auto, always, reload or off");
	else
		*guard = (enum job_guard)found;
}

static void
read_template(struct draft *draft, struct diags *diags)
{
	if (draft->strategy)
		read_strategy(draft, diags);
	const char *name = yaml_line(draft->value, "\"template\"", diags);
	draft->step.template_name = xstrdup(name);
}

static void
read_config(struct draft *draft, struct diags *diags)
{
	const struct yaml_node *value = draft->value;
	if (value->kind != YAML_SCALAR || yaml_is_null(value)) {
		diag_add(diags, value->place,
		    "\"config\" must be a text, not %s",
		    yaml_is_null(value) ? "nothing" : yaml_kind_text(value));
		return;
	}
	draft->step.text = template_parse(
	    value->text, value->text_place, diags);
}

static void
add_command(
    struct job_step *step, const struct yaml_node *node, struct diags *diags)
{
	const char *line = yaml_line(node, "a command", diags);
	if (!line)
		return;
	struct template *template = template_parse(
	    line, node->text_place, diags);
	if (!template)
		return;
	step->commands = xrealloc(
	    step->commands, step->command_count + 1, sizeof(struct template *));
	step->commands[step->command_count++] = template;
}

static struct re *
read_pattern(
    const struct yaml_node *node, const char *what, struct diags *diags)
{
	struct err err = { 0 };
	const char *pattern = node ? yaml_line(node, what, diags) : NULL;
	if (!pattern)
		return NULL;
	struct re *re = re_compile(pattern, RE_MULTILINE, &err);
	if (!re)
		diag_add(diags, node->place,
		    "%s is a bad regular expression: %s", what, err.text);
	return re;
}

static void
read_save_as(
    struct job_step *step, const struct yaml_node *node, struct diags *diags)
{
	const char *name = yaml_line(node, "\"save_as\"", diags);
	step->save_place = node->place;
	step->save_as = xstrdup(name);
	if (name)
		step->save_template = template_parse(
		    name, node->text_place, diags);
}

/* What is remembered has a name of letters, digits, "_" and "-": others are
 * netpush's own. */
static char *
read_memory_name(
    const struct yaml_node *node, const char *what, struct diags *diags)
{
	const char *name = node ? yaml_line(node, what, diags) : NULL;
	if (!name)
		return NULL;
	if (strlen(name) <= MEMORY_NAME_MAX &&
	    strspn(name, MEMORY_NAME_BYTES) == strlen(name))
		return xstrdup(name);
	diag_add(diags, node->place,
	    "%s must be 1 to %d letters, digits, \"_\" and \"-\"", what,
	    MEMORY_NAME_MAX);
	return NULL;
}

static void
read_memory(struct draft *draft, struct diags *diags)
{
	struct job_step *step = &draft->step;
	step->pick = read_pattern(draft->pick, "\"pick\"", diags);
	step->remember = read_memory_name(
	    draft->remember, "\"remember\"", diags);
	step->same_as = read_memory_name(draft->same_as, "\"same_as\"", diags);
	if (draft->pick && !draft->remember && !draft->same_as)
		diag_add(diags, draft->pick->place,
		    "\"pick\" says what of the output \"remember\" and "
		    "\"same_as\" look at: one of them must be there");
	if (step->within_ms && !draft->expect && !draft->reject &&
	    !draft->same_as)
		diag_add(diags, draft->value->place,
		    "\"within\" says how long \"expect\", \"reject\" and "
		    "\"same_as\" are tried: one of them must be there");
	/* What is asked again and again may take that long. */
	if (step->within_ms && !step->timeout_ms)
		step->timeout_ms = step->within_ms + WITHIN_SLACK_MS;
}

static void
read_command(struct draft *draft, struct diags *diags)
{
	const struct yaml_node *value = draft->value;
	struct job_step *step = &draft->step;
	if (value->kind == YAML_LIST) {
		for (size_t i = 0; i < value->count; i++)
			add_command(step, value->items[i], diags);
		if (!value->count)
			diag_add(diags, value->place, "\"command\" is empty");
	} else {
		add_command(step, value, diags);
	}
	step->expect = read_pattern(draft->expect, "\"expect\"", diags);
	step->reject = read_pattern(draft->reject, "\"reject\"", diags);
	read_memory(draft, diags);
	if (draft->save_as)
		read_save_as(step, draft->save_as, diags);
}

static void
read_save(struct draft *draft, struct diags *diags)
{
	bool truth = false;
	if (!yaml_to_bool(draft->value, &truth) || !truth)
		diag_add(diags, draft->value->place,
		    "\"save\" must be true: leave the step out if nothing is "
		    "to be saved");
	draft->step.image.unless_version = job_text_read(
	    draft->unless_version, "unless_version", diags);
}

static void
read_image(struct draft *draft, struct diags *diags)
{
	job_image_read(
	    &draft->step, draft->value, draft->unless_version, diags);
}

static const struct kind {
	const char *name;
	struct yaml_table table;
	void (*read)(struct draft *draft, struct diags *diags);
} kinds[STEP__COUNT] = {
	[STEP_TEMPLATE] = { "template",
	    YAML_TABLE("a template step", template_fields), read_template },
	[STEP_CONFIG] = { "config", YAML_TABLE("a config step", config_fields),
	    read_config },
	[STEP_COMMAND] = { "command",
	    YAML_TABLE("a command step", command_fields), read_command },
	[STEP_SAVE] = { "save", YAML_TABLE("a save step", save_fields),
	    read_save },
	[STEP_UPLOAD] = { "upload", YAML_TABLE("an upload step", upload_fields),
	    read_image },
	[STEP_DOWNLOAD] = { "download",
	    YAML_TABLE("a download step", download_fields), read_image },
	[STEP_SPACE] = { "space", YAML_TABLE("a space step", space_fields),
	    read_image },
	[STEP_VERIFY_IMAGE] = { "verify_image",
	    YAML_TABLE("a verify_image step", verify_image_fields),
	    read_image },
	[STEP_BOOT] = { "boot", YAML_TABLE("a boot step", boot_fields),
	    read_image },
	[STEP_RELOAD] = { "reload", YAML_TABLE("a reload step", reload_fields),
	    read_image },
	[STEP_EXPECT_VERSION] = { "expect_version",
	    YAML_TABLE("an expect_version step", expect_version_fields),
	    read_image },
	[STEP_WAIT] = { "wait", YAML_TABLE("a wait step", wait_fields),
	    read_image },
};

const char *
step_kind_name(enum step_kind kind)
{
	return kinds[kind].name;
}

/* The kind of a step's first key; false after a message. */
static bool
find_kind(
    const struct yaml_node *node, enum step_kind *kind, struct diags *diags)
{
	if (node->kind != YAML_MAP || !node->count) {
		diag_add(diags, node->place,
		    "a step must be a map such as \"command: show version\"");
		return false;
	}
	const struct yaml_node *key = node->keys[0];
	const char *names[STEP__COUNT];
	for (size_t i = 0; i < STEP__COUNT; i++) {
		names[i] = kinds[i].name;
		*kind = (enum step_kind)i;
		if (strcmp(key->text, kinds[i].name) == 0)
			return true;
	}
	for (size_t i = 0; i < STEP__COUNT; i++) {
		if (!yaml_get(node, kinds[i].name))
			continue;
		diag_add(diags, key->place,
		    "the first key of a step names its kind: put \"%s\" in "
		    "front",
		    kinds[i].name);
		return false;
	}
	const char *near = str_nearest(key->text, names, STEP__COUNT);
	diag_add(diags, key->place,
	    "the first key of a step names its kind, and there is no kind "
	    "\"%.64s\"%s%s%s",
	    key->text, near ? ": did you mean \"" : "", near ? near : "",
	    near ? "\"?" : "");
	return false;
}

static const char *const on_failure_names[ON_FAILURE__COUNT] = {
	[ON_FAILURE_SKIP] = "skip",
	[ON_FAILURE_CONTINUE] = "continue",
	[ON_FAILURE_STOP] = "stop",
};

const char *
on_failure_name(enum on_failure on_failure)
{
	return on_failure_names[on_failure];
}

static void
read_on_failure(struct draft *draft, struct diags *diags)
{
	const struct yaml_node *node = draft->on_failure;
	if (!node)
		return;
	for (unsigned i = 0; i < ON_FAILURE__COUNT; i++) {
		if (node->kind == YAML_SCALAR &&
		    strcmp(node->text, on_failure_names[i]) == 0) {
			draft->step.on_failure = (enum on_failure)i;
			return;
		}
	}
	diag_add(diags, node->place,
	    "\"on_failure\" must be skip, continue or stop");
}

/* A name for people from what the step does. */
static char *
make_name(const struct draft *draft)
{
	const struct yaml_node *value = draft->value;
	const char *kind = kinds[draft->step.kind].name;
	if (value->kind == YAML_LIST && value->count)
		value = value->items[0];
	bool named = draft->step.kind == STEP_TEMPLATE ||
	    draft->step.kind == STEP_COMMAND;
	/* Of an image or a version only what is written out. */
	bool written = draft->step.kind == STEP_BOOT ||
	    draft->step.kind == STEP_EXPECT_VERSION ||
	    draft->step.kind == STEP_WAIT;
	if (value->kind == YAML_SCALAR &&
	    (named || (written && !strstr(value->text, "{{"))))
		return xasprintf("%s %.100s", kind, value->text);
	return xstrdup(kind);
}

static void
read_step(const struct job *job, struct job_phase *phase,
    const struct yaml_node *node, struct diags *diags)
{
	enum step_kind kind;
	if (!find_kind(node, &kind, diags))
		return;
	struct draft draft = { .step = {
				   .kind = kind,
				   .guard = job->guard,
				   .guard_minutes = job->guard_minutes,
			       } };
	yaml_read(node, &kinds[kind].table, &draft, diags);
	kinds[kind].read(&draft, diags);
	read_on_failure(&draft, diags);
	if (draft.guard)
		job_guard_read(&draft.step.guard, draft.guard, diags);
	draft.step.place = node->items[0]->text_place;
	if (draft.vars)
		draft.step.vars = job_vars_read(draft.vars, diags);
	if (!draft.step.name)
		draft.step.name = make_name(&draft);
	phase->steps[phase->step_count++] = draft.step;
}

/* ---- phases ---- */

struct phase_draft {
	struct job_phase phase;
	const struct yaml_node *steps;
};

static const struct yaml_field phase_fields[] = {
	{ "name", YAML_FIELD_LINE, offsetof(struct phase_draft, phase.name),
	    false, 0, 0, NULL },
	{ "threads", YAML_FIELD_INT,
	    offsetof(struct phase_draft, phase.threads), false, 1,
	    JOB_THREADS_MAX, NULL },
	{ "steps", YAML_FIELD_LIST, offsetof(struct phase_draft, steps), true,
	    0, 0, NULL },
};
static const struct yaml_table phase_table = YAML_TABLE(
    "a phase", phase_fields);

static void
read_phase(struct job *job, const struct yaml_node *node, struct diags *diags)
{
	struct phase_draft draft = { .phase.threads = job->threads };
	struct job_phase *phase = &draft.phase;
	yaml_read(node, &phase_table, &draft, diags);
	phase->place = node->place;
	if (!phase->name)
		phase->name = xasprintf("phase %zu", job->phase_count + 1);
	for (size_t i = 0; i < job->phase_count; i++)
		if (strcmp(job->phases[i].name, phase->name) == 0)
			diag_add(diags, yaml_place(node, "name"),
			    "there is a phase \"%s\" already (line %u)",
			    phase->name, job->phases[i].place.line);
	size_t count = draft.steps ? draft.steps->count : 0;
	if (draft.steps && !count)
		diag_add(diags, draft.steps->place, "\"steps\" is empty");
	phase->steps = xcalloc(count + 1, sizeof(*phase->steps));
	for (size_t i = 0; i < count; i++)
		read_step(job, phase, draft.steps->items[i], diags);
	job->phases[job->phase_count++] = *phase;
}

void
job_phases_read(
    struct job *job, const struct yaml_node *list, struct diags *diags)
{
	if (!list->count)
		diag_add(diags, list->place,
		    "\"phases\" is empty: there is nothing to do");
	job->phases = xcalloc(list->count + 1, sizeof(*job->phases));
	for (size_t i = 0; i < list->count; i++)
		read_phase(job, list->items[i], diags);
}

void
job_phase_push(struct job *job, struct place place)
{
	job->phases = xcalloc(1, sizeof(*job->phases));
	struct job_phase *phase = &job->phases[job->phase_count++];
	phase->name = xstrdup("push");
	phase->threads = job->threads;
	phase->place = place;
	phase->steps = xcalloc(1, sizeof(*phase->steps));
	phase->step_count = 1;
	phase->steps[0] = (struct job_step){
		.kind = STEP_TEMPLATE,
		.name = xstrdup("template acl"),
		.place = place,
		.template_name = xstrdup("acl"),
		.guard = job->guard,
		.guard_minutes = job->guard_minutes,
	};
}

static void
step_clear(struct job_step *step)
{
	free(step->name);
	free(step->template_name);
	template_free(step->text);
	for (size_t i = 0; i < step->command_count; i++)
		template_free(step->commands[i]);
	free(step->commands);
	re_free(step->expect);
	re_free(step->reject);
	free(step->save_as);
	template_free(step->save_template);
	free(step->remember);
	free(step->same_as);
	re_free(step->pick);
	job_image_clear(&step->image);
	json_decref(step->vars);
}

void
job_phase_clear(struct job_phase *phase)
{
	for (size_t i = 0; i < phase->step_count; i++)
		step_clear(&phase->steps[i]);
	free(phase->steps);
	free(phase->name);
}

/* Has the device's platform what the step needs? */
static void
judge_step(const struct job_step *step, const struct job_device *device,
    struct diags *diags)
{
	const struct profile *profile = device->profile;
	const char *type = profile->device_type;
	const char *name = step->template_name;
	if (step->kind == STEP_TEMPLATE && name &&
	    !profile_template_find(profile, name)) {
		diag_add(diags, step->place,
		    "%s: its profile %s has no template \"%.64s\"",
		    device->hostname, type, name);
		return;
	}
	bool configures = step->kind == STEP_TEMPLATE ||
	    step->kind == STEP_CONFIG;
	if (configures && !profile->config_mode)
		diag_add(diags, step->place,
		    "%s: its profile %s has no configuration mode",
		    device->hostname, type);
	if (job_step_is_image(step->kind) || step->image.unless_version)
		job_image_judge(step, device, diags);
	if (configures && step->guard >= JOB_GUARD_ALWAYS &&
	    !profile->guard_count)
		diag_add(diags, step->place,
		    "%s: its profile %s knows nothing that would take a change "
		    "back, as \"guard\" asks for",
		    device->hostname, type);
	if (step->kind == STEP_SAVE && !profile->save.count)
		diag_add(diags, step->place,
		    "%s: its profile %s does not say how to save",
		    device->hostname, type);
}

/* The first device of each profile speaks for the others. */
void
job_phases_judge(const struct job *job, struct diags *diags)
{
	const struct job_device **first = NULL;
	size_t count = 0, cap = 0;
	for (size_t i = 0; i < job->device_count; i++) {
		const struct job_device *device = &job->devices[i];
		bool known = !device->profile || !device->hostname;
		for (size_t j = 0; j < count && !known; j++)
			known = first[j]->profile == device->profile;
		if (known)
			continue;
		GROW(first, count, cap);
		first[count++] = device;
	}
	for (size_t i = 0; i < job->phase_count; i++)
		for (size_t j = 0; j < job->phases[i].step_count; j++)
			for (size_t k = 0; k < count; k++)
				judge_step(
				    &job->phases[i].steps[j], first[k], diags);
	free(first);
	job_order_judge(job, diags);
}
