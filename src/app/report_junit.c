/*
 * JUnit XML: one suite, one test case for each device. `failed` is a failure,
 * `unknown` an error, as is every other end that is neither success nor
 * `skipped`. Of the many dialects this is what Jenkins' xunit schema and
 * GitLab read (tests/e2e/junit.xsd).
 */
#include "app/report_formats.h"

#include "app/report_put.h"
#include "base/deadline.h"
#include "run/result.h"

enum verdict { PASSED, FAILURE, ERROR, SKIPPED, VERDICT__COUNT };

static const enum verdict verdicts[DEVICE_STATUS__COUNT] = {
	[DEVICE_PENDING] = SKIPPED,
	[DEVICE_CHANGED] = PASSED,
	[DEVICE_UNCHANGED] = PASSED,
	[DEVICE_FAILED] = FAILURE,
	[DEVICE_ROLLED_BACK] = FAILURE,
	[DEVICE_UNKNOWN] = ERROR,
	[DEVICE_SKIPPED] = SKIPPED,
};

static void
put_attribute(FILE *file, const char *name, const char *value)
{
	fprintf(file, " %s=\"", name);
	report_put_xml(file, value);
	fputc('"', file);
}

static void
put_time(FILE *file, int64_t duration_ms)
{
	fputs(" time=\"", file);
	report_put_seconds(file, duration_ms);
	fputc('"', file);
}

/* The schema knows neither fractions nor a zone. It is UTC. */
static void
put_timestamp(FILE *file, int64_t time_ms)
{
	char text[CLOCK_TEXT_BYTES];
	clock_format(time_ms, text);
	fprintf(file, " timestamp=\"%.19s\"", text);
}

static void
put_counts(FILE *file, const struct run_view *view)
{
	size_t counts[VERDICT__COUNT] = { 0 };
	for (size_t i = 0; i < DEVICE_STATUS__COUNT; i++)
		counts[verdicts[i]] += view->ledger->totals[i];
	fprintf(file, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"",
	    view->ledger->count, counts[FAILURE], counts[ERROR]);
	put_time(file, view->about.finished_ms - view->about.started_ms);
}

static size_t
count_skipped(const struct ledger *ledger)
{
	return ledger->totals[DEVICE_SKIPPED] + ledger->totals[DEVICE_PENDING];
}

static void
put_property(FILE *file, const char *name, const char *value)
{
	fputs("   <property", file);
	put_attribute(file, "name", name);
	put_attribute(file, "value", value);
	fputs("/>\n", file);
}

static void
put_properties(FILE *file, const struct run_view *view)
{
	char number[16];
	fputs("  <properties>\n", file);
	put_property(file, "run", view->about.id);
	snprintf(number, sizeof(number), "%d", view->about.threads);
	put_property(file, "threads", number);
	snprintf(number, sizeof(number), "%d", view->about.exit_status);
	put_property(file, "exit_status", number);
	put_property(file, "finished", view->finished ? "true" : "false");
	if (view->stopped)
		put_property(file, "stopped", view->stopped);
	fputs("  </properties>\n", file);
}

/* What is behind the message: what was sent, what came back. */
static void
put_details(FILE *file, const struct event *end)
{
	if (end->error.line)
		fprintf(file, "line %u\n", end->error.line);
	if (end->error.sent) {
		fputs("sent: ", file);
		report_put_xml(file, end->error.sent);
		fputc('\n', file);
	}
	if (end->error.device_text) {
		fputs("the device said:\n", file);
		report_put_xml(file, end->error.device_text);
	}
}

static void
put_trouble(FILE *file, const struct run_view *view,
    const struct ledger_device *device, const char *element)
{
	struct event end = { 0 };
	const char *kind = device->error == ERR_NONE
	    ? device_status_name(device->status)
	    : err_kind_name(device->error);
	bool known = result_read_end(view->journal_fd, device, &end) == 0;
	fprintf(file, "   <%s", element);
	put_attribute(
	    file, "message", known ? end.error.err.text : device->message);
	put_attribute(file, "type", kind);
	fputc('>', file);
	fprintf(file, "%s%s\n", device_status_name(device->status),
	    device->status == DEVICE_UNKNOWN ? ": it may be partly applied"
					     : "");
	put_details(file, &end);
	fprintf(file, "</%s>\n", element);
	event_clear(&end);
}

static void
put_output(
    FILE *file, const struct run_view *view, const struct ledger_device *device)
{
	struct event step;
	if (device->output_at < 0 ||
	    result_read_event(view->journal_fd, device->output_at, &step))
		return;
	fputs("   <system-out>", file);
	report_put_xml(file, step.output);
	if (step.output_cut)
		fputs("... cut here\n", file);
	fputs("</system-out>\n", file);
	event_clear(&step);
}

static void
put_case(
    FILE *file, const struct run_view *view, const struct ledger_device *device)
{
	enum verdict verdict = verdicts[device->status];
	fputs("  <testcase", file);
	put_attribute(file, "name", device->hostname);
	put_attribute(file, "classname", view->about.job);
	put_time(file, device->duration_ms);
	fputs(">\n", file);
	if (verdict == SKIPPED) {
		fputs("   <skipped", file);
		put_attribute(file, "message",
		    device->message ? device->message : "not begun yet");
		fputs("/>\n", file);
	} else if (verdict != PASSED) {
		put_trouble(file, view, device,
		    verdict == FAILURE ? "failure" : "error");
	}
	put_output(file, view, device);
	fputs("  </testcase>\n", file);
}

int
report_junit(FILE *file, const struct run_view *view)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", file);
	put_attribute(file, "name", "netpush");
	put_counts(file, view);
	fputs(">\n <testsuite", file);
	put_attribute(file, "name", view->about.job);
	put_counts(file, view);
	fprintf(file, " skipped=\"%zu\"", count_skipped(view->ledger));
	put_timestamp(file, view->about.started_ms);
	put_attribute(file, "id", "0");
	put_attribute(file, "package", "netpush");
	fputs(">\n", file);
	put_properties(file, view);
	for (size_t i = 0; i < view->ledger->count && !ferror(file); i++)
		put_case(file, view, &view->ledger->devices[i]);
	fputs(" </testsuite>\n</testsuites>\n", file);
	return ferror(file) ? -1 : 0;
}
