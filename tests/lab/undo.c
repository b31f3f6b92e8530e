/* Timers that take changes back. What a device says then is its platform's. */
#include "undo.h"

#include "device.h"

#include "base/alloc.h"
#include "base/deadline.h"

#include <stdlib.h>

static void
fired(struct timer *timer)
{
	struct undo *undo = CONTAINER(timer, struct undo, timer);
	if (undo->warn && !undo->warned) {
		undo->warned = true;
		timer_arm(timer, undo->due_ms);
		undo->warn(undo);
		return;
	}
	undo->act(undo);
}

static void
start(struct undo *undo, int64_t minutes)
{
	int64_t minute = undo->device->minute_ms;
	int64_t now = clock_ms();
	undo->minutes = minutes;
	undo->set_wall_ms = clock_wall_ms();
	undo->due_ms = now + minutes * minute;
	undo->warned = minutes <= 1;
	undo->timer.fire = fired;
	timer_arm(&undo->timer,
	    undo->warn && !undo->warned ? undo->due_ms - minute : undo->due_ms);
}

void
undo_arm(struct undo *undo, struct device *device, int64_t minutes,
    const struct config *keep, const char *what, void (*act)(struct undo *))
{
	void (*warn)(struct undo *) = undo->warn;
	undo_disarm(undo);
	undo->device = device;
	undo->warn = warn;
	undo->act = act;
	undo->what = xstrdup(what);
	undo->armed = true;
	if (keep)
		config_copy(&undo->before, keep);
	start(undo, minutes);
}

void
undo_extend(struct undo *undo, int64_t minutes)
{
	start(undo, minutes);
}

void
undo_disarm(struct undo *undo)
{
	timer_disarm(&undo->timer);
	config_clear(&undo->before);
	free(undo->what);
	undo->what = NULL;
	undo->armed = false;
}

void
undo_expire(struct undo *undo)
{
	if (!undo->armed)
		return;
	undo->due_ms = clock_ms();
	timer_arm(&undo->timer, undo->due_ms);
}

int64_t
undo_left(const struct undo *undo)
{
	int64_t minute = undo->device->minute_ms;
	int64_t left = undo->due_ms - clock_ms();
	return left <= 0 ? 0 : (left + minute - 1) / minute;
}

void
undo_restore(struct undo *undo)
{
	struct device *device = undo->device;
	config_clear(&device->running);
	device->running = undo->before;
	undo->before = (struct config){ 0 };
	undo_disarm(undo);
}
