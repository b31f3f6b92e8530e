/*
 * A file that a device fetches from a server, while it goes: the same for all
 * platforms, but for what they say to it.
 */
#ifndef LAB_PULL_H
#define LAB_PULL_H

#include "cli.h"
#include "fetch.h"
#include "flash.h"

struct store;

enum pull_end {
	PULL_DONE,
	PULL_NOT_WRITABLE, /* there can be no such file here */
	PULL_FULL,
	PULL_CUT,
	PULL_REFUSED, /* by the server: `error` */
};

struct pull {
	const struct pull_words *words;
	struct fetch *fetch;
	struct flash_name to;
	struct store *store; /* once the server has sent something */
	char *url;
	int64_t size, at, started_ms;
	const char *error;
	bool told;
};

struct pull_words {
	void (*told)(struct cli *cli, const struct pull *pull); /* `size` */
	void (*moved)(struct cli *cli, const struct pull *pull, int64_t before);
	/* In the end. May ask, and start anew. */
	void (*over)(
	    struct cli *cli, const struct pull *pull, enum pull_end end);
};

/* The command goes on until all has come. */
void pull_start(struct cli *cli, const struct fetch_from *from,
    const struct flash_name *to, const struct pull_words *words);

/* scp:[//[USER@]HOST[:PORT][/PATH]] */
void pull_read_url(struct fetch_from *from, const char *url);
void pull_from_clear(struct fetch_from *from);

#endif
