/*
 * Cisco IOS: its commands and its texts. Everything that is not particular
 * to IOS stands in common.c. Texts follow the IOS command references and
 * the transcripts gathered in the notes on platforms.
 */
#include "boot.h"
#include "ios_guard.h"
#include "reach.h"
#include "show.h"
#include "upgrade.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)

/* A caret under column OFFSET of what was typed after the prompt. */
static void
caret(struct cli *cli, size_t offset)
{
	cli_refuse(cli, "%*s^\n", (int)(cli->prompt_len + offset), "");
}

static void
ios_complain(
    struct cli *cli, enum complaint what, size_t offset, const char *word)
{
	switch (what) {
	case COMPLAIN_INVALID:
		caret(cli, offset);
		cli_refuse(cli, "%% Invalid input detected at '^' marker.\n\n");
		break;
	case COMPLAIN_INCOMPLETE:
		cli_refuse(cli, "%% Incomplete command.\n\n");
		break;
	case COMPLAIN_AMBIGUOUS:
		cli_refuse(cli, "%% Ambiguous command:  \"%s\"\n\n", word);
		break;
	case COMPLAIN_UNKNOWN:
		cli_refuse(cli,
		    "Translating \"%s\"\n\n"
		    "%% Unknown command or computer name, or "
		    "unable to find computer address\n\n",
		    word);
		break;
	}
}

static void
ios_complain_acl(
    struct cli *cli, enum acl_answer answer, size_t offset, const char *word)
{
	switch (answer) {
	case ACL_OK:
		break;
	case ACL_INVALID:
		ios_complain(cli, COMPLAIN_INVALID, offset, word);
		break;
	case ACL_INCOMPLETE:
		ios_complain(cli, COMPLAIN_INCOMPLETE, offset, word);
		break;
	case ACL_AMBIGUOUS:
		ios_complain(cli, COMPLAIN_AMBIGUOUS, offset, word);
		break;
	case ACL_DUPLICATE_SEQUENCE:
		cli_refuse(cli, "%% Duplicate sequence number\n");
		break;
	case ACL_MISSING:
		/* The exact words differ by release; the mark is the %. */
		cli_refuse(cli, "%% Specified entry does not exist\n");
		break;
	}
}

static void
answer_enable(struct cli *cli, const char *line)
{
	if (str_eq(line, cli->device->enable)) {
		cli_enter(cli, MODE_EXEC, NULL);
		return;
	}
	cli->tries++;
	if (cli->tries < 3) {
		cli_ask(cli, "Password: ", true, answer_enable);
		return;
	}
	cli_refuse(cli, "%% Bad secrets\n\n");
}

static HANDLER(do_enable)
{
	UNUSED_HANDLER;
	if (cli->mode == MODE_EXEC)
		return;
	if (!*cli->device->enable) {
		cli_refuse(cli, "%% No password set\n");
		return;
	}
	cli->tries = 0;
	cli_ask(cli, "Password: ", true, answer_enable);
}

static HANDLER(do_disable)
{
	UNUSED_HANDLER;
	cli_enter(cli, MODE_USER, NULL);
}

/* False when there is no room for the configuration. */
bool
ios_save(struct cli *cli)
{
	if (cli_fault(cli, FAULT_NVRAM_FULL, NULL)) {
		cli_refuse(cli,
		    "Building configuration...\n"
		    "%%Error opening nvram:/startup-config (No space left on "
		    "device)\n");
		return false;
	}
	device_save(cli->device);
	cli->saved = true;
	buf_adds(cli->out, "Building configuration...\n[OK]\n");
	return true;
}

static HANDLER(do_write)
{
	UNUSED_HANDLER;
	ios_save(cli);
}

static void
answer_copy(struct cli *cli, const char *line)
{
	if (*line && !str_eq(line, "startup-config")) {
		cli_refuse(cli,
		    "%%Error opening nvram:%s (Invalid "
		    "argument)\n",
		    line);
		return;
	}
	ios_save(cli);
}

static HANDLER(do_copy)
{
	UNUSED_HANDLER;
	if (cli->device->quiet_prompt)
		ios_save(cli);
	else
		cli_ask(cli, "Destination filename [startup-config]? ", false,
		    answer_copy);
}

static void
answer_configure(struct cli *cli, const char *line)
{
	if (!*line || word_abbreviates(line, "terminal"))
		do_configure(cli, NULL, NULL, 0);
	else
		cli_refuse(cli,
		    "?Must be \"terminal\", \"memory\" or "
		    "\"network\"\n");
}

static HANDLER(do_configure_ask)
{
	UNUSED_HANDLER;
	cli_ask(cli,
	    "Configuring from terminal, memory, or network [terminal]? ", false,
	    answer_configure);
}

static HANDLER(do_show_inventory)
{
	UNUSED_HANDLER;
	buf_addf(cli->out,
	    "NAME: \"CISCO2911/K9 chassis\", DESCR: \"CISCO2911/K9 chassis\"\n"
	    "PID: CISCO2911/K9      , VID: V04 , SN: FTX0000%04u\n\n"
	    "NAME: \"C2911 AC Power Supply\", "
	    "DESCR: \"C2911 AC Power Supply\"\n"
	    "PID: PWR-2911-AC       , VID: V05 , SN: QCS0000%04u\n\n",
	    device_serial(cli->device), device_serial(cli->device));
}

static HANDLER(do_show_users)
{
	UNUSED_HANDLER;
	char text[16];
	buf_addf(cli->out,
	    "    Line       User       Host(s)              Idle       "
	    "Location\n"
	    "*  2 vty 0     %-10s idle                 00:00:00   %s\n\n"
	    "  Interface    User               Mode         Idle     "
	    "Peer Address\n\n",
	    cli->device->username, cli_client(cli, text));
}

static const char *
title(const struct acl *acl)
{
	switch (acl->kind) {
	case ACL_STANDARD:
		return "Standard IP access list";
	case ACL_IPV6:
		return "IPv6 access list";
	default:
		return "Extended IP access list";
	}
}

static void
show_acl(struct cli *cli, const struct acl *acl)
{
	buf_addf(cli->out, "%s %s\n", title(acl), acl->name);
	for (size_t i = 0; i < acl->count; i++) {
		const struct acl_entry *entry = &acl->entries[i];
		if (entry->remark)
			continue;
		if (acl->kind == ACL_IPV6)
			buf_addf(cli->out, "    %s sequence %u", entry->shown,
			    entry->sequence);
		else
			buf_addf(cli->out, "    %u %s", entry->sequence,
			    entry->shown);
		unsigned matches = show_matches(cli->device, entry);
		if (matches)
			buf_addf(cli->out, " (%u match%s)", matches,
			    matches == 1 ? "" : "es");
		buf_addc(cli->out, '\n');
	}
}

static HANDLER(do_show_acl)
{
	const struct config *config = &cli->device->running;
	const char *last = strrchr(command->pattern, ' ') + 1;
	const char *name = *last == '<' ? words->items[words->count - 1].text
					: NULL;
	bool v6 = str_eq(words->items[first + 1].text, "ipv6");
	for (size_t i = 0; i < config->acl_count; i++) {
		const struct acl *acl = config->acls[i];
		if (name ? str_eq(acl->name, name)
			 : (acl->kind == ACL_IPV6) == v6)
			show_acl(cli, acl);
	}
}

static void
open_acl(struct cli *cli, const char *name, enum mode mode, bool no)
{
	struct config *config = cli->config;
	enum acl_kind kind = platform_ios.acl_kinds[mode];
	const struct acl *old = config_acl(config, name);
	if (old && old->kind != kind) {
		cli_refuse(cli,
		    "%% A named %s IP access list with this name already "
		    "exists\n",
		    acl_kind_name(old->kind));
		return;
	}
	if (no) {
		/* Deleting what is not there says nothing. */
		config_acl_remove(config, name);
		if (cli->object && str_eq(cli->object, name))
			cli_enter(cli, MODE_CONFIG, NULL);
		return;
	}
	config_acl_make(config, name, kind);
	cli_enter(cli, mode, name);
}

/* Numbers belong to a kind: 1-99 and 1300-1999 standard, 100-199 and
 * 2000-2699 extended. */
static bool
name_fits(const char *name, enum mode mode)
{
	int64_t n;
	if (!word_is_number(name))
		return true;
	if (!str_to_number(name, &n))
		return false;
	return mode == MODE_STD_ACL
	    ? (n >= 1 && n <= 99) || (n >= 1300 && n <= 1999)
	    : (n >= 100 && n <= 199) || (n >= 2000 && n <= 2699);
}

static HANDLER(do_acl)
{
	(void)command;
	enum mode mode = MODE_IPV6_ACL;
	if (strstr(command->pattern, "extended"))
		mode = MODE_EXT_ACL;
	else if (strstr(command->pattern, "standard"))
		mode = MODE_STD_ACL;
	const char *name = words->items[words->count - 1].text;
	if (mode != MODE_IPV6_ACL && !name_fits(name, mode)) {
		cli_refuse(cli, "%% Invalid access list name.\n");
		return;
	}
	open_acl(cli, name, mode, cli_is_no(words, first));
}

static HANDLER(do_file_prompt)
{
	(void)command;
	cli->device->quiet_prompt = !cli_is_no(words, first);
	do_global(cli, command, words, first);
}

static void
print_acl(const struct device *device, const struct acl *acl, struct buf *out)
{
	buf_addf(out,
	    acl->kind == ACL_IPV6 ? "%saccess-list %s%s\n"
				  : "%saccess-list %s %s\n",
	    acl->kind == ACL_IPV6 ? "ipv6 " : "ip ",
	    acl->kind == ACL_IPV6 ? "" : acl_kind_name(acl->kind), acl->name);
	for (size_t i = 0; i < acl->count; i++) {
		const struct acl_entry *entry = &acl->entries[i];
		if (device->numbers && acl->kind != ACL_IPV6)
			buf_addf(out, " %u", entry->sequence);
		buf_addf(out, " %s\n", entry->text);
	}
	buf_adds(out, "!\n");
}

static void
print_sections(
    const struct config *config, const char *start, bool same, struct buf *out)
{
	for (size_t i = 0; i < config->section_count; i++) {
		const struct section *section = &config->sections[i];
		if (str_starts(section->header, start) != same)
			continue;
		buf_addf(out, "%s\n", section->header);
		show_lines(&section->lines, " ", out);
		buf_adds(out, "!\n");
	}
}

static void
ios_print_head(const struct device *device, size_t len, struct buf *out)
{
	buf_addf(out,
	    "Building configuration...\n\n"
	    "Current configuration : %zu bytes\n"
	    "!\n"
	    "! Last configuration change at 02:%02u:%02u UTC Sat Nov 21 2026 "
	    "by neteng\n",
	    len, device->shown / 60 % 60, device->shown % 60);
}

/* The boot lines stand between marks. */
static void
print_globals(const struct strs *lines, struct buf *out)
{
	struct strs images = { 0 };
	boot_images(lines, &images);
	if (images.count)
		buf_adds(out, "boot-start-marker\n");
	for (size_t i = 0; i < lines->count; i++)
		if (str_starts(lines->items[i], "boot system"))
			buf_addf(out, "%s\n", lines->items[i]);
	if (images.count)
		buf_adds(out, "boot-end-marker\n!\n");
	strs_clear(&images);
	for (size_t i = 0; i < lines->count; i++)
		if (!str_starts(lines->items[i], "boot system"))
			buf_addf(out, "%s\n", lines->items[i]);
}

static void
ios_print_config(const struct device *device, struct buf *out)
{
	const struct config *config = &device->running;
	buf_addf(out, "!\nversion 15.2\n!\nhostname %s\n!\n", config->hostname);
	print_globals(&config->globals, out);
	if (config->globals.count)
		buf_adds(out, "!\n");
	print_sections(config, "line ", false, out);
	for (size_t i = 0; i < config->acl_count; i++)
		print_acl(device, config->acls[i], out);
	print_sections(config, "line ", true, out);
	buf_adds(out, "end\n");
}

#define EXEC   IN(MODE_EXEC)
#define CONFIG IN(MODE_CONFIG)
#define IFACE  IN(MODE_INTERFACE)
#define LINE   IN(MODE_LINE)
#define ROUTER IN(MODE_ROUTER)

static const struct command commands[] = { { IN_EXEC, "enable", do_enable,
					       false },
	{ IN_EXEC, "disable", do_disable, false },
	{ IN_EXEC, "exit", do_exit, false },
	{ IN_EXEC, "logout", do_close, false },
	{ IN_EXEC, "quit", do_close, false },
	{ IN_EXEC, "terminal length <#n>", do_terminal_length, false },
	{ IN_EXEC, "terminal width <#n>", do_terminal_width, false },
	{ IN_EXEC, "terminal no monitor", do_terminal_monitor, false },
	{ IN_EXEC, "terminal monitor", do_terminal_monitor, false },
	{ IN_EXEC, "show version", ios_show_version, false },
	{ IN_EXEC, "show version ...filter", ios_show_version, false },
	{ IN_EXEC, "show inventory", do_show_inventory, false },
	{ IN_EXEC, "show users", do_show_users, false },
	{ IN_EXEC, "show clock", do_show_clock, false },
	{ EXEC, "show running-config", do_show_running, false },
	{ EXEC, "show running-config ...filter", do_show_running, false },
	{ EXEC, "show startup-config", do_show_startup, false },
	{ EXEC, "show startup-config ...filter", do_show_startup, false },
	{ EXEC, "show archive", ios_show_archive, false },
	{ EXEC, "show archive config rollback timer", ios_show_rollback_timer,
	    false },
	{ EXEC, "show reload", ios_show_reload, false },
	{ EXEC, "configure terminal revert timer <#minutes>",
	    ios_configure_revert, false },
	{ EXEC, "configure terminal revert timer idle <#minutes>",
	    ios_configure_revert, false },
	{ EXEC, "configure confirm", ios_configure_confirm, false },
	{ EXEC, "configure revert now", ios_revert_now, false },
	{ EXEC, "configure revert timer <#minutes>", ios_revert_timer, false },
	{ EXEC, "reload", ios_reload, false },
	{ EXEC, "reload in <#minutes>", ios_reload_in, false },
	{ EXEC, "reload in <#minutes> ...reason", ios_reload_in, false },
	{ EXEC, "reload cancel", ios_reload_cancel, false },
	{ EXEC, "dir", ios_dir, false }, { EXEC, "dir <file>", ios_dir, false },
	{ EXEC, "more <file>", ios_more, false },
	{ EXEC, "more <file> ...filter", ios_more, false },
	{ EXEC, "delete <file>", ios_delete, false },
	{ EXEC, "delete /force <file>", ios_delete, false },
	{ EXEC, "verify /md5 <file>", ios_verify, false },
	{ EXEC, "verify /md5 <file> <md5>", ios_verify, false },
	{ EXEC, "show switch", ios_show_switch, false },
	{ EXEC, "install add file <file> activate commit", ios_install_add,
	    false },
	{ EXEC, "install add file <file> activate commit prompt-level none",
	    ios_install_add, false },
	{ EXEC, "install remove inactive", ios_install_remove, false },
	{ EXEC, "show install summary", ios_show_install, false },
	{ EXEC, "show cdp neighbors", show_cdp, false },
	{ EXEC, "show cdp neighbors ...filter", show_cdp, false },
	{ EXEC, "show ip interface brief", ios_show_ip_brief, false },
	{ EXEC, "show ip interface brief ...filter", ios_show_ip_brief, false },
	{ EXEC, "show interfaces status", ios_show_status, false },
	{ EXEC, "show interfaces status ...filter", ios_show_status, false },
	{ EXEC, "show ip route summary", ios_show_routes, false },
	{ EXEC, "show ip route summary ...filter", ios_show_routes, false },
	{ EXEC, "show boot", ios_show_boot, false },
	{ EXEC, "show boot ...filter", ios_show_boot, false },
	{ EXEC, "show bootvar", ios_show_boot, false },
	{ EXEC, "show bootvar ...filter", ios_show_boot, false },
	{ EXEC, "show tech-support", do_show_tech, false },
	{ EXEC, "show ip access-lists", do_show_acl, false },
	{ EXEC, "show ip access-lists <name>", do_show_acl, false },
	{ EXEC, "show access-lists", do_show_acl, false },
	{ EXEC, "show access-lists <name>", do_show_acl, false },
	{ EXEC, "show ipv6 access-list", do_show_acl, false },
	{ EXEC, "show ipv6 access-list <name>", do_show_acl, false },
	{ EXEC, "configure terminal", do_configure, false },
	{ EXEC, "configure", do_configure_ask, false },
	{ EXEC, "write memory", do_write, false },
	{ EXEC, "write", do_write, false },
	{ EXEC, "copy running-config startup-config", do_copy, false },
	{ EXEC, "copy running-config <file>", ios_copy_running, false },
	{ EXEC, "copy <source> <file>", ios_copy, false },
	/* Known names, so that abbreviations are as ambiguous as they are. */
	{ EXEC, "clear counters", do_nothing, false },
	{ EXEC, "clock set ...time", do_nothing, false },

	{ IN_CONFIG, "end", do_end, false },
	{ IN_CONFIG, "exit", do_exit, false },
	{ CONFIG, "hostname =name", do_hostname, true },
	{ CONFIG, "version =version", do_nothing, false },
	{ CONFIG, "boot system", ios_boot_system, true },
	{ CONFIG, "boot system ...image", ios_boot_system, true },
	{ CONFIG, "boot-start-marker", do_nothing, false },
	{ CONFIG, "boot-end-marker", do_nothing, false },
	{ CONFIG, "config-register <value>", ios_config_register, false },
	{ CONFIG, "ip access-list extended <name>", do_acl, true },
	{ CONFIG, "ip access-list standard <name>", do_acl, true },
	{ CONFIG, "ip access-list resequence <name> <#start> <#step>",
	    do_resequence, false },
	{ CONFIG, "ipv6 access-list <name>", do_acl, true },
	{ CONFIG, "interface <name>", do_interface, true },
	{ CONFIG, "interface <type> <number>", do_interface, true },
	{ CONFIG, "archive", ios_archive, true },
	{ IN(MODE_ARCHIVE), "path =path", do_line_of_section, true },
	{ IN(MODE_ARCHIVE), "maximum =#count", do_line_of_section, true },
	{ IN(MODE_ARCHIVE), "write-memory", do_line_of_section, true },
	{ CONFIG, "line vty <#first> <#last>", do_section, true },
	{ CONFIG, "line console <#first>", do_section, true },
	{ CONFIG, "router bgp <#as>", do_section, true },
	{ CONFIG, "router ospf <#process>", do_section, true },
	{ CONFIG, "file prompt quiet", do_file_prompt, true },
	{ CONFIG, "ntp server <host>", do_global, true },
	{ CONFIG, "ntp server <host> =prefer", do_global, true },
	{ CONFIG, "ntp source =interface", do_global, true },
	{ CONFIG, "logging host <host>", do_global, true },
	{ CONFIG, "logging buffered =size", do_global, true },
	{ CONFIG, "logging console", do_global, true },
	{ CONFIG, "snmp-server community <name> =access", do_global, true },
	{ CONFIG, "snmp-server location ...text", do_global, true },
	{ CONFIG, "snmp-server contact ...text", do_global, true },
	{ CONFIG, "ip domain name =name", do_global, true },
	{ CONFIG, "ip domain-name =name", do_global, true },
	{ CONFIG, "ip domain lookup", do_global, true },
	{ CONFIG, "ip name-server <@address>", do_global, true },
	{ CONFIG, "ip route <@net> <@mask> <@next>", do_global, true },
	{ CONFIG, "ip ssh version =#version", do_global, true },
	{ CONFIG, "ip scp server enable", do_global, true },
	{ CONFIG, "username <name> ...rest", do_global, true },
	{ CONFIG, "banner <what> ...text", do_banner, true },
	{ CONFIG, "enable secret ...secret", do_global, true },
	{ CONFIG, "service <name>", do_global, true },
	{ CONFIG, "service timestamps <what> ...how", do_global, true },
	{ CONFIG, "clock timezone ...zone", do_global, true },
	{ CONFIG, "aaa new-model", do_global, true },
	{ IFACE, "ip access-group =name in", do_line_of_section, true },
	{ IFACE, "ip access-group =name out", do_line_of_section, true },
	{ IFACE, "ip address =@address =@mask", do_line_of_section, true },
	{ IFACE, "description ...text", do_line_of_section, true },
	{ IFACE, "shutdown", do_line_of_section, true },
	{ IFACE, "switchport mode =mode", do_line_of_section, true },
	{ IFACE, "switchport access vlan =#id", do_line_of_section, true },
	{ LINE, "access-class =name in", do_line_of_section, true },
	{ LINE, "access-class =name out", do_line_of_section, true },
	{ LINE, "exec-timeout =#minutes =#seconds", do_line_of_section, true },
	{ LINE, "login local", do_line_of_section, true },
	{ LINE, "login", do_line_of_section, true },
	{ LINE, "transport input ...what", do_line_of_section, true },
	{ ROUTER, "neighbor <@peer> remote-as =#as", do_line_of_section, true },
	{ ROUTER, "neighbor <@peer> description ...text", do_line_of_section,
	    true },
	{ ROUTER, "neighbor <@peer> shutdown", do_line_of_section, true },
	{ ROUTER, "network <@net> mask <@mask>", do_line_of_section, true },
	{ ROUTER, "shutdown", do_line_of_section, true },
	{ 0, NULL, NULL, false } };

static const char *const mode_names[MODE__COUNT] = { [MODE_CONFIG] = "config",
	[MODE_EXT_ACL] = "config-ext-nacl",
	[MODE_STD_ACL] = "config-std-nacl",
	[MODE_IPV6_ACL] = "config-ipv6-acl",
	[MODE_INTERFACE] = "config-if",
	[MODE_LINE] = "config-line",
	[MODE_ROUTER] = "config-router",
	[MODE_ARCHIVE] = "config-archive" };

#define LIKE_IOS                                                               \
	.commands = commands, .mode_names = mode_names, .prompt_tail = "",     \
	.more = " --More-- ",                                                  \
	.more_erase = "\b\b\b\b\b\b\b\b\b        \b\b\b\b\b\b\b\b\b",          \
	.scp_needs = "ip scp server enable", .file_system = "flash:/",         \
	.line_limit = 254, .empty_permits = true, .underscore = true,          \
	.permits = reach_sections,                                             \
	.acl_kinds = { [MODE_EXT_ACL] = ACL_EXTENDED,                          \
		[MODE_STD_ACL] = ACL_STANDARD,                                 \
		[MODE_IPV6_ACL] = ACL_IPV6 },                                  \
	.complain = ios_complain, .complain_acl = ios_complain_acl,            \
	.print_config = ios_print_config, .print_head = ios_print_head

const struct platform platform_ios = {
	.device_type = "cisco_ios",
	.version = "15.2(4)M6",
	.image = "flash:c2900-universalk9-mz.SPA.152-4.M6.bin",
	.config_register = 0x2102,
	LIKE_IOS,
};

const struct platform platform_xe = {
	.device_type = "cisco_xe",
	.version = "17.3.5",
	.image = "flash:cat9k_iosxe.17.03.05.SPA.bin",
	.config_register = 0x102,
	.install = true,
	LIKE_IOS,
};
