/* Clocks and deadlines. */
#include "base/deadline.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_wall_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

void
clock_format(int64_t time_ms, char text[CLOCK_TEXT_BYTES])
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	size_t len = strftime(text, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, CLOCK_TEXT_BYTES - len, ".%03dZ",
	    (int)(time_ms % 1000));
}

bool
clock_parse(const char *text, int64_t *time_ms)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int ms, used = 0;
	if (!rest || sscanf(rest, ".%3dZ%n", &ms, &used) != 1 || used != 5 ||
	    rest[used] || ms < 0)
		return false;
	*time_ms = (int64_t)timegm(&tm) * 1000 + ms;
	return true;
}

int64_t
deadline_in(int64_t timeout_ms)
{
	int64_t at;
	if (__builtin_add_overflow(clock_ms(), timeout_ms, &at))
		return DEADLINE_NEVER;
	return at;
}

int64_t
deadline_first(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

bool
deadline_passed(int64_t deadline)
{
	return deadline != DEADLINE_NEVER && clock_ms() >= deadline;
}

int
deadline_poll_ms(int64_t deadline)
{
	if (deadline == DEADLINE_NEVER)
		return -1;
	int64_t left = deadline - clock_ms();
	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}
