/*
 * What a worker is told: which device, which phase of which job, with which
 * credentials; and whom it tells what it is doing. Plain data, made by the
 * parent before the fork and only read afterwards.
 */
#ifndef NETPUSH_DEVICE_TARGET_H
#define NETPUSH_DEVICE_TARGET_H

#include "model/credentials.h"
#include "model/job.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct known_hosts;

enum host_keys_policy {
	HOST_KEYS_ACCEPT_NEW, /* unknown: trust and remember; changed: refuse */
	HOST_KEYS_STRICT, /* only what known_hosts holds */
	HOST_KEYS_OFF, /* trust anything, remember nothing */
};

struct target {
	const struct job *job;
	const struct job_device *device;
	const struct job_phase *phase; /* NULL: only check the credentials */
	const struct credentials *credentials;
	enum host_keys_policy host_keys;
	const struct known_hosts *known_hosts;
	const char *transcript; /* path, or NULL */
	int attempt; /* counts from 1 */
	bool check_only; /* read and compare; change nothing */
	bool force; /* change a list even where that may lock us out */
	const char *backup; /* directory for what is there before a change, or
			       NULL; the one above it is there */
	/*
	 * For a device that an earlier visit left in doubt: the step that was
	 * changing it, and the digest of what was there before (NULL: not
	 * known). That step may change the device only from the very same
	 * state. NULL step: no such doubt.
	 */
	const char *doubt_step, *doubt_before;
	/* The step that told it to reload, and when (wall clock), if nobody has
	 * seen yet what became of that. NULL: none. */
	const char *told_step;
	int64_t told_ms;
	/* What steps of this run remembered of the device: name -> text. */
	const json_t *memory;
};

/* The user name for this device: its own, else the credentials'. */
const char *target_username(const struct target *target);

/* The stages of docs/events.md, in the order in which they come. */
enum stage {
	STAGE_NONE,
	STAGE_CONNECT,
	STAGE_LOGIN,
	STAGE_PREPARE,
	STAGE_CHANGE,
	STAGE_CONFIRM,
	STAGE_SAVE,
	STAGE_VERIFY,
	STAGE_CLOSE,
	STAGE__COUNT,
};
const char *stage_name(enum stage stage);
bool stage_get(const char *name, enum stage *stage);

/*
 * Whom the device layer tells what happens. Every wait also watches
 * cancel_fd: when it becomes readable (the parent is gone or calls off) the
 * wait ends with ERR_CANCELLED. -1: nothing to watch.
 */
struct observer {
	void *data;
	int cancel_fd;
	/* Says which stage begins. -1: do not begin it (called off). For
	 * STAGE_CHANGE it returns only when that is safely written down. */
	int (*stage)(void *data, enum stage stage);
	/* The digest of what a step is about to change, before its
	 * STAGE_CHANGE. */
	void (*before)(void *data, const char *digest);
	void (*log)(void *data, const char *text);
	/* A copy has moved so many bytes of TOTAL (0: not known). Often called;
	 * NULL: nobody wants to know. */
	void (*progress)(void *data, uint64_t bytes, uint64_t total);
	/* Something that the person should know of this device. */
	void (*warn)(void *data, const char *text);
	/* A host key that was not known and is trusted now. */
	void (*host_key)(void *data, const char *address, int port,
	    const char *type, const void *key, size_t len);
	/* Another host key than the one that is known. True: it is trusted from
	 * now on, for the job said so. NULL: never. */
	bool (*new_host_key)(void *data, const char *address, int port,
	    const char *type, const void *key, size_t len);
};

#endif
