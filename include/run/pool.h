/*
 * At most N workers at a time, each a forked process with a socket to the
 * parent. The pool knows processes and events; which device comes next and
 * what its result is, is the run's business.
 */
#ifndef NETPUSH_RUN_POOL_H
#define NETPUSH_RUN_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct event;
struct pool;
struct target;

struct pool_handler {
	void *data;
	/* An event of the worker for DEVICE; taken over by the handler, which
	 * clears it. LINE is the event as it came (LEN bytes, without "\n"),
	 * valid during the call: what is journalled need not be written
	 * anew. */
	void (*event)(void *data, size_t device, struct event *event,
	    const char *line, size_t len);
	/* The worker is gone. WAIT_STATUS as from waitpid(2); OVERDUE: it was
	 * killed because it passed its deadline. */
	void (*gone)(void *data, size_t device, int wait_status, bool overdue);
	/* SIGINT or SIGTERM arrived. */
	void (*signal)(void *data, int number);
	/* Other work than worker_main(), with its arguments, told in another
	 * way than by events: BYTES gets what the worker wrote, as it comes.
	 * Both or neither; `event` is not called then. */
	int (*work)(void *data, size_t device, int fd, int off_fd);
	void (*bytes)(void *data, size_t device, const char *bytes, size_t len);
	/* How many pieces of `work` a process does at a time (run/crew.h), of
	 * those that may share one; 0: each has a process of its own. */
	unsigned crew;
	bool (*shares)(void *data, size_t device);
};

/* Blocks SIGINT and SIGTERM (they are heard through pool_wait). */
struct pool *pool_new(
    unsigned threads, const struct pool_handler *handler, struct err *err);

/* Kills (SIGKILL) and reaps whoever still runs or rests; restores the
 * signals. */
void pool_free(struct pool *pool);

bool pool_has_room(const struct pool *pool);
unsigned pool_running(const struct pool *pool);
void pool_set_threads(struct pool *pool, unsigned threads);

/*
 * Forks a worker for TARGET (which the handler's own `work` does not need),
 * known to the handler as DEVICE. It is killed when it outlives KILL_AFTER_MS. -1 with ERR when there is no process or
 * descriptor to be had (the device was not contacted).
 */
int pool_start(struct pool *pool, const struct target *target, size_t device,
    int64_t kill_after_ms, struct err *err);

/*
 * For workers with a `work` of their own, which live on when they have done
 * it: DEVICE's is free for another, and pool_start() takes it in place of a
 * new one. It counts no more as running, and `gone` is not called for it.
 */
void pool_rest(struct pool *pool, size_t device);

/* In such a worker: waits until pool_start() has another DEVICE for it. False:
 * there will be none, it ends. */
bool pool_worker_next(int fd, size_t *device);

/* Waits up to TIMEOUT_MS (-1: until something happens) and calls the handler
 * for all that happened. */
void pool_wait(struct pool *pool, int timeout_ms);

/* Descriptors that wake pool_wait: READY is called while FD is readable. */
void pool_watch(
    struct pool *pool, int fd, void (*ready)(void *data), void *data);
void pool_unwatch(struct pool *pool, int fd);

/* Every worker started from now on keeps FD open as long as it lives. */
void pool_hold(struct pool *pool, int fd);

/* Lets DEVICE's worker go on after its `stage: change`. */
void pool_go(struct pool *pool, size_t device);

/* Calls every worker off: SIGTERM (they stop at once, undoing what they can)
 * or SIGKILL. */
void pool_signal(struct pool *pool, int number);

/* Kills the worker of DEVICE, which is heard of as usual. */
void pool_kill(struct pool *pool, size_t device);

/* Calls FN for each device whose worker is alive. */
void pool_each(
    const struct pool *pool, void (*fn)(void *data, size_t device), void *data);

#endif
