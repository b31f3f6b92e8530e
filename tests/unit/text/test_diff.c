/* Differences: what people expect to read, and the property that makes a
 * diff a diff: applied to the first text it gives the second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/diff.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *before, *after, *wanted;
} cases[] = {
	{ "", "", "" },
	{ "a\nb\n", "a\nb\n", "" },
	{ "", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n" },
	{ "a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n" },
	{ "a\n", "b\n", "@@ -1,1 +1,1 @@\n-a\n+b\n" },
	{ "a\nb\nc\n", "a\nc\n", "@@ -1,3 +1,2 @@\n a\n-b\n c\n" },
	{ "a\nc\n", "a\nb\nc\n", "@@ -1,2 +1,3 @@\n a\n+b\n c\n" },
	/* Three lines of context, no more. */
	{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nX\n6\n7\n8\n9\n",
	    "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+X\n 6\n 7\n 8\n" },
	/* Six lines between two changes: one hunk. Seven: two. */
	{ "A\n1\n2\n3\n4\n5\n6\nB\n", "a\n1\n2\n3\n4\n5\n6\nb\n",
	    "@@ -1,8 +1,8 @@\n-A\n+a\n 1\n 2\n 3\n 4\n 5\n 6\n-B\n+b\n" },
	{ "A\n1\n2\n3\n4\n5\n6\n7\nB\n", "a\n1\n2\n3\n4\n5\n6\n7\nb\n",
	    "@@ -1,4 +1,4 @@\n-A\n+a\n 1\n 2\n 3\n"
	    "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-B\n+b\n" },
	/* At the end, where the old text is only context. */
	{ "1\n2\n3\n4\n", "1\n2\n3\n4\n5\n",
	    "@@ -2,3 +2,4 @@\n 2\n 3\n 4\n+5\n" },
	{ "\n\n", "\n", "@@ -1,2 +1,1 @@\n-\n \n" },
};

static bool
diff_texts(struct buf *out, const char *before, const char *after)
{
	struct strs a = { 0 }, b = { 0 };
	strs_add_lines(&a, before);
	strs_add_lines(&b, after);
	bool differs = diff_lines(out, &a, &b);
	strs_clear(&a);
	strs_clear(&b);
	return differs;
}

static void
reads_as_people_expect(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out;
		buf_init(&out, 10000);
		bool differs = diff_texts(
		    &out, cases[i].before, cases[i].after);
		if (i == sizeof(cases) / sizeof(*cases) - 1)
			/* Which of two equal lines goes is nobody's affair. */
			assert_int_equal(out.len, strlen(cases[i].wanted));
		else
			assert_string_equal(buf_str(&out), cases[i].wanted);
		assert_int_equal(differs, cases[i].wanted[0] != '\0');
		buf_clear(&out);
	}
}

static void
random_lines(struct strs *list, size_t most, int letters)
{
	size_t count = (size_t)rand() % (most + 1);
	for (size_t i = 0; i < count; i++) {
		strs_take(list, xasprintf("line %d", rand() % letters));
	}
}

/* Applies the hunks of DIFF to BEFORE, checking every number and every line
 * of context on the way. *EDITS = lines removed and added. */
static void
apply(struct strs *out, const struct strs *before, const char *diff,
    size_t *edits)
{
	size_t a = 0;
	struct strs lines = { 0 };
	strs_add_lines(&lines, diff);
	*edits = 0;
	for (size_t i = 0; i < lines.count;) {
		size_t old_at, old_lines, new_at, new_lines;
		assert_int_equal(
		    sscanf(lines.items[i++], "@@ -%zu,%zu +%zu,%zu @@", &old_at,
			&old_lines, &new_at, &new_lines),
		    4);
		size_t start = old_at - (old_lines > 0);
		assert_true(start >= a && start <= before->count);
		while (a < start)
			strs_add(out, before->items[a++]);
		assert_int_equal(out->count, new_at - (new_lines > 0));
		while (old_lines || new_lines) {
			assert_true(i < lines.count);
			const char *line = lines.items[i++];
			if (*line != '+') {
				assert_true(old_lines-- > 0);
				assert_string_equal(
				    before->items[a++], line + 1);
			}
			if (*line != '-') {
				assert_true(new_lines-- > 0);
				strs_add(out, line + 1);
			}
			*edits += *line != ' ';
		}
	}
	while (a < before->count)
		strs_add(out, before->items[a++]);
	strs_clear(&lines);
}

/* Lines that are not in the longest common subsequence, the slow way. */
static size_t
fewest_edits(const struct strs *a, const struct strs *b)
{
	size_t *row = xcalloc(b->count + 1, sizeof(*row));
	for (size_t i = 0; i < a->count; i++) {
		size_t diagonal = 0;
		for (size_t j = 0; j < b->count; j++) {
			size_t above = row[j + 1];
			if (str_eq(a->items[i], b->items[j]))
				row[j + 1] = diagonal + 1;
			else if (row[j] > above)
				row[j + 1] = row[j];
			diagonal = above;
		}
	}
	size_t common = row[b->count];
	free(row);
	return a->count + b->count - 2 * common;
}

static void
check_pair(const struct strs *a, const struct strs *b, bool minimal)
{
	struct buf out;
	struct strs again = { 0 };
	size_t edits;
	buf_init(&out, 64 << 20);
	bool differs = diff_lines(&out, a, b);
	apply(&again, a, buf_str(&out), &edits);
	assert_int_equal(again.count, b->count);
	for (size_t i = 0; i < b->count; i++)
		assert_string_equal(again.items[i], b->items[i]);
	assert_int_equal(differs, edits > 0);
	if (minimal)
		assert_int_equal(edits, fewest_edits(a, b));
	strs_clear(&again);
	buf_clear(&out);
}

static void
random_pairs_apply_and_are_minimal(void **state)
{
	(void)state;
	srand(1986);
	for (int i = 0; i < 3000; i++) {
		struct strs a = { 0 }, b = { 0 };
		int letters = 1 + rand() % 12;
		size_t most = i % 10 ? 12 : 60;
		random_lines(&a, most, letters);
		random_lines(&b, most, letters);
		check_pair(&a, &b, true);
		strs_clear(&a);
		strs_clear(&b);
	}
}

static void
numbered_lines(struct strs *list, const char *word, size_t count)
{
	for (size_t i = 0; i < count; i++)
		strs_take(list, xasprintf("%s %zu", word, i));
}

static void
past_the_limit_it_still_applies(void **state)
{
	(void)state;
	static const struct {
		size_t a, b;
	} sizes[] = {
		{ DIFF_EDITS_MAX / 2, DIFF_EDITS_MAX / 2 },
		{ DIFF_EDITS_MAX / 2 + 1, DIFF_EDITS_MAX / 2 },
		{ DIFF_EDITS_MAX + 1, 0 },
		{ 0, 20000 },
		{ 20000, 20000 },
	};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct strs a = { 0 }, b = { 0 };
		strs_add(&a, "head");
		strs_add(&b, "head");
		numbered_lines(&a, "old", sizes[i].a);
		numbered_lines(&b, "new", sizes[i].b);
		strs_add(&a, "tail");
		strs_add(&b, "tail");
		check_pair(&a, &b, false);
		strs_clear(&a);
		strs_clear(&b);
	}
}

static void
a_full_buffer_still_says_that_they_differ(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 4);
	assert_true(diff_texts(&out, "a\n", "b\n"));
	assert_true(out.cut);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_as_people_expect),
		cmocka_unit_test(random_pairs_apply_and_are_minimal),
		cmocka_unit_test(past_the_limit_it_still_applies),
		cmocka_unit_test(a_full_buffer_still_says_that_they_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
