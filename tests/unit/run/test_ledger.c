/* Verdicts: each story is a row of events, and what the ledger makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/ledger.h"

#include "base/alloc.h"
#include "base/deadline.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define EXITED(status) ((status) << 8) /* as waitpid(2) has it */

/*
 * What happens, a letter each: s started, c stage change, v stage verify,
 * C U F R K X finished (changed, unchanged, failed, rolled back, unknown,
 * skipped), ? finished with a status that nobody knows; the worker is gone:
 * g exit 0, e exit 1, k SIGKILL, o overdue, i called off.
 */
static const struct {
	const char *events;
	enum device_status status;
	enum err_kind error;
	bool half_done;
} stories[] = {
	/* Gone without a word. */
	{ "sk", DEVICE_FAILED, ERR_CRASHED, false },
	{ "se", DEVICE_FAILED, ERR_CRASHED, false },
	{ "sg", DEVICE_FAILED, ERR_CRASHED, false },
	{ "so", DEVICE_FAILED, ERR_TIMEOUT, false },
	{ "si", DEVICE_FAILED, ERR_CANCELLED, false },
	{ "sck", DEVICE_UNKNOWN, ERR_CRASHED, false },
	{ "sce", DEVICE_UNKNOWN, ERR_CRASHED, false },
	{ "sco", DEVICE_UNKNOWN, ERR_TIMEOUT, false },
	{ "sci", DEVICE_UNKNOWN, ERR_CANCELLED, false },
	{ "scvk", DEVICE_UNKNOWN, ERR_CRASHED, false },
	/* After its last word, death is of no interest. */
	{ "sCk", DEVICE_CHANGED, ERR_NONE, false },
	{ "scCo", DEVICE_CHANGED, ERR_NONE, false },
	{ "sFk", DEVICE_FAILED, ERR_NONE, false },
	/* One phase. */
	{ "", DEVICE_PENDING, ERR_NONE, false },
	{ "sUg", DEVICE_UNCHANGED, ERR_NONE, false },
	{ "scCg", DEVICE_CHANGED, ERR_NONE, false },
	{ "scRg", DEVICE_ROLLED_BACK, ERR_NONE, false },
	{ "scKg", DEVICE_UNKNOWN, ERR_NONE, false },
	{ "X", DEVICE_SKIPPED, ERR_NONE, false },
	{ "s?g", DEVICE_UNKNOWN, ERR_NONE, false },
	/* Two phases. */
	{ "sUgsUg", DEVICE_UNCHANGED, ERR_NONE, false },
	{ "sUgscCg", DEVICE_CHANGED, ERR_NONE, false },
	{ "scCgsUg", DEVICE_CHANGED, ERR_NONE, false },
	{ "scCgscCg", DEVICE_CHANGED, ERR_NONE, false },
	{ "sUgsFg", DEVICE_FAILED, ERR_NONE, false },
	{ "scCgsFg", DEVICE_UNKNOWN, ERR_NONE, true },
	{ "scCgscRg", DEVICE_UNKNOWN, ERR_NONE, true },
	{ "scCgscKg", DEVICE_UNKNOWN, ERR_NONE, false },
	{ "scCgsk", DEVICE_UNKNOWN, ERR_CRASHED, true },
	{ "scCgsck", DEVICE_UNKNOWN, ERR_CRASHED, false },
	/* The first phase's change says nothing of the second's worker. */
	{ "sUgsk", DEVICE_FAILED, ERR_CRASHED, false },
	{ "scUgsk", DEVICE_FAILED, ERR_CRASHED, false },
};

static struct job_device devices[3] = {
	{ .hostname = (char *)"R1",
	    .address = (char *)"10.0.0.1",
	    .device_type = (char *)"cisco_ios" },
	{ .hostname = (char *)"R2",
	    .address = (char *)"10.0.0.2",
	    .device_type = (char *)"cisco_ios" },
	{ .hostname = (char *)"R3",
	    .address = (char *)"10.0.0.3",
	    .device_type = (char *)"cisco_ios" },
};
static const struct job job = { .devices = devices, .device_count = 3 };

static int64_t now_ms = 1795312800000;

static void
take(struct ledger *ledger, size_t device, enum event_kind kind,
    enum stage stage, const char *status)
{
	struct event event;
	event_init(&event, kind);
	event.time_ms = now_ms;
	event.stage = stage;
	event.attempt = 1;
	event.status = xstrdup(status);
	ledger_take(ledger, device, &event, 0);
	event_clear(&event);
}

static void
gone(struct ledger *ledger, size_t device, char how)
{
	struct event event;
	int status = how == 'k' || how == 'o' ? SIGKILL
	    : how == 'e'		      ? EXITED(1)
					      : 0;
	bool was_in_flight = ledger->devices[device].in_flight;
	bool ours = ledger_gone(
	    ledger, device, status, how == 'o', how == 'i', &event);
	assert_int_equal(ours, was_in_flight);
	if (!ours)
		return;
	assert_int_equal(event.kind, EVENT_DEVICE_FINISHED);
	assert_string_equal(event.hostname, devices[device].hostname);
	ledger_take(ledger, device, &event, 7);
	event_clear(&event);
	assert_false(ledger->devices[device].in_flight);
}

static void
tell(struct ledger *ledger, size_t device, const char *events)
{
	static const struct {
		char letter;
		const char *status;
	} ends[] = { { 'C', "changed" }, { 'U', "unchanged" },
		{ 'F', "failed" }, { 'R', "rolled_back" }, { 'K', "unknown" },
		{ 'X', "skipped" }, { '?', "splendid" } };
	for (; *events; events++) {
		if (*events == 's')
			take(ledger, device, EVENT_DEVICE_STARTED, STAGE_NONE,
			    NULL);
		else if (*events == 'c')
			take(ledger, device, EVENT_STAGE, STAGE_CHANGE, NULL);
		else if (*events == 'v')
			take(ledger, device, EVENT_STAGE, STAGE_VERIFY, NULL);
		else if (strchr("gekoi", *events))
			gone(ledger, device, *events);
		for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
			if (*events == ends[i].letter)
				take(ledger, device, EVENT_DEVICE_FINISHED,
				    STAGE_CLOSE, ends[i].status);
	}
}

static void
totals_add_up(const struct ledger *ledger)
{
	size_t counted[DEVICE_STATUS__COUNT] = { 0 }, sum = 0;
	for (size_t i = 0; i < ledger->count; i++)
		counted[ledger->devices[i].status]++;
	for (unsigned i = 0; i < DEVICE_STATUS__COUNT; i++) {
		assert_int_equal(counted[i], ledger->totals[i]);
		sum += ledger->totals[i];
	}
	assert_int_equal(sum, ledger->count);
}

static void
every_story_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		struct ledger ledger;
		ledger_init(&ledger, &job);
		tell(&ledger, 1, stories[i].events);
		const struct ledger_device *device = &ledger.devices[1];
		if (device->status != stories[i].status ||
		    device->error != stories[i].error ||
		    device->half_done != stories[i].half_done)
			fail_msg("\"%s\" is %s, %s, half done: %d",
			    stories[i].events,
			    device_status_name(device->status),
			    err_kind_name(device->error), device->half_done);
		assert_int_equal(
		    device->error != ERR_NONE, device->message != NULL);
		totals_add_up(&ledger);
		ledger_clear(&ledger);
	}
}

static void
devices_do_not_mix(void **state)
{
	(void)state;
	struct ledger ledger;
	ledger_init(&ledger, &job);
	assert_false(ledger_is_success(&ledger));
	tell(&ledger, 0, "sc");
	tell(&ledger, 1, "s");
	tell(&ledger, 2, "sUg");
	tell(&ledger, 1, "k");
	tell(&ledger, 0, "k");
	assert_int_equal(ledger.devices[0].status, DEVICE_UNKNOWN);
	assert_int_equal(ledger.devices[1].status, DEVICE_FAILED);
	assert_int_equal(ledger.devices[2].status, DEVICE_UNCHANGED);
	assert_false(ledger_is_success(&ledger));
	totals_add_up(&ledger);
	ledger_clear(&ledger);
	ledger_init(&ledger, &job);
	tell(&ledger, 0, "scC");
	tell(&ledger, 1, "sU");
	tell(&ledger, 2, "sU");
	assert_true(ledger_is_success(&ledger));
	ledger_clear(&ledger);
}

/* A worker that died before its first word, and one in a later phase. */
static void
durations_are_of_the_visit(void **state)
{
	(void)state;
	struct ledger ledger;
	struct event event;
	ledger_init(&ledger, &job);
	ledger.devices[0].in_flight = true;
	assert_true(ledger_gone(&ledger, 0, SIGSEGV, false, false, &event));
	assert_int_equal(event.duration_ms, -1);
	event_clear(&event);
	now_ms = clock_wall_ms() - 100000;
	tell(&ledger, 1, "sU");
	now_ms = clock_wall_ms() - 1000;
	tell(&ledger, 1, "s");
	assert_true(ledger_gone(&ledger, 1, SIGSEGV, false, false, &event));
	assert_true(event.duration_ms >= 1000 && event.duration_ms < 50000);
	event_clear(&event);
	ledger_clear(&ledger);
}

static void
take_step(
    struct ledger *ledger, const char *kind, const char *output, int64_t offset)
{
	struct event event;
	event_init(&event, EVENT_STEP);
	event.output = xstrdup(output);
	event.more = json_pack("{s:s}", "kind", kind);
	ledger_take(ledger, 0, &event, offset);
	event_clear(&event);
}

static void
the_last_show_is_the_output(void **state)
{
	(void)state;
	struct ledger ledger;
	ledger_init(&ledger, &job);
	const struct ledger_device *device = &ledger.devices[0];
	assert_int_equal(device->output_at, -1);
	take_step(&ledger, "command", "one", 10);
	take_step(&ledger, "template", "two", 20);
	uint64_t hash = device->output_hash;
	take_step(&ledger, "command", "", 30);
	take_step(&ledger, "save", "[OK]", 40);
	assert_int_equal(device->output_at, 20);
	assert_int_equal(device->output_hash, hash);
	assert_int_equal(device->step_count, 4);
	assert_int_equal(device->steps[3], 40);
	take_step(&ledger, "command", "one", 50);
	assert_int_equal(device->output_at, 50);
	assert_true(device->output_hash != hash);
	ledger_clear(&ledger);
}

static void
names_and_statuses_agree(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DEVICE_STATUS__COUNT; i++) {
		enum device_status status;
		assert_true(device_status_get(
		    device_status_name((enum device_status)i), &status));
		assert_int_equal(status, i);
	}
	enum device_status status;
	assert_false(device_status_get("Changed", &status));
	assert_false(device_status_get("", &status));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_story_has_its_verdict),
		cmocka_unit_test(devices_do_not_mix),
		cmocka_unit_test(durations_are_of_the_visit),
		cmocka_unit_test(the_last_show_is_the_output),
		cmocka_unit_test(names_and_statuses_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
