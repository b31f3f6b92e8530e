/*
 * Waiting on behalf of exec channels. How a channel works is the ops table's
 * business; here are only the loops.
 */
#include "device/exec.h"

#include "base/deadline.h"
#include "base/err.h"
#include "device/wait.h"

#define CHUNK_BYTES    32768
#define CANCEL_LOOK_MS 100

bool
exec_may_have_run(const struct exec *exec)
{
	return exec->reach == EXEC_ASKED || exec->reach == EXEC_STARTED;
}

bool
exec_look_again(struct exec *exec)
{
	bool again = exec->heard != exec->seen;
	exec->seen = exec->heard;
	return again;
}

void
exec_free(struct exec *exec)
{
	if (exec)
		exec->ops->free(exec);
}

int
exec_wait(struct exec *exec, int64_t deadline, int cancel_fd, const char *what,
    struct err *err)
{
	if (exec_look_again(exec))
		return 0;
	switch (wait_fd(exec->ops->fd(exec), exec->ops->events(exec), deadline,
	    cancel_fd)) {
	case WAIT_READY:
		return 0;
	case WAIT_CANCELLED:
		return err_set(
		    err, ERR_CANCELLED, "called off during %s", what);
	default:
		return err_set(
		    err, ERR_TIMEOUT, "no answer in time during %s", what);
	}
}

int
exec_start(struct exec *exec, int64_t deadline, int cancel_fd, struct err *err)
{
	int rc;
	while ((rc = exec->ops->start(exec, err)) == TRANSPORT_AGAIN)
		if (exec_wait(exec, deadline, cancel_fd,
			"the start of the command", err))
			return -1;
	return rc;
}

int
exec_finish(struct exec *exec, int64_t deadline, int cancel_fd,
    struct exec_end *end, struct err *err)
{
	int rc;
	while ((rc = exec->ops->finish(exec, end, err)) == TRANSPORT_AGAIN)
		if (exec_wait(exec, deadline, cancel_fd,
			"the end of the command", err))
			return -1;
	return rc;
}

/* One run, between two waits. */
struct running {
	struct exec *exec;
	const struct exec_io *io;
	size_t given; /* bytes of the input */
	bool input_ended;
	bool ended[EXEC_STREAMS];
	bool moved; /* something happened: do not wait */
	struct err *err;
};

static int
feed(struct running *run)
{
	struct exec *exec = run->exec;
	const struct exec_io *io = run->io;
	if (run->input_ended)
		return 0;
	if (run->given < io->input_len) {
		ssize_t n = exec->ops->write(exec, io->input + run->given,
		    io->input_len - run->given, run->err);
		if (n == TRANSPORT_AGAIN)
			return 0;
		if (n < 0)
			return -1;
		run->given += (size_t)n;
		run->moved = true;
		return 0;
	}
	int rc = exec->ops->end_input(exec, run->err);
	if (rc == 0)
		run->input_ended = run->moved = true;
	return rc == TRANSPORT_AGAIN ? 0 : rc;
}

static int
hear(struct running *run, enum exec_stream stream)
{
	char chunk[CHUNK_BYTES];
	if (run->ended[stream])
		return 0;
	ssize_t n = run->exec->ops->read(
	    run->exec, stream, chunk, sizeof(chunk), run->err);
	if (n == TRANSPORT_AGAIN)
		return 0;
	if (n < 0)
		return -1;
	run->moved = true;
	if (n == 0) {
		run->ended[stream] = true;
		return 0;
	}
	return run->io->take(run->io->data, stream, chunk, (size_t)n, run->err);
}

/* A command that talks without a pause must not make us deaf. */
static int
look_up(struct running *run, int64_t deadline, int cancel_fd, int64_t *next)
{
	int64_t now = clock_ms();
	if (now < *next)
		return 0;
	*next = now + CANCEL_LOOK_MS;
	if (wait_fd(-1, 0, now, cancel_fd) == WAIT_CANCELLED)
		return err_set(run->err, ERR_CANCELLED,
		    "called off while the command ran");
	if (deadline_passed(deadline))
		return err_set(
		    run->err, ERR_TIMEOUT, "the command did not end in time");
	return 0;
}

int
exec_run(struct exec *exec, const struct exec_io *io, int64_t deadline,
    int cancel_fd, struct exec_end *end, struct err *err)
{
	struct running run = { .exec = exec, .io = io, .err = err };
	int64_t look = 0;
	if (exec_start(exec, deadline, cancel_fd, err))
		return -1;
	while (!run.ended[EXEC_STDOUT] || !run.ended[EXEC_STDERR]) {
		run.moved = false;
		if (hear(&run, EXEC_STDOUT) || hear(&run, EXEC_STDERR) ||
		    feed(&run) || look_up(&run, deadline, cancel_fd, &look))
			return -1;
		if (!run.moved &&
		    exec_wait(exec, deadline, cancel_fd, "the command", err))
			return -1;
	}
	return exec_finish(exec, deadline, cancel_fd, end, err);
}
