/* Archives, read again with nothing of ours but zlib's inflate. (python's
 * zipfile reads them in tests/e2e/test_mail.py.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/zip.h"

#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define DIRECTORY_BYTES 46
#define END_BYTES	22

static uint32_t
get(const unsigned char *at, int bytes)
{
	uint32_t value = 0;
	for (int i = bytes - 1; i >= 0; i--)
		value = value << 8 | at[i];
	return value;
}

static void
add(struct zip *zip, const char *name, const char *text, size_t len)
{
	struct err err = { 0 };
	FILE *in = tmpfile();
	fwrite(text, 1, len, in);
	rewind(in);
	assert_int_equal(zip_add(zip, name, in, 1795305600000, &err), 0);
	fclose(in);
}

/* The file that the directory's entry at AT describes is TEXT. */
static void
assert_holds(const unsigned char *archive, const unsigned char *at,
    const char *name, const char *text, size_t len)
{
	char *plain = malloc(len + 1);
	const unsigned char *local = archive + get(at + 42, 4);
	z_stream stream = { 0 };
	assert_int_equal(get(at, 4), 0x02014b50);
	assert_int_equal(get(local, 4), 0x04034b50);
	assert_int_equal(get(at + 24, 4), len);
	assert_int_equal(get(at + 28, 2), strlen(name));
	assert_memory_equal(at + DIRECTORY_BYTES, name, strlen(name));
	assert_memory_equal(local + 30, name, strlen(name));
	stream.next_in = (unsigned char *)(uintptr_t)local + 30 + strlen(name);
	stream.avail_in = get(at + 20, 4);
	stream.next_out = (unsigned char *)plain;
	stream.avail_out = (uInt)len + 1;
	assert_int_equal(inflateInit2(&stream, -15), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.total_out, len);
	assert_memory_equal(plain, text, len);
	assert_int_equal(
	    get(at + 16, 4), crc32(0, (const unsigned char *)text, (uInt)len));
	/* The data descriptor behind it says the same. */
	assert_int_equal(get(stream.next_in, 4), 0x08074b50);
	assert_int_equal(get(stream.next_in + 4, 4), get(at + 16, 4));
	assert_int_equal(get(stream.next_in + 8, 4), get(at + 20, 4));
	assert_int_equal(get(stream.next_in + 12, 4), len);
	inflateEnd(&stream);
	free(plain);
}

static void
test_archive(void **state)
{
	size_t len = 300000;
	char *large = malloc(len), *data = NULL;
	size_t size = 0;
	struct err err = { 0 };
	(void)state;
	for (size_t i = 0; i < len; i++)
		large[i] = (char)(i * 2654435761u >> 24);
	FILE *out = open_memstream(&data, &size);
	struct zip *zip = zip_new(out);
	add(zip, "large.log", large, len);
	add(zip, "empty.log", "", 0);
	add(zip, "Z\303\274rich.log", "one\n", 4);
	assert_int_equal(zip_finish(zip, &err), 0);
	zip_free(zip);
	fclose(out);
	const unsigned char *archive = (unsigned char *)data;
	const unsigned char *end = archive + size - END_BYTES;
	assert_int_equal(get(end, 4), 0x06054b50);
	assert_int_equal(get(end + 10, 2), 3);
	const unsigned char *at = archive + get(end + 16, 4);
	assert_ptr_equal(at + get(end + 12, 4), end);
	assert_holds(archive, at, "large.log", large, len);
	at += DIRECTORY_BYTES + 9;
	assert_holds(archive, at, "empty.log", "", 0);
	at += DIRECTORY_BYTES + 9;
	assert_holds(archive, at, "Z\303\274rich.log", "one\n", 4);
	free(large);
	free(data);
}

static void
test_a_full_disk_is_said(void **state)
{
	struct err err = { 0 };
	(void)state;
	FILE *out = fopen("/dev/full", "w");
	if (!out)
		skip();
	struct zip *zip = zip_new(out);
	assert_int_equal(zip_finish(zip, &err), -1);
	assert_non_null(strstr(err.text, "No space left"));
	zip_free(zip);
	fclose(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_archive),
		cmocka_unit_test(test_a_full_disk_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
