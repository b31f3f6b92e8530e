/*
 * How far a run is: what is done, what is in flight since when, how long the
 * rest may take. Fed device by device, so that no question costs more in a
 * large fleet than in a small one.
 */
#ifndef NETPUSH_RUN_TALLY_H
#define NETPUSH_RUN_TALLY_H

#include "run/ledger.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally_flight {
	size_t device;
	int64_t since_ms; /* clock_ms() */
};

struct tally {
	const struct job *job; /* borrowed */
	struct tally_device *devices;
	struct tally_flight *flights; /* in no order */
	size_t flight_count, flight_cap;
	size_t done; /* devices that have their result */
	/* A device has as much work as the job has phases. */
	size_t work_done;
	size_t work_before; /* done by an earlier part of the run */
	int64_t started_ms; /* of the first flight, clock_ms(); 0: none yet */
};

void tally_init(struct tally *tally, const struct job *job);
void tally_clear(struct tally *tally);

/* DEVICE of LEDGER may have come on. */
void tally_take(struct tally *tally, const struct ledger *ledger, size_t device,
    int64_t now_ms);

/* What part of all work is done, from 0 to 1; what is in flight counts
 * nothing. */
double tally_share(const struct tally *tally);

/* How long the rest will take if it goes on as it went; -1: nobody knows. */
int64_t tally_left_ms(const struct tally *tally, int64_t now_ms);

/* Those in flight for the longest time, the longest first, MAX at most.
 * Returns how many there are in SLOWEST. */
size_t tally_slowest(
    const struct tally *tally, struct tally_flight *slowest, size_t max);

#endif
