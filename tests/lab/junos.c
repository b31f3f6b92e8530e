/*
 * Juniper Junos: its commands, prompts and texts. What a commit does stands
 * in junos_commit.c. The lab knows configuration in `set` form.
 */
#include "junos.h"
#include "show.h"
#include "upgrade.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)
#define EXEC	       IN(MODE_EXEC)
#define CONFIG	       IN(MODE_CONFIG)
#define END_OF_TEXT    "\004"

static void
junos_complain(
    struct cli *cli, enum complaint what, size_t offset, const char *word)
{
	cli_refuse(cli, "%*s^\n", (int)(cli->prompt_len + offset), "");
	switch (what) {
	case COMPLAIN_INVALID:
		cli_refuse(cli, "syntax error.\n");
		break;
	case COMPLAIN_UNKNOWN:
		cli_refuse(cli, "unknown command.\n");
		break;
	case COMPLAIN_INCOMPLETE:
		cli_refuse(cli, "syntax error, expecting <command>.\n");
		break;
	case COMPLAIN_AMBIGUOUS:
		cli_refuse(cli, "'%s' is ambiguous.\n", word);
		break;
	}
}

static void
junos_complain_acl(
    struct cli *cli, enum acl_answer answer, size_t offset, const char *word)
{
	(void)answer;
	junos_complain(cli, COMPLAIN_INVALID, offset, word);
}

static void
junos_prompt(const struct cli *cli, struct buf *out)
{
	const struct device *device = cli->device;
	int64_t left = junos_pending(device);
	bool config = cli->mode == MODE_CONFIG;
	buf_addc(out, '\n');
	if (left)
		buf_addf(out,
		    "# commit confirmed will be rolled back in %lld "
		    "minute%s\n",
		    (long long)left, left == 1 ? "" : "s");
	if (device->above_prompt)
		buf_adds(out, device->above_prompt);
	if (config)
		buf_addf(
		    out, "[edit%s%s]", *cli->object ? " " : "", cli->object);
	if (config || device->above_prompt)
		buf_addc(out, '\n');
	buf_addf(out, "%s@%s%s", device->username, device->running.hostname,
	    config ? "# " : "> ");
}

static void
junos_print_head(const struct device *device, size_t len, struct buf *out)
{
	(void)device, (void)len, (void)out;
}

static void
junos_print_config(const struct device *device, struct buf *out)
{
	junos_print(&device->running.globals, "", true, out);
}

/* The level that the terminal is at, and REST. */
static char *
full_path(const struct cli *cli, const char *rest)
{
	const char *level = cli->object ? cli->object : "";
	return xasprintf("%s%s%s", level, *level && *rest ? " " : "", rest);
}

/* A startup text is no edit: it counts at once. */
static void
settle(struct cli *cli)
{
	if (cli->config != &cli->device->running)
		return;
	const struct strs *lines = &cli->config->globals;
	for (size_t i = 0; i < lines->count; i++)
		if (str_starts(lines->items[i], "system host-name ")) {
			free(cli->config->hostname);
			cli->config->hostname = xstrdup(
			    lines->items[i] + strlen("system host-name "));
		}
	junos_list_filters(cli->config);
}

/* set PATH, delete PATH */
static HANDLER(do_statement)
{
	bool set = str_starts(command->pattern, "set");
	size_t wrong, level = 0;
	struct words above;
	char *path = full_path(cli, words_rest(words, first + 1));
	words_init(&above, cli->object ? cli->object : "");
	level = above.count;
	words_clear(&above);
	switch (junos_apply(&cli->config->globals, set, path, &wrong)) {
	case JUNOS_OK:
		settle(cli);
		break;
	case JUNOS_NOT_FOUND:
		cli_refuse(cli, "warning: statement not found\n");
		break;
	case JUNOS_SYNTAX:
		wrong = first + 1 + (wrong > level ? wrong - level : 0);
		junos_complain(cli, COMPLAIN_INVALID,
		    wrong < words->count ? words->items[wrong].offset
					 : strlen(words->line),
		    "");
		break;
	}
	free(path);
}

/* insert PATH before|after KEYWORD NAME */
static HANDLER(do_insert)
{
	(void)command;
	size_t at = first + 1;
	while (at < words->count && !str_eq(words->items[at].text, "before") &&
	    !str_eq(words->items[at].text, "after"))
		at++;
	if (at < first + 3 || at + 2 >= words->count) {
		junos_complain(cli, COMPLAIN_INVALID, strlen(words->line), "");
		return;
	}
	const char *rest = words_rest(words, first + 1);
	char *typed = xstrndup(
	    rest, words->items[at].offset - words->items[first + 1].offset);
	char *path = full_path(cli, str_trim(typed));
	/* The other one stands beside it: all of the path but its name. */
	char *parent = xstrdup(path);
	for (int i = 0; i < 2 && strrchr(parent, ' '); i++)
		*strrchr(parent, ' ') = '\0';
	char *other = xasprintf("%s %s", parent, words_rest(words, at + 1));
	if (junos_insert(&cli->config->globals, path,
		str_eq(words->items[at].text, "before"), other) != JUNOS_OK)
		cli_refuse(cli, "error: statement not found\n");
	free(other);
	free(parent);
	free(path);
	free(typed);
}

static HANDLER(do_edit)
{
	(void)command;
	char *path = full_path(cli, words_rest(words, first + 1));
	cli_enter(cli, MODE_CONFIG, path);
	free(path);
}

static HANDLER(do_top)
{
	UNUSED_HANDLER;
	cli_enter(cli, MODE_CONFIG, "");
}

/* show configuration PATH | display set, and show in configuration mode. */
static void
show_path(struct cli *cli, const struct config *config,
    const struct words *words, size_t at, const char *level)
{
	struct buf path, text;
	size_t bar = at;
	bool set = false;
	buf_init(&path, 8192);
	buf_init(&text, SHOW_LIMIT);
	buf_adds(&path, level);
	for (; bar < words->count && !str_eq(words->items[bar].text, "|");
	     bar++)
		buf_addf(
		    &path, "%s%s", path.len ? " " : "", words->items[bar].text);
	if (bar + 2 < words->count &&
	    word_abbreviates(words->items[bar + 1].text, "display") &&
	    str_eq(words->items[bar + 2].text, "set")) {
		set = true;
		bar += 3;
	}
	junos_print(&config->globals, buf_str(&path), set, &text);
	show_filtered(cli, buf_str(&text), words, bar);
	buf_clear(&path);
	buf_clear(&text);
}

static HANDLER(do_show_configuration)
{
	(void)command;
	show_path(cli, &cli->device->running, words, first + 2, "");
}

static HANDLER(do_show)
{
	bool piped = first + 3 == words->count &&
	    str_eq(words->items[first + 1].text, "|") &&
	    str_eq(words->items[first + 2].text, "compare");
	if (piped)
		junos_compare_command(cli, command, words, first);
	else
		show_path(cli, cli->config, words, first + 1, cli->object);
}

static HANDLER(do_show_version)
{
	UNUSED_HANDLER;
	buf_addf(cli->out,
	    "Hostname: %s\nModel: qfx5100-48s-6q\n"
	    "Junos: %s\nJUNOS OS Kernel 64-bit  [%s]\n",
	    cli->device->running.hostname, cli->device->machine.version,
	    cli->device->machine.version);
}

static HANDLER(do_show_users)
{
	UNUSED_HANDLER;
	char text[16];
	buf_addf(cli->out,
	    " 2:00AM  up 10 days,  1:02, 1 users, load averages: 0.10, 0.10, "
	    "0.08\n"
	    "USER     TTY      FROM                              LOGIN@  IDLE "
	    "WHAT\n"
	    "%-8s pts/0    %-33s 2:00AM      - -cli (cli)\n",
	    cli->device->username, cli_client(cli, text));
}

static HANDLER(do_set_cli)
{
	UNUSED_HANDLER;
	const char *what = words->items[first + 2].text;
	const char *value = words->items[words->count - 1].text;
	int64_t number = 0;
	str_to_number(value, &number);
	if (str_eq(what, "screen-length")) {
		cli->length = (int)number;
		buf_addf(cli->out, "Screen length set to %s\n", value);
	} else if (str_eq(what, "screen-width")) {
		cli->width = (int)number;
		buf_addf(cli->out, "Screen width set to %s\n", value);
	} else if (str_eq(what, "complete-on-space")) {
		buf_adds(cli->out, "Disabling complete-on-space\n");
	}
}

/* run COMMAND: one of exec mode. */
static HANDLER(do_run)
{
	(void)command;
	enum mode mode = cli->mode;
	char *line = xstrdup(words_rest(words, first + 1));
	cli->mode = MODE_EXEC;
	cli_line(cli, line);
	if (cli->mode == MODE_EXEC)
		cli->mode = mode;
	free(line);
}

static void
load_done(struct cli *cli)
{
	cli->reads_text = false;
	if (!cli->tries)
		buf_adds(cli->out, "load complete\n");
	else
		cli_refuse(cli, "load complete (%d errors)\n", cli->tries);
}

/* One line of `load set terminal`; tries counts the bad ones, lines_read all. */
static void
load_line(struct cli *cli, const char *line)
{
	size_t wrong;
	if (str_eq(line, END_OF_TEXT)) {
		load_done(cli);
		return;
	}
	cli->lines_read++;
	const char *text = line + strspn(line, " ");
	bool set = str_starts(text, "set ");
	enum junos_answer answer = JUNOS_OK;
	if (set || str_starts(text, "delete ")) {
		char *path = full_path(cli, text + (set ? 4 : 7));
		answer = junos_apply(&cli->config->globals, set, path, &wrong);
		free(path);
	} else if (*text && *text != '#') {
		answer = JUNOS_SYNTAX;
	}
	if (answer == JUNOS_SYNTAX) {
		cli->tries++;
		cli_refuse(cli, "terminal:%d:(1) syntax error: %s\n",
		    cli->lines_read, text);
	}
	cli_ask(cli, "", false, load_line);
}

static HANDLER(do_load)
{
	UNUSED_HANDLER;
	buf_adds(cli->out, "[Type ^D at a new line to end input]\n");
	cli->tries = cli->lines_read = 0;
	cli->reads_text = true;
	cli_ask(cli, "", false, load_line);
}

static const struct command commands[] = {
	{ EXEC, "exit", do_close, false },
	{ EXEC, "quit", do_close, false },
	{ EXEC, "configure", junos_configure, false },
	{ EXEC, "configure exclusive", junos_configure, false },
	{ EXEC, "set cli <what> ...value", do_set_cli, false },
	{ EXEC, "show version", do_show_version, false },
	{ EXEC, "show system users", do_show_users, false },
	{ EXEC, "show system uptime", junos_show_uptime, false },
	{ EXEC, "show lldp neighbors", junos_show_lldp, false },
	{ EXEC, "show interfaces terse", junos_show_terse, false },
	{ EXEC, "show route summary", junos_show_routes, false },
	{ EXEC, "request system reboot", junos_reboot, false },
	{ EXEC, "request system software add <file>", junos_software_add,
	    false },
	{ EXEC, "request system software add <file> reboot", junos_software_add,
	    false },
	{ EXEC, "request system software add <file> no-validate",
	    junos_software_add, false },
	{ EXEC, "request system software add <file> no-validate reboot",
	    junos_software_add, false },
	{ EXEC, "file checksum md5 <file>", junos_checksum, false },
	{ EXEC, "file list <path>", junos_file_list, false },
	{ EXEC, "file list detail <path>", junos_file_list, false },
	{ EXEC, "file list <path> detail", junos_file_list, false },
	{ EXEC, "file copy <source> <file>", junos_file_copy, false },
	{ EXEC, "file delete <file>", junos_file_delete, false },
	{ EXEC, "show system storage", junos_show_storage, false },
	{ EXEC, "show system commit", junos_show_commits, false },
	{ EXEC, "show configuration", do_show_configuration, false },
	{ EXEC, "show configuration ...path", do_show_configuration, false },
	{ CONFIG, "set ...path", do_statement, false },
	{ CONFIG, "delete ...path", do_statement, false },
	{ CONFIG, "insert ...path", do_insert, false },
	{ CONFIG, "edit ...path", do_edit, false },
	{ CONFIG, "top", do_top, false },
	{ CONFIG, "up", junos_exit, false },
	{ CONFIG, "exit", junos_exit, false },
	{ CONFIG, "quit", junos_exit, false },
	{ CONFIG, "exit configuration-mode", junos_exit, false },
	{ CONFIG, "show", do_show, false },
	{ CONFIG, "show ...path", do_show, false },
	{ CONFIG, "run ...command", do_run, false },
	{ CONFIG, "load set terminal", do_load, false },
	{ CONFIG, "rollback", junos_rollback, false },
	{ CONFIG, "rollback <#number>", junos_rollback, false },
	{ CONFIG, "commit", junos_commit, false },
	{ CONFIG, "commit check", junos_commit_check, false },
	{ CONFIG, "commit and-quit", junos_commit, false },
	{ CONFIG, "commit comment ...text", junos_commit, false },
	{ CONFIG, "commit confirmed", junos_commit_confirmed, false },
	{ CONFIG, "commit confirmed <#minutes>", junos_commit_confirmed,
	    false },
	{ CONFIG, "commit confirmed <#minutes> comment ...text",
	    junos_commit_confirmed, false },
	{ 0, NULL, NULL, false },
};

static const char *const mode_names[MODE__COUNT] = { [MODE_CONFIG] = "config" };

const struct platform platform_junos = {
	.device_type = "juniper_junos",
	.commands = commands,
	.mode_names = mode_names,
	.prompt_tail = " ",
	.more = "---(more)---",
	.more_erase = "\r            \r",
	.exec_in_config = false,
	.version = "20.4R3.8",
	.file_system = "/var/tmp/",
	.installed = true,
	.sftp = true,
	.shell = true,
	.image = "/var/tmp/jinstall-host-qfx-5-20.4R3.8-signed.tgz",
	.line_limit = 4095,
	.way = "lo0",
	.permits = junos_permits,
	.prompt = junos_prompt,
	.leave = junos_leave,
	.complain = junos_complain,
	.complain_acl = junos_complain_acl,
	.print_config = junos_print_config,
	.print_head = junos_print_head,
};
