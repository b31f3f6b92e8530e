/* The screen: what a person would read of what a device sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/screen.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define MORE_BS	    "\b\b\b\b\b\b\b\b\b\b"
#define MORE_BLANKS "          "

/* TEXT as the device sends it, WANTED: finished lines ended by '|', then the
 * open line. */
static const struct {
	const char *text, *wanted;
} cases[] = {
	/* Broken and hostile sequences first. */
	{ "a\033", "a" },
	{ "a\033[", "a" },
	{ "a\033[31", "a" },
	{ "a\033[31\nb", "a|b" }, /* a line end is never swallowed */
	{ "a\033\nb", "a|b" },
	{ "a\033(\nb", "a|b" },
	{ "a\033]0;title\nb", "a|b" },
	{ "a\033]0;title\033\nb", "a|b" },
	{ "a\033P1;2q\nb", "a|b" },
	{ "ab\033\rc", "cb" }, /* controls within a sequence act */
	{ "ab\033[1\bc", "ac" },
	{ "a\033[999999999999999999999999Kb", "ab" },
	{ "a\033[1;2;3;4;5;6;7;8;9mb", "ab" },
	{ "a\033[?25lb\033[?25h", "ab" },
	{ "a\033[\x80\xffmb", "ab" },
	{ "a\033\033[1mb", "ab" },
	{ "a\033[3\033[1mb", "ab" },
	{ "a\033]0;x\033[1mb", "ab" }, /* a string is ended by any sequence */
	{ "abc\033[5Jd", "abcd" }, /* parts of an erasure nobody knows */
	{ "abc\033[3Jd", "abcd" },
	{ "\b\b\bR1#", "R1#" },
	{ "\033[99DR1#", "R1#" },
	{ "a\033[5Pb", "ab" },
	{ "a\033[9@b", "ab" },

	/* Line ends. */
	{ "", "" },
	{ "\n", "|" },
	{ "\r\n", "|" },
	{ "\r\r\n", "|" },
	{ "a\nb\n", "a|b|" },
	{ "a\r\nb\r\n", "a|b|" },
	{ "a\r\r\nb\r\r\n", "a|b|" },
	{ "a\n\rb\n\r", "a|b|" },
	{ "\r\nR1#", "|R1#" },
	{ "keep  \r\nthe blanks ", "keep  |the blanks " },

	/* What is typed over. */
	{ "abc\rX", "Xbc" },
	{ "abc\b\bX\n", "aXc|" },
	{ "R1#sh\b \bhow\n", "R1#show|" },
	{ "abc\r   \rd\n", "d|" },

	/* The pager, as IOS takes it back: with blanks, and with CR. */
	{ " --More-- " MORE_BS MORE_BLANKS MORE_BS "line 25\r\n", "line 25|" },
	{ " --More-- " MORE_BS MORE_BLANKS MORE_BS "x\r\n", "x|" },
	{ " --More-- " MORE_BS MORE_BLANKS MORE_BS "\r\nR1#", "|R1#" },
	{ "\r --More-- \r" MORE_BLANKS "\rline 25\r\n", "line 25|" },
	{ "--More--\r\033[Kline 25\r\n", "line 25|" },
	{ "\033[7m--More--\033[27m\b\b\b\b\b\b\b\b\033[Kline\n", "line|" },

	/* Erasures and movements. */
	{ "abcdef\033[3DX\033[K\n", "abcX|" },
	{ "abcdef\033[0KX\n", "abcdefX|" },
	{ "abcdef\r\033[KX\n", "X|" },
	{ "abcdef\033[2K\rX\n", "X|" },
	{ "abcdef\033[3D\033[1KX\n", "   Xef|" },
	{ "abcdef\r\033[2C\033[1K\n", "   def|" }, /* up to and with it */
	{ "abcdef\r\033[JX\n", "X|" },
	{ "abc\033[5GX\n", "abc X|" },
	{ "abc\033[GX\n", "Xbc|" },
	{ "abc\033[2CX\n", "abc  X|" },
	{ "abcdef\r\033[2PX\n", "Xdef|" },
	{ "abcdef\r\033[PX\n", "Xcdef|" },
	{ "abc\r\033[2@X\n", "X abc|" },
	{ "abc\r\033[@\n", " abc|" },

	/* What is not text. */
	{ "\033[1;31mred\033[0m\n", "red|" },
	{ "\033]0;title\aR1#", "R1#" },
	{ "\033]0;title\033\\R1#", "R1#" },
	{ "\033P+q\033\\R1#", "R1#" },
	{ "\033(B\033)0R1#", "R1#" },
	{ "\033 FR1#", "R1#" },
	{ "\033=\033>R1#", "R1#" },
	{ "a\ab\x7f"
	  "c\x11\x13",
	    "abc" },
	{ "a\tb\n", "a\tb|" },
	{ "caf\xc3\xa9 \xff\n", "caf\xc3\xa9 \xff|" },
};

static void
add_line(void *data, const char *line, size_t len)
{
	buf_add(data, line, len);
	buf_addc(data, '|');
}

/* Feeds in pieces: PIECE bytes each, or random ones when it is 0. */
static void
show(struct buf *out, const char *text, size_t len, size_t piece)
{
	struct screen screen;
	buf_init(out, 16 << 20);
	screen_init(&screen, add_line, out);
	for (size_t at = 0; at < len;) {
		size_t n = piece ? piece : 1 + (size_t)rand() % 7;
		if (n > len - at)
			n = len - at;
		screen_feed(&screen, text + at, n);
		at += n;
	}
	buf_add(out, buf_str(&screen.line), screen.line.len);
	screen_clear(&screen);
}

static void
shows_what_a_person_would_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = strlen(cases[i].text);
		for (size_t piece = 1; piece <= len + 1; piece++) {
			struct buf out;
			show(&out, cases[i].text, len, piece);
			if (strcmp(buf_str(&out), cases[i].wanted))
				fail_msg("case %zu in pieces of %zu: \"%s\" "
					 "instead of \"%s\"",
				    i, piece, buf_str(&out), cases[i].wanted);
			buf_clear(&out);
		}
	}
}

static void
nul_bytes_vanish(void **state)
{
	(void)state;
	struct buf out;
	show(&out, "\0a\0\0b\0\n\0R1#\0", 12, 12);
	assert_string_equal(buf_str(&out), "ab|R1#");
	buf_clear(&out);
}

/* Rows that were wrapped by a blank and a CR, side by side. */
static const struct {
	const char *text, *wanted; /* "-" where a line has no other reading */
} folds[] = {
	{ "abc\r\n", "-|" },
	{ "abc\rd\n", "-|" },
	{ "abc \rd\n", "abcd|" },
	{ "abc \rdef \rgh\r\n", "abcdefgh|" },
	{ "abc \rdef \r\r\n", "abcdef|" }, /* the last row is full */
	{ "ab  \r cd\r\n", "ab  cd|" }, /* blanks of its own at the edge */
	{ "abc \b\rd\n", "-|" },
	{ "keep \r\nthe blank\r\n", "keep|-|" },
	{ "abc \rdef\b\bX\rYZ\n", "abcYZf|" },
};

struct folded {
	struct screen screen;
	struct buf out;
};

static void
add_unfolded(void *data, const char *line, size_t line_len)
{
	struct folded *folded = data;
	size_t len = 0;
	const char *text = screen_unfolded(&folded->screen, &len);
	(void)line;
	(void)line_len;
	buf_addf(&folded->out, "%.*s|", text ? (int)len : 1, text ? text : "-");
}

static void
wrapped_rows_stand_side_by_side(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(folds) / sizeof(*folds); i++) {
		struct folded folded;
		buf_init(&folded.out, 4096);
		screen_init(&folded.screen, add_unfolded, &folded);
		for (const char *at = folds[i].text; *at; at++)
			screen_feed(&folded.screen, at, 1);
		assert_string_equal(buf_str(&folded.out), folds[i].wanted);
		screen_clear(&folded.screen);
		buf_clear(&folded.out);
	}
}

static char
random_byte(void)
{
	static const char often[] = "\033\033\033[[[]\r\n\b\t;?0123459KDCGPJ@mh"
				    "\a\\(#R1 ";
	if (rand() % 4 == 0)
		return (char)rand();
	return often[(size_t)rand() % (sizeof(often) - 1)];
}

static void
any_split_shows_the_same(void **state)
{
	(void)state;
	srand(48);
	for (int i = 0; i < 3000; i++) {
		char text[200];
		size_t len = (size_t)rand() % sizeof(text);
		for (size_t j = 0; j < len; j++)
			text[j] = random_byte();
		struct buf whole, pieces, bytes;
		show(&whole, text, len, len + 1);
		show(&pieces, text, len, 0);
		show(&bytes, text, len, 1);
		assert_string_equal(buf_str(&whole), buf_str(&pieces));
		assert_string_equal(buf_str(&whole), buf_str(&bytes));
		/* No control character gets through but the tab. */
		for (size_t j = 0; j < whole.len; j++)
			assert_true((unsigned char)whole.data[j] >= ' ' ||
			    whole.data[j] == '\t');
		buf_clear(&whole);
		buf_clear(&pieces);
		buf_clear(&bytes);
	}
}

struct seen {
	size_t lines, longest;
};

static void
measure_line(void *data, const char *line, size_t len)
{
	struct seen *seen = data;
	(void)line;
	seen->lines++;
	if (len > seen->longest)
		seen->longest = len;
}

static void
an_endless_line_is_cut_and_said_to_be(void **state)
{
	(void)state;
	static char text[65536];
	struct seen seen = { 0 };
	struct screen screen;
	memset(text, 'x', sizeof(text));
	screen_init(&screen, measure_line, &seen);
	for (int i = 0; i < 4; i++)
		screen_feed(&screen, text, sizeof(text));
	assert_false(screen.line_cut); /* exactly the limit */
	screen_feed(&screen, "y", 1);
	assert_true(screen.line_cut);
	for (int i = 0; i < 100; i++)
		screen_feed(&screen, text, sizeof(text));
	screen_feed(&screen, "\nshort\n", 7);
	assert_int_equal(seen.lines, 2);
	assert_int_equal(seen.longest, SCREEN_LINE_LIMIT_BYTES);
	assert_false(screen.line_cut);
	screen_clear(&screen);
}

/* A cursor sent far to the right costs no more than the limit. */
static void
a_far_cursor_is_bounded(void **state)
{
	(void)state;
	struct seen seen = { 0 };
	struct screen screen;
	screen_init(&screen, measure_line, &seen);
	for (int i = 0; i < 1000; i++)
		screen_feed(&screen, "\033[99999C", 8);
	screen_feed(&screen, "x\033[9999@y\n", 11);
	assert_int_equal(seen.lines, 1);
	assert_true(seen.longest <= SCREEN_LINE_LIMIT_BYTES);
	screen_clear(&screen);
}

static void
dropping_the_open_line_starts_afresh(void **state)
{
	(void)state;
	struct buf out;
	struct screen screen;
	buf_init(&out, 1000);
	screen_init(&screen, add_line, &out);
	screen_feed(&screen, "R1#\033[3", 6);
	screen_drop_line(&screen);
	screen_feed(&screen, "1mx\n", 4);
	assert_string_equal(buf_str(&out), "x|");
	screen_clear(&screen);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_what_a_person_would_read),
		cmocka_unit_test(nul_bytes_vanish),
		cmocka_unit_test(wrapped_rows_stand_side_by_side),
		cmocka_unit_test(any_split_shows_the_same),
		cmocka_unit_test(an_endless_line_is_cut_and_said_to_be),
		cmocka_unit_test(a_far_cursor_is_bounded),
		cmocka_unit_test(dropping_the_open_line_starts_afresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
