/* netpush run: a job, from the file to the exit status. */
#include "app/command.h"
#include "app/execute.h"
#include "app/load.h"
#include "app/options.h"

int
command_run(const struct command *command, int argc, char **argv)
{
	struct options options;
	struct loaded loaded = { 0 };
	int status;
	if (!command_begin(command, argc, argv, 1, 1, "one job file is needed",
		&options, &status))
		return status;
	if (load_job(&loaded, &options, options.words.items[0], NULL) == 0)
		status = execute(loaded.job, &options, NULL);
	loaded_clear(&loaded);
	options_clear(&options);
	return status;
}
