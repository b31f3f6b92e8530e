/* netpush runs: the list of the kept ones, one of them, and --keep. */
#include "app/command.h"
#include "app/options.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "run/ledger.h"
#include "run/run.h"
#include "run/rundir.h"

#include <stdio.h>
#include <stdlib.h>

/* "finished, exit 1: changed 3, failed 1" */
static void
print_state(const struct rundir_glance *glance, pid_t holder)
{
	const char *separator = ": ";
	if (glance->state == RUNDIR_RUNNING) {
		printf("running (process %d)", (int)holder);
		return;
	}
	if (glance->state == RUNDIR_INTERRUPTED) {
		fputs("interrupted, can be resumed", stdout);
		return;
	}
	printf("finished, exit %d", glance->exit_status);
	for (unsigned i = DEVICE_CHANGED; i < DEVICE_STATUS__COUNT; i++) {
		const char *name = device_status_name((enum device_status)i);
		json_int_t count = json_integer_value(
		    json_object_get(glance->totals, name));
		if (!count)
			continue;
		printf("%s%s %lld", separator, name, (long long)count);
		separator = ", ";
	}
}

static void
print_runs(const char *state_dir, const struct strs *ids)
{
	if (!ids->count)
		printf("no runs are kept in %s/runs\n", state_dir);
	for (size_t i = 0; i < ids->count; i++) {
		struct rundir_glance glance;
		char *dir = xasprintf("%s/runs/%s", state_dir, ids->items[i]);
		rundir_look(dir, &glance);
		printf("%s  ", ids->items[i]);
		print_state(&glance, rundir_holder(dir));
		putchar('\n');
		json_decref(glance.totals);
		free(dir);
	}
}

/* Removes finished runs but the newest KEEP. One that can be resumed holds
 * what nothing else does: which devices were touched. */
static int
prune(const char *state_dir, const struct strs *ids, size_t keep)
{
	int rc = 0;
	size_t removed = 0, spared = 0;
	for (size_t i = 0; i + keep < ids->count; i++) {
		struct rundir_glance glance;
		struct err err;
		char *dir = xasprintf("%s/runs/%s", state_dir, ids->items[i]);
		rundir_look(dir, &glance);
		json_decref(glance.totals);
		if (glance.state != RUNDIR_FINISHED) {
			spared++;
		} else if (rundir_remove(dir, &err)) {
			log_error("%s", err.text);
			rc = -1;
		} else {
			removed++;
		}
		free(dir);
	}
	printf("removed %zu run%s", removed, removed == 1 ? "" : "s");
	if (spared)
		printf(", kept %zu that did not come to an end", spared);
	putchar('\n');
	return rc;
}

int
command_runs(const struct command *command, int argc, char **argv)
{
	struct options options;
	struct strs ids = { 0 };
	int status;
	if (!command_begin(command, argc, argv, 0, 1,
		"at most one run can be shown", &options, &status))
		return status;
	if (options.words.count) {
		status = options.keep >= 0
		    ? command_misused(command, "--keep goes without a run")
		    : command_report(command, argc, argv);
		options_clear(&options);
		return status;
	}
	char *state_dir = rundir_state_dir(options.state_dir);
	rundir_list(state_dir, &ids);
	status = EXIT_ALL_WELL;
	if (options.keep < 0)
		print_runs(state_dir, &ids);
	else if (prune(state_dir, &ids, (size_t)options.keep))
		status = EXIT_DEVICES_FAILED;
	strs_clear(&ids);
	free(state_dir);
	options_clear(&options);
	return status;
}
