/* Base64: the vectors of RFC 4648, what is not canonical, and random bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base64.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

static void
what_is_not_canonical_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"A", "AA", "AAA", "AAAAA", /* not whole groups */
		"=", "====", "A===", "=AAA", "AA=A", /* padding's place */
		"Zg==Zm8=", "Zg==\n", "Zm9v\n", "Zm 9v", /* padding, blanks */
		"Zm9\xc3", "Zm-_", "Zm9v!", "****", /* other letters */
		"Zh==", "Zm9=", /* bits under the padding that are not 0 */
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct buf out;
		buf_init(&out, 100);
		if (base64_get(bad[i], &out))
			fail_msg("%s was taken", bad[i]);
		buf_clear(&out);
	}
}

static void
a_full_buffer_is_no_success(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 5);
	assert_false(base64_get("Zm9vYmFy", &out)); /* six bytes */
	assert_true(out.cut);
	buf_clear(&out);
}

static void
the_vectors_of_the_rfc(void **state)
{
	(void)state;
	static const char *const vectors[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xff\xff\xfe", "///+" },
	};
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct buf out;
		char *text = base64_put(vectors[i][0], strlen(vectors[i][0]));
		assert_string_equal(text, vectors[i][1]);
		free(text);
		buf_init(&out, 100);
		assert_true(base64_get(vectors[i][1], &out));
		assert_string_equal(buf_str(&out), vectors[i][0]);
		buf_clear(&out);
	}
}

static void
random_bytes_come_back(void **state)
{
	(void)state;
	srand(4648);
	for (size_t len = 0; len < 300; len++) {
		unsigned char bytes[300];
		struct buf out;
		for (size_t i = 0; i < len; i++)
			bytes[i] = (unsigned char)rand();
		char *text = base64_put(bytes, len);
		assert_int_equal(strlen(text), (len + 2) / 3 * 4);
		buf_init(&out, sizeof(bytes));
		assert_true(base64_get(text, &out));
		assert_int_equal(out.len, len);
		assert_memory_equal(buf_str(&out), bytes, len);
		buf_clear(&out);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_canonical_is_refused),
		cmocka_unit_test(a_full_buffer_is_no_success),
		cmocka_unit_test(the_vectors_of_the_rfc),
		cmocka_unit_test(random_bytes_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
