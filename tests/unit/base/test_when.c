/*
 * Times as people write them. The zones are given as POSIX rules, so that
 * their changes are known here and no database is needed; the same cases go
 * through the system's database where there is one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/when.h"

#include "base/deadline.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MINUTE_MS INT64_C(60000)

static const struct zone {
	const char *name; /* in the database */
	const char *rule;
} zones[] = {
	{ "Europe/Zurich", "CET-1CEST,M3.5.0,M10.5.0/3" },
	{ "America/New_York", "EST5EDT,M3.2.0,M11.1.0" },
	{ "UTC", "UTC0" },
	/* Half an hour, in the south, and without names. */
	{ "Australia/Lord_Howe", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0" },
	/* Back from 01:00 to 00:00. */
	{ "America/Havana", "CST5CDT,M3.2.0/0,M11.1.0/1" },
	/* Back over midnight, from 00:00 to 23:00 of the day before, and
	 * forward over midnight. */
	{ NULL, "EVE2SUM,M3.5.0/0,M10.5.0/0" },
	/* The same a minute later, as in Newfoundland until 2011: the new day
	 * begins twice, too. */
	{ NULL, "NST3:30NDT,M3.2.0/0:01,M11.1.0/0:01" },
};
enum { ZURICH, NEW_YORK, UTC, LORD_HOWE, HAVANA, EVE, MINUTE_PAST, ZONE_COUNT };

static void
set_zone(const char *tz)
{
	setenv("TZ", tz, 1); /* and no tzset(): that is when's to do */
}

static int64_t
utc(const char *text)
{
	int64_t time_ms;
	if (!clock_parse(text, &time_ms))
		fail_msg("the test is wrong: %s", text);
	return time_ms;
}

static void
assert_time(int64_t time_ms, const char *expected, const char *text)
{
	char shown[CLOCK_TEXT_BYTES];
	clock_format(time_ms, shown);
	if (strcmp(shown, expected))
		fail_msg("TZ=%s, '%s': %s instead of %s", getenv("TZ"), text,
		    shown, expected);
}

static struct when
parse(const char *text, int64_t now_ms)
{
	struct err err = { 0 };
	struct when when = { 0 };
	if (when_parse(text, now_ms, &when, &err))
		fail_msg("TZ=%s, '%s': %s", getenv("TZ"), text, err.text);
	return when;
}

/* Calls FN under each form of each zone that this machine has. */
static void
each_zone(void (*fn)(size_t zone))
{
	for (size_t i = 0; i < ZONE_COUNT; i++) {
		char path[128];
		set_zone(zones[i].rule);
		fn(i);
		if (!zones[i].name)
			continue;
		snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s",
		    zones[i].name);
		if (access(path, R_OK) == 0) {
			set_zone(zones[i].name);
			fn(i);
		}
	}
}

/* With their date: NOW does not matter. */
static const struct {
	size_t zone;
	const char *text, *expected, *other;
} dated[] = {
	{ ZURICH, "2026-11-22 02:00", "2026-11-22T01:00:00.000Z", NULL },
	{ ZURICH, "2026-11-22 02:00:07", "2026-11-22T01:00:07.000Z", NULL },
	{ ZURICH, "2026-11-22T02:00", "2026-11-22T01:00:00.000Z", NULL },
	{ ZURICH, "2026-07-01 12:00", "2026-07-01T10:00:00.000Z", NULL },
	{ ZURICH, "2026-11-22T02:00:00Z", "2026-11-22T02:00:00.000Z", NULL },
	{ ZURICH, "2026-11-22t02:00:00z", "2026-11-22T02:00:00.000Z", NULL },
	{ ZURICH, "2026-11-22 02:00:00+01:00", "2026-11-22T01:00:00.000Z",
	    NULL },
	{ ZURICH, "2026-11-22 02:00 -05:30", "2026-11-22T07:30:00.000Z", NULL },
	{ ZURICH, "2026-11-22T02:00:00-00:00", "2026-11-22T02:00:00.000Z",
	    NULL },
	{ ZURICH, "2026-01-01T00:30:00+14:00", "2025-12-31T10:30:00.000Z",
	    NULL },
	{ ZURICH, "2026-11-22T02:00:00.5Z", "2026-11-22T02:00:00.500Z", NULL },
	{ ZURICH, "2026-11-22T02:00:00.123456789Z", "2026-11-22T02:00:00.123Z",
	    NULL },
	{ ZURICH, "2028-02-29 00:00", "2028-02-28T23:00:00.000Z", NULL },
	{ ZURICH, "2000-02-29 00:00", "2000-02-28T23:00:00.000Z", NULL },
	/* The edges of the hour that is left out and of the one that is
	 * there twice. */
	{ ZURICH, "2026-03-29 01:59:59", "2026-03-29T00:59:59.000Z", NULL },
	{ ZURICH, "2026-03-29 03:00", "2026-03-29T01:00:00.000Z", NULL },
	{ ZURICH, "2026-10-25 01:59:59", "2026-10-24T23:59:59.000Z", NULL },
	{ ZURICH, "2026-10-25 02:00", "2026-10-25T00:00:00.000Z",
	    "2026-10-25T01:00:00.000Z" },
	{ ZURICH, "2026-10-25 02:30", "2026-10-25T00:30:00.000Z",
	    "2026-10-25T01:30:00.000Z" },
	{ ZURICH, "2026-10-25 02:59:59", "2026-10-25T00:59:59.000Z",
	    "2026-10-25T01:59:59.000Z" },
	{ ZURICH, "2026-10-25 03:00", "2026-10-25T02:00:00.000Z", NULL },
	/* With its offset it is one time, and none is left out. */
	{ ZURICH, "2026-10-25 02:30+01:00", "2026-10-25T01:30:00.000Z", NULL },
	{ ZURICH, "2026-10-25 02:30+02:00", "2026-10-25T00:30:00.000Z", NULL },
	{ ZURICH, "2026-03-29 02:30+01:00", "2026-03-29T01:30:00.000Z", NULL },
	{ NEW_YORK, "2026-11-22 02:00", "2026-11-22T07:00:00.000Z", NULL },
	{ NEW_YORK, "2026-11-01 01:30", "2026-11-01T05:30:00.000Z",
	    "2026-11-01T06:30:00.000Z" },
	{ NEW_YORK, "2026-03-08 03:00", "2026-03-08T07:00:00.000Z", NULL },
	{ UTC, "2026-11-22 02:00", "2026-11-22T02:00:00.000Z", NULL },
	{ UTC, "2026-03-29 02:30", "2026-03-29T02:30:00.000Z", NULL },
	{ LORD_HOWE, "2026-04-05 01:29", "2026-04-04T14:29:00.000Z", NULL },
	{ LORD_HOWE, "2026-04-05 01:30", "2026-04-04T14:30:00.000Z",
	    "2026-04-04T15:00:00.000Z" },
	{ LORD_HOWE, "2026-04-05 01:45", "2026-04-04T14:45:00.000Z",
	    "2026-04-04T15:15:00.000Z" },
	{ LORD_HOWE, "2026-04-05 02:00", "2026-04-04T15:30:00.000Z", NULL },
	{ LORD_HOWE, "2026-10-04 02:30", "2026-10-03T15:30:00.000Z", NULL },
	{ HAVANA, "2026-11-01 00:30", "2026-11-01T04:30:00.000Z",
	    "2026-11-01T05:30:00.000Z" },
	{ EVE, "2026-10-24 23:30", "2026-10-25T00:30:00.000Z",
	    "2026-10-25T01:30:00.000Z" },
	{ EVE, "2026-10-25 00:00", "2026-10-25T02:00:00.000Z", NULL },
};

static void
check_dated(size_t zone)
{
	static const int64_t nows[] = { 0, INT64_C(1795309200000),
		INT64_C(4102444800000) };
	for (size_t i = 0; i < sizeof(dated) / sizeof(dated[0]); i++) {
		if (dated[i].zone != zone)
			continue;
		for (size_t n = 0; n < sizeof(nows) / sizeof(nows[0]); n++) {
			struct when when = parse(dated[i].text, nows[n]);
			assert_time(
			    when.time_ms, dated[i].expected, dated[i].text);
			assert_int_equal(when.is_twice, dated[i].other != NULL);
			if (when.is_twice)
				assert_time(when.other_ms, dated[i].other,
				    dated[i].text);
		}
	}
}

static void
test_dated(void **state)
{
	(void)state;
	each_zone(check_dated);
}

/* The next one: strictly in the future. */
static const struct {
	size_t zone;
	const char *now, *text, *expected, *other;
} next[] = {
	{ ZURICH, "2026-11-21T06:27:00.000Z", "02:00",
	    "2026-11-22T01:00:00.000Z", NULL },
	{ ZURICH, "2026-11-22T00:59:59.999Z", "02:00",
	    "2026-11-22T01:00:00.000Z", NULL },
	{ ZURICH, "2026-11-22T01:00:00.000Z", "02:00",
	    "2026-11-23T01:00:00.000Z", NULL },
	{ ZURICH, "2026-11-22T01:00:00.001Z", "02:00",
	    "2026-11-23T01:00:00.000Z", NULL },
	{ ZURICH, "2026-11-22T01:00:00.001Z", "02:00:01",
	    "2026-11-22T01:00:01.000Z", NULL },
	/* Between the midnights of here and of UTC; over the year's end. */
	{ ZURICH, "2026-11-21T23:30:00.000Z", "00:45",
	    "2026-11-21T23:45:00.000Z", NULL },
	{ ZURICH, "2026-12-31T23:30:00.000Z", "00:15",
	    "2027-01-01T23:15:00.000Z", NULL },
	{ NEW_YORK, "2026-11-22T03:00:00.000Z", "23:00",
	    "2026-11-22T04:00:00.000Z", NULL },
	{ NEW_YORK, "2026-11-22T04:00:00.000Z", "22:00",
	    "2026-11-23T03:00:00.000Z", NULL },
	/* A day of 23 hours, one of 25. */
	{ ZURICH, "2026-03-28T11:00:00.000Z", "12:00",
	    "2026-03-29T10:00:00.000Z", NULL },
	{ ZURICH, "2026-10-24T10:00:00.000Z", "12:00",
	    "2026-10-25T11:00:00.000Z", NULL },
	/* Twice tonight: the first; then the second; then tomorrow's. */
	{ ZURICH, "2026-10-24T20:00:00.000Z", "02:30",
	    "2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z" },
	{ ZURICH, "2026-10-25T00:30:00.000Z", "02:30",
	    "2026-10-25T01:30:00.000Z", "2026-10-25T00:30:00.000Z" },
	{ ZURICH, "2026-10-25T01:10:00.000Z", "02:30",
	    "2026-10-25T01:30:00.000Z", "2026-10-25T00:30:00.000Z" },
	{ ZURICH, "2026-10-25T01:30:00.000Z", "02:30",
	    "2026-10-26T01:30:00.000Z", NULL },
	{ EVE, "2026-10-25T00:45:00.000Z", "23:30", "2026-10-25T01:30:00.000Z",
	    "2026-10-25T00:30:00.000Z" },
	{ EVE, "2026-10-25T02:10:00.000Z", "23:30", "2026-10-26T01:30:00.000Z",
	    NULL },
	{ MINUTE_PAST, "2026-11-01T02:30:30.000Z", "23:30",
	    "2026-11-01T03:00:00.000Z", "2026-11-01T02:00:00.000Z" },
	{ MINUTE_PAST, "2026-11-01T02:30:30.000Z", "00:00",
	    "2026-11-01T03:30:00.000Z", "2026-11-01T02:30:00.000Z" },
	/* What the clocks went over is behind us: tomorrow. */
	{ ZURICH, "2026-03-29T01:00:00.000Z", "02:30",
	    "2026-03-30T00:30:00.000Z", NULL },
	{ ZURICH, "2026-03-29T08:00:00.000Z", "02:30",
	    "2026-03-30T00:30:00.000Z", NULL },
	/* The next one in another zone. */
	{ ZURICH, "2026-11-22T01:30:00.000Z", "02:00Z",
	    "2026-11-22T02:00:00.000Z", NULL },
	{ ZURICH, "2026-11-22T01:30:00.000Z", "10:15:30+09:00",
	    "2026-11-23T01:15:30.000Z", NULL },
	{ ZURICH, "2026-11-22T01:30:00.000Z", "20:45 -05:00",
	    "2026-11-22T01:45:00.000Z", NULL },
	/* Before 1970, too: no rounding towards it. */
	{ UTC, "1969-12-31T23:59:59.500Z", "23:59:59",
	    "1970-01-01T23:59:59.000Z", NULL },
};

static void
check_next(size_t zone)
{
	for (size_t i = 0; i < sizeof(next) / sizeof(next[0]); i++) {
		if (next[i].zone != zone)
			continue;
		struct when when = parse(next[i].text, utc(next[i].now));
		assert_time(when.time_ms, next[i].expected, next[i].text);
		assert_int_equal(when.is_twice, next[i].other != NULL);
		if (when.is_twice)
			assert_time(when.other_ms, next[i].other, next[i].text);
	}
}

static void
test_next(void **state)
{
	(void)state;
	each_zone(check_next);
}

#define FORM                                                                   \
	"a time is written like 02:00, 2026-11-22 02:00 or "                   \
	"2026-11-22T02:00:00Z, not \"%s\""
#define BEHIND                                                                 \
	"behind a time only Z or an offset like +01:00 may stand, not \"%s\""

/* What stands in FRAGMENT, with DETAIL for its %s, begins the sentence. */
static const struct {
	const char *text, *fragment, *detail;
} nonsense[] = {
	{ "", FORM, "" },
	{ " ", FORM, " " },
	{ "tomorrow", FORM, "tomorrow" },
	{ "2", FORM, "2" },
	{ "2:00", FORM, "2:00" },
	{ "02", FORM, "02" },
	{ "02.00", FORM, "02.00" },
	{ "0200", FORM, "0200" },
	{ "02:0", FORM, "02:0" },
	{ "02:00:", FORM, "02:00:" },
	{ "02:00:0", FORM, "02:00:0" },
	{ "02:00:00.", FORM, "02:00:00." },
	{ "-2:00", FORM, "-2:00" },
	{ "+2:00", FORM, "+2:00" },
	{ " 02:00", FORM, " 02:00" },
	{ "2026-11-22", FORM, "2026-11-22" },
	{ "2026-11-22 ", FORM, "2026-11-22 " },
	{ "2026-11-22  02:00", FORM, "2026-11-22  02:00" },
	{ "2026-11-2202:00", FORM, "2026-11-2202:00" },
	{ "2026-11-22_02:00", FORM, "2026-11-22_02:00" },
	{ "2026/11/22 02:00", FORM, "2026/11/22 02:00" },
	{ "26-11-22 02:00", FORM, "26-11-22 02:00" },
	{ "2026-1-2 02:00", FORM, "2026-1-2 02:00" },
	{ "22.11.2026 02:00", FORM, "22.11.2026 02:00" },
	{ "2026-", FORM, "2026-" },
	{ "25:00", "there is no hour 25 (00 to 23) in \"%s\"", "25:00" },
	{ "24:00", "there is no hour 24 (00 to 23)", NULL },
	{ "23:60", "there is no minute 60 (00 to 59)", NULL },
	{ "23:59:60", "there is no second 60 (00 to 59)", NULL },
	{ "2026-11-22T24:00:00Z", "there is no hour 24", NULL },
	{ "2026-00-22 02:00", "there is no month 00 (01 to 12)", NULL },
	{ "2026-13-22 02:00", "there is no month 13 (01 to 12)", NULL },
	{ "2026-11-00 02:00", "there is no day 00 in 2026-11, which has 30",
	    NULL },
	{ "2026-11-31 02:00", "there is no day 31 in 2026-11, which has 30",
	    NULL },
	{ "2026-02-30 02:00", "there is no day 30 in 2026-02, which has 28",
	    NULL },
	{ "2028-02-30 02:00", "there is no day 30 in 2028-02, which has 29",
	    NULL },
	{ "2100-02-29 02:00", "there is no day 29 in 2100-02, which has 28",
	    NULL },
	{ "02:00 ", BEHIND, " " },
	{ "02:00 CET", BEHIND, " CET" },
	{ "02:00 today", BEHIND, " today" },
	{ "02:00\n", BEHIND, "\n" },
	{ "2:00 PM", FORM, "2:00 PM" },
	{ "02:00 PM", BEHIND, " PM" },
	{ "02:00Z ", BEHIND, "Z " },
	{ "02:00ZZ", BEHIND, "ZZ" },
	{ "02:00  Z", BEHIND, "  Z" },
	{ "02:00+1:00", BEHIND, "+1:00" },
	{ "02:00+01", BEHIND, "+01" },
	{ "02:00+0100", BEHIND, "+0100" },
	{ "02:00+01:00x", BEHIND, "+01:00x" },
	{ "02:00+24:00", BEHIND, "+24:00" },
	{ "02:00+01:60", BEHIND, "+01:60" },
	{ "2026-11-22 02:00:00 CET (+01:00)", BEHIND, " CET (+01:00)" },
	{ "2026-11-22 02:00 2026-11-22 02:00", BEHIND, " 2026-11-22 02:00" },
};

static void
assert_refused(const char *text, int64_t now_ms, const char *fragment)
{
	struct err err = { 0 };
	struct when when = { .time_ms = 42, .other_ms = 43 };
	if (when_parse(text, now_ms, &when, &err) != -1)
		fail_msg("TZ=%s: '%s' was taken", getenv("TZ"), text);
	assert_int_equal(err.kind, ERR_JOB);
	if (strncmp(err.text, fragment, strlen(fragment)))
		fail_msg(
		    "'%s': '%s' instead of '%s'", text, err.text, fragment);
	if (!strstr(err.text, text))
		fail_msg("'%s' is not quoted in '%s'", text, err.text);
	assert_true(when.time_ms == 42 && when.other_ms == 43);
	assert_false(when.is_twice);
	assert_int_equal(when_parse(text, now_ms, &when, NULL), -1);
}

static void
test_nonsense(void **state)
{
	(void)state;
	set_zone(zones[ZURICH].rule);
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		char fragment[256];
		const char *form = nonsense[i].fragment;
		const char *mark = strstr(form, "%s");
		size_t head = mark ? (size_t)(mark - form) : strlen(form);
		snprintf(fragment, sizeof(fragment), "%.*s%s%s", (int)head,
		    form, mark ? nonsense[i].detail : "", mark ? mark + 2 : "");
		assert_refused(nonsense[i].text, 0, fragment);
	}
}

/* Texts of any length end in one sentence that fits. */
static void
test_long_nonsense(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct when when;
	char text[4096];
	memset(text, '7', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(when_parse(text, 0, &when, &err), -1);
	memcpy(text, "02:00:00.", 9);
	assert_int_equal(when_parse(text, 0, &when, &err), 0);
	text[4000] = 'x';
	assert_int_equal(when_parse(text, 0, &when, &err), -1);
}

/* What no clock will ever show. */
static const struct {
	size_t zone;
	const char *now, *text, *fragment;
} gaps[] = {
	{ ZURICH, "2026-03-01T00:00:00.000Z", "2026-03-29 02:00",
	    "2026-03-29 02:00:00 does not exist in this time zone" },
	{ ZURICH, "2026-03-01T00:00:00.000Z", "2026-03-29 02:30",
	    "2026-03-29 02:30:00 does not exist" },
	{ ZURICH, "2026-12-01T00:00:00.000Z", "2026-03-29 02:59:59",
	    "2026-03-29 02:59:59 does not exist" },
	{ NEW_YORK, "2026-03-01T00:00:00.000Z", "2026-03-08 02:30",
	    "2026-03-08 02:30:00 does not exist" },
	{ LORD_HOWE, "2026-03-01T00:00:00.000Z", "2026-10-04 02:00",
	    "2026-10-04 02:00:00 does not exist" },
	{ LORD_HOWE, "2026-03-01T00:00:00.000Z", "2026-10-04 02:29:59",
	    "2026-10-04 02:29:59 does not exist" },
	{ EVE, "2026-03-01T00:00:00.000Z", "2026-03-29 00:30",
	    "2026-03-29 00:30:00 does not exist" },
	/* Tonight, and so not silently tomorrow. */
	{ ZURICH, "2026-03-28T20:00:00.000Z", "02:30",
	    "2026-03-29 02:30:00 does not exist" },
	{ ZURICH, "2026-03-29T00:59:59.999Z", "02:00",
	    "2026-03-29 02:00:00 does not exist" },
};

static void
check_gaps(size_t zone)
{
	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++)
		if (gaps[i].zone == zone)
			assert_refused(
			    gaps[i].text, utc(gaps[i].now), gaps[i].fragment);
}

static void
test_gaps(void **state)
{
	(void)state;
	each_zone(check_gaps);
}

static const struct {
	size_t zone;
	const char *time, *expected;
} shown[] = {
	{ ZURICH, "2026-11-22T01:00:00.000Z",
	    "2026-11-22 02:00:00 CET (+01:00)" },
	{ ZURICH, "2026-11-22T01:00:00.999Z",
	    "2026-11-22 02:00:00 CET (+01:00)" },
	{ ZURICH, "2026-10-25T00:30:00.000Z",
	    "2026-10-25 02:30:00 CEST (+02:00)" },
	{ ZURICH, "2026-10-25T01:30:00.000Z",
	    "2026-10-25 02:30:00 CET (+01:00)" },
	{ NEW_YORK, "2026-11-22T07:00:00.000Z",
	    "2026-11-22 02:00:00 EST (-05:00)" },
	{ UTC, "2026-11-22T02:00:00.000Z", "2026-11-22 02:00:00 UTC (+00:00)" },
	{ UTC, "1969-12-31T23:59:58.001Z", "1969-12-31 23:59:58 UTC (+00:00)" },
	{ LORD_HOWE, "2026-11-22T02:00:00.000Z", "2026-11-22 13:00:00 +11:00" },
	{ LORD_HOWE, "2026-06-22T02:00:00.000Z", "2026-06-22 12:30:00 +10:30" },
};

static void
check_shown(size_t zone)
{
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		char text[WHEN_TEXT_BYTES];
		if (shown[i].zone != zone)
			continue;
		when_format(utc(shown[i].time), text);
		assert_string_equal(text, shown[i].expected);
	}
}

static void
test_shown(void **state)
{
	(void)state;
	each_zone(check_shown);
}

/* Far times and odd zones stay inside the text. */
static void
test_shown_far(void **state)
{
	(void)state;
	static const int64_t times[] = { INT64_MIN, INT64_MAX, 0, -1 };
	char text[WHEN_TEXT_BYTES];
	/* It is cut, and the offset is not. */
	set_zone("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRS-24:59");
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		when_format(times[i], text);
		assert_non_null(memchr(text, '\0', sizeof(text)));
		assert_non_null(strstr(text, " ABCDEFGHIJKL (+24:59)"));
	}
}

/* LOCAL and WITH_OFFSET: how the wall shows it, and the same without doubt. */
static void
write_local(int64_t time_ms, char local[64], char with_offset[64])
{
	struct tm tm;
	time_t seconds = (time_t)(time_ms / 1000);
	char offset[16];
	tzset();
	localtime_r(&seconds, &tm);
	strftime(local, 32, "%Y-%m-%d %H:%M:%S", &tm);
	strftime(offset, sizeof(offset), "%z", &tm);
	snprintf(with_offset, 64, "%s%.3s:%s", local, offset, offset + 3);
}

/* The weeks in which clocks are changed, in all of the zones. */
static const struct {
	const char *start, *end;
} seasons[] = {
	{ "2026-03-01T00:00:00.000Z", "2026-04-10T00:00:00.000Z" },
	{ "2026-09-25T00:00:00.000Z", "2026-11-10T00:00:00.000Z" },
};

/* From the time to the text and back again: what was seen is found, as the
 * one or as the other. The next one after the time just before it is itself.
 * True if it is there twice. */
static bool
check_round_trip(int64_t t)
{
	char local[64], with_offset[64];
	write_local(t, local, with_offset);
	struct when when = parse(local, 0);
	bool is_twice = when.is_twice;
	assert_true(when.time_ms == t || (is_twice && when.other_ms == t));
	assert_true(!is_twice || when.time_ms < when.other_ms);
	when = parse(with_offset, 0);
	assert_true(when.time_ms == t && !when.is_twice);
	when = parse(local + 11, t - 1);
	assert_true(when.time_ms == t);
	when = parse(with_offset + 11, t - 1);
	assert_true(when.time_ms == t);
	return is_twice;
}

/* From the text to the time and back again; false if it was refused. */
static bool
check_civil(int64_t t)
{
	char text[CLOCK_TEXT_BYTES], local[64], with_offset[64];
	struct when when;
	clock_format(t, text);
	text[strlen("2026-11-22T02:00:00")] = '\0';
	text[strlen("2026-11-22")] = ' ';
	if (when_parse(text, 0, &when, NULL))
		return false;
	write_local(when.time_ms, local, with_offset);
	assert_string_equal(local, text);
	return true;
}

/* Every quarter of an hour of these weeks: what is there twice and what is
 * refused adds up to what one change of the clocks repeats and leaves out. */
static void
check_seasons(size_t zone)
{
	int twice = 0, refused = 0;
	for (size_t i = 0; i < sizeof(seasons) / sizeof(seasons[0]); i++) {
		int64_t end = utc(seasons[i].end);
		for (int64_t t = utc(seasons[i].start); t < end;
		     t += 15 * MINUTE_MS) {
			twice += check_round_trip(t);
			refused += !check_civil(t);
		}
	}
	int quarters = zone == UTC ? 0 : zone == LORD_HOWE ? 2 : 4;
	assert_int_equal(twice, 2 * quarters);
	assert_int_equal(refused, quarters);
}

static void
test_seasons(void **state)
{
	(void)state;
	each_zone(check_seasons);
}

/* A whole day was left out (Samoa went over the date line). */
static void
test_lost_day(void **state)
{
	(void)state;
	if (access("/usr/share/zoneinfo/Pacific/Apia", R_OK))
		skip();
	set_zone("Pacific/Apia");
	assert_time(parse("2011-12-29 23:59", 0).time_ms,
	    "2011-12-30T09:59:00.000Z", "before");
	assert_refused(
	    "2011-12-30 12:00", 0, "2011-12-30 12:00:00 does not exist");
	assert_time(parse("2011-12-31 00:00", 0).time_ms,
	    "2011-12-30T10:00:00.000Z", "after");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dated),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_long_nonsense),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_shown_far),
		cmocka_unit_test(test_seasons),
		cmocka_unit_test(test_lost_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
