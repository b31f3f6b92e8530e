/* One run in progress: what run.c and run_check.c share. */
#ifndef NETPUSH_RUN_RUN_PARTS_H
#define NETPUSH_RUN_RUN_PARTS_H

#include "run/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;
struct known_hosts;
struct pool;

#define NO_DEVICE SIZE_MAX

struct run {
	const struct job *job;
	struct credentials *credentials;
	const struct run_options *options;
	const struct run_observer *observer;
	struct run_outcome *outcome;
	struct ledger *ledger;
	struct journal *journal;
	struct pool *pool;
	struct known_hosts *known_hosts;
	bool known_hosts_stale;
	int64_t started_ms;
	const char *phase; /* the current phase's name */
	/* Workers that wait for their `stage: change` to be on the disk. */
	size_t *waiting;
	size_t waiting_count, waiting_cap;
	int auth_failures;
	int interrupts; /* how often ^C or SIGTERM came */
	int signal;
	char *stopped; /* why no further device is started, or NULL */
	enum err_kind stopped_kind;
	struct event
	    *check; /* the credentials check is on: its end goes here */
};

/* No further device is started; the first reason is kept. */
void run_stop(struct run *run, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Into the journal, the ledger and the observer; clears EVENT. */
void run_record(struct run *run, size_t device, struct event *event);

/* Starts the worker for one device (PHASE NULL: only to check the
 * credentials). 1: no process to be had now, but others run and will make
 * room; 0: it runs, or the device has its result. */
int run_start_device(
    struct run *run, size_t index, const struct job_phase *phase);

/* Waits for something to happen; lets those go on whose change is on the
 * disk now. */
void run_attend(struct run *run);

/* Reads known_hosts again if a key was added. */
int run_load_known_hosts(struct run *run, struct err *err);

/*
 * The one check of the credentials, before any other device sees a
 * connection: a login on one device for each user name. Devices that cannot
 * be reached are passed over; if none of a user's can be, that is their
 * result. False when the run must not go on.
 */
bool run_check_credentials(struct run *run);

#endif
