/*
 * The task that computes a checksum. What is said before and behind it is the
 * platform's.
 */
#include "checksum.h"

#include "digest.h"

#include "base/alloc.h"

#include <stdlib.h>

#define STEPS 24

struct checksum {
	struct digest *digest;
	struct flash_name name;
	char *given;
	size_t bytes; /* a step */
	bool dots;
	char hex[DIGEST_HEX];
	void (*done)(struct cli *cli, const struct flash_name *name,
	    const char *hex, const char *given);
};

static void
checksum_free(void *data)
{
	struct checksum *sum = data;
	digest_free(sum->digest);
	free(sum->given);
	free(sum);
}

static bool
checksum_step(struct cli *cli)
{
	struct checksum *sum = cli->task.data;
	bool more = digest_step(sum->digest, sum->bytes, sum->hex);
	if (sum->dots)
		buf_addc(cli->out, '.');
	if (more)
		return true;
	if (cli_fault(cli, FAULT_WRONG_MD5, sum->name.file))
		sum->hex[0] = sum->hex[0] == '0' ? '1' : '0';
	sum->done(cli, &sum->name, sum->hex, sum->given);
	return false;
}

bool
checksum_start(struct cli *cli, const struct flash_name *name, bool dots,
    const char *given,
    void (*done)(struct cli *cli, const struct flash_name *name,
	const char *hex, const char *given))
{
	char *path = flash_path(cli->device, name);
	struct digest *digest = *name->file ? digest_new(path) : NULL;
	free(path);
	if (!digest)
		return false;
	struct checksum *sum = xcalloc(1, sizeof(*sum));
	*sum = (struct checksum){ .digest = digest,
		.name = *name,
		.given = xstrdup(given),
		.bytes = (size_t)flash_size(cli->device, name) / STEPS + 1,
		.dots = dots,
		.done = done };
	cli_start(cli, cli->device->machine.verify_ms / STEPS, checksum_step,
	    sum, checksum_free);
	return true;
}
