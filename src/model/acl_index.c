/* Open addressing over texts that the table owns. */
#include "model/acl_index.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t
hash(const char *text)
{
	uint64_t value = str_hash(STR_HASH_START, text);
	return (size_t)(value ^ (value >> 32));
}

static struct acl_index_slot *
find_slot(const struct acl_index *index, const char *text)
{
	size_t i = hash(text) & (index->size - 1);
	while (index->slots[i].text && strcmp(index->slots[i].text, text) != 0)
		i = (i + 1) & (index->size - 1);
	return &index->slots[i];
}

const size_t *
acl_index_find(const struct acl_index *index, const char *text)
{
	if (!index->size)
		return NULL;
	const struct acl_index_slot *slot = find_slot(index, text);
	return slot->text ? &slot->value : NULL;
}

static void
grow(struct acl_index *index)
{
	struct acl_index old = *index;
	index->size = old.size ? old.size * 2 : 64;
	index->slots = xcalloc(index->size, sizeof(*index->slots));
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].text)
			*find_slot(index, old.slots[i].text) = old.slots[i];
	free(old.slots);
}

bool
acl_index_take(struct acl_index *index, char *text, size_t value)
{
	if (index->count * 2 >= index->size)
		grow(index);
	struct acl_index_slot *slot = find_slot(index, text);
	if (slot->text) {
		free(text);
		return false;
	}
	*slot = (struct acl_index_slot){ text, value };
	index->count++;
	return true;
}

void
acl_index_clear(struct acl_index *index)
{
	for (size_t i = 0; i < index->size; i++)
		free(index->slots[i].text);
	free(index->slots);
	memset(index, 0, sizeof(*index));
}
