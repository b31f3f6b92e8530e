/* Drawing the run's progress from its events. */
#include "app/progress.h"

#include "app/options.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/str.h"
#include "base/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_MS	 100 /* the live line is not drawn more often */
#define BUSY_NAMES_SHOWN 10

#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define GREEN  "\033[32m"
#define PLAIN  "\033[0m"

static bool
is_smart_terminal(int fd)
{
	const char *term = getenv("TERM");
	return isatty(fd) && term && *term && !str_eq(term, "dumb") &&
	    !getenv("CI");
}

bool
progress_wants_color(const struct options *options, int fd)
{
	const char *no_color = getenv("NO_COLOR");
	return is_smart_terminal(fd) && !options->no_color &&
	    !(no_color && *no_color);
}

void
progress_init(
    struct progress *progress, const struct options *options, int threads)
{
	*progress = (struct progress){
		.live = is_smart_terminal(STDERR_FILENO) && !options->quiet,
		.color = progress_wants_color(options, STDERR_FILENO),
		.quiet = options->quiet,
		.verbose = options->verbose,
		.threads = threads,
		.started_ms = clock_ms(),
	};
}

static void
erase_line(struct progress *progress)
{
	if (progress->line_shown)
		fputs("\r\033[K", stderr);
	progress->line_shown = false;
}

static size_t
terminal_columns(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10)
		return size.ws_col;
	return 80;
}

static void
draw_line(struct progress *progress, const struct ledger *ledger)
{
	struct buf line;
	int64_t now = clock_ms();
	if (!progress->live)
		return;
	if (progress->line_shown && now - progress->drawn_ms < REDRAW_MS)
		return;
	progress->drawn_ms = now;
	const size_t *totals = ledger->totals;
	char took[CLOCK_TEXT_BYTES];
	duration_format(now - progress->started_ms, took);
	size_t in_flight = 0;
	for (size_t i = 0;
	     i < ledger->count && in_flight < (size_t)progress->threads; i++)
		in_flight += ledger->devices[i].in_flight;
	buf_init(&line, terminal_columns() - 1);
	if (!progress->finished && !in_flight)
		buf_adds(&line, "checking the credentials");
	else
		buf_addf(&line, "%zu/%zu", progress->finished, ledger->count);
	for (unsigned i = DEVICE_CHANGED; i < DEVICE_STATUS__COUNT; i++)
		if (totals[i])
			buf_addf(&line, "  %s %zu",
			    device_status_name((enum device_status)i),
			    totals[i]);
	if (in_flight)
		buf_addf(&line, "  in flight %zu", in_flight);
	buf_addf(&line, "  %s", took);
	fprintf(stderr, "\r%s\033[K", buf_str(&line));
	fflush(stderr);
	progress->line_shown = true;
	buf_clear(&line);
}

static const char *
status_color(enum device_status status)
{
	switch (status) {
	case DEVICE_CHANGED:
		return GREEN;
	case DEVICE_UNCHANGED:
		return "";
	case DEVICE_SKIPPED:
	case DEVICE_ROLLED_BACK:
		return YELLOW;
	default:
		return RED;
	}
}

/* "R1: changed (0.4 s)", "R2: failed, connect: R2 port 22: ..." */
static void
print_finished(struct progress *progress, const struct ledger_device *device,
    const struct event *event)
{
	bool success = device_status_is_success(device->status);
	/* What was never started stands in the summary, not here. */
	if (device->status == DEVICE_SKIPPED && progress->verbose == 0)
		return;
	if (success &&
	    (progress->quiet || (progress->live && progress->verbose == 0)))
		return;
	char took[CLOCK_TEXT_BYTES];
	duration_format(device->duration_ms, took);
	erase_line(progress);
	fprintf(stderr, "%s: %s%s%s", device->hostname,
	    progress->color ? status_color(device->status) : "",
	    device_status_name(device->status), progress->color ? PLAIN : "");
	if (event->error.err.kind != ERR_NONE)
		fprintf(stderr, ", %s: %s",
		    err_kind_name(event->error.err.kind),
		    event->error.err.text);
	else
		fprintf(stderr, " (%s)", took);
	fputc('\n', stderr);
}

static bool
is_warning(const struct event *event)
{
	return json_is_true(json_object_get(event->more, "warning"));
}

static void
print_detail(struct progress *progress, const struct event *event)
{
	const char *hostname = event->hostname ? event->hostname : "netpush";
	char took[CLOCK_TEXT_BYTES];
	duration_format(event->duration_ms, took);
	if (event->kind == EVENT_STEP && progress->verbose >= 1) {
		erase_line(progress);
		fprintf(stderr, "%s: %s: %s: %s (%s)\n", hostname, event->phase,
		    event->name, event->status, took);
		if (event->notes)
			fprintf(stderr, "%s", event->notes);
	} else if (event->kind == EVENT_LOG &&
	    (progress->verbose >= 2 ||
		(progress->verbose && is_warning(event)))) {
		erase_line(progress);
		fprintf(stderr, "%s: %s: %s\n", hostname,
		    is_warning(event) ? "warning" : "log", event->text);
	} else if (event->kind == EVENT_STAGE && progress->verbose >= 2) {
		erase_line(progress);
		fprintf(stderr, "%s: %s\n", hostname, stage_name(event->stage));
	} else if (event->kind == EVENT_CREDENTIALS_CHECKED &&
	    (progress->verbose >= 1 || !str_eq(event->status, "passed"))) {
		erase_line(progress);
		fprintf(stderr, "credentials of %s on %s: %s%s%s\n",
		    event->name, hostname, event->status,
		    event->error.err.kind ? ": " : "",
		    event->error.err.kind ? event->error.err.text : "");
	}
}

void
progress_event(struct progress *progress, const struct ledger *ledger,
    size_t device, const struct event *event)
{
	if (event->kind == EVENT_DEVICE_FINISHED && device != SIZE_MAX) {
		if (progress->finished < ledger->count)
			progress->finished = ledger->count -
			    ledger->totals[DEVICE_PENDING];
		print_finished(progress, &ledger->devices[device], event);
	} else {
		print_detail(progress, event);
	}
	draw_line(progress, ledger);
}

void
progress_tick(struct progress *progress, const struct ledger *ledger)
{
	draw_line(progress, ledger);
}

void
progress_interrupted(
    struct progress *progress, const struct ledger *ledger, int level)
{
	erase_line(progress);
	if (level > 2) {
		fputs("netpush: killing the workers\n", stderr);
		return;
	}
	fputs(level == 1
		? "netpush: stopping: no more devices are started; ^C again "
		  "calls off the rest"
		: "netpush: calling off the devices in flight; ^C again kills "
		  "their workers",
	    stderr);
	size_t busy = 0;
	for (size_t i = 0; i < ledger->count; i++) {
		const struct ledger_device *device = &ledger->devices[i];
		if (!device->in_flight)
			continue;
		if (busy < BUSY_NAMES_SHOWN)
			fprintf(stderr, "%s%s (%s)",
			    busy ? ", " : "\nnetpush: busy: ", device->hostname,
			    stage_name(device->stage));
		busy++;
	}
	if (busy > BUSY_NAMES_SHOWN)
		fprintf(stderr, " and %zu more", busy - BUSY_NAMES_SHOWN);
	fputc('\n', stderr);
}

void
progress_waiting(struct progress *progress, int64_t start_ms)
{
	char start[WHEN_TEXT_BYTES], left[CLOCK_TEXT_BYTES];
	int64_t left_ms = start_ms - clock_wall_ms();
	when_format(start_ms, start);
	/* Whole seconds: what counts down should not flicker. */
	duration_format(left_ms > 0 ? left_ms / 1000 * 1000 : 0, left);
	if (!progress->wait_told && !progress->quiet)
		fprintf(stderr,
		    "netpush: credentials checked; waiting until %s\n", start);
	progress->wait_told = true;
	progress->started_ms = clock_ms();
	if (!progress->live)
		return;
	fprintf(stderr, "\rbegins in %s (^C: leave)\033[K", left);
	fflush(stderr);
	progress->line_shown = true;
}

void
progress_notice(struct progress *progress, const char *text)
{
	erase_line(progress);
	fprintf(stderr, "netpush: %s\n", text);
}

void
progress_done(struct progress *progress)
{
	erase_line(progress);
	fflush(stderr);
}
