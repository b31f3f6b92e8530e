/*
 * One file of a flash that is being copied, in either direction: what fits,
 * what the faults of copies do to it, and what the witness is told in the end.
 */
#ifndef LAB_STORE_H
#define LAB_STORE_H

#include "flash.h"

#include <sys/types.h>

enum store_answer {
	STORE_OK,
	STORE_FULL, /* no space left */
	STORE_CUT, /* a fault: the connection goes now */
	STORE_STALLED, /* a fault: nothing more happens, ever */
};

struct store;

/* Opens NAME to be read; NULL when there is no such file. WAY ("scp", "sftp",
 * "pull") is constant, for the witness. */
struct store *store_read_open(struct device *device, unsigned session,
    const char *way, const struct flash_name *name);

/* Makes NAME anew, or with KEEP opens what is there, to be written; NULL when
 * the name is none. */
struct store *store_write_open(struct device *device, unsigned session,
    const char *way, const struct flash_name *name, bool keep);

/* Would BYTES fit in the place of what is there? */
bool store_fits(
    const struct device *device, const struct flash_name *name, int64_t bytes);

/* Up to LEN bytes from AT into DATA; *got 0: the end. */
enum store_answer store_read(
    struct store *store, int64_t at, void *data, size_t len, size_t *got);
enum store_answer store_write(
    struct store *store, int64_t at, const void *data, size_t len);

/* Cuts what is behind SIZE bytes off. */
void store_truncate(struct store *store, int64_t size);

int64_t store_size(const struct store *store);

/* Milliseconds that the copy is ahead of `copy_rate`; 0: go on. */
int64_t store_ahead(const struct store *store);

/* DONE: the copy is complete; else the witness says what stopped it. */
void store_close(struct store *store, bool done);

#endif
