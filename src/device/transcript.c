/*
 * The dialogue with one device, written down as it happens. A line that ends
 * like a secret begins is held until the next one shows whether a terminal
 * wrapped the secret there; what is said meanwhile waits behind it.
 */
#include "device/transcript.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/fdio.h"
#include "base/str.h"
#include "text/redact.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_LIMIT_BYTES (1u << 20)
#define NOTE_BYTES	 256u /* kept free for the last words */
#define HELD_MAX	 32
#define HELD_LIMIT_BYTES (4 * LINE_LIMIT_BYTES)

struct held {
	int64_t time_ms;
	char mark;
	char *text;
	size_t len;
};

struct transcript {
	int fd;
	struct redactor redactor; /* a copy, which learns from what is sent */
	size_t size; /* of the file */
	bool full;
	enum redact_pem heard, sent;
	struct held held[HELD_MAX];
	size_t held_count;
	struct buf joined, clean, valid, line;
};

struct transcript *
transcript_open(const char *path, const struct redactor *redactor)
{
	struct stat about;
	if (!path)
		return NULL;
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return NULL;
	struct transcript *transcript = xcalloc(1, sizeof(*transcript));
	transcript->fd = fd;
	transcript->redactor = *redactor;
	if (fstat(fd, &about) == 0 && about.st_size > 0)
		transcript->size = (size_t)about.st_size;
	transcript->full = transcript->size + NOTE_BYTES >=
	    TRANSCRIPT_LIMIT_BYTES;
	buf_init(&transcript->joined, HELD_LIMIT_BYTES);
	buf_init(&transcript->clean, HELD_LIMIT_BYTES);
	buf_init(&transcript->valid, LINE_LIMIT_BYTES);
	buf_init(&transcript->line, LINE_LIMIT_BYTES);
	return transcript;
}

/* What would move a cursor or turn the direction of reading is shown by its
 * name: ^C, \u0085, \u202e. TEXT is UTF-8. */
static void
add_visible(struct buf *out, const char *text, size_t len)
{
	const unsigned char *byte = (const unsigned char *)text;
	for (size_t i = 0; i < len; i++) {
		unsigned code = 0;
		if ((byte[i] < ' ' && byte[i] != '\t') || byte[i] == 0x7f) {
			buf_addf(out, "^%c", byte[i] ^ 0x40);
			continue;
		}
		if (byte[i] == 0xc2 && byte[i + 1] < 0xa0)
			code = byte[i + 1];
		else if (byte[i] == 0xe2 && (byte[i + 1] & 0xfe) == 0x80)
			code = 0x2000u | (byte[i + 1] & 1u) << 6 |
			    (byte[i + 2] & 0x3fu);
		bool turns = (code >= 0x80 && code < 0xa0) ||
		    (code >= 0x202a && code <= 0x202e) ||
		    (code >= 0x2066 && code <= 0x2069);
		if (!turns) {
			buf_addc(out, text[i]);
			continue;
		}
		buf_addf(out, "\\u%04x", code);
		i += code < 0x2000 ? 1 : 2;
	}
}

static void
write_bytes(struct transcript *transcript)
{
	/* A full disk must not fail the device: the journal reports that. */
	(void)fd_write_all(
	    transcript->fd, transcript->line.data, transcript->line.len);
	transcript->size += transcript->line.len;
}

/* Writes one line that is redacted already. */
static void
write_line(struct transcript *transcript, const struct held *held,
    const char *text, size_t len)
{
	char time[CLOCK_TEXT_BYTES];
	struct buf *line = &transcript->line;
	if (transcript->full)
		return;
	clock_format(held->time_ms, time);
	buf_reset(&transcript->valid);
	str_add_utf8(&transcript->valid, text, len);
	buf_reset(line);
	buf_addf(line, "%s %c ", time, held->mark);
	add_visible(line, buf_str(&transcript->valid), transcript->valid.len);
	if (transcript->size + line->len + NOTE_BYTES >
	    TRANSCRIPT_LIMIT_BYTES) {
		transcript->full = true;
		buf_reset(line);
		buf_addf(line,
		    "%s # cut here: this transcript has reached %u MB", time,
		    TRANSCRIPT_LIMIT_BYTES >> 20);
	}
	if (line->cut)
		buf_truncate(line, line->len - 1); /* for the line end */
	buf_addc(line, '\n');
	write_bytes(transcript);
}

/* The heard lines among the first COUNT that are held, as one text. False if
 * there is none. */
static bool
join_heard(struct transcript *transcript, size_t count)
{
	struct buf *joined = &transcript->joined;
	bool any = false;
	buf_reset(joined);
	for (size_t i = 0; i < count; i++) {
		const struct held *held = &transcript->held[i];
		if (held->mark != '<')
			continue;
		if (any)
			buf_addc(joined, '\n');
		buf_add(joined, held->text, held->len);
		any = true;
	}
	return any;
}

static void
write_own(struct transcript *transcript, const struct held *held)
{
	struct buf clean;
	buf_init(&clean, LINE_LIMIT_BYTES);
	redact_add_more(&transcript->redactor, &transcript->sent, &clean,
	    held->text, held->len);
	write_line(transcript, held, buf_str(&clean), clean.len);
	buf_clear(&clean);
}

/* Writes the first COUNT lines that are held. LAST: nothing follows, so that
 * what looks like the beginning of a secret counts as one. */
static void
release(struct transcript *transcript, size_t count, bool last)
{
	struct buf *clean = &transcript->clean;
	buf_reset(clean);
	if (join_heard(transcript, count))
		(last ? redact_add_cut : redact_add_more)(&transcript->redactor,
		    &transcript->heard, clean, buf_str(&transcript->joined),
		    transcript->joined.len);
	const char *text = buf_str(clean), *end = text + clean->len;
	for (size_t i = 0; i < count; i++) {
		struct held *held = &transcript->held[i];
		if (held->mark == '<') {
			const char *stop = memchr(
			    text, '\n', (size_t)(end - text));
			size_t len = (size_t)((stop ? stop : end) - text);
			write_line(transcript, held, text, len);
			text += len + (stop != NULL);
		} else {
			write_own(transcript, held);
		}
		free(held->text);
	}
	transcript->held_count -= count;
	memmove(transcript->held, transcript->held + count,
	    transcript->held_count * sizeof(*transcript->held));
}

/* How many of those held stand before the line in which a secret may have
 * begun. */
static size_t
settled(struct transcript *transcript)
{
	size_t i = transcript->held_count;
	join_heard(transcript, i);
	const struct buf *joined = &transcript->joined;
	size_t open = redact_open_end(
	    &transcript->redactor, buf_str(joined), joined->len);
	if (!open)
		return i;
	size_t lines = 1;
	for (size_t at = joined->len - open; at < joined->len; at++)
		lines += joined->data[at] == '\n';
	while (lines && i)
		lines -= transcript->held[--i].mark == '<';
	return i;
}

void
transcript_line(
    struct transcript *transcript, char mark, const char *text, size_t len)
{
	size_t bytes = 0;
	if (!transcript || transcript->full)
		return;
	if (len > LINE_LIMIT_BYTES)
		len = LINE_LIMIT_BYTES;
	if (mark == '>')
		redactor_learn(&transcript->redactor, text, len);
	transcript->held[transcript->held_count++] = (struct held){
		.time_ms = clock_wall_ms(),
		.mark = mark,
		.text = xmemdup(len ? text : "", len ? len : 1),
		.len = len,
	};
	for (size_t i = 0; i < transcript->held_count; i++)
		bytes += transcript->held[i].len + 1;
	bool enough = transcript->held_count == HELD_MAX ||
	    bytes > HELD_LIMIT_BYTES - LINE_LIMIT_BYTES;
	if (enough)
		release(transcript, transcript->held_count, true);
	else if (mark == '<' || transcript->held_count == 1)
		release(transcript, settled(transcript), false);
}

void
transcript_close(struct transcript *transcript)
{
	if (!transcript)
		return;
	release(transcript, transcript->held_count, true);
	redactor_forget(&transcript->redactor);
	close(transcript->fd);
	buf_clear(&transcript->joined);
	buf_clear(&transcript->clean);
	buf_clear(&transcript->valid);
	buf_clear(&transcript->line);
	free(transcript);
}
