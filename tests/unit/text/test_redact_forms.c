/*
 * The forms of secrets in configurations, on the lines of redact_lines.txt:
 * what must vanish and what must stay, each line also cut anywhere into two
 * reads of a device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/redact.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/str.h"
#include "text/screen.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MIN 100 /* of the file: less would be another file */

static const struct redactor nothing_known;

/* A line of the file as the device sends it, and as it may be written. */
struct line {
	struct buf sent, wanted;
};

static void
line_init(struct line *line, const char *text)
{
	const char *open, *close;
	buf_init(&line->sent, 4096);
	buf_init(&line->wanted, 4096);
	while ((open = strstr(text, "[[")) && (close = strstr(open, "]]"))) {
		while (close[2] == ']')
			close++;
		buf_add(&line->sent, text, (size_t)(open - text));
		buf_add(&line->wanted, text, (size_t)(open - text));
		buf_add(&line->sent, open + 2, (size_t)(close - open) - 2);
		buf_adds(&line->wanted, REDACT_MARK);
		text = close + 2;
	}
	buf_adds(&line->sent, text);
	buf_adds(&line->wanted, text);
}

static void
line_clear(struct line *line)
{
	buf_clear(&line->sent);
	buf_clear(&line->wanted);
}

static void
expect_text(const char *text, size_t len, const char *wanted)
{
	struct buf out;
	buf_init(&out, 16 << 20);
	redact_add(&nothing_known, &out, text, len);
	assert_string_equal(buf_str(&out), wanted);
	buf_clear(&out);
}

static void
read_lines(struct strs *lines)
{
	struct strs all = { 0 };
	struct buf text;
	struct err err;
	buf_init(&text, 1 << 20);
	assert_int_equal(file_read(SOURCE_DIR "/tests/unit/text/"
					      "redact_lines.txt",
			     &text, &err),
	    0);
	strs_add_lines(&all, buf_str(&text));
	for (size_t i = 0; i < all.count; i++)
		if (all.items[i][0] && !str_starts(all.items[i], "# "))
			strs_add(lines, all.items[i]);
	assert_true(lines->count >= LINES_MIN);
	strs_clear(&all);
	buf_clear(&text);
}

static void
each_line_loses_its_secret_and_nothing_else(void **state)
{
	(void)state;
	struct strs lines = { 0 };
	size_t wrong = 0;
	read_lines(&lines);
	for (size_t i = 0; i < lines.count; i++) {
		struct line line;
		struct buf out;
		line_init(&line, lines.items[i]);
		buf_init(&out, 4096);
		redact_add(
		    &nothing_known, &out, buf_str(&line.sent), line.sent.len);
		if (!str_eq(buf_str(&out), buf_str(&line.wanted))) {
			print_error("wanted: %s\n   got: %s\n",
			    buf_str(&line.wanted), buf_str(&out));
			wrong++;
		}
		buf_clear(&out);
		line_clear(&line);
	}
	assert_int_equal(wrong, 0);
	strs_clear(&lines);
}

static void
all_lines_are_one_text(void **state)
{
	(void)state;
	struct strs lines = { 0 };
	struct buf sent, wanted;
	buf_init(&sent, 1 << 20);
	buf_init(&wanted, 1 << 20);
	read_lines(&lines);
	for (size_t i = 0; i < lines.count; i++) {
		struct line line;
		line_init(&line, lines.items[i]);
		buf_addf(&sent, "%s\r\n", buf_str(&line.sent));
		buf_addf(&wanted, "%s\r\n", buf_str(&line.wanted));
		line_clear(&line);
	}
	expect_text(buf_str(&sent), sent.len, buf_str(&wanted));
	buf_clear(&sent);
	buf_clear(&wanted);
	strs_clear(&lines);
}

/* As device/channel and device/transcript do it. */
struct heard {
	enum redact_pem pem;
	struct buf out;
};

static void
hear(void *data, const char *line, size_t len)
{
	struct heard *heard = data;
	redact_add_more(&nothing_known, &heard->pem, &heard->out, line, len);
	buf_addc(&heard->out, '\n');
}

/* TEXT as two reads, cut at CUT. */
static void
expect_heard(const char *text, size_t len, size_t cut, const char *wanted)
{
	struct heard heard = { .pem = REDACT_PEM_NONE };
	struct screen screen;
	buf_init(&heard.out, 1 << 16);
	screen_init(&screen, hear, &heard);
	screen_feed(&screen, text, cut);
	screen_feed(&screen, text + cut, len - cut);
	assert_string_equal(buf_str(&heard.out), wanted);
	screen_clear(&screen);
	buf_clear(&heard.out);
}

static void
no_cut_between_two_reads_matters(void **state)
{
	(void)state;
	struct strs lines = { 0 };
	read_lines(&lines);
	for (size_t i = 0; i < lines.count; i++) {
		struct line line;
		line_init(&line, lines.items[i]);
		buf_adds(&line.sent, "\r\n");
		buf_adds(&line.wanted, "\n");
		for (size_t cut = 0; cut <= line.sent.len; cut++)
			expect_heard(buf_str(&line.sent), line.sent.len, cut,
			    buf_str(&line.wanted));
		line_clear(&line);
	}
	strs_clear(&lines);
}

#define BODY "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
#define REST "hx5r+Vt7rP=="

static const struct {
	const char *text, *wanted;
} keys[] = {
	{ "-----BEGIN RSA PRIVATE KEY-----\n" BODY "\n" REST "\n"
	  "-----END RSA PRIVATE KEY-----\nR1#\n",
	    "-----BEGIN RSA PRIVATE KEY-----\n<redacted>\n<redacted>\n"
	    "-----END RSA PRIVATE KEY-----\nR1#\n" },
	{ "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n" BODY
	  "\nshort\n-----END RSA PRIVATE KEY-----\nshort\n",
	    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n"
	    "<redacted>\n<redacted>\n-----END RSA PRIVATE KEY-----\nshort\n" },
	/* It never ends: the dialogue goes on, though. */
	{ "-----BEGIN OPENSSH PRIVATE KEY-----\n" BODY
	  "\nR1#show clock\nnoon\n",
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n<redacted>\nR1#show clock\n"
	    "noon\n" },
	/* A log line in the middle. */
	{ "-----BEGIN PRIVATE KEY-----\n" BODY "\n%SYS-5-X: up\n" BODY "\n" REST
	  "\n-----END PRIVATE KEY-----\nx\n",
	    "-----BEGIN PRIVATE KEY-----\n<redacted>\n%SYS-5-X: up\n<redacted>"
	    "\n<redacted>\n-----END PRIVATE KEY-----\nx\n" },
	/* Sent line by line behind a prompt, and in a difference. */
	{ "R1(config)#-----BEGIN PRIVATE KEY-----\nR1(config)#" BODY
	  "\nR1(config)#-----END PRIVATE KEY-----\n",
	    "R1(config)#-----BEGIN PRIVATE KEY-----\nR1(config)#<redacted>\n"
	    "R1(config)#-----END PRIVATE KEY-----\n" },
	{ "@@ -1,3 +1,3 @@\n-" BODY "\n-" REST "\n+" BODY "\n end\n",
	    "@@ -1,3 +1,3 @@\n-<redacted>\n-<redacted>\n<redacted>\n end\n" },
	/* All in one line, as in JSON. */
	{ "\"-----BEGIN PRIVATE KEY-----\\n" BODY
	  "\\n-----END PRIVATE KEY-----\\n\", 1\n",
	    "\"-----BEGIN PRIVATE KEY-----<redacted>-----END PRIVATE KEY-----"
	    "\\n\", 1\n" },
	/* A certificate, a digest and a public key are no secrets. */
	{ "-----BEGIN CERTIFICATE-----\n" BODY "\n" REST
	  "\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\n" BODY "\n" REST
	    "\n-----END CERTIFICATE-----\n" },
	{ "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	    "\n" },
	{ "ssh-rsa " BODY " netops\n", "ssh-rsa " BODY " netops\n" },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static void
a_private_key_is_gone_line_by_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++) {
		size_t len = strlen(keys[i].text);
		expect_text(keys[i].text, len, keys[i].wanted);
		for (size_t cut = 0; cut <= len; cut++)
			expect_heard(keys[i].text, len, cut, keys[i].wanted);
	}
}

static void
a_long_line_hides_nothing(void **state)
{
	(void)state;
	struct buf text, out;
	buf_init(&text, 1 << 20);
	buf_init(&out, 1 << 20);
	for (size_t lead = 0; lead < 20000; lead += 1009) {
		buf_reset(&text);
		buf_reset(&out);
		for (size_t i = 0; i < lead; i++)
			buf_addc(&text, 'x');
		buf_adds(&text, " tacacs-server key 7 0701205E5D0A end");
		redact_add(&nothing_known, &out, text.data, text.len);
		assert_null(strstr(buf_str(&out), "0701205E5D0A"));
		assert_non_null(strstr(buf_str(&out), "<redacted> end"));
	}
	buf_clear(&text);
	buf_clear(&out);
}

/* Made to be slow: every stem, and nothing that ends a form. A form that looks
 * back and forth would not end before the test's time does. */
static void
hostile_text_comes_to_an_end(void **state)
{
	(void)state;
	static const char *const words[] = { "username a password ",
		"snmp-server user a auth md5 ", "set tacacs-server key ",
		"key-string \"", "description ", "-----BEGIN ", "neighbor a " };
	struct buf text, out;
	buf_init(&text, getenv("NETPUSH_VALGRIND") ? 8 << 10 : 256 << 10);
	buf_init(&out, 8 << 20);
	for (size_t i = 0; !text.cut; i++)
		buf_adds(&text, words[i * i % 7]);
	redact_add(&nothing_known, &out, text.data, text.len);
	assert_true(out.len > 0);
	buf_clear(&text);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_loses_its_secret_and_nothing_else),
		cmocka_unit_test(all_lines_are_one_text),
		cmocka_unit_test(no_cut_between_two_reads_matters),
		cmocka_unit_test(a_private_key_is_gone_line_by_line),
		cmocka_unit_test(a_long_line_hides_nothing),
		cmocka_unit_test(hostile_text_comes_to_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
