/* What the files step*.c share. */
#ifndef NETPUSH_DEVICE_STEP_PARTS_H
#define NETPUSH_DEVICE_STEP_PARTS_H

#include "device/crypto.h"
#include "device/guard.h"
#include "device/step.h"
#include "model/plan.h"

/* A template or config step, after its lines were rendered. */
typedef void step_change_fn(struct session *session,
    const struct job_step *step, const struct plan_lines *lines,
    struct step_result *result);

step_change_fn step_change_acl; /* proof: the access list, read back */
step_change_fn step_change_config; /* proof: the running configuration */

/* Pushes LINES; what the device said to accepted ones goes to the notes.
 * *TOUCHED: at least one line left, so the device may be changed. */
int step_push(struct session *session, const struct job_step *step,
    const struct plan_lines *lines, struct step_result *result, bool *touched);

/* The same under GUARD. *TOUCHED also when something may be armed. */
int step_push_guarded(struct guard *guard, const struct plan_lines *lines,
    struct step_result *result, bool *touched);

/*
 * STATE is what the device shows before STEP changes it. Tells the observer;
 * -1 with a fault (kind verify) and the status unknown when an earlier visit
 * left the device in doubt and it is not as it was before that.
 */
int step_before(struct session *session, const struct job_step *step,
    const struct buf *state, struct step_result *result);

/* Did an earlier visit leave this step in doubt? */
bool step_is_doubtful(
    const struct session *session, const struct job_step *step);

/* Only to be told what would be done? */
bool step_is_check(const struct session *session);

/* Ends a step of such a visit: its output is DIFF, and LINES that would go. */
void step_tell(struct step_result *result, const struct plan_lines *lines);

/* Renders the lines of STEP; -1 with a fault (kind job). */
int step_render(struct session *session, const struct job_step *step,
    struct plan_lines *lines, struct step_result *result);

/* Adds the lines of a configuration that count: the profile names those that
 * change by themselves (clocks, byte counts). */
void step_add_content(
    const struct profile *profile, const char *text, struct strs *lines);

/* Brings the output into the file that STEP's `save_as` names, if it says
 * something new; the output is then the difference. -1 with a fault. */
int step_save_as(struct session *session, const struct job_step *step,
    struct step_result *result);

/* Makes the directory of PATH, for a file of `save_as` or a download. */
int step_make_parent(const char *path, struct err *err);

int64_t step_deadline(
    const struct session *session, const struct job_step *step);

/* What runs on the device: what its `version` and `uptime` commands showed. */
struct step_software {
	struct strs versions; /* as the profile's pattern finds them */
	char *image; /* the file that it runs, or NULL */
	bool boots; /* nothing keeps it from booting what it is told to */
	bool up_known;
	int64_t up_ms,
	    unit_ms; /* up for at least that, less than a unit more */
};
int step_ask_software(struct session *session, const struct job_step *step,
    struct step_software *software, struct fault *fault);
void step_software_clear(struct step_software *software);
bool step_software_is(
    const struct step_software *software, const char *version);
/* "15.2(4)M6", for people; the caller frees. */
char *step_software_name(const struct step_software *software);

/* The texts of a step about images; -1 with a fault. */
int step_image_texts(struct session *session, const struct job_step *step,
    struct plan_image *texts, struct fault *fault);

/* Does the device run TEXTS' `unless_version` already? Then the step is done
 * (unchanged). -1 with a fault. */
int step_is_upgraded(struct session *session, const struct job_step *step,
    const struct plan_image *texts, struct step_result *result, bool *is);

/* Renders TEXT, a template of the profile's, with `path`, and NAMES (may be
 * NULL; borrowed) over it. NULL with a fault. */
char *step_profile_text(struct session *session, const struct job_step *step,
    const char *text, const char *path, const json_t *names,
    struct fault *fault);

/* The file systems that an image has to be on: one, or those of all members of
 * a stack. */
int step_filesystems(struct session *session, const struct job_step *step,
    struct strs *filesystems, struct fault *fault);

/* The same for a file: PATH, or, if STEP says so, that name on every member. */
int step_places(struct session *session, const struct job_step *step,
    const char *path, struct strs *places, struct fault *fault);

/* What a directory of the device shows: its free bytes (-1: it does not say),
 * and the size of the file NAME (-1: not there). */
struct step_listing {
	int64_t free_bytes, size;
};
int step_list(struct session *session, const struct job_step *step,
    const char *path, const char *name, struct step_listing *listing,
    struct fault *fault);

/* The last part of a path on the device: "flash:x.bin" -> "x.bin". */
const char *step_file_name(const char *path);

/* The MD5 of PATH as the device computes it; the caller frees. NULL with a
 * fault. */
char *step_ask_md5(struct session *session, const struct job_step *step,
    const char *path, struct fault *fault);

/* The MD5 that a file should have: as TEXTS say, or of the file here. */
int step_wanted_md5(const struct plan_image *texts,
    char md5[CRYPTO_MD5_TEXT_BYTES], struct err *err);

/* The image at PATH was proved, or that in all PLACES: a reload may rely on it.
 * Or it is not the image any more, or nobody knows: what was proved earlier
 * does not count. */
void step_prove(struct step_result *result, const char *path, const char *md5);
void step_prove_all(struct step_result *result, const char *path,
    const struct strs *places, const char *md5);
void step_disprove(struct step_result *result, const char *path);
bool step_is_proved(const struct session *session, const char *path);

/* Waits; -1 with kind cancelled. */
int step_pause(
    const struct session *session, int64_t deadline, struct fault *fault);

/* `remember` and `same_as` of a command step, by what it showed. */
int step_compare_memory(struct session *session, const struct job_step *step,
    struct step_result *result);

/* One for each kind of step. */
typedef void step_run_fn(struct session *session, const struct job_step *step,
    struct step_result *result);
step_run_fn step_run_space, step_run_verify_image, step_run_expect_version,
    step_run_wait, step_run_boot, step_run_reload, step_run_upload,
    step_run_download;

/* Announces a stage; -1 with kind cancelled when the run was called off. */
int step_stage(struct session *session, enum stage stage, struct fault *fault);

#endif
