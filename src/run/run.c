/*
 * From the judged job to the last result. The parent does nothing with a
 * device itself: it starts workers, takes note of what they say, and judges.
 */
#include "run_parts.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/die.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "device/known_hosts.h"
#include "device/transport_ssh2.h"
#include "model/plan.h"
#include "run/journal.h"
#include "run/pool.h"
#include "run/result.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define KILL_GRACE_MS 15000 /* past the device's own deadline */
#define TICK_MS	      1000

void
run_outcome_clear(struct run_outcome *outcome)
{
	free(outcome->dir);
	free(outcome->id);
	if (outcome->journal_fd >= 0)
		close(outcome->journal_fd);
	ledger_clear(&outcome->ledger);
	*outcome = (struct run_outcome){ .journal_fd = -1 };
}

void
run_stop(struct run *run, enum err_kind kind, const char *fmt, ...)
{
	if (run->stopped)
		return;
	va_list ap;
	va_start(ap, fmt);
	run->stopped = xvasprintf(fmt, ap);
	run->stopped_kind = kind;
	va_end(ap);
}

/* Into the journal, the ledger and the observer; clears EVENT. */
/* After it is in the journal at OFFSET; clears EVENT. */
static void
take_note(struct run *run, size_t device, struct event *event, int64_t offset)
{
	if (device != NO_DEVICE)
		ledger_take(run->ledger, device, event, offset);
	run->observer->event(run->observer->data, run->ledger, device, event);
	event_clear(event);
}

void
run_record(struct run *run, size_t device, struct event *event)
{
	take_note(run, device, event, journal_add(run->journal, event));
}

/* False when the journal does not hold what was recorded. */
static bool
flush(struct run *run, bool sync)
{
	struct err err;
	if (journal_flush(run->journal, sync, &err) == 0)
		return true;
	if (!run->stopped)
		log_error("%s", err.text);
	run_stop(
	    run, ERR_INTERNAL, "the journal cannot be written: %s", err.text);
	return false;
}

/* A host key that a worker met first: the parent is the only writer. */
static void
remember_host_key(struct run *run, const struct event *event)
{
	const char *address = NULL, *type = NULL, *key = NULL;
	int port = 0;
	struct buf blob;
	struct err err;
	buf_init(&blob, 65536);
	if (json_unpack(event->more, "{s:s, s:i, s:s, s:s}", "address",
		&address, "port", &port, "key_type", &type, "key", &key) ||
	    !base64_get(key, &blob))
		log_warn("a worker reported a host key that makes no sense");
	else if (known_hosts_append(run->options->known_hosts, address,
		     (uint16_t)port, type, buf_str(&blob), blob.len, &err))
		log_warn("%s", err.text);
	run->known_hosts_stale = true;
	buf_clear(&blob);
}

int
run_load_known_hosts(struct run *run, struct err *err)
{
	if (run->known_hosts && !run->known_hosts_stale)
		return 0;
	struct known_hosts *fresh = known_hosts_load(
	    run->options->known_hosts, err);
	if (!fresh)
		return -1;
	known_hosts_free(run->known_hosts);
	run->known_hosts = fresh;
	run->known_hosts_stale = false;
	return 0;
}

static const struct job_step *
find_step(const struct run *run, const char *name)
{
	for (size_t i = 0; i < run->job->phase_count; i++) {
		const struct job_phase *phase = &run->job->phases[i];
		for (size_t j = 0;
		     str_eq(phase->name, run->phase) && j < phase->step_count;
		     j++)
			if (str_eq(phase->steps[j].name, name))
				return &phase->steps[j];
	}
	return NULL;
}

/* What an event means for the rest of the run. */
static void
draw_consequences(struct run *run, size_t device, const struct event *event)
{
	const char *hostname = run->ledger->devices[device].hostname;
	enum err_kind error = event->error.err.kind;
	if (event->kind == EVENT_STAGE && event->stage == STAGE_CHANGE) {
		GROW(run->waiting, run->waiting_count, run->waiting_cap);
		run->waiting[run->waiting_count++] = device;
	} else if (event->kind == EVENT_STEP && error != ERR_NONE) {
		const struct job_step *step = find_step(run, event->name);
		if (step && step->on_failure == ON_FAILURE_STOP)
			run_stop(run, ERR_CANCELLED,
			    "step \"%s\" failed on %s (on_failure: stop)",
			    event->name, hostname);
	} else if (event->kind == EVENT_DEVICE_FINISHED && error == ERR_AUTH) {
		if (++run->auth_failures >= run->job->max_auth_failures)
			run_stop(run, ERR_AUTH,
			    "%d login%s refused after the credentials had "
			    "been checked, the last by %s",
			    run->auth_failures,
			    run->auth_failures == 1 ? " was" : "s were",
			    hostname);
	}
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
	if (run->check) {
		hear_check(run, event);
		return;
	}
	draw_consequences(run, device, event);
	take_note(
	    run, device, event, journal_add_line(run->journal, line, len));
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
	if (ledger_gone(run->ledger, device, wait_status, overdue,
		run->interrupts > 1, &event))
		run_record(run, device, &event);
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

/* Waits for something to happen; lets those go on whose change is on the
 * disk now. One sync serves all that arrived together. */
void
run_attend(struct run *run)
{
	pool_wait(run->pool, TICK_MS);
	/* Whatever else stopped the run: no word in the journal, no change. */
	if (flush(run, run->waiting_count > 0))
		for (size_t i = 0; i < run->waiting_count; i++)
			pool_go(run->pool, run->waiting[i]);
	else if (run->waiting_count)
		pool_signal(run->pool, SIGTERM);
	run->waiting_count = 0;
	run->observer->tick(run->observer->data, run->ledger);
}

/* The path is freed by the caller. */
static char *
transcript_path(const struct run *run, const struct job_device *device)
{
	if (!run->options->transcripts)
		return NULL;
	return xasprintf("%s/transcripts/%s.log", journal_dir(run->journal),
	    device->hostname);
}

/* Starts the worker for one device. 1: no process to be had now, but others
 * run and will make room; 0: done, or the device has its result. */
int
run_start_device(struct run *run, size_t index, const struct job_phase *phase)
{
	struct ledger_device *entry = &run->ledger->devices[index];
	const struct job_device *device = &run->job->devices[index];
	struct err err;
	char *transcript = transcript_path(run, device);
	struct target target = {
		.job = run->job,
		.device = device,
		.phase = phase,
		.credentials = run->credentials,
		.host_keys = run->options->host_keys,
		.known_hosts = run->known_hosts,
		.transcript = transcript,
		.attempt = 1,
	};
	int rc = pool_start(run->pool, &target, index,
	    device->timeouts.device_ms + KILL_GRACE_MS, &err);
	free(transcript);
	if (rc == 0) {
		if (phase) {
			entry->phase = phase->name;
			entry->in_flight = true;
			entry->change_seen = false;
		}
		return 0;
	}
	if (pool_running(run->pool))
		return 1;
	struct event event;
	event_init(&event, EVENT_DEVICE_FINISHED);
	event.hostname = xstrdup(device->hostname);
	event.status = xstrdup("failed");
	event.error.err = err;
	run_record(run, index, &event);
	return 0;
}

static bool
takes_part(const struct ledger_device *device)
{
	return device->status == DEVICE_PENDING ||
	    device_status_is_success(device->status);
}

/* All devices that are still good, in list order, at most THREADS at once; a
 * free slot is filled at once. */
static void
run_phase(struct run *run, const struct job_phase *phase)
{
	size_t next = 0;
	run->phase = phase->name;
	pool_set_threads(run->pool, (unsigned)phase->threads);
	for (;;) {
		while (!run->stopped && next < run->ledger->count &&
		    pool_has_room(run->pool)) {
			if (takes_part(&run->ledger->devices[next]) &&
			    run_start_device(run, next, phase))
				break; /* when one ends, there is room */
			next++;
		}
		if (!pool_running(run->pool) &&
		    (run->stopped || next >= run->ledger->count))
			break;
		run_attend(run);
	}
}

/* Does DEVICE still have phases in front of it, now that the run has ended? */
static bool
is_unfinished(const struct run *run, const struct ledger_device *device)
{
	const struct job *job = run->job;
	const char *last = job->phases[job->phase_count - 1].name;
	return device->status == DEVICE_PENDING ||
	    (device_status_is_success(device->status) &&
		!str_eq(device->phase, last));
}

/* Devices that were not run, or not to the end: each gets its result, too. */
static void
skip_rest(struct run *run)
{
	for (size_t i = 0; i < run->ledger->count; i++) {
		struct event event;
		if (!is_unfinished(run, &run->ledger->devices[i]))
			continue;
		event_init(&event, EVENT_DEVICE_FINISHED);
		event.hostname = xstrdup(run->ledger->devices[i].hostname);
		event.status = xstrdup("skipped");
		err_set(&event.error.err,
		    run->stopped ? run->stopped_kind : ERR_CANCELLED,
		    "not started: %s",
		    run->stopped ? run->stopped : "the run ended early");
		run_record(run, i, &event);
	}
}

static int
exit_status(const struct run *run, bool refused)
{
	if (refused)
		return EXIT_CREDENTIALS;
	if (run->stopped)
		return EXIT_STOPPED;
	return ledger_is_success(run->ledger) ? EXIT_ALL_WELL
					      : EXIT_DEVICES_FAILED;
}

static void
write_result(struct run *run)
{
	struct err err;
	struct run_outcome *outcome = run->outcome;
	struct result_run about = {
		.id = outcome->id,
		.job = run->job->name,
		.started_ms = run->started_ms,
		.finished_ms = clock_wall_ms(),
		.threads = run->job->threads,
		.exit_status = outcome->exit_status,
	};
	char *path = xasprintf("%s/result.json", outcome->dir);
	char *temporary = xasprintf("%s.new", path);
	FILE *file = fopen(temporary, "we");
	if (!file ||
	    result_write(file, &about, run->ledger, outcome->journal_fd) ||
	    fsync(fileno(file)) || rename(temporary, path)) {
		err_sys(&err, ERR_INTERNAL, errno, "%s", path);
		log_error("%s", err.text);
	}
	if (file)
		fclose(file);
	free(temporary);
	free(path);
}

static void
announce(struct run *run)
{
	struct event event;
	event_init(&event, EVENT_RUN_STARTED);
	run->started_ms = event.time_ms;
	event.more = json_pack("{s:s, s:s, s:i, s:I}", "run", run->outcome->id,
	    "job", run->job->name, "threads", run->job->threads, "devices",
	    (json_int_t)run->ledger->count);
	run_record(run, NO_DEVICE, &event);
}

static void
conclude(struct run *run, bool refused)
{
	struct event event;
	skip_rest(run);
	run->outcome->exit_status = exit_status(run, refused);
	run->outcome->signal = run->interrupts ? run->signal : 0;
	event_init(&event, EVENT_RUN_FINISHED);
	json_t *totals = json_object();
	for (unsigned i = DEVICE_CHANGED; i < DEVICE_STATUS__COUNT; i++)
		json_object_set_new(totals,
		    device_status_name((enum device_status)i),
		    json_integer((json_int_t)run->ledger->totals[i]));
	event.more = json_pack("{s:i, s:o}", "exit_status",
	    run->outcome->exit_status, "totals", totals);
	if (run->stopped)
		json_object_set_new(
		    event.more, "stopped", json_string(run->stopped));
	run_record(run, NO_DEVICE, &event);
	flush(run, true);
	write_result(run);
}

/* Copies the file at PATH into the run's directory as NAME. */
static int
keep_file(struct run *run, const char *path, const char *name, struct err *err)
{
	struct buf text;
	buf_init(&text, JOB_FILE_LIMIT_BYTES);
	int rc = file_read(path, &text, err);
	if (rc == 0)
		rc = journal_write_file(
		    run->journal, name, buf_str(&text), text.len, err);
	buf_clear(&text);
	return rc;
}

static int
keep_plan(struct run *run, struct err *err)
{
	json_t *json = plan_json(run->job);
	char *plan = json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	int rc = journal_write_file(
	    run->journal, "plan.json", plan, strlen(plan), err);
	json_decref(json);
	free(plan);
	return rc;
}

/* The run's directory with what was asked for and what was made of it. */
static int
open_journal(struct run *run, struct err *err)
{
	int rc = -1;
	char *state_dir = journal_state_dir(run->options->state_dir);
	char *transcripts = NULL;
	run->journal = journal_create(state_dir, run->job->name, err);
	if (!run->journal)
		goto out;
	run->outcome->dir = xstrdup(journal_dir(run->journal));
	run->outcome->id = xstrdup(journal_run_id(run->journal));
	run->outcome->journal_fd = dup(journal_fd(run->journal));
	fd_set_cloexec(run->outcome->journal_fd);
	transcripts = xasprintf("%s/transcripts", run->outcome->dir);
	if (keep_file(run, run->job->path, "job.yml", err) ||
	    (run->job->inventory &&
		keep_file(run, run->job->inventory, "inventory.yml", err)) ||
	    keep_plan(run, err) ||
	    (run->options->transcripts && dir_make(transcripts, 0700, err)))
		goto out;
	rc = 0;
out:
	free(transcripts);
	free(state_dir);
	return rc;
}

/* Each worker costs a descriptor here. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void
run_phases(struct run *run)
{
	struct err err;
	for (size_t i = 0; i < run->job->phase_count && !run->stopped; i++) {
		if (run_load_known_hosts(run, &err)) {
			run_stop(run, ERR_INTERNAL, "%s", err.text);
			break;
		}
		run_phase(run, &run->job->phases[i]);
	}
}

int
run_job(const struct job *job, struct credentials *credentials,
    const struct run_options *options, const struct run_observer *observer,
    struct run_outcome *outcome, struct err *err)
{
	struct run run = {
		.job = job,
		.credentials = credentials,
		.options = options,
		.observer = observer,
		.outcome = outcome,
		.ledger = &outcome->ledger,
	};
	struct pool_handler handler = {
		.data = &run,
		.event = on_event,
		.gone = on_gone,
		.signal = on_signal,
	};
	int rc = -1;
	*outcome = (struct run_outcome){ .journal_fd = -1 };
	ledger_init(&outcome->ledger, job);
	raise_descriptor_limit();
	if (run_load_known_hosts(&run, err) || open_journal(&run, err))
		goto out;
	ssh_warm_up();
	run.pool = pool_new(1, &handler, err);
	if (!run.pool)
		goto out;
	announce(&run);
	bool passed = run_check_credentials(&run);
	if (passed)
		run_phases(&run);
	conclude(&run, !passed && !run.interrupts);
	rc = 0;
out:
	pool_free(run.pool);
	journal_free(run.journal);
	known_hosts_free(run.known_hosts);
	free(run.waiting);
	free(run.stopped);
	return rc;
}
