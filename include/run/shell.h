/*
 * The parallel shell: one thing done on many hosts, by at most so many workers
 * at a time (run/pool.h), each of which brings one host to its end. Here is
 * who is started when, who is tried again, and what each one said; how that
 * looks is the command line's business.
 *
 * Only what never reached the command is tried again: no connection, no key
 * exchange, a server that took no more logins (MaxStartups of sshd_config(5)).
 * A login that was refused and a command that failed are not.
 */
#ifndef NETPUSH_RUN_SHELL_H
#define NETPUSH_RUN_SHELL_H

#include "base/err.h"
#include "base/str.h"
#include "device/target.h"
#include "model/hosts.h"
#include "run/capture.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shell_kind {
	SHELL_LOCAL, /* a command here, once for each host */
	SHELL_COMMAND,
	SHELL_SCRIPT,
	SHELL_PUSH,
	SHELL_PULL,
	SHELL__COUNT,
};

#define SHELL_CODE_FAILED    255 /* as ssh: it never came to a result */
#define SHELL_CODE_TIMEOUT   124 /* as timeout(1) */
#define SHELL_CODE_CANCELLED 130

/* A script that was read: its name as given, its text with ?HOST in it. */
struct shell_script {
	char *name;
	char *text;
	size_t len;
};

/* What is to be done. Borrowed by the run. */
struct shell_call {
	enum shell_kind kind;
	const struct strs *words; /* of the command; or files */
	struct shell_script *scripts; /* SHELL_SCRIPT */
	size_t script_count;
	bool errexit; /* a script ends with the first command that fails */
	const char *destination; /* SHELL_PUSH, SHELL_PULL */
	unsigned threads;
	int attempts;
	int64_t timeout_ms; /* of one host, one attempt; 0: none */
	bool keep; /* keep the outputs */
	const char *spill_parent; /* where, if they are large */
};

/* One host as it is to be reached. Everything is borrowed. */
struct shell_host {
	const struct host *host;
	struct job_device device;
	/* Tried one after the other in one connection, until one is taken. */
	const struct credentials *const *logins;
	size_t login_count;
	enum host_keys_policy host_keys;
	const struct known_hosts *known_hosts;
	const char *known_hosts_path;
	const char *refused; /* why it is not even tried; or NULL */
};

enum shell_state {
	SHELL_WAITING,
	SHELL_RUNNING,
	SHELL_DONE,
	SHELL_NOT_RUN, /* the run was stopped before it */
};

struct shell_result {
	enum shell_state state;
	int code; /* -N: killed by signal N */
	int attempts;
	enum err_kind kind; /* ERR_NONE: it came to a result of its own */
	char *message; /* or NULL */
	int64_t started_ms, finished_ms; /* of the last attempt, since 1970 */
	struct capture out, err;
};

/* Did it succeed? */
bool shell_result_is_good(const struct shell_result *result);

/* What is left of it is its verdict. */
void shell_result_forget(struct shell_result *result);

struct shell_observer {
	void *data;
	/* HOST has its result (in the order in which they end). */
	void (*done)(void *data, size_t host);
	/* What HOST says, as it comes; or NULL. */
	void (*said)(void *data, size_t host, bool is_error, const char *bytes,
	    size_t len);
};

struct shell_outcome {
	char *stopped; /* why some were not run, or NULL */
	int signal; /* that ended it; 0: none */
	struct capture_place place; /* of the outputs */
};

/*
 * Does CALL on the COUNT HOSTS. RESULTS has room for as many, and is filled
 * while it goes on. -1 with ERR when it could not even begin. The captures in
 * RESULTS must be cleared (shell_result_forget()) before OUTCOME.
 */
int shell_run(const struct shell_call *call, const struct shell_host *hosts,
    size_t count, struct shell_result *results,
    const struct shell_observer *observer, struct shell_outcome *outcome,
    struct err *err);
void shell_outcome_clear(struct shell_outcome *outcome);

/*
 * What is done on HOST, as one text with everything filled in; SPEC is the
 * host as a login names it. The caller frees.
 */
char *shell_command_text(
    const struct shell_call *call, const struct host *host);

#endif
