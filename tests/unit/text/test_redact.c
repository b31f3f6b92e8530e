/* Redaction: no byte of a secret may be left, whatever stands around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/redact.h"

#include "base/buf.h"
#include "base/deadline.h"
#include "base/secret.h"

#include <stdio.h>
#include <string.h>

static void
expect(const char *const *secrets, const char *text, size_t len,
    const char *wanted, size_t wanted_len)
{
	struct redactor redactor = { 0 };
	struct secret *owned[4] = { NULL };
	struct buf out;
	for (size_t i = 0; secrets[i]; i++) {
		owned[i] = secret_new(secrets[i], strlen(secrets[i]));
		redactor_add(&redactor, owned[i]);
	}
	buf_init(&out, 1 << 20);
	redact_add(&redactor, &out, text, len);
	assert_string_equal(buf_str(&out), wanted);
	assert_int_equal(out.len, wanted_len);
	buf_clear(&out);
	for (size_t i = 0; i < 4; i++)
		secret_free(owned[i]);
}

static void
no_secret_is_left(void **state)
{
	(void)state;
	static const struct {
		const char *secrets[4];
		const char *text, *wanted;
	} cases[] = {
		{ { "pw" }, "", "" },
		{ { NULL }, "nothing to hide", "nothing to hide" },
		{ { "pw" }, "pw", "<redacted>" },
		{ { "pw" }, "a pw b pw", "a <redacted> b <redacted>" },
		{ { "pw" }, "pwpw", "<redacted><redacted>" },
		{ { "pw" }, "p w", "p w" },
		{ { "aa" }, "aaaa", "<redacted>" },
		{ { "abc" }, "ab", "ab" },
		{ { "abc" }, "ababc", "ab<redacted>" },
		/* The longer of two that begin at one place. */
		{ { "pass", "password" }, "password", "<redacted>" },
		{ { "password", "pass" }, "password", "<redacted>" },
		{ { "password", "pass" }, "passwort", "<redacted>wort" },
		{ { "one", "two" }, "two one", "<redacted> <redacted>" },
		{ { "redacted", "x" }, "x", "<redacted>" },
		/* Wrapped by a terminal: the lines stay lines. */
		{ { "password" }, "a pass\nword b\n", "a <redacted>\n b\n" },
		{ { "password" }, "pa\nsswo\nrd\n\n", "<redacted>\n\n\n\n" },
		{ { "password" }, "\n\npassword", "\n\n<redacted>" },
		{ { "password" }, "pass\n\nwort\n", "pass\n\nwort\n" },
		{ { "pass", "word" }, "pa\nssword", "<redacted>\n<redacted>" },
		/* Where secrets stand, and what is known there too. */
		{ { "sesame" }, "key 7 0822sesame5D", "key 7 <redacted>" },
		{ { "sesame" }, "sesame#key 7 08225D",
		    "<redacted>#key 7 <redacted>" },
		{ { "\xff\xfe" },
		    "a\xff\xfe"
		    "b",
		    "a<redacted>b" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect(cases[i].secrets, cases[i].text, strlen(cases[i].text),
		    cases[i].wanted, strlen(cases[i].wanted));
}

static void
overlapping_secrets_leave_nothing(void **state)
{
	(void)state;
	static const char *const secrets[] = { "hunter22", "22secret", NULL };
	expect(secrets, "hunter22secret", 14, "<redacted>", 10);
}

static void
an_open_end_may_go_on(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t open;
	} cases[] = { { "", 0 }, { "nothing", 0 }, { "a s", 1 },
		{ "a sesam", 5 }, { "sesame", 0 }, { "sesames", 1 },
		{ "s\nes", 4 }, { "ses\n", 4 }, { "sesx", 0 }, { "tw", 2 },
		{ "sestwo tw", 2 } };
	struct redactor redactor = { 0 };
	struct secret *first = secret_new("sesame", 6);
	struct secret *second = secret_new("twofold", 7);
	redactor_add(&redactor, first);
	redactor_add(&redactor, second);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(redact_open_end(&redactor, cases[i].text,
				     strlen(cases[i].text)),
		    cases[i].open);
	secret_free(first);
	secret_free(second);
}

static void
expect_learnt(
    const struct redactor *redactor, const char *text, const char *wanted)
{
	struct buf out;
	buf_init(&out, 1000);
	redact_add(redactor, &out, text, strlen(text));
	assert_string_equal(buf_str(&out), wanted);
	buf_clear(&out);
}

static void
what_was_sent_is_learnt(void **state)
{
	(void)state;
	struct redactor redactor = { 0 };
	struct secret *secret = secret_new("sesame", 6);
	char line[64];
	redactor_add(&redactor, secret);
	redactor_learn(&redactor, "permit ip any any log", 21);
	redactor_learn(&redactor, "key 7 short", 11);
	redactor_learn(&redactor, "snmp-server community quayside RO", 33);
	/* An echo that lost a letter, and one that was wrapped. */
	expect_learnt(&redactor, "snmp-server comunity quayside RO, short",
	    "snmp-server comunity <redacted> RO, short");
	expect_learnt(
	    &redactor, "quay\nside sesame", "<redacted>\n <redacted>");
	for (int i = 0; i < REDACT_LEARNT_MAX; i++) {
		int len = snprintf(line, sizeof(line), "key 7 secret-%d", i);
		redactor_learn(&redactor, line, (size_t)len);
	}
	expect_learnt(&redactor, "quayside secret-0 secret-7 sesame",
	    "quayside <redacted> <redacted> <redacted>");
	redactor_forget(&redactor);
	expect_learnt(&redactor, "secret-7 sesame", "secret-7 <redacted>");
	secret_free(secret);
}

static void
nothing_and_empty_are_no_secrets(void **state)
{
	(void)state;
	struct redactor redactor = { 0 };
	struct secret *empty = secret_new("", 0);
	redactor_add(&redactor, NULL);
	redactor_add(&redactor, empty);
	assert_int_equal(redactor.count, 0);
	secret_free(empty);
}

static void
a_nul_in_the_text_ends_nothing(void **state)
{
	(void)state;
	struct redactor redactor = { 0 };
	struct secret *secret = secret_new("pw", 2);
	struct buf out;
	redactor_add(&redactor, secret);
	buf_init(&out, 100);
	redact_add(&redactor, &out, "a\0pw", 4);
	assert_int_equal(out.len, 2 + strlen(REDACT_MARK));
	assert_memory_equal(buf_str(&out), "a\0" REDACT_MARK, out.len);
	buf_clear(&out);
	secret_free(secret);
}

/* A device that repeats one secret for ever must not cost a search of the
 * whole rest for the other each time. (Small, as the address sanitizer makes
 * memmem(3) look at all of the text.) */
static void
many_secrets_cost_linear_time(void **state)
{
	(void)state;
	struct redactor redactor = { 0 };
	struct secret *often = secret_new("xyz1", 4);
	struct secret *never = secret_new("qqqq", 4);
	struct buf text, out;
	buf_init(&text, 400 << 10);
	buf_init(&out, 4 << 20);
	while (text.len + 4 <= text.limit)
		buf_adds(&text, "xyz1");
	redactor_add(&redactor, often);
	redactor_add(&redactor, never);
	int64_t start = clock_ms();
	redact_add(&redactor, &out, buf_str(&text), text.len);
	assert_int_equal(out.len, text.len / 4 * strlen(REDACT_MARK));
	assert_true(clock_ms() - start < 5000);
	buf_clear(&text);
	buf_clear(&out);
	secret_free(often);
	secret_free(never);
}

static void
no_half_is_left_at_a_cut(void **state)
{
	(void)state;
	static const struct {
		const char *secrets[4];
		const char *text;
		size_t keep;
	} cases[] = {
		{ { "sesame" }, "", 0 },
		{ { NULL }, "open sesa", 9 },
		{ { "sesame" }, "open sesa", 5 },
		{ { "sesame" }, "open s", 5 },
		{ { "sesame" }, "open sesame", 11 }, /* whole: found anyhow */
		{ { "sesame" }, "open same", 9 },
		{ { "sesame" }, "sesa", 0 },
		{ { "s" }, "ess", 3 },
		{ { "one", "two" }, "a tw", 2 },
		{ { "same", "sesame" }, "a sesa", 2 },
		{ { "sesame", "same" }, "a sesa", 2 },
		/* A whole one that ends in a begun one. */
		{ { "aa" }, "xaa", 1 },
		{ { "abab" }, "-ababab", 1 },
		{ { "aba" }, "-abab", 1 },
		{ { "xyz", "zebra" }, "-xyzeb", 1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct redactor redactor = { 0 };
		struct secret *owned[4] = { NULL };
		for (size_t j = 0; cases[i].secrets[j]; j++) {
			const char *text = cases[i].secrets[j];
			owned[j] = secret_new(text, strlen(text));
			redactor_add(&redactor, owned[j]);
		}
		if (redact_cut_len(&redactor, cases[i].text,
			strlen(cases[i].text)) != cases[i].keep)
			fail_msg("case %zu: %s", i, cases[i].text);
		for (size_t j = 0; j < 4; j++)
			secret_free(owned[j]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_secret_is_left),
		cmocka_unit_test(overlapping_secrets_leave_nothing),
		cmocka_unit_test(an_open_end_may_go_on),
		cmocka_unit_test(what_was_sent_is_learnt),
		cmocka_unit_test(nothing_and_empty_are_no_secrets),
		cmocka_unit_test(a_nul_in_the_text_ends_nothing),
		cmocka_unit_test(no_half_is_left_at_a_cut),
		cmocka_unit_test(many_secrets_cost_linear_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
