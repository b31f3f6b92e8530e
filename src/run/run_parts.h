/*
 * One run in progress: what the files run*.c share.
 *
 *	run.c		from the directory to the last result
 *	run_check.c	the check of the credentials
 *	run_wait.c	the change window: waiting for its start, and its end
 *	run_phase.c	batches, phases, retries: which device comes next
 *	run_hear.c	what the workers say, and what follows from it
 */
#ifndef NETPUSH_RUN_RUN_PARTS_H
#define NETPUSH_RUN_RUN_PARTS_H

#include "run/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct alarm;
struct journal;
struct known_hosts;
struct pool;

#define NO_DEVICE SIZE_MAX

/* What is known of a device beside the ledger. */
struct run_device {
	/* Left by an earlier part of this run as failed, skipped or unknown:
	 * to be done again. */
	bool again;
	bool doubt; /* ... and it may be partly applied: look first */
	bool failed; /* in this part of the run */
	int tries; /* in the current phase */
};

/* A device that failed untouched and will be tried again. */
struct run_retry {
	size_t device;
	int64_t due; /* clock_ms(); DEADLINE_NEVER until its worker is gone */
	int64_t delay_ms;
	struct event end; /* its device_finished if it is not tried again */
};

struct run_batch {
	size_t number; /* from 1 */
	size_t from, to; /* of the device list */
	size_t failures; /* of its devices, in this run */
};

struct run {
	const struct job *job;
	struct credentials *credentials;
	const struct run_options *options;
	const struct run_observer *observer;
	struct run_outcome *outcome;
	struct ledger *ledger;
	struct run_device *devices; /* as in the ledger */
	struct journal *journal;
	struct pool *pool;
	struct known_hosts *known_hosts;
	bool known_hosts_stale;
	int64_t started_ms;

	const struct job_phase *phase; /* the current one, or NULL */
	struct run_batch batch;
	size_t batch_count;
	struct run_retry *retries;
	size_t retry_count, retry_cap;
	int threads_max; /* what the limit on descriptors allows */
	int64_t short_of_processes; /* since when; 0: not */
	bool fewer_told; /* ... the person knows */

	/* Workers that wait for their `stage: change` to be on the disk. */
	size_t *waiting;
	size_t waiting_count, waiting_cap;

	size_t failures; /* devices of this run that failed */
	int auth_failures;
	int interrupts; /* how often ^C or SIGTERM came */
	int signal;
	char *stopped; /* why no further device is started, or NULL */
	enum err_kind stopped_kind;
	struct event
	    *check; /* the credentials check is on: its end goes here */
	bool waits; /* for the start */
	bool alone; /* nobody is there to be asked for other credentials */

	struct alarm *end; /* of the window, or NULL */
	int64_t call_off_at, kill_at; /* clock_ms(), once the window is over */
};

/* run.c */

/* No further device is started; the first reason is kept. */
void run_stop(struct run *run, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Into the journal, the ledger and the observer; clears EVENT. */
void run_record(struct run *run, size_t device, struct event *event);

/* Waits for something to happen, TIMEOUT_MS at most; lets those go on whose
 * change is on the disk now. */
void run_attend(struct run *run, int64_t timeout_ms);

/* Reads known_hosts again if a key was added. */
int run_load_known_hosts(struct run *run, struct err *err);

/* run_hear.c */

struct pool_handler;
void run_handler(struct run *run, struct pool_handler *handler);

/* After EVENT is in the journal at OFFSET: tells the ledger, the observer and
 * the limits of the run; clears EVENT. */
void run_take_note(
    struct run *run, size_t device, struct event *event, int64_t offset);

/* Stops the run when more devices failed than max_failures allows. */
void run_judge_failures(struct run *run);

/* run_check.c */

/*
 * The one check of the credentials, before any other device sees a
 * connection: a login on one device for each user name. Devices that cannot
 * be reached are passed over; if none of a user's can be, that is their
 * result. False when the run must not go on.
 */
bool run_check_credentials(struct run *run);

/* run_wait.c */

/* Waits for the start of the run. False: called off. */
bool run_wait_for_start(struct run *run);

/* Sets the alarm for the end of the window. */
int run_mind_the_end(struct run *run, struct err *err);

/* Calls off those that are still busy some time after the end. */
void run_press(struct run *run);

/* run_phase.c */

/* Starts the worker for one device (PHASE NULL: only to check the
 * credentials). 1: no process to be had now; 0: it runs. */
int run_start_device(
    struct run *run, size_t index, const struct job_phase *phase);

/* Everything that is to be done with the devices. */
void run_batches(struct run *run);

/* The next phase that a device has to go through; phase_count: none. */
size_t run_next_phase(const struct run *run, size_t device);

/* Is there still something to be done with the device? */
bool run_has_work(const struct run *run, size_t device);

/* EVENT is the failed end of DEVICE's worker: is it tried again? Then EVENT is
 * taken over and a device_retry is recorded. */
bool run_retry_later(struct run *run, size_t device, struct event *event);

/* DEVICE's worker is gone: from now on its retry can begin. */
void run_retry_is_free(struct run *run, size_t device);

#endif
