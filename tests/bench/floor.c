/*
 * The least that a login costs with libssh2: connect, key exchange, password,
 * terminal, shell, read until the prompt, close; one process a device, at most
 * so many at a time. What netpush needs beyond this is its own. With a
 * command, one device is asked it and every byte of the answer is read.
 *
 *	floor PORT PROCESSES < addresses
 *	floor PORT PROCESSES COMMAND < address
 *
 * It knows the lab's prompts (a name and "#"), no profile, no host keys.
 */
#include <libssh2.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define USERNAME   "neteng"
#define PASSWORD   "lab-secret"
#define READ_BYTES 32768

static int
dial(const char *address, uint16_t port)
{
	int on = 1;
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* Reads until the last byte that arrived is a prompt's; the bytes read, or
 * -1 when the device went away before. */
static long long
read_to_prompt(LIBSSH2_CHANNEL *channel)
{
	static char chunk[READ_BYTES];
	long long total = 0;
	for (;;) {
		ssize_t n = libssh2_channel_read(channel, chunk, sizeof(chunk));
		if (n <= 0)
			return -1;
		total += n;
		if (chunk[n - 1] == '#')
			return total;
	}
}

static int
type_line(LIBSSH2_CHANNEL *channel, const char *line)
{
	char text[256];
	int len = snprintf(text, sizeof(text), "%s\n", line);
	return libssh2_channel_write(channel, text, (size_t)len) == len ? 0
									: -1;
}

/* The bytes of COMMAND's answer; 0 without a command, -1 if it went wrong. */
static long long
use_shell(LIBSSH2_CHANNEL *channel, const char *command)
{
	if (libssh2_channel_request_pty(channel, "vt100") ||
	    libssh2_channel_shell(channel) || read_to_prompt(channel) < 0)
		return -1;
	if (!command)
		return 0;
	if (type_line(channel, "terminal length 0") ||
	    read_to_prompt(channel) < 0 || type_line(channel, command))
		return -1;
	return read_to_prompt(channel);
}

/* One device, from the first byte to the last. */
static int
visit(const char *address, uint16_t port, const char *command)
{
	long long bytes = -1;
	LIBSSH2_SESSION *session = NULL;
	LIBSSH2_CHANNEL *channel = NULL;
	int fd = dial(address, port);
	if (fd < 0 || libssh2_init(0))
		goto out;
	session = libssh2_session_init();
	if (!session || libssh2_session_handshake(session, fd) ||
	    libssh2_userauth_password(session, USERNAME, PASSWORD))
		goto out;
	channel = libssh2_channel_open_session(session);
	if (!channel)
		goto out;
	bytes = use_shell(channel, command);
	if (command && bytes >= 0)
		printf("%lld\n", bytes);
	fflush(stdout);
out:
	if (channel)
		libssh2_channel_free(channel);
	if (session) {
		libssh2_session_disconnect(session, "done");
		libssh2_session_free(session);
	}
	if (fd >= 0)
		close(fd);
	return bytes < 0;
}

/* Waits for one process; its failure is counted. */
static void
reap(unsigned *running, unsigned *failed)
{
	int status;
	if (wait(&status) < 0)
		return;
	(*running)--;
	*failed += status != 0;
}

int
main(int argc, char **argv)
{
	char address[64];
	unsigned running = 0, failed = 0;
	if (argc < 3) {
		fprintf(stderr, "usage: floor PORT PROCESSES [COMMAND]\n");
		return 2;
	}
	uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
	unsigned processes = (unsigned)strtoul(argv[2], NULL, 10);
	while (fgets(address, sizeof(address), stdin)) {
		address[strcspn(address, "\n")] = '\0';
		if (running >= processes)
			reap(&running, &failed);
		pid_t pid = fork();
		if (pid < 0) {
			fprintf(stderr, "fork: %s\n", strerror(errno));
			return 1;
		}
		if (pid == 0)
			_exit(visit(address, port, argv[3]));
		running++;
	}
	while (running)
		reap(&running, &failed);
	if (failed)
		fprintf(stderr, "%u devices failed\n", failed);
	return failed ? 1 : 0;
}
