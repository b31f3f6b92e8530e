/*
 * What is known of every device of a run: fed with the events, live or read
 * again from the journal, it holds the verdicts. Small, whatever the devices
 * show: outputs stay in the journal, the ledger knows where.
 */
#ifndef NETPUSH_RUN_LEDGER_H
#define NETPUSH_RUN_LEDGER_H

#include "device/target.h"
#include "model/job.h"
#include "run/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The `status` of docs/results.md. */
enum device_status {
	DEVICE_PENDING, /* no result yet; never in a finished run */
	DEVICE_CHANGED,
	DEVICE_UNCHANGED,
	DEVICE_FAILED,
	DEVICE_ROLLED_BACK,
	DEVICE_UNKNOWN,
	DEVICE_SKIPPED,
	DEVICE_STATUS__COUNT,
};
const char *device_status_name(enum device_status status);
bool device_status_get(const char *name, enum device_status *status);

/* changed, unchanged: the device is as the job asks. */
bool device_status_is_success(enum device_status status);

struct ledger_device {
	const char *hostname, *address, *device_type; /* borrowed */
	enum device_status status;
	/* What the phases that it passed came to; the status falls back to
	 * it when the device is begun again. */
	enum device_status base;
	bool in_flight;
	bool change_seen; /* in its last visit: it announced `change` */
	int attempts; /* in its last phase */
	int64_t started_ms; /* wall clock; 0: never */
	int64_t visit_ms; /* when the worker in flight started; 0: none has */
	int64_t duration_ms; /* of all its visits */
	const char *warning; /* the last one; the ledger's, or NULL */
	const char *phase; /* where it ended; the ledger's, or NULL */
	const char *passed; /* the last phase that it passed, or NULL */
	enum stage stage;
	enum err_kind error; /* ERR_NONE: none */
	char *message; /* the error's, or why it was skipped */
	bool would_change; /* --check: something would have been sent */
	bool half_done; /* an earlier phase changed it, then it failed */
	/* A visit left it perhaps partly applied, and no later one has seen it
	 * as it was before that or as asked. */
	bool doubt;
	/* Of its last `stage: change`: which step, and the digest of what was
	 * there before; NULL: not known. */
	char *change_step, *change_before;
	/* The step that told it to reload, in which phase and when; NULL: none
	 * did. Open: that step has not said what became of it. */
	char *told_step;
	const char *told_phase; /* the ledger's */
	int64_t told_ms;
	bool told_open;
	/* Of the copy that is under way; total 0: there is none. */
	uint64_t copied, copy_total, copy_rate;
	int64_t copy_left_ms; /* -1: not known */
	int64_t *memories; /* offsets of the steps that remembered something */
	size_t memory_count, memory_cap;
	int64_t *steps; /* offsets of its `step` events in the journal */
	size_t step_count, step_cap;
	/* As they were before this visit: how many steps, and the output. */
	size_t visit_steps;
	int64_t visit_output_at;
	uint64_t visit_output_hash;
	int64_t finished_at; /* offset of its last `device_finished`; -1 */
	int64_t output_at; /* offset of the step whose output counts; -1 */
	uint64_t output_hash; /* of that output, 0 for none */
	uint64_t diff_hash; /* of its steps' diffs, 0 for none */
};

struct ledger {
	struct ledger_device *devices; /* in the order of the device list */
	size_t count;
	size_t totals[DEVICE_STATUS__COUNT];
	struct strs phases; /* names, each once */
	struct strs warnings; /* texts, each once */
	json_t *plan; /* the devices' names are its, or NULL: the job's */
	json_t *index; /* hostname -> number, or NULL: not made yet */
};

/* One entry for each device of JOB, which must outlive the ledger. */
void ledger_init(struct ledger *ledger, const struct job *job);

/* The same from a run's plan.json. -1 with ERR if it is none. */
int ledger_init_plan(struct ledger *ledger, json_t *plan, struct err *err);
void ledger_clear(struct ledger *ledger);

/* The number of the device HOSTNAME; SIZE_MAX if there is none. */
size_t ledger_find(struct ledger *ledger, const char *hostname);

/* NAME as the ledger keeps it; NULL for NULL. */
const char *ledger_phase(struct ledger *ledger, const char *name);

/* A worker for DEVICE has been started for PHASE. */
void ledger_begin(struct ledger *ledger, size_t device, const char *phase);

/* Takes note of an event of DEVICE that stands at OFFSET in the journal. */
void ledger_take(struct ledger *ledger, size_t device,
    const struct event *event, int64_t offset);

/*
 * The worker of DEVICE is gone. If it had reported its end, false. Otherwise
 * the verdict is ours: fills EVENT with the `device_finished` that it should
 * have sent (`failed` when it had not announced a change, else `unknown`) for
 * the caller to journal, take and clear.
 */
bool ledger_gone(const struct ledger *ledger, size_t device, int wait_status,
    bool overdue, bool called_off, struct event *event);

/* What the result of DEVICE has to say before its error, or "". */
const char *ledger_preface(const struct ledger_device *device);

/* Every device succeeded. */
bool ledger_is_success(const struct ledger *ledger);

#endif
