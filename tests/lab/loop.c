/*
 * The poll loop of the lab: an epoll set and a heap of timers. It must not
 * know what its descriptors and timers are for.
 */
#include "loop.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/die.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_PER_TURN 64

static struct {
	int epoll;
	struct timer **heap;
	size_t count, cap;
} loop = { .epoll = -1 };

void
loop_init(void)
{
	loop.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop.epoll < 0)
		fatal("epoll: %s", strerror(errno));
}

void
loop_free(void)
{
	close(loop.epoll);
	free(loop.heap);
	loop.heap = NULL;
	loop.count = loop.cap = 0;
}

static void
epoll_apply(int op, struct source *source)
{
	struct epoll_event event = { .events = source->events,
		.data.ptr = source };
	if (epoll_ctl(loop.epoll, op, source->fd, &event) < 0)
		fatal("epoll_ctl: %s", strerror(errno));
}

void
loop_add(struct source *source, int fd, uint32_t events)
{
	source->fd = fd;
	source->events = events;
	epoll_apply(EPOLL_CTL_ADD, source);
}

void
loop_change(struct source *source, uint32_t events)
{
	if (source->events == events)
		return;
	source->events = events;
	epoll_apply(EPOLL_CTL_MOD, source);
}

void
loop_remove(struct source *source)
{
	if (source->fd < 0)
		return;
	epoll_apply(EPOLL_CTL_DEL, source);
	source->fd = -1;
}

static void
heap_place(size_t index, struct timer *timer)
{
	loop.heap[index] = timer;
	timer->slot = index + 1;
}

static void
heap_up(size_t index)
{
	struct timer *timer = loop.heap[index];
	while (index) {
		size_t parent = (index - 1) / 2;
		if (loop.heap[parent]->due_ms <= timer->due_ms)
			break;
		heap_place(index, loop.heap[parent]);
		index = parent;
	}
	heap_place(index, timer);
}

static void
heap_down(size_t index)
{
	struct timer *timer = loop.heap[index];
	for (;;) {
		size_t child = 2 * index + 1;
		if (child >= loop.count)
			break;
		if (child + 1 < loop.count &&
		    loop.heap[child + 1]->due_ms < loop.heap[child]->due_ms)
			child++;
		if (timer->due_ms <= loop.heap[child]->due_ms)
			break;
		heap_place(index, loop.heap[child]);
		index = child;
	}
	heap_place(index, timer);
}

void
timer_disarm(struct timer *timer)
{
	if (!timer->slot)
		return;
	size_t index = timer->slot - 1;
	timer->slot = 0;
	struct timer *last = loop.heap[--loop.count];
	if (last == timer)
		return;
	heap_place(index, last);
	heap_up(index);
	heap_down(last->slot - 1);
}

void
timer_arm(struct timer *timer, int64_t due_ms)
{
	timer_disarm(timer);
	timer->due_ms = due_ms;
	GROW(loop.heap, loop.count, loop.cap);
	heap_place(loop.count++, timer);
	heap_up(loop.count - 1);
}

static void
timers_fire(void)
{
	int64_t now = clock_ms();
	while (loop.count && loop.heap[0]->due_ms <= now) {
		struct timer *timer = loop.heap[0];
		timer_disarm(timer);
		timer->fire(timer);
	}
}

void
loop_turn(void)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int64_t first = loop.count ? loop.heap[0]->due_ms : DEADLINE_NEVER;
	int ready = epoll_wait(
	    loop.epoll, events, EVENTS_PER_TURN, deadline_poll_ms(first));
	if (ready < 0 && errno != EINTR)
		fatal("epoll_wait: %s", strerror(errno));
	for (int i = 0; i < ready; i++) {
		struct source *source = events[i].data.ptr;
		if (source->fd >= 0)
			source->ready(source, events[i].events);
	}
	timers_fire();
}
