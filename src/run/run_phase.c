/*
 * Which device comes next: batches, in them the phases, in them the devices in
 * the order of the list; and those that failed untouched once more, later.
 */
#include "run_parts.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/log.h"
#include "base/str.h"
#include "run/journal.h"
#include "run/pool.h"
#include "run/result.h"
#include "run/rundir.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define KILL_GRACE_MS	   15000 /* past the device's own deadline */
#define TICK_MS		   1000
#define RETRY_DELAY_MAX_MS 60000
#define NO_PROCESS_MS	   30000 /* without one for so long: given up */
#define NO_PROCESS_WAIT_MS 200

/* The path is freed by the caller. */
static char *
transcript_path(const struct run *run, const struct job_device *device)
{
	if (!run->options->transcripts)
		return NULL;
	return xasprintf("%s/transcripts/%s.log", journal_dir(run->journal),
	    device->hostname);
}

static void
tell_fewer(struct run *run, const char *why, unsigned threads)
{
	if (run->fewer_told)
		return;
	run->fewer_told = true;
	char *text = xasprintf("%s: going on with %u at a time", why, threads);
	run->observer->notice(run->observer->data, text);
	free(text);
}

/* No process or descriptor to be had: said once, then fewer at a time. */
static int
go_on_with_fewer(struct run *run, const struct err *why)
{
	if (!run->short_of_processes)
		run->short_of_processes = clock_ms();
	tell_fewer(run, why->text, pool_running(run->pool));
	return 1;
}

/* What steps of the run remembered of a device, the later ones winning; NULL if
 * nothing. New reference. */
static json_t *
read_memory(struct run *run, const struct ledger_device *device)
{
	struct err ignored;
	if (!device->memory_count ||
	    journal_flush(run->journal, false, &ignored))
		return NULL;
	json_t *memory = json_object();
	for (size_t i = 0; i < device->memory_count; i++) {
		struct event event;
		if (result_read_event(
			journal_fd(run->journal), device->memories[i], &event))
			continue;
		json_object_update(
		    memory, json_object_get(event.more, "remember"));
		event_clear(&event);
	}
	return memory;
}

/* Is it to be looked at whether the device did what it was told: reload? When
 * nobody has seen it, or when what came after it went wrong: a device that came
 * back as it was would only do so again. */
static bool
was_told(const struct run *run, size_t index, const struct job_phase *phase)
{
	const struct ledger_device *device = &run->ledger->devices[index];
	return phase && device->told_step && !run->options->force &&
	    str_eq(device->told_phase, phase->name) &&
	    (device->told_open || run->devices[index].doubt);
}

static char *
backup_path(const struct run *run, const struct job_device *device)
{
	return run->options->check
	    ? NULL
	    : rundir_backup(journal_dir(run->journal), device->hostname);
}

int
run_start_device(struct run *run, size_t index, const struct job_phase *phase)
{
	struct ledger_device *entry = &run->ledger->devices[index];
	struct run_device *about = &run->devices[index];
	const struct job_device *device = &run->job->devices[index];
	struct err err;
	bool doubt = phase && about->doubt && !run->options->force;
	char *transcript = transcript_path(run, device);
	json_t *memory = phase ? read_memory(run, entry) : NULL;
	int64_t device_ms = phase
	    ? job_phase_device_ms(phase, &device->timeouts)
	    : device->timeouts.device_ms;
	char *backup = backup_path(run, device);
	struct target target = {
		.job = run->job,
		.device = device,
		.phase = phase,
		.credentials = run->credentials,
		.host_keys = run->options->host_keys,
		.known_hosts = run->known_hosts,
		.transcript = transcript,
		.attempt = about->tries + 1,
		.check_only = run->options->check,
		.force = run->options->force,
		.backup = backup,
		.doubt_step = doubt ? entry->change_step : NULL,
		.doubt_before = doubt ? entry->change_before : NULL,
		.told_step = was_told(run, index, phase) ? entry->told_step
							 : NULL,
		.told_ms = entry->told_ms,
		.memory = memory,
	};
	int rc = pool_start(
	    run->pool, &target, index, device_ms + KILL_GRACE_MS, &err);
	free(transcript);
	json_decref(memory);
	free(backup);
	if (rc)
		return go_on_with_fewer(run, &err);
	if (phase) {
		ledger_begin(run->ledger, index, phase->name);
		about->again = false;
		about->tries++;
	}
	return 0;
}

/* Kinds that may be gone the next time; a refusal of any sort is not. */
static bool
is_passing(enum err_kind kind)
{
	switch (kind) {
	case ERR_RESOLVE:
	case ERR_CONNECT:
	case ERR_CLOSED:
	case ERR_TIMEOUT:
	case ERR_CRASHED:
		return true;
	default:
		return false;
	}
}

/* Doubles with each try, and is spread by a quarter, so that devices that
 * failed together do not come back together. */
static int64_t
retry_delay(const struct run *run, int tries)
{
	unsigned dice = 0;
	int64_t delay = run->job->policy.retry_delay_ms;
	for (int i = 1; i < tries && delay < RETRY_DELAY_MAX_MS; i++)
		delay *= 2;
	if (delay > RETRY_DELAY_MAX_MS &&
	    delay > run->job->policy.retry_delay_ms)
		delay = RETRY_DELAY_MAX_MS;
	if (getrandom(&dice, sizeof(dice), 0) != sizeof(dice))
		dice = (unsigned)clock_ms();
	return delay * 3 / 4 + delay * (dice % 1000) / 2000;
}

bool
run_retry_later(struct run *run, size_t device, struct event *end)
{
	struct event event;
	int tries = run->devices[device].tries;
	if (end->kind != EVENT_DEVICE_FINISHED || run->stopped ||
	    !str_eq(end->status, "failed") ||
	    run->ledger->devices[device].change_seen ||
	    !is_passing(end->error.err.kind) ||
	    tries > run->job->policy.retries)
		return false;
	struct run_retry retry = {
		.device = device,
		.due = DEADLINE_NEVER,
		.delay_ms = retry_delay(run, tries),
		.end = *end,
	};
	event_init(&event, EVENT_DEVICE_RETRY);
	event.hostname = xstrdup(end->hostname);
	event.phase = xstrdup(end->phase);
	event.attempt = tries;
	event.duration_ms = end->duration_ms;
	event.error.err = end->error.err;
	event.more = json_pack("{s:f}", "wait", (double)retry.delay_ms / 1000);
	GROW(run->retries, run->retry_count, run->retry_cap);
	run->retries[run->retry_count++] = retry;
	run_record(run, device, &event);
	*end = (struct event){ 0 };
	return true;
}

void
run_retry_is_free(struct run *run, size_t device)
{
	for (size_t i = 0; i < run->retry_count; i++)
		if (run->retries[i].device == device)
			run->retries[i].due = deadline_in(
			    run->retries[i].delay_ms);
}

static void
drop_retry(struct run *run, size_t i)
{
	event_clear(&run->retries[i].end);
	run->retry_count--;
	memmove(&run->retries[i], &run->retries[i + 1],
	    (run->retry_count - i) * sizeof(run->retries[0]));
}

/* Not tried again after all: what its last visit said is its result. */
static void
give_up_retries(struct run *run)
{
	for (size_t i = run->retry_count; i-- > 0;) {
		if (run->retries[i].due == DEADLINE_NEVER)
			continue; /* its worker is not gone yet */
		struct event end = run->retries[i].end;
		size_t device = run->retries[i].device;
		run->retries[i].end = (struct event){ 0 };
		drop_retry(run, i);
		/* Its time was counted by the device_retry. */
		end.duration_ms = -1;
		run_record(run, device, &end);
	}
}

size_t
run_next_phase(const struct run *run, size_t device)
{
	const char *passed = run->ledger->devices[device].passed;
	for (size_t i = 0; passed && i < run->job->phase_count; i++)
		if (str_eq(run->job->phases[i].name, passed))
			return i + 1;
	return 0;
}

bool
run_has_work(const struct run *run, size_t device)
{
	enum device_status status = run->ledger->devices[device].status;
	return run_next_phase(run, device) < run->job->phase_count &&
	    (status == DEVICE_PENDING || device_status_is_success(status) ||
		run->devices[device].again);
}

static bool
takes_part(const struct run *run, size_t device, size_t phase)
{
	return run_has_work(run, device) &&
	    run_next_phase(run, device) == phase;
}

/* A process could not be had and none runs that would make room: waits, and
 * in the end gives the device up. False: go on trying. */
static bool
give_up_starting(struct run *run, size_t device)
{
	struct event event;
	if (pool_running(run->pool) ||
	    clock_ms() - run->short_of_processes < NO_PROCESS_MS)
		return false;
	event_init(&event, EVENT_DEVICE_FINISHED);
	event.hostname = xstrdup(run->job->devices[device].hostname);
	event.phase = xstrdup(run->phase->name);
	event.status = xstrdup("failed");
	err_set(&event.error.err, ERR_INTERNAL,
	    "no process for a worker could be had for %d s",
	    NO_PROCESS_MS / 1000);
	run_record(run, device, &event);
	return true;
}

/* The retry that is due, if any: its index, else retry_count. */
static size_t
due_retry(const struct run *run)
{
	size_t i = 0;
	while (i < run->retry_count && !deadline_passed(run->retries[i].due))
		i++;
	return i;
}

/* Fills the free slots. NEXT: the first device not looked at yet. */
static void
start_devices(struct run *run, size_t phase, size_t *next)
{
	const struct job_phase *about = &run->job->phases[phase];
	while (!run->stopped && pool_has_room(run->pool)) {
		size_t retry = due_retry(run);
		size_t device = *next;
		if (retry < run->retry_count)
			device = run->retries[retry].device;
		else if (about->threads == 1 && run->retry_count)
			return; /* strictly one after the other */
		else if (device >= run->batch.to)
			return;
		bool wanted = retry < run->retry_count ||
		    takes_part(run, device, phase);
		if (wanted && run_start_device(run, device, about) &&
		    !give_up_starting(run, device))
			return; /* when one ends, there is room */
		if (wanted)
			run->short_of_processes = 0;
		if (retry < run->retry_count)
			drop_retry(run, retry);
		else
			(*next)++;
	}
}

/* How long the parent may sleep. */
static int64_t
patience(const struct run *run)
{
	int64_t until = deadline_in(
	    run->short_of_processes ? NO_PROCESS_WAIT_MS : TICK_MS);
	for (size_t i = 0; i < run->retry_count; i++)
		until = deadline_first(until, run->retries[i].due);
	return deadline_poll_ms(until);
}

static void
set_threads(struct run *run)
{
	int threads = run->phase->threads;
	size_t devices = run->batch.to - run->batch.from;
	if (threads > run->threads_max) {
		threads = run->threads_max;
		if (devices > (size_t)threads)
			tell_fewer(run,
			    "the limit on open files (ulimit -n) is low",
			    (unsigned)threads);
	}
	pool_set_threads(run->pool, (unsigned)threads);
}

/* All devices of the batch that are still good, in list order, at most
 * THREADS at once; a free slot is filled at once. */
static void
run_phase(struct run *run, size_t phase)
{
	size_t next = run->batch.from;
	run->phase = &run->job->phases[phase];
	set_threads(run);
	for (size_t i = run->batch.from; i < run->batch.to; i++)
		run->devices[i].tries = 0;
	for (;;) {
		start_devices(run, phase, &next);
		if (run->stopped)
			give_up_retries(run);
		if (!pool_running(run->pool) && !run->retry_count &&
		    (run->stopped || next >= run->batch.to))
			break;
		run_attend(run, patience(run));
	}
	run->phase = NULL;
}

/* What the batch holds already: devices with work, and such that failed in the
 * check of the credentials. */
static bool
look_over(struct run *run)
{
	bool has_work = false;
	for (size_t i = run->batch.from; i < run->batch.to; i++) {
		has_work |= run_has_work(run, i);
		run->batch.failures += run->devices[i].failed;
	}
	run_judge_failures(run);
	return has_work && !run->stopped;
}

static void
run_batch(struct run *run)
{
	struct err err;
	struct event event;
	if (!look_over(run))
		return;
	if (run->job->policy.batch_count) {
		event_init(&event, EVENT_BATCH_STARTED);
		event.more = json_pack("{s:I, s:I, s:I, s:s, s:s}", "batch",
		    (json_int_t)run->batch.number, "batches",
		    (json_int_t)run->batch_count, "devices",
		    (json_int_t)(run->batch.to - run->batch.from), "first",
		    run->job->devices[run->batch.from].hostname, "last",
		    run->job->devices[run->batch.to - 1].hostname);
		run_record(run, NO_DEVICE, &event);
	}
	for (size_t i = 0; i < run->job->phase_count && !run->stopped; i++) {
		if (run_load_known_hosts(run, &err))
			run_stop(run, ERR_INTERNAL, "%s", err.text);
		else
			run_phase(run, i);
	}
}

void
run_batches(struct run *run)
{
	const struct job_policy *policy = &run->job->policy;
	size_t count = run->ledger->count;
	run->batch_count = 0;
	for (size_t at = 0; at < count; run->batch_count++)
		at += job_batch_size(policy, run->batch_count, count);
	for (size_t i = 0; i < run->batch_count && !run->stopped; i++) {
		size_t from = run->batch.to;
		size_t left = count - from;
		size_t size = job_batch_size(policy, i, count);
		run->batch = (struct run_batch){
			.number = i + 1,
			.from = from,
			.to = from + (size < left ? size : left),
		};
		run_batch(run);
	}
}
