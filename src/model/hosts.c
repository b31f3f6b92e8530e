/* From what was written to hosts, and from ?HOST to a name. */
#include "model/hosts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "text/fold.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_BYTES 100 /* of a word that is refused */
#define PORT_MAX    65535

static void
host_clear(struct host *host)
{
	free(host->name);
	free(host->user);
	free(host->address);
	*host = (struct host){ 0 };
}

static int
refuse(const char *text, const char *why, struct err *err)
{
	return err_set(
	    err, ERR_JOB, "\"%.*s\" is no host: %s", SHOWN_BYTES, text, why);
}

/* Letters and digits, and so much more as names, addresses and zones of
 * addresses need. */
static bool
is_plain(const char *text, size_t len, const char *more)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr(more, text[i]))
			return false;
	return len > 0 && text[0] != '-';
}

/* "." and "..": no host is called so, and as the name of a file it would be
 * a directory that is somebody else's. */
static bool
is_dots(const char *text, size_t len)
{
	return len > 0 && strspn(text, ".") >= len;
}

/* Takes the port that stands behind the LEN bytes of the address. */
static int
take_port(struct host *host, size_t len, struct err *err)
{
	int64_t port;
	const char *text = host->name + len;
	if (!*text)
		return 0;
	if (*text != ':' || !str_to_number(text + 1, &port) || port < 1 ||
	    port > PORT_MAX)
		return refuse(
		    host->name, "its port must be from 1 to 65535", err);
	host->port = (int)port;
	return 0;
}

/* The name's parts: [address]:port, address:port, or an address alone. More
 * than one colon without brackets is IPv6. */
static int
take_address(struct host *host, struct err *err)
{
	const char *name = host->name, *colon = strchr(name, ':');
	if (name[0] == '[') {
		size_t len = strcspn(name, "]");
		if (!name[len] || !is_plain(name + 1, len - 1, ".:%_-"))
			return refuse(
			    name, "an address must stand in the brackets", err);
		host->address = xstrndup(name + 1, len - 1);
		return take_port(host, len + 1, err);
	}
	size_t len = colon && !strchr(colon + 1, ':') ? (size_t)(colon - name)
						      : strlen(name);
	if (is_dots(name, len))
		return refuse(name, "it has nothing but dots", err);
	if (!is_plain(name, len, ".:%_-"))
		return refuse(name,
		    "it may hold letters, digits and . _ - : % only, and not "
		    "begin with -",
		    err);
	host->address = xstrndup(name, len);
	return take_port(host, len, err);
}

static int
add_one(struct hosts *hosts, const char *text, struct err *err)
{
	struct host host = { 0 };
	const char *at = strrchr(text, '@');
	if (at && !is_plain(text, (size_t)(at - text), "._-+@\\"))
		return refuse(text,
		    "its user may hold letters, digits and . _ - + @ \\ only",
		    err);
	if (at)
		host.user = xstrndup(text, (size_t)(at - text));
	host.name = xstrdup(at ? at + 1 : text);
	if (take_address(&host, err)) {
		host_clear(&host);
		return -1;
	}
	GROW(hosts->items, hosts->count, hosts->cap);
	hosts->items[hosts->count++] = host;
	return 0;
}

/* An address in brackets is no range. */
static bool
is_bracketed_address(const char *text)
{
	const char *open = strchr(text, '['), *close = strchr(text, ']');
	return open && close > open &&
	    memchr(open, ':', (size_t)(close - open));
}

/* The piece of TEXT up to the comma that is in no brackets. */
static size_t
piece_len(const char *text)
{
	size_t len = 0;
	for (bool inside = false; text[len]; len++) {
		if (text[len] == ',' && !inside)
			break;
		if (text[len] == '[' || text[len] == ']')
			inside = text[len] == '[';
	}
	return len;
}

static int
add_piece(struct hosts *hosts, const char *piece, struct err *err)
{
	struct strs names = { 0 };
	int rc = 0;
	if (is_bracketed_address(piece) || !strpbrk(piece, "[]"))
		strs_add(&names, piece);
	else
		rc = fold_expand(&names, piece, HOSTS_MAX - hosts->count, err);
	if (rc == 0 && hosts->count + names.count > HOSTS_MAX)
		rc = err_set(
		    err, ERR_JOB, "these are more than %d hosts", HOSTS_MAX);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		rc = add_one(hosts, names.items[i], err);
	strs_clear(&names);
	return rc;
}

int
hosts_add(struct hosts *hosts, const char *text, struct err *err)
{
	int rc = 0;
	for (const char *at = text; rc == 0;) {
		size_t len = piece_len(at);
		char *piece = xstrndup(at, len);
		rc = len ? add_piece(hosts, piece, err)
			 : refuse(text, "it is empty", err);
		free(piece);
		if (!at[len])
			break;
		at += len + 1;
	}
	return rc;
}

int
hosts_add_lines(
    struct hosts *hosts, const char *where, const char *text, struct err *err)
{
	struct strs lines = { 0 };
	int rc = 0;
	strs_add_lines(&lines, text);
	for (size_t i = 0; rc == 0 && i < lines.count; i++) {
		char *line = lines.items[i];
		line[strcspn(line, "#")] = '\0';
		line = str_trim(line);
		if (*line && hosts_add(hosts, line, err)) {
			err_prefix(err, "%s:%zu: ", where, i + 1);
			rc = -1;
		}
	}
	strs_clear(&lines);
	return rc;
}

struct by_name {
	const struct host *host;
	size_t at;
};

static int
compare(const struct host *a, const struct host *b)
{
	int names = strcmp(a->name, b->name);
	if (names)
		return names;
	return strcmp(a->user ? a->user : "", b->user ? b->user : "");
}

static int
compare_places(const void *a, const void *b)
{
	const struct by_name *left = a, *right = b;
	int names = compare(left->host, right->host);
	if (names)
		return names;
	return left->at < right->at ? -1 : left->at > right->at;
}

/* The hosts by their names, equal ones in their order. The caller frees. */
static struct by_name *
sort(const struct hosts *hosts)
{
	struct by_name *sorted = xcalloc(hosts->count + 1, sizeof(*sorted));
	for (size_t i = 0; i < hosts->count; i++)
		sorted[i] = (struct by_name){ &hosts->items[i], i };
	qsort(sorted, hosts->count, sizeof(*sorted), compare_places);
	return sorted;
}

void
hosts_unique(struct hosts *hosts)
{
	size_t kept = 0;
	struct by_name *sorted = sort(hosts);
	bool *again = xcalloc(hosts->count + 1, sizeof(*again));
	for (size_t i = 1; i < hosts->count; i++)
		again[sorted[i].at] = compare(sorted[i - 1].host,
					  sorted[i].host) == 0;
	for (size_t i = 0; i < hosts->count; i++) {
		if (again[i])
			host_clear(&hosts->items[i]);
		else
			hosts->items[kept++] = hosts->items[i];
	}
	hosts->count = kept;
	free(again);
	free(sorted);
}

const struct host *
hosts_clash(const struct hosts *hosts)
{
	struct by_name *sorted = sort(hosts);
	const struct host *found = NULL;
	for (size_t i = 1; i < hosts->count && !found; i++)
		if (strcmp(sorted[i - 1].host->name, sorted[i].host->name) ==
			0 &&
		    compare(sorted[i - 1].host, sorted[i].host))
			found = sorted[i - 1].host;
	free(sorted);
	return found;
}

void
hosts_clear(struct hosts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++)
		host_clear(&hosts->items[i]);
	free(hosts->items);
	*hosts = (struct hosts){ 0 };
}

#define MARK	 "?HOST"
#define MARK_LEN (sizeof(MARK) - 1)

bool
hosts_fill(struct buf *out, const char *text, size_t len, const char *name)
{
	bool fits = true;
	for (size_t i = 0; i < len;) {
		const char *mark = memmem(text + i, len - i, MARK, MARK_LEN);
		size_t plain = mark ? (size_t)(mark - text) - i : len - i;
		bool literal = mark && plain && mark[-1] == '?';
		fits &= buf_add(out, text + i, plain - literal);
		i += plain;
		if (!mark)
			break;
		fits &= buf_adds(out, literal ? MARK : name);
		i += MARK_LEN;
	}
	return fits;
}
