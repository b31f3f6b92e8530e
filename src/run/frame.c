/* Frames, written and read side by side. */
#include "run/frame.h"

#include "base/fdio.h"

#include <string.h>

static const char kinds[] = { FRAME_OUT, FRAME_ERR, FRAME_IN, FRAME_HOST_KEY,
	FRAME_END };

static int
write_one(int fd, enum frame_kind kind, const char *data, size_t len)
{
	/* One write for head and body: each wakes the parent. */
	char frame[FRAME_HEAD_BYTES + FRAME_LIMIT_BYTES];
	frame[0] = (char)kind;
	for (int i = 0; i < 4; i++)
		frame[1 + i] = (char)(len >> (24 - 8 * i));
	if (len)
		memcpy(frame + FRAME_HEAD_BYTES, data, len);
	return fd_write_all(fd, frame, FRAME_HEAD_BYTES + len);
}

int
frame_write(int fd, enum frame_kind kind, const char *data, size_t len)
{
	do {
		size_t part = len < FRAME_LIMIT_BYTES ? len : FRAME_LIMIT_BYTES;
		if (write_one(fd, kind, data, part))
			return -1;
		data = data ? data + part : NULL;
		len -= part;
	} while (len);
	return 0;
}

int
frame_next(const char *data, size_t len, size_t *at, struct frame *frame)
{
	const unsigned char *head = (const unsigned char *)data + *at;
	size_t left = len - *at;
	if (left && !memchr(kinds, data[*at], sizeof(kinds)))
		return -1;
	if (left < FRAME_HEAD_BYTES)
		return 0;
	size_t size = (size_t)head[1] << 24 | (size_t)head[2] << 16 |
	    (size_t)head[3] << 8 | head[4];
	if (size > FRAME_LIMIT_BYTES)
		return -1;
	if (left - FRAME_HEAD_BYTES < size)
		return 0;
	*frame = (struct frame){
		.kind = (enum frame_kind)head[0],
		.data = data + *at + FRAME_HEAD_BYTES,
		.len = size,
	};
	*at += FRAME_HEAD_BYTES + size;
	return 1;
}
