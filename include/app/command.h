/* The subcommands: a row each, a file each. */
#ifndef NETPUSH_APP_COMMAND_H
#define NETPUSH_APP_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct command {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *summary; /* one line for `netpush --help` */
	unsigned options; /* groups of app/options.h */
	/* ARGV[0] is the subcommand's name. Returns the exit status. */
	int (*run)(const struct command *command, int argc, char **argv);
};

#define COMMANDS_MAX 32
extern const struct command commands[];
extern const size_t command_count;

int command_check(const struct command *command, int argc, char **argv);
int command_run(const struct command *command, int argc, char **argv);
int command_resume(const struct command *command, int argc, char **argv);
int command_report(const struct command *command, int argc, char **argv);
int command_runs(const struct command *command, int argc, char **argv);
int command_shell(const struct command *command, int argc, char **argv);
int command_profiles(const struct command *command, int argc, char **argv);

/*
 * The beginning of every subcommand: parses its options, answers --help, wants
 * MIN to MAX words (WHAT says which, for the message). False when the
 * subcommand is at its end, with *STATUS to return; else OPTIONS is the
 * caller's to clear and *STATUS is that of a wrong call.
 */
struct options;
bool command_begin(const struct command *command, int argc, char **argv,
    size_t min, size_t max, const char *what, struct options *options,
    int *status);

/* Prints a subcommand's usage and options to standard output. */
void command_help(const struct command *command);

/* One line on standard error about what is wrong with the call; returns the
 * exit status for it (2). */
int command_misused(const struct command *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
