/*
 * One command on a channel of its own, over a connection that is logged in:
 * no terminal, standard input, output and errors apart, every byte as it is.
 * A table of operations that never block, as device/transport.h; exec_run()
 * is the loop around them for who has nothing else to wait for.
 *
 * Bounded memory: the far side sends no more than the channel's window until
 * the caller takes bytes. Who holds back must not poll meanwhile (the socket
 * stays readable), and who reads must read both streams: one that nobody
 * takes blocks the other.
 */
#ifndef NETPUSH_DEVICE_EXEC_H
#define NETPUSH_DEVICE_EXEC_H

#include "device/transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct exec;

/* A window for commands that say a little. For bulk it limits the rate: one
 * window for each round trip. */
#define EXEC_WINDOW_BYTES (256U << 10)

#define EXEC_COMMAND_LIMIT_BYTES 32000 /* an SSH packet holds no more */
#define EXEC_SIGNAL_BYTES	 32

enum exec_stream {
	EXEC_STDOUT,
	EXEC_STDERR,
	EXEC_STREAMS,
};

/* How far a command came. */
enum exec_reach {
	EXEC_NOT_ASKED, /* it never left this machine */
	EXEC_REFUSED, /* the far side said that it does not run it */
	EXEC_ASKED, /* no answer yet: it may have been started */
	EXEC_STARTED,
};

/* How it ended (RFC 4254, section 6.10). Devices may say neither. */
struct exec_end {
	bool has_status;
	int status;
	char signal[EXEC_SIGNAL_BYTES]; /* "TERM", or empty */
};

struct exec_ops {
	const char *name;
	/* Opens the channel and asks for the command. 0: it is started,
	 * TRANSPORT_AGAIN, or -1 (see exec_may_have_run()). */
	int (*start)(struct exec *exec, struct err *err);
	/* Bytes of that stream, 0 at its end, TRANSPORT_AGAIN, or -1 with kind
	 * closed. */
	ssize_t (*read)(struct exec *exec, enum exec_stream stream, char *data,
	    size_t len, struct err *err);
	/* Bytes taken (perhaps not all), TRANSPORT_AGAIN, or -1. What was not
	 * taken must be offered again, the very same bytes first. */
	ssize_t (*write)(
	    struct exec *exec, const char *data, size_t len, struct err *err);
	/* Closes standard input. 0, TRANSPORT_AGAIN, or -1. */
	int (*end_input)(struct exec *exec, struct err *err);
	/* To be called when both streams are at their end: closes the channel
	 * and awaits that the far side does. 0, TRANSPORT_AGAIN, or -1. */
	int (*finish)(struct exec *exec, struct exec_end *end, struct err *err);
	int (*fd)(const struct exec *exec);
	short (*events)(const struct exec *exec);
	/* Gives the channel up, wherever it is, without waiting. */
	void (*free)(struct exec *exec);
};

/* First member of every kind's own struct. */
struct exec {
	const struct exec_ops *ops;
	enum exec_reach reach;
	uint64_t heard, seen; /* for exec_look_again() */
};

/*
 * Whether something came in since this was asked last. Each operation takes
 * in whatever there is, also what another one waits for, and the socket is
 * silent then: who went through all operations, and nothing moved, must go
 * through them once more if this is true, and only else poll.
 */
bool exec_look_again(struct exec *exec);

/* False: nothing of the command can have happened, it may be tried again. */
bool exec_may_have_run(const struct exec *exec);

/* NULL is fine. */
void exec_free(struct exec *exec);

/* Waits until operations that said TRANSPORT_AGAIN are worth repeating (see
 * exec_look_again()). -1 with kind timeout or cancelled; WHAT names what is waited for. */
int exec_wait(struct exec *exec, int64_t deadline, int cancel_fd,
    const char *what, struct err *err);

/* Until the deadline: the operations of the same name, waited for. */
int exec_start(
    struct exec *exec, int64_t deadline, int cancel_fd, struct err *err);
int exec_finish(struct exec *exec, int64_t deadline, int cancel_fd,
    struct exec_end *end, struct err *err);

/* What exec_run() gives the command and who takes what it says. */
struct exec_io {
	const char *input; /* then the end of standard input */
	size_t input_len;
	/* Takes all LEN bytes; -1 with ERR ends it. It may block: the far side
	 * waits meanwhile. */
	int (*take)(void *data, enum exec_stream stream, const char *bytes,
	    size_t len, struct err *err);
	void *data;
};

/*
 * Starts the command, feeds it, hands out what it says as it comes, and
 * awaits both ends of stream and the channel's end. A command that closes its
 * input early is not an error. -1 with kind closed, timeout, cancelled,
 * refused (it was not started) or what take() said. The caller frees EXEC.
 */
int exec_run(struct exec *exec, const struct exec_io *io, int64_t deadline,
    int cancel_fd, struct exec_end *end, struct err *err);

#endif
