/*
 * `netpush report RUN --transcript HOST`: the dialogue with one device, as it
 * was written down (device/transcript.h), with the time since each session
 * began.
 */
#ifndef NETPUSH_APP_REPLAY_TRANSCRIPT_H
#define NETPUSH_APP_REPLAY_TRANSCRIPT_H

#include <stdbool.h>
#include <stdio.h>

struct err;
struct run_view;

/* -1 with ERR (kind job) when the run has no such device, or kept no
 * transcript of it; else FILE has it. */
int replay_transcript(FILE *file, const struct run_view *view,
    const char *hostname, bool color, struct err *err);

#endif
