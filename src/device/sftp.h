/*
 * The SFTP protocol, version 3 (draft-ietf-secsh-filexfer-02), over a channel.
 * Our own, because libssh2's keeps nothing of what the device says about a
 * failure, and holds what it asked for in memory without a limit of ours.
 */
#ifndef NETPUSH_DEVICE_SFTP_H
#define NETPUSH_DEVICE_SFTP_H

#include "base/buf.h"
#include "device/exec.h"

#include "copy_job.h"

enum {
	FXP_INIT = 1,
	FXP_VERSION = 2,
	FXP_OPEN = 3,
	FXP_CLOSE = 4,
	FXP_READ = 5,
	FXP_WRITE = 6,
	FXP_FSTAT = 8,
	FXP_SETSTAT = 9,
	FXP_FSETSTAT = 10,
	FXP_OPENDIR = 11,
	FXP_READDIR = 12,
	FXP_MKDIR = 14,
	FXP_STAT = 17,
	FXP_STATUS = 101,
	FXP_HANDLE = 102,
	FXP_DATA = 103,
	FXP_NAME = 104,
	FXP_ATTRS = 105,
	FXP_EXTENDED = 200,
	FXP_EXTENDED_REPLY = 201,
};

enum { FX_OK = 0, FX_EOF = 1, FX_NO_SUCH_FILE = 2 };

#define SFTP_HANDLE_BYTES 256 /* by the draft */
#define SFTP_PACKET_BYTES (256U << 10) /* the longest we take */
#define SFTP_DATA_BYTES	  32768U /* each server takes as much at once */
#define SFTP_HEAD_BYTES	  (4 + 1 + 4 + 4 + SFTP_HANDLE_BYTES + 8 + 4)
/* Twice the window: it is the limit, not the pace of the answers. */
#define SFTP_ON_THE_WAY (2 * COPY_WINDOW_BYTES / SFTP_DATA_BYTES)

struct sftp_handle {
	char bytes[SFTP_HANDLE_BYTES];
	size_t len;
};

/* What is known of a file. */
struct sftp_attrs {
	bool has_size, has_mode, has_times;
	uint64_t size;
	uint32_t mode, atime, mtime;
};

/* A packet that came in; its bytes stay until the next one is asked for. */
struct sftp_reply {
	unsigned type;
	uint32_t id;
	const char *at, *end; /* what has not been taken yet */
	bool short_of; /* something was not there */
};

struct sftp {
	struct copy_job *job;
	struct exec *exec;
	uint32_t id; /* of the last request */
	struct buf out; /* requests that have still to leave */
	size_t sent;
	size_t open_at; /* where the request begins that is being put */
	char *in;
	size_t at, got;
	bool ended; /* the far side has nothing more to say */
	uint64_t whole; /* how far a read that failed had all bytes */
};

/* Take from a reply. Past its end: 0, and short_of. */
uint32_t sftp_take_u32(struct sftp_reply *reply);
uint64_t sftp_take_u64(struct sftp_reply *reply);
const char *sftp_take_string(struct sftp_reply *reply, size_t *len);
void sftp_take_attrs(struct sftp_reply *reply, struct sftp_attrs *attrs);

/* Begins a request; the other sftp_put_ functions add to it, sftp_put_end()
 * closes it. */
void sftp_put_begin(struct sftp *sftp, unsigned type);
void sftp_put_u32(struct sftp *sftp, uint32_t value);
void sftp_put_u64(struct sftp *sftp, uint64_t value);
void sftp_put_string(struct sftp *sftp, const char *text, size_t len);
void sftp_put_path(struct sftp *sftp, const char *path);
void sftp_put_handle(struct sftp *sftp, const struct sftp_handle *handle);
void sftp_put_attrs(struct sftp *sftp, const struct sftp_attrs *attrs);
void sftp_put_end(struct sftp *sftp);

/* Sends what the channel takes now. Whether something left, or -1. */
int sftp_push(struct sftp *sftp);
/* A whole packet, if it is there: 1, else 0, or -1. */
int sftp_poll(struct sftp *sftp, struct sftp_reply *reply);
int sftp_wait(struct sftp *sftp);

/* Sends the request and awaits its reply, which must be of the type WANTED.
 * -1 with fault otherwise; with FXP_STATUS it must be FX_OK. WHAT is the path
 * or what else stands in front of the sentence. */
int sftp_call(struct sftp *sftp, unsigned wanted, const char *what,
    struct sftp_reply *reply);

/* The same where a status is an answer, too: *STATUS is 0 when the reply is of
 * the type WANTED. */
int sftp_try(struct sftp *sftp, unsigned wanted, const char *what,
    struct sftp_reply *reply, uint32_t *status);

/* A status that says no: the fault tells it in the device's words. -1. */
int sftp_refused(struct sftp *sftp, const char *what, struct sftp_reply *reply);
/* The device does not keep to the protocol. -1. */
int sftp_odd(struct sftp *sftp, const char *what);

int sftp_open(struct sftp *sftp, unsigned type, const char *path,
    uint32_t flags, const struct sftp_attrs *attrs, struct sftp_handle *handle);
int sftp_close(
    struct sftp *sftp, const struct sftp_handle *handle, const char *path);
/* *THERE is false, and ATTRS untouched, when there is no such file. */
int sftp_stat(
    struct sftp *sftp, const char *path, struct sftp_attrs *attrs, bool *there);
int sftp_fstat(struct sftp *sftp, const struct sftp_handle *handle,
    const char *path, struct sftp_attrs *attrs);

/* FROM to TO of a file, several requests on the way at once; in order or not.
 * TO 0: until it ends. PUT gets each piece. */
int sftp_read(struct sftp *sftp, const struct sftp_handle *handle,
    const char *path, uint64_t from, uint64_t to,
    int (*put)(void *data, uint64_t at, const char *bytes, size_t len),
    void *data);

/* SOURCE from where it stands in the file to its end, as from FROM on. */
int sftp_write(struct sftp *sftp, const struct sftp_handle *handle,
    const char *path, const struct copy_source *source, uint64_t from);

/* A conversation over EXEC from its start to its end, with WORK in it. 0, -1,
 * or 1: the device has no SFTP, nothing was done. */
int sftp_over(
    struct copy_job *job, struct exec *exec, int (*work)(struct sftp *sftp));

/* The two directions (sftp_up.c, sftp_down.c). */
int sftp_send(struct sftp *sftp);
int sftp_receive(struct sftp *sftp);

/* The path as the protocol has it: "~/x" is "x". */
const char *sftp_path(const char *path);

#endif
