/* What goes up, file by file. */
#include "copy_job.h"

#include "base/err.h"
#include "device/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Never blocks on a pipe, never gets a terminal. */
#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define MODE_BITS  07777

struct walk {
	struct copy_job *job;
	const struct copy_far *far;
	unsigned depth;
};

ssize_t
copy_source_read(struct copy_job *job, const struct copy_source *source,
    char *data, size_t len)
{
	ssize_t n;
	do
		n = read(source->fd, data, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return copy_fail_sys(job, errno, "%s", source->name);
	if (n == 0)
		return copy_fail(job,
		    "%s became shorter while it was being copied",
		    source->name);
	return n;
}

static int walk_directory(struct walk *walk, const struct copy_source *from);

/* FD is taken over. */
static int
walk_open(struct walk *walk, int fd, const char *name)
{
	struct copy_job *job = walk->job;
	struct copy_source source = { .fd = fd, .name = name };
	int rc = -1;
	if (fstat(fd, &source.is)) {
		copy_fail_sys(job, errno, "%s", name);
		goto out;
	}
	source.mode = source.is.st_mode &
	    (job->ask->preserve ? MODE_BITS : 0777);
	if (S_ISDIR(source.is.st_mode)) {
		rc = job->ask->tree ? walk_directory(walk, &source)
				    : copy_fail(job, "%s is a directory", name);
		goto out;
	}
	if (!S_ISREG(source.is.st_mode)) {
		copy_fail(job, "%s is not a file", name);
		goto out;
	}
	if (job->ask->mode)
		source.mode = job->ask->mode;
	if (!walk->depth)
		job->total = (uint64_t)source.is.st_size;
	rc = walk->far->file(walk->far->data, &source);
	if (rc == 0)
		job->result->files++;
out:
	close(fd);
	return rc;
}

/* Why an entry of a directory stays behind, or NULL. */
static const char *
left_out(int dir, const char *name)
{
	struct stat is;
	if (fstatat(dir, name, &is, AT_SYMLINK_NOFOLLOW))
		return strerror(errno);
	bool link = S_ISLNK(is.st_mode);
	if (link && fstatat(dir, name, &is, 0))
		return "a link to nothing";
	if (link && S_ISDIR(is.st_mode))
		return "a link to a directory";
	return S_ISREG(is.st_mode) || S_ISDIR(is.st_mode)
	    ? NULL
	    : "neither a file nor a directory";
}

static int
walk_entry(struct walk *walk, int dir, const char *name)
{
	struct copy_job *job = walk->job;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (!copy_name_ok(name))
		return copy_fail(
		    job, "a name with control characters cannot be copied");
	const char *why = left_out(dir, name);
	if (why) {
		copy_note(job, "%s is left out: %s", name, why);
		return 0;
	}
	int fd = openat(dir, name, OPEN_FLAGS);
	return fd < 0 ? copy_fail_sys(job, errno, "%s", name)
		      : walk_open(walk, fd, name);
}

static int
walk_directory(struct walk *walk, const struct copy_source *from)
{
	struct copy_job *job = walk->job;
	const struct copy_far *far = walk->far;
	if (walk->depth == COPY_DEPTH_MAX)
		return copy_fail(job, "more than %d directories in each other",
		    COPY_DEPTH_MAX);
	int fd = fcntl(from->fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		int errnum = errno;
		if (fd >= 0)
			close(fd);
		return copy_fail_sys(job, errnum, "%s", from->name);
	}
	int rc = far->enter(far->data, from);
	walk->depth++;
	struct dirent *entry;
	while (rc == 0 && (errno = 0, entry = readdir(dir)))
		rc = walk_entry(walk, fd, entry->d_name);
	if (rc == 0 && errno)
		rc = copy_fail_sys(job, errno, "%s", from->name);
	walk->depth--;
	closedir(dir);
	return rc ? rc : far->leave(far->data, from);
}

int
copy_walk(struct copy_job *job, const struct copy_far *far)
{
	const struct copy_ask *ask = job->ask;
	struct walk walk = { .job = job, .far = far };
	char name[COPY_NAME_BYTES];
	/* "." has a name, too. */
	char *real = ask->fd < 0 ? realpath(ask->local, NULL) : NULL;
	bool good = copy_base_name(ask->local, false, name) ||
	    copy_base_name(real ? real : "", false, name) ||
	    copy_base_name(ask->remote, true, name);
	free(real);
	if (!good)
		return copy_fail(
		    job, "%s has no name that can be copied", ask->local);
	int fd = ask->fd >= 0 ? fcntl(ask->fd, F_DUPFD_CLOEXEC, 0)
			      : open(ask->local, OPEN_FLAGS);
	if (fd < 0)
		return copy_fail_sys(job, errno, "%s", ask->local);
	if (ask->fd >= 0 && lseek(fd, 0, SEEK_SET) < 0) {
		copy_fail_sys(job, errno, "%s", ask->local);
		close(fd);
		return -1;
	}
	return walk_open(&walk, fd, name);
}
