/* What the files step*.c share. */
#ifndef NETPUSH_DEVICE_STEP_PARTS_H
#define NETPUSH_DEVICE_STEP_PARTS_H

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

int64_t step_deadline(
    const struct session *session, const struct job_step *step);

/* Announces a stage; -1 with kind cancelled when the run was called off. */
int step_stage(struct session *session, enum stage stage, struct fault *fault);

#endif
