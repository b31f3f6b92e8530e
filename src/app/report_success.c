/*
 * Devices that succeeded, by what they showed. Those that show something else
 * than most devices of their platform are the ones to look at: of them the
 * difference is told.
 */
#include "report_parts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"
#include "text/diff.h"
#include "text/shown.h"

#include <stdlib.h>
#include <string.h>

#define DIFF_LIMIT_BYTES (4u << 20)
#define INDENT		 "    "

/* The group before NUMBER whose devices showed the same, though it came to
 * another status; NULL: there is none. */
static const struct report_group *
same_output(const struct report *report, size_t number)
{
	uint64_t hash = report_first(report, &report->groups[number])
			    ->output_hash;
	/* The status is the lowest bit of the key. */
	uint64_t key = report->groups[number].entries->key ^ 1;
	for (size_t i = 0; hash && i < number; i++)
		if (report->groups[i].entries->key == key)
			return &report->groups[i];
	return NULL;
}

/* The largest group of the same platform that showed something, if it is
 * larger than this one. */
static const struct report_group *
majority(const struct report *report, size_t number)
{
	const struct report_group *group = &report->groups[number];
	const char *type = report_first(report, group)->device_type;
	for (size_t i = 0; i < number; i++) {
		const struct report_group *other = &report->groups[i];
		const struct ledger_device *device = report_first(
		    report, other);
		if (device->output_at >= 0 && !device->would_change &&
		    str_eq(device->device_type, type))
			return other->count > group->count ? other : NULL;
	}
	return NULL;
}

static bool
read_lines(const struct report *report, const struct ledger_device *device,
    struct strs *lines)
{
	struct event step;
	if (result_read_event(
		report->view->journal_fd, device->output_at, &step))
		return false;
	strs_add_lines(lines, step.output ? step.output : "");
	event_clear(&step);
	return true;
}

void
report_forget_like(struct report *report)
{
	strs_clear(&report->like_lines);
	free(report->like_sorted);
	report->like_sorted = NULL;
	report->like = NULL;
}

static int
compare_lines(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Many are compared with the same one: it is read once. */
static bool
remember_like(struct report *report, const struct ledger_device *like)
{
	struct strs *lines = &report->like_lines;
	if (report->like == like)
		return true;
	report_forget_like(report);
	if (!read_lines(report, like, lines) || !lines->count)
		return false;
	report->like = like;
	report->like_sorted = xmemdup(
	    lines->items, lines->count * sizeof(*lines->items));
	qsort(report->like_sorted, lines->count, sizeof(*lines->items),
	    compare_lines);
	return true;
}

/* At least half of the lines stand there, too, wherever. */
static bool
is_alike(const struct report *report, const struct strs *lines)
{
	size_t known = 0;
	for (size_t i = 0; i < lines->count; i++)
		known += bsearch(&lines->items[i], report->like_sorted,
			     report->like_lines.count, sizeof(*lines->items),
			     compare_lines) != NULL;
	return known * 2 >= lines->count;
}

static void
print_diff(const struct report *report, const char *diff)
{
	while (*diff) {
		struct buf line;
		size_t len = strcspn(diff, "\n");
		const char *color = *diff == '+' ? GREEN
		    : *diff == '-'		 ? RED
						 : "";
		if (!report->color)
			color = "";
		buf_init(&line, DIFF_LIMIT_BYTES);
		shown_add(&line, diff, len);
		fprintf(report->file, INDENT "%s%s%s\n", color, buf_str(&line),
		    *color ? PLAIN : "");
		buf_clear(&line);
		diff += len + (diff[len] == '\n');
	}
}

/* How TEXT, which a device showed, differs from what LIKE showed; false if
 * they have less than half in common, or comparing would take too long. */
static bool
print_difference(
    struct report *report, const char *text, const struct ledger_device *like)
{
	struct strs got = { 0 };
	struct buf diff;
	bool told = false;
	buf_init(&diff, DIFF_LIMIT_BYTES);
	strs_add_lines(&got, text);
	if (remember_like(report, like) && is_alike(report, &got)) {
		size_t lines = report->like_lines.count + got.count;
		if (lines <= report->lines_to_compare) {
			report->lines_to_compare -= lines;
			diff_lines(&diff, &report->like_lines, &got);
		}
		told = diff.len && !diff.cut;
	}
	if (told) {
		fprintf(report->file, INDENT "unlike %s (-: there, +: here):\n",
		    like->hostname);
		print_diff(report, buf_str(&diff));
	}
	buf_clear(&diff);
	strs_clear(&got);
	return told;
}

/* A difference, and what else stands behind it. */
static void
print_step_of(const struct report *report, int64_t offset)
{
	struct event step;
	if (result_read_event(report->view->journal_fd, offset, &step))
		return;
	print_diff(report, step.output ? step.output : "");
	event_clear(&step);
}

/* What the steps of DEVICE changed: the difference of a list; of other text
 * it is the output. False: nothing. */
static bool
print_own_diffs(const struct report *report, const struct ledger_device *device)
{
	bool any = false;
	for (size_t i = 0; i < device->step_count; i++) {
		struct event step;
		if (result_read_event(
			report->view->journal_fd, device->steps[i], &step))
			continue;
		const char *diff = json_string_value(
		    json_object_get(step.more, "diff"));
		if (!diff && str_eq(step.status, "changed"))
			diff = step.output;
		if (diff && *diff) {
			print_diff(report, diff);
			any = true;
		}
		event_clear(&step);
	}
	return any;
}

void
report_success(struct report *report, size_t number)
{
	const struct report_group *group = &report->groups[number];
	const struct ledger_device *first = report_first(report, group);
	struct event step;
	fprintf(report->file, "\n%s (%zu):\n",
	    first->would_change ? "would change"
				: device_status_name(first->status),
	    group->count);
	report_names(report, group);
	if (report->diff && print_own_diffs(report, first))
		return;
	if (first->output_at < 0)
		return;
	if (first->would_change) {
		print_step_of(report, first->output_at);
		return;
	}
	const struct report_group *same = same_output(report, number);
	const struct report_group *most = majority(report, number);
	if (same) {
		fprintf(report->file, INDENT "the same as %s\n",
		    report_first(report, same)->hostname);
		return;
	}
	if (result_read_event(
		report->view->journal_fd, first->output_at, &step))
		return;
	if (!most || !step.output ||
	    !print_difference(report, step.output, report_first(report, most)))
		report_output(report, &step);
	event_clear(&step);
}
