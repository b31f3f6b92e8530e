/*
 * Files and trees to a device and back, by SCP (our own, over exec channels)
 * or SFTP, over a connection that is logged in and has nothing else under way.
 *
 * What a copy promises: 0 means that the far side took every byte and said so,
 * and closed the channel; or that every byte arrived, and stands in the file of
 * that name. Anything less is -1 with a fault. A file that comes down is written
 * beside its name and renamed when it is whole. One that goes up grows under
 * its own name, as SCP has it: after a fault it may be there in part.
 *
 * Where things go is as with cp(1): into a directory that is there, under the
 * source's own name; else under the name that is given. Modes follow the
 * source's, less what the far side's or our umask takes; with `preserve` they
 * and the times of change are exactly the source's.
 *
 * In a tree, a symbolic link to a file is copied as that file. Links to
 * directories, links to nothing, devices, sockets and pipes are left out, each
 * told by note(). Names with control characters (a line end is one) are
 * refused. So is what a hostile server may name: "..", a name with a "/", a
 * second file where one was asked for.
 */
#ifndef NETPUSH_DEVICE_COPY_H
#define NETPUSH_DEVICE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct exec;
struct fault;
struct ssh;

enum copy_method {
	COPY_AUTO, /* SFTP where the device has it, else SCP */
	COPY_SCP,
	COPY_SFTP,
	COPY_METHOD__COUNT,
};
const char *copy_method_name(enum copy_method method); /* "auto" ... */
bool copy_method_get(const char *name, enum copy_method *method);

enum copy_direction {
	COPY_UP, /* from here to the device */
	COPY_DOWN,
};

/* What is done about a part that an earlier attempt left (SFTP, single files;
 * SCP always begins again). A part that is longer than the source is never
 * gone on with. */
enum copy_resume {
	COPY_WHOLE, /* begin again */
	COPY_RESUME_COMPARED, /* read it, and go on behind it if it is equal */
	COPY_RESUME_TRUSTED, /* go on behind it: the caller knows it is ours */
};

#define COPY_SILENCE_MS 60000 /* a sensible `silence_ms` */

struct copy_ask {
	enum copy_direction direction;
	enum copy_method method;
	enum copy_resume resume;
	const char *local; /* path; with `fd` only a name for people */
	int fd; /* a regular file in place of the path, or -1 */
	const char *remote; /* path on the device; "~/" is the home there */
	bool tree; /* directories, too, with all that is in them */
	bool preserve; /* modes and times exactly */
	mode_t mode; /* of a single file, 0: the source's */
	int64_t deadline; /* of the whole */
	int64_t silence_ms; /* without a byte moved; 0: never */
	int cancel_fd; /* as in struct observer */
	/* Bytes that arrived so far, of TOTAL (0: not known, in a tree). At
	 * most about ten times a second, and once at the end. May be NULL. */
	void (*progress)(void *data, uint64_t bytes, uint64_t total);
	/* What was left out, and why. May be NULL. */
	void (*note)(void *data, const char *text);
	void *data;
};

struct copy_result {
	enum copy_method method; /* SCP or SFTP; AUTO: none was begun */
	uint64_t bytes; /* moved by this call; sent and acknowledged */
	uint64_t resumed_at; /* where it went on, 0: from the beginning */
	unsigned files;
	unsigned left_out;
	/* Nothing moved for `silence_ms`. The connection is good for nothing
	 * any more; another attempt needs a fresh one, in a fresh process if it
	 * can be. With SFTP it may go on where this one stopped. */
	bool stalled;
};

/*
 * Copies. RESULT is filled in any case. -1 with kind `transfer` (refused,
 * ended early, a file here that cannot be read or written; the far side's own
 * words are the fault's device_text), `closed` (the connection broke),
 * `timeout` (silence, with `stalled`, or the deadline) or `cancelled`.
 */
int copy_run(struct ssh *ssh, const struct copy_ask *ask,
    struct copy_result *result, struct fault *fault);

/* The same over one channel that the caller has, not started yet: the SFTP
 * subsystem's for the method SFTP, else that of an scp command. The caller
 * frees it. */
int copy_over(struct exec *exec, const struct copy_ask *ask,
    struct copy_result *result, struct fault *fault);

/* Bytes that are free for us where REMOTE is. Only SFTP with OpenSSH's
 * extension can tell. 0, or -1 with kind transfer when it cannot be known. */
int copy_free_bytes(struct ssh *ssh, const char *remote, int64_t deadline,
    int cancel_fd, uint64_t *bytes, struct fault *fault);

/* How fast it goes. Zeroed storage is a new one. */
#define COPY_PACE_MARKS 8
struct copy_pace {
	int64_t at_ms[COPY_PACE_MARKS];
	uint64_t bytes[COPY_PACE_MARKS];
	unsigned count;
};

/* From progress(): so many BYTES are there at NOW_MS (clock_ms()). */
void copy_pace_note(struct copy_pace *pace, int64_t now_ms, uint64_t bytes);

/* Bytes a second of late (over some seconds), 0: not known yet. */
uint64_t copy_pace_rate(const struct copy_pace *pace);

/* Milliseconds until TOTAL is reached at this rate, -1: not known. */
int64_t copy_pace_left_ms(const struct copy_pace *pace, uint64_t total);

#endif
