/* Asking on the terminal. The only place that touches its settings. */
#include "app/prompt.h"

#include "base/alloc.h"
#include "base/fdio.h"
#include "base/secret.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ANSWER_BYTES 1024

bool
prompt_is_possible(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Asks and reads one line, without its end, into ANSWER. -1 at end of file. */
static ssize_t
ask(int fd, const char *question, char answer[ANSWER_BYTES])
{
	size_t len = 0;
	if (fd_write_all(fd, question, strlen(question)))
		return -1;
	while (len < ANSWER_BYTES - 1) {
		ssize_t n = read(fd, answer + len, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		if (answer[len] == '\n' || answer[len] == '\r')
			break;
		len++;
	}
	answer[len] = '\0';
	return (ssize_t)len;
}

char *
prompt_line(const char *question, const char *default_text)
{
	char answer[ANSWER_BYTES];
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return NULL;
	char *shown = default_text
	    ? xasprintf("%s [%s]: ", question, default_text)
	    : xasprintf("%s: ", question);
	ssize_t len = ask(fd, shown, answer);
	free(shown);
	close(fd);
	if (len < 0)
		return NULL;
	const char *text = str_trim(answer);
	if (!*text)
		text = default_text;
	return xstrdup(text);
}

/* For the handler: the terminal as it was. */
static int echo_fd = -1;
static struct termios echo_on;

static void
restore_echo(int number)
{
	tcsetattr(echo_fd, TCSAFLUSH, &echo_on);
	signal(number, SIG_DFL);
	raise(number);
}

struct secret *
prompt_secret(const char *question)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction restore = { .sa_handler = restore_echo };
	struct sigaction was[sizeof(ending) / sizeof(ending[0])];
	char answer[ANSWER_BYTES];
	struct secret *secret = NULL;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return NULL;
	char *shown = xasprintf("%s: ", question);
	if (tcgetattr(fd, &echo_on))
		goto out;
	echo_fd = fd;
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		sigaction(ending[i], &restore, &was[i]);
	struct termios silent = echo_on;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	silent.c_lflag |= ECHONL;
	if (tcsetattr(fd, TCSAFLUSH, &silent) == 0) {
		ssize_t len = ask(fd, shown, answer);
		if (len > 0)
			secret = secret_new(answer, (size_t)len);
		secret_wipe(answer, sizeof(answer));
	}
	tcsetattr(fd, TCSAFLUSH, &echo_on);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		sigaction(ending[i], &was[i], NULL);
out:
	free(shown);
	close(fd);
	return secret;
}
