/* netpush report: any report, drawn from a run's directory. */
#include "app/command.h"
#include "app/options.h"
#include "app/progress.h"
#include "app/report.h"
#include "app/report_formats.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "run/replay.h"
#include "run/run.h"
#include "run/rundir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* To where it is wanted. */
static int
draw(
    const struct run_view *view, const struct options *options, struct err *err)
{
	if (options->output && !str_eq(options->output, "-"))
		return report_write_file(
		    options->format, options->output, view, err);
	if (options->format == REPORT_TEXT)
		report_text(stdout, view,
		    progress_wants_color(options, STDOUT_FILENO),
		    options->quiet);
	else if (report_rows[options->format].write(stdout, view))
		return err_sys(err, ERR_INTERNAL, errno, "standard output");
	if (fflush(stdout))
		return err_sys(err, ERR_INTERNAL, errno, "standard output");
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
	char *state_dir = rundir_state_dir(options.state_dir);
	char *dir = rundir_find(state_dir, options.words.items[0], &err);
	if (dir && replay_open(&replay, dir, &err) == 0) {
		struct run_view view = replay_view(&replay);
		if (draw(&view, &options, &err) == 0)
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
