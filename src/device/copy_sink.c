/*
 * What comes down. All names below the top are looked up in the directory that
 * was entered last, and no link in there is followed: whatever a server names,
 * it stays within what was asked for.
 */
#include "copy_job.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PART_SUFFIX ".netpush-part"
#define DIR_FLAGS   (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
/* What runs as whom here is not for another machine to say. */
#define MODE_BITS 0777

static int
here(const struct copy_sink *sink)
{
	return sink->dirs[sink->depth - 1];
}

int
copy_sink_init(struct copy_sink *sink, struct copy_job *job)
{
	const struct copy_ask *ask = job->ask;
	*sink = (struct copy_sink){ .job = job, .fd = -1 };
	if (ask->fd >= 0)
		return 0;
	int fd = open(ask->local, DIR_FLAGS);
	bool good;
	if (fd >= 0) {
		good = copy_base_name(ask->remote, true, sink->top);
	} else {
		char *path = xstrdup(ask->local);
		fd = open(dirname(path), DIR_FLAGS);
		int errnum = errno;
		free(path);
		if (fd < 0)
			return copy_fail_sys(job, errnum, "%s", ask->local);
		good = copy_base_name(ask->local, false, sink->top);
	}
	sink->dirs[sink->depth++] = fd;
	return good ? 0
		    : copy_fail(job,
			  "%s: say what it is to be called here, '%s' is no "
			  "name for a file",
			  ask->local, ask->remote);
}

void
copy_sink_clear(struct copy_sink *sink)
{
	if (sink->fd >= 0) {
		close(sink->fd);
		if (sink->depth &&
		    (sink->job->ask->resume == COPY_WHOLE ||
			sink->job->ask->tree))
			unlinkat(here(sink), sink->part, 0);
	}
	sink->fd = -1;
	while (sink->depth)
		close(sink->dirs[--sink->depth]);
}

/* The name that it gets here: at the top the one that was asked for. A bad
 * one is refused there, too: whoever says it means no good. */
static int
name_here(struct copy_sink *sink, const char *name)
{
	if ((name || sink->depth > 1) && (!name || !copy_name_ok(name)))
		return copy_fail(sink->job,
		    "the device names a file that may not be here: '%.200s'",
		    name ? name : "");
	snprintf(sink->name, sizeof(sink->name), "%s",
	    sink->depth > 1 ? name : sink->top);
	return 0;
}

static void
times_of(const struct copy_like *like, struct timespec times[2])
{
	times[0] = (struct timespec){ .tv_sec = like->atime };
	times[1] = (struct timespec){ .tv_sec = like->mtime };
}

int
copy_sink_enter(
    struct copy_sink *sink, const char *name, const struct copy_like *like)
{
	struct copy_job *job = sink->job;
	if (!sink->depth)
		return copy_fail(
		    job, "%s: the device sends a directory", job->ask->local);
	if (sink->depth == COPY_DEPTH_MAX)
		return copy_fail(job, "more than %d directories in each other",
		    COPY_DEPTH_MAX);
	if (name_here(sink, name))
		return -1;
	/* Ours to fill, whatever its mode will be. */
	if (mkdirat(here(sink), sink->name, like->mode | S_IRWXU) &&
	    errno != EEXIST)
		return copy_fail_sys(job, errno, "%s", sink->name);
	int fd = openat(here(sink), sink->name, DIR_FLAGS | O_NOFOLLOW);
	if (fd < 0)
		return copy_fail_sys(job, errno, "%s", sink->name);
	sink->dirs[sink->depth++] = fd;
	return 0;
}

int
copy_sink_leave(struct copy_sink *sink, const struct copy_like *like)
{
	struct timespec times[2];
	times_of(like, times);
	int fd = sink->dirs[--sink->depth];
	int rc = 0;
	if (sink->job->ask->preserve &&
	    (fchmod(fd, like->mode & MODE_BITS) ||
		(like->timed && futimens(fd, times))))
		rc = copy_fail_sys(sink->job, errno, "a directory");
	close(fd);
	return rc;
}

int
copy_sink_open(struct copy_sink *sink, const char *name,
    const struct copy_like *like, uint64_t *have)
{
	struct copy_job *job = sink->job;
	bool whole = job->ask->resume == COPY_WHOLE || job->ask->tree;
	struct stat is;
	*have = 0;
	if (!sink->depth) {
		sink->fd = fcntl(job->ask->fd, F_DUPFD_CLOEXEC, 0);
		snprintf(
		    sink->name, sizeof(sink->name), "%.200s", job->ask->local);
		if (sink->fd < 0 || lseek(sink->fd, 0, SEEK_SET) < 0 ||
		    (whole && ftruncate(sink->fd, 0)))
			return copy_fail_sys(job, errno, "%s", sink->name);
	} else {
		if (name_here(sink, name))
			return -1;
		if (fstatat(here(sink), sink->name, &is, AT_SYMLINK_NOFOLLOW) ==
			0 &&
		    S_ISDIR(is.st_mode))
			return copy_fail(
			    job, "%s is a directory here", sink->name);
		snprintf(sink->part, sizeof(sink->part), ".%.*s%s",
		    COPY_NAME_BYTES - (int)sizeof(PART_SUFFIX) - 1, sink->name,
		    PART_SUFFIX);
		sink->fd = openat(here(sink), sink->part,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
			(whole ? O_TRUNC : 0),
		    (like->mode & 0777) | S_IRUSR | S_IWUSR);
		if (sink->fd < 0)
			return copy_fail_sys(job, errno, "%s", sink->part);
	}
	if (!whole && fstat(sink->fd, &is) == 0)
		*have = (uint64_t)is.st_size;
	return 0;
}

int
copy_sink_write(
    struct copy_sink *sink, uint64_t at, const char *data, size_t len)
{
	while (len) {
		ssize_t n = pwrite(sink->fd, data, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return copy_fail_sys(
			    sink->job, errno, "%s", sink->name);
		data += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

bool
copy_sink_has(struct copy_sink *sink, uint64_t at, const char *data, size_t len)
{
	char here_is[4096];
	for (size_t n; len; len -= n) {
		n = len < sizeof(here_is) ? len : sizeof(here_is);
		if (pread(sink->fd, here_is, n, (off_t)at) != (ssize_t)n ||
		    memcmp(here_is, data, n) != 0)
			return false;
		at += n;
		data += n;
	}
	return true;
}

int
copy_sink_cut(struct copy_sink *sink, uint64_t len)
{
	return ftruncate(sink->fd, (off_t)len)
	    ? copy_fail_sys(sink->job, errno, "%s", sink->name)
	    : 0;
}

void
copy_sink_keep(struct copy_sink *sink, uint64_t len)
{
	struct stat is;
	if (fstat(sink->fd, &is) == 0 && (uint64_t)is.st_size > len &&
	    ftruncate(sink->fd, (off_t)len) && sink->depth)
		unlinkat(here(sink), sink->part, 0);
}

int
copy_sink_done(struct copy_sink *sink, const struct copy_like *like)
{
	struct copy_job *job = sink->job;
	struct timespec times[2];
	times_of(like, times);
	int fd = sink->fd;
	mode_t mode = job->ask->mode && sink->depth <= 1 ? job->ask->mode
							 : like->mode;
	bool exact = job->ask->preserve || (job->ask->mode && sink->depth <= 1);
	if (exact && fchmod(fd, mode & MODE_BITS))
		return copy_fail_sys(job, errno, "%s", sink->name);
	if (job->ask->preserve && like->timed && futimens(fd, times))
		return copy_fail_sys(job, errno, "%s", sink->name);
	sink->fd = -1;
	if (close(fd) ||
	    (sink->depth &&
		renameat(here(sink), sink->part, here(sink), sink->name)))
		return copy_fail_sys(job, errno, "%s", sink->name);
	job->result->files++;
	return 0;
}
