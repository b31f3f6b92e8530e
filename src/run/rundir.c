/* Finding, holding and removing the directories of runs. */
#include "run/rundir.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "run/event.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define TAIL_BYTES 65536 /* holds the last event of a finished run */

char *
rundir_state_dir(const char *state_dir)
{
	const char *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	if (state_dir)
		return xstrdup(state_dir);
	if (xdg && xdg[0] == '/')
		return xasprintf("%s/netpush", xdg);
	if (!home || !*home) {
		const struct passwd *user = getpwuid(getuid());
		home = user ? user->pw_dir : "/";
	}
	return xasprintf("%s/.local/state/netpush", home);
}

/* An id begins with its second; the milliseconds of it are in its last part
 * (journal.c), with the job's name between them. */
static int
compare(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	size_t seconds = strcspn(x, "-");
	const char *last_x = strrchr(x, '-'), *last_y = strrchr(y, '-');
	int order = strncmp(x, y, seconds + 1);
	if (order == 0 && last_x && last_y)
		order = strcmp(last_x, last_y);
	return order ? order : strcmp(x, y);
}

void
rundir_list(const char *state_dir, struct strs *ids)
{
	char *path = xasprintf("%s/runs", state_dir);
	DIR *dir = opendir(path);
	const struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
		    (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN))
			strs_add(ids, entry->d_name);
	if (dir)
		closedir(dir);
	free(path);
	if (ids->count)
		qsort(ids->items, ids->count, sizeof(*ids->items), compare);
}

char *
rundir_find(const char *state_dir, const char *name, struct err *err)
{
	struct strs ids = { 0 };
	const char *found = NULL;
	size_t matches = 0;
	rundir_list(state_dir, &ids);
	for (size_t i = 0; i < ids.count; i++) {
		if (str_eq(ids.items[i], name)) {
			found = ids.items[i];
			matches = 1;
			break;
		}
		if (name[0] && str_starts(ids.items[i], name)) {
			found = ids.items[i];
			matches++;
		}
	}
	if (str_eq(name, "latest") && ids.count) {
		found = ids.items[ids.count - 1];
		matches = 1;
	}
	char *path = NULL;
	if (matches == 1)
		path = xasprintf("%s/runs/%s", state_dir, found);
	else if (matches)
		err_set(err, ERR_JOB,
		    "\"%s\" could be %zu runs: say more of it", name, matches);
	else
		err_set(err, ERR_JOB, "there is no run \"%s\" in %s/runs", name,
		    state_dir);
	strs_clear(&ids);
	return path;
}

/* Two locks on one file. The record lock dies with the process that took it,
 * the flock with the last copy of the descriptor: the workers'. */
int
rundir_hold(const char *dir, struct err *err)
{
	char *path = xasprintf("%s/lock", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	if (fd < 0) {
		err_sys(err, ERR_INTERNAL, errno, "%s", path);
	} else if (fcntl(fd, F_SETLK, &lock)) {
		err_set(
		    err, ERR_JOB, "%s: another netpush is at work on it", dir);
		if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
			err_set(err, ERR_JOB,
			    "%s: the run is still going on (process %d)", dir,
			    (int)lock.l_pid);
		close(fd);
		fd = -1;
	} else if (flock(fd, LOCK_EX | LOCK_NB)) {
		log_warn("waiting for the workers that the run left behind");
		while (flock(fd, LOCK_EX) && errno == EINTR)
			;
	}
	free(path);
	return fd;
}

pid_t
rundir_holder(const char *dir)
{
	char *path = xasprintf("%s/lock", dir);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	pid_t holder = 0;
	if (fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		holder = lock.l_pid;
	if (fd >= 0)
		close(fd);
	free(path);
	return holder;
}

/* The last whole line of the file at PATH, which is at most TAIL_BYTES long;
 * empty if there is none. */
static void
read_last_line(const char *path, struct buf *line)
{
	char tail[TAIL_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	off_t from = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
	ssize_t n = size > 0 ? pread(fd, tail, sizeof(tail), from) : 0;
	if (fd >= 0)
		close(fd);
	const char *end = n > 0 ? memrchr(tail, '\n', (size_t)n) : NULL;
	if (!end)
		return;
	const char *before = memrchr(tail, '\n', (size_t)(end - tail));
	const char *start = before ? before + 1 : tail;
	buf_add(line, start, (size_t)(end - start));
}

char *
rundir_backup(const char *dir, const char *hostname)
{
	return xasprintf("%s/backup/%s", dir, hostname);
}

void
rundir_look(const char *dir, struct rundir_glance *glance)
{
	struct buf line;
	struct event event;
	struct err ignored;
	char *path = xasprintf("%s/events.jsonl", dir);
	*glance = (struct rundir_glance){ .state = RUNDIR_INTERRUPTED };
	buf_init(&line, TAIL_BYTES);
	read_last_line(path, &line);
	if (event_get(&event, buf_str(&line), line.len, &ignored) == 0) {
		glance->time_ms = event.time_ms;
		if (event.kind == EVENT_RUN_FINISHED) {
			glance->state = RUNDIR_FINISHED;
			glance->exit_status = (int)json_integer_value(
			    json_object_get(event.more, "exit_status"));
			glance->totals = json_incref(
			    json_object_get(event.more, "totals"));
		}
		event_clear(&event);
	}
	if (rundir_holder(dir))
		glance->state = RUNDIR_RUNNING;
	buf_clear(&line);
	free(path);
}

static int
remove_one(const char *path, const struct stat *about, int type, struct FTW *at)
{
	(void)about;
	(void)type;
	(void)at;
	return remove(path);
}

int
rundir_remove(const char *dir, struct err *err)
{
	if (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT))
		return err_sys(
		    err, ERR_INTERNAL, errno, "%s cannot be removed", dir);
	return 0;
}
