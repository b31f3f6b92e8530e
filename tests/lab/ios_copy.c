/*
 * `copy` of IOS between files: its questions, one after the other, and the
 * copy itself, inside the device or from a server that it logs in to.
 */
#include "fetch.h"
#include "store.h"
#include "upgrade.h"

#include "base/alloc.h"
#include "base/deadline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)
#define POLL_MS	       10
#define BLOCK_BYTES    32768
#define SSH_PORT       22
#define BANGS_EVERY    65536

struct request {
	struct fetch_from from; /* of a server */
	bool remote;
	struct flash_name source; /* of ourselves */
	struct flash_name to;
	bool named, sure; /* the target is known, and may be replaced */
	bool asked; /* whether all else is to be erased */
};

static void
request_free(void *talk)
{
	struct request *request = talk;
	free(request->from.host);
	free(request->from.user);
	free(request->from.password);
	free(request->from.path);
	free(request);
}

/* The copy from a server, while it goes. */
struct pull {
	struct fetch *fetch;
	struct store *store;
	char *url;
	int64_t at, started_ms;
	bool told; /* what comes */
};

static void
pull_free(void *data)
{
	struct pull *pull = data;
	fetch_free(pull->fetch);
	store_close(pull->store, false);
	free(pull->url);
	free(pull);
}

static void
pulled(struct cli *cli, struct pull *pull)
{
	int64_t ms = clock_ms() - pull->started_ms;
	store_close(pull->store, true);
	pull->store = NULL;
	buf_addf(cli->out,
	    "\n[OK - %lld bytes]\n\n"
	    "%lld bytes copied in %lld.%03lld secs (%lld bytes/sec)\n",
	    (long long)pull->at, (long long)pull->at, (long long)(ms / 1000),
	    (long long)(ms % 1000),
	    (long long)(pull->at * 1000 / (ms ? ms : 1)));
}

/* Stores what came; false when the copy is over. */
static bool
store_block(struct cli *cli, struct pull *pull, const char *block, size_t got)
{
	switch (store_write(pull->store, pull->at, block, got)) {
	case STORE_OK:
		break;
	case STORE_STALLED:
		cli->task.ms = INT32_MAX;
		return true;
	case STORE_FULL:
		cli_refuse(cli,
		    "\n%%Error writing flash: (No space left on device)\n");
		return false;
	case STORE_CUT:
		cli_refuse(cli,
		    "\n%%Error reading %s (Connection reset by peer)\n",
		    pull->url);
		return false;
	}
	int64_t bangs = (pull->at + (int64_t)got) / BANGS_EVERY -
	    pull->at / BANGS_EVERY;
	while (bangs-- > 0)
		buf_addc(cli->out, '!');
	pull->at += (int64_t)got;
	cli->task.ms = store_ahead(pull->store);
	return true;
}

static bool
pull_step(struct cli *cli)
{
	static char block[BLOCK_BYTES];
	struct pull *pull = cli->task.data;
	size_t got;
	enum fetch_answer answer = fetch_read(
	    pull->fetch, block, sizeof(block), &got);
	if (!pull->told && (answer == FETCH_DATA || answer == FETCH_END)) {
		pull->told = true;
		buf_addf(cli->out, " Sending file modes: C0644 %lld\n",
		    (long long)fetch_size(pull->fetch));
	}
	switch (answer) {
	case FETCH_WAITS:
		cli->task.ms = POLL_MS;
		return true;
	case FETCH_DATA:
		return store_block(cli, pull, block, got);
	case FETCH_END:
		pulled(cli, pull);
		return false;
	case FETCH_FAILED:
		cli_refuse(cli, "%%Error opening %s (%s)\n", pull->url,
		    fetch_error(pull->fetch));
		return false;
	}
	return false;
}

static void
start_pull(struct cli *cli, const struct request *request)
{
	struct pull *pull = xcalloc(1, sizeof(*pull));
	pull->store = store_write_open(
	    cli->device, cli->session, "pull", &request->to, false);
	if (!pull->store) {
		cli_refuse(cli, "%%Error opening flash: (Invalid argument)\n");
		free(pull);
		return;
	}
	pull->url = xasprintf("scp://%s@%s/%s", request->from.user,
	    request->from.host, request->from.path);
	pull->fetch = fetch_new(&request->from);
	pull->started_ms = clock_ms();
	cli_start(cli, POLL_MS, pull_step, pull, pull_free);
}

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
	if (!request->from.password) {
		cli_ask(cli, "Password: ", true, answer_password);
		return;
	}
	start_pull(cli, request);
}

/* scp:[//[USER@]HOST[:PORT][/PATH]] */
static void
read_url(struct fetch_from *from, const char *url)
{
	const char *at = url + strlen("scp:");
	from->port = SSH_PORT;
	if (!str_starts(at, "//"))
		return;
	at += 2;
	const char *slash = strchr(at, '/');
	char *host = slash ? xstrndup(at, (size_t)(slash - at)) : xstrdup(at);
	char *mark = strrchr(host, '@');
	if (mark) {
		*mark = '\0';
		from->user = xstrdup(host);
		memmove(host, mark + 1, strlen(mark + 1) + 1);
	}
	char *colon = strchr(host, ':');
	if (colon && str_to_number(colon + 1, &from->port))
		*colon = '\0';
	if (*host)
		from->host = xstrdup(host);
	if (slash && slash[1])
		from->path = xstrdup(slash + 1);
	free(host);
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
		read_url(&request->from, source);
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
