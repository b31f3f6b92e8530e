/*
 * A zip archive (PKWARE's APPNOTE, deflate) written from front to end, so that
 * nothing of its size is kept in memory. Without zip64: an archive, and each
 * file in it, stays below 4 GB.
 */
#ifndef NETPUSH_BASE_ZIP_H
#define NETPUSH_BASE_ZIP_H

#include <stdint.h>
#include <stdio.h>

struct err;
struct zip;

/* OUT is borrowed, at its beginning, and stays the caller's to close. */
struct zip *zip_new(FILE *out);
void zip_free(struct zip *zip);

/* Adds what is left to read of IN under NAME (UTF-8, at most 65535 bytes),
 * with the time TIME_MS. -1 with ERR, after which the archive is worthless. */
int zip_add(struct zip *zip, const char *name, FILE *in, int64_t time_ms,
    struct err *err);

/* The directory of the archive; nothing may follow. -1 with ERR. */
int zip_finish(struct zip *zip, struct err *err);

/* zlib's version, for --version. */
const char *zip_library_version(void);

#endif
