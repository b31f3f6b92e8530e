/*
 * The result of a run as JSON (docs/results.md): drawn from the ledger and,
 * device by device, from the journal, so that its cost in memory does not
 * grow with what the devices showed.
 */
#ifndef NETPUSH_RUN_RESULT_H
#define NETPUSH_RUN_RESULT_H

#include "run/ledger.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define RESULT_SCHEMA 1

struct result_run {
	const char *id;
	const char *job;
	int64_t started_ms, finished_ms; /* since 1970 */
	int threads;
	int exit_status;
};

/* A run as every report sees it: a live one at its end, or one read again from
 * its directory (run/replay.h). Everything is borrowed. */
struct run_view {
	struct result_run about;
	const char *dir; /* the run's directory; NULL: there is none */
	bool result_kept; /* it holds result.json, and it is this one */
	const char *stopped; /* why it ended early, or NULL */
	bool finished; /* it came to its end */
	bool check; /* it only told what it would do */
	const struct ledger *ledger;
	int journal_fd; /* events.jsonl */
};

/* The step event at OFFSET of the journal; -1 if there is none. */
int result_read_event(int journal_fd, int64_t offset, struct event *event);

/*
 * The last `device_finished` of DEVICE, its error's message with what results
 * put in front of it. -1 if it never had one or the journal has lost it;
 * EVENT is then empty.
 */
int result_read_end(
    int journal_fd, const struct ledger_device *device, struct event *event);

/* Writes it all. -1 when FILE could not take it (see errno). */
int result_write(FILE *file, const struct run_view *view);

#endif
