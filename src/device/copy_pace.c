/* How fast a copy goes: a few marks, a second or more apart. */
#include "device/copy.h"

#define MARK_EVERY_MS 1000

void
copy_pace_note(struct copy_pace *pace, int64_t now_ms, uint64_t bytes)
{
	unsigned last = pace->count ? pace->count - 1 : 0;
	/* The newest mark moves along until it is far enough from the one
	 * before it. */
	if (pace->count > 1 &&
	    pace->at_ms[last] - pace->at_ms[last - 1] < MARK_EVERY_MS) {
		pace->at_ms[last] = now_ms;
		pace->bytes[last] = bytes;
		return;
	}
	if (pace->count == COPY_PACE_MARKS) {
		for (unsigned i = 1; i < COPY_PACE_MARKS; i++) {
			pace->at_ms[i - 1] = pace->at_ms[i];
			pace->bytes[i - 1] = pace->bytes[i];
		}
		pace->count--;
	}
	pace->at_ms[pace->count] = now_ms;
	pace->bytes[pace->count++] = bytes;
}

uint64_t
copy_pace_rate(const struct copy_pace *pace)
{
	if (pace->count < 2)
		return 0;
	unsigned last = pace->count - 1;
	int64_t took_ms = pace->at_ms[last] - pace->at_ms[0];
	uint64_t bytes = pace->bytes[last] - pace->bytes[0];
	if (took_ms <= 0 || pace->bytes[last] < pace->bytes[0])
		return 0;
	/* No overflow below 18 PB within these seconds. */
	return bytes * 1000 / (uint64_t)took_ms;
}

int64_t
copy_pace_left_ms(const struct copy_pace *pace, uint64_t total)
{
	uint64_t rate = copy_pace_rate(pace);
	if (!rate)
		return -1;
	uint64_t bytes = pace->bytes[pace->count - 1];
	if (bytes >= total)
		return 0;
	return (int64_t)((double)(total - bytes) * 1000.0 / (double)rate);
}
