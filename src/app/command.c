/* The table of subcommands, and what is the same for all of them. */
#include "app/command.h"

#include "app/options.h"
#include "run/run.h"

#include <stdarg.h>
#include <stdio.h>

const struct command commands[] = {
	{ "check", "JOB", "load and judge a job, show its plan; touch nothing",
	    OPTIONS_JOB | OPTIONS_RENDER | OPTIONS_RUN, command_check },
	{ "run", "JOB", "check the credentials once, then do the job",
	    OPTIONS_JOB | OPTIONS_NETWORK | OPTIONS_REPORT | OPTIONS_RUN |
		OPTIONS_DRY,
	    command_run },
	{ "resume", "RUN", "go on with a run that did not come to its end",
	    OPTIONS_THREADS | OPTIONS_NETWORK | OPTIONS_REPORT | OPTIONS_RUN |
		OPTIONS_RESUME,
	    command_resume },
	{ "report", "RUN", "draw the report of a kept run again",
	    OPTIONS_STATE | OPTIONS_LOOK | OPTIONS_FORMAT, command_report },
	{ "runs", "[RUN]", "list the kept runs, show one, or remove old ones",
	    OPTIONS_STATE | OPTIONS_LOOK | OPTIONS_RUNS, command_runs },
	{ "profiles", "[DEVICE_TYPE]",
	    "list and check the device profiles, or print one",
	    OPTIONS_PROFILES, command_profiles },
	{ "rhosts", "-m HOSTS", "print the hosts, one a line", 0,
	    command_shell },
	{ "lcmd", "-m HOSTS COMMAND", "run a command here, for each host", 0,
	    command_shell },
	{ "rcmd", "-m HOSTS COMMAND", "run a command on many hosts", 0,
	    command_shell },
	{ "rpush", "-m HOSTS FILE", "copy files to many hosts", 0,
	    command_shell },
	{ "rpull", "-m HOSTS FILE", "fetch files from many hosts", 0,
	    command_shell },
	{ "rscript", "-m HOSTS SCRIPT", "run scripts on many hosts", 0,
	    command_shell },
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

void
command_help(const struct command *command)
{
	printf("usage: netpush %s [options] %s\n\n%s\n\noptions:\n",
	    command->name, command->arguments, command->summary);
	options_print_help(command->options);
}

int
command_misused(const struct command *command, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fputs("netpush: ", stderr);
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, " (see: netpush %s --help)\n", command->name);
	va_end(ap);
	return EXIT_USAGE;
}

bool
command_begin(const struct command *command, int argc, char **argv, size_t min,
    size_t max, const char *what, struct options *options, int *status)
{
	*status = EXIT_USAGE;
	if (options_parse(options, command->options, argc, argv))
		return false;
	if (options->help) {
		command_help(command);
		*status = EXIT_ALL_WELL;
	} else if (options->words.count < min || options->words.count > max) {
		command_misused(command, "%s", what);
	} else {
		return true;
	}
	options_clear(options);
	return false;
}
