/* Regular expressions: what is refused, what matches, and that no pattern
 * stalls on hostile device text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/re.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void
test_bad_patterns(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *where;
	} cases[] = {
		{ "a(b", "at character 4: " },
		{ "a)", "at character 2: " },
		{ "[z-a]", "at character 4: " },
		{ "*a", "at character 1: " },
		{ "a{2,1}", "at character 6: " },
		{ "(?<n>a)(?<n>b)", "at character " },
		{ "\\", "at character 2: " },
		{ "(*UTF)a", "at character " },
		{ "(?=a\\K)", "at character " },
		{ "(?P<1a>x)", "at character " },
		{ "(?:((a{1000}){1000}){1000})", "at character " },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };
		assert_null(re_compile(cases[i].pattern, 0, &err));
		assert_int_equal(err.kind, ERR_JOB);
		if (strncmp(err.text, cases[i].where, strlen(cases[i].where)))
			fail_msg("%s: %s", cases[i].pattern, err.text);
		/* ERR may be NULL. */
		assert_null(re_compile(cases[i].pattern, 0, NULL));
	}
}

static void
test_pattern_too_long(void **state)
{
	(void)state;
	struct err err = { 0 };
	char *pattern = xmalloc(100001);
	memset(pattern, 'a', 100000);
	pattern[100000] = '\0';
	assert_null(re_compile(pattern, 0, &err));
	assert_int_equal(err.kind, ERR_JOB);
	free(pattern);
}

/* START < 0: must not match. */
static const struct {
	const char *pattern;
	unsigned flags;
	const char *subject;
	int start, end;
} matches[] = {
	{ "x", 0, "", -1, 0 },
	{ "b", 0, "aac", -1, 0 },
	{ "ABC", 0, "abc", -1, 0 },
	{ "b", RE_ANCHORED, "ab", -1, 0 },
	{ "a", RE_WHOLE, "ab", -1, 0 },
	{ "b", RE_WHOLE, "ab", -1, 0 },
	{ "a", RE_WHOLE, "", -1, 0 },
	{ "^b", 0, "a\nb", -1, 0 },
	{ "a$", 0, "a\nb", -1, 0 },
	{ "^b", RE_MULTILINE | RE_ANCHORED, "a\nb", -1, 0 },
	{ "a.b", 0, "a\nb", -1, 0 },
	{ "a$", RE_MULTILINE, "a\r\nb", -1, 0 },
	{ "", 0, "", 0, 0 },
	{ "", 0, "abc", 0, 0 },
	{ "b", 0, "abc", 1, 2 },
	{ "ABC", RE_ICASE, "xabc", 1, 4 },
	{ "a", RE_ANCHORED, "ab", 0, 1 },
	{ "a+", RE_WHOLE, "aaa", 0, 3 },
	{ "a|ab", RE_WHOLE, "ab", 0, 2 },
	{ "", RE_WHOLE, "", 0, 0 },
	{ "^b", RE_MULTILINE, "a\nb", 2, 3 },
	{ "a$", RE_MULTILINE, "a\nb", 0, 1 },
	{ "a$", 0, "a\n", 0, 1 },
	{ "a.b", 0, "a\rb", 0, 3 },
	{ "^.+#\\s*$", 0, "R1(config)# ", 0, 12 },
	{ "^% ?(Invalid|Ambiguous)", RE_MULTILINE, "  ^\n% Invalid input", 4,
	    13 },
	{ "\\xff", 0, "a\xff", 1, 2 },
	{ ".", 0, "\xe4", 0, 1 },
	{ "(?<=a)b", 0, "ab", 1, 2 },
	{ "a\\Kb", 0, "ab", 1, 2 },
	/* The first byte may not be taken for one that must be there. */
	{ "^a?b", 0, "b", 0, 1 },
	{ "^a{0,2}b", 0, "b", 0, 1 },
	{ "^a{2}b", 0, "aab", 0, 3 },
	{ "a*b", RE_ANCHORED, "b", 0, 1 },
	{ "^a|^b", 0, "b", 0, 1 },
	{ "a|", RE_WHOLE, "", 0, 0 },
	{ "ab", RE_WHOLE | RE_ICASE, "AB", 0, 2 },
	{ "(?i)ab", RE_WHOLE, "AB", 0, 2 },
	{ "\\d+", RE_ANCHORED, "7", 0, 1 },
	{ "\\Bb", RE_ANCHORED, "b", -1, 0 },
	{ "\\#+x", RE_WHOLE, "##x", 0, 3 },
	{ "(?=a)ab", RE_ANCHORED, "ab", 0, 2 },
	{ "[^a]b", RE_ANCHORED, "bb", 0, 2 },
};

static void
test_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		const char *subject = matches[i].subject;
		struct re_span span = { 7, 7 };
		struct re *re = re_compile(
		    matches[i].pattern, matches[i].flags, NULL);
		assert_non_null(re);
		assert_string_equal(re_pattern(re), matches[i].pattern);
		bool found = re_match(re, subject, strlen(subject), &span);
		assert_int_equal(
		    found, re_match(re, subject, strlen(subject), NULL));
		size_t start = (size_t)matches[i].start;
		size_t end = (size_t)matches[i].end;
		if (matches[i].start < 0)
			start = end = (size_t)-1;
		if (span.start != start || span.end != end)
			fail_msg("/%s/ in '%s': %zu..%zu", matches[i].pattern,
			    subject, span.start, span.end);
		assert_int_equal(found, matches[i].start >= 0);
		re_free(re);
	}
	re_free(NULL);
}

static void
test_subject_is_bytes(void **state)
{
	(void)state;
	struct re *re = re_compile("b", 0, NULL);
	struct re_span span;
	/* A NUL does not end it; LEN does. */
	assert_true(re_match(re, "a\0b", 3, &span));
	assert_int_equal(span.start, 2);
	assert_false(re_match(re, "aab", 2, &span));
	assert_false(re_match(re, NULL, 0, &span));
	re_free(re);
}

static void
test_groups(void **state)
{
	(void)state;
	struct re_span spans[5];
	struct re *re = re_compile("(?<mode>config)|(other)(x)?", 0, NULL);
	assert_int_equal(re_group(re, "mode"), 1);
	assert_int_equal(re_group(re, "node"), -1);
	assert_int_equal(re_group(re, ""), -1);

	assert_false(re_match_groups(re, "none", 4, spans, 5));
	for (size_t i = 0; i < 5; i++)
		assert_true(spans[i].start == (size_t)-1);

	assert_true(re_match_groups(re, "-config", 7, spans, 5));
	assert_int_equal(spans[0].start, 1);
	assert_int_equal(spans[1].start, 1);
	assert_int_equal(spans[1].end, 7);
	assert_true(spans[2].start == (size_t)-1);
	assert_true(spans[2].end == (size_t)-1);
	assert_true(spans[3].start == (size_t)-1);
	assert_true(spans[4].start == (size_t)-1); /* there is no group 4 */

	/* Nothing of the match before is left in the groups. */
	assert_true(re_match_groups(re, "other", 5, spans, 5));
	assert_true(spans[1].start == (size_t)-1);
	assert_int_equal(spans[2].start, 0);
	assert_true(re_match_groups(re, "otherx", 6, spans, 1));
	assert_int_equal(spans[0].end, 6);
	re_free(re);
}

/* A match far inside is found although the search goes in windows. */
static void
test_far_match(void **state)
{
	(void)state;
	const size_t len = 300000;
	char *text = xmalloc(len);
	memset(text, 'a', len);
	struct re *re = re_compile("#$", 0, NULL);
	struct re *behind = re_compile("(?<=aaa)#", 0, NULL);
	static const size_t at[] = { 0, 1, 63, 64, 65, 319, 320, 321, 4096,
		65535, 299998, 299999 };
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct re_span span;
		text[at[i]] = '#';
		assert_true(re_match(re, text, at[i] + 1, &span));
		assert_int_equal(span.start, at[i]);
		assert_int_equal(
		    re_match(behind, text, len, &span), at[i] >= 3);
		text[at[i]] = 'a';
		assert_false(re_match(re, text, len, NULL));
	}
	re_free(re);
	re_free(behind);
	free(text);
}

static double
cpu_seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* Each would take from minutes to the end of the universe without limits.
 * The bound is generous (sanitizers, slow machines), and still a bound. */
static void
test_hostile_text(void **state)
{
	(void)state;
	static const char *const patterns[] = {
		"(a+)+b",
		"(a|aa)+$x",
		"a.*a.*a.*a.*a.*b",
		"(a?){50}a{50}b",
		"^(?:a|b)*$x",
		"(?:a*)*b",
		"[a-z]+#\\s*$",
		"((a+)(a+)(a+))\\1b",
		"(?R)?a+(?R)?b",
	};
	const size_t len = 2000000;
	char *text = xmalloc(len);
	memset(text, 'a', len);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct re *re = re_compile(patterns[i], 0, NULL);
		assert_non_null(re);
		double before = cpu_seconds();
		assert_false(re_match(re, text, len, NULL));
		double spent = cpu_seconds() - before;
		if (spent > 15)
			fail_msg("/%s/ took %g s", patterns[i], spent);
		re_free(re);
	}
	free(text);
}

/* Lines on which every place to start is cheap enough for the step limit,
 * and all of them together are not; after text that is cheap. */
static void
test_hostile_lines(void **state)
{
	(void)state;
	const size_t len = 2000000;
	char *text = xmalloc(len);
	for (size_t i = 0; i < len; i++)
		text[i] = i % 80 == 79 ? '\n' : i < len / 2 ? 'x' : 'a';
	struct re *re = re_compile("(a+)(a+)(a+)\\1[bc]", 0, NULL);
	double before = cpu_seconds();
	assert_false(re_match(re, text, len, NULL));
	double spent = cpu_seconds() - before;
	if (spent > 15)
		fail_msg("took %g s", spent);
	re_free(re);
	free(text);
}

/* More backtracking than JIT's stack holds is still a match. */
static void
test_deep_match(void **state)
{
	(void)state;
	const size_t len = 60000;
	char *text = xmalloc(len);
	memset(text, 'a', len);
	text[len - 1] = 'z';
	struct re *re = re_compile("^(?:a|b)*z$", 0, NULL);
	assert_true(re_match(re, text, len, NULL));
	re_free(re);
	free(text);
}

static void
test_quote(void **state)
{
	(void)state;
	char all[256];
	struct buf out;
	buf_init(&out, 4096);
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	re_quote(&out, all, sizeof(all));
	struct re *re = re_compile(buf_str(&out), RE_WHOLE, NULL);
	assert_non_null(re);
	assert_true(re_match(re, all, sizeof(all), NULL));
	re_free(re);

	buf_reset(&out);
	re_quote(&out, "R1.lab(config)#", 15);
	re = re_compile(buf_str(&out), RE_WHOLE, NULL);
	assert_true(re_match(re, "R1.lab(config)#", 15, NULL));
	assert_false(re_match(re, "R1xlab(config)#", 15, NULL));
	re_free(re);

	/* Inside a class, too. */
	buf_reset(&out);
	buf_adds(&out, "[");
	re_quote(&out, "]^-\\", 4);
	buf_adds(&out, "]+");
	re = re_compile(buf_str(&out), RE_WHOLE, NULL);
	assert_true(re_match(re, "-]^\\", 4, NULL));
	assert_false(re_match(re, "_", 1, NULL));
	re_free(re);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_patterns),
		cmocka_unit_test(test_pattern_too_long),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_hostile_lines),
		cmocka_unit_test(test_subject_is_bytes),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_far_match),
		cmocka_unit_test(test_deep_match),
		cmocka_unit_test(test_quote),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
