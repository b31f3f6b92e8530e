/* Growing bytes with a ceiling. */
#include "base/buf.h"

#include "base/alloc.h"
#include "base/die.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
buf_init(struct buf *buf, size_t limit_bytes)
{
	*buf = (struct buf){ .limit = limit_bytes };
}

void
buf_clear(struct buf *buf)
{
	free(buf->data);
	buf_init(buf, buf->limit);
}

void
buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->cut = false;
	if (buf->data)
		buf->data[0] = '\0';
}

static void
buf_reserve(struct buf *buf, size_t more)
{
	size_t need = buf->len + more + 1;
	if (need <= buf->cap)
		return;
	size_t cap = buf->cap ? buf->cap : 64;
	while (cap < need)
		cap *= 2;
	/* Not limit + 1, which is 0 for SIZE_MAX ("no limit"). */
	if (cap - 1 > buf->limit)
		cap = buf->limit + 1;
	buf->data = xrealloc(buf->data, cap, 1);
	buf->cap = cap;
}

bool
buf_add(struct buf *buf, const void *data, size_t len)
{
	size_t room = buf->limit - buf->len;
	size_t take = len < room ? len : room;
	if (take < len)
		buf->cut = true;
	if (take) {
		buf_reserve(buf, take);
		memcpy(buf->data + buf->len, data, take);
		buf->len += take;
		buf->data[buf->len] = '\0';
	}
	return take == len;
}

bool
buf_adds(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

bool
buf_addc(struct buf *buf, char byte)
{
	return buf_add(buf, &byte, 1);
}

bool
buf_addf(struct buf *buf, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	BUG_IF(len < 0);
	if ((size_t)len < sizeof(small))
		return buf_add(buf, small, (size_t)len);
	va_start(ap, fmt);
	char *text = xvasprintf(fmt, ap);
	va_end(ap);
	bool whole = buf_add(buf, text, (size_t)len);
	free(text);
	return whole;
}

void
buf_drop(struct buf *buf, size_t len)
{
	BUG_IF(len > buf->len);
	if (!len)
		return;
	buf->len -= len;
	memmove(buf->data, buf->data + len, buf->len + 1);
}

void
buf_truncate(struct buf *buf, size_t len)
{
	BUG_IF(len > buf->len);
	buf->len = len;
	if (buf->data)
		buf->data[len] = '\0';
}

const char *
buf_str(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

char *
buf_take(struct buf *buf)
{
	char *text = buf->data ? buf->data : xstrdup("");
	buf->data = NULL;
	buf_init(buf, buf->limit);
	return text;
}
