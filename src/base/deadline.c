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
	/* Rounded down, so that times before 1970 count forwards, too. */
	int64_t ms = (time_ms % 1000 + 1000) % 1000;
	time_t seconds = (time_t)(time_ms / 1000 - (time_ms % 1000 < 0));
	struct tm tm;
	gmtime_r(&seconds, &tm);
	size_t len = strftime(text, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, CLOCK_TEXT_BYTES - len, ".%03dZ", (int)ms);
}

bool
clock_parse(const char *text, int64_t *time_ms)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int ms;
	if (strlen(text) != 24 || !rest || sscanf(rest, ".%3dZ", &ms) != 1)
		return false;
	int64_t parsed = (int64_t)timegm(&tm) * 1000 + ms;

	/* strptime(3) takes single digits and the 31st of February; what
	 * does not print as it was read is not of the form. */
	char again[CLOCK_TEXT_BYTES];
	clock_format(parsed, again);
	if (strcmp(text, again))
		return false;
	*time_ms = parsed;
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
	int64_t now = clock_ms();
	if (deadline <= now)
		return 0;
	return deadline - now > INT_MAX ? INT_MAX : (int)(deadline - now);
}

void
duration_format(int64_t duration_ms, char text[CLOCK_TEXT_BYTES])
{
	int64_t seconds = duration_ms / 1000;
	if (duration_ms < 1000)
		snprintf(text, CLOCK_TEXT_BYTES, "%lld ms",
		    (long long)(duration_ms > 0 ? duration_ms : 0));
	else if (duration_ms < 60000)
		snprintf(text, CLOCK_TEXT_BYTES, "%.1f s",
		    (double)duration_ms / 1000);
	else if (seconds < 3600)
		snprintf(text, CLOCK_TEXT_BYTES, "%lld min %02lld s",
		    (long long)(seconds / 60), (long long)(seconds % 60));
	else
		snprintf(text, CLOCK_TEXT_BYTES, "%lld h %02lld min",
		    (long long)(seconds / 3600),
		    (long long)(seconds / 60 % 60));
}
