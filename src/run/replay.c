/* The journal, read into a ledger. */
#include "run/replay.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

json_t *
replay_read_json(const char *dir, const char *file, struct err *err)
{
	json_error_t why;
	char *path = xasprintf("%s/%s", dir, file);
	json_t *json = json_load_file(path, 0, &why);
	if (!json)
		err_set(err, ERR_JOB, "%s: %s", path, why.text);
	free(path);
	return json;
}

static void
take_for_ledger(void *data, struct event *event, int64_t offset)
{
	struct ledger *ledger = data;
	size_t device = ledger_find(ledger, event->hostname);
	/* A check of the credentials is no visit. */
	if (device != SIZE_MAX && event->kind != EVENT_CREDENTIALS_CHECKED)
		ledger_take(ledger, device, event, offset);
}

struct feed {
	struct ledger *ledger;
	int64_t *started_ms;
	bool begun;
};

static void
take_for_feed(void *data, struct event *event, int64_t offset)
{
	struct feed *feed = data;
	if (event->kind == EVENT_RUN_STARTED && !feed->begun) {
		feed->begun = true;
		*feed->started_ms = event->time_ms;
	}
	take_for_ledger(feed->ledger, event, offset);
}

void
replay_ledger(struct ledger *ledger, int fd, int64_t *started_ms)
{
	struct feed feed = { .ledger = ledger, .started_ms = started_ms };
	journal_read(fd, take_for_feed, &feed, NULL);
}

static void
take_started(struct replay *replay, const struct event *event)
{
	int threads = 0;
	const char *job = NULL;
	json_unpack(
	    event->more, "{s?i, s?s}", "threads", &threads, "job", &job);
	/* A resumed run began when it began first. */
	if (!replay->about.started_ms)
		replay->about.started_ms = event->time_ms;
	replay->about.threads = threads;
	replay->finished = false;
	replay->check = json_is_true(json_object_get(event->more, "check"));
	free(replay->stopped);
	replay->stopped = NULL;
	free(replay->job);
	replay->job = xstrdup(job ? job : "?");
}

static void
take_finished(struct replay *replay, const struct event *event)
{
	const char *stopped = NULL;
	json_unpack(event->more, "{s?i, s?s}", "exit_status",
	    &replay->about.exit_status, "stopped", &stopped);
	replay->finished = true;
	free(replay->stopped);
	replay->stopped = xstrdup(stopped);
}

static void
take(void *data, struct event *event, int64_t offset)
{
	struct replay *replay = data;
	replay->last_ms = event->time_ms;
	if (event->kind == EVENT_RUN_STARTED)
		take_started(replay, event);
	else if (event->kind == EVENT_RUN_FINISHED)
		take_finished(replay, event);
	else
		take_for_ledger(&replay->ledger, event, offset);
}

/* The journal ended while it was in flight: it was the run that died. */
static void
judge_those_in_flight(struct replay *replay)
{
	for (size_t i = 0; i < replay->ledger.count; i++) {
		struct event event;
		if (!ledger_gone(&replay->ledger, i, 0, false, true, &event))
			continue;
		event.time_ms = replay->last_ms;
		event.duration_ms = -1;
		ledger_take(&replay->ledger, i, &event, -1);
		event_clear(&event);
	}
}

int
replay_open(struct replay *replay, const char *dir, struct err *err)
{
	*replay = (struct replay){ .journal_fd = -1 };
	char *path = xasprintf("%s/events.jsonl", dir);
	json_t *plan = replay_read_json(dir, "plan.json", err);
	int rc = plan ? ledger_init_plan(&replay->ledger, plan, err) : -1;
	json_decref(plan);
	if (rc)
		goto out;
	replay->journal_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (replay->journal_fd < 0) {
		rc = err_set(err, ERR_JOB, "%s cannot be read", path);
		goto out;
	}
	replay->dir = xstrdup(dir);
	replay->id = xstrdup(strrchr(dir, '/') ? strrchr(dir, '/') + 1 : dir);
	journal_read(replay->journal_fd, take, replay, &replay->bad_lines);
	judge_those_in_flight(replay);
	if (!replay->job)
		replay->job = xstrdup(replay->id);
	replay->about.id = replay->id;
	replay->about.job = replay->job;
	replay->about.finished_ms = replay->last_ms;
out:
	free(path);
	if (rc)
		replay_clear(replay);
	return rc;
}

void
replay_clear(struct replay *replay)
{
	ledger_clear(&replay->ledger);
	if (replay->journal_fd >= 0)
		close(replay->journal_fd);
	free(replay->dir);
	free(replay->id);
	free(replay->job);
	free(replay->stopped);
	*replay = (struct replay){ .journal_fd = -1 };
}

struct run_view
replay_view(const struct replay *replay)
{
	return (struct run_view){
		.about = replay->about,
		.dir = replay->dir,
		.stopped = replay->stopped,
		.finished = replay->finished,
		.check = replay->check,
		.ledger = &replay->ledger,
		.journal_fd = replay->journal_fd,
	};
}
