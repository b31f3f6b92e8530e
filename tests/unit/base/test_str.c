/* Text helpers: tables of what is taken and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
test_numbers(void **state)
{
	(void)state;
	static const char *const bad[] = { "", " ", "-", "+1", " 1", "1 ", "1x",
		"x1", "4x", "0x10", "1.5", "1e3", "--1", "1,000",
		"9223372036854775808", "99999999999999999999", "-" };
	static const struct {
		const char *text;
		int64_t value;
	} good[] = { { "0", 0 }, { "7", 7 }, { "007", 7 }, { "-0", 0 },
		{ "-12", -12 }, { "9223372036854775807", INT64_MAX } };
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t value = 42;
		if (str_to_number(bad[i], &value))
			fail_msg("'%s' was taken as a number", bad[i]);
		assert_int_equal(value, 42);
	}
	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t value;
		assert_true(str_to_number(good[i].text, &value));
		assert_true(value == good[i].value);
	}
}

static void
test_durations(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "s", "ms", "-1s", "1 s", "1.5s",
		"1S", "1sec", "10m30s", "1w", "s1", "+1", "9223372036854775807",
		"9223372036854775807s", "106751991168d" };
	static const struct {
		const char *text;
		int64_t value_ms;
	} good[] = { { "0", 0 }, { "10", 10000 }, { "10s", 10000 },
		{ "500ms", 500 }, { "15m", 900000 }, { "2h", 7200000 },
		{ "1d", 86400000 }, { "9223372036854775807ms", INT64_MAX },
		{ "106751991167d", 106751991167 * 86400000 } };
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t value;
		if (str_to_duration_ms(bad[i], &value))
			fail_msg("'%s' was taken as a duration", bad[i]);
	}
	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t value;
		assert_true(str_to_duration_ms(good[i].text, &value));
		assert_true(value == good[i].value_ms);
	}
}

static void
test_sizes(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "K", "2k", "2KB", "2 K", "-1",
		"1.5G", "2P", "9223372036854775808", "9223372036854775807K",
		"16777216T" };
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = { { "0", 0 }, { "2048", 2048 }, { "2K", 2048 },
		{ "10M", 10485760 }, { "4G", 4294967296 },
		{ "1T", 1099511627776 },
		{ "16777215T", 16777215 * 1099511627776U } };
	for (size_t i = 0; i < COUNT(bad); i++) {
		uint64_t value;
		if (str_to_size(bad[i], &value))
			fail_msg("'%s' was taken as a size", bad[i]);
	}
	for (size_t i = 0; i < COUNT(good); i++) {
		uint64_t value;
		assert_true(str_to_size(good[i].text, &value));
		assert_true(value == good[i].value);
	}
}

/* With the bytes: where the first bad one stands, -1 if all is well. */
static const struct {
	const char *text;
	int bad;
	const char *cleaned;
} utf8[] = {
	{ "\x80", 0, "\ufffd" }, /* continuation alone */
	{ "a\xc3", 1, "a\ufffd" }, /* cut */
	{ "\xc3(", 0, "\ufffd(" }, /* no continuation */
	{ "\xc0\xaf", 0, "\ufffd\ufffd" }, /* overlong '/' */
	{ "\xe0\x80\xaf", 0, "\ufffd\ufffd\ufffd" },
	{ "\xed\xa0\x80", 0, "\ufffd\ufffd\ufffd" }, /* a surrogate */
	{ "\xf0\x80\x80\xaf", 0, "\ufffd\ufffd\ufffd\ufffd" },
	{ "\xf4\x90\x80\x80", 0, "\ufffd\ufffd\ufffd\ufffd" },
	{ "\xf5\x80", 0, "\ufffd\ufffd" },
	{ "ok\xff"
	  "ok",
	    2, "ok\ufffdok" },
	{ "\xe4\xb8", 0, "\ufffd\ufffd" },
	{ "", -1, "" },
	{ "plain", -1, "plain" },
	{ "gr\u00fc\u00df", -1, "gr\u00fc\u00df" },
	{ "\u4e16\U0001f600", -1, "\u4e16\U0001f600" },
	{ "\ud7ff\ue000\uffff\U0010ffff", -1, "\ud7ff\ue000\uffff\U0010ffff" },
};

static void
test_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(utf8); i++) {
		const char *text = utf8[i].text;
		size_t len = strlen(text), bad = 99;
		bool good = str_is_utf8(text, len, &bad);
		assert_int_equal(good, str_is_utf8(text, len, NULL));
		assert_int_equal(good, utf8[i].bad < 0);
		assert_int_equal(bad, good ? 99 : utf8[i].bad);
		struct buf out;
		buf_init(&out, 100);
		str_add_utf8(&out, text, len);
		assert_string_equal(buf_str(&out), utf8[i].cleaned);
		buf_clear(&out);
	}
	struct buf out;
	buf_init(&out, 100);
	str_add_utf8(&out, "a\0b", 3);
	assert_string_equal(buf_str(&out),
	    "a\ufffd"
	    "b");
	buf_clear(&out);
}

/* Whatever the limit, what stands in the buffer is UTF-8, and a cut shows. */
static void
test_utf8_cut(void **state)
{
	(void)state;
	static const char text[] = "a\u00fc\u4e16\xff\U0001f600z";
	static const char whole[] = "a\u00fc\u4e16\ufffd\U0001f600z";
	for (size_t limit = 0; limit <= strlen(whole); limit++) {
		struct buf out;
		buf_init(&out, limit);
		str_add_utf8(&out, text, strlen(text));
		assert_true(str_is_utf8(buf_str(&out), out.len, NULL));
		assert_true(out.len + 4 > limit);
		assert_int_equal(out.cut, limit < strlen(whole));
		assert_memory_equal(buf_str(&out), whole, out.len);
		buf_clear(&out);
	}
}

static void
test_nearest(void **state)
{
	(void)state;
	static const char *const keys[] = { "hostname", "device_type", "port",
		"vars", "x" };
	static const struct {
		const char *text, *near;
	} cases[] = {
		{ "", NULL },
		{ "interface", NULL },
		{ "y", NULL }, /* all of one letter is not a slip */
		{ "a_very_long_word_that_nobody_would_ever_type_and_that_no_"
		  "key_"
		  "is_like",
		    NULL },
		{ "hostnmae", "hostname" },
		{ "Hostname", "hostname" },
		{ "hostname", "hostname" },
		{ "device-type", "device_type" },
		{ "devicetype", "device_type" },
		{ "prot", "port" },
		{ "var", "vars" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *near = str_nearest(
		    cases[i].text, keys, COUNT(keys));
		if (!str_eq(near, cases[i].near))
			fail_msg(
			    "'%s': '%s'", cases[i].text, near ? near : "NULL");
	}
	assert_null(str_nearest("x", NULL, 0));
}

static void
test_distance(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		size_t distance;
	} cases[] = { { "", "", 0 }, { "", "abc", 3 }, { "abc", "abc", 0 },
		{ "abc", "abd", 1 }, { "abc", "ab", 1 }, { "abc", "xabc", 1 },
		{ "kitten", "sitting", 3 }, { "ab", "ba", 2 } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
		    str_distance(cases[i].a, cases[i].b), cases[i].distance);
		assert_int_equal(
		    str_distance(cases[i].b, cases[i].a), cases[i].distance);
	}
}

static void
test_questions(void **state)
{
	(void)state;
	assert_true(str_eq(NULL, NULL));
	assert_false(str_eq(NULL, ""));
	assert_false(str_eq("", NULL));
	assert_false(str_eq("a", "ab"));
	assert_true(str_eq("a", "a"));
	assert_false(str_starts("ab", "abc"));
	assert_false(str_starts("xabc", "abc"));
	assert_true(str_starts("abc", "ab"));
	assert_true(str_starts("", ""));
	assert_false(str_ends("bc", "abc"));
	assert_false(str_ends("abcx", "abc"));
	assert_true(str_ends("abc", "bc"));
	assert_true(str_ends("abc", ""));
}

static void
test_trim(void **state)
{
	(void)state;
	static const char *const cases[][2] = { { "", "" }, { "  ", "" },
		{ "a", "a" }, { " \t a b\r\n", "a b" }, { "a ", "a" } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = xstrdup(cases[i][0]);
		assert_string_equal(str_trim(text), cases[i][1]);
		free(text);
	}
}

static void
test_lists(void **state)
{
	(void)state;
	struct strs list = { 0 };
	strs_clear(&list);
	assert_false(strs_has(&list, "a"));
	strs_add(&list, "a");
	strs_add_n(&list, "bcd", 2);
	strs_take(&list, xstrdup("e"));
	for (int i = 0; i < 100; i++)
		strs_add(&list, "f");
	assert_int_equal(list.count, 103);
	assert_string_equal(list.items[1], "bc");
	assert_true(strs_has(&list, "e"));
	assert_false(strs_has(&list, "bcd"));
	strs_clear(&list);
	assert_int_equal(list.count, 0);
	assert_null(list.items);
}

static void
test_lines(void **state)
{
	(void)state;
	/* The pieces are written with "|" behind each. */
	static const char *const cases[][2] = { { "", "" }, { "\n", "|" },
		{ "a", "a|" }, { "a\n", "a|" }, { "a\nb", "a|b|" },
		{ "a\n\nb\n", "a||b|" }, { "a\r\nb\r\n", "a|b|" },
		{ "a\n\n", "a||" }, { "a\rb", "a\rb|" }, { "\r\n", "|" } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strs list = { 0 };
		struct buf joined;
		buf_init(&joined, 100);
		strs_add_lines(&list, cases[i][0]);
		for (size_t k = 0; k < list.count; k++)
			buf_addf(&joined, "%s|", list.items[k]);
		assert_string_equal(buf_str(&joined), cases[i][1]);
		buf_clear(&joined);
		strs_clear(&list);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_utf8_cut),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
