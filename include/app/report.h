/* The summary for people, at the end of a run. */
#ifndef NETPUSH_APP_REPORT_H
#define NETPUSH_APP_REPORT_H

#include "run/result.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Counts first, then the devices by what they came to: those that failed with
 * their reasons, those that succeeded grouped by identical output. LOOK: of
 * enum report_look; REPORT_QUIET: failures only.
 */
enum report_look {
	REPORT_COLOR = 1 << 0,
	REPORT_QUIET = 1 << 1,
	REPORT_DIFF = 1 << 2, /* what was changed, instead of what is there */
};
void report_text(FILE *file, const struct run_view *view, unsigned look);

#endif
