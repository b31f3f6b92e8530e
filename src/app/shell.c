/* The six tools, from the call to the exit status. */
#include "app/shell.h"

#include "app/command.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/die.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/secret.h"
#include "model/credentials.h"
#include "run/run.h"
#include "run/rundir.h"
#include "shell_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_BY_NAME	   255 /* what the first tools said for 1 */
#define SCRIPT_LIMIT_BYTES (8u << 20)

static const struct shell_tool tools[] = {
	{ "rhosts", TOOL_RHOSTS, SHELL__COUNT, NULL,
	    "Prints the hosts, one a line." },
	{ "lcmd", TOOL_LCMD, SHELL_LOCAL, "COMMAND ...",
	    "Runs a command on this machine, once for each host (?HOST)." },
	{ "rcmd", TOOL_RCMD, SHELL_COMMAND, "COMMAND ...",
	    "Runs a command on each host." },
	{ "rpush", TOOL_RPUSH, SHELL_PUSH, "FILE ...",
	    "Copies files and directories to each host." },
	{ "rpull", TOOL_RPULL, SHELL_PULL, "FILE ...",
	    "Copies files and directories from each host." },
	{ "rscript", TOOL_RSCRIPT, SHELL_SCRIPT, "SCRIPT ...",
	    "Runs scripts of this machine on each host." },
};

const struct shell_tool *
shell_tool_find(const char *name)
{
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		if (str_eq(name, tools[i].name))
			return &tools[i];
	return NULL;
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

bool
shell_tool_is(const char *path)
{
	return shell_tool_find(last_part(path)) != NULL;
}

/* The hosts of a call, or the device_list that stands for them. */
struct given {
	struct hosts hosts;
	struct buf text; /* of the host file */
	bool is_device_list;
};

static int
read_hostfile(const struct shell_options *options, struct given *given)
{
	const char *path = options->hostfile;
	struct err err;
	if (file_read(
		str_eq(path, "-") ? "/dev/stdin" : path, &given->text, &err)) {
		shell_misused(options,
		    "argument -f/--hostfile: can't open '%s': %s", path,
		    err.sys ? strerror(err.sys) : err.text);
		return -1;
	}
	if (memchr(given->text.data ? given->text.data : "", '\0',
		given->text.len)) {
		shell_misused(options,
		    "argument -f/--hostfile: '%s': it holds a NUL byte, so it "
		    "is no list of hosts",
		    path);
		return -1;
	}
	given->is_device_list = options->tool->bit == TOOL_RCMD &&
	    shell_is_device_list(buf_str(&given->text));
	if (given->is_device_list && options->host_words.count) {
		shell_misused(options,
		    "hosts come from a device_list or from -m, not from both");
		return -1;
	}
	if (given->is_device_list)
		return 0;
	if (hosts_add_lines(&given->hosts,
		str_eq(path, "-") ? "standard input" : path,
		buf_str(&given->text), &err)) {
		shell_misused(options, "%s", err.text);
		return -1;
	}
	return 0;
}

/* Those of -m first, then those of the file. */
static int
gather_hosts(const struct shell_options *options, struct given *given)
{
	struct hosts *hosts = &given->hosts;
	struct err err;
	for (size_t i = 0; i < options->host_words.count; i++) {
		if (hosts_add(hosts, options->host_words.items[i], &err) == 0)
			continue;
		shell_misused(options, "argument -m/--hosts: %s", err.text);
		return -1;
	}
	if (options->hostfile && read_hostfile(options, given))
		return -1;
	if (options->unique)
		hosts_unique(hosts);
	if (hosts->count || given->is_device_list)
		return 0;
	fputs("no hosts specified\n", stderr);
	return -1;
}

static void
scripts_free(struct shell_call *call)
{
	for (size_t i = 0; i < call->script_count; i++) {
		free(call->scripts[i].name);
		free(call->scripts[i].text);
	}
	free(call->scripts);
}

/* Everything is read before anything runs. -1 after a message. */
static int
read_scripts(const struct shell_options *options, struct shell_call *call)
{
	size_t count = options->words.count;
	call->scripts = xcalloc(count, sizeof(*call->scripts));
	for (size_t i = 0; i < count; i++) {
		const char *path = options->words.items[i];
		struct buf text;
		struct err err;
		buf_init(&text, SCRIPT_LIMIT_BYTES);
		if (file_read(path, &text, &err)) {
			shell_misused(options, "can't open '%s': %s", path,
			    err.sys ? strerror(err.sys) : err.text);
			buf_clear(&text);
			return -1;
		}
		struct shell_script
		    *script = &call->scripts[call->script_count++];
		script->name = xstrdup(path);
		script->len = text.len;
		script->text = text.len ? buf_take(&text) : xstrdup("");
		buf_clear(&text);
	}
	return 0;
}

/* Does TEXT differ from host to host? */
static bool
names_host(const char *text)
{
	struct buf a, b;
	buf_init(&a, 1u << 16);
	buf_init(&b, 1u << 16);
	hosts_fill(&a, text, strlen(text), "a");
	hosts_fill(&b, text, strlen(text), "b");
	bool differs = !str_eq(buf_str(&a), buf_str(&b));
	buf_clear(&a);
	buf_clear(&b);
	return differs;
}

/*
 * What several hosts give would stand in one place: each gets a directory of
 * its name, unless the destination tells them apart or nobody minds.
 */
static int
part_destinations(struct shell_options *options, const struct hosts *hosts)
{
	if (hosts->count < 2 || options->flat)
		return 0;
	const struct host *clash = hosts_clash(hosts);
	if (clash) {
		shell_misused(options,
		    "what is fetched from %s by two users would stand in one "
		    "place: fetch it one by one",
		    clash->name);
		return -1;
	}
	if (names_host(options->destination))
		return 0;
	const char *slash = str_ends(options->destination, "/") ? "" : "/";
	char *parted = xasprintf("%s%s?HOST/", options->destination, slash);
	free(options->destination);
	options->destination = parted;
	return 0;
}

/* A file that is missing for every host is missed before any is contacted. */
static int
look_for_files(const struct shell_options *options)
{
	for (size_t i = 0; i < options->words.count; i++) {
		const char *path = options->words.items[i];
		if (names_host(path) || path[0] == '~' ||
		    strstr(path, "??HOST") || access(path, R_OK) == 0)
			continue;
		shell_misused(
		    options, "can't open '%s': %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

static void
on_done(void *data, size_t host)
{
	shell_show_done(data, host);
}

static void
on_said(void *data, size_t host, bool is_error, const char *bytes, size_t len)
{
	shell_show_said(data, host, is_error, bytes, len);
}

static int
exit_status(const struct shell_view *view)
{
	for (size_t i = 0; i < view->hosts->count; i++)
		if (!shell_result_is_good(&view->results[i]))
			return EXIT_DEVICES_FAILED;
	return EXIT_ALL_WELL;
}

int
shell_conclude(struct shell_view *view)
{
	const struct shell_options *options = view->options;
	int status = exit_status(view);
	view->finished_ms = clock_wall_ms();
	shell_show_end(view);
	if ((options->json || options->json_path) && shell_write_json(view))
		view->incomplete = true;
	if (view->incomplete && !status)
		status = EXIT_DEVICES_FAILED;
	if (fflush(stdout) || ferror(stdout)) {
		log_error("standard output: not everything could be written");
		status = status ? status : EXIT_DEVICES_FAILED;
	}
	return status;
}

static int
run_it(const struct shell_options *options, const struct shell_call *call,
    const struct hosts *hosts, const struct shell_host *targets)
{
	struct shell_result *results = xcalloc(hosts->count, sizeof(*results));
	struct shell_view view = {
		.options = options,
		.call = call,
		.hosts = hosts,
		.results = results,
	};
	struct shell_observer observer = {
		.data = &view,
		.done = on_done,
		.said = options->stream ? on_said : NULL,
	};
	struct shell_outcome outcome;
	struct err err;
	int status = EXIT_USAGE;
	shell_view_init(&view);
	int rc = shell_run(
	    call, targets, hosts->count, results, &observer, &outcome, &err);
	if (rc)
		log_error("%s", err.text);
	else
		status = shell_conclude(&view);
	if (outcome.stopped)
		log_error("%s; no further host was tried", outcome.stopped);
	int number = outcome.signal;
	for (size_t i = 0; i < hosts->count; i++)
		shell_result_forget(&results[i]);
	shell_outcome_clear(&outcome);
	shell_view_clear(&view);
	free(results);
	if (number)
		die_by_signal(number);
	return status;
}

/* On hosts that are reached over SSH, or here. */
static int
run_tool(struct shell_options *options, const struct hosts *hosts)
{
	if (options->tool->bit == TOOL_RPULL &&
	    part_destinations(options, hosts))
		return EXIT_USAGE;
	if (options->tool->bit == TOOL_RPUSH && look_for_files(options))
		return EXIT_USAGE;
	const struct shell_tool *tool = options->tool;
	int status = EXIT_USAGE;
	char *state = rundir_state_dir(options->shared.state_dir);
	char *spill = xasprintf("%s/shell", state);
	struct shell_call call = {
		.kind = tool->kind,
		.words = &options->words,
		.errexit = options->errexit,
		.destination = tool->bit & TOOLS_FILES ? options->destination
						       : NULL,
		/* Several at once would write to one file. */
		.threads = options->sequential || options->flat ? 1
		    : options->shared.threads
		    ? (unsigned)options->shared.threads
		    : SHELL_THREADS,
		.attempts = tool->kind == SHELL_LOCAL ? 1 : options->attempts,
		.timeout_ms = options->timeout_ms,
		.keep = !options->stream || options->outdir ||
		    options->json_path,
		.spill_parent = spill,
	};
	struct shell_fleet *fleet = NULL;
	struct shell_host *local = NULL;
	if (tool->kind == SHELL_SCRIPT && read_scripts(options, &call))
		goto out;
	if (shell_outdir_prepare(options, hosts))
		goto out;
	if (tool->kind == SHELL_LOCAL) {
		local = xcalloc(hosts->count, sizeof(*local));
		for (size_t i = 0; i < hosts->count; i++)
			local[i].host = &hosts->items[i];
	} else {
		secret_harden_process();
		fleet = shell_fleet_new(options, hosts);
		if (!fleet)
			goto out;
	}
	status = run_it(
	    options, &call, hosts, fleet ? shell_fleet_hosts(fleet) : local);
out:
	shell_fleet_free(fleet);
	free(local);
	scripts_free(&call);
	free(spill);
	free(state);
	return status;
}

static int
print_hosts(const struct hosts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++) {
		const struct host *host = &hosts->items[i];
		printf("%s%s%s\n", host->user ? host->user : "",
		    host->user ? "@" : "", host->name);
	}
	if (fflush(stdout) == 0)
		return EXIT_ALL_WELL;
	log_error("standard output: %s", strerror(errno));
	return EXIT_DEVICES_FAILED;
}

/* No command that is run here may see what is secret. */
static void
clean_environment(void)
{
	static const char *const names[] = { "NETPUSH_PASSWORD",
		"NETPUSH_ENABLE_PASSWORD", "NETPUSH_PASSPHRASE" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		secret_free(credentials_take_env(names[i]));
}

int
shell_main(int argc, char **argv, bool by_name)
{
	struct shell_options options = {
		.tool = shell_tool_find(last_part(argv[0])),
	};
	struct given given = { 0 };
	int status;
	char *program = xasprintf(
	    "%s%s", by_name ? "" : "netpush ", options.tool->name);
	options.program = program;
	buf_init(&given.text, HOSTS_FILE_LIMIT_BYTES);
	if (!shell_options_parse(&options, argc, argv, &status))
		goto out;
	status = EXIT_USAGE;
	if (gather_hosts(&options, &given))
		goto out;
	if (options.tool->kind == SHELL_LOCAL)
		clean_environment();
	if (options.tool->bit == TOOL_RHOSTS)
		status = print_hosts(&given.hosts);
	else if (options.device_type || given.is_device_list)
		status = shell_run_network(&options, &given.hosts,
		    options.hostfile,
		    given.is_device_list ? buf_str(&given.text) : NULL);
	else
		status = run_tool(&options, &given.hosts);
	if (by_name && status == EXIT_DEVICES_FAILED)
		status = EXIT_BY_NAME;
out:
	hosts_clear(&given.hosts);
	buf_clear(&given.text);
	shell_options_clear(&options);
	free(program);
	return status;
}

int
command_shell(const struct command *command, int argc, char **argv)
{
	(void)command;
	return shell_main(argc, argv, false);
}
