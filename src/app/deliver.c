/* Each thing that is asked for is tried, whatever became of the others. */
#include "app/deliver.h"

#include "app/email.h"
#include "app/hook.h"
#include "app/report_formats.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "run/result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "report.html: ..." */
static void
say(enum report_format format, const char *text)
{
	log_warn("report.%s: %s", report_format_name(format), text);
}

/* 0 if PATH could be written now, else -1 with errno. */
static int
look_at(const char *path)
{
	struct stat st;
	const char *slash = strrchr(path, '/');
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		errno = EISDIR;
		return S_ISDIR(st.st_mode) ? -1 : access(path, W_OK);
	}
	/* A file is made beside it, then takes its place. */
	char *dir = slash ? xstrndup(path, (size_t)(slash - path) + 1)
			  : xstrdup(".");
	int rc = access(dir, W_OK | X_OK), error = errno;
	free(dir);
	errno = error;
	return rc;
}

void
deliver_look_ahead(const struct job_report *report)
{
	for (unsigned i = 0; i < REPORT__COUNT; i++) {
		struct err err;
		if (!report->paths[i] || look_at(report->paths[i]) == 0)
			continue;
		err_sys(&err, ERR_INTERNAL, errno, "%s will not be written",
		    report->paths[i]);
		say((enum report_format)i, err.text);
	}
}

static void
write_files(const struct job_report *report, const struct run_view *view)
{
	for (unsigned i = 0; i < REPORT__COUNT; i++) {
		enum report_format format = (enum report_format)i;
		struct err err;
		if (!report->paths[i])
			continue;
		if (!report_rows[i].write)
			say(format, "not supported yet");
		else if (report_write_file(
			     format, report->paths[i], view, &err))
			say(format, err.text);
	}
}

void
deliver(const struct job_report *report, const struct secret *smtp_password,
    const struct run_view *view)
{
	struct err err;
	if (!view->dir)
		return;
	write_files(report, view);
	if (report->command &&
	    hook_run(report->command, report->command_timeout_ms, view, &err))
		log_warn("report.command: %s", err.text);
	if (report->email && email_is_wanted(report->email, view) &&
	    email_send(report->email, smtp_password, view, &err))
		log_warn("report.email: %s", err.text);
}
