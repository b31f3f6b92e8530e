/* The text report. */
#include "app/report.h"

#include "report_parts.h"

#include "base/buf.h"
#include "base/deadline.h"
#include "base/str.h"
#include "text/fold.h"
#include "text/shown.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_WIDTH	 66 /* of a folded name: its count goes behind */
#define LINE_LIMIT_BYTES (2u << 20)
#define LINES_TO_COMPARE 2000000

static size_t
count_would_change(const struct ledger *ledger)
{
	size_t count = 0;
	for (size_t i = 0; i < ledger->count; i++)
		count += ledger->devices[i].would_change;
	return count;
}

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
	if (report->view->check)
		fprintf(report->file,
		    "only checked, nothing was changed: %zu would change\n",
		    count_would_change(ledger));
}

/* Words, broken into lines of LINE_WIDTH, indented. */
static void
print_words(FILE *file, const struct strs *words)
{
	size_t column = 0;
	for (size_t i = 0; i < words->count; i++) {
		size_t len = strlen(words->items[i]) + 1;
		if (column && column + len + 1 > LINE_WIDTH) {
			fputc('\n', file);
			column = 0;
		}
		column += (size_t)fprintf(file, "%s%s%s", column ? " " : "  ",
		    words->items[i], i + 1 < words->count ? "," : "");
	}
	fputc('\n', file);
}

/* Names, folded. */
static void
print_names(FILE *file, const struct strs *names)
{
	struct strs words = { 0 };
	struct fold fold;
	fold_names(&fold, names, NAMES_WIDTH);
	for (size_t i = 0; i < fold.count; i++) {
		struct buf word;
		buf_init(&word, LINE_LIMIT_BYTES);
		shown_add_line(&word, fold.pieces[i].text, 0);
		if (fold.pieces[i].count > 1)
			buf_addf(&word, " (%zu)", fold.pieces[i].count);
		strs_take(&words, buf_take(&word));
	}
	print_words(file, &words);
	fold_clear(&fold);
	strs_clear(&words);
}

void
report_names(const struct report *report, const struct report_group *group)
{
	const struct ledger *ledger = report->view->ledger;
	struct strs names = { 0 };
	for (size_t i = 0; i < group->count; i++)
		strs_add(
		    &names, ledger->devices[group->entries[i].device].hostname);
	print_names(report->file, &names);
	strs_clear(&names);
}

void
report_indented(
    const struct report *report, const char *text, const char *indent)
{
	struct buf line;
	buf_init(&line, LINE_LIMIT_BYTES);
	text += strspn(text, "\n");
	/* Nor blank lines behind it. */
	while (text[strspn(text, "\n")]) {
		size_t len = strcspn(text, "\n");
		buf_reset(&line);
		shown_add(&line, text, len);
		fprintf(report->file, "%s%s\n", indent, buf_str(&line));
		text += len + (text[len] == '\n');
	}
	buf_clear(&line);
}

void
report_output(const struct report *report, const struct event *step)
{
	if (step->output)
		report_indented(report, step->output, "    ");
	if (step->output_cut)
		fputs("    ... cut here\n", report->file);
}

static void
print_skipped(const struct report *report, const struct report_group *group)
{
	const struct ledger_device *first = report_first(report, group);
	fprintf(report->file, "\nskipped (%zu), %s:\n", group->count,
	    first->message ? first->message : "not started");
	report_names(report, group);
}

/* Devices of a run that is not over. */
static void
print_pending(const struct report *report, const struct report_group *group)
{
	fprintf(report->file, "\nnot begun yet (%zu):\n", group->count);
	report_names(report, group);
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
report_text(FILE *file, const struct run_view *view, unsigned look)
{
	bool quiet = look & REPORT_QUIET;
	struct report report = {
		.file = file,
		.view = view,
		.color = look & REPORT_COLOR,
		.diff = look & REPORT_DIFF,
		.lines_to_compare = LINES_TO_COMPARE,
	};
	bool speaks = !quiet || !ledger_is_success(view->ledger);
	if (speaks)
		print_counts(&report);
	if (speaks && view->stopped)
		fprintf(file, "stopped early: %s\n", view->stopped);
	if (!view->finished)
		fputs("it did not come to its end: netpush resume goes on "
		      "with it\n",
		    file);
	report_group_devices(&report);
	for (size_t i = 0; i < report.group_count; i++) {
		const struct report_group *group = &report.groups[i];
		enum report_rank rank = group->entries->rank;
		if (rank == RANK_SKIPPED)
			print_skipped(&report, group);
		else if (rank == RANK_PENDING)
			print_pending(&report, group);
		else if (rank != RANK_SUCCESS)
			report_failure(&report, group);
		else if (!quiet)
			report_success(&report, i);
	}
	if (!quiet)
		print_warnings(&report);
	if (speaks && view->dir)
		fprintf(file, "\nrun: %s\n", view->dir);
	report_forget_like(&report);
	free(report.entries);
	free(report.groups);
}
