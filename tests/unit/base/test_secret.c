/* Secrets: what they hold, and that the kernel was told about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/secret.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void
test_nothing(void **state)
{
	(void)state;
	secret_free(NULL);
	struct secret *secret = secret_new(NULL, 0);
	assert_int_equal(secret_len(secret), 0);
	assert_string_equal(secret_reveal(secret), "");
	secret_free(secret);
}

static void
test_holds_bytes(void **state)
{
	(void)state;
	char word[] = "s3cret";
	struct secret *secret = secret_new(word, 6);
	secret_wipe(word, sizeof(word)); /* it has its own copy */
	assert_string_equal(secret_reveal(secret), "s3cret");
	assert_int_equal(secret_len(secret), 6);
	secret_free(secret);

	secret = secret_new("a\0bcd", 3); /* LEN decides, not a NUL */
	assert_int_equal(secret_len(secret), 3);
	assert_memory_equal(secret_reveal(secret), "a\0b", 4);
	secret_free(secret);
}

static void
test_several_pages(void **state)
{
	(void)state;
	const size_t len = 3 * 4096; /* the NUL needs a page of its own */
	char *text = malloc(len);
	assert_non_null(text);
	memset(text, 'k', len);
	struct secret *secret = secret_new(text, len);
	assert_memory_equal(secret_reveal(secret), text, len);
	assert_int_equal(secret_reveal(secret)[len], '\0');
	secret_free(secret);
	free(text);
}

static void
test_wipe(void **state)
{
	(void)state;
	char word[] = "s3cret";
	secret_wipe(word, 3);
	assert_memory_equal(word, "\0\0\0ret", 7);
	secret_wipe(word, 0);
	assert_memory_equal(word, "\0\0\0ret", 7);
}

/* Finds the flags of the mapping that holds AT; false without /proc. */
static bool
mapping_flags(const void *at, char *flags, int size)
{
	char line[512];
	bool inside = false, found = false;
	FILE *file = fopen("/proc/self/smaps", "r");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		unsigned long from, to;
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (unsigned long)at >= from &&
			    (unsigned long)at < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			found = snprintf(flags, (size_t)size, "%.*s ",
				    (int)strcspn(line + 8, "\n"), line + 8) > 0;
	}
	fclose(file);
	return found;
}

/* "dd": not in core files (proc(5), VmFlags). */
static void
test_not_dumped(void **state)
{
	(void)state;
	char flags[512];
	struct secret *secret = secret_new("x", 1);
	bool known = mapping_flags(secret_reveal(secret), flags, sizeof(flags));
	if (known && !strstr(flags, " dd "))
		fail_msg("flags of the mapping: %s", flags);
	secret_free(secret);
	if (!known)
		skip();
}

/* After the hardening: no core file, and nobody may attach. */
static void
test_harden(void **state)
{
	(void)state;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit limit = { 1, 1 };
		secret_harden_process();
		bool good = prctl(PR_GET_DUMPABLE) == 0 &&
		    getrlimit(RLIMIT_CORE, &limit) == 0 &&
		    limit.rlim_cur == 0 && limit.rlim_max == 0;
		_exit(good ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_holds_bytes),
		cmocka_unit_test(test_several_pages),
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_not_dumped),
		cmocka_unit_test(test_harden),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
