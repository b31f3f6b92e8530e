/* The pool at work: workers against a port of loopback where nobody listens, or
 * where nobody ever answers. */
#ifndef TESTS_RUN_POOL_BENCH_H
#define TESTS_RUN_POOL_BENCH_H

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

static inline void
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

static inline void
on_gone(void *data, size_t device, int wait_status, bool overdue)
{
	struct heard *heard = data;
	heard->gone[device]++;
	heard->wait_status[device] = wait_status;
	heard->overdue[device] = overdue;
}

static inline void
on_signal(void *data, int number)
{
	struct heard *heard = data;
	assert_int_equal(number, SIGTERM);
	heard->signals++;
}

/* A free port of 127.0.0.1; with BACKLOG >= 0 somebody listens, and never
 * says a word. */
static inline int
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

static inline void
bench_begin(struct bench *bench, unsigned threads, int backlog)
{
	struct pool_handler handler = {
		.data = &bench->heard,
		.event = on_event,
		.gone = on_gone,
		.signal = on_signal,
	};
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

static inline void
bench_end(struct bench *bench)
{
	pool_free(bench->heard.pool);
	secret_free(bench->credentials.password);
	close(bench->fd);
	/* Nobody is left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static inline void
start(struct bench *bench, size_t device, int64_t kill_after_ms)
{
	struct err err;
	assert_int_equal(pool_start(bench->heard.pool, &bench->target, device,
			     kill_after_ms, &err),
	    0);
}

static inline void
run_out(struct bench *bench)
{
	int64_t deadline = deadline_in(30000);
	while (pool_running(bench->heard.pool)) {
		pool_wait(bench->heard.pool, 1000);
		assert_false(deadline_passed(deadline));
	}
}

/* Waits until the worker for DEVICE has said its first word. */
static inline void
hear_start(struct bench *bench, size_t device)
{
	int64_t deadline = deadline_in(30000);
	while (!bench->heard.started[device]) {
		pool_wait(bench->heard.pool, 1000);
		assert_false(deadline_passed(deadline));
	}
}

#endif
