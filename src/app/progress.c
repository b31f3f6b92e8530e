/* A run's events as lines for the person who waits for it. */
#include "progress_parts.h"

#include "app/dialogue.h"
#include "app/options.h"
#include "app/report.h"
#include "base/alloc.h"
#include "base/deadline.h"
#include "base/log.h"
#include "base/str.h"
#include "base/when.h"
#include "model/job.h"
#include "run/rundir.h"
#include "text/shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIALOGUE_VERBOSITY 2
#define REDRAW_MS	   100 /* the lines are not drawn more often */
#define BUSY_NAMES_SHOWN   10
#define TEXT_COLUMNS_MIN   20
#define LINE_LIMIT_BYTES   (1u << 20)

/* Whose lines have to make room for what is logged. A worker inherits it, but
 * draws nothing. */
static struct progress *current;
static pid_t current_pid;

static void
make_room(void)
{
	if (current && current_pid == getpid())
		overlay_erase(&current->overlay);
}

bool
progress_wants_color(const struct options *options, int fd)
{
	const char *no_color = getenv("NO_COLOR");
	return terminal_is_smart(fd) && !options->no_color &&
	    !(no_color && *no_color);
}

unsigned
progress_report_look(const struct options *options)
{
	unsigned look = 0;
	if (progress_wants_color(options, STDOUT_FILENO))
		look |= REPORT_COLOR;
	if (options->quiet)
		look |= REPORT_QUIET;
	if (options->diff)
		look |= REPORT_DIFF;
	return look;
}

void
progress_init(struct progress *progress, const struct options *options,
    const struct job *job)
{
	*progress = (struct progress){
		.color = progress_wants_color(options, STDERR_FILENO),
		.quiet = options->quiet,
		.verbose = options->verbose,
		.state_dir = options->state_dir,
		.started_ms = clock_ms(),
	};
	overlay_init(&progress->overlay,
	    terminal_is_smart(STDERR_FILENO) && !options->quiet);
	tally_init(&progress->tally, job);
	current = progress;
	current_pid = getpid();
	log_set_before(make_room);
}

void
progress_clear(struct progress *progress)
{
	log_set_before(NULL);
	current = NULL;
	overlay_clear(&progress->overlay);
	tally_clear(&progress->tally);
	dialogue_free(progress->dialogue);
	progress->dialogue = NULL;
}

void
progress_done(struct progress *progress)
{
	overlay_erase(&progress->overlay);
}

/* Prints the line, above what is drawn, and forgets it. */
static void
say(struct progress *progress, struct buf *line)
{
	buf_addc(line, '\n');
	overlay_print(&progress->overlay, buf_str(line));
	buf_clear(line);
}

/* "R1 > show version" */
static void
tell_dialogue(void *data, const char *hostname, const char *text)
{
	struct buf line;
	buf_init(&line, LINE_LIMIT_BYTES);
	buf_addf(&line, "%s ", hostname);
	shown_add_line(&line, text, 0);
	say(data, &line);
}

static void
follow_dialogue(struct progress *progress, const struct event *event)
{
	const char *run = json_string_value(
	    json_object_get(event->more, "run"));
	if (progress->verbose < DIALOGUE_VERBOSITY || !run)
		return;
	char *state_dir = rundir_state_dir(progress->state_dir);
	char *dir = xasprintf("%s/runs/%s", state_dir, run);
	progress->dialogue = dialogue_new(dir, progress->tally.job);
	free(dir);
	free(state_dir);
}

/* What was said while nobody had anything else to tell. */
static void
overhear(struct progress *progress)
{
	int64_t now = clock_ms();
	if (!progress->dialogue || now - progress->overheard_ms < REDRAW_MS)
		return;
	progress->overheard_ms = now;
	for (size_t i = 0; i < progress->tally.flight_count; i++)
		dialogue_read(progress->dialogue,
		    progress->tally.flights[i].device, tell_dialogue, progress);
}

static void
draw(struct progress *progress, const struct ledger *ledger)
{
	struct buf lines;
	size_t columns, rows;
	int64_t now = clock_ms();
	if (!progress->overlay.live ||
	    (progress->overlay.shown && now - progress->drawn_ms < REDRAW_MS))
		return;
	if (progress->waits)
		return; /* the countdown stands there */
	progress->drawn_ms = now;
	terminal_size(&columns, &rows);
	buf_init(&lines, LINE_LIMIT_BYTES);
	progress_lines(&lines, progress, ledger, columns, rows);
	overlay_draw(&progress->overlay, buf_str(&lines));
	buf_clear(&lines);
}

/* What is left of the line for a text: on a terminal the report repeats it in
 * full, so that it is cut there unless next to nothing would be left. 0: no
 * limit. */
static size_t
room_for_text(const struct progress *progress, size_t used)
{
	size_t columns, rows;
	if (!progress->overlay.live)
		return 0;
	terminal_size(&columns, &rows);
	return columns > used + TEXT_COLUMNS_MIN ? columns - used - 1 : 0;
}

static void
say_error(struct progress *progress, struct buf *line, size_t used,
    const struct err *err, const char *behind)
{
	const char *kind = err_kind_name(err->kind);
	buf_addf(line, "%s: ", kind);
	used += strlen(kind) + 2 + strlen(behind);
	shown_add_line(line, err->text, room_for_text(progress, used));
	buf_adds(line, behind);
	say(progress, line);
}

/* "R1: changed (0.4 s)", "R2: failed, connect: R2 port 22: ..." */
static void
tell_finished(struct progress *progress, const struct ledger_device *device,
    const struct event *event)
{
	struct buf line;
	char took[CLOCK_TEXT_BYTES];
	bool success = device_status_is_success(device->status);
	const char *status = device->would_change
	    ? "would change"
	    : device_status_name(device->status);
	const char *color = progress->color
	    ? progress_status_color(device->status)
	    : "";
	/* What was never started stands in the summary, not here. */
	if (device->status == DEVICE_SKIPPED && progress->verbose == 0)
		return;
	if (success &&
	    (progress->quiet ||
		(progress->overlay.live && progress->verbose == 0)))
		return;
	buf_init(&line, LINE_LIMIT_BYTES);
	shown_add_line(&line, device->hostname, 0);
	buf_addf(
	    &line, ": %s%s%s", color, status, progress->color ? PLAIN : "");
	if (event->error.err.kind != ERR_NONE) {
		buf_adds(&line, ", ");
		say_error(progress, &line,
		    strlen(device->hostname) + strlen(status) + 4,
		    &event->error.err, "");
		return;
	}
	duration_format(device->duration_ms, took);
	buf_addf(&line, " (%s)", took);
	say(progress, &line);
}

/* "R2: connect: R2 port 22: Connection refused; again in 2 s" */
static void
tell_retry(struct progress *progress, const struct event *event)
{
	struct buf line;
	double wait = 0;
	char left[CLOCK_TEXT_BYTES], behind[CLOCK_TEXT_BYTES + 16];
	if (progress->quiet)
		return;
	json_unpack(event->more, "{s:F}", "wait", &wait);
	duration_format((int64_t)(wait * 1000), left);
	snprintf(behind, sizeof(behind), "; again in %s", left);
	buf_init(&line, LINE_LIMIT_BYTES);
	shown_add_line(&line, event->hostname, 0);
	buf_adds(&line, ": ");
	say_error(progress, &line, strlen(event->hostname) + 2,
	    &event->error.err, behind);
}

/* "batch 2 of 3: 4 devices" */
static void
tell_batch(struct progress *progress, const struct event *event)
{
	struct buf line;
	json_int_t batch = 0, batches = 0, devices = 0;
	json_unpack(event->more, "{s:I, s:I, s:I}", "batch", &batch, "batches",
	    &batches, "devices", &devices);
	progress->batch = (size_t)batch;
	progress->batches = (size_t)batches;
	if (progress->quiet)
		return;
	buf_init(&line, LINE_LIMIT_BYTES);
	buf_addf(&line, "batch %lld of %lld: %lld device%s", (long long)batch,
	    (long long)batches, (long long)devices, devices == 1 ? "" : "s");
	say(progress, &line);
}

static void
tell_step(struct progress *progress, const struct event *event)
{
	struct buf line;
	char took[CLOCK_TEXT_BYTES];
	duration_format(event->duration_ms, took);
	buf_init(&line, LINE_LIMIT_BYTES);
	buf_addf(&line, "%s: %s: ", event->hostname, event->phase);
	shown_add_line(&line, event->name, 0);
	buf_addf(&line, ": %s (%s)", event->status, took);
	if (event->notes && event->notes[0]) {
		size_t len = strlen(event->notes);
		buf_addc(&line, '\n');
		shown_add(&line, event->notes,
		    event->notes[len - 1] == '\n' ? len - 1 : len);
	}
	say(progress, &line);
}

static void
tell_credentials(struct progress *progress, const struct event *event)
{
	struct buf line;
	buf_init(&line, LINE_LIMIT_BYTES);
	buf_addf(&line, "credentials of %s on %s: %s", event->name,
	    event->hostname, event->status);
	if (event->error.err.kind != ERR_NONE) {
		buf_adds(&line, ": ");
		shown_add_line(&line, event->error.err.text, 0);
	}
	say(progress, &line);
}

/* "R1: TEXT", with BETWEEN for ": ". */
static void
tell_text(struct progress *progress, const struct event *event,
    const char *between, const char *text)
{
	struct buf line;
	buf_init(&line, LINE_LIMIT_BYTES);
	buf_addf(&line, "%s%s", event->hostname ? event->hostname : "netpush",
	    between);
	shown_add_line(&line, text ? text : "", 0);
	say(progress, &line);
}

/* Warnings with -v, the rest of a device's words with -vv. */
static void
tell_log(struct progress *progress, const struct event *event)
{
	bool warns = json_is_true(json_object_get(event->more, "warning"));
	if (progress->verbose >= 2 || (progress->verbose && warns))
		tell_text(progress, event,
		    warns ? ": warning: " : ": log: ", event->text);
}

static void
tell(struct progress *progress, const struct ledger_device *device,
    const struct event *event)
{
	switch (event->kind) {
	case EVENT_BATCH_STARTED:
		tell_batch(progress, event);
		break;
	case EVENT_DEVICE_RETRY:
		tell_retry(progress, event);
		break;
	case EVENT_DEVICE_FINISHED:
		if (device)
			tell_finished(progress, device, event);
		break;
	case EVENT_CREDENTIALS_CHECKED:
		if (progress->verbose >= 1 || !str_eq(event->status, "passed"))
			tell_credentials(progress, event);
		break;
	case EVENT_STEP:
		if (progress->verbose >= 1)
			tell_step(progress, event);
		break;
	case EVENT_LOG:
		tell_log(progress, event);
		break;
	case EVENT_STAGE:
		if (progress->verbose >= 2)
			tell_text(
			    progress, event, ": ", stage_name(event->stage));
		break;
	default:
		break;
	}
}

void
progress_event(struct progress *progress, const struct ledger *ledger,
    size_t device, const struct event *event)
{
	bool known = device != SIZE_MAX;
	progress->waits = false;
	if (known)
		tally_take(&progress->tally, ledger, device, clock_ms());
	if (event->kind == EVENT_RUN_STARTED)
		follow_dialogue(progress, event);
	if (known && progress->dialogue)
		dialogue_read(
		    progress->dialogue, device, tell_dialogue, progress);
	tell(progress, known ? &ledger->devices[device] : NULL, event);
	draw(progress, ledger);
}

void
progress_tick(struct progress *progress, const struct ledger *ledger)
{
	overhear(progress);
	draw(progress, ledger);
}

void
progress_interrupted(
    struct progress *progress, const struct ledger *ledger, int level)
{
	struct buf line;
	struct tally_flight busy[BUSY_NAMES_SHOWN];
	const struct tally *tally = &progress->tally;
	buf_init(&line, LINE_LIMIT_BYTES);
	if (level > 2) {
		buf_adds(&line, "netpush: killing the workers");
		say(progress, &line);
		return;
	}
	buf_adds(&line,
	    level == 1
		? "netpush: stopping: no more devices are started; ^C again "
		  "calls off the rest"
		: "netpush: calling off the devices in flight; ^C again kills "
		  "their workers");
	size_t count = tally_slowest(tally, busy, BUSY_NAMES_SHOWN);
	for (size_t i = 0; i < count; i++) {
		const struct ledger_device
		    *device = &ledger->devices[busy[i].device];
		buf_addf(&line, "%s%s (%s)",
		    i ? ", " : "\nnetpush: busy: ", device->hostname,
		    stage_name(device->stage));
	}
	if (tally->flight_count > count)
		buf_addf(&line, " and %zu more", tally->flight_count - count);
	say(progress, &line);
}

void
progress_waiting(struct progress *progress, int64_t start_ms)
{
	struct buf line;
	char start[WHEN_TEXT_BYTES], left[CLOCK_TEXT_BYTES];
	size_t columns, rows;
	int64_t left_ms = start_ms - clock_wall_ms();
	when_format(start_ms, start);
	buf_init(&line, LINE_LIMIT_BYTES);
	if (!progress->wait_told && !progress->quiet) {
		buf_addf(&line,
		    "netpush: credentials checked; waiting until %s", start);
		say(progress, &line);
	}
	progress->wait_told = progress->waits = true;
	progress->started_ms = clock_ms();
	/* Whole seconds: what counts down should not flicker. */
	duration_format(left_ms > 0 ? left_ms / 1000 * 1000 : 0, left);
	buf_addf(&line, "begins in %s (^C: leave)", left);
	terminal_size(&columns, &rows);
	if (line.len > columns - 1)
		buf_truncate(&line, columns - 1);
	overlay_draw(&progress->overlay, buf_str(&line));
	buf_clear(&line);
}

void
progress_notice(struct progress *progress, const char *text)
{
	struct buf line;
	buf_init(&line, LINE_LIMIT_BYTES);
	buf_adds(&line, "netpush: ");
	shown_add_line(&line, text, 0);
	say(progress, &line);
}
