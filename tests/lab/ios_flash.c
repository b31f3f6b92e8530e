/*
 * Files on IOS: dir, delete, more, verify, copies inside the device. Texts
 * follow the notes on platforms; the rest is from memory of the real ones.
 */
#include "checksum.h"
#include "flash.h"
#include "show.h"
#include "upgrade.h"

#include "base/alloc.h"
#include "base/fdio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)
#define MORE_LIMIT     (1u << 20)

/* "flash:/X" as it was meant. */
static void
shown(const struct flash_name *name, char *text, size_t size)
{
	if (name->member > 1)
		snprintf(text, size, "flash-%lld:/%s", (long long)name->member,
		    name->file);
	else
		snprintf(text, size, "flash:/%s", name->file);
}

/* The file or file system that WORD names, or a complaint under it. */
static bool
read_name(struct cli *cli, const struct word *word, struct flash_name *name)
{
	if (flash_parse(cli->device, word->text, false, name))
		return true;
	const char *colon = strchr(word->text, ':');
	if (colon)
		cli_refuse(
		    cli, "%%Error opening %s (No such device)\n", word->text);
	else
		cli->device->platform->complain(
		    cli, COMPLAIN_INVALID, word->offset, word->text);
	return false;
}

static void
no_such_file(struct cli *cli, const char *what, const char *text)
{
	cli_refuse(
	    cli, "%%Error %s %s (No such file or directory)\n", what, text);
}

static void
print_file(struct cli *cli, int number, const struct flash_file *file)
{
	char when[64];
	time_t seconds = (time_t)file->wall_s;
	struct tm tm;
	gmtime_r(&seconds, &tm);
	strftime(when, sizeof(when), "%b %d %Y %H:%M:%S +00:00", &tm);
	buf_addf(cli->out, "%5d  -rw-  %12lld  %s  %s\n", number,
	    (long long)file->bytes, when, file->name);
}

static void
print_dir(struct cli *cli, const struct flash_name *name)
{
	struct flash_list list;
	char text[300];
	int shown_files = 0;
	const struct machine *machine = &cli->device->machine;
	shown(name, text, sizeof(text));
	if (*name->file && flash_size(cli->device, name) < 0) {
		no_such_file(cli, "opening", text);
		return;
	}
	buf_addf(cli->out, "Directory of %s\n\n", text);
	flash_list(cli->device, name->member, &list);
	for (size_t i = 0; i < list.count; i++)
		if (!*name->file || str_eq(name->file, list.items[i].name))
			print_file(cli, ++shown_files, &list.items[i]);
	if (!shown_files)
		buf_adds(cli->out, "No files in directory\n");
	flash_list_clear(&list);
	int64_t unit = machine->dir_kbytes ? 1024 : 1;
	const char *units = machine->dir_kbytes ? "Kbytes" : "bytes";
	buf_addf(cli->out, "\n%lld %s total (%lld %s free)\n",
	    (long long)(machine->flash_bytes / unit), units,
	    (long long)(flash_free(cli->device, name->member) / unit), units);
}

HANDLER(ios_dir)
{
	(void)command;
	struct flash_name name = { .member = 1 };
	if (first + 1 == words->count ||
	    read_name(cli, &words->items[first + 1], &name))
		print_dir(cli, &name);
}

HANDLER(ios_more)
{
	(void)command;
	struct flash_name name;
	struct buf text;
	if (!read_name(cli, &words->items[first + 1], &name))
		return;
	char *path = flash_path(cli->device, &name);
	buf_init(&text, MORE_LIMIT);
	if (!*name.file || file_read(path, &text, NULL))
		no_such_file(cli, "opening", words->items[first + 1].text);
	else
		show_filtered(cli, buf_str(&text), words, first + 2);
	buf_clear(&text);
	free(path);
}

static void
delete_now(struct cli *cli, const char *file)
{
	struct flash_name name;
	if (!flash_parse(cli->device, file, false, &name) ||
	    !flash_remove(cli->device, &name))
		no_such_file(cli, "deleting", file);
}

static void
answer_delete(struct cli *cli, const char *line)
{
	cli->one_key = false;
	if (!*line || strchr("yY", *line))
		delete_now(cli, cli->talk);
}

static void
answer_delete_name(struct cli *cli, const char *line)
{
	(void)line;
	cli->one_key = true;
	cli_askf(cli, answer_delete, "Delete %s? [confirm]",
	    (const char *)cli->talk);
}

/* delete [/force] FILE */
HANDLER(ios_delete)
{
	struct flash_name name;
	const struct word *word = &words->items[words->count - 1];
	char text[300];
	(void)first;
	if (!read_name(cli, word, &name))
		return;
	shown(&name, text, sizeof(text));
	if (strstr(command->pattern, "/force")) {
		delete_now(cli, text);
		return;
	}
	cli_talk(cli, xstrdup(text), free);
	cli_askf(cli, answer_delete_name, "Delete filename [%s]? ", name.file);
}

static void
verified(struct cli *cli, const struct flash_name *name, const char *hex,
    const char *given)
{
	char text[300];
	shown(name, text, sizeof(text));
	buf_adds(cli->out, "Done!\n");
	if (!given)
		buf_addf(cli->out, "verify /md5 (%s) = %s\n\n", text, hex);
	else if (strcasecmp(given, hex) == 0)
		buf_addf(cli->out, "Verified (%s) = %s\n\n", text, hex);
	else
		cli_refuse(cli,
		    "%%Error verifying %s\nComputed signature  = %s\n"
		    "Submitted signature = %s\n\n",
		    text, hex, given);
}

/* verify /md5 FILE [MD5] */
HANDLER(ios_verify)
{
	(void)command;
	struct flash_name name;
	const struct word *word = &words->items[first + 2];
	const char *given = first + 3 < words->count
	    ? words->items[first + 3].text
	    : NULL;
	if (read_name(cli, word, &name) &&
	    !checksum_start(cli, &name, true, given, verified))
		no_such_file(cli, "verifying", word->text);
}

HANDLER(ios_show_switch)
{
	(void)command;
	const struct machine *machine = &cli->device->machine;
	if (machine->members == 1) {
		cli->device->platform->complain(cli, COMPLAIN_INVALID,
		    words->items[first + 1].offset,
		    words->items[first + 1].text);
		return;
	}
	buf_adds(cli->out,
	    "Switch/Stack Mac Address : 0011.2233.4400 - Local Mac Address\n"
	    "Mac persistency wait time: Indefinite\n"
	    "                                             H/W   Current\n"
	    "Switch#   Role    Mac Address     Priority Version  State \n"
	    "------------------------------------------------------------\n");
	for (int64_t m = 1; m <= machine->members; m++)
		buf_addf(cli->out,
		    "%s%lld       %-8s 0011.2233.44%02lld     %-6lld V01     "
		    "%s\n",
		    m == 1 ? "*" : " ", (long long)m,
		    m == 1	 ? "Active"
			: m == 2 ? "Standby"
				 : "Member",
		    (long long)m, (long long)(16 - m),
		    m > 1 && machine->mismatch ? "V-Mismatch" : "Ready");
	buf_addc(cli->out, '\n');
}
