/* The list of mistakes: bounded, sorted, printed once each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What diags_print() writes to standard error; free it. */
static char *
printed(const struct diags *diags)
{
	char *text = calloc(1, 16384);
	FILE *file = tmpfile();
	assert_non_null(text);
	assert_non_null(file);
	fflush(stderr);
	int saved = dup(2);
	assert_true(saved >= 0);
	dup2(fileno(file), 2);
	diags_print(diags);
	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	rewind(file);
	size_t len = fread(text, 1, 16383, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

static void
assert_prints(const struct diags *diags, const char *expected)
{
	char *text = printed(diags);
	assert_string_equal(text, expected);
	free(text);
}

static void
test_limit(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	for (unsigned i = 0; i < DIAG_LIMIT + 7; i++)
		diag_add(&diags, (struct place){ "f", i + 1, 1 }, "x");
	assert_int_equal(diags.count, DIAG_LIMIT);
	assert_int_equal(diags.left_out, 7);
	char *text = printed(&diags);
	assert_non_null(strstr(text, "f:100:1: x\n... and 7 more\n"));
	assert_null(strstr(text, "f:101:"));
	free(text);
	diags_clear(&diags);
	assert_false(diags_any(&diags));
	assert_int_equal(diags.left_out, 0);
}

static void
test_empty(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	assert_false(diags_any(&diags));
	diags_sort(&diags);
	assert_prints(&diags, "");
	diags_clear(&diags);
}

static void
test_places(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	char file[] = "job.yml";
	diag_add(&diags, (struct place){ file, 3, 4 }, "'%s' is unknown", "x");
	diag_add(&diags, (struct place){ file, 0, 0 }, "is empty");
	diag_add(&diags, (struct place){ 0 }, "100%% wrong");
	memset(file, 'z', sizeof(file) - 1); /* it keeps its own copy */
	assert_true(diags_any(&diags));
	assert_prints(&diags,
	    "job.yml:3:4: 'x' is unknown\n"
	    "job.yml: is empty\n"
	    "netpush: 100% wrong\n");
	diags_clear(&diags);
}

static void
test_sorted(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	static const struct {
		const char *file;
		unsigned line, column;
		const char *text;
	} in[] = {
		{ "b", 1, 1, "one" },
		{ "a", 10, 1, "ten" },
		{ "a", 9, 1, "nine" },
		{ "a", 9, 10, "late" },
		{ "a", 9, 9, "early" },
		{ "a", 9, 1, "nine" }, /* a repetition */
		{ "a", 9, 1, "another" },
		{ "a", 9, 1, "nine" },
		{ "a", 0, 0, "the file" },
	};
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		diag_add(&diags,
		    (struct place){ in[i].file, in[i].line, in[i].column },
		    "%s", in[i].text);
	diags_sort(&diags);
	assert_int_equal(diags.count, 7);
	assert_prints(&diags,
	    "a: the file\n"
	    "a:9:1: another\n"
	    "a:9:1: nine\n"
	    "a:9:9: early\n"
	    "a:9:10: late\n"
	    "a:10:1: ten\n"
	    "b:1:1: one\n");
	diag_add(&diags, (struct place){ "c", 1, 1 }, "after sorting");
	assert_int_equal(diags.count, 8);
	diags_clear(&diags);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_sorted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
