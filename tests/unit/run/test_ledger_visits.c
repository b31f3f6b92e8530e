/*
 * Devices that are visited more than once: repeated after a failure, in a later
 * phase, or in a run that was taken up again. What is in doubt stays so until
 * somebody has seen the device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/ledger.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

static struct job_device devices[2] = {
	{ .hostname = (char *)"R1",
	    .address = (char *)"10.0.0.1",
	    .device_type = (char *)"cisco_ios" },
	{ .hostname = (char *)"R2",
	    .address = (char *)"10.0.0.2",
	    .device_type = (char *)"cisco_nxos" },
};
static const struct job job = { .devices = devices, .device_count = 2 };

static int64_t offset; /* of the next event in a journal that is none */

/* One word of a story, see tell(). */
static void
tell_one(struct ledger *ledger, const char *word)
{
	struct event event;
	const char *value = strchr(word, '=');
	const char *before = strchr(word, '/');
	value = value ? value + 1 : NULL;
	char *first = value
	    ? xstrndup(value, before ? (size_t)(before - value) : strlen(value))
	    : NULL;
	char *second = before ? xstrdup(before + 1) : NULL;
	if (str_starts(word, "begin")) {
		/* The parent's: it is no event. */
		ledger_begin(ledger, 0, first);
	} else if (str_starts(word, "start")) {
		event_init(&event, EVENT_DEVICE_STARTED);
		event.time_ms = 1795312800000 + offset;
		event.attempt = second ? (int)strtol(second, NULL, 10) : 1;
		event.phase = xstrdup(first);
	} else if (str_starts(word, "change")) {
		event_init(&event, EVENT_STAGE);
		event.stage = STAGE_CHANGE;
		event.more = json_pack(
		    "{s:s*, s:s*}", "step", first, "before", second);
	} else if (str_starts(word, "step")) {
		event_init(&event, EVENT_STEP);
		event.output = xstrdup(first);
		event.more = json_pack("{s:s}", "kind", "command");
	} else if (str_starts(word, "retry")) {
		event_init(&event, EVENT_DEVICE_RETRY);
		event.duration_ms = 100;
		err_set(&event.error.err, ERR_CONNECT, "refused");
	} else {
		assert_true(str_starts(word, "end="));
		event_init(&event, EVENT_DEVICE_FINISHED);
		event.duration_ms = 1000;
		event.status = xstrdup(first);
		event.phase = xstrdup(second);
	}
	free(first);
	free(second);
	if (str_starts(word, "begin"))
		return;
	ledger_take(ledger, 0, &event, offset);
	offset += 10;
	event_clear(&event);
}

/*
 * What happens to the first device, a word each:
 * begin[=PHASE], start[=PHASE[/ATTEMPT]], change[=STEP[/BEFORE]], step=OUTPUT, retry,
 * end=STATUS[/PHASE].
 */
static void
tell(struct ledger *ledger, const char *story)
{
	char *words = xstrdup(story), *rest = words, *word;
	while ((word = strsep(&rest, " ")))
		if (*word)
			tell_one(ledger, word);
	free(words);
}

static void
begin(struct ledger *ledger, const char *story)
{
	offset = 0;
	ledger_init(ledger, &job);
	tell(ledger, story);
}

static const struct {
	const char *story;
	enum device_status status;
	bool doubt;
} doubts[] = {
	/* In doubt, and then nothing was done that could end the doubt. */
	{ "start change=a/1 end=unknown start end=failed", DEVICE_UNKNOWN,
	    true },
	{ "start change=a/1 end=unknown start change=a/2 end=failed",
	    DEVICE_UNKNOWN, true },
	{ "start change=a/1 end=unknown start change=b/1 end=failed",
	    DEVICE_UNKNOWN, true },
	{ "start change=a end=unknown start change=a end=failed",
	    DEVICE_UNKNOWN, true },
	{ "start change=a/1 end=unknown start change=a end=failed",
	    DEVICE_UNKNOWN, true },
	{ "start change end=unknown start change end=failed", DEVICE_UNKNOWN,
	    true },
	{ "start change=a/1 end=unknown start end=rolled_back", DEVICE_UNKNOWN,
	    true },
	{ "start change=a/1 end=unknown start end=failed start end=failed",
	    DEVICE_UNKNOWN, true },
	{ "start change=a/1 end=unknown start retry start end=failed",
	    DEVICE_UNKNOWN, true },
	/* The parent could not even start a worker; or it died at once. */
	{ "start change=a/1 end=unknown end=failed", DEVICE_UNKNOWN, true },
	{ "start change=a/1 end=unknown begin end=failed", DEVICE_UNKNOWN,
	    true },
	{ "start change=a/1 end=unknown begin start end=failed", DEVICE_UNKNOWN,
	    true },
	/* Seen as it was before: from now on what happens counts. */
	{ "start change=a/1 end=unknown start change=a/1 end=failed",
	    DEVICE_FAILED, false },
	{ "start change=a/1 end=unknown begin start change=a/1 end=failed",
	    DEVICE_FAILED, false },
	{ "start change=a/1 end=unknown start change=a/1 end=unknown",
	    DEVICE_UNKNOWN, false },
	/* ... and is in doubt again if that ended so. */
	{ "start change=a/1 end=unknown start change=a/1 end=unknown "
	  "start end=failed",
	    DEVICE_UNKNOWN, true },
	/* Seen as asked. */
	{ "start change=a/1 end=unknown start end=unchanged", DEVICE_UNCHANGED,
	    false },
	{ "start change=a/1 end=unknown start change=a/2 end=changed",
	    DEVICE_CHANGED, false },
	{ "start change=a/1 end=unknown start end=failed start end=unchanged",
	    DEVICE_UNCHANGED, false },
	{ "start change=a/1 end=unknown start end=unchanged start end=failed",
	    DEVICE_FAILED, false },
	/* Begun again, and not yet at its end. */
	{ "start change=a/1 end=unknown start", DEVICE_PENDING, true },
	/* Unknown without a change is an earlier phase's, and no doubt. */
	{ "start end=unknown start end=failed", DEVICE_FAILED, false },
	{ "start end=failed start end=failed", DEVICE_FAILED, false },
	/* A change that failed harmlessly says so itself. */
	{ "start change=a/1 end=failed start end=failed", DEVICE_FAILED,
	    false },
	{ "start change=a/1 end=rolled_back start end=failed", DEVICE_FAILED,
	    false },
};

static void
doubt_ends_only_when_the_device_was_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(doubts); i++) {
		struct ledger ledger;
		begin(&ledger, doubts[i].story);
		const struct ledger_device *device = &ledger.devices[0];
		if (device->status != doubts[i].status ||
		    device->doubt != doubts[i].doubt)
			fail_msg("%s: is %s, in doubt: %d", doubts[i].story,
			    device_status_name(device->status), device->doubt);
		assert_int_equal(ledger.totals[device->status],
		    device->status == DEVICE_PENDING ? 2 : 1);
		ledger_clear(&ledger);
	}
}

static void
the_last_change_is_remembered(void **state)
{
	(void)state;
	struct ledger ledger;
	begin(&ledger, "start=push");
	const struct ledger_device *device = &ledger.devices[0];
	assert_null(device->change_step);
	assert_false(device->change_seen);
	tell(&ledger, "change=one/d1");
	assert_true(device->change_seen);
	assert_string_equal(device->change_step, "one");
	assert_string_equal(device->change_before, "d1");
	tell(&ledger, "change=two");
	assert_string_equal(device->change_step, "two");
	assert_null(device->change_before);
	/* Another visit has announced nothing yet; what was is still known. */
	tell(&ledger, "end=unknown/push start=push");
	assert_false(device->change_seen);
	assert_string_equal(device->change_step, "two");
	ledger_clear(&ledger);
}

/* An event of R1 that a story has no word for. */
static void
tell_more(struct ledger *ledger, enum event_kind kind, enum stage stage,
    const char *name, const char *status, json_t *more)
{
	struct event event;
	event_init(&event, kind);
	event.time_ms = 1795312800000 + offset;
	event.stage = stage;
	event.phase = xstrdup("push");
	event.name = xstrdup(name);
	event.status = xstrdup(status);
	event.more = more;
	ledger_take(ledger, 0, &event, offset);
	offset += 10;
	event_clear(&event);
}

static void
tell_reload(struct ledger *ledger)
{
	tell_more(ledger, EVENT_STAGE, STAGE_CHANGE, NULL, NULL,
	    json_pack("{s:s, s:b}", "step", "reload", "reload", 1));
}

static void
tell_step_end(struct ledger *ledger, const char *name, const char *status)
{
	tell_more(ledger, EVENT_STEP, STAGE_NONE, name, status,
	    json_pack("{s:s}", "kind", "reload"));
}

/* Open until the very step has said what became of it. */
static void
a_reload_is_open_until_its_step_says_more(void **state)
{
	(void)state;
	struct ledger ledger;
	begin(&ledger, "start=push change=boot");
	const struct ledger_device *device = &ledger.devices[0];
	assert_null(device->told_step);
	tell_reload(&ledger);
	int64_t told_ms = device->told_ms;
	assert_true(device->told_open);
	assert_string_equal(device->told_step, "reload");
	assert_string_equal(device->told_phase, "push");
	assert_int_equal(told_ms, 1795312800000 + offset - 10);
	/* Other steps, other visits, another change: it stays open. */
	tell_step_end(&ledger, "save", "ok");
	tell_step_end(&ledger, "reload", "unknown");
	tell(&ledger, "end=unknown/push start=push change=config");
	assert_true(device->told_open);
	assert_int_equal(device->told_ms, told_ms);
	tell_step_end(&ledger, "reload", "changed");
	assert_false(device->told_open);
	/* And again. */
	tell_reload(&ledger);
	assert_true(device->told_open);
	assert_true(device->told_ms > told_ms);
	ledger_clear(&ledger);
}

static void
what_was_remembered_is_found_again(void **state)
{
	(void)state;
	struct ledger ledger;
	begin(&ledger, "start=push step=one");
	const struct ledger_device *device = &ledger.devices[0];
	assert_int_equal(device->memory_count, 0);
	int64_t at = offset;
	tell_more(&ledger, EVENT_STEP, STAGE_NONE, "look", "ok",
	    json_pack(
		"{s:s, s:{s:s}}", "kind", "command", "remember", "n", "text"));
	assert_int_equal(device->memory_count, 1);
	assert_int_equal(device->memories[0], at);
	ledger_clear(&ledger);
}

static void
a_copy_is_shown_until_the_next_stage(void **state)
{
	(void)state;
	struct ledger ledger;
	begin(&ledger, "start=push change=upload");
	const struct ledger_device *device = &ledger.devices[0];
	tell_more(&ledger, EVENT_PROGRESS, STAGE_NONE, NULL, NULL,
	    json_pack("{s:i, s:i, s:i, s:f}", "bytes", 50, "total", 200, "rate",
		10, "left", 15.5));
	assert_int_equal(device->copied, 50);
	assert_int_equal(device->copy_total, 200);
	assert_int_equal(device->copy_rate, 10);
	assert_int_equal(device->copy_left_ms, 15500);
	tell_more(&ledger, EVENT_PROGRESS, STAGE_NONE, NULL, NULL,
	    json_pack("{s:i, s:i}", "bytes", 60, "total", 200));
	assert_int_equal(device->copy_rate, 0);
	assert_int_equal(device->copy_left_ms, -1);
	tell_more(&ledger, EVENT_STAGE, STAGE_VERIFY, NULL, NULL, NULL);
	assert_int_equal(device->copy_total, 0);
	ledger_clear(&ledger);
}

static void
a_repeated_visit_leaves_no_trace_but_its_time(void **state)
{
	(void)state;
	struct ledger ledger;
	begin(&ledger, "start=push");
	struct ledger_device *device = &ledger.devices[0];
	int64_t started = device->started_ms;
	assert_true(device->in_flight);
	assert_int_equal(device->visit_ms, started);
	tell(&ledger, "step=one step=two");
	assert_int_equal(device->step_count, 2);
	tell(&ledger, "retry");
	assert_int_equal(device->status, DEVICE_PENDING);
	assert_int_equal(ledger.totals[DEVICE_PENDING], 2);
	assert_false(device->in_flight);
	assert_int_equal(device->visit_ms, 0);
	assert_int_equal(device->step_count, 0);
	assert_int_equal(device->output_at, -1);
	assert_int_equal(device->output_hash, 0);
	assert_int_equal(device->finished_at, -1);
	assert_int_equal(device->error, ERR_NONE);
	assert_int_equal(device->duration_ms, 100);
	tell(&ledger, "start=push/2 step=three end=unchanged/push");
	assert_int_equal(device->attempts, 2);
	assert_int_equal(device->status, DEVICE_UNCHANGED);
	assert_int_equal(device->duration_ms, 1100);
	assert_int_equal(device->started_ms, started);
	assert_int_equal(device->step_count, 1);
	assert_int_equal(device->steps[0], 50);
	assert_int_equal(device->output_at, 50);
	assert_int_equal(device->finished_at, 60);
	ledger_clear(&ledger);
}

/* Only the visit's own steps: what the phase before showed stays. */
static void
a_repeated_visit_keeps_the_steps_of_the_phase_before(void **state)
{
	(void)state;
	struct ledger ledger;
	begin(&ledger,
	    "start=look step=one end=unchanged/look "
	    "start=push step=two step=three retry");
	const struct ledger_device *device = &ledger.devices[0];
	assert_int_equal(device->step_count, 1);
	assert_int_equal(device->steps[0], 10);
	assert_int_equal(device->status, DEVICE_UNCHANGED);
	tell(&ledger, "start=push step=four end=changed/push");
	assert_int_equal(device->step_count, 2);
	assert_int_equal(device->steps[1], 80);
	assert_int_equal(device->output_at, 80);
	/* A worker that died before its first word showed nothing. */
	tell(&ledger, "begin=prove retry");
	assert_int_equal(device->step_count, 2);
	assert_int_equal(device->output_at, 80);
	ledger_clear(&ledger);
}

static void
a_visit_begins_without_the_last_ones_error(void **state)
{
	(void)state;
	struct ledger ledger;
	begin(&ledger, "start=push");
	struct event event;
	event_init(&event, EVENT_DEVICE_FINISHED);
	event.status = xstrdup("failed");
	err_set(&event.error.err, ERR_CONNECT, "refused");
	ledger_take(&ledger, 0, &event, 10);
	event_clear(&event);
	assert_int_equal(ledger.devices[0].error, ERR_CONNECT);
	assert_string_equal(ledger.devices[0].message, "refused");
	tell(&ledger, "start=push");
	assert_int_equal(ledger.devices[0].error, ERR_NONE);
	assert_null(ledger.devices[0].message);
	ledger_clear(&ledger);
}

static void
phases_that_were_passed(void **state)
{
	(void)state;
	struct ledger ledger;
	begin(&ledger, "start=look");
	const struct ledger_device *device = &ledger.devices[0];
	assert_string_equal(device->phase, "look");
	assert_null(device->passed);
	tell(&ledger, "end=unchanged/look");
	assert_string_equal(device->passed, "look");
	assert_int_equal(device->base, DEVICE_UNCHANGED);
	tell(&ledger, "start=push");
	assert_string_equal(device->phase, "push");
	assert_string_equal(device->passed, "look");
	assert_int_equal(device->status, DEVICE_UNCHANGED);
	tell(&ledger, "end=changed/push start=prove end=failed/prove");
	/* Half done: an earlier phase changed it. */
	assert_int_equal(device->status, DEVICE_UNKNOWN);
	assert_true(device->half_done);
	assert_string_equal(device->passed, "push");
	assert_string_equal(device->phase, "prove");
	assert_int_equal(device->base, DEVICE_CHANGED);
	/* Begun again it is as the phases that it passed left it. */
	tell(&ledger, "start=prove");
	assert_int_equal(device->status, DEVICE_CHANGED);
	assert_false(device->half_done);
	tell(&ledger, "end=unchanged/prove");
	assert_int_equal(device->status, DEVICE_CHANGED);
	assert_string_equal(device->passed, "prove");
	assert_false(device->doubt);
	/* One that found nothing to do does not undo the change. */
	assert_int_equal(device->base, DEVICE_CHANGED);
	tell(&ledger, "start=last end=failed/last");
	assert_int_equal(device->status, DEVICE_UNKNOWN);
	ledger_clear(&ledger);
}

/* The worker died before its first word: the phase is known all the same. */
static void
the_phase_of_an_end_without_a_beginning(void **state)
{
	(void)state;
	struct ledger live, read_again;
	begin(&live, "begin=push end=failed/push");
	begin(&read_again, "end=failed/push");
	assert_string_equal(live.devices[0].phase, "push");
	assert_non_null(read_again.devices[0].phase);
	assert_string_equal(read_again.devices[0].phase, "push");
	ledger_clear(&live);
	ledger_clear(&read_again);
}

/* The check of the credentials ends a device outside of any phase. */
static void
an_end_without_a_phase_passes_none(void **state)
{
	(void)state;
	struct ledger ledger;
	begin(&ledger, "start end=failed");
	assert_null(ledger.devices[0].phase);
	assert_null(ledger.devices[0].passed);
	tell(&ledger, "start=push end=skipped");
	assert_string_equal(ledger.devices[0].phase, "push");
	ledger_clear(&ledger);
	begin(&ledger, "start end=unchanged");
	assert_null(ledger.devices[0].passed);
	ledger_clear(&ledger);
}

static void
names_of_phases_are_kept_once(void **state)
{
	(void)state;
	struct ledger ledger;
	begin(&ledger, "");
	char name[] = "push";
	assert_null(ledger_phase(&ledger, NULL));
	const char *first = ledger_phase(&ledger, name);
	assert_true(first != name);
	name[0] = 'r';
	assert_string_equal(first, "push");
	assert_string_equal(ledger_phase(&ledger, name), "rush");
	/* Also when many have come since. */
	for (int i = 0; i < 100; i++) {
		char more[16];
		snprintf(more, sizeof(more), "phase %d", i);
		ledger_phase(&ledger, more);
	}
	assert_ptr_equal(ledger_phase(&ledger, "push"), first);
	assert_int_equal(ledger.phases.count, 102);
	ledger_clear(&ledger);
}

static void
what_comes_before_the_error(void **state)
{
	(void)state;
	static const struct {
		const char *story, *preface;
	} cases[] = {
		{ "start end=failed", "" },
		{ "start change=a/1 end=unknown", "" },
		{ "start change=a/1 end=unknown start end=failed",
		    "an earlier visit may have left it partly applied; "
		    "then: " },
		{ "start end=changed start end=failed",
		    "an earlier phase changed the device, then: " },
		/* The graver of the two. */
		{ "start end=changed start change=a/1 end=unknown "
		  "start end=failed",
		    "an earlier visit may have left it partly applied; "
		    "then: " },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct ledger ledger;
		begin(&ledger, cases[i].story);
		assert_string_equal(
		    ledger_preface(&ledger.devices[0]), cases[i].preface);
		ledger_clear(&ledger);
	}
}

static void
devices_are_found_by_name(void **state)
{
	(void)state;
	struct ledger ledger;
	begin(&ledger, "");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ledger_find(&ledger, "R1"), 0);
		assert_int_equal(ledger_find(&ledger, "R2"), 1);
		assert_true(ledger_find(&ledger, "r1") == SIZE_MAX);
		assert_true(ledger_find(&ledger, "R") == SIZE_MAX);
		assert_true(ledger_find(&ledger, "") == SIZE_MAX);
		assert_true(ledger_find(&ledger, NULL) == SIZE_MAX);
	}
	ledger_clear(&ledger);
	assert_true(ledger_find(&ledger, "R1") == SIZE_MAX);
	ledger_clear(&ledger);
}

#define GOOD "{\"hostname\":\"A\",\"address\":\"::1\",\"device_type\":\"x\"}"

static void
plans_that_are_none(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"{}",
		"[]",
		"{\"devices\":{}}",
		"{\"devices\":\"A\"}",
		"{\"devices\":null}",
		"{\"devices\":[1]}",
		"{\"devices\":[{}]}",
		"{\"devices\":[" GOOD ",\"A\"]}",
		"{\"devices\":[" GOOD ",{\"hostname\":\"B\","
		"\"address\":\"b\"}]}",
		"{\"devices\":[{\"hostname\":1,\"address\":\"b\","
		"\"device_type\":\"x\"}]}",
		"{\"devices\":[{\"hostname\":null,\"address\":\"b\","
		"\"device_type\":\"x\"}]}",
	};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct ledger ledger;
		struct err err = { 0 };
		json_t *plan = json_loads(bad[i], 0, NULL);
		assert_non_null(plan);
		if (ledger_init_plan(&ledger, plan, &err) == 0)
			fail_msg("%s is taken for a plan", bad[i]);
		assert_int_equal(err.kind, ERR_JOB);
		assert_true(err.text[0]);
		/* Nothing is left of it. */
		assert_int_equal(ledger.count, 0);
		assert_null(ledger.devices);
		assert_int_equal(plan->refcount, 1);
		json_decref(plan);
	}
}

static void
a_plan_lends_its_names(void **state)
{
	(void)state;
	struct ledger ledger;
	struct err err;
	json_t *plan = json_loads(
	    "{\"devices\":[" GOOD "], \"more\": 1}", 0, NULL);
	assert_int_equal(ledger_init_plan(&ledger, plan, &err), 0);
	json_decref(plan);
	/* The ledger keeps what it borrows from. */
	assert_int_equal(ledger.count, 1);
	assert_string_equal(ledger.devices[0].hostname, "A");
	assert_string_equal(ledger.devices[0].address, "::1");
	assert_string_equal(ledger.devices[0].device_type, "x");
	assert_int_equal(ledger.totals[DEVICE_PENDING], 1);
	assert_int_equal(ledger.devices[0].finished_at, -1);
	assert_int_equal(ledger_find(&ledger, "A"), 0);
	ledger_clear(&ledger);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubt_ends_only_when_the_device_was_seen),
		cmocka_unit_test(the_last_change_is_remembered),
		cmocka_unit_test(a_reload_is_open_until_its_step_says_more),
		cmocka_unit_test(what_was_remembered_is_found_again),
		cmocka_unit_test(a_copy_is_shown_until_the_next_stage),
		cmocka_unit_test(a_repeated_visit_leaves_no_trace_but_its_time),
		cmocka_unit_test(
		    a_repeated_visit_keeps_the_steps_of_the_phase_before),
		cmocka_unit_test(a_visit_begins_without_the_last_ones_error),
		cmocka_unit_test(phases_that_were_passed),
		cmocka_unit_test(the_phase_of_an_end_without_a_beginning),
		cmocka_unit_test(an_end_without_a_phase_passes_none),
		cmocka_unit_test(names_of_phases_are_kept_once),
		cmocka_unit_test(what_comes_before_the_error),
		cmocka_unit_test(devices_are_found_by_name),
		cmocka_unit_test(plans_that_are_none),
		cmocka_unit_test(a_plan_lends_its_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
