/*
 * The hosts of the parallel shell tools, as people write them: user@host:port,
 * [v6]:port, ranges such as web[01-40,60], one a line in a file. What is no
 * host is refused before any is contacted: a name goes into commands and file
 * names in the place of ?HOST, so it holds nothing that a shell or a path
 * would obey.
 */
#ifndef NETPUSH_MODEL_HOSTS_H
#define NETPUSH_MODEL_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

#define HOSTS_MAX	       100000
#define HOSTS_FILE_LIMIT_BYTES (16u << 20)

struct host {
	char *name; /* as given, without the user: what ?HOST stands for */
	char *user; /* or NULL */
	char *address; /* the name without its port and brackets */
	int port; /* 0: none was given */
};

/* In the order in which they were given; a host given twice is there twice. */
struct hosts {
	struct host *items;
	size_t count, cap;
};

/* Adds the hosts that TEXT stands for: words by commas, each one a host or a
 * range of them. -1 with ERR (kind job). */
int hosts_add(struct hosts *hosts, const char *text, struct err *err);

/*
 * Adds those of a file: one a line (a range is one, too), "#" begins a
 * comment, blank lines do not count. WHERE stands in messages in front of the
 * line's number.
 */
int hosts_add_lines(
    struct hosts *hosts, const char *where, const char *text, struct err *err);

/* Drops each host that stands there already. */
void hosts_unique(struct hosts *hosts);

/* Two hosts that ?HOST does not tell apart (of one name, with two users), or
 * NULL: the first of them. */
const struct host *hosts_clash(const struct hosts *hosts);

void hosts_clear(struct hosts *hosts);

/* Adds TEXT to OUT with each ?HOST replaced by NAME; ??HOST becomes a literal
 * ?HOST. False when OUT has no room. */
bool hosts_fill(
    struct buf *out, const char *text, size_t len, const char *name);

#endif
