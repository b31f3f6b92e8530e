/* Upgrading Junos: what it asks, says and does. */
#include "upgrade.h"

#include "checksum.h"
#include "flash.h"

#include "base/alloc.h"
#include "base/deadline.h"

#include <stdlib.h>
#include <string.h>

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)
#define MEGABYTE       (1 << 20)

static void
shut_down(struct cli *cli, const char *why)
{
	buf_adds(cli->out, "\nShutdown NOW!\n[pid 4711]\n");
	cli_reload(cli, why);
}

static void
answer_reboot(struct cli *cli, const char *line)
{
	if (word_abbreviates(line, "yes"))
		shut_down(cli, "command");
}

HANDLER(junos_reboot)
{
	UNUSED_HANDLER;
	cli_ask(
	    cli, "Reboot the system ? [yes,no] (no) ", false, answer_reboot);
}

HANDLER(junos_show_uptime)
{
	UNUSED_HANDLER;
	char now[CLOCK_TEXT_BYTES], boot[CLOCK_TEXT_BYTES];
	int64_t up = machine_seconds_up(cli->device);
	int64_t wall = clock_wall_ms();
	clock_format(wall, now);
	clock_format(wall - up * 1000, boot);
	buf_addf(cli->out,
	    "Current time: %.10s %.8s UTC\n"
	    "System booted: %.10s %.8s UTC (%lld:%02lld:%02lld ago)\n",
	    now, now + 11, boot, boot + 11, (long long)(up / 3600),
	    (long long)(up / 60 % 60), (long long)(up % 60));
}

static bool
read_name(struct cli *cli, const char *text, struct flash_name *name)
{
	bool good = flash_parse(cli->device, text, false, name) &&
	    (!*name->file || flash_size(cli->device, name) >= 0);
	if (!good)
		cli_refuse(cli, "%s: No such file or directory\n", text);
	return good;
}

static void
summed(struct cli *cli, const struct flash_name *name, const char *hex,
    const char *given)
{
	(void)given;
	buf_addf(cli->out, "MD5 (/var/tmp/%s) = %s\n", name->file, hex);
}

/* file checksum md5 FILE */
HANDLER(junos_checksum)
{
	(void)command;
	struct flash_name name;
	const char *file = words->items[first + 3].text;
	if (read_name(cli, file, &name) &&
	    !checksum_start(cli, &name, false, NULL, summed))
		cli_refuse(cli, "md5: %s: Is a directory\n", file);
}

/* file list [detail] PATH */
HANDLER(junos_file_list)
{
	bool detail = strstr(command->pattern, "detail") != NULL;
	struct flash_name name;
	struct flash_list list;
	if (!read_name(cli, words->items[words->count - 1].text, &name))
		return;
	(void)first;
	flash_list(cli->device, name.member, &list);
	buf_adds(cli->out, *name.file ? "" : "\n/var/tmp:\n");
	for (size_t i = 0; i < list.count; i++) {
		if (*name.file && !str_eq(name.file, list.items[i].name))
			continue;
		if (detail)
			buf_addf(cli->out,
			    "-rw-r--r--  1 root  wheel %12lld Nov 21 02:00 ",
			    (long long)list.items[i].bytes);
		buf_addf(cli->out, "%s%s\n", *name.file ? "/var/tmp/" : "",
		    list.items[i].name);
	}
	flash_list_clear(&list);
}

/* file delete FILE */
HANDLER(junos_file_delete)
{
	(void)command;
	struct flash_name name;
	if (read_name(cli, words->items[first + 2].text, &name))
		flash_remove(cli->device, &name);
}

HANDLER(junos_show_storage)
{
	UNUSED_HANDLER;
	int64_t total = cli->device->machine.flash_bytes;
	int64_t left = flash_free(cli->device, 1);
	buf_addf(cli->out,
	    "Filesystem              Size       Used      Avail  Capacity   "
	    "Mounted on\n"
	    "/dev/gpt/junos          1.0G       512M       448M       53%%  "
	    "/.mount\n"
	    "/dev/gpt/var      %9lldM %9lldM %9lldM %9lld%%  /.mount/var\n",
	    (long long)(total / MEGABYTE),
	    (long long)((total - left) / MEGABYTE),
	    (long long)(left / MEGABYTE),
	    (long long)((total - left) * 100 / total));
}

struct add {
	char *file;
	bool reboot;
	int step;
};

static void
add_free(void *data)
{
	struct add *add = data;
	free(add->file);
	free(add);
}

static bool
add_step(struct cli *cli)
{
	struct add *add = cli->task.data;
	if (add->step++ == 0) {
		buf_addf(cli->out,
		    "Verified %s signed by PackageProductionEc_2026\n"
		    "Adding %s ...\n",
		    add->file, add->file);
		return true;
	}
	machine_pend(cli->device, add->file);
	if (add->reboot) {
		buf_adds(cli->out, "Rebooting ...\n");
		shut_down(cli, "install");
		return true;
	}
	buf_adds(cli->out,
	    "WARNING: A REBOOT IS REQUIRED TO LOAD THIS SOFTWARE "
	    "CORRECTLY.\n");
	return false;
}

/* request system software add FILE [no-validate] [reboot] */
HANDLER(junos_software_add)
{
	struct flash_name name;
	const char *file = words->items[first + 4].text;
	char *version = NULL;
	if (flash_parse(cli->device, file, false, &name))
		version = flash_version(cli->device, &name);
	if (!version) {
		cli_refuse(cli, "ERROR: Package %s is not valid\n", file);
		return;
	}
	free(version);
	struct add *add = xcalloc(1, sizeof(*add));
	*add = (struct add){ .file = xstrdup(file),
		.reboot = strstr(command->pattern, "reboot") != NULL };
	if (!strstr(command->pattern, "no-validate"))
		buf_adds(cli->out,
		    "Checking compatibility with configuration\n"
		    "Initializing...\nValidation succeeded\n");
	cli_start(
	    cli, cli->device->machine.verify_ms / 2, add_step, add, add_free);
}
