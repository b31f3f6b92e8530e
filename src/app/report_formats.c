/* The table of formats, and how any of them becomes a file. */
#include "app/report_formats.h"

#include "app/report.h"
#include "app/report_html.h"
#include "base/alloc.h"
#include "base/err.h"
#include "run/result.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int
write_text(FILE *file, const struct run_view *view)
{
	report_text(file, view, 0);
	return ferror(file) ? -1 : 0;
}

/* The run's own result.json is the same, and cheaper to copy than to make. */
static int
copy_result(FILE *file, const struct run_view *view)
{
	char chunk[65536];
	size_t n;
	char *path = xasprintf("%s/result.json", view->dir);
	FILE *from = fopen(path, "re");
	int rc = from ? 0 : -1;
	free(path);
	while (
	    from && rc == 0 && (n = fread(chunk, 1, sizeof(chunk), from)) > 0)
		if (fwrite(chunk, 1, n, file) != n)
			rc = -1;
	if (from && ferror(from))
		rc = -1;
	if (from)
		fclose(from);
	return ferror(file) ? -1 : rc;
}

static int
write_json(FILE *file, const struct run_view *view)
{
	return view->result_kept ? copy_result(file, view)
				 : result_write(file, view);
}

const struct report_row report_rows[REPORT__COUNT] = {
	[REPORT_TEXT] = { ".txt", 0600, write_text },
	[REPORT_JSON] = { ".json", 0600, write_json },
	[REPORT_JSONL] = { ".jsonl", 0600, report_jsonl },
	[REPORT_JUNIT] = { ".xml", 0600, report_junit },
	[REPORT_CSV] = { ".csv", 0600, report_csv },
	[REPORT_PROMETHEUS] = { ".prom", 0644, report_prometheus },
	[REPORT_HTML] = { ".html", 0600, report_html },
};

static int
write_and_sync(
    FILE *file, enum report_format format, const struct run_view *view)
{
	if (report_rows[format].write(file, view) || fflush(file))
		return -1;
	/* Pipes and devices cannot be synced, and need not be. */
	return fsync(fileno(file)) && errno != EINVAL ? -1 : 0;
}

/* Beside the file that PATH leads to, so that a link stays a link. */
static int
replace(enum report_format format, const char *path, mode_t mode,
    const struct run_view *view)
{
	int rc = -1;
	char *real = realpath(path, NULL);
	const char *to = real ? real : path;
	char *temporary = xasprintf("%s.XXXXXX", to);
	int fd = mkostemp(temporary, O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	if (file && fchmod(fd, mode) == 0 &&
	    write_and_sync(file, format, view) == 0 &&
	    rename(temporary, to) == 0)
		rc = 0;
	int error = errno;
	if (rc && fd >= 0)
		unlink(temporary);
	if (file)
		fclose(file);
	free(temporary);
	free(real);
	errno = error;
	return rc;
}

/* A pipe, a terminal, /dev/null: renaming would take its place. */
static int
write_through(
    enum report_format format, const char *path, const struct run_view *view)
{
	FILE *file = fopen(path, "we");
	if (!file)
		return -1;
	int rc = write_and_sync(file, format, view), error = errno;
	fclose(file);
	errno = error;
	return rc;
}

int
report_write_file(enum report_format format, const char *path,
    const struct run_view *view, struct err *err)
{
	struct stat st;
	bool exists = stat(path, &st) == 0;
	mode_t mode = exists ? st.st_mode & 0777 : report_rows[format].mode;
	errno = 0;
	if ((exists && !S_ISREG(st.st_mode)
		    ? write_through(format, path, view)
		    : replace(format, path, mode, view)) == 0)
		return 0;
	return err_sys(err, ERR_INTERNAL, errno ? errno : EIO,
	    "%s cannot be written", path);
}
