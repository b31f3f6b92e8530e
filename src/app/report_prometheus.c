/*
 * Prometheus' text format, for node_exporter's textfile collector. The names
 * and what they mean are a table; docs/results.md tells them.
 */
#include "app/report_formats.h"

#include "app/report_put.h"
#include "run/result.h"

struct family {
	const char *name;
	const char *help;
	void (*put)(FILE *file, const struct run_view *view, const char *name);
};

/* The name with the label that all have; more may follow. ("job" is what
 * Prometheus calls the thing that it scrapes.) */
static void
put_name(FILE *file, const char *name, const struct run_view *view)
{
	fprintf(file, "%s{netpush_job=\"", name);
	report_put_label(file, view->about.job);
	fputc('"', file);
}

static void
put_one_time(
    FILE *file, const char *name, const struct run_view *view, int64_t time_ms)
{
	put_name(file, name, view);
	fputs("} ", file);
	report_put_seconds(file, time_ms);
	fputc('\n', file);
}

static void
put_start(FILE *file, const struct run_view *view, const char *name)
{
	put_one_time(file, name, view, view->about.started_ms);
}

static void
put_end(FILE *file, const struct run_view *view, const char *name)
{
	put_one_time(file, name, view, view->about.finished_ms);
}

static void
put_exit_status(FILE *file, const struct run_view *view, const char *name)
{
	put_name(file, name, view);
	fprintf(file, "} %d\n", view->about.exit_status);
}

static void
put_finished(FILE *file, const struct run_view *view, const char *name)
{
	put_name(file, name, view);
	fprintf(file, "} %d\n", view->finished);
}

static void
put_totals(FILE *file, const struct run_view *view, const char *name)
{
	for (unsigned i = DEVICE_CHANGED; i < DEVICE_STATUS__COUNT; i++) {
		put_name(file, name, view);
		fprintf(file, ",status=\"%s\"} %zu\n",
		    device_status_name((enum device_status)i),
		    view->ledger->totals[i]);
	}
}

static void
put_device(FILE *file, const char *name, const struct run_view *view,
    const struct ledger_device *device)
{
	put_name(file, name, view);
	fputs(",hostname=\"", file);
	report_put_label(file, device->hostname);
	fputs("\",device_type=\"", file);
	report_put_label(file, device->device_type);
	fputs("\"} ", file);
}

static void
put_successes(FILE *file, const struct run_view *view, const char *name)
{
	for (size_t i = 0; i < view->ledger->count; i++) {
		const struct ledger_device *device = &view->ledger->devices[i];
		put_device(file, name, view, device);
		fprintf(file, "%d\n", device_status_is_success(device->status));
	}
}

static void
put_durations(FILE *file, const struct run_view *view, const char *name)
{
	for (size_t i = 0; i < view->ledger->count; i++) {
		const struct ledger_device *device = &view->ledger->devices[i];
		put_device(file, name, view, device);
		report_put_seconds(file, device->duration_ms);
		fputc('\n', file);
	}
}

static const struct family families[] = {
	{ "netpush_run_start_time_seconds", "When the run began.", put_start },
	{ "netpush_run_end_time_seconds", "When the run ended.", put_end },
	{ "netpush_run_exit_status", "The exit status of netpush.",
	    put_exit_status },
	{ "netpush_run_finished", "1 if the run came to its end.",
	    put_finished },
	{ "netpush_run_devices", "Devices by what became of them.",
	    put_totals },
	{ "netpush_device_success", "1 if the device is as the job asks.",
	    put_successes },
	{ "netpush_device_duration_seconds",
	    "Time at work on the device, all phases together.", put_durations },
};

int
report_prometheus(FILE *file, const struct run_view *view)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const struct family *family = &families[i];
		fprintf(file, "# HELP %s %s\n# TYPE %s gauge\n", family->name,
		    family->help, family->name);
		family->put(file, view, family->name);
	}
	return ferror(file) ? -1 : 0;
}
