/* Workers that do one thing after the other: whose turn it is, who is heard
 * of, and that none outlives the pool. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/pool.h"

#include "base/err.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define DEVICES 40
#define HANGS	7 /* this one says who it is, and no more */
#define DIES	9 /* this one says nothing */

struct heard {
	struct pool *pool;
	pid_t pids[DEVICES]; /* who did it; 0: nobody */
	size_t done, gone;
	size_t gone_device;
	bool overdue;
};

static int
work(void *data, size_t device, int fd, int off_fd)
{
	(void)data;
	(void)off_fd;
	do {
		pid_t pid = getpid();
		if (device == DIES)
			raise(SIGKILL);
		if (write(fd, &pid, sizeof(pid)) != sizeof(pid))
			return 1;
		while (device == HANGS)
			pause();
	} while (pool_worker_next(fd, &device));
	return 0;
}

static void
on_bytes(void *data, size_t device, const char *bytes, size_t len)
{
	struct heard *heard = data;
	assert_int_equal(len, sizeof(pid_t));
	assert_int_equal(heard->pids[device], 0);
	memcpy(&heard->pids[device], bytes, len);
	heard->done++;
	if (device != HANGS)
		pool_rest(heard->pool, device);
}

static void
on_gone(void *data, size_t device, int wait_status, bool overdue)
{
	struct heard *heard = data;
	(void)wait_status;
	heard->gone++;
	heard->gone_device = device;
	heard->overdue = overdue;
}

static void
on_signal(void *data, int number)
{
	(void)data;
	(void)number;
}

static void
begin(struct heard *heard, unsigned threads)
{
	struct pool_handler handler = {
		.data = heard,
		.gone = on_gone,
		.signal = on_signal,
		.work = work,
		.bytes = on_bytes,
	};
	struct err err;
	*heard = (struct heard){ 0 };
	heard->pool = pool_new(threads, &handler, &err);
	assert_non_null(heard->pool);
}

static void
start(struct heard *heard, size_t device, int64_t kill_after_ms)
{
	struct err err;
	assert_int_equal(
	    pool_start(heard->pool, NULL, device, kill_after_ms, &err), 0);
}

static size_t
processes(const struct heard *heard)
{
	size_t count = 0;
	for (size_t i = 0; i < DEVICES; i++) {
		bool seen = heard->pids[i] == 0;
		for (size_t j = 0; j < i; j++)
			seen |= heard->pids[i] == heard->pids[j];
		count += !seen;
	}
	return count;
}

static void
one_worker_does_all_when_one_at_a_time(void **state)
{
	(void)state;
	struct heard heard;
	begin(&heard, 1);
	for (size_t i = 0; i < DEVICES; i++) {
		if (i == HANGS || i == DIES)
			continue;
		assert_true(pool_has_room(heard.pool));
		start(&heard, i, 30000);
		assert_false(pool_has_room(heard.pool));
		assert_int_equal(pool_running(heard.pool), 1);
		while (!heard.pids[i])
			pool_wait(heard.pool, 1000);
		assert_int_equal(pool_running(heard.pool), 0);
	}
	assert_int_equal(processes(&heard), 1);
	assert_int_equal(heard.gone, 0);
	pid_t pid = heard.pids[0];
	pool_free(heard.pool);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void
no_more_than_threads_are_made(void **state)
{
	(void)state;
	struct heard heard;
	begin(&heard, 4);
	for (size_t next = 0; heard.done < DEVICES - 2;) {
		while (next < DEVICES && pool_has_room(heard.pool)) {
			if (next != HANGS && next != DIES)
				start(&heard, next, 30000);
			next++;
		}
		pool_wait(heard.pool, 1000);
	}
	assert_true(processes(&heard) <= 4);
	assert_int_equal(heard.gone, 0);
	pool_free(heard.pool);
}

static void
a_worker_that_dies_costs_what_it_was_at(void **state)
{
	(void)state;
	struct heard heard;
	begin(&heard, 1);
	start(&heard, 0, 30000);
	while (!heard.done)
		pool_wait(heard.pool, 1000);
	start(&heard, DIES, 30000);
	while (!heard.gone)
		pool_wait(heard.pool, 1000);
	assert_int_equal(heard.gone_device, DIES);
	assert_false(heard.overdue);
	start(&heard, 1, 30000);
	while (heard.done < 2)
		pool_wait(heard.pool, 1000);
	assert_int_not_equal(heard.pids[0], heard.pids[1]);
	pool_free(heard.pool);
}

/* One that died while it rested is not heard of, and not relied on. */
static void
a_worker_that_dies_at_rest_is_replaced(void **state)
{
	(void)state;
	struct heard heard;
	begin(&heard, 1);
	start(&heard, 0, 30000);
	while (!heard.done)
		pool_wait(heard.pool, 1000);
	kill(heard.pids[0], SIGKILL);
	while (kill(heard.pids[0], 0) == 0)
		pool_wait(heard.pool, 100);
	assert_int_equal(heard.gone, 0);
	start(&heard, 1, 30000);
	while (heard.done < 2)
		pool_wait(heard.pool, 1000);
	assert_int_not_equal(heard.pids[0], heard.pids[1]);
	pool_free(heard.pool);
}

static void
the_time_counts_anew(void **state)
{
	(void)state;
	struct heard heard;
	begin(&heard, 1);
	start(&heard, 0, 30000);
	while (!heard.done)
		pool_wait(heard.pool, 1000);
	start(&heard, HANGS, 0);
	while (!heard.gone)
		pool_wait(heard.pool, 1000);
	assert_int_equal(heard.gone_device, HANGS);
	assert_true(heard.overdue);
	pool_free(heard.pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_worker_does_all_when_one_at_a_time),
		cmocka_unit_test(no_more_than_threads_are_made),
		cmocka_unit_test(a_worker_that_dies_costs_what_it_was_at),
		cmocka_unit_test(a_worker_that_dies_at_rest_is_replaced),
		cmocka_unit_test(the_time_counts_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
