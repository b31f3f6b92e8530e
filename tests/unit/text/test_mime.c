/* Header fields and bodies: what comes out, and that no text gets out of the
 * place that it was given. (An independent reader: tests/e2e/test_mail.py.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/mime.h"

#include "base/str.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *written;
static size_t written_len;

static FILE *
begin(void)
{
	free(written);
	written = NULL;
	return open_memstream(&written, &written_len);
}

static void
assert_lines_are_sound(void)
{
	const char *line = written, *end;
	for (; (end = strstr(line, "\r\n")); line = end + 2) {
		assert_true(end - line <= 78);
		for (const char *c = line; c < end; c++)
			assert_true(*c == '\t' || (*c >= ' ' && *c <= '~'));
	}
	assert_string_equal(line, "");
}

static void
field(const char *text)
{
	FILE *out = begin();
	mime_put_field(out, "Subject", text);
	fclose(out);
	assert_lines_are_sound();
}

static void
text_of(const char *text, size_t len)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, len, "r");
	FILE *out = begin();
	mime_put_text(out, in);
	fclose(out);
	fclose(in);
	assert_lines_are_sound();
}

static void
test_plain_field(void **state)
{
	(void)state;
	field("[netpush] OK 40/40 acl_push");
	assert_string_equal(
	    written, "Subject: [netpush] OK 40/40 acl_push\r\n");
}

static void
test_plain_field_is_folded_at_its_blanks(void **state)
{
	(void)state;
	field("aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff "
	      "ggggggggg hhhhhhhhh");
	assert_string_equal(written,
	    "Subject: aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee "
	    "fffffffff\r\n ggggggggg hhhhhhhhh\r\n");
}

static void
test_encoded_field(void **state)
{
	(void)state;
	field("Z\303\274rich");
	assert_string_equal(written, "Subject: =?UTF-8?B?WsO8cmljaA==?=\r\n");
}

static void
test_what_looks_encoded_is_encoded(void **state)
{
	(void)state;
	field("=?UTF-8?Q?x?=");
	assert_string_equal(
	    written, "Subject: =?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=\r\n");
}

static void
test_no_field_begins_another(void **state)
{
	static const char *const texts[] = { "a\r\nBcc: x@example.net",
		"a\nBcc: x@example.net", "a\r\n\r\nbody", "\r\n.\r\n" };
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		field(texts[i]);
		/* Folded lines begin with a blank; nothing else follows. */
		for (char *at = written; (at = strstr(at, "\r\n")); at += 2)
			assert_true(at[2] == ' ' || at[2] == '\0');
	}
	/* Nor for a reader who has decoded it: blanks are left. */
	field("a\r\nb");
	assert_string_equal(written, "Subject: =?UTF-8?B?YSAgYg==?=\r\n");
}

static void
test_characters_stay_whole(void **state)
{
	char text[200] = "";
	(void)state;
	/* Three bytes each: 36 is a multiple, so shift them by one. */
	snprintf(text, sizeof(text), "x%s%s%s%s",
	    "\342\202\254\342\202\254\342\202\254\342\202\254\342\202\254",
	    "\342\202\254\342\202\254\342\202\254\342\202\254\342\202\254",
	    "\342\202\254\342\202\254\342\202\254\342\202\254\342\202\254",
	    "\342\202\254\342\202\254\342\202\254\342\202\254\342\202\254");
	field(text);
	/* 34 bytes in the first word: x and eleven whole characters. */
	assert_string_equal(written,
	    "Subject: =?UTF-8?B?"
	    "eOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrA==?=\r\n"
	    " =?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?=\r\n");
}

static void
test_bytes_that_are_no_text(void **state)
{
	char text[1000];
	(void)state;
	memset(text, 0xbf, sizeof(text));
	text[sizeof(text) - 1] = '\0';
	field(text);
	text[0] = 'x';
	field(text);
}

static void
test_a_field_is_bounded(void **state)
{
	static char text[100000];
	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	field(text);
	assert_true(written_len < 4 * MIME_FIELD_LIMIT_BYTES);
}

static void
test_addresses(void **state)
{
	struct strs list = { 0 };
	(void)state;
	strs_add(&list, "first@example.net");
	strs_add(&list, "second-with-a-longer-name@example.net");
	strs_add(&list, "third@example.net");
	FILE *out = begin();
	mime_put_addresses(out, "To", &list);
	fclose(out);
	assert_string_equal(written,
	    "To: first@example.net, second-with-a-longer-name@example.net,\r\n"
	    " third@example.net\r\n");
	assert_lines_are_sound();
	strs_clear(&list);
}

static void
parameter(const char *value)
{
	FILE *out = begin();
	mime_put_parameter(out, "filename", value);
	fclose(out);
	assert_lines_are_sound();
}

static void
test_parameters(void **state)
{
	(void)state;
	parameter("result.json");
	assert_string_equal(written, ";\r\n\tfilename=\"result.json\"\r\n");
	parameter("a\"b\r\nBcc: x");
	assert_string_equal(
	    written, ";\r\n\tfilename*0*=UTF-8''a%22b%0D%0ABcc%3A%20x\r\n");
	char name[254];
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	parameter(name);
	assert_non_null(strstr(written, ";\r\n\tfilename*3*=nnn"));
}

static void
test_text(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "a\nb\r\nc", "a\r\nb\r\nc\r\n" },
		{ "1 = 2\n", "1 =3D 2\r\n" },
		{ "blank \ntab\t\n", "blank=20\r\ntab=09\r\n" },
		{ "\n\n", "\r\n\r\n" },
		{ ".\n..x\n", "=2E\r\n=2E.x\r\n" },
		{ "From me\n>From\n", "=46rom me\r\n>From\r\n" },
		{ "\303\244\033[2J\n", "=C3=A4=1B[2J\r\n" },
		{ "a\rb\n", "a=0Db\r\n" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_of(cases[i].in, strlen(cases[i].in));
		assert_string_equal(written, cases[i].out);
	}
	text_of("a\0b\n", 4);
	assert_string_equal(written, "a=00b\r\n");
}

static void
test_long_lines(void **state)
{
	char text[300];
	(void)state;
	memset(text, '.', sizeof(text));
	text_of(text, sizeof(text));
	/* No line begins with a full stop, wherever it is broken. */
	assert_null(strstr(written, "\n."));
	memset(text, '=', sizeof(text));
	text_of(text, sizeof(text));
}

static void
test_base64(void **state)
{
	char bytes[100] = { 0 };
	(void)state;
	FILE *in = fmemopen(bytes, sizeof(bytes), "r"), *out = begin();
	mime_put_base64(out, in);
	fclose(out);
	fclose(in);
	assert_lines_are_sound();
	assert_int_equal(strcspn(written, "\r"), 76);
	assert_int_equal(written_len, 76 + 2 + 60 + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_field),
		cmocka_unit_test(test_plain_field_is_folded_at_its_blanks),
		cmocka_unit_test(test_encoded_field),
		cmocka_unit_test(test_what_looks_encoded_is_encoded),
		cmocka_unit_test(test_no_field_begins_another),
		cmocka_unit_test(test_characters_stay_whole),
		cmocka_unit_test(test_bytes_that_are_no_text),
		cmocka_unit_test(test_a_field_is_bounded),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_base64),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(written);
	return failed;
}
