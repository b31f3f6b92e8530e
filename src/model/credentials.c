/*
 * The places a secret may come from that need no person. The prompt, and the
 * order in which all of them are asked, belong to the command line.
 */
#include "model/credentials.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_LIMIT_BYTES 1024

void
credentials_clear(struct credentials *credentials)
{
	free(credentials->username);
	free(credentials->identity);
	secret_free(credentials->password);
	secret_free(credentials->enable);
	secret_free(credentials->passphrase);
	secret_free(credentials->server);
	*credentials = (struct credentials){ 0 };
}

/* The first line that FD holds. */
static struct secret *
read_first_line(int fd, const char *path, struct err *err)
{
	struct secret *secret = NULL;
	char text[SECRET_LIMIT_BYTES + 2];
	size_t len = 0;
	while (len < sizeof(text)) {
		ssize_t n = read(fd, text + len, sizeof(text) - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	char *end = memchr(text, '\n', len);
	size_t line = end ? (size_t)(end - text) : len;
	if (line && text[line - 1] == '\r')
		line--;
	if (!line)
		err_set(err, ERR_JOB, "%s: holds no password", path);
	else if (line > SECRET_LIMIT_BYTES)
		err_set(err, ERR_JOB,
		    "%s: its first line is longer than %d "
		    "bytes",
		    path, SECRET_LIMIT_BYTES);
	else
		secret = secret_new(text, line);
	secret_wipe(text, sizeof(text));
	return secret;
}

struct secret *
credentials_read_file(const char *path, struct err *err)
{
	struct secret *secret = NULL;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err_sys(err, ERR_JOB, errno, "%s: cannot be opened", path);
		return NULL;
	}
	if (fstat(fd, &st)) {
		err_sys(err, ERR_JOB, errno, "%s", path);
	} else if (S_ISREG(st.st_mode) && (st.st_mode & 077)) {
		err_set(err, ERR_JOB,
		    "%s: others may read it (mode %04o); make it private "
		    "with: chmod 600 %s",
		    path, (unsigned)st.st_mode & 07777, path);
	} else {
		secret = read_first_line(fd, path, err);
	}
	close(fd);
	return secret;
}

struct secret *
credentials_take_env(const char *name)
{
	char *value = getenv(name);
	if (!value || !*value)
		return NULL;
	struct secret *secret = secret_new(value, strlen(value));
	/* /proc/PID/environ shows the start of the stack, whatever unsetenv
	 * does: overwrite the bytes themselves. */
	secret_wipe(value, strlen(value));
	unsetenv(name);
	return secret;
}

struct secret *
credentials_from_systemd(const char *name)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	if (!directory)
		return NULL;
	struct err ignored;
	char *path = xasprintf("%s/%s", directory, name);
	struct secret *secret = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		secret = read_first_line(fd, path, &ignored);
		close(fd);
	}
	free(path);
	return secret;
}
