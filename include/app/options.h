/*
 * The command line's options: one table for all subcommands, from which
 * parsing and --help are made. Adding one is a row and a member.
 */
#ifndef NETPUSH_APP_OPTIONS_H
#define NETPUSH_APP_OPTIONS_H

#include "base/str.h"
#include "device/target.h"
#include "model/job.h"

#include <stdbool.h>

/* Which subcommands know an option. */
enum option_group {
	OPTIONS_JOB = 1 << 0, /* read a job: --profiles, --limit ... */
	OPTIONS_NETWORK = 1 << 1, /* log in: --username, --known-hosts ... */
	OPTIONS_REPORT = 1 << 2, /* report: --json, -q, -v ... */
	OPTIONS_RENDER = 1 << 3, /* check --render */
	OPTIONS_PROFILES = 1 << 4, /* --profiles alone */
	OPTIONS_RUN = 1 << 5, /* when: --at */
	OPTIONS_RESUME = 1 << 6, /* resume --force */
	OPTIONS_STATE = 1 << 7, /* kept runs: --state-dir */
	OPTIONS_RUNS = 1 << 8, /* runs --keep */
	OPTIONS_LOOK = 1 << 9, /* how a report looks: -q, --no-color */
	OPTIONS_THREADS = 1 << 10, /* --threads alone */
	OPTIONS_DRY = 1 << 12, /* run --check --force */
	OPTIONS_SHELL = 1 << 13, /* what the parallel shell tools share */
	OPTIONS_LOGIN = 1 << 14, /* ... those that log in */
	OPTIONS_HELP = 1 << 15, /* --help alone */
	OPTIONS_FORMAT = 1 << 11, /* report --format --output --email */
};

struct options {
	int threads; /* 0: the job's */
	struct strs limit;
	struct strs profiles; /* directories given by the user */
	char *known_hosts; /* path */
	enum host_keys_policy host_keys;
	bool has_host_keys; /* it was given */
	char *username;
	char *password_file;
	char *server_password_file; /* of a file server that devices use */
	char *identity;
	bool agent;
	char *state_dir;
	char *json; /* path, "-" for standard output, or NULL */
	bool has_format;
	enum report_format format; /* text if none was given */
	struct strs email; /* addresses to send the report to */
	char *smtp; /* URL of another mail server, or NULL */
	char *output; /* path for the report; NULL: standard output */
	bool transcripts;
	char *transcript; /* report: of this host; or NULL */
	char *at; /* when to begin, as written; or NULL */
	bool force;
	bool check; /* run: only tell what would be done */
	bool diff;
	int keep; /* so many runs; -1: all */
	bool render;
	int verbose;
	bool quiet;
	bool no_color;
	bool help;
	struct strs words; /* what is no option */
};

/*
 * Parses ARGV[1..] by the rows of GROUPS. Options and words may be mixed,
 * "--" ends the options. -1 after a message on standard error.
 */
int options_parse(
    struct options *options, unsigned groups, int argc, char **argv);
void options_clear(struct options *options);

/*
 * For a grammar of its own (app/shell_options.c): the rows of GROUPS, counted
 * from 0, and what one of them does with VALUE. -1 after a message on standard
 * error.
 */
struct options_about {
	const char *name;
	char letter; /* or 0 */
	bool has_value;
	size_t row;
};
bool options_row(size_t at, unsigned groups, struct options_about *about);
int options_take(struct options *options, const struct options_about *about,
    const char *value);

/* The part of a subcommand's --help that tells its options. */
void options_print_help(unsigned groups);

#endif
