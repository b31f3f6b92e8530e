/* CSV (RFC 4180): a line of names, then one for each device. */
#include "app/report_formats.h"

#include "app/report_put.h"
#include "base/deadline.h"
#include "run/result.h"

#define LINE_END "\r\n"

static void
put_number(FILE *file, long long number)
{
	fprintf(file, ",%lld", number);
}

static void
put_text(FILE *file, const char *text)
{
	fputc(',', file);
	report_put_csv(file, text);
}

static void
put_error(
    FILE *file, const struct run_view *view, const struct ledger_device *device)
{
	struct event end;
	if (device->error == ERR_NONE) {
		fputs(",,,,,", file);
		return;
	}
	put_text(file, err_kind_name(device->error));
	if (result_read_end(view->journal_fd, device, &end)) {
		put_text(file, device->message);
		fputs(",,,", file);
		return;
	}
	put_text(file, end.error.err.text);
	if (end.error.line)
		put_number(file, end.error.line);
	else
		fputc(',', file);
	put_text(file, end.error.sent);
	put_text(file, end.error.device_text);
	event_clear(&end);
}

static void
put_device(
    FILE *file, const struct run_view *view, const struct ledger_device *device)
{
	struct event step;
	char started[CLOCK_TEXT_BYTES] = "";
	if (device->started_ms)
		clock_format(device->started_ms, started);
	report_put_csv(file, device->hostname);
	put_text(file, device->address);
	put_text(file, device->device_type);
	put_text(file, device_status_name(device->status));
	put_number(file, device->attempts);
	put_text(file, started);
	fputc(',', file);
	report_put_seconds(file, device->duration_ms);
	put_text(file, device->phase);
	put_text(file,
	    device->stage == STAGE_NONE ? NULL : stage_name(device->stage));
	put_text(file, device->would_change ? "true" : NULL);
	put_error(file, view, device);
	fputc(',', file);
	if (device->output_at >= 0 &&
	    result_read_event(view->journal_fd, device->output_at, &step) ==
		0) {
		report_put_csv(file, step.output);
		event_clear(&step);
	}
	fputs(LINE_END, file);
}

int
report_csv(FILE *file, const struct run_view *view)
{
	fputs("hostname,address,device_type,status,attempts,started,duration,"
	      "phase,stage,would_change,error_kind,error_message,error_line,"
	      "error_sent,"
	      "error_device_text,output" LINE_END,
	    file);
	for (size_t i = 0; i < view->ledger->count && !ferror(file); i++)
		put_device(file, view, &view->ledger->devices[i]);
	return ferror(file) ? -1 : 0;
}
