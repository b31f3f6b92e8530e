/*
 * Compares the access lists with what they were a line ago. A difference is
 * told as one stretch of entries, so that a push of a thousand lines costs
 * the log a thousand short events.
 */
#include "history.h"

#include "device.h"
#include "reach.h"
#include "witness.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void
past_empty(struct past *past)
{
	for (size_t i = 0; i < past->count; i++)
		free(past->entries[i].text);
	past->count = 0;
}

static void
past_clear(struct past *past)
{
	past_empty(past);
	free(past->entries);
	free(past->name);
}

void
history_clear(struct history *history)
{
	for (size_t i = 0; i < history->count; i++)
		past_clear(&history->lists[i]);
	free(history->lists);
	strs_clear(&history->bindings);
	*history = (struct history){ 0 };
}

static bool
same(const struct past_entry *old, const struct acl_entry *now)
{
	return old->sequence == now->sequence && str_eq(old->text, now->text);
}

static struct past *
past_of(struct history *history, const char *name)
{
	for (size_t i = 0; i < history->count; i++)
		if (str_eq(history->lists[i].name, name))
			return &history->lists[i];
	return NULL;
}

static struct past *
past_add(struct history *history, const char *name)
{
	GROW(history->lists, history->count, history->cap);
	struct past *past = &history->lists[history->count++];
	*past = (struct past){ .name = xstrdup(name) };
	return past;
}

static void
past_take(struct past *past, const struct acl *acl)
{
	past_empty(past);
	for (size_t i = 0; i < acl->count; i++) {
		GROW(past->entries, past->count, past->cap);
		past->entries[past->count++] = (struct past_entry){
			acl->entries[i].sequence, xstrdup(acl->entries[i].text)
		};
	}
}

/* The stretch that differs: both lists are alike before AT and after the
 * last REMOVED, ADDED entries. */
static void
stretch(const struct past *past, const struct acl *acl, size_t *at,
    size_t *removed, size_t *added)
{
	size_t old = past->count, now = acl->count;
	*at = 0;
	while (*at < old && *at < now &&
	    same(&past->entries[*at], &acl->entries[*at]))
		(*at)++;
	while (old > *at && now > *at &&
	    same(&past->entries[old - 1], &acl->entries[now - 1]))
		old--, now--;
	*removed = old - *at;
	*added = now - *at;
}

static json_t *
entries_of(const struct acl *acl, size_t at, size_t count)
{
	json_t *list = json_array();
	for (size_t i = at; i < at + count; i++)
		json_array_append_new(list,
		    json_pack("[I o]", (json_int_t)acl->entries[i].sequence,
			witness_text(acl->entries[i].text,
			    strlen(acl->entries[i].text))));
	return list;
}

static void
tell(const struct device *device, unsigned session, const char *line,
    const char *name, const struct acl *acl, size_t at, size_t removed,
    size_t added)
{
	witness_add("acl", device->name, session,
	    json_pack("{s:o s:o s:b s:I s:I s:I s:o}", "acl",
		witness_text(name, strlen(name)), "line",
		witness_text(line, strlen(line)), "absent", acl == NULL,
		"entries", (json_int_t)(acl ? acl->count : 0), "at",
		(json_int_t)at, "removed", (json_int_t)removed, "added",
		acl ? entries_of(acl, at, added) : json_array()));
}

static void
note_lists(struct history *history, const struct device *device,
    unsigned session, const char *line)
{
	for (size_t i = 0; i < history->count; i++)
		history->lists[i].seen = false;
	for (size_t i = 0; i < device->running.acl_count; i++) {
		const struct acl *acl = device->running.acls[i];
		struct past *past = past_of(history, acl->name);
		bool fresh = !past;
		size_t at, removed, added;
		if (fresh)
			past = past_add(history, acl->name);
		past->seen = true;
		stretch(past, acl, &at, &removed, &added);
		if (!fresh && !removed && !added)
			continue;
		tell(device, session, line, acl->name, acl, at, removed, added);
		past_take(past, acl);
	}
	for (size_t i = history->count; i-- > 0;) {
		struct past *past = &history->lists[i];
		if (past->seen)
			continue;
		tell(
		    device, session, line, past->name, NULL, 0, past->count, 0);
		past_clear(past);
		history->count--;
		memmove(past, past + 1, (history->count - i) * sizeof(*past));
	}
}

static bool
same_strs(const struct strs *a, const struct strs *b)
{
	bool equal = a->count == b->count;
	for (size_t i = 0; i < a->count && equal; i++)
		equal = str_eq(a->items[i], b->items[i]);
	return equal;
}

void
history_start(struct history *history, const struct device *device)
{
	history_clear(history);
	witness_add("acl_start", device->name, 0, NULL);
	note_lists(history, device, 0, "");
	reach_bindings(device, &history->bindings);
}

void
history_note(struct history *history, const struct device *device,
    unsigned session, const char *line)
{
	struct strs bindings = { 0 };
	note_lists(history, device, session, line);
	reach_bindings(device, &bindings);
	if (!same_strs(&bindings, &history->bindings)) {
		json_t *list = json_array();
		for (size_t i = 0; i < bindings.count; i++)
			json_array_append_new(
			    list, json_string(bindings.items[i]));
		witness_add("bindings", device->name, session,
		    json_pack("{s:o s:o}", "line",
			witness_text(line, strlen(line)), "bindings", list));
	}
	strs_clear(&history->bindings);
	history->bindings = bindings;
}
