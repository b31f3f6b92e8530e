/*
 * What a list will be once lines were put in: numbering, order, repetitions,
 * remarks, as the dialect's row says that its platform does it. Nothing here
 * talks to a device; what it really holds is read back and compared.
 */
#include "model/acl_dialect.h"
#include "model/acl_index.h"
#include "model/acl_term.h"

#include "base/alloc.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

/*
 * A list under construction, in the order of arrival. A key is twice the
 * number, plus one for an entry: a remark with a number stands before the
 * entry of the same number, one without waits for the entry that follows.
 */
struct builder {
	const struct acl_dialect *dialect;
	struct acl *acl;
	uint64_t *keys;
	size_t keys_cap;
	size_t waiting; /* from here on, unplaced remarks */
	uint32_t last; /* the highest number so far */
	bool remarked; /* the list's single remark is item `remark` */
	size_t remark;
	struct acl_terms terms; /* where entries are terms */
	struct acl_index seen; /* normal forms, with and without number */
};

#define KEY_END UINT64_MAX

static uint64_t
key_of(uint32_t sequence, bool remark)
{
	return (uint64_t)sequence * 2 + !remark;
}

static void
append_entry(struct builder *builder, struct acl_entry *entry, uint64_t key)
{
	size_t i = builder->acl->count;
	GROW(builder->keys, i, builder->keys_cap);
	builder->keys[i] = key;
	acl_index_take(&builder->seen, xstrdup(entry->normal), i);
	acl_index_take(&builder->seen,
	    xasprintf("%u %s", entry->sequence, entry->normal), i);
	acl_add(builder->acl, entry);
}

static void
add_remark(struct builder *builder, struct acl_entry *entry)
{
	struct acl *acl = builder->acl;
	uint64_t key = KEY_END;
	if (builder->dialect->remark_single) {
		key = 0;
		entry->sequence = 0;
		if (builder->remarked) {
			acl_entry_clear(&acl->items[builder->remark]);
			acl->items[builder->remark] = *entry;
			return;
		}
		builder->remarked = true;
		builder->remark = acl->count;
	} else if (entry->sequence) {
		key = key_of(entry->sequence, true);
	}
	append_entry(builder, entry, key);
}

/* Remarks that waited go in front of the entry with KEY. */
static void
place_waiting(struct builder *builder, uint64_t key)
{
	size_t count = builder->acl->count;
	for (; builder->waiting < count; builder->waiting++)
		if (builder->keys[builder->waiting] == KEY_END)
			builder->keys[builder->waiting] = key;
}

/* Takes ENTRY over. A repetition is dropped where the platform does so; not
 * where the list itself was shown by the device (HELD). */
static void
add(struct builder *builder, struct acl_entry *entry, bool held)
{
	const struct acl_dialect *dialect = builder->dialect;
	if (entry->action == ACL_REMARK && !dialect->remarks_numbered) {
		add_remark(builder, entry);
		return;
	}
	if (dialect->drops_duplicates && !held &&
	    acl_index_find(&builder->seen, entry->normal)) {
		acl_entry_clear(entry);
		return;
	}
	if (!entry->sequence)
		entry->sequence = builder->last > UINT32_MAX - dialect->step
		    ? UINT32_MAX
		    : builder->last + dialect->step;
	if (entry->sequence > builder->last)
		builder->last = entry->sequence;
	uint64_t key = key_of(entry->sequence, false);
	place_waiting(builder, key);
	append_entry(builder, entry, key);
	builder->waiting = builder->acl->count;
}

/* True if LINE is no entry of its own. What is new goes to SEND too, which may
 * be NULL. */
static bool
take_other(struct builder *builder, const char *line, struct strs *send)
{
	if (acl_line_is_empty(line))
		return true;
	const char *setting = acl_dialect_setting(builder->dialect, line);
	struct strs *settings = &builder->acl->settings;
	if (!setting || strs_has(settings, setting))
		return setting != NULL;
	strs_add(settings, setting);
	if (send)
		strs_add(send, line);
	return true;
}

/* As take_other, for a line of a term, of which only the platform knows. */
static bool
take_term(struct builder *builder, const char *line, unsigned number,
    struct strs *send)
{
	if (!builder->dialect->terms)
		return false;
	bool new = acl_terms_take(&builder->terms, builder->acl, line, number);
	if (new &&send)
		strs_add(send, line);
	return true;
}

static void
builder_finish(struct builder *builder)
{
	if (builder->dialect->terms)
		acl_terms_finish(builder->acl);
	else
		acl_sort(builder->acl, builder->keys,
		    builder->dialect->same_number_wins);
	free(builder->keys);
	acl_index_clear(&builder->seen);
	acl_terms_clear(&builder->terms);
}

static enum acl_type
type_on(const struct acl_dialect *dialect, enum acl_type type)
{
	bool ipv4 = type == ACL_STANDARD || type == ACL_EXTENDED;
	return ipv4 && !dialect->has_types ? ACL_IPV4 : type;
}

static int
check_count(size_t count, struct err *err)
{
	if (count <= ACL_ENTRIES_MAX)
		return 0;
	return err_set(err, ERR_JOB,
	    "an access list of more than %d lines is not taken",
	    ACL_ENTRIES_MAX);
}

int
acl_wanted(struct acl *acl, const struct acl_dialect *dialect,
    enum acl_type type, const struct strs *lines, struct err *err)
{
	struct builder builder = { .dialect = dialect, .acl = acl };
	memset(acl, 0, sizeof(*acl));
	if (check_count(lines->count, err) < 0)
		return -1;
	acl->present = true;
	acl->type = type_on(dialect, type);
	for (size_t i = 0; i < lines->count; i++) {
		struct acl_entry entry;
		const char *line = lines->items[i];
		if (take_other(&builder, line, NULL) ||
		    take_term(&builder, line, (unsigned)(i + 1), NULL))
			continue;
		acl_entry_parse(
		    &entry, dialect, acl->type, line, (unsigned)(i + 1));
		add(&builder, &entry, false);
	}
	builder_finish(&builder);
	return 0;
}

struct appender {
	struct builder builder;
	const struct strs *lines;
	struct strs *send;
	struct acl_entry *remarks; /* read, but not yet decided upon */
	size_t count, cap;
};

static void
send_entry(struct appender *appender, struct acl_entry *entry)
{
	strs_add(appender->send, appender->lines->items[entry->line - 1]);
	add(&appender->builder, entry, false);
}

/* Where repetitions are kept, an entry under another number is another. */
static bool
is_held(const struct appender *appender, const struct acl_entry *entry)
{
	const struct builder *builder = &appender->builder;
	if (!entry->sequence || builder->dialect->drops_duplicates)
		return acl_index_find(&builder->seen, entry->normal) != NULL;
	char *text = xasprintf("%u %s", entry->sequence, entry->normal);
	bool held = acl_index_find(&builder->seen, text) != NULL;
	free(text);
	return held;
}

/*
 * A remark belongs to the entry that follows: in front of a new one it is
 * sent, whatever other remarks say the same; in front of one that the device
 * has (or of none) only if no remark says the same.
 */
static void
decide_remarks(struct appender *appender, bool before_new)
{
	for (size_t i = 0; i < appender->count; i++) {
		struct acl_entry *remark = &appender->remarks[i];
		if (before_new || !is_held(appender, remark))
			send_entry(appender, remark);
		else
			acl_entry_clear(remark);
	}
	appender->count = 0;
}

/* A remark that replaces the one there is: only the last one counts. */
static void
decide_single_remark(struct appender *appender)
{
	const struct acl *acl = appender->builder.acl;
	const char *now = NULL;
	for (size_t i = 0; i < acl->count && !now; i++)
		if (acl->items[i].action == ACL_REMARK)
			now = acl->items[i].normal;
	for (size_t i = 0; i < appender->count; i++) {
		struct acl_entry *remark = &appender->remarks[i];
		if (i + 1 == appender->count && !str_eq(remark->normal, now))
			send_entry(appender, remark);
		else
			acl_entry_clear(remark);
	}
	appender->count = 0;
}

static void
append_line(struct appender *appender, struct acl_entry *entry)
{
	bool single = appender->builder.dialect->remark_single;
	if (entry->action == ACL_REMARK) {
		GROW(appender->remarks, appender->count, appender->cap);
		appender->remarks[appender->count++] = *entry;
		return;
	}
	bool held = is_held(appender, entry);
	if (!single)
		decide_remarks(appender, !held);
	if (held)
		acl_entry_clear(entry);
	else
		send_entry(appender, entry);
}

static void
hold(struct builder *builder, const struct acl *existing)
{
	for (size_t i = 0; i < existing->count; i++) {
		struct acl_entry entry;
		acl_entry_copy(&entry, &existing->items[i]);
		if (builder->dialect->terms)
			acl_add(builder->acl, &entry);
		else
			add(builder, &entry, true);
	}
	if (builder->dialect->terms)
		acl_terms_hold(&builder->terms, builder->acl);
	for (size_t i = 0; i < existing->settings.count; i++)
		strs_add(&builder->acl->settings, existing->settings.items[i]);
}

int
acl_append(struct acl *acl, struct strs *send,
    const struct acl_dialect *dialect, enum acl_type type,
    const struct acl *existing, const struct strs *lines, struct err *err)
{
	struct appender appender = {
		.builder = { .dialect = dialect, .acl = acl },
		.lines = lines,
		.send = send,
	};
	memset(acl, 0, sizeof(*acl));
	if (check_count(existing->count + lines->count, err) < 0)
		return -1;
	acl->present = true;
	acl->type = existing->type == ACL_ANY ? type_on(dialect, type)
					      : existing->type;
	hold(&appender.builder, existing);
	for (size_t i = 0; i < lines->count; i++) {
		struct acl_entry entry;
		const char *line = lines->items[i];
		if (take_other(&appender.builder, line, send) ||
		    take_term(&appender.builder, line, (unsigned)(i + 1), send))
			continue;
		acl_entry_parse(
		    &entry, dialect, acl->type, line, (unsigned)(i + 1));
		append_line(&appender, &entry);
	}
	if (dialect->remark_single)
		decide_single_remark(&appender);
	else
		decide_remarks(&appender, false);
	builder_finish(&appender.builder);
	free(appender.remarks);
	return 0;
}
