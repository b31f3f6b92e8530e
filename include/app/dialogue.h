/*
 * The dialogue with the devices while it goes on, read from the transcripts
 * that the workers write (redacted, device/transcript.h). Whoever does not ask
 * for it pays nothing.
 */
#ifndef NETPUSH_APP_DIALOGUE_H
#define NETPUSH_APP_DIALOGUE_H

#include <stddef.h>

struct dialogue;
struct job;

/* Follows the transcripts of JOB's devices in the run's directory DIR, from
 * what they hold now. JOB is borrowed. */
struct dialogue *dialogue_new(const char *dir, const struct job *job);
void dialogue_free(struct dialogue *dialogue);

/* Calls FN for each whole line that DEVICE's transcript got since, without its
 * time and its end: "> show version". */
typedef void dialogue_line_fn(
    void *data, const char *hostname, const char *line);
void dialogue_read(
    struct dialogue *dialogue, size_t device, dialogue_line_fn *fn, void *data);

#endif
