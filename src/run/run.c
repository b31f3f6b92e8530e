/*
 * From the judged job to the last result. The parent does nothing with a
 * device itself: it starts workers, takes note of what they say, and judges.
 */
#include "run_parts.h"

#include "base/alarm.h"
#include "base/alloc.h"
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
#include "run/replay.h"
#include "run/result.h"
#include "run/rundir.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void
run_outcome_clear(struct run_outcome *outcome)
{
	free(outcome->dir);
	free(outcome->id);
	free(outcome->stopped);
	if (outcome->journal_fd >= 0)
		close(outcome->journal_fd);
	ledger_clear(&outcome->ledger);
	*outcome = (struct run_outcome){ .journal_fd = -1 };
}

struct run_view
run_outcome_view(const struct run_outcome *outcome)
{
	return (struct run_view){
		.about = outcome->about,
		.dir = outcome->dir,
		.result_kept = outcome->result_kept,
		.check = outcome->check,
		.stopped = outcome->stopped,
		.finished = true,
		.ledger = &outcome->ledger,
		.journal_fd = outcome->journal_fd,
	};
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

void
run_record(struct run *run, size_t device, struct event *event)
{
	run_take_note(run, device, event, journal_add(run->journal, event));
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

/* Waits for something to happen; lets those go on whose change is on the
 * disk now. One sync serves all that arrived together. */
void
run_attend(struct run *run, int64_t timeout_ms)
{
	pool_wait(run->pool, (int)timeout_ms);
	run_press(run);
	/* Whatever else stopped the run: no word in the journal, no change. */
	if (flush(run, run->waiting_count > 0))
		for (size_t i = 0; i < run->waiting_count; i++)
			pool_go(run->pool, run->waiting[i]);
	else if (run->waiting_count)
		pool_signal(run->pool, SIGTERM);
	run->waiting_count = 0;
	run->observer->tick(run->observer->data, run->ledger);
}

/* Does DEVICE still have something in front of it, now that the run has ended?
 * What an earlier part of the run left as it is stays as it was left. */
static bool
is_unfinished(const struct run *run, size_t device)
{
	enum device_status status = run->ledger->devices[device].status;
	return status == DEVICE_PENDING ||
	    (device_status_is_success(status) &&
		run_next_phase(run, device) < run->job->phase_count);
}

/* Devices that were not run, or not to the end: each gets its result, too. */
static void
skip_rest(struct run *run)
{
	for (size_t i = 0; i < run->ledger->count; i++) {
		struct event event;
		if (!is_unfinished(run, i))
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

static int
put_result(void *data, FILE *file)
{
	return result_write(file, data);
}

static void
write_result(struct run *run)
{
	struct err err;
	struct run_view view = run_outcome_view(run->outcome);
	char *path = xasprintf("%s/result.json", run->outcome->dir);
	run->outcome->result_kept = file_replace(path, 0600, put_result, &view,
					&err) == 0;
	if (!run->outcome->result_kept)
		log_error("%s", err.text);
	free(path);
}

/* Who asked for this, and where: the first question of the morning after. */
static void
set_by_whom(json_t *more)
{
	char machine[256] = "";
	const struct passwd *user = getpwuid(getuid());
	json_t *name = user ? json_string(user->pw_name) : NULL;
	if (name)
		json_object_set_new(more, "user", name);
	if (gethostname(machine, sizeof(machine) - 1) == 0)
		json_object_set_new(more, "machine", json_string(machine));
}

static void
set_time(json_t *more, const char *key, int64_t time_ms)
{
	char text[CLOCK_TEXT_BYTES];
	if (!time_ms)
		return;
	clock_format(time_ms, text);
	json_object_set_new(more, key, json_string(text));
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
	set_by_whom(event.more);
	set_time(event.more, "start", run->options->start_ms);
	set_time(event.more, "end", run->options->end_ms);
	if (run->options->resume)
		json_object_set_new(event.more, "resumed", json_true());
	if (run->options->check)
		json_object_set_new(event.more, "check", json_true());
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
	/* The journal's word: a report drawn again says the same. */
	int64_t finished_ms = event.time_ms;
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
	run->outcome->stopped = xstrdup(run->stopped);
	run->outcome->about = (struct result_run){
		.id = run->outcome->id,
		.job = run->job->name,
		.started_ms = run->started_ms,
		.finished_ms = finished_ms,
		.threads = run->job->threads,
		.exit_status = run->outcome->exit_status,
	};
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
keep_json(
    struct run *run, const json_t *json, const char *name, struct err *err)
{
	char *text = json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	int rc = journal_write_file(
	    run->journal, name, text, strlen(text), err);
	free(text);
	return rc;
}

/* What was asked for and what was made of it, for resume and report. */
static int
keep_papers(struct run *run, struct err *err)
{
	json_t *plan = plan_json(run->job);
	int rc = 0;
	if (keep_file(run, run->job->path, "job.yml", err) ||
	    (run->job->inventory &&
		keep_file(run, run->job->inventory, "inventory.yml", err)) ||
	    (run->options->call &&
		keep_json(run, run->options->call, "call.json", err)) ||
	    keep_json(run, plan, "plan.json", err))
		rc = -1;
	json_decref(plan);
	return rc;
}

static int
make_directory(const struct run *run, const char *name, struct err *err)
{
	char *path = xasprintf("%s/%s", run->outcome->dir, name);
	int rc = dir_make(path, 0700, err);
	free(path);
	return rc;
}

/* What the workers put their files in. They do not make it themselves: a run's
 * directory that was removed meanwhile must not come back in part. */
static int
make_directories(struct run *run, struct err *err)
{
	if (run->options->transcripts &&
	    make_directory(run, "transcripts", err))
		return -1;
	return run->options->check ? 0 : make_directory(run, "backup", err);
}

/* A new directory, or that of the run to go on with. */
static struct journal *
open_or_create(const struct run *run, struct err *err)
{
	if (run->options->resume)
		return journal_open(run->options->resume, err);
	char *state_dir = rundir_state_dir(run->options->state_dir);
	struct journal *journal = journal_create(
	    state_dir, run->job->name, err);
	free(state_dir);
	return journal;
}

static int
open_journal(struct run *run, struct err *err)
{
	run->journal = open_or_create(run, err);
	if (!run->journal)
		return -1;
	if (!run->options->resume &&
	    (keep_papers(run, err) || journal_publish(run->journal, err))) {
		journal_discard(run->journal);
		run->journal = NULL;
		return -1;
	}
	run->outcome->dir = xstrdup(journal_dir(run->journal));
	run->outcome->id = xstrdup(journal_run_id(run->journal));
	run->outcome->journal_fd = dup(journal_fd(run->journal));
	fd_set_cloexec(run->outcome->journal_fd);
	return make_directories(run, err);
}

/*
 * What an earlier part of this run left: done devices stay so. Of the others
 * those whose last visit had begun to change them are in doubt. (One that an
 * earlier phase changed and that failed untouched in the next is not.)
 */
static void
take_up(struct run *run)
{
	replay_ledger(run->ledger, run->outcome->journal_fd, &run->started_ms);
	for (size_t i = 0; i < run->ledger->count; i++) {
		struct ledger_device *device = &run->ledger->devices[i];
		struct run_device *about = &run->devices[i];
		struct event event;
		/* It was in flight when the run died. */
		if (ledger_gone(run->ledger, i, 0, false, true, &event))
			run_record(run, i, &event);
		if (device->status == DEVICE_PENDING ||
		    device_status_is_success(device->status))
			continue;
		about->again = true;
		about->doubt = device->doubt ||
		    (device->status == DEVICE_UNKNOWN && device->change_seen);
	}
	/* That was then. */
	for (size_t i = 0; i < run->ledger->count; i++)
		run->devices[i].failed = false;
	run->failures = 0;
	run->batch = (struct run_batch){ 0 };
	free(run->stopped);
	run->stopped = NULL;
}

#define OWN_DESCRIPTORS 16 /* of the parent, beside its workers' */

/* Each worker costs a descriptor here: raises the limit as far as it goes, and
 * finds how many workers that allows. */
static void
count_descriptors(struct run *run)
{
	struct rlimit limit;
	run->threads_max = JOB_THREADS_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur < OWN_DESCRIPTORS + JOB_THREADS_MAX)
		run->threads_max = limit.rlim_cur > OWN_DESCRIPTORS
		    ? (int)limit.rlim_cur - OWN_DESCRIPTORS
		    : 1;
}

/* Check, wait, check again, work. False: the credentials were refused. */
static bool
run_all(struct run *run)
{
	bool waits = run->options->start_ms > clock_wall_ms();
	if (!run_check_credentials(run))
		return false;
	if (waits && !run->stopped) {
		if (!run_wait_for_start(run))
			return true;
		/* It may have expired, and nobody sits here any more. */
		run->alone = true;
		if (!run_check_credentials(run))
			return false;
	}
	if (!run->stopped)
		run_batches(run);
	return true;
}

/* Called off before anything was done: nothing is left behind. */
static void
leave_nothing(struct run *run)
{
	journal_discard(run->journal);
	run->journal = NULL;
	free(run->outcome->dir);
	run->outcome->dir = NULL;
}

static int
begin(struct run *run, struct err *err)
{
	struct pool_handler handler;
	count_descriptors(run);
	if (run_load_known_hosts(run, err) || open_journal(run, err))
		return -1;
	ssh_warm_up();
	run_handler(run, &handler);
	run->pool = pool_new(1, &handler, err);
	if (!run->pool || run_mind_the_end(run, err))
		return -1;
	pool_hold(run->pool, journal_hold_fd(run->journal));
	announce(run);
	if (run->options->resume)
		take_up(run);
	return 0;
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
		.devices = xcalloc(
		    job->device_count, sizeof(struct run_device)),
	};
	*outcome = (struct run_outcome){
		.check = options->check,
		.journal_fd = -1,
	};
	ledger_init(&outcome->ledger, job);
	int rc = begin(&run, err);
	if (rc == 0) {
		bool passed = run_all(&run);
		conclude(&run, !passed && !run.interrupts);
		if (run.waits && !options->resume)
			leave_nothing(&run);
		else
			write_result(&run);
	}
	pool_free(run.pool);
	alarm_free(run.end);
	journal_free(run.journal);
	known_hosts_free(run.known_hosts);
	free(run.devices);
	free(run.retries);
	free(run.waiting);
	free(run.stopped);
	return rc;
}
