/*
 * An absolute timer of the kernel that is told of clock steps, too
 * (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET; a machine that wakes up counts
 * as a step). That it went off is only a reason to look: what decides is the
 * clock.
 */
#include "base/alarm.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/die.h"
#include "base/err.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct alarm {
	const struct alarm_clock *clock;
	int64_t when_ms;
	int fd;
	bool is_reached;
};

static int
timer_open(void)
{
	return timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
}

static int
timer_arm(int fd, int64_t when_ms)
{
	struct itimerspec at = { 0 };
	at.it_value.tv_sec = (time_t)(when_ms / 1000);
	at.it_value.tv_nsec = (long)(when_ms % 1000) * 1000000;
	/* A disarmed timer would still hear of steps. */
	return timerfd_settime(fd,
	    when_ms ? TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET : 0, &at,
	    NULL);
}

static int64_t
timer_take(int fd)
{
	uint64_t times;
	ssize_t n = read(fd, &times, sizeof(times));
	return n == (ssize_t)sizeof(times) ? (int64_t)times : -1;
}

static const struct alarm_clock system_clock = {
	.now_ms = clock_wall_ms,
	.open = timer_open,
	.arm = timer_arm,
	.take = timer_take,
};

/* 0, or 1 if the clock was set since somebody last heard of it (then it is
 * armed, and nobody else will hear of that step), or -1 with errno. */
static int
arm(struct alarm *alarm)
{
	/* 0 would disarm it. What lies before 1970 has passed as well. */
	int64_t when_ms = alarm->when_ms > 0 ? alarm->when_ms : 1;
	if (alarm->clock->arm(alarm->fd, when_ms) == 0)
		return 0;
	return errno == ECANCELED ? 1 : -1;
}

struct alarm *
alarm_new_on(const struct alarm_clock *clock, int64_t when_ms, struct err *err)
{
	struct alarm *alarm = xcalloc(1, sizeof(*alarm));
	alarm->clock = clock;
	alarm->when_ms = when_ms;
	alarm->fd = clock->open();
	if (alarm->fd < 0 || arm(alarm) < 0) {
		err_sys(err, ERR_INTERNAL, errno, "no timer to wait with");
		alarm_free(alarm);
		return NULL;
	}
	return alarm;
}

struct alarm *
alarm_new(int64_t when_ms, struct err *err)
{
	return alarm_new_on(&system_clock, when_ms, err);
}

void
alarm_free(struct alarm *alarm)
{
	if (!alarm)
		return;
	if (alarm->fd >= 0)
		close(alarm->fd);
	free(alarm);
}

int
alarm_fd(const struct alarm *alarm)
{
	return alarm->fd;
}

enum alarm_state
alarm_check(struct alarm *alarm)
{
	if (alarm->is_reached)
		return ALARM_REACHED;
	bool was_set = alarm->clock->take(alarm->fd) < 0 && errno == ECANCELED;
	/* A timer that went off is spent, and one that was cancelled may have
	 * gone off unseen. Armed anew before the clock is read, it goes off
	 * for whatever happens after that. */
	int armed = arm(alarm);
	BUG_IF(armed < 0);
	if (alarm->clock->now_ms() < alarm->when_ms)
		return was_set || armed ? ALARM_CLOCK_SET : ALARM_WAITING;
	alarm->clock->arm(alarm->fd, 0);
	alarm->is_reached = true;
	return ALARM_REACHED;
}
