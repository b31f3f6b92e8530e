/* What the files message*.c share with each other and with nobody else. */
#ifndef NETPUSH_APP_MESSAGE_PARTS_H
#define NETPUSH_APP_MESSAGE_PARTS_H

#include "base/buf.h"
#include "run/result.h"

#include <stddef.h>
#include <stdio.h>

struct attachment {
	char *name; /* of the file that the reader will have */
	const char *type; /* MIME */
	FILE *file; /* at its beginning */
};

struct attachments {
	struct attachment *items;
	size_t count, cap;
	size_t bytes; /* of all together */
	struct buf notes; /* lines about what was left out */
};

/* result.json and the transcripts of the run. -1 with ERR; the caller clears
 * in any case. */
int attachments_collect(struct attachments *attachments,
    const struct run_view *view, struct err *err);
void attachments_clear(struct attachments *attachments);

/* A file without a name, gone when it is closed: in the run's directory, which
 * has room and is private, or where temporary files are. NULL with ERR. */
FILE *message_scratch(const struct run_view *view, struct err *err);

#endif
