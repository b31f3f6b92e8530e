/* Upgrading NX-OS: what it asks, says and does. */
#include "upgrade.h"

#include "base/alloc.h"

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)

static void
answer_reboot(struct cli *cli, const char *line)
{
	if (word_abbreviates(line, "yes"))
		machine_reload(cli->device, "command");
}

HANDLER(nxos_reload)
{
	UNUSED_HANDLER;
	if (!device_is_saved(cli->device))
		buf_adds(cli->out,
		    "!!!WARNING! there is unsaved configuration!!!\n");
	cli_ask(cli, "This command will reboot the system. (y/n)?  [n] ", false,
	    answer_reboot);
}
