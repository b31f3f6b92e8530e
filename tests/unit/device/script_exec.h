/*
 * An exec channel that plays the far side's scp: it says what a script says,
 * one piece for each byte 0 that it was sent (or all at once), and keeps what it
 * heard. Every other operation has to be repeated, and a read or a write goes
 * no further than `step_bytes`.
 */
#ifndef NETPUSH_TESTS_SCRIPT_EXEC_H
#define NETPUSH_TESTS_SCRIPT_EXEC_H

#include "base/buf.h"
#include "base/err.h"
#include "device/exec.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct said {
	const char *bytes;
	size_t len;
};
#define SAID(text)                                                             \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

struct script_exec {
	struct exec base;
	const struct said *says;
	size_t count, at, done;
	size_t allowed; /* pieces that may be said by now */
	bool at_once; /* ... all of them */
	bool refused, breaks; /* at the start; instead of the end */
	const char *errors;
	size_t errors_at;
	struct exec_end end;
	size_t step_bytes;
	unsigned stuttered; /* a bit for each operation */
	bool input_ended, finished;
	int fd;
	struct buf heard;
};

static inline bool
script_exec_stutters(struct script_exec *script, unsigned operation)
{
	script->stuttered ^= 1U << operation;
	return script->stuttered >> operation & 1;
}

static inline int
script_exec_start(struct exec *base, struct err *err)
{
	struct script_exec *script = (struct script_exec *)base;
	if (script_exec_stutters(script, 2))
		return TRANSPORT_AGAIN;
	base->reach = script->refused ? EXEC_REFUSED : EXEC_STARTED;
	return script->refused ? err_set(err, ERR_REFUSED, "no exec") : 0;
}

static inline ssize_t
script_exec_read(struct exec *base, enum exec_stream stream, char *data,
    size_t len, struct err *err)
{
	struct script_exec *script = (struct script_exec *)base;
	if (script_exec_stutters(script, (unsigned)stream))
		return TRANSPORT_AGAIN;
	if (len > script->step_bytes)
		len = script->step_bytes;
	bool over = script->at == script->count;
	if (stream == EXEC_STDERR) {
		const char *left = script->errors + script->errors_at;
		size_t n = strnlen(left, len);
		memcpy(data, left, n);
		script->errors_at += n;
		return n ? (ssize_t)n : over ? 0 : TRANSPORT_AGAIN;
	}
	if (over)
		return script->breaks
		    ? err_set(err, ERR_CLOSED, "the wire broke")
		    : 0;
	if (!script->at_once && script->at >= script->allowed)
		return TRANSPORT_AGAIN;
	const struct said *said = &script->says[script->at];
	size_t n = said->len - script->done;
	if (n > len)
		n = len;
	memcpy(data, said->bytes + script->done, n);
	script->done += n;
	if (script->done == said->len) {
		script->at++;
		script->done = 0;
	}
	return n ? (ssize_t)n : TRANSPORT_AGAIN;
}

static inline ssize_t
script_exec_write(
    struct exec *base, const char *data, size_t len, struct err *err)
{
	struct script_exec *script = (struct script_exec *)base;
	(void)err;
	if (script_exec_stutters(script, 3))
		return TRANSPORT_AGAIN;
	if (len > script->step_bytes)
		len = script->step_bytes;
	buf_add(&script->heard, data, len);
	for (size_t i = 0; i < len; i++)
		script->allowed += data[i] == '\0';
	return (ssize_t)len;
}

static inline int
script_exec_end_input(struct exec *base, struct err *err)
{
	struct script_exec *script = (struct script_exec *)base;
	(void)err;
	script->input_ended = true;
	return 0;
}

static inline int
script_exec_finish(struct exec *base, struct exec_end *end, struct err *err)
{
	struct script_exec *script = (struct script_exec *)base;
	(void)err;
	if (script_exec_stutters(script, 4))
		return TRANSPORT_AGAIN;
	script->finished = true;
	*end = script->end;
	return 0;
}

static inline int
script_exec_fd(const struct exec *base)
{
	return ((const struct script_exec *)base)->fd;
}

static inline short
script_exec_events(const struct exec *base)
{
	(void)base;
	return POLLIN;
}

static const struct exec_ops script_exec_ops = {
	.name = "script",
	.start = script_exec_start,
	.read = script_exec_read,
	.write = script_exec_write,
	.end_input = script_exec_end_input,
	.finish = script_exec_finish,
	.fd = script_exec_fd,
	.events = script_exec_events,
};

/* Its descriptor is always ready: whoever waits is woken at once. */
static inline void
script_exec_init(
    struct script_exec *script, const struct said *says, size_t count)
{
	*script = (struct script_exec){ .base.ops = &script_exec_ops,
		.says = says,
		.count = count,
		.errors = "",
		.step_bytes = 7,
		.fd = eventfd(1, EFD_CLOEXEC) };
	buf_init(&script->heard, 1U << 20);
}

static inline void
script_exec_clear(struct script_exec *script)
{
	close(script->fd);
	buf_clear(&script->heard);
}

#endif
