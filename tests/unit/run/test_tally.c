/* How far a run is, over phases, failures, retries and a resumed run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/tally.h"

#include "base/alloc.h"

#include <stdlib.h>

#define DEVICES 4

static struct job_phase phases[] = { { .name = "look" }, { .name = "push" } };
static struct job_device devices[DEVICES] = {
	{ .hostname = "R1" },
	{ .hostname = "R2" },
	{ .hostname = "R3" },
	{ .hostname = "R4" },
};
static const struct job job = {
	.devices = devices,
	.device_count = DEVICES,
	.phases = phases,
	.phase_count = 2,
};

struct fixture {
	struct ledger ledger;
	struct tally tally;
};

static int
set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	ledger_init(&f->ledger, &job);
	tally_init(&f->tally, &job);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	tally_clear(&f->tally);
	ledger_clear(&f->ledger);
	free(f);
	return 0;
}

static void
happens(struct fixture *f, size_t device, enum event_kind kind,
    const char *phase, const char *status, int64_t now)
{
	struct event event;
	event_init(&event, kind);
	event.phase = xstrdup(phase);
	event.status = xstrdup(status);
	ledger_take(&f->ledger, device, &event, 0);
	tally_take(&f->tally, &f->ledger, device, now);
	event_clear(&event);
}

static void
starts(struct fixture *f, size_t device, const char *phase, int64_t now)
{
	happens(f, device, EVENT_DEVICE_STARTED, phase, NULL, now);
}

static void
ends(struct fixture *f, size_t device, const char *phase, const char *status,
    int64_t now)
{
	happens(f, device, EVENT_DEVICE_FINISHED, phase, status, now);
}

static void
test_phases(void **state)
{
	struct fixture *f = *state;
	struct tally *tally = &f->tally;
	assert_int_equal(tally_left_ms(tally, 5), -1);
	starts(f, 0, "look", 1000);
	starts(f, 1, "look", 1000);
	assert_int_equal(tally->flight_count, 2);
	assert_int_equal(tally_left_ms(tally, 1500), -1);
	ends(f, 0, "look", "unchanged", 2000);
	/* Passed one of two phases: not done. */
	assert_int_equal(tally->done, 0);
	assert_int_equal(tally->work_done, 1);
	assert_int_equal(tally->flight_count, 1);
	/* Failed: nothing more is before it. */
	ends(f, 1, "look", "failed", 2000);
	assert_int_equal(tally->done, 1);
	assert_int_equal(tally->work_done, 3);
	starts(f, 0, "push", 2000);
	assert_int_equal(tally->work_done, 3);
	ends(f, 0, "push", "changed", 3000);
	assert_int_equal(tally->done, 2);
	assert_int_equal(tally->work_done, 4);
	assert_true(tally_share(tally) == 0.5);
	/* Half in two seconds. */
	assert_int_equal(tally_left_ms(tally, 3000), 2000);
	ends(f, 2, NULL, "skipped", 3000);
	ends(f, 3, NULL, "skipped", 3000);
	assert_int_equal(tally->done, DEVICES);
	assert_int_equal(tally_left_ms(tally, 3000), 0);
	assert_int_equal(tally->flight_count, 0);
}

static void
test_those_in_flight_count(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < DEVICES; i++)
		starts(f, i, "look", 1000);
	ends(f, 0, "look", "failed", 2000);
	/* Done: 2 and three halves; left: 6 less three halves. */
	assert_int_equal(tally_left_ms(&f->tally, 2000), 1000 * 4.5 / 3.5);
}

static void
test_retry(void **state)
{
	struct fixture *f = *state;
	starts(f, 0, "look", 1000);
	happens(f, 0, EVENT_DEVICE_RETRY, "look", NULL, 1100);
	assert_int_equal(f->tally.flight_count, 0);
	assert_int_equal(f->tally.done, 0);
	starts(f, 0, "look", 2000);
	assert_int_equal(f->tally.flights[0].since_ms, 2000);
	assert_int_equal(f->tally.started_ms, 1000);
}

/* What was done before the run went on says nothing about its speed. */
static void
test_resumed(void **state)
{
	struct fixture *f = *state;
	struct event event;
	event_init(&event, EVENT_DEVICE_FINISHED);
	event.phase = xstrdup("push");
	event.status = xstrdup("changed");
	ledger_take(&f->ledger, 0, &event, 0);
	ledger_take(&f->ledger, 1, &event, 0);
	event_clear(&event);
	starts(f, 2, "look", 1000);
	assert_int_equal(f->tally.done, 2);
	assert_true(tally_share(&f->tally) == 0.5);
	assert_int_equal(tally_left_ms(&f->tally, 2000), -1);
	ends(f, 2, "look", "failed", 2000);
	assert_int_equal(tally_left_ms(&f->tally, 2000), 1000);
}

static void
test_slowest(void **state)
{
	struct fixture *f = *state;
	struct tally_flight slowest[3];
	assert_int_equal(tally_slowest(&f->tally, slowest, 3), 0);
	starts(f, 2, "look", 100);
	starts(f, 0, "look", 200);
	starts(f, 3, "look", 300);
	starts(f, 1, "look", 400);
	assert_int_equal(tally_slowest(&f->tally, slowest, 3), 3);
	assert_int_equal(slowest[0].device, 2);
	assert_int_equal(slowest[1].device, 0);
	assert_int_equal(slowest[2].device, 3);
	/* The last of the list takes the place of the first. */
	ends(f, 2, "look", "unchanged", 500);
	assert_int_equal(tally_slowest(&f->tally, slowest, 3), 3);
	assert_int_equal(slowest[0].device, 0);
	assert_int_equal(slowest[1].device, 3);
	assert_int_equal(slowest[2].device, 1);
	ends(f, 1, "look", "unchanged", 500);
	ends(f, 0, "look", "unchanged", 500);
	assert_int_equal(tally_slowest(&f->tally, slowest, 3), 1);
	assert_int_equal(slowest[0].device, 3);
	ends(f, 3, "look", "unchanged", 500);
	assert_int_equal(f->tally.flight_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_phases),
		TEST(test_those_in_flight_count),
		TEST(test_retry),
		TEST(test_resumed),
		TEST(test_slowest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
