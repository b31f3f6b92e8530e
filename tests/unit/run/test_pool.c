/*
 * The pool with real workers against a port of loopback where nobody listens,
 * or where nobody ever answers: how many at once, and that each is heard of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/pool.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/secret.h"
#include "device/target.h"
#include "run/event.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEVICES 12

struct heard {
	struct pool *pool;
	size_t started[DEVICES], finished[DEVICES], gone[DEVICES];
	enum err_kind error[DEVICES];
	int wait_status[DEVICES];
	bool overdue[DEVICES];
	unsigned signals;
};

static void
on_event(void *data, size_t device, struct event *event, const char *line,
    size_t len)
{
	assert_true(len > 0 && line[0] == '{' && line[len - 1] == '}');
	struct heard *heard = data;
	heard->started[device] += event->kind == EVENT_DEVICE_STARTED;
	if (event->kind == EVENT_DEVICE_FINISHED) {
		heard->finished[device]++;
		heard->error[device] = event->error.err.kind;
	}
	assert_int_equal(heard->gone[device], 0);
	event_clear(event);
}

static void
on_gone(void *data, size_t device, int wait_status, bool overdue)
{
	struct heard *heard = data;
	heard->gone[device]++;
	heard->wait_status[device] = wait_status;
	heard->overdue[device] = overdue;
}

static void
on_signal(void *data, int number)
{
	struct heard *heard = data;
	assert_int_equal(number, SIGTERM);
	heard->signals++;
}

/* A free port of 127.0.0.1; with BACKLOG >= 0 somebody listens, and never
 * says a word. */
static int
take_port(int backlog, int *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

struct bench {
	struct heard heard;
	struct job job;
	struct job_device device;
	struct credentials credentials;
	struct target target;
	int fd;
};

static void
bench_begin(struct bench *bench, unsigned threads, int backlog)
{
	struct pool_handler handler = { &bench->heard, on_event, on_gone,
		on_signal };
	struct err err;
	*bench = (struct bench){
		.device = {
			.hostname = (char *)"R1",
			.address = (char *)"127.0.0.1",
			.device_type = (char *)"cisco_ios",
			.timeouts = { 30000, 30000, 30000, 30000, 30000 },
		},
		.credentials.username = (char *)"nobody",
		.credentials.password = secret_new("sesame", 6),
	};
	bench->fd = take_port(backlog, &bench->device.port);
	bench->target = (struct target){
		.job = &bench->job,
		.device = &bench->device,
		.credentials = &bench->credentials,
		.host_keys = HOST_KEYS_OFF,
		.attempt = 1,
	};
	bench->heard.pool = pool_new(threads, &handler, &err);
	assert_non_null(bench->heard.pool);
}

static void
bench_end(struct bench *bench)
{
	pool_free(bench->heard.pool);
	secret_free(bench->credentials.password);
	close(bench->fd);
	/* Nobody is left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void
start(struct bench *bench, size_t device, int64_t kill_after_ms)
{
	struct err err;
	assert_int_equal(pool_start(bench->heard.pool, &bench->target, device,
			     kill_after_ms, &err),
	    0);
}

static void
run_out(struct bench *bench)
{
	int64_t deadline = deadline_in(30000);
	while (pool_running(bench->heard.pool)) {
		pool_wait(bench->heard.pool, 1000);
		assert_false(deadline_passed(deadline));
	}
}

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stuck_worker_is_killed_when_overdue),
		cmocka_unit_test(called_off_workers_report),
		cmocka_unit_test(
		    signals_are_heard_and_workers_do_not_outlive_the_pool),
		cmocka_unit_test(each_is_heard_of_and_never_too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
