/* The text report. */
#include "app/report.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/str.h"
#include "run/result.h"

#include <stdlib.h>
#include <string.h>

#define RED	   "\033[31m"
#define BOLD	   "\033[1m"
#define PLAIN	   "\033[0m"
#define LINE_WIDTH 78

struct report {
	FILE *file;
	const struct run_view *view;
	bool color;
	bool *done; /* devices that were told already */
};

static void
print_counts(const struct report *report)
{
	const struct result_run *about = &report->view->about;
	const struct ledger *ledger = report->view->ledger;
	const char *separator = ": ";
	char took[CLOCK_TEXT_BYTES];
	duration_format(about->finished_ms - about->started_ms, took);
	fprintf(report->file, "%s%s%s: %zu device%s in %s",
	    report->color ? BOLD : "", about->job, report->color ? PLAIN : "",
	    ledger->count, ledger->count == 1 ? "" : "s", took);
	for (unsigned i = DEVICE_CHANGED; i < DEVICE_STATUS__COUNT; i++) {
		if (!ledger->totals[i])
			continue;
		fprintf(report->file, "%s%s %zu", separator,
		    device_status_name((enum device_status)i),
		    ledger->totals[i]);
		separator = ", ";
	}
	fputc('\n', report->file);
}

/* Names, broken into lines of LINE_WIDTH, indented. */
static void
print_names(FILE *file, const struct strs *names)
{
	size_t column = 0;
	for (size_t i = 0; i < names->count; i++) {
		size_t len = strlen(names->items[i]) + 1;
		if (column && column + len + 1 > LINE_WIDTH) {
			fputc('\n', file);
			column = 0;
		}
		column += (size_t)fprintf(file, "%s%s%s", column ? " " : "  ",
		    names->items[i], i + 1 < names->count ? "," : "");
	}
	fputc('\n', file);
}

static void
print_indented(FILE *file, const char *text, const char *indent)
{
	text += strspn(text, "\n");
	while (*text) {
		size_t len = strcspn(text, "\n");
		fprintf(file, "%s%.*s\n", indent, (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void
print_output(const struct report *report, const struct ledger_device *device)
{
	struct event step;
	if (device->output_at < 0 ||
	    result_read_event(
		report->view->journal_fd, device->output_at, &step))
		return;
	print_indented(report->file, step.output, "    ");
	if (step.output_cut)
		fputs("    ... cut here\n", report->file);
	event_clear(&step);
}

/* All devices with the same status and output as the one at FIRST. */
static void
print_group(struct report *report, size_t first)
{
	const struct ledger *ledger = report->view->ledger;
	const struct ledger_device *like = &ledger->devices[first];
	struct strs names = { 0 };
	for (size_t i = first; i < ledger->count; i++) {
		const struct ledger_device *device = &ledger->devices[i];
		if (report->done[i] || device->status != like->status ||
		    device->output_hash != like->output_hash)
			continue;
		report->done[i] = true;
		strs_add(&names, device->hostname);
	}
	fprintf(report->file, "\n%s (%zu):\n", device_status_name(like->status),
	    names.count);
	print_names(report->file, &names);
	print_output(report, like);
	strs_clear(&names);
}

/* Everything that is known of one device that did not succeed. */
static void
print_failure(struct report *report, const struct ledger_device *device)
{
	struct event end = { 0 };
	fprintf(report->file, "\n%s%s%s: %s", report->color ? RED : "",
	    device->hostname, report->color ? PLAIN : "",
	    device_status_name(device->status));
	if (device->status == DEVICE_UNKNOWN)
		fputs(" (may be partly applied)", report->file);
	if (device->status == DEVICE_ROLLED_BACK)
		fputs(" (the old state is back)", report->file);
	if (device->stage != STAGE_NONE)
		fprintf(
		    report->file, ", in stage %s", stage_name(device->stage));
	fputc('\n', report->file);
	if (device->finished_at < 0 ||
	    result_read_event(
		report->view->journal_fd, device->finished_at, &end)) {
		fprintf(report->file, "  %s\n",
		    device->message ? device->message : "");
		return;
	}
	if (device->error != ERR_NONE)
		fprintf(report->file, "  %s: %s%s\n",
		    err_kind_name(device->error), ledger_preface(device),
		    end.error.err.text);
	if (end.error.sent)
		fprintf(report->file, "  sent: %s\n", end.error.sent);
	if (end.error.device_text && end.error.device_text[0]) {
		fputs("  the device said:\n", report->file);
		print_indented(report->file, end.error.device_text, "    ");
	}
	if (device->status == DEVICE_UNKNOWN && device->output_at >= 0) {
		fputs("  as it was seen last:\n", report->file);
		print_output(report, device);
	}
	event_clear(&end);
}

/* Devices of a run that is not over. */
static void
print_pending(struct report *report)
{
	const struct ledger *ledger = report->view->ledger;
	struct strs names = { 0 };
	for (size_t i = 0; i < ledger->count; i++) {
		if (ledger->devices[i].status != DEVICE_PENDING)
			continue;
		report->done[i] = true;
		strs_add(&names, ledger->devices[i].hostname);
	}
	fprintf(report->file, "\nnot begun yet (%zu):\n", names.count);
	print_names(report->file, &names);
	strs_clear(&names);
}

/* Skipped devices, grouped by why. */
static void
print_skipped(struct report *report, size_t first)
{
	const struct ledger *ledger = report->view->ledger;
	const struct ledger_device *like = &ledger->devices[first];
	struct strs names = { 0 };
	for (size_t i = first; i < ledger->count; i++) {
		const struct ledger_device *device = &ledger->devices[i];
		if (report->done[i] || device->status != DEVICE_SKIPPED ||
		    !str_eq(device->message, like->message))
			continue;
		report->done[i] = true;
		strs_add(&names, device->hostname);
	}
	fprintf(report->file, "\nskipped (%zu), %s:\n", names.count,
	    like->message ? like->message : "not started");
	print_names(report->file, &names);
	strs_clear(&names);
}

/* Devices that share a warning; said behind the results. */
static void
print_warnings(const struct report *report)
{
	const struct ledger *ledger = report->view->ledger;
	for (size_t i = 0; i < ledger->warnings.count; i++) {
		const char *warning = ledger->warnings.items[i];
		struct strs names = { 0 };
		for (size_t k = 0; k < ledger->count; k++)
			if (ledger->devices[k].warning == warning)
				strs_add(&names, ledger->devices[k].hostname);
		if (names.count) {
			fprintf(report->file, "\nwarning (%zu), %s:\n",
			    names.count, warning);
			print_names(report->file, &names);
		}
		strs_clear(&names);
	}
}

void
report_text(FILE *file, const struct run_view *view, bool color, bool quiet)
{
	const struct ledger *ledger = view->ledger;
	struct report report = {
		.file = file,
		.view = view,
		.color = color,
		.done = xcalloc(ledger->count, sizeof(bool)),
	};
	bool speaks = !quiet || !ledger_is_success(ledger);
	if (speaks)
		print_counts(&report);
	if (speaks && view->stopped)
		fprintf(file, "stopped early: %s\n", view->stopped);
	if (!view->finished)
		fputs("it did not come to its end: netpush resume goes on "
		      "with it\n",
		    file);
	for (size_t i = 0; !quiet && i < ledger->count; i++)
		if (!report.done[i] &&
		    device_status_is_success(ledger->devices[i].status))
			print_group(&report, i);
	for (size_t i = 0; i < ledger->count; i++) {
		const struct ledger_device *device = &ledger->devices[i];
		if (report.done[i] || device_status_is_success(device->status))
			continue;
		if (device->status == DEVICE_SKIPPED)
			print_skipped(&report, i);
		else if (device->status == DEVICE_PENDING)
			print_pending(&report);
		else
			print_failure(&report, device);
	}
	if (!quiet)
		print_warnings(&report);
	if (speaks && view->dir)
		fprintf(file, "\nrun: %s\n", view->dir);
	free(report.done);
}
