/* netpush report --email: the mail about a kept run. */
#include "app/email.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "model/job.h"
#include "run/replay.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* The files that the job names were relative to where the run was started. */
static void
make_absolute(char **path, const char *directory)
{
	if (!*path || (*path)[0] == '/' || !directory || !*directory)
		return;
	char *absolute = xasprintf("%s/%s", directory, *path);
	free(*path);
	*path = absolute;
}

static void
use_server(struct job_email *email, const char *smtp)
{
	free(email->smtp);
	free(email->username);
	free(email->password_file);
	email->smtp = xstrdup(smtp);
	email->username = email->password_file = NULL;
}

/* For a job that has no mail of its own. */
static char *
own_address(void)
{
	char host[HOST_NAME_MAX + 1] = "";
	if (gethostname(host, sizeof(host) - 1) || !host[0])
		return xstrdup("netpush@localhost");
	return xasprintf("netpush@%s", host);
}

/* REPORT's mail as it is wanted now. */
static int
prepare(struct job_report *report, const struct run_view *view,
    const struct strs *to, const char *smtp, struct err *err)
{
	struct err ignored;
	struct job_email *email = report->email;
	if (!email && !smtp)
		return err_set(err, ERR_JOB,
		    "the run's job has no \"email\": name a server with "
		    "--smtp URL");
	if (!email)
		email = report->email = job_email_new();
	json_t *call = replay_read_json(view->dir, "call.json", &ignored);
	const char *directory = json_string_value(
	    json_object_get(call, "directory"));
	make_absolute(&email->ca, directory);
	make_absolute(&email->password_file, directory);
	json_decref(call);
	if (smtp)
		use_server(email, smtp);
	if (!email->from)
		email->from = own_address();
	strs_clear(&email->to);
	for (size_t i = 0; i < to->count; i++)
		strs_add(&email->to, to->items[i]);
	return 0;
}

int
email_again(const struct run_view *view, const struct strs *to,
    const char *smtp, struct err *err)
{
	struct job_report report;
	struct diags diags = { 0 };
	struct secret *password = NULL;
	char *path = xasprintf("%s/job.yml", view->dir);
	int rc = -1;
	/* What is wrong with the kept job matters only if it is needed. */
	if (job_report_load(&report, path, &diags) && !smtp) {
		err_set(
		    err, ERR_JOB, "%s: its \"report\" cannot be read", path);
		goto out;
	}
	if (prepare(&report, view, to, smtp, err) ||
	    email_gather(report.email, &password, err))
		goto out;
	rc = email_send(report.email, password, view, err);
out:
	secret_free(password);
	job_report_clear(&report);
	diags_clear(&diags);
	free(path);
	return rc;
}
