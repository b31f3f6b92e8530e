/*
 * What the steps of an upgrade ask a device before they do anything: which
 * version runs, for how long, from which file, how many members a stack has,
 * what a directory holds. Reads only.
 */
#include "step_parts.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/str.h"
#include "device/wait.h"
#include "model/profile.h"

#include <stdlib.h>
#include <string.h>

#define LISTING_LIMIT_BYTES (4u << 20)
#define PROOF_PREFIX	    "image:"

void
step_software_clear(struct step_software *software)
{
	strs_clear(&software->versions);
	free(software->image);
	*software = (struct step_software){ 0 };
}

bool
step_software_is(const struct step_software *software, const char *version)
{
	return strs_has(&software->versions, version);
}

char *
step_software_name(const struct step_software *software)
{
	return xstrdup(software->versions.count ? software->versions.items[0]
						: "an unknown version");
}

static int
ask(struct session *session, const struct job_step *step, const char *command,
    struct buf *shown, struct fault *fault)
{
	buf_reset(shown);
	return session_command(
	    session, command, step->timeout_ms, shown, fault);
}

int
step_ask_software(struct session *session, const struct job_step *step,
    struct step_software *software, struct fault *fault)
{
	const struct profile_image *image = &session_profile(session)->image;
	struct buf shown;
	*software = (struct step_software){ 0 };
	buf_init(&shown, LISTING_LIMIT_BYTES);
	int rc = ask(session, step, image->version, &shown, fault);
	if (rc)
		goto out;
	profile_pattern_find_all(&image->version_is, buf_str(&shown), "version",
	    &software->versions);
	software->image = profile_pattern_find(
	    &image->runs, buf_str(&shown), "path");
	software->boots = !image->boots_if.re ||
	    profile_pattern_matches(&image->boots_if, buf_str(&shown));
	if (!software->versions.count) {
		fault_at(fault, 0, image->version, buf_str(&shown));
		rc = err_set(&fault->err, ERR_VERIFY,
		    "\"%s\" shows no version that the profile knows",
		    image->version);
		goto out;
	}
	if (image->uptime)
		rc = ask(session, step, image->uptime, &shown, fault);
	if (rc == 0 && image->uptime_is.re)
		software->up_known = profile_uptime(image, buf_str(&shown),
		    &software->up_ms, &software->unit_ms);
out:
	if (rc)
		step_software_clear(software);
	buf_clear(&shown);
	return rc;
}

int
step_image_texts(struct session *session, const struct job_step *step,
    struct plan_image *texts, struct fault *fault)
{
	const struct target *target = session_target(session);
	struct diags diags = { 0 };
	int rc = plan_image(target->job, target->device, step, texts, &diags);
	if (rc)
		/* The parent rendered it before: this cannot happen. */
		err_set(&fault->err, ERR_JOB, "%s",
		    diags.count ? diags.items[0].text : "not renderable");
	diags_clear(&diags);
	return rc;
}

int
step_is_upgraded(struct session *session, const struct job_step *step,
    const struct plan_image *texts, struct step_result *result, bool *is)
{
	struct step_software software;
	*is = false;
	if (!texts->unless_version)
		return 0;
	if (step_ask_software(session, step, &software, &result->fault))
		return -1;
	*is = step_software_is(&software, texts->unless_version);
	if (*is) {
		buf_addf(&result->output, "it runs %s already\n",
		    texts->unless_version);
		result->status = STEP_UNCHANGED;
	}
	step_software_clear(&software);
	return 0;
}

char *
step_profile_text(struct session *session, const struct job_step *step,
    const char *text, const char *path, const json_t *more, struct fault *fault)
{
	const struct target *target = session_target(session);
	struct diags diags = { 0 };
	json_t *names = plan_image_names(session_profile(session), path);
	if (more)
		json_object_update(names, (json_t *)(uintptr_t)more);
	char *rendered = plan_profile_text(
	    target->job, target->device, step, text, names, &diags);
	if (!rendered)
		err_set(&fault->err, ERR_JOB, "%s",
		    diags.count ? diags.items[0].text : "not renderable");
	diags_clear(&diags);
	json_decref(names);
	return rendered;
}

/* The members' numbers; none where the device knows no stack. */
static int
ask_members(struct session *session, const struct job_step *step,
    struct strs *members, struct fault *fault)
{
	const struct profile_image *image = &session_profile(session)->image;
	struct strs commands = { 0 }, outputs = { 0 };
	size_t refused = 0;
	if (!image->members)
		return 0;
	strs_add(&commands, image->members);
	int rc = session_commands(
	    session, &commands, step->timeout_ms, &outputs, &refused, fault);
	if (rc == 0 && outputs.count && outputs.items[0])
		profile_pattern_find_all(
		    &image->member_is, outputs.items[0], "member", members);
	strs_clear(&commands);
	strs_clear(&outputs);
	return rc;
}

int
step_filesystems(struct session *session, const struct job_step *step,
    struct strs *filesystems, struct fault *fault)
{
	const struct profile_image *image = &session_profile(session)->image;
	struct strs members = { 0 };
	int rc = ask_members(session, step, &members, fault);
	if (rc == 0 && members.count < 2)
		strs_add(filesystems, image->filesystem);
	for (size_t i = 0; rc == 0 && members.count > 1 && i < members.count;
	     i++) {
		json_t *names = json_pack("{s:s}", "member", members.items[i]);
		char *one = step_profile_text(session, step,
		    image->member_filesystem, NULL, names, fault);
		if (one)
			strs_take(filesystems, one);
		else
			rc = -1;
		json_decref(names);
	}
	strs_clear(&members);
	return rc;
}

int
step_places(struct session *session, const struct job_step *step,
    const char *path, struct strs *places, struct fault *fault)
{
	struct strs filesystems = { 0 };
	if (!step->image.members) {
		strs_add(places, path);
		return 0;
	}
	int rc = step_filesystems(session, step, &filesystems, fault);
	/* A stack of one is none. */
	if (rc == 0 && filesystems.count < 2)
		strs_add(places, path);
	for (size_t i = 0;
	     rc == 0 && filesystems.count > 1 && i < filesystems.count; i++)
		strs_take(places,
		    xasprintf(
			"%s%s", filesystems.items[i], step_file_name(path)));
	strs_clear(&filesystems);
	return rc;
}

const char *
step_file_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *colon = strrchr(path, ':');
	if (slash && (!colon || slash > colon))
		return slash + 1;
	return colon ? colon + 1 : path;
}

/* The size of the file that a line of a directory tells; -1 if it tells of
 * another one. */
static int64_t
size_of(const struct profile_image *image, const char *line, const char *name)
{
	int64_t size = -1;
	char *found = profile_pattern_find(&image->file_is, line, "name");
	char *digits = profile_pattern_find(&image->file_is, line, "size");
	if (found && digits && str_eq(step_file_name(found), name) &&
	    !str_to_number(digits, &size))
		size = -1;
	free(found);
	free(digits);
	return size;
}

static void
read_listing(const struct profile_image *image, const char *text,
    const char *name, struct step_listing *listing)
{
	struct strs lines = { 0 };
	int64_t number;
	char *bytes = profile_pattern_find(&image->free_is, text, "free");
	char *kbytes = profile_pattern_find(&image->free_is, text, "free_k");
	*listing = (struct step_listing){ -1, -1 };
	if (bytes && str_to_number(bytes, &number))
		listing->free_bytes = number;
	else if (kbytes && str_to_number(kbytes, &number))
		listing->free_bytes = number * 1024;
	free(bytes);
	free(kbytes);
	strs_add_lines(&lines, text);
	for (size_t i = 0; i < lines.count && listing->size < 0; i++)
		listing->size = size_of(image, lines.items[i], name);
	strs_clear(&lines);
}

int
step_list(struct session *session, const struct job_step *step,
    const char *path, const char *name, struct step_listing *listing,
    struct fault *fault)
{
	const struct profile_image *image = &session_profile(session)->image;
	struct buf shown;
	char *command = step_profile_text(
	    session, step, image->list, path, NULL, fault);
	if (!command)
		return -1;
	buf_init(&shown, LISTING_LIMIT_BYTES);
	int rc = ask(session, step, command, &shown, fault);
	if (rc == 0)
		read_listing(image, buf_str(&shown), name, listing);
	buf_clear(&shown);
	free(command);
	return rc;
}

char *
step_ask_md5(struct session *session, const struct job_step *step,
    const char *path, struct fault *fault)
{
	const struct profile_image *image = &session_profile(session)->image;
	struct buf shown;
	char *md5 = NULL;
	char *command = step_profile_text(
	    session, step, image->md5, path, NULL, fault);
	if (!command)
		return NULL;
	buf_init(&shown, LISTING_LIMIT_BYTES);
	if (session_patient(
		session, command, step->timeout_ms, &shown, fault) == 0) {
		md5 = profile_pattern_find(
		    &image->md5_is, buf_str(&shown), "md5");
		if (!md5) {
			fault_at(fault, 0, command, buf_str(&shown));
			err_set(&fault->err, ERR_VERIFY,
			    "\"%s\" shows no MD5 that the profile knows",
			    command);
		}
	}
	buf_clear(&shown);
	free(command);
	return md5;
}

/* The name under which the proof of PATH is remembered: "flash:/x" and
 * "flash:x" are one file. */
static char *
proof_name(const char *path)
{
	const char *colon = strchr(path, ':');
	if (!colon)
		return xasprintf(PROOF_PREFIX "%s", path);
	return xasprintf(PROOF_PREFIX "%.*s%s", (int)(colon - path + 1), path,
	    colon + 1 + strspn(colon + 1, "/"));
}

void
step_prove(struct step_result *result, const char *path, const char *md5)
{
	char *name = proof_name(path);
	if (!result->memory)
		result->memory = json_object();
	json_object_set_new(result->memory, name, json_string(md5));
	free(name);
}

void
step_prove_all(struct step_result *result, const char *path,
    const struct strs *places, const char *md5)
{
	step_prove(result, path, md5);
	for (size_t i = 0; i < places->count; i++)
		step_prove(result, places->items[i], md5);
}

void
step_disprove(struct step_result *result, const char *path)
{
	step_prove(result, path, "");
}

bool
step_is_proved(const struct session *session, const char *path)
{
	char *name = proof_name(path);
	const char *md5 = json_string_value(
	    json_object_get(session_target(session)->memory, name));
	free(name);
	return md5 && *md5;
}

int
step_pause(const struct session *session, int64_t deadline, struct fault *fault)
{
	const struct observer *observer = session_observer(session);
	if (wait_fd(-1, 0, deadline, observer->cancel_fd) == WAIT_CANCELLED)
		return err_set(
		    &fault->err, ERR_CANCELLED, "called off while it waited");
	return 0;
}
