/* From the loaded job to the exit status. */
#include "app/execute.h"

#include "app/call.h"
#include "app/login.h"
#include "app/options.h"
#include "app/progress.h"
#include "app/report.h"
#include "app/window.h"
#include "base/alloc.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "model/credentials.h"
#include "run/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void
on_event(void *data, const struct ledger *ledger, size_t device,
    const struct event *event)
{
	progress_event(data, ledger, device, event);
}

static bool
on_refused(void *data, struct credentials *credentials, int attempt)
{
	(void)attempt;
	progress_done(data);
	return login_ask_again(credentials);
}

static void
on_interrupt(void *data, const struct ledger *ledger, int level)
{
	progress_interrupted(data, ledger, level);
}

static void
on_tick(void *data, const struct ledger *ledger)
{
	progress_tick(data, ledger);
}

static void
on_waiting(void *data, int64_t start_ms)
{
	progress_waiting(data, start_ms);
}

static void
on_notice(void *data, const char *text)
{
	progress_notice(data, text);
}

static char *
default_known_hosts(void)
{
	const char *home = getenv("HOME");
	return xasprintf("%s/.ssh/known_hosts", home && *home ? home : "");
}

/* The run's own result.json is the same, and cheaper to copy than to make. */
static int
copy_result(FILE *to, const struct run_outcome *outcome)
{
	char chunk[65536];
	size_t n;
	char *path = xasprintf("%s/result.json", outcome->dir);
	FILE *from = fopen(path, "re");
	int rc = from ? 0 : -1;
	free(path);
	while (
	    from && rc == 0 && (n = fread(chunk, 1, sizeof(chunk), from)) > 0)
		if (fwrite(chunk, 1, n, to) != n)
			rc = -1;
	if (from && ferror(from))
		rc = -1;
	if (from)
		fclose(from);
	return fflush(to) || ferror(to) ? -1 : rc;
}

static int
put_result(FILE *to, const struct run_outcome *outcome)
{
	struct run_view view = run_outcome_view(outcome);
	return outcome->result_kept ? copy_result(to, outcome)
				    : result_write(to, &view);
}

/* The result goes to where --json wants it, whatever became of the run's
 * directory. */
static int
write_json(const char *to, const struct run_outcome *outcome)
{
	struct err err = { 0 };
	bool to_stdout = str_eq(to, "-");
	struct stat about;
	/* A pipe or a device is written to, never replaced. */
	bool replace = !to_stdout &&
	    (stat(to, &about) || S_ISREG(about.st_mode));
	char *temporary = replace ? xasprintf("%s.new", to) : NULL;
	FILE *file = to_stdout ? stdout : fopen(replace ? temporary : to, "we");
	int rc = -1;
	if (file && put_result(file, outcome) == 0)
		rc = replace ? fsync(fileno(file)) : 0;
	if (rc)
		err_sys(&err, ERR_INTERNAL, errno, "%s",
		    to_stdout ? "standard output" : to);
	if (file && !to_stdout)
		fclose(file);
	if (replace && rc == 0 && rename(temporary, to))
		rc = err_sys(&err, ERR_INTERNAL, errno, "%s", to);
	if (rc)
		log_error("%s", err.text);
	if (replace && rc)
		unlink(temporary);
	free(temporary);
	return rc;
}

static void
die_by(int number)
{
	sigset_t set;
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
}

static void
report(const struct run_outcome *outcome, const struct options *options)
{
	struct run_view view = run_outcome_view(outcome);
	if (options->json)
		write_json(options->json, outcome);
	if (!str_eq(options->json, "-"))
		report_text(stdout, &view,
		    progress_wants_color(options, STDOUT_FILENO),
		    options->quiet);
	fflush(stdout);
}

static int
run_it(const struct job *job, struct credentials *credentials,
    const struct options *options, const struct run_options *run_options)
{
	struct progress progress;
	struct run_outcome outcome;
	struct err err;
	struct run_observer observer = {
		.data = &progress,
		.event = on_event,
		.ask_again = on_refused,
		.interrupted = on_interrupt,
		.tick = on_tick,
		.waiting = on_waiting,
		.notice = on_notice,
	};
	progress_init(&progress, options, job);
	int rc = run_job(
	    job, credentials, run_options, &observer, &outcome, &err);
	progress_clear(&progress);
	if (rc) {
		log_error("%s; nothing was contacted", err.text);
		run_outcome_clear(&outcome);
		return EXIT_USAGE;
	}
	report(&outcome, options);
	int status = outcome.exit_status, number = outcome.signal;
	run_outcome_clear(&outcome);
	if (number)
		die_by(number);
	return status;
}

int
execute(
    const struct job *job, const struct options *options, const char *resume)
{
	struct window window;
	struct credentials credentials = { 0 };
	int status = EXIT_USAGE;
	if (window_find(&window, job, options->at, clock_wall_ms()))
		return status;
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
	if (login_gather(&credentials, options, job) == 0)
		status = run_it(job, &credentials, options, &run_options);
	credentials_clear(&credentials);
	json_decref(call);
	free(known_hosts);
	return status;
}
