/*
 * The steps of an upgrade that only look: is there room, is it the right
 * image, is it the right version; and the one that waits.
 */
#include "step_parts.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/str.h"
#include "device/crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define NUDGE_MS 60000 /* a device that hears nothing ends the session */

static int
file_size(const char *path, int64_t *size, struct err *err)
{
	struct stat st;
	if (stat(path, &st))
		return err_sys(
		    err, ERR_INTERNAL, errno, "%s cannot be read", path);
	*size = st.st_size;
	return 0;
}

/* One file system: is there room for SIZE bytes under NAME? What stands there
 * under that name gives way, or is the image. */
static int
check_room(struct session *session, const struct job_step *step,
    const char *filesystem, const char *name, int64_t size,
    struct step_result *result)
{
	struct step_listing listing;
	if (step_list(
		session, step, filesystem, name, &listing, &result->fault))
		return -1;
	int64_t there = listing.size > 0 ? listing.size : 0;
	int64_t needed = size + size / 100 * step->image.margin_percent +
	    size % 100 * step->image.margin_percent / 100;
	if (listing.size == size) {
		buf_addf(&result->output, "%s %s is there already\n",
		    filesystem, name);
		return 0;
	}
	if (listing.free_bytes < 0)
		return err_set(&result->fault.err, ERR_VERIFY,
		    "%s does not say how many bytes are free", filesystem);
	buf_addf(&result->output, "%s %lld bytes free, %lld needed\n",
	    filesystem, (long long)(listing.free_bytes + there),
	    (long long)needed);
	if (listing.free_bytes + there >= needed)
		return 0;
	return err_set(&result->fault.err, ERR_VERIFY,
	    "not enough room on %s: %lld bytes are free, %lld are needed",
	    filesystem, (long long)(listing.free_bytes + there),
	    (long long)needed);
}

/* The path that was named, or every member's file system. */
static int
rooms(struct session *session, const struct job_step *step, const char *path,
    struct strs *filesystems, struct fault *fault)
{
	if (path && !str_eq(path, session_profile(session)->image.filesystem)) {
		strs_add(filesystems, path);
		return 0;
	}
	return step_filesystems(session, step, filesystems, fault);
}

void
step_run_space(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	struct plan_image texts;
	struct strs filesystems = { 0 };
	struct fault *fault = &result->fault;
	int64_t size = 0;
	bool upgraded = false;
	if (step_image_texts(session, step, &texts, fault))
		return;
	int rc = step_is_upgraded(session, step, &texts, result, &upgraded);
	if (rc || upgraded)
		goto out;
	size = step->image.size_bytes;
	if (!size)
		rc = file_size(texts.source, &size, &fault->err);
	if (rc == 0)
		rc = rooms(session, step, texts.path, &filesystems, fault);
	const char *slash = strrchr(texts.source, '/');
	const char *name = slash ? slash + 1 : texts.source;
	for (size_t i = 0; rc == 0 && i < filesystems.count; i++)
		rc = check_room(
		    session, step, filesystems.items[i], name, size, result);
	if (rc == 0)
		result->status = STEP_OK;
out:
	strs_clear(&filesystems);
	plan_image_clear(&texts);
}

int
step_wanted_md5(const struct plan_image *texts, char md5[CRYPTO_MD5_TEXT_BYTES],
    struct err *err)
{
	if (!texts->md5)
		return crypto_md5_file(texts->source, md5, err);
	memcpy(md5, texts->md5, CRYPTO_MD5_TEXT_BYTES);
	return 0;
}

static int
compare_md5(struct session *session, const struct job_step *step,
    const char *path, const char *wanted, struct step_result *result)
{
	int rc = 0;
	char *is = step_ask_md5(session, step, path, &result->fault);
	if (!is)
		return -1;
	buf_addf(&result->output, "MD5 (%s) = %s\n", path, is);
	if (strcasecmp(is, wanted))
		rc = err_set(&result->fault.err, ERR_VERIFY,
		    "%s is not the image: its MD5 is %s, not %s", path, is,
		    wanted);
	free(is);
	return rc;
}

/* In every place; what is proved then is the path that was named. */
static void
compare_all(struct session *session, const struct job_step *step,
    const struct plan_image *texts, struct step_result *result)
{
	char wanted[CRYPTO_MD5_TEXT_BYTES];
	struct strs places = { 0 };
	int rc = step_wanted_md5(texts, wanted, &result->fault.err);
	if (rc == 0)
		rc = step_places(
		    session, step, texts->path, &places, &result->fault);
	for (size_t i = 0; rc == 0 && i < places.count; i++)
		rc = compare_md5(
		    session, step, places.items[i], wanted, result);
	if (rc == 0) {
		step_prove_all(result, texts->path, &places, wanted);
		result->status = STEP_OK;
	} else {
		step_disprove(result, texts->path);
	}
	strs_clear(&places);
}

void
step_run_verify_image(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	struct plan_image texts;
	bool upgraded = false;
	if (step_image_texts(session, step, &texts, &result->fault))
		return;
	if (step_is_upgraded(session, step, &texts, result, &upgraded) == 0 &&
	    !upgraded)
		compare_all(session, step, &texts, result);
	/* An upload that --check did not do leaves nothing to look at. */
	if (step_is_check(session) && result->fault.err.kind == ERR_REFUSED) {
		fault_clear(&result->fault);
		buf_addf(&result->notes,
		    "%s is not there yet: not verified by --check\n",
		    texts.path);
		result->status = STEP_OK;
	}
	plan_image_clear(&texts);
}

void
step_run_expect_version(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	struct plan_image texts;
	struct step_software software;
	if (step_image_texts(session, step, &texts, &result->fault))
		return;
	if (step_ask_software(session, step, &software, &result->fault))
		goto out;
	char *name = step_software_name(&software);
	buf_addf(&result->output, "it runs %s\n", name);
	if (step_software_is(&software, texts.version)) {
		result->status = STEP_OK;
	} else if (step_is_check(session)) {
		buf_addf(&result->notes, "--check: it does not run %s yet\n",
		    texts.version);
		result->status = STEP_OK;
	} else {
		err_set(&result->fault.err, ERR_VERIFY, "it runs %s, not %s",
		    name, texts.version);
	}
	free(name);
	step_software_clear(&software);
out:
	plan_image_clear(&texts);
}

/* A bare Return: its answer is the prompt. */
static int
nudge(struct session *session, struct fault *fault)
{
	struct buf ignored;
	buf_init(&ignored, 65536);
	int rc = session_command(session, "", 0, &ignored, fault);
	buf_clear(&ignored);
	return rc;
}

void
step_run_wait(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	int64_t until = deadline_in(step->image.wait_ms);
	if (step_is_check(session)) {
		buf_adds(&result->notes, "--check does not wait\n");
		result->status = STEP_OK;
		return;
	}
	while (!deadline_passed(until)) {
		int64_t next = deadline_first(until, deadline_in(NUDGE_MS));
		if (step_pause(session, next, &result->fault))
			return;
		if (!deadline_passed(until) && nudge(session, &result->fault))
			return;
	}
	result->status = STEP_OK;
}
