/*
 * The formats of a report, a row each: all of them are drawn from a run_view
 * alone, so that a report made again is the same bytes.
 */
#ifndef NETPUSH_APP_REPORT_FORMATS_H
#define NETPUSH_APP_REPORT_FORMATS_H

#include "model/job.h"

#include <stdio.h>
#include <sys/types.h>

struct err;
struct run_view;

struct report_row {
	const char *suffix; /* of the file's name, with its dot */
	/* The rights of a new file. What devices said is for the user alone. */
	mode_t mode;
	/* -1 when FILE could not take it or VIEW could not be read (errno).
	 * NULL: this build has not got it. */
	int (*write)(FILE *file, const struct run_view *view);
};
extern const struct report_row report_rows[REPORT__COUNT];

/*
 * The file PATH, whole or not at all: written beside it, then renamed. A file
 * that is there already keeps its rights; what is no regular file is written
 * to. -1 with ERR, which names it.
 */
int report_write_file(enum report_format format, const char *path,
    const struct run_view *view, struct err *err);

/* Each has a file of its own, src/app/report_NAME.c. */
int report_csv(FILE *file, const struct run_view *view);
int report_jsonl(FILE *file, const struct run_view *view);
int report_junit(FILE *file, const struct run_view *view);
int report_prometheus(FILE *file, const struct run_view *view);

#endif
