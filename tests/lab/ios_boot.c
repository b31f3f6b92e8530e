/* What IOS boots: boot lines, the configuration register, and their shows. */
#include "boot.h"
#include "flash.h"
#include "show.h"
#include "upgrade.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)

/* Takes away the boot lines that start with START. */
static void
remove_lines(struct strs *lines, const char *start)
{
	size_t kept = 0;
	for (size_t i = 0; i < lines->count; i++)
		if (str_starts(lines->items[i], start))
			free(lines->items[i]);
		else
			lines->items[kept++] = lines->items[i];
	lines->count = kept;
}

/* [no] boot system ...: lines are kept in the order that they came. */
HANDLER(ios_boot_system)
{
	(void)command;
	struct strs *lines = &cli->config->globals;
	char *line = xasprintf("boot system%s%s",
	    first + 2 < words->count ? " " : "", words_rest(words, first + 2));
	if (cli_is_no(words, first))
		remove_lines(lines, line);
	else if (!strs_has(lines, line))
		strs_add(lines, line);
	free(line);
}

HANDLER(ios_config_register)
{
	(void)command;
	const struct word *word = &words->items[first + 1];
	char *end;
	errno = 0;
	long value = strtol(word->text, &end, 16);
	if (errno || *end || !str_starts(word->text, "0x") || value < 0 ||
	    value > 0xffff)
		cli->device->platform->complain(
		    cli, COMPLAIN_INVALID, word->offset, word->text);
	else
		cli->device->machine.next_register = value;
}

static void
register_text(const struct machine *machine, char *text, size_t size)
{
	int len = snprintf(
	    text, size, "0x%llX", (unsigned long long)machine->config_register);
	if (machine->next_register != machine->config_register)
		snprintf(text + len, size - (size_t)len,
		    " (will be 0x%llX at next reload)",
		    (unsigned long long)machine->next_register);
}

/* "flash:/A<END>flash:/B<END>": what is to be booted. */
static void
boot_list(const struct strs *images, const char *end, const char *between,
    struct buf *out)
{
	for (size_t i = 0; i < images->count; i++)
		buf_addf(
		    out, "%s%s%s", i ? between : "", images->items[i], end);
}

/* show bootvar: what NVRAM says, which is what was saved. */
static void
print_bootvar(struct cli *cli, struct buf *out)
{
	char text[64];
	struct strs images = { 0 };
	const struct machine *machine = &cli->device->machine;
	boot_startup_images(cli->device, &images);
	register_text(machine, text, sizeof(text));
	buf_adds(out, "BOOT variable = ");
	boot_list(
	    &images, cli->device->platform->install ? ";" : ",1;", "", out);
	buf_addf(out,
	    "\nCONFIG_FILE variable = \nBOOTLDR variable does not exist\n"
	    "Configuration register is %s\n\nStandby not ready to show "
	    "bootvar\n\n",
	    text);
	strs_clear(&images);
}

/* show boot of a stack: its loader's variables change with the line. */
static void
print_path_list(struct cli *cli, struct buf *out)
{
	struct strs images = { 0 };
	boot_images(&cli->device->running.globals, &images);
	buf_adds(out, "BOOT path-list      : ");
	boot_list(&images, "", ";", out);
	buf_adds(out,
	    "\nConfig file         : flash:/config.text\n"
	    "Private Config file : flash:/private-config.text\n"
	    "Enable Break        : no\n"
	    "Manual Boot         : no\n"
	    "HELPER path-list    : \n"
	    "Auto upgrade        : yes\n");
	strs_clear(&images);
}

/* show boot, show bootvar */
HANDLER(ios_show_boot)
{
	struct buf text;
	bool stack = cli->device->machine.members > 1 &&
	    !cli->device->platform->install &&
	    !strstr(command->pattern, "bootvar");
	buf_init(&text, SHOW_LIMIT);
	if (stack)
		print_path_list(cli, &text);
	else
		print_bootvar(cli, &text);
	show_filtered(cli, buf_str(&text), words, first + 2);
	buf_clear(&text);
}

/* "17.3.5" as XE writes it at the top: 17.03.05. */
static void
xe_version(const char *version, char *text, size_t size)
{
	int major, minor, patch, end = 0;
	sscanf(version, "%3d.%3d.%3d%n", &major, &minor, &patch, &end);
	if (end)
		snprintf(text, size, "%02d.%02d.%02d%s", major, minor, patch,
		    version + end);
	else
		snprintf(text, size, "%s", version);
}

static void
version_of_ios(const struct machine *machine, struct buf *out)
{
	buf_addf(out,
	    "Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), "
	    "Version %s, RELEASE SOFTWARE (fc2)\n"
	    "Technical Support: http://www.cisco.com/techsupport\n"
	    "\n"
	    "ROM: System Bootstrap, Version 15.0(1r)M15, RELEASE SOFTWARE "
	    "(fc1)\n\n",
	    machine->version);
}

static void
version_of_xe(const struct machine *machine, struct buf *out)
{
	char padded[64];
	xe_version(machine->version, padded, sizeof(padded));
	buf_addf(out,
	    "Cisco IOS XE Software, Version %s\n"
	    "Cisco IOS Software [Amsterdam], Catalyst L3 Switch Software "
	    "(CAT9K_IOSXE), Version %s, RELEASE SOFTWARE (fc4)\n"
	    "Technical Support: http://www.cisco.com/techsupport\n"
	    "\n"
	    "ROM: IOS-XE ROMMON\n",
	    padded, machine->version);
}

static void
version_of_members(const struct device *device, struct buf *out)
{
	const struct machine *machine = &device->machine;
	buf_adds(out,
	    "Switch Ports Model              SW Version        SW Image       "
	    "       Mode   \n"
	    "------ ----- -----              ----------        ----------     "
	    "       ----   \n");
	for (int64_t m = 1; m <= machine->members; m++)
		buf_addf(out, "%s %4lld 28    %-18s %-17s %-21s %s\n",
		    m == 1 ? "*" : " ", (long long)m,
		    device->platform->install ? "C9300-24T" : "WS-C3750X-24",
		    m > 1 && machine->mismatch ? "-" : machine->version,
		    device->platform->install ? "CAT9K_IOSXE"
					      : "C3750E-UNIVERSALK9-M",
		    machine->install_mode ? "INSTALL" : "BUNDLE");
	buf_addc(out, '\n');
}

HANDLER(ios_show_version)
{
	(void)command;
	const struct device *device = cli->device;
	const struct machine *machine = &device->machine;
	struct buf text, uptime;
	char reg[64];
	buf_init(&text, SHOW_LIMIT);
	buf_init(&uptime, SHOW_LIMIT);
	machine_uptime(device, false, &uptime);
	register_text(machine, reg, sizeof(reg));
	if (device->platform->install)
		version_of_xe(machine, &text);
	else
		version_of_ios(machine, &text);
	buf_addf(&text,
	    "%s uptime is %s\n"
	    "System returned to ROM by %s\n"
	    "System image file is \"%s\"\n"
	    "\n"
	    "Cisco CISCO2911/K9 (revision 1.0) with 483328K/40960K bytes of "
	    "memory.\n"
	    "Processor board ID FTX0000%04u\n"
	    "\n",
	    device->running.hostname, buf_str(&uptime), machine->why,
	    machine->image, device_serial(device));
	if (machine->members > 1)
		version_of_members(device, &text);
	buf_addf(&text, "Configuration register is %s\n\n", reg);
	show_filtered(cli, buf_str(&text), words, first + 2);
	buf_clear(&text);
	buf_clear(&uptime);
}
