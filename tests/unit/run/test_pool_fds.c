/*
 * The pool's descriptors: what wakes it, what its workers keep open, and what
 * it does when there are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pool_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

struct watched {
	struct pool *pool;
	int fd;
	unsigned calls;
	bool once; /* it looks away by itself */
};

static int
watched_begin(struct watched *watched, struct pool *pool)
{
	*watched = (struct watched){
		.pool = pool,
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	assert_true(watched->fd >= 0);
	return watched->fd;
}

static void
ready(void *data)
{
	struct watched *watched = data;
	watched->calls++;
	if (watched->once)
		pool_unwatch(watched->pool, watched->fd);
}

static void
descriptors_are_watched(void **state)
{
	(void)state;
	struct bench bench;
	struct watched a, b;
	bench_begin(&bench, 1, -1);
	struct pool *pool = bench.heard.pool;
	pool_watch(pool, watched_begin(&a, pool), ready, &a);
	pool_watch(pool, watched_begin(&b, pool), ready, &b);
	pool_wait(pool, 0);
	assert_int_equal(a.calls + b.calls, 0);
	/* Without end, but for this: a test that fails by its time limit. */
	eventfd_write(b.fd, 1);
	pool_wait(pool, -1);
	assert_int_equal(a.calls, 0);
	assert_int_equal(b.calls, 1);
	/* As long as it is readable. */
	pool_wait(pool, -1);
	assert_int_equal(b.calls, 2);
	eventfd_write(a.fd, 1);
	pool_wait(pool, -1);
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 3);
	pool_unwatch(pool, b.fd);
	pool_wait(pool, -1);
	assert_int_equal(a.calls, 2);
	assert_int_equal(b.calls, 3);
	a.once = true;
	pool_wait(pool, -1);
	assert_int_equal(a.calls, 3);
	pool_wait(pool, 0);
	assert_int_equal(a.calls, 3);
	pool_unwatch(pool, b.fd); /* nobody */
	/* Workers are heard beside it. */
	start(&bench, 0, 30000);
	run_out(&bench);
	assert_int_equal(bench.heard.finished[0], 1);
	close(a.fd);
	close(b.fd);
	bench_end(&bench);
}

/* Has everybody closed the other end of the pipe FD? */
static bool
is_let_go(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	return poll(&p, 1, timeout_ms) == 1 && p.revents & POLLHUP;
}

/* What is held is open as long as a worker lives; nothing else of ours is. */
static void
workers_hold_what_they_are_told_to(void **state)
{
	(void)state;
	struct bench bench;
	int held[2], other[2];
	bench_begin(&bench, 2, 5);
	struct pool *pool = bench.heard.pool;
	assert_int_equal(pipe(other), 0);
	assert_int_equal(pipe(held), 0);
	start(&bench, 0, 30000); /* before: it holds nothing */
	pool_hold(pool, held[1]);
	start(&bench, 1, 30000);
	hear_start(&bench, 0);
	hear_start(&bench, 1);
	close(other[1]);
	assert_true(is_let_go(other[0], 30000));
	close(held[1]);
	assert_false(is_let_go(held[0], 0));
	pool_signal(pool, SIGKILL);
	run_out(&bench);
	assert_true(is_let_go(held[0], 30000));
	close(held[0]);
	close(other[0]);
	bench_end(&bench);
}

/* The held descriptor may have any number, also a worker's own. */
static void
whatever_number_it_has(void **state)
{
	(void)state;
	for (int number = 3; number < 60; number += number < 8 ? 1 : 17) {
		struct bench bench;
		int held[2], high[2];
		/* Before the pool's own; out of the way, then to its number if
		 * nobody is there. */
		assert_int_equal(pipe(held), 0);
		high[0] = fcntl(held[0], F_DUPFD_CLOEXEC, 100);
		high[1] = fcntl(held[1], F_DUPFD_CLOEXEC, 100);
		close(held[0]);
		close(held[1]);
		int fd = fcntl(high[1], F_DUPFD, number);
		close(high[1]);
		bench_begin(&bench, 1, 5);
		pool_hold(bench.heard.pool, fd);
		start(&bench, 0, 30000);
		hear_start(&bench, 0);
		close(fd);
		assert_false(is_let_go(high[0], 0));
		pool_signal(bench.heard.pool, SIGTERM);
		run_out(&bench);
		assert_int_equal(bench.heard.error[0], ERR_CANCELLED);
		assert_true(is_let_go(high[0], 30000));
		close(high[0]);
		bench_end(&bench);
	}
}

static void
without_descriptors_no_worker_starts(void **state)
{
	(void)state;
	struct bench bench;
	struct rlimit limit;
	/* Its socketpair(2) does as if it had found descriptors. */
	if (getenv("NETPUSH_VALGRIND"))
		skip();
	bench_begin(&bench, 2, -1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	/* Room for one more, but a socket pair needs two; then for none. */
	int free_fd = dup(STDERR_FILENO);
	close(free_fd);
	for (rlim_t room = 2; room-- > 0;) {
		struct err err = { 0 };
		struct rlimit low = { (rlim_t)free_fd + room, limit.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
		int rc = pool_start(
		    bench.heard.pool, &bench.target, 0, 30000, &err);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_int_equal(rc, -1);
		assert_int_equal(err.kind, ERR_INTERNAL);
		assert_int_equal(err.sys, EMFILE);
		assert_int_equal(pool_running(bench.heard.pool), 0);
		assert_true(pool_has_room(bench.heard.pool));
		/* Nothing was left open. */
		int again = dup(STDERR_FILENO);
		assert_int_equal(again, free_fd);
		close(again);
	}
	pool_wait(bench.heard.pool, 0);
	assert_int_equal(bench.heard.gone[0], 0);
	/* There are some again. */
	start(&bench, 1, 30000);
	run_out(&bench);
	assert_int_equal(bench.heard.finished[1], 1);
	bench_end(&bench);
}

#define FILL 40

/* The last two are the worker's socket: it has the rest to itself. */
static void
a_full_table_is_no_worker_s_trouble(void **state)
{
	(void)state;
	for (int holds = 0; holds < 2; holds++) {
		struct bench bench;
		struct rlimit limit, low;
		int fill[FILL];
		struct err err;
		bench_begin(&bench, 1, -1);
		if (holds)
			pool_hold(bench.heard.pool, bench.fd);
		for (size_t i = 0; i < FILL; i++)
			fill[i] = dup(STDERR_FILENO);
		assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
		low = limit;
		low.rlim_cur = (rlim_t)fill[FILL - 1] + 3;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
		int rc = pool_start(
		    bench.heard.pool, &bench.target, 0, 30000, &err);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		for (size_t i = 0; i < FILL; i++)
			close(fill[i]);
		assert_int_equal(rc, 0);
		run_out(&bench);
		assert_int_equal(bench.heard.finished[0], 1);
		assert_int_equal(bench.heard.error[0], ERR_CONNECT);
		bench_end(&bench);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_descriptors_no_worker_starts),
		cmocka_unit_test(a_full_table_is_no_worker_s_trouble),
		cmocka_unit_test(workers_hold_what_they_are_told_to),
		cmocka_unit_test(whatever_number_it_has),
		cmocka_unit_test(descriptors_are_watched),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
