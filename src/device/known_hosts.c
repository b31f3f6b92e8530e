/*
 * OpenSSH's known_hosts: from text to a table, and from a host to an answer.
 * Plain names are found through a hash table; hashed names and patterns can
 * only be tried one after the other and wait in a list of their own. It knows
 * nothing of SSH sessions, nor of what to do about a key that changed.
 */
#include "device/known_hosts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/str.h"
#include "device/known_hosts_line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* 20,000 devices with three keys each come to about 20 MB. */
#define FILE_LIMIT_BYTES (256U << 20)
#define LOCK_WAIT_MS	 5000
#define LOCK_RETRY_MS	 20
#define NOWHERE		 SIZE_MAX

/* A plain name and the key behind it; next one in the bucket. */
struct name {
	char *text;
	size_t key, next;
};

/* A hosts field that must be tried: a hashed name or a list of patterns. */
struct pattern {
	char *hosts;
	size_t key;
};

struct known_hosts {
	char *path; /* where it was read, or NULL */
	struct known_key *keys;
	size_t key_count, key_cap;
	struct name *names;
	size_t name_count, name_cap;
	struct pattern *patterns;
	size_t pattern_count, pattern_cap;
	size_t *buckets; /* first name of each, or NOWHERE */
	size_t bucket_mask;
	size_t bad_count;
	unsigned bad_first;
};

/* ---- the table ---- */

static size_t
name_hash(const char *text)
{
	uint64_t hash = 14695981039346656037U; /* FNV-1a */
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211U;
	return (size_t)(hash ^ hash >> 32);
}

static void
add_name(struct known_hosts *kh, struct piece text, size_t key)
{
	if (!text.len)
		return;
	GROW(kh->names, kh->name_count, kh->name_cap);
	kh->names[kh->name_count++] = (struct name){
		.text = known_line_lower(text),
		.key = key,
		.next = NOWHERE,
	};
}

static void
add_hosts(struct known_hosts *kh, struct piece hosts, size_t key)
{
	if (!known_line_is_plain(hosts)) {
		GROW(kh->patterns, kh->pattern_count, kh->pattern_cap);
		kh->patterns[kh->pattern_count++] = (struct pattern){
			xstrndup(hosts.at, hosts.len), key
		};
		return;
	}
	while (hosts.len)
		add_name(kh, piece_until(&hosts, ','), key);
}

static bool
add_line(struct known_hosts *kh, struct piece text)
{
	struct known_line line;
	struct known_key key;
	enum known_line_kind kind = known_line_parse(text, &line);
	if (kind == LINE_EMPTY)
		return true;
	if (kind == LINE_BAD || !known_line_key(&line, &key))
		return false;
	if (line.marker == MARKER_CA) {
		known_key_clear(&key);
		return true;
	}
	GROW(kh->keys, kh->key_count, kh->key_cap);
	kh->keys[kh->key_count] = key;
	add_hosts(kh, line.hosts, kh->key_count++);
	return true;
}

/* Built once, when the number of names is known; names go in from the last to
 * the first so that every bucket lists them in the file's order. */
static void
build_table(struct known_hosts *kh)
{
	size_t size = 16;
	while (size < kh->name_count * 2)
		size *= 2;
	kh->bucket_mask = size - 1;
	kh->buckets = xcalloc(size, sizeof(*kh->buckets));
	for (size_t i = 0; i < size; i++)
		kh->buckets[i] = NOWHERE;
	for (size_t i = kh->name_count; i-- > 0;) {
		struct name *name = &kh->names[i];
		size_t *bucket = &kh->buckets[name_hash(name->text) &
		    kh->bucket_mask];
		name->next = *bucket;
		*bucket = i;
	}
}

struct known_hosts *
known_hosts_parse(const char *text, size_t len)
{
	struct known_hosts *kh = xcalloc(1, sizeof(*kh));
	struct piece rest = { text, len };
	for (unsigned number = 1; rest.len; number++) {
		if (add_line(kh, piece_until(&rest, '\n')))
			continue;
		if (!kh->bad_count++)
			kh->bad_first = number;
	}
	build_table(kh);
	return kh;
}

struct known_hosts *
known_hosts_load(const char *path, struct err *err)
{
	struct known_hosts *kh = NULL;
	struct err why = { 0 };
	struct buf text;
	buf_init(&text, FILE_LIMIT_BYTES);
	if (file_read(path, &text, &why) && why.sys != ENOENT) {
		if (err)
			*err = why;
		goto out;
	}
	kh = known_hosts_parse(buf_str(&text), text.len);
	kh->path = xstrdup(path);
out:
	buf_clear(&text);
	return kh;
}

const char *
known_hosts_path(const struct known_hosts *kh)
{
	return kh->path ? kh->path : "known_hosts";
}

void
known_hosts_free(struct known_hosts *kh)
{
	if (!kh)
		return;
	for (size_t i = 0; i < kh->key_count; i++)
		known_key_clear(&kh->keys[i]);
	for (size_t i = 0; i < kh->name_count; i++)
		free(kh->names[i].text);
	for (size_t i = 0; i < kh->pattern_count; i++)
		free(kh->patterns[i].hosts);
	free(kh->path);
	free(kh->keys);
	free(kh->names);
	free(kh->patterns);
	free(kh->buckets);
	free(kh);
}

size_t
known_hosts_bad_lines(const struct known_hosts *kh, unsigned *first_line)
{
	if (first_line)
		*first_line = kh->bad_first;
	return kh->bad_count;
}

/* ---- questions ---- */

/* What the keys of one host, seen one after the other, say of one key. */
struct inquiry {
	const char *type;
	const void *blob;
	size_t len;
	bool match, same_type, other_type, revoked;
};

static void
inquiry_see(struct inquiry *in, const struct known_key *key)
{
	bool type = strcmp(key->type, in->type) == 0;
	bool same = type && key->len == in->len &&
	    memcmp(key->blob, in->blob, in->len) == 0;
	if (key->revoked) {
		/* A revoked key says nothing about the others. */
		in->revoked |= same;
		return;
	}
	in->match |= same;
	in->same_type |= type;
	in->other_type |= !type;
}

static enum known_answer
inquiry_answer(const struct inquiry *in)
{
	if (in->revoked)
		return KNOWN_REVOKED;
	if (in->match)
		return KNOWN_MATCH;
	if (in->same_type)
		return KNOWN_CHANGED;
	return in->other_type ? KNOWN_OTHER_TYPE : KNOWN_UNKNOWN;
}

typedef void see_fn(void *arg, const struct known_key *key);

static void
each_key(const struct known_hosts *kh, const char *host, uint16_t port,
    see_fn *see, void *arg)
{
	char *name = known_line_name(host, port);
	size_t at = kh->buckets[name_hash(name) & kh->bucket_mask];
	for (; at != NOWHERE; at = kh->names[at].next) {
		if (strcmp(kh->names[at].text, name) == 0)
			see(arg, &kh->keys[kh->names[at].key]);
	}
	for (size_t i = 0; i < kh->pattern_count; i++) {
		const struct pattern *p = &kh->patterns[i];
		struct piece hosts = { p->hosts, strlen(p->hosts) };
		if (known_line_match(hosts, name))
			see(arg, &kh->keys[p->key]);
	}
	free(name);
}

static void
see_for_check(void *arg, const struct known_key *key)
{
	inquiry_see(arg, key);
}

enum known_answer
known_hosts_check(const struct known_hosts *kh, const char *host, uint16_t port,
    const char *key_type, const void *key, size_t len)
{
	struct inquiry in = { .type = key_type, .blob = key, .len = len };
	each_key(kh, host, port, see_for_check, &in);
	return inquiry_answer(&in);
}

static void
see_for_types(void *arg, const struct known_key *key)
{
	struct strs *types = arg;
	if (!key->revoked && !strs_has(types, key->type))
		strs_add(types, key->type);
}

void
known_hosts_types(const struct known_hosts *kh, const char *host, uint16_t port,
    struct strs *types)
{
	each_key(kh, host, port, see_for_types, types);
}

/* ---- the one writer ---- */

/* Asks the text itself, without building a table: a run that meets 20,000 new
 * devices comes here 20,000 times. */
static enum known_answer
ask_text(const struct buf *text, const char *name, struct inquiry *in)
{
	struct piece rest = { buf_str(text), text->len };
	while (rest.len) {
		struct known_line line;
		struct known_key key;
		if (known_line_parse(piece_until(&rest, '\n'), &line) !=
			LINE_ENTRY ||
		    line.marker == MARKER_CA ||
		    !known_line_match(line.hosts, name) ||
		    !known_line_key(&line, &key))
			continue;
		inquiry_see(in, &key);
		known_key_clear(&key);
	}
	return inquiry_answer(in);
}

static int
open_locked(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0) {
		return err_sys(err, ERR_INTERNAL, errno,
		    "%s: cannot be opened for writing", path);
	}
	int64_t deadline = deadline_in(LOCK_WAIT_MS);
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EINTR && errno != EWOULDBLOCK) {
			err_sys(err, ERR_INTERNAL, errno,
			    "%s: cannot be locked", path);
			goto fail;
		}
		if (deadline_passed(deadline)) {
			err_set(err, ERR_INTERNAL,
			    "%s: is locked by another program", path);
			goto fail;
		}
		poll(NULL, 0, LOCK_RETRY_MS);
	}
	return fd;
fail:
	close(fd);
	return -1;
}

static int
read_fd(int fd, struct buf *text)
{
	char chunk[65536];
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!buf_add(text, chunk, (size_t)n)) {
			errno = EFBIG;
			return -1;
		}
	}
}

/* All of it or nothing: half a line would spoil the next one as well. */
static int
write_line(int fd, size_t old_size, const struct buf *line)
{
	if (fd_write_all(fd, line->data, line->len) == 0)
		return 0;
	int why = errno;
	if (ftruncate(fd, (off_t)old_size)) {
		/* Nothing more can be done; the reader skips bad lines. */
	}
	errno = why;
	return -1;
}

/* A name that would read back as several names, a pattern, a hash, a marker
 * or a comment must not get into the file. */
static bool
is_plain_name(const char *name)
{
	if (!*name || strchr("#@|", *name))
		return false;
	for (; *name; name++) {
		if (*name <= ' ' || *name > '~' || strchr(",*?!", *name))
			return false;
	}
	return true;
}

static int
make_directory(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return 0;
	char *dir = xstrndup(path, (size_t)(slash - path));
	struct stat st;
	int rc = stat(dir, &st) == 0 ? 0 : dir_make(dir, 0700, err);
	free(dir);
	return rc;
}

static void
add_key_line(struct buf *line, const char *name, const struct inquiry *in)
{
	buf_addf(line, "%s %s ", name, in->type);
	known_line_add_base64(line, in->blob, in->len);
	buf_addc(line, '\n');
}

static int
append_new(int fd, const char *path, const char *name,
    const struct inquiry *wanted, struct err *err)
{
	int rc = -1;
	struct inquiry in = *wanted;
	struct buf text, line;
	buf_init(&text, FILE_LIMIT_BYTES);
	buf_init(&line, KNOWN_LINE_LIMIT_BYTES);
	if (read_fd(fd, &text)) {
		err_sys(err, ERR_INTERNAL, errno, "%s: cannot be read", path);
		goto out;
	}
	enum known_answer answer = ask_text(&text, name, &in);
	if (answer == KNOWN_MATCH) {
		rc = 0;
		goto out;
	}
	if (answer == KNOWN_REVOKED || answer == KNOWN_CHANGED) {
		err_set(err, ERR_HOST_KEY,
		    answer == KNOWN_REVOKED
			? "%s: this key of %s is marked as revoked"
			: "%s: another key of %s stands there already",
		    path, name);
		goto out;
	}
	if (text.len && text.data[text.len - 1] != '\n')
		buf_addc(&line, '\n');
	add_key_line(&line, name, &in);
	if (line.cut) {
		err_set(err, ERR_HOST_KEY, "%s: the key of %s is too long",
		    path, name);
		goto out;
	}
	if (write_line(fd, text.len, &line)) {
		err_sys(
		    err, ERR_INTERNAL, errno, "%s: cannot be written", path);
		goto out;
	}
	rc = 0;
out:
	buf_clear(&text);
	buf_clear(&line);
	return rc;
}

struct known_hosts *
known_hosts_of(const char *host, uint16_t port, const char *key_type,
    const void *key, size_t len)
{
	struct inquiry in = { .type = key_type, .blob = key, .len = len };
	char *name = known_line_name(host, port);
	struct buf line;
	buf_init(&line, KNOWN_LINE_LIMIT_BYTES);
	add_key_line(&line, name, &in);
	struct known_hosts *kh = known_hosts_parse(buf_str(&line), line.len);
	buf_clear(&line);
	free(name);
	return kh;
}

/* The line without NAME: left out if it speaks of nobody else. */
static void
add_without(struct buf *out, struct piece text, const char *name)
{
	struct known_line line;
	if (known_line_parse(text, &line) != LINE_ENTRY ||
	    line.marker != MARKER_NONE || !known_line_match(line.hosts, name)) {
		buf_add(out, text.at, text.len);
		buf_addc(out, '\n');
		return;
	}
	/* A hash is one host; a pattern speaks of others, too. */
	if (!known_line_is_plain(line.hosts)) {
		if (line.hosts.len && line.hosts.at[0] == '|')
			return;
		buf_add(out, text.at, text.len);
		buf_addc(out, '\n');
		return;
	}
	struct piece hosts = line.hosts;
	size_t before = out->len;
	while (hosts.len) {
		struct piece one = piece_until(&hosts, ',');
		if (known_line_match(one, name))
			continue;
		if (out->len > before)
			buf_addc(out, ',');
		buf_add(out, one.at, one.len);
	}
	if (out->len == before)
		return;
	const char *rest = line.hosts.at + line.hosts.len;
	buf_add(out, rest, (size_t)(text.at + text.len - rest));
	buf_addc(out, '\n');
}

static int
replace_all(const char *path, const char *name, struct inquiry *in,
    const struct buf *text, struct err *err)
{
	struct buf out;
	struct piece rest = { buf_str(text), text->len };
	if (ask_text(text, name, in) == KNOWN_REVOKED)
		return err_set(err, ERR_HOST_KEY,
		    "%s: this key of %s is marked as revoked", path, name);
	buf_init(&out, FILE_LIMIT_BYTES + KNOWN_LINE_LIMIT_BYTES);
	while (rest.len)
		add_without(&out, piece_until(&rest, '\n'), name);
	add_key_line(&out, name, in);
	int rc = file_write_atomic(path, buf_str(&out), out.len, 0600, err);
	buf_clear(&out);
	return rc;
}

int
known_hosts_replace(const char *path, const char *host, uint16_t port,
    const char *key_type, const void *key, size_t len, struct err *err)
{
	int rc = -1;
	struct inquiry in = { .type = key_type, .blob = key, .len = len };
	char *name = known_line_name(host, port);
	struct buf text;
	buf_init(&text, FILE_LIMIT_BYTES);
	int fd = -1;
	if (!is_plain_name(name))
		err_set(err, ERR_HOST_KEY,
		    "\"%s\" cannot stand in a known_hosts file", host);
	else
		fd = open_locked(path, err);
	if (fd >= 0 && read_fd(fd, &text))
		err_sys(err, ERR_INTERNAL, errno, "%s: cannot be read", path);
	else if (fd >= 0)
		rc = replace_all(path, name, &in, &text, err);
	if (fd >= 0)
		close(fd);
	buf_clear(&text);
	free(name);
	return rc;
}

int
known_hosts_append(const char *path, const char *host, uint16_t port,
    const char *key_type, const void *key, size_t len, struct err *err)
{
	int rc = -1, fd = -1;
	struct inquiry in = { .type = key_type, .blob = key, .len = len };
	char type[KNOWN_TYPE_BYTES];
	char *name = known_line_name(host, port);
	if (!is_plain_name(name)) {
		err_set(err, ERR_HOST_KEY,
		    "\"%s\" cannot stand in a known_hosts file", host);
		goto out;
	}
	if (!known_hosts_key_type(key, len, type) || !str_eq(type, key_type)) {
		err_set(err, ERR_HOST_KEY, "the key of %s is not a %s key",
		    name, key_type);
		goto out;
	}
	if (make_directory(path, err))
		goto out;
	fd = open_locked(path, err);
	if (fd >= 0)
		rc = append_new(fd, path, name, &in, err);
out:
	if (fd >= 0)
		close(fd); /* and the lock goes with it */
	free(name);
	return rc;
}
