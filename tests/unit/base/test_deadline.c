/* Times as text both ways, and deadlines at the edges of their numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/deadline.h"

#include <limits.h>
#include <string.h>

static void
test_bad_times(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"2026-11-22",
		"2026-11-22T02:00:00",
		"2026-11-22T02:00:00Z",
		"2026-11-22T02:00:00.0Z",
		"2026-11-22T02:00:00.0000Z",
		"2026-11-22T02:00:00.000",
		"2026-11-22T02:00:00.000z",
		"2026-11-22T02:00:00.000+00:00",
		"2026-11-22T02:00:00.000Z ",
		" 2026-11-22T02:00:00.000Z",
		"2026-11-22 02:00:00.000Z",
		"2026-11-22T02:00:00. 00Z",
		"2026-11-22T02:00:00.-10Z",
		"2026-1-2T02:00:00.000Z",
		"26-11-22T02:00:00.000Z",
		"2026-13-01T02:00:00.000Z",
		"2026-02-31T02:00:00.000Z",
		"2025-02-29T02:00:00.000Z",
		"2026-11-22T24:00:00.000Z",
		"2026-11-22T02:60:00.000Z",
		"2026-11-22T02:00:60.000Z",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t time_ms = 42;
		if (clock_parse(bad[i], &time_ms))
			fail_msg("'%s' was taken as a time", bad[i]);
		assert_int_equal(time_ms, 42);
	}
}

static void
test_times(void **state)
{
	(void)state;
	static const struct {
		int64_t time_ms;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1, "1970-01-01T00:00:00.001Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ -1000, "1969-12-31T23:59:59.000Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 1795312800123, "2026-11-22T02:00:00.123Z" },
		{ 4102444799999, "2099-12-31T23:59:59.999Z" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[CLOCK_TEXT_BYTES];
		int64_t time_ms;
		clock_format(cases[i].time_ms, text);
		assert_string_equal(text, cases[i].text);
		assert_true(clock_parse(text, &time_ms));
		assert_true(time_ms == cases[i].time_ms);
	}
}

/* Times that nobody means still fit into the text. */
static void
test_far_times(void **state)
{
	(void)state;
	char text[CLOCK_TEXT_BYTES];
	clock_format(INT64_MAX, text);
	assert_true(memchr(text, '\0', sizeof(text)) != NULL);
	clock_format(INT64_MIN, text);
	assert_true(memchr(text, '\0', sizeof(text)) != NULL);
}

static void
test_deadlines(void **state)
{
	(void)state;
	assert_true(deadline_passed(0));
	assert_true(deadline_passed(INT64_MIN));
	assert_true(deadline_passed(deadline_in(0)));
	assert_true(deadline_passed(deadline_in(-1)));
	assert_false(deadline_passed(deadline_in(60000)));
	assert_false(deadline_passed(DEADLINE_NEVER));

	/* What is too far away is never, not long ago. */
	assert_true(deadline_in(INT64_MAX) == DEADLINE_NEVER);
	assert_true(deadline_in(INT64_MAX - 1) == DEADLINE_NEVER);

	assert_int_equal(deadline_first(1, 2), 1);
	assert_int_equal(deadline_first(2, 1), 1);
	assert_int_equal(deadline_first(DEADLINE_NEVER, 5), 5);
}

static void
test_poll(void **state)
{
	(void)state;
	assert_int_equal(deadline_poll_ms(DEADLINE_NEVER), -1);
	assert_int_equal(deadline_poll_ms(0), 0);
	assert_int_equal(deadline_poll_ms(INT64_MIN), 0);
	assert_int_equal(deadline_poll_ms(deadline_in(-5)), 0);
	assert_int_equal(deadline_poll_ms(DEADLINE_NEVER - 1), INT_MAX);
	int left = deadline_poll_ms(deadline_in(600000));
	assert_in_range(left, 500000, 600000);
}

static void
test_clocks(void **state)
{
	(void)state;
	int64_t before = clock_ms();
	assert_true(clock_ms() >= before);
	/* The wall's clock is after this was written. */
	assert_true(clock_wall_ms() > 1767225600000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_times),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_far_times),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_poll),
		cmocka_unit_test(test_clocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
