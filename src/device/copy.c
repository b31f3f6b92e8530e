/* Choosing the way and counting what goes over it. */
#include "device/copy.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/str.h"
#include "device/fault.h"
#include "device/transport_ssh2.h"

#include "copy_job.h"
#include "scp.h"
#include "sftp.h"

#include <stdlib.h>

static const char *const method_names[COPY_METHOD__COUNT] = {
	[COPY_AUTO] = "auto",
	[COPY_SCP] = "scp",
	[COPY_SFTP] = "sftp",
};

const char *
copy_method_name(enum copy_method method)
{
	return method_names[method];
}

bool
copy_method_get(const char *name, enum copy_method *method)
{
	int i = str_index(method_names, COPY_METHOD__COUNT, name);
	if (i >= 0)
		*method = (enum copy_method)i;
	return i >= 0;
}

static void
begin(struct copy_job *job, const struct copy_ask *ask,
    struct copy_result *result, struct fault *fault)
{
	*result = (struct copy_result){ 0 };
	*job = (struct copy_job){ .ask = ask,
		.result = result,
		.fault = fault,
		.moved_at = clock_ms(),
		.buffer = xmalloc(COPY_BUFFER_BYTES) };
}

static int
end(struct copy_job *job, int rc)
{
	const struct copy_ask *ask = job->ask;
	if (rc == 0 && ask->progress)
		ask->progress(ask->data,
		    job->result->resumed_at + job->result->bytes, job->total);
	free(job->buffer);
	return rc;
}

/* What can be known before anything is sent. */
static int
judge(struct copy_job *job)
{
	const struct copy_ask *ask = job->ask;
	char command[SCP_PATH_BYTES];
	if (!scp_command(ask, command, sizeof(command)))
		return copy_fail(job,
		    "the path on the device is empty, too long, or has "
		    "control characters in it");
	if (ask->fd >= 0 && ask->tree)
		return copy_fail(
		    job, "a tree does not go into or out of one file");
	return 0;
}

static int
by_sftp(struct copy_job *job, struct ssh *ssh)
{
	struct exec *exec = ssh_subsystem(ssh, "sftp", COPY_WINDOW_BYTES);
	int rc = sftp_copy(job, exec);
	exec_free(exec);
	return rc;
}

static int
by_scp(struct copy_job *job, struct ssh *ssh)
{
	char command[SCP_PATH_BYTES];
	scp_command(job->ask, command, sizeof(command));
	struct exec *exec = ssh_exec(ssh, command, COPY_WINDOW_BYTES);
	int rc = scp_copy(job, exec);
	exec_free(exec);
	return rc;
}

int
copy_run(struct ssh *ssh, const struct copy_ask *ask,
    struct copy_result *result, struct fault *fault)
{
	struct copy_job job;
	begin(&job, ask, result, fault);
	int rc = judge(&job);
	if (rc)
		return end(&job, rc);
	rc = ask->method == COPY_SCP ? 1 : by_sftp(&job, ssh);
	if (rc == 1 && ask->method == COPY_SFTP)
		rc = copy_fail(&job, "the device has no SFTP");
	if (rc == 1)
		rc = by_scp(&job, ssh);
	return end(&job, rc);
}

int
copy_over(struct exec *exec, const struct copy_ask *ask,
    struct copy_result *result, struct fault *fault)
{
	struct copy_job job;
	begin(&job, ask, result, fault);
	int rc = judge(&job);
	if (rc == 0 && ask->method == COPY_SFTP)
		rc = sftp_copy(&job, exec);
	else if (rc == 0)
		rc = scp_copy(&job, exec);
	if (rc == 1)
		rc = copy_fail(&job, "the device has no SFTP");
	return end(&job, rc);
}

static int
ask_free(struct sftp *sftp)
{
	static const char extension[] = "statvfs@openssh.com";
	struct sftp_reply reply;
	const char *remote = sftp->job->ask->remote;
	sftp_put_begin(sftp, FXP_EXTENDED);
	sftp_put_path(sftp, extension);
	sftp_put_path(sftp, sftp_path(remote));
	sftp_put_end(sftp);
	if (sftp_call(sftp, FXP_EXTENDED_REPLY, remote, &reply))
		return -1;
	(void)sftp_take_u64(&reply); /* the file system's block size */
	uint64_t unit = sftp_take_u64(&reply);
	(void)sftp_take_u64(&reply); /* all of it */
	(void)sftp_take_u64(&reply); /* free for root */
	uint64_t units = sftp_take_u64(&reply);
	if (reply.short_of || (unit && units > UINT64_MAX / unit))
		return sftp_odd(sftp, remote);
	sftp->job->result->bytes = unit * units;
	return 0;
}

int
copy_free_bytes(struct ssh *ssh, const char *remote, int64_t deadline,
    int cancel_fd, uint64_t *bytes, struct fault *fault)
{
	const struct copy_ask ask = { .remote = remote,
		.fd = -1,
		.deadline = deadline,
		.cancel_fd = cancel_fd };
	struct copy_result result;
	struct copy_job job;
	begin(&job, &ask, &result, fault);
	struct exec *exec = ssh_subsystem(ssh, "sftp", EXEC_WINDOW_BYTES);
	int rc = sftp_over(&job, exec, ask_free);
	exec_free(exec);
	if (rc == 1)
		rc = copy_fail(&job, "the device has no SFTP");
	if (rc == 0)
		*bytes = result.bytes;
	return end(&job, rc);
}
