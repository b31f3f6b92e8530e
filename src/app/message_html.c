/*
 * The mail's HTML: what a phone shows at 02:40. Devices that need somebody
 * come first, each with its reason; those that are well are only named. It is
 * no report of its own: that is attached.
 */
#include "app/message.h"

#include "base/deadline.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX       200 /* of devices that did not succeed */
#define NAMES_MAX      500 /* of those that did */
#define TEXT_MAX_BYTES 2000 /* of what a device said */

static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<style>\n"
    "body { font: 15px/1.4 sans-serif; margin: 12px; }\n"
    "table { border-collapse: collapse; margin: 12px 0; }\n"
    "th, td { border: 1px solid #8888; padding: 4px 8px; text-align: left;\n"
    "  vertical-align: top; }\n"
    "pre { font: 13px/1.3 monospace; margin: 4px 0; white-space: pre-wrap; "
    "}\n"
    ".bad { color: #c62828; font-weight: bold; }\n"
    ".good { color: #2e7d32; font-weight: bold; }\n"
    "</style></head><body>\n";

/* At most LIMIT bytes of TEXT; what HTML or a terminal would take for its own
 * is made harmless. */
static void
put_some(FILE *out, const char *text, size_t limit)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (limit == 0 && (byte & 0xc0) != 0x80) {
			fputs(" ... cut here", out);
			return;
		}
		limit -= limit > 0;
		if (byte == '<')
			fputs("&lt;", out);
		else if (byte == '>')
			fputs("&gt;", out);
		else if (byte == '&')
			fputs("&amp;", out);
		else if (byte == '"')
			fputs("&quot;", out);
		else if ((byte < ' ' && byte != '\n' && byte != '\t') ||
		    byte == 0x7f)
			fputs("\xef\xbf\xbd", out);
		else
			fputc(byte, out);
	}
}

static void
put(FILE *out, const char *text)
{
	put_some(out, text ? text : "", TEXT_MAX_BYTES);
}

static void
put_block(FILE *out, const char *title, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(out, "<br>%s<pre>", title);
	put(out, text);
	fputs("</pre>", out);
}

static void
put_counts(FILE *out, const struct run_view *view)
{
	const struct ledger *ledger = view->ledger;
	fputs("<table><tr>", out);
	for (unsigned i = 0; i < DEVICE_STATUS__COUNT; i++)
		if (ledger->totals[i])
			fprintf(out, "<th>%s</th>",
			    i == DEVICE_PENDING
				? "not begun"
				: device_status_name((enum device_status)i));
	fputs("</tr>\n<tr>", out);
	for (unsigned i = 0; i < DEVICE_STATUS__COUNT; i++)
		if (ledger->totals[i])
			fprintf(out, "<td>%zu</td>", ledger->totals[i]);
	fputs("</tr></table>\n", out);
}

static void
put_summary(FILE *out, const struct run_view *view)
{
	char started[CLOCK_TEXT_BYTES], took[CLOCK_TEXT_BYTES];
	clock_format(view->about.started_ms, started);
	duration_format(view->about.finished_ms - view->about.started_ms, took);
	bool good = message_is_good_news(view);
	fprintf(out, "<p><span class=\"%s\">%s</span> &middot; ",
	    good ? "good" : "bad", good ? "OK" : "FAILED");
	put(out, view->about.job);
	fprintf(out, " &middot; %zu devices<br>\nbegun %s, took %s<br>\nrun ",
	    view->ledger->count, started, took);
	put(out, view->about.id);
	fputs("</p>\n", out);
	if (view->stopped) {
		fputs("<p class=\"bad\">stopped early: ", out);
		put(out, view->stopped);
		fputs("</p>\n", out);
	}
	if (!view->finished)
		fputs("<p class=\"bad\">it did not come to its end</p>\n", out);
}

/* The reason, from the journal where it has more to say than the ledger. */
static void
put_reason(
    FILE *out, const struct run_view *view, const struct ledger_device *device)
{
	struct event end;
	if (result_read_end(view->journal_fd, device, &end)) {
		put(out, device->message);
		return;
	}
	if (device->error != ERR_NONE) {
		fprintf(out, "%s: ", err_kind_name(device->error));
		put(out, end.error.err.text);
	}
	put_block(out, "sent", end.error.sent);
	put_block(out, "the device said", end.error.device_text);
	event_clear(&end);
}

static bool
needs_somebody(const struct ledger_device *device)
{
	return device->status != DEVICE_PENDING &&
	    device->status != DEVICE_SKIPPED &&
	    !device_status_is_success(device->status);
}

static void
put_row(
    FILE *out, const struct run_view *view, const struct ledger_device *device)
{
	fputs("<tr><td>", out);
	put(out, device->hostname);
	fprintf(out, "</td><td class=\"bad\">%s%s</td><td>",
	    device_status_name(device->status),
	    device->status == DEVICE_UNKNOWN ? " (may be partly applied)" : "");
	put_reason(out, view, device);
	fputs("</td></tr>\n", out);
}

/* UNKNOWN: those that may be partly applied, or all others. */
static void
put_rows(FILE *out, const struct run_view *view, bool unknown, size_t *rows)
{
	const struct ledger *ledger = view->ledger;
	for (size_t i = 0; i < ledger->count; i++) {
		const struct ledger_device *device = &ledger->devices[i];
		if (needs_somebody(device) &&
		    (device->status == DEVICE_UNKNOWN) == unknown &&
		    (*rows)++ < ROWS_MAX)
			put_row(out, view, device);
	}
}

static void
put_failures(FILE *out, const struct run_view *view)
{
	const size_t *totals = view->ledger->totals;
	size_t rows = 0;
	if (!totals[DEVICE_FAILED] && !totals[DEVICE_ROLLED_BACK] &&
	    !totals[DEVICE_UNKNOWN])
		return;
	fputs("<table><tr><th>device</th><th>status</th><th>reason</th></tr>\n",
	    out);
	put_rows(out, view, true, &rows);
	put_rows(out, view, false, &rows);
	fputs("</table>\n", out);
	if (rows > ROWS_MAX)
		fprintf(out,
		    "<p>and %zu more: see the attached result.json</p>\n",
		    rows - ROWS_MAX);
}

static void
put_names(FILE *out, const struct ledger *ledger, enum device_status status)
{
	size_t named = 0;
	if (!ledger->totals[status])
		return;
	fprintf(out, "<p>%s (%zu): ",
	    status == DEVICE_PENDING ? "not begun" : device_status_name(status),
	    ledger->totals[status]);
	for (size_t i = 0; i < ledger->count && named < NAMES_MAX; i++) {
		if (ledger->devices[i].status != status)
			continue;
		fputs(named++ ? ",\n" : "", out);
		put(out, ledger->devices[i].hostname);
	}
	if (named < ledger->totals[status])
		fprintf(out, " and %zu more", ledger->totals[status] - named);
	fputs("</p>\n", out);
}

void
message_html(FILE *out, const struct run_view *view)
{
	fputs(head, out);
	put_summary(out, view);
	put_counts(out, view);
	put_failures(out, view);
	put_names(out, view->ledger, DEVICE_SKIPPED);
	put_names(out, view->ledger, DEVICE_PENDING);
	put_names(out, view->ledger, DEVICE_CHANGED);
	put_names(out, view->ledger, DEVICE_UNCHANGED);
	fputs("</body></html>\n", out);
}
