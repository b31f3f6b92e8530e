/*
 * Points in time as people write them, and as they are shown to people: local
 * time with its zone. What programs read is RFC 3339 UTC (base/deadline.h).
 *
 * "Local" is the zone of this process (TZ, else /etc/localtime).
 */
#ifndef NETPUSH_BASE_WHEN_H
#define NETPUSH_BASE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

struct err;

struct when {
	int64_t time_ms; /* since 1970 UTC */
	/* The clocks go back and show what was written twice: OTHER_MS is the
	 * one that was not taken. Worth telling to the person. Never so when
	 * an offset was given. */
	bool is_twice;
	int64_t other_ms;
};

/*
 * Reads the whole of TEXT:
 *
 *     2026-11-22 02:00[:00]      local; of two such times the first
 *     02:00[:00]                 local; the next one after NOW_MS
 *     2026-11-22T02:00:00Z       RFC 3339: T or one blank, Z or an offset
 *     2026-11-22T02:00:00+01:00
 *
 * The parts combine: seconds, their fraction (kept to the ms) and the offset
 * may be given or not in each. A time with its date may lie in the past; the
 * caller judges that. -1 with ERR (kind ERR_JOB, one sentence that quotes
 * TEXT) if it is not of this form, if there is no such day or hour, or if the
 * clocks go forward over it. WHEN is then untouched.
 */
int when_parse(
    const char *text, int64_t now_ms, struct when *when, struct err *err);

/* Local time with its zone, without the fraction of the second:
 * 2026-11-22 02:00:00 CET (+01:00). A zone without a name is its offset:
 * 2026-11-22 02:00:00 +11:00. when_parse() reads it back without the words. */
#define WHEN_TEXT_BYTES 64
void when_format(int64_t time_ms, char text[WHEN_TEXT_BYTES]);

#endif
