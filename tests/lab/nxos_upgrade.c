/* Upgrading NX-OS: what it asks, says and does. */
#include "upgrade.h"

#include "boot.h"
#include "checksum.h"
#include "flash.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)
#define INSTALL_STEPS  5

static void
answer_reboot(struct cli *cli, const char *line)
{
	if (word_abbreviates(line, "yes"))
		machine_reload(cli->device, "command");
}

HANDLER(nxos_reload)
{
	UNUSED_HANDLER;
	if (!device_is_saved(cli->device))
		buf_adds(cli->out,
		    "!!!WARNING! there is unsaved configuration!!!\n");
	cli_ask(cli, "This command will reboot the system. (y/n)?  [n] ", false,
	    answer_reboot);
}

HANDLER(nxos_dont_ask)
{
	UNUSED_HANDLER;
	cli->asks_not = true;
}

static bool
read_name(struct cli *cli, const char *text, struct flash_name *name)
{
	if (flash_parse(cli->device, text, false, name))
		return true;
	cli_refuse(cli, "No such file or directory\n");
	return false;
}

/* dir [bootflash:[FILE]] */
HANDLER(nxos_dir)
{
	(void)command;
	struct flash_name name = { .member = 1 };
	struct flash_list list;
	int64_t total = cli->device->machine.flash_bytes, left;
	if (first + 1 < words->count &&
	    !read_name(cli, words->items[first + 1].text, &name))
		return;
	if (*name.file && flash_size(cli->device, &name) < 0) {
		cli_refuse(cli, "No such file or directory\n");
		return;
	}
	flash_list(cli->device, name.member, &list);
	for (size_t i = 0; i < list.count; i++) {
		char when[64];
		time_t seconds = (time_t)list.items[i].wall_s;
		struct tm tm;
		if (*name.file && !str_eq(name.file, list.items[i].name))
			continue;
		gmtime_r(&seconds, &tm);
		strftime(when, sizeof(when), "%b %d %H:%M:%S %Y", &tm);
		buf_addf(cli->out, "%12lld    %s  %s\n",
		    (long long)list.items[i].bytes, when, list.items[i].name);
	}
	flash_list_clear(&list);
	left = flash_free(cli->device, name.member);
	buf_addf(cli->out,
	    "\nUsage for bootflash://sup-local\n"
	    "%12lld bytes used\n%12lld bytes free\n%12lld bytes total\n",
	    (long long)(total - left), (long long)left, (long long)total);
}

static void
delete_now(struct cli *cli, const char *file)
{
	struct flash_name name;
	if (!flash_parse(cli->device, file, false, &name) ||
	    !flash_remove(cli->device, &name))
		cli_refuse(cli, "No such file or directory\n");
}

static void
answer_delete(struct cli *cli, const char *line)
{
	if (!*line || word_abbreviates(line, "yes"))
		delete_now(cli, cli->talk);
}

/* delete FILE [no-prompt] */
HANDLER(nxos_delete)
{
	struct flash_name name;
	const char *file = words->items[first + 1].text;
	if (!read_name(cli, file, &name))
		return;
	if (cli->asks_not || strstr(command->pattern, "no-prompt")) {
		delete_now(cli, file);
		return;
	}
	cli_talk(cli, xstrdup(file), free);
	cli_askf(cli, answer_delete,
	    "Do you want to delete \"/%s\" ? (yes/no/abort)   [y] ", name.file);
}

static void
summed(struct cli *cli, const struct flash_name *name, const char *hex,
    const char *given)
{
	(void)name, (void)given;
	buf_addf(cli->out, "%s\n", hex);
}

/* show file FILE md5sum */
HANDLER(nxos_show_md5)
{
	(void)command;
	struct flash_name name;
	if (read_name(cli, words->items[first + 2].text, &name) &&
	    !checksum_start(cli, &name, false, NULL, summed))
		cli_refuse(cli, "No such file or directory\n");
}

/* The image that FILE is, noted in `boot nxos`; false after a refusal. */
static bool
set_image(struct cli *cli, struct config *config, const char *file)
{
	struct flash_name name;
	struct strs *lines = &config->globals;
	char *version = NULL;
	if (flash_parse(cli->device, file, false, &name))
		version = flash_version(cli->device, &name);
	if (!version) {
		cli_refuse(cli,
		    "Error: Could not load image %s: not an image\n", file);
		return false;
	}
	char *line = xasprintf("boot nxos bootflash:/%s", name.file);
	setting_put(lines, "boot nxos =image", line);
	free(line);
	free(version);
	return true;
}

/* [no] boot nxos FILE */
HANDLER(nxos_boot)
{
	if (cli_is_no(words, first)) {
		setting_remove(
		    &cli->config->globals, command->pattern, "boot nxos");
		return;
	}
	/* What starts from a file was judged when it was entered. */
	if (!cli->session) {
		do_global(cli, command, words, first);
		return;
	}
	buf_adds(cli->out,
	    "Performing image verification and compatibility check, please "
	    "wait....\n");
	set_image(cli, cli->config, words->items[first + 2].text);
}

HANDLER(nxos_show_boot)
{
	UNUSED_HANDLER;
	struct strs next = { 0 };
	boot_startup_images(cli->device, &next);
	buf_addf(cli->out,
	    "Current Boot Variables:\n\n"
	    "sup-1\nNXOS variable = %s\nNo module boot variable set\n\n"
	    "Boot Variables on next reload:\n\n"
	    "sup-1\nNXOS variable = %s\nNo module boot variable set\n",
	    cli->device->machine.image,
	    next.count ? next.items[next.count - 1]
		       : cli->device->machine.image);
	strs_clear(&next);
}

static void
print_impact(struct cli *cli, const char *version)
{
	bool same = str_eq(version, cli->device->machine.version);
	buf_addf(cli->out,
	    "Verifying image bootflash for boot variable \"nxos\".\n"
	    "[####################] 100%% -- SUCCESS\n\n"
	    "Compatibility check is done:\n"
	    "Module  bootable          Impact  Install-type  Reason\n"
	    "------  --------  --------------  ------------  ------\n"
	    "     1       yes      disruptive         reset  default upgrade "
	    "is not hitless\n\n"
	    "Images will be upgraded according to following table:\n"
	    "Module       Image                  Running-Version(pri:alt)     "
	    "      New-Version  Upg-Required\n"
	    "------  ----------  ----------------------------------------  "
	    "--------------------  ------------\n"
	    "     1        nxos  %40s  %20s  %12s\n\n",
	    cli->device->machine.version, version, same ? "no" : "yes");
}

/* The version of the image that a command names; NULL after a refusal. */
static char *
installable(struct cli *cli, const char *file)
{
	struct flash_name name;
	char *version = NULL;
	if (flash_parse(cli->device, file, false, &name))
		version = flash_version(cli->device, &name);
	buf_addf(cli->out,
	    "Installer will perform compatibility check first. Please "
	    "wait.\n\n");
	if (!version)
		cli_refuse(cli,
		    "Pre-upgrade check failed. Return code "
		    "0x4045001E (mismatch between actual image "
		    "and file).\n");
	return version;
}

/* show install all impact nxos FILE */
HANDLER(nxos_show_impact)
{
	(void)command;
	char *version = installable(cli, words->items[first + 5].text);
	if (version)
		print_impact(cli, version);
	free(version);
}

static int *
step_of(struct cli *cli)
{
	return cli->task.data;
}

static bool
install_step(struct cli *cli)
{
	static const char *const says[INSTALL_STEPS] = {
		"Performing runtime checks.\n[####################] 100% -- "
		"SUCCESS\n\n",
		"Setting boot variables.\n[####################] 100% -- "
		"SUCCESS\n\n",
		"Performing configuration copy.\n[####################] 100% "
		"-- "
		"SUCCESS\n\n",
		"Module 1: Refreshing compact flash and upgrading "
		"bios/loader/bootrom.\n[####################] 100% -- "
		"SUCCESS\n\n",
		"Finishing the upgrade, switch will reboot in 10 seconds.\n",
	};
	int step = (*step_of(cli))++;
	buf_adds(cli->out, says[step]);
	if (step + 1 < INSTALL_STEPS)
		return true;
	set_image(cli, &cli->device->running, cli->what);
	device_save(cli->device);
	cli_reload(cli, "install");
	return true;
}

static void
answer_install(struct cli *cli, const char *line)
{
	if (!word_abbreviates(line, "yes")) {
		cli_refuse(cli, "Install aborted by user.\n");
		return;
	}
	buf_adds(cli->out, "\nInstall is in progress, please wait.\n\n");
	cli_start(cli, cli->device->machine.verify_ms / INSTALL_STEPS,
	    install_step, xcalloc(1, sizeof(int)), free);
}

/* install all nxos FILE */
HANDLER(nxos_install)
{
	(void)command;
	const char *file = words->items[first + 3].text;
	char *version = installable(cli, file);
	if (!version)
		return;
	print_impact(cli, version);
	free(version);
	free(cli->what);
	cli->what = xstrdup(file);
	buf_adds(
	    cli->out, "\nSwitch will be reloaded for disruptive upgrade.\n");
	if (cli->asks_not)
		answer_install(cli, "y");
	else
		cli_ask(cli,
		    "Do you want to continue with the installation (y/n)?  "
		    "[n] ",
		    false, answer_install);
}
