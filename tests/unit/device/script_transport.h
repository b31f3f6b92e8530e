/*
 * A transport that plays a device: either a script ("hear these bytes, say
 * those, then hang up") or a function that answers each line. It decides how
 * the bytes are cut into reads and writes, and keeps all that was sent to it.
 * Descriptor and poll(2) events are real, so that waiting is tested as well.
 */
#ifndef NETPUSH_TESTS_SCRIPT_TRANSPORT_H
#define NETPUSH_TESTS_SCRIPT_TRANSPORT_H

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "device/transport.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum script_act { SCRIPT_HEAR, SCRIPT_SAY, SCRIPT_END, SCRIPT_BREAK };

struct script_step {
	enum script_act act;
	const char *text;
};

/* Each SAY is a packet of its own; after the last step comes silence. */
#define HEAR(text)                                                             \
	{                                                                      \
		SCRIPT_HEAR, text                                              \
	}
#define SAY(text)                                                              \
	{                                                                      \
		SCRIPT_SAY, text                                               \
	}
#define END                                                                    \
	{                                                                      \
		SCRIPT_END, NULL                                               \
	}
#define BREAK                                                                  \
	{                                                                      \
		SCRIPT_BREAK, NULL                                             \
	}

#define SCRIPT_WRITES_MAX 64

struct script {
	struct transport base;
	const struct script_step *steps;
	size_t count, at, done; /* DONE bytes of step AT */

	/* Instead of steps: answers a line (or, without a line end, what is
	 * there of one), adds to `out`. Returns false to hang up after it. */
	bool (*answer)(
	    void *data, const char *line, size_t len, struct buf *out);
	void *data;
	struct buf line, out;
	bool ended;

	size_t read_bytes; /* at most, by one read; 0: any */
	size_t write_bytes; /* at most, by one write; 0: any */
	bool stutter; /* every other read and write has to be repeated */
	bool stuttered;
	bool blocked; /* a write waits */

	int fd;
	bool closed;
	struct buf heard; /* all that was sent to the device */
	size_t writes[SCRIPT_WRITES_MAX]; /* lines in each write */
	size_t write_count;
	char wrong[256]; /* what did not go by the script */
};

static inline const struct script_step *
script_now(const struct script *script)
{
	return script->at < script->count ? &script->steps[script->at] : NULL;
}

static inline bool
script_has_news(const struct script *script)
{
	const struct script_step *step = script_now(script);
	if (script->answer)
		return script->out.len || script->ended;
	return script->wrong[0] || (step && step->act != SCRIPT_HEAR);
}

/* The descriptor is readable exactly when read() has something to give. */
static inline void
script_signal(struct script *script)
{
	uint64_t value = 1;
	if (script_has_news(script))
		(void)!write(script->fd, &value, sizeof(value));
	else
		(void)!read(script->fd, &value, sizeof(value));
}

static inline bool
script_stutters(struct script *script)
{
	script->stuttered = script->stutter && !script->stuttered;
	return script->stuttered;
}

static inline size_t
script_least(size_t a, size_t limit)
{
	return limit && limit < a ? limit : a;
}

static inline ssize_t
script_read_answer(struct script *script, char *data, size_t len)
{
	size_t n = script_least(script->out.len, script->read_bytes);
	if (n > len)
		n = len;
	if (!n)
		return script->ended ? 0 : TRANSPORT_AGAIN;
	memcpy(data, script->out.data, n);
	buf_drop(&script->out, n);
	return (ssize_t)n;
}

static inline ssize_t
script_read_step(struct script *script, char *data, size_t len, struct err *err)
{
	const struct script_step *step = script_now(script);
	if (script->wrong[0])
		return err_set(err, ERR_INTERNAL, "%s", script->wrong);
	if (!step || step->act == SCRIPT_HEAR)
		return TRANSPORT_AGAIN;
	if (step->act == SCRIPT_END)
		return 0;
	if (step->act == SCRIPT_BREAK)
		return err_set(err, ERR_CLOSED, "the connection broke");
	size_t left = strlen(step->text) - script->done;
	size_t n = script_least(left, script->read_bytes);
	if (n > len)
		n = len;
	memcpy(data, step->text + script->done, n);
	script->done += n;
	if (n == left) {
		script->at++;
		script->done = 0;
	}
	return (ssize_t)n;
}

static inline ssize_t
script_read(
    struct transport *transport, char *data, size_t len, struct err *err)
{
	struct script *script = (struct script *)transport;
	if (script_has_news(script) && script_stutters(script))
		return TRANSPORT_AGAIN;
	ssize_t n = script->answer ? script_read_answer(script, data, len)
				   : script_read_step(script, data, len, err);
	script_signal(script);
	return n;
}

static inline void
script_hear_step(struct script *script, const char *data, size_t len)
{
	for (size_t i = 0; i < len && !script->wrong[0]; i++) {
		const struct script_step *step = script_now(script);
		if (!step || step->act != SCRIPT_HEAR ||
		    data[i] != step->text[script->done]) {
			snprintf(script->wrong, sizeof(script->wrong),
			    "step %zu of the script heard \"%.*s\"", script->at,
			    (int)(len - i < 100 ? len - i : 100), data + i);
			return;
		}
		if (!step->text[++script->done]) {
			script->at++;
			script->done = 0;
		}
	}
}

static inline void
script_hear_line(struct script *script, const char *data, size_t len)
{
	for (size_t i = 0; i < len && !script->ended; i++) {
		if (data[i] != '\n') {
			buf_addc(&script->line, data[i]);
			continue;
		}
		if (!script->answer(script->data, buf_str(&script->line),
			script->line.len, &script->out))
			script->ended = true;
		buf_reset(&script->line);
	}
}

static inline ssize_t
script_write(
    struct transport *transport, const char *data, size_t len, struct err *err)
{
	struct script *script = (struct script *)transport;
	(void)err;
	script->blocked = script_stutters(script);
	if (script->blocked)
		return TRANSPORT_AGAIN;
	size_t n = script_least(len, script->write_bytes), lines = 0;
	buf_add(&script->heard, data, n);
	for (size_t i = 0; i < n; i++)
		lines += data[i] == '\n';
	if (script->write_count < SCRIPT_WRITES_MAX)
		script->writes[script->write_count++] = lines;
	if (script->answer)
		script_hear_line(script, data, n);
	else
		script_hear_step(script, data, n);
	script_signal(script);
	return (ssize_t)n;
}

static inline int
script_fd(const struct transport *transport)
{
	return ((const struct script *)transport)->fd;
}

static inline short
script_events(const struct transport *transport)
{
	const struct script *script = (const struct script *)transport;
	return script->blocked ? POLLIN | POLLOUT : POLLIN;
}

static inline void
script_close(struct transport *transport, int64_t deadline)
{
	(void)deadline;
	((struct script *)transport)->closed = true;
}

/* SCRIPT is the caller's, who clears it after the channel closed it. */
static inline void
script_init(
    struct script *script, const struct script_step *steps, size_t count)
{
	static const struct transport_ops ops = {
		.name = "script",
		.read = script_read,
		.write = script_write,
		.fd = script_fd,
		.events = script_events,
		.close = script_close,
	};
	*script = (struct script){
		.base = { .ops = &ops },
		.steps = steps,
		.count = count,
		.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
	};
	buf_init(&script->line, 1 << 20);
	buf_init(&script->out, 64 << 20);
	buf_init(&script->heard, 1 << 20);
	script_signal(script);
}

static inline void
script_clear(struct script *script)
{
	close(script->fd);
	buf_clear(&script->line);
	buf_clear(&script->out);
	buf_clear(&script->heard);
}

/* NULL when all went by the script, else what did not. */
static inline const char *
script_complaint(struct script *script)
{
	if (script->wrong[0])
		return script->wrong;
	const struct script_step *step = script_now(script);
	if (!step || step->act == SCRIPT_END || step->act == SCRIPT_BREAK)
		return NULL;
	snprintf(script->wrong, sizeof(script->wrong),
	    "the script stands at step %zu: \"%s\"", script->at, step->text);
	return script->wrong;
}

#endif
