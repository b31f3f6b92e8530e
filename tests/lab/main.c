/*
 * netpush-lab: simulated network devices on 127.0.0.0/8. This file reads the
 * options, starts the parts in order, and ends them when it is told to.
 */
#include "control.h"
#include "flash.h"
#include "lab.h"
#include "loop.h"
#include "server.h"
#include "witness.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/fdio.h"

#include <getopt.h>
#include <libssh/libssh.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct options {
	const char *config, *dir, *type;
	int64_t count, port;
	bool use_stdin;
};

static bool stopping;

static void
usage(void)
{
	fputs("usage: netpush-lab --dir DIR [--config FILE | --count N "
	      "[--type cisco_ios|cisco_nxos|juniper_junos|mixed]] [--port N] "
	      "[--stdin]\n",
	    stderr);
}

static int
parse_options(int argc, char **argv, struct options *options)
{
	static const struct option table[] = { { "config", required_argument,
						   NULL, 'c' },
		{ "count", required_argument, NULL, 'n' },
		{ "type", required_argument, NULL, 't' },
		{ "dir", required_argument, NULL, 'd' },
		{ "port", required_argument, NULL, 'p' },
		{ "stdin", no_argument, NULL, 's' }, { NULL, 0, NULL, 0 } };
	bool good = true;
	int letter;
	*options = (struct options){ .type = "cisco_ios", .count = 1 };
	while ((letter = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (letter) {
		case 'c':
			options->config = optarg;
			break;
		case 'n':
			good &= str_to_number(optarg, &options->count);
			break;
		case 't':
			options->type = optarg;
			break;
		case 'd':
			options->dir = optarg;
			break;
		case 'p':
			good &= str_to_number(optarg, &options->port) &&
			    options->port >= 0 && options->port < 65536;
			break;
		case 's':
			options->use_stdin = true;
			break;
		default:
			good = false;
		}
	}
	return good && options->dir && optind == argc ? 0 : -1;
}

/* Each device listens, each session takes two descriptors. */
static void
raise_limits(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void
signal_ready(struct source *source, uint32_t events)
{
	struct signalfd_siginfo info;
	(void)events;
	if (read(source->fd, &info, sizeof(info)) == sizeof(info))
		stopping = true;
}

static void
stdin_ready(struct source *source, uint32_t events)
{
	char bytes[512];
	(void)events;
	if (read(source->fd, bytes, sizeof(bytes)) <= 0) {
		stopping = true;
		loop_remove(source);
	}
}

static void
watch_for_end(struct source *signals, struct source *input, bool use_stdin)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signals->ready = signal_ready;
	loop_add(signals, signalfd(-1, &set, SFD_CLOEXEC), EPOLLIN);
	input->fd = -1;
	input->ready = stdin_ready;
	if (use_stdin)
		loop_add(input, STDIN_FILENO, EPOLLIN);
}

static void
say_ready(const struct lab *lab)
{
	json_t *line = json_pack("{s:b s:i s:i s:s}", "ready", 1, "port",
	    lab->port, "pid", (int)getpid(), "dir", lab->dir);
	char *text = json_dumps(line, JSON_COMPACT);
	puts(text);
	fflush(stdout);
	free(text);
	json_decref(line);
}

static int
start(struct lab *lab, const struct options *options, struct err *err)
{
	char *log = xasprintf("%s/witness.jsonl", options->dir);
	int rc = -1;
	lab->dir = options->dir;
	lab->port = (int)options->port;
	flash_init(options->dir);
	if (dir_make(options->dir, 0700, err) || witness_open(log, err) ||
	    lab_load(lab, options->config, options->count, options->type, err))
		goto out;
	if (server_start(lab, err) || server_write_known_hosts(lab, err) ||
	    lab_write_inventory(lab, err) || control_start(lab, err))
		goto out;
	rc = 0;
out:
	free(log);
	return rc;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct lab lab = { 0 };
	struct err err = { 0 };
	struct source signals, input;
	if (parse_options(argc, argv, &options)) {
		usage();
		return 2;
	}
	raise_limits();
	ssh_init();
	loop_init();
	watch_for_end(&signals, &input, options.use_stdin);
	if (start(&lab, &options, &err)) {
		fprintf(stderr, "netpush-lab: %s\n", err.text);
		return 1;
	}
	say_ready(&lab);
	while (!stopping) {
		loop_turn();
		server_reap();
	}
	control_stop();
	server_stop();
	lab_clear(&lab);
	witness_close();
	loop_remove(&signals);
	loop_free();
	ssh_finalize();
	return 0;
}
