/* Outputs in memory and in files. */
#include "run/capture.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES 65536

void
capture_place_init(
    struct capture_place *place, const char *parent, size_t memory_limit)
{
	*place = (struct capture_place){
		.parent = xstrdup(parent),
		.memory_limit = memory_limit,
	};
}

void
capture_place_clear(struct capture_place *place)
{
	if (place->dir)
		rmdir(place->dir);
	free(place->dir);
	free(place->parent);
	*place = (struct capture_place){ 0 };
}

static int
make_dir(struct capture_place *place, struct err *err)
{
	if (place->dir)
		return 0;
	if (dir_make(place->parent, 0700, err))
		return -1;
	place->dir = xasprintf("%s/XXXXXX", place->parent);
	if (mkdtemp(place->dir))
		return 0;
	err_sys(err, ERR_INTERNAL, errno, "%s", place->dir);
	free(place->dir);
	place->dir = NULL;
	return -1;
}

void
capture_init(struct capture *capture, struct capture_place *place)
{
	*capture = (struct capture){ .place = place, .fd = -1 };
	buf_init(&capture->memory, CAPTURE_MEMORY_BYTES);
}

static void
forget_memory(struct capture *capture)
{
	capture->place->in_memory -= capture->memory.len;
	buf_clear(&capture->memory);
	buf_init(&capture->memory, CAPTURE_MEMORY_BYTES);
}

void
capture_clear(struct capture *capture)
{
	if (!capture->place)
		return;
	capture_done(capture);
	forget_memory(capture);
	if (capture->path)
		unlink(capture->path);
	free(capture->path);
	*capture = (struct capture){ .fd = -1 };
}

/* From memory to a file, for what does not fit any more. */
static int
spill(struct capture *capture, struct err *err)
{
	struct capture_place *place = capture->place;
	if (make_dir(place, err))
		return -1;
	capture->path = xasprintf("%s/%zu", place->dir, ++place->files);
	capture->fd = open(capture->path,
	    O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (capture->fd >= 0 &&
	    fd_write_all(capture->fd, buf_str(&capture->memory),
		capture->memory.len) == 0) {
		forget_memory(capture);
		return 0;
	}
	err_sys(err, ERR_INTERNAL, errno, "%s", capture->path);
	capture_done(capture);
	unlink(capture->path);
	free(capture->path);
	capture->path = NULL;
	return -1;
}

static void
count(struct capture *capture, const char *data, size_t len)
{
	size_t ends = 0;
	while (ends < len && data[len - 1 - ends] == '\n')
		ends++;
	capture->line_ends = ends == len ? capture->line_ends + len : ends;
	capture->size += len;
}

int
capture_add(
    struct capture *capture, const char *data, size_t len, struct err *err)
{
	struct capture_place *place = capture->place;
	bool fits = !capture->path &&
	    capture->memory.len + len <= CAPTURE_MEMORY_BYTES &&
	    place->in_memory + len <= place->memory_limit;
	if (fits) {
		buf_add(&capture->memory, data, len);
		place->in_memory += len;
	} else {
		if (!capture->path && spill(capture, err))
			return -1;
		if (fd_write_all(capture->fd, data, len))
			return err_sys(
			    err, ERR_INTERNAL, errno, "%s", capture->path);
	}
	count(capture, data, len);
	return 0;
}

void
capture_done(struct capture *capture)
{
	if (capture->fd >= 0)
		close(capture->fd);
	capture->fd = -1;
}

uint64_t
capture_text_size(const struct capture *capture)
{
	return capture->size - capture->line_ends;
}

/* A piece of at most LEN bytes at OFFSET; 0 at the end, -1 with errno. */
static ssize_t
read_at(const struct capture *capture, int fd, char *bytes, size_t len,
    uint64_t offset)
{
	if (capture->path)
		return pread(fd, bytes, len, (off_t)offset);
	size_t left = capture->memory.len - (size_t)offset;
	if (len > left)
		len = left;
	memcpy(bytes, buf_str(&capture->memory) + offset, len);
	return (ssize_t)len;
}

static int
open_file(const struct capture *capture)
{
	return capture->path ? open(capture->path, O_RDONLY | O_CLOEXEC) : -1;
}

int
capture_each(const struct capture *capture, uint64_t size,
    int (*take)(void *data, const char *bytes, size_t len), void *data,
    struct err *err)
{
	char bytes[PIECE_BYTES];
	int rc = 0, fd = open_file(capture);
	for (uint64_t at = 0; rc == 0 && at < size;) {
		uint64_t left = size - at;
		ssize_t n = read_at(capture, fd, bytes,
		    left < sizeof(bytes) ? (size_t)left : sizeof(bytes), at);
		if (n <= 0)
			rc = err_sys(err, ERR_INTERNAL, n ? errno : EIO,
			    "%s cannot be read", capture->path);
		else
			rc = take(data, bytes, (size_t)n);
		at += n > 0 ? (uint64_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

bool
capture_equal(const struct capture *a, const struct capture *b)
{
	char left[PIECE_BYTES], right[PIECE_BYTES];
	if (a->size != b->size)
		return false;
	int a_fd = open_file(a), b_fd = open_file(b);
	uint64_t at = 0;
	bool equal = true;
	while (equal && at < a->size) {
		ssize_t n = read_at(a, a_fd, left, sizeof(left), at);
		ssize_t m = read_at(b, b_fd, right, sizeof(right), at);
		equal = n > 0 && n == m && memcmp(left, right, (size_t)n) == 0;
		at += equal ? (uint64_t)n : 0;
	}
	if (a_fd >= 0)
		close(a_fd);
	if (b_fd >= 0)
		close(b_fd);
	return equal;
}
