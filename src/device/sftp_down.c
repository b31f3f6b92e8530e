/* From the device to here by SFTP. */
#include "sftp.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define OPEN_READ     0x1U
#define PATH_LIMIT    8192
#define ENTRIES_LIMIT 200000 /* in one directory */

struct down {
	struct sftp *sftp;
	struct copy_sink sink;
	struct buf path; /* there, of what is being fetched */
	bool differs; /* what is here from another time is something else */
};

/* The names in one directory, all read before the first is looked at: a
 * packet's bytes do not outlive the next request. */
struct listing {
	struct listed {
		char *name;
		struct sftp_attrs is;
	} * items;
	size_t count, cap;
};

static void
listing_clear(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->items[i].name);
	free(listing->items);
}

static struct copy_like
like_of(const struct sftp_attrs *is)
{
	return (
	    struct copy_like){ .mode = is->has_mode ? is->mode & 07777 : 0644,
		.timed = is->has_times,
		.mtime = is->mtime,
		.atime = is->atime };
}

static int
put_here(void *data, uint64_t at, const char *bytes, size_t len)
{
	struct down *down = data;
	if (copy_sink_write(&down->sink, at, bytes, len))
		return -1;
	copy_moved(down->sftp->job, len);
	return 0;
}

static int
compare(void *data, uint64_t at, const char *bytes, size_t len)
{
	struct down *down = data;
	copy_heard(down->sftp->job);
	down->differs = down->differs ||
	    !copy_sink_has(&down->sink, at, bytes, len);
	return 0;
}

static int
fetch_open(struct down *down, const struct sftp_handle *handle,
    const char *name, const struct sftp_attrs *is)
{
	struct sftp *sftp = down->sftp;
	struct copy_job *job = sftp->job;
	const char *path = buf_str(&down->path);
	struct copy_like like = like_of(is);
	uint64_t have;
	if (copy_sink_open(&down->sink, name, &like, &have))
		return -1;
	down->differs = have > is->size;
	if (have && !down->differs &&
	    job->ask->resume == COPY_RESUME_COMPARED &&
	    sftp_read(sftp, handle, path, 0, have, compare, down))
		return -1;
	if (down->differs)
		have = 0;
	job->result->resumed_at = have;
	if (copy_sink_cut(&down->sink, have))
		return -1;
	/* A size of 0 may be that of a file that is made when it is read. */
	if ((have < is->size || !is->size) &&
	    sftp_read(sftp, handle, path, have, is->size, put_here, down)) {
		copy_sink_keep(&down->sink, sftp->whole);
		return -1;
	}
	return copy_sink_done(&down->sink, &like);
}

/* NAME is NULL at the top. */
static int
fetch_file(struct down *down, const char *name)
{
	static const struct sftp_attrs none;
	struct sftp *sftp = down->sftp;
	const char *path = buf_str(&down->path);
	struct sftp_handle handle;
	struct sftp_attrs is;
	if (sftp_open(sftp, FXP_OPEN, path, OPEN_READ, &none, &handle) ||
	    sftp_fstat(sftp, &handle, path, &is))
		return -1;
	if (!is.has_size)
		return sftp_odd(sftp, path);
	if (!name)
		sftp->job->total = is.size;
	return fetch_open(down, &handle, name, &is) ||
		sftp_close(sftp, &handle, path)
	    ? -1
	    : 0;
}

static int
take_names(struct sftp *sftp, struct sftp_reply *reply, const char *path,
    struct listing *listing)
{
	uint32_t count = sftp_take_u32(reply);
	for (; count && !reply->short_of; count--) {
		size_t len, ignored;
		struct sftp_attrs is;
		const char *name = sftp_take_string(reply, &len);
		sftp_take_string(reply, &ignored);
		sftp_take_attrs(reply, &is);
		if (reply->short_of)
			break;
		if ((len == 1 && name[0] == '.') ||
		    (len == 2 && memcmp(name, "..", 2) == 0))
			continue;
		if (listing->count == ENTRIES_LIMIT)
			return copy_fail(sftp->job,
			    "%s: more than %d files in one directory", path,
			    ENTRIES_LIMIT);
		GROW(listing->items, listing->count, listing->cap);
		/* One with a NUL in it ends there, and is not found. */
		listing->items[listing->count++] = (struct listed){
			xstrndup(name, len), is
		};
	}
	return reply->short_of ? sftp_odd(sftp, path) : 0;
}

static int
list(struct sftp *sftp, const char *path, struct listing *listing)
{
	struct sftp_handle handle;
	struct sftp_reply reply;
	uint32_t status;
	if (sftp_open(sftp, FXP_OPENDIR, path, 0, NULL, &handle))
		return -1;
	for (;;) {
		sftp_put_begin(sftp, FXP_READDIR);
		sftp_put_handle(sftp, &handle);
		sftp_put_end(sftp);
		if (sftp_try(sftp, FXP_NAME, path, &reply, &status))
			return -1;
		if (status == FX_EOF)
			return sftp_close(sftp, &handle, path);
		if (status)
			return sftp_refused(sftp, path, &reply);
		if (take_names(sftp, &reply, path, listing) ||
		    copy_look(sftp->job))
			return -1;
	}
}

static int fetch_directory(
    struct down *down, const char *name, const struct sftp_attrs *is);

static int
fetch_entry(struct down *down, const struct listed *item)
{
	struct sftp *sftp = down->sftp;
	struct sftp_attrs is = item->is;
	const char *path = buf_str(&down->path);
	bool link = is.has_mode && S_ISLNK(is.mode);
	bool there = true;
	if ((link || !is.has_mode) && sftp_stat(sftp, path, &is, &there))
		return -1;
	const char *why = NULL;
	if (!there)
		why = "a link to nothing";
	else if (link && S_ISDIR(is.mode))
		why = "a link to a directory";
	else if (is.has_mode && !S_ISREG(is.mode) && !S_ISDIR(is.mode))
		why = "neither a file nor a directory";
	if (why) {
		copy_note(sftp->job, "%s is left out: %s", path, why);
		return 0;
	}
	return S_ISDIR(is.mode) ? fetch_directory(down, item->name, &is)
				: fetch_file(down, item->name);
}

static int
fetch_entries(struct down *down, const struct listing *listing)
{
	size_t end = down->path.len;
	int rc = 0;
	for (size_t i = 0; i < listing->count && rc == 0; i++) {
		const struct listed *item = &listing->items[i];
		/* Before it is put into a path. */
		if (!copy_name_ok(item->name))
			return copy_fail(down->sftp->job,
			    "the device names a file that may not be here: "
			    "'%.200s'",
			    item->name);
		if (end && down->path.data[end - 1] != '/')
			buf_addc(&down->path, '/');
		buf_adds(&down->path, item->name);
		rc = down->path.cut
		    ? copy_fail(down->sftp->job,
			  "%s: the path there is too long", item->name)
		    : fetch_entry(down, item);
		buf_truncate(&down->path, end);
	}
	return rc;
}

static int
fetch_directory(
    struct down *down, const char *name, const struct sftp_attrs *is)
{
	struct listing listing = { 0 };
	struct copy_like like = like_of(is);
	int rc = -1;
	if (list(down->sftp, buf_str(&down->path), &listing) == 0 &&
	    copy_sink_enter(&down->sink, name, &like) == 0 &&
	    fetch_entries(down, &listing) == 0)
		rc = copy_sink_leave(&down->sink, &like);
	listing_clear(&listing);
	return rc;
}

static int
fetch_top(struct down *down)
{
	struct sftp *sftp = down->sftp;
	const struct copy_ask *ask = sftp->job->ask;
	struct sftp_attrs is = { 0 };
	bool there;
	buf_adds(&down->path, sftp_path(ask->remote));
	const char *path = buf_str(&down->path);
	if (copy_sink_init(&down->sink, sftp->job) ||
	    sftp_stat(sftp, path, &is, &there))
		return -1;
	if (!there)
		return copy_fail(sftp->job,
		    "%s: the device refuses: no such file", ask->remote);
	if (!is.has_mode || !(is.mode & S_IFMT) || S_ISREG(is.mode))
		return fetch_file(down, NULL);
	if (!S_ISDIR(is.mode))
		return copy_fail(
		    sftp->job, "%s is not a file there", ask->remote);
	return ask->tree
	    ? fetch_directory(down, NULL, &is)
	    : copy_fail(sftp->job, "%s is a directory there", ask->remote);
}

int
sftp_receive(struct sftp *sftp)
{
	struct down down = { .sftp = sftp };
	buf_init(&down.path, PATH_LIMIT);
	int rc = fetch_top(&down);
	copy_sink_clear(&down.sink);
	buf_clear(&down.path);
	return rc;
}
