/*
 * Banners: a text is read line by line, without a prompt, until the character
 * that opened it. Kept as one global setting of several lines.
 */
#include "cli.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define PATTERN "banner <what> ...text"

static void answer_banner(struct cli *cli, const char *line);

/* The first word of the command, and the text: up to the mark, or so far. */
static void
keep(struct cli *cli)
{
	const char *mark = strchr(cli->text, cli->mark);
	if (!mark) {
		cli_ask(cli, "", false, answer_banner);
		return;
	}
	char *line = xasprintf("banner %s ^C%.*s^C", cli->what,
	    (int)(mark - cli->text), cli->text);
	setting_put(&cli->device->running.globals, PATTERN, line);
	free(line);
}

static void
answer_banner(struct cli *cli, const char *line)
{
	char *text = xasprintf("%s\n%s", cli->text, line);
	free(cli->text);
	cli->text = text;
	keep(cli);
}

HANDLER(do_banner)
{
	const char *what = words->items[first + 1].text;
	(void)command;
	if (cli_is_no(words, first)) {
		char *line = xasprintf("banner %s", what);
		setting_remove(&cli->device->running.globals, PATTERN, line);
		free(line);
		return;
	}
	const char *text = words_rest(words, first + 2);
	free(cli->what);
	free(cli->text);
	cli->what = xstrdup(what);
	cli->mark = *text;
	cli->text = xstrdup(text + 1);
	if (!strchr(cli->text, cli->mark))
		buf_addf(cli->out,
		    "Enter TEXT message.  End with the character '%c'.\n",
		    cli->mark);
	keep(cli);
}
