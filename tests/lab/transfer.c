/* What the file protocols share. It must not know any of them. */
#include "transfer.h"

#define PIECE_BYTES 32768

void
transfer_exit(struct session *session, int status)
{
	session->exit_status = status;
	if (session->end == SESSION_OPEN)
		session->end = SESSION_EXIT;
}

static void
go_on(struct session *session)
{
	(void)session; /* the server reads again, and asks for more */
}

void
transfer_wait(struct session *session, int64_t ms)
{
	if (ms < 0)
		session->phase = SESSION_HUNG;
	else if (ms && session->phase == SESSION_IDLE)
		session_wait(session, ms, go_on);
}

bool
transfer_enabled(const struct session *session, const char *line)
{
	const struct strs *lines = &session->device->running.globals;
	for (size_t i = 0; i < lines->count; i++)
		if (str_starts(lines->items[i], line))
			return true;
	return false;
}

/* Piece by piece, so that a copy that must be slow can wait between them. */
void
transfer_feed(struct session *session)
{
	size_t at = 0;
	while (at < session->rx.len && session->phase == SESSION_IDLE &&
	    session->end == SESSION_OPEN) {
		size_t len = session->rx.len - at;
		len = len < PIECE_BYTES ? len : PIECE_BYTES;
		session->transfer.kind->input(
		    session->transfer.state, session->rx.data + at, len);
		at += len;
	}
	buf_drop(&session->rx, at);
}

bool
transfer_refill(struct session *session)
{
	transfer_feed(session);
	return session->end == SESSION_OPEN &&
	    (session->tx.len ||
		session->transfer.kind->refill(session->transfer.state));
}

bool
transfer_start(struct session *session, const char *command)
{
	return command ? scp_start(session, command) : sftp_start(session);
}

bool
transfer_holds(const struct session *session)
{
	return session->transfer.kind &&
	    (session->phase == SESSION_BLOCKED ||
		session->phase == SESSION_HUNG);
}

bool
transfer_eof(struct session *session)
{
	if (!session->transfer.kind || session->end != SESSION_OPEN ||
	    session->phase == SESSION_HUNG)
		return false;
	session->transfer.kind->eof(session->transfer.state);
	return true;
}
