/* SFTP's packets, and one request after the other. */
#include "sftp.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "device/fault.h"
#include "text/shown.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define VERSION		3
#define OUT_LIMIT_BYTES (64U << 10)
#define IN_BYTES	(2 * SFTP_PACKET_BYTES)
#define WORDS_LIMIT	512

#define ATTR_SIZE     0x1U
#define ATTR_OWNER    0x2U
#define ATTR_MODE     0x4U
#define ATTR_TIMES    0x8U
#define ATTR_EXTENDED 0x80000000U

static uint32_t
get_u32(const char *at)
{
	const unsigned char *p = (const unsigned char *)at;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

uint32_t
sftp_take_u32(struct sftp_reply *reply)
{
	if (reply->end - reply->at < 4) {
		reply->short_of = true;
		reply->at = reply->end;
		return 0;
	}
	reply->at += 4;
	return get_u32(reply->at - 4);
}

uint64_t
sftp_take_u64(struct sftp_reply *reply)
{
	uint64_t high = sftp_take_u32(reply);
	return high << 32 | sftp_take_u32(reply);
}

const char *
sftp_take_string(struct sftp_reply *reply, size_t *len)
{
	*len = sftp_take_u32(reply);
	if (*len > (size_t)(reply->end - reply->at)) {
		reply->short_of = true;
		reply->at = reply->end;
		*len = 0;
	}
	reply->at += *len;
	return reply->at - *len;
}

void
sftp_take_attrs(struct sftp_reply *reply, struct sftp_attrs *attrs)
{
	uint32_t flags = sftp_take_u32(reply);
	*attrs = (struct sftp_attrs){ .has_size = flags & ATTR_SIZE,
		.has_mode = flags & ATTR_MODE,
		.has_times = flags & ATTR_TIMES };
	if (attrs->has_size)
		attrs->size = sftp_take_u64(reply);
	if (flags & ATTR_OWNER)
		(void)sftp_take_u64(reply);
	if (attrs->has_mode)
		attrs->mode = sftp_take_u32(reply);
	if (attrs->has_times) {
		attrs->atime = sftp_take_u32(reply);
		attrs->mtime = sftp_take_u32(reply);
	}
	if (!(flags & ATTR_EXTENDED))
		return;
	uint32_t count = sftp_take_u32(reply);
	size_t ignored;
	for (; count && !reply->short_of; count--) {
		sftp_take_string(reply, &ignored);
		sftp_take_string(reply, &ignored);
	}
}

void
sftp_put_u32(struct sftp *sftp, uint32_t value)
{
	const char bytes[4] = { (char)(value >> 24), (char)(value >> 16),
		(char)(value >> 8), (char)value };
	buf_add(&sftp->out, bytes, sizeof(bytes));
}

void
sftp_put_u64(struct sftp *sftp, uint64_t value)
{
	sftp_put_u32(sftp, (uint32_t)(value >> 32));
	sftp_put_u32(sftp, (uint32_t)value);
}

void
sftp_put_string(struct sftp *sftp, const char *text, size_t len)
{
	sftp_put_u32(sftp, (uint32_t)len);
	buf_add(&sftp->out, text, len);
}

void
sftp_put_path(struct sftp *sftp, const char *path)
{
	sftp_put_string(sftp, path, strlen(path));
}

void
sftp_put_handle(struct sftp *sftp, const struct sftp_handle *handle)
{
	sftp_put_string(sftp, handle->bytes, handle->len);
}

void
sftp_put_attrs(struct sftp *sftp, const struct sftp_attrs *attrs)
{
	sftp_put_u32(sftp,
	    (attrs->has_mode ? ATTR_MODE : 0) |
		(attrs->has_times ? ATTR_TIMES : 0));
	if (attrs->has_mode)
		sftp_put_u32(sftp, attrs->mode & 07777);
	if (attrs->has_times) {
		sftp_put_u32(sftp, attrs->atime);
		sftp_put_u32(sftp, attrs->mtime);
	}
}

/* The length of a packet stands in front and is known at its end. Only one is
 * open at a time, and always the last. */
void
sftp_put_begin(struct sftp *sftp, unsigned type)
{
	sftp->open_at = sftp->out.len;
	sftp_put_u32(sftp, 0);
	buf_addc(&sftp->out, (char)type);
	sftp_put_u32(sftp, type == FXP_INIT ? VERSION : ++sftp->id);
}

void
sftp_put_end(struct sftp *sftp)
{
	char *at = sftp->out.data + sftp->open_at;
	uint32_t len = (uint32_t)(sftp->out.len - sftp->open_at - 4);
	for (int i = 0; i < 4; i++)
		at[i] = (char)(len >> (24 - 8 * i));
}

int
sftp_push(struct sftp *sftp)
{
	struct exec *exec = sftp->exec;
	if (sftp->sent == sftp->out.len)
		return 0;
	ssize_t n = exec->ops->write(exec, sftp->out.data + sftp->sent,
	    sftp->out.len - sftp->sent, &sftp->job->fault->err);
	if (n == TRANSPORT_AGAIN)
		return 0;
	if (n < 0)
		return -1;
	sftp->sent += (size_t)n;
	if (sftp->sent == sftp->out.len) {
		buf_reset(&sftp->out);
		sftp->sent = 0;
	}
	return 1;
}

int
sftp_odd(struct sftp *sftp, const char *what)
{
	return copy_fail(
	    sftp->job, "%s: the device answers what is not SFTP's", what);
}

/* Something of the far side's: 1, nothing now: 0, or -1. */
static int
fill(struct sftp *sftp)
{
	struct exec *exec = sftp->exec;
	struct err *err = &sftp->job->fault->err;
	char ignored[512];
	/* What it says to nobody must not fill the window. */
	(void)exec->ops->read(exec, EXEC_STDERR, ignored, sizeof(ignored), err);
	if (sftp->at) {
		memmove(sftp->in, sftp->in + sftp->at, sftp->got - sftp->at);
		sftp->got -= sftp->at;
		sftp->at = 0;
	}
	ssize_t n = exec->ops->read(
	    exec, EXEC_STDOUT, sftp->in + sftp->got, IN_BYTES - sftp->got, err);
	if (n == TRANSPORT_AGAIN)
		return 0;
	if (n < 0)
		return -1;
	if (n == 0) {
		sftp->ended = true;
		return copy_fail(sftp->job, "%s: the device ended the transfer",
		    sftp->job->ask->remote);
	}
	sftp->got += (size_t)n;
	copy_heard(sftp->job);
	return 1;
}

int
sftp_poll(struct sftp *sftp, struct sftp_reply *reply)
{
	for (;;) {
		size_t have = sftp->got - sftp->at;
		const char *at = sftp->in + sftp->at;
		size_t len = have < 4 ? 0 : get_u32(at);
		if (have >= 4 && (len < 5 || len > SFTP_PACKET_BYTES))
			return sftp_odd(sftp, sftp->job->ask->remote);
		if (have >= 4 && have - 4 >= len) {
			*reply = (struct sftp_reply){
				.type = (unsigned char)at[4],
				.id = get_u32(at + 5),
				.at = at + 9,
				.end = at + 4 + len,
			};
			sftp->at += 4 + len;
			return 1;
		}
		int rc = fill(sftp);
		if (rc <= 0)
			return rc;
	}
}

int
sftp_wait(struct sftp *sftp)
{
	struct exec *exec = sftp->exec;
	return copy_wait(sftp->job, exec);
}

/* All of the request leaves, then the next packet is awaited. */
static int
await(struct sftp *sftp, struct sftp_reply *reply)
{
	for (;;) {
		if (sftp_push(sftp) < 0)
			return -1;
		int rc = sftp_poll(sftp, reply);
		if (rc)
			return rc < 0 ? -1 : 0;
		if (sftp_wait(sftp))
			return -1;
	}
}

int
sftp_try(struct sftp *sftp, unsigned wanted, const char *what,
    struct sftp_reply *reply, uint32_t *status)
{
	uint32_t id = sftp->id;
	if (await(sftp, reply))
		return -1;
	if (reply->id != id)
		return sftp_odd(sftp, what);
	*status = 0;
	if (reply->type == FXP_STATUS) {
		struct sftp_reply copy = *reply;
		*status = sftp_take_u32(&copy);
		if (copy.short_of || (!*status && wanted != FXP_STATUS))
			return sftp_odd(sftp, what);
	} else if (reply->type != wanted) {
		return sftp_odd(sftp, what);
	}
	return 0;
}

int
sftp_call(struct sftp *sftp, unsigned wanted, const char *what,
    struct sftp_reply *reply)
{
	uint32_t status;
	if (sftp_try(sftp, wanted, what, reply, &status))
		return -1;
	return status ? sftp_refused(sftp, what, reply) : 0;
}

int
sftp_refused(struct sftp *sftp, const char *what, struct sftp_reply *reply)
{
	static const char *const known[] = { "no error", "the end of the file",
		"no such file", "permission denied", "failure", "bad message",
		"no connection", "connection lost", "not supported" };
	size_t len;
	struct buf clean, shown;
	buf_init(&clean, WORDS_LIMIT);
	buf_init(&shown, WORDS_LIMIT);
	uint32_t status = sftp_take_u32(reply);
	const char *text = sftp_take_string(reply, &len);
	str_add_utf8(&clean, text, len);
	shown_add_line(&shown, buf_str(&clean), 200);
	if (!shown.len && status < sizeof(known) / sizeof(known[0]))
		buf_adds(&shown, known[status]);
	if (!shown.len)
		buf_addf(&shown, "status %u", status);
	fault_at(sftp->job->fault, 0, NULL, buf_str(&shown));
	copy_fail(
	    sftp->job, "%s: the device refuses: %s", what, buf_str(&shown));
	buf_clear(&clean);
	buf_clear(&shown);
	return -1;
}

int
sftp_open(struct sftp *sftp, unsigned type, const char *path, uint32_t flags,
    const struct sftp_attrs *attrs, struct sftp_handle *handle)
{
	struct sftp_reply reply;
	sftp_put_begin(sftp, type);
	sftp_put_path(sftp, path);
	if (type == FXP_OPEN) {
		sftp_put_u32(sftp, flags);
		sftp_put_attrs(sftp, attrs);
	}
	sftp_put_end(sftp);
	if (sftp_call(sftp, FXP_HANDLE, path, &reply))
		return -1;
	const char *bytes = sftp_take_string(&reply, &handle->len);
	if (reply.short_of || handle->len > sizeof(handle->bytes))
		return sftp_odd(sftp, path);
	memcpy(handle->bytes, bytes, handle->len);
	return 0;
}

int
sftp_close(
    struct sftp *sftp, const struct sftp_handle *handle, const char *path)
{
	struct sftp_reply reply;
	sftp_put_begin(sftp, FXP_CLOSE);
	sftp_put_handle(sftp, handle);
	sftp_put_end(sftp);
	return sftp_call(sftp, FXP_STATUS, path, &reply);
}

int
sftp_stat(
    struct sftp *sftp, const char *path, struct sftp_attrs *attrs, bool *there)
{
	struct sftp_reply reply;
	uint32_t status;
	sftp_put_begin(sftp, FXP_STAT);
	sftp_put_path(sftp, path);
	sftp_put_end(sftp);
	if (sftp_try(sftp, FXP_ATTRS, path, &reply, &status))
		return -1;
	*there = status == 0;
	if (status && status != FX_NO_SUCH_FILE)
		return sftp_refused(sftp, path, &reply);
	if (status)
		return 0;
	sftp_take_attrs(&reply, attrs);
	return reply.short_of ? sftp_odd(sftp, path) : 0;
}

int
sftp_fstat(struct sftp *sftp, const struct sftp_handle *handle,
    const char *path, struct sftp_attrs *attrs)
{
	struct sftp_reply reply;
	sftp_put_begin(sftp, FXP_FSTAT);
	sftp_put_handle(sftp, handle);
	sftp_put_end(sftp);
	if (sftp_call(sftp, FXP_ATTRS, path, &reply))
		return -1;
	sftp_take_attrs(&reply, attrs);
	return reply.short_of ? sftp_odd(sftp, path) : 0;
}

const char *
sftp_path(const char *path)
{
	if (str_starts(path, "~/") && path[2])
		return path + 2;
	return str_eq(path, "~") || str_eq(path, "~/") ? "." : path;
}

/* 1: there is no SFTP, and nothing happened. */
static int
begin(struct sftp *sftp)
{
	struct exec *exec = sftp->exec;
	struct fault *fault = sftp->job->fault;
	struct sftp_reply reply;
	int rc;
	while ((rc = exec->ops->start(exec, &fault->err)) == TRANSPORT_AGAIN)
		if (sftp_wait(sftp))
			return -1;
	if (rc == 0) {
		sftp_put_begin(sftp, FXP_INIT);
		sftp_put_end(sftp);
		rc = await(sftp, &reply);
		if (rc == 0 &&
		    (reply.type != FXP_VERSION || reply.id < VERSION))
			return sftp_odd(sftp, sftp->job->ask->remote);
	}
	/* Refused, or begun and ended at once: a program that is not there. */
	if (rc && (exec->reach == EXEC_REFUSED || sftp->ended)) {
		fault_clear(fault);
		return 1;
	}
	return rc;
}

static int
finish(struct sftp *sftp)
{
	struct exec *exec = sftp->exec;
	struct err *err = &sftp->job->fault->err;
	struct exec_end end;
	int rc;
	while ((rc = exec->ops->finish(exec, &end, err)) == TRANSPORT_AGAIN)
		if (sftp_wait(sftp))
			return -1;
	/* Each request was answered. A device that hangs up instead of closing
	 * the channel (NX-OS, after the file was closed) keeps nothing back. */
	if (rc && err->kind == ERR_CLOSED) {
		fault_clear(sftp->job->fault);
		rc = 0;
	}
	return rc;
}

int
sftp_over(
    struct copy_job *job, struct exec *exec, int (*work)(struct sftp *sftp))
{
	struct sftp sftp = { .job = job, .exec = exec };
	buf_init(&sftp.out, OUT_LIMIT_BYTES);
	sftp.in = xmalloc(IN_BYTES);
	int rc = begin(&sftp);
	if (rc == 0) {
		job->result->method = COPY_SFTP;
		rc = work(&sftp) || finish(&sftp) ? -1 : 0;
	}
	free(sftp.in);
	buf_clear(&sftp.out);
	return rc;
}

static int
copy(struct sftp *sftp)
{
	return sftp->job->ask->direction == COPY_UP ? sftp_send(sftp)
						    : sftp_receive(sftp);
}

int
sftp_copy(struct copy_job *job, struct exec *exec)
{
	return sftp_over(job, exec, copy);
}
