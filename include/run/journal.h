/*
 * The run's directory and its journal: events.jsonl, append only. What is in
 * it survives the death of every process; a device is changed only after the
 * journal says that it is about to be.
 */
#ifndef NETPUSH_RUN_JOURNAL_H
#define NETPUSH_RUN_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct event;
struct journal;

/* Where runs are kept: --state-dir, else $XDG_STATE_HOME/netpush, else
 * ~/.local/state/netpush. STATE_DIR may be NULL. The caller frees. */
char *journal_state_dir(const char *state_dir);

/*
 * Makes STATE_DIR/runs/<UTC time>-<job>-<short id>/ (mode 0700) with an empty
 * journal, and finds a full disk now: room for the events is tried out.
 */
struct journal *journal_create(
    const char *state_dir, const char *job_name, struct err *err);
void journal_free(struct journal *journal);

const char *journal_dir(const struct journal *journal);
const char *journal_run_id(const struct journal *journal); /* the last part */
int journal_fd(const struct journal *journal); /* events.jsonl, for pread */

/* Writes a file into the run's directory (0600), whole or not at all. */
int journal_write_file(struct journal *journal, const char *name,
    const void *data, size_t len, struct err *err);

/* Appends an event; returns the offset at which its line begins. It is kept
 * in memory until journal_flush() (or a certain size). */
int64_t journal_add(struct journal *journal, const struct event *event);

/* The same for an event that is a line already (without "\n"). */
int64_t journal_add_line(struct journal *journal, const char *line, size_t len);

/* Writes what is kept in memory; SYNC also onto the disk (fdatasync). -1 with
 * ERR when the disk is full or gone: the run must not go on to change. */
int journal_flush(struct journal *journal, int sync, struct err *err);

#endif
