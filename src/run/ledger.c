/*
 * The verdict of each device as a small state machine over its events. The
 * live run and a re-read journal use the same one, so they cannot disagree.
 */
#include "run/ledger.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char *const status_names[DEVICE_STATUS__COUNT] = {
	[DEVICE_PENDING] = "pending",
	[DEVICE_CHANGED] = "changed",
	[DEVICE_UNCHANGED] = "unchanged",
	[DEVICE_FAILED] = "failed",
	[DEVICE_ROLLED_BACK] = "rolled_back",
	[DEVICE_UNKNOWN] = "unknown",
	[DEVICE_SKIPPED] = "skipped",
};

const char *
device_status_name(enum device_status status)
{
	return (unsigned)status < DEVICE_STATUS__COUNT ? status_names[status]
						       : "unknown";
}

bool
device_status_get(const char *name, enum device_status *status)
{
	int found = str_index(status_names, DEVICE_STATUS__COUNT, name);
	if (found < 0)
		return false;
	*status = (enum device_status)found;
	return true;
}

bool
device_status_is_success(enum device_status status)
{
	return status == DEVICE_CHANGED || status == DEVICE_UNCHANGED;
}

void
ledger_init(struct ledger *ledger, const struct job *job)
{
	*ledger = (struct ledger){ .count = job->device_count };
	ledger->devices = xcalloc(ledger->count, sizeof(*ledger->devices));
	for (size_t i = 0; i < ledger->count; i++) {
		const struct job_device *device = &job->devices[i];
		ledger->devices[i] = (struct ledger_device){
			.hostname = device->hostname,
			.address = device->address,
			.device_type = device->device_type,
			.finished_at = -1,
			.output_at = -1,
		};
	}
	ledger->totals[DEVICE_PENDING] = ledger->count;
}

void
ledger_clear(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->count; i++) {
		free(ledger->devices[i].message);
		free(ledger->devices[i].steps);
	}
	free(ledger->devices);
	*ledger = (struct ledger){ 0 };
}

static void
set_status(struct ledger *ledger, struct ledger_device *device,
    enum device_status status)
{
	ledger->totals[device->status]--;
	ledger->totals[status]++;
	device->status = status;
}

/* FNV-1a (Fowler, Noll, Vo): to group equal outputs, not to trust them. */
static uint64_t
hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash ? hash : 1;
}

static void
take_step(
    struct ledger_device *device, const struct event *event, int64_t offset)
{
	GROW(device->steps, device->step_count, device->step_cap);
	device->steps[device->step_count++] = offset;
	/* What the device showed last; that it saved is not a show. */
	const char *kind = json_string_value(
	    json_object_get(event->more, "kind"));
	if (event->output && event->output[0] &&
	    !str_eq(kind, step_kind_name(STEP_SAVE))) {
		device->output_at = offset;
		device->output_hash = hash_text(event->output);
	}
}

/* This phase's status on top of what the earlier phases left. */
static enum device_status
merge(struct ledger_device *device, enum device_status status)
{
	if (device->status != DEVICE_CHANGED)
		return status;
	if (status == DEVICE_UNCHANGED)
		return DEVICE_CHANGED;
	if (status != DEVICE_CHANGED && status != DEVICE_UNKNOWN) {
		device->half_done = true;
		return DEVICE_UNKNOWN;
	}
	return status;
}

static void
take_finished(struct ledger *ledger, struct ledger_device *device,
    const struct event *event, int64_t offset)
{
	enum device_status status;
	if (!event->status || !device_status_get(event->status, &status))
		status = DEVICE_UNKNOWN;
	device->in_flight = false;
	device->visit_ms = 0;
	device->finished_at = offset;
	device->stage = event->stage;
	if (event->duration_ms > 0)
		device->duration_ms += event->duration_ms;
	device->error = event->error.err.kind;
	free(device->message);
	device->message = NULL;
	if (device->error != ERR_NONE)
		device->message = xstrdup(event->error.err.text);
	set_status(ledger, device, merge(device, status));
}

void
ledger_take(struct ledger *ledger, size_t index, const struct event *event,
    int64_t offset)
{
	struct ledger_device *device = &ledger->devices[index];
	switch (event->kind) {
	case EVENT_DEVICE_STARTED:
		device->in_flight = true;
		device->change_seen = false;
		device->attempts = event->attempt;
		device->visit_ms = event->time_ms;
		if (!device->started_ms)
			device->started_ms = event->time_ms;
		break;
	case EVENT_STAGE:
		device->stage = event->stage;
		if (event->stage == STAGE_CHANGE)
			device->change_seen = true;
		break;
	case EVENT_STEP:
		take_step(device, event, offset);
		break;
	case EVENT_DEVICE_FINISHED:
		take_finished(ledger, device, event, offset);
		break;
	default:
		break;
	}
}

bool
ledger_gone(const struct ledger *ledger, size_t index, int wait_status,
    bool overdue, bool called_off, struct event *event)
{
	const struct ledger_device *device = &ledger->devices[index];
	if (!device->in_flight)
		return false;
	const char *after = device->change_seen
	    ? "; it had begun to change the device, which may be partly "
	      "applied"
	    : "; nothing had been changed";
	event_init(event, EVENT_DEVICE_FINISHED);
	event->hostname = xstrdup(device->hostname);
	event->phase = xstrdup(device->phase);
	event->stage = device->stage;
	event->status = xstrdup(device->change_seen ? "unknown" : "failed");
	if (device->visit_ms && event->time_ms > device->visit_ms)
		event->duration_ms = event->time_ms - device->visit_ms;
	struct err *err = &event->error.err;
	if (overdue)
		err_set(err, ERR_TIMEOUT,
		    "the worker passed the device's deadline and was ended%s",
		    after);
	else if (called_off)
		err_set(
		    err, ERR_CANCELLED, "the worker was called off%s", after);
	else if (WIFSIGNALED(wait_status))
		err_set(err, ERR_CRASHED,
		    "the worker was killed by signal "
		    "%d (%s)%s",
		    WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)),
		    after);
	else
		err_set(err, ERR_CRASHED,
		    "the worker ended with status %d and no result%s",
		    WEXITSTATUS(wait_status), after);
	return true;
}

bool
ledger_is_success(const struct ledger *ledger)
{
	return ledger->totals[DEVICE_CHANGED] +
	    ledger->totals[DEVICE_UNCHANGED] ==
	    ledger->count;
}
