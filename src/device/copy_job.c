/* Time, counting and faults of a copy. */
#include "copy_job.h"

#include "base/deadline.h"
#include "base/err.h"
#include "device/exec.h"
#include "device/fault.h"
#include "device/wait.h"

#include <stdio.h>
#include <string.h>

#define TELL_EVERY_MS 100
#define LOOK_EVERY_MS 100

int
copy_fail(struct copy_job *job, const char *fmt, ...)
{
	char text[384];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(&job->fault->err, ERR_TRANSFER, "%s", text);
}

int
copy_fail_sys(struct copy_job *job, int errnum, const char *fmt, ...)
{
	char text[384];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_sys(&job->fault->err, ERR_TRANSFER, errnum, "%s", text);
}

static int
fail_late(struct copy_job *job)
{
	return err_set(
	    &job->fault->err, ERR_TIMEOUT, "the transfer was not done in time");
}

static int
fail_called_off(struct copy_job *job)
{
	return err_set(
	    &job->fault->err, ERR_CANCELLED, "called off during the transfer");
}

static int
fail_silent(struct copy_job *job)
{
	job->result->stalled = true;
	return err_set(&job->fault->err, ERR_TIMEOUT,
	    "the transfer stands still: nothing moved for %lld s",
	    (long long)(job->ask->silence_ms / 1000));
}

static int64_t
silent_at(const struct copy_job *job)
{
	int64_t silence_ms = job->ask->silence_ms;
	return silence_ms ? job->moved_at + silence_ms : DEADLINE_NEVER;
}

int
copy_wait(struct copy_job *job, struct exec *exec)
{
	const struct copy_ask *ask = job->ask;
	if (exec_look_again(exec))
		return copy_look(job);
	switch (wait_fd(exec->ops->fd(exec), exec->ops->events(exec),
	    deadline_first(ask->deadline, silent_at(job)), ask->cancel_fd)) {
	case WAIT_READY:
		return copy_look(job);
	case WAIT_CANCELLED:
		return fail_called_off(job);
	default:
		return deadline_passed(ask->deadline) ? fail_late(job)
						      : fail_silent(job);
	}
}

int
copy_look(struct copy_job *job)
{
	const struct copy_ask *ask = job->ask;
	int64_t now = clock_ms();
	if (now < job->look_at)
		return 0;
	job->look_at = now + LOOK_EVERY_MS;
	if (wait_fd(-1, 0, now, ask->cancel_fd) == WAIT_CANCELLED)
		return fail_called_off(job);
	if (now >= ask->deadline)
		return fail_late(job);
	/* A socket that is always ready for something, and brings nothing. */
	return now >= silent_at(job) ? fail_silent(job) : 0;
}

void
copy_heard(struct copy_job *job)
{
	job->moved_at = clock_ms();
}

void
copy_moved(struct copy_job *job, size_t bytes)
{
	const struct copy_ask *ask = job->ask;
	struct copy_result *result = job->result;
	result->bytes += bytes;
	copy_heard(job);
	if (!ask->progress || job->moved_at < job->told_at + TELL_EVERY_MS)
		return;
	job->told_at = job->moved_at;
	ask->progress(
	    ask->data, result->resumed_at + result->bytes, job->total);
}

void
copy_note(struct copy_job *job, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	job->result->left_out++;
	if (!job->ask->note)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	job->ask->note(job->ask->data, text);
}

bool
copy_name_ok(const char *name)
{
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strlen(name) >= COPY_NAME_BYTES)
		return false;
	for (const char *at = name; *at; at++)
		if (*at == '/' || (unsigned char)*at < ' ' || *at == 0x7f)
			return false;
	return true;
}

bool
copy_base_name(const char *path, bool device, char name[COPY_NAME_BYTES])
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	size_t at = len;
	while (at && path[at - 1] != '/' && !(device && path[at - 1] == ':'))
		at--;
	if (len - at >= COPY_NAME_BYTES)
		return false;
	memcpy(name, path + at, len - at);
	name[len - at] = '\0';
	return copy_name_ok(name) && strcmp(name, "~") != 0;
}
