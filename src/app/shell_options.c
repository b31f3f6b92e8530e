/*
 * The grammar of the parallel shell tools. It is not getopt's: -m takes all
 * words up to the next option, words may stand on both sides of "--", long
 * options may be cut short as long as it is clear which is meant, and a short
 * cut that named an option of the first tools of these names still names it.
 */
#include "shell_parts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "run/run.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum arity {
	TAKES_NOTHING,
	TAKES_ONE,
	TAKES_MANY, /* one or more words */
	TAKES_MAYBE, /* --name=VALUE, or --name - */
};

typedef int take_fn(struct shell_options *options, const char *value);

struct row {
	const char *name;
	char letter;
	enum arity arity;
	bool first; /* the first tools of these names had it */
	unsigned tools;
	take_fn *take;
	const char *value, *help;
};

static const struct row rows[];

#define TEXT_OPTION(name)                                                      \
	static int take_##name(                                                \
	    struct shell_options *options, const char *value)                  \
	{                                                                      \
		free(options->name);                                           \
		options->name = xstrdup(value);                                \
		return 0;                                                      \
	}
TEXT_OPTION(hostfile)
TEXT_OPTION(destination)
TEXT_OPTION(outdir)
TEXT_OPTION(device_type)
TEXT_OPTION(ssh_config)

#define SWITCH_OPTION(name, statement)                                         \
	static int take_##name(                                                \
	    struct shell_options *options, const char *value)                  \
	{                                                                      \
		(void)value;                                                   \
		options->statement;                                            \
		return 0;                                                      \
	}
SWITCH_OPTION(sequential, sequential = true)
SWITCH_OPTION(no_color, shared.no_color = true)
SWITCH_OPTION(stream, stream = true)
SWITCH_OPTION(gather, gather = true)
SWITCH_OPTION(unique, unique = true)
SWITCH_OPTION(errexit, errexit = true)
SWITCH_OPTION(flat, flat = true)

static int
take_hosts(struct shell_options *options, const char *value)
{
	strs_add(&options->host_words, value);
	return 0;
}

static int
take_user(struct shell_options *options, const char *value)
{
	free(options->shared.username);
	options->shared.username = xstrdup(value);
	return 0;
}

static int
take_attempts(struct shell_options *options, const char *value)
{
	int64_t number;
	bool negative = value[0] == '-';
	if (!str_to_number(value + negative, &number) || number > 1000)
		return shell_misused(options,
		    "argument -a/--attempts: invalid int value: '%s'", value);
	if (negative || number < 1)
		return shell_misused(
		    options, "attempts must be greater than 0");
	options->attempts = (int)number;
	return 0;
}

static int
take_duration(struct shell_options *options, const char *name,
    const char *value, int64_t *duration_ms)
{
	if (str_to_duration_ms(value, duration_ms) && *duration_ms > 0)
		return 0;
	return shell_misused(options,
	    "argument --%s: it must be a duration such as 30s or 5m, not '%s'",
	    name, value);
}

static int
take_timeout(struct shell_options *options, const char *value)
{
	return take_duration(options, "timeout", value, &options->timeout_ms);
}

static int
take_connect_timeout(struct shell_options *options, const char *value)
{
	return take_duration(
	    options, "connect-timeout", value, &options->connect_ms);
}

static int
take_json(struct shell_options *options, const char *value)
{
	options->json = !value || str_eq(value, "-");
	free(options->json_path);
	options->json_path = options->json ? NULL : xstrdup(value);
	return 0;
}

static const struct row rows[] = {
	{ "hosts", 'm', TAKES_MANY, true, TOOLS_ALL, take_hosts, "HOST ...",
	    "hosts: [user@]name[:port], web[01-40,60]; up to the next option" },
	{ "hostfile", 'f', TAKES_ONE, true, TOOLS_ALL, take_hostfile, "FILE",
	    "hosts from FILE, one a line; - for standard input" },
	{ "sequential", 's', TAKES_NOTHING, true, TOOLS_RUN, take_sequential,
	    NULL, "one host after the other" },
	{ "no_color", 'c', TAKES_NOTHING, true, TOOLS_RUN, take_no_color, NULL,
	    "no colours on a terminal (also: NO_COLOR)" },
	{ "user", 'u', TAKES_ONE, true, TOOLS_REMOTE, take_user, "NAME",
	    "log in as NAME" },
	{ "attempts", 'a', TAKES_ONE, true, TOOLS_REMOTE, take_attempts, "N",
	    "try N times to reach a host (default 3)" },
	{ "destination", 'd', TAKES_ONE, true, TOOLS_FILES, take_destination,
	    "PATH", "where the files go (default ~/)" },
	{ "timeout", 0, TAKES_ONE, false, TOOLS_RUN, take_timeout, "TIME",
	    "end what is not done on a host within TIME" },
	{ "connect-timeout", 0, TAKES_ONE, false, TOOLS_REMOTE,
	    take_connect_timeout, "TIME",
	    "for TCP and the key exchange (default 10s)" },
	{ "json", 0, TAKES_MAYBE, false, TOOLS_RUN, take_json, "[=FILE]",
	    "print the results as JSON; or write them to FILE" },
	{ "stream", 0, TAKES_NOTHING, false, TOOLS_RUN, take_stream, NULL,
	    "show each line as it comes, behind its host's name" },
	{ "gather", 'b', TAKES_NOTHING, false, TOOLS_RUN, take_gather, NULL,
	    "show what is the same on several hosts once" },
	{ "outdir", 0, TAKES_ONE, false, TOOLS_RUN, take_outdir, "DIR",
	    "write each host's output to the file DIR/HOST" },
	{ "unique", 0, TAKES_NOTHING, false, TOOLS_ALL, take_unique, NULL,
	    "a host that was given twice counts once" },
	{ "type", 't', TAKES_ONE, false, TOOL_RCMD, take_device_type,
	    "DEVICE_TYPE", "on the command line of such network devices" },
	{ "errexit", 'e', TAKES_NOTHING, false, TOOL_RSCRIPT, take_errexit,
	    NULL, "end a script without #! with its first failure (set -e)" },
	{ "flat", 0, TAKES_NOTHING, false, TOOL_RPULL, take_flat, NULL,
	    "no directory for each host: one by one, the last wins" },
	{ "ssh-config", 0, TAKES_ONE, false, TOOLS_REMOTE, take_ssh_config,
	    "FILE", "instead of ~/.ssh/config; none for no such file" },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* An option of either table. */
struct found {
	const struct row *row; /* or it is a shared one */
	struct options_about shared;
};

static const char *
found_name(const struct found *found)
{
	return found->row ? found->row->name : found->shared.name;
}

static enum arity
found_arity(const struct found *found)
{
	if (found->row)
		return found->row->arity;
	return found->shared.has_value ? TAKES_ONE : TAKES_NOTHING;
}

static unsigned
shared_groups(const struct shell_tool *tool)
{
	unsigned groups = tool->bit & TOOLS_RUN ? OPTIONS_SHELL : OPTIONS_HELP;
	if (tool->bit & TOOLS_REMOTE)
		groups |= OPTIONS_LOGIN;
	if (tool->bit & TOOL_RCMD)
		groups |= OPTIONS_PROFILES;
	return groups;
}

/* The AT-th option that TOOL knows, of both tables. */
static bool
option_at(const struct shell_tool *tool, size_t at, struct found *found)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (!(rows[i].tools & tool->bit) || at--)
			continue;
		*found = (struct found){ .row = &rows[i] };
		return true;
	}
	found->row = NULL;
	return options_row(at, shared_groups(tool), &found->shared);
}

static int
usage_error(const struct shell_options *options, const char *text)
{
	const struct shell_tool *tool = options->tool;
	fprintf(stderr,
	    "usage: %s [options] -m HOST [HOST ...]%s%s\n%s: error: %s\n",
	    options->program, tool->words ? " [--] " : "",
	    tool->words ? tool->words : "", options->program, text);
	return -1;
}

int
shell_misused(const struct shell_options *options, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = xvasprintf(fmt, ap);
	va_end(ap);
	usage_error(options, text);
	free(text);
	return EXIT_USAGE;
}

/* "-f/--hostfile" */
static char *
shown(const struct found *found)
{
	char letter = found->row ? found->row->letter : found->shared.letter;
	return letter ? xasprintf("-%c/--%s", letter, found_name(found))
		      : xasprintf("--%s", found_name(found));
}

static int
wrong(const struct shell_options *options, const struct found *found,
    const char *what)
{
	char *name = shown(found);
	shell_misused(options, "argument %s: %s", name, what);
	free(name);
	return -1;
}

static int
apply(
    struct shell_options *options, const struct found *found, const char *value)
{
	int rc = found->row
	    ? found->row->take(options, value)
	    : options_take(&options->shared, &found->shared, value);
	return rc ? -1 : 0;
}

static int
find_letter(
    const struct shell_options *options, char letter, struct found *found)
{
	for (size_t i = 0; option_at(options->tool, i, found); i++)
		if (letter ==
		    (found->row ? found->row->letter : found->shared.letter))
			return 0;
	shell_misused(options, "unrecognized arguments: -%c", letter);
	return -1;
}

/* An exact name, else what alone begins so; of several what the first tools
 * had, if that is one. */
static int
find_long(const struct shell_options *options, const char *name, size_t len,
    struct found *found)
{
	struct found at, candidate = { 0 };
	struct buf all;
	size_t first = 0, others = 0;
	buf_init(&all, 1024);
	for (size_t i = 0; option_at(options->tool, i, &at); i++) {
		if (strncmp(found_name(&at), name, len) != 0)
			continue;
		bool is_first = at.row && at.row->first;
		if (!found_name(&at)[len]) {
			*found = at;
			buf_clear(&all);
			return 0;
		}
		if (is_first || !first)
			candidate = at;
		first += is_first;
		others += !is_first;
		buf_addf(&all, "%s--%s", all.len ? ", " : "", found_name(&at));
	}
	*found = candidate;
	int rc = first == 1 || (first == 0 && others == 1) ? 0 : -1;
	if (rc && all.len)
		shell_misused(options,
		    "ambiguous option: --%.*s could match %s", (int)len, name,
		    buf_str(&all));
	else if (rc)
		shell_misused(
		    options, "unrecognized arguments: --%.*s", (int)len, name);
	buf_clear(&all);
	return rc;
}

struct reader {
	struct shell_options *options;
	int argc, at;
	char **argv;
};

/* A lone "-" is standard input. */
static bool
is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

static bool
has_value(const struct reader *reader)
{
	return reader->at < reader->argc &&
	    !is_option(reader->argv[reader->at]);
}

/* VALUE: what stood behind "=" or the letter; or NULL. */
static int
read_values(struct reader *reader, const struct found *found, const char *value)
{
	struct shell_options *options = reader->options;
	enum arity arity = found_arity(found);
	if (arity == TAKES_NOTHING && value)
		return wrong(options, found, "takes no value");
	if (arity == TAKES_NOTHING || value)
		return apply(options, found, value);
	if (arity == TAKES_MAYBE) {
		bool dash = reader->at < reader->argc &&
		    str_eq(reader->argv[reader->at], "-");
		reader->at += dash;
		return apply(options, found, NULL);
	}
	if (!has_value(reader))
		return wrong(options, found,
		    arity == TAKES_MANY ? "expected at least one argument"
					: "expected one argument");
	do {
		if (apply(options, found, reader->argv[reader->at++]))
			return -1;
	} while (arity == TAKES_MANY && has_value(reader));
	return 0;
}

static int
read_long(struct reader *reader, const char *word)
{
	struct found found;
	size_t len = strcspn(word, "=");
	if (find_long(reader->options, word, len, &found))
		return -1;
	return read_values(reader, &found, word[len] ? word + len + 1 : NULL);
}

/* -sc, -a5, -a=5 */
static int
read_letters(struct reader *reader, const char *word)
{
	struct found found;
	while (*word) {
		if (find_letter(reader->options, *word++, &found))
			return -1;
		if (found_arity(&found) == TAKES_NOTHING) {
			if (read_values(reader, &found, NULL))
				return -1;
			continue;
		}
		const char *value = *word == '=' ? word + 1 : word;
		return read_values(reader, &found, *value ? value : NULL);
	}
	return 0;
}

static int
read_all(struct reader *reader)
{
	struct strs *words = &reader->options->words;
	bool ended = false;
	while (reader->at < reader->argc) {
		const char *word = reader->argv[reader->at++];
		int rc = 0;
		if (ended || !is_option(word))
			strs_add(words, word);
		else if (str_eq(word, "--"))
			ended = true;
		else if (word[1] == '-')
			rc = read_long(reader, word + 2);
		else
			rc = read_letters(reader, word + 1);
		if (rc)
			return -1;
	}
	return 0;
}

static void
print_help(const struct shell_options *options)
{
	const struct shell_tool *tool = options->tool;
	printf("usage: %s [options] -m HOST [HOST ...]%s%s\n\n%s\n\noptions:\n",
	    options->program, tool->words ? " [--] " : "",
	    tool->words ? tool->words : "", tool->summary);
	for (size_t i = 0; i < ROWS; i++) {
		char left[40], letter[8] = "    ";
		const struct row *row = &rows[i];
		if (!(row->tools & tool->bit))
			continue;
		if (row->letter)
			snprintf(letter, sizeof(letter), "-%c, ", row->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name,
		    row->value && row->arity != TAKES_MAYBE ? " " : "",
		    row->value ? row->value : "");
		printf("  %-26s %s\n", left, row->help);
	}
	options_print_help(shared_groups(tool));
}

/* What cannot be had together, or is missing. */
static int
judge(const struct shell_options *options)
{
	const struct shell_tool *tool = options->tool;
	int outputs = options->stream + options->gather + options->json;
	if (tool->words && !options->words.count) {
		shell_misused(options,
		    "the following arguments are required: %s", tool->words);
		return -1;
	}
	if (!tool->words && options->words.count) {
		shell_misused(options, "unrecognized arguments: %s",
		    options->words.items[0]);
		return -1;
	}
	if (outputs > 1) {
		shell_misused(options,
		    "--stream, --gather and --json all want the standard "
		    "output");
		return -1;
	}
	return 0;
}

bool
shell_options_parse(
    struct shell_options *options, int argc, char **argv, int *status)
{
	struct reader reader = {
		.options = options,
		.argc = argc,
		.argv = argv,
		.at = 1,
	};
	options->attempts = SHELL_ATTEMPTS;
	options->destination = xstrdup(SHELL_DESTINATION);
	options->shared.keep = -1;
	*status = EXIT_USAGE;
	if (read_all(&reader))
		return false;
	if (options->shared.help) {
		print_help(options);
		*status = EXIT_ALL_WELL;
		return false;
	}
	return judge(options) == 0;
}

void
shell_options_clear(struct shell_options *options)
{
	options_clear(&options->shared);
	strs_clear(&options->host_words);
	strs_clear(&options->words);
	free(options->hostfile);
	free(options->destination);
	free(options->json_path);
	free(options->outdir);
	free(options->device_type);
	free(options->ssh_config);
}
