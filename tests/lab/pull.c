/* Blocks from a server into a flash, a few with each step of the task. */
#include "pull.h"

#include "store.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define POLL_MS	    10
#define BLOCK_BYTES 32768
#define SSH_PORT    22

static void
pull_free(void *data)
{
	struct pull *pull = data;
	fetch_free(pull->fetch);
	store_close(pull->store, false);
	free(pull->url);
	free(pull);
}

/* Stores what came; false when the copy is over. */
static bool
store_block(struct cli *cli, struct pull *pull, const char *block, size_t got)
{
	int64_t before = pull->at;
	switch (store_write(pull->store, pull->at, block, got)) {
	case STORE_OK:
		break;
	case STORE_STALLED:
		cli->task.ms = INT32_MAX;
		return true;
	case STORE_FULL:
		pull->words->over(cli, pull, PULL_FULL);
		return false;
	case STORE_CUT:
		pull->words->over(cli, pull, PULL_CUT);
		return false;
	}
	pull->at += (int64_t)got;
	pull->words->moved(cli, pull, before);
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
		pull->store = store_write_open(
		    cli->device, cli->session, "pull", &pull->to, false);
		if (!pull->store) {
			pull->words->over(cli, pull, PULL_NOT_WRITABLE);
			return false;
		}
		pull->size = fetch_size(pull->fetch);
		pull->words->told(cli, pull);
	}
	switch (answer) {
	case FETCH_WAITS:
		cli->task.ms = POLL_MS;
		return true;
	case FETCH_DATA:
		return store_block(cli, pull, block, got);
	case FETCH_END:
		store_close(pull->store, true);
		pull->store = NULL;
		pull->words->over(cli, pull, PULL_DONE);
		return false;
	case FETCH_FAILED:
		pull->error = fetch_error(pull->fetch);
		pull->words->over(cli, pull, PULL_REFUSED);
		return false;
	}
	return false;
}

void
pull_start(struct cli *cli, const struct fetch_from *from,
    const struct flash_name *to, const struct pull_words *words)
{
	struct pull *pull = xcalloc(1, sizeof(*pull));
	pull->words = words;
	pull->to = *to;
	pull->url = xasprintf(
	    "scp://%s@%s/%s", from->user, from->host, from->path);
	pull->fetch = fetch_new(from);
	pull->started_ms = clock_ms();
	cli_start(cli, POLL_MS, pull_step, pull, pull_free);
}

void
pull_read_url(struct fetch_from *from, const char *url)
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

void
pull_from_clear(struct fetch_from *from)
{
	free(from->host);
	free(from->user);
	free(from->password);
	free(from->path);
}
