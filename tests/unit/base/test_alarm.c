/*
 * Waiting for a point in time. What can be seen of the real timer without
 * setting the machine's clock is seen on it; steps of the clock and a machine
 * that sleeps are made on a model of the kernel's timer, through the table
 * that alarm.h has for this.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alarm.h"

#include "base/deadline.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#define PATIENCE_MS 30000

static bool
is_readable(const struct alarm *alarm, int timeout_ms)
{
	struct pollfd p = { .fd = alarm_fd(alarm), .events = POLLIN };
	return poll(&p, 1, timeout_ms) == 1 && (p.revents & POLLIN);
}

static struct alarm *
real_alarm(int64_t when_ms)
{
	struct err err = { 0 };
	struct alarm *alarm = alarm_new(when_ms, &err);
	if (!alarm)
		fail_msg("%s", err.text);
	return alarm;
}

static void
test_reached_and_not_early(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		int64_t when_ms = clock_wall_ms() + 5 + i;
		struct alarm *alarm = real_alarm(when_ms);
		int calls = 0;
		do {
			assert_true(is_readable(alarm, PATIENCE_MS));
			calls++;
		} while (alarm_check(alarm) != ALARM_REACHED);
		/* One, and one for each step of the machine's clock. */
		assert_in_range(calls, 1, 5);
		assert_true(clock_wall_ms() >= when_ms);
		assert_false(is_readable(alarm, 0));
		assert_int_equal(alarm_check(alarm), ALARM_REACHED);
		alarm_free(alarm);
	}
}

/* Asking all the time is as good as waiting for the descriptor. */
static void
test_asked_all_the_time(void **state)
{
	(void)state;
	int64_t when_ms = clock_wall_ms() + 20;
	struct alarm *alarm = real_alarm(when_ms);
	while (alarm_check(alarm) != ALARM_REACHED)
		continue;
	assert_true(clock_wall_ms() >= when_ms);
	assert_false(is_readable(alarm, 0));
	alarm_free(alarm);
}

static void
test_past(void **state)
{
	(void)state;
	const int64_t times[] = { clock_wall_ms(), clock_wall_ms() - 1, 1000,
		999, 1, 0, -1, -999, -1000, INT64_MIN };
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct alarm *alarm = real_alarm(times[i]);
		assert_true(is_readable(alarm, PATIENCE_MS));
		assert_int_equal(alarm_check(alarm), ALARM_REACHED);
		assert_false(is_readable(alarm, 0));
		alarm_free(alarm);
	}
}

static void
test_future(void **state)
{
	(void)state;
	const int64_t times[] = { clock_wall_ms() + 3600000,
		INT64_C(253402300799000), INT64_MAX };
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct alarm *alarm = real_alarm(times[i]);
		assert_false(is_readable(alarm, 0));
		assert_int_equal(alarm_check(alarm), ALARM_WAITING);
		assert_false(is_readable(alarm, 0));
		assert_int_equal(alarm_check(alarm), ALARM_WAITING);
		alarm_free(alarm);
	}
	alarm_free(NULL);
}

/* The kernel's own word for how its timer is set. */
static void
assert_timer(const struct alarm *alarm, const char *flags, bool is_armed)
{
	char path[64], text[1024];
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", alarm_fd(alarm));
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	assert_non_null(strstr(text, "clockid: 0\n")); /* CLOCK_REALTIME */
	assert_non_null(strstr(text, flags));
	assert_int_equal(!strstr(text, "it_value: (0, 0)"), is_armed);
}

static void
test_kernel_was_told(void **state)
{
	(void)state;
	struct alarm *alarm = real_alarm(clock_wall_ms() + 3600000);
	/* TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET */
	assert_timer(alarm, "settime flags: 03\n", true);
	assert_int_equal(alarm_check(alarm), ALARM_WAITING);
	assert_timer(alarm, "settime flags: 03\n", true);
	assert_true(fcntl(alarm_fd(alarm), F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(alarm_fd(alarm), F_GETFL) & O_NONBLOCK);
	alarm_free(alarm);

	/* When it is over, steps do not wake anybody either. */
	alarm = real_alarm(1);
	assert_int_equal(alarm_check(alarm), ALARM_REACHED);
	assert_timer(alarm, "settime flags: 00\n", false);
	alarm_free(alarm);
}

static void
test_no_descriptor(void **state)
{
	(void)state;
	struct rlimit old, none = { 0 };
	struct err err = { 0 };
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	struct alarm *alarm = alarm_new(clock_wall_ms(), &err);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_null(alarm);
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_int_equal(err.sys, EMFILE);
}

/*
 * The model: one timer as fs/timerfd.c keeps it. `pending` is what makes it
 * readable; a step of the clock cancels what is armed to hear of it, wipes
 * out nothing of the arming, and is told once: by the next read or arming.
 */
static struct model {
	int64_t now_ms;
	int64_t armed_ms; /* 0: not */
	int64_t pending;
	bool hears_steps, was_set;
	int fd;
	/* Happens to the clock just before what the table calls, once. */
	void (*before_arm)(void), (*before_now)(void);
} model;

static void
model_show(void)
{
	uint64_t count;
	if (model.armed_ms && model.now_ms >= model.armed_ms) {
		model.armed_ms = 0;
		model.pending++;
	}
	if (model.pending)
		assert_int_equal(eventfd_write(model.fd, 1), 0);
	else
		(void)!read(model.fd, &count, sizeof(count));
}

/* Time goes by. */
static void
model_pass(int64_t ms)
{
	model.now_ms += ms;
	model_show();
}

/* Somebody sets the clock, or the machine wakes up. */
static void
model_step(int64_t ms)
{
	model.now_ms += ms;
	if (model.hears_steps) {
		model.was_set = true;
		model.pending++;
	}
	model_show();
}

static int
model_open(void)
{
	model.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return model.fd;
}

static void
model_happen(void (**what)(void))
{
	void (*happens)(void) = *what;
	*what = NULL;
	if (happens)
		happens();
}

static int64_t
model_now(void)
{
	model_happen(&model.before_now);
	return model.now_ms;
}

static int
model_arm(int fd, int64_t when_ms)
{
	assert_int_equal(fd, model.fd);
	model_happen(&model.before_arm);
	bool is_told = when_ms && model.hears_steps && model.was_set;
	model.pending = 0;
	model.armed_ms = when_ms;
	model.hears_steps = when_ms != 0;
	model.was_set = false;
	model_show();
	errno = ECANCELED;
	return is_told ? -1 : 0;
}

static int64_t
model_take(int fd)
{
	assert_int_equal(fd, model.fd);
	int64_t taken = model.pending;
	errno = model.was_set ? ECANCELED : EAGAIN;
	if (model.was_set || !taken)
		taken = -1;
	model.pending = 0;
	model.was_set = false;
	int was = errno;
	model_show();
	errno = was;
	return taken;
}

static const struct alarm_clock model_clock = {
	.now_ms = model_now,
	.open = model_open,
	.arm = model_arm,
	.take = model_take,
};

#define START INT64_C(1795309000000)
#define WHEN  (START + 200000)

static struct alarm *
model_alarm(void)
{
	model = (struct model){ .now_ms = START };
	struct alarm *alarm = alarm_new_on(&model_clock, WHEN, NULL);
	assert_non_null(alarm);
	return alarm;
}

/* The descriptor calls, and what it has to say is EXPECTED. */
static void
assert_calls(struct alarm *alarm, enum alarm_state expected)
{
	assert_true(is_readable(alarm, 0));
	assert_int_equal(alarm_check(alarm), expected);
	if (expected != ALARM_REACHED && model.now_ms < WHEN)
		assert_false(is_readable(alarm, 0));
}

static void
assert_over(struct alarm *alarm)
{
	model_step(-1000000);
	assert_false(is_readable(alarm, 0));
	model_pass(900000);
	model_step(5000000);
	assert_false(is_readable(alarm, 0));
	assert_int_equal(alarm_check(alarm), ALARM_REACHED);
	alarm_free(alarm);
}

static void
test_nobody_touches_the_clock(void **state)
{
	(void)state;
	struct alarm *alarm = model_alarm();
	model_pass(199999);
	assert_false(is_readable(alarm, 0));
	assert_int_equal(alarm_check(alarm), ALARM_WAITING);
	model_pass(1);
	assert_calls(alarm, ALARM_REACHED);
	assert_over(alarm);
}

static void
test_set_back(void **state)
{
	(void)state;
	struct alarm *alarm = model_alarm();
	model_pass(150000);
	model_step(-100000);
	assert_calls(alarm, ALARM_CLOCK_SET);
	model_pass(149999); /* later than the first plan, and not yet */
	assert_false(is_readable(alarm, 0));
	model_pass(1);
	assert_calls(alarm, ALARM_REACHED);
	assert_over(alarm);
}

static void
test_set_forward(void **state)
{
	(void)state;
	struct alarm *alarm = model_alarm();
	model_step(100000);
	assert_calls(alarm, ALARM_CLOCK_SET);
	model_pass(99999);
	assert_false(is_readable(alarm, 0));
	model_pass(1);
	assert_calls(alarm, ALARM_REACHED);
	assert_over(alarm);
}

/* Over the time, as after a sleep: both at once, told as the one. */
static void
test_set_forward_over_it(void **state)
{
	(void)state;
	struct alarm *alarm = model_alarm();
	model_step(3600000);
	assert_calls(alarm, ALARM_REACHED);
	assert_over(alarm);
}

/* It went off, but before anybody looked the clock was set back. */
static void
test_set_back_behind_it(void **state)
{
	(void)state;
	struct alarm *alarm = model_alarm();
	model_pass(200000);
	model_step(-1000);
	assert_calls(alarm, ALARM_CLOCK_SET);
	model_pass(999);
	assert_false(is_readable(alarm, 0));
	model_pass(1);
	assert_calls(alarm, ALARM_REACHED);
	assert_over(alarm);
}

/* There and back before anybody looked: the timer is spent by then. */
static void
test_set_over_it_and_back(void **state)
{
	(void)state;
	struct alarm *alarm = model_alarm();
	model_step(500000);
	model_step(-500000);
	assert_calls(alarm, ALARM_CLOCK_SET);
	model_pass(200000);
	assert_calls(alarm, ALARM_REACHED);
	assert_over(alarm);
}

static void
step_back(void)
{
	model_step(-50000);
}

static void
step_over_it(void)
{
	model_step(500000);
}

static void
pass_over_it(void)
{
	model_pass(500000);
}

/* Between the read and the arming, which then is told of the step. */
static void
test_set_before_arming(void **state)
{
	(void)state;
	struct alarm *alarm = model_alarm();
	model_pass(100000);
	model.before_arm = step_back;
	assert_int_equal(alarm_check(alarm), ALARM_CLOCK_SET);
	model_pass(149999);
	assert_false(is_readable(alarm, 0));
	model_pass(1);
	model.before_arm = step_back;
	assert_calls(alarm, ALARM_CLOCK_SET);
	model.before_arm = step_over_it;
	assert_int_equal(alarm_check(alarm), ALARM_REACHED);
	assert_over(alarm);

	/* Already when it is made. */
	model = (struct model){ .now_ms = START, .before_arm = step_back };
	alarm = alarm_new_on(&model_clock, WHEN, NULL);
	assert_non_null(alarm);
	assert_int_equal(alarm_check(alarm), ALARM_WAITING);
	model_pass(250000);
	assert_calls(alarm, ALARM_REACHED);
	assert_over(alarm);
}

/* Between the arming and the look at the clock: it calls again. */
static void
test_set_before_the_look(void **state)
{
	(void)state;
	struct alarm *alarm = model_alarm();
	model.before_now = step_back;
	assert_int_equal(alarm_check(alarm), ALARM_WAITING);
	assert_calls(alarm, ALARM_CLOCK_SET);
	model_pass(250000);
	model.before_now = step_back;
	assert_true(is_readable(alarm, 0));
	assert_int_equal(alarm_check(alarm), ALARM_WAITING);
	assert_calls(alarm, ALARM_CLOCK_SET);
	model.before_now = step_over_it;
	assert_int_equal(alarm_check(alarm), ALARM_REACHED);
	assert_over(alarm);

	alarm = model_alarm();
	model.before_now = pass_over_it;
	assert_int_equal(alarm_check(alarm), ALARM_REACHED);
	assert_over(alarm);
}

static int
refuse_to_arm(int fd, int64_t when_ms)
{
	(void)fd;
	(void)when_ms;
	errno = EINVAL;
	return -1;
}

static void
test_cannot_be_armed(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct alarm_clock clock = model_clock;
	clock.arm = refuse_to_arm;
	model = (struct model){ .now_ms = START };
	assert_null(alarm_new_on(&clock, WHEN, &err));
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_int_equal(err.sys, EINVAL);
	assert_int_equal(fcntl(model.fd, F_GETFD), -1);
}

/* One night of a clock that nobody can trust. Whenever it is time, the
 * descriptor calls or has called; whenever it says so, it is time. */
static void
live_through(unsigned seed)
{
	struct alarm *alarm = model_alarm();
	bool is_reached = false;
	for (int i = 0; i < 60; i++) {
		int64_t ms = rand_r(&seed) % 60000;
		switch (rand_r(&seed) % 5) {
		case 0:
			model_step(ms);
			break;
		case 1:
			model_step(-ms);
			break;
		case 2:
			model.before_arm = step_back;
			break;
		case 3:
			model.before_now = step_back;
			break;
		default:
			model_pass(ms);
		}
		if (is_reached)
			assert_false(is_readable(alarm, 0));
		else if (model.now_ms >= WHEN)
			assert_true(is_readable(alarm, 0));
		/* Sometimes late, sometimes for nothing. */
		if (rand_r(&seed) % 2)
			continue;
		bool was_reached = is_reached;
		is_reached = alarm_check(alarm) == ALARM_REACHED;
		assert_true(is_reached || !was_reached);
		if (is_reached && !was_reached)
			assert_true(model.now_ms >= WHEN);
	}
	alarm_free(alarm);
}

static void
test_any_night(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 500; seed++)
		live_through(seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reached_and_not_early),
		cmocka_unit_test(test_asked_all_the_time),
		cmocka_unit_test(test_past),
		cmocka_unit_test(test_future),
		cmocka_unit_test(test_kernel_was_told),
		cmocka_unit_test(test_no_descriptor),
		cmocka_unit_test(test_nobody_touches_the_clock),
		cmocka_unit_test(test_set_back),
		cmocka_unit_test(test_set_forward),
		cmocka_unit_test(test_set_forward_over_it),
		cmocka_unit_test(test_set_back_behind_it),
		cmocka_unit_test(test_set_over_it_and_back),
		cmocka_unit_test(test_set_before_arming),
		cmocka_unit_test(test_set_before_the_look),
		cmocka_unit_test(test_cannot_be_armed),
		cmocka_unit_test(test_any_night),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
