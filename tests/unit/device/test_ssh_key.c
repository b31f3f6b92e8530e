/* A private key out of OpenSSH's file: what it signs with, and what is none.
 * The key was made for this test and is used for nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device/ssh_key.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static const char file[] =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
    "QyNTUxOQAAACC0MiewXlRRu/KRVL/qVogPLvd2FkikgXiyAfUP2hjtRQAAAIioL63sqC+t\n"
    "7AAAAAtzc2gtZWQyNTUxOQAAACC0MiewXlRRu/KRVL/qVogPLvd2FkikgXiyAfUP2hjtRQ\n"
    "AAAECMJqSDtbZl1Yj5weRSXj0avqRcComD/h9Cm/bG35DfQbQyJ7BeVFG78pFUv+pWiA8u\n"
    "93YWSKSBeLIB9Q/aGO1FAAAABHRlc3QB\n"
    "-----END OPENSSH PRIVATE KEY-----\n";

static void
a_plain_key_is_read(void **state)
{
	(void)state;
	unsigned char one[SSH_KEY_SIGNATURE_BYTES],
	    two[SSH_KEY_SIGNATURE_BYTES];
	static const unsigned char head[] = "\0\0\0\13ssh-ed25519\0\0\0 ";
	struct ssh_key *key = ssh_key_parse(file, strlen(file));
	assert_non_null(key);
	assert_memory_equal(ssh_key_blob(key), head, sizeof(head) - 1);
	/* RFC 8032: one text has one signature, another has another. */
	assert_int_equal(ssh_key_sign(key, "text", 4, one), 0);
	assert_int_equal(ssh_key_sign(key, "text", 4, two), 0);
	assert_memory_equal(one, two, sizeof(one));
	assert_int_equal(ssh_key_sign(key, "test", 4, two), 0);
	assert_memory_not_equal(one, two, sizeof(one));
	ssh_key_free(key);
}

static void
every_other_text_is_none(void **state)
{
	(void)state;
	size_t len = strlen(file), parsed = 0;
	static const char *const texts[] = { "", "-----BEGIN",
		"-----BEGIN OPENSSH PRIVATE KEY-----",
		"-----BEGIN OPENSSH PRIVATE KEY-----\n"
		"-----END OPENSSH PRIVATE KEY-----\n",
		"-----END OPENSSH PRIVATE KEY-----\n"
		"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(ssh_key_parse(texts[i], strlen(texts[i])));
	/* Cut anywhere, and with any of its bytes changed. */
	for (size_t cut = 0; cut < len - 1; cut++) {
		char *part = xmemdup(file, cut + 1);
		struct ssh_key *key = ssh_key_parse(part, cut);
		assert_null(key);
		free(part);
	}
	char *changed = xstrdup(file);
	for (size_t i = 0; i < len; i++) {
		changed[i] = file[i] == 'A' ? 'B' : 'A';
		struct ssh_key *key = ssh_key_parse(changed, len);
		parsed += key != NULL;
		ssh_key_free(key);
		changed[i] = file[i];
	}
	/* The comment, the padding and the two numbers say nothing of it; of
	 * the key itself one half is compared with its copy. */
	assert_true(parsed < len / 2);
	free(changed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_key_is_read),
		cmocka_unit_test(every_other_text_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
