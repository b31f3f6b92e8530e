/*
 * NX-OS and Junos fetch a file with OpenSSH's scp: its questions and its words,
 * with NX-OS's own around them.
 */
#include "pull.h"
#include "upgrade.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define TRIES_MAX 3

struct scp {
	struct fetch_from from;
	struct flash_name to;
	bool nxos, sure, trusted;
	int tries;
};

static void
scp_free(void *talk)
{
	struct scp *scp = talk;
	pull_from_clear(&scp->from);
	free(scp);
}

static void ask_next(struct cli *cli);

static void
told(struct cli *cli, const struct pull *pull)
{
	(void)cli, (void)pull;
}

/* One line that is written over and over. */
static void
moved(struct cli *cli, const struct pull *pull, int64_t before)
{
	const struct scp *scp = cli->talk;
	int64_t percent = pull->at * 100 / (pull->size ? pull->size : 1);
	if (percent != before * 100 / (pull->size ? pull->size : 1))
		buf_addf(cli->out, "\r%-40s %3lld%% %lldKB   1.0MB/s   00:00",
		    scp->to.file, (long long)percent,
		    (long long)(pull->at / 1024));
}

static void
over(struct cli *cli, const struct pull *pull, enum pull_end end)
{
	struct scp *scp = cli->talk;
	switch (end) {
	case PULL_DONE:
		buf_adds(cli->out, "\n");
		if (scp->nxos)
			buf_adds(cli->out,
			    "Copy complete, now saving to disk (please "
			    "wait)...\nCopy complete.\n");
		return;
	case PULL_NOT_WRITABLE:
		cli_refuse(cli, "No such file or directory\n");
		return;
	case PULL_FULL:
		cli_refuse(
		    cli, "\nscp: %s: No space left on device\n", scp->to.file);
		return;
	case PULL_CUT:
		cli_refuse(cli, "\nlost connection\n");
		return;
	case PULL_REFUSED:
		break;
	}
	if (!str_eq(pull->error, "Permission denied")) {
		cli_refuse(cli, "scp: %s: %s\n", scp->from.path, pull->error);
	} else if (++scp->tries < TRIES_MAX) {
		buf_adds(cli->out, "Permission denied, please try again.\n");
		free(scp->from.password);
		scp->from.password = NULL;
		ask_next(cli);
	} else {
		cli_refuse(cli, "%s@%s: Permission denied (password).\n",
		    scp->from.user, scp->from.host);
	}
}

static const struct pull_words words_of_scp = { told, moved, over };

static void
answer_overwrite(struct cli *cli, const char *line)
{
	struct scp *scp = cli->talk;
	scp->sure = true;
	if (*line == 'y')
		ask_next(cli);
}

static void
answer_host_key(struct cli *cli, const char *line)
{
	struct scp *scp = cli->talk;
	scp->trusted = true;
	if (str_eq(line, "yes"))
		ask_next(cli);
	else
		cli_refuse(cli, "Host key verification failed.\n");
}

static void
answer_password(struct cli *cli, const char *line)
{
	struct scp *scp = cli->talk;
	scp->from.password = xstrdup(line);
	pull_start(cli, &scp->from, &scp->to, &words_of_scp);
}

static void
ask_next(struct cli *cli)
{
	struct scp *scp = cli->talk;
	if (scp->nxos && !cli->asks_not && !scp->sure &&
	    flash_size(cli->device, &scp->to) >= 0) {
		buf_adds(cli->out,
		    "Warning: There is already a file existing with this name. "
		    "Do you want to\n");
		cli_ask(cli, "overwrite (y/n)?[n] ", false, answer_overwrite);
	} else if (!scp->trusted && cli_fault(cli, FAULT_ASKS_HOST_KEY, NULL)) {
		buf_addf(cli->out,
		    "The authenticity of host '%s (%s)' can't be "
		    "established.\nED25519 key fingerprint is SHA256:lab.\n",
		    scp->from.host, scp->from.host);
		cli_ask(cli,
		    "Are you sure you want to continue connecting (yes/no)? ",
		    false, answer_host_key);
	} else {
		cli_askf(cli, answer_password,
		    "%s@%s's password: ", scp->from.user, scp->from.host);
		cli->secret = true;
	}
}

static void
start(struct cli *cli, const char *source, const char *target, bool nxos)
{
	struct scp *scp = xcalloc(1, sizeof(*scp));
	scp->nxos = nxos;
	cli_talk(cli, scp, scp_free);
	if (!str_starts(source, "scp:") ||
	    !flash_parse(cli->device, target, false, &scp->to)) {
		cli_refuse(cli, "No such file or directory\n");
		return;
	}
	pull_read_url(&scp->from, source);
	if (scp->from.user && scp->from.host && scp->from.path)
		ask_next(cli);
	else
		cli_refuse(cli, "error: could not parse URL\n");
}

/* copy SOURCE TARGET vrf VRF: without a VRF it would ask for one. */
HANDLER(nxos_copy_vrf)
{
	(void)command;
	start(cli, words->items[first + 1].text, words->items[first + 2].text,
	    true);
}

/* file copy SOURCE TARGET */
HANDLER(junos_file_copy)
{
	(void)command;
	start(cli, words->items[first + 2].text, words->items[first + 3].text,
	    false);
}
