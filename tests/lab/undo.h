/*
 * A change that takes itself back: a configuration that was kept, and a timer
 * that puts it in place unless somebody disarms it. Minutes are as long as
 * the device's minute_ms says.
 */
#ifndef LAB_UNDO_H
#define LAB_UNDO_H

#include "config.h"
#include "loop.h"

struct device;

struct undo {
	struct timer timer;
	struct device *device;
	struct config before; /* what was kept; empty while not armed */
	char *what; /* the name of what was kept */
	int64_t minutes, due_ms, set_wall_ms;
	bool armed, warned;
	void (*warn)(struct undo *undo); /* set before arming; may be NULL */
	void (*act)(struct undo *undo); /* armed still; disarms it */
};

/* KEEP (may be NULL) is copied; texts too. Arming again replaces. */
void undo_arm(struct undo *undo, struct device *device, int64_t minutes,
    const struct config *keep, const char *what, void (*act)(struct undo *));
void undo_disarm(struct undo *undo);

/* Starts the time anew, with what was kept before. */
void undo_extend(struct undo *undo, int64_t minutes);

/* The time is up now, if it was running; what is said before is said. */
void undo_expire(struct undo *undo);

/* Whole minutes left, rounded up. */
int64_t undo_left(const struct undo *undo);

/* The kept configuration becomes the running one, disarmed. */
void undo_restore(struct undo *undo);

#endif
