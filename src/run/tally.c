/* Counting a run's progress while it happens. */
#include "run/tally.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define NO_FLIGHT SIZE_MAX

struct tally_device {
	size_t work; /* phases that are behind it */
	size_t flight; /* its place in `flights`, or NO_FLIGHT */
	bool done;
};

void
tally_init(struct tally *tally, const struct job *job)
{
	*tally = (struct tally){ .job = job };
	tally->devices = xcalloc(job->device_count, sizeof(*tally->devices));
	for (size_t i = 0; i < job->device_count; i++)
		tally->devices[i].flight = NO_FLIGHT;
}

void
tally_clear(struct tally *tally)
{
	free(tally->devices);
	free(tally->flights);
	*tally = (struct tally){ 0 };
}

/* A device that failed or was skipped has nothing more before it. */
static size_t
work_of(const struct tally *tally, const struct ledger_device *device)
{
	const struct job *job = tally->job;
	if (device->status != DEVICE_PENDING &&
	    !device_status_is_success(device->status))
		return job->phase_count;
	for (size_t i = 0; device->passed && i < job->phase_count; i++)
		if (str_eq(job->phases[i].name, device->passed))
			return i + 1;
	return 0;
}

static void
take_off(struct tally *tally, size_t device, int64_t now_ms)
{
	GROW(tally->flights, tally->flight_count, tally->flight_cap);
	tally->devices[device].flight = tally->flight_count;
	tally->flights[tally->flight_count++] = (struct tally_flight){
		.device = device,
		.since_ms = now_ms,
	};
}

/* The last one takes the place of the one that landed. */
static void
land(struct tally *tally, size_t device)
{
	size_t place = tally->devices[device].flight;
	struct tally_flight last = tally->flights[--tally->flight_count];
	tally->flights[place] = last;
	tally->devices[last.device].flight = place;
	tally->devices[device].flight = NO_FLIGHT;
}

static void
count(struct tally *tally, const struct ledger *ledger, size_t device)
{
	const struct ledger_device *entry = &ledger->devices[device];
	struct tally_device *about = &tally->devices[device];
	size_t work = work_of(tally, entry);
	bool done = !entry->in_flight && work == tally->job->phase_count;
	tally->work_done += work - about->work;
	tally->done += (size_t)done - (size_t)about->done;
	about->work = work;
	about->done = done;
}

void
tally_take(struct tally *tally, const struct ledger *ledger, size_t device,
    int64_t now_ms)
{
	bool flies = tally->devices[device].flight != NO_FLIGHT;
	bool in_flight = ledger->devices[device].in_flight;
	count(tally, ledger, device);
	if (in_flight && !flies)
		take_off(tally, device, now_ms);
	else if (!in_flight && flies)
		land(tally, device);
	if (!in_flight || tally->started_ms)
		return;
	/* What an earlier part of the run has done is known by now. */
	for (size_t i = 0; i < tally->job->device_count; i++)
		count(tally, ledger, i);
	tally->work_before = tally->work_done;
	tally->started_ms = now_ms;
}

static size_t
work_total(const struct tally *tally)
{
	return tally->job->device_count * tally->job->phase_count;
}

double
tally_share(const struct tally *tally)
{
	size_t total = work_total(tally);
	return total ? (double)tally->work_done / (double)total : 1;
}

/*
 * Devices in flight are half way, by and large: without that, the first to end
 * would make it look as if all others still had to begin.
 */
int64_t
tally_left_ms(const struct tally *tally, int64_t now_ms)
{
	if (tally->work_done <= tally->work_before)
		return -1;
	double half = (double)tally->flight_count / 2;
	double done = (double)(tally->work_done - tally->work_before) + half;
	double left = (double)(work_total(tally) - tally->work_done) - half;
	if (left < 0)
		left = 0;
	return (int64_t)((double)(now_ms - tally->started_ms) * left / done);
}

size_t
tally_slowest(
    const struct tally *tally, struct tally_flight *slowest, size_t max)
{
	size_t found = 0;
	for (size_t i = 0; i < tally->flight_count; i++) {
		const struct tally_flight *flight = &tally->flights[i];
		size_t at = found;
		while (at && slowest[at - 1].since_ms > flight->since_ms)
			at--;
		if (at == max)
			continue;
		if (found < max)
			found++;
		memmove(&slowest[at + 1], &slowest[at],
		    (found - at - 1) * sizeof(*slowest));
		slowest[at] = *flight;
	}
	return found;
}
