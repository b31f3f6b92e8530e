/*
 * Reads and writes files of a flash for the protocols. It must not know which
 * protocol that is.
 */
#include "store.h"

#include "device.h"
#include "witness.h"

#include "base/alloc.h"
#include "base/deadline.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct store {
	struct device *device;
	unsigned session;
	const char *way, *stopped;
	struct flash_name name;
	bool writes;
	int fd;
	int64_t room; /* bytes that the file may have */
	int64_t moved; /* bytes, in all */
	int64_t started_ms;
};

static struct store *
store_new(struct device *device, unsigned session, const char *way,
    const struct flash_name *name, int flags)
{
	if (!*name->file)
		return NULL;
	char *path = flash_path(device, name);
	int fd = open(path, flags | O_CLOEXEC, 0600);
	free(path);
	if (fd < 0)
		return NULL;
	struct store *store = xcalloc(1, sizeof(*store));
	*store = (struct store){ .device = device,
		.session = session,
		.way = way,
		.name = *name,
		.writes = flags != O_RDONLY,
		.fd = fd,
		.started_ms = clock_ms() };
	store->room = flash_free(device, name->member) + store_size(store);
	return store;
}

struct store *
store_read_open(struct device *device, unsigned session, const char *way,
    const struct flash_name *name)
{
	return store_new(device, session, way, name, O_RDONLY);
}

struct store *
store_write_open(struct device *device, unsigned session, const char *way,
    const struct flash_name *name, bool keep)
{
	return store_new(device, session, way, name,
	    O_RDWR | O_CREAT | (keep ? 0 : O_TRUNC));
}

bool
store_fits(
    const struct device *device, const struct flash_name *name, int64_t bytes)
{
	int64_t old = flash_size(device, name);
	return bytes <= flash_free(device, name->member) + (old > 0 ? old : 0);
}

int64_t
store_size(const struct store *store)
{
	struct stat st;
	return fstat(store->fd, &st) == 0 ? (int64_t)st.st_size : 0;
}

void
store_truncate(struct store *store, int64_t size)
{
	if (store->writes && size < store_size(store) &&
	    ftruncate(store->fd, size))
		store->stopped = "no truncation";
}

/* A fault of KIND acts within the next LEN bytes, or right behind them? Then
 * *passes is how many come before it. */
static bool
fault_within(
    struct store *store, enum fault_kind kind, size_t len, size_t *passes)
{
	struct faults *faults = &store->device->faults;
	const struct fault *fault = faults_at(faults, kind, store->name.file);
	if (!fault || fault->bytes > store->moved + (int64_t)len)
		return false;
	*passes = fault->bytes > store->moved
	    ? (size_t)(fault->bytes - store->moved)
	    : 0;
	faults_take(faults, kind, WHEN_ANY, store->name.file, 0);
	witness_add("fault", store->device->name, store->session,
	    json_pack("{s:s}", "kind", fault_kind_name(kind)));
	return true;
}

/* How many of LEN bytes go through, and what happens behind them. */
static enum store_answer
judge(struct store *store, size_t *len)
{
	static const struct {
		enum fault_kind kind;
		enum store_answer answer;
		const char *stopped;
	} faults[] = { { FAULT_COPY_CUT, STORE_CUT, "cut" },
		{ FAULT_COPY_STALLS, STORE_STALLED, "stalled" },
		{ FAULT_COPY_FULL, STORE_FULL, "no space" } };
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (!fault_within(store, faults[i].kind, *len, len))
			continue;
		store->stopped = faults[i].stopped;
		return faults[i].answer;
	}
	return STORE_OK;
}

enum store_answer
store_read(struct store *store, int64_t at, void *data, size_t len, size_t *got)
{
	ssize_t n = pread(store->fd, data, len, at);
	*got = n > 0 ? (size_t)n : 0;
	enum store_answer answer = judge(store, got);
	store->moved += (int64_t)*got;
	return answer;
}

static bool
write_all(int fd, const char *data, size_t len, int64_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, at);
		if (n <= 0)
			return false;
		data += n;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

enum store_answer
store_write(struct store *store, int64_t at, const void *data, size_t len)
{
	size_t passes = len, good;
	enum store_answer answer = judge(store, &passes);
	if (at + (int64_t)passes > store->room) {
		passes = store->room > at ? (size_t)(store->room - at) : 0;
		store->stopped = "no space";
		answer = STORE_FULL;
	}
	bool corrupts = passes &&
	    fault_within(store, FAULT_COPY_CORRUPTS, passes - 1, &good);
	if (!write_all(store->fd, data, passes, at)) {
		store->stopped = "no space";
		return STORE_FULL;
	}
	if (corrupts) {
		char wrong = (char)~((const char *)data)[good];
		write_all(store->fd, &wrong, 1, at + (int64_t)good);
	}
	store->moved += (int64_t)passes;
	return answer;
}

int64_t
store_ahead(const struct store *store)
{
	int64_t rate = store->device->machine.copy_rate;
	if (rate <= 0)
		return 0;
	int64_t due = store->started_ms + store->moved * 1000 / rate;
	int64_t ahead = due - clock_ms();
	return ahead > 0 ? ahead : 0;
}

void
store_close(struct store *store, bool done)
{
	if (!store)
		return;
	const char *outcome = store->stopped ? store->stopped
	    : done			     ? "done"
					     : "given up";
	witness_add("copy", store->device->name, store->session,
	    json_pack("{s:s s:s s:o s:I s:I s:I s:s}", "way", store->way, "to",
		store->writes ? "device" : "client", "file",
		witness_text(store->name.file, strlen(store->name.file)),
		"member", (json_int_t)store->name.member, "bytes",
		(json_int_t)store->moved, "size", (json_int_t)store_size(store),
		"outcome", outcome));
	close(store->fd);
	free(store);
}
