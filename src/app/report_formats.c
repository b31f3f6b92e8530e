/* The table of formats, and how any of them becomes a file. */
#include "app/report_formats.h"

#include "app/report.h"
#include "app/report_html.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/fdio.h"
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

struct writing {
	enum report_format format;
	const struct run_view *view;
};

static int
write_format(void *data, FILE *file)
{
	const struct writing *writing = data;
	return report_rows[writing->format].write(file, writing->view);
}

/* A pipe, a terminal, /dev/null: renaming would take its place. */
static int
write_through(const char *path, struct writing *writing, struct err *err)
{
	errno = 0;
	FILE *file = fopen(path, "we");
	int rc = file && write_format(writing, file) == 0 && fflush(file) == 0
	    ? 0
	    : -1;
	if (rc)
		err_sys(err, ERR_INTERNAL, errno ? errno : EIO,
		    "%s cannot be written", path);
	if (file)
		fclose(file);
	return rc;
}

int
report_write_file(enum report_format format, const char *path,
    const struct run_view *view, struct err *err)
{
	struct stat st;
	struct writing writing = { format, view };
	bool exists = stat(path, &st) == 0;
	if (exists && !S_ISREG(st.st_mode))
		return write_through(path, &writing, err);
	/* Beside the file that PATH leads to: a link stays a link. */
	char *real = realpath(path, NULL);
	int rc = file_replace(real ? real : path,
	    exists ? st.st_mode & 0777 : report_rows[format].mode, write_format,
	    &writing, err);
	free(real);
	return rc;
}
