/* Opening sessions: the first one of a visit, and a fresh one beside it. */
#include "device/visit.h"

#include "base/deadline.h"
#include "device/transport_ssh2.h"

#define CLOSE_GRACE_MS 5000

static int
announce(const struct observer *observer, enum stage stage, struct err *err)
{
	if (observer->stage(observer->data, stage) == 0)
		return 0;
	return err_set(
	    err, ERR_CANCELLED, "called off before %s", stage_name(stage));
}

/* Connected and logged in. *UNTIL: when the shell must be there, too. */
static struct ssh *
log_in(const struct target *target, const struct observer *observer,
    int64_t deadline, int64_t *until, struct fault *fault)
{
	const struct timeouts *timeouts = &target->device->timeouts;
	struct err *err = &fault->err;
	if (announce(observer, STAGE_CONNECT, err))
		return NULL;
	struct ssh *ssh = ssh_connect(target, observer,
	    deadline_first(deadline, deadline_in(timeouts->connect_ms)), err);
	if (!ssh)
		return NULL;
	*until = deadline_first(deadline, deadline_in(timeouts->login_ms));
	if (announce(observer, STAGE_LOGIN, err) == 0 &&
	    ssh_login(ssh, target, *until, fault) == 0)
		return ssh;
	ssh_close(ssh, deadline_in(CLOSE_GRACE_MS));
	return NULL;
}

int
visit_login(const struct target *target, const struct observer *observer,
    int64_t deadline, struct fault *fault)
{
	int64_t until;
	struct ssh *ssh = log_in(target, observer, deadline, &until, fault);
	if (!ssh)
		return -1;
	ssh_close(ssh, deadline_in(CLOSE_GRACE_MS));
	return 0;
}

struct session *
visit_open(const struct target *target, const struct observer *observer,
    int64_t deadline, struct fault *fault)
{
	int64_t until;
	struct ssh *ssh = log_in(target, observer, deadline, &until, fault);
	if (!ssh)
		return NULL;
	struct transport *shell = ssh_shell(ssh, until, &fault->err);
	if (!shell || announce(observer, STAGE_PREPARE, &fault->err)) {
		ssh_close(ssh, deadline_in(CLOSE_GRACE_MS));
		return NULL;
	}
	struct session *session = session_new(
	    shell, target, observer, deadline);
	if (session_prepare(session, fault) == 0)
		return session;
	session_close(session, CLOSE_GRACE_MS);
	return NULL;
}

static int
no_stage(void *data, enum stage stage)
{
	(void)data;
	(void)stage;
	return 0;
}

struct ssh *
visit_connect(
    const struct session *session, int64_t deadline, struct fault *fault)
{
	int64_t until;
	/* Nobody keeps it: it is for the connection and the login only. */
	struct observer observer = *session_observer(session);
	observer.stage = no_stage;
	return log_in(
	    session_target(session), &observer, deadline, &until, fault);
}

/* An observer that hears what is said, and nothing else. The storage must
 * outlive the session: there is one second connection in a process. */
static const struct observer *
quiet(const struct observer *observer)
{
	static struct observer silent;
	silent = *observer;
	silent.stage = no_stage;
	silent.before = NULL;
	silent.cancel_fd = -1;
	return &silent;
}

struct session *
visit_again(
    const struct session *session, int64_t deadline, struct fault *fault)
{
	return visit_open(session_target(session),
	    quiet(session_observer(session)), deadline, fault);
}

bool
visit_is_passing(enum err_kind kind)
{
	return kind == ERR_CONNECT || kind == ERR_CLOSED || kind == ERR_TIMEOUT;
}
