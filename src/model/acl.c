/*
 * The small life of a list: add, sort, clear. It must not know what an entry
 * says nor which platform it is for.
 */
#include "model/acl_dialect.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

void
acl_add(struct acl *acl, struct acl_entry *entry)
{
	GROW(acl->items, acl->count, acl->cap);
	acl->items[acl->count++] = *entry;
	memset(entry, 0, sizeof(*entry));
}

struct order {
	uint64_t key;
	size_t index;
};

static int
compare_orders(const void *a, const void *b)
{
	const struct order *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

void
acl_sort(struct acl *acl, const uint64_t *keys, bool last_wins)
{
	size_t count = acl->count, kept = 0;
	if (count == 0)
		return;
	struct order *order = xcalloc(count, sizeof(*order));
	struct acl_entry *items = xcalloc(count, sizeof(*items));
	for (size_t i = 0; i < count; i++)
		order[i] = (struct order){ keys[i], i };
	qsort(order, count, sizeof(*order), compare_orders);
	for (size_t i = 0; i < count; i++) {
		struct acl_entry *entry = &acl->items[order[i].index];
		bool last = i + 1 == count || order[i].key == 0 ||
		    order[i].key != order[i + 1].key;
		if (last || !last_wins)
			items[kept++] = *entry;
		else
			acl_entry_clear(entry);
	}
	free(order);
	free(acl->items);
	acl->items = items;
	acl->count = kept;
	acl->cap = count;
}

void
acl_clear(struct acl *acl)
{
	for (size_t i = 0; i < acl->count; i++)
		acl_entry_clear(&acl->items[i]);
	free(acl->items);
	strs_clear(&acl->settings);
	memset(acl, 0, sizeof(*acl));
}
