/*
 * Configuration onto a device, safely and at the speed of the wire.
 *
 * The text is a tree by indentation. A header (a line with deeper lines under
 * it) is a barrier: its children go only after the prompt has shown that the
 * device entered the sub-mode, so a refused header can never drop them into
 * another context. Children are pipelined with an adaptive window; lines at
 * the top go one by one. The first refused line ends it: nothing more is
 * sent, what was in flight is still accounted for.
 */
#ifndef NETPUSH_DEVICE_SENDER_H
#define NETPUSH_DEVICE_SENDER_H

#include "base/buf.h"
#include "device/fault.h"
#include "device/session.h"
#include "model/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct push {
	const struct plan_lines *lines;
	int64_t deadline;
	/* Another way in than the profile's, and where it leads; NULL: that. */
	const char *enter, *mode;
	/* Results: */
	size_t sent; /* lines that left */
	size_t accepted; /* lines whose answer was a prompt and no refusal */
	struct buf spoken; /* what the device said to lines it accepted */
};

void push_init(
    struct push *push, const struct plan_lines *lines, int64_t deadline);
void push_clear(struct push *push);

/*
 * Enters the configuration mode, sends all lines, goes back to the exec mode.
 * Announces STAGE_CHANGE before the first. 0 when every line was accepted;
 * else -1 and FAULT with kind, line, text sent and the device's own words.
 */
int sender_push(
    struct session *session, struct push *push, struct fault *fault);

#endif
