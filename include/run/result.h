/*
 * The result of a run as JSON (docs/results.md): drawn from the ledger and,
 * device by device, from the journal, so that its cost in memory does not
 * grow with what the devices showed.
 */
#ifndef NETPUSH_RUN_RESULT_H
#define NETPUSH_RUN_RESULT_H

#include "run/ledger.h"

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

/* The step event at OFFSET of the journal; -1 if there is none. */
int result_read_event(int journal_fd, int64_t offset, struct event *event);

/* Writes it all. -1 when FILE could not take it (see errno). */
int result_write(FILE *file, const struct result_run *run,
    const struct ledger *ledger, int journal_fd);

#endif
