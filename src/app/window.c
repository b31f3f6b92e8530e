/* Times as written, in the order in which they decide. */
#include "app/window.h"

#include "base/err.h"
#include "base/log.h"
#include "base/when.h"
#include "model/job.h"

/* WHERE stands in front of what is wrong. */
static int
read_time(const char *text, const char *where, int64_t now_ms, int64_t *time_ms)
{
	struct when when;
	struct err err;
	char shown[WHEN_TEXT_BYTES];
	if (!text)
		return 0;
	if (when_parse(text, now_ms, &when, &err)) {
		log_error("%s: %s", where, err.text);
		return -1;
	}
	*time_ms = when.time_ms;
	when_format(when.time_ms, shown);
	if (when.is_twice)
		log_warn("%s comes twice that day; %s is meant", text, shown);
	return 0;
}

int
window_find(struct window *window, const struct job *job, const char *at,
    int64_t now_ms)
{
	const struct job_window *asked = &job->policy.window;
	char text[WHEN_TEXT_BYTES];
	int rc = 0;
	*window = (struct window){ 0 };
	if (read_time(asked->start, job->path, now_ms, &window->start_ms))
		rc = -1;
	if (at && read_time(at, "--at", now_ms, &window->start_ms))
		rc = -1;
	/* "04:00" is the first one after the start. */
	int64_t from = window->start_ms > now_ms ? window->start_ms : now_ms;
	if (read_time(asked->end, job->path, from, &window->end_ms))
		rc = -1;
	if (rc || !window->end_ms)
		return rc;
	when_format(window->end_ms, text);
	if (window->end_ms <= now_ms)
		log_error("the window is over: it closed at %s", text);
	else if (window->end_ms <= window->start_ms)
		log_error("the window closes at %s, before the run would begin",
		    text);
	else
		return 0;
	return -1;
}
