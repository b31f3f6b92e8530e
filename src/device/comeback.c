/*
 * Polling a device that reboots. That TCP is refused or a login works proves
 * nothing by itself: a device that has not gone yet takes logins, too. Only
 * its uptime tells the old life from the new one.
 */
#include "device/comeback.h"

#include "base/deadline.h"
#include "device/visit.h"
#include "device/wait.h"

#include <stdio.h>

#define POLL_FIRST_MS  250 /* between two attempts; grows by half */
#define POLL_MAX_MS    10000
#define CLOSE_GRACE_MS 1000

static int64_t
longer(int64_t wait_ms)
{
	wait_ms += wait_ms / 2;
	return wait_ms < POLL_MAX_MS ? wait_ms : POLL_MAX_MS;
}

/* Is it the new life? Else SESSION is closed. */
static bool
is_back(struct comeback *comeback, struct session *session, struct fault *fault)
{
	int64_t up_ms = 0;
	/* Before it is asked: a late answer must not make it look younger. */
	int64_t since_ms = clock_ms() - comeback->told_ms;
	if (comeback->ask_uptime(comeback->data, session, &up_ms, fault) == 0) {
		if (up_ms <= since_ms) {
			comeback->back_ms = clock_ms();
			return true;
		}
		comeback->same_life = true;
		err_set(&fault->err, ERR_VERIFY,
		    "it answers, but it has not rebooted: it is up for "
		    "%lld min",
		    (long long)(up_ms / 60000));
	}
	session_close(session, CLOSE_GRACE_MS);
	return false;
}

/* Will another attempt be of use? */
static bool
is_passing(enum err_kind kind)
{
	return kind != ERR_HOST_KEY && kind != ERR_CANCELLED &&
	    kind != ERR_INTERNAL && kind != ERR_JOB;
}

static bool
is_gone(enum err_kind kind)
{
	return kind == ERR_CONNECT || kind == ERR_CLOSED ||
	    kind == ERR_RESOLVE || kind == ERR_TIMEOUT;
}

/* What an attempt came to that did not work: when the next one may be made. */
static int64_t
take_note(struct comeback *comeback, const struct observer *observer,
    enum err_kind kind, int64_t wait_ms)
{
	if (is_gone(kind) && !comeback->gone_ms)
		comeback->gone_ms = clock_ms();
	if (kind != ERR_AUTH)
		return wait_ms;
	if (!comeback->auth_refused++)
		observer->warn(observer->data,
		    "it is back and refuses the login: perhaps its AAA server "
		    "is not reached yet; tried again, gently");
	return comeback->auth_wait_ms;
}

static void
give_up(const struct comeback *comeback, struct fault *fault)
{
	char waited[CLOCK_TEXT_BYTES];
	struct err last = fault->err;
	if (!is_passing(last.kind))
		return;
	duration_format(clock_ms() - comeback->told_ms, waited);
	/* A refused login is no refused password here. */
	const char *what = "it did not come back";
	if (last.kind == ERR_AUTH)
		what = "it let nobody in";
	else if (comeback->same_life)
		what = "it did not go";
	err_set(&fault->err, ERR_TIMEOUT, "%s within %s: %s", what, waited,
	    last.text);
}

struct session *
comeback_await(
    const struct session *old, struct comeback *comeback, struct fault *fault)
{
	const struct observer *observer = session_observer(old);
	int64_t wait_ms = POLL_FIRST_MS;
	for (;;) {
		comeback->same_life = false;
		struct session *fresh = visit_open(
		    session_target(old), observer, session_end(old), fault);
		if (fresh && is_back(comeback, fresh, fault))
			return fresh;
		enum err_kind kind = fault->err.kind;
		int64_t next_ms = take_note(comeback, observer, kind, wait_ms);
		/* The last attempt is made when the time is over, not a pause
		 * before; but logins that are refused are never hurried. */
		int64_t at = deadline_in(next_ms);
		if (!is_passing(kind) || deadline_passed(comeback->deadline) ||
		    (kind == ERR_AUTH && at >= comeback->deadline))
			break;
		enum wait_result waited = wait_fd(-1, 0,
		    deadline_first(at, comeback->deadline),
		    observer->cancel_fd);
		fault_clear(fault);
		if (waited == WAIT_CANCELLED) {
			err_set(&fault->err, ERR_CANCELLED,
			    "called off while the device was away");
			return NULL;
		}
		wait_ms = longer(wait_ms);
	}
	give_up(comeback, fault);
	return NULL;
}
