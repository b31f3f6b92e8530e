/* --outdir: a file for each host, and no two hosts with one file. */
#include "shell_parts.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct named {
	char *name;
	size_t host;
};

static int
compare(const void *a, const void *b)
{
	const struct named *left = a, *right = b;
	int names = strcmp(left->name, right->name);
	if (names)
		return names;
	return left->host < right->host ? -1 : left->host > right->host;
}

/* The second of a name is NAME.2. The caller frees. */
static char *
file_name(const struct hosts *hosts, const size_t *before, size_t host)
{
	const char *name = hosts->items[host].name;
	return before[host] ? xasprintf("%s.%zu", name, before[host] + 1)
			    : xstrdup(name);
}

size_t *
shell_repetitions(const struct hosts *hosts)
{
	size_t *before = xcalloc(hosts->count + 1, sizeof(*before));
	struct named *all = xcalloc(hosts->count + 1, sizeof(*all));
	for (size_t i = 0; i < hosts->count; i++)
		all[i] = (struct named){ hosts->items[i].name, i };
	qsort(all, hosts->count, sizeof(*all), compare);
	for (size_t i = 1; i < hosts->count; i++)
		if (str_eq(all[i].name, all[i - 1].name))
			before[all[i].host] = before[all[i - 1].host] + 1;
	free(all);
	return before;
}

/* Files with one name: -1 after a message. */
static int
look_for_clash(const struct shell_options *options, const struct hosts *hosts)
{
	size_t *before = shell_repetitions(hosts), count = 2 * hosts->count;
	struct named *all = xcalloc(count + 1, sizeof(*all));
	int rc = 0;
	for (size_t i = 0; i < hosts->count; i++) {
		char *name = file_name(hosts, before, i);
		all[2 * i] = (struct named){ name, i };
		all[2 * i + 1] = (struct named){ xasprintf("%s.stderr", name),
			i };
	}
	qsort(all, count, sizeof(*all), compare);
	for (size_t i = 1; i < count && rc == 0; i++) {
		if (!str_eq(all[i].name, all[i - 1].name))
			continue;
		shell_misused(options,
		    "argument --outdir: what %s and %s say would both be "
		    "written to '%s'",
		    hosts->items[all[i - 1].host].name,
		    hosts->items[all[i].host].name, all[i].name);
		rc = -1;
	}
	for (size_t i = 0; i < count; i++)
		free(all[i].name);
	free(all);
	free(before);
	return rc;
}

int
shell_outdir_prepare(
    const struct shell_options *options, const struct hosts *hosts)
{
	struct err err;
	if (!options->outdir)
		return 0;
	if (look_for_clash(options, hosts))
		return -1;
	if (dir_make(options->outdir, 0700, &err) == 0)
		return 0;
	log_error("%s", err.text);
	return -1;
}

static int
take_file(void *data, const char *bytes, size_t len)
{
	return fwrite(bytes, 1, len, data) == len ? 0 : -1;
}

static int
write_capture(void *data, FILE *file)
{
	const struct capture *capture = data;
	struct err ignored;
	return capture->place
	    ? capture_each(capture, capture->size, take_file, file, &ignored)
	    : 0;
}

int
shell_write_outputs(const struct shell_view *view, size_t host)
{
	const struct shell_result *result = &view->results[host];
	struct err err;
	char *name = file_name(view->hosts, view->before, host);
	char *path = xasprintf("%s/%s", view->options->outdir, name);
	char *errors = xasprintf("%s.stderr", path);
	mode_t mode = 0666 & ~umask_of_user();
	int rc = file_replace(
	    path, mode, write_capture, (void *)&result->out, &err);
	if (rc == 0 && result->err.size)
		rc = file_replace(
		    errors, mode, write_capture, (void *)&result->err, &err);
	if (rc)
		log_error("%s", err.text);
	free(errors);
	free(path);
	free(name);
	return rc;
}
