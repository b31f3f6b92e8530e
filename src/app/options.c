/* One row for each option; getopt_long(3) does the parsing. */
#include "app/options.h"

#include "app/report_formats.h"
#include "base/alloc.h"
#include "base/log.h"
#include "model/job.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct option_row {
	const char *name;
	char letter;
	const char *value; /* name of the value in --help; NULL: a switch */
	unsigned groups;
	int (*take)(struct options *options, const char *value);
	const char *help;
};

static int
take_threads(struct options *options, const char *value)
{
	int64_t number;
	if (!str_to_number(value, &number) || number < 1 ||
	    number > JOB_THREADS_MAX) {
		log_error("--threads must be a whole number from 1 to %d, "
			  "not \"%s\"",
		    JOB_THREADS_MAX, value);
		return -1;
	}
	options->threads = (int)number;
	return 0;
}

static int
take_limit(struct options *options, const char *value)
{
	while (*value) {
		size_t len = strcspn(value, ",");
		if (len)
			strs_add_n(&options->limit, value, len);
		value += len + (value[len] == ',');
	}
	if (options->limit.count)
		return 0;
	log_error("--limit needs a pattern");
	return -1;
}

static int
take_email(struct options *options, const char *value)
{
	while (*value) {
		size_t len = strcspn(value, ",");
		strs_add_n(&options->email, value, len);
		const char *wrong = job_email_address_wrong(
		    options->email.items[options->email.count - 1]);
		if (wrong) {
			log_error("--email %s", wrong);
			return -1;
		}
		value += len + (value[len] == ',');
	}
	if (options->email.count)
		return 0;
	log_error("--email needs an address");
	return -1;
}

static int
take_smtp(struct options *options, const char *value)
{
	const char *wrong = job_email_smtp_wrong(value);
	if (wrong) {
		log_error("--smtp %s", wrong);
		return -1;
	}
	free(options->smtp);
	options->smtp = xstrdup(value);
	return 0;
}

static int
take_profiles(struct options *options, const char *value)
{
	strs_add(&options->profiles, value);
	return 0;
}

static int
take_host_keys(struct options *options, const char *value)
{
	static const struct {
		const char *name;
		enum host_keys_policy policy;
	} policies[] = { { "strict", HOST_KEYS_STRICT },
		{ "accept-new", HOST_KEYS_ACCEPT_NEW },
		{ "off", HOST_KEYS_OFF } };
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		if (strcmp(value, policies[i].name) == 0) {
			options->host_keys = policies[i].policy;
			options->has_host_keys = true;
			return 0;
		}
	}
	log_error(
	    "--host-keys must be strict, accept-new or off, not \"%s\"", value);
	return -1;
}

static int
take_keep(struct options *options, const char *value)
{
	int64_t number;
	if (!str_to_number(value, &number) || number < 0 || number > INT_MAX) {
		log_error("--keep must be a number of runs, not \"%s\"", value);
		return -1;
	}
	options->keep = (int)number;
	return 0;
}

static int
take_format(struct options *options, const char *value)
{
	if (report_format_get(value, &options->format) &&
	    report_rows[options->format].write) {
		options->has_format = true;
		return 0;
	}
	log_error(
	    "--format must be %s, not \"%s\"", report_format_names(), value);
	return -1;
}

#define TEXT_OPTION(name)                                                      \
	static int take_##name(struct options *options, const char *value)     \
	{                                                                      \
		free(options->name);                                           \
		options->name = xstrdup(value);                                \
		return 0;                                                      \
	}
TEXT_OPTION(known_hosts)
TEXT_OPTION(username)
TEXT_OPTION(password_file)
TEXT_OPTION(server_password_file)
TEXT_OPTION(identity)
TEXT_OPTION(state_dir)
TEXT_OPTION(json)
TEXT_OPTION(at)
TEXT_OPTION(transcript)
TEXT_OPTION(output)

#define SWITCH_OPTION(name, statement)                                         \
	static int take_##name(struct options *options, const char *value)     \
	{                                                                      \
		(void)value;                                                   \
		options->statement;                                            \
		return 0;                                                      \
	}
SWITCH_OPTION(agent, agent = true)
SWITCH_OPTION(transcripts, transcripts = true)
SWITCH_OPTION(render, render = true)
SWITCH_OPTION(force, force = true)
SWITCH_OPTION(check, check = true)
SWITCH_OPTION(diff, diff = true)
SWITCH_OPTION(verbose, verbose++)
SWITCH_OPTION(quiet, quiet = true)
SWITCH_OPTION(no_color, no_color = true)
SWITCH_OPTION(help, help = true)

#define EVERY (~0u)

static const struct option_row rows[] = {
	{ "threads", 'j', "N", OPTIONS_JOB | OPTIONS_THREADS | OPTIONS_SHELL,
	    take_threads,
	    "devices at once (default: the job's threads; 64 hosts)" },
	{ "limit", 0, "PATTERNS", OPTIONS_JOB, take_limit,
	    "only these: hostname globs or @group, by commas; ! excludes" },
	{ "profiles", 0, "DIR", OPTIONS_JOB | OPTIONS_PROFILES, take_profiles,
	    "more device profiles; they win over those of the same name" },
	{ "known-hosts", 0, "FILE", OPTIONS_NETWORK | OPTIONS_LOGIN,
	    take_known_hosts,
	    "host keys, OpenSSH's format (default ~/.ssh/known_hosts)" },
	{ "host-keys", 0, "POLICY", OPTIONS_NETWORK | OPTIONS_LOGIN,
	    take_host_keys, "strict, accept-new (default) or off" },
	{ "username", 0, "NAME", OPTIONS_NETWORK | OPTIONS_LOGIN, take_username,
	    "log in as NAME" },
	{ "password-file", 0, "FILE", OPTIONS_NETWORK | OPTIONS_LOGIN,
	    take_password_file,
	    "password in the first line; nobody else may read FILE" },
	{ "server-password-file", 0, "FILE", OPTIONS_NETWORK,
	    take_server_password_file,
	    "... of the file server that devices fetch from" },
	{ "identity", 0, "FILE", OPTIONS_NETWORK | OPTIONS_LOGIN, take_identity,
	    "log in with this private key" },
	{ "agent", 0, NULL, OPTIONS_NETWORK | OPTIONS_LOGIN, take_agent,
	    "log in with the keys of ssh-agent" },
	{ "at", 0, "TIME", OPTIONS_RUN, take_at,
	    "wait until then: \"2026-11-22 02:00\", 02:00, RFC 3339" },
	{ "check", 0, NULL, OPTIONS_DRY, take_check,
	    "log in, read and show what would be changed; change nothing" },
	{ "diff", 0, NULL, OPTIONS_LOOK | OPTIONS_REPORT, take_diff,
	    "show what was changed as a difference" },
	{ "force", 0, NULL, OPTIONS_DRY | OPTIONS_RESUME, take_force,
	    "change lists that may lock out; resume: unknown devices, too" },
	{ "keep", 0, "N", OPTIONS_RUNS, take_keep,
	    "remove all but the N newest runs" },
	{ "state-dir", 0, "DIR",
	    OPTIONS_NETWORK | OPTIONS_STATE | OPTIONS_SHELL, take_state_dir,
	    "where runs are kept (default ~/.local/state/netpush)" },
	{ "json", 0, "FILE", OPTIONS_REPORT, take_json,
	    "write the result as JSON; - for standard output" },
	{ "format", 0, "FORMAT", OPTIONS_REPORT | OPTIONS_FORMAT, take_format,
	    "text, json, jsonl, junit, csv, prometheus or html" },
	{ "output", 'o', "FILE", OPTIONS_FORMAT, take_output,
	    "write the report to FILE instead of standard output" },
	{ "email", 0, "ADDRESSES", OPTIONS_FORMAT, take_email,
	    "send the report by mail, as the run's job says, to these" },
	{ "smtp", 0, "URL", OPTIONS_FORMAT, take_smtp,
	    "... by this server: smtp://HOST[:PORT] or smtps://..." },
	{ "transcripts", 0, NULL, OPTIONS_NETWORK, take_transcripts,
	    "keep the dialogue with each device in the run's directory" },
	{ "transcript", 0, "HOST", OPTIONS_FORMAT, take_transcript,
	    "show what was said with HOST, if the run kept it" },
	{ "render", 0, NULL, OPTIONS_RENDER, take_render,
	    "print the exact lines for each device" },
	{ "verbose", 'v', NULL, OPTIONS_REPORT, take_verbose,
	    "show each step; twice: the dialogue with each device, too" },
	{ "quiet", 'q', NULL, OPTIONS_REPORT | OPTIONS_LOOK | OPTIONS_SHELL,
	    take_quiet, "show failures only" },
	{ "no-color", 0, NULL, OPTIONS_REPORT | OPTIONS_LOOK | OPTIONS_SHELL,
	    take_no_color, "no colours on a terminal (also: NO_COLOR)" },
	{ "help", 'h', NULL, EVERY, take_help, "show this" },
};
#define ROWS	     (sizeof(rows) / sizeof(rows[0]))
#define FIRST_NUMBER 1000 /* getopt's value of row 0: above all letters */

static const struct option_row *
row_of(int found, unsigned groups)
{
	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].groups & groups) &&
		    (found == FIRST_NUMBER + (int)i ||
			(rows[i].letter && found == rows[i].letter)))
			return &rows[i];
	return NULL;
}

int
options_parse(struct options *options, unsigned groups, int argc, char **argv)
{
	struct option known[ROWS + 1];
	char letters[2 * ROWS + 1];
	size_t count = 0, letter_count = 0;
	*options = (struct options){ .keep = -1 };
	memset(known, 0, sizeof(known));
	for (size_t i = 0; i < ROWS; i++) {
		if (!(rows[i].groups & groups))
			continue;
		known[count++] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].value ? required_argument
						 : no_argument,
			.val = FIRST_NUMBER + (int)i,
		};
		if (rows[i].letter)
			letters[letter_count++] = rows[i].letter;
		if (rows[i].letter && rows[i].value)
			letters[letter_count++] = ':';
	}
	letters[letter_count] = '\0';
	optind = 1;
	for (;;) {
		int found = getopt_long(argc, argv, letters, known, NULL);
		if (found == -1)
			break;
		const struct option_row *row = row_of(found, groups);
		/* getopt_long has said what is wrong. */
		if (!row || row->take(options, optarg)) {
			options_clear(options);
			return -1;
		}
	}
	for (int i = optind; i < argc; i++)
		strs_add(&options->words, argv[i]);
	return 0;
}

bool
options_row(size_t at, unsigned groups, struct options_about *about)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (!(rows[i].groups & groups) || at--)
			continue;
		*about = (struct options_about){
			.name = rows[i].name,
			.letter = rows[i].letter,
			.has_value = rows[i].value != NULL,
			.row = i,
		};
		return true;
	}
	return false;
}

int
options_take(struct options *options, const struct options_about *about,
    const char *value)
{
	return rows[about->row].take(options, value);
}

void
options_clear(struct options *options)
{
	strs_clear(&options->limit);
	strs_clear(&options->profiles);
	strs_clear(&options->words);
	strs_clear(&options->email);
	free(options->known_hosts);
	free(options->username);
	free(options->password_file);
	free(options->server_password_file);
	free(options->identity);
	free(options->state_dir);
	free(options->json);
	free(options->at);
	free(options->transcript);
	free(options->output);
	free(options->smtp);
	*options = (struct options){ 0 };
}

void
options_print_help(unsigned groups)
{
	for (size_t i = 0; i < ROWS; i++) {
		char left[40], letter[8] = "    ";
		if (!(rows[i].groups & groups))
			continue;
		if (rows[i].letter)
			snprintf(
			    letter, sizeof(letter), "-%c, ", rows[i].letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, rows[i].name,
		    rows[i].value ? " " : "",
		    rows[i].value ? rows[i].value : "");
		printf("  %-26s %s\n", left, rows[i].help);
	}
}
