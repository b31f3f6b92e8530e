/*
 * The directories of runs: where they are, which one is meant, who holds one.
 * What stands in them: docs/results.md.
 */
#ifndef NETPUSH_RUN_RUNDIR_H
#define NETPUSH_RUN_RUNDIR_H

#include "base/str.h"

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* Where runs are kept: --state-dir, else $XDG_STATE_HOME/netpush, else
 * ~/.local/state/netpush. STATE_DIR may be NULL. The caller frees. */
char *rundir_state_dir(const char *state_dir);

/* The ids of all runs, the oldest first. None if there is no directory. */
void rundir_list(const char *state_dir, struct strs *ids);

/*
 * The directory of the run NAME: its id, a beginning of it that only one run
 * has, or "latest". The caller frees; NULL with ERR (kind job).
 */
char *rundir_find(const char *state_dir, const char *name, struct err *err);

/*
 * Takes hold of the run: one process at a time may go on with it. -1 with ERR
 * while another lives. Workers that a dead process left behind keep
 * the returned descriptor open as well: they are waited for, after a message.
 */
int rundir_hold(const char *dir, struct err *err);

/* The process that holds the run; 0: none. */
pid_t rundir_holder(const char *dir);

/* Where the run in DIR keeps what was on the device HOSTNAME before it was
 * changed: `backup` is made by the run, this by whoever has something to keep. The caller frees. */
char *rundir_backup(const char *dir, const char *hostname);

/* What can be said of a run at a glance. */
enum rundir_state {
	RUNDIR_RUNNING,
	RUNDIR_FINISHED,
	RUNDIR_INTERRUPTED, /* neither: netpush resume goes on with it */
};
struct rundir_glance {
	enum rundir_state state;
	int exit_status; /* of a finished one */
	json_t *totals; /* of a finished one, or NULL; the caller decrefs */
	int64_t time_ms; /* of its last event; 0: there is none */
};
void rundir_look(const char *dir, struct rundir_glance *glance);

/* Removes the directory and everything in it. -1 with ERR. */
int rundir_remove(const char *dir, struct err *err);

#endif
