/*
 * The steps of an upgrade: upload, download, space, verify_image, boot,
 * reload, expect_version, wait. Each is a row: its keys, what is wrong with
 * them, what the device's profile must know for it.
 */
#include "job_parts.h"

#include "base/alloc.h"
#include "base/str.h"
#include "model/profile.h"
#include "text/template.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define COPY_DEFAULT_MS	  (60 * 60 * 1000LL)
#define VERIFY_DEFAULT_MS (20 * 60 * 1000LL)
#define SPACE_DEFAULT_MS  (2 * 60 * 1000LL)
#define WAIT_DEFAULT_MS	  (20 * 60 * 1000LL)
#define WAIT_MIN_MS	  1000
#define WAIT_MAX_MS	  (4 * 3600 * 1000LL)
#define PAUSE_MAX_MS	  (24 * 3600 * 1000LL)
#define WAIT_SLACK_MS	  (60 * 1000LL) /* for what a reload does before */
#define MARGIN_DEFAULT	  10
#define MARGIN_MAX	  1000
#define SIZE_MAX_BYTES	  (1LL << 50)

/* An image step as it stands in the file. */
struct image_draft {
	struct job_image image;
	const struct yaml_node *source, *from, *destination, *path, *file, *md5;
	const struct yaml_node *unless_version, *install, *margin, *size;
};

#define NODE(key, member, needed)                                              \
	{                                                                      \
		(key), YAML_FIELD_ANY, offsetof(struct image_draft, member),   \
		    (needed), 0, 0, NULL                                       \
	}
#define TRUTH(key, member)                                                     \
	{                                                                      \
		(key), YAML_FIELD_BOOL, offsetof(struct image_draft, member),  \
		    false, 0, 0, NULL                                          \
	}
#define UNLESS NODE("unless_version", unless_version, false)

static const struct yaml_field upload_fields[] = {
	NODE("source", source, false),
	NODE("from", from, false),
	NODE("destination", destination, true),
	NODE("md5", md5, false),
	TRUTH("skip_if_present", image.skip_if_present),
	TRUTH("accept_new_host_key", image.accept_new_host_key),
	TRUTH("members", image.members),
	UNLESS,
};
static const struct yaml_field download_fields[] = {
	NODE("source", source, true),
	NODE("destination", destination, true),
	TRUTH("md5", image.check_md5),
	TRUTH("skip_if_present", image.skip_if_present),
};
static const struct yaml_field space_fields[] = {
	NODE("file", file, true),
	NODE("margin", margin, false),
	NODE("size", size, false),
	NODE("path", path, false),
	UNLESS,
};
static const struct yaml_field verify_fields[] = {
	NODE("path", path, true),
	NODE("md5", md5, false),
	NODE("source", source, false),
	TRUTH("members", image.members),
	UNLESS,
};
static const struct yaml_field reload_fields[] = {
	{ "wait", YAML_FIELD_DURATION,
	    offsetof(struct image_draft, image.wait_ms), false, WAIT_MIN_MS,
	    WAIT_MAX_MS, NULL },
	TRUTH("accept_new_host_key", image.accept_new_host_key),
	NODE("install", install, false),
	UNLESS,
};

struct template *
job_text_read(
    const struct yaml_node *node, const char *what, struct diags *diags)
{
	char *quoted = xasprintf("\"%s\"", what);
	const char *line = node ? yaml_line(node, quoted, diags) : NULL;
	free(quoted);
	return line ? template_parse(line, node->text_place, diags) : NULL;
}

static void
read_margin(struct image_draft *draft, struct diags *diags)
{
	const struct yaml_node *node = draft->margin;
	int64_t percent = -1;
	if (!node)
		return;
	size_t len = node->kind == YAML_SCALAR ? strlen(node->text) : 0;
	char *digits = xstrndup(len ? node->text : "", len ? len - 1 : 0);
	if (!len || node->text[len - 1] != '%' ||
	    !str_to_number(digits, &percent) || percent < 0 ||
	    percent > MARGIN_MAX)
		diag_add(diags, node->place,
		    "\"margin\" must be from 0%% to %d%%", MARGIN_MAX);
	else
		draft->image.margin_percent = (int)percent;
	free(digits);
}

/* Of an image that is not on this machine. */
static void
read_size(struct image_draft *draft, struct diags *diags)
{
	const struct yaml_node *node = draft->size;
	int64_t bytes = 0;
	if (!node)
		return;
	if (node->kind != YAML_SCALAR || !str_to_number(node->text, &bytes) ||
	    bytes < 1 || bytes > SIZE_MAX_BYTES) {
		diag_add(diags, node->place,
		    "\"size\" must be a number of bytes, above 0");
		bytes = 1; /* the file is not looked for then */
	}
	draft->image.size_bytes = bytes;
}

static void
judge_md5_keys(const struct image_draft *draft, const struct yaml_node *node,
    struct diags *diags)
{
	if ((draft->md5 != NULL) == (draft->source != NULL))
		diag_add(diags, node->place,
		    "exactly one of \"md5\" and \"source\" must say what the "
		    "image is compared with");
}

/* Nobody here sees the bytes that a device fetches: without an MD5 to compare
 * with, nothing would prove them. */
static void
judge_from(const struct image_draft *draft, const struct yaml_node *node,
    bool has_digits, struct diags *diags)
{
	const struct yaml_node *accept = yaml_get(node, "accept_new_host_key");
	if (!draft->from && !draft->source)
		diag_add(diags, node->place,
		    "\"upload\" needs a \"source\" on this machine, or "
		    "\"from\", "
		    "where the device is to fetch it");
	if (!draft->from && accept)
		diag_add(diags, accept->place,
		    "\"accept_new_host_key\" is about the file server that "
		    "\"from\" names");
	if (draft->from &&
	    (!draft->image.check_md5 || (!has_digits && !draft->source)))
		diag_add(diags, node->place,
		    "what a device fetches itself must be proved: \"md5\" "
		    "must say the MD5, or \"source\" name the same file on "
		    "this machine");
	if (draft->from && has_digits && draft->source)
		diag_add(diags, draft->md5->place,
		    "the MD5 is that of \"source\": only one of the two may "
		    "say it");
}

/* `md5` is a truth, and with `from` it may be the MD5 itself. */
static void
read_upload(struct job_step *step, struct image_draft *draft,
    const struct yaml_node *node, struct diags *diags)
{
	bool truth = true;
	bool has_digits = draft->from && draft->md5 &&
	    !yaml_to_bool(draft->md5, &truth);
	if (has_digits)
		draft->image.md5 = job_text_read(draft->md5, "md5", diags);
	else if (draft->md5 && !yaml_to_bool(draft->md5, &truth))
		diag_add(
		    diags, draft->md5->place, "\"md5\" must be true or false");
	draft->image.check_md5 = truth;
	judge_from(draft, node, has_digits, diags);
	draft->image.from = job_text_read(draft->from, "from", diags);
	draft->image.source = job_text_read(draft->source, "source", diags);
	draft->image.path = job_text_read(
	    draft->destination, "destination", diags);
	step->timeout_ms = COPY_DEFAULT_MS;
}

/* A file on this machine is written: the rules of `save_as` count. */
static void
read_download(struct job_step *step, struct image_draft *draft,
    const struct yaml_node *node, struct diags *diags)
{
	(void)node;
	const struct yaml_node *to = draft->destination;
	draft->image.path = job_text_read(draft->source, "source", diags);
	const char *name = to ? yaml_line(to, "\"destination\"", diags) : NULL;
	step->timeout_ms = COPY_DEFAULT_MS;
	if (!name)
		return;
	step->save_as = xstrdup(name);
	step->save_place = to->place;
	step->save_template = template_parse(name, to->text_place, diags);
}

static void
read_space(struct job_step *step, struct image_draft *draft,
    const struct yaml_node *node, struct diags *diags)
{
	(void)node;
	draft->image.source = job_text_read(draft->file, "file", diags);
	draft->image.path = job_text_read(draft->path, "path", diags);
	read_margin(draft, diags);
	read_size(draft, diags);
	step->timeout_ms = SPACE_DEFAULT_MS;
}

static void
read_verify(struct job_step *step, struct image_draft *draft,
    const struct yaml_node *node, struct diags *diags)
{
	draft->image.path = job_text_read(draft->path, "path", diags);
	draft->image.source = job_text_read(draft->source, "source", diags);
	draft->image.md5 = job_text_read(draft->md5, "md5", diags);
	judge_md5_keys(draft, node, diags);
	step->timeout_ms = VERIFY_DEFAULT_MS;
}

static void
read_reload(struct job_step *step, struct image_draft *draft,
    const struct yaml_node *node, struct diags *diags)
{
	(void)node;
	draft->image.path = job_text_read(draft->install, "install", diags);
	draft->image.installs = draft->install != NULL;
	step->timeout_ms = draft->image.wait_ms + WAIT_SLACK_MS;
}

static const struct row {
	enum step_kind kind;
	struct yaml_table table; /* no fields: the value is no map */
	void (*read)(struct job_step *step, struct image_draft *draft,
	    const struct yaml_node *node, struct diags *diags);
} rows[] = {
	{ STEP_UPLOAD, YAML_TABLE("\"upload\"", upload_fields), read_upload },
	{ STEP_DOWNLOAD, YAML_TABLE("\"download\"", download_fields),
	    read_download },
	{ STEP_SPACE, YAML_TABLE("\"space\"", space_fields), read_space },
	{ STEP_VERIFY_IMAGE, YAML_TABLE("\"verify_image\"", verify_fields),
	    read_verify },
	{ STEP_RELOAD, YAML_TABLE("\"reload\"", reload_fields), read_reload },
};

static const struct row *
find_row(enum step_kind kind)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].kind == kind)
			return &rows[i];
	return NULL;
}

static void
read_pause(
    struct job_step *step, const struct yaml_node *node, struct diags *diags)
{
	int64_t ms = 0;
	if (node->kind != YAML_SCALAR || !str_to_duration_ms(node->text, &ms) ||
	    ms < 1 || ms > PAUSE_MAX_MS) {
		diag_add(diags, node->place,
		    "\"wait\" must be a duration such as 10s, 5m or 1h, of 24h "
		    "at most");
		return;
	}
	step->image.wait_ms = ms;
	step->timeout_ms = ms + WAIT_SLACK_MS;
}

void
job_image_read(struct job_step *step, const struct yaml_node *value,
    const struct yaml_node *unless, struct diags *diags)
{
	const struct row *row = find_row(step->kind);
	struct image_draft draft = {
		.unless_version = unless,
		.image = {
			.check_md5 = true,
			.skip_if_present = true,
			.margin_percent = MARGIN_DEFAULT,
			.wait_ms = WAIT_DEFAULT_MS,
		},
	};
	int64_t given_ms = step->timeout_ms;
	bool truth = false;
	if (step->kind == STEP_WAIT) {
		read_pause(step, value, diags);
	} else if (step->kind == STEP_BOOT) {
		step->image.path = job_text_read(value, "boot", diags);
		step->image.unless_version = job_text_read(
		    unless, "unless_version", diags);
	} else if (step->kind == STEP_EXPECT_VERSION) {
		step->image.version = job_text_read(
		    value, "expect_version", diags);
	} else if (step->kind == STEP_RELOAD && yaml_to_bool(value, &truth) &&
	    truth) {
		row->read(step, &draft, value, diags);
		step->image = draft.image;
	} else if (step->kind == STEP_RELOAD && value->kind != YAML_MAP) {
		diag_add(
		    diags, value->place, "\"reload\" must be true or a map");
	} else if (yaml_read(value, &row->table, &draft, diags) == 0) {
		row->read(step, &draft, value, diags);
		step->image = draft.image;
		step->image.unless_version = job_text_read(
		    draft.unless_version, "unless_version", diags);
	}
	/* What these need to be done is no business of `timeouts.step`. */
	if (given_ms)
		step->timeout_ms = given_ms;
}

void
job_image_clear(struct job_image *image)
{
	template_free(image->path);
	template_free(image->source);
	template_free(image->from);
	template_free(image->md5);
	template_free(image->version);
	template_free(image->unless_version);
}

bool
job_step_is_image(enum step_kind kind)
{
	return kind >= STEP_UPLOAD && kind <= STEP_WAIT;
}

int64_t
job_phase_device_ms(
    const struct job_phase *phase, const struct timeouts *timeouts)
{
	int64_t ms = timeouts->device_ms;
	for (size_t i = 0; i < phase->step_count; i++)
		if (job_step_is_image(phase->steps[i].kind))
			ms += phase->steps[i].timeout_ms;
	return ms;
}

/* What of its profile a step cannot do without; NULL: nothing is missing. */
static const char *
find_missing(const struct job_step *step, const struct profile *profile)
{
	const struct profile_image *image = &profile->image;
	const struct {
		bool wanted;
		const void *member;
		const char *key;
	} needs[] = {
		{ step->image.unless_version || step->kind == STEP_BOOT ||
			step->kind == STEP_RELOAD ||
			step->kind == STEP_EXPECT_VERSION,
		    image->version_is.re, "image.version_is" },
		{ step->kind == STEP_SPACE, image->free_is.re,
		    "image.free_is" },
		{ step->kind == STEP_SPACE || step->kind == STEP_UPLOAD,
		    image->file_is.re, "image.file_is" },
		{ step->kind == STEP_SPACE || step->kind == STEP_UPLOAD,
		    image->list, "image.list" },
		{ step->kind == STEP_SPACE || step->image.members,
		    image->filesystem, "image.filesystem" },
		{ step->kind == STEP_VERIFY_IMAGE ||
			(step->kind == STEP_UPLOAD && step->image.check_md5) ||
			(step->kind == STEP_DOWNLOAD && step->image.check_md5),
		    image->md5, "image.md5" },
		{ step->kind == STEP_VERIFY_IMAGE || step->image.from,
		    image->md5_is.re, "image.md5_is" },
		{ step->image.from, profile->pull.command, "pull.command" },
		{ step->kind == STEP_BOOT, image->boot_lines, "boot.lines" },
		{ step->kind == STEP_BOOT ||
			(step->kind == STEP_RELOAD && !step->image.installs),
		    image->boot_is.re, "boot.is" },
		{ step->kind == STEP_RELOAD && !step->image.installs,
		    image->reload, "reload.command" },
		{ step->kind == STEP_RELOAD && step->image.installs,
		    image->install, "reload.install" },
		{ step->kind == STEP_RELOAD, image->uptime_is.re,
		    "image.uptime_is" },
	};
	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++)
		if (needs[i].wanted && !needs[i].member)
			return needs[i].key;
	return NULL;
}

void
job_image_judge(const struct job_step *step, const struct job_device *device,
    struct diags *diags)
{
	const char *key = find_missing(step, device->profile);
	if (key)
		diag_add(diags, step->place,
		    "%s: its profile %s has no \"%s\", which the step \"%s\" "
		    "needs",
		    device->hostname, device->profile->device_type, key,
		    step_kind_name(step->kind));
}

/* What the steps so far have said, in the order of the job. */
struct so_far {
	bool proved;
	struct strs remembered;
};

static void
judge_in_order(
    const struct job_step *step, struct so_far *so_far, struct diags *diags)
{
	if (step->kind == STEP_RELOAD && !so_far->proved)
		diag_add(diags, step->place,
		    "nothing before this reload proves the image that is to "
		    "be booted: put a verify_image step in front");
	if (step->same_as && !strs_has(&so_far->remembered, step->same_as))
		diag_add(diags, step->place,
		    "\"same_as\": no step before this one has \"remember: "
		    "%s\"",
		    step->same_as);
	if (step->kind == STEP_VERIFY_IMAGE ||
	    (step->kind == STEP_UPLOAD && step->image.check_md5))
		so_far->proved = true;
	if (step->remember)
		strs_add(&so_far->remembered, step->remember);
}

void
job_order_judge(const struct job *job, struct diags *diags)
{
	struct so_far so_far = { 0 };
	for (size_t i = 0; i < job->phase_count; i++)
		for (size_t j = 0; j < job->phases[i].step_count; j++)
			judge_in_order(
			    &job->phases[i].steps[j], &so_far, diags);
	strs_clear(&so_far.remembered);
}
