/*
 * One run of a job: run directory, credentials check, waiting for the start,
 * batches and phases through the pool of workers, journal, verdicts,
 * result.json. Speaks to people only through the observer that the command
 * line gives it.
 */
#ifndef NETPUSH_RUN_RUN_H
#define NETPUSH_RUN_RUN_H

#include "device/target.h"
#include "run/event.h"
#include "run/ledger.h"
#include "run/result.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;

/* Exit statuses of docs/exit-status.md. */
enum exit_status {
	EXIT_ALL_WELL = 0,
	EXIT_DEVICES_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_CREDENTIALS = 3,
	EXIT_STOPPED = 4,
};

struct run_observer {
	void *data;
	/* Every event that goes to the journal, after the ledger took it.
	 * DEVICE is SIZE_MAX where the event belongs to none. */
	void (*event)(void *data, const struct ledger *ledger, size_t device,
	    const struct event *event);
	/* The credentials were refused: ask for others. False: there are
	 * none to be had. ATTEMPT counts the refusals so far. */
	bool (*ask_again)(
	    void *data, struct credentials *credentials, int attempt);
	/* ^C or SIGTERM, for the LEVELth time; DEVICES in flight. */
	void (*interrupted)(void *data, const struct ledger *ledger, int level);
	/* Called about every second while workers run, for the live line. */
	void (*tick)(void *data, const struct ledger *ledger);
	/* Called about every second while the start is waited for. */
	void (*waiting)(void *data, int64_t start_ms);
	/* Something that the person should know, one sentence. */
	void (*notice)(void *data, const char *text);
};

struct run_options {
	const char *state_dir; /* NULL: the default place */
	const char *known_hosts; /* path */
	enum host_keys_policy host_keys;
	bool transcripts;
	const char *resume; /* the directory of a run to go on with, or NULL */
	bool check; /* only tell what would be done */
	bool force; /* what may lock us out, too; resume: and what was left
			in doubt */
	const json_t *call; /* how netpush was called, for resume */
	int64_t start_ms, end_ms; /* since 1970; 0: now, and no end */
};

struct run_outcome {
	char *dir; /* the run's directory; NULL: there is none (any more) */
	char *id;
	char *stopped; /* why it ended early, or NULL */
	struct result_run about; /* texts: `id` is ours, `job` the job's */
	int exit_status;
	int signal; /* the signal to die by, 0 for none */
	struct ledger ledger;
	bool check; /* only told what would be done */
	bool result_kept; /* `dir` holds result.json, and it is this one */
	int journal_fd; /* events.jsonl, open for reading outputs; -1 */
};
void run_outcome_clear(struct run_outcome *outcome);
struct run_view run_outcome_view(const struct run_outcome *outcome);

/*
 * Runs JOB (already judged and planned). CREDENTIALS may be replaced through
 * ask_again. OUTCOME is filled whatever happens; -1 with ERR when the run
 * could not even begin (no run directory): nothing was contacted.
 */
int run_job(const struct job *job, struct credentials *credentials,
    const struct run_options *options, const struct run_observer *observer,
    struct run_outcome *outcome, struct err *err);

#endif
