/* The dialogue with one device, written down as it happens. */
#include "device/transcript.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/fdio.h"
#include "base/str.h"
#include "text/redact.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define TRANSCRIPT_LINE_LIMIT_BYTES (1u << 20)

struct transcript {
	int fd;
	const struct redactor *redactor;
	struct buf clean, line;
};

struct transcript *
transcript_open(const char *path, const struct redactor *redactor)
{
	if (!path)
		return NULL;
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return NULL;
	struct transcript *transcript = xcalloc(1, sizeof(*transcript));
	transcript->fd = fd;
	transcript->redactor = redactor;
	buf_init(&transcript->clean, TRANSCRIPT_LINE_LIMIT_BYTES);
	buf_init(&transcript->line, TRANSCRIPT_LINE_LIMIT_BYTES);
	return transcript;
}

void
transcript_close(struct transcript *transcript)
{
	if (!transcript)
		return;
	close(transcript->fd);
	buf_clear(&transcript->clean);
	buf_clear(&transcript->line);
	free(transcript);
}

void
transcript_line(
    struct transcript *transcript, char mark, const char *text, size_t len)
{
	if (!transcript)
		return;
	char time[CLOCK_TEXT_BYTES];
	clock_format(clock_wall_ms(), time);
	buf_reset(&transcript->clean);
	buf_reset(&transcript->line);
	redact_add(transcript->redactor, &transcript->clean, text, len);
	buf_addf(&transcript->line, "%s %c ", time, mark);
	str_add_utf8(&transcript->line, buf_str(&transcript->clean),
	    transcript->clean.len);
	buf_addc(&transcript->line, '\n');
	/* A full disk must not fail the device: the journal reports that. */
	(void)fd_write_all(
	    transcript->fd, transcript->line.data, transcript->line.len);
}
