/*
 * The log that proves what happened: witness.jsonl, one object a line, each
 * line written whole and at once.
 */
#ifndef LAB_WITNESS_H
#define LAB_WITNESS_H

#include <jansson.h>

struct err;

int witness_open(const char *path, struct err *err);
void witness_close(void);

/* Adds {"t": ms since the start, "event", "device", "session", ...MORE}.
 * Takes MORE over; it may be NULL. */
void witness_add(
    const char *event, const char *device, unsigned session, json_t *more);

/* What a device read, as JSON text, whatever bytes it holds. */
json_t *witness_text(const char *text, size_t len);

#endif
