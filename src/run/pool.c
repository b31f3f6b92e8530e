/*
 * Forking, listening, reaping. A worker's slot lives from fork to waitpid;
 * the end of its stream (closed by its death, whatever the cause) is what
 * tells that it is gone.
 */
#include "run/pool.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/die.h"
#include "base/err.h"
#include "base/fdio.h"
#include "run/crew.h"
#include "run/event.h"
#include "run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENTS_AT_ONCE	64
#define READ_BYTES	65536
#define END_GRACE_MS	1000
#define OVERDUE_LOOK_MS 1000
#define WATCHES_MAX	8

/* A process that does several pieces of work at a time. */
struct crew_process {
	pid_t pid;
	int control;
	unsigned running;
	bool gone;
	int wait_status; /* when it is gone */
};

struct slot {
	bool used;
	bool rests; /* its worker waits for something to do */
	pid_t pid;
	struct crew_process *crew; /* or NULL: a process of its own */
	bool done; /* its crew said so, and this: */
	int status;
	int fd;
	size_t device;
	int64_t kill_at;
	bool overdue;
	struct buf line; /* what was read of an unfinished line */
};

struct watch {
	int fd;
	void (*ready)(void *data);
	void *data;
};

struct pool {
	struct pool_handler handler;
	unsigned threads;
	unsigned running;
	struct slot **slots; /* pointers: epoll keeps them */
	size_t slot_count, slot_cap;
	struct crew_process **crews;
	size_t crew_count, crew_cap;
	struct slot **free_slots;
	size_t free_count, free_cap;
	struct slot **resting; /* the last to come is the first to go */
	size_t resting_count, resting_cap;
	int epoll_fd;
	int signal_fd;
	int held_fd; /* the workers keep it open; -1: none */
	struct watch watches[WATCHES_MAX];
	size_t watch_count;
	int64_t next_look; /* for workers that are overdue */
	sigset_t old_mask;
};

struct pool *
pool_new(unsigned threads, const struct pool_handler *handler, struct err *err)
{
	sigset_t mask;
	struct pool *pool = xcalloc(1, sizeof(*pool));
	struct epoll_event ready = { .events = EPOLLIN };
	pool->handler = *handler;
	pool->threads = threads;
	pool->held_fd = -1;
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, &pool->old_mask);
	pool->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	pool->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (pool->epoll_fd < 0 || pool->signal_fd < 0 ||
	    epoll_ctl(pool->epoll_fd, EPOLL_CTL_ADD, pool->signal_fd, &ready)) {
		err_sys(err, ERR_INTERNAL, errno, "no descriptors for workers");
		pool_free(pool);
		return NULL;
	}
	return pool;
}

static void
forget_resting(struct pool *pool, const struct slot *slot)
{
	for (size_t i = 0; i < pool->resting_count; i++)
		if (pool->resting[i] == slot)
			pool->resting[i] = pool->resting[--pool->resting_count];
}

static void
slot_release(struct pool *pool, struct slot *slot)
{
	close(slot->fd);
	buf_clear(&slot->line);
	slot->used = false;
	if (slot->rests)
		forget_resting(pool, slot);
	else
		pool->running--;
	GROW(pool->free_slots, pool->free_count, pool->free_cap);
	pool->free_slots[pool->free_count++] = slot;
}

static struct slot *
slot_take(struct pool *pool)
{
	struct slot *slot;
	if (pool->free_count) {
		slot = pool->free_slots[--pool->free_count];
	} else {
		slot = xcalloc(1, sizeof(*slot));
		GROW(pool->slots, pool->slot_count, pool->slot_cap);
		pool->slots[pool->slot_count++] = slot;
	}
	*slot = (struct slot){ .used = true };
	buf_init(&slot->line, EVENT_LINE_LIMIT_BYTES);
	pool->running++;
	return slot;
}

/* A crew that has nothing to do ends with its control. */
static void
end_crews(struct pool *pool)
{
	for (size_t i = 0; i < pool->crew_count; i++) {
		struct crew_process *crew = pool->crews[i];
		close(crew->control);
		if (!crew->gone) {
			if (crew->running)
				kill(crew->pid, SIGKILL);
			waitpid(crew->pid, NULL, 0);
		}
		free(crew);
	}
	free(pool->crews);
}

void
pool_free(struct pool *pool)
{
	if (!pool)
		return;
	for (size_t i = 0; i < pool->slot_count; i++) {
		struct slot *slot = pool->slots[i];
		if (slot->used) {
			if (!slot->crew) {
				kill(slot->pid, SIGKILL);
				waitpid(slot->pid, NULL, 0);
			}
			slot_release(pool, slot);
		}
		free(slot);
	}
	end_crews(pool);
	free(pool->slots);
	free(pool->free_slots);
	free(pool->resting);
	if (pool->epoll_fd >= 0)
		close(pool->epoll_fd);
	if (pool->signal_fd >= 0)
		close(pool->signal_fd);
	sigprocmask(SIG_SETMASK, &pool->old_mask, NULL);
	free(pool);
}

bool
pool_has_room(const struct pool *pool)
{
	return pool->running < pool->threads;
}

unsigned
pool_running(const struct pool *pool)
{
	return pool->running;
}

void
pool_set_threads(struct pool *pool, unsigned threads)
{
	pool->threads = threads;
}

/* A worker's descriptors. */
enum {
	WORKER_FD = 3, /* its socket to the parent */
	WORKER_OFF_FD, /* readable when it is called off */
	WORKER_HELD_FD, /* what pool_hold() asked for */
	WORKER_FD_END
};

/* SIGTERM in a worker: calls it off. write(2) may be called in a handler. */
static void
call_off(int number)
{
	static const uint64_t one = 1;
	(void)number;
	int saved = errno;
	(void)!write(WORKER_OFF_FD, &one, sizeof(one));
	/* Waits that watch the parent end as well. */
	shutdown(WORKER_FD, SHUT_RD);
	errno = saved;
}

static void
close_all_but(int a, int b)
{
	int low = b < 0 || a < b ? a : b, high = a < b ? b : a;
	if (low > WORKER_FD)
		close_range(WORKER_FD, (unsigned)low - 1, 0);
	if (high > low + 1)
		close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	close_range((unsigned)high + 1, ~0U, 0);
}

/* Puts FD at the number TO, where no other that is needed lives. */
static void
move_fd(int fd, int to)
{
	if (fd >= 0 && dup2(fd, to) < 0)
		_exit(FATAL_STATUS);
}

/* In the child: nothing of the parent's but the socket. Never returns. */
static _Noreturn void
become_worker(const struct pool *pool, const struct target *target,
    size_t device, int fd, bool is_crew)
{
	const struct pool_handler *handler = &pool->handler;
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction stop = { .sa_handler = call_off };
	/* Siblings' sockets kept open would hide their death; and the table may
	 * be full with them. */
	close_all_but(fd, pool->held_fd);
	int off_fd = eventfd(0, EFD_CLOEXEC);
	/* Above the numbers that they go to, whatever was open before. */
	int high = fcntl(fd, F_DUPFD, WORKER_FD_END);
	int high_off = fcntl(off_fd, F_DUPFD, WORKER_FD_END);
	int high_held = pool->held_fd < 0
	    ? -1
	    : fcntl(pool->held_fd, F_DUPFD, WORKER_FD_END);
	if (high < 0 || high_off < 0)
		_exit(FATAL_STATUS);
	move_fd(high, WORKER_FD);
	move_fd(high_off, WORKER_OFF_FD);
	move_fd(high_held, WORKER_HELD_FD);
	sigaction(SIGINT, &ignore, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	/* A crew's work is called off piece by piece. */
	if (!is_crew)
		sigaction(SIGTERM, &stop, NULL);
	/* Only now: a SIGTERM that came meanwhile calls off as well. */
	sigprocmask(SIG_SETMASK, &pool->old_mask, NULL);
	int null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0)
		_exit(FATAL_STATUS);
	/* Siblings' sockets kept open would hide their death. */
	close_range(pool->held_fd < 0 ? WORKER_HELD_FD : WORKER_FD_END, ~0U, 0);
	fd_set_cloexec(WORKER_FD);
	fd_set_cloexec(WORKER_OFF_FD);
	if (pool->held_fd >= 0)
		fd_set_cloexec(WORKER_HELD_FD);
	if (is_crew)
		_exit(crew_serve(
		    handler->work, handler->data, handler->crew, WORKER_FD));
	if (handler->work)
		_exit(handler->work(
		    handler->data, device, WORKER_FD, WORKER_OFF_FD));
	_exit(worker_main(target, WORKER_FD, WORKER_OFF_FD));
}

/* The stream of PID ended because the process did, or is about to: the kernel
 * closes it just before. One that lives on is broken. */
static int
bury(pid_t pid)
{
	int wait_status = 0;
	struct pollfd ended = {
		.fd = pidfd_open(pid, 0),
		.events = POLLIN,
	};
	if (ended.fd >= 0) {
		if (poll(&ended, 1, END_GRACE_MS) == 0)
			kill(pid, SIGKILL);
		close(ended.fd);
	}
	while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
		;
	return wait_status;
}

static struct slot *
slot_of(const struct pool *pool, size_t device)
{
	for (size_t i = 0; i < pool->slot_count; i++)
		if (pool->slots[i]->used && !pool->slots[i]->rests &&
		    pool->slots[i]->device == device)
			return pool->slots[i];
	return NULL;
}

/* One that rests does it; false: none can. */
static bool
wake(struct pool *pool, size_t device, int64_t kill_after_ms)
{
	while (pool->resting_count) {
		struct slot *slot = pool->resting[pool->resting_count - 1];
		/* One that died meanwhile is heard of by its stream's end. */
		bool sent = send(slot->fd, &device, sizeof(device),
				MSG_NOSIGNAL) == sizeof(device);
		pool->resting_count--;
		if (!sent)
			continue;
		slot->rests = false;
		slot->device = device;
		slot->kill_at = deadline_in(kill_after_ms);
		pool->running++;
		return true;
	}
	return false;
}

bool
pool_worker_next(int fd, size_t *device)
{
	for (;;) {
		ssize_t n = read(fd, device, sizeof(*device));
		if (n < 0 && errno == EINTR)
			continue;
		return n == sizeof(*device);
	}
}

void
pool_rest(struct pool *pool, size_t device)
{
	struct slot *slot = slot_of(pool, device);
	BUG_IF(!slot);
	slot->rests = true;
	pool->running--;
	GROW(pool->resting, pool->resting_count, pool->resting_cap);
	pool->resting[pool->resting_count++] = slot;
}

/* Forks what is to be heard on *FD. */
static pid_t
fork_worker(struct pool *pool, const struct target *target, size_t device,
    bool is_crew, int *fd, struct err *err)
{
	int fds[2];
	int type = is_crew ? SOCK_SEQPACKET : SOCK_STREAM;
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds))
		return err_sys(
		    err, ERR_INTERNAL, errno, "no socket for a worker");
	pid_t pid = fork();
	if (pid < 0) {
		int cause = errno;
		close(fds[0]);
		close(fds[1]);
		return err_sys(
		    err, ERR_INTERNAL, cause, "no process for a worker");
	}
	if (pid == 0)
		become_worker(pool, target, device, fds[1], is_crew);
	close(fds[1]);
	*fd = fds[0];
	return pid;
}

/* One with room for one more; NULL with ERR. */
static struct crew_process *
find_crew(struct pool *pool, struct err *err)
{
	int control;
	for (size_t i = 0; i < pool->crew_count; i++) {
		struct crew_process *crew = pool->crews[i];
		if (!crew->gone && crew->running < pool->handler.crew)
			return crew;
	}
	pid_t pid = fork_worker(pool, NULL, 0, true, &control, err);
	if (pid < 0)
		return NULL;
	struct crew_process *crew = xcalloc(1, sizeof(*crew));
	*crew = (struct crew_process){ .pid = pid, .control = control };
	GROW(pool->crews, pool->crew_count, pool->crew_cap);
	pool->crews[pool->crew_count++] = crew;
	return crew;
}

/* Hands the work to a crew; *FD is where it is heard. */
static struct crew_process *
join_crew(struct pool *pool, size_t device, int *fd, struct err *err)
{
	int fds[2];
	struct crew_process *crew;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
		err_sys(err, ERR_INTERNAL, errno, "no socket for a worker");
		return NULL;
	}
	while ((crew = find_crew(pool, err)) &&
	    crew_hand_over(crew->control, device, fds[1])) {
		/* It died while it had nothing to do: another, then. */
		crew->wait_status = bury(crew->pid);
		crew->gone = true;
	}
	close(fds[1]);
	if (!crew) {
		close(fds[0]);
		return NULL;
	}
	*fd = fds[0];
	crew->running++;
	return crew;
}

int
pool_start(struct pool *pool, const struct target *target, size_t device,
    int64_t kill_after_ms, struct err *err)
{
	const struct pool_handler *handler = &pool->handler;
	struct crew_process *crew = NULL;
	pid_t pid;
	int fd;
	if (CREW_IS_POSSIBLE && handler->crew &&
	    handler->shares(handler->data, device)) {
		crew = join_crew(pool, device, &fd, err);
		pid = crew ? crew->pid : -1;
	} else if (wake(pool, device, kill_after_ms)) {
		return 0;
	} else {
		pid = fork_worker(pool, target, device, false, &fd, err);
	}
	if (pid < 0)
		return -1;
	fd_set_nonblock(fd);
	struct slot *slot = slot_take(pool);
	slot->pid = pid;
	slot->crew = crew;
	slot->fd = fd;
	slot->device = device;
	slot->kill_at = deadline_in(kill_after_ms);
	struct epoll_event ready = { .events = EPOLLIN, .data.ptr = slot };
	if (epoll_ctl(pool->epoll_fd, EPOLL_CTL_ADD, slot->fd, &ready))
		fatal("epoll: %s", strerror(errno));
	return 0;
}

void
pool_hold(struct pool *pool, int fd)
{
	pool->held_fd = fd;
}

void
pool_watch(struct pool *pool, int fd, void (*ready)(void *data), void *data)
{
	struct watch *watch = &pool->watches[pool->watch_count];
	BUG_IF(pool->watch_count == WATCHES_MAX);
	pool->watch_count++;
	*watch = (struct watch){ fd, ready, data };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = watch };
	if (epoll_ctl(pool->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		fatal("epoll: %s", strerror(errno));
}

void
pool_unwatch(struct pool *pool, int fd)
{
	for (size_t i = 0; i < pool->watch_count; i++)
		if (pool->watches[i].fd == fd)
			epoll_ctl(pool->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/* What an epoll event points to is a watch of the pool, or else a slot. */
static const struct watch *
watch_of(const struct pool *pool, const void *data)
{
	const struct watch *watch = data;
	return watch >= pool->watches &&
		watch < pool->watches + pool->watch_count
	    ? watch
	    : NULL;
}

/* Events are whole lines; what a worker sends besides is refused. */
static void
hear_lines(struct pool *pool, struct slot *slot)
{
	size_t at = 0;
	for (;;) {
		const char *start = buf_str(&slot->line) + at;
		const char *end = memchr(start, '\n', slot->line.len - at);
		if (!end)
			break;
		struct event event;
		struct err ignored;
		if (event_get(&event, start, (size_t)(end - start), &ignored) ==
		    0)
			pool->handler.event(pool->handler.data, slot->device,
			    &event, start, (size_t)(end - start));
		at += (size_t)(end - start) + 1;
	}
	buf_drop(&slot->line, at);
}

/* What became of a crew's piece of work: either the crew said it before it
 * closed the stream, or the crew itself is gone. */
static int
leave_crew(struct pool *pool, struct slot *slot)
{
	struct crew_process *crew = slot->crew;
	struct crew_word word;
	while (crew_hear(crew->control, &word)) {
		struct slot *done = slot_of(pool, word.device);
		if (done && done->crew == crew) {
			done->done = true;
			done->status = W_EXITCODE((int)word.status, 0);
		}
	}
	crew->running--;
	if (slot->done)
		return slot->status;
	if (!crew->gone) {
		crew->wait_status = bury(crew->pid);
		crew->gone = true;
	}
	return crew->wait_status;
}

static void
reap(struct pool *pool, struct slot *slot)
{
	size_t device = slot->device;
	bool overdue = slot->overdue, rested = slot->rests;
	int wait_status = slot->crew ? leave_crew(pool, slot) : bury(slot->pid);
	slot_release(pool, slot);
	if (!rested)
		pool->handler.gone(
		    pool->handler.data, device, wait_status, overdue);
}

static void
listen_to(struct pool *pool, struct slot *slot)
{
	static char chunk[READ_BYTES];
	for (;;) {
		ssize_t n = read(slot->fd, chunk, sizeof(chunk));
		if (n > 0 && pool->handler.bytes) {
			/* One piece at a time: nobody waits for a worker that
			 * talks without end. */
			pool->handler.bytes(
			    pool->handler.data, slot->device, chunk, (size_t)n);
			return;
		}
		if (n > 0) {
			bool has_line = memchr(chunk, '\n', (size_t)n) != NULL;
			if (!buf_add(&slot->line, chunk, (size_t)n)) {
				/* Longer than any event: a broken worker. */
				kill(slot->pid, SIGKILL);
				buf_reset(&slot->line);
			}
			if (has_line)
				hear_lines(pool, slot);
			if ((size_t)n < sizeof(chunk))
				return;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		reap(pool, slot);
		return;
	}
}

static void
hear_signals(struct pool *pool)
{
	struct signalfd_siginfo info;
	while (read(pool->signal_fd, &info, sizeof(info)) == sizeof(info))
		pool->handler.signal(pool->handler.data, (int)info.ssi_signo);
}

/* A worker that outlived its deadline is stuck in something that does not
 * wait for deadlines: it is killed, and its death is then heard as usual. */
static void
kill_overdue(struct pool *pool)
{
	int64_t now = clock_ms();
	if (now < pool->next_look)
		return;
	pool->next_look = now + OVERDUE_LOOK_MS;
	for (size_t i = 0; i < pool->slot_count; i++) {
		struct slot *slot = pool->slots[i];
		if (slot->used && !slot->rests && now >= slot->kill_at &&
		    !slot->overdue) {
			slot->overdue = true;
			kill(slot->pid, SIGKILL);
		}
	}
}

void
pool_wait(struct pool *pool, int timeout_ms)
{
	struct epoll_event ready[EVENTS_AT_ONCE];
	if (pool->running && (timeout_ms < 0 || timeout_ms > OVERDUE_LOOK_MS))
		timeout_ms = OVERDUE_LOOK_MS;
	int n = epoll_wait(pool->epoll_fd, ready, EVENTS_AT_ONCE, timeout_ms);
	if (n < 0 && errno != EINTR)
		fatal("epoll: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		struct slot *slot = ready[i].data.ptr;
		const struct watch *watch = watch_of(pool, slot);
		if (!slot)
			hear_signals(pool);
		else if (watch)
			watch->ready(watch->data);
		else if (slot->used)
			listen_to(pool, slot);
	}
	kill_overdue(pool);
}

void
pool_go(struct pool *pool, size_t device)
{
	static const char go = WORKER_GO;
	struct slot *slot = slot_of(pool, device);
	/* A worker that died meanwhile is heard of by the end of its stream. */
	if (slot)
		(void)send(slot->fd, &go, 1, MSG_NOSIGNAL);
}

void
pool_signal(struct pool *pool, int number)
{
	for (size_t i = 0; i < pool->slot_count; i++) {
		const struct slot *slot = pool->slots[i];
		if (slot->used && slot->crew && number == SIGTERM)
			shutdown(slot->fd, SHUT_WR);
		else if (slot->used)
			kill(slot->pid, number);
	}
}

void
pool_kill(struct pool *pool, size_t device)
{
	struct slot *slot = slot_of(pool, device);
	if (slot)
		kill(slot->pid, SIGKILL);
}

void
pool_each(
    const struct pool *pool, void (*fn)(void *data, size_t device), void *data)
{
	for (size_t i = 0; i < pool->slot_count; i++)
		if (pool->slots[i]->used && !pool->slots[i]->rests)
			fn(data, pool->slots[i]->device);
}
