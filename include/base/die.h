/*
 * The two ways of stopping that are not errors: fatal() when this process
 * cannot go on (no memory, no socketpair; in a worker it costs one device),
 * BUG() when the code itself is wrong.
 */
#ifndef NETPUSH_BASE_DIE_H
#define NETPUSH_BASE_DIE_H

#define FATAL_STATUS 70 /* EX_SOFTWARE of sysexits.h */

/* Prints "netpush: ..." to standard error and leaves with FATAL_STATUS. */
_Noreturn void fatal(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* Ends the process by the signal NUMBER, as if nobody had handled it. */
void die_by_signal(int number);

_Noreturn void bug_at(const char *file, int line, const char *what);

#define BUG(what) bug_at(__FILE__, __LINE__, what)
#define BUG_IF(cond)                                                           \
	do {                                                                   \
		if (cond)                                                      \
			BUG(#cond);                                            \
	} while (0)

#endif
