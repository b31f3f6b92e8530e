/*
 * The steps about images, rendered for a device: the texts that they name, and
 * the lines that can be told before anybody has asked the device.
 */
#include "model/plan.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/str.h"
#include "model/profile.h"
#include "plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MD5_DIGITS	    32
#define SCHEMES_LIMIT_BYTES 4096

void
plan_image_clear(struct plan_image *image)
{
	free(image->path);
	free(image->source);
	free(image->from);
	free(image->md5);
	free(image->version);
	free(image->unless_version);
	*image = (struct plan_image){ 0 };
}

/* The path stands in commands, where a blank ends it. */
static int
judge_path(const struct job_step *step, const char *path, struct diags *diags)
{
	bool is_copy = step->kind == STEP_UPLOAD || step->kind == STEP_DOWNLOAD;
	bool typed = !is_copy || step->image.check_md5;
	for (const char *at = path; at && *at; at++) {
		unsigned char c = (unsigned char)*at;
		if (c > ' ' && c != 0x7f && c != '?')
			continue;
		if (c == ' ' && !typed)
			continue;
		diag_add(diags, step->place,
		    "the path on the device holds a blank, a \"?\" or a "
		    "control character: \"%.100s\"",
		    path);
		return -1;
	}
	return 0;
}

static int
judge_md5(const struct job_step *step, const char *md5, struct diags *diags)
{
	if (!md5 ||
	    (strlen(md5) == MD5_DIGITS &&
		strspn(md5, "0123456789abcdefABCDEF") == MD5_DIGITS))
		return 0;
	diag_add(diags, step->place,
	    "\"md5\" must be %d hexadecimal digits, not \"%.64s\"", MD5_DIGITS,
	    md5);
	return -1;
}

static int
judge_from(const struct profile_pull *pull, const struct job_step *step,
    const char *from, struct diags *diags)
{
	struct profile_url url;
	if (!from)
		return 0;
	const char *wrong = profile_url_read(from, &url);
	int rc = -1;
	if (wrong) {
		/* Not quoted: a password may stand in it. */
		diag_add(diags, step->place, "\"from\" %s", wrong);
	} else if (pull->command && !strs_has(&pull->schemes, url.scheme)) {
		struct buf known;
		buf_init(&known, SCHEMES_LIMIT_BYTES);
		for (size_t i = 0; i < pull->schemes.count; i++)
			buf_addf(&known, "%s%s", i ? ", " : "",
			    pull->schemes.items[i]);
		diag_add(diags, step->place,
		    "the device does not fetch by %s, but by %s", url.scheme,
		    buf_str(&known));
		buf_clear(&known);
	} else {
		rc = 0;
	}
	profile_url_clear(&url);
	return rc;
}

int
plan_image(const struct job *job, const struct job_device *device,
    const struct job_step *step, struct plan_image *image, struct diags *diags)
{
	const struct job_image *from = &step->image;
	const struct {
		const struct template *template;
		char **to;
	} texts[] = {
		{ from->path, &image->path },
		{ from->source, &image->source },
		{ from->from, &image->from },
		{ from->md5, &image->md5 },
		{ from->version, &image->version },
		{ from->unless_version, &image->unless_version },
	};
	int rc = 0;
	*image = (struct plan_image){ 0 };
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (!texts[i].template)
			continue;
		*texts[i].to = plan_render_text(
		    job, device, step, texts[i].template, diags);
		if (!*texts[i].to)
			rc = -1;
		else if (!**texts[i].to) {
			diag_add(diags, step->place,
			    "a text of the step \"%s\" is empty",
			    step_kind_name(step->kind));
			rc = -1;
		}
	}
	if (rc == 0 &&
	    (judge_path(step, image->path, diags) ||
		judge_md5(step, image->md5, diags) ||
		judge_from(&device->profile->pull, step, image->from, diags)))
		rc = -1;
	if (rc)
		plan_image_clear(image);
	return rc;
}

json_t *
plan_image_names(const struct profile *profile, const char *path)
{
	json_t *names = json_pack("{s:s*, s:b}", "path", path, "stack", 0);
	if (profile->image.filesystem)
		json_object_set_new(names, "filesystem",
		    json_string(profile->image.filesystem));
	return names;
}

static int
add_command(const struct plan_target *target, const char *text,
    const json_t *names, struct plan_lines *lines, struct diags *diags)
{
	char *line = text ? plan_profile_text(target->job, target->device,
				target->step, text, names, diags)
			  : NULL;
	if (!line)
		return text ? -1 : 0;
	struct strs texts = { 0 };
	strs_add_lines(&texts, line);
	for (size_t i = 0; i < texts.count; i++)
		if (*texts.items[i])
			plan_lines_add(lines, texts.items[i], 0);
	strs_clear(&texts);
	free(line);
	return 0;
}

/* What netpush does itself, as a comment. */
static void __attribute__((format(printf, 2, 3)))
add_note(struct plan_lines *lines, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = xvasprintf(fmt, ap);
	va_end(ap);
	plan_lines_add(lines, text, 0);
	free(text);
}

static int
add_lines(const struct plan_target *target, const struct plan_image *text,
    const json_t *names, struct plan_lines *lines, struct diags *diags)
{
	const struct profile_image *image = &target->device->profile->image;
	char pause[CLOCK_TEXT_BYTES];
	switch (target->step->kind) {
	case STEP_UPLOAD:
		if (text->from)
			return add_command(target,
			    target->device->profile->pull.command, names, lines,
			    diags);
		add_note(lines, "! upload %s to %s", text->source, text->path);
		return 0;
	case STEP_DOWNLOAD:
		add_note(lines, "! download %s", text->path);
		return 0;
	case STEP_SPACE:
		return add_command(target, image->list, names, lines, diags);
	case STEP_VERIFY_IMAGE:
		return add_command(target, image->md5, names, lines, diags);
	case STEP_BOOT:
		return add_command(
		    target, image->boot_lines, names, lines, diags);
	case STEP_RELOAD:
		for (size_t i = 0; i < image->reload_prepare.count; i++)
			plan_lines_add(
			    lines, image->reload_prepare.items[i], 0);
		return add_command(target,
		    target->step->image.installs ? image->install
						 : image->reload,
		    names, lines, diags);
	case STEP_EXPECT_VERSION:
		return add_command(target, image->version, names, lines, diags);
	default:
		duration_format(target->step->image.wait_ms, pause);
		add_note(lines, "! wait %s", pause);
		return 0;
	}
}

int
plan_image_render(const struct plan_target *target, struct plan_lines *lines,
    struct diags *diags)
{
	const struct profile *profile = target->device->profile;
	struct plan_image text;
	lines->file = profile->file;
	if (plan_image(target->job, target->device, target->step, &text, diags))
		return -1;
	const char *path = text.path ? text.path : profile->image.filesystem;
	json_t *names = plan_image_names(profile, path);
	if (text.from)
		json_object_set_new(names, "from", json_string(text.from));
	int rc = add_lines(target, &text, names, lines, diags);
	json_decref(names);
	plan_image_clear(&text);
	return rc;
}

void
plan_check_source(const struct job *job, const struct job_device *device,
    const struct job_step *step, struct diags *diags)
{
	struct plan_image text;
	struct stat st;
	if (!step->image.source || step->image.size_bytes)
		return;
	struct diags said = { 0 }; /* by plan_render() */
	int rc = plan_image(job, device, step, &text, &said);
	diags_clear(&said);
	if (rc)
		return;
	int fd = open(text.source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		diag_add(diags, step->place, "\"%.200s\" cannot be read: %s",
		    text.source, strerror(errno));
	else if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size)
		diag_add(diags, step->place,
		    "\"%.200s\" is no file, or an empty one", text.source);
	if (fd >= 0)
		close(fd);
	plan_image_clear(&text);
}

static bool
logs_in(const struct job *job, const struct job_device *device,
    const struct job_step *step)
{
	struct plan_image text;
	struct profile_url url = { 0 };
	struct diags said = { 0 }; /* by plan_check() */
	bool does = step->image.from &&
	    plan_image(job, device, step, &text, &said) == 0;
	if (does) {
		profile_url_read(text.from, &url);
		does = url.has_user;
		profile_url_clear(&url);
		plan_image_clear(&text);
	}
	diags_clear(&said);
	return does;
}

bool
plan_wants_server_password(const struct job *job)
{
	for (size_t i = 0; i < job->phase_count; i++)
		for (size_t j = 0; j < job->phases[i].step_count; j++)
			for (size_t k = 0; k < job->device_count; k++)
				if (logs_in(job, &job->devices[k],
					&job->phases[i].steps[j]))
					return true;
	return false;
}
