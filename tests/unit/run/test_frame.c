/* Frames there and back, in pieces of any size, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/frame.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	enum frame_kind kind;
	size_t len;
} sent[] = {
	{ FRAME_IN, 0 },
	{ FRAME_OUT, 1 },
	{ FRAME_ERR, 255 },
	{ FRAME_OUT, 300 },
	{ FRAME_HOST_KEY, 7 },
	{ FRAME_END, 20000 },
};
#define SENT (sizeof(sent) / sizeof(sent[0]))

static char
byte_at(size_t frame, size_t at)
{
	return (char)(frame * 31 + at);
}

/* All of SENT as bytes. */
static void
write_all(struct buf *out)
{
	int fds[2];
	char bytes[32768];
	assert_int_equal(pipe(fds), 0);
	for (size_t i = 0; i < SENT; i++) {
		for (size_t j = 0; j < sent[i].len; j++)
			bytes[j] = byte_at(i, j);
		assert_int_equal(
		    frame_write(fds[1], sent[i].kind, bytes, sent[i].len), 0);
	}
	close(fds[1]);
	ssize_t n;
	while ((n = read(fds[0], bytes, sizeof(bytes))) > 0)
		buf_add(out, bytes, (size_t)n);
	close(fds[0]);
}

static void
what_is_written_is_read(void **state)
{
	(void)state;
	struct buf all;
	buf_init(&all, 1 << 20);
	write_all(&all);
	static const size_t steps[] = { 1, 3, 4, 5, 6, 1000, 100000 };
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		size_t at = 0, seen = 0;
		for (size_t have = 0; have < all.len;) {
			struct frame frame;
			int more;
			have += steps[s];
			if (have > all.len)
				have = all.len;
			while ((more = frame_next(
				    all.data, have, &at, &frame)) > 0) {
				assert_true(seen < SENT);
				assert_int_equal(frame.kind, sent[seen].kind);
				assert_int_equal(frame.len, sent[seen].len);
				for (size_t j = 0; j < frame.len; j++)
					assert_int_equal(
					    frame.data[j], byte_at(seen, j));
				seen++;
			}
			assert_int_equal(more, 0);
		}
		assert_int_equal(seen, SENT);
	}
	buf_clear(&all);
}

static void
what_is_large_becomes_several(void **state)
{
	(void)state;
	int fds[2];
	size_t len = 2 * FRAME_LIMIT_BYTES + 5;
	char *bytes = calloc(1, len);
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(frame_write(fds[1], FRAME_OUT, bytes, len) ? 1 : 0);
	close(fds[1]);
	struct buf all;
	ssize_t n;
	buf_init(&all, 1 << 20);
	char piece[4096];
	while ((n = read(fds[0], piece, sizeof(piece))) > 0)
		buf_add(&all, piece, (size_t)n);
	size_t at = 0, total = 0;
	struct frame frame;
	while (frame_next(all.data, all.len, &at, &frame) > 0) {
		assert_true(frame.len <= FRAME_LIMIT_BYTES);
		total += frame.len;
	}
	assert_int_equal(total, len);
	assert_int_equal(at, all.len);
	buf_clear(&all);
	free(bytes);
	close(fds[0]);
}

static void
nonsense_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		int wanted;
	} cases[] = {
		{ "", 0, 0 },
		{ "o", 1, 0 },
		{ "o\0\0\0", 4, 0 },
		{ "o\0\0\0\1", 5, 0 },
		{ "o\0\0\0\0", 5, 1 },
		{ "{\"event\"", 8, -1 },
		{ "\0\0\0\0\0", 5, -1 },
		{ "o\0\1\0\1x", 6, -1 },
		{ "o\377\377\377\377", 5, -1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame frame;
		size_t at = 0;
		assert_int_equal(
		    frame_next(cases[i].bytes, cases[i].len, &at, &frame),
		    cases[i].wanted);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_large_becomes_several),
		cmocka_unit_test(nonsense_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
