/*
 * A time that somebody wrote: taken apart, then looked for on the clocks of
 * its zone. mktime(3) is not asked: it moves what does not exist and picks
 * one of two without saying so.
 *
 * A "civil" time is what a clock on the wall shows, counted in seconds as if
 * the wall were in Greenwich: civil = UTC + offset of the zone at that moment.
 */
#include "base/when.h"

#include "base/err.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_S 86400

/* No zone is further from UTC (POSIX allows 24 h 59 min in TZ). */
#define FAR_S (25 * 3600)

/* What was written. */
struct written {
	const char *text;
	bool has_date, has_offset;
	int year, month, day;
	int hour, minute, second, ms;
	int offset_s;
};

/* Takes exactly COUNT digits. */
static bool
take_digits(const char **p, int count, int *value)
{
	int number = 0;
	for (int i = 0; i < count; i++) {
		if (!isdigit((unsigned char)(*p)[i]))
			return false;
		number = number * 10 + ((*p)[i] - '0');
	}
	*p += count;
	*value = number;
	return true;
}

static bool
take_char(const char **p, char c)
{
	if (**p != c)
		return false;
	++*p;
	return true;
}

static bool
take_date(const char **p, struct written *w)
{
	return take_digits(p, 4, &w->year) && take_char(p, '-') &&
	    take_digits(p, 2, &w->month) && take_char(p, '-') &&
	    take_digits(p, 2, &w->day) &&
	    (take_char(p, 'T') || take_char(p, 't') || take_char(p, ' '));
}

/* The digits behind the point; those below a millisecond are dropped. */
static bool
take_fraction(const char **p, struct written *w)
{
	int digit, scale = 100;
	if (!isdigit((unsigned char)**p))
		return false;
	while (take_digits(p, 1, &digit)) {
		w->ms += digit * scale;
		scale /= 10;
	}
	return true;
}

static bool
take_time(const char **p, struct written *w)
{
	if (!take_digits(p, 2, &w->hour) || !take_char(p, ':') ||
	    !take_digits(p, 2, &w->minute))
		return false;
	if (!take_char(p, ':'))
		return true;
	return take_digits(p, 2, &w->second) &&
	    (!take_char(p, '.') || take_fraction(p, w));
}

/* "Z" or "+01:00", behind a blank or not. False if what stands there is
 * neither of them nor the end. */
static bool
take_offset(const char **p, struct written *w)
{
	int hours, minutes, sign;
	if (!**p)
		return true;
	take_char(p, ' ');
	w->has_offset = true;
	if (take_char(p, 'Z') || take_char(p, 'z'))
		return !**p;
	if (take_char(p, '+'))
		sign = 1;
	else if (take_char(p, '-'))
		sign = -1;
	else
		return false;
	if (!take_digits(p, 2, &hours) || !take_char(p, ':') ||
	    !take_digits(p, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	w->offset_s = sign * (hours * 3600 + minutes * 60);
	return !**p;
}

static int
days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return days[month - 1] + (month == 2 && leap);
}

static int
check_ranges(const struct written *w, struct err *err)
{
	if (w->hour > 23)
		return err_set(err, ERR_JOB,
		    "there is no hour %02d (00 to 23) in \"%s\"", w->hour,
		    w->text);
	if (w->minute > 59)
		return err_set(err, ERR_JOB,
		    "there is no minute %02d (00 to 59) in \"%s\"", w->minute,
		    w->text);
	if (w->second > 59)
		return err_set(err, ERR_JOB,
		    "there is no second %02d (00 to 59) in \"%s\"", w->second,
		    w->text);
	if (!w->has_date)
		return 0;
	if (w->month < 1 || w->month > 12)
		return err_set(err, ERR_JOB,
		    "there is no month %02d (01 to 12) in \"%s\"", w->month,
		    w->text);
	int days = days_of_month(w->year, w->month);
	if (w->day < 1 || w->day > days)
		return err_set(err, ERR_JOB,
		    "there is no day %02d in %04d-%02d, which has %d days: "
		    "\"%s\"",
		    w->day, w->year, w->month, days, w->text);
	return 0;
}

static int
take_apart(const char *text, struct written *w, struct err *err)
{
	const char *p = text;
	*w = (struct written){ .text = text };
	w->has_date = strlen(text) > 4 && text[4] == '-';
	if ((w->has_date && !take_date(&p, w)) || !take_time(&p, w))
		return err_set(err, ERR_JOB,
		    "a time is written like 02:00, 2026-11-22 02:00 or "
		    "2026-11-22T02:00:00Z, not \"%s\"",
		    text);
	const char *behind = p;
	if (!take_offset(&p, w))
		return err_set(err, ERR_JOB,
		    "behind a time only Z or an offset like +01:00 may stand, "
		    "not \"%s\", in \"%s\"",
		    behind, text);
	return check_ranges(w, err);
}

/* What the wall's clock shows at SECONDS since 1970 UTC, and how far it is
 * ahead of UTC. */
static time_t
civil_at(time_t seconds, int *offset_s)
{
	struct tm tm = { 0 };
	localtime_r(&seconds, &tm);
	*offset_s = (int)tm.tm_gmtoff;
	return seconds + tm.tm_gmtoff;
}

static time_t
civil_now(const struct written *w, int64_t now_ms)
{
	int offset_s;
	time_t now = (time_t)(now_ms / 1000);
	return w->has_offset ? now + w->offset_s : civil_at(now, &offset_s);
}

static time_t
civil_written(const struct written *w)
{
	struct tm tm = { .tm_year = w->year - 1900,
		.tm_mon = w->month - 1,
		.tm_mday = w->day,
		.tm_hour = w->hour,
		.tm_min = w->minute,
		.tm_sec = w->second };
	return timegm(&tm);
}

/* How many times the clocks of the zone show CIVIL: 0, 1 or 2; FOUND holds
 * these moments in their order. */
static int
moments_of(const struct written *w, time_t civil, time_t found[2])
{
	if (w->has_offset) {
		found[0] = civil - w->offset_s;
		return 1;
	}
	/* The offsets before and after any change of the clocks near CIVIL:
	 * one of them is right, or both, or none. The moment with the larger
	 * one comes first, which is the one before clocks go back. */
	int before, after, shown, count = 0;
	civil_at(civil - FAR_S, &before);
	civil_at(civil + FAR_S, &after);
	time_t first = civil - (before > after ? before : after);
	time_t last = civil - (before > after ? after : before);
	if (civil_at(first, &shown) == civil)
		found[count++] = first;
	if (last != first && civil_at(last, &shown) == civil)
		found[count++] = last;
	return count;
}

static int
set_gap(const struct written *w, time_t civil, struct err *err)
{
	struct tm tm = { 0 };
	char shown[32];
	gmtime_r(&civil, &tm);
	strftime(shown, sizeof(shown), "%Y-%m-%d %H:%M:%S", &tm);
	return err_set(err, ERR_JOB,
	    "%s does not exist in this time zone, the clocks go forward over "
	    "it: \"%s\"",
	    shown, w->text);
}

static int64_t
to_ms(const struct written *w, time_t seconds)
{
	return (int64_t)seconds * 1000 + w->ms;
}

/* The first moment after AFTER_MS at which the clocks show CIVIL; 1 if there
 * is none (any more). */
static int
find_moment(
    const struct written *w, time_t civil, int64_t after_ms, struct when *when)
{
	time_t found[2] = { 0 };
	int count = moments_of(w, civil, found);
	for (int i = 0; i < count; i++) {
		if (to_ms(w, found[i]) <= after_ms)
			continue;
		when->time_ms = to_ms(w, found[i]);
		when->is_twice = count == 2;
		when->other_ms = count == 2 ? to_ms(w, found[1 - i]) : 0;
		return 0;
	}
	return 1;
}

/* The time of the day at its next moment. A day on which it does not exist is
 * not passed over in silence, unless the gap is behind us. */
static int
find_next(
    const struct written *w, int64_t now_ms, struct when *when, struct err *err)
{
	time_t now = civil_now(w, now_ms);
	/* From yesterday: clocks that go back at 00:01 show a part of that day
	 * again. */
	time_t civil = now - now % DAY_S - DAY_S + w->hour * 3600 +
	    w->minute * 60 + w->second;
	while (find_moment(w, civil, now_ms, when)) {
		time_t ignored[2];
		if (civil > now && moments_of(w, civil, ignored) == 0)
			return set_gap(w, civil, err);
		civil += DAY_S;
	}
	return 0;
}

int
when_parse(const char *text, int64_t now_ms, struct when *when, struct err *err)
{
	struct written w;
	if (take_apart(text, &w, err))
		return -1;
	tzset(); /* localtime_r(3) need not look at TZ */
	if (!w.has_date)
		return find_next(&w, now_ms, when, err);
	time_t civil = civil_written(&w);
	return find_moment(&w, civil, INT64_MIN, when) ? set_gap(&w, civil, err)
						       : 0;
}

void
when_format(int64_t time_ms, char text[WHEN_TEXT_BYTES])
{
	time_t seconds = (time_t)(time_ms / 1000 - (time_ms % 1000 < 0));
	struct tm tm = { 0 };
	tzset();
	localtime_r(&seconds, &tm);
	long minutes = (tm.tm_gmtoff < 0 ? -tm.tm_gmtoff : tm.tm_gmtoff) / 60;
	char offset[16];
	snprintf(offset, sizeof(offset), "%c%02d:%02d",
	    tm.tm_gmtoff < 0 ? '-' : '+', (int)(minutes / 60 % 100),
	    (int)(minutes % 60));
	size_t len = strftime(text, WHEN_TEXT_BYTES, "%Y-%m-%d %H:%M:%S ", &tm);
	/* Many zones have no name; theirs is the offset once more. */
	if (tm.tm_zone && isalpha((unsigned char)tm.tm_zone[0]))
		snprintf(text + len, WHEN_TEXT_BYTES - len, "%.12s (%s)",
		    tm.tm_zone, offset);
	else
		snprintf(text + len, WHEN_TEXT_BYTES - len, "%s", offset);
}
