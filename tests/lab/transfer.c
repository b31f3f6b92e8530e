/* What the file protocols share. It must not know any of them. */
#include "transfer.h"

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
transfer_hold(struct session *session, int64_t ms)
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
