/* Hostile text on a terminal: nothing of it may be obeyed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/shown.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#define BAD "\xef\xbf\xbd"

static void
test_text(void **state)
{
	(void)state;
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{ "", "" },
		{ "interface Vlan1\n\tshutdown\n",
		    "interface Vlan1\n\tshutdown\n" },
		{ "\033[2J\033]0;title\a", BAD "[2J" BAD "]0;title" BAD },
		{ "a\rb\bc\x7f", "a" BAD "b" BAD "c" BAD },
		/* CSI as one character (C1), in UTF-8. */
		{ "\xc2\x9b"
		  "31m",
		    BAD "31m" },
		{ "gr\xc3\xbc\xc3\x9f \xc2\xa0 \xe2\x82\xac \xf0\x9f\x98\x80",
		    "gr\xc3\xbc\xc3\x9f \xc2\xa0 \xe2\x82\xac "
		    "\xf0\x9f\x98\x80" },
		/* Writing turned around. */
		{ "a\xe2\x80\xae"
		  "b\xe2\x81\xa6"
		  "c\xe2\x80\x8f",
		    "a" BAD "b" BAD "c" BAD },
		{ "\xe2\x80\xa6\xe2\x81\xa5", "\xe2\x80\xa6\xe2\x81\xa5" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;
		buf_init(&out, 4096);
		shown_add(&out, cases[i].text, strlen(cases[i].text));
		assert_string_equal(buf_str(&out), cases[i].wanted);
		buf_clear(&out);
	}
}

static void
test_line(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t columns;
		const char *wanted;
		size_t count;
	} cases[] = {
		{ "two\nlines\tand a tab", 0, "two lines and a tab", 19 },
		{ "exactly", 7, "exactly", 7 },
		{ "a bit more", 7, "a bi...", 7 },
		{ "gr\xc3\xbc\xc3\x9f"
		  "e aus Bern",
		    8,
		    "gr\xc3\xbc\xc3\x9f"
		    "e...",
		    8 },
		{ "abcdef", 3, "...", 3 },
		{ "abcdef", 2, "..", 2 },
		{ "abcdef", 1, ".", 1 },
		{ "\033[1mbold", 0, BAD "[1mbold", 8 },
		{ "\xc2\x9b\xc2\x9b\xc2\x9b\xc2\x9b\xc2\x9b", 4, BAD "...", 4 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;
		buf_init(&out, 4096);
		buf_adds(&out, "> ");
		assert_int_equal(
		    shown_add_line(&out, cases[i].text, cases[i].columns),
		    cases[i].count);
		assert_string_equal(buf_str(&out) + 2, cases[i].wanted);
		buf_clear(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
