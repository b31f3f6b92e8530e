/*
 * Files to a host and back, all in one connection: device/copy does the work.
 * What goes wrong with one file does not keep the others; the first fault is
 * the host's.
 */
#include "shell_parts.h"

#include "base/alloc.h"
#include "base/fdio.h"
#include "base/str.h"
#include "device/copy.h"
#include "device/fault.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_LIMIT_BYTES 65536

/* TEXT with ?HOST filled in and, where it is a path of this machine, "~/" as
 * well. A directory is what ends in "/". The caller frees. */
static char *
path_of(
    const struct shell_work *work, const char *text, bool is_local, bool is_dir)
{
	struct buf out;
	const char *home = getenv("HOME");
	buf_init(&out, PATH_LIMIT_BYTES);
	if (is_local && text[0] == '~' && (text[1] == '/' || !text[1]) &&
	    home) {
		buf_adds(&out, home);
		text++;
	}
	hosts_fill(&out, text, strlen(text), work->host->host->name);
	if (is_dir && !str_ends(buf_str(&out), "/"))
		buf_addc(&out, '/');
	return buf_take(&out);
}

static void
on_note(void *data, const char *text)
{
	const struct shell_work *work = data;
	shell_say(work, true, text, strlen(text));
	shell_say(work, true, "\n", 1);
}

/* Keeps the first fault for the end, tells the others. False: it makes no
 * sense to go on with this connection. */
static bool
take_fault(const struct shell_work *work, struct fault *fault,
    const struct copy_result *result, struct shell_end *end)
{
	enum err_kind kind = fault->err.kind;
	if (fault->device_text && !strstr(fault->err.text, fault->device_text))
		err_append(&fault->err, ": %s", fault->device_text);
	if (end->kind == ERR_NONE) {
		shell_fail(end, &fault->err, false);
		if (kind == ERR_TRANSFER)
			end->code = 1;
		/* A connection that fell silent is good for nothing, but
		 * another may be. */
		end->again = result->stalled;
	} else {
		on_note((void *)work, fault->err.text);
	}
	return kind == ERR_TRANSFER;
}

static bool
copy_one(const struct shell_work *work, struct ssh *ssh, const char *word,
    const char *destination, struct shell_end *end)
{
	bool up = work->call->kind == SHELL_PUSH;
	char *source = path_of(work, word, up, false);
	struct copy_result result = { 0 };
	struct fault fault = { 0 };
	struct copy_ask ask = {
		.direction = up ? COPY_UP : COPY_DOWN,
		.fd = -1,
		.local = up ? source : destination,
		.remote = up ? destination : source,
		.tree = true,
		.preserve = true,
		.deadline = work->deadline,
		.silence_ms = COPY_SILENCE_MS,
		.cancel_fd = work->fd,
		.note = on_note,
		.data = (void *)work,
	};
	bool go_on = true;
	if (copy_run(ssh, &ask, &result, &fault))
		go_on = take_fault(work, &fault, &result, end);
	fault_clear(&fault);
	free(source);
	return go_on;
}

void
shell_files(
    const struct shell_work *work, struct ssh *ssh, struct shell_end *end)
{
	const struct shell_call *call = work->call;
	bool is_local = call->kind == SHELL_PULL;
	struct err err;
	umask(umask_of_user());
	char *destination = path_of(
	    work, call->destination, is_local, call->words->count > 1);
	if (is_local && str_ends(destination, "/") &&
	    dir_make(destination, 0777, &err)) {
		shell_fail(end, &err, false);
		end->code = 1;
		free(destination);
		return;
	}
	for (size_t i = 0; i < call->words->count; i++)
		if (!copy_one(
			work, ssh, call->words->items[i], destination, end))
			break;
	free(destination);
}
