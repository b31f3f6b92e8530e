/*
 * Several pieces of work in one process, by the pool that hands them out: they
 * take turns, each is heard of with its own status, and what ends the process
 * is told of those that were in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/crew.h"
#include "run/pool.h"

#include "base/deadline.h"
#include "base/err.h"
#include "device/wait.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKS 24
#define CREW  4

/* What a piece of work is to do; its status says what came of it. */
enum what {
	SAY, /* its process */
	LISTEN, /* until somebody in the same process writes */
	WRITE,
	TIMEOUT, /* wait for nothing, and not for long */
	LINGER, /* until called off */
	DIE,
	ALONE, /* SAY, but shares no process */
};

enum status { GOOD = 7, BAD };

struct scene {
	struct pool *pool;
	enum what what[WORKS];
	/* What was heard. */
	unsigned alive, most;
	pid_t pids[WORKS];
	size_t said[WORKS];
	unsigned gone[WORKS];
	int wait_status[WORKS];
	bool overdue[WORKS];
};

/* From those who write to those who listen; each process has its own. */
static int wire[2];

static int
judge(bool good)
{
	return good ? GOOD : BAD;
}

/* In the worker. */
static int
work(void *data, size_t index, int fd, int off_fd)
{
	const struct scene *scene = data;
	pid_t pid = getpid();
	int64_t soon = deadline_in(20);
	(void)off_fd;
	(void)!write(fd, &pid, sizeof(pid));
	if (!wire[0] && pipe(wire))
		return BAD;
	switch (scene->what[index]) {
	case SAY:
	case ALONE:
		return GOOD;
	case LISTEN:
		return judge(
		    wait_fd(wire[0], POLLIN, DEADLINE_NEVER, fd) == WAIT_READY);
	case WRITE:
		return judge(write(wire[1], "x", 1) == 1);
	case TIMEOUT:
		return judge(wait_fd(-1, 0, soon, fd) == WAIT_TIMEOUT &&
		    deadline_passed(soon));
	case LINGER:
		return judge(
		    wait_fd(-1, 0, DEADLINE_NEVER, fd) == WAIT_CANCELLED);
	case DIE:
		raise(SIGKILL);
	}
	return BAD;
}

static void
on_bytes(void *data, size_t index, const char *bytes, size_t len)
{
	struct scene *scene = data;
	assert_int_equal(len, sizeof(pid_t));
	memcpy(&scene->pids[index], bytes, len);
	scene->said[index] += len;
}

static void
on_gone(void *data, size_t index, int wait_status, bool overdue)
{
	struct scene *scene = data;
	scene->alive--;
	scene->gone[index]++;
	scene->wait_status[index] = wait_status;
	scene->overdue[index] = overdue;
}

static void
on_signal(void *data, int number)
{
	(void)data;
	fail_msg("signal %d", number);
}

static bool
shares(void *data, size_t index)
{
	const struct scene *scene = data;
	return scene->what[index] != ALONE;
}

/* All of it is said beforehand: a crew knows what its process knew when it was
 * forked. */
static void
scene_begin(struct scene *scene, unsigned threads, const enum what *what)
{
	struct pool_handler handler = {
		.data = scene,
		.gone = on_gone,
		.signal = on_signal,
		.work = work,
		.bytes = on_bytes,
		.crew = CREW,
		.shares = shares,
	};
	struct err err;
	*scene = (struct scene){ 0 };
	memcpy(scene->what, what, sizeof(scene->what));
	scene->pool = pool_new(threads, &handler, &err);
	assert_non_null(scene->pool);
}

static void
scene_end(struct scene *scene)
{
	pool_free(scene->pool);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void
start(struct scene *scene, size_t index, int64_t kill_after_ms)
{
	struct err err;
	assert_int_equal(
	    pool_start(scene->pool, NULL, index, kill_after_ms, &err), 0);
	if (++scene->alive > scene->most)
		scene->most = scene->alive;
}

static void
look(struct scene *scene, int64_t deadline)
{
	pool_wait(scene->pool, 1000);
	assert_false(deadline_passed(deadline));
}

static void
run_out(struct scene *scene)
{
	int64_t deadline = deadline_in(30000);
	while (pool_running(scene->pool))
		look(scene, deadline);
}

/* Until INDEX has said where it is. */
static void
hear(struct scene *scene, size_t index)
{
	int64_t deadline = deadline_in(30000);
	while (!scene->said[index])
		look(scene, deadline);
}

static void
was_good(const struct scene *scene, size_t index)
{
	assert_int_equal(scene->gone[index], 1);
	assert_int_equal(scene->said[index], sizeof(pid_t));
	assert_true(WIFEXITED(scene->wait_status[index]));
	assert_int_equal(WEXITSTATUS(scene->wait_status[index]), GOOD);
}

static void
was_killed(const struct scene *scene, size_t index, bool overdue)
{
	assert_int_equal(scene->gone[index], 1);
	assert_true(WIFSIGNALED(scene->wait_status[index]));
	assert_int_equal(WTERMSIG(scene->wait_status[index]), SIGKILL);
	assert_int_equal(scene->overdue[index], overdue);
}

static size_t
processes(const struct scene *scene, size_t count)
{
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		bool fresh = true;
		for (size_t j = 0; j < i; j++)
			fresh &= scene->pids[j] != scene->pids[i];
		n += fresh;
	}
	return n;
}

static void
each_is_done_once_by_few_processes(void **state)
{
	(void)state;
	struct scene scene;
	enum what what[WORKS] = { SAY };
	size_t next = 0;
	for (size_t i = 0; i < WORKS; i++)
		what[i] = i % 2 ? TIMEOUT : SAY;
	scene_begin(&scene, 6, what);
	while (next < WORKS || pool_running(scene.pool)) {
		while (next < WORKS && pool_has_room(scene.pool))
			start(&scene, next++, 30000);
		pool_wait(scene.pool, 1000);
	}
	assert_int_equal(scene.most, 6);
	for (size_t i = 0; i < WORKS; i++)
		was_good(&scene, i);
	assert_int_equal(processes(&scene, WORKS), 2);
	scene_end(&scene);
}

/* Who waits lets another go on, who may be what it waits for. */
static void
one_goes_on_while_another_waits(void **state)
{
	(void)state;
	struct scene scene;
	enum what what[WORKS] = { LISTEN, TIMEOUT, WRITE };
	scene_begin(&scene, CREW, what);
	for (size_t i = 0; i < 3; i++)
		start(&scene, i, 30000);
	run_out(&scene);
	for (size_t i = 0; i < 3; i++)
		was_good(&scene, i);
	assert_int_equal(processes(&scene, 3), 1);
	scene_end(&scene);
}

static void
who_does_not_share_has_a_process_alone(void **state)
{
	(void)state;
	struct scene scene;
	enum what what[WORKS] = { LINGER, ALONE, ALONE };
	scene_begin(&scene, CREW, what);
	for (size_t i = 0; i < 3; i++)
		start(&scene, i, 30000);
	hear(&scene, 0);
	pool_signal(scene.pool, SIGTERM);
	run_out(&scene);
	was_good(&scene, 0);
	assert_int_equal(processes(&scene, 3), 3);
	scene_end(&scene);
}

static void
each_is_called_off(void **state)
{
	(void)state;
	struct scene scene;
	enum what what[WORKS];
	for (size_t i = 0; i < WORKS; i++)
		what[i] = LINGER;
	scene_begin(&scene, CREW + 1, what);
	/* Some are at it; one may not even have begun. */
	for (size_t i = 0; i < CREW; i++)
		start(&scene, i, 30000);
	hear(&scene, 0);
	start(&scene, CREW, 30000);
	pool_signal(scene.pool, SIGTERM);
	run_out(&scene);
	for (size_t i = 0; i <= CREW; i++)
		was_good(&scene, i);
	scene_end(&scene);
}

static void
what_ends_the_process_is_told_of_all_in_it(void **state)
{
	(void)state;
	struct scene scene;
	/* The first of the second crew dies; and with it its neighbour. */
	enum what what[WORKS] = { LISTEN, LISTEN, LISTEN, LISTEN, LINGER, DIE };
	scene_begin(&scene, WORKS, what);
	for (size_t i = 0; i < CREW + 1; i++) {
		start(&scene, i, 30000);
		hear(&scene, i);
	}
	start(&scene, CREW + 1, 30000);
	while (!scene.gone[CREW] || !scene.gone[CREW + 1])
		look(&scene, deadline_in(30000));
	was_killed(&scene, CREW, false);
	was_killed(&scene, CREW + 1, false);
	assert_int_equal(pool_running(scene.pool), CREW);
	/* What comes next has a new process. */
	scene.what[CREW + 2] = SAY;
	start(&scene, CREW + 2, 30000);
	hear(&scene, CREW + 2);
	assert_int_not_equal(scene.pids[CREW + 2], scene.pids[CREW]);
	pool_signal(scene.pool, SIGKILL);
	run_out(&scene);
	for (size_t i = 0; i < CREW; i++)
		was_killed(&scene, i, false);
	scene_end(&scene);
}

/* One that nobody saw die, because it had nothing to do. */
static void
an_idle_process_that_died_is_replaced(void **state)
{
	(void)state;
	struct scene scene;
	enum what what[WORKS] = { SAY, SAY };
	scene_begin(&scene, 1, what);
	start(&scene, 0, 30000);
	run_out(&scene);
	was_good(&scene, 0);
	siginfo_t ended;
	kill(scene.pids[0], SIGKILL);
	assert_int_equal(
	    waitid(P_PID, (id_t)scene.pids[0], &ended, WEXITED | WNOWAIT), 0);
	start(&scene, 1, 30000);
	run_out(&scene);
	was_good(&scene, 1);
	assert_int_not_equal(scene.pids[1], scene.pids[0]);
	scene_end(&scene);
}

static void
one_that_is_overdue_is_killed(void **state)
{
	(void)state;
	struct scene scene;
	enum what what[WORKS] = { LINGER };
	scene_begin(&scene, CREW, what);
	start(&scene, 0, 0);
	run_out(&scene);
	was_killed(&scene, 0, true);
	scene_end(&scene);
}

static void
nobody_outlives_the_pool(void **state)
{
	(void)state;
	struct scene scene;
	enum what what[WORKS];
	for (size_t i = 0; i < WORKS; i++)
		what[i] = LINGER;
	scene_begin(&scene, WORKS, what);
	for (size_t i = 0; i < 2 * CREW; i++)
		start(&scene, i, 30000);
	hear(&scene, 0);
	scene_end(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_done_once_by_few_processes),
		cmocka_unit_test(one_goes_on_while_another_waits),
		cmocka_unit_test(who_does_not_share_has_a_process_alone),
		cmocka_unit_test(each_is_called_off),
		cmocka_unit_test(what_ends_the_process_is_told_of_all_in_it),
		cmocka_unit_test(an_idle_process_that_died_is_replaced),
		cmocka_unit_test(one_that_is_overdue_is_killed),
		cmocka_unit_test(nobody_outlives_the_pool),
	};
	if (!CREW_IS_POSSIBLE)
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
