/*
 * Moving bytes between a device and the screen. What the lines mean is the
 * session's business.
 */
#include "device/channel.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/err.h"
#include "device/transcript.h"
#include "device/wait.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define READ_BYTES     32768
#define DRAIN_READS    64 /* then the deadline is looked at again */
#define CANCEL_LOOK_MS 100

struct channel {
	struct transport *transport;
	struct transcript *transcript;
	struct screen screen;
	screen_line_fn *on_line;
	void *data;
	int cancel_fd;
	int64_t cancel_look; /* when to look at it next, though bytes flow */
	bool eof;
	char chunk[READ_BYTES];
};

static void
hear_line(void *data, const char *line, size_t len)
{
	struct channel *channel = data;
	transcript_line(channel->transcript, '<', line, len);
	if (channel->on_line)
		channel->on_line(channel->data, line, len);
}

struct channel *
channel_new(
    struct transport *transport, int cancel_fd, struct transcript *transcript)
{
	/* Not cleared: READ_BYTES of it are written before they are read. */
	struct channel *channel = xmalloc(sizeof(*channel));
	channel->transport = transport;
	channel->transcript = transcript;
	channel->on_line = NULL;
	channel->data = NULL;
	channel->cancel_fd = cancel_fd;
	channel->cancel_look = 0;
	channel->eof = false;
	screen_init(&channel->screen, hear_line, channel);
	return channel;
}

void
channel_close(struct channel *channel, int64_t deadline)
{
	if (!channel)
		return;
	size_t len;
	const char *open = channel_open_line(channel, &len);
	if (len) /* a question that nobody answered, say */
		transcript_line(channel->transcript, '<', open, len);
	channel->transport->ops->close(channel->transport, deadline);
	screen_clear(&channel->screen);
	free(channel);
}

int
channel_fd(const struct channel *channel)
{
	return channel->transport->ops->fd(channel->transport);
}

void
channel_listen(struct channel *channel, screen_line_fn *on_line, void *data)
{
	channel->on_line = on_line;
	channel->data = data;
}

const char *
channel_open_line(const struct channel *channel, size_t *len)
{
	*len = screen_open_len(&channel->screen);
	return buf_str(&channel->screen.line);
}

const char *
channel_unfolded(const struct channel *channel, size_t *len)
{
	return screen_unfolded(&channel->screen, len);
}

void
channel_ignore_cancel(struct channel *channel)
{
	channel->cancel_fd = -1;
}

static enum wait_result
wait_transport(struct channel *channel, int64_t deadline)
{
	struct transport *transport = channel->transport;
	return wait_fd(transport->ops->fd(transport),
	    transport->ops->events(transport), deadline, channel->cancel_fd);
}

/* One read. Ends in CHANNEL_SILENCE when nothing is there right now. */
static enum channel_heard
read_some(struct channel *channel, struct err *err)
{
	struct transport *transport = channel->transport;
	ssize_t n = transport->ops->read(
	    transport, channel->chunk, sizeof(channel->chunk), err);
	if (n == TRANSPORT_AGAIN)
		return CHANNEL_SILENCE;
	if (n < 0)
		return CHANNEL_ERROR;
	if (n == 0) {
		channel->eof = true;
		return CHANNEL_EOF;
	}
	screen_feed(&channel->screen, channel->chunk, (size_t)n);
	return CHANNEL_DATA;
}

/* A device that never falls silent must not make it deaf to the parent. */
static bool
is_called_off(struct channel *channel)
{
	int64_t now = clock_ms();
	if (channel->cancel_fd < 0 || now < channel->cancel_look)
		return false;
	channel->cancel_look = now + CANCEL_LOOK_MS;
	return wait_fd(-1, 0, now, channel->cancel_fd) == WAIT_CANCELLED;
}

enum channel_heard
channel_drain(struct channel *channel, struct err *err)
{
	enum channel_heard heard = CHANNEL_DATA;
	if (is_called_off(channel)) {
		err_set(err, ERR_CANCELLED, "called off");
		return CHANNEL_ERROR;
	}
	for (int i = 0; heard == CHANNEL_DATA && i < DRAIN_READS; i++)
		heard = channel->eof ? CHANNEL_EOF : read_some(channel, err);
	return heard;
}

enum channel_heard
channel_pump(struct channel *channel, int64_t deadline, struct err *err)
{
	if (channel->eof)
		return CHANNEL_EOF;
	if (is_called_off(channel)) {
		err_set(err, ERR_CANCELLED, "called off");
		return CHANNEL_ERROR;
	}
	for (;;) {
		enum channel_heard heard = read_some(channel, err);
		if (heard != CHANNEL_SILENCE)
			return heard;
		switch (wait_transport(channel, deadline)) {
		case WAIT_READY:
			break;
		case WAIT_TIMEOUT:
			return CHANNEL_SILENCE;
		case WAIT_CANCELLED:
			err_set(err, ERR_CANCELLED, "called off");
			return CHANNEL_ERROR;
		}
	}
}

/* The transcript shows what was sent line by line. */
static void
note_sent(struct channel *channel, const char *data, size_t len, bool secret)
{
	if (secret) {
		static const char note[] = "(a secret)";
		transcript_line(
		    channel->transcript, '>', note, sizeof(note) - 1);
		return;
	}
	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t line = end ? (size_t)(end - data) : len;
		transcript_line(channel->transcript, '>', data, line);
		line += end != NULL;
		data += line;
		len -= line;
	}
}

int
channel_send(struct channel *channel, const char *data, size_t len, bool secret,
    int64_t deadline, struct err *err)
{
	struct transport *transport = channel->transport;
	if (channel->eof)
		return err_set(
		    err, ERR_CLOSED, "the device has ended the session");
	if (channel->transcript)
		note_sent(channel, data, len, secret);
	while (len) {
		ssize_t n = transport->ops->write(transport, data, len, err);
		if (n == -1)
			return -1;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
			continue;
		}
		/* The transport reads while it cannot write (libssh2 does so
		 * inside the call), so this cannot dead-lock. */
		switch (wait_transport(channel, deadline)) {
		case WAIT_READY:
			break;
		case WAIT_TIMEOUT:
			return err_set(
			    err, ERR_TIMEOUT, "the device takes no more input");
		case WAIT_CANCELLED:
			return err_set(err, ERR_CANCELLED, "called off");
		}
	}
	return 0;
}
