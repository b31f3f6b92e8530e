/*
 * What the person sees while a run is on, on standard error: on a terminal
 * one live line with the counts, failures printed above it; on a pipe one
 * plain line for each finished device.
 */
#ifndef NETPUSH_APP_PROGRESS_H
#define NETPUSH_APP_PROGRESS_H

#include "run/event.h"
#include "run/ledger.h"

#include <stdbool.h>
#include <stddef.h>

struct options;

struct progress {
	bool live; /* standard error is a terminal that can move */
	bool color;
	bool quiet;
	int verbose;
	int threads;
	int64_t started_ms;
	int64_t drawn_ms; /* when the live line was last drawn */
	size_t finished;
	bool line_shown;
	bool wait_told; /* that the start is waited for */
};

void progress_init(
    struct progress *progress, const struct options *options, int threads);
void progress_event(struct progress *progress, const struct ledger *ledger,
    size_t device, const struct event *event);
void progress_interrupted(
    struct progress *progress, const struct ledger *ledger, int level);
void progress_tick(struct progress *progress, const struct ledger *ledger);

/* The start is waited for: a countdown on a terminal, else one line. */
void progress_waiting(struct progress *progress, int64_t start_ms);
void progress_notice(struct progress *progress, const char *text);

/* Takes the live line away: the report follows. */
void progress_done(struct progress *progress);

/* Colours are wanted on this stream: a terminal, no --no-color, no NO_COLOR,
 * TERM not dumb. */
bool progress_wants_color(const struct options *options, int fd);

#endif
