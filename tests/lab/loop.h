/*
 * One epoll loop: descriptors that become ready and timers that fire. The
 * loop knows nothing of SSH or of devices.
 */
#ifndef LAB_LOOP_H
#define LAB_LOOP_H

#include <stddef.h>
#include <stdint.h>

#define CONTAINER(ptr, type, member)                                           \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Embedded in its owner; EVENTS and the argument of ready() are EPOLL*. */
struct source {
	int fd;
	uint32_t events;
	void (*ready)(struct source *source, uint32_t events);
};

/* Embedded in its owner; a zeroed timer with FIRE set is a disarmed one. */
struct timer {
	int64_t due_ms; /* of clock_ms() */
	size_t slot; /* place in the heap + 1; 0 = not armed */
	void (*fire)(struct timer *timer);
};

void loop_init(void);
void loop_free(void);

/* The descriptor stays the owner's. A removed source gets no more calls once
 * the present turn is over; within it, the owner must tell by itself. */
void loop_add(struct source *source, int fd, uint32_t events);
void loop_change(struct source *source, uint32_t events);
void loop_remove(struct source *source);

void timer_arm(struct timer *timer, int64_t due_ms);
void timer_disarm(struct timer *timer);

/* Waits for something to happen and handles it. */
void loop_turn(void);

#endif
