/* Writes the witness's log. It judges nothing and leaves nothing out. */
#include "witness.h"

#include "base/buf.h"
#include "base/deadline.h"
#include "base/die.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_LIMIT 65536

static struct {
	int fd;
	int64_t start_ms;
} witness = { .fd = -1 };

int
witness_open(const char *path, struct err *err)
{
	witness.start_ms = clock_ms();
	witness.fd = open(
	    path, O_WRONLY | O_CREAT | O_APPEND | O_TRUNC | O_CLOEXEC, 0600);
	if (witness.fd < 0)
		return err_sys(err, ERR_JOB, errno, "%s", path);
	return 0;
}

void
witness_close(void)
{
	if (witness.fd >= 0)
		close(witness.fd);
	witness.fd = -1;
}

json_t *
witness_text(const char *text, size_t len)
{
	struct buf clean;
	buf_init(&clean, TEXT_LIMIT);
	str_add_utf8(&clean, text, len);
	json_t *string = json_string(buf_str(&clean));
	buf_clear(&clean);
	return string;
}

void
witness_add(
    const char *event, const char *device, unsigned session, json_t *more)
{
	json_t *line = json_pack("{s:I s:s s:s s:i}", "t",
	    (json_int_t)(clock_ms() - witness.start_ms), "event", event,
	    "device", device, "session", (int)session);
	if (!line)
		fatal("witness: cannot build \"%s\"", event);
	if (more)
		json_object_update(line, more);
	json_decref(more);
	char *text = json_dumps(line, JSON_COMPACT);
	size_t len = strlen(text);
	text[len] = '\n'; /* in the place of the NUL: one write, one line */
	if (fd_write_all(witness.fd, text, len + 1))
		fatal("witness: %s", strerror(errno));
	free(text);
	json_decref(line);
}
