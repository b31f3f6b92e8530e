/*
 * One copy under way: what the two protocols (scp.c, sftp.c) share. Time and
 * calling off, counting, faults, and the files on this side.
 */
#ifndef NETPUSH_DEVICE_COPY_JOB_H
#define NETPUSH_DEVICE_COPY_JOB_H

#include "device/copy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct exec;
struct fault;

#define COPY_BUFFER_BYTES (1U << 20)
/* What may be on its way: one of these for each round trip is the rate. Twice
 * OpenSSH's, because libssh2 is slower to give it back. */
#define COPY_WINDOW_BYTES (4U << 20)
#define COPY_NAME_BYTES	  256 /* NAME_MAX and the end */
#define COPY_DEPTH_MAX	  64 /* directories in directories */

struct copy_job {
	const struct copy_ask *ask;
	struct copy_result *result;
	struct fault *fault;
	uint64_t total; /* of a single file, else 0 */
	int64_t moved_at, told_at, look_at;
	char *buffer; /* COPY_BUFFER_BYTES */
};

/* Fill the fault and return -1: kind transfer. */
int copy_fail(struct copy_job *job, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int copy_fail_sys(struct copy_job *job, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Waits until the channel's operations are worth repeating. -1 with kind
 * timeout (and `stalled` when it was the silence) or cancelled. */
int copy_wait(struct copy_job *job, struct exec *exec);

/* To be called between two waits, however fast it goes: looks at the deadline
 * and whether it was called off now and then. */
int copy_look(struct copy_job *job);

/* Something was heard, or BYTES of files went over. */
void copy_heard(struct copy_job *job);
void copy_moved(struct copy_job *job, size_t bytes);

/* Tells what is left out. */
void copy_note(struct copy_job *job, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Fit to be a file's name on either side: not empty, no directory's own name,
 * no "/", no control character, not too long. */
bool copy_name_ok(const char *name);

/* The last part of a path; for a device's, "flash:a" is "a". False if that is
 * no name for a file ("", ".", "~", ...). */
bool copy_base_name(const char *path, bool device, char name[COPY_NAME_BYTES]);

/* What goes up. */
struct copy_source {
	int fd;
	struct stat is;
	mode_t mode; /* that it is to have there */
	const char *name;
};

/* Up to LEN bytes from where it stands; -1 with fault, also at its end: there
 * are fewer than there were. */
ssize_t copy_source_read(struct copy_job *job, const struct copy_source *source,
    char *data, size_t len);

/* Where the protocols put what copy_walk() finds. Names are good ones. */
struct copy_far {
	void *data;
	int (*file)(void *data, const struct copy_source *source);
	int (*enter)(void *data, const struct copy_source *directory);
	int (*leave)(void *data, const struct copy_source *directory);
};

/* Goes through what is asked to go up: one file or a tree. */
int copy_walk(struct copy_job *job, const struct copy_far *far);

/* What comes down: directories that were entered, and in the innermost one a
 * file. */
struct copy_sink {
	struct copy_job *job;
	int dirs[COPY_DEPTH_MAX];
	unsigned depth;
	char top[COPY_NAME_BYTES]; /* what the top is called here */
	int fd; /* the open file, or -1 */
	char name[COPY_NAME_BYTES];
	char part[COPY_NAME_BYTES];
};

/* What it is to be like: mode, and times if they are known. */
struct copy_like {
	mode_t mode;
	bool timed;
	int64_t mtime, atime;
};

/* Finds out where the top goes. */
int copy_sink_init(struct copy_sink *sink, struct copy_job *job);
/* A file that is still open stays as a part when it may be gone on with. */
void copy_sink_clear(struct copy_sink *sink);

/* NAME is ignored at the top: there it is what was asked for. */
int copy_sink_enter(
    struct copy_sink *sink, const char *name, const struct copy_like *like);
int copy_sink_leave(struct copy_sink *sink, const struct copy_like *like);

/* *HAVE: how much of it is there from another time, by ask->resume. */
int copy_sink_open(struct copy_sink *sink, const char *name,
    const struct copy_like *like, uint64_t *have);
int copy_sink_write(
    struct copy_sink *sink, uint64_t at, const char *data, size_t len);
/* Whether these bytes stand there; and whatever is behind LEN is cut off. */
bool copy_sink_has(
    struct copy_sink *sink, uint64_t at, const char *data, size_t len);
int copy_sink_cut(struct copy_sink *sink, uint64_t len);
/* It failed, and has all bytes until LEN: what is behind that is nothing to go
 * on from. */
void copy_sink_keep(struct copy_sink *sink, uint64_t len);
/* It is whole: gets its name. */
int copy_sink_done(struct copy_sink *sink, const struct copy_like *like);

/* Each protocol, over a channel that has still to be started. SFTP also: 1,
 * the device has none and nothing was done. */
int scp_copy(struct copy_job *job, struct exec *exec);
int sftp_copy(struct copy_job *job, struct exec *exec);

/* The command that makes the far side an SCP peer for what is asked. False if
 * the path cannot be said in one. */
bool scp_command(const struct copy_ask *ask, char *text, size_t size);

#endif
