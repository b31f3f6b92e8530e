/*
 * The receiving side of SCP. The far side decides what it says; nothing of it
 * is believed that is not of the form that was asked for.
 */
#include "scp.h"

#include "base/err.h"

#include <string.h>

#define LINE_LIMIT_BYTES 1024
#define SIZE_MAX_BYTES	 INT64_MAX /* what off_t holds */

/* One received line of the kinds C and D. */
struct entry {
	struct copy_like like;
	uint64_t size;
	const char *name;
};

/* Digits at *AT up to END, which is passed; false if it is not that. */
static bool
take_number(
    const char **at, unsigned base, char end, uint64_t max, uint64_t *value)
{
	const char *begin = *at;
	*value = 0;
	for (; **at >= '0' && **at < (char)('0' + base); ++*at) {
		unsigned digit = (unsigned)(**at - '0');
		if (*value > (max - digit) / base)
			return false;
		*value = *value * base + digit;
	}
	if (*at == begin || **at != end)
		return false;
	*at += end != '\0';
	return true;
}

static bool
parse_entry(const char *line, struct entry *entry)
{
	uint64_t mode;
	const char *at = line + 1;
	if (!take_number(&at, 8, ' ', 07777, &mode) ||
	    !take_number(&at, 10, ' ', SIZE_MAX_BYTES, &entry->size))
		return false;
	entry->like.mode = (mode_t)mode;
	entry->name = at;
	return true;
}

static bool
parse_times(const char *line, struct copy_like *like)
{
	uint64_t mtime, atime, micro;
	const char *at = line + 1;
	if (!take_number(&at, 10, ' ', INT64_MAX, &mtime) ||
	    !take_number(&at, 10, ' ', 999999, &micro) ||
	    !take_number(&at, 10, ' ', INT64_MAX, &atime) ||
	    !take_number(&at, 10, '\0', 999999, &micro))
		return false;
	like->timed = true;
	like->mtime = (int64_t)mtime;
	like->atime = (int64_t)atime;
	return true;
}

static int
odd_line(struct scp *scp)
{
	return scp_refused(
	    scp, "the device sends a line that is none of SCP's");
}

static int
receive_bytes(struct scp *scp, struct copy_sink *sink, uint64_t left)
{
	char *buffer = scp->job->buffer;
	uint64_t at = 0;
	while (left) {
		size_t want = left < COPY_BUFFER_BYTES ? (size_t)left
						       : COPY_BUFFER_BYTES;
		ssize_t n = scp_read(scp, buffer, want);
		if (n == 0)
			return scp_refused(
			    scp, "the device ended the transfer");
		if (n < 0 || copy_sink_write(sink, at, buffer, (size_t)n))
			return -1;
		copy_moved(scp->job, (size_t)n);
		if (copy_look(scp->job))
			return -1;
		at += (uint64_t)n;
		left -= (uint64_t)n;
	}
	return 0;
}

static int
receive_file(struct scp *scp, struct copy_sink *sink, const struct entry *entry)
{
	uint64_t have;
	if (sink->depth <= 1)
		scp->job->total = entry->size;
	if (copy_sink_open(sink, entry->name, &entry->like, &have) ||
	    scp_send(scp, "", 1, false) ||
	    receive_bytes(scp, sink, entry->size) || scp_ack(scp) ||
	    copy_sink_done(sink, &entry->like))
		return -1;
	return scp_send(scp, "", 1, false);
}

/* What a directory is to be like when it is left. */
struct receiving {
	struct scp *scp;
	struct copy_sink sink;
	struct copy_like likes[COPY_DEPTH_MAX];
	struct copy_like times; /* of the next entry */
	unsigned depth;
	bool complete; /* what was asked for is there */
};

static int
take_entry(struct receiving *r, const char *line)
{
	struct entry entry;
	bool directory = *line == 'D';
	if (!parse_entry(line, &entry))
		return odd_line(r->scp);
	entry.like.timed = r->times.timed;
	entry.like.mtime = r->times.mtime;
	entry.like.atime = r->times.atime;
	r->times.timed = false;
	if (r->complete)
		return scp_refused(
		    r->scp, "the device sends more than was asked for");
	if (directory && !r->scp->job->ask->tree)
		return scp_refused(r->scp, "the device sends a directory");
	r->complete = !directory && !r->depth;
	if (!directory)
		return receive_file(r->scp, &r->sink, &entry);
	if (copy_sink_enter(&r->sink, entry.name, &entry.like))
		return -1;
	r->likes[r->depth++] = entry.like;
	return scp_send(r->scp, "", 1, false);
}

static int
leave_directory(struct receiving *r, const char *line)
{
	if (!r->depth || strcmp(line, "E") != 0)
		return odd_line(r->scp);
	if (copy_sink_leave(&r->sink, &r->likes[--r->depth]))
		return -1;
	r->complete = !r->depth;
	return scp_send(r->scp, "", 1, false);
}

static int
take_line(struct receiving *r, const char *line)
{
	switch (*line) {
	case 'C':
	case 'D':
		return take_entry(r, line);
	case 'E':
		return leave_directory(r, line);
	case 'T':
		if (!parse_times(line, &r->times))
			return odd_line(r->scp);
		return scp_send(r->scp, "", 1, false);
	default:
		return odd_line(r->scp);
	}
}

static int
receive_lines(struct receiving *r)
{
	struct scp *scp = r->scp;
	struct buf line;
	int rc = -1;
	buf_init(&line, LINE_LIMIT_BYTES);
	for (;;) {
		int c = scp_byte(scp);
		if (c == SCP_END) {
			rc = r->complete
			    ? 0
			    : scp_refused(scp, "the device ended the transfer");
			break;
		}
		if (c == -1)
			break;
		if (c == '\0' || !strchr("CDET", c)) {
			scp_complaint(scp, c);
			break;
		}
		int end = scp_line(scp, (char)c, &line);
		if (end == -1)
			break;
		if (end == SCP_END || line.cut ||
		    strlen(buf_str(&line)) != line.len) {
			odd_line(scp);
			break;
		}
		if (take_line(r, buf_str(&line)))
			break;
	}
	buf_clear(&line);
	return rc;
}

int
scp_receive(struct scp *scp)
{
	struct receiving r = { .scp = scp };
	int rc = -1;
	if (copy_sink_init(&r.sink, scp->job) == 0 &&
	    scp_send(scp, "", 1, false) == 0)
		rc = receive_lines(&r);
	copy_sink_clear(&r.sink);
	return rc;
}
