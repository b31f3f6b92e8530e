/*
 * Whether two lists are the same, and the first of what differs, for people.
 * Only normal forms are looked at; numbers are shown to help to find the
 * place, they are no difference.
 */
#include "model/acl_dialect.h"
#include "model/acl_term.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW	24 /* entries of each side that are lined up */
#define CONTEXT 2

static const char *
type_name(enum acl_type type)
{
	static const char *const names[] = {
		[ACL_ANY] = "any",
		[ACL_IPV4] = "IPv4",
		[ACL_STANDARD] = "standard",
		[ACL_EXTENDED] = "extended",
		[ACL_IPV6] = "IPv6",
	};
	return names[type];
}

static bool
types_differ(const struct acl *a, const struct acl *b)
{
	if (a->type == b->type || a->type == ACL_ANY || b->type == ACL_ANY)
		return false;
	if (a->type == ACL_IPV4 || b->type == ACL_IPV4)
		return a->type == ACL_IPV6 || b->type == ACL_IPV6;
	return true;
}

static bool
same(const struct acl *a, size_t i, const struct acl *b, size_t k)
{
	return strcmp(a->items[i].normal, b->items[k].normal) == 0;
}

static void
put_entry(struct buf *diff, char mark, const struct acl_entry *entry)
{
	buf_addc(diff, mark);
	if (entry->sequence)
		buf_addf(diff, "%u ", entry->sequence);
	buf_addf(diff, "%s\n", entry->normal);
}

static void
put_side(
    struct buf *diff, char mark, const struct acl *acl, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		put_entry(diff, mark, &acl->items[i]);
}

/* Lengths of longest common subsequences of two tails, WINDOW at most. */
struct table {
	unsigned char length[WINDOW + 1][WINDOW + 1];
};

static void
fill_table(struct table *table, const struct acl *a, const struct acl *b,
    size_t from, size_t rows, size_t columns)
{
	memset(table, 0, sizeof(*table));
	for (size_t i = rows; i-- > 0;) {
		for (size_t k = columns; k-- > 0;) {
			unsigned char down = table->length[i + 1][k];
			unsigned char right = table->length[i][k + 1];
			unsigned char best = down > right ? down : right;
			if (same(a, from + i, b, from + k))
				best = (unsigned char)(1 +
				    table->length[i + 1][k + 1]);
			table->length[i][k] = best;
		}
	}
}

static size_t
window(const struct acl *acl, size_t from)
{
	size_t left = acl->count - from;
	return left < WINDOW ? left : WINDOW;
}

static void
put_window(
    struct buf *diff, const struct acl *a, const struct acl *b, size_t from)
{
	struct table table;
	size_t rows = window(a, from), columns = window(b, from);
	size_t i = 0, k = 0;
	fill_table(&table, a, b, from, rows, columns);
	while (i < rows || k < columns) {
		if (i < rows && k < columns && same(a, from + i, b, from + k)) {
			put_entry(diff, ' ', &b->items[from + k]);
			i++;
			k++;
			continue;
		}
		if (k == columns ||
		    (i < rows &&
			table.length[i + 1][k] >= table.length[i][k + 1]))
			put_entry(diff, '-', &a->items[from + i++]);
		else
			put_entry(diff, '+', &b->items[from + k++]);
	}
	if (from + rows < a->count || from + columns < b->count)
		buf_addf(diff,
		    "... the rest is not compared: %zu more wanted, "
		    "%zu more on the device\n",
		    a->count - from - rows, b->count - from - columns);
}

static void
put_diff(struct buf *diff, const struct acl *wanted, const struct acl *device,
    size_t first)
{
	size_t start = first > CONTEXT ? first - CONTEXT : 0;
	buf_addf(diff, "--- wanted, %zu entries\n", wanted->count);
	buf_addf(diff, "+++ device, %zu entries\n", device->count);
	buf_addf(diff, "@@ entry %zu @@\n", first + 1);
	put_side(diff, ' ', device, start, first);
	put_window(diff, wanted, device, first);
}

static const char *
missing_setting(const struct acl *wanted, const struct acl *device)
{
	for (size_t i = 0; i < wanted->settings.count; i++)
		if (!strs_has(&device->settings, wanted->settings.items[i]))
			return wanted->settings.items[i];
	return NULL;
}

/* What is wrong with the lists as such, entries aside; NULL if nothing. The
 * caller frees it. */
static char *
complain(const struct acl *wanted, const struct acl *device)
{
	if (!wanted->present && !device->present)
		return NULL;
	if (!device->present)
		return xstrdup("the list is not on the device");
	if (!wanted->present)
		return xstrdup("the list is still on the device");
	if (types_differ(wanted, device))
		return xasprintf("wanted: %s list, device: %s list",
		    type_name(wanted->type), type_name(device->type));
	const char *setting = missing_setting(wanted, device);
	return setting ? xasprintf("the list lacks '%s'", setting) : NULL;
}

bool
acl_equal(const struct acl *wanted, const struct acl *device, struct buf *diff)
{
	size_t first = 0;
	char *complaint = complain(wanted, device);
	if (complaint) {
		if (diff)
			buf_addf(diff, "%s\n", complaint);
		free(complaint);
		return false;
	}
	while (first < wanted->count && first < device->count &&
	    same(wanted, first, device, first))
		first++;
	if (first == wanted->count && first == device->count)
		return true;
	if (diff)
		put_diff(diff, wanted, device, first);
	return false;
}

void
acl_put_lines(const struct acl *acl, struct strs *lines)
{
	for (size_t i = 0; i < acl->settings.count; i++)
		strs_add(lines, acl->settings.items[i]);
	for (size_t i = 0; i < acl->count; i++)
		acl_entry_put_lines(&acl->items[i], lines);
}
