/*
 * Copy steps over device/copy: a connection beside the session, one more when
 * that one stalls (libssh2 may dead-lock while keys are renegotiated: its
 * state is that connection's, a fresh one has none of it).
 */
#include "step_transfer.h"

#include "base/deadline.h"
#include "device/copy.h"
#include "device/transport_ssh2.h"
#include "device/visit.h"

#define CLOSE_GRACE_MS 1000

static void
on_progress(void *data, uint64_t bytes, uint64_t total)
{
	const struct observer *observer = data;
	if (observer->progress)
		observer->progress(observer->data, bytes, total);
}

static void
on_note(void *data, const char *text)
{
	const struct observer *observer = data;
	observer->log(observer->data, text);
}

static int
attempt(const struct session *session, const struct copy_ask *ask,
    struct copy_result *result, struct fault *fault)
{
	*result = (struct copy_result){ 0 };
	struct ssh *ssh = visit_connect(session, ask->deadline, fault);
	if (!ssh)
		return -1;
	int rc = copy_run(ssh, ask, result, fault);
	ssh_close(ssh, deadline_in(CLOSE_GRACE_MS));
	return rc;
}

int
step_transfer(const struct session *session, const struct transfer *transfer,
    struct fault *fault)
{
	const struct observer *observer = session_observer(session);
	struct copy_result result;
	struct copy_ask ask = {
		.direction = transfer->upload ? COPY_UP : COPY_DOWN,
		.local = transfer->local,
		.fd = -1,
		.remote = transfer->remote,
		.deadline = transfer->deadline,
		.silence_ms = session_silence_ms(session),
		.cancel_fd = observer->cancel_fd,
		.progress = on_progress,
		.note = on_note,
		.data = (void *)(uintptr_t)observer,
	};
	if (transfer->method)
		copy_method_get(transfer->method, &ask.method);
	int rc = attempt(session, &ask, &result, fault);
	if (rc && result.stalled) {
		observer->log(observer->data,
		    "the copy stood still: once more over a fresh connection");
		fault_clear(fault);
		ask.resume = COPY_RESUME_TRUSTED;
		rc = attempt(session, &ask, &result, fault);
	}
	return rc;
}
