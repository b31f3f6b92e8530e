/*
 * An output that is kept until it is its turn: a little of it in memory, what
 * is more in a file. However much the hosts say, and however late it can be
 * shown, memory stays bounded.
 */
#ifndef NETPUSH_RUN_CAPTURE_H
#define NETPUSH_RUN_CAPTURE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define CAPTURE_MEMORY_BYTES 65536 /* of one output */

/* Where the files are, and how much all outputs may hold in memory. */
struct capture_place {
	char *parent; /* directory; made when it is first needed */
	char *dir; /* of our own below it, mode 0700; NULL: not needed yet */
	size_t in_memory, memory_limit;
	size_t files; /* made so far: their names */
};

/* PARENT is copied. */
void capture_place_init(
    struct capture_place *place, const char *parent, size_t memory_limit);

/* Removes the directory. Every capture must have been cleared. */
void capture_place_clear(struct capture_place *place);

/* Zeroed storage, or after capture_init(): empty. */
struct capture {
	struct capture_place *place;
	struct buf memory;
	int fd; /* of the file while it is written; -1: none */
	char *path; /* or NULL: all is in memory */
	uint64_t size;
	uint64_t line_ends; /* so many "\n" stand at its end */
};

void capture_init(struct capture *capture, struct capture_place *place);

/* Removes the file, too. */
void capture_clear(struct capture *capture);

/* -1 with ERR (kind internal) when it cannot be kept; what was kept before
 * stays. */
int capture_add(
    struct capture *capture, const char *data, size_t len, struct err *err);

/* Nothing more is added: gives the descriptor back. */
void capture_done(struct capture *capture);

/* The size without the line ends at its end. */
uint64_t capture_text_size(const struct capture *capture);

/*
 * Hands out the first SIZE bytes, piece by piece. -1 with ERR when the file
 * cannot be read, or what TAKE returned.
 */
int capture_each(const struct capture *capture, uint64_t size,
    int (*take)(void *data, const char *bytes, size_t len), void *data,
    struct err *err);

/* Do both hold the same bytes? */
bool capture_equal(const struct capture *a, const struct capture *b);

#endif
