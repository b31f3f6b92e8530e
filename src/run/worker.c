/*
 * The life of a worker: connect, log in, prepare, one step after the other,
 * close; an event for each. It judges only its own steps: the device's result
 * is the parent's verdict.
 */
#include "run/worker.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/fdio.h"
#include "base/str.h"
#include "device/copy.h"
#include "device/known_hosts.h"
#include "device/session.h"
#include "device/step.h"
#include "device/target.h"
#include "device/visit.h"
#include "device/wait.h"
#include "run/event.h"
#include "run/host_key.h"
#include "text/redact.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLOSE_GRACE_MS 5000
#define PROGRESS_MS    2000 /* between two events of a copy */

struct worker {
	struct target own; /* what it was told, and what it learnt since */
	const struct target *target; /* the same */
	json_t *memory; /* of `own` */
	struct known_hosts *met; /* the host key that it trusted, or NULL */
	int fd;
	int off_fd; /* readable: stop at once */
	/* What every wait watches: a copy of `fd`, and of `off_fd` while the
	 * device is being changed. */
	int cancel_fd;
	struct redactor redactor;
	enum stage stage;
	const struct job_step *step; /* the current one, or NULL */
	bool shielded;
	char *before; /* digest of what the step is about to change */
	int64_t started_ms;
	struct copy_pace pace; /* of the copy that is under way */
	uint64_t copied;
	int64_t progress_ms; /* when it was told last */
	bool lost; /* the parent cannot be reached any more */
	struct buf line;
	struct buf clean;
};

static void
emit(struct worker *worker, struct event *event)
{
	const struct target *target = worker->target;
	event->hostname = xstrdup(target->device->hostname);
	event->phase = xstrdup(
	    target->phase ? target->phase->name : "credentials");
	buf_reset(&worker->line);
	event_put(event, &worker->line);
	if (!worker->lost &&
	    fd_write_all(worker->fd, buf_str(&worker->line), worker->line.len))
		worker->lost = true;
	event_clear(event);
}

/* So many of the first LEN bytes as are whole lines; all when none is. */
static size_t
whole_lines(const char *text, size_t len)
{
	const char *end = memrchr(text, '\n', len);
	return end ? (size_t)(end - text) + 1 : len;
}

/* A device's text as it may be written down: no secret, valid UTF-8, not
 * longer than LIMIT. The caller owns it. *CUT (may be NULL): the end of it was
 * left out, by whoever kept the text or here. */
static char *
clean_text(struct worker *worker, const char *text, size_t len, size_t limit,
    bool *cut)
{
	struct buf out;
	/* Cut after redacting: a secret that the limit divides is one, too.
	 * But what is far beyond it need not be looked at. */
	bool shorter = len > 4 * limit;
	if (shorter)
		len = whole_lines(text, 4 * limit);
	buf_reset(&worker->clean);
	if (shorter || (cut && *cut))
		len = redact_cut_len(&worker->redactor, text, len);
	redact_add(&worker->redactor, &worker->clean, text, len);
	buf_init(&out, limit);
	str_add_utf8(&out, buf_str(&worker->clean), worker->clean.len);
	if ((shorter || out.cut || worker->clean.cut) && cut)
		*cut = true;
	return buf_take(&out);
}

#define FAULT_TEXT_LIMIT_BYTES 65536

/* Hands FAULT over to EVENT, its texts made fit to be written. */
static void
set_error(struct worker *worker, struct event *event, struct fault *fault)
{
	if (fault->sent)
		redactor_learn(
		    &worker->redactor, fault->sent, strlen(fault->sent));
	/* A message that fills its room was cut to it, as far as we know. */
	size_t room = sizeof(fault->err.text), used = strlen(fault->err.text);
	bool cut = used + 1 == room;
	char *message = clean_text(worker, fault->err.text, used, room, &cut);
	event->error.err.kind = fault->err.kind;
	err_set(&event->error.err, fault->err.kind, "%s", message);
	/* A message cut in the middle of a character is cut before it. */
	size_t bad, len = strlen(event->error.err.text);
	if (!str_is_utf8(event->error.err.text, len, &bad))
		event->error.err.text[bad] = '\0';
	event->error.line = fault->line;
	if (fault->sent)
		event->error.sent = clean_text(worker, fault->sent,
		    strlen(fault->sent), FAULT_TEXT_LIMIT_BYTES, NULL);
	if (fault->device_text)
		event->error.device_text = clean_text(worker,
		    fault->device_text, strlen(fault->device_text),
		    FAULT_TEXT_LIMIT_BYTES, NULL);
	free(message);
	redactor_forget(&worker->redactor);
}

/* Waits for the parent's word that the journal holds the stage. */
static int
await_go(struct worker *worker)
{
	for (;;) {
		char word;
		struct pollfd p = { .fd = worker->fd, .events = POLLIN };
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -1;
		ssize_t n = read(worker->fd, &word, 1);
		if (n == 1)
			return word == WORKER_GO ? 0 : -1;
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return -1;
	}
}

/*
 * From here to the end of the step the death of the parent is no reason to
 * stop: half of a list is worse than one change more. Only what OFF_FD says
 * is. The descriptor that every wait knows stays the same.
 */
static void
shield(struct worker *worker, bool on)
{
	int from = on ? worker->off_fd : worker->fd;
	if (worker->off_fd >= 0)
		dup3(from, worker->cancel_fd, O_CLOEXEC);
}

/* Each change is announced, each other stage once. */
static int
on_stage(void *data, enum stage stage)
{
	struct worker *worker = data;
	struct event event;
	if (worker->stage == stage && stage != STAGE_CHANGE)
		return 0;
	/* What is put back belongs to the change that was announced. */
	if (stage == STAGE_CHANGE && worker->shielded)
		return 0;
	worker->stage = stage;
	event_init(&event, EVENT_STAGE);
	event.stage = stage;
	if (stage == STAGE_CHANGE)
		event.more = json_pack("{s:s, s:s*}", "step",
		    worker->step->name, "before", worker->before);
	if (stage == STAGE_CHANGE && worker->step->kind == STEP_RELOAD)
		json_object_set_new(event.more, "reload", json_true());
	emit(worker, &event);
	if (stage != STAGE_CHANGE)
		return worker->lost && !worker->shielded ? -1 : 0;
	if (worker->lost || await_go(worker))
		return -1;
	worker->shielded = true;
	shield(worker, true);
	return 0;
}

static void
on_before(void *data, const char *digest)
{
	struct worker *worker = data;
	free(worker->before);
	worker->before = xstrdup(digest);
}

static void
emit_log(struct worker *worker, const char *text, bool is_warning)
{
	struct event event;
	event_init(&event, EVENT_LOG);
	if (is_warning)
		event.more = json_pack("{s:b}", "warning", 1);
	event.text = clean_text(worker, text, strlen(text), 4096, NULL);
	emit(worker, &event);
}

/* A copy comes on: told now and then, and its end always. */
static void
on_progress(void *data, uint64_t bytes, uint64_t total)
{
	struct worker *worker = data;
	struct event event;
	int64_t now = clock_ms();
	if (bytes < worker->copied)
		worker->pace = (struct copy_pace){ 0 };
	worker->copied = bytes;
	copy_pace_note(&worker->pace, now, bytes);
	if (bytes != total && now - worker->progress_ms < PROGRESS_MS)
		return;
	worker->progress_ms = now;
	event_init(&event, EVENT_PROGRESS);
	event.more = json_pack("{s:I, s:I}", "bytes", (json_int_t)bytes,
	    "total", (json_int_t)total);
	uint64_t rate = copy_pace_rate(&worker->pace);
	int64_t left_ms = copy_pace_left_ms(&worker->pace, total);
	if (rate)
		json_object_set_new(
		    event.more, "rate", json_integer((json_int_t)rate));
	if (left_ms >= 0)
		json_object_set_new(
		    event.more, "left", json_real((double)left_ms / 1000));
	emit(worker, &event);
}

static void
on_log(void *data, const char *text)
{
	emit_log(data, text, false);
}

static void
on_warn(void *data, const char *text)
{
	emit_log(data, text, true);
}

/* From here on this key and no other, for every connection of this worker. */
static void
trust(struct worker *worker, const char *address, int port, const char *type,
    const void *key, size_t len)
{
	known_hosts_free(worker->met);
	worker->met = known_hosts_of(address, (uint16_t)port, type, key, len);
	worker->own.known_hosts = worker->met;
}

static void
emit_host_key(struct worker *worker, const char *address, int port,
    const char *type, const void *key, size_t len, bool replaces)
{
	struct event event;
	event_init(&event, EVENT_HOST_KEY);
	event.more = host_key_put(address, port, type, key, len);
	if (replaces)
		json_object_set_new(event.more, "replaces", json_true());
	emit(worker, &event);
	trust(worker, address, port, type, key, len);
}

static void
on_host_key(void *data, const char *address, int port, const char *type,
    const void *key, size_t len)
{
	emit_host_key(data, address, port, type, key, len, false);
}

/* Is the device in a reload after which the job takes another key: in this
 * visit, or since an earlier one that did not see it come back? */
static bool
may_have_new_key(const struct worker *worker)
{
	const struct target *target = worker->target;
	const struct job_step *step = worker->step;
	if (worker->shielded && step && step->kind == STEP_RELOAD)
		return step->image.accept_new_host_key;
	for (size_t i = 0; target->phase && i < target->phase->step_count; i++)
		if (target->phase->steps[i].image.accept_new_host_key &&
		    str_eq(target->phase->steps[i].name, target->told_step))
			return true;
	return false;
}

/* Only a device that was told to reload may have made itself a new key, and
 * only where the job says that it may. */
static bool
on_new_host_key(void *data, const char *address, int port, const char *type,
    const void *key, size_t len)
{
	struct worker *worker = data;
	if (worker->target->host_keys == HOST_KEYS_STRICT ||
	    !may_have_new_key(worker))
		return false;
	emit_host_key(worker, address, port, type, key, len, true);
	return true;
}

/* What the step wants remembered: for the steps after it, and in the journal
 * for those of later visits. */
static void
remember(struct worker *worker, const struct step_result *result,
    struct event *event)
{
	const char *name;
	json_t *value;
	json_t *kept = json_object();
	json_object_foreach(result->memory, name, value)
	{
		char *text = clean_text(worker, json_string_value(value),
		    json_string_length(value), EVENT_OUTPUT_LIMIT_BYTES, NULL);
		json_object_set_new(kept, name, json_string(text));
		free(text);
	}
	json_object_update(worker->memory, kept);
	json_object_set_new(event->more, "remember", kept);
}

static void
emit_step(struct worker *worker, const struct job_step *step,
    struct step_result *result, int64_t duration_ms)
{
	struct event event;
	event_init(&event, EVENT_STEP);
	event.name = xstrdup(step->name);
	event.more = json_pack("{s:s}", "kind", step_kind_name(step->kind));
	event.status = xstrdup(step_status_name(result->status));
	event.duration_ms = duration_ms;
	event.output_cut = result->output.cut;
	event.output = clean_text(worker, buf_str(&result->output),
	    result->output.len, EVENT_OUTPUT_LIMIT_BYTES, &event.output_cut);
	if (result->diff.len) {
		char *diff = clean_text(worker, buf_str(&result->diff),
		    result->diff.len, EVENT_OUTPUT_LIMIT_BYTES, NULL);
		json_object_set_new(event.more, "diff", json_string(diff));
		free(diff);
	}
	if (result->memory)
		remember(worker, result, &event);
	if (result->would_change)
		json_object_set_new(event.more, "would_change", json_true());
	bool notes_cut = result->notes.cut;
	if (result->notes.len)
		event.notes = clean_text(worker, buf_str(&result->notes),
		    result->notes.len, FAULT_TEXT_LIMIT_BYTES, &notes_cut);
	if (result->fault.err.kind != ERR_NONE)
		set_error(worker, &event, &result->fault);
	emit(worker, &event);
}

/* The worse of two: unknown, failed, then the rest. */
static enum step_status
worse(enum step_status a, enum step_status b)
{
	return a > b ? a : b;
}

/* Runs one step and tells of it. The first failure's fault is kept. */
static enum step_status
run_step(struct worker *worker, struct session **session,
    const struct job_step *step, struct fault *fault)
{
	struct step_result result;
	int64_t start = clock_ms();
	step_result_init(&result);
	worker->step = step;
	step_run(*session, step, &result);
	if (result.fresh) {
		session_close(*session, 0);
		*session = result.fresh;
		result.fresh = NULL;
	}
	if (worker->shielded)
		shield(worker, false);
	worker->shielded = false;
	on_before(worker, NULL);
	emit_step(worker, step, &result, clock_ms() - start);
	enum step_status status = result.status;
	if (fault->err.kind == ERR_NONE) {
		*fault = result.fault;
		result.fault = (struct fault){ 0 };
	}
	step_result_clear(&result);
	return status;
}

/* Between two steps: has the run ended meanwhile? */
static bool
is_called_off(const struct worker *worker, struct err *err)
{
	if (wait_fd(-1, 0, clock_ms(), worker->cancel_fd) != WAIT_CANCELLED)
		return false;
	err_set(err, ERR_CANCELLED, "called off between two steps");
	return true;
}

/*
 * All steps in order, until one fails that does not say "continue". A step
 * that failed harmlessly beside one that changed the device leaves the job
 * half done: only `unknown` says that.
 */
static enum step_status
run_steps(struct worker *worker, struct session **session, struct fault *fault)
{
	const struct job_phase *phase = worker->target->phase;
	enum step_status worst = STEP_UNCHANGED;
	bool changed = false;
	for (size_t i = 0; i < phase->step_count; i++) {
		const struct job_step *step = &phase->steps[i];
		if (i > 0 && is_called_off(worker, &fault->err)) {
			worst = worse(worst, STEP_FAILED);
			break;
		}
		enum step_status status = run_step(
		    worker, session, step, fault);
		changed |= status == STEP_CHANGED;
		worst = worse(worst, status);
		bool failed = status >= STEP_FAILED;
		if (failed &&
		    (step->on_failure != ON_FAILURE_CONTINUE ||
			!session_is_usable(*session)))
			break;
	}
	if ((worst == STEP_FAILED || worst == STEP_ROLLED_BACK) && changed) {
		err_prefix(
		    &fault->err, "another step changed the device, but: ");
		return STEP_UNKNOWN;
	}
	return worst;
}

static enum step_status
visit(struct worker *worker, const struct observer *observer, int64_t deadline,
    struct fault *fault)
{
	const struct target *target = worker->target;
	/* Only an enable password needs more than the login to be checked. */
	if (!target->phase && !target->credentials->enable)
		return visit_login(target, observer, deadline, fault)
		    ? STEP_FAILED
		    : STEP_UNCHANGED;
	struct session *session = visit_open(target, observer, deadline, fault);
	if (!session)
		return STEP_FAILED;
	enum step_status status = target->phase
	    ? run_steps(worker, &session, fault)
	    : STEP_UNCHANGED;
	enum stage ended = worker->stage;
	on_stage(worker, STAGE_CLOSE);
	session_close(session, CLOSE_GRACE_MS);
	/* The result names the stage that failed, not the goodbye. */
	if (fault->err.kind != ERR_NONE)
		worker->stage = ended;
	return status;
}

static void
emit_started(struct worker *worker)
{
	struct event event;
	const struct job_device *device = worker->target->device;
	event_init(&event, EVENT_DEVICE_STARTED);
	event.attempt = worker->target->attempt;
	event.more = json_pack("{s:s, s:i, s:s}", "address", device->address,
	    "port", device->port, "device_type", device->device_type);
	emit(worker, &event);
}

static void
emit_finished(
    struct worker *worker, enum step_status status, struct fault *fault)
{
	struct event event;
	event_init(&event, EVENT_DEVICE_FINISHED);
	event.status = xstrdup(
	    step_status_name(status == STEP_OK ? STEP_UNCHANGED : status));
	event.stage = worker->stage;
	event.duration_ms = clock_ms() - worker->started_ms;
	if (fault->err.kind != ERR_NONE)
		set_error(worker, &event, fault);
	emit(worker, &event);
}

int
worker_main(const struct target *target, int fd, int off_fd)
{
	struct fault fault = { 0 };
	const struct timeouts *timeouts = &target->device->timeouts;
	int64_t device_ms = target->phase
	    ? job_phase_device_ms(target->phase, timeouts)
	    : timeouts->device_ms;
	struct worker worker = {
		.own = *target,
		.memory = target->memory ? json_deep_copy(target->memory)
					 : json_object(),
		.fd = fd,
		.off_fd = off_fd,
		.cancel_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
		.started_ms = clock_ms(),
	};
	worker.target = &worker.own;
	worker.own.memory = worker.memory;
	struct observer observer = {
		.data = &worker,
		.cancel_fd = worker.cancel_fd,
		.stage = on_stage,
		.before = on_before,
		.log = on_log,
		.progress = on_progress,
		.warn = on_warn,
		.host_key = on_host_key,
		.new_host_key = on_new_host_key,
	};
	buf_init(&worker.line, EVENT_LINE_LIMIT_BYTES);
	buf_init(&worker.clean, EVENT_LINE_LIMIT_BYTES);
	worker.redactor.find_data = target->device->profile;
	if (target->device->profile)
		worker.redactor.find = profile_find_secrets;
	redactor_add(&worker.redactor, target->credentials->password);
	redactor_add(&worker.redactor, target->credentials->enable);
	redactor_add(&worker.redactor, target->credentials->passphrase);
	redactor_add(&worker.redactor, target->credentials->server);
	emit_started(&worker);
	enum step_status status = visit(
	    &worker, &observer, deadline_in(device_ms), &fault);
	emit_finished(&worker, status, &fault);
	fault_clear(&fault);
	buf_clear(&worker.line);
	buf_clear(&worker.clean);
	free(worker.before);
	json_decref(worker.memory);
	known_hosts_free(worker.met);
	close(worker.cancel_fd);
	return worker.lost ? 1 : 0;
}
