/*
 * Waiting for a point on the wall's clock (CLOCK_REALTIME) in a poll or epoll
 * loop, so that it is neither early nor twice whatever is done to the clock
 * meanwhile: a step by NTP or by hand, a suspended machine. Waiting a length
 * of time is what deadlines are for (base/deadline.h).
 *
 *     alarm_fd() is readable -> alarm_check():
 *         ALARM_REACHED      go
 *         ALARM_CLOCK_SET    not yet; what is left has changed: show it anew
 *         ALARM_WAITING      nothing happened
 */
#ifndef NETPUSH_BASE_ALARM_H
#define NETPUSH_BASE_ALARM_H

#include <stdint.h>

struct alarm;
struct err;

enum alarm_state {
	ALARM_WAITING,
	ALARM_REACHED,
	ALARM_CLOCK_SET,
};

/* For WHEN_MS (since 1970 UTC); a time that has passed is reached at once.
 * NULL with ERR (kind ERR_INTERNAL) if there is no descriptor to be had. */
struct alarm *alarm_new(int64_t when_ms, struct err *err);
void alarm_free(struct alarm *alarm);

/* Becomes readable when there is something to check. Close-on-exec; it stays
 * the alarm's. */
int alarm_fd(const struct alarm *alarm);

/*
 * What happened; never blocks, and may be called although nothing did. Once
 * ALARM_REACHED, always ALARM_REACHED: the descriptor falls silent then, and a
 * clock that is set back does not begin the wait again. A clock that was set
 * forward over the time, or a machine that slept through it, reaches it late:
 * whoever has a last moment, too, must look at the clock.
 */
enum alarm_state alarm_check(struct alarm *alarm);

/*
 * The clock and the timer beneath: timerfd_create(2) with a table that tests
 * replace, because nobody may set the clock of a machine for a test.
 */
struct alarm_clock {
	int64_t (*now_ms)(void);
	/* A descriptor for read(2) and poll(2), or -1 with errno. */
	int (*open)(void);
	/* Arms it for WHEN_MS on the clock, also for a step of the clock, or
	 * disarms it (0). -1 with errno; ECANCELED: armed, but the clock was
	 * set since it was last read. */
	int (*arm)(int fd, int64_t when_ms);
	/* Takes what makes it readable: the number of times that it went off,
	 * or -1 with errno; ECANCELED: the clock was set. */
	int64_t (*take)(int fd);
};

struct alarm *alarm_new_on(
    const struct alarm_clock *clock, int64_t when_ms, struct err *err);

#endif
