/* What the files of the parallel shell tools share. */
#ifndef NETPUSH_APP_SHELL_PARTS_H
#define NETPUSH_APP_SHELL_PARTS_H

#include "app/options.h"
#include "base/str.h"
#include "model/hosts.h"
#include "run/shell.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define SHELL_THREADS	  64
#define SHELL_ATTEMPTS	  3
#define SHELL_DESTINATION "~/"

/* The tools, as bits: which option is whose. */
enum shell_tool_bit {
	TOOL_RHOSTS = 1 << 0,
	TOOL_LCMD = 1 << 1,
	TOOL_RCMD = 1 << 2,
	TOOL_RPUSH = 1 << 3,
	TOOL_RPULL = 1 << 4,
	TOOL_RSCRIPT = 1 << 5,
};
#define TOOLS_ALL    (TOOL_RSCRIPT * 2 - 1)
#define TOOLS_RUN    (TOOLS_ALL & ~TOOL_RHOSTS)
#define TOOLS_REMOTE (TOOLS_RUN & ~TOOL_LCMD)
#define TOOLS_FILES  (TOOL_RPUSH | TOOL_RPULL)

struct shell_tool {
	const char *name;
	enum shell_tool_bit bit;
	enum shell_kind kind;
	const char *words; /* what it wants, for the usage; NULL: none */
	const char *summary;
};
const struct shell_tool *shell_tool_find(const char *name);

struct shell_options {
	const struct shell_tool *tool;
	const char *program; /* as it was called, for messages */
	struct options shared;
	struct strs host_words; /* of -m */
	char *hostfile;
	bool sequential;
	int attempts;
	char *destination;
	int64_t timeout_ms, connect_ms; /* 0: not given */
	bool json; /* on standard output */
	char *json_path;
	bool stream, gather, unique, errexit, flat;
	char *outdir;
	char *device_type;
	char *ssh_config;
	struct strs words;
};

/* Reads ARGV[1..]. False when that is the end of it: with --help, or after a
 * message; *STATUS to return. OPTIONS is the caller's to clear in any case. */
bool shell_options_parse(
    struct shell_options *options, int argc, char **argv, int *status);
void shell_options_clear(struct shell_options *options);

/* The usage and a line about what is wrong, on standard error; returns the
 * exit status for it. */
int shell_misused(const struct shell_options *options, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* All hosts with what is needed to reach them. */
struct shell_fleet;
struct shell_fleet *shell_fleet_new(
    const struct shell_options *options, const struct hosts *hosts);
const struct shell_host *shell_fleet_hosts(const struct shell_fleet *fleet);
void shell_fleet_free(struct shell_fleet *fleet);

/* ~/.ssh/config, or what stands for it. NULL after a message. */
struct ssh_config;
struct ssh_config *shell_config_load(const struct shell_options *options);

/* Is this the text of a file with a device_list? */
bool shell_is_device_list(const char *text);

/* rcmd on the command lines of network devices: those of TEXT, a device_list
 * out of the file PATH; or HOSTS, where TEXT is NULL. */
int shell_run_network(const struct shell_options *options,
    const struct hosts *hosts, const char *path, const char *text);

/* A run as it is shown. */
struct shell_view {
	const struct shell_options *options;
	const struct shell_call *call;
	const struct hosts *hosts;
	struct shell_result *results;
	bool color; /* standard output is a terminal that may have some */
	bool is_terminal;
	/* --stream: lines that are not at their end, two for each host. */
	struct buf *open_lines;
	size_t shown; /* so many hosts, in their order */
	size_t *before; /* --outdir: shell_repetitions() */
	bool incomplete; /* an output is not where it should be */
	char rest[4]; /* for a terminal: of a character that is cut in two */
	size_t rest_len;
	int64_t started_ms, finished_ms;
};

void shell_view_init(struct shell_view *view);
void shell_view_clear(struct shell_view *view);

/* All have their result: shows what is left to show. Returns the exit
 * status. */
int shell_conclude(struct shell_view *view);

/* HOST has its result: shows what may be shown now. */
void shell_show_done(struct shell_view *view, size_t host);
void shell_show_said(struct shell_view *view, size_t host, bool is_error,
    const char *bytes, size_t len);

/* What comes when all are at their end: groups, the footer. */
void shell_show_end(struct shell_view *view);

/* So many bytes at the end of TEXT are the start of a character only. */
size_t shell_open_end(const char *text, size_t len);

/* One description line, the outputs, the code, as they are for each host. */
void shell_print_result(
    struct shell_view *view, const char *description, size_t host);

/* "rcmd [me@web1]: uptime". The caller frees. */
char *shell_description(const struct shell_view *view, size_t host);

void shell_print_gathered(struct shell_view *view);

/* --json, on standard output or to its file. -1 after a message. */
int shell_write_json(const struct shell_view *view);

/* How often each host's name stood there before it. The caller frees. */
size_t *shell_repetitions(const struct hosts *hosts);

/* Before anything runs: makes the directory, where one is wanted. -1 after a
 * message, also when two hosts would write to one file of it. */
int shell_outdir_prepare(
    const struct shell_options *options, const struct hosts *hosts);

/* --outdir, for one host. -1 after a message. */
int shell_write_outputs(const struct shell_view *view, size_t host);

#endif
