/*
 * The child writes the size in eight bytes, then the file; or a size of -1
 * and a text. That is all that parent and child have to say.
 */
#include "fetch.h"

#include "base/alloc.h"
#include "base/die.h"
#include "base/fdio.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libssh/libssh.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_S   20
#define BLOCK_BYTES 32768

struct fetch {
	pid_t child;
	int fd;
	bool headed; /* the size is known */
	int64_t size, came;
	char head[8];
	size_t head_len;
	char error[128];
};

/* Ends the child. */
static void
give_up(int out, const char *why)
{
	int64_t size = -1;
	fd_write_all(out, &size, sizeof(size));
	fd_write_all(out, why, strlen(why));
	_exit(1);
}

static bool
log_in(ssh_session ssh, const struct fetch_from *from)
{
	if (ssh_userauth_password(ssh, NULL, from->password) ==
	    SSH_AUTH_SUCCESS)
		return true;
	int rc = ssh_userauth_kbdint(ssh, NULL, NULL);
	while (rc == SSH_AUTH_INFO) {
		int count = ssh_userauth_kbdint_getnprompts(ssh);
		for (unsigned i = 0; (int)i < count; i++)
			ssh_userauth_kbdint_setanswer(ssh, i, from->password);
		rc = ssh_userauth_kbdint(ssh, NULL, NULL);
	}
	return rc == SSH_AUTH_SUCCESS;
}

static ssh_session
reach(const struct fetch_from *from, int out)
{
	ssh_session ssh = ssh_new();
	unsigned port = (unsigned)from->port;
	long timeout = TIMEOUT_S;
	bool no = false;
	ssh_options_set(ssh, SSH_OPTIONS_HOST, from->host);
	ssh_options_set(ssh, SSH_OPTIONS_PORT, &port);
	ssh_options_set(ssh, SSH_OPTIONS_USER, from->user);
	ssh_options_set(ssh, SSH_OPTIONS_TIMEOUT, &timeout);
	ssh_options_set(ssh, SSH_OPTIONS_PROCESS_CONFIG, &no);
	if (ssh_connect(ssh) != SSH_OK)
		give_up(out, "Connection refused by remote host");
	if (!log_in(ssh, from))
		give_up(out, "Permission denied");
	return ssh;
}

static bool
read_line(ssh_channel channel, char *line, size_t size)
{
	size_t len = 0;
	while (len + 1 < size &&
	    ssh_channel_read(channel, line + len, 1, 0) == 1 &&
	    line[len] != '\n')
		len++;
	line[len] = '\0';
	return len > 0;
}

/* What runs in the child; never returns. */
static void
run(const struct fetch_from *from, int out)
{
	static char block[BLOCK_BYTES];
	char line[1024];
	int64_t size;
	ssh_session ssh = reach(from, out);
	ssh_channel channel = ssh_channel_new(ssh);
	char *command = xasprintf("scp -f %s", from->path);
	if (ssh_channel_open_session(channel) != SSH_OK ||
	    ssh_channel_request_exec(channel, command) != SSH_OK)
		give_up(out, "Protocol error");
	ssh_channel_write(channel, "", 1);
	if (!read_line(channel, line, sizeof(line)) ||
	    sscanf(line, "C%*o %" SCNd64, &size) != 1)
		give_up(out, "No such file or directory");
	ssh_channel_write(channel, "", 1);
	if (fd_write_all(out, &size, sizeof(size)))
		_exit(1);
	while (size) {
		size_t want = size < BLOCK_BYTES ? (size_t)size : BLOCK_BYTES;
		int got = ssh_channel_read(channel, block, (uint32_t)want, 0);
		if (got <= 0 || fd_write_all(out, block, (size_t)got))
			_exit(1);
		size -= got;
	}
	ssh_channel_read(channel, line, 1, 0);
	ssh_channel_write(channel, "", 1);
	ssh_disconnect(ssh);
	_exit(0);
}

struct fetch *
fetch_new(const struct fetch_from *from)
{
	int pair[2];
	struct fetch *fetch = xcalloc(1, sizeof(*fetch));
	if (pipe2(pair, O_CLOEXEC))
		fatal("pipe: %s", strerror(errno));
	fetch->child = fork();
	if (fetch->child < 0)
		fatal("fork: %s", strerror(errno));
	if (fetch->child == 0) {
		/* No listener and no client may live on in the child. */
		int out = dup2(pair[1], STDOUT_FILENO);
		close_range(STDERR_FILENO + 1, ~0u, 0);
		run(from, out);
	}
	close(pair[1]);
	fetch->fd = pair[0];
	fd_set_nonblock(fetch->fd);
	fetch->size = -1;
	return fetch;
}

void
fetch_free(struct fetch *fetch)
{
	if (!fetch)
		return;
	close(fetch->fd);
	kill(fetch->child, SIGKILL);
	waitpid(fetch->child, NULL, 0);
	free(fetch);
}

static enum fetch_answer
failed(struct fetch *fetch, const char *why)
{
	ssize_t got = why
	    ? 0
	    : read(fetch->fd, fetch->error, sizeof(fetch->error) - 1);
	fetch->error[got > 0 ? got : 0] = '\0';
	if (!*fetch->error)
		snprintf(fetch->error, sizeof(fetch->error), "%s",
		    why ? why : "Connection lost");
	return FETCH_FAILED;
}

/* The size, as far as it has come; FETCH_DATA when it is there. */
static enum fetch_answer
read_head(struct fetch *fetch)
{
	ssize_t n = read(fetch->fd, fetch->head + fetch->head_len,
	    sizeof(fetch->head) - fetch->head_len);
	if (n < 0)
		return FETCH_WAITS;
	if (n == 0)
		return failed(fetch, "Connection lost");
	fetch->head_len += (size_t)n;
	if (fetch->head_len < sizeof(fetch->head))
		return FETCH_WAITS;
	memcpy(&fetch->size, fetch->head, sizeof(fetch->size));
	fetch->headed = true;
	return FETCH_DATA;
}

enum fetch_answer
fetch_read(struct fetch *fetch, void *data, size_t len, size_t *got)
{
	*got = 0;
	if (!fetch->headed) {
		enum fetch_answer answer = read_head(fetch);
		if (answer != FETCH_DATA)
			return answer;
	}
	if (fetch->size < 0) {
		/* The text is written right behind the size. */
		fcntl(fetch->fd, F_SETFL, 0);
		return failed(fetch, NULL);
	}
	if (fetch->came == fetch->size)
		return FETCH_END;
	ssize_t n = read(fetch->fd, data, len);
	if (n < 0)
		return FETCH_WAITS;
	if (n == 0)
		return failed(fetch, "Connection lost");
	fetch->came += n;
	*got = (size_t)n;
	return FETCH_DATA;
}

int64_t
fetch_size(const struct fetch *fetch)
{
	return fetch->size;
}

const char *
fetch_error(const struct fetch *fetch)
{
	return fetch->error;
}
