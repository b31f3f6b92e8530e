/* From the loaded job to the exit status. */
#include "app/execute.h"

#include "app/call.h"
#include "app/deliver.h"
#include "app/email.h"
#include "app/login.h"
#include "app/options.h"
#include "app/progress.h"
#include "app/report.h"
#include "app/report_formats.h"
#include "app/window.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/die.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "model/credentials.h"
#include "run/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What shows the run while it is on. */
struct live {
	struct progress progress;
	bool silent; /* only what a person must know while it is on */
	bool streams; /* events go to standard output, too */
	struct buf line;
};

/* The journal's own line, as it is written. */
static void
stream(struct live *live, const struct event *event)
{
	buf_reset(&live->line);
	event_put(event, &live->line);
	if (fwrite(live->line.data, 1, live->line.len, stdout) ==
		live->line.len &&
	    fflush(stdout) == 0)
		return;
	live->streams = false;
	log_warn("standard output: %s; no more events are written to it",
	    strerror(errno));
}

static void
on_event(void *data, const struct ledger *ledger, size_t device,
    const struct event *event)
{
	struct live *live = data;
	if (live->streams)
		stream(live, event);
	if (!live->silent)
		progress_event(&live->progress, ledger, device, event);
}

static bool
on_refused(void *data, struct credentials *credentials, int attempt)
{
	struct live *live = data;
	(void)attempt;
	progress_done(&live->progress);
	return login_ask_again(credentials);
}

static void
on_interrupt(void *data, const struct ledger *ledger, int level)
{
	struct live *live = data;
	progress_interrupted(&live->progress, ledger, level);
}

static void
on_tick(void *data, const struct ledger *ledger)
{
	struct live *live = data;
	progress_tick(&live->progress, ledger);
}

static void
on_waiting(void *data, int64_t start_ms)
{
	struct live *live = data;
	progress_waiting(&live->progress, start_ms);
}

static void
on_notice(void *data, const char *text)
{
	struct live *live = data;
	progress_notice(&live->progress, text);
}

static char *
default_known_hosts(void)
{
	const char *home = getenv("HOME");
	return xasprintf("%s/.ssh/known_hosts", home && *home ? home : "");
}

/* Standard output is --json's if it asks for it, else --format's; events have
 * been there all along. */
static int
print_report(const struct run_view *view, const struct options *options)
{
	if (str_eq(options->json, "-"))
		return report_rows[REPORT_JSON].write(stdout, view);
	if (options->format == REPORT_JSONL)
		return 0;
	if (options->format != REPORT_TEXT)
		return report_rows[options->format].write(stdout, view);
	report_text(stdout, view, progress_report_look(options));
	return 0;
}

static void
report(const struct run_view *view, const struct options *options)
{
	struct err err;
	if (options->json && !str_eq(options->json, "-") &&
	    report_write_file(REPORT_JSON, options->json, view, &err))
		log_error("%s", err.text);
	if (print_report(view, options) || fflush(stdout))
		log_error("standard output: %s", strerror(errno));
}

static int
run_it(const struct job *job, struct credentials *credentials,
    const struct secret *smtp_password, const struct options *options,
    const struct run_options *run_options, const struct execute_face *face)
{
	struct live live = {
		.silent = face != NULL,
		.streams = options->format == REPORT_JSONL,
	};
	struct run_outcome outcome;
	struct err err;
	struct run_observer observer = {
		.data = &live,
		.event = on_event,
		.ask_again = on_refused,
		.interrupted = on_interrupt,
		.tick = on_tick,
		.waiting = on_waiting,
		.notice = on_notice,
	};
	buf_init(&live.line, EVENT_LINE_LIMIT_BYTES);
	progress_init(&live.progress, options, job);
	int rc = run_job(
	    job, credentials, run_options, &observer, &outcome, &err);
	progress_clear(&live.progress);
	buf_clear(&live.line);
	if (rc) {
		log_error("%s; nothing was contacted", err.text);
		run_outcome_clear(&outcome);
		return EXIT_USAGE;
	}
	struct run_view view = run_outcome_view(&outcome);
	if (face)
		face->show(face->data, &view);
	else
		report(&view, options);
	/* Nobody is told of what was only tried. */
	if (!options->check)
		deliver(&job->report, smtp_password, &view);
	int status = outcome.exit_status, number = outcome.signal;
	run_outcome_clear(&outcome);
	if (number)
		die_by_signal(number);
	return status;
}

int
execute(
    const struct job *job, const struct options *options, const char *resume)
{
	return execute_for(job, options, resume, NULL);
}

int
execute_for(const struct job *job, const struct options *options,
    const char *resume, const struct execute_face *face)
{
	struct window window;
	struct credentials credentials = { 0 };
	struct secret *smtp_password = NULL;
	struct err err;
	int status = EXIT_USAGE;
	if (window_find(&window, job, options->at, clock_wall_ms()))
		return status;
	if (str_eq(options->json, "-") && options->has_format) {
		log_error("--json - and --format both want the standard "
			  "output");
		return status;
	}
	if (!options->check)
		deliver_look_ahead(&job->report);
	secret_harden_process();
	char *known_hosts = options->known_hosts ? xstrdup(options->known_hosts)
						 : default_known_hosts();
	json_t *call = call_json(options, job);
	struct run_options run_options = {
		.state_dir = options->state_dir,
		.known_hosts = known_hosts,
		.host_keys = options->host_keys,
		/* What -vv shows is read from them. */
		.transcripts = options->transcripts || options->verbose >= 2,
		.resume = resume,
		.check = options->check,
		.force = options->force,
		.call = call,
		.start_ms = window.start_ms,
		.end_ms = window.end_ms,
	};
	if (email_gather(options->check ? NULL : job->report.email,
		&smtp_password, &err))
		log_error("%s", err.text);
	else if (login_gather(&credentials, options, job) == 0)
		status = run_it(job, &credentials, smtp_password, options,
		    &run_options, face);
	credentials_clear(&credentials);
	secret_free(smtp_password);
	json_decref(call);
	free(known_hosts);
	return status;
}
