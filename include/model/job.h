/*
 * What the user asked for: the job file, read, judged and made whole. The
 * short form (threads, device_list, acl_name, acl_lines) becomes one phase
 * with the step `template: acl`, so that the rest of netpush knows one form.
 *
 * Built in the parent before anything is contacted, read-only afterwards.
 */
#ifndef NETPUSH_MODEL_JOB_H
#define NETPUSH_MODEL_JOB_H

#include "base/diag.h"
#include "base/str.h"
#include "model/acl_flow.h"
#include "model/timeouts.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile;
struct profile_template;
struct profiles;
struct template;
struct re;

#define JOB_THREADS_MAX	     10000
#define JOB_FILE_LIMIT_BYTES (16u << 20)

struct job_device {
	char *hostname;
	char *address; /* what is connected to; hostname by default */
	int port;
	char *device_type;
	const struct profile *profile;
	char *username; /* NULL: the job's */
	char *proxy_jump; /* [user@]name[:port], or NULL */
	struct strs groups;
	json_t *vars; /* object, or NULL */
	/* complete: device, defaults, job, built in */
	struct timeouts timeouts;
	int pipeline; /* 0: the profile's */
	struct place place;
};

enum step_kind {
	STEP_TEMPLATE,
	STEP_CONFIG,
	STEP_COMMAND,
	STEP_SAVE,
	/* The steps about images and what runs (job_steps_image.c). */
	STEP_UPLOAD,
	STEP_DOWNLOAD,
	STEP_SPACE,
	STEP_VERIFY_IMAGE,
	STEP_BOOT,
	STEP_RELOAD,
	STEP_EXPECT_VERSION,
	STEP_WAIT,
	STEP__COUNT,
};
const char *step_kind_name(enum step_kind kind);

/* What follows when a step fails on a device. The device has failed in any
 * case; nothing hides that. */
enum on_failure {
	ON_FAILURE_SKIP, /* its later steps and phases are skipped */
	ON_FAILURE_CONTINUE, /* its later steps are done all the same */
	ON_FAILURE_STOP, /* ... skipped, and no further device is started */
	ON_FAILURE__COUNT,
};
const char *on_failure_name(enum on_failure on_failure);

/* How an access list is brought from what it is to what is asked. */
enum job_strategy {
	STRATEGY_NONE, /* not given: delta, unless the template has lines of its
			  own */
	STRATEGY_DELTA, /* edited in place, line by line */
	STRATEGY_SWAP, /* another list in its place while it is built */
	STRATEGY_REPLACE, /* the template: deleted and built again */
	STRATEGY__COUNT,
};

/* What such a step says. The texts are templates of a line each; NULL where
 * not given. */
struct job_image {
	struct template *path; /* on the device */
	struct template *source; /* on this machine */
	struct template *from; /* upload: URL, the device fetches it itself */
	struct template *md5;
	struct template *version; /* expect_version */
	struct template *unless_version; /* nothing is done if that runs */
	bool check_md5, skip_if_present; /* upload, download */
	bool members; /* upload, verify_image: on every member of a stack */
	bool installs; /* reload: `path` is to be installed */
	bool accept_new_host_key; /* reload: the device's; `from`: a server's
				     that the device does not know */
	int margin_percent; /* space */
	int64_t size_bytes; /* space: of the image; 0: that of `source` */
	int64_t wait_ms; /* reload, wait */
};

/* When a change is made only with an undo that is armed. */
enum job_guard {
	JOB_GUARD_AUTO, /* what may cut us off, where the device can do it */
	JOB_GUARD_OFF,
	JOB_GUARD_ALWAYS, /* every change; none where the device cannot */
	JOB_GUARD_RELOAD, /* the same, and its undo may be a reload */
	JOB_GUARD__COUNT,
};

struct job_step {
	enum step_kind kind;
	char *name; /* for people; made from the kind if not given */
	struct place place;
	int64_t timeout_ms; /* 0: timeouts.step_ms */
	enum on_failure on_failure;
	char *template_name; /* STEP_TEMPLATE */
	enum job_strategy strategy; /* STEP_TEMPLATE with the proof acl */
	enum job_guard guard; /* STEP_TEMPLATE, STEP_CONFIG: complete */
	int guard_minutes; /* until the device takes the change back */
	struct template *text; /* STEP_CONFIG */
	struct template **commands; /* STEP_COMMAND: a template each */
	size_t command_count;
	struct re *expect, *reject; /* STEP_COMMAND, RE_MULTILINE; or NULL */
	char *save_as; /* STEP_COMMAND: file, as written, or NULL */
	struct template *save_template; /* the same, parsed */
	struct place save_place;
	json_t *vars; /* object over the device's vars, or NULL */
	char *remember, *same_as; /* STEP_COMMAND: name, or NULL */
	struct re *pick; /* STEP_COMMAND: what of the output counts; or NULL */
	int64_t within_ms; /* STEP_COMMAND: asked again for so long */
	struct job_image image;
};

struct job_phase {
	char *name;
	int threads; /* the job's unless given */
	struct job_step *steps;
	size_t step_count;
	struct place place;
};

/* Is it one of the steps about images? Their deadlines are their own. */
bool job_step_is_image(enum step_kind kind);

/* How long a device may take for PHASE: its `timeouts.device`, and what those
 * of its steps may take that copy, verify, reload and wait. */
int64_t job_phase_device_ms(
    const struct job_phase *phase, const struct timeouts *timeouts);

/* "2", "10%": so many, or a share of some whole. */
struct job_share {
	bool percent;
	int value;
};

/* The most that SHARE allows of WHOLE: percentages are rounded down. */
size_t job_share_of(struct job_share share, size_t whole);

/* run.window, as written; base/when.h reads the times when the run begins. */
struct job_window {
	char *start, *end; /* or NULL; each is a time, if perhaps a past one */
	int64_t grace_ms; /* for those in flight when it ends */
};

/* run: how the devices are gone through, and what ends that early. */
struct job_policy {
	int max_auth_failures;
	struct job_share *batches; /* sizes, the last one repeats; none: one
				      batch of all */
	size_t batch_count;
	bool has_max_failures;
	struct job_share max_failures; /* of each batch, and of the run */
	int retries; /* of a device that was not changed */
	int64_t retry_delay_ms; /* before the first; doubles */
	struct job_window window;
};

/* How many of COUNT devices the batch NUMBER (from 0) takes, if so many are
 * left: the last size given repeats, none is empty. No batches: all of them. */
size_t job_batch_size(
    const struct job_policy *policy, size_t number, size_t count);
/* The formats of a report. */
enum report_format {
	REPORT_TEXT,
	REPORT_JSON,
	REPORT_JSONL,
	REPORT_JUNIT,
	REPORT_CSV,
	REPORT_PROMETHEUS,
	REPORT_HTML,
	REPORT__COUNT,
};
const char *report_format_name(enum report_format format);
bool report_format_get(const char *name, enum report_format *format);

/* "text, json, jsonl, ..." for messages. */
const char *report_format_names(void);

enum email_starttls {
	EMAIL_STARTTLS_REQUIRED,
	EMAIL_STARTTLS_OFF,
	EMAIL_STARTTLS__COUNT,
};

enum email_when {
	EMAIL_ALWAYS,
	EMAIL_ON_FAILURE, /* some device did not succeed */
	EMAIL_ON_CHANGE, /* ... or was changed */
	EMAIL_WHEN__COUNT,
};

/* report.email: addresses are plain (no names, no angle brackets), ASCII
 * without blanks and control characters. */
struct job_email {
	struct strs to; /* at least one */
	char *from;
	char *smtp; /* smtp://HOST[:PORT] or smtps://HOST[:PORT] */
	enum email_starttls starttls; /* smtp:// only */
	char *username; /* NULL: no login */
	char *password_file; /* or NULL: other sources */
	char *ca; /* file of certificates instead of the system's; NULL */
	enum email_when when;
	int64_t timeout_ms; /* for all attempts together */
};

/* report: what is written when the run is over. Paths are relative to where
 * netpush was started. */
struct job_report {
	char *paths[REPORT__COUNT]; /* NULL: not wanted */
	char *command; /* for /bin/sh, gets result.json; or NULL */
	int64_t command_timeout_ms;
	struct job_email *email; /* or NULL */
};

/* The key `report` alone of a kept job, which is not judged otherwise. REPORT
 * is the caller's to clear in any case; -1 with DIAGS. */
int job_report_load(
    struct job_report *report, const char *path, struct diags *diags);
void job_report_clear(struct job_report *report);

/* ADDRESS as in job_email, SMTP a URL as there; if not, the sentence that
 * says what it must be. For what is no part of a job, too. */
const char *job_email_address_wrong(const char *address);
const char *job_email_smtp_wrong(const char *smtp);

/* An email with the values that need not be given. The caller frees. */
struct job_email *job_email_new(void);

struct job {
	char *path;
	char *inventory; /* the path of the file that was read, or NULL */
	char *name; /* the file's stem unless given */
	int threads;
	struct job_device *devices;
	size_t device_count;
	json_t *vars; /* object, never NULL */

	char *username; /* credentials: or NULL */
	char *source; /* prompt|env|agent|key or NULL */
	char *identity; /* credentials: identity: FILE, or NULL */
	char *validate_on; /* hostname or NULL */
	enum job_guard guard; /* of steps that do not say */
	int guard_minutes;
	struct job_policy policy;
	struct job_report report;
	struct acl_flow *protect; /* must stay permitted wherever a list that
				     is changed is applied */
	size_t protect_count;

	struct job_phase *phases;
	size_t phase_count;
	struct timeouts timeouts;
	uint64_t digest; /* of all rendered lines (plan_check) */
};

/*
 * Reads and judges PATH (and its inventory) against PROFILES. All mistakes
 * go to DIAGS; NULL if there was one.
 */
struct job *job_load(
    const char *path, const struct profiles *profiles, struct diags *diags);

/* The same for LEN bytes in memory; PATH stands in messages, and the
 * inventory is looked for beside it. */
struct job *job_parse(const char *path, const char *text, size_t len,
    const struct profiles *profiles, struct diags *diags);

/* As job_parse, with INVENTORY in place of the inventory file that the job
 * names: for the copies that a run keeps. */
struct job *job_parse_kept(const char *path, const char *text, size_t len,
    const char *inventory, const struct profiles *profiles,
    struct diags *diags);
void job_free(struct job *job);

/* The variables acl_lines and acl_entries for these lines, for a step that
 * sends only some of them. New reference. */
json_t *job_acl_vars(const struct strs *lines);

/* Keeps the devices that match one of PATTERNS: shell globs over the hostname,
 * @NAME for the devices of a group; "!" in front excludes. Returns how many
 * are left. */
size_t job_limit(struct job *job, const struct strs *patterns);

#endif
