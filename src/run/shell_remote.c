/*
 * Something on another machine: connect, log in by what is at hand, then each
 * command on a channel of its own in that one connection.
 */
#include "shell_parts.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/str.h"
#include "device/exec.h"
#include "device/fault.h"
#include "device/transport_ssh2.h"
#include "model/profile.h"
#include "run/frame.h"
#include "run/host_key.h"

#include <stdlib.h>
#include <string.h>

#define CLOSE_GRACE_MS 2000

static int
on_stage(void *data, enum stage stage)
{
	(void)data;
	(void)stage;
	return 0;
}

static void
on_text(void *data, const char *text)
{
	(void)data;
	(void)text;
}

static void
on_host_key(void *data, const char *address, int port, const char *type,
    const void *key, size_t len)
{
	const struct shell_work *work = data;
	json_t *note = host_key_put(address, port, type, key, len);
	char *text = json_dumps(note, JSON_COMPACT);
	frame_write(work->fd, FRAME_HOST_KEY, text, strlen(text));
	free(text);
	json_decref(note);
}

/* What was offered, for a person who wonders why none was taken. */
static void
tell_what_was_tried(const struct shell_host *host, struct err *err)
{
	for (size_t i = 0; i < host->login_count && host->login_count > 1;
	     i++) {
		const struct credentials *login = host->logins[i];
		err_append(err, "%s%s", i ? ", " : "; tried: ",
		    login->method == CREDENTIALS_KEY ? login->identity
						     : "the ssh-agent");
	}
}

static int
log_in(struct ssh *ssh, struct target *target, const struct shell_host *host,
    int64_t deadline, struct err *err)
{
	for (size_t i = 0; i < host->login_count; i++) {
		struct fault fault = { 0 };
		target->credentials = host->logins[i];
		int rc = ssh_login(ssh, target, deadline, &fault);
		*err = fault.err;
		fault_clear(&fault);
		if (rc == 0)
			return 0;
		if (err->kind != ERR_AUTH)
			return -1;
	}
	tell_what_was_tried(host, err);
	return -1;
}

/* The host's whole time is over, not only that of one step: it had what was
 * given to it, and is not tried again. */
static bool
is_overdue(const struct shell_work *work, const struct err *err)
{
	return err->kind == ERR_TIMEOUT && deadline_passed(work->deadline);
}

/* Connected and logged in; NULL with END filled. */
static struct ssh *
reach(const struct shell_work *work, struct target *target,
    const struct observer *observer, struct shell_end *end)
{
	const struct timeouts *timeouts = &work->host->device.timeouts;
	struct err err = { 0 };
	struct ssh *ssh = ssh_connect(target, observer,
	    deadline_first(work->deadline, deadline_in(timeouts->connect_ms)),
	    &err);
	if (!ssh) {
		shell_fail(end, &err,
		    !is_overdue(work, &err) &&
			(err.kind == ERR_CONNECT || err.kind == ERR_CLOSED ||
			    err.kind == ERR_TIMEOUT));
		return NULL;
	}
	if (log_in(ssh, target, work->host,
		deadline_first(work->deadline, deadline_in(timeouts->login_ms)),
		&err) == 0)
		return ssh;
	shell_fail(end, &err, false);
	if (err.kind == ERR_TIMEOUT && !is_overdue(work, &err))
		end->code = SHELL_CODE_FAILED;
	ssh_close(ssh, deadline_in(CLOSE_GRACE_MS));
	return NULL;
}

static int
take(void *data, enum exec_stream stream, const char *bytes, size_t len,
    struct err *err)
{
	const struct shell_work *work = data;
	if (shell_say(work, stream == EXEC_STDERR, bytes, len) == 0)
		return 0;
	return err_set(err, ERR_CANCELLED, "called off");
}

/* Runs COMMAND with INPUT. -1: it came to no result. */
static int
run_one(const struct shell_work *work, struct ssh *ssh, const char *command,
    const char *input, size_t len, struct shell_end *end)
{
	struct exec_end ended = { 0 };
	struct err err = { 0 };
	struct exec_io io = {
		.input = input,
		.input_len = len,
		.take = take,
		.data = (void *)work,
	};
	struct exec *exec = ssh_exec(ssh, command, EXEC_WINDOW_BYTES);
	int rc = exec_run(exec, &io, work->deadline, work->fd, &ended, &err);
	if (rc) {
		if (err.kind == ERR_TIMEOUT)
			err_set(&err, ERR_TIMEOUT,
			    "it was not done in time and was left");
		shell_fail(end, &err,
		    err.kind == ERR_CLOSED && !exec_may_have_run(exec));
	} else if (*ended.signal) {
		shell_end_by_signal(end, ended.signal, 0);
	} else {
		end->code = ended.has_status ? ended.status : SHELL_CODE_FAILED;
	}
	exec_free(exec);
	return rc;
}

/* Adds TEXT as one word of sh(1). */
static void
add_quoted(struct buf *out, const char *text, size_t len)
{
	buf_addc(out, '\'');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, text[i]);
	}
	buf_addc(out, '\'');
}

/*
 * A script with a line "#!" is put into a directory of its own on the host and
 * given to the interpreter that it names, as the kernel would: with what
 * stands behind the interpreter as one argument. So the script's standard
 * input is its own, and it may stand where nothing may be executed.
 */
static void
add_interpreted(struct buf *out, const char *name, const char *text)
{
	struct buf inner;
	const char *line = text + 2 + strspn(text + 2, " \t");
	size_t word = strcspn(line, " \t\r\n");
	const char *argument = line + word + strspn(line + word, " \t");
	size_t len = strcspn(argument, "\r\n");
	const char *slash = strrchr(name, '/');
	while (len && strchr(" \t", argument[len - 1]))
		len--;
	name = slash ? slash + 1 : name;
	buf_init(&inner, out->limit);
	buf_adds(&inner,
	    "umask 077; d=$(mktemp -d) || exit 126; "
	    "trap 'rm -rf \"$d\"' EXIT; "
	    "trap 'exit 129' HUP INT TERM; f=\"$d\"/");
	add_quoted(&inner, name, strlen(name));
	buf_adds(&inner, "; cat >\"$f\" || exit 126; umask 022; ");
	add_quoted(&inner, line, word);
	if (len) {
		buf_addc(&inner, ' ');
		add_quoted(&inner, argument, len);
	}
	buf_adds(&inner, " \"$f\" </dev/null");
	buf_adds(out, "exec sh -c ");
	add_quoted(out, buf_str(&inner), inner.len);
	buf_clear(&inner);
}

static bool
has_interpreter(const char *text)
{
	return text[0] == '#' && text[1] == '!' &&
	    strcspn(text + 2 + strspn(text + 2, " \t"), " \t\r\n");
}

/* Half a script may do worse than none. */
static int
too_long(const char *name, struct shell_end *end)
{
	struct err err;
	err_set(&err, ERR_JOB,
	    "%s is longer than %u MiB when ?HOST is filled in, or its first "
	    "line is too long",
	    name, SHELL_TEXT_LIMIT_BYTES >> 20);
	shell_fail(end, &err, false);
	return -1;
}

/* What has no "#!" is read by the login shell, as if it were typed. */
static int
run_script(const struct shell_work *work, struct ssh *ssh,
    const struct shell_script *script, struct shell_end *end)
{
	struct buf text, command;
	buf_init(&text, SHELL_TEXT_LIMIT_BYTES);
	buf_init(&command, EXEC_COMMAND_LIMIT_BYTES);
	bool interpreted = has_interpreter(script->text);
	if (interpreted)
		add_interpreted(&command, script->name, script->text);
	else
		buf_adds(&command, "exec \"$SHELL\"");
	if (!interpreted && work->call->errexit)
		buf_adds(&text, "set -e\n");
	hosts_fill(&text, script->text, script->len, work->host->host->name);
	if (text.len && text.data[text.len - 1] != '\n')
		buf_addc(&text, '\n');
	int rc = text.cut || command.cut ? too_long(script->name, end)
					 : run_one(work, ssh, buf_str(&command),
					       buf_str(&text), text.len, end);
	buf_clear(&text);
	buf_clear(&command);
	return rc;
}

/* One after the other, until one fails. */
static void
run_scripts(
    const struct shell_work *work, struct ssh *ssh, struct shell_end *end)
{
	const struct shell_call *call = work->call;
	for (size_t i = 0; i < call->script_count; i++) {
		int rc = run_script(work, ssh, &call->scripts[i], end);
		/* The one before it has run. */
		if (i > 0)
			end->again = false;
		if (rc || end->code)
			return;
	}
}

static void
do_it(const struct shell_work *work, struct ssh *ssh, struct shell_end *end)
{
	char *text;
	switch (work->call->kind) {
	case SHELL_COMMAND:
		text = shell_command_text(work->call, work->host->host);
		run_one(work, ssh, text, NULL, 0, end);
		free(text);
		break;
	case SHELL_SCRIPT:
		run_scripts(work, ssh, end);
		break;
	default:
		shell_files(work, ssh, end);
		break;
	}
}

void
shell_remote(const struct shell_work *work, struct shell_end *end)
{
	static const struct profile no_profile;
	struct job_device device = work->host->device;
	struct target target = {
		.device = &device,
		.host_keys = work->host->host_keys,
		.known_hosts = work->host->known_hosts,
		.attempt = 1,
	};
	const struct observer observer = {
		.data = (void *)work,
		.cancel_fd = work->fd,
		.stage = on_stage,
		.log = on_text,
		.warn = on_text,
		.host_key = on_host_key,
	};
	device.profile = &no_profile;
	struct ssh *ssh = reach(work, &target, &observer, end);
	if (!ssh)
		return;
	frame_write(work->fd, FRAME_IN, NULL, 0);
	do_it(work, ssh, end);
	ssh_close(ssh, deadline_in(CLOSE_GRACE_MS));
}
