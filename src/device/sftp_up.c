/* From here to the device by SFTP. */
#include "device/fault.h"

#include "sftp.h"

#include <string.h>
#include <unistd.h>

#define OPEN_READ     0x1U
#define OPEN_WRITE    0x2U
#define OPEN_CREATE   0x8U
#define OPEN_TRUNCATE 0x10U
#define PATH_LIMIT    8192

struct up {
	struct sftp *sftp;
	struct buf path; /* there, of what is being sent */
	size_t ends[COPY_DEPTH_MAX]; /* of the paths around it */
	unsigned depth;
};

/* Where NAME goes; remembers where the path ended before. At the top it is
 * known only after a look whether there is a directory of that name. */
static int
go_to(struct up *up, const char *name, size_t *end)
{
	struct copy_job *job = up->sftp->job;
	bool below = up->depth > 0;
	*end = up->path.len;
	if (!below) {
		struct sftp_attrs is = { 0 };
		bool there;
		buf_adds(&up->path, sftp_path(job->ask->remote));
		if (sftp_stat(up->sftp, buf_str(&up->path), &is, &there))
			return -1;
		below = there && is.has_mode && S_ISDIR(is.mode);
	}
	if (below) {
		if (up->path.len && up->path.data[up->path.len - 1] != '/')
			buf_addc(&up->path, '/');
		buf_adds(&up->path, name);
	}
	return up->path.cut
	    ? copy_fail(job, "%s: the path there is too long", name)
	    : 0;
}

static struct sftp_attrs
attrs_of(const struct copy_source *source, bool times)
{
	return (struct sftp_attrs){ .has_mode = true,
		.mode = source->mode,
		.has_times = times,
		.atime = (uint32_t)source->is.st_atime,
		.mtime = (uint32_t)source->is.st_mtime };
}

struct comparing {
	struct copy_job *job;
	int fd;
	bool differs;
};

static int
compare(void *data, uint64_t at, const char *bytes, size_t len)
{
	struct comparing *comparing = data;
	char here[4096];
	copy_heard(comparing->job);
	for (size_t n; len && !comparing->differs; len -= n) {
		n = len < sizeof(here) ? len : sizeof(here);
		comparing->differs = pread(comparing->fd, here, n, (off_t)at) !=
			(ssize_t)n ||
		    memcmp(here, bytes, n) != 0;
		at += n;
		bytes += n;
	}
	return 0;
}

/* Where to go on: behind what is there already, if that may be. */
static int
resume_at(struct sftp *sftp, const char *path, const struct copy_source *source,
    uint64_t *at)
{
	struct sftp_attrs is = { 0 };
	struct sftp_handle handle;
	bool there;
	*at = 0;
	if (sftp->job->ask->resume == COPY_WHOLE || sftp->job->ask->tree)
		return 0;
	if (sftp_stat(sftp, path, &is, &there))
		return -1;
	if (!there || !is.has_size || !is.size ||
	    is.size > (uint64_t)source->is.st_size)
		return 0;
	struct comparing comparing = { .job = sftp->job, .fd = source->fd };
	if (sftp->job->ask->resume == COPY_RESUME_COMPARED) {
		static const struct sftp_attrs none;
		if (sftp_open(
			sftp, FXP_OPEN, path, OPEN_READ, &none, &handle) ||
		    sftp_read(
			sftp, &handle, path, 0, is.size, compare, &comparing) ||
		    sftp_close(sftp, &handle, path))
			return -1;
	}
	*at = comparing.differs ? 0 : is.size;
	return 0;
}

/* It is all there, and says so itself; then what it is to be like. */
static int
settle(struct sftp *sftp, const struct sftp_handle *handle, const char *path,
    const struct copy_source *source)
{
	const struct copy_ask *ask = sftp->job->ask;
	struct sftp_attrs is, like = attrs_of(source, ask->preserve);
	struct sftp_reply reply;
	if (sftp_fstat(sftp, handle, path, &is))
		return -1;
	if (is.has_size && is.size != (uint64_t)source->is.st_size)
		return copy_fail(sftp->job,
		    "%s: %llu bytes were sent, and it has %llu", path,
		    (unsigned long long)source->is.st_size,
		    (unsigned long long)is.size);
	if (!ask->preserve && !ask->mode)
		return 0;
	sftp_put_begin(sftp, FXP_FSETSTAT);
	sftp_put_handle(sftp, handle);
	sftp_put_attrs(sftp, &like);
	sftp_put_end(sftp);
	return sftp_call(sftp, FXP_STATUS, path, &reply);
}

static int
send_to(struct sftp *sftp, const char *path, const struct copy_source *source)
{
	struct sftp_attrs like = attrs_of(source, false);
	struct sftp_handle handle;
	uint64_t at;
	if (resume_at(sftp, path, source, &at))
		return -1;
	if (lseek(source->fd, (off_t)at, SEEK_SET) < 0)
		return copy_fail(sftp->job, "%s cannot be read", source->name);
	sftp->job->result->resumed_at = at;
	if (sftp_open(sftp, FXP_OPEN, path,
		OPEN_WRITE | OPEN_CREATE | (at ? 0 : OPEN_TRUNCATE), &like,
		&handle))
		return -1;
	return sftp_write(sftp, &handle, path, source, at) ||
		settle(sftp, &handle, path, source) ||
		sftp_close(sftp, &handle, path)
	    ? -1
	    : 0;
}

static int
send_file(void *data, const struct copy_source *source)
{
	struct up *up = data;
	size_t end;
	int rc = go_to(up, source->name, &end);
	if (rc == 0)
		rc = send_to(up->sftp, buf_str(&up->path), source);
	buf_truncate(&up->path, end);
	return rc;
}

static int
send_enter(void *data, const struct copy_source *directory)
{
	struct up *up = data;
	struct sftp *sftp = up->sftp;
	struct sftp_attrs like = attrs_of(directory, false), is = { 0 };
	struct sftp_reply reply;
	uint32_t status;
	bool there;
	if (go_to(up, directory->name, &up->ends[up->depth]))
		return -1;
	up->depth++;
	const char *path = buf_str(&up->path);
	/* Ours to fill, whatever its mode will be. */
	like.mode |= S_IRWXU;
	sftp_put_begin(sftp, FXP_MKDIR);
	sftp_put_path(sftp, path);
	sftp_put_attrs(sftp, &like);
	sftp_put_end(sftp);
	if (sftp_try(sftp, FXP_STATUS, path, &reply, &status))
		return -1;
	if (!status)
		return 0;
	struct fault first = { 0 }, *fault = sftp->job->fault;
	sftp_refused(sftp, path, &reply);
	/* There is no status for "it is there already". */
	first = *fault;
	*fault = (struct fault){ 0 };
	if (sftp_stat(sftp, path, &is, &there) == 0 && there && is.has_mode &&
	    S_ISDIR(is.mode)) {
		fault_clear(&first);
		return 0;
	}
	fault_clear(fault);
	*fault = first;
	return -1;
}

static int
send_leave(void *data, const struct copy_source *directory)
{
	struct up *up = data;
	struct sftp *sftp = up->sftp;
	struct sftp_attrs like = attrs_of(directory, true);
	struct sftp_reply reply;
	int rc = 0;
	if (sftp->job->ask->preserve) {
		sftp_put_begin(sftp, FXP_SETSTAT);
		sftp_put_path(sftp, buf_str(&up->path));
		sftp_put_attrs(sftp, &like);
		sftp_put_end(sftp);
		rc = sftp_call(sftp, FXP_STATUS, buf_str(&up->path), &reply);
	}
	buf_truncate(&up->path, up->ends[--up->depth]);
	return rc;
}

int
sftp_send(struct sftp *sftp)
{
	struct up up = { .sftp = sftp };
	const struct copy_far far = { &up, send_file, send_enter, send_leave };
	buf_init(&up.path, PATH_LIMIT);
	int rc = copy_walk(sftp->job, &far);
	buf_clear(&up.path);
	return rc;
}
