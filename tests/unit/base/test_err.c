/* struct err: never overflows, always says something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"

#include <errno.h>
#include <string.h>

static void
test_null_is_taken(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_AUTH, "x"), -1);
	assert_int_equal(err_sys(NULL, ERR_AUTH, EPERM, "x"), -1);
	err_prefix(NULL, "x");
}

static void
test_too_long(void **state)
{
	(void)state;
	struct err err = { 0 };
	char wide[sizeof(err.text) * 2];
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';

	assert_int_equal(err_set(&err, ERR_JOB, "%s", wide), -1);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_prefix(&err, "R1: ");
	assert_memory_equal(err.text, "R1: www", 7);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_prefix(&err, "%s", wide);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_int_equal(err_sys(&err, ERR_JOB, EPERM, "%s", wide), -1);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void
test_set(void **state)
{
	(void)state;
	struct err err = { .sys = EPERM };
	assert_int_equal(err_set(&err, ERR_REFUSED, "line %d", 7), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_int_equal(err.sys, 0);
	assert_string_equal(err.text, "line 7");
	/* A percent sign in the text is only text. */
	err_set(&err, ERR_REFUSED, "%s", "% Invalid %s %n");
	assert_string_equal(err.text, "% Invalid %s %n");
	err_prefix(&err, "R1: ");
	assert_string_equal(err.text, "R1: % Invalid %s %n");
}

static void
test_sys(void **state)
{
	(void)state;
	struct err err = { 0 };
	assert_int_equal(
	    err_sys(&err, ERR_CONNECT, ECONNREFUSED, "10.0.0.%d", 1), -1);
	assert_int_equal(err.kind, ERR_CONNECT);
	assert_int_equal(err.sys, ECONNREFUSED);
	assert_string_equal(err.text, "10.0.0.1: Connection refused");
	err_prefix(&err, "%s: ", "R1");
	assert_string_equal(err.text, "R1: 10.0.0.1: Connection refused");
	assert_int_equal(err.sys, ECONNREFUSED);
	assert_int_equal(err.kind, ERR_CONNECT);
}

static void
test_append(void **state)
{
	(void)state;
	struct err err = { 0 };
	char wide[sizeof(err.text)];
	err_append(NULL, "x");
	err_set(&err, ERR_ECHO, "one");
	err_append(&err, " (%d behind)", 2);
	assert_string_equal(err.text, "one (2 behind)");
	assert_int_equal(err.kind, ERR_ECHO);
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	err_append(&err, "%s", wide);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_append(&err, "%s", wide);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

/* Every kind has a name of its own, which finds it again. */
static void
test_kinds(void **state)
{
	(void)state;
	enum err_kind kind = ERR_AUTH;
	assert_false(err_kind_get("", &kind));
	assert_false(err_kind_get("Auth", &kind));
	assert_false(err_kind_get("authx", &kind));
	assert_int_equal(kind, ERR_AUTH);
	for (int i = 0; i < ERR__COUNT; i++) {
		const char *name = err_kind_name((enum err_kind)i);
		assert_non_null(name);
		assert_true(err_kind_get(name, &kind));
		assert_int_equal(kind, i);
	}
	assert_string_equal(err_kind_name(ERR__COUNT), "internal");
	assert_string_equal(err_kind_name((enum err_kind) - 1), "internal");
	assert_string_equal(err_kind_name(ERR_LOCKOUT_RISK), "lockout_risk");
}

static void
test_suffix(void **state)
{
	struct err err = { 0 };
	char wide[600];
	(void)state;
	err_suffix(NULL, "x");
	err_set(&err, ERR_CONNECT, "refused");
	err_suffix(&err, " (%d attempts)", 3);
	assert_string_equal(err.text, "refused (3 attempts)");
	assert_int_equal(err.kind, ERR_CONNECT);
	/* What is put behind is there, whatever was there before. */
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	err_set(&err, ERR_CONNECT, "%s", wide);
	err_suffix(&err, "; kept in x");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_string_equal(err.text + sizeof(err.text) - 13, "w; kept in x");
	err_suffix(&err, "%s", wide);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_int_equal(err.text[0], 'w');
	assert_null(strchr(err.text, ';'));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_null_is_taken),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_sys),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_suffix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
