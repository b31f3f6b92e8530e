/*
 * Checkpoints and configuration sessions of NX-OS. A session keeps the lines
 * that were accepted in it and where they stood; verify tries them on a copy
 * of the running configuration, commit puts that copy in its place: all or
 * nothing.
 */
#include "nxos_change.h"

#include "base/alloc.h"
#include "base/deadline.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)
#define OUTPUT_LIMIT   65536
#define SESSIONS_MAX   32

struct nxos_session {
	char *name;
	struct config candidate; /* what the terminal in it works on */
	struct kept_line {
		enum mode mode;
		char *object, *line;
	} * lines;
	size_t count, cap;
	struct cli *user; /* the terminal that is in it, or NULL */
};

struct nxos_changes {
	struct checkpoint {
		char *name;
		struct config config;
		int64_t wall_ms;
	} * checkpoints;
	size_t count, cap;
	struct nxos_session *sessions[SESSIONS_MAX];
	size_t session_count;
};

static struct nxos_changes *
changes_of(struct device *device)
{
	if (!device->nxos)
		device->nxos = xcalloc(1, sizeof(*device->nxos));
	return device->nxos;
}

/* Takes the terminal out of the session that it is in. */
static void
detach(struct cli *cli)
{
	if (!cli->work)
		return;
	cli->work->user = NULL;
	cli->work = NULL;
	cli->config = &cli->device->running;
}

static void
session_free(struct nxos_session *session)
{
	if (session->user) {
		struct cli *cli = session->user;
		detach(cli);
		cli_enter(cli, MODE_EXEC, NULL);
	}
	for (size_t i = 0; i < session->count; i++) {
		free(session->lines[i].object);
		free(session->lines[i].line);
	}
	free(session->lines);
	config_clear(&session->candidate);
	free(session->name);
	free(session);
}

static void
checkpoint_clear(struct checkpoint *checkpoint)
{
	config_clear(&checkpoint->config);
	free(checkpoint->name);
}

void
nxos_changes_free(struct nxos_changes *changes)
{
	if (!changes)
		return;
	for (size_t i = 0; i < changes->session_count; i++)
		session_free(changes->sessions[i]);
	for (size_t i = 0; i < changes->count; i++)
		checkpoint_clear(&changes->checkpoints[i]);
	free(changes->checkpoints);
	free(changes);
}

void
nxos_leave(struct cli *cli)
{
	detach(cli);
}

void
nxos_after_line(
    struct cli *cli, enum mode mode, const char *object, const char *line)
{
	struct nxos_session *session = cli->work;
	if (!session)
		return;
	if (!cli_in_config(cli)) {
		detach(cli); /* the session stays, to be entered again */
		return;
	}
	if (cli->refused || cli->unkept || mode < MODE_CONFIG)
		return;
	GROW(session->lines, session->count, session->cap);
	session->lines[session->count++] = (struct kept_line){ mode,
		xstrdup(object), xstrdup(line) };
}

static struct checkpoint *
checkpoint_find(struct nxos_changes *changes, const char *name)
{
	for (size_t i = 0; i < changes->count; i++)
		if (str_eq(changes->checkpoints[i].name, name))
			return &changes->checkpoints[i];
	return NULL;
}

static void
no_such_checkpoint(struct cli *cli, const char *name)
{
	cli_refuse(cli, "ERROR: Checkpoint %s does not exist\n", name);
}

static void
checkpoint_remove(struct cli *cli, const char *name)
{
	struct nxos_changes *changes = changes_of(cli->device);
	struct checkpoint *old = checkpoint_find(changes, name);
	if (!old) {
		no_such_checkpoint(cli, name);
		return;
	}
	checkpoint_clear(old);
	changes->count--;
	memmove(old, old + 1,
	    (size_t)(changes->checkpoints + changes->count - old) *
		sizeof(*old));
}

/* [no] checkpoint NAME */
HANDLER(nxos_checkpoint)
{
	(void)command;
	struct nxos_changes *changes = changes_of(cli->device);
	const char *name = words->items[first + 1].text;
	if (cli_is_no(words, first)) {
		checkpoint_remove(cli, name);
		return;
	}
	if (checkpoint_find(changes, name)) {
		cli_refuse(cli,
		    "ERROR: Checkpoint with name %s already exists\n", name);
		return;
	}
	GROW(changes->checkpoints, changes->count, changes->cap);
	struct checkpoint *fresh = &changes->checkpoints[changes->count++];
	*fresh = (struct checkpoint){ .name = xstrdup(name),
		.wall_ms = clock_wall_ms() };
	config_copy(&fresh->config, &cli->device->running);
	buf_adds(cli->out, ".....Done\n");
}

HANDLER(nxos_show_checkpoints)
{
	UNUSED_HANDLER;
	struct nxos_changes *changes = changes_of(cli->device);
	if (changes->count)
		buf_adds(cli->out,
		    "User Checkpoint Summary\n"
		    "-----------------------------------------------------"
		    "---------------------------\n");
	for (size_t i = 0; i < changes->count; i++) {
		const struct checkpoint *one = &changes->checkpoints[i];
		char when[64];
		struct tm tm;
		time_t seconds = (time_t)(one->wall_ms / 1000);
		gmtime_r(&seconds, &tm);
		strftime(when, sizeof(when), "%a, %H:%M:%S %d %b %Y", &tm);
		buf_addf(cli->out,
		    "%zu) %s:\n"
		    "Created by %s\n"
		    "Created at %s\n"
		    "Size is 5,123 bytes\n"
		    "Description: None\n\n",
		    i + 1, one->name, cli->device->username, when);
	}
}

/* rollback running-config checkpoint NAME [atomic] */
HANDLER(nxos_rollback)
{
	(void)command;
	struct device *device = cli->device;
	const char *name = words->items[first + 3].text;
	const struct checkpoint *to = checkpoint_find(changes_of(device), name);
	if (!to) {
		no_such_checkpoint(cli, name);
		return;
	}
	buf_adds(cli->out,
	    "Note: Applying config parallelly may fail Rollback "
	    "verification\n"
	    "Collecting Running-Config\n"
	    "#Generating Rollback Patch\n");
	if (config_same(&to->config, &device->running)) {
		buf_adds(cli->out,
		    "Rollback Patch is Empty\n\n"
		    "Rollback completed successfully.\n\n");
		return;
	}
	buf_adds(cli->out,
	    "..\n"
	    "Executing Rollback Patch\n"
	    "Generating Running-config for verification\n"
	    "Generating Patch for verification\n");
	if (cli_fault(cli, FAULT_ROLLBACK_FAILS, words->line)) {
		cli_refuse(cli,
		    "Verification failed, Rolling back to previous "
		    "configuration\n"
		    "Rollback failed.\n\n");
		return;
	}
	config_clear(&device->running);
	config_copy(&device->running, &to->config);
	buf_adds(cli->out,
	    "Verification is Successful.\n\n"
	    "Rollback completed successfully.\n\n");
	cli->changed = true;
}

/* configure session NAME: a new one, or one that was left. */
HANDLER(nxos_configure_session)
{
	(void)command;
	struct nxos_changes *changes = changes_of(cli->device);
	const char *name = words->items[first + 2].text;
	struct nxos_session *session = NULL;
	size_t id = 0;
	while (id < changes->session_count &&
	    !str_eq(changes->sessions[id]->name, name))
		id++;
	if (id < changes->session_count)
		session = changes->sessions[id];
	if ((session && session->user) || id == SESSIONS_MAX) {
		cli_refuse(cli, "ERROR: %s\n",
		    session ? "Session is in use"
			    : "Maximum number of sessions reached");
		return;
	}
	if (!session) {
		session = xcalloc(1, sizeof(*session));
		session->name = xstrdup(name);
		config_copy(&session->candidate, &cli->device->running);
		changes->sessions[changes->session_count++] = session;
	}
	detach(cli);
	buf_addf(cli->out,
	    "Config Session started, Session ID is %zu\n"
	    "Enter configuration commands, one per line.  "
	    "End with CNTL/Z.\n",
	    id + 1);
	session->user = cli;
	cli->work = session;
	cli->config = &session->candidate;
	cli->unkept = true;
	cli_enter(cli, MODE_CONFIG, NULL);
}

/* The session's lines on RESULT, a copy of what runs now; false, with the
 * first refusal in WHY. */
static bool
replay(struct cli *from, struct config *result, struct buf *why)
{
	const struct nxos_session *session = from->work;
	struct cli cli;
	bool good = true;
	config_copy(result, &from->device->running);
	cli_init(&cli, from->device, why);
	cli.config = result;
	for (size_t i = 0; i < session->count && good; i++) {
		const struct kept_line *kept = &session->lines[i];
		cli_enter(&cli, kept->mode, kept->object);
		buf_reset(why);
		cli_line(&cli, kept->line);
		good = !cli.refused;
	}
	cli_clear(&cli);
	return good;
}

/* True when the lines can stand; else the refusal is printed. */
static bool
verifies(struct cli *cli, struct config *result)
{
	const char *line = cli->work->name;
	struct buf why;
	const struct fault *fault;
	bool good = false;
	buf_init(&why, OUTPUT_LIMIT);
	if (!replay(cli, result, &why))
		cli_refuse(
		    cli, "%sFailed to complete Verification\n", buf_str(&why));
	else if ((fault = cli_fault(cli, FAULT_VERIFY_FAILS, line)))
		cli_refuse(cli, "Failed to complete Verification: %s\n",
		    fault->text ? fault->text
				: "Resource temporarily unavailable");
	else if (cli_fault(cli, FAULT_TCAM_FULL, line))
		cli_refuse(cli,
		    "ERROR: Sufficient free entries are not available in TCAM "
		    "bank\nFailed to complete Verification\n");
	else
		good = true;
	buf_clear(&why);
	return good;
}

static bool
in_session(struct cli *cli, const struct words *words, size_t first)
{
	cli->unkept = true;
	if (cli->work)
		return true;
	cli->device->platform->complain(cli, COMPLAIN_INVALID,
	    words->items[first].offset, words->items[first].text);
	return false;
}

HANDLER(nxos_verify)
{
	(void)command;
	struct config result = { 0 };
	if (!in_session(cli, words, first))
		return;
	if (verifies(cli, &result))
		buf_adds(cli->out, "Verification Successful\n");
	config_clear(&result);
}

/* The session ends, and its terminal is back in exec mode. */
static void
session_end(struct cli *cli)
{
	struct nxos_changes *changes = changes_of(cli->device);
	struct nxos_session *session = cli->work;
	size_t i = 0;
	while (changes->sessions[i] != session)
		i++;
	changes->session_count--;
	memmove(&changes->sessions[i], &changes->sessions[i + 1],
	    (changes->session_count - i) * sizeof(changes->sessions[0]));
	session_free(session);
}

HANDLER(nxos_commit)
{
	(void)command;
	struct config result = { 0 };
	if (!in_session(cli, words, first))
		return;
	if (verifies(cli, &result) &&
	    cli_fault(cli, FAULT_COMMIT_FAILS, words->line))
		cli_refuse(cli, "Commit Failed\n");
	if (cli->refused) {
		config_clear(&result);
		return;
	}
	config_clear(&cli->device->running);
	cli->device->running = result;
	buf_adds(cli->out, "Commit Successful\n");
	session_end(cli);
	cli->changed = true;
}

HANDLER(nxos_abort)
{
	(void)command;
	if (in_session(cli, words, first))
		session_end(cli);
}

HANDLER(nxos_show_sessions)
{
	UNUSED_HANDLER;
	struct nxos_changes *changes = changes_of(cli->device);
	if (!changes->session_count)
		buf_adds(cli->out,
		    "There are no active configuration "
		    "sessions\n");
	for (size_t i = 0; i < changes->session_count; i++)
		buf_addf(cli->out, "%-24s%-16s%s\n", changes->sessions[i]->name,
		    cli->device->username,
		    changes->sessions[i]->user ? "Active" : "Inactive");
}
