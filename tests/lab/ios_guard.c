/*
 * Changes on IOS that take themselves back. Texts follow the transcripts in
 * the notes on platforms; those of refusals that nobody has published are
 * ours, and the lab's README names them.
 */
#include "ios_guard.h"
#include "upgrade.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)
#define MINUTES_MAX    120

static void
stamp(int64_t wall_ms, const char *format, char *text, size_t size)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	strftime(text, size, format, &tm);
}

/* One that has no archive does not know the words either. */
static bool
knows_archive(struct cli *cli, const struct words *words, size_t word)
{
	if (!cli->device->no_archive)
		return true;
	cli->device->platform->complain(cli, COMPLAIN_INVALID,
	    words->items[word].offset, words->items[word].text);
	return false;
}

/* Where archives go, or NULL while the archive is off. */
static const char *
archive_path(const struct device *device)
{
	const struct config *config = &device->running;
	for (size_t i = 0; i < config->section_count; i++) {
		const struct section *section = &config->sections[i];
		if (!str_eq(section->header, "archive"))
			continue;
		for (size_t l = 0; l < section->lines.count; l++)
			if (str_starts(section->lines.items[l], "path "))
				return section->lines.items[l] +
				    strlen("path ");
	}
	return NULL;
}

static char *
archive_name(const struct device *device, unsigned number)
{
	char when[64];
	stamp(clock_wall_ms(), "%b-%d-%Y-%H-%M-%S.000", when, sizeof(when));
	return xasprintf("%s-%s-%u", archive_path(device), when, number);
}

HANDLER(ios_archive)
{
	if (knows_archive(cli, words, first))
		do_section(cli, command, words, first);
}

HANDLER(ios_show_archive)
{
	UNUSED_HANDLER;
	const struct device *device = cli->device;
	if (!knows_archive(cli, words, first + 1))
		return;
	if (!archive_path(device)) {
		buf_adds(cli->out, "Archive feature not enabled\n");
		return;
	}
	char *next = archive_name(device, device->archives);
	buf_addf(cli->out,
	    "The maximum archive configurations allowed is 10.\n"
	    "There are currently %u archive configurations saved.\n"
	    "The next archive file will be named %s\n"
	    " Archive #  Name\n",
	    device->archives, next);
	for (unsigned i = 1; i <= device->archives; i++)
		buf_addf(cli->out, "   %-9u%s-%u%s\n", i, archive_path(device),
		    i - 1, i == device->archives ? " <- Most Recent" : "");
	free(next);
}

static bool
no_change_pending(struct cli *cli)
{
	if (cli->device->revert.armed)
		return false;
	cli_refuse(cli, "%%No Rollback Confirmed Change pending\n");
	return true;
}

HANDLER(ios_show_rollback_timer)
{
	UNUSED_HANDLER;
	char when[64];
	const struct undo *undo = &cli->device->revert;
	if (!knows_archive(cli, words, first + 1) || no_change_pending(cli))
		return;
	stamp(
	    undo->set_wall_ms, "%H:%M:%S UTC %a %b %d %Y", when, sizeof(when));
	buf_addf(cli->out,
	    "Time configured(or reconfigured): %s\n"
	    "Timer type: absolute timer\n"
	    "Timer value: %lld min\n"
	    "User: %s\n",
	    when, (long long)undo->minutes, cli->device->username);
}

/* Back to what was kept; the texts of it go to OUT or, without, to all. */
static void
roll_back(struct device *device, struct buf *out)
{
	struct undo *undo = &device->revert;
	bool fails = faults_take(
	    &device->faults, FAULT_ROLLBACK_FAILS, WHEN_ANY, NULL, 0);
	char *text = xasprintf("Rollback Confirmed Change: rolling to: %s\n\n"
			       "Total number of passes: %d\n%s\n",
	    undo->what, fails ? 5 : 1,
	    fails ? "Rollback aborted after 5 passes" : "Rollback Done");
	if (fails)
		undo_disarm(undo);
	else
		undo_restore(undo);
	if (out)
		buf_adds(out, text);
	else
		device_say(device, true, "%s", text);
	free(text);
}

static void
revert_warned(struct undo *undo)
{
	device_say(undo->device, true,
	    "Rollback Confirmed Change: Rollback will begin in one minute.\n"
	    "Enter \"configure confirm\" if you wish to keep what you've "
	    "configured");
}

static void
revert_due(struct undo *undo)
{
	struct device *device = undo->device;
	device_say(device, true,
	    "%%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_ROLLBACK_START: Start rolling "
	    "to: %s",
	    undo->what);
	roll_back(device, NULL);
	device_changed(device, 0, "rollback timer");
	if (device->rollback_cuts)
		device_cut(device, "cut by rollback");
}

static bool
read_minutes(struct cli *cli, const struct words *words, int64_t max,
    size_t index, int64_t *minutes)
{
	const struct word *word = &words->items[index];
	if (str_to_number(word->text, minutes) && *minutes > 0 &&
	    *minutes <= max)
		return true;
	cli->device->platform->complain(
	    cli, COMPLAIN_INVALID, word->offset, word->text);
	return false;
}

/* configure terminal revert timer [idle] N */
HANDLER(ios_configure_revert)
{
	struct device *device = cli->device;
	int64_t minutes;
	if (!knows_archive(cli, words, first + 2) ||
	    !read_minutes(cli, words, MINUTES_MAX, words->count - 1, &minutes))
		return;
	if (!archive_path(device)) {
		cli_refuse(cli, "%%Please turn config archive on\n");
		return;
	}
	if (device->revert.armed) {
		cli_refuse(cli, "%%Rollback Confirmed Change is pending\n");
		return;
	}
	char *name = archive_name(device, device->archives++);
	buf_addf(cli->out,
	    "Rollback Confirmed Change: Backing up current running config to "
	    "%s\n\n",
	    name);
	device->revert.warn = revert_warned;
	undo_arm(&device->revert, device, minutes, &device->running, name,
	    revert_due);
	device_say(device, true,
	    "%%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_BACKUP: Backing up current "
	    "running config to %s",
	    name);
	device_say(device, true,
	    "%%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_START_ABSTIMER: User: %s: "
	    "Scheduled to rollback to config %s in %lld minutes",
	    device->username, name, (long long)minutes);
	free(name);
	do_configure(cli, command, words, first);
}

HANDLER(ios_configure_confirm)
{
	UNUSED_HANDLER;
	if (!knows_archive(cli, words, first + 1) || no_change_pending(cli))
		return;
	undo_disarm(&cli->device->revert);
	device_say(cli->device, true,
	    "%%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_CONFIRM: User: %s: Confirm the "
	    "configuration change",
	    cli->device->username);
}

HANDLER(ios_revert_now)
{
	UNUSED_HANDLER;
	if (!knows_archive(cli, words, first + 1) || no_change_pending(cli))
		return;
	device_say(cli->device, true,
	    "%%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_REVERTNOW: User: %s: Rollback "
	    "immediately.",
	    cli->device->username);
	roll_back(cli->device, cli->out);
	cli->changed = true;
}

/* configure revert timer N: the time starts anew. */
HANDLER(ios_revert_timer)
{
	int64_t minutes;
	(void)command;
	if (!knows_archive(cli, words, first + 1) || no_change_pending(cli) ||
	    !read_minutes(cli, words, MINUTES_MAX, words->count - 1, &minutes))
		return;
	undo_extend(&cli->device->revert, minutes);
}

static void
say_shutdown(struct device *device, const char *what)
{
	device_say(
	    device, false, "\n\n***\n*** --- SHUTDOWN %s ---\n***\n", what);
}

static void
reload_warned(struct undo *undo)
{
	say_shutdown(undo->device, "in 0:01:00");
}

static void
reload_now(struct device *device, const char *why)
{
	say_shutdown(device, "NOW");
	machine_reload(device, why);
}

static void
reload_due(struct undo *undo)
{
	undo_disarm(undo);
	reload_now(undo->device, "timer");
}

/* 0 minutes: at once. */
static void
answer_proceed(struct cli *cli, const char *line)
{
	struct device *device = cli->device;
	char in[32];
	int64_t minutes = cli->minutes;
	cli->one_key = false;
	if (*line && strchr("yY", *line) == NULL)
		return;
	if (!minutes) {
		reload_now(device, "command");
		return;
	}
	device->reload_in.warn = reload_warned;
	undo_arm(&device->reload_in, device, minutes, NULL, "", reload_due);
	snprintf(in, sizeof(in), "in %lld:%02lld:00", (long long)minutes / 60,
	    (long long)minutes % 60);
	say_shutdown(device, in);
}

static void
ask_proceed(struct cli *cli)
{
	if (cli->minutes)
		buf_addf(cli->out,
		    "Reload scheduled in %lld minutes by %s on vty0\n"
		    "Reload reason: Reload Command\n",
		    (long long)cli->minutes, cli->device->username);
	cli->one_key = true;
	cli_ask(cli, "Proceed with reload? [confirm]", false, answer_proceed);
}

static void
answer_more(struct cli *cli, const char *line)
{
	(void)line; /* whatever it was */
	ask_proceed(cli);
}

/* What some models want to know before they proceed. */
static void
ask_more(struct cli *cli)
{
	const struct fault *fault = cli->minutes
	    ? NULL
	    : cli_fault(cli, FAULT_ASKS_MORE, NULL);
	if (!cli->minutes && cli->device->machine.members > 1)
		buf_adds(cli->out,
		    "Reload command is being issued on Active unit, this will "
		    "reload the whole stack\n");
	if (fault)
		cli_askf(cli, answer_more, "%s",
		    fault->text ? fault->text
				: "Do you want to reload the internal AP ? "
				  "[yes/no]: ");
	else
		ask_proceed(cli);
}

static void
answer_save(struct cli *cli, const char *line)
{
	if (word_abbreviates(line, "yes")) {
		ios_save(cli);
	} else if (!word_abbreviates(line, "no")) {
		buf_adds(cli->out, "% Please answer 'yes' or 'no'.\n");
		cli_ask(cli,
		    "System configuration has been modified. Save? [yes/no]: ",
		    false, answer_save);
		return;
	}
	ask_more(cli);
}

static void
start_reload(struct cli *cli, int64_t minutes)
{
	cli->minutes = minutes;
	buf_addc(cli->out, '\n');
	if (device_is_saved(cli->device))
		ask_more(cli);
	else
		cli_ask(cli,
		    "System configuration has been modified. Save? [yes/no]: ",
		    false, answer_save);
}

HANDLER(ios_reload)
{
	UNUSED_HANDLER;
	start_reload(cli, 0);
}

HANDLER(ios_reload_in)
{
	int64_t minutes;
	(void)command;
	if (read_minutes(cli, words, 999 * 60, first + 2, &minutes))
		start_reload(cli, minutes);
}

HANDLER(ios_reload_cancel)
{
	UNUSED_HANDLER;
	if (!cli->device->reload_in.armed) {
		cli_refuse(cli, "%%No reload is scheduled.\n");
		return;
	}
	undo_disarm(&cli->device->reload_in);
	say_shutdown(cli->device, "ABORTED");
}

HANDLER(ios_show_reload)
{
	UNUSED_HANDLER;
	const struct undo *undo = &cli->device->reload_in;
	if (undo->armed)
		buf_addf(cli->out,
		    "Reload scheduled in %lld minutes by %s on vty0\n"
		    "Reload reason: Reload Command\n",
		    (long long)undo_left(undo), cli->device->username);
	else
		buf_adds(cli->out, "No reload is scheduled.\n");
}
