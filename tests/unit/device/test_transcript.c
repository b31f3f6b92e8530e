/* Transcripts: where they cannot be written, and that no secret gets there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device/transcript.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/secret.h"
#include "base/str.h"
#include "text/redact.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
where_it_cannot_be_written_nothing_happens(void **state)
{
	(void)state;
	struct redactor none = { 0 };
	assert_null(transcript_open(NULL, &none));
	assert_null(transcript_open("/proc/nowhere/x", &none));
	transcript_line(NULL, '>', "x", 1);
	transcript_close(NULL);
	struct transcript *full = transcript_open("/dev/full", &none);
	assert_non_null(full);
	transcript_line(full, '>', "x", 1);
	transcript_close(full);
}

static void
lines_have_a_time_a_mark_and_no_secret(void **state)
{
	(void)state;
	char path[] = "/tmp/netpush-transcript-XXXXXX";
	struct redactor redactor = { 0 };
	struct secret *secret = secret_new("sesame", 6);
	struct strs lines = { 0 };
	struct buf text;
	struct err err;
	struct stat about;
	static const char *const wanted[] = { "> show clock", "< noon",
		"# a note", "< <redacted> and <redacted>",
		"< bad \xef\xbf\xbd\xef\xbf\xbd byte" };
	close(mkstemp(path));
	unlink(path);
	redactor_add(&redactor, secret);
	struct transcript *transcript = transcript_open(path, &redactor);
	assert_non_null(transcript);
	transcript_line(transcript, '>', "show clock", 10);
	transcript_line(transcript, '<', "noon and more", 4);
	transcript_close(transcript);
	/* A second visit goes on where the first ended. */
	transcript = transcript_open(path, &redactor);
	transcript_line(transcript, '#', "a note", 6);
	transcript_line(transcript, '<', "sesame and sesame", 17);
	transcript_line(transcript, '<', "bad \xff\0 byte", 11);
	transcript_close(transcript);

	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0600);
	buf_init(&text, 1 << 16);
	assert_int_equal(file_read(path, &text, &err), 0);
	strs_add_lines(&lines, buf_str(&text));
	assert_int_equal(lines.count, 5);
	for (size_t i = 0; i < 5; i++) {
		int64_t time;
		char *when = xstrndup(lines.items[i], 24);
		assert_true(clock_parse(when, &time));
		assert_string_equal(lines.items[i] + 25, wanted[i]);
		free(when);
	}
	unlink(path);
	strs_clear(&lines);
	buf_clear(&text);
	secret_free(secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_it_cannot_be_written_nothing_happens),
		cmocka_unit_test(lines_have_a_time_a_mark_and_no_secret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
