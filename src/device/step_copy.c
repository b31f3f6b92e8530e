/*
 * `upload` and `download`: a file is brought to the device or from it, over a
 * connection of its own, or fetched by the device, and compared by its MD5.
 * What is there already is not copied again; what an interrupted copy left is
 * taken away.
 */
#include "step_parts.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/str.h"
#include "device/visit.h"
#include "step_pull.h"
#include "step_transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN_LIMIT_BYTES (1u << 20)

struct copy_step {
	struct session *session; /* the fresh one, once there is one */
	const struct job_step *step;
	struct plan_image texts;
	const char *path; /* on the device: where this copy goes, or from */
	struct step_result *result;
	int64_t size; /* of the file to be copied; -1: not known yet */
	int64_t there; /* of the file there, before; -1: there was none */
	char md5[CRYPTO_MD5_TEXT_BYTES]; /* of the file to be copied */
	bool untouched; /* the copy failed before it began */
	char *old_md5; /* of the file there, before; NULL: not asked */
};

/* "flash:/a/b" is in "flash:/a/", "flash:b" in "flash:". */
static int
look(const struct copy_step *copy, int64_t *size, struct fault *fault)
{
	struct step_listing listing;
	const char *path = copy->path;
	const char *name = step_file_name(path);
	char *directory = xstrndup(path, (size_t)(name - path));
	int rc = step_list(
	    copy->session, copy->step, directory, name, &listing, fault);
	free(directory);
	*size = rc ? -1 : listing.size;
	return rc;
}

/* Is the very file there? -1 with a fault. */
static int
is_there(struct copy_step *copy, bool *is)
{
	struct step_result *result = copy->result;
	*is = false;
	if (!copy->step->image.skip_if_present || copy->there < 0 ||
	    (copy->size >= 0 && copy->there != copy->size))
		return 0;
	if (!copy->step->image.check_md5) {
		*is = true;
		return 0;
	}
	char *md5 = step_ask_md5(
	    copy->session, copy->step, copy->path, &result->fault);
	if (!md5)
		return -1;
	*is = strcasecmp(md5, copy->md5) == 0;
	copy->old_md5 = md5;
	return 0;
}

/* Nobody saws at the branch: not the file that it runs from. */
static int
spare_running(const struct copy_step *copy)
{
	struct step_software software;
	struct fault *fault = &copy->result->fault;
	int rc = 0;
	if (copy->there < 0 || !session_profile(copy->session)->image.version)
		return 0;
	if (step_ask_software(copy->session, copy->step, &software, fault))
		return -1;
	if (software.image && profile_path_is_same(software.image, copy->path))
		rc = err_set(&fault->err, ERR_VERIFY,
		    "not copied: the device runs from %s, and it is another "
		    "file than the one %s",
		    copy->path, copy->texts.from ? "wanted" : "here");
	step_software_clear(&software);
	return rc;
}

/* The session has said nothing for as long as the copy took: the device may
 * have ended it. Then a fresh one takes its place. */
static int
wake(struct copy_step *copy, struct fault *fault)
{
	struct buf ignored;
	buf_init(&ignored, SHOWN_LIMIT_BYTES);
	int rc = session_is_usable(copy->session)
	    ? session_command(copy->session, "", 0, &ignored, fault)
	    : -1;
	buf_clear(&ignored);
	if (rc == 0)
		return 0;
	fault_clear(fault);
	struct session *fresh = visit_open(session_target(copy->session),
	    session_observer(copy->session), session_end(copy->session), fault);
	if (!fresh)
		return -1;
	session_close(copy->result->fresh, 0);
	copy->session = copy->result->fresh = fresh;
	return 0;
}

/* Takes away what stands at the destination. 0 when nothing is there. */
static int
remove_rest(struct copy_step *copy)
{
	struct fault ignored = { 0 };
	struct buf shown;
	int64_t size = -1;
	const char *remove = session_profile(copy->session)->image.remove;
	buf_init(&shown, SHOWN_LIMIT_BYTES);
	int rc = wake(copy, &ignored) || look(copy, &size, &ignored) ? -1 : 0;
	if (rc == 0 && size >= 0 && remove) {
		char *command = step_profile_text(copy->session, copy->step,
		    remove, copy->path, NULL, &ignored);
		rc = !command ||
			session_command(copy->session, command,
			    copy->step->timeout_ms, &shown, &ignored) ||
			look(copy, &size, &ignored)
		    ? -1
		    : 0;
		free(command);
	}
	fault_clear(&ignored);
	buf_clear(&shown);
	return rc == 0 && size < 0 ? 0 : -1;
}

/* A device that could not fetch may not have touched what stood there. */
static bool
is_as_before(struct copy_step *copy)
{
	struct fault ignored = { 0 };
	int64_t size = -1;
	char *md5 = NULL;
	bool is = copy->texts.from && wake(copy, &ignored) == 0 &&
	    look(copy, &size, &ignored) == 0 && size == copy->there;
	if (is && size >= 0) {
		md5 = step_ask_md5(
		    copy->session, copy->step, copy->path, &ignored);
		is = md5 && copy->old_md5 &&
		    strcasecmp(md5, copy->old_md5) == 0;
	}
	free(md5);
	fault_clear(&ignored);
	return is;
}

/* It did not work: nothing of it may be left that could be taken for the
 * image. */
static void
clean_up(struct copy_step *copy)
{
	struct step_result *result = copy->result;
	if (copy->untouched || is_as_before(copy)) {
		result->status = STEP_FAILED;
		return;
	}
	if (remove_rest(copy)) {
		result->status = STEP_UNKNOWN;
		err_append(&result->fault.err,
		    "; a part of %s may be left on the device", copy->path);
		return;
	}
	buf_addf(&result->notes, "%s was removed\n", copy->path);
	/* What stood there before under that name is gone, too. */
	result->status = copy->there < 0 ? STEP_FAILED : STEP_UNKNOWN;
}

static int
check_arrived(struct copy_step *copy)
{
	struct step_result *result = copy->result;
	struct fault *fault = &result->fault;
	int64_t size;
	if (wake(copy, fault) ||
	    step_stage(copy->session, STAGE_VERIFY, fault) ||
	    look(copy, &size, fault))
		return -1;
	if (size < 0)
		return err_set(&fault->err, ERR_TRANSFER,
		    "%s is not there when the copy is over", copy->path);
	if (copy->size < 0)
		copy->size = size;
	if (size != copy->size)
		return err_set(&fault->err, ERR_TRANSFER,
		    "%lld of %lld bytes arrived", (long long)size,
		    (long long)copy->size);
	if (!copy->step->image.check_md5)
		return 0;
	char *md5 = step_ask_md5(copy->session, copy->step, copy->path, fault);
	if (!md5)
		return -1;
	int rc = 0;
	if (strcasecmp(md5, copy->md5))
		rc = err_set(&fault->err, ERR_VERIFY,
		    "what arrived is not what was %s: its MD5 is %s, not %s",
		    copy->texts.from ? "wanted" : "sent", md5, copy->md5);
	free(md5);
	return rc;
}

/* The device fetches it itself. */
static int
have_fetched(struct copy_step *copy)
{
	struct pull_told told;
	int rc = step_pull(copy->session, copy->step, copy->texts.from,
	    copy->path, copy->there >= 0, &told, &copy->result->fault);
	copy->untouched = told.untouched;
	if (rc == 0 && copy->size < 0)
		copy->size = told.bytes;
	return rc;
}

static int
send_it(struct copy_step *copy)
{
	struct transfer transfer = {
		.local = copy->texts.source,
		.remote = copy->path,
		.size = copy->size,
		.upload = true,
		.method = session_profile(copy->session)->image.copy,
		.deadline = step_deadline(copy->session, copy->step),
	};
	return step_transfer(copy->session, &transfer, &copy->result->fault);
}

/* A file that gives way to a fetched one: clean_up() must know it again. */
static int
know_old(struct copy_step *copy)
{
	if (!copy->texts.from || copy->there < 0 || copy->old_md5)
		return 0;
	copy->old_md5 = step_ask_md5(
	    copy->session, copy->step, copy->path, &copy->result->fault);
	return copy->old_md5 ? 0 : -1;
}

static void
bring_it(struct copy_step *copy)
{
	struct step_result *result = copy->result;
	const char *from = copy->texts.from;
	char took[CLOCK_TEXT_BYTES];
	if (know_old(copy) ||
	    step_stage(copy->session, STAGE_CHANGE, &result->fault))
		return;
	int64_t started_ms = clock_ms();
	if ((from ? have_fetched(copy) : send_it(copy)) ||
	    check_arrived(copy)) {
		clean_up(copy);
		return;
	}
	duration_format(clock_ms() - started_ms, took);
	buf_addf(&result->output, "%lld bytes copied in %s\n",
	    (long long)copy->size, took);
	if (from)
		buf_addf(&result->notes, "fetched from %s\n", from);
	result->status = STEP_CHANGED;
}

static int
look_here(struct copy_step *copy)
{
	struct stat st;
	struct err *err = &copy->result->fault.err;
	if (copy->step->image.check_md5 &&
	    step_wanted_md5(&copy->texts, copy->md5, err))
		return -1;
	if (!copy->texts.source)
		return 0;
	if (stat(copy->texts.source, &st))
		return err_sys(err, ERR_INTERNAL, errno, "%s cannot be read",
		    copy->texts.source);
	copy->size = st.st_size;
	return 0;
}

/* To one place; the result's status is that of this place. */
static void
upload_to(struct copy_step *copy)
{
	struct step_result *result = copy->result;
	bool is = false;
	if (look(copy, &copy->there, &result->fault) || is_there(copy, &is))
		return;
	if (is) {
		buf_addf(&result->output, "%s is there already\n", copy->path);
		result->status = STEP_UNCHANGED;
	} else if (step_is_check(copy->session)) {
		if (copy->texts.from)
			buf_addf(&result->output,
			    "it would be fetched from %s\n", copy->texts.from);
		else
			buf_addf(&result->output,
			    "%lld bytes would be copied\n",
			    (long long)copy->size);
		result->would_change = true;
		result->status = STEP_UNCHANGED;
	} else if (spare_running(copy) == 0) {
		bring_it(copy);
	}
}

/* To every place, until one does not work. */
static void
run_upload(struct copy_step *copy)
{
	struct step_result *result = copy->result;
	struct strs places = { 0 };
	bool upgraded = false, changed = false;
	enum step_status status = STEP_UNCHANGED;
	if (step_is_upgraded(
		copy->session, copy->step, &copy->texts, result, &upgraded) ||
	    upgraded || look_here(copy) ||
	    step_places(copy->session, copy->step, copy->texts.path, &places,
		&result->fault))
		return;
	for (size_t i = 0; i < places.count && status < STEP_FAILED; i++) {
		copy->path = places.items[i];
		copy->there = -1;
		copy->untouched = false;
		free(copy->old_md5);
		copy->old_md5 = NULL;
		result->status = STEP_FAILED;
		upload_to(copy);
		status = result->status;
		changed |= status == STEP_CHANGED;
	}
	if (status == STEP_FAILED && changed)
		result->status = STEP_UNKNOWN;
	else if (status < STEP_FAILED && changed)
		result->status = STEP_CHANGED;
	/* It is booted by the name that was given. */
	if (status < STEP_FAILED && copy->step->image.check_md5 &&
	    !result->would_change)
		step_prove_all(result, copy->texts.path, &places, copy->md5);
	else if (status >= STEP_FAILED || changed)
		step_disprove(result, copy->texts.path);
	strs_clear(&places);
}

void
step_run_upload(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	struct copy_step copy = {
		.session = session,
		.step = step,
		.result = result,
		.size = -1,
	};
	if (step_image_texts(session, step, &copy.texts, &result->fault))
		return;
	run_upload(&copy);
	free(copy.old_md5);
	plan_image_clear(&copy.texts);
}

/* ---- download ---- */

/* Is what stands at PATH what the device holds? */
static bool
is_here(const struct copy_step *copy, const char *path, const char *md5)
{
	char here[CRYPTO_MD5_TEXT_BYTES];
	struct err ignored = { 0 };
	return copy->step->image.skip_if_present && md5 &&
	    access(path, R_OK) == 0 &&
	    crypto_md5_file(path, here, &ignored) == 0 &&
	    strcasecmp(here, md5) == 0;
}

static int
fetch_to(struct copy_step *copy, const char *path, const char *md5)
{
	struct fault *fault = &copy->result->fault;
	char here[CRYPTO_MD5_TEXT_BYTES];
	char *part = xasprintf("%s.part", path);
	struct transfer transfer = {
		.local = part,
		.remote = copy->path,
		.method = session_profile(copy->session)->image.copy,
		.deadline = step_deadline(copy->session, copy->step),
	};
	int rc = step_make_parent(path, &fault->err);
	if (rc == 0)
		rc = step_transfer(copy->session, &transfer, fault);
	if (rc == 0 && md5)
		rc = crypto_md5_file(part, here, &fault->err);
	if (rc == 0 && md5 && strcasecmp(here, md5))
		rc = err_set(&fault->err, ERR_VERIFY,
		    "what arrived is not what was sent: its MD5 is %s, not %s",
		    here, md5);
	if (rc == 0 && rename(part, path))
		rc = err_sys(&fault->err, ERR_INTERNAL, errno,
		    "%s cannot be replaced", path);
	if (rc)
		unlink(part);
	free(part);
	return rc;
}

static void
run_download(struct copy_step *copy, const char *path)
{
	struct step_result *result = copy->result;
	char *md5 = NULL;
	if (step_is_check(copy->session)) {
		buf_adds(&result->notes, "not downloaded by --check\n");
		result->status = STEP_OK;
		return;
	}
	if (copy->step->image.check_md5) {
		md5 = step_ask_md5(
		    copy->session, copy->step, copy->path, &result->fault);
		if (!md5)
			return;
	}
	if (is_here(copy, path, md5)) {
		buf_addf(&result->notes, "%s: same as before\n", path);
		result->status = STEP_OK;
	} else if (fetch_to(copy, path, md5) == 0) {
		buf_addf(&result->notes, "%s: written\n", path);
		/* Later steps need a session that is awake. */
		if (wake(copy, &result->fault) == 0)
			result->status = STEP_OK;
	}
	free(md5);
}

void
step_run_download(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	const struct target *target = session_target(session);
	struct copy_step copy = {
		.session = session, .step = step, .result = result, .there = -1
	};
	struct diags diags = { 0 };
	if (step_image_texts(session, step, &copy.texts, &result->fault))
		return;
	char *path = plan_save_path(target->job, target->device, step, &diags);
	copy.path = copy.texts.path;
	if (path)
		run_download(&copy, path);
	else /* the parent saw to it: this cannot happen */
		err_set(&result->fault.err, ERR_JOB,
		    "the name of the file cannot be rendered");
	free(path);
	diags_clear(&diags);
	plan_image_clear(&copy.texts);
}
