/*
 * netpush resume: the job as it was kept, called as it was called; refused
 * when it would not be the same any more.
 */
#include "app/call.h"
#include "app/command.h"
#include "app/execute.h"
#include "app/load.h"
#include "app/options.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "model/plan.h"
#include "run/replay.h"
#include "run/run.h"
#include "run/rundir.h"

#include <stdlib.h>

/* Is what would be done now what the run set out to do? */
static int
compare_plans(const char *dir, const struct job *job, struct err *err)
{
	json_t *then = replay_read_json(dir, "plan.json", err);
	if (!then)
		return -1;
	json_t *now = plan_json(job);
	int rc = 0;
	if (!json_equal(then, now))
		rc = err_set(err, ERR_JOB,
		    "%s: what the job comes to has changed since (a profile, "
		    "or netpush itself): run the job anew",
		    dir);
	json_decref(now);
	json_decref(then);
	return rc;
}

static int
resume(const char *dir, struct options *options)
{
	struct loaded loaded = { 0 };
	struct err err;
	char *job_path = NULL;
	int status = EXIT_USAGE;
	/* The plan must be the same; how many at once may differ. */
	int threads = options->threads;
	options->threads = 0;
	json_t *call = replay_read_json(dir, "call.json", &err);
	if (!call || call_take(call, options, &job_path, &err)) {
		log_error("%s", err.text);
		goto out;
	}
	if (load_job(&loaded, options, job_path, dir))
		goto out;
	if (compare_plans(dir, loaded.job, &err)) {
		log_error("%s", err.text);
		goto out;
	}
	if (threads)
		load_set_threads(loaded.job, threads);
	status = execute(loaded.job, options, dir);
out:
	loaded_clear(&loaded);
	json_decref(call);
	free(job_path);
	return status;
}

int
command_resume(const struct command *command, int argc, char **argv)
{
	struct options options;
	struct err err;
	int status;
	if (!command_begin(command, argc, argv, 1, 1,
		"the id of one run, or \"latest\", is needed", &options,
		&status))
		return status;
	char *state_dir = rundir_state_dir(options.state_dir);
	char *dir = rundir_find(state_dir, options.words.items[0], &err);
	if (dir)
		status = resume(dir, &options);
	else
		log_error("%s", err.text);
	free(dir);
	free(state_dir);
	options_clear(&options);
	return status;
}
