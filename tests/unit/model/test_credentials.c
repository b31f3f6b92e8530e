/* Secrets from files, the environment and systemd's directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/secret.h"
#include "model/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/netpush-credentials-XXXXXX";
static char path[sizeof(dir) + 16];

static void
put(const char *text, size_t len, mode_t mode)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
test_files(void **state)
{
	(void)state;
	static char wide[1500];
	memset(wide, 'x', sizeof(wide));
	const struct {
		const char *text;
		size_t len;
		mode_t mode;
		const char *secret; /* NULL: refused with... */
		const char *why;
	} cases[] = {
		{ "geheim\n", 7, 0600, "geheim", NULL },
		{ "geheim", 6, 0400, "geheim", NULL },
		{ "geheim\r\nmore\n", 13, 0600, "geheim", NULL },
		{ " a b \n", 6, 0600, " a b ", NULL },
		{ "geheim\n", 7, 0640, NULL, "chmod 600" },
		{ "geheim\n", 7, 0604, NULL, "mode 0604" },
		{ "", 0, 0600, NULL, "no password" },
		{ "\nsecond\n", 8, 0600, NULL, "no password" },
		{ wide, sizeof(wide), 0600, NULL, "longer than" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = { 0 };
		put(cases[i].text, cases[i].len, cases[i].mode);
		struct secret *secret = credentials_read_file(path, &err);
		if (cases[i].secret) {
			assert_non_null(secret);
			assert_string_equal(
			    secret_reveal(secret), cases[i].secret);
		} else {
			assert_null(secret);
			assert_int_equal(err.kind, ERR_JOB);
			assert_non_null(strstr(err.text, cases[i].why));
		}
		secret_free(secret);
	}
	struct err err = { 0 };
	unlink(path);
	assert_null(credentials_read_file(path, &err));
	assert_non_null(strstr(err.text, "cannot be opened"));
}

static void
test_environment_is_emptied(void **state)
{
	(void)state;
	assert_null(credentials_take_env("NETPUSH_TEST_SECRET"));
	setenv("NETPUSH_TEST_SECRET", "", 1);
	assert_null(credentials_take_env("NETPUSH_TEST_SECRET"));
	setenv("NETPUSH_TEST_SECRET", "geheim", 1);
	char *place = getenv("NETPUSH_TEST_SECRET");
	struct secret *secret = credentials_take_env("NETPUSH_TEST_SECRET");
	assert_string_equal(secret_reveal(secret), "geheim");
	assert_int_equal(secret_len(secret), 6);
	assert_null(getenv("NETPUSH_TEST_SECRET"));
	/* The bytes themselves are gone, not only the name. */
	assert_string_equal(place, "");
	secret_free(secret);
}

static void
test_systemd(void **state)
{
	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_null(credentials_from_systemd("secret"));
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	assert_null(credentials_from_systemd("secret"));
	put("geheim\n", 7, 0440); /* systemd's own mode */
	struct secret *secret = credentials_from_systemd("secret");
	assert_non_null(secret);
	assert_string_equal(secret_reveal(secret), "geheim");
	secret_free(secret);
	unlink(path);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
test_clear(void **state)
{
	(void)state;
	struct credentials credentials = {
		.username = strdup("neteng"),
		.password = secret_new("a", 1),
		.enable = secret_new("b", 1),
	};
	credentials_clear(&credentials);
	assert_null(credentials.username);
	assert_null(credentials.password);
	credentials_clear(&credentials);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_environment_is_emptied),
		cmocka_unit_test(test_systemd),
		cmocka_unit_test(test_clear),
	};
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/secret", dir);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
