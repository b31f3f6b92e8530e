/*
 * Cisco NX-OS: its commands and its texts, where they differ from common.c.
 * Remarks are numbered and shown, hosts print as /32, duplicates are taken.
 */
#include "nxos_change.h"
#include "reach.h"
#include "show.h"
#include "upgrade.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)

static void
caret(struct cli *cli, size_t offset)
{
	cli_refuse(cli, "%*s^\n", (int)(cli->prompt_len + offset), "");
}

static void
nxos_complain(
    struct cli *cli, enum complaint what, size_t offset, const char *word)
{
	(void)word;
	caret(cli, offset);
	switch (what) {
	case COMPLAIN_INVALID:
	case COMPLAIN_UNKNOWN:
		cli_refuse(cli, "%% Invalid command at '^' marker.\n");
		break;
	case COMPLAIN_INCOMPLETE:
		cli_refuse(cli, "%% Incomplete command at '^' marker.\n");
		break;
	case COMPLAIN_AMBIGUOUS:
		cli_refuse(cli, "%% Ambiguous command at '^' marker.\n");
		break;
	}
}

static void
nxos_complain_acl(
    struct cli *cli, enum acl_answer answer, size_t offset, const char *word)
{
	switch (answer) {
	case ACL_OK:
		break;
	case ACL_INVALID:
		nxos_complain(cli, COMPLAIN_INVALID, offset, word);
		break;
	case ACL_INCOMPLETE:
		nxos_complain(cli, COMPLAIN_INCOMPLETE, offset, word);
		break;
	case ACL_AMBIGUOUS:
		nxos_complain(cli, COMPLAIN_AMBIGUOUS, offset, word);
		break;
	case ACL_DUPLICATE_SEQUENCE:
		cli_refuse(cli, "ERROR: Duplicate sequence number\n");
		break;
	case ACL_MISSING:
		cli_refuse(cli, "ERROR: Entry does not exist\n");
		break;
	}
}

static HANDLER(do_save)
{
	UNUSED_HANDLER;
	if (cli_fault(cli, FAULT_NVRAM_FULL, NULL)) {
		cli_refuse(cli,
		    "[########################                ]  60%%\n"
		    "Configuration update aborted: no space left on device\n");
		return;
	}
	device_save(cli->device);
	cli->saved = true;
	buf_adds(cli->out,
	    "[########################################] 100%\n"
	    "Copy complete, now saving to disk (please "
	    "wait)...\nCopy complete.\n");
}

static HANDLER(do_show_inventory)
{
	UNUSED_HANDLER;
	buf_addf(cli->out,
	    "NAME: \"Chassis\",  DESCR: \"Nexus9000 C9300v Chassis\"          "
	    "\n"
	    "PID: N9K-C9300v          ,  VID: V02 ,  SN: 9LAB000%04u          "
	    "\n\n",
	    device_serial(cli->device));
}

static HANDLER(do_show_users)
{
	UNUSED_HANDLER;
	char text[16];
	buf_addf(cli->out,
	    "NAME     LINE         TIME         IDLE          PID COMMENT\n"
	    "%-8s pts/0        Nov 21 02:00   .          4711 (%s) *\n",
	    cli->device->username, cli_client(cli, text));
}

static HANDLER(do_show_version)
{
	(void)command;
	const struct machine *machine = &cli->device->machine;
	struct buf text, uptime;
	buf_init(&text, SHOW_LIMIT);
	buf_init(&uptime, SHOW_LIMIT);
	machine_uptime(cli->device, true, &uptime);
	buf_addf(&text,
	    "Cisco Nexus Operating System (NX-OS) Software\n"
	    "TAC support: http://www.cisco.com/tac\n"
	    "\n"
	    "Software\n"
	    "  BIOS: version 07.69\n"
	    "  NXOS: version %s\n"
	    "  NXOS image file is: %s\n"
	    "\n"
	    "Hardware\n"
	    "  cisco Nexus9000 C9300v Chassis\n"
	    "  Device name: %s\n"
	    "  bootflash:    4287040 kB\n"
	    "\n"
	    "Kernel uptime is %s\n",
	    machine->version, machine->image, cli->device->running.hostname,
	    buf_str(&uptime));
	show_filtered(cli, buf_str(&text), words, first + 2);
	buf_clear(&text);
	buf_clear(&uptime);
}

static HANDLER(do_show_acl)
{
	(void)first;
	const struct config *config = &cli->device->running;
	const char *last = strrchr(command->pattern, ' ') + 1;
	const char *name = *last == '<' ? words->items[words->count - 1].text
					: NULL;
	for (size_t i = 0; i < config->acl_count; i++) {
		const struct acl *acl = config->acls[i];
		if (name && !str_eq(acl->name, name))
			continue;
		buf_addf(cli->out, "\nIP access list %s\n", acl->name);
		for (size_t e = 0; e < acl->count; e++) {
			const struct acl_entry *entry = &acl->entries[e];
			buf_addf(cli->out, "        %u %s ", entry->sequence,
			    entry->shown);
			if (cli->device->matches && !entry->remark)
				buf_addf(cli->out, "[match=%u] ",
				    show_matches(cli->device, entry));
			buf_addc(cli->out, '\n');
		}
	}
}

static HANDLER(do_acl)
{
	(void)command;
	const struct word *name = &words->items[words->count - 1];
	struct config *config = cli->config;
	if (str_eq(name->text, "extended") || str_eq(name->text, "standard")) {
		nxos_complain(cli, COMPLAIN_INVALID, name->offset, name->text);
		return;
	}
	if (!cli_is_no(words, first)) {
		config_acl_make(config, name->text, ACL_NXOS);
		cli_enter(cli, MODE_ACL, name->text);
		return;
	}
	bool gone = config_acl_remove(config, name->text);
	if (!gone && cli->device->missing_acl_error)
		cli_refuse(cli, "ERROR: ACL does not exist\n");
	if (gone && cli->object && str_eq(cli->object, name->text))
		cli_enter(cli, MODE_CONFIG, NULL);
}

static void
nxos_print_head(const struct device *device, size_t len, struct buf *out)
{
	(void)len;
	buf_addf(out,
	    "\n!Command: show running-config\n"
	    "!Time: Sat Nov 21 02:%02u:%02u 2026\n\n",
	    device->shown / 60 % 60, device->shown % 60);
}

static void
nxos_print_config(const struct device *device, struct buf *out)
{
	const struct config *config = &device->running;
	buf_addf(out, "version 9.3(3)\nhostname %s\n\n", config->hostname);
	show_lines(&config->globals, "", out);
	for (size_t i = 0; i < config->acl_count; i++) {
		const struct acl *acl = config->acls[i];
		buf_addf(out, "ip access-list %s\n", acl->name);
		for (size_t e = 0; e < acl->count; e++)
			buf_addf(out, "  %u %s \n", acl->entries[e].sequence,
			    acl->entries[e].text);
	}
	for (size_t i = 0; i < config->section_count; i++) {
		buf_addf(out, "\n%s\n", config->sections[i].header);
		show_lines(&config->sections[i].lines, "  ", out);
	}
}

#define EXEC   IN(MODE_EXEC)
#define CONFIG IN(MODE_CONFIG)
#define IFACE  IN(MODE_INTERFACE)
#define LINE   IN(MODE_LINE)
#define ROUTER IN(MODE_ROUTER)

static const struct command commands[] = { { EXEC, "exit", do_exit, false },
	{ EXEC, "terminal length <#n>", do_terminal_length, false },
	{ EXEC, "terminal width <#n>", do_terminal_width, false },
	{ EXEC, "terminal no monitor", do_terminal_monitor, false },
	{ EXEC, "terminal monitor", do_terminal_monitor, false },
	{ EXEC, "terminal dont-ask", nxos_dont_ask, false },
	{ EXEC, "show version", do_show_version, false },
	{ EXEC, "show version ...filter", do_show_version, false },
	{ EXEC, "show inventory", do_show_inventory, false },
	{ EXEC, "show users", do_show_users, false },
	{ EXEC, "show clock", do_show_clock, false },
	{ EXEC, "show running-config", do_show_running, false },
	{ EXEC, "show running-config ...filter", do_show_running, false },
	{ EXEC, "show startup-config", do_show_startup, false },
	{ EXEC, "show startup-config ...filter", do_show_startup, false },
	{ EXEC, "show ip access-lists", do_show_acl, false },
	{ EXEC, "show ip access-lists <name>", do_show_acl, false },
	{ EXEC, "show access-lists", do_show_acl, false },
	{ EXEC, "show access-lists <name>", do_show_acl, false },
	{ EXEC, "configure terminal", do_configure, false },
	{ EXEC, "configure", do_configure, false },
	{ EXEC, "configure session <name>", nxos_configure_session, false },
	{ EXEC, "checkpoint <name>", nxos_checkpoint, true },
	{ EXEC, "show checkpoint summary", nxos_show_checkpoints, false },
	{ EXEC, "show configuration session summary", nxos_show_sessions,
	    false },
	{ EXEC, "rollback running-config checkpoint <name>", nxos_rollback,
	    false },
	{ EXEC, "rollback running-config checkpoint <name> atomic",
	    nxos_rollback, false },
	{ IN_CONFIG, "verify", nxos_verify, false },
	{ IN_CONFIG, "commit", nxos_commit, false },
	{ IN_CONFIG, "abort", nxos_abort, false },
	{ EXEC, "copy running-config startup-config", do_save, false },
	{ EXEC, "show cdp neighbors", show_cdp, false },
	{ EXEC, "show cdp neighbors ...filter", show_cdp, false },
	{ EXEC, "show interface brief", nxos_show_brief, false },
	{ EXEC, "show interface brief ...filter", nxos_show_brief, false },
	{ EXEC, "show ip route summary", nxos_show_routes, false },
	{ EXEC, "show ip route summary ...filter", nxos_show_routes, false },
	{ EXEC, "reload", nxos_reload, false },
	{ EXEC, "dir", nxos_dir, false },
	{ EXEC, "dir <file>", nxos_dir, false },
	{ EXEC, "delete <file>", nxos_delete, false },
	{ EXEC, "delete <file> no-prompt", nxos_delete, false },
	{ EXEC, "copy <source> <file> vrf <vrf>", nxos_copy_vrf, false },
	{ EXEC, "show file <file> md5sum", nxos_show_md5, false },
	{ EXEC, "show boot", nxos_show_boot, false },
	{ EXEC, "show install all impact nxos <file>", nxos_show_impact,
	    false },
	{ EXEC, "install all nxos <file>", nxos_install, false },
	{ EXEC, "install all nxos <file> non-disruptive", nxos_install, false },
	{ EXEC, "clear counters", do_nothing, false },

	{ IN_CONFIG, "end", do_end, false },
	{ IN_CONFIG, "exit", do_exit, false },
	{ CONFIG, "hostname =name", do_hostname, true },
	{ CONFIG, "switchname =name", do_hostname, true },
	{ CONFIG, "version ...version", do_nothing, false },
	{ CONFIG, "ip access-list <name>", do_acl, true },
	{ CONFIG, "resequence ip access-list <name> <#start> <#step>",
	    do_resequence, false },
	{ CONFIG, "interface <name>", do_interface, true },
	{ CONFIG, "interface <type> <number>", do_interface, true },
	{ CONFIG, "line vty", do_section, true },
	{ CONFIG, "router bgp <#as>", do_section, true },
	{ CONFIG, "boot nxos =image", nxos_boot, true },
	{ CONFIG, "feature <name>", do_global, true },
	{ CONFIG, "ntp server <host>", do_global, true },
	{ CONFIG, "ntp server <host> ...options", do_global, true },
	{ CONFIG, "ntp source-interface =interface", do_global, true },
	{ CONFIG, "ip name-server <@address>", do_global, true },
	{ CONFIG, "ip name-server <@address> use-vrf <vrf>", do_global, true },
	{ CONFIG, "ip domain-lookup", do_global, true },
	{ CONFIG, "logging server <host>", do_global, true },
	{ CONFIG, "ip domain-name =name", do_global, true },
	{ CONFIG, "ip route <net> <@next>", do_global, true },
	{ CONFIG, "username <name> ...rest", do_global, true },
	{ CONFIG, "banner <what> ...text", do_banner, true },
	{ CONFIG, "snmp-server community <name> ...access", do_global, true },
	{ CONFIG, "clock timezone ...zone", do_global, true },
	{ IFACE, "ip access-group =name in", do_line_of_section, true },
	{ IFACE, "ip access-group =name out", do_line_of_section, true },
	{ IFACE, "ip address =prefix", do_line_of_section, true },
	{ IFACE, "description ...text", do_line_of_section, true },
	{ IFACE, "shutdown", do_line_of_section, true },
	{ LINE, "ip access-class =name in", do_line_of_section, true },
	{ LINE, "ip access-class =name out", do_line_of_section, true },
	{ LINE, "access-class =name in", do_line_of_section, true },
	{ LINE, "access-class =name out", do_line_of_section, true },
	{ LINE, "exec-timeout =#minutes", do_line_of_section, true },
	{ ROUTER, "neighbor <@peer> remote-as =#as", do_line_of_section, true },
	{ ROUTER, "shutdown", do_line_of_section, true },
	{ IN(MODE_ACL), "statistics per-entry", do_nothing, true },
	{ 0, NULL, NULL, false } };

static const char *const mode_names[MODE__COUNT] = { [MODE_CONFIG] = "config",
	[MODE_ACL] = "config-acl",
	[MODE_INTERFACE] = "config-if",
	[MODE_LINE] = "config-line",
	[MODE_ROUTER] = "config-router" };

const struct platform platform_nxos = {
	.device_type = "cisco_nxos",
	.commands = commands,
	.mode_names = mode_names,
	.prompt_tail = " ",
	.more = "--More--",
	.more_erase = "\r        \r",
	.exec_in_config = true,
	.version = "9.3(3)",
	.file_system = "bootflash:/",
	.scp_needs = "feature scp-server",
	.sftp_needs = "feature sftp-server",
	.sftp = true,
	.shell = true,
	.image = "bootflash:///nxos.9.3.3.bin",
	.line_limit = 511,
	.way = "mgmt0",
	.permits = reach_sections,
	.after_line = nxos_after_line,
	.leave = nxos_leave,
	.acl_kinds = { [MODE_ACL] = ACL_NXOS },
	.complain = nxos_complain,
	.complain_acl = nxos_complain_acl,
	.print_config = nxos_print_config,
	.print_head = nxos_print_head,
};
