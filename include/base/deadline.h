/*
 * Points in time that must not be passed. A deadline is made once and handed
 * down, so that ten steps of 10 s under a limit of 15 s end after 15 s.
 */
#ifndef NETPUSH_BASE_DEADLINE_H
#define NETPUSH_BASE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#define DEADLINE_NEVER INT64_MAX

/* Milliseconds on a clock that never steps (CLOCK_MONOTONIC). */
int64_t clock_ms(void);

/* Milliseconds since 1970 UTC (CLOCK_REALTIME). */
int64_t clock_wall_ms(void);

/* TIME_MS (since 1970) as RFC 3339 UTC with milliseconds, 24 characters:
 * 2026-11-22T02:00:00.000Z. TEXT must hold 32 bytes. */
#define CLOCK_TEXT_BYTES 32
void clock_format(int64_t time_ms, char text[CLOCK_TEXT_BYTES]);

/* The reverse; false if TEXT is not of that form. */
bool clock_parse(const char *text, int64_t *time_ms);

/* A duration for people: "12 ms", "1.5 s", "3 min 05 s", "2 h 10 min". */
void duration_format(int64_t duration_ms, char text[CLOCK_TEXT_BYTES]);

/* A deadline is a value of clock_ms(). */
int64_t deadline_in(int64_t timeout_ms);
int64_t deadline_first(int64_t a, int64_t b);
bool deadline_passed(int64_t deadline);

/* For poll(2): 0 when passed, -1 for DEADLINE_NEVER. */
int deadline_poll_ms(int64_t deadline);

#endif
