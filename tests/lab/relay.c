/* Delays bytes between two descriptors. It does not know what they say. */
#include "relay.h"
#include "loop.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/fdio.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK_BYTES 32768

struct chunk {
	struct chunk *next;
	int64_t due_ms;
	size_t len, at; /* len 0: the end of the stream */
	char data[];
};

struct relay {
	struct relay *next, **link;
	int64_t latency_ms;
	struct timer timer;
	struct side {
		struct source source;
		struct relay *relay;
		struct chunk *first, **last; /* what is to be written here */
		bool read_end, write_end, blocked;
	} sides[2];
	bool dead;
};

static struct relay *relays;

static void
relay_free(struct relay *relay)
{
	timer_disarm(&relay->timer);
	for (int i = 0; i < 2; i++) {
		struct side *side = &relay->sides[i];
		int fd = side->source.fd;
		loop_remove(&side->source);
		if (fd >= 0)
			close(fd);
		while (side->first) {
			struct chunk *chunk = side->first;
			side->first = chunk->next;
			free(chunk);
		}
	}
	*relay->link = relay->next;
	if (relay->next)
		relay->next->link = relay->link;
	free(relay);
}

void
relays_free(void)
{
	while (relays)
		relay_free(relays);
}

/* Freed from its own timer, so that no event of this turn meets it dead. */
static void
relay_kill(struct relay *relay)
{
	if (relay->dead)
		return;
	relay->dead = true;
	for (int i = 0; i < 2; i++) {
		int fd = relay->sides[i].source.fd;
		loop_remove(&relay->sides[i].source);
		if (fd >= 0)
			close(fd);
	}
	timer_arm(&relay->timer, clock_ms());
}

static void
queue(struct side *to, const char *data, size_t len)
{
	struct chunk *chunk = xcalloc(1, sizeof(*chunk) + len);
	chunk->due_ms = clock_ms() + to->relay->latency_ms;
	chunk->len = len;
	if (len)
		memcpy(chunk->data, data, len);
	*to->last = chunk;
	to->last = &chunk->next;
	if (!to->relay->timer.slot || to->relay->timer.due_ms > chunk->due_ms)
		timer_arm(&to->relay->timer, chunk->due_ms);
}

static void
side_events(struct side *side)
{
	loop_change(&side->source,
	    (side->read_end ? 0 : (uint32_t)EPOLLIN) |
		(side->blocked ? (uint32_t)EPOLLOUT : 0));
}

/* Writes what is due; false when the relay is finished. */
static bool
side_write(struct side *side)
{
	int64_t now = clock_ms();
	side->blocked = false;
	while (side->first && side->first->due_ms <= now) {
		struct chunk *chunk = side->first;
		if (!chunk->len) {
			shutdown(side->source.fd, SHUT_WR);
			side->write_end = true;
		}
		while (chunk->at < chunk->len) {
			ssize_t sent = send(side->source.fd,
			    chunk->data + chunk->at, chunk->len - chunk->at,
			    MSG_NOSIGNAL);
			if (sent < 0 && errno == EAGAIN) {
				side->blocked = true;
				return true;
			}
			if (sent < 0)
				return false;
			chunk->at += (size_t)sent;
		}
		side->first = chunk->next;
		if (!side->first)
			side->last = &side->first;
		free(chunk);
	}
	return true;
}

static void
relay_write(struct relay *relay)
{
	int64_t due = DEADLINE_NEVER;
	for (int i = 0; i < 2; i++) {
		struct side *side = &relay->sides[i];
		if (!side_write(side)) {
			relay_kill(relay);
			return;
		}
		if (side->first && !side->blocked)
			due = deadline_first(due, side->first->due_ms);
		side_events(side);
	}
	if (relay->sides[0].write_end && relay->sides[1].write_end)
		relay_kill(relay);
	else if (due != DEADLINE_NEVER)
		timer_arm(&relay->timer, due);
}

static void
relay_timer(struct timer *timer)
{
	struct relay *relay = CONTAINER(timer, struct relay, timer);
	if (relay->dead)
		relay_free(relay);
	else
		relay_write(relay);
}

static void
side_ready(struct source *source, uint32_t events)
{
	struct side *side = CONTAINER(source, struct side, source);
	struct relay *relay = side->relay;
	struct side *other = &relay->sides[side == &relay->sides[0]];
	static char data[CHUNK_BYTES];
	if (events & EPOLLOUT)
		relay_write(relay);
	if (relay->dead)
		return;
	if (!side->read_end && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
		ssize_t got = recv(source->fd, data, sizeof(data), 0);
		if (got > 0) {
			queue(other, data, (size_t)got);
		} else if (got == 0) {
			side->read_end = true;
			queue(other, NULL, 0);
			side_events(side);
		} else if (errno != EAGAIN) {
			relay_kill(relay);
		}
	} else if (side->read_end && (events & (EPOLLHUP | EPOLLERR))) {
		relay_kill(relay);
	}
}

int
relay_new(int outer, int64_t latency_ms)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		pair) < 0) {
		close(outer);
		return -1;
	}
	struct relay *relay = xcalloc(1, sizeof(*relay));
	relay->latency_ms = latency_ms;
	relay->timer.fire = relay_timer;
	relay->next = relays;
	relay->link = &relays;
	if (relays)
		relays->link = &relay->next;
	relays = relay;
	fd_set_nonblock(outer);
	for (int i = 0; i < 2; i++) {
		struct side *side = &relay->sides[i];
		side->relay = relay;
		side->last = &side->first;
		side->source.ready = side_ready;
		loop_add(&side->source, i ? pair[0] : outer, EPOLLIN);
	}
	return pair[1];
}
