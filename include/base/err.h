/*
 * What went wrong, in one struct: a kind that policy may branch on, the errno
 * that caused it (0 when there was none) and one plain sentence for a person.
 *
 * The leaf that noticed fills it, a caller that knows a name puts it in front
 * (err_prefix), the top prints it once. A successful call leaves it untouched.
 */
#ifndef NETPUSH_BASE_ERR_H
#define NETPUSH_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

/* The kinds of docs/results.md. Their names are part of the result format. */
enum err_kind {
	ERR_NONE,
	ERR_JOB,
	ERR_RESOLVE,
	ERR_CONNECT,
	ERR_HOST_KEY,
	ERR_AUTH,
	ERR_TIMEOUT,
	ERR_CLOSED,
	ERR_PROMPT,
	ERR_REFUSED,
	ERR_ECHO,
	ERR_VERIFY,
	ERR_TRANSFER,
	ERR_LOCKOUT_RISK,
	ERR_CANCELLED,
	ERR_CRASHED,
	ERR_INTERNAL,
	ERR__COUNT,
};

struct err {
	enum err_kind kind;
	int sys;
	char text[512];
};

/* The kind's name as it stands in events and results; "none" for ERR_NONE. */
const char *err_kind_name(enum err_kind kind);

/* Finds the kind of a name; false if there is none. */
bool err_kind_get(const char *name, enum err_kind *kind);

/*
 * Fill ERR and return -1, so that `return err_set(...)` reads as one thought.
 * err_sys() appends ": " and the text of ERRNUM. ERR may be NULL.
 */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int err_sys(struct err *err, enum err_kind kind, int errnum, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

/* Puts text in front of what is there: "R1: " + "connection refused".
 * ERR may be NULL. */
void err_prefix(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts text behind it, as much as there is room. ERR may be NULL. */
void err_append(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts text behind what is there, which is cut if both do not fit: the end
 * says what to do. ERR may be NULL. */
void err_suffix(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
