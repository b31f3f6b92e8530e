/*
 * The text report: what the files report*.c of it share.
 *
 *	report.c		its frame: counts, who was left out, where to look
 *	report_groups.c		which devices are told of together
 *	report_success.c	groups with their output, or how it differs
 *	report_failure.c	everything that is known of what failed
 */
#ifndef NETPUSH_APP_REPORT_PARTS_H
#define NETPUSH_APP_REPORT_PARTS_H

#include "base/str.h"
#include "run/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define RED	   "\033[31m"
#define GREEN	   "\033[32m"
#define BOLD	   "\033[1m"
#define PLAIN	   "\033[0m"
#define LINE_WIDTH 78

/* The order in which groups are told. */
enum report_rank {
	RANK_SUCCESS,
	RANK_UNKNOWN,
	RANK_ROLLED_BACK,
	RANK_FAILED,
	RANK_SKIPPED,
	RANK_PENDING,
};

struct report_entry {
	enum report_rank rank;
	uint64_t key; /* what a group has in common */
	size_t device;
};

/* Devices of which the same is to be said; in the order of the list. */
struct report_group {
	const struct report_entry *entries;
	size_t count;
};

struct report {
	FILE *file;
	const struct run_view *view;
	bool color;
	bool diff; /* of what was changed the difference is shown */
	struct report_entry *entries;
	struct report_group *groups; /* by rank, the largest first */
	size_t group_count;
	/* What others are compared with: a device, its lines, and these
	 * sorted. */
	const struct ledger_device *like;
	struct strs like_lines;
	char **like_sorted; /* borrowed from like_lines */
	size_t lines_to_compare; /* that is enough for all differences */
};

/* report_groups.c */

void report_group_devices(struct report *report);

/* The first device of a group. */
const struct ledger_device *report_first(
    const struct report *report, const struct report_group *group);

/* TEXT with the device's own name and address as <hostname> and <address>:
 * what different devices have in common. The caller frees. */
char *report_common_text(const struct ledger_device *device, const char *text);

/* report.c */

/* The names of a group, folded, in lines of LINE_WIDTH. */
void report_names(
    const struct report *report, const struct report_group *group);

/* TEXT line by line behind INDENT, without what a terminal would obey. */
void report_indented(
    const struct report *report, const char *text, const char *indent);

/* The output of a step, and whether it was cut. */
void report_output(const struct report *report, const struct event *step);

/* report_success.c, report_failure.c */

void report_success(struct report *report, size_t group);
void report_forget_like(struct report *report);
void report_failure(
    const struct report *report, const struct report_group *group);

#endif
