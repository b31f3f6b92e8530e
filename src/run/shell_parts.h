/* What the parts of a shell worker share. */
#ifndef NETPUSH_RUN_SHELL_PARTS_H
#define NETPUSH_RUN_SHELL_PARTS_H

#include "base/buf.h"
#include "run/shell.h"
#include "shell_worker.h"

struct shell_work {
	const struct shell_call *call;
	const struct shell_host *host;
	int fd; /* to the parent; readable when it calls off */
	int64_t deadline; /* of all of it */
};

/* Longer than any command that a server takes. */
#define SHELL_TEXT_LIMIT_BYTES (16u << 20)

/* Tells the parent what was said. -1: it is gone. */
int shell_say(const struct shell_work *work, bool is_error, const char *bytes,
    size_t len);

/* Fills END: it came to no result of its own. */
void shell_fail(struct shell_end *end, const struct err *err, bool again);

/* Fills END for a signal by its name ("TERM") or number. */
void shell_end_by_signal(struct shell_end *end, const char *name, int number);

void shell_local(const struct shell_work *work, struct shell_end *end);
struct ssh;
void shell_files(
    const struct shell_work *work, struct ssh *ssh, struct shell_end *end);
void shell_remote(const struct shell_work *work, struct shell_end *end);

#endif
