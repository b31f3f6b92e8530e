/* Folding names: what people would write, and the property that makes it
 * safe to write: expanded again it is the same names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/fold.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 72

static void
split(struct strs *names, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, " ");
		strs_add_n(names, text, len);
		text += len + (text[len] == ' ');
	}
}

/* "web[1-3] (3) db": the count where it is more than one. */
static char *
folded(const struct strs *names, size_t width)
{
	struct fold fold;
	struct buf out;
	buf_init(&out, 1 << 20);
	fold_names(&fold, names, width);
	for (size_t i = 0; i < fold.count; i++) {
		buf_addf(&out, "%s%s", i ? " " : "", fold.pieces[i].text);
		if (fold.pieces[i].count > 1)
			buf_addf(&out, " (%zu)", fold.pieces[i].count);
	}
	fold_clear(&fold);
	return buf_take(&out);
}

static const struct {
	const char *names, *wanted;
} folds[] = {
	{ "", "" },
	{ "R1", "R1" },
	{ "core edge", "core edge" },
	/* Two stay two; three are folded if that is shorter. */
	{ "BRANCH1_DIST1 BRANCH2_DIST1", "BRANCH1_DIST1 BRANCH2_DIST1" },
	{ "R1 R2 R3", "R[1-3] (3)" },
	{ "1 3 5", "1 3 5" },
	{ "11111111 22222222 33333333", "11111111 22222222 33333333" },
	{ "web1 web3 web4 web5 web60", "web[1,3-5,60] (5)" },
	/* The number that varies. */
	{ "B1-SW2 B2-SW2 B7-SW2", "B[1-2,7]-SW2 (3)" },
	{ "B2-SW1 B2-SW2 B2-SW7", "B2-SW[1-2,7] (3)" },
	/* A grid becomes one word. */
	{ "b1s1 b1s2 b1s3 b2s1 b2s2 b2s3", "b[1-2]s[1-3] (6)" },
	/* A grid with a hole. */
	{ "b1s1 b1s2 b1s3 b2s1 b2s2 b2s3 b3s1 b3s3",
	    "b[1-2]s[1-3] (6) b3s1 b3s3" },
	/* Zeros in front. */
	{ "web08 web09 web10 web11", "web[08-11] (4)" },
	{ "web8 web9 web10 web11", "web[8-11] (4)" },
	{ "web1 web01 web2 web02 web3 web03", "web[1-3] (3) web[01-03] (3)" },
	{ "web098 web099 web100 web101", "web[098-101] (4)" },
	{ "web00 web01 web02", "web[00-02] (3)" },
	{ "web0 web1 web2", "web[0-2] (3)" },
	/* Addresses. */
	{ "192.0.2.1 192.0.2.2 192.0.2.9", "192.0.2.[1-2,9] (3)" },
	/* The place in the list is that of the first. */
	{ "zeta1 alpha9 zeta2 alpha10 zeta3 core",
	    "zeta[1-3] (3) alpha9 alpha10 core" },
	/* Given twice. */
	{ "web7 web7 web7", "web7" },
	{ "web7 web8 web7 web9", "web[7-9] (3)" },
	/* What could not be told from a fold is left alone. */
	{ "a[1] a[2] a[3]", "a[1] a[2] a[3]" },
	{ "a,1 a,2 a,3", "a,1 a,2 a,3" },
	/* More digits than a number has here. */
	{ "r1234567890123456789 r1234567890123456788",
	    "r1234567890123456789 r1234567890123456788" },
	{ "1 2 3", "[1-3] (3)" },
};

static void
test_fold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
		struct strs names = { 0 };
		split(&names, folds[i].names);
		char *got = folded(&names, WIDTH);
		if (!str_eq(got, folds[i].wanted))
			fail_msg("%s: %s, not %s", folds[i].names, got,
			    folds[i].wanted);
		free(got);
		strs_clear(&names);
	}
}

static void
test_width(void **state)
{
	(void)state;
	struct strs names = { 0 };
	struct fold fold;
	size_t count = 0;
	for (int i = 1; i < 400; i += 2) {
		char name[32];
		snprintf(name, sizeof(name), "BRANCH%d_DIST1", i);
		strs_add(&names, name);
	}
	fold_names(&fold, &names, 40);
	for (size_t i = 0; i < fold.count; i++) {
		assert_in_range(strlen(fold.pieces[i].text), 1, 40);
		count += fold.pieces[i].count;
	}
	assert_int_equal(count, 200);
	assert_in_range(fold.count, 2, 60);
	fold_clear(&fold);
	/* What cannot be cut is longer. */
	fold_names(&fold, &names, 1);
	assert_int_equal(fold.count, 200);
	fold_clear(&fold);
	strs_clear(&names);
}

static const struct {
	const char *text, *wanted; /* NULL: refused */
	const char *message;
} expansions[] = {
	{ "web", "web", NULL },
	{ "web[1-3]", "web1 web2 web3", NULL },
	{ "web[01-03,60]", "web01 web02 web03 web60", NULL },
	{ "web[8-11]", "web8 web9 web10 web11", NULL },
	{ "web[098-101]x", "web098x web099x web100x web101x", NULL },
	{ "web[3,1]", "web3 web1", NULL },
	{ "b[1-2]s[1-2]", "b1s1 b1s2 b2s1 b2s2", NULL },
	{ "web[1,2],db,x[5]", "web1 web2 db x5", NULL },
	{ "[1-2]", "1 2", NULL },
	{ "[0-1][00-01]", "000 001 100 101", NULL },
	{ "", NULL, "\"\": a name is missing" },
	{ "a,,b", NULL, "\"a,,b\": a name is missing" },
	{ "a,", NULL, "\"a,\": a name is missing" },
	{ "web[", NULL, "\"web[\": a closing bracket is missing" },
	{ "web[1-3", NULL, "\"web[1-3\": a closing bracket is missing" },
	{ "web1]", NULL, "\"web1]\": an opening bracket is missing" },
	{ "web[]", NULL, "\"web[]\": a number is missing in the brackets" },
	{ "web[1,]", NULL, "\"web[1,]\": a number is missing in the brackets" },
	{ "web[a]", NULL, "\"web[a]\": a number is missing in the brackets" },
	{ "web[-3]", NULL, "\"web[-3]\": a number is missing in the brackets" },
	{ "web[1-]", NULL, "\"web[1-]\": a range has no end" },
	{ "web[3-1]", NULL, "\"web[3-1]\": a range ends before it begins" },
	{ "web[1x]", NULL,
	    "\"web[1x]\": only numbers and ranges of them may stand in the "
	    "brackets" },
	{ "web[1-9]", NULL, "\"web[1-9]\": these are too many names" },
	{ "web[0-999999999999999999]", NULL,
	    "\"web[0-999999999999999999]\": these are too many names" },
	{ "web[1000000000000000000]", NULL,
	    "\"web[1000000000000000000]\": a number is missing in the "
	    "brackets" },
};

static void
test_expand(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(expansions) / sizeof(expansions[0]);
	     i++) {
		struct strs got = { 0 }, wanted = { 0 };
		struct err err = { 0 };
		int rc = fold_expand(&got, expansions[i].text, 8, &err);
		if (expansions[i].wanted) {
			assert_int_equal(rc, 0);
			split(&wanted, expansions[i].wanted);
			assert_int_equal(got.count, wanted.count);
			for (size_t j = 0; j < got.count; j++)
				assert_string_equal(
				    got.items[j], wanted.items[j]);
		} else {
			assert_int_equal(rc, -1);
			assert_int_equal(err.kind, ERR_JOB);
			assert_string_equal(err.text, expansions[i].message);
		}
		strs_clear(&got);
		strs_clear(&wanted);
	}
}

static void
test_long_name(void **state)
{
	(void)state;
	struct strs got = { 0 };
	struct err err = { 0 };
	char *text = xcalloc(1, 5001);
	memset(text, 'a', 5000);
	assert_int_equal(fold_expand(&got, text, 8, &err), -1);
	assert_non_null(strstr(err.text, "the name is too long"));
	free(text);
	strs_clear(&got);
}

static int
compare_texts(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Sorted, each once. */
static void
make_set(struct strs *list)
{
	size_t kept = 0;
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items),
		    compare_texts);
	for (size_t i = 0; i < list->count; i++) {
		if (kept && str_eq(list->items[i], list->items[kept - 1]))
			free(list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

/* Random names of few letters and many numbers: folded and expanded they are
 * the same set, and the counts add up where no name is there twice. */
static void
test_round_trip(void **state)
{
	(void)state;
	static const char letters[] = "ab-0011223489";
	unsigned dice = 1;
	for (int round = 0; round < 2000; round++) {
		struct strs names = { 0 }, back = { 0 };
		struct fold fold;
		struct err err = { 0 };
		size_t count = 0;
		for (int i = 0; i < 1 + round % 40; i++) {
			char name[8] = "";
			dice = dice * 1103515245 + 12345;
			for (unsigned j = 0; j <= (dice >> 20) % 5; j++) {
				dice = dice * 1103515245 + 12345;
				name[j] = letters[(dice >> 16) %
				    (sizeof(letters) - 1)];
			}
			strs_add(&names, name);
		}
		make_set(&names);
		fold_names(&fold, &names, round % 2 ? WIDTH : 12);
		for (size_t i = 0; i < fold.count; i++) {
			size_t before = back.count;
			assert_int_equal(
			    fold_expand(&back, fold.pieces[i].text, 1000, &err),
			    0);
			assert_int_equal(
			    back.count - before, fold.pieces[i].count);
			count += fold.pieces[i].count;
		}
		assert_int_equal(count, names.count);
		make_set(&back);
		assert_int_equal(back.count, names.count);
		for (size_t i = 0; i < back.count; i++)
			assert_string_equal(back.items[i], names.items[i]);
		fold_clear(&fold);
		strs_clear(&names);
		strs_clear(&back);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
