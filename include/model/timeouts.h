/*
 * How long netpush waits, level by level: a device's own, the job's defaults,
 * the job's, the profile's, the built-in.
 */
#ifndef NETPUSH_MODEL_TIMEOUTS_H
#define NETPUSH_MODEL_TIMEOUTS_H

#include <stdint.h>

struct yaml_table;

#define TIMEOUT_UNSET (-1) /* filled from the next outer level */

struct timeouts {
	int64_t connect_ms; /* TCP, key exchange */
	int64_t login_ms; /* authentication to the first prompt */
	int64_t silence_ms; /* nothing heard while an answer is awaited */
	int64_t step_ms; /* one step */
	int64_t device_ms; /* one device, all of a phase */
};

/* Every timeout unset. */
struct timeouts timeouts_unset(void);

/* Takes over from OUTER what TIMEOUTS leaves unset. */
void timeouts_fill(struct timeouts *timeouts, const struct timeouts *outer);

/* The outermost level: none is unset. */
extern const struct timeouts timeouts_built_in;

/* For the key `timeouts`, at every level. */
extern const struct yaml_table timeouts_table;

#endif
