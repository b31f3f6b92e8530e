/*
 * Devices that succeeded, by what they showed. Those that show something else
 * than most devices of their platform are the ones to look at: of them the
 * difference is told.
 */
#include "report_parts.h"

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
		if (device->output_at >= 0 && str_eq(device->device_type, type))
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

/* Lines of DIFF that are new: "+" in front. */
static size_t
count_added(const char *diff)
{
	size_t count = 0;
	while (*diff) {
		count += *diff == '+';
		diff += strcspn(diff, "\n");
		diff += *diff == '\n';
	}
	return count;
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

/* How DEVICE differs from what LIKE showed; false if they have less than half
 * in common, or comparing would take too long. */
static bool
print_difference(struct report *report, const struct ledger_device *device,
    const struct ledger_device *like)
{
	struct strs wanted = { 0 }, got = { 0 };
	struct buf diff;
	bool told = false;
	buf_init(&diff, DIFF_LIMIT_BYTES);
	if (read_lines(report, like, &wanted) &&
	    read_lines(report, device, &got) &&
	    wanted.count + got.count <= report->lines_to_compare) {
		report->lines_to_compare -= wanted.count + got.count;
		diff_lines(&diff, &wanted, &got);
		told = !diff.cut && diff.len &&
		    count_added(buf_str(&diff)) * 2 <= got.count;
	}
	if (told) {
		fprintf(report->file, INDENT "unlike %s (-: there, +: here):\n",
		    like->hostname);
		print_diff(report, buf_str(&diff));
	}
	buf_clear(&diff);
	strs_clear(&wanted);
	strs_clear(&got);
	return told;
}

void
report_success(struct report *report, size_t number)
{
	const struct report_group *group = &report->groups[number];
	const struct ledger_device *first = report_first(report, group);
	fprintf(report->file, "\n%s (%zu):\n",
	    device_status_name(first->status), group->count);
	report_names(report, group);
	if (first->output_at < 0)
		return;
	const struct report_group *same = same_output(report, number);
	const struct report_group *most = majority(report, number);
	if (same)
		fprintf(report->file, INDENT "the same as %s\n",
		    report_first(report, same)->hostname);
	else if (!most ||
	    !print_difference(report, first, report_first(report, most)))
		report_output(report, first);
}
