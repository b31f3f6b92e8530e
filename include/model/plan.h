/*
 * From the job to the exact lines: renders a step for one device. The parent
 * renders everything once, before the first connection, to find what is
 * undefined; the worker renders again what it sends. (Ten thousand devices'
 * texts are not kept in memory for that.)
 */
#ifndef NETPUSH_MODEL_PLAN_H
#define NETPUSH_MODEL_PLAN_H

#include "base/diag.h"
#include "model/job.h"

#include <jansson.h>

/* A line to send, and where it came from. */
struct plan_line {
	char *text; /* with its indentation, without a line end */
	unsigned origin; /* line in `file`, 0 if unknown */
	/* It opens a text that goes on until a mark (borrowed), or NULL. */
	const struct profile_until *until;
	bool in_text; /* it belongs to such a text: goes as it stands */
	bool joined; /* goes in one write with the line before it */
	/* What its answer must match (borrowed), or NULL. */
	const struct re *proof;
	bool shown; /* its answer is a text to look at: no refusal in it */
};

struct plan_lines {
	/* blank lines and comment lines ("!") left out, but not in a text that
	 * goes on until a mark */
	struct plan_line *items;
	size_t count, cap;
	size_t own; /* so many of the last are the profile's: they commit */
	const char *file; /* of the template: borrowed from profile or job */
};
void plan_lines_clear(struct plan_lines *lines);

/* Lines that come from no template. */
void plan_lines_from(struct plan_lines *lines, const struct strs *texts);

/* Adds the lines of the profile that commit those that are there, if any. */
void plan_lines_commit(struct plan_lines *lines, const struct profile *profile);

/* A copy of LINES without the profile's own. */
void plan_lines_copy(struct plan_lines *copy, const struct plan_lines *lines);

/* Adds a line of the profile's own, which PROOF (or NULL) must prove. */
void plan_lines_own(struct plan_lines *lines, const char *text,
    const struct re *proof, bool shown);

/*
 * The lines that STEP sends to DEVICE: the rendered template or config text,
 * if any, and behind it what the profile says commits it; for a command step one line per command; for save the profile's commands.
 */
int plan_render(const struct job *job, const struct job_device *device,
    const struct job_step *step, struct plan_lines *lines, struct diags *diags);

/* Renders any template in the scope of that step (read-back commands). The
 * caller frees the text; NULL after a message in DIAGS. */
char *plan_render_text(const struct job *job, const struct job_device *device,
    const struct job_step *step, const struct template *template,
    struct diags *diags);

/* The texts of a step about images, rendered. NULL: not given. */
struct plan_image {
	char *path, *source, *from, *md5, *version, *unless_version;
};
int plan_image(const struct job *job, const struct job_device *device,
    const struct job_step *step, struct plan_image *image, struct diags *diags);
void plan_image_clear(struct plan_image *image);

/* Does a device of JOB log in to a file server, so that somebody must have the
 * password for it? */
bool plan_wants_server_password(const struct job *job);

/* The names that the profile's templates about images may use: path,
 * filesystem, stack (false). New reference. */
json_t *plan_image_names(const struct profile *profile, const char *path);

/* Renders TEXT, a template of the profile, with NAMES over all others. The
 * caller frees it; NULL after a message in DIAGS. */
char *plan_profile_text(const struct job *job, const struct job_device *device,
    const struct job_step *step, const char *text, const json_t *names,
    struct diags *diags);

/*
 * The path that `save_as` of STEP names for DEVICE, without "." and doubled
 * slashes. It cannot hold "..", and is absolute only if it was written so in
 * the job. The caller frees it; NULL after a message in DIAGS.
 */
char *plan_save_path(const struct job *job, const struct job_device *device,
    const struct job_step *step, struct diags *diags);

/* The value of a variable in the scope of that step; borrowed, or NULL. */
const json_t *plan_var(const struct job *job, const struct job_device *device,
    const struct job_step *step, const char *name);

/* Renders every step for every device, and sees that no file of `save_as`
 * would be written twice; -1 after at least one message. *DIGEST (may be NULL)
 * = a hash of all lines: the same job comes to the same. */
int plan_check(const struct job *job, uint64_t *digest, struct diags *diags);

/* The plan as JSON, without secrets, for the run directory. New reference. */
json_t *plan_json(const struct job *job);

#endif
