/* A worker of the parallel shell: does the one thing, says how it ended. */
#include "shell_worker.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "run/frame.h"
#include "shell_parts.h"

#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

int
shell_say(
    const struct shell_work *work, bool is_error, const char *bytes, size_t len)
{
	return frame_write(
	    work->fd, is_error ? FRAME_ERR : FRAME_OUT, bytes, len);
}

void
shell_fail(struct shell_end *end, const struct err *err, bool again)
{
	end->kind = err->kind;
	end->again = again;
	end->code = err->kind == ERR_CANCELLED	 ? SHELL_CODE_CANCELLED
	    : err->kind == ERR_TIMEOUT && !again ? SHELL_CODE_TIMEOUT
						 : SHELL_CODE_FAILED;
	free(end->message);
	end->message = xstrdup(err->text);
}

void
shell_end_by_signal(struct shell_end *end, const char *name, int number)
{
	for (int i = 1; !number && i < NSIG; i++)
		if (sigabbrev_np(i) && strcmp(sigabbrev_np(i), name) == 0)
			number = i;
	end->code = number ? -number : SHELL_CODE_FAILED;
}

char *
shell_end_put(const struct shell_end *end)
{
	json_t *json = json_pack("{s:i, s:s, s:b, s:s*}", "code", end->code,
	    "kind", err_kind_name(end->kind), "again", end->again, "message",
	    end->message);
	char *text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

int
shell_end_get(struct shell_end *end, const char *text, size_t len)
{
	const char *kind = "", *message = NULL;
	int again = 0, rc = -1;
	json_t *json = json_loadb(text, len, 0, NULL);
	*end = (struct shell_end){ 0 };
	if (json_unpack(json, "{s:i, s:s, s:b, s?s}", "code", &end->code,
		"kind", &kind, "again", &again, "message", &message) == 0 &&
	    (strcmp(kind, err_kind_name(ERR_NONE)) == 0 ||
		err_kind_get(kind, &end->kind)))
		rc = 0;
	end->again = again;
	end->message = rc ? NULL : xstrdup(message);
	json_decref(json);
	return rc;
}

char *
shell_command_text(const struct shell_call *call, const struct host *host)
{
	struct buf text;
	buf_init(&text, SHELL_TEXT_LIMIT_BYTES);
	for (size_t i = 0; i < call->words->count; i++) {
		const char *word = call->words->items[i];
		if (i)
			buf_addc(&text, ' ');
		hosts_fill(&text, word, strlen(word), host->name);
	}
	return buf_take(&text);
}

int
shell_worker(const struct shell_call *call, const struct shell_host *host,
    int fd, int off_fd)
{
	struct shell_end end = { 0 };
	struct shell_work work = {
		.call = call,
		.host = host,
		.fd = fd,
		.deadline = call->timeout_ms ? deadline_in(call->timeout_ms)
					     : DEADLINE_NEVER,
	};
	/* Whoever calls off ends FD as well, and that is what waits watch. */
	(void)off_fd;
	if (call->kind == SHELL_LOCAL)
		shell_local(&work, &end);
	else
		shell_remote(&work, &end);
	char *text = shell_end_put(&end);
	int rc = frame_write(fd, FRAME_END, text, strlen(text));
	free(text);
	free(end.message);
	return rc ? 1 : 0;
}
