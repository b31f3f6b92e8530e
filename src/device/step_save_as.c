/*
 * `save_as`: what was shown, in a file. The file holds exactly what the device
 * said (nothing is redacted: a backup must be whole), and is replaced in one
 * step, and only when something other than a clock has changed: its time is
 * then the time of the last change.
 */
#include "step_parts.h"

#include "base/alloc.h"
#include "base/fdio.h"
#include "base/str.h"
#include "text/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SAVED_MODE     0600
#define SAVED_DIR_MODE 0700

int
step_make_parent(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return 0;
	char *parent = xstrndup(path, (size_t)(slash - path));
	int rc = dir_make(parent, SAVED_DIR_MODE, err);
	free(parent);
	return rc;
}

/* What the file held, into OLD. *THERE: there was one. One that cannot be read
 * is left alone: it is none of ours. */
static int
read_old(const char *path, struct buf *old, bool *there, struct err *err)
{
	struct err why = { 0 };
	*there = file_read(path, old, &why) == 0;
	if (*there || why.sys == ENOENT)
		return 0;
	*err = why;
	err->kind = ERR_INTERNAL; /* this machine's affair, as a full disk */
	return -1;
}

static int
replace(const char *path, const struct buf *text, struct err *err)
{
	if (step_make_parent(path, err))
		return -1;
	return file_write_atomic(
	    path, buf_str(text), text->len, SAVED_MODE, err);
}

/* Writes TEXT to PATH if it says something new. What was done goes to the
 * notes, the difference to DIFFERENCE. */
static int
save(const struct profile *profile, const char *path, const struct buf *text,
    struct buf *difference, struct step_result *result)
{
	struct strs before = { 0 }, after = { 0 };
	struct buf old;
	bool there = false;
	buf_init(&old, STEP_OUTPUT_LIMIT_BYTES);
	int rc = read_old(path, &old, &there, &result->fault.err);
	if (rc)
		goto out;
	step_add_content(profile, buf_str(&old), &before);
	step_add_content(profile, buf_str(text), &after);
	if (!there) {
		buf_adds(difference, "saved for the first time\n");
	} else if (!diff_lines(difference, &before, &after)) {
		buf_adds(difference, "same as the saved file\n");
		buf_addf(&result->notes, "%s: same as before\n", path);
		goto out;
	}
	rc = replace(path, text, &result->fault.err);
	if (rc == 0)
		buf_addf(&result->notes, "%s: written\n", path);
out:
	buf_clear(&old);
	strs_clear(&before);
	strs_clear(&after);
	return rc;
}

int
step_save_as(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	const struct target *target = session_target(session);
	struct diags diags = { 0 };
	struct buf difference;
	if (result->output.cut)
		return err_set(&result->fault.err, ERR_VERIFY,
		    "the output is larger than %u bytes and was not saved",
		    STEP_OUTPUT_LIMIT_BYTES);
	char *path = plan_save_path(target->job, target->device, step, &diags);
	if (!path) { /* the parent saw to it: this cannot happen */
		diags_clear(&diags);
		return err_set(&result->fault.err, ERR_JOB,
		    "the name of the file cannot be rendered");
	}
	buf_init(&difference, STEP_OUTPUT_LIMIT_BYTES);
	int rc = save(session_profile(session), path, &result->output,
	    &difference, result);
	if (rc == 0) {
		buf_clear(&result->output);
		result->output = difference;
	} else {
		buf_clear(&difference);
	}
	free(path);
	return rc;
}
