/*
 * A worker does one host after the other, as a new process for each would
 * cost as much as a login; one that crashes costs the host that it was at.
 *
 * Who is started when: in the order given, at most so many at once, no more at
 * one address than it lets in; those that are tried again come behind those
 * that were not tried yet. With a password, one login must succeed before the
 * others are tried, and a refusal ends it: a mistyped one locks no account.
 */
#include "run/shell.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/die.h"
#include "base/log.h"
#include "device/transport_ssh2.h"
#include "run/crew.h"
#include "run/frame.h"
#include "run/host_key.h"
#include "run/pool.h"
#include "shell_gate.h"
#include "shell_worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>

#define MEMORY_LIMIT_BYTES (32u << 20) /* of all outputs that wait */
#define LOOK_AHEAD	   4096 /* hosts passed over behind a closed door */
#define BACKOFF_FIRST_MS   200 /* doubles; up to twice that at random */
#define BACKOFF_MAX_MS	   10000
#define KILL_GRACE_MS	   15000 /* beyond all that a worker may take */
#define NO_TIMEOUT_MS	   (365LL * 24 * 3600 * 1000)
#define CREW		   8 /* hosts in one process: they share its fate */
#define LINE_LIMIT_BYTES   (FRAME_HEAD_BYTES + FRAME_LIMIT_BYTES)

/* What only a running host needs. */
struct flight {
	struct buf frames; /* what was read of an unfinished one */
	struct shell_end end;
	bool has_end;
	bool broken; /* what it said were no frames */
	bool lost; /* its output could not be kept */
};

struct again {
	size_t host;
	int64_t due; /* clock_ms() */
};

struct shell {
	const struct shell_call *call;
	const struct shell_host *hosts;
	size_t count;
	struct shell_result *results;
	const struct shell_observer *observer;
	struct shell_outcome *outcome;
	struct pool *pool;
	struct gates *gates;
	struct flight **flights; /* by host; NULL: not running */
	size_t first; /* all before it were started once */
	struct again *agains;
	size_t again_count, again_cap;
	bool stopped;
	bool proven; /* a login with the password succeeded */
	int interrupts;
};

bool
shell_result_is_good(const struct shell_result *result)
{
	return result->state == SHELL_DONE && result->kind == ERR_NONE &&
	    result->code == 0;
}

void
shell_result_forget(struct shell_result *result)
{
	capture_clear(&result->out);
	capture_clear(&result->err);
	free(result->message);
	result->message = NULL;
}

static bool
uses_password(const struct shell *shell, size_t host)
{
	const struct shell_host *at = &shell->hosts[host];
	return at->login_count == 1 &&
	    at->logins[0]->method == CREDENTIALS_PASSWORD;
}

static void
stop(struct shell *shell, char *why)
{
	shell->stopped = true;
	if (shell->outcome->stopped)
		free(why);
	else
		shell->outcome->stopped = why;
}

/* HOST has its result. */
static void
settle(struct shell *shell, size_t host, int code, enum err_kind kind,
    char *message)
{
	struct shell_result *result = &shell->results[host];
	result->state = SHELL_DONE;
	result->code = code;
	result->kind = kind;
	free(result->message);
	result->message = message;
	result->finished_ms = clock_wall_ms();
	if (result->finished_ms < result->started_ms)
		result->finished_ms = result->started_ms;
	capture_done(&result->out);
	capture_done(&result->err);
	shell->observer->done(shell->observer->data, host);
}

/* From WAIT to twice that, so that those who failed together do not come
 * again together. */
static int64_t
backoff_ms(int attempts)
{
	int64_t wait = BACKOFF_FIRST_MS;
	uint32_t random = 0;
	while (--attempts > 0 && wait < BACKOFF_MAX_MS)
		wait *= 2;
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	return wait + (int64_t)(random % (uint32_t)wait);
}

static void
try_again(struct shell *shell, size_t host)
{
	struct shell_result *result = &shell->results[host];
	result->state = SHELL_WAITING;
	capture_clear(&result->out);
	capture_clear(&result->err);
	GROW(shell->agains, shell->again_count, shell->again_cap);
	shell->agains[shell->again_count++] = (struct again){ host,
		deadline_in(backoff_ms(result->attempts)) };
}

static void
hear_output(struct shell *shell, size_t host, const struct frame *frame)
{
	struct shell_result *result = &shell->results[host];
	struct flight *flight = shell->flights[host];
	const struct shell_observer *observer = shell->observer;
	bool is_error = frame->kind == FRAME_ERR;
	struct err err;
	if (observer->said)
		observer->said(
		    observer->data, host, is_error, frame->data, frame->len);
	if (!shell->call->keep || flight->lost ||
	    capture_add(is_error ? &result->err : &result->out, frame->data,
		frame->len, &err) == 0)
		return;
	flight->lost = true;
	free(result->message);
	result->message = xasprintf(
	    "its output could not be kept: %s", err.text);
}

static void
hear_host_key(struct shell *shell, size_t host, const struct frame *frame)
{
	const char *path = shell->hosts[host].known_hosts_path;
	struct err err;
	json_t *note = json_loadb(frame->data, frame->len, 0, NULL);
	if (path && host_key_keep(note, path, false, &err))
		log_warn("%s", err.text);
	json_decref(note);
}

static void
hear(struct shell *shell, size_t host, const struct frame *frame)
{
	struct flight *flight = shell->flights[host];
	switch (frame->kind) {
	case FRAME_OUT:
	case FRAME_ERR:
		hear_output(shell, host, frame);
		break;
	case FRAME_IN:
		gate_leave(shell->gates, host, false);
		shell->proven = true;
		break;
	case FRAME_HOST_KEY:
		hear_host_key(shell, host, frame);
		break;
	case FRAME_END:
		free(flight->end.message);
		flight->has_end = shell_end_get(&flight->end, frame->data,
				      frame->len) == 0;
		break;
	}
}

/* What became of a worker that left no last word. */
static char *
epitaph(int wait_status, bool overdue)
{
	if (overdue)
		return xasprintf("its worker did not end in time and was "
				 "killed");
	if (WIFSIGNALED(wait_status))
		return xasprintf("its worker was killed by signal %d",
		    WTERMSIG(wait_status));
	return xasprintf(
	    "its worker ended with status %d", WEXITSTATUS(wait_status));
}

static void
judge_password(struct shell *shell, size_t host, const struct shell_end *end)
{
	if (end->kind == ERR_AUTH && uses_password(shell, host))
		stop(shell,
		    xasprintf("the password was refused by %s",
			shell->hosts[host].host->name));
}

/* A short session and nothing else: no children, and no files that would be
 * read and written while others wait. */
static bool
shares(void *data, size_t host)
{
	const struct shell *shell = data;
	const struct job_device *device = &shell->hosts[host].device;
	return CREW && CREW_IS_POSSIBLE &&
	    (shell->call->kind == SHELL_COMMAND ||
		shell->call->kind == SHELL_SCRIPT) &&
	    !device->proxy_jump && !device->profile;
}

/* HOST is at its end, by its worker's last word or by the worker's own. */
static void
conclude(struct shell *shell, size_t host, int wait_status, bool overdue)
{
	struct flight *flight = shell->flights[host];
	struct shell_result *result = &shell->results[host];
	struct shell_end *end = &flight->end;
	bool again = flight->has_end && end->again;
	gate_leave(shell->gates, host,
	    again && (end->kind == ERR_CLOSED || end->kind == ERR_CONNECT));
	shell->flights[host] = NULL;
	if (again && !shell->stopped &&
	    result->attempts < shell->call->attempts) {
		try_again(shell, host);
	} else if (!flight->has_end) {
		settle(shell, host, SHELL_CODE_FAILED, ERR_CRASHED,
		    epitaph(wait_status, overdue));
	} else if (flight->lost) {
		settle(shell, host, SHELL_CODE_FAILED, ERR_INTERNAL,
		    xstrdup(result->message));
	} else {
		judge_password(shell, host, end);
		settle(
		    shell, host, end->code, end->kind, xstrdup(end->message));
	}
	free(end->message);
	buf_clear(&flight->frames);
	free(flight);
}

static void
on_gone(void *data, size_t host, int wait_status, bool overdue)
{
	conclude(data, host, wait_status, overdue);
}

static void
on_bytes(void *data, size_t host, const char *bytes, size_t len)
{
	struct shell *shell = data;
	struct flight *flight = shell->flights[host];
	struct frame frame;
	while (len && !flight->broken) {
		/* The buffer has room for one frame. */
		size_t room = LINE_LIMIT_BYTES - flight->frames.len, at = 0;
		size_t part = len < room ? len : room;
		int more;
		buf_add(&flight->frames, bytes, part);
		bytes += part;
		len -= part;
		while ((more = frame_next(buf_str(&flight->frames),
			    flight->frames.len, &at, &frame)) > 0)
			hear(shell, host, &frame);
		buf_drop(&flight->frames, at);
		flight->broken = more < 0;
	}
	if (flight->broken)
		pool_kill(shell->pool, host);
	/* A crew ends the stream of each; other workers go on to the next. */
	if (flight->broken || !flight->has_end || shares(shell, host))
		return;
	pool_rest(shell->pool, host);
	conclude(shell, host, 0, false);
}

static void
on_signal(void *data, int number)
{
	struct shell *shell = data;
	shell->outcome->signal = number;
	stop(shell, xstrdup("called off"));
	pool_signal(shell->pool, shell->interrupts++ ? SIGKILL : SIGTERM);
}

static int
on_work(void *data, size_t host, int fd, int off_fd)
{
	const struct shell *shell = data;
	int rc;
	do {
		rc = shell_worker(shell->call, &shell->hosts[host], fd, off_fd);
	} while (rc == 0 && !shares(data, host) && pool_worker_next(fd, &host));
	return rc;
}

/* The latest time at which a worker that works as it should is at its end. */
static int64_t
kill_after_ms(const struct shell *shell, size_t host)
{
	const struct timeouts *timeouts = &shell->hosts[host].device.timeouts;
	if (!shell->call->timeout_ms)
		return NO_TIMEOUT_MS;
	return shell->call->timeout_ms + timeouts->connect_ms +
	    timeouts->login_ms + KILL_GRACE_MS;
}

static void
start(struct shell *shell, size_t host)
{
	struct shell_result *result = &shell->results[host];
	const char *refused = shell->hosts[host].refused;
	struct err err;
	result->started_ms = clock_wall_ms();
	result->attempts++;
	result->state = SHELL_RUNNING;
	if (refused) {
		settle(shell, host, SHELL_CODE_FAILED, ERR_CONNECT,
		    xstrdup(refused));
		return;
	}
	capture_init(&result->out, &shell->outcome->place);
	capture_init(&result->err, &shell->outcome->place);
	struct flight *flight = xcalloc(1, sizeof(*flight));
	buf_init(&flight->frames, LINE_LIMIT_BYTES);
	shell->flights[host] = flight;
	if (pool_start(
		shell->pool, NULL, host, kill_after_ms(shell, host), &err)) {
		shell->flights[host] = NULL;
		free(flight);
		settle(shell, host, SHELL_CODE_FAILED, ERR_INTERNAL,
		    xstrdup(err.text));
		return;
	}
	gate_enter(shell->gates, host);
}

/* The next host that was never started and whose door is open. */
static bool
take_fresh(struct shell *shell, size_t *host)
{
	const struct shell_result *results = shell->results;
	while (shell->first < shell->count && results[shell->first].attempts)
		shell->first++;
	size_t end = shell->count - shell->first < LOOK_AHEAD
	    ? shell->count
	    : shell->first + LOOK_AHEAD;
	for (*host = shell->first; *host < end; ++*host)
		if (!results[*host].attempts &&
		    gate_is_open(shell->gates, *host))
			return true;
	return false;
}

static bool
take_again(struct shell *shell, size_t *host)
{
	for (size_t i = 0; i < shell->again_count; i++) {
		struct again *again = &shell->agains[i];
		if (!deadline_passed(again->due) ||
		    !gate_is_open(shell->gates, again->host))
			continue;
		*host = again->host;
		memmove(again, again + 1,
		    (--shell->again_count - i) * sizeof(*again));
		return true;
	}
	return false;
}

/* One after the other means that each is at its end before the next. */
static bool
take_next(struct shell *shell, size_t *host)
{
	bool strict = shell->call->threads == 1;
	if (strict && shell->again_count)
		return take_again(shell, host);
	return take_fresh(shell, host) || take_again(shell, host);
}

static void
start_some(struct shell *shell)
{
	size_t host;
	while (!shell->stopped && pool_has_room(shell->pool)) {
		bool guess = !shell->proven && pool_running(shell->pool) &&
		    shell->count && uses_password(shell, 0);
		if (guess || !take_next(shell, &host))
			return;
		start(shell, host);
	}
}

static int
wait_ms(const struct shell *shell)
{
	int64_t due = DEADLINE_NEVER;
	if (shell->stopped || !pool_has_room(shell->pool))
		return -1;
	for (size_t i = 0; i < shell->again_count; i++)
		due = deadline_first(due, shell->agains[i].due);
	/* One that is due waits for its door, which somebody else opens. */
	if (due != DEADLINE_NEVER && deadline_passed(due) &&
	    pool_running(shell->pool))
		return -1;
	return deadline_poll_ms(due);
}

static bool
is_over(const struct shell *shell)
{
	if (pool_running(shell->pool))
		return false;
	return shell->stopped ||
	    (!shell->again_count && shell->first >= shell->count);
}

/* Those that nobody came to, or came to again. */
static void
leave_the_rest(struct shell *shell)
{
	for (size_t i = 0; i < shell->count; i++) {
		struct shell_result *result = &shell->results[i];
		if (result->state != SHELL_WAITING)
			continue;
		result->state = SHELL_NOT_RUN;
		shell->observer->done(shell->observer->data, i);
	}
}

static void
put_gates(struct shell *shell)
{
	shell->gates = gates_new(shell->count);
	for (size_t i = 0; i < shell->count; i++) {
		const struct job_device *device = &shell->hosts[i].device;
		char *name = shell->call->kind == SHELL_LOCAL
		    ? xasprintf("%zu", i)
		    : device->proxy_jump
		    ? xstrdup(device->proxy_jump)
		    : xasprintf("%s:%d", device->address, device->port);
		gates_put(shell->gates, i, name);
		free(name);
	}
}

int
shell_run(const struct shell_call *call, const struct shell_host *hosts,
    size_t count, struct shell_result *results,
    const struct shell_observer *observer, struct shell_outcome *outcome,
    struct err *err)
{
	struct shell shell = {
		.call = call,
		.hosts = hosts,
		.count = count,
		.results = results,
		.observer = observer,
		.outcome = outcome,
	};
	struct pool_handler handler = {
		.data = &shell,
		.gone = on_gone,
		.signal = on_signal,
		.work = on_work,
		.bytes = on_bytes,
		.crew = CREW,
		.shares = shares,
	};
	memset(results, 0, count * sizeof(*results));
	*outcome = (struct shell_outcome){ 0 };
	capture_place_init(
	    &outcome->place, call->spill_parent, MEMORY_LIMIT_BYTES);
	if (call->kind != SHELL_LOCAL)
		ssh_warm_up();
	shell.pool = pool_new(call->threads, &handler, err);
	if (!shell.pool)
		return -1;
	put_gates(&shell);
	shell.flights = xcalloc(count + 1, sizeof(struct flight *));
	for (;;) {
		start_some(&shell);
		if (is_over(&shell))
			break;
		pool_wait(shell.pool, wait_ms(&shell));
	}
	leave_the_rest(&shell);
	pool_free(shell.pool);
	gates_free(shell.gates);
	free(shell.flights);
	free(shell.agains);
	return 0;
}

void
shell_outcome_clear(struct shell_outcome *outcome)
{
	capture_place_clear(&outcome->place);
	free(outcome->stopped);
	*outcome = (struct shell_outcome){ 0 };
}
