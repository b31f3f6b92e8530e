/* The bytes of one file over SFTP, with many requests on the way at once. */
#include "device/fault.h"

#include "sftp.h"

#include <string.h>

/* One request that was not answered yet. */
struct asked {
	uint32_t id;
	uint32_t len; /* 0: a free place */
	uint64_t at;
};

struct flight {
	struct sftp *sftp;
	const struct sftp_handle *handle;
	const char *path;
	struct asked asked[SFTP_ON_THE_WAY];
	unsigned count;
	uint64_t next, to; /* what to ask for next, and where that ends */
	bool open_end; /* TO is not known */
	bool moved;
};

static struct asked *
find(struct flight *flight, uint32_t id, bool free_place)
{
	/* In order, it is where its number says. */
	for (unsigned i = 0; i < SFTP_ON_THE_WAY; i++) {
		struct asked *asked = &flight
					   ->asked[(id + i) % SFTP_ON_THE_WAY];
		if (free_place ? !asked->len : asked->len && asked->id == id)
			return asked;
	}
	return NULL;
}

static void
note_asked(struct flight *flight, uint64_t at, uint32_t len)
{
	uint32_t id = flight->sftp->id;
	*find(flight, id, true) = (struct asked){ id, len, at };
	flight->count++;
}

static struct asked *
take_answered(struct flight *flight, const struct sftp_reply *reply)
{
	struct asked *asked = find(flight, reply->id, false);
	if (!asked)
		sftp_odd(flight->sftp, flight->path);
	else
		flight->count--;
	return asked;
}

/* Up to here nothing is missing. */
static uint64_t
whole_until(const struct flight *flight)
{
	uint64_t until = flight->next;
	for (unsigned i = 0; i < SFTP_ON_THE_WAY; i++)
		if (flight->asked[i].len && flight->asked[i].at < until)
			until = flight->asked[i].at;
	return until;
}

static void
ask(struct flight *flight, uint64_t at, uint32_t len)
{
	struct sftp *sftp = flight->sftp;
	sftp_put_begin(sftp, FXP_READ);
	sftp_put_handle(sftp, flight->handle);
	sftp_put_u64(sftp, at);
	sftp_put_u32(sftp, len);
	sftp_put_end(sftp);
	note_asked(flight, at, len);
}

static void
ask_more(struct flight *flight)
{
	while (flight->count < (flight->open_end ? 1 : SFTP_ON_THE_WAY) &&
	    flight->next < flight->to) {
		uint64_t left = flight->to - flight->next;
		uint32_t len = left < SFTP_DATA_BYTES ? (uint32_t)left
						      : SFTP_DATA_BYTES;
		ask(flight, flight->next, len);
		flight->next += len;
	}
}

typedef int put_fn(void *data, uint64_t at, const char *bytes, size_t len);

static int
take_data(
    struct flight *flight, struct sftp_reply *reply, put_fn *put, void *data)
{
	struct sftp *sftp = flight->sftp;
	struct asked *asked = take_answered(flight, reply);
	if (!asked)
		return -1;
	struct asked was = *asked;
	if (reply->type == FXP_STATUS) {
		struct sftp_reply copy = *reply;
		if (sftp_take_u32(&copy) != FX_EOF)
			return sftp_refused(sftp, flight->path, reply);
		if (!flight->open_end)
			return copy_fail(sftp->job,
			    "%s became shorter while it was being copied",
			    flight->path);
		asked->len = 0;
		flight->to = flight->next = was.at;
		return 0;
	}
	size_t len;
	const char *bytes = sftp_take_string(reply, &len);
	if (reply->type != FXP_DATA || reply->short_of || !len || len > was.len)
		return sftp_odd(sftp, flight->path);
	if (put(data, was.at, bytes, len))
		return -1;
	asked->len = 0;
	/* Fewer bytes are no end: the rest is asked for again. */
	if (len < was.len && flight->open_end)
		flight->next = was.at + len;
	else if (len < was.len)
		ask(flight, was.at + len, was.len - (uint32_t)len);
	return 0;
}

/* One round of a flight: what can be sent, then what is there. */
static int
hear(struct flight *flight, put_fn *put, void *data)
{
	struct sftp *sftp = flight->sftp;
	struct sftp_reply reply;
	int rc = sftp_push(sftp);
	if (rc < 0)
		return -1;
	flight->moved = rc > 0;
	while ((rc = sftp_poll(sftp, &reply)) > 0) {
		flight->moved = true;
		if (take_data(flight, &reply, put, data) ||
		    copy_look(sftp->job))
			return -1;
		ask_more(flight);
	}
	return rc;
}

int
sftp_read(struct sftp *sftp, const struct sftp_handle *handle, const char *path,
    uint64_t from, uint64_t to, put_fn *put, void *data)
{
	struct flight flight = { .sftp = sftp,
		.handle = handle,
		.path = path,
		.next = from,
		.to = to ? to : UINT64_MAX,
		.open_end = !to };
	while (flight.count || flight.next < flight.to) {
		ask_more(&flight);
		if (hear(&flight, put, data) ||
		    (!flight.moved && sftp_wait(sftp))) {
			sftp->whole = whole_until(&flight);
			return -1;
		}
	}
	return 0;
}

/* A batch of write requests, one behind the other in the job's buffer: the
 * bytes of the file are read to where they are sent from. */
struct batch {
	struct flight flight;
	const struct copy_source *source;
	size_t len, sent;
};

static int
add_request(struct batch *batch)
{
	struct flight *flight = &batch->flight;
	struct sftp *sftp = flight->sftp;
	char *at = sftp->job->buffer + batch->len;
	uint64_t left = flight->to - flight->next;
	uint32_t len = left < SFTP_DATA_BYTES ? (uint32_t)left
					      : SFTP_DATA_BYTES;
	size_t begin = sftp->out.len;
	sftp_put_begin(sftp, FXP_WRITE);
	sftp_put_handle(sftp, flight->handle);
	sftp_put_u64(sftp, flight->next);
	sftp_put_u32(sftp, len);
	sftp_put_end(sftp);
	size_t head = sftp->out.len - begin;
	memcpy(at, sftp->out.data + begin, head);
	buf_truncate(&sftp->out, begin);
	uint32_t total = (uint32_t)(head - 4) + len;
	for (int i = 0; i < 4; i++)
		at[i] = (char)(total >> (24 - 8 * i));
	for (uint32_t have = 0; have < len;) {
		ssize_t n = copy_source_read(
		    sftp->job, batch->source, at + head + have, len - have);
		if (n < 0)
			return -1;
		have += (uint32_t)n;
	}
	note_asked(flight, flight->next, len);
	flight->next += len;
	batch->len += head + len;
	return 0;
}

static int
fill_batch(struct batch *batch)
{
	struct flight *flight = &batch->flight;
	if (batch->sent < batch->len)
		return 0;
	batch->sent = batch->len = 0;
	while (flight->next < flight->to && flight->count < SFTP_ON_THE_WAY &&
	    batch->len + SFTP_HEAD_BYTES + SFTP_DATA_BYTES <= COPY_BUFFER_BYTES)
		if (add_request(batch))
			return -1;
	return 0;
}

static int
push_batch(struct batch *batch)
{
	struct sftp *sftp = batch->flight.sftp;
	if (batch->sent == batch->len)
		return 0;
	ssize_t n = sftp->exec->ops->write(sftp->exec,
	    sftp->job->buffer + batch->sent, batch->len - batch->sent,
	    &sftp->job->fault->err);
	if (n == TRANSPORT_AGAIN)
		return 0;
	if (n < 0)
		return -1;
	batch->sent += (size_t)n;
	batch->flight.moved = true;
	return 0;
}

static int
hear_written(struct batch *batch)
{
	struct flight *flight = &batch->flight;
	struct sftp *sftp = flight->sftp;
	struct sftp_reply reply;
	int rc;
	while ((rc = sftp_poll(sftp, &reply)) > 0) {
		struct asked *asked = take_answered(flight, &reply);
		if (!asked)
			return -1;
		struct sftp_reply copy = reply;
		if (reply.type != FXP_STATUS)
			return sftp_odd(sftp, flight->path);
		if (sftp_take_u32(&copy) != FX_OK || copy.short_of)
			return sftp_refused(sftp, flight->path, &reply);
		copy_moved(sftp->job, asked->len);
		asked->len = 0;
		flight->moved = true;
	}
	return rc;
}

int
sftp_write(struct sftp *sftp, const struct sftp_handle *handle,
    const char *path, const struct copy_source *source, uint64_t from)
{
	struct batch batch = {
		.flight = { .sftp = sftp,
		    .handle = handle,
		    .path = path,
		    .next = from,
		    .to = (uint64_t)source->is.st_size },
		.source = source,
	};
	struct flight *flight = &batch.flight;
	while (flight->count || flight->next < flight->to) {
		flight->moved = false;
		if (fill_batch(&batch) || push_batch(&batch) ||
		    hear_written(&batch) || copy_look(sftp->job) ||
		    (!flight->moved && sftp_wait(sftp)))
			return -1;
	}
	return 0;
}
