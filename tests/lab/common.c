/*
 * Commands that work the same on every platform of the lab: moving between
 * modes, the terminal, plain settings, showing configurations.
 */
#include "cli.h"
#include "show.h"

#include "base/alloc.h"
#include "base/deadline.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define UNUSED(x) ((void)(x))
#define UNUSED_HANDLER                                                         \
	do {                                                                   \
		UNUSED(cli), UNUSED(command), UNUSED(words), UNUSED(first);    \
	} while (0)

HANDLER(do_nothing)
{
	UNUSED_HANDLER;
}

HANDLER(do_configure)
{
	UNUSED_HANDLER;
	if (cli_in_config(cli))
		return;
	buf_adds(cli->out,
	    "Enter configuration commands, one per line.  "
	    "End with CNTL/Z.\n");
	cli_enter(cli, MODE_CONFIG, NULL);
}

HANDLER(do_end)
{
	UNUSED_HANDLER;
	cli_enter(cli, MODE_EXEC, NULL);
}

HANDLER(do_exit)
{
	UNUSED_HANDLER;
	if (cli->mode == MODE_CONFIG)
		cli_enter(cli, MODE_EXEC, NULL);
	else if (cli_in_config(cli))
		cli_enter(cli, MODE_CONFIG, NULL);
	else
		cli->closing = true;
}

HANDLER(do_close)
{
	UNUSED_HANDLER;
	cli->closing = true;
}

/* The last word as a number of the terminal, or a refusal under it. */
static void
terminal_number(struct cli *cli, const struct words *words, int max, int *value)
{
	const struct word *word = &words->items[words->count - 1];
	int64_t number;
	if (!str_to_number(word->text, &number) || number > max) {
		cli->device->platform->complain(
		    cli, COMPLAIN_INVALID, word->offset, word->text);
		return;
	}
	*value = (int)number;
}

HANDLER(do_terminal_length)
{
	UNUSED_HANDLER;
	terminal_number(cli, words, 512, &cli->length);
}

HANDLER(do_terminal_monitor)
{
	UNUSED_HANDLER;
	cli->monitor = strstr(command->pattern, " no ") == NULL;
}

HANDLER(do_terminal_width)
{
	UNUSED_HANDLER;
	terminal_number(cli, words, 512, &cli->width);
}

/* RFC 1123 names and what the devices add: letters, digits, - _ . */
static bool
is_hostname(const char *name)
{
	size_t len = strlen(name);
	if (!len || len > 63 || !isalnum((unsigned char)name[0]))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("-_.", *name))
			return false;
	return true;
}

HANDLER(do_hostname)
{
	UNUSED(command);
	const char *name = cli_is_no(words, first)
	    ? "Router"
	    : words->items[first + 1].text;
	if (!is_hostname(name)) {
		cli_refuse(cli,
		    "%% Hostname contains one or more illegal "
		    "characters.\n");
		return;
	}
	free(cli->config->hostname);
	cli->config->hostname = xstrdup(name);
}

static void
set_line(struct cli *cli, struct strs *lines, const struct command *command,
    const struct words *words, size_t first)
{
	UNUSED(cli);
	char *line = cli_canonical(command, words, first);
	if (cli_is_no(words, first))
		setting_remove(lines, command->pattern, line);
	else
		setting_put(lines, command->pattern, line);
	free(line);
}

HANDLER(do_global)
{
	set_line(cli, &cli->config->globals, command, words, first);
}

HANDLER(do_line_of_section)
{
	struct section *section = config_section(
	    cli->config, cli->object, true);
	set_line(cli, &section->lines, command, words, first);
}

static void
open_section(struct cli *cli, const char *header, enum mode mode, bool no)
{
	if (no) {
		config_section_remove(cli->config, header);
		return;
	}
	config_section(cli->config, header, true);
	cli_enter(cli, mode, header);
}

/* Interface names are kept written out: `gi0/1` is GigabitEthernet0/1. */
static const char *const interface_types[] = { "GigabitEthernet",
	"FastEthernet", "TenGigabitEthernet", "Ethernet", "Loopback", "Vlan",
	"Port-channel", "Tunnel", "mgmt", "Serial" };

static char *
interface_name(const char *type, const char *number)
{
	char letters[32];
	size_t len = strcspn(type, "0123456789");
	const char *rest = type[len] ? type + len : number;
	if (!len || len >= sizeof(letters) ||
	    !isdigit((unsigned char)rest[0]) ||
	    rest[strspn(rest, "0123456789/.")])
		return NULL;
	snprintf(letters, sizeof(letters), "%.*s", (int)len, type);
	for (size_t i = 0;
	     i < sizeof(interface_types) / sizeof(interface_types[0]); i++)
		if (word_abbreviates(letters, interface_types[i]))
			return xasprintf(
			    "interface %s%s", interface_types[i], rest);
	return NULL;
}

HANDLER(do_interface)
{
	UNUSED(command);
	const char *number = first + 2 < words->count
	    ? words->items[first + 2].text
	    : "";
	char *header = interface_name(words->items[first + 1].text, number);
	if (header)
		open_section(
		    cli, header, MODE_INTERFACE, cli_is_no(words, first));
	else
		cli->device->platform->complain(cli, COMPLAIN_INVALID,
		    words->items[first + 1].offset,
		    words->items[first + 1].text);
	free(header);
}

HANDLER(do_section)
{
	char *header = cli_canonical(command, words, first);
	enum mode mode = str_starts(header, "line") ? MODE_LINE
	    : str_eq(header, "archive")		    ? MODE_ARCHIVE
						    : MODE_ROUTER;
	open_section(cli, header, mode, cli_is_no(words, first));
	free(header);
}

HANDLER(do_show_clock)
{
	UNUSED_HANDLER;
	char text[64];
	struct tm tm;
	int64_t now = clock_wall_ms();
	time_t seconds = (time_t)(now / 1000);
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%a %b %e %Y", &tm);
	buf_addf(cli->out, "%02d:%02d:%02d.%03d UTC %s\n", tm.tm_hour,
	    tm.tm_min, tm.tm_sec, (int)(now % 1000), text);
}

HANDLER(do_show_running)
{
	UNUSED(command);
	struct buf text;
	buf_init(&text, SHOW_LIMIT);
	device_print(cli->device, &text);
	cli->device->shown++;
	if (first + 2 == words->count)
		cli->device->platform->print_head(
		    cli->device, text.len, cli->out);
	show_filtered(cli, buf_str(&text), words, first + 2);
	buf_clear(&text);
}

HANDLER(do_show_startup)
{
	UNUSED(command);
	const char *text = cli->device->startup;
	if (!*text) {
		cli_refuse(cli, "startup-config is not present\n");
		return;
	}
	if (first + 2 == words->count)
		buf_addf(
		    cli->out, "Using %zu out of 262136 bytes\n", strlen(text));
	show_filtered(cli, text, words, first + 2);
}

/* Too much for a buffer: the session prints it as the client takes it. */
HANDLER(do_show_tech)
{
	UNUSED_HANDLER;
	cli->flood = (size_t)cli->device->tech_mb << 20;
}

/* ip access-list resequence NAME START STEP */
HANDLER(do_resequence)
{
	UNUSED(command);
	int64_t start, step;
	struct acl *acl = config_acl(cli->config, words->items[first + 3].text);
	if (!acl) {
		cli_refuse(cli, "%% access-list %s does not exist\n",
		    words->items[first + 3].text);
		return;
	}
	for (size_t i = 4; i < 6; i++) {
		const struct word *word = &words->items[first + i];
		int64_t *number = i == 4 ? &start : &step;
		if (str_to_number(word->text, number) && *number > 0 &&
		    *number < INT32_MAX)
			continue;
		cli->device->platform->complain(
		    cli, COMPLAIN_INVALID, word->offset, word->text);
		return;
	}
	acl_resequence(acl, (uint32_t)start, (uint32_t)step);
}
