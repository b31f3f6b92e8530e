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

/* What FN says, as it stands in the file, without the times. */
static void
expect_written(void (*fn)(struct transcript *), const char *secret_text,
    const char *wanted)
{
	char path[] = "/tmp/netpush-transcript-XXXXXX";
	struct redactor redactor = { 0 };
	struct secret *secret = secret_new(secret_text, strlen(secret_text));
	struct strs lines = { 0 };
	struct buf text, got;
	struct err err;
	close(mkstemp(path));
	redactor_add(&redactor, secret);
	struct transcript *transcript = transcript_open(path, &redactor);
	fn(transcript);
	transcript_close(transcript);
	buf_init(&text, 1 << 20);
	buf_init(&got, 1 << 20);
	assert_int_equal(file_read(path, &text, &err), 0);
	strs_add_lines(&lines, buf_str(&text));
	for (size_t i = 0; i < lines.count; i++)
		buf_addf(&got, "%s\n", lines.items[i] + 25);
	assert_string_equal(buf_str(&got), wanted);
	unlink(path);
	strs_clear(&lines);
	buf_clear(&text);
	buf_clear(&got);
	secret_free(secret);
}

static void
say(struct transcript *transcript, char mark, const char *text)
{
	transcript_line(transcript, mark, text, strlen(text));
}

static void
wrap(struct transcript *transcript)
{
	say(transcript, '<', "R1#");
	say(transcript, '>', "username a secret x");
	say(transcript, '<', "you said ses");
	say(transcript, '>', "show clock");
	say(transcript, '<', "am");
	say(transcript, '#', "a note");
	say(transcript, '<', "e, is it?");
	say(transcript, '<', "noses");
	say(transcript, '<', "amble");
	say(transcript, '>', "snmp-server community quayside RO");
	say(transcript, '<', "snmp-server communit quay");
	say(transcript, '<', "side RO");
	say(transcript, '<', "ends in sesa");
}

static void
a_secret_is_gone_over_lines_and_their_order_stays(void **state)
{
	(void)state;
	expect_written(wrap, "sesame",
	    "< R1#\n> username a secret <redacted>\n< you said <redacted>\n"
	    "> show clock\n< \n# a note\n< , is it?\n< noses\n< amble\n"
	    "> snmp-server community <redacted> RO\n"
	    "< snmp-server communit <redacted>\n<  RO\n"
	    "< ends in <redacted>\n");
}

static void
end_often(struct transcript *transcript)
{
	for (int i = 0; i < 100; i++) {
		say(transcript, '<', "R1#");
		say(transcript, '>', "x");
	}
}

static void
end_for_long(struct transcript *transcript)
{
	say(transcript, '<', "R1#");
	for (int i = 0; i < 100; i++)
		say(transcript, '>', "x");
}

/* A secret that begins like the prompt ends. */
static void
nothing_is_held_for_ever(void **state)
{
	(void)state;
	struct buf wanted;
	buf_init(&wanted, 1 << 16);
	for (int i = 0; i < 100; i++)
		buf_adds(&wanted, "< R1#\n> x\n");
	expect_written(end_often, "#sesame", buf_str(&wanted));
	buf_reset(&wanted);
	buf_adds(&wanted, "< R1#\n");
	for (int i = 0; i < 100; i++)
		buf_adds(&wanted, "> x\n");
	expect_written(end_for_long, "#sesame", buf_str(&wanted));
	buf_clear(&wanted);
}

#define BODY "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"

/* Sent and heard are two texts: the echo comes while the rest is sent. */
static void
show_key(struct transcript *transcript)
{
	say(transcript, '>', "-----BEGIN PRIVATE KEY-----");
	say(transcript, '>', BODY);
	say(transcript, '<', "R1(config)#-----BEGIN PRIVATE KEY-----");
	say(transcript, '>', "short");
	say(transcript, '>', "-----END PRIVATE KEY-----");
	say(transcript, '<', BODY);
	say(transcript, '>', "show");
	say(transcript, '<', "short");
	say(transcript, '<', "-----END PRIVATE KEY-----");
	say(transcript, '<', "short");
}

static void
a_private_key_is_gone_in_both_directions(void **state)
{
	(void)state;
	expect_written(show_key, "sesame",
	    "> -----BEGIN PRIVATE KEY-----\n> <redacted>\n"
	    "< R1(config)#-----BEGIN PRIVATE KEY-----\n> <redacted>\n"
	    "> -----END PRIVATE KEY-----\n< <redacted>\n> show\n"
	    "< <redacted>\n< -----END PRIVATE KEY-----\n< short\n");
}

static void
send_controls(struct transcript *transcript)
{
	say(transcript, '>', "\x03");
	say(transcript, '>', "a\x16?\tb\x7f");
	say(transcript, '<',
	    "\x1b[2J\xc2\x9b"
	    "31m \xe2\x80\xae"
	    "abc");
	say(transcript, '<', "\xe2\x81\xa6 \xc3\xa4 \xe2\x82\xac \xe2\x80\x93");
}

static void
control_characters_are_shown(void **state)
{
	(void)state;
	expect_written(send_controls, "sesame",
	    "> ^C\n> a^V?\tb^?\n< ^[[2J\\u009b31m \\u202eabc\n"
	    "< \\u2066 \xc3\xa4 \xe2\x82\xac \xe2\x80\x93\n");
}

static void
it_is_cut_at_the_ceiling_and_says_so(void **state)
{
	(void)state;
	char path[] = "/tmp/netpush-transcript-XXXXXX";
	struct redactor none = { 0 };
	struct stat about;
	struct err err;
	struct buf text;
	char *line = xmalloc(200000);
	memset(line, 'x', 200000);
	close(mkstemp(path));
	for (int visit = 0; visit < 2; visit++) {
		struct transcript *transcript = transcript_open(path, &none);
		for (int i = 0; i < 100; i++)
			transcript_line(transcript, '<', line, 200000);
		say(transcript, '<', "short");
		transcript_close(transcript);
	}
	assert_int_equal(stat(path, &about), 0);
	assert_true(about.st_size <= TRANSCRIPT_LIMIT_BYTES);
	assert_true(about.st_size > TRANSCRIPT_LIMIT_BYTES - 300000);
	buf_init(&text, 2 * TRANSCRIPT_LIMIT_BYTES);
	assert_int_equal(file_read(path, &text, &err), 0);
	const char *cut = strstr(buf_str(&text), "# cut here");
	assert_non_null(cut);
	/* The second visit, which finds no room for a long line, says it too;
	 * behind it there is nothing. */
	cut = strstr(cut + 1, "# cut here");
	assert_non_null(cut);
	assert_string_equal(
	    cut, "# cut here: this transcript has reached 16 MB\n");
	buf_clear(&text);
	unlink(path);
	free(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_it_cannot_be_written_nothing_happens),
		cmocka_unit_test(lines_have_a_time_a_mark_and_no_secret),
		cmocka_unit_test(
		    a_secret_is_gone_over_lines_and_their_order_stays),
		cmocka_unit_test(nothing_is_held_for_ever),
		cmocka_unit_test(a_private_key_is_gone_in_both_directions),
		cmocka_unit_test(control_characters_are_shown),
		cmocka_unit_test(it_is_cut_at_the_ceiling_and_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
