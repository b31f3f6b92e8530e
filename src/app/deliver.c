/* Each thing that is asked for is tried, whatever became of the others. */
#include "app/deliver.h"

#include "app/hook.h"
#include "app/report_formats.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "run/result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "report.html: ..." */
static void
say(enum report_format format, const char *text)
{
	log_warn("report.%s: %s", report_format_name(format), text);
}

void
deliver_look_ahead(const struct job_report *report)
{
	for (unsigned i = 0; i < REPORT__COUNT; i++) {
		const char *path = report->paths[i];
		struct err err;
		if (!path)
			continue;
		const char *slash = strrchr(path, '/');
		char *dir = slash ? xstrndup(path, (size_t)(slash - path) + 1)
				  : xstrdup(".");
		if (access(dir, W_OK | X_OK)) {
			err_sys(&err, ERR_INTERNAL, errno,
			    "%s will not be written: %s", path, dir);
			say((enum report_format)i, err.text);
		}
		free(dir);
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
deliver(const struct job_report *report, const struct run_view *view)
{
	struct err err;
	if (!view->dir)
		return;
	write_files(report, view);
	if (report->command &&
	    hook_run(report->command, report->command_timeout_ms, view, &err))
		log_warn("report.command: %s", err.text);
}
