/*
 * A run read again from its directory. What the live ledger said of a device
 * and what is read must be the same, member by member.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "state.h"

#include "run/replay.h"

#include "base/str.h"

#define DEVICES 3

static struct job_device devices[DEVICES] = {
	{ .hostname = (char *)"R1",
	    .address = (char *)"10.0.0.1",
	    .device_type = (char *)"cisco_ios" },
	{ .hostname = (char *)"R2",
	    .address = (char *)"10.0.0.2",
	    .device_type = (char *)"cisco_ios" },
	{ .hostname = (char *)"R3",
	    .address = (char *)"10.0.0.3",
	    .device_type = (char *)"cisco_nxos" },
};
static const struct job job = { .devices = devices, .device_count = DEVICES };

static const char plan_text[] = "{\"devices\":["
				"{\"hostname\":\"R1\",\"address\":\"10.0.0.1\","
				"\"device_type\":\"cisco_ios\"},"
				"{\"hostname\":\"R2\",\"address\":\"10.0.0.2\","
				"\"device_type\":\"cisco_ios\"},"
				"{\"hostname\":\"R3\",\"address\":\"10.0.0.3\","
				"\"device_type\":\"cisco_nxos\"}]}";

/* A run in the making, as run.c makes one: each event goes to the journal and
 * to the ledger. */
struct live {
	struct journal *journal;
	struct ledger ledger;
	char *dir;
	int64_t now_ms;
};

static void
live_begin(struct live *live)
{
	struct err err;
	*live = (struct live){ .now_ms = 1795312800000 };
	live->journal = journal_create(state_dir, "job", &err);
	assert_non_null(live->journal);
	live->dir = xstrdup(journal_dir(live->journal));
	assert_int_equal(journal_write_file(live->journal, "plan.json",
			     plan_text, strlen(plan_text), &err),
	    0);
	ledger_init(&live->ledger, &job);
}

static void
live_end(struct live *live)
{
	journal_free(live->journal);
	ledger_clear(&live->ledger);
	free(live->dir);
}

/* DEVICE SIZE_MAX: of none. Clears EVENT. */
static void
record(struct live *live, size_t device, struct event *event)
{
	struct err err;
	event->time_ms = live->now_ms++;
	int64_t offset = journal_add(live->journal, event);
	if (device != SIZE_MAX)
		ledger_take(&live->ledger, device, event, offset);
	event_clear(event);
	assert_int_equal(journal_flush(live->journal, 0, &err), 0);
}

static void
run_event(struct live *live, enum event_kind kind, json_t *more)
{
	struct event event;
	event_init(&event, kind);
	event.more = more;
	record(live, SIZE_MAX, &event);
}

static void
run_started(struct live *live, int threads)
{
	run_event(live, EVENT_RUN_STARTED,
	    json_pack("{s:s, s:s, s:i, s:i}", "run", "id", "job", "Lock down",
		"threads", threads, "devices", DEVICES));
}

static void
run_finished(struct live *live, int exit_status, const char *stopped)
{
	run_event(live, EVENT_RUN_FINISHED,
	    json_pack("{s:i, s:{}, s:s*}", "exit_status", exit_status, "totals",
		"stopped", stopped));
}

/* A letter each: b begin, s started, c d stage change (two digests), v
 * verify, p step with output, e empty step, r retry, k its worker is gone; C U
 * F R K finished as changed, unchanged, failed, rolled back, unknown. */
static void
tell_one(struct live *live, size_t device, const char *phase, char letter)
{
	static const struct {
		char letter;
		enum event_kind kind;
		enum stage stage;
		const char *status, *output, *before;
		enum err_kind error;
	} words[] = {
		{ .letter = 's', .kind = EVENT_DEVICE_STARTED },
		{ .letter = 'c',
		    .kind = EVENT_STAGE,
		    .stage = STAGE_CHANGE,
		    .before = "d1" },
		{ .letter = 'd',
		    .kind = EVENT_STAGE,
		    .stage = STAGE_CHANGE,
		    .before = "d2" },
		{ .letter = 'v', .kind = EVENT_STAGE, .stage = STAGE_VERIFY },
		{ .letter = 'p',
		    .kind = EVENT_STEP,
		    .status = "ok",
		    .output = "shown\n\xc3\xa9" },
		{ .letter = 'e', .kind = EVENT_STEP, .status = "ok" },
		{ .letter = 'r',
		    .kind = EVENT_DEVICE_RETRY,
		    .error = ERR_CONNECT },
		{ .letter = 'C',
		    .kind = EVENT_DEVICE_FINISHED,
		    .stage = STAGE_CLOSE,
		    .status = "changed" },
		{ .letter = 'U',
		    .kind = EVENT_DEVICE_FINISHED,
		    .stage = STAGE_CLOSE,
		    .status = "unchanged" },
		{ .letter = 'F',
		    .kind = EVENT_DEVICE_FINISHED,
		    .stage = STAGE_LOGIN,
		    .status = "failed",
		    .error = ERR_AUTH },
		{ .letter = 'R',
		    .kind = EVENT_DEVICE_FINISHED,
		    .stage = STAGE_CHANGE,
		    .status = "rolled_back",
		    .error = ERR_REFUSED },
		{ .letter = 'K',
		    .kind = EVENT_DEVICE_FINISHED,
		    .stage = STAGE_CHANGE,
		    .status = "unknown",
		    .error = ERR_CLOSED },
	};
	struct event event;
	if (letter == 'b') {
		ledger_begin(&live->ledger, device, phase);
		return;
	}
	if (letter == 'k') {
		if (ledger_gone(&live->ledger, device, 9, false, false, &event))
			record(live, device, &event);
		return;
	}
	size_t i = 0;
	while (words[i].letter != letter)
		assert_true(++i < sizeof(words) / sizeof(*words));
	event_init(&event, words[i].kind);
	event.hostname = xstrdup(devices[device].hostname);
	event.phase = xstrdup(phase);
	event.stage = words[i].stage;
	event.status = xstrdup(words[i].status);
	event.output = xstrdup(words[i].output);
	if (event.kind == EVENT_DEVICE_STARTED)
		event.attempt = 1 + (int)(live->now_ms % 3);
	else if (event.kind != EVENT_STAGE)
		event.duration_ms = 10 + live->now_ms % 7;
	if (words[i].before)
		event.more = json_pack("{s:s, s:s}", "step", "template acl",
		    "before", words[i].before);
	if (words[i].error != ERR_NONE)
		err_set(&event.error.err, words[i].error, "why at %d",
		    (int)(live->now_ms % 1000));
	record(live, device, &event);
}

static void
tell(struct live *live, size_t device, const char *phase, const char *letters)
{
	for (; *letters; letters++)
		tell_one(live, device, phase, *letters);
}

#define SAME_TEXT(member)                                                      \
	do {                                                                   \
		if (!str_eq(a->member, b->member))                             \
			fail_msg("%s: " #member " was %s, is %s", story,       \
			    a->member ? a->member : "null",                    \
			    b->member ? b->member : "null");                   \
	} while (0)
#define SAME(member)                                                           \
	do {                                                                   \
		if (a->member != b->member)                                    \
			fail_msg("%s: " #member " was %lld, is %lld", story,   \
			    (long long)a->member, (long long)b->member);       \
	} while (0)

static void
same_device(const char *story, const struct ledger_device *a,
    const struct ledger_device *b)
{
	SAME_TEXT(hostname);
	SAME_TEXT(address);
	SAME_TEXT(device_type);
	SAME(status);
	SAME(base);
	SAME(in_flight);
	SAME(attempts);
	SAME(started_ms);
	SAME(visit_ms);
	SAME(duration_ms);
	SAME_TEXT(phase);
	SAME_TEXT(passed);
	SAME(stage);
	SAME(error);
	SAME_TEXT(message);
	SAME(half_done);
	SAME(doubt);
	SAME(change_seen);
	SAME_TEXT(change_step);
	SAME_TEXT(change_before);
	SAME(step_count);
	for (size_t i = 0; i < a->step_count; i++)
		SAME(steps[i]);
	SAME(finished_at);
	SAME(output_at);
	SAME(output_hash);
}

static void
same_ledger(const char *story, const struct ledger *a, const struct ledger *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++)
		same_device(story, &a->devices[i], &b->devices[i]);
	assert_memory_equal(a->totals, b->totals, sizeof(a->totals));
}

/* By the phase: what one device goes through. */
static const char *const stories[][2] = {
	{ "", "" },
	{ "bspU", "bscvpC" },
	{ "bsF", "" },
	{ "bsrbsrbspU", "bscpR" },
	{ "bspU", "bspprbscC" },
	{ "bspC", "bsF" },
	{ "bspC", "bscKbsF" },
	{ "bscpK", "" },
	{ "bscKbscF", "" },
	{ "bscKbsdF", "" },
	{ "bscKbsdCbsU", "bsU" },
	/* The worker says nothing at its end, or at all. */
	{ "bsk", "" },
	{ "bsck", "" },
	{ "bk", "" },
	{ "bsU", "bk" },
	{ "bsC", "bk" },
	{ "bscKbk", "" },
	{ "bscKbkbscC", "bsU" },
	/* No process could be had. */
	{ "F", "" },
	{ "bscKF", "" },
	{ "bspU", "brbspU" },
};

static void
verdicts_are_those_of_the_live_run(void **state)
{
	(void)state;
	enum { COUNT = sizeof(stories) / sizeof(*stories) };
	for (size_t i = 0; i < COUNT; i++) {
		struct live live;
		struct replay replay;
		struct err err;
		live_begin(&live);
		run_started(&live, 8);
		for (int phase = 0; phase < 2; phase++)
			for (size_t d = 0; d < DEVICES; d++)
				tell(&live, d, phase ? "push" : "look",
				    stories[(i + d) % COUNT][phase]);
		run_finished(&live, 1, "too many");
		assert_int_equal(replay_open(&replay, live.dir, &err), 0);
		same_ledger(stories[i][0], &live.ledger, &replay.ledger);
		assert_true(replay.finished);
		assert_int_equal(replay.bad_lines, 0);
		replay_clear(&replay);
		live_end(&live);
	}
}

static void
what_is_known_of_the_run(void **state)
{
	(void)state;
	struct live live;
	struct replay replay;
	struct err err;
	live_begin(&live);
	int64_t began = live.now_ms;
	run_started(&live, 8);
	tell(&live, 0, "push", "bsC");
	run_finished(&live, 4, "too many failed");
	assert_int_equal(replay_open(&replay, live.dir, &err), 0);
	struct run_view view = replay_view(&replay);
	assert_true(view.finished);
	assert_string_equal(view.stopped, "too many failed");
	assert_string_equal(view.dir, live.dir);
	assert_ptr_equal(view.ledger, &replay.ledger);
	assert_int_equal(view.journal_fd, replay.journal_fd);
	assert_string_equal(view.about.id, strrchr(live.dir, '/') + 1);
	assert_string_equal(view.about.job, "Lock down");
	assert_int_equal(view.about.started_ms, began);
	assert_int_equal(view.about.finished_ms, live.now_ms - 1);
	assert_int_equal(view.about.threads, 8);
	assert_int_equal(view.about.exit_status, 4);
	/* Events can be read where the ledger says. */
	struct event event;
	assert_int_equal(result_read_event(view.journal_fd,
			     view.ledger->devices[0].finished_at, &event),
	    0);
	assert_string_equal(event.status, "changed");
	event_clear(&event);
	replay_clear(&replay);
	assert_int_equal(replay.journal_fd, -1);
	live_end(&live);
}

/* Taken up again, it began when it began first, and ends when it ends last. */
static void
a_run_that_was_taken_up_again(void **state)
{
	(void)state;
	struct live live;
	struct replay replay;
	struct err err;
	live_begin(&live);
	int64_t began = live.now_ms;
	run_started(&live, 8);
	tell(&live, 0, "push", "bsC");
	tell(&live, 1, "push", "bscK");
	run_finished(&live, 4, "interrupted");
	run_started(&live, 3);
	/* It goes on: what it came to then counts no more. */
	assert_int_equal(replay_open(&replay, live.dir, &err), 0);
	assert_false(replay.finished);
	assert_null(replay.stopped);
	assert_int_equal(replay.ledger.devices[1].status, DEVICE_UNKNOWN);
	replay_clear(&replay);
	tell(&live, 1, "push", "bsF");
	tell(&live, 2, "push", "bsC");
	run_finished(&live, 1, NULL);
	assert_int_equal(replay_open(&replay, live.dir, &err), 0);
	same_ledger("taken up", &live.ledger, &replay.ledger);
	assert_true(replay.finished);
	assert_null(replay.stopped);
	assert_int_equal(replay.about.exit_status, 1);
	assert_int_equal(replay.about.started_ms, began);
	assert_int_equal(replay.about.finished_ms, live.now_ms - 1);
	assert_int_equal(replay.about.threads, 3);
	assert_int_equal(replay.ledger.devices[1].status, DEVICE_UNKNOWN);
	assert_true(replay.ledger.devices[1].doubt);
	replay_clear(&replay);
	live_end(&live);
}

static void
those_in_flight_when_it_died(void **state)
{
	(void)state;
	struct live live;
	struct replay replay;
	struct err err;
	live_begin(&live);
	run_started(&live, 8);
	tell(&live, 0, "push", "bs");
	tell(&live, 1, "push", "bsc");
	assert_int_equal(replay_open(&replay, live.dir, &err), 0);
	assert_false(replay.finished);
	static const struct {
		enum device_status status;
		enum err_kind error;
	} wanted[] = {
		{ DEVICE_FAILED, ERR_CANCELLED },
		{ DEVICE_UNKNOWN, ERR_CANCELLED },
		{ DEVICE_PENDING, ERR_NONE },
	};
	for (size_t i = 0; i < DEVICES; i++) {
		const struct ledger_device *device = &replay.ledger.devices[i];
		assert_int_equal(device->status, wanted[i].status);
		assert_int_equal(device->error, wanted[i].error);
		assert_false(device->in_flight);
		/* Nobody knows how long, and no line says it. */
		assert_int_equal(device->duration_ms, 0);
		assert_int_equal(device->finished_at, -1);
	}
	assert_int_equal(replay.about.finished_ms, live.now_ms - 1);
	replay_clear(&replay);
	live_end(&live);
}

/* resume judges them itself. */
static void
a_ledger_alone_leaves_those_in_flight(void **state)
{
	(void)state;
	struct live live;
	struct ledger ledger;
	int64_t began = 0;
	live_begin(&live);
	int64_t first = live.now_ms;
	run_started(&live, 8);
	tell(&live, 0, "push", "bspC");
	tell(&live, 1, "push", "bsc");
	run_started(&live, 8);
	ledger_init(&ledger, &job);
	replay_ledger(&ledger, journal_fd(live.journal), &began);
	assert_int_equal(began, first);
	assert_true(ledger.devices[1].in_flight);
	same_ledger("alone", &live.ledger, &ledger);
	ledger_clear(&ledger);
	live_end(&live);
}

static void
what_is_no_event_is_passed_over(void **state)
{
	(void)state;
	static const char
	    junk[] = "what?\n"
		     "{\"event\":\"device_finished\",\"hostname\":\"R1\"}\n"
		     "\n";
	static const char torn[] =
	    "{\"event\":\"device_finished\",\"time\":\"2026-11-21T02:40:09.000Z"
	    "\",\"hostname\":\"R1\",\"status\":\"failed\"}";
	struct live live;
	struct replay replay;
	struct err err;
	live_begin(&live);
	run_started(&live, 8);
	append(live.dir, "events.jsonl", junk, sizeof(junk) - 1);
	journal_free(live.journal);
	live.journal = journal_open(live.dir, &err);
	assert_non_null(live.journal);
	tell(&live, 0, "push", "bspC");
	/* Whole but for its line end: it does not count. */
	append(live.dir, "events.jsonl", torn, sizeof(torn) - 1);
	assert_int_equal(replay_open(&replay, live.dir, &err), 0);
	assert_int_equal(replay.bad_lines, 3);
	same_ledger("junk", &live.ledger, &replay.ledger);
	assert_int_equal(replay.last_ms, live.now_ms - 1);
	replay_clear(&replay);
	live_end(&live);
}

static void
what_is_no_visit_is_none(void **state)
{
	(void)state;
	struct live live;
	struct replay replay;
	struct err err;
	struct event event;
	live_begin(&live);
	run_started(&live, 8);
	event_init(&event, EVENT_CREDENTIALS_CHECKED);
	event.hostname = xstrdup("R1");
	event.status = xstrdup("refused");
	event.name = xstrdup("neteng");
	record(&live, SIZE_MAX, &event);
	/* A device that the plan does not know. */
	event_init(&event, EVENT_DEVICE_FINISHED);
	event.hostname = xstrdup("R9");
	event.status = xstrdup("failed");
	record(&live, SIZE_MAX, &event);
	assert_int_equal(replay_open(&replay, live.dir, &err), 0);
	assert_int_equal(replay.bad_lines, 0);
	assert_int_equal(replay.ledger.totals[DEVICE_PENDING], DEVICES);
	replay_clear(&replay);
	live_end(&live);
}

static void
an_empty_journal_is_a_run_that_did_nothing(void **state)
{
	(void)state;
	struct live live;
	struct replay replay;
	struct err err;
	live_begin(&live);
	assert_int_equal(replay_open(&replay, live.dir, &err), 0);
	assert_false(replay.finished);
	assert_int_equal(replay.ledger.totals[DEVICE_PENDING], DEVICES);
	assert_int_equal(replay.about.started_ms, 0);
	assert_int_equal(replay.about.finished_ms, 0);
	/* Nobody said what its job is called. */
	assert_string_equal(replay.about.job, strrchr(live.dir, '/') + 1);
	replay_clear(&replay);
	live_end(&live);
}

/* Said twice, which no run does: the last word counts, and nothing leaks. */
static void
an_end_that_is_said_twice(void **state)
{
	(void)state;
	struct live live;
	struct replay replay;
	struct err err;
	live_begin(&live);
	run_started(&live, 8);
	run_finished(&live, 4, "first");
	run_finished(&live, 4, "second");
	assert_int_equal(replay_open(&replay, live.dir, &err), 0);
	assert_string_equal(replay.stopped, "second");
	replay_clear(&replay);
	live_end(&live);
}

static void
directories_that_hold_no_run(void **state)
{
	(void)state;
	static const char *const plans[] = { NULL, "", "{", "[]", "{}",
		"{\"devices\":[{}]}" };
	for (size_t i = 0; i <= sizeof(plans) / sizeof(*plans); i++) {
		struct replay replay;
		struct err err = { 0 };
		char *dir = new_run();
		const char *plan = plan_text;
		if (i < sizeof(plans) / sizeof(*plans)) {
			plan = plans[i];
		} else {
			char *path = xasprintf("%s/events.jsonl", dir);
			unlink(path);
			free(path);
		}
		if (plan)
			append(dir, "plan.json", plan, strlen(plan));
		assert_int_equal(replay_open(&replay, dir, &err), -1);
		assert_int_equal(err.kind, ERR_JOB);
		assert_true(err.text[0]);
		assert_null(replay.dir);
		assert_int_equal(replay.ledger.count, 0);
		assert_int_equal(replay.journal_fd, -1);
		free(dir);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(directories_that_hold_no_run),
		WITH_DIR(verdicts_are_those_of_the_live_run),
		WITH_DIR(those_in_flight_when_it_died),
		WITH_DIR(a_ledger_alone_leaves_those_in_flight),
		WITH_DIR(what_is_no_event_is_passed_over),
		WITH_DIR(what_is_no_visit_is_none),
		WITH_DIR(an_empty_journal_is_a_run_that_did_nothing),
		WITH_DIR(what_is_known_of_the_run),
		WITH_DIR(a_run_that_was_taken_up_again),
		WITH_DIR(an_end_that_is_said_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
