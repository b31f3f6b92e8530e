/* report.command: what runs after a run, outside of it. */
#ifndef NETPUSH_APP_HOOK_H
#define NETPUSH_APP_HOOK_H

#include <stdint.h>

struct err;
struct run_view;

/* Between SIGTERM and SIGKILL, when a command is called off. */
#define HOOK_GRACE_MS 2000

/*
 * Runs COMMAND by /bin/sh in a session of its own, with the run's result.json
 * as its standard input and our standard error as both of its outputs. Of the
 * environment it gets what is neither a credential nor ours, and
 * NETPUSH_RUN_DIR and NETPUSH_EXIT_STATUS.
 *
 * After TIMEOUT_MS it and its children get SIGTERM, and HOOK_GRACE_MS later
 * SIGKILL; the same at SIGINT and SIGTERM, after which we die of that. -1 with
 * ERR when it could not be run, did not end with 0 or was ended.
 */
int hook_run(const char *command, int64_t timeout_ms,
    const struct run_view *view, struct err *err);

#endif
