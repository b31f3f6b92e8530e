/*
 * Reads and picks faults. It must not know what a fault does: the session and
 * the server ask for the kinds that they carry out.
 */
#include "fault.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"

#include <stdlib.h>

static const struct row {
	const char *name;
	enum fault_when when; /* when the object does not say */
} rows[FAULT__COUNT] = {
	[FAULT_REFUSE] = { "refuse", WHEN_ANY },
	[FAULT_DELAY] = { "delay", WHEN_ANY },
	[FAULT_DROP] = { "drop", WHEN_BEFORE },
	[FAULT_HANG] = { "hang", WHEN_BEFORE },
	[FAULT_SWALLOW_CHARS] = { "swallow_chars", WHEN_ANY },
	[FAULT_LOG_LINE] = { "log_line", WHEN_AFTER },
	[FAULT_APPLY_NOTHING] = { "apply_nothing", WHEN_ANY },
	[FAULT_APPLY_OTHER] = { "apply_other", WHEN_ANY },
	[FAULT_SLOW_LOGIN] = { "slow_login", WHEN_ANY },
	[FAULT_BANNER] = { "banner", WHEN_ANY },
	[FAULT_AUTH_REFUSE] = { "auth_refuse", WHEN_ANY },
	[FAULT_CLOSE_AFTER_KEX] = { "close_after_kex", WHEN_ANY },
	[FAULT_NO_BANNER] = { "no_banner", WHEN_ANY },
	[FAULT_RESET] = { "reset", WHEN_ANY },
	[FAULT_CHANGED_HOST_KEY] = { "changed_host_key", WHEN_ANY },
	[FAULT_VERIFY_FAILS] = { "verify_fails", WHEN_ANY },
	[FAULT_TCAM_FULL] = { "tcam_full", WHEN_ANY },
	[FAULT_ROLLBACK_FAILS] = { "rollback_fails", WHEN_ANY },
	[FAULT_COMMIT_FAILS] = { "commit_fails", WHEN_ANY },
	[FAULT_RELOAD_IGNORED] = { "reload_ignored", WHEN_ANY },
	[FAULT_NEVER_BACK] = { "never_back", WHEN_ANY },
	[FAULT_AAA_LATE] = { "aaa_late", WHEN_ANY },
	[FAULT_NEW_HOST_KEY] = { "new_host_key", WHEN_ANY },
	[FAULT_BOOTS_OLD] = { "boots_old", WHEN_ANY },
	[FAULT_IMAGE_FAILS] = { "image_fails", WHEN_ANY },
	[FAULT_WRONG_MD5] = { "wrong_md5", WHEN_ANY },
	[FAULT_NVRAM_FULL] = { "nvram_full", WHEN_ANY },
	[FAULT_ASKS_MORE] = { "asks_more", WHEN_ANY },
	[FAULT_ASKS_ERASE] = { "asks_erase", WHEN_ANY },
	[FAULT_ASKS_HOST_KEY] = { "asks_host_key", WHEN_ANY },
	[FAULT_PORT_LOST] = { "port_lost", WHEN_ANY },
	[FAULT_COPY_CUT] = { "copy_cut", WHEN_ANY },
	[FAULT_COPY_STALLS] = { "copy_stalls", WHEN_ANY },
	[FAULT_COPY_FULL] = { "copy_full", WHEN_ANY },
	[FAULT_COPY_CORRUPTS] = { "copy_corrupts", WHEN_ANY },
};

static const char *const whens[WHEN__COUNT] = { [WHEN_ANY] = "any",
	[WHEN_BEFORE] = "before",
	[WHEN_AFTER] = "after",
	[WHEN_MIDDLE] = "middle",
	[WHEN_MID_ECHO] = "mid_echo",
	[WHEN_AFTER_PROMPT] = "after_prompt" };

const char *
fault_kind_name(enum fault_kind kind)
{
	return rows[kind].name;
}

static void
fault_clear(struct fault *fault)
{
	if (fault->has_regex)
		regfree(&fault->regex);
	free(fault->text);
}

void
faults_clear(struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		fault_clear(&faults->items[i]);
	free(faults->items);
	*faults = (struct faults){ 0 };
}

static int
load_kind(
    struct fault *fault, const char *kind, const char *when, struct err *err)
{
	size_t k = 0, w = 0;
	while (k < FAULT__COUNT && !str_eq(rows[k].name, kind))
		k++;
	if (k == FAULT__COUNT)
		return err_set(
		    err, ERR_JOB, "fault: unknown kind \"%s\"", kind);
	fault->kind = (enum fault_kind)k;
	fault->when = rows[k].when;
	if (!when)
		return 0;
	while (w < WHEN__COUNT && !str_eq(whens[w], when))
		w++;
	if (w == WHEN__COUNT)
		return err_set(
		    err, ERR_JOB, "fault: unknown when \"%s\"", when);
	fault->when = (enum fault_when)w;
	return 0;
}

static int
load_one(struct fault *fault, const json_t *object, struct err *err)
{
	const char *kind = NULL, *at = NULL, *when = NULL, *text = NULL;
	json_error_t error;
	json_int_t line = 0, times = -1, ms = 0, position = -1, count = 1,
		   after = 0, bytes = 0;
	if (json_unpack_ex((json_t *)(uintptr_t)object, &error, JSON_STRICT,
		"{s:s, s?s, s?s, s?s, s?I, s?I, s?I, s?I, s?I, s?I, s?I}",
		"kind", &kind, "at", &at, "when", &when, "text", &text,
		"line_number", &line, "times", &times, "ms", &ms, "position",
		&position, "count", &count, "after", &after, "bytes", &bytes))
		return err_set(err, ERR_JOB, "fault: %s", error.text);
	*fault = (struct fault){ .line_number = line,
		.after = after,
		.times = times,
		.ms = ms,
		.position = position,
		.count = count,
		.bytes = bytes };
	if (load_kind(fault, kind, when, err))
		return -1;
	if (at) {
		if (regcomp(&fault->regex, at, REG_EXTENDED | REG_NOSUB))
			return err_set(
			    err, ERR_JOB, "fault: bad regex \"%s\"", at);
		fault->has_regex = true;
	}
	fault->text = xstrdup(text);
	return 0;
}

int
faults_load(struct faults *faults, const json_t *array, struct err *err)
{
	struct faults fresh = { 0 };
	size_t count = json_array_size(array);
	if (array && !json_is_array(array))
		return err_set(err, ERR_JOB, "faults: not a list");
	fresh.items = xcalloc(count ? count : 1, sizeof(*fresh.items));
	for (; fresh.count < count; fresh.count++) {
		if (load_one(&fresh.items[fresh.count],
			json_array_get(array, fresh.count), err)) {
			faults_clear(&fresh);
			return -1;
		}
	}
	faults_clear(faults);
	*faults = fresh;
	return 0;
}

bool
faults_have(
    const struct faults *faults, enum fault_kind kind, enum fault_when when)
{
	for (size_t i = 0; i < faults->count; i++)
		if (faults->items[i].kind == kind && faults->items[i].times &&
		    (when == WHEN_ANY || faults->items[i].when == when))
			return true;
	return false;
}

static bool
acts_on(const struct fault *fault, const char *line, uint64_t number)
{
	bool any = !fault->has_regex && !fault->line_number;
	if (!line)
		return any;
	/* A reset that names no line is the connection's. */
	if (any && fault->kind == FAULT_RESET)
		return false;
	if (fault->line_number && (uint64_t)fault->line_number != number)
		return false;
	return !fault->has_regex ||
	    regexec(&fault->regex, line, 0, NULL, 0) == 0;
}

const struct fault *
faults_at(const struct faults *faults, enum fault_kind kind, const char *line)
{
	for (size_t i = 0; i < faults->count; i++)
		if (faults->items[i].kind == kind && faults->items[i].times &&
		    acts_on(&faults->items[i], line, 0))
			return &faults->items[i];
	return NULL;
}

const struct fault *
faults_take(struct faults *faults, enum fault_kind kind, enum fault_when when,
    const char *line, uint64_t number)
{
	for (size_t i = 0; i < faults->count; i++) {
		struct fault *fault = &faults->items[i];
		if (fault->kind != kind || !fault->times ||
		    (when != WHEN_ANY && fault->when != when) ||
		    !acts_on(fault, line, number))
			continue;
		if (fault->after > 0) {
			fault->after--;
			continue;
		}
		if (fault->times > 0)
			fault->times--;
		return fault;
	}
	return NULL;
}
