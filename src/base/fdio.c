/* Descriptors and files, whole or not at all. */
#include "base/fdio.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static mode_t users_umask = 022;

void
umask_make_private(void)
{
	users_umask = umask(077);
}

mode_t
umask_of_user(void)
{
	return users_umask;
}

int
fd_set_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int
fd_set_cloexec(int fd)
{
	int flags = fcntl(fd, F_GETFD);
	return flags < 0 ? -1 : fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

int
fd_write_all(int fd, const void *data, size_t len)
{
	const char *bytes = data;
	while (len) {
		ssize_t n = write(fd, bytes, len);
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };
			poll(&p, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		return -1;
	}
	return 0;
}

int
file_read(const char *path, struct buf *out, struct err *err)
{
	int rc = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return err_sys(
		    err, ERR_JOB, errno, "%s: cannot be opened", path);
	}
	char chunk[65536];
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n == 0)
			break;
		if (n < 0) {
			if (errno == EINTR)
				continue;
			err_sys(
			    err, ERR_JOB, errno, "%s: cannot be read", path);
			goto out;
		}
		if (!buf_add(out, chunk, (size_t)n)) {
			err_set(err, ERR_JOB,
			    "%s: is larger than the limit of %zu bytes", path,
			    out->limit);
			goto out;
		}
	}
	rc = 0;
out:
	explicit_bzero(chunk, sizeof(chunk));
	close(fd);
	return rc;
}

int
file_replace(const char *path, mode_t mode,
    int (*write)(void *data, FILE *file), void *data, struct err *err)
{
	char *temporary = xasprintf("%s.XXXXXX", path);
	int fd = mkostemp(temporary, O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	int rc = -1;
	if (file && fchmod(fd, mode) == 0 && write(data, file) == 0 &&
	    fflush(file) == 0 && fsync(fd) == 0 && rename(temporary, path) == 0)
		rc = 0;
	if (rc)
		err_sys(err, ERR_INTERNAL, errno ? errno : EIO,
		    "%s cannot be written", path);
	if (rc && fd >= 0)
		unlink(temporary);
	if (file)
		fclose(file);
	else if (fd >= 0)
		close(fd);
	free(temporary);
	return rc;
}

struct bytes {
	const void *data;
	size_t len;
};

static int
write_bytes(void *data, FILE *file)
{
	const struct bytes *bytes = data;
	return fwrite(bytes->data, 1, bytes->len, file) == bytes->len ? 0 : -1;
}

int
file_write_atomic(const char *path, const void *data, size_t len, mode_t mode,
    struct err *err)
{
	struct bytes bytes = { data, len };
	return file_replace(path, mode, write_bytes, &bytes, err);
}

/* 0 if there is a directory afterwards, else -1 with errno. */
static int
make_one(const char *path, mode_t mode)
{
	struct stat st;
	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST || stat(path, &st))
		return -1;
	if (S_ISDIR(st.st_mode))
		return 0;
	errno = ENOTDIR;
	return -1;
}

int
dir_make(const char *path, mode_t mode, struct err *err)
{
	int rc = -1;
	if (!*path)
		return err_set(err, ERR_INTERNAL,
		    "a directory without a name cannot be made");
	char *copy = xstrdup(path);
	for (char *at = copy + 1;; at++) {
		char was = *at;
		if (was != '/' && was != '\0')
			continue;
		*at = '\0';
		if (make_one(copy, mode)) {
			err_sys(err, ERR_INTERNAL, errno,
			    "%s: directory cannot be made", copy);
			goto out;
		}
		*at = was;
		if (!was)
			break;
	}
	rc = 0;
out:
	free(copy);
	return rc;
}
