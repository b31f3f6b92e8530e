/* Stacks that take turns. A piece of work leaves its stack only where it
 * would have slept. */
#include "run/crew.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/die.h"
#include "device/wait.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

/* Taken as it is used, a page at a time; the lowest page is never there, so
 * that a stack that is too deep ends the process. */
#define STACK_BYTES (4U << 20)
#define GUARD_BYTES 65536U

struct member {
	ucontext_t context;
	char *stack;
	bool used;
	size_t device;
	int fd;
	int status;
	bool over;
	/* What it waits for, and what became of that. */
	struct pollfd fds[2];
	int64_t deadline;
	enum wait_result result;
};

static struct crew {
	int (*work)(void *data, size_t device, int fd, int off_fd);
	void *data;
	int control;
	bool closed; /* nothing more is handed over */
	struct member *members;
	unsigned limit, running;
	struct member *current;
	ucontext_t turn; /* of the loop that gives the turns */
} crew;

int
crew_hand_over(int control, size_t device, int fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} note = { 0 };
	struct crew_word word = { .device = device };
	struct iovec piece = { &word, sizeof(word) };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = note.bytes,
		.msg_controllen = sizeof(note.bytes),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	ssize_t n;
	do
		n = sendmsg(control, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

bool
crew_hear(int control, struct crew_word *done)
{
	ssize_t n;
	do
		n = recv(control, done, sizeof(*done), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*done);
}

/* The descriptor that came with WORD; -1: nothing comes any more. */
static int
take_over(int control, struct crew_word *word)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} note = { 0 };
	struct iovec piece = { word, sizeof(*word) };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = note.bytes,
		.msg_controllen = sizeof(note.bytes),
	};
	int fd = -1;
	ssize_t n;
	do
		n = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	if (n == (ssize_t)sizeof(*word) && head &&
	    head->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

/* In place of wait_fd(), on the stack of who waits. */
static enum wait_result
let_others(int fd, short events, int64_t deadline, int cancel_fd)
{
	struct member *member = crew.current;
	member->fds[0] = (struct pollfd){ .fd = fd, .events = events };
	member->fds[1] = (struct pollfd){ .fd = cancel_fd, .events = POLLIN };
	member->deadline = deadline;
	swapcontext(&member->context, &crew.turn);
	return member->result;
}

static void
be_member(void)
{
	struct member *member = crew.current;
	member->status = crew.work(crew.data, member->device, member->fd, -1);
	member->over = true;
	/* Its context names the loop as what comes next. */
}

/* On with MEMBER until it waits or is over. */
static void
give_turn(struct member *member)
{
	crew.current = member;
	swapcontext(&crew.turn, &member->context);
	crew.current = NULL;
	if (!member->over)
		return;
	/* The word first: the end of FD is what the parent wakes up from. */
	struct crew_word word = { member->device, member->status };
	(void)!send(crew.control, &word, sizeof(word), MSG_NOSIGNAL);
	close(member->fd);
	member->used = false;
	crew.running--;
}

static struct member *
free_member(void)
{
	for (unsigned i = 0; i < crew.limit; i++)
		if (!crew.members[i].used)
			return &crew.members[i];
	return NULL;
}

static void
begin(size_t device, int fd)
{
	struct member *member = free_member();
	if (!member->stack) {
		member->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1,
		    0);
		if (member->stack == MAP_FAILED ||
		    mprotect(member->stack, GUARD_BYTES, PROT_NONE))
			fatal("out of memory");
	}
	member->used = true;
	member->over = false;
	member->device = device;
	member->fd = fd;
	getcontext(&member->context);
	member->context.uc_stack.ss_sp = member->stack;
	member->context.uc_stack.ss_size = STACK_BYTES;
	member->context.uc_link = &crew.turn;
	makecontext(&member->context, be_member, 0);
	crew.running++;
	give_turn(member);
}

static void
take_work(void)
{
	struct crew_word word;
	int fd = take_over(crew.control, &word);
	if (fd < 0)
		crew.closed = true;
	else
		begin(word.device, fd);
}

/* As wait_fd() would judge. */
static bool
has_waited(struct member *member)
{
	if (member->fds[1].revents)
		member->result = WAIT_CANCELLED;
	else if (member->fds[0].revents)
		member->result = WAIT_READY;
	else if (deadline_passed(member->deadline))
		member->result = WAIT_TIMEOUT;
	else
		return false;
	return true;
}

/* Sleeps until one of those who wait need not wait any longer. */
static void
sleep_for_all(struct pollfd *fds)
{
	int64_t deadline = DEADLINE_NEVER;
	bool room = !crew.closed && crew.running < crew.limit;
	fds[0] = (struct pollfd){
		.fd = room ? crew.control : -1,
		.events = POLLIN,
	};
	for (unsigned i = 0; i < crew.limit; i++) {
		struct member *member = &crew.members[i];
		fds[1 + 2 * i].fd = fds[2 + 2 * i].fd = -1;
		if (!member->used)
			continue;
		memcpy(&fds[1 + 2 * i], member->fds, sizeof(member->fds));
		deadline = deadline_first(deadline, member->deadline);
	}
	if (poll(fds, 1 + 2 * crew.limit, deadline_poll_ms(deadline)) < 0) {
		for (unsigned i = 0; i < 1 + 2 * crew.limit; i++)
			fds[i].revents = 0;
	}
}

int
crew_serve(int (*work)(void *data, size_t device, int fd, int off_fd),
    void *data, unsigned limit, int control)
{
	struct pollfd *fds = xcalloc(1 + 2 * limit, sizeof(*fds));
	crew = (struct crew){
		.work = work,
		.data = data,
		.control = control,
		.members = xcalloc(limit, sizeof(struct member)),
		.limit = limit,
	};
	wait_instead(let_others);
	while (!crew.closed || crew.running) {
		sleep_for_all(fds);
		for (unsigned i = 0; i < limit; i++) {
			struct member *member = &crew.members[i];
			memcpy(
			    member->fds, &fds[1 + 2 * i], sizeof(member->fds));
			if (member->used && has_waited(member))
				give_turn(member);
		}
		if (fds[0].revents)
			take_work();
	}
	wait_instead(NULL);
	for (unsigned i = 0; i < limit; i++)
		if (crew.members[i].stack)
			munmap(crew.members[i].stack, STACK_BYTES);
	free(crew.members);
	free(fds);
	return 0;
}
