/* Buffers: the ceiling first, then everything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
test_ceiling(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 5);
	assert_true(buf_adds(&b, "abc"));
	assert_false(b.cut);
	assert_false(buf_adds(&b, "defg"));
	assert_true(b.cut);
	assert_string_equal(buf_str(&b), "abcde");
	assert_int_equal(b.len, 5);
	assert_true(b.cap <= 6);
	assert_false(buf_addc(&b, 'x'));
	assert_false(buf_addf(&b, "%d", 7));
	assert_true(buf_adds(&b, "")); /* nothing is left out of nothing */
	assert_string_equal(buf_str(&b), "abcde");
	buf_clear(&b);
}

/* Exactly full is not cut. */
static void
test_exactly_full(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 5);
	assert_true(buf_adds(&b, "abcde"));
	assert_false(b.cut);
	buf_clear(&b);
}

static void
test_no_room_at_all(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 0);
	assert_true(buf_add(&b, NULL, 0));
	assert_false(b.cut);
	assert_false(buf_addc(&b, 'x'));
	assert_true(b.cut);
	assert_string_equal(buf_str(&b), "");
	buf_clear(&b);
}

/* The largest limit there is does not wrap around. */
static void
test_largest_limit(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, SIZE_MAX);
	for (int i = 0; i < 1000; i++)
		assert_true(buf_adds(&b, "0123456789"));
	assert_int_equal(b.len, 10000);
	assert_int_equal(strlen(buf_str(&b)), 10000);
	buf_clear(&b);
}

static void
test_grows(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 1000);
	for (size_t i = 0; i < 1000; i++) {
		assert_true(buf_addc(&b, (char)('a' + i % 26)));
		assert_int_equal(b.len, i + 1);
		assert_int_equal(b.data[i + 1], '\0');
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	buf_clear(&b);
	assert_int_equal(b.limit, 1000);
	assert_null(b.data);
}

static void
test_bytes(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 10);
	assert_true(buf_add(&b, "a\0b", 3));
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 4);
	buf_clear(&b);
}

static void
test_formats(void **state)
{
	(void)state;
	char wide[301];
	struct buf b;
	memset(wide, 'w', 300);
	wide[300] = '\0';
	buf_init(&b, 1000);
	assert_true(buf_addf(&b, "%s=%d", "a", 1));
	assert_string_equal(buf_str(&b), "a=1");
	/* Around the small buffer inside: 255, 256 and 300 letters. */
	static const int lens[] = { 255, 256, 300 };
	for (size_t i = 0; i < 3; i++) {
		buf_reset(&b);
		assert_true(buf_addf(&b, "%.*s", lens[i], wide));
		assert_int_equal(b.len, lens[i]);
	}
	assert_false(buf_addf(&b, "%s%s%s", wide, wide, wide));
	assert_int_equal(b.len, 1000);
	buf_clear(&b);
}

static void
test_drop_and_truncate(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 6);
	buf_drop(&b, 0);
	buf_truncate(&b, 0);
	buf_adds(&b, "abcdef");
	buf_drop(&b, 2);
	assert_string_equal(buf_str(&b), "cdef");
	assert_true(buf_adds(&b, "gh")); /* the room is there again */
	buf_truncate(&b, 3);
	assert_string_equal(buf_str(&b), "cde");
	buf_drop(&b, 3);
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(b.len, 0);
	buf_clear(&b);
}

static void
test_reset_and_take(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 3);
	buf_adds(&b, "abcd");
	assert_true(b.cut);
	buf_reset(&b);
	assert_false(b.cut);
	assert_string_equal(buf_str(&b), "");
	buf_adds(&b, "xy");
	char *text = buf_take(&b);
	assert_string_equal(text, "xy");
	free(text);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_str(&b), "");
	text = buf_take(&b); /* of nothing: still a string */
	assert_string_equal(text, "");
	free(text);
	assert_true(buf_adds(&b, "abc"));
	buf_clear(&b);
}

/* More than there is: a bug, and the process says so. */
static void
test_misuse_aborts(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct buf b;
			buf_init(&b, 10);
			buf_adds(&b, "abc");
			signal(SIGABRT, SIG_DFL);
			close(2);
			if (i)
				buf_drop(&b, 4);
			else
				buf_truncate(&b, 4);
			_exit(0);
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_exactly_full),
		cmocka_unit_test(test_no_room_at_all),
		cmocka_unit_test(test_largest_limit),
		cmocka_unit_test(test_misuse_aborts),
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_drop_and_truncate),
		cmocka_unit_test(test_reset_and_take),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
