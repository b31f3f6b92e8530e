/*
 * What the files progress*.c share.
 *
 *	progress.c		events to lines that stay
 *	progress_lines.c	the lines that are drawn again and again
 */
#ifndef NETPUSH_APP_PROGRESS_PARTS_H
#define NETPUSH_APP_PROGRESS_PARTS_H

#include "app/progress.h"

#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define GREEN  "\033[32m"
#define PLAIN  "\033[0m"

/* "" for a status that needs none. */
const char *progress_status_color(enum device_status status);

/* Adds what is drawn of the run on a terminal of this size: lines with "\n"
 * between them, none as long as COLUMNS, less than half of ROWS. */
void progress_lines(struct buf *out, const struct progress *progress,
    const struct ledger *ledger, size_t columns, size_t rows);

#endif
