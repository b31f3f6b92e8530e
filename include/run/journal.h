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

/*
 * Makes STATE_DIR/runs/<UTC time>-<job>-<short id>/ (mode 0700) with an empty
 * journal, and finds a full disk now: room for the events is tried out. The
 * run is held (run/rundir.h) as long as the journal is open. It is no run for
 * others (a dot is before its name) until it is published.
 */
struct journal *journal_create(
    const char *state_dir, const char *job_name, struct err *err);

/* All papers are there: the directory gets its name. -1 with ERR. */
int journal_publish(struct journal *journal, struct err *err);

/* Goes on with the journal in DIR. A last line that is not whole (the power
 * went) is cut off. NULL with ERR, also while another process holds it. */
struct journal *journal_open(const char *dir, struct err *err);
void journal_free(struct journal *journal);

/* The same, and takes the directory away: nothing was done. */
void journal_discard(struct journal *journal);

const char *journal_dir(const struct journal *journal);
const char *journal_run_id(const struct journal *journal); /* the last part */
int journal_fd(const struct journal *journal); /* events.jsonl, for pread */

/* Open as long as somebody is at work on the run: the workers get it. */
int journal_hold_fd(const struct journal *journal);

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

/*
 * Reads the events of the journal open at FD in their order. FN gets each with
 * the offset of its line and may take it over (zeroing it); lines that
 * are no events are left out and counted. Returns where the last whole line
 * ends. *BAD (may be NULL) += what was left out.
 */
typedef void journal_event_fn(void *data, struct event *event, int64_t offset);
int64_t journal_read(int fd, journal_event_fn *fn, void *data, size_t *bad);

#endif
