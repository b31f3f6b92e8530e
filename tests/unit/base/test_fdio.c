/* Files and descriptors: what fails first, in a directory of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/fdio.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/netpush-fdio-XXXXXX";

/* The name of a file in the directory; good until the next call but one. */
static const char *
in_directory(const char *name)
{
	static char paths[2][256];
	static unsigned turn;
	char *path = paths[turn++ % 2];
	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static int
make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int
remove_directory(void **state)
{
	(void)state;
	char *command[] = { "rm", "-rf", directory, NULL };
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static size_t
count_entries(void)
{
	size_t count = 0;
	DIR *dir = opendir(directory);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			count++;
	closedir(dir);
	return count;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
test_read_fails(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct buf out;
	buf_init(&out, 100);
	assert_int_equal(file_read(in_directory("nix"), &out, &err), -1);
	assert_int_equal(err.kind, ERR_JOB);
	assert_int_equal(err.sys, ENOENT);
	assert_non_null(strstr(err.text, "/nix: cannot be opened: "));
	assert_int_equal(file_read(directory, &out, &err), -1);
	assert_int_equal(err.sys, EISDIR);
	assert_int_equal(file_read(directory, &out, NULL), -1);
	assert_int_equal(out.len, 0);
	buf_clear(&out);
}

static void
test_read_limit(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct buf out;
	const char *path = in_directory("limit");
	assert_int_equal(file_write_atomic(path, "12345", 5, 0600, &err), 0);
	buf_init(&out, 4);
	assert_int_equal(file_read(path, &out, &err), -1);
	assert_int_equal(err.kind, ERR_JOB);
	assert_non_null(strstr(err.text, "larger than the limit of 4 bytes"));
	buf_clear(&out);
	buf_init(&out, 5);
	assert_int_equal(file_read(path, &out, &err), 0);
	assert_string_equal(buf_str(&out), "12345");
	buf_clear(&out);
	unlink(path);
}

static void
test_write_fails(void **state)
{
	(void)state;
	struct err err = { 0 };
	assert_int_equal(
	    file_write_atomic(in_directory("no/file"), "x", 1, 0600, &err), -1);
	assert_int_equal(err.sys, ENOENT);
	assert_non_null(strstr(err.text, "cannot be written"));

	/* A directory in its place: the temporary file goes, too. */
	size_t before = count_entries();
	assert_int_equal(mkdir(in_directory("taken"), 0700), 0);
	assert_int_equal(
	    file_write_atomic(in_directory("taken"), "x", 1, 0600, &err), -1);
	assert_int_equal(count_entries(), before + 1);
	rmdir(in_directory("taken"));
}

static void
test_write_replaces(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct buf out;
	const char *path = in_directory("file");
	char *large = xmalloc(200000);
	memset(large, 'x', 200000);
	assert_int_equal(file_write_atomic(path, large, 200000, 0644, &err), 0);
	assert_int_equal(mode_of(path), 0644);
	buf_init(&out, 1000000);
	assert_int_equal(file_read(path, &out, &err), 0);
	assert_int_equal(out.len, 200000);
	assert_memory_equal(out.data, large, 200000);
	free(large);

	/* Who has the old file open keeps the old text. */
	int old = open(path, O_RDONLY | O_CLOEXEC);
	size_t entries = count_entries();
	assert_int_equal(file_write_atomic(path, "", 0, 0600, &err), 0);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(count_entries(), entries);
	buf_reset(&out);
	assert_int_equal(file_read(path, &out, &err), 0);
	assert_int_equal(out.len, 0);
	char byte;
	assert_int_equal(read(old, &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(old);
	buf_clear(&out);
	unlink(path);
}

static void
test_dir_fails(void **state)
{
	(void)state;
	struct err err = { 0 };
	assert_int_equal(dir_make("", 0700, &err), -1);
	assert_int_equal(err.kind, ERR_INTERNAL);

	/* A file where a directory should be, at the end and on the way. */
	assert_int_equal(
	    file_write_atomic(in_directory("plain"), "", 0, 0600, &err), 0);
	assert_int_equal(dir_make(in_directory("plain"), 0700, &err), -1);
	assert_int_equal(err.sys, ENOTDIR);
	assert_non_null(strstr(err.text, "/plain: directory cannot be made"));
	assert_int_equal(dir_make(in_directory("plain/a"), 0700, &err), -1);
	assert_int_equal(err.sys, ENOTDIR);
	assert_int_equal(symlink("nowhere", in_directory("dangling")), 0);
	assert_int_equal(dir_make(in_directory("dangling"), 0700, &err), -1);
	assert_int_equal(dir_make(in_directory("plain"), 0700, NULL), -1);
	unlink(in_directory("dangling"));
	unlink(in_directory("plain"));
}

static void
test_dir_made(void **state)
{
	(void)state;
	struct err err = { 0 };
	assert_int_equal(dir_make("/", 0700, &err), 0);
	assert_int_equal(dir_make(directory, 0700, &err), 0);
	assert_int_equal(dir_make(in_directory("a//b/c/"), 0700, &err), 0);
	assert_int_equal(mode_of(in_directory("a")), 0700);
	assert_int_equal(mode_of(in_directory("a/b/c")), 0700);
	assert_int_equal(dir_make(in_directory("a/b/c"), 0750, &err), 0);
	assert_int_equal(mode_of(in_directory("a/b/c")), 0700);
	assert_int_equal(err.kind, ERR_NONE);
}

/* A child that reads all there is and leaves with 0 if it was LEN bytes. */
static pid_t
fork_reader(int fd, int other_end, size_t len)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid)
		return pid;
	char chunk[4096];
	size_t seen = 0;
	close(other_end);
	for (ssize_t n; (n = read(fd, chunk, sizeof(chunk))) > 0;)
		seen += (size_t)n;
	_exit(seen == len ? 0 : 1);
}

/* More than a pipe holds, on a descriptor that does not block. */
static void
test_write_waits(void **state)
{
	(void)state;
	const size_t len = 1000000;
	int ends[2], status;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_set_nonblock(ends[1]), 0);
	pid_t pid = fork_reader(ends[0], ends[1], len);
	close(ends[0]);
	char *data = xcalloc(len, 1);
	assert_int_equal(fd_write_all(ends[1], data, len), 0);
	assert_int_equal(fd_write_all(ends[1], data, 0), 0);
	close(ends[1]);
	free(data);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
test_write_to_nobody(void **state)
{
	(void)state;
	int ends[2];
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(fd_write_all(ends[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
	assert_int_equal(fd_write_all(-1, "x", 1), -1);
	assert_int_equal(errno, EBADF);
}

static void
test_flags(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(fd_set_nonblock(-1), -1);
	assert_int_equal(fd_set_cloexec(-1), -1);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_set_nonblock(ends[0]), 0);
	assert_int_equal(fd_set_cloexec(ends[0]), 0);
	assert_true(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(ends[0], F_GETFD) & FD_CLOEXEC);
	assert_false(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_fails),
		cmocka_unit_test(test_read_limit),
		cmocka_unit_test(test_write_fails),
		cmocka_unit_test(test_dir_fails),
		cmocka_unit_test(test_write_to_nobody),
		cmocka_unit_test(test_write_waits),
		cmocka_unit_test(test_write_replaces),
		cmocka_unit_test(test_dir_made),
		cmocka_unit_test(test_flags),
	};
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
