/* The small modules: stages, faults, HMAC-SHA1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device/crypto.h"
#include "device/fault.h"
#include "device/step.h"
#include "device/target.h"

#include <string.h>

static void
test_stages_go_round(void **state)
{
	(void)state;
	enum stage stage;
	for (unsigned i = 0; i < STAGE__COUNT; i++) {
		assert_true(stage_get(stage_name((enum stage)i), &stage));
		assert_int_equal(stage, i);
	}
	assert_false(stage_get("", &stage));
	assert_false(stage_get("Change", &stage));
	assert_string_equal(stage_name(STAGE__COUNT), "none");
}

static void
test_step_statuses_go_round(void **state)
{
	(void)state;
	enum step_status status;
	for (unsigned i = 0; i < STEP_STATUS__COUNT; i++) {
		assert_true(step_status_get(
		    step_status_name((enum step_status)i), &status));
		assert_int_equal(status, i);
	}
	assert_false(step_status_get("pending", &status));
}

static void
test_the_first_place_of_a_fault_is_kept(void **state)
{
	(void)state;
	struct fault fault = { 0 };
	fault_at(&fault, 0, NULL, "device");
	fault_at(&fault, 3, "sent", "another");
	fault_at(&fault, 4, "later", NULL);
	assert_int_equal(fault.line, 3);
	assert_string_equal(fault.sent, "sent");
	assert_string_equal(fault.device_text, "device");
	fault_clear(&fault);
	assert_null(fault.sent);
	assert_int_equal(fault.err.kind, ERR_NONE);
	fault_clear(&fault);
}

/* Test cases 1 and 2 of RFC 2202, section 3. */
static void
test_hmac_sha1(void **state)
{
	(void)state;
	static const unsigned char
	    first[] = "\xb6\x17\x31\x86\x55\x05\x72\x64\xe2\x8b"
		      "\xc0\xb6\xfb\x37\x8c\x8e\xf1\x46\xbe\x00";
	static const unsigned char
	    second[] = "\xef\xfc\xdf\x6a\xe5\xeb\x2f\xa2\xd2\x74"
		       "\x16\xd5\xf1\x84\xdf\x9c\x25\x9a\x7c\x79";
	static const char asked[] = "what do ya want for nothing?";
	unsigned char key[20], out[CRYPTO_SHA1_BYTES];
	memset(key, 0x0b, sizeof(key));
	assert_true(crypto_hmac_sha1(key, sizeof(key), "Hi There", 8, out));
	assert_memory_equal(out, first, sizeof(out));
	assert_true(crypto_hmac_sha1("Jefe", 4, asked, sizeof(asked) - 1, out));
	assert_memory_equal(out, second, sizeof(out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stages_go_round),
		cmocka_unit_test(test_step_statuses_go_round),
		cmocka_unit_test(test_the_first_place_of_a_fault_is_kept),
		cmocka_unit_test(test_hmac_sha1),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
