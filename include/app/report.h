/* The summary for people, at the end of a run. */
#ifndef NETPUSH_APP_REPORT_H
#define NETPUSH_APP_REPORT_H

#include "run/result.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Counts first, then the devices by what they came to: those that failed with
 * their reasons, those that succeeded grouped by identical output. QUIET:
 * failures only.
 */
void report_text(
    FILE *file, const struct run_view *view, bool color, bool quiet);

#endif
