/* poll(2) with a deadline and a way to be called off. */
#include "device/wait.h"

#include "base/deadline.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>

static wait_fn *instead;

void
wait_instead(wait_fn *fn)
{
	instead = fn;
}

enum wait_result
wait_fd(int fd, short events, int64_t deadline, int cancel_fd)
{
	if (instead)
		return instead(fd, events, deadline, cancel_fd);
	for (;;) {
		struct pollfd fds[2] = {
			{ .fd = fd, .events = events },
			{ .fd = cancel_fd, .events = POLLIN },
		};
		int n = poll(fds, 2, deadline_poll_ms(deadline));
		if (n < 0 && errno == EINTR)
			continue;
		if (fds[1].revents)
			return WAIT_CANCELLED;
		if (n > 0 && fds[0].revents)
			return WAIT_READY;
		if (deadline_passed(deadline))
			return WAIT_TIMEOUT;
	}
}
