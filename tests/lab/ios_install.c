/*
 * Install mode of IOS-XE: the image is unpacked, and what runs is named by
 * packages.conf, whose first line here is that of the image.
 */
#include "flash.h"
#include "upgrade.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)

/* How long an installation takes: steps of verify_ms / STEPS. */
#define STEPS 8

struct install {
	struct flash_name name;
	char *version;
	int step;
	bool quiet; /* prompt-level none */
};

static void
install_free(void *data)
{
	struct install *install = data;
	free(install->version);
	free(install);
}

static void
finish(struct cli *cli, const struct install *install)
{
	struct flash_name packages;
	char *text = xasprintf(
	    FLASH_IMAGE "%s\nof %s\n", install->version, install->name.file);
	for (int64_t m = 1; m <= cli->device->machine.members; m++) {
		flash_parse(
		    cli->device, "flash:packages.conf", false, &packages);
		packages.member = m;
		flash_put(cli->device, &packages, text);
	}
	free(text);
	buf_adds(cli->out,
	    "Finished Commit\n\nInstall will reload the system now!\n"
	    "SUCCESS: install_add_activate_commit  Sat Nov 21 02:00:00 UTC "
	    "2026\n");
	machine_pend(cli->device, "flash:packages.conf");
	cli_reload(cli, "install");
}

static bool
activate_step(struct cli *cli)
{
	struct install *install = cli->task.data;
	if (++install->step < STEPS / 2) {
		buf_addf(cli->out, "  [1] Activate package(s) on Switch 1\n");
		return true;
	}
	buf_adds(cli->out,
	    "  [1] Finished Activate on Switch 1\n"
	    "Checking status of Activate on [1]\nActivate: Passed on [1]\n"
	    "Finished Activate\n\n--- Starting Commit ---\n"
	    "Performing Commit on all members\n"
	    "  [1] Finished Commit on Switch 1\n");
	finish(cli, install);
	return true;
}

/* INSTALL is ours until the task has it. */
static void
activate(struct cli *cli, struct install *install)
{
	buf_addf(cli->out,
	    "--- Starting Activate ---\nPerforming Activate on all members\n");
	install->step = 0;
	cli_start(cli, cli->device->machine.verify_ms / STEPS, activate_step,
	    install, install_free);
}

static struct install *
install_copy(const struct install *from)
{
	struct install *copy = xcalloc(1, sizeof(*copy));
	*copy = *from;
	copy->version = xstrdup(from->version);
	return copy;
}

static void
answer_proceed(struct cli *cli, const char *line)
{
	cli->one_key = false;
	if (*line && strchr("yY", *line))
		activate(cli, install_copy(cli->talk));
	else
		cli_refuse(cli,
		    "FAILED: install_add_activate_commit exit(1) user "
		    "aborted\n");
}

/* The steps before the device asks. */
static bool
add_step(struct cli *cli)
{
	struct install *install = cli->task.data;
	if (++install->step < STEPS / 2) {
		buf_adds(cli->out, "  [1] Add package(s) on Switch 1\n");
		return true;
	}
	buf_addf(cli->out,
	    "  [1] Finished Add on Switch 1\n"
	    "Checking status of Add on [1]\nAdd: Passed on [1]\n"
	    "Finished Add\n\nImage added. Version: %s\n\n"
	    "install_add_activate_commit: Activating PACKAGE\n",
	    install->version);
	if (install->quiet) {
		activate(cli, install_copy(install));
		return true;
	}
	cli_talk(cli, install_copy(install), install_free);
	cli_askf(cli, answer_proceed,
	    "This operation may require a reload of the system. Do you want "
	    "to proceed? [y/n]");
	cli->one_key = true;
	return false;
}

static void
failed(struct cli *cli, const char *why)
{
	cli_refuse(
	    cli, "FAILED: install_add_activate_commit exit(1): %s\n", why);
}

static void
start(struct cli *cli, const char *file, bool quiet)
{
	struct flash_name name;
	char *version = NULL;
	buf_adds(cli->out,
	    "install_add_activate_commit: START Sat Nov 21 02:00:00 UTC "
	    "2026\n");
	if (flash_parse(cli->device, file, false, &name))
		version = flash_version(cli->device, &name);
	if (!version) {
		failed(cli, "File not found or not an image");
		return;
	}
	for (int64_t m = 1; m <= cli->device->machine.members; m++)
		if (flash_free(cli->device, m) <
		    flash_size(cli->device, &name)) {
			failed(cli, "Unable to find enough space");
			free(version);
			return;
		}
	struct install *install = xcalloc(1, sizeof(*install));
	*install = (struct install){
		.name = name, .version = version, .quiet = quiet
	};
	buf_adds(cli->out,
	    "install_add_activate_commit: Adding PACKAGE\n\n"
	    "--- Starting Add ---\nPerforming Add on all members\n");
	cli_start(cli, cli->device->machine.verify_ms / STEPS, add_step,
	    install, install_free);
}

struct wanted {
	char *file;
	bool quiet;
};

static void
wanted_free(void *talk)
{
	struct wanted *wanted = talk;
	free(wanted->file);
	free(wanted);
}

static void
answer_save(struct cli *cli, const char *line)
{
	cli->one_key = false;
	const struct wanted *wanted = cli->talk;
	if (!*line || !strchr("yYnN", *line))
		return;
	if (strchr("yY", *line) && !ios_save(cli))
		return;
	char *file = xstrdup(wanted->file);
	start(cli, file, wanted->quiet);
	free(file);
}

/* install add file FILE activate commit [prompt-level none] */
HANDLER(ios_install_add)
{
	const struct word *word = &words->items[first + 3];
	bool quiet = strstr(command->pattern, "prompt-level") != NULL;
	if (!cli->device->platform->install) {
		cli->device->platform->complain(cli, COMPLAIN_INVALID,
		    words->items[first].offset, words->items[first].text);
		return;
	}
	if (device_is_saved(cli->device)) {
		start(cli, word->text, quiet);
		return;
	}
	struct wanted *wanted = xcalloc(1, sizeof(*wanted));
	*wanted = (struct wanted){ xstrdup(word->text), quiet };
	cli_talk(cli, wanted, wanted_free);
	cli_ask(cli,
	    "System configuration has been modified.\n"
	    "Press Yes(y) to save the configuration and proceed.\n"
	    "Press No(n) for proceeding without saving the configuration.\n"
	    "Press Quit(q) to exit, you may save configuration and re-enter "
	    "the command. [y/n/q] ",
	    false, answer_save);
	cli->one_key = true;
}

/* Files that are neither what runs nor named by the configuration. */
static bool
inactive(const struct cli *cli, const struct flash_file *file)
{
	struct flash_name running;
	if (flash_parse(
		cli->device, cli->device->machine.image, false, &running) &&
	    str_eq(running.file, file->name))
		return false;
	return str_ends(file->name, ".bin") || str_ends(file->name, ".pkg");
}

static void
answer_remove(struct cli *cli, const char *line)
{
	struct flash_list list;
	cli->one_key = false;
	if (!*line || !strchr("yY", *line))
		return;
	flash_list(cli->device, 1, &list);
	for (size_t i = 0; i < list.count; i++) {
		struct flash_name name = { .member = 1 };
		snprintf(
		    name.file, sizeof(name.file), "%s", list.items[i].name);
		if (inactive(cli, &list.items[i]))
			flash_remove(cli->device, &name);
	}
	flash_list_clear(&list);
	buf_adds(cli->out, "SUCCESS: Files deleted.\n");
}

HANDLER(ios_install_remove)
{
	UNUSED_HANDLER;
	struct flash_list list;
	flash_list(cli->device, 1, &list);
	buf_adds(cli->out, "The following files will be deleted:\n");
	for (size_t i = 0; i < list.count; i++)
		if (inactive(cli, &list.items[i]))
			buf_addf(
			    cli->out, "    /flash/%s\n", list.items[i].name);
	flash_list_clear(&list);
	cli->one_key = true;
	cli_ask(cli, "Do you want to remove the above files? [y/n]", false,
	    answer_remove);
}

HANDLER(ios_show_install)
{
	(void)command;
	if (!cli->device->platform->install) {
		cli->device->platform->complain(cli, COMPLAIN_INVALID,
		    words->items[first + 1].offset,
		    words->items[first + 1].text);
		return;
	}
	static const char rule[] = "-------------------------------------------"
				   "-------------------"
				   "------------------\n";
	buf_addf(cli->out,
	    "[ Switch 1 ] Installed Package(s) Information:\n"
	    "State (St): I - Inactive, U - Activated & Uncommitted,\n"
	    "            C - Activated & Committed, D - Deactivated & "
	    "Uncommitted\n"
	    "%sType  St   Filename/Version\n%s"
	    "IMG   C    %s\n\n%sAuto abort timer: inactive\n%s\n",
	    rule, rule, cli->device->machine.version, rule, rule);
}
