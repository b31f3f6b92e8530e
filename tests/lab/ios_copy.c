/*
 * `copy` of IOS between files: its questions, one after the other, and the
 * copy itself, inside the device or from a server that it logs in to.
 */
#include "pull.h"
#include "upgrade.h"

#include "base/alloc.h"
#include "base/deadline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)
#define BANGS_EVERY    65536

struct request {
	struct fetch_from from; /* of a server */
	bool remote;
	struct flash_name source; /* of ourselves */
	struct flash_name to;
	bool named, sure; /* the target is known, and may be replaced */
	bool asked; /* whether all else is to be erased */
	bool trusted; /* the server's host key */
};

static void
request_free(void *talk)
{
	struct request *request = talk;
	pull_from_clear(&request->from);
	free(request);
}

static void
show_modes(struct cli *cli, const struct pull *pull)
{
	buf_addf(cli->out, " Sending file modes: C0644 %lld\n",
	    (long long)pull->size);
}

static void
show_bangs(struct cli *cli, const struct pull *pull, int64_t before)
{
	int64_t bangs = pull->at / BANGS_EVERY - before / BANGS_EVERY;
	while (bangs-- > 0)
		buf_addc(cli->out, '!');
}

static void
show_end(struct cli *cli, const struct pull *pull, enum pull_end end)
{
	int64_t ms = clock_ms() - pull->started_ms;
	switch (end) {
	case PULL_DONE:
		buf_addf(cli->out,
		    "\n[OK - %lld bytes]\n\n"
		    "%lld bytes copied in %lld.%03lld secs (%lld bytes/sec)\n",
		    (long long)pull->at, (long long)pull->at,
		    (long long)(ms / 1000), (long long)(ms % 1000),
		    (long long)(pull->at * 1000 / (ms ? ms : 1)));
		return;
	case PULL_NOT_WRITABLE:
		cli_refuse(cli, "%%Error opening flash: (Invalid argument)\n");
		return;
	case PULL_FULL:
		cli_refuse(cli,
		    "\n%%Error writing flash: (No space left on device)\n");
		return;
	case PULL_CUT:
		cli_refuse(cli,
		    "\n%%Error reading %s (Connection reset by peer)\n",
		    pull->url);
		return;
	case PULL_REFUSED:
		cli_refuse(
		    cli, "%%Error opening %s (%s)\n", pull->url, pull->error);
		return;
	}
}

static const struct pull_words words_of_ios = {
	show_modes,
	show_bangs,
	show_end,
};

static void
copy_inside(struct cli *cli, const struct request *request)
{
	int64_t bytes = flash_size(cli->device, &request->source);
	buf_adds(cli->out, "Copy in progress...CCCCCCCC\n");
	if (flash_copy(cli->device, &request->source, &request->to))
		buf_addf(cli->out, "%lld bytes copied in 0.100 secs\n",
		    (long long)bytes);
	else
		cli_refuse(cli,
		    "%%Error copying flash:/%s (No space left on device)\n",
		    request->source.file);
}

static void ask_next(struct cli *cli);

static void
answer_into(struct cli *cli, char **text, const char *line)
{
	if (*line) {
		free(*text);
		*text = xstrdup(line);
	}
	ask_next(cli);
}

static void
answer_host(struct cli *cli, const char *line)
{
	struct request *request = cli->talk;
	if (*line)
		answer_into(cli, &request->from.host, line);
	else
		cli_refuse(cli, "?No host name\n");
}

static void
answer_user(struct cli *cli, const char *line)
{
	struct request *request = cli->talk;
	answer_into(
	    cli, &request->from.user, *line ? line : cli->device->username);
}

static void
answer_source(struct cli *cli, const char *line)
{
	struct request *request = cli->talk;
	if (*line)
		answer_into(cli, &request->from.path, line);
	else
		cli_refuse(cli, "?No file name\n");
}

static void
answer_target(struct cli *cli, const char *line)
{
	struct request *request = cli->talk;
	struct flash_name named = request->to;
	if (*line && !flash_parse(cli->device, line, true, &named)) {
		cli_refuse(
		    cli, "%%Error opening flash:%s (Invalid argument)\n", line);
		return;
	}
	named.member = request->to.member;
	request->to = named;
	request->named = true;
	ask_next(cli);
}

/* Old ones offer to make room in their way; Return means yes. */
static void
answer_erase(struct cli *cli, const char *line)
{
	struct request *request = cli->talk;
	struct flash_list list;
	cli->one_key = false;
	if (!*line || strchr("yY", *line)) {
		flash_list(cli->device, request->to.member, &list);
		for (size_t i = 0; i < list.count; i++) {
			struct flash_name name = request->to;
			snprintf(name.file, sizeof(name.file), "%s",
			    list.items[i].name);
			flash_remove(cli->device, &name);
		}
		flash_list_clear(&list);
		buf_adds(cli->out,
		    "Erasing the flash filesystem will remove all files! "
		    "Erase of flash: complete\n");
	}
	ask_next(cli);
}

static void
answer_over_write(struct cli *cli, const char *line)
{
	struct request *request = cli->talk;
	cli->one_key = false;
	request->sure = true;
	if (!*line || strchr("yY", *line))
		ask_next(cli);
}

static void
answer_host_key(struct cli *cli, const char *line)
{
	struct request *request = cli->talk;
	request->trusted = true;
	if (str_eq(line, "yes"))
		ask_next(cli);
	else
		cli_refuse(
		    cli, "%%Error opening scp: (Host key not trusted)\n");
}

static void
answer_password(struct cli *cli, const char *line)
{
	struct request *request = cli->talk;
	request->from.password = xstrdup(line);
	ask_next(cli);
}

/* Where the server is, and what it has. */
static bool
ask_source(struct cli *cli, const struct request *request)
{
	if (!request->remote)
		return false;
	if (!request->from.host)
		cli_ask(cli, "Address or name of remote host []? ", false,
		    answer_host);
	else if (!request->from.user)
		cli_askf(cli, answer_user, "Source username [%s]? ",
		    cli->device->username);
	else if (!request->from.path)
		cli_ask(cli, "Source filename []? ", false, answer_source);
	else
		return false;
	return true;
}

/* The target's name when nobody says another. */
static void
propose(struct request *request)
{
	const char *name = request->remote ? request->from.path
					   : request->source.file;
	const char *slash = strrchr(name, '/');
	if (!*request->to.file)
		snprintf(request->to.file, sizeof(request->to.file), "%s",
		    slash ? slash + 1 : name);
}

/* The next thing that is not known, or the copy. */
static void
ask_next(struct cli *cli)
{
	struct request *request = cli->talk;
	bool quiet = cli->device->quiet_prompt;
	if (ask_source(cli, request))
		return;
	propose(request);
	if (!request->named && !quiet) {
		cli_askf(cli, answer_target, "Destination filename [%s]? ",
		    request->to.file);
		return;
	}
	if (!request->sure && !quiet &&
	    flash_size(cli->device, &request->to) >= 0) {
		buf_adds(cli->out,
		    "%Warning:There is a file already existing with this "
		    "name \n");
		cli->one_key = true;
		cli_ask(cli, "Do you want to over write? [confirm]", false,
		    answer_over_write);
		return;
	}
	if (!request->asked && cli_fault(cli, FAULT_ASKS_ERASE, NULL)) {
		request->asked = cli->one_key = true;
		cli_ask(cli, "Erase flash: before copying? [confirm]", false,
		    answer_erase);
		return;
	}
	if (!request->remote) {
		copy_inside(cli, request);
		return;
	}
	if (!request->trusted && cli_fault(cli, FAULT_ASKS_HOST_KEY, NULL)) {
		cli_ask(cli,
		    "Are you sure you want to continue connecting? [yes/no]: ",
		    false, answer_host_key);
		return;
	}
	if (!request->from.password) {
		cli_ask(cli, "Password: ", true, answer_password);
		return;
	}
	pull_start(cli, &request->from, &request->to, &words_of_ios);
}

/* copy SOURCE TARGET */
HANDLER(ios_copy)
{
	(void)command;
	const char *source = words->items[first + 1].text;
	const char *target = words->items[first + 2].text;
	struct request *request = xcalloc(1, sizeof(*request));
	cli_talk(cli, request, request_free);
	request->remote = str_starts(source, "scp:");
	if (!flash_parse(cli->device, target, false, &request->to)) {
		cli_refuse(
		    cli, "%%Error opening %s (No such device)\n", target);
		return;
	}
	if (request->remote) {
		pull_read_url(&request->from, source);
	} else if (!flash_parse(cli->device, source, false, &request->source) ||
	    flash_size(cli->device, &request->source) < 0) {
		cli_refuse(cli,
		    "%%Error opening %s (No such file or directory)\n", source);
		return;
	}
	ask_next(cli);
}

/* copy running-config FILE */
HANDLER(ios_copy_running)
{
	UNUSED_HANDLER;
	struct flash_name to;
	struct buf text;
	const char *target = words->items[first + 2].text;
	if (!flash_parse(cli->device, target, false, &to) || !*to.file) {
		cli_refuse(
		    cli, "%%Error opening %s (No such device)\n", target);
		return;
	}
	buf_init(&text, 4u << 20);
	device_print(cli->device, &text);
	if (flash_put(cli->device, &to, buf_str(&text)))
		buf_addf(
		    cli->out, "%zu bytes copied in 0.100 secs\n", text.len);
	else
		cli_refuse(cli,
		    "%%Error writing %s (No space left on device)\n", target);
	buf_clear(&text);
}
