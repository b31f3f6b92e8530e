/* The directory of one run and its append-only list of events. */
#include "run/journal.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/log.h"
#include "run/event.h"
#include "run/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROOM_BYTES	 (1 << 20) /* what a run needs at least */
#define KEPT_BYTES	 (1u << 20)
#define KEPT_LIMIT_BYTES (64u << 20)
#define CREATE_ATTEMPTS	 10
#define CHUNK_BYTES	 (256u << 10)

struct journal {
	char *dir;
	int fd;
	int hold_fd;
	int64_t size; /* with what is kept in memory */
	struct buf kept;
};

/* The job's name as a part of a file name. */
static void
add_safe(struct buf *out, const char *name)
{
	for (size_t i = 0; name[i] && i < 40; i++) {
		char c = name[i];
		bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '_' || c == '.';
		buf_addc(out, safe ? c : '_');
	}
}

static int
make_run_dir(struct journal *journal, const char *state_dir,
    const char *job_name, struct err *err)
{
	int rc = -1;
	struct buf name;
	char *parent = xasprintf("%s/runs", state_dir);
	buf_init(&name, 4096);
	if (dir_make(parent, 0700, err))
		goto out;
	for (int i = 0; i < CREATE_ATTEMPTS; i++) {
		unsigned id = 0;
		char when[32];
		int64_t now_ms = clock_wall_ms();
		time_t now = (time_t)(now_ms / 1000);
		struct tm tm;
		gmtime_r(&now, &tm);
		strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
		if (getrandom(&id, sizeof(id), 0) != sizeof(id))
			id = (unsigned)getpid();
		/* The milliseconds in front: ids sort by their time. */
		id = (unsigned)(now_ms % 1000) << 14 | (id & 0x3fff);
		buf_reset(&name);
		buf_addf(&name, "%s/.%s-", parent, when);
		add_safe(&name, job_name);
		buf_addf(&name, "-%06x", id);
		if (mkdir(buf_str(&name), 0700) == 0) {
			journal->dir = buf_take(&name);
			rc = 0;
			goto out;
		}
		if (errno != EEXIST)
			break;
	}
	err_sys(err, ERR_INTERNAL, errno, "%s: directory cannot be made",
	    buf_str(&name));
out:
	buf_clear(&name);
	free(parent);
	return rc;
}

static int
open_events(struct journal *journal, int flags, struct err *err)
{
	char *path = xasprintf("%s/events.jsonl", journal->dir);
	journal->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | flags, 0600);
	int rc = journal->fd < 0 ? err_sys(err, ERR_INTERNAL, errno, "%s", path)
				 : 0;
	free(path);
	return rc;
}

/* Takes the room and gives it back: a full disk is found now and not between
 * two devices. What is behind SIZE is cut off. */
static int
try_room(struct journal *journal, int64_t size, struct err *err)
{
	int rc = posix_fallocate(journal->fd, size, ROOM_BYTES);
	if (rc)
		return err_sys(err, ERR_INTERNAL, rc,
		    "%s: no room for the journal", journal->dir);
	if (ftruncate(journal->fd, size))
		return err_sys(err, ERR_INTERNAL, errno, "%s", journal->dir);
	journal->size = size;
	return 0;
}

static struct journal *
journal_new(void)
{
	struct journal *journal = xcalloc(1, sizeof(*journal));
	journal->fd = journal->hold_fd = -1;
	buf_init(&journal->kept, KEPT_LIMIT_BYTES);
	return journal;
}

static int
hold(struct journal *journal, struct err *err)
{
	journal->hold_fd = rundir_hold(journal->dir, err);
	return journal->hold_fd < 0 ? -1 : 0;
}

struct journal *
journal_create(const char *state_dir, const char *job_name, struct err *err)
{
	struct journal *journal = journal_new();
	if (make_run_dir(journal, state_dir, job_name, err) == 0 &&
	    hold(journal, err) == 0 &&
	    open_events(journal, O_CREAT | O_EXCL, err) == 0 &&
	    try_room(journal, 0, err) == 0)
		return journal;
	journal_free(journal);
	return NULL;
}

struct journal *
journal_open(const char *dir, struct err *err)
{
	struct journal *journal = journal_new();
	journal->dir = xstrdup(dir);
	if (hold(journal, err) == 0 && open_events(journal, 0, err) == 0 &&
	    try_room(
		journal, journal_read(journal->fd, NULL, NULL, NULL), err) == 0)
		return journal;
	journal_free(journal);
	return NULL;
}

void
journal_free(struct journal *journal)
{
	if (!journal)
		return;
	if (journal->fd >= 0)
		close(journal->fd);
	if (journal->hold_fd >= 0)
		close(journal->hold_fd);
	buf_clear(&journal->kept);
	free(journal->dir);
	free(journal);
}

void
journal_discard(struct journal *journal)
{
	struct err err;
	if (rundir_remove(journal->dir, &err))
		log_warn("%s", err.text);
	journal_free(journal);
}

int
journal_hold_fd(const struct journal *journal)
{
	return journal->hold_fd;
}

int
journal_publish(struct journal *journal, struct err *err)
{
	const char *name = strrchr(journal->dir, '/') + 1;
	if (name[0] != '.')
		return 0;
	char *final = xasprintf(
	    "%.*s%s", (int)(name - journal->dir), journal->dir, name + 1);
	if (rename(journal->dir, final)) {
		err_sys(err, ERR_INTERNAL, errno, "%s", final);
		free(final);
		return -1;
	}
	free(journal->dir);
	journal->dir = final;
	return 0;
}

const char *
journal_dir(const struct journal *journal)
{
	return journal->dir;
}

const char *
journal_run_id(const struct journal *journal)
{
	return strrchr(journal->dir, '/') + 1;
}

int
journal_fd(const struct journal *journal)
{
	return journal->fd;
}

int
journal_write_file(struct journal *journal, const char *name, const void *data,
    size_t len, struct err *err)
{
	char *path = xasprintf("%s/%s", journal->dir, name);
	int rc = file_write_atomic(path, data, len, 0600, err);
	free(path);
	return rc;
}

/* What was added behind BEFORE counts from now on. */
static int64_t
note_added(struct journal *journal, size_t before)
{
	struct err ignored;
	int64_t offset = journal->size;
	journal->size += (int64_t)(journal->kept.len - before);
	if (journal->kept.len > KEPT_BYTES)
		/* A failure stays in `kept` and is told by the next flush. */
		(void)journal_flush(journal, 0, &ignored);
	return offset;
}

int64_t
journal_add(struct journal *journal, const struct event *event)
{
	size_t before = journal->kept.len;
	event_put(event, &journal->kept);
	return note_added(journal, before);
}

int64_t
journal_add_line(struct journal *journal, const char *line, size_t len)
{
	size_t before = journal->kept.len;
	if (buf_add(&journal->kept, line, len))
		buf_addc(&journal->kept, '\n');
	else
		buf_truncate(&journal->kept, before);
	return note_added(journal, before);
}

int
journal_flush(struct journal *journal, int sync, struct err *err)
{
	struct buf *kept = &journal->kept;
	while (kept->len) {
		ssize_t n = write(journal->fd, kept->data, kept->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(err, ERR_INTERNAL, n ? errno : EIO,
			    "%s/events.jsonl cannot be written", journal->dir);
		buf_drop(kept, (size_t)n);
	}
	if (sync && fdatasync(journal->fd))
		return err_sys(err, ERR_INTERNAL, errno,
		    "%s/events.jsonl cannot be written", journal->dir);
	return 0;
}

/* One line; FN may be NULL. */
static void
read_line(const char *line, size_t len, int64_t offset, journal_event_fn *fn,
    void *data, size_t *bad)
{
	struct event event;
	struct err ignored;
	if (!fn)
		return;
	if (event_get(&event, line, len, &ignored)) {
		if (bad)
			(*bad)++;
		return;
	}
	fn(data, &event, offset);
	event_clear(&event);
}

int64_t
journal_read(int fd, journal_event_fn *fn, void *data, size_t *bad)
{
	struct buf text; /* from the offset of a line on */
	int64_t at = 0; /* where `text` begins in the file */
	char *chunk = xmalloc(CHUNK_BYTES);
	buf_init(&text, EVENT_LINE_LIMIT_BYTES + CHUNK_BYTES);
	for (;;) {
		ssize_t n = pread(
		    fd, chunk, CHUNK_BYTES, (off_t)(at + (int64_t)text.len));
		if (n < 0 && errno == EINTR)
			continue;
		/* A line longer than any event: what follows is not read. */
		if (n <= 0 || !buf_add(&text, chunk, (size_t)n))
			break;
		size_t start = 0, fresh = text.len - (size_t)n;
		for (;;) {
			const char *from = buf_str(&text);
			const char *end = memchr(
			    from + fresh, '\n', text.len - fresh);
			if (!end)
				break;
			size_t len = (size_t)(end - from) - start;
			read_line(from + start, len, at + (int64_t)start, fn,
			    data, bad);
			start += len + 1;
			fresh = start;
		}
		buf_drop(&text, start);
		at += (int64_t)start;
	}
	buf_clear(&text);
	free(chunk);
	return at;
}
