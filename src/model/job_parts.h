/* What the files job*.c share with each other and with nobody else. */
#ifndef NETPUSH_MODEL_JOB_PARTS_H
#define NETPUSH_MODEL_JOB_PARTS_H

#include "model/job.h"
#include "model/yaml.h"

/*
 * A map of variables as JSON (new reference, an object), with acl_name,
 * acl_lines and the switches judged and acl_entries derived.
 */
json_t *job_vars_read(const struct yaml_node *map, struct diags *diags);

/* Sets one variable in VARS, judged in the same way. */
void job_vars_set(json_t *vars, const char *name, const struct yaml_node *value,
    struct diags *diags);

/*
 * Reads the devices of ROOT (the job or an inventory: `defaults` and
 * `device_list`) and adds them to the job. OUTER: the job's defaults for an
 * inventory, or NULL.
 */
struct job_defaults {
	struct job_device device; /* holds what is to be taken over */
	const struct yaml_node *vars;
};
void job_defaults_read(struct job_defaults *defaults,
    const struct job_defaults *outer, const struct yaml_node *node,
    const struct profiles *profiles, struct diags *diags);
void job_defaults_clear(struct job_defaults *defaults);
void job_devices_read(struct job *job, const struct yaml_node *list,
    const struct job_defaults *defaults, const struct profiles *profiles,
    struct diags *diags);
void job_devices_judge(const struct job *job, struct diags *diags);
void job_device_clear(struct job_device *device);

/* The key `run` (NODE may be NULL). */
void job_policy_init(struct job_policy *policy);
void job_policy_read(struct job_policy *policy, const struct yaml_node *node,
    struct diags *diags);
void job_policy_clear(struct job_policy *policy);

/* The key `report` (NODE may be NULL). */
void job_report_init(struct job_report *report);
void job_report_read(struct job_report *report, const struct yaml_node *node,
    struct diags *diags);

/* Reads `phases`; then judges each step against the devices' profiles. */
void job_phases_read(
    struct job *job, const struct yaml_node *list, struct diags *diags);
void job_phases_judge(const struct job *job, struct diags *diags);
void job_phase_clear(struct job_phase *phase);

/* The key `guard`; *GUARD stays after a message. */
void job_guard_read(
    enum job_guard *guard, const struct yaml_node *node, struct diags *diags);

/* A line with {{names}} in it; NULL for no NODE, or after a message. */
struct template *job_text_read(
    const struct yaml_node *node, const char *what, struct diags *diags);

/* The steps about images: reads the VALUE of the key that names the kind; UNLESS
 * (may be NULL) is the key unless_version beside it. */
void job_image_read(struct job_step *step, const struct yaml_node *value,
    const struct yaml_node *unless, struct diags *diags);
void job_image_judge(const struct job_step *step,
    const struct job_device *device, struct diags *diags);

/* A reload needs a step before it that proves an image, `same_as` one that
 * remembers. */
void job_order_judge(const struct job *job, struct diags *diags);
void job_image_clear(struct job_image *image);

/* The one phase of the short form. */
void job_phase_push(struct job *job, struct place place);

#endif
