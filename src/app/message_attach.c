/*
 * What is attached to the mail about a run. Mail servers refuse what is too
 * large, and with it the news: so there is a size above which files are
 * packed, and one above which they stay at home.
 */
#include "message_parts.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/zip.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLAIN_MAX_BYTES (256 * 1024) /* above it, files are packed */
#define PLAIN_MAX_FILES 5 /* above it, transcripts are packed */
/* All together, before base64 makes 4 of 3 and adds line ends: Postfix takes
 * messages of 10 MB unless told otherwise. */
#define ATTACH_MAX_BYTES (6 * 1024 * 1024)
#define NOTES_MAX_BYTES	 1024

#define TYPE_JSON "application/json"
#define TYPE_TEXT "text/plain; charset=utf-8"
#define TYPE_ZIP  "application/zip"

FILE *
message_scratch(const struct run_view *view, struct err *err)
{
	int fd = view->dir
	    ? open(view->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)
	    : -1;
	FILE *file = fd >= 0 ? fdopen(fd, "w+") : tmpfile();
	if (!file)
		err_sys(
		    err, ERR_INTERNAL, errno, "no temporary file can be made");
	return file;
}

/* -1 with ERR if FILE could not take all that was written. Goes back to its
 * beginning. */
static int
finish(FILE *file, struct err *err)
{
	if (fflush(file) || ferror(file) || fseeko(file, 0, SEEK_SET))
		return err_sys(err, ERR_INTERNAL, errno, "a temporary file");
	return 0;
}

static size_t
size_of(FILE *file)
{
	struct stat st;
	return fstat(fileno(file), &st) == 0 ? (size_t)st.st_size : 0;
}

/* Takes FILE over; it is left out, with a note, if there is no room. */
static void
add(struct attachments *attachments, const char *name, const char *type,
    FILE *file)
{
	size_t size = size_of(file);
	if (attachments->bytes + size > ATTACH_MAX_BYTES) {
		buf_addf(&attachments->notes,
		    "%s (%zu KB) is too large for this mail and was left "
		    "out\n",
		    name, size / 1024);
		fclose(file);
		return;
	}
	attachments->bytes += size;
	GROW(attachments->items, attachments->count, attachments->cap);
	attachments->items[attachments->count++] = (struct attachment){
		.name = xstrdup(name),
		.type = type,
		.file = file,
	};
}

static int
add_result(struct attachments *attachments, const struct run_view *view,
    struct err *err)
{
	struct zip *zip = NULL;
	FILE *packed = NULL;
	int rc = -1;
	FILE *plain = message_scratch(view, err);
	if (!plain)
		return -1;
	if (result_write(plain, view)) {
		err_sys(err, ERR_INTERNAL, errno, "result.json");
		goto out;
	}
	if (finish(plain, err))
		goto out;
	if (size_of(plain) <= PLAIN_MAX_BYTES) {
		add(attachments, "result.json", TYPE_JSON, plain);
		return 0;
	}
	packed = message_scratch(view, err);
	if (!packed)
		goto out;
	zip = zip_new(packed);
	if (zip_add(zip, "result.json", plain, view->about.finished_ms, err) ||
	    zip_finish(zip, err) || finish(packed, err))
		goto out;
	add(attachments, "result.json.zip", TYPE_ZIP, packed);
	packed = NULL;
	rc = 0;
out:
	zip_free(zip);
	fclose(plain);
	if (packed)
		fclose(packed);
	return rc;
}

/* A regular file of the directory FD, which must not be a link. */
static FILE *
open_at(int fd, const char *name)
{
	struct stat st;
	int file = openat(
	    fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file >= 0 && (fstat(file, &st) || !S_ISREG(st.st_mode))) {
		close(file);
		return NULL;
	}
	return file < 0 ? NULL : fdopen(file, "r");
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of the transcripts in DIR, sorted, and the size of all. */
static size_t
list_transcripts(DIR *dir, struct strs *names)
{
	const struct dirent *entry;
	struct stat st;
	size_t bytes = 0;
	while ((entry = readdir(dir))) {
		if (!str_ends(entry->d_name, ".log") ||
		    fstatat(
			dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		bytes += (size_t)st.st_size;
		strs_add(names, entry->d_name);
	}
	if (names->count)
		qsort(
		    names->items, names->count, sizeof(*names->items), compare);
	return bytes;
}

static int
pack_transcripts(struct attachments *attachments, const struct run_view *view,
    int dir, const struct strs *names, struct err *err)
{
	struct zip *zip = NULL;
	int rc = -1;
	FILE *packed = message_scratch(view, err);
	if (!packed)
		return -1;
	zip = zip_new(packed);
	for (size_t i = 0; i < names->count; i++) {
		struct stat st;
		FILE *file = open_at(dir, names->items[i]);
		if (!file)
			continue;
		int64_t time_ms = fstat(fileno(file), &st)
		    ? 0
		    : (int64_t)st.st_mtime * 1000;
		int failed = zip_add(zip, names->items[i], file, time_ms, err);
		fclose(file);
		if (failed)
			goto out;
	}
	if (zip_finish(zip, err) || finish(packed, err))
		goto out;
	add(attachments, "transcripts.zip", TYPE_ZIP, packed);
	packed = NULL;
	rc = 0;
out:
	zip_free(zip);
	if (packed)
		fclose(packed);
	return rc;
}

static int
add_transcripts(struct attachments *attachments, const struct run_view *view,
    struct err *err)
{
	struct strs names = { 0 };
	int rc = 0;
	char *path = view->dir ? xasprintf("%s/transcripts", view->dir) : NULL;
	DIR *dir = path ? opendir(path) : NULL;
	size_t bytes = dir ? list_transcripts(dir, &names) : 0;
	if (bytes > PLAIN_MAX_BYTES || names.count > PLAIN_MAX_FILES) {
		rc = pack_transcripts(
		    attachments, view, dirfd(dir), &names, err);
	} else {
		for (size_t i = 0; i < names.count; i++) {
			FILE *file = open_at(dirfd(dir), names.items[i]);
			if (file)
				add(attachments, names.items[i], TYPE_TEXT,
				    file);
		}
	}
	if (dir)
		closedir(dir);
	strs_clear(&names);
	free(path);
	return rc;
}

int
attachments_collect(struct attachments *attachments,
    const struct run_view *view, struct err *err)
{
	*attachments = (struct attachments){ 0 };
	buf_init(&attachments->notes, NOTES_MAX_BYTES);
	if (add_result(attachments, view, err))
		return -1;
	return add_transcripts(attachments, view, err);
}

void
attachments_clear(struct attachments *attachments)
{
	for (size_t i = 0; i < attachments->count; i++) {
		free(attachments->items[i].name);
		fclose(attachments->items[i].file);
	}
	free(attachments->items);
	buf_clear(&attachments->notes);
}
