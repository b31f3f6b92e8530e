/* The executable's entry: finds the subcommand and hands over. */
#include "app/command.h"
#include "app/shell.h"
#include "app/versions.h"
#include "base/fdio.h"
#include "base/str.h"
#include "run/run.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void
print_usage(FILE *file)
{
	fputs("usage: netpush COMMAND [options] ...\n\n"
	      "Brings network devices to the state that a YAML job asks for, "
	      "many at once,\nand tells for each one what is true.\n\n",
	    file);
	for (size_t i = 0; i < command_count; i++) {
		char left[40];
		snprintf(left, sizeof(left), "%s %s", commands[i].name,
		    commands[i].arguments);
		fprintf(file, "  %-24s %s\n", left, commands[i].summary);
	}
	fputs("\n  netpush COMMAND --help   the options of one command\n"
	      "  netpush --version        this version and its libraries\n\n"
	      "exit status: 0 all devices succeeded, 1 some did not, 2 the job "
	      "or the call is\nwrong (nothing was contacted), 3 the "
	      "credentials were refused (nothing was\nchanged), 4 the run "
	      "stopped early, 128+n killed by signal n\n",
	    file);
}

static int
unknown_command(const char *name)
{
	const char *names[COMMANDS_MAX];
	for (size_t i = 0; i < command_count; i++)
		names[i] = commands[i].name;
	const char *near = str_nearest(name, names, command_count);
	fprintf(stderr, "netpush: there is no command \"%s\"", name);
	if (near)
		fprintf(stderr, "; did you mean \"%s\"?", near);
	fputs(" (see: netpush --help)\n", stderr);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	/* A reader that went away must not end a run half way. */
	signal(SIGPIPE, SIG_IGN);
	/* Nor must a limit on file sizes: writing fails then, as on a disk
	 * that is full. */
	signal(SIGXFSZ, SIG_IGN);
	umask_make_private();
	if (argc && shell_tool_is(argv[0]))
		return shell_main(argc, argv, true);
	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	const char *name = argv[1];
	if (str_eq(name, "--help") || str_eq(name, "-h") ||
	    str_eq(name, "help")) {
		print_usage(stdout);
		return EXIT_ALL_WELL;
	}
	if (str_eq(name, "--version") || str_eq(name, "-V")) {
		versions_print();
		return EXIT_ALL_WELL;
	}
	for (size_t i = 0; i < command_count; i++)
		if (str_eq(name, commands[i].name))
			return commands[i].run(
			    &commands[i], argc - 1, argv + 1);
	return unknown_command(name);
}
