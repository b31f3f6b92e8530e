/* Ends the process when there is no other way on. */
#include "base/die.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void
fatal(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fputs("netpush: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	_exit(FATAL_STATUS);
}

void
die_by_signal(int number)
{
	sigset_t set;
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
}

void
bug_at(const char *file, int line, const char *what)
{
	fprintf(stderr, "netpush: bug at %s:%d: %s\n", file, line, what);
	abort();
}
