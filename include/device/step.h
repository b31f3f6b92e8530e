/*
 * The steps of a job, as rows: what each kind does with a session, and what
 * it can say about it afterwards. A step that changes the device reads the
 * state before (nothing is sent when it is already as asked) and after (only
 * what was read back counts).
 */
#ifndef NETPUSH_DEVICE_STEP_H
#define NETPUSH_DEVICE_STEP_H

#include "base/buf.h"
#include "device/fault.h"
#include "device/session.h"
#include "model/job.h"

#include <jansson.h>

#define STEP_OUTPUT_LIMIT_BYTES (16u << 20)
/* Of an output that is only shown: reports cut it shorter still. */
#define STEP_SHOWN_LIMIT_BYTES ((1u << 20) + (64u << 10))

enum step_status {
	STEP_OK, /* done; nothing was to be changed by it */
	STEP_UNCHANGED, /* as asked before: no list was sent; of other text that
			   was sent, the configuration shows no difference */
	STEP_CHANGED, /* sent, read back, as asked */
	STEP_FAILED, /* failed, and the device is as it was before */
	STEP_ROLLED_BACK, /* failed, and was put back as it was before */
	STEP_UNKNOWN, /* failed, and may be partly applied */
	STEP_STATUS__COUNT,
};
const char *step_status_name(enum step_status status);
bool step_status_get(const char *name, enum step_status *status);

struct step_result {
	enum step_status status;
	struct buf output; /* what the device showed */
	struct buf notes; /* words of the device to lines it accepted */
	struct buf diff; /* of what a step is to change: unified, or empty */
	bool would_change; /* check_only: something would have been sent */
	json_t *memory; /* to be remembered: name -> text; or NULL */
	/* The step's session is gone, later steps go over this one; or NULL.
	 * Belongs to the result until somebody takes it. */
	struct session *fresh;
	struct fault fault;
};
void step_result_init(struct step_result *result);
void step_result_clear(struct step_result *result);

/* Runs STEP; RESULT says all. */
void step_run(struct session *session, const struct job_step *step,
    struct step_result *result);

#endif
