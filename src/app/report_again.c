/* netpush report: any report, drawn from a run's directory. */
#include "app/command.h"
#include "app/email.h"
#include "app/options.h"
#include "app/progress.h"
#include "app/replay_transcript.h"
#include "app/report.h"
#include "app/report_formats.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "run/replay.h"
#include "run/run.h"
#include "run/rundir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory gets a file that is named after the run. */
static int
write_output(
    const struct run_view *view, const struct options *options, struct err *err)
{
	struct stat st;
	bool is_dir = stat(options->output, &st) == 0 && S_ISDIR(st.st_mode);
	char *path = is_dir
	    ? xasprintf("%s/%s%s", options->output, view->about.id,
		  report_rows[options->format].suffix)
	    : xstrdup(options->output);
	int rc = report_write_file(options->format, path, view, err);
	free(path);
	return rc;
}

static int
print(
    const struct run_view *view, const struct options *options, struct err *err)
{
	int rc = 0;
	if (options->format == REPORT_TEXT)
		report_text(stdout, view, progress_report_look(options));
	else
		rc = report_rows[options->format].write(stdout, view);
	if (rc || fflush(stdout))
		return err_sys(err, ERR_INTERNAL, errno, "standard output");
	return 0;
}

/* To where it is wanted. */
static int
draw(
    const struct run_view *view, const struct options *options, struct err *err)
{
	return options->output && !str_eq(options->output, "-")
	    ? write_output(view, options, err)
	    : print(view, options, err);
}

/* By mail; drawn as well only if a format is asked for. */
static int
mail(
    const struct run_view *view, const struct options *options, struct err *err)
{
	if (email_again(view, &options->email, options->smtp, err))
		return -1;
	printf("sent to");
	for (size_t i = 0; i < options->email.count; i++)
		printf("%s %s", i ? "," : "", options->email.items[i]);
	putchar('\n');
	return 0;
}

int
command_report(const struct command *command, int argc, char **argv)
{
	struct options options;
	struct replay replay;
	struct err err;
	int status;
	if (!command_begin(command, argc, argv, 1, 1,
		"the id of one run, or \"latest\", is needed", &options,
		&status))
		return status;
	if (options.transcript && (options.has_format || options.output)) {
		options_clear(&options);
		return command_misused(
		    command, "--transcript goes without --format and --output");
	}
	char *state_dir = rundir_state_dir(options.state_dir);
	char *dir = rundir_find(state_dir, options.words.items[0], &err);
	if (dir && replay_open(&replay, dir, &err) == 0) {
		struct run_view view = replay_view(&replay);
		bool color = progress_wants_color(&options, STDOUT_FILENO);
		int rc = 0;
		if (options.transcript)
			rc = replay_transcript(
			    stdout, &view, options.transcript, color, &err);
		else if (!options.email.count || options.has_format ||
		    options.output)
			rc = draw(&view, &options, &err);
		if (rc == 0 && options.email.count)
			rc = mail(&view, &options, &err);
		if (rc == 0)
			status = EXIT_ALL_WELL;
		else
			log_error("%s", err.text);
		replay_clear(&replay);
	} else {
		log_error("%s", err.text);
	}
	free(dir);
	free(state_dir);
	options_clear(&options);
	return status;
}
