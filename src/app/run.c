/* netpush run: a job, from the file to the exit status. */
#include "app/command.h"
#include "app/load.h"
#include "app/login.h"
#include "app/options.h"
#include "app/progress.h"
#include "app/report.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "model/credentials.h"
#include "run/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static char *
default_known_hosts(void)
{
	const char *home = getenv("HOME");
	return xasprintf("%s/.ssh/known_hosts", home && *home ? home : "");
}

/* Copies result.json to where --json wants it. */
static int
write_json(const char *to, const struct run_outcome *outcome)
{
	struct err err = { 0 };
	struct buf text;
	int rc = -1;
	char *from = xasprintf("%s/result.json", outcome->dir);
	buf_init(&text, SIZE_MAX / 4);
	if (file_read(from, &text, &err))
		goto out;
	if (str_eq(to, "-")) {
		fflush(stdout);
		rc = fd_write_all(STDOUT_FILENO, text.data, text.len);
		if (rc)
			err_sys(&err, ERR_INTERNAL, errno, "standard output");
	} else {
		rc = file_write_atomic(to, text.data, text.len, 0600, &err);
	}
out:
	if (rc)
		log_error("%s", err.text);
	buf_clear(&text);
	free(from);
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

/* The run itself, with everything loaded. */
static int
run_loaded(const struct job *job, struct credentials *credentials,
    const struct options *options)
{
	struct progress progress;
	struct run_outcome outcome;
	struct err err;
	int64_t start = clock_ms();
	char *known_hosts = options->known_hosts ? xstrdup(options->known_hosts)
						 : default_known_hosts();
	struct run_options run_options = {
		.state_dir = options->state_dir,
		.known_hosts = known_hosts,
		.host_keys = options->host_keys,
		.transcripts = options->transcripts,
	};
	struct run_observer observer = {
		.data = &progress,
		.event = on_event,
		.ask_again = on_refused,
		.interrupted = on_interrupt,
		.tick = on_tick,
	};
	progress_init(&progress, options, job->threads);
	int rc = run_job(
	    job, credentials, &run_options, &observer, &outcome, &err);
	progress_done(&progress);
	free(known_hosts);
	if (rc) {
		log_error("%s; nothing was contacted", err.text);
		run_outcome_clear(&outcome);
		return EXIT_USAGE;
	}
	int status = outcome.exit_status;
	bool to_stdout = str_eq(options->json, "-");
	if (!to_stdout)
		report_text(stdout, &outcome, job, clock_ms() - start,
		    progress_wants_color(options, STDOUT_FILENO),
		    options->quiet);
	if (options->json)
		write_json(options->json, &outcome);
	int number = outcome.signal;
	run_outcome_clear(&outcome);
	fflush(stdout);
	if (number)
		die_by(number);
	return status;
}

int
command_run(const struct command *command, int argc, char **argv)
{
	struct options options;
	struct loaded loaded = { 0 };
	struct credentials credentials = { 0 };
	int status;
	if (!command_begin(command, argc, argv, 1, 1, "one job file is needed",
		&options, &status))
		return status;
	secret_harden_process();
	if (load_job(&loaded, &options, options.words.items[0]))
		goto out;
	if (login_gather(&credentials, &options, loaded.job) == 0)
		status = run_loaded(loaded.job, &credentials, &options);
out:
	credentials_clear(&credentials);
	loaded_clear(&loaded);
	options_clear(&options);
	return status;
}
