/*
 * What the person sees while a run is on, on standard error: on a terminal a
 * bar with counts and the slowest devices, failures printed above it; on a
 * pipe one plain line for each finished device.
 */
#ifndef NETPUSH_APP_PROGRESS_H
#define NETPUSH_APP_PROGRESS_H

#include "app/overlay.h"
#include "run/event.h"
#include "run/ledger.h"
#include "run/tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dialogue;
struct job;
struct options;

struct progress {
	struct overlay overlay;
	struct tally tally;
	struct dialogue *dialogue; /* NULL: not wanted */
	const char *state_dir; /* as given; or NULL */
	bool color;
	bool quiet;
	int verbose;
	size_t batch, batches; /* the current one; 0: the job has none */
	int64_t started_ms;
	int64_t drawn_ms; /* when the lines were last drawn */
	int64_t overheard_ms; /* when all transcripts were last read */
	bool waits; /* for the start */
	bool wait_told; /* and the person knows */
};

/* JOB must outlive it, and there is one at a time: what netpush logs in the
 * meantime is printed above the lines. */
void progress_init(struct progress *progress, const struct options *options,
    const struct job *job);
void progress_clear(struct progress *progress);

void progress_event(struct progress *progress, const struct ledger *ledger,
    size_t device, const struct event *event);
void progress_interrupted(
    struct progress *progress, const struct ledger *ledger, int level);
void progress_tick(struct progress *progress, const struct ledger *ledger);

/* The start is waited for: a countdown on a terminal, else one line. */
void progress_waiting(struct progress *progress, int64_t start_ms);
void progress_notice(struct progress *progress, const char *text);

/* Takes the lines away: a question or the report follows. */
void progress_done(struct progress *progress);

/* Colours are wanted on this stream: a terminal, no --no-color, no NO_COLOR,
 * TERM not dumb. */
bool progress_wants_color(const struct options *options, int fd);

/* How the text report on standard output is to look (enum report_look). */
unsigned progress_report_look(const struct options *options);

#endif
