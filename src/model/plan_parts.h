/* What the files plan*.c share with each other and with nobody else. */
#ifndef NETPUSH_MODEL_PLAN_PARTS_H
#define NETPUSH_MODEL_PLAN_PARTS_H

#include "model/plan.h"

/* Whom a text is rendered for. */
struct plan_target {
	const struct job *job;
	const struct job_device *device;
	const struct job_step *step;
	const json_t *names; /* over all others, or NULL */
};

void plan_lines_add(
    struct plan_lines *lines, const char *text, unsigned origin);

/* The lines of a step about images, as far as they are known. */
int plan_image_render(const struct plan_target *target,
    struct plan_lines *lines, struct diags *diags);

/* Is the file there that such a step would copy or compare with? */
void plan_check_source(const struct job *job, const struct job_device *device,
    const struct job_step *step, struct diags *diags);

#endif
