/* Outputs in memory and in files: the same bytes either way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/capture.h"

#include "base/alloc.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[] = "/tmp/netpush-capture-XXXXXX";

static int
append(void *data, const char *bytes, size_t len)
{
	buf_add(data, bytes, len);
	return 0;
}

/* Fills it with COUNT pieces of LEN bytes, which differ. */
static void
fill(struct capture *capture, struct buf *same, size_t count, size_t len)
{
	struct err err;
	char *piece = xmalloc(len + 1);
	for (size_t i = 0; i < count; i++) {
		memset(piece, (int)('a' + i % 26), len);
		assert_int_equal(capture_add(capture, piece, len, &err), 0);
		buf_add(same, piece, len);
	}
	free(piece);
}

static void
assert_holds(const struct capture *capture, const struct buf *same)
{
	struct buf found;
	struct err err;
	buf_init(&found, 1u << 26);
	assert_int_equal(capture->size, same->len);
	assert_int_equal(
	    capture_each(capture, capture->size, append, &found, &err), 0);
	assert_int_equal(found.len, same->len);
	if (same->len)
		assert_memory_equal(found.data, same->data, same->len);
	buf_clear(&found);
}

static size_t
files_in(const char *dir)
{
	char line[64] = "";
	char *command = xasprintf("find '%s' -type f | wc -l", dir);
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	if (fork() == 0) {
		dup2(fds[1], 1);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	assert_true(read(fds[0], line, sizeof(line) - 1) > 0);
	close(fds[0]);
	free(command);
	return (size_t)atol(line);
}

static void
small_ones_stay_in_memory_large_ones_do_not(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 1000, CAPTURE_MEMORY_BYTES - 1,
		CAPTURE_MEMORY_BYTES, CAPTURE_MEMORY_BYTES + 1,
		3 * CAPTURE_MEMORY_BYTES };
	struct capture_place place;
	capture_place_init(&place, top, 1u << 30);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct capture capture;
		struct buf same;
		buf_init(&same, 1u << 26);
		capture_init(&capture, &place);
		fill(&capture, &same, sizes[i] / 7, 7);
		fill(&capture, &same, 1, sizes[i] % 7);
		capture_done(&capture);
		assert_holds(&capture, &same);
		assert_int_equal(
		    capture.path != NULL, sizes[i] > CAPTURE_MEMORY_BYTES);
		assert_int_equal(place.in_memory, capture.memory.len);
		capture_clear(&capture);
		assert_int_equal(place.in_memory, 0);
		assert_int_equal(files_in(top), 0);
		buf_clear(&same);
	}
	capture_place_clear(&place);
}

static void
all_together_stay_below_the_limit(void **state)
{
	(void)state;
	struct capture_place place;
	struct capture captures[10];
	struct buf same[10];
	struct stat about;
	capture_place_init(&place, top, 5000);
	for (size_t i = 0; i < 10; i++) {
		buf_init(&same[i], 1u << 20);
		capture_init(&captures[i], &place);
		fill(&captures[i], &same[i], 10, 100);
		capture_done(&captures[i]);
		assert_true(place.in_memory <= 5000);
	}
	assert_int_equal(files_in(top), 5);
	assert_int_equal(stat(place.dir, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0700);
	for (size_t i = 0; i < 10; i++)
		assert_holds(&captures[i], &same[i]);
	/* In memory or in a file: equal is equal. */
	assert_true(capture_equal(&captures[0], &captures[9]));
	assert_true(capture_equal(&captures[8], &captures[9]));
	for (size_t i = 0; i < 10; i++) {
		capture_clear(&captures[i]);
		buf_clear(&same[i]);
	}
	capture_place_clear(&place);
	assert_int_equal(files_in(top), 0);
}

static void
equal_means_every_byte(void **state)
{
	(void)state;
	struct capture_place place;
	struct capture a, b;
	struct buf same;
	struct err err;
	capture_place_init(&place, top, 1u << 30);
	buf_init(&same, 1u << 26);
	capture_init(&a, &place);
	capture_init(&b, &place);
	fill(&a, &same, 200000, 1);
	fill(&b, &same, 199999, 1);
	assert_false(capture_equal(&a, &b));
	capture_clear(&b);
	capture_init(&b, &place);
	for (size_t i = 0; i < 200000; i++) {
		char byte = (char)('a' + i % 26);
		if (i == 199999)
			byte = '!';
		assert_int_equal(capture_add(&b, &byte, 1, &err), 0);
	}
	capture_done(&b);
	assert_int_equal(a.size, b.size);
	assert_false(capture_equal(&a, &b));
	capture_clear(&a);
	capture_clear(&b);
	buf_clear(&same);
	capture_place_clear(&place);
}

static void
line_ends_at_the_end_are_known(void **state)
{
	(void)state;
	static const struct {
		const char *pieces[4];
		size_t wanted;
	} cases[] = {
		{ { "" }, 0 },
		{ { "\n" }, 0 },
		{ { "\n", "\n\n" }, 0 },
		{ { "a" }, 1 },
		{ { "a\n" }, 1 },
		{ { "a", "\n", "\n" }, 1 },
		{ { "a\n", "\nb", "\n\n" }, 4 },
		{ { "a\n", "b" }, 3 },
	};
	struct capture_place place;
	struct err err;
	capture_place_init(&place, top, 1u << 30);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct capture capture;
		capture_init(&capture, &place);
		for (size_t j = 0; j < 4 && cases[i].pieces[j]; j++)
			assert_int_equal(
			    capture_add(&capture, cases[i].pieces[j],
				strlen(cases[i].pieces[j]), &err),
			    0);
		assert_int_equal(capture_text_size(&capture), cases[i].wanted);
		capture_clear(&capture);
	}
	capture_place_clear(&place);
}

static void
what_cannot_be_kept_is_said(void **state)
{
	(void)state;
	struct capture_place place;
	struct capture capture;
	struct err err = { 0 };
	capture_place_init(&place, "/dev/null/none", 3);
	capture_init(&capture, &place);
	assert_int_equal(capture_add(&capture, "abc", 3, &err), 0);
	assert_int_equal(capture_add(&capture, "d", 1, &err), -1);
	assert_int_equal(err.kind != ERR_NONE, 1);
	assert_int_equal(capture.size, 3);
	capture_clear(&capture);
	capture_place_clear(&place);
}

static int
make_top(void **state)
{
	(void)state;
	return mkdtemp(top) ? 0 : -1;
}

static int
remove_top(void **state)
{
	(void)state;
	return rmdir(top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_ones_stay_in_memory_large_ones_do_not),
		cmocka_unit_test(all_together_stay_below_the_limit),
		cmocka_unit_test(equal_means_every_byte),
		cmocka_unit_test(line_ends_at_the_end_are_known),
		cmocka_unit_test(what_cannot_be_kept_is_said),
	};
	return cmocka_run_group_tests(tests, make_top, remove_top);
}
