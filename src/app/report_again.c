/* netpush report: any report, drawn from a run's directory. */
#include "app/command.h"
#include "app/options.h"
#include "app/progress.h"
#include "app/replay_transcript.h"
#include "app/report.h"
#include "base/err.h"
#include "base/log.h"
#include "run/replay.h"
#include "run/run.h"
#include "run/rundir.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
		bool color = progress_wants_color(&options, STDOUT_FILENO);
		int rc = 0;
		if (options.transcript)
			rc = replay_transcript(
			    stdout, &view, options.transcript, color, &err);
		else
			report_text(stdout, &view, color, options.quiet);
		if (rc)
			log_error("%s", err.text);
		else
			status = EXIT_ALL_WELL;
		replay_clear(&replay);
	} else {
		log_error("%s", err.text);
	}
	free(dir);
	free(state_dir);
	options_clear(&options);
	return status;
}
