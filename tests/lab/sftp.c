/*
 * The server side of SFTP, version 3 (draft-ietf-secsh-filexfer-02): files of
 * one flat directory. What it does not know it says so.
 */
#include "store.h"
#include "transfer.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define PACKET_LIMIT  (256u << 10)
#define INPUT_LIMIT   (8u << 20)
#define READ_BYTES    32768
#define OUTPUT_HIGH   (1u << 20) /* the rest waits until less is waiting */
#define HANDLES	      16
#define VERSION	      3
#define MODE_FILE     0100600
#define MODE_DIR      040700
#define ATTR_SIZE     1u
#define ATTR_MODE     4u
#define ATTR_TIME     8u
#define OPEN_WRITE    2u
#define OPEN_CREATE   8u
#define OPEN_TRUNCATE 16u

enum message {
	INIT = 1,
	VERSION_ANSWER = 2,
	OPEN = 3,
	CLOSE = 4,
	READ = 5,
	WRITE = 6,
	LSTAT = 7,
	FSTAT = 8,
	SETSTAT = 9,
	FSETSTAT = 10,
	OPENDIR = 11,
	READDIR = 12,
	REMOVE = 13,
	REALPATH = 16,
	STAT = 17,
	STATUS = 101,
	HANDLE = 102,
	DATA = 103,
	NAME = 104,
	ATTRS = 105,
};

enum status {
	OK = 0,
	END = 1,
	NO_SUCH_FILE = 2,
	FAILURE = 4,
	BAD_MESSAGE = 5,
	UNSUPPORTED = 8,
};

struct sftp {
	struct session *session;
	struct buf in;
	struct handle {
		bool used, read; /* read: the directory was told */
		struct store *store; /* NULL: the directory */
	} handles[HANDLES];
};

/* A packet that is read; BAD when it was too short. */
struct packet {
	const unsigned char *at;
	size_t left;
	bool bad;
};

static uint32_t
get_u32(struct packet *packet)
{
	uint32_t value;
	if (packet->left < sizeof(value)) {
		packet->bad = true;
		return 0;
	}
	memcpy(&value, packet->at, sizeof(value));
	packet->at += sizeof(value);
	packet->left -= sizeof(value);
	return ntohl(value);
}

static int64_t
get_u64(struct packet *packet)
{
	uint64_t high = get_u32(packet), low = get_u32(packet);
	return (int64_t)(high << 32 | low);
}

static const void *
get_bytes(struct packet *packet, size_t *len)
{
	const void *data = NULL;
	*len = get_u32(packet);
	if (packet->bad || *len > packet->left) {
		packet->bad = true;
		*len = 0;
		return "";
	}
	data = packet->at;
	packet->at += *len;
	packet->left -= *len;
	return data;
}

/* The caller owns it. */
static char *
get_text(struct packet *packet)
{
	size_t len;
	const char *data = get_bytes(packet, &len);
	return xstrndup(data, len);
}

static void
put_u32(struct buf *out, uint32_t value)
{
	value = htonl(value);
	buf_add(out, &value, sizeof(value));
}

static void
put_bytes(struct buf *out, const void *data, size_t len)
{
	put_u32(out, (uint32_t)len);
	buf_add(out, data, len);
}

static void
send_packet(struct sftp *sftp, enum message type, struct buf *body)
{
	struct buf *tx = &sftp->session->tx;
	put_u32(tx, (uint32_t)body->len + 1);
	buf_addc(tx, (char)type);
	buf_add(tx, buf_str(body), body->len);
	buf_clear(body);
}

static void
answer_init(struct buf *body, uint32_t id)
{
	buf_init(body, PACKET_LIMIT);
	put_u32(body, id);
}

static void
send_status(
    struct sftp *sftp, uint32_t id, enum status status, const char *text)
{
	struct buf body;
	answer_init(&body, id);
	put_u32(&body, status);
	put_bytes(&body, text, strlen(text));
	put_bytes(&body, "", 0);
	send_packet(sftp, STATUS, &body);
}

static void
put_attributes(struct buf *out, bool directory, int64_t size)
{
	put_u32(out, ATTR_SIZE | ATTR_MODE);
	put_u32(out, (uint32_t)((uint64_t)size >> 32));
	put_u32(out, (uint32_t)size);
	put_u32(out, directory ? MODE_DIR : MODE_FILE);
}

/* The file of PATH, "" for the directory; false when there can be none. */
static bool
name_of(struct sftp *sftp, const char *path, struct flash_name *name)
{
	const struct device *device = sftp->session->device;
	if (str_eq(path, ".") || str_eq(path, "/") ||
	    str_eq(path, "/var/tmp") || str_eq(path, "/bootflash"))
		path = "";
	else if (str_starts(path, "/bootflash/"))
		path += strlen("/bootflash/");
	return flash_parse(device, path, true, name);
}

static struct handle *
handle_of(struct sftp *sftp, struct packet *packet)
{
	size_t len;
	const unsigned char *data = get_bytes(packet, &len);
	if (len != 1 || data[0] >= HANDLES || !sftp->handles[data[0]].used) {
		packet->bad = true;
		return &sftp->handles[0];
	}
	return &sftp->handles[data[0]];
}

/* Takes STORE; NULL for the directory. */
static void
send_handle(struct sftp *sftp, uint32_t id, struct store *store)
{
	struct buf body;
	unsigned char i = 0;
	while (i < HANDLES && sftp->handles[i].used)
		i++;
	if (i == HANDLES) {
		store_close(store, false);
		send_status(sftp, id, FAILURE, "Too many open files");
		return;
	}
	sftp->handles[i] = (struct handle){ .used = true, .store = store };
	answer_init(&body, id);
	put_bytes(&body, &i, 1);
	send_packet(sftp, HANDLE, &body);
}

static void
on_open(struct sftp *sftp, uint32_t id, struct packet *packet)
{
	struct flash_name name;
	struct session *session = sftp->session;
	struct store *store = NULL;
	char *path = get_text(packet);
	uint32_t flags = get_u32(packet);
	bool good = name_of(sftp, path, &name);
	bool there = good && flash_size(session->device, &name) >= 0;
	if (!good || (!there && !(flags & OPEN_CREATE)))
		store = NULL;
	else if (flags & OPEN_WRITE)
		store = store_write_open(session->device, session->id, "sftp",
		    &name, !(flags & OPEN_TRUNCATE));
	else
		store = store_read_open(
		    session->device, session->id, "sftp", &name);
	if (store)
		send_handle(sftp, id, store);
	else
		send_status(
		    sftp, id, NO_SUCH_FILE, "No such file or directory");
	free(path);
}

/* What STORE said where it is not that all is well; true: it is not. */
static bool
stopped(struct sftp *sftp, uint32_t id, enum store_answer answer)
{
	switch (answer) {
	case STORE_OK:
		return false;
	case STORE_FULL:
		send_status(sftp, id, FAILURE, "No space left on device");
		return true;
	case STORE_CUT:
		sftp->session->end = SESSION_DROP;
		return true;
	case STORE_STALLED:
		transfer_wait(sftp->session, -1);
		return true;
	}
	return true;
}

static void
on_read(struct sftp *sftp, uint32_t id, struct packet *packet)
{
	static char block[READ_BYTES];
	struct buf body;
	struct handle *handle = handle_of(sftp, packet);
	int64_t at = get_u64(packet);
	size_t want = get_u32(packet), got;
	if (packet->bad || !handle->store) {
		send_status(sftp, id, FAILURE, "Bad handle");
		return;
	}
	if (want > sizeof(block))
		want = sizeof(block);
	if (stopped(sftp, id, store_read(handle->store, at, block, want, &got)))
		return;
	if (!got) {
		send_status(sftp, id, END, "End of file");
		return;
	}
	answer_init(&body, id);
	put_bytes(&body, block, got);
	send_packet(sftp, DATA, &body);
}

static void
on_write(struct sftp *sftp, uint32_t id, struct packet *packet)
{
	size_t len;
	struct handle *handle = handle_of(sftp, packet);
	int64_t at = get_u64(packet);
	const void *data = get_bytes(packet, &len);
	if (packet->bad || !handle->store) {
		send_status(sftp, id, FAILURE, "Bad handle");
		return;
	}
	if (!stopped(sftp, id, store_write(handle->store, at, data, len)))
		send_status(sftp, id, OK, "Success");
}

static void
on_close(struct sftp *sftp, uint32_t id, struct packet *packet)
{
	struct handle *handle = handle_of(sftp, packet);
	if (packet->bad) {
		send_status(sftp, id, FAILURE, "Bad handle");
		return;
	}
	store_close(handle->store, true);
	*handle = (struct handle){ 0 };
	send_status(sftp, id, OK, "Success");
}

static void
send_attributes(struct sftp *sftp, uint32_t id, bool directory, int64_t size)
{
	struct buf body;
	answer_init(&body, id);
	put_attributes(&body, directory, size);
	send_packet(sftp, ATTRS, &body);
}

static void
on_stat(struct sftp *sftp, uint32_t id, struct packet *packet)
{
	struct flash_name name;
	char *path = get_text(packet);
	bool good = name_of(sftp, path, &name);
	int64_t size = good && *name.file
	    ? flash_size(sftp->session->device, &name)
	    : 0;
	if (good && size >= 0)
		send_attributes(sftp, id, !*name.file, size);
	else
		send_status(
		    sftp, id, NO_SUCH_FILE, "No such file or directory");
	free(path);
}

static void
on_fstat(struct sftp *sftp, uint32_t id, struct packet *packet)
{
	const struct handle *handle = handle_of(sftp, packet);
	if (packet->bad)
		send_status(sftp, id, FAILURE, "Bad handle");
	else
		send_attributes(sftp, id, !handle->store,
		    handle->store ? store_size(handle->store) : 0);
}

static void
on_opendir(struct sftp *sftp, uint32_t id, struct packet *packet)
{
	struct flash_name name;
	char *path = get_text(packet);
	if (name_of(sftp, path, &name) && !*name.file)
		send_handle(sftp, id, NULL);
	else
		send_status(
		    sftp, id, NO_SUCH_FILE, "No such file or directory");
	free(path);
}

static void
on_readdir(struct sftp *sftp, uint32_t id, struct packet *packet)
{
	struct flash_list list;
	struct buf body;
	struct handle *handle = handle_of(sftp, packet);
	if (packet->bad || handle->store || handle->read) {
		send_status(sftp, id, END, "End of file");
		return;
	}
	handle->read = true;
	flash_list(sftp->session->device, 1, &list);
	answer_init(&body, id);
	put_u32(&body, (uint32_t)list.count);
	for (size_t i = 0; i < list.count; i++) {
		const struct flash_file *file = &list.items[i];
		char *line = xasprintf(
		    "-rw-------    1 root     root     %12lld "
		    "Nov 21 02:00 %s",
		    (long long)file->bytes, file->name);
		put_bytes(&body, file->name, strlen(file->name));
		put_bytes(&body, line, strlen(line));
		put_attributes(&body, false, file->bytes);
		free(line);
	}
	flash_list_clear(&list);
	send_packet(sftp, NAME, &body);
}

static void
on_remove(struct sftp *sftp, uint32_t id, struct packet *packet)
{
	struct flash_name name;
	char *path = get_text(packet);
	if (name_of(sftp, path, &name) &&
	    flash_remove(sftp->session->device, &name))
		send_status(sftp, id, OK, "Success");
	else
		send_status(
		    sftp, id, NO_SUCH_FILE, "No such file or directory");
	free(path);
}

static void
on_realpath(struct sftp *sftp, uint32_t id, struct packet *packet)
{
	struct flash_name name;
	struct buf body;
	char *path = get_text(packet);
	if (!name_of(sftp, path, &name)) {
		send_status(
		    sftp, id, NO_SUCH_FILE, "No such file or directory");
		free(path);
		return;
	}
	char *real = xasprintf("/%s", name.file);
	answer_init(&body, id);
	put_u32(&body, 1);
	put_bytes(&body, real, strlen(real));
	put_bytes(&body, real, strlen(real));
	put_u32(&body, 0);
	send_packet(sftp, NAME, &body);
	free(real);
	free(path);
}

/* Modes and times: nobody keeps them. */
static void
on_setstat(struct sftp *sftp, uint32_t id, struct packet *packet)
{
	(void)packet;
	send_status(sftp, id, OK, "Success");
}

/* A client that writes in place sets the size in the end. */
static void
on_fsetstat(struct sftp *sftp, uint32_t id, struct packet *packet)
{
	const struct handle *handle = handle_of(sftp, packet);
	uint32_t flags = get_u32(packet);
	int64_t size = flags & ATTR_SIZE ? get_u64(packet) : 0;
	if (packet->bad || !handle->store) {
		send_status(sftp, id, FAILURE, "Bad handle");
		return;
	}
	if (flags & ATTR_SIZE)
		store_truncate(handle->store, size);
	send_status(sftp, id, OK, "Success");
}

static void
handle_packet(struct sftp *sftp, struct packet *packet)
{
	static const struct {
		enum message type;
		void (*run)(
		    struct sftp *sftp, uint32_t id, struct packet *packet);
	} rows[] = { { OPEN, on_open }, { CLOSE, on_close }, { READ, on_read },
		{ WRITE, on_write }, { LSTAT, on_stat }, { FSTAT, on_fstat },
		{ STAT, on_stat }, { SETSTAT, on_setstat },
		{ FSETSTAT, on_fsetstat }, { OPENDIR, on_opendir },
		{ READDIR, on_readdir }, { REMOVE, on_remove },
		{ REALPATH, on_realpath } };
	enum message type = (enum message)packet->at[0];
	packet->at++;
	packet->left--;
	uint32_t id = get_u32(packet); /* of INIT: the version */
	if (type == INIT) {
		struct buf body;
		answer_init(&body, VERSION);
		send_packet(sftp, VERSION_ANSWER, &body);
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type) {
			rows[i].run(sftp, id, packet);
			return;
		}
	send_status(sftp, id, UNSUPPORTED, "Operation unsupported");
}

/* Milliseconds that the fastest of its copies is ahead. */
static int64_t
ahead(const struct sftp *sftp)
{
	int64_t most = 0;
	for (size_t i = 0; i < HANDLES; i++) {
		int64_t ms = sftp->handles[i].store
		    ? store_ahead(sftp->handles[i].store)
		    : 0;
		most = ms > most ? ms : most;
	}
	return most;
}

/* Whole packets of what came in, until the copy must wait. */
static void
handle_input(struct sftp *sftp)
{
	size_t done = 0;
	const char *data = sftp->in.data;
	while (sftp->in.len - done >= 4 && sftp->session->end == SESSION_OPEN &&
	    sftp->session->phase == SESSION_IDLE &&
	    sftp->session->tx.len < OUTPUT_HIGH) {
		struct packet size = { (const unsigned char *)data + done, 4,
			false };
		size_t len = get_u32(&size);
		if (!len || len > PACKET_LIMIT) {
			sftp->session->end = SESSION_DROP;
			break;
		}
		if (sftp->in.len - done < 4 + len)
			break;
		struct packet packet = { (const unsigned char *)data + done + 4,
			len, false };
		handle_packet(sftp, &packet);
		done += 4 + len;
		transfer_wait(sftp->session, ahead(sftp));
	}
	buf_drop(&sftp->in, done);
}

static void
sftp_input(void *state, const char *data, size_t len)
{
	struct sftp *sftp = state;
	buf_add(&sftp->in, data, len);
	handle_input(sftp);
}

/* After a wait, what came in before it. */
static bool
sftp_refill(void *state)
{
	struct sftp *sftp = state;
	handle_input(sftp);
	return sftp->session->tx.len > 0;
}

static void
sftp_eof(void *state)
{
	struct sftp *sftp = state;
	transfer_exit(sftp->session, 0);
}

static void
sftp_free(void *state)
{
	struct sftp *sftp = state;
	for (size_t i = 0; i < HANDLES; i++)
		store_close(sftp->handles[i].store, false);
	buf_clear(&sftp->in);
	free(sftp);
}

static const struct transfer_kind sftp_kind = { sftp_input, sftp_refill,
	sftp_eof, sftp_free };

bool
sftp_start(struct session *session)
{
	const struct platform *platform = session->device->platform;
	if (!platform->sftp ||
	    (platform->sftp_needs &&
		!transfer_enabled(session, platform->sftp_needs)))
		return false;
	struct sftp *sftp = xcalloc(1, sizeof(*sftp));
	sftp->session = session;
	buf_init(&sftp->in, INPUT_LIMIT);
	session->transfer = (struct transfer){ &sftp_kind, sftp };
	return true;
}
