/* Whole reads and writes on descriptors and files. */
#ifndef NETPUSH_BASE_FDIO_H
#define NETPUSH_BASE_FDIO_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct buf;
struct err;

/* From now on what is written is private; the umask that the user has is
 * remembered for what is done in the user's name. */
void umask_make_private(void);
mode_t umask_of_user(void);

int fd_set_nonblock(int fd);
int fd_set_cloexec(int fd);

/* Writes all of it, waiting where needed. 0, or -1 with errno. */
int fd_write_all(int fd, const void *data, size_t len);

/* Reads a regular file (or a pipe) whole. More than the buffer's limit is an
 * error of kind ERR_JOB, as is a file that cannot be read. */
int file_read(const char *path, struct buf *out, struct err *err);

/* Replaces PATH in one step (temporary file beside it, fsync, rename), so
 * that a reader sees the old or the new text, never a part. */
int file_write_atomic(const char *path, const void *data, size_t len,
    mode_t mode, struct err *err);

/* The same for what is written piece by piece: WRITE gets DATA and a stream,
 * and returns 0, or -1 with errno. */
int file_replace(const char *path, mode_t mode,
    int (*write)(void *data, FILE *file), void *data, struct err *err);

/* mkdir -p with MODE for the directories that are made. */
int dir_make(const char *path, mode_t mode, struct err *err);

#endif
