/*
 * One device, start to end, in a process of its own. Reports by events on one
 * descriptor; holds no globals, so that an agent on another machine can call
 * it as well.
 */
#ifndef NETPUSH_RUN_WORKER_H
#define NETPUSH_RUN_WORKER_H

struct target;

/* What the parent writes back when `stage: change` is in the journal. */
#define WORKER_GO '+'

/*
 * Does what TARGET says and writes events to FD, a socket. Before the first
 * configuration line it waits for WORKER_GO. The end of the stream means that
 * the run is over or its parent is dead: a step that is changing the device
 * is done to its end, then no other is begun. OFF_FD becomes readable when
 * the worker is called off: then it stops at once (-1: never).
 *
 * Returns the exit status for the process: 0 when `device_finished` was
 * written.
 */
int worker_main(const struct target *target, int fd, int off_fd);

#endif
