/*
 * What a worker of the parallel shell tells its parent. Outputs are bytes, of
 * any kind and any amount, so they do not travel as events (JSON) but as they
 * are: one byte for the kind, four for the length, then so many bytes.
 */
#ifndef NETPUSH_RUN_FRAME_H
#define NETPUSH_RUN_FRAME_H

#include <stddef.h>

#define FRAME_HEAD_BYTES  5
#define FRAME_LIMIT_BYTES 65536 /* of what it holds */

enum frame_kind {
	FRAME_OUT = 'o', /* standard output */
	FRAME_ERR = 'e', /* standard error */
	FRAME_IN = 'i', /* logged in */
	FRAME_HOST_KEY = 'k', /* JSON of run/host_key.h */
	FRAME_END = 'x', /* JSON: how it ended */
};

struct frame {
	enum frame_kind kind;
	const char *data;
	size_t len;
};

/* Writes LEN bytes as one frame or more (an empty one if there are none),
 * waiting where needed. -1: nobody reads. */
int frame_write(int fd, enum frame_kind kind, const char *data, size_t len);

/* Reads the frame at DATA + *AT and moves *AT behind it. 1: FRAME is filled,
 * 0: it is not all there yet, -1: that is no frame. */
int frame_next(const char *data, size_t len, size_t *at, struct frame *frame);

#endif
