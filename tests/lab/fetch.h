/*
 * Gets a file from an SSH server by SCP, as a device does that is told to: a
 * child process speaks with the server, for it may wait.
 */
#ifndef LAB_FETCH_H
#define LAB_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fetch_from {
	char *host, *user, *password, *path;
	int64_t port;
};

struct fetch;
struct fetch *fetch_new(const struct fetch_from *from);
void fetch_free(struct fetch *fetch); /* ends the child */

enum fetch_answer {
	FETCH_WAITS, /* nothing has come yet */
	FETCH_DATA, /* *got bytes */
	FETCH_END, /* all of them have come */
	FETCH_FAILED, /* fetch_error() says why */
};

/* Up to LEN bytes of what has come. */
enum fetch_answer fetch_read(
    struct fetch *fetch, void *data, size_t len, size_t *got);

/* -1 while it is unknown. */
int64_t fetch_size(const struct fetch *fetch);

/* "Permission denied", "No such file or directory", ... */
const char *fetch_error(const struct fetch *fetch);

#endif
