/*
 * A transport with a terminal on it: sends bytes, pumps what arrives through
 * the screen, writes the transcript. Time is kept here: every wait has a
 * deadline and may be called off.
 */
#ifndef NETPUSH_DEVICE_CHANNEL_H
#define NETPUSH_DEVICE_CHANNEL_H

#include "device/transport.h"
#include "text/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel;
struct err;
struct transcript;

/* Takes TRANSPORT over. CANCEL_FD as in struct observer. TRANSCRIPT is
 * borrowed and may be NULL. */
struct channel *channel_new(
    struct transport *transport, int cancel_fd, struct transcript *transcript);

/* Closes the transport (with a goodbye within the deadline) and frees. */
void channel_close(struct channel *channel, int64_t deadline);

/* The transport's descriptor. */
int channel_fd(const struct channel *channel);

/* Who gets the finished lines from now on. */
void channel_listen(
    struct channel *channel, screen_line_fn *on_line, void *data);

/* The open line: what stands behind the last line end. */
const char *channel_open_line(const struct channel *channel, size_t *len);

/* While a finished line is heard: its other reading, or NULL (see
 * screen_unfolded()). */
const char *channel_unfolded(const struct channel *channel, size_t *len);

/*
 * Sends all of it, reading meanwhile (lines may be heard before it returns).
 * A SECRET leaves only a note in the transcript. -1 with kind closed, timeout
 * or cancelled.
 */
int channel_send(struct channel *channel, const char *data, size_t len,
    bool secret, int64_t deadline, struct err *err);

enum channel_heard {
	CHANNEL_DATA, /* something arrived and went through the screen */
	CHANNEL_SILENCE, /* the deadline passed without a byte */
	CHANNEL_EOF, /* the device ended the session */
	CHANNEL_ERROR, /* ERR says what */
};

/* Waits for bytes until DEADLINE and feeds all that are there. */
enum channel_heard channel_pump(
    struct channel *channel, int64_t deadline, struct err *err);

/* The same without waiting, until nothing is there (CHANNEL_SILENCE); it is
 * CHANNEL_DATA when so much came that more may be there. */
enum channel_heard channel_drain(struct channel *channel, struct err *err);

/* Stop watching the parent: for the last words of a called-off session. */
void channel_ignore_cancel(struct channel *channel);

#endif
