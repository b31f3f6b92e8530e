/* One host of the parallel shell, in a process of its own. */
#ifndef NETPUSH_RUN_SHELL_WORKER_H
#define NETPUSH_RUN_SHELL_WORKER_H

#include "run/shell.h"

/* As worker_main(): tells by frames on FD, is called off by OFF_FD or the end
 * of FD. */
int shell_worker(const struct shell_call *call, const struct shell_host *host,
    int fd, int off_fd);

/*
 * The last frame: how it ended. AGAIN: nothing was asked of the host yet, it
 * may be tried again.
 */
struct shell_end {
	int code;
	enum err_kind kind;
	bool again;
	char *message; /* owned; or NULL */
};
char *shell_end_put(const struct shell_end *end);
int shell_end_get(struct shell_end *end, const char *text, size_t len);

#endif
