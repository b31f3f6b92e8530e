/* Upgrading Junos: what it asks, says and does. */
#include "upgrade.h"

#include "base/alloc.h"
#include "base/deadline.h"

#define UNUSED_HANDLER ((void)command, (void)words, (void)first)

static void
answer_reboot(struct cli *cli, const char *line)
{
	if (!word_abbreviates(line, "yes"))
		return;
	buf_adds(cli->out, "\nShutdown NOW!\n[pid 4711]\n");
	machine_reload(cli->device, "command");
}

HANDLER(junos_reboot)
{
	UNUSED_HANDLER;
	cli_ask(
	    cli, "Reboot the system ? [yes,no] (no) ", false, answer_reboot);
}

HANDLER(junos_show_uptime)
{
	UNUSED_HANDLER;
	char now[CLOCK_TEXT_BYTES], boot[CLOCK_TEXT_BYTES];
	int64_t up = machine_seconds_up(cli->device);
	int64_t wall = clock_wall_ms();
	clock_format(wall, now);
	clock_format(wall - up * 1000, boot);
	buf_addf(cli->out,
	    "Current time: %.10s %.8s UTC\n"
	    "System booted: %.10s %.8s UTC (%lld:%02lld:%02lld ago)\n",
	    now, now + 11, boot, boot + 11, (long long)(up / 3600),
	    (long long)(up / 60 % 60), (long long)(up % 60));
}
