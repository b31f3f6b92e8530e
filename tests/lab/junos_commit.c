/*
 * The candidate of Junos and its ways into the running configuration: lock,
 * check, commit, confirmed commit and the rollback that follows when nobody
 * confirms.
 */
#include "junos.h"

#include "base/alloc.h"
#include "base/deadline.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)
#define PAST_MAX       50
#define EDITORS_MAX    32

struct junos {
	struct config candidate;
	struct past_commit {
		struct config config;
		int64_t wall_ms;
	} past[PAST_MAX]; /* 0: what runs */
	size_t past_count;
	struct cli *editors[EDITORS_MAX]; /* terminals in configuration mode */
	size_t editor_count;
	struct cli *holder; /* of the lock, or NULL */
};

static void
past_push(struct junos *junos, const struct config *config)
{
	if (junos->past_count == PAST_MAX)
		config_clear(&junos->past[--junos->past_count].config);
	memmove(&junos->past[1], &junos->past[0],
	    junos->past_count * sizeof(junos->past[0]));
	junos->past[0] = (struct past_commit){ .wall_ms = clock_wall_ms() };
	config_copy(&junos->past[0].config, config);
	junos->past_count++;
}

static void
candidate_take(struct junos *junos, const struct config *from)
{
	config_clear(&junos->candidate);
	config_copy(&junos->candidate, from);
}

static struct junos *
junos_of(struct device *device)
{
	if (!device->junos) {
		device->junos = xcalloc(1, sizeof(*device->junos));
		candidate_take(device->junos, &device->running);
		past_push(device->junos, &device->running);
	}
	return device->junos;
}

static void
editor_remove(struct junos *junos, struct cli *cli)
{
	for (size_t i = 0; i < junos->editor_count; i++) {
		if (junos->editors[i] != cli)
			continue;
		junos->editors[i] = junos->editors[--junos->editor_count];
		break;
	}
	if (junos->holder == cli)
		junos->holder = NULL;
	cli->config = &cli->device->running;
}

void
junos_free(struct junos *junos)
{
	if (!junos)
		return;
	while (junos->editor_count) {
		struct cli *cli = junos->editors[0];
		editor_remove(junos, cli);
		cli_enter(cli, MODE_EXEC, NULL);
	}
	for (size_t i = 0; i < junos->past_count; i++)
		config_clear(&junos->past[i].config);
	config_clear(&junos->candidate);
	free(junos);
}

int64_t
junos_pending(const struct device *device)
{
	return device->confirm.armed ? undo_left(&device->confirm) : 0;
}

static bool
is_changed(const struct device *device)
{
	return !config_same(
	    &device->junos->candidate, &device->junos->past[0].config);
}

/* What was not committed goes with the lock. */
void
junos_leave(struct cli *cli)
{
	struct junos *junos = cli->device->junos;
	if (!junos || cli->config != &junos->candidate)
		return;
	if (junos->holder == cli)
		candidate_take(junos, &junos->past[0].config);
	editor_remove(junos, cli);
}

static void
locked_by(struct cli *cli)
{
	cli_refuse(cli,
	    "error: configuration database locked by:\n"
	    "  %s terminal p0 (pid 4711) on since 2026-11-21 02:00:00 UTC\n"
	    "      exclusive [edit]\n\n",
	    cli->device->username);
}

/* configure [exclusive] */
HANDLER(junos_configure)
{
	(void)words, (void)first;
	struct junos *junos = junos_of(cli->device);
	bool exclusive = strstr(command->pattern, "exclusive") != NULL;
	if (junos->holder || junos->editor_count == EDITORS_MAX ||
	    (exclusive && junos->editor_count)) {
		locked_by(cli);
		return;
	}
	if (exclusive && is_changed(cli->device)) {
		cli_refuse(cli, "error: configuration database modified\n");
		return;
	}
	if (exclusive)
		buf_adds(cli->out,
		    "warning: uncommitted changes will be discarded on "
		    "exit\n");
	buf_adds(cli->out, "Entering configuration mode\n");
	if (junos->editor_count)
		buf_addf(cli->out,
		    "Users currently editing the configuration:\n"
		    "  %s terminal p0 (pid 4711) on since 2026-11-21 02:00:00 "
		    "UTC\n      [edit]\n",
		    cli->device->username);
	if (is_changed(cli->device))
		buf_adds(cli->out,
		    "The configuration has been changed but not "
		    "committed\n");
	junos->editors[junos->editor_count++] = cli;
	if (exclusive)
		junos->holder = cli;
	cli->config = &junos->candidate;
	cli_enter(cli, MODE_CONFIG, "");
}

static void
leave_config(struct cli *cli)
{
	junos_leave(cli);
	buf_adds(cli->out, "Exiting configuration mode\n");
	cli_enter(cli, MODE_EXEC, NULL);
}

static void
answer_leave(struct cli *cli, const char *line)
{
	if (!*line || word_abbreviates(line, "yes"))
		leave_config(cli);
}

/* exit, quit: one level up; exit configuration-mode: all. */
HANDLER(junos_exit)
{
	(void)words, (void)first;
	bool whole = strstr(command->pattern, "configuration-mode") != NULL;
	if (*cli->object && !whole) {
		char *last = strrchr(cli->object, ' ');
		cli->object[last ? (size_t)(last - cli->object) : 0] = '\0';
		return;
	}
	if (!cli->device->junos || !is_changed(cli->device)) {
		leave_config(cli);
		return;
	}
	buf_adds(
	    cli->out, "The configuration has been changed but not committed\n");
	cli_ask(cli, "Exit with uncommitted changes? [yes,no] (yes) ", false,
	    answer_leave);
}

HANDLER(junos_rollback)
{
	struct junos *junos = junos_of(cli->device);
	int64_t number = 0;
	(void)command;
	if (first + 1 < words->count &&
	    (!str_to_number(words->items[first + 1].text, &number) ||
		number >= (int64_t)junos->past_count)) {
		cli_refuse(cli, "error: rollback %s does not exist\n",
		    words->items[first + 1].text);
		return;
	}
	candidate_take(junos, &junos->past[number].config);
	buf_adds(cli->out, "load complete\n");
}

HANDLER(junos_compare_command)
{
	UNUSED_HANDLER;
	const struct junos *junos = junos_of(cli->device);
	junos_compare(&junos->past[0].config.globals, &junos->candidate.globals,
	    cli->out);
}

static bool
checks(struct cli *cli)
{
	struct buf why;
	const struct fault *fault;
	bool good = false;
	buf_init(&why, 65536);
	if (!junos_check(&cli->device->junos->candidate.globals, &why))
		cli_refuse(cli, "%serror: configuration check-out failed\n",
		    buf_str(&why));
	else if ((fault = cli_fault(cli, FAULT_VERIFY_FAILS, "commit")))
		cli_refuse(cli, "%s\nerror: configuration check-out failed\n",
		    fault->text ? fault->text : "error: check-out pass failed");
	else
		good = true;
	buf_clear(&why);
	return good;
}

/* Puts CONFIG in force, and remembers it as the newest. */
static void
activate(struct device *device, const struct config *config)
{
	struct config fresh = { 0 };
	struct junos *junos = device->junos;
	config_copy(&fresh, config);
	config_clear(&device->running);
	device->running = fresh;
	junos_list_filters(&device->running);
	for (size_t i = 0; i < fresh.globals.count; i++)
		if (str_starts(fresh.globals.items[i], "system host-name ")) {
			free(device->running.hostname);
			device->running.hostname = xstrdup(
			    strrchr(fresh.globals.items[i], ' ') + 1);
		}
	past_push(junos, config);
	device_save(device);
}

HANDLER(junos_commit_check)
{
	UNUSED_HANDLER;
	junos_of(cli->device);
	if (!checks(cli))
		return;
	/* It confirms, too, as the manual says. */
	if (!is_changed(cli->device))
		undo_disarm(&cli->device->confirm);
	buf_adds(cli->out, "configuration check succeeds\n");
}

static bool
commit_now(struct cli *cli)
{
	struct junos *junos = junos_of(cli->device);
	if (!checks(cli))
		return false;
	if (cli_fault(cli, FAULT_COMMIT_FAILS, "commit")) {
		cli_refuse(cli,
		    "error: commit failed: (statements "
		    "constraint check failed)\n");
		return false;
	}
	if (is_changed(cli->device))
		activate(cli->device, &junos->candidate);
	cli->changed = true;
	return true;
}

/* commit, commit and-quit, commit comment ...: they confirm as well. */
HANDLER(junos_commit)
{
	(void)words, (void)first;
	if (!commit_now(cli))
		return;
	undo_disarm(&cli->device->confirm);
	cli->saved = true;
	buf_adds(cli->out, "commit complete\n");
	if (strstr(command->pattern, "and-quit"))
		leave_config(cli);
}

static void
confirm_due(struct undo *undo)
{
	struct device *device = undo->device;
	struct junos *junos = device->junos;
	bool idle = !is_changed(device);
	struct config before = undo->before;
	undo->before = (struct config){ 0 };
	undo_disarm(undo);
	if (faults_take(
		&device->faults, FAULT_ROLLBACK_FAILS, WHEN_ANY, NULL, 0)) {
		config_clear(&before);
		return;
	}
	activate(device, &before);
	if (idle)
		candidate_take(junos, &before);
	config_clear(&before);
	device_say(device, false,
	    "\nBroadcast Message from root@%s\n"
	    "        (no tty) at 2:00 UTC...\n\n"
	    "Commit was not confirmed; automatic rollback complete.\n",
	    device->running.hostname);
	device_changed(device, 0, "rollback of a commit");
	if (device->rollback_cuts)
		device_cut(device, "cut by rollback");
}

/* commit confirmed [N] [comment ...] */
HANDLER(junos_commit_confirmed)
{
	struct device *device = cli->device;
	struct junos *junos = junos_of(device);
	struct config before = { 0 };
	int64_t minutes = 10;
	if (strstr(command->pattern, "<#") &&
	    (!str_to_number(words->items[first + 2].text, &minutes) ||
		minutes < 1 || minutes > 65535)) {
		device->platform->complain(
		    cli, COMPLAIN_INVALID, words->items[first + 2].offset, "");
		return;
	}
	/* A second one keeps what the first would go back to. */
	config_copy(&before,
	    device->confirm.armed ? &device->confirm.before
				  : &junos->past[0].config);
	if (commit_now(cli)) {
		undo_arm(&device->confirm, device, minutes, &before, "",
		    confirm_due);
		buf_addf(cli->out,
		    "commit confirmed will be automatically rolled back in "
		    "%lld minutes unless confirmed\n"
		    "commit complete\n",
		    (long long)minutes);
	}
	config_clear(&before);
}

HANDLER(junos_show_commits)
{
	UNUSED_HANDLER;
	const struct junos *junos = junos_of(cli->device);
	int64_t left = junos_pending(cli->device);
	for (size_t i = 0; i < junos->past_count; i++) {
		char when[64];
		struct tm tm;
		time_t seconds = (time_t)(junos->past[i].wall_ms / 1000);
		gmtime_r(&seconds, &tm);
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
		buf_addf(cli->out, "%-4zu%s by %s via cli", i, when,
		    cli->device->username);
		if (!i && left)
			buf_addf(cli->out,
			    " commit confirmed, rollback in %lldmins",
			    (long long)left);
		buf_addc(cli->out, '\n');
	}
}
