/*
 * SCP, as OpenSSH's scp speaks it (there is no standard; scp.c of OpenSSH and
 * "How the SCP protocol works", J. Pechanec, 2007): lines that announce a
 * file (C), a directory (D), its end (E) or times (T), each answered by a byte:
 * 0, or 1 or 2 and a line that says what is wrong. Here is what both directions
 * share and the one that sends; scp_sink.c is the one that receives.
 */
#include "scp.h"

#include "base/err.h"
#include "base/str.h"
#include "device/fault.h"
#include "text/shown.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define WORDS_LIMIT_BYTES 4096 /* of what the far side says */

static bool
is_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || strchr("_./:@%+=,-", c);
}

/* For a POSIX shell, if it needs to be: the command lines of devices know no
 * quotes, and no names that need them. */
static bool
add_quoted(struct buf *out, const char *path)
{
	bool plain = *path;
	for (const char *at = path; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return false;
		plain = plain && is_safe(*at);
	}
	if (plain)
		return buf_adds(out, path);
	buf_addc(out, '\'');
	for (const char *at = path; *at; at++)
		if (*at == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *at);
	return buf_addc(out, '\'');
}

bool
scp_command(const struct copy_ask *ask, char *text, size_t size)
{
	struct buf out;
	const char *path = ask->remote;
	buf_init(&out, size - 1);
	buf_addf(&out, "scp%s%s -%c ", ask->tree ? " -r" : "",
	    ask->preserve ? " -p" : "", ask->direction == COPY_UP ? 't' : 'f');
	if (str_starts(path, "~/")) { /* the shell's there, not a name */
		buf_adds(&out, "~/");
		path += 2;
	} else if (*path == '-') {
		buf_adds(&out, "./");
	}
	bool good = (!*path || add_quoted(&out, path)) && *ask->remote &&
	    !out.cut;
	if (good)
		snprintf(text, size, "%s", buf_str(&out));
	buf_clear(&out);
	return good;
}

/* All that was said on the error stream so far. */
static int
hear_errors(struct scp *scp)
{
	char chunk[512];
	struct exec *exec = scp->exec;
	while (!scp->errors_ended) {
		ssize_t n = exec->ops->read(exec, EXEC_STDERR, chunk,
		    sizeof(chunk), &scp->job->fault->err);
		if (n == TRANSPORT_AGAIN)
			return 0;
		if (n < 0)
			return -1;
		if (n == 0)
			scp->errors_ended = true;
		buf_add(&scp->words, chunk, (size_t)n);
	}
	return 0;
}

int
scp_wait(struct scp *scp)
{
	struct exec *exec = scp->exec;
	if (hear_errors(scp))
		return -1;
	return copy_wait(scp->job, exec);
}

ssize_t
scp_read(struct scp *scp, char *data, size_t len)
{
	struct exec *exec = scp->exec;
	if (scp->at < scp->got) {
		size_t have = scp->got - scp->at;
		size_t n = have < len ? have : len;
		memcpy(data, scp->ahead + scp->at, n);
		scp->at += n;
		return (ssize_t)n;
	}
	for (;;) {
		ssize_t n = exec->ops->read(
		    exec, EXEC_STDOUT, data, len, &scp->job->fault->err);
		if (n >= 0)
			copy_heard(scp->job);
		if (n != TRANSPORT_AGAIN)
			return n;
		if (scp_wait(scp))
			return -1;
	}
}

int
scp_byte(struct scp *scp)
{
	if (scp->at == scp->got) {
		scp->at = scp->got = 0;
		ssize_t n = scp_read(scp, scp->ahead, sizeof(scp->ahead));
		if (n <= 0)
			return n == 0 ? SCP_END : -1;
		scp->got = (size_t)n;
	}
	return (unsigned char)scp->ahead[scp->at++];
}

int
scp_line(struct scp *scp, char first, struct buf *line)
{
	buf_reset(line);
	if (first)
		buf_addc(line, first);
	for (;;) {
		int c = scp_byte(scp);
		if (c == -1)
			return -1;
		if (c == SCP_END || c == '\n')
			return c;
		/* Behind the limit it is not kept, but read. */
		buf_addc(line, (char)c);
		if (line->cut)
			return '\n';
	}
}

/* What the far side said, fit to be shown, into the fault. */
static const char *
keep_words(struct scp *scp)
{
	struct buf clean, shown;
	buf_init(&clean, WORDS_LIMIT_BYTES);
	buf_init(&shown, WORDS_LIMIT_BYTES);
	str_add_utf8(&clean, buf_str(&scp->words), scp->words.len);
	shown_add(&shown, buf_str(&clean), clean.len);
	char *text = buf_take(&shown);
	snprintf(scp->said, sizeof(scp->said), "%s", str_trim(text));
	fault_at(scp->job->fault, 0, scp->command, *text ? text : NULL);
	free(text);
	buf_clear(&clean);
	char *end = strchr(scp->said, '\n');
	if (end)
		*end = '\0';
	return str_trim(scp->said);
}

int
scp_refused(struct scp *scp, const char *what)
{
	/* What a device says before it goes is worth a moment. */
	(void)hear_errors(scp);
	const char *said = keep_words(scp);
	scp->job->fault->err.kind = ERR_NONE;
	return copy_fail(scp->job, "%s: %s%s%s", scp->job->ask->remote, what,
	    *said ? ": " : "", said);
}

int
scp_complaint(struct scp *scp, int first)
{
	struct buf line;
	buf_init(&line, WORDS_LIMIT_BYTES);
	bool known = first == 1 || first == 2;
	int end = scp_line(scp, known ? 0 : (char)first, &line);
	if (end != -1) {
		buf_add(&scp->words, line.data, line.len);
		buf_addc(&scp->words, '\n');
		scp_refused(scp,
		    known ? "the device refuses"
			  : "the device does not speak SCP");
	}
	buf_clear(&line);
	return -1;
}

int
scp_ack(struct scp *scp)
{
	int c = scp_byte(scp);
	if (c == 0 || c == -1)
		return c;
	if (c == SCP_END)
		return scp_refused(scp, "the device ended the transfer");
	return scp_complaint(scp, c);
}

/* While it cannot go on: has it an objection? */
static int
hear_objection(struct scp *scp)
{
	struct exec *exec = scp->exec;
	if (scp->at < scp->got)
		return scp->ahead[scp->at] ? scp_ack(scp) : 0;
	scp->at = scp->got = 0;
	ssize_t n = exec->ops->read(exec, EXEC_STDOUT, scp->ahead,
	    sizeof(scp->ahead), &scp->job->fault->err);
	if (n == TRANSPORT_AGAIN)
		return 0;
	if (n < 0)
		return -1;
	if (n == 0)
		return scp_refused(scp, "the device ended the transfer");
	scp->got = (size_t)n;
	return scp_ack(scp)
	    ? -1
	    : scp_refused(scp, "the device answers what was not said");
}

int
scp_send(struct scp *scp, const char *data, size_t len, bool counts)
{
	struct exec *exec = scp->exec;
	while (len) {
		ssize_t n = exec->ops->write(
		    exec, data, len, &scp->job->fault->err);
		if (n == TRANSPORT_AGAIN) {
			if (hear_objection(scp) || scp_wait(scp))
				return -1;
			continue;
		}
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
		if (counts)
			copy_moved(scp->job, (size_t)n);
		if (copy_look(scp->job))
			return -1;
	}
	return 0;
}

static int
say_times(struct scp *scp, const struct copy_source *source)
{
	char line[96];
	if (!scp->job->ask->preserve)
		return 0;
	/* Times before 1970 cannot be said. */
	long long mtime = source->is.st_mtime, atime = source->is.st_atime;
	int n = snprintf(line, sizeof(line), "T%lld 0 %lld 0\n",
	    mtime > 0 ? mtime : 0, atime > 0 ? atime : 0);
	return scp_send(scp, line, (size_t)n, false) || scp_ack(scp) ? -1 : 0;
}

static int
announce(
    struct scp *scp, char kind, const struct copy_source *source, uint64_t size)
{
	char line[COPY_NAME_BYTES + 64];
	int n = snprintf(line, sizeof(line), "%c%04o %llu %s\n", kind,
	    (unsigned)source->mode & 07777, (unsigned long long)size,
	    source->name);
	return say_times(scp, source) ||
		scp_send(scp, line, (size_t)n, false) || scp_ack(scp)
	    ? -1
	    : 0;
}

static int
send_file(void *data, const struct copy_source *source)
{
	struct scp *scp = data;
	struct copy_job *job = scp->job;
	uint64_t left = (uint64_t)source->is.st_size;
	if (announce(scp, 'C', source, left))
		return -1;
	while (left) {
		size_t want = left < COPY_BUFFER_BYTES ? (size_t)left
						       : COPY_BUFFER_BYTES;
		ssize_t n = copy_source_read(job, source, job->buffer, want);
		if (n < 0 || scp_send(scp, job->buffer, (size_t)n, true))
			return -1;
		left -= (uint64_t)n;
	}
	return scp_send(scp, "", 1, false) || scp_ack(scp) ? -1 : 0;
}

static int
send_enter(void *data, const struct copy_source *directory)
{
	return announce(data, 'D', directory, 0);
}

static int
send_leave(void *data, const struct copy_source *directory)
{
	(void)directory;
	return scp_send(data, "E\n", 2, false) || scp_ack(data) ? -1 : 0;
}

static int
send_all(struct scp *scp)
{
	const struct copy_far far = { scp, send_file, send_enter, send_leave };
	return scp_ack(scp) || copy_walk(scp->job, &far) ? -1 : 0;
}

/* The command's own end: nothing more is said, and it says that it is well. */
static int
hear_end(struct scp *scp)
{
	struct exec *exec = scp->exec;
	struct err *err = &scp->job->fault->err;
	struct exec_end end = { 0 };
	int rc, c;
	while ((rc = exec->ops->end_input(exec, err)) == TRANSPORT_AGAIN)
		if (scp_wait(scp))
			return -1;
	if (rc)
		return -1;
	while ((c = scp_byte(scp)) != SCP_END)
		if (c)
			return c == -1 ? -1 : scp_complaint(scp, c);
	while (!scp->errors_ended)
		if (hear_errors(scp) ||
		    (!scp->errors_ended && copy_wait(scp->job, exec)))
			return -1;
	while ((rc = exec->ops->finish(exec, &end, err)) == TRANSPORT_AGAIN)
		if (scp_wait(scp))
			return -1;
	if (rc)
		return -1;
	/* Devices may say nothing about it. */
	if ((end.has_status && end.status) || *end.signal)
		return scp_refused(
		    scp, "the device's scp failed, though it had said it all");
	return 0;
}

int
scp_copy(struct copy_job *job, struct exec *exec)
{
	struct scp scp = { .job = job, .exec = exec };
	int rc;
	job->result->method = COPY_SCP;
	buf_init(&scp.words, WORDS_LIMIT_BYTES);
	scp_command(job->ask, scp.command, sizeof(scp.command));
	while (
	    (rc = exec->ops->start(exec, &job->fault->err)) == TRANSPORT_AGAIN)
		if (copy_wait(job, exec)) {
			rc = -1;
			break;
		}
	if (rc && exec->reach == EXEC_REFUSED)
		job->fault->err.kind = ERR_TRANSFER;
	if (rc == 0)
		rc = job->ask->direction == COPY_UP ? send_all(&scp)
						    : scp_receive(&scp);
	if (rc == 0)
		rc = hear_end(&scp);
	buf_clear(&scp.words);
	return rc;
}
