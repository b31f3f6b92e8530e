/*
 * The pool with real workers: how many at once, and that each is heard of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pool_bench.h"

static void
count_one(void *data, size_t device)
{
	(void)device;
	++*(unsigned *)data;
}

static void
each_is_heard_of_and_never_too_many(void **state)
{
	(void)state;
	struct bench bench;
	bench_begin(&bench, 3, -1);
	struct pool *pool = bench.heard.pool;
	size_t next = 0;
	while (next < DEVICES || pool_running(pool)) {
		while (next < DEVICES && pool_has_room(pool))
			start(&bench, next++, 30000);
		unsigned alive = 0;
		pool_each(pool, count_one, &alive);
		assert_int_equal(alive, pool_running(pool));
		assert_true(alive <= 3);
		pool_wait(pool, 1000);
	}
	for (size_t i = 0; i < DEVICES; i++) {
		assert_int_equal(bench.heard.started[i], 1);
		assert_int_equal(bench.heard.finished[i], 1);
		assert_int_equal(bench.heard.gone[i], 1);
		assert_int_equal(bench.heard.error[i], ERR_CONNECT);
		assert_int_equal(bench.heard.wait_status[i], 0);
	}
	bench_end(&bench);
}

static void
a_stuck_worker_is_killed_when_overdue(void **state)
{
	(void)state;
	struct bench bench;
	bench_begin(&bench, 2, 5);
	start(&bench, 0, 0);
	start(&bench, 1, 0);
	run_out(&bench);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(bench.heard.finished[i], 0);
		assert_int_equal(bench.heard.gone[i], 1);
		assert_true(bench.heard.overdue[i]);
		assert_int_equal(WTERMSIG(bench.heard.wait_status[i]), SIGKILL);
	}
	bench_end(&bench);
}

static void
called_off_workers_report(void **state)
{
	(void)state;
	struct bench bench;
	bench_begin(&bench, 2, 5);
	start(&bench, 0, 30000);
	/* At once: the signal may come before the worker is ready for it. */
	pool_signal(bench.heard.pool, SIGTERM);
	run_out(&bench);
	assert_int_equal(bench.heard.finished[0], 1);
	assert_int_equal(bench.heard.error[0], ERR_CANCELLED);
	assert_false(bench.heard.overdue[0]);

	start(&bench, 1, 30000);
	while (!bench.heard.started[1])
		pool_wait(bench.heard.pool, 1000);
	pool_signal(bench.heard.pool, SIGKILL);
	run_out(&bench);
	assert_int_equal(bench.heard.finished[1], 0);
	assert_int_equal(WTERMSIG(bench.heard.wait_status[1]), SIGKILL);
	bench_end(&bench);
}

static void
signals_are_heard_and_workers_do_not_outlive_the_pool(void **state)
{
	(void)state;
	struct bench bench;
	bench_begin(&bench, 2, 5);
	start(&bench, 0, 30000);
	start(&bench, 1, 30000);
	raise(SIGTERM);
	while (!bench.heard.signals)
		pool_wait(bench.heard.pool, 1000);
	pool_go(bench.heard.pool, 5); /* nobody */
	bench_end(&bench);
}

/* Called off in the middle of its work, it says so. */
static void
a_busy_worker_is_called_off(void **state)
{
	(void)state;
	struct bench bench;
	bench_begin(&bench, 2, 5);
	start(&bench, 0, 30000);
	start(&bench, 1, 30000);
	hear_start(&bench, 0);
	hear_start(&bench, 1);
	pool_signal(bench.heard.pool, SIGTERM);
	run_out(&bench);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(bench.heard.finished[i], 1);
		assert_int_equal(bench.heard.error[i], ERR_CANCELLED);
		assert_int_equal(bench.heard.wait_status[i], 0);
	}
	bench_end(&bench);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stuck_worker_is_killed_when_overdue),
		cmocka_unit_test(called_off_workers_report),
		cmocka_unit_test(a_busy_worker_is_called_off),
		cmocka_unit_test(
		    signals_are_heard_and_workers_do_not_outlive_the_pool),
		cmocka_unit_test(each_is_heard_of_and_never_too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
