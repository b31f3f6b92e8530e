/*
 * A run read again from its directory: what report, runs and resume begin
 * with. The verdicts are made by the same ledger as in the live run.
 */
#ifndef NETPUSH_RUN_REPLAY_H
#define NETPUSH_RUN_REPLAY_H

#include "run/journal.h"
#include "run/ledger.h"
#include "run/result.h"

#include <stdbool.h>
#include <stdint.h>

struct replay {
	char *dir;
	char *id; /* the directory's last part */
	char *job; /* the job's name */
	char *stopped; /* why the run ended early, or NULL */
	bool finished; /* it came to its end */
	bool check; /* it only told what it would do */
	struct result_run about; /* texts are those above; finished_ms: of
				    the last event if it did not finish */
	struct ledger ledger; /* devices in flight at the end are judged */
	int64_t last_ms; /* time of the last event */
	size_t bad_lines; /* of the journal that were no events */
	int journal_fd; /* events.jsonl, for reading */
};

/*
 * Reads the run in DIR. The verdict on a device whose worker was in flight
 * when the journal ends is as if the worker had just died. -1 with ERR (kind
 * job) when DIR holds no run; REPLAY is then empty.
 */
int replay_open(struct replay *replay, const char *dir, struct err *err);
void replay_clear(struct replay *replay);
struct run_view replay_view(const struct replay *replay);

/* Feeds LEDGER with the journal open at FD and nothing else: for resume. Those
 * in flight at the end are left so. *STARTED_MS: when the run began. */
void replay_ledger(struct ledger *ledger, int fd, int64_t *started_ms);

/* Reads FILE of the run's directory DIR as JSON; NULL with ERR. */
json_t *replay_read_json(const char *dir, const char *file, struct err *err);

#endif
