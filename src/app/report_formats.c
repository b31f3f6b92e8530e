/* The table of formats, and how any of them becomes a file. */
#include "app/report_formats.h"

#include "app/report.h"
#include "base/alloc.h"
#include "base/err.h"
#include "run/result.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int
write_text(FILE *file, const struct run_view *view)
{
	report_text(file, view, false, false);
	return ferror(file) ? -1 : 0;
}

const struct report_row report_rows[REPORT__COUNT] = {
	[REPORT_TEXT] = { ".txt", write_text },
	[REPORT_JSON] = { ".json", result_write },
	[REPORT_JSONL] = { ".jsonl", report_jsonl },
	[REPORT_JUNIT] = { ".xml", NULL },
	[REPORT_CSV] = { ".csv", NULL },
	[REPORT_PROMETHEUS] = { ".prom", NULL },
	[REPORT_HTML] = { ".html", NULL },
};

static int
write_and_sync(
    FILE *file, enum report_format format, const struct run_view *view)
{
	if (report_rows[format].write(file, view) || fflush(file))
		return -1;
	/* /dev/stdout and pipes cannot be synced, and need not be. */
	return fsync(fileno(file)) && errno != EINVAL ? -1 : 0;
}

int
report_write_file(enum report_format format, const char *path,
    const struct run_view *view, struct err *err)
{
	int rc = -1;
	/* A name of its own: two runs may write the same file. */
	char *temporary = xasprintf("%s.new-%d", path, (int)getpid());
	FILE *file = fopen(temporary, "wxe");
	errno = file ? 0 : errno;
	if (file && write_and_sync(file, format, view) == 0)
		rc = 0;
	int error = errno;
	if (file && fclose(file) && rc == 0) {
		error = errno;
		rc = -1;
	}
	if (rc == 0 && rename(temporary, path)) {
		error = errno;
		rc = -1;
	}
	if (rc)
		err_sys(err, ERR_INTERNAL, error ? error : EIO, "%s", path);
	if (rc && file)
		unlink(temporary);
	free(temporary);
	return rc;
}
