/*
 * Zip archives. The sizes and the checksum of a file are not known before it
 * was read, so they follow it (a data descriptor, APPNOTE 4.3.9), and the
 * directory at the end has them again.
 */
#include "base/zip.h"

#include "base/alloc.h"
#include "base/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#define CHUNK_BYTES	65536
#define NAME_MAX_BYTES	65535
#define ENTRIES_MAX	65534 /* one more would mean "see zip64" */
#define OFFSET_MAX	0xfffffffeu
#define VERSION_NEEDED	20 /* 2.0: deflate */
#define MADE_BY_UNIX	(3 << 8 | VERSION_NEEDED)
#define FLAGS		(1 << 3 | 1 << 11) /* data descriptor, UTF-8 names */
#define METHOD_DEFLATE	8
#define MODE_0600	(0100600u << 16) /* of st_mode, in its upper half */
#define RAW_WINDOW_BITS (-15) /* no zlib header around it */
#define MEMORY_LEVEL	8

struct entry {
	char *name;
	uint32_t crc, packed, size, offset, stamp;
};

struct zip {
	FILE *out;
	uint64_t written;
	struct entry *entries;
	size_t count, cap;
};

const char *
zip_library_version(void)
{
	return zlibVersion();
}

struct zip *
zip_new(FILE *out)
{
	struct zip *zip = xcalloc(1, sizeof(*zip));
	zip->out = out;
	return zip;
}

void
zip_free(struct zip *zip)
{
	if (!zip)
		return;
	for (size_t i = 0; i < zip->count; i++)
		free(zip->entries[i].name);
	free(zip->entries);
	free(zip);
}

static void
put(struct zip *zip, const void *data, size_t len)
{
	zip->written += fwrite(data, 1, len, zip->out);
}

static void
put16(struct zip *zip, unsigned value)
{
	unsigned char bytes[2] = { (unsigned char)value,
		(unsigned char)(value >> 8) };
	put(zip, bytes, sizeof(bytes));
}

static void
put32(struct zip *zip, uint32_t value)
{
	put16(zip, value & 0xffff);
	put16(zip, value >> 16);
}

/* MS-DOS: local time, seconds by two, from 1980. */
static uint32_t
dos_time(int64_t time_ms)
{
	struct tm tm;
	time_t seconds = (time_t)(time_ms / 1000);
	if (!localtime_r(&seconds, &tm) || tm.tm_year < 80)
		return 1 << 21 | 1 << 16; /* 1980-01-01 */
	return (uint32_t)(tm.tm_year - 80) << 25 |
	    (uint32_t)(tm.tm_mon + 1) << 21 | (uint32_t)tm.tm_mday << 16 |
	    (uint32_t)tm.tm_hour << 11 | (uint32_t)tm.tm_min << 5 |
	    (uint32_t)tm.tm_sec / 2;
}

/* What a local header and the directory say alike. */
static void
put_common(struct zip *zip, const struct entry *entry, uint32_t crc,
    uint32_t packed, uint32_t size)
{
	put16(zip, VERSION_NEEDED);
	put16(zip, FLAGS);
	put16(zip, METHOD_DEFLATE);
	put32(zip, entry->stamp);
	put32(zip, crc);
	put32(zip, packed);
	put32(zip, size);
	put16(zip, (unsigned)strlen(entry->name));
	put16(zip, 0); /* no extra field */
}

/* Packs what IN holds; ENTRY gets checksum and sizes. */
static int
deflate_file(struct zip *zip, struct entry *entry, FILE *in, struct err *err)
{
	unsigned char plain[CHUNK_BYTES], packed[CHUNK_BYTES];
	z_stream stream = { 0 };
	uint64_t size = 0, before = zip->written;
	int flush, rc = -1;
	if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
		RAW_WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return err_set(err, ERR_INTERNAL, "zlib cannot begin");
	do {
		size_t len = fread(plain, 1, sizeof(plain), in);
		if (ferror(in)) {
			err_sys(err, ERR_INTERNAL, errno, "%s", entry->name);
			goto out;
		}
		size += len;
		entry->crc = (uint32_t)crc32(entry->crc, plain, (uInt)len);
		flush = feof(in) ? Z_FINISH : Z_NO_FLUSH;
		stream.next_in = plain;
		stream.avail_in = (uInt)len;
		do {
			stream.next_out = packed;
			stream.avail_out = sizeof(packed);
			deflate(&stream, flush);
			put(zip, packed, sizeof(packed) - stream.avail_out);
		} while (stream.avail_out == 0);
	} while (flush != Z_FINISH && size <= OFFSET_MAX && !ferror(zip->out));
	if (size > OFFSET_MAX || zip->written > OFFSET_MAX) {
		err_set(err, ERR_INTERNAL, "%s: is too large for a zip archive",
		    entry->name);
		goto out;
	}
	entry->size = (uint32_t)size;
	entry->packed = (uint32_t)(zip->written - before);
	rc = 0;
out:
	deflateEnd(&stream);
	return rc;
}

int
zip_add(struct zip *zip, const char *name, FILE *in, int64_t time_ms,
    struct err *err)
{
	if (strlen(name) > NAME_MAX_BYTES || zip->count >= ENTRIES_MAX)
		return err_set(err, ERR_INTERNAL,
		    "a zip archive holds no more than %d files", ENTRIES_MAX);
	GROW(zip->entries, zip->count, zip->cap);
	struct entry *entry = &zip->entries[zip->count++];
	*entry = (struct entry){
		.name = xstrdup(name),
		.offset = (uint32_t)zip->written,
		.stamp = dos_time(time_ms),
	};
	put32(zip, 0x04034b50);
	put_common(zip, entry, 0, 0, 0);
	put(zip, name, strlen(name));
	if (deflate_file(zip, entry, in, err))
		return -1;
	put32(zip, 0x08074b50);
	put32(zip, entry->crc);
	put32(zip, entry->packed);
	put32(zip, entry->size);
	return 0;
}

static void
put_directory_entry(struct zip *zip, const struct entry *entry)
{
	put32(zip, 0x02014b50);
	put16(zip, MADE_BY_UNIX);
	put_common(zip, entry, entry->crc, entry->packed, entry->size);
	put16(zip, 0); /* no comment */
	put16(zip, 0); /* disk */
	put16(zip, 0); /* internal attributes */
	put32(zip, MODE_0600);
	put32(zip, entry->offset);
	put(zip, entry->name, strlen(entry->name));
}

int
zip_finish(struct zip *zip, struct err *err)
{
	uint64_t begin = zip->written;
	for (size_t i = 0; i < zip->count; i++)
		put_directory_entry(zip, &zip->entries[i]);
	uint64_t end = zip->written;
	put32(zip, 0x06054b50);
	put16(zip, 0);
	put16(zip, 0);
	put16(zip, (unsigned)zip->count);
	put16(zip, (unsigned)zip->count);
	put32(zip, (uint32_t)(end - begin));
	put32(zip, (uint32_t)begin);
	put16(zip, 0); /* no comment */
	if (end > OFFSET_MAX)
		return err_set(
		    err, ERR_INTERNAL, "the zip archive is too large");
	if (fflush(zip->out) || ferror(zip->out))
		return err_sys(err, ERR_INTERNAL, errno, "the zip archive");
	return 0;
}
