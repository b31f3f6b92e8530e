/* When a run may begin and must end: --at and the job's window, judged. */
#ifndef NETPUSH_APP_WINDOW_H
#define NETPUSH_APP_WINDOW_H

#include <stdint.h>

struct job;

struct window {
	int64_t start_ms, end_ms; /* since 1970; 0: now, and no end */
};

/*
 * AT (NULL: not given) wins over window.start. NOW_MS: what "02:00" is the next
 * one after. -1 after a message for each mistake: nonsense, a window
 * that is over, one that ends before it begins.
 */
int window_find(struct window *window, const struct job *job, const char *at,
    int64_t now_ms);

#endif
