/*
 * What the access lists of a device went through: after every accepted line
 * the witness is told what changed, so that a test can look at each list as
 * it stood at every moment.
 */
#ifndef LAB_HISTORY_H
#define LAB_HISTORY_H

#include "acl.h"

#include "base/str.h"

struct config;
struct device;

struct history {
	struct past {
		char *name;
		struct past_entry {
			uint32_t sequence;
			char *text;
		} * entries;
		size_t count, cap;
		bool seen; /* still in the configuration */
	} * lists;
	size_t count, cap;
	struct strs bindings;
};

/* Writes an event `acl_start`, then one `acl` for each list that is there:
 * changes are told against these. */
void history_start(struct history *history, const struct device *device);
void history_clear(struct history *history);

/*
 * Writes an event `acl` for each list that differs from the last call
 * ({"acl", "line", "absent", "entries", "at", "removed", "added"}: entries
 * AT.. REMOVED gave way to ADDED), and `bindings` when lists are applied
 * elsewhere than before. LINE is what did it.
 */
void history_note(struct history *history, const struct device *device,
    unsigned session, const char *line);

#endif
