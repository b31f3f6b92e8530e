/*
 * The memory of a document, and maps: keys that stand twice, and `<<`. Knows
 * nodes only.
 */
#include "yaml_parts.h"

#include "base/alloc.h"
#include "base/die.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 262144

struct yaml_chunk {
	struct yaml_chunk *next;
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

void *
yaml_get_memory(struct yaml *yaml, size_t size)
{
	size_t align = _Alignof(max_align_t);
	size = (size + align - 1) / align * align;
	struct yaml_chunk *chunk = yaml->chunks;
	if (!chunk || chunk->size - chunk->used < size) {
		size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
		chunk = xmalloc(sizeof(*chunk) + room);
		chunk->next = yaml->chunks;
		chunk->used = 0;
		chunk->size = room;
		yaml->chunks = chunk;
	}
	void *at = chunk->bytes + chunk->used;
	chunk->used += size;
	return at;
}

void
yaml_release(struct yaml *yaml)
{
	if (!yaml)
		return;
	while (yaml->chunks) {
		struct yaml_chunk *next = yaml->chunks->next;
		free(yaml->chunks);
		yaml->chunks = next;
	}
	free(yaml);
}

static int
compare_keys(const void *left, const void *right)
{
	const struct yaml_node *const *a = left, *const *b = right;
	int order = strcmp((*a)->text, (*b)->text);
	if (order)
		return order;
	if ((*a)->place.line != (*b)->place.line)
		return (*a)->place.line < (*b)->place.line ? -1 : 1;
	return (*a)->place.column < (*b)->place.column ? -1 : 1;
}

/* Every key that stands twice is named, with the place of the first. */
static void
find_duplicates(const struct yaml_node *map, struct diags *diags)
{
	if (map->count < 2)
		return;
	size_t size = map->count * sizeof(*map->keys);
	struct yaml_node **keys = xmemdup(map->keys, size);
	qsort(keys, map->count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < map->count; i++)
		if (strcmp(keys[i - 1]->text, keys[i]->text) == 0)
			diag_add(diags, keys[i]->place,
			    "the key \"%s\" stands here for the second time "
			    "(first in line %u)",
			    keys[i]->text, keys[i - 1]->place.line);
	free(keys);
}

static bool
is_merge(const struct yaml_node *key)
{
	return key->style == YAML_STYLE_PLAIN && strcmp(key->text, "<<") == 0;
}

/* Adds what FROM has and the map under construction lacks. */
static int
merge_one(struct yaml_node *map, size_t room, const struct yaml_node *from,
    struct diags *diags)
{
	if (from->kind != YAML_MAP) {
		diag_add(diags, from->place,
		    "<< takes a map or a list of maps, this is %s",
		    yaml_kind_text(from));
		return -1;
	}
	for (size_t i = 0; i < from->count; i++) {
		if (yaml_get(map, from->keys[i]->text))
			continue;
		BUG_IF(map->count == room);
		map->keys[map->count] = from->keys[i];
		map->items[map->count++] = from->items[i];
	}
	return 0;
}

/* Merge keys (yaml.org/type/merge.html): own keys win, then the first map. */
static int
merge(struct yaml_node *map, size_t room, const struct yaml_node *value,
    struct diags *diags)
{
	if (value->kind != YAML_LIST)
		return merge_one(map, room, value, diags);
	for (size_t i = 0; i < value->count; i++)
		if (merge_one(map, room, value->items[i], diags))
			return -1;
	return 0;
}

static size_t
merged_count(const struct yaml_node *value)
{
	size_t sum = value->kind == YAML_MAP ? value->count : 0;
	for (size_t i = 0; value->kind == YAML_LIST && i < value->count; i++)
		sum += value->items[i]->count;
	return sum;
}

static size_t
room_for_merge(struct yaml_node **nodes, size_t count)
{
	size_t room = 0;
	for (size_t i = 0; i < count; i += 2)
		if (nodes[i]->kind == YAML_SCALAR && is_merge(nodes[i]))
			room += merged_count(nodes[i + 1]);
	return room;
}

static int
check_keys(struct yaml_node **nodes, size_t count, struct diags *diags)
{
	for (size_t i = 0; i < count; i += 2) {
		const struct yaml_node *key = nodes[i];
		if (key->kind == YAML_SCALAR)
			continue;
		diag_add(diags, key->place,
		    "a key must be a text, this is %s%s", yaml_kind_text(key),
		    key->kind == YAML_MAP ? " (a value with {{ needs quotes)"
					  : "");
		return -1;
	}
	return 0;
}

int
yaml_map_fill(struct yaml *yaml, struct yaml_node *map,
    struct yaml_node **nodes, size_t count, struct diags *diags)
{
	size_t merged = room_for_merge(nodes, count);
	size_t room = count / 2 + merged;
	if (check_keys(nodes, count, diags))
		return -1;
	if (merged > YAML_MERGE_MAX) {
		diag_add(diags, map->place, "<< brings more than %d keys",
		    YAML_MERGE_MAX);
		return -1;
	}
	map->keys = yaml_get_memory(yaml, room * sizeof(*map->keys));
	map->items = yaml_get_memory(yaml, room * sizeof(*map->items));
	for (size_t i = 0; i < count; i += 2) {
		if (is_merge(nodes[i]))
			continue;
		map->keys[map->count] = nodes[i];
		map->items[map->count++] = nodes[i + 1];
	}
	find_duplicates(map, diags);
	for (size_t i = 0; i < count; i += 2)
		if (is_merge(nodes[i]) && merge(map, room, nodes[i + 1], diags))
			return -1;
	for (size_t i = 0; i < map->count; i++)
		map->weight += map->keys[i]->weight + map->items[i]->weight;
	return 0;
}
