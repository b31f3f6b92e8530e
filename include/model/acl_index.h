/* A table from texts to numbers, for what src/model/acl*.c look up. */
#ifndef NETPUSH_MODEL_ACL_INDEX_H
#define NETPUSH_MODEL_ACL_INDEX_H

#include <stdbool.h>
#include <stddef.h>

struct acl_index_slot {
	char *text;
	size_t value;
};

/* Open addressing, at most half full. Zeroed storage is an empty one. */
struct acl_index {
	struct acl_index_slot *slots;
	size_t count, size;
};

/* The value under TEXT, NULL if it is not there; borrowed. */
const size_t *acl_index_find(const struct acl_index *index, const char *text);

/* Takes TEXT over. False if it was there: the value stays as it was. */
bool acl_index_take(struct acl_index *index, char *text, size_t value);
void acl_index_clear(struct acl_index *index);

#endif
