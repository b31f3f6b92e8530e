/* Filling in struct err. Knows nothing about who prints it. */
#include "base/err.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

static const char *const kind_names[ERR__COUNT] = {
	[ERR_NONE] = "none",
	[ERR_JOB] = "job",
	[ERR_RESOLVE] = "resolve",
	[ERR_CONNECT] = "connect",
	[ERR_HOST_KEY] = "host_key",
	[ERR_AUTH] = "auth",
	[ERR_TIMEOUT] = "timeout",
	[ERR_CLOSED] = "closed",
	[ERR_PROMPT] = "prompt",
	[ERR_REFUSED] = "refused",
	[ERR_ECHO] = "echo",
	[ERR_VERIFY] = "verify",
	[ERR_TRANSFER] = "transfer",
	[ERR_LOCKOUT_RISK] = "lockout_risk",
	[ERR_CANCELLED] = "cancelled",
	[ERR_CRASHED] = "crashed",
	[ERR_INTERNAL] = "internal",
};

const char *
err_kind_name(enum err_kind kind)
{
	return (unsigned)kind < ERR__COUNT ? kind_names[kind] : "internal";
}

bool
err_kind_get(const char *name, enum err_kind *kind)
{
	int found = str_index(kind_names, ERR__COUNT, name);
	if (found < 0)
		return false;
	*kind = (enum err_kind)found;
	return true;
}

int
err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	if (!err)
		return -1;
	err->kind = kind;
	err->sys = 0;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *err, enum err_kind kind, int errnum, const char *fmt, ...)
{
	if (!err)
		return -1;
	err->kind = kind;
	err->sys = errnum;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	err_append(err, ": %s", strerror(errnum));
	return -1;
}

void
err_append(struct err *err, const char *fmt, ...)
{
	if (!err)
		return;
	size_t len = strlen(err->text);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->text + len, sizeof(err->text) - len, fmt, ap);
	va_end(ap);
}

void
err_prefix(struct err *err, const char *fmt, ...)
{
	char was[sizeof(err->text)];
	if (!err)
		return;
	memcpy(was, err->text, sizeof(was));
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	size_t len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, "%s", was);
}

void
err_suffix(struct err *err, const char *fmt, ...)
{
	char more[sizeof(err->text)];
	if (!err)
		return;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(more, sizeof(more), fmt, ap);
	va_end(ap);
	size_t len = strlen(err->text);
	size_t room = sizeof(err->text) - 1 - strlen(more);
	if (len > room)
		len = room;
	memcpy(err->text + len, more, strlen(more) + 1);
}
