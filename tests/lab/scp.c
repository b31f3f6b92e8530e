/*
 * The remote side of rcp's protocol, as scp -O speaks it. A device has no
 * shell: its argument is what stands there, quotes and all.
 */
#include "store.h"
#include "transfer.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_LIMIT  1024
#define BLOCK_BYTES 32768

struct scp {
	struct session *session;
	bool to_device;
	char *path;
	struct buf line; /* a message of the client, so far */
	struct store *store;
	int64_t at, size;
	bool full; /* what comes is thrown away, to say it at the end */
	enum {
		SCP_LINE, /* to the device: what comes next? */
		SCP_DATA, /* bytes of a file */
		SCP_END, /* to the device: the NUL behind them */
		SCP_READY, /* to the client: may we begin? */
		SCP_HEADER, /* is the header understood? */
		SCP_DONE, /* has all arrived? */
		SCP_STOPPED,
	} phase;
};

static void
scp_free(void *state)
{
	struct scp *scp = state;
	store_close(scp->store, false);
	buf_clear(&scp->line);
	free(scp->path);
	free(scp);
}

static void
stop(struct scp *scp, bool good)
{
	scp->phase = SCP_STOPPED;
	store_close(scp->store, good);
	scp->store = NULL;
}

/* The copy is over, and the client is told why. */
static void
fail(struct scp *scp, const char *doing, const char *why)
{
	if (scp->session->device->platform->file_system[0] == 'f')
		buf_addf(&scp->session->tx, "\001%%Error %s %s (%s)\n", doing,
		    scp->path, why);
	else
		buf_addf(
		    &scp->session->tx, "\001scp: %s: %s\n", scp->path, why);
	stop(scp, false);
	transfer_exit(scp->session, 1);
}

/* What STORE said, where it is not that all is well; true: it is not. */
static bool
stopped(struct scp *scp, enum store_answer answer)
{
	switch (answer) {
	case STORE_OK:
		return false;
	case STORE_FULL:
		scp->full = true;
		return false;
	case STORE_CUT:
		stop(scp, false);
		scp->session->end = SESSION_DROP;
		return true;
	case STORE_STALLED:
		transfer_wait(scp->session, -1);
		return true;
	}
	return true;
}

static void
acknowledge(struct scp *scp)
{
	buf_addc(&scp->session->tx, '\0');
}

/* C0644 SIZE NAME: the name counts when the path is a directory. */
static void
header(struct scp *scp, const char *line)
{
	struct flash_name name;
	struct device *device = scp->session->device;
	unsigned mode;
	int at = 0;
	if (sscanf(line, "C%4o %" SCNd64 " %n", &mode, &scp->size, &at) != 2 ||
	    !at || scp->size < 0) {
		fail(scp, "reading", "protocol error");
		return;
	}
	if (!flash_parse(device, scp->path, true, &name)) {
		fail(scp, "opening", "No such device");
		return;
	}
	if (!*name.file)
		snprintf(name.file, sizeof(name.file), "%.255s", line + at);
	if (!store_fits(device, &name, scp->size)) {
		fail(scp, "opening", "No space left on device");
		return;
	}
	scp->store = store_write_open(
	    device, scp->session->id, "scp", &name, false);
	if (!scp->store) {
		fail(scp, "opening", "Invalid argument");
		return;
	}
	scp->at = 0;
	scp->phase = scp->size ? SCP_DATA : SCP_END;
	acknowledge(scp);
}

/* A line that is complete. */
static void
take_line(struct scp *scp)
{
	const char *line = buf_str(&scp->line);
	if (*line == 'C')
		header(scp, line);
	else if (*line == 'T') /* times, which nobody keeps */
		acknowledge(scp);
	else if (*line == '\001' || *line == '\002')
		stop(scp, false);
	else
		fail(scp, "reading", "not a regular file");
	buf_reset(&scp->line);
}

static size_t
take_data(struct scp *scp, const char *data, size_t len)
{
	int64_t left = scp->size - scp->at;
	size_t take = (int64_t)len < left ? len : (size_t)left;
	if (!scp->full &&
	    stopped(scp, store_write(scp->store, scp->at, data, take)))
		return len;
	scp->at += (int64_t)take;
	if (scp->at == scp->size)
		scp->phase = SCP_END;
	return take;
}

/* To the device: what the client says, as far as the phase goes. */
static size_t
take(struct scp *scp, const char *data, size_t len)
{
	switch (scp->phase) {
	case SCP_LINE:
		if (*data == '\n')
			take_line(scp);
		else if (!buf_addc(&scp->line, *data))
			fail(scp, "reading", "protocol error");
		return 1;
	case SCP_DATA:
		return take_data(scp, data, len);
	case SCP_END:
		if (*data) {
			fail(scp, "writing", "the client gave up");
			return 1;
		}
		if (scp->full) {
			fail(scp, "writing", "No space left on device");
			return 1;
		}
		stop(scp, true);
		scp->phase = SCP_LINE;
		acknowledge(scp);
		return 1;
	default:
		return len;
	}
}

/* To the client: an answer to what we said last. */
static void
take_answer(struct scp *scp, char answer)
{
	if (answer) {
		stop(scp, false);
		transfer_exit(scp->session, 1);
		return;
	}
	if (scp->phase == SCP_READY) {
		const char *name = strrchr(scp->path, ':');
		name = name ? name + 1 : scp->path;
		if (strrchr(name, '/'))
			name = strrchr(name, '/') + 1;
		buf_addf(&scp->session->tx, "C0644 %lld %s\n",
		    (long long)scp->size, name);
		scp->phase = SCP_HEADER;
	} else if (scp->phase == SCP_HEADER) {
		scp->phase = SCP_DATA;
	} else if (scp->phase == SCP_DONE) {
		stop(scp, true);
		transfer_exit(scp->session, 0);
	}
}

static void
scp_input(void *state, const char *data, size_t len)
{
	struct scp *scp = state;
	while (len && scp->phase != SCP_STOPPED) {
		size_t taken = 1;
		if (scp->to_device)
			taken = take(scp, data, len);
		else
			take_answer(scp, *data);
		data += taken;
		len -= taken;
	}
	if (scp->store && scp->session->phase != SESSION_BLOCKED)
		transfer_wait(scp->session, store_ahead(scp->store));
}

static bool
scp_refill(void *state)
{
	static char block[BLOCK_BYTES];
	struct scp *scp = state;
	size_t got;
	if (scp->to_device || scp->phase != SCP_DATA ||
	    scp->session->phase == SESSION_BLOCKED)
		return false;
	enum store_answer answer = store_read(
	    scp->store, scp->at, block, sizeof(block), &got);
	buf_add(&scp->session->tx, block, got);
	scp->at += (int64_t)got;
	if (stopped(scp, answer))
		return got > 0;
	if (!got) {
		scp->phase = SCP_DONE;
		acknowledge(scp);
	}
	transfer_wait(scp->session, store_ahead(scp->store));
	return true;
}

static void
scp_eof(void *state)
{
	struct scp *scp = state;
	bool good = scp->phase == SCP_LINE && !scp->line.len;
	stop(scp, false);
	transfer_exit(scp->session, good ? 0 : 1);
}

static void
open_source(struct scp *scp)
{
	struct flash_name name;
	struct device *device = scp->session->device;
	if (flash_parse(device, scp->path, true, &name))
		scp->store = store_read_open(
		    device, scp->session->id, "scp", &name);
	if (!scp->store) {
		fail(scp, "opening", "No such file or directory");
		return;
	}
	scp->size = store_size(scp->store);
	scp->phase = SCP_READY;
}

static const struct transfer_kind scp_kind = { scp_input, scp_refill, scp_eof,
	scp_free };

/* The options of COMMAND; what stands behind them is the path, or NULL. */
static const char *
read_options(const char *command, bool *to_device, bool *from_device)
{
	const char *at = command + strlen("scp");
	for (;;) {
		at += strspn(at, " ");
		if (*at != '-')
			return *at ? at : NULL;
		size_t len = strcspn(at, " ");
		if (len == 2 && at[1] == '-')
			return at + len + strspn(at + len, " ");
		*to_device |= memchr(at, 't', len) != NULL;
		*from_device |= memchr(at, 'f', len) != NULL;
		if (memchr(at, 'r', len))
			return NULL;
		at += len;
	}
}

/* What a shell makes of one word. */
static char *
unquoted(const char *path)
{
	size_t len = strlen(path);
	if (len >= 2 && strchr("'\"", path[0]) && path[len - 1] == path[0])
		return xstrndup(path + 1, len - 2);
	return xstrdup(path);
}

bool
scp_start(struct session *session, const char *command)
{
	bool to_device = false, from_device = false;
	const char *path = read_options(command, &to_device, &from_device);
	const char *needs = session->device->platform->scp_needs;
	if (!path || to_device == from_device)
		return false;
	if (needs && !transfer_enabled(session, needs)) {
		buf_adds(&session->tx, "Administratively disabled.\n");
		transfer_exit(session, 1);
		return true;
	}
	struct scp *scp = xcalloc(1, sizeof(*scp));
	scp->session = session;
	scp->to_device = to_device;
	scp->path = session->device->platform->shell ? unquoted(path)
						     : xstrdup(path);
	buf_init(&scp->line, LINE_LIMIT);
	session->transfer = (struct transfer){ &scp_kind, scp };
	if (to_device)
		acknowledge(scp);
	else
		open_source(scp);
	return true;
}
