/* Everything that is known of devices that did not succeed. */
#include "report_parts.h"

#include "base/buf.h"
#include "text/shown.h"

#include <stdlib.h>

#define LINE_LIMIT_BYTES (256u << 10)

/* What a status means for whoever has to deal with it, or NULL. */
static const char *
meaning(enum device_status status)
{
	if (status == DEVICE_UNKNOWN)
		return "may be partly applied";
	return status == DEVICE_ROLLED_BACK ? "the old state is back" : NULL;
}

/* "R2: failed, in stage login" */
static void
print_head(const struct report *report, const struct report_group *group)
{
	const struct ledger_device *first = report_first(report, group);
	bool several = group->count > 1;
	const char *status = device_status_name(first->status);
	const char *color = report->color ? RED : "";
	const char *plain = report->color ? PLAIN : "";
	if (several)
		fprintf(report->file, "\n%s%s (%zu)%s", color, status,
		    group->count, plain);
	else
		fprintf(report->file, "\n%s%s%s: %s", color, first->hostname,
		    plain, status);
	const char *means = meaning(first->status);
	if (means)
		fprintf(report->file, "%s%s%s", several ? ", " : " (", means,
		    several ? "" : ")");
	if (first->stage != STAGE_NONE)
		fprintf(
		    report->file, ", in stage %s", stage_name(first->stage));
	fputs(several ? ":\n" : "\n", report->file);
	if (several)
		report_names(report, group);
}

/* "  LABEL: TEXT"; of a group, what its devices have in common. */
static void
print_text(const struct report *report, const struct report_group *group,
    const char *label, const char *preface, const char *text)
{
	struct buf line;
	char *common = group->count > 1
	    ? report_common_text(report_first(report, group), text)
	    : NULL;
	buf_init(&line, LINE_LIMIT_BYTES);
	shown_add_line(&line, common ? common : text, 0);
	fprintf(report->file, "  %s: %s%s\n", label, preface, buf_str(&line));
	buf_clear(&line);
	free(common);
}

static void
print_last_seen(const struct report *report, const struct ledger_device *device)
{
	struct event step;
	if (device->output_at < 0 ||
	    result_read_event(
		report->view->journal_fd, device->output_at, &step))
		return;
	fputs("  as it was seen last:\n", report->file);
	report_output(report, &step);
	event_clear(&step);
}

void
report_failure(const struct report *report, const struct report_group *group)
{
	const struct ledger_device *first = report_first(report, group);
	const char *who = group->count > 1 ? first->hostname : "the device";
	struct event end = { 0 };
	print_head(report, group);
	if (first->error != ERR_NONE)
		print_text(report, group, err_kind_name(first->error),
		    ledger_preface(first),
		    first->message ? first->message : "");
	if (first->finished_at < 0 ||
	    result_read_event(
		report->view->journal_fd, first->finished_at, &end))
		return;
	if (end.error.sent)
		print_text(report, group, "sent", "", end.error.sent);
	if (end.error.device_text && end.error.device_text[0]) {
		fprintf(report->file, "  %s said:\n", who);
		report_indented(report, end.error.device_text, "    ");
	}
	event_clear(&end);
	if (first->status == DEVICE_UNKNOWN)
		print_last_seen(report, first);
}
