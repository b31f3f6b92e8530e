/*
 * What the workers say, and what follows from it for the rest of the run: who
 * may go on, what is written down, when it is enough.
 */
#include "run_parts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "run/host_key.h"
#include "run/journal.h"
#include "run/pool.h"

#include <signal.h>

/* May a device of the current phase come back with another host key? */
static bool
may_replace_key(const struct run *run)
{
	for (size_t i = 0; run->phase && i < run->phase->step_count; i++)
		if (run->phase->steps[i].image.accept_new_host_key)
			return true;
	return false;
}

/* A host key that a worker met first: the parent is the only writer. */
static void
remember_host_key(struct run *run, const struct event *event)
{
	struct err err;
	const char *path = run->options->known_hosts;
	bool replaces = json_is_true(json_object_get(event->more, "replaces"));
	int rc = 0;
	if (!replaces)
		rc = host_key_append(event->more, path, &err);
	else if (may_replace_key(run))
		rc = host_key_replace(event->more, path, &err);
	if (rc)
		log_warn("%s", err.text);
	run->known_hosts_stale = true;
}

static const struct job_step *
find_step(const struct run *run, const char *name)
{
	for (size_t i = 0; run->phase && i < run->phase->step_count; i++)
		if (str_eq(run->phase->steps[i].name, name))
			return &run->phase->steps[i];
	return NULL;
}

/* "2 devices of batch 1 failed (max_failures: 0)" */
void
run_judge_failures(struct run *run)
{
	const struct job_policy *policy = &run->job->policy;
	struct job_share limit = policy->max_failures;
	size_t in_batch = run->batch.to - run->batch.from;
	const char *percent = limit.percent ? "%" : "";
	if (!policy->has_max_failures)
		return;
	if (run->batch.failures > job_share_of(limit, in_batch))
		run_stop(run, ERR_CANCELLED,
		    "%zu of %zu device%s in batch %zu of %zu failed "
		    "(max_failures: %d%s)",
		    run->batch.failures, in_batch, in_batch == 1 ? "" : "s",
		    run->batch.number, run->batch_count, limit.value, percent);
	else if (run->failures > job_share_of(limit, run->ledger->count))
		run_stop(run, ERR_CANCELLED,
		    "%zu of %zu devices failed (max_failures: %d%s)",
		    run->failures, run->ledger->count, limit.value, percent);
}

static void
judge_login(struct run *run, const char *hostname)
{
	int count = ++run->auth_failures;
	if (count >= run->job->policy.max_auth_failures)
		run_stop(run, ERR_AUTH,
		    "%d login%s refused after the credentials had been "
		    "checked, the last by %s",
		    count, count == 1 ? " was" : "s were", hostname);
}

static void
judge_step(struct run *run, const struct event *event)
{
	const struct job_step *step = find_step(run, event->name);
	if (step && step->on_failure == ON_FAILURE_STOP)
		run_stop(run, ERR_CANCELLED,
		    "step \"%s\" failed on %s (on_failure: stop)", event->name,
		    event->hostname);
}

/* What an event that the ledger has taken means for the rest of the run. */
static void
draw_consequences(struct run *run, size_t index, const struct event *event)
{
	const struct ledger_device *device = &run->ledger->devices[index];
	enum err_kind error = event->error.err.kind;
	if (event->kind == EVENT_STAGE && event->stage == STAGE_CHANGE) {
		GROW(run->waiting, run->waiting_count, run->waiting_cap);
		run->waiting[run->waiting_count++] = index;
	} else if (event->kind == EVENT_STEP && error != ERR_NONE) {
		judge_step(run, event);
	} else if (event->kind == EVENT_DEVICE_FINISHED) {
		bool failed = !device_status_is_success(device->status) &&
		    device->status != DEVICE_SKIPPED;
		/* Skipped devices that had been changed are no new failure. */
		if (failed && !str_eq(event->status, "skipped")) {
			run->failures++;
			run->devices[index].failed = true;
			if (index >= run->batch.from && index < run->batch.to)
				run->batch.failures++;
			run_judge_failures(run);
		}
		if (error == ERR_AUTH && run->phase)
			judge_login(run, device->hostname);
	}
}

void
run_take_note(
    struct run *run, size_t device, struct event *event, int64_t offset)
{
	if (device != NO_DEVICE) {
		ledger_take(run->ledger, device, event, offset);
		draw_consequences(run, device, event);
	}
	run->observer->event(run->observer->data, run->ledger, device, event);
	event_clear(event);
}

/* The check is not a visit: of its events only the end counts for the
 * device, and what it met on the way is the run's to know. */
static void
hear_check(struct run *run, struct event *event)
{
	if (event->kind == EVENT_DEVICE_FINISHED) {
		event_clear(run->check);
		*run->check = *event;
	} else if (event->kind == EVENT_HOST_KEY || event->kind == EVENT_LOG) {
		run_record(run, NO_DEVICE, event);
	} else {
		event_clear(event);
	}
}

static void
on_event(void *data, size_t device, struct event *event, const char *line,
    size_t len)
{
	struct run *run = data;
	/* A worker speaks for its own device only. */
	if (!str_eq(event->hostname, run->ledger->devices[device].hostname)) {
		event_clear(event);
		return;
	}
	if (event->kind == EVENT_HOST_KEY)
		remember_host_key(run, event);
	if (run->check)
		hear_check(run, event);
	else if (!run_retry_later(run, device, event))
		run_take_note(run, device, event,
		    journal_add_line(run->journal, line, len));
}

static void
on_gone(void *data, size_t device, int wait_status, bool overdue)
{
	struct run *run = data;
	struct event event;
	if (run->check) {
		/* A check that died without a word did not reach it. */
		if (!run->check->status)
			err_set(&run->check->error.err, ERR_CRASHED,
			    "the worker ended without a result");
		return;
	}
	bool called_off = run->interrupts > 1 || run->call_off_at < 0;
	if (ledger_gone(run->ledger, device, wait_status, overdue, called_off,
		&event) &&
	    !run_retry_later(run, device, &event))
		run_record(run, device, &event);
	run_retry_is_free(run, device);
}

static void
on_signal(void *data, int number)
{
	struct run *run = data;
	run->signal = number;
	run->interrupts++;
	run_stop(run, ERR_CANCELLED, "interrupted by %s",
	    number == SIGINT ? "^C" : "SIGTERM");
	if (run->interrupts == 2)
		pool_signal(run->pool, SIGTERM);
	else if (run->interrupts > 2)
		pool_signal(run->pool, SIGKILL);
	run->observer->interrupted(
	    run->observer->data, run->ledger, run->interrupts);
}

void
run_handler(struct run *run, struct pool_handler *handler)
{
	*handler = (struct pool_handler){
		.data = run,
		.event = on_event,
		.gone = on_gone,
		.signal = on_signal,
	};
}
