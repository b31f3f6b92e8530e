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

static void
make_devices(struct ledger *ledger, size_t count)
{
	*ledger = (struct ledger){ .count = count };
	ledger->devices = xcalloc(count, sizeof(*ledger->devices));
	ledger->totals[DEVICE_PENDING] = count;
	for (size_t i = 0; i < count; i++) {
		ledger->devices[i].finished_at = -1;
		ledger->devices[i].output_at = -1;
		ledger->devices[i].visit_output_at = -1;
	}
}

void
ledger_init(struct ledger *ledger, const struct job *job)
{
	make_devices(ledger, job->device_count);
	for (size_t i = 0; i < ledger->count; i++) {
		ledger->devices[i].hostname = job->devices[i].hostname;
		ledger->devices[i].address = job->devices[i].address;
		ledger->devices[i].device_type = job->devices[i].device_type;
	}
}

int
ledger_init_plan(struct ledger *ledger, json_t *plan, struct err *err)
{
	size_t i;
	json_t *device;
	const json_t *devices = json_object_get(plan, "devices");
	*ledger = (struct ledger){ 0 };
	if (!json_is_array(devices))
		return err_set(err, ERR_JOB, "the plan has no list of devices");
	make_devices(ledger, json_array_size(devices));
	ledger->plan = json_incref(plan);
	json_array_foreach((json_t *)devices, i, device)
	{
		struct ledger_device *entry = &ledger->devices[i];
		if (json_unpack(device, "{s:s, s:s, s:s}", "hostname",
			&entry->hostname, "address", &entry->address,
			"device_type", &entry->device_type)) {
			ledger_clear(ledger);
			return err_set(err, ERR_JOB,
			    "the plan's device %zu makes no sense", i + 1);
		}
	}
	return 0;
}

void
ledger_clear(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->count; i++) {
		free(ledger->devices[i].message);
		free(ledger->devices[i].change_step);
		free(ledger->devices[i].change_before);
		free(ledger->devices[i].steps);
		free(ledger->devices[i].memories);
		free(ledger->devices[i].told_step);
	}
	free(ledger->devices);
	strs_clear(&ledger->phases);
	strs_clear(&ledger->warnings);
	json_decref(ledger->plan);
	json_decref(ledger->index);
	*ledger = (struct ledger){ 0 };
}

size_t
ledger_find(struct ledger *ledger, const char *hostname)
{
	if (!ledger->index) {
		ledger->index = json_object();
		for (size_t i = 0; i < ledger->count; i++)
			json_object_set_new(ledger->index,
			    ledger->devices[i].hostname,
			    json_integer((json_int_t)i));
	}
	const json_t *found = hostname
	    ? json_object_get(ledger->index, hostname)
	    : NULL;
	return found ? (size_t)json_integer_value(found) : SIZE_MAX;
}

/* TEXT as LIST keeps it, each once: there are few different ones. */
static const char *
keep_once(struct strs *list, const char *text)
{
	if (!text)
		return NULL;
	for (size_t i = 0; i < list->count; i++)
		if (str_eq(list->items[i], text))
			return list->items[i];
	strs_add(list, text);
	return list->items[list->count - 1];
}

const char *
ledger_phase(struct ledger *ledger, const char *name)
{
	return keep_once(&ledger->phases, name);
}

static void
set_status(struct ledger *ledger, struct ledger_device *device,
    enum device_status status)
{
	ledger->totals[device->status]--;
	ledger->totals[status]++;
	device->status = status;
}

static void
take_step(
    struct ledger_device *device, const struct event *event, int64_t offset)
{
	/* Whatever it says, but "unknown", it says what became of it. */
	if (str_eq(device->told_step, event->name) &&
	    !str_eq(event->status, "unknown"))
		device->told_open = false;
	GROW(device->steps, device->step_count, device->step_cap);
	device->steps[device->step_count++] = offset;
	if (json_object_get(event->more, "remember")) {
		GROW(
		    device->memories, device->memory_count, device->memory_cap);
		device->memories[device->memory_count++] = offset;
	}
	const char *diff = json_string_value(
	    json_object_get(event->more, "diff"));
	if (diff)
		device->diff_hash = str_hash(
		    device->diff_hash ? device->diff_hash : STR_HASH_START,
		    diff);
	if (json_is_true(json_object_get(event->more, "would_change")))
		device->would_change = true;
	/* What the device showed last; that it saved is not a show. */
	const char *kind = json_string_value(
	    json_object_get(event->more, "kind"));
	if (event->output && event->output[0] &&
	    !str_eq(kind, step_kind_name(STEP_SAVE))) {
		device->output_at = offset;
		device->output_hash = str_hash(STR_HASH_START, event->output);
	}
}

/* This phase's status on top of what the earlier phases left. */
static enum device_status
merge(struct ledger_device *device, enum device_status status)
{
	if (device_status_is_success(status))
		device->doubt = false;
	else if (device->doubt)
		return DEVICE_UNKNOWN;
	if (device->base != DEVICE_CHANGED)
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
forget_error(struct ledger_device *device)
{
	device->error = ERR_NONE;
	free(device->message);
	device->message = NULL;
}

/* A visit has ended, with a result or without. */
static void
end_visit(struct ledger_device *device, const struct event *event)
{
	device->in_flight = false;
	device->visit_ms = 0;
	if (event->duration_ms > 0)
		device->duration_ms += event->duration_ms;
}

/* Its last visit left it perhaps partly applied, and there is more to come. */
static void
recall_doubt(struct ledger_device *device)
{
	device->doubt |= device->status == DEVICE_UNKNOWN &&
	    device->change_seen;
	device->change_seen = false;
}

void
ledger_begin(struct ledger *ledger, size_t index, const char *phase)
{
	struct ledger_device *device = &ledger->devices[index];
	device->in_flight = true;
	recall_doubt(device);
	device->phase = ledger_phase(ledger, phase);
}

/* What the device has shown so far stays, whatever becomes of what follows. */
static void
mark_visit(struct ledger_device *device)
{
	device->visit_steps = device->step_count;
	device->visit_output_at = device->output_at;
	device->visit_output_hash = device->output_hash;
}

static void
take_started(struct ledger *ledger, size_t index, const struct event *event)
{
	struct ledger_device *device = &ledger->devices[index];
	ledger_begin(ledger, index, event->phase);
	device->half_done = false;
	device->attempts = event->attempt;
	device->visit_ms = event->time_ms;
	mark_visit(device);
	if (!device->started_ms)
		device->started_ms = event->time_ms;
	forget_error(device);
	set_status(ledger, device, device->base);
}

static void
take_stage(struct ledger *ledger, struct ledger_device *device,
    const struct event *event)
{
	device->stage = event->stage;
	device->copy_total = 0;
	if (event->stage != STAGE_CHANGE)
		return;
	const char *step = NULL, *before = NULL;
	device->change_seen = true;
	json_unpack(
	    event->more, "{s?s, s?s}", "step", &step, "before", &before);
	/* Seen as it was before the change that was left half done. */
	if (before && str_eq(device->change_step, step) &&
	    str_eq(device->change_before, before))
		device->doubt = false;
	free(device->change_step);
	free(device->change_before);
	device->change_step = xstrdup(step);
	device->change_before = xstrdup(before);
	if (json_is_true(json_object_get(event->more, "reload"))) {
		free(device->told_step);
		device->told_step = xstrdup(step);
		device->told_phase = ledger_phase(ledger, event->phase);
		device->told_ms = event->time_ms;
		device->told_open = true;
	}
}

/* The copy that is under way, for the live line. */
static void
take_progress(struct ledger_device *device, const struct event *event)
{
	json_int_t bytes = 0, total = 0, rate = 0;
	double left = -1;
	json_unpack(event->more, "{s?I, s?I, s?I, s?F}", "bytes", &bytes,
	    "total", &total, "rate", &rate, "left", &left);
	device->copied = (uint64_t)bytes;
	device->copy_total = (uint64_t)total;
	device->copy_rate = (uint64_t)rate;
	device->copy_left_ms = left < 0 ? -1 : (int64_t)(left * 1000);
}

static void
take_finished(struct ledger *ledger, struct ledger_device *device,
    const struct event *event, int64_t offset)
{
	enum device_status status;
	if (!event->status || !device_status_get(event->status, &status))
		status = DEVICE_UNKNOWN;
	/* It ends without having begun: there was no process for a worker, or
	 * the worker died before its first word. */
	if (device->status == DEVICE_UNKNOWN)
		recall_doubt(device);
	if (event->phase)
		device->phase = ledger_phase(ledger, event->phase);
	end_visit(device, event);
	mark_visit(device);
	device->finished_at = offset;
	device->stage = event->stage;
	forget_error(device);
	device->error = event->error.err.kind;
	if (device->error != ERR_NONE)
		device->message = xstrdup(event->error.err.text);
	set_status(ledger, device, merge(device, status));
	if (!device_status_is_success(device->status))
		return;
	device->base = device->status;
	if (event->phase)
		device->passed = ledger_phase(ledger, event->phase);
}

/* What the visit showed is shown again by the next one. */
static void
take_retry(struct ledger_device *device, const struct event *event)
{
	end_visit(device, event);
	device->step_count = device->visit_steps;
	device->output_at = device->visit_output_at;
	device->output_hash = device->visit_output_hash;
}

void
ledger_take(struct ledger *ledger, size_t index, const struct event *event,
    int64_t offset)
{
	struct ledger_device *device = &ledger->devices[index];
	switch (event->kind) {
	case EVENT_DEVICE_STARTED:
		take_started(ledger, index, event);
		break;
	case EVENT_STAGE:
		take_stage(ledger, device, event);
		break;
	case EVENT_STEP:
		take_step(device, event, offset);
		break;
	case EVENT_PROGRESS:
		take_progress(device, event);
		break;
	case EVENT_LOG:
		if (json_is_true(json_object_get(event->more, "warning")))
			device->warning = keep_once(
			    &ledger->warnings, event->text);
		break;
	case EVENT_DEVICE_RETRY:
		take_retry(device, event);
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

const char *
ledger_preface(const struct ledger_device *device)
{
	if (device->doubt)
		return "an earlier visit may have left it partly applied; "
		       "then: ";
	return device->half_done ? "an earlier phase changed the device, then: "
				 : "";
}

bool
ledger_is_success(const struct ledger *ledger)
{
	return ledger->totals[DEVICE_CHANGED] +
	    ledger->totals[DEVICE_UNCHANGED] ==
	    ledger->count;
}
