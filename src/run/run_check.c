/*
 * The check of the credentials: one login, asked again for after a refusal,
 * before anything else is forked. It uses the pool with one worker.
 */
#include "run_parts.h"

#include "base/alloc.h"
#include "base/die.h"
#include "base/str.h"
#include "run/pool.h"

#include <stdlib.h>

#define LOGIN_ATTEMPTS_MAX 3
#define NO_PROCESS_WAIT_MS 200
#define TICK_MS		   1000

enum check {
	CHECK_PASSED,
	CHECK_REFUSED,
	CHECK_NOT_REACHED,
	CHECK_STOPPED, /* ^C, the end of the window */
};

static const char *
device_username(const struct run *run, const struct job_device *device)
{
	return device->username ? device->username : run->credentials->username;
}

/* One login on one device. FINISHED gets what the worker said at its end. */
static enum check
check_on(struct run *run, size_t index, struct event *finished)
{
	struct event event;
	const struct job_device *device = &run->job->devices[index];
	enum check result = CHECK_NOT_REACHED;
	run->check = finished;
	event_init(finished, EVENT_DEVICE_FINISHED);
	while (run_start_device(run, index, NULL) && !run->stopped)
		run_attend(run, NO_PROCESS_WAIT_MS);
	while (pool_running(run->pool))
		run_attend(run, TICK_MS);
	run->check = NULL;
	if (run->stopped)
		return CHECK_STOPPED;
	if (finished->error.err.kind == ERR_AUTH)
		result = CHECK_REFUSED;
	else if (str_eq(finished->status, "unchanged") ||
	    finished->stage == STAGE_PREPARE)
		result = CHECK_PASSED; /* logged in; the rest is the run's */
	event_init(&event, EVENT_CREDENTIALS_CHECKED);
	event.hostname = xstrdup(device->hostname);
	event.status = xstrdup(result == CHECK_PASSED ? "passed"
		: result == CHECK_REFUSED	      ? "refused"
						      : "not_reached");
	event.name = xstrdup(device_username(run, device));
	event.error.err = finished->error.err;
	run_record(run, NO_DEVICE, &event);
	return result;
}

/* What the check met on a device becomes its result: it is not run. */
static void
record_end(struct run *run, size_t index, struct event *end, int attempts)
{
	struct event started;
	event_init(&started, EVENT_DEVICE_STARTED);
	started.hostname = xstrdup(run->job->devices[index].hostname);
	started.attempt = attempts;
	run_record(run, index, &started);
	free(end->phase);
	end->phase = NULL;
	run_record(run, index, end);
}

/* Might another password help? Not where the device said what it wants: a new
 * one, say, or an enable password. */
static bool
is_mistyped(const struct event *end)
{
	return !end->error.device_text;
}

/*
 * The devices with one user name (NULL: the credentials'), beginning with
 * FIRST, until one lets us in or says no. If none can be reached, that is
 * their result.
 */
static enum check
check_user(struct run *run, const char *username, size_t first)
{
	size_t count = run->ledger->count;
	struct event *ends = xcalloc(count, sizeof(*ends));
	enum check result = CHECK_NOT_REACHED;
	int refusals = 0;
	for (size_t i = 0; i < count && result == CHECK_NOT_REACHED; i++) {
		size_t index = (first + i) % count;
		const struct job_device *device = &run->job->devices[index];
		if (!str_eq(device->username, username) ||
		    !run_has_work(run, index))
			continue;
		do {
			event_clear(&ends[index]);
			result = check_on(run, index, &ends[index]);
		} while (result == CHECK_REFUSED &&
		    ++refusals < LOGIN_ATTEMPTS_MAX && !run->alone &&
		    is_mistyped(&ends[index]) &&
		    run->observer->ask_again(
			run->observer->data, run->credentials, refusals));
		if (result == CHECK_REFUSED) {
			run_stop(run, ERR_AUTH,
			    "%s refused the credentials of %s",
			    device->hostname, device_username(run, device));
			record_end(run, index, &ends[index], refusals);
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (result == CHECK_NOT_REACHED && ends[i].hostname)
			record_end(run, i, &ends[i], 1);
		event_clear(&ends[i]);
	}
	free(ends);
	return result;
}

static size_t
find_device(const struct run *run, const char *hostname)
{
	for (size_t i = 0; hostname && i < run->job->device_count; i++)
		if (str_eq(run->job->devices[i].hostname, hostname))
			return i;
	return 0;
}

bool
run_check_credentials(struct run *run)
{
	struct strs users = { 0 };
	struct err err;
	enum check result = CHECK_PASSED;
	size_t count = run->job->device_count;
	size_t first = find_device(run, run->job->validate_on);
	for (size_t i = 0; i < count && !run->stopped; i++) {
		size_t index = (first + i) % count;
		const char *username = run->job->devices[index].username;
		if (strs_has(&users, username ? username : "") ||
		    !run_has_work(run, index))
			continue;
		strs_add(&users, username ? username : "");
		result = check_user(run, username, index);
		if (run_load_known_hosts(run, &err))
			run_stop(run, ERR_INTERNAL, "%s", err.text);
	}
	strs_clear(&users);
	return result != CHECK_REFUSED;
}
