/*
 * How a device misbehaves on request. A fault says at which point it acts, on
 * which lines, and how often; what acting means stands where it happens.
 */
#ifndef LAB_FAULT_H
#define LAB_FAULT_H

#include <jansson.h>
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum fault_kind {
	FAULT_REFUSE,
	FAULT_DELAY,
	FAULT_DROP,
	FAULT_HANG,
	FAULT_SWALLOW_CHARS,
	FAULT_LOG_LINE,
	FAULT_APPLY_NOTHING,
	FAULT_APPLY_OTHER,
	FAULT_SLOW_LOGIN,
	FAULT_BANNER,
	FAULT_AUTH_REFUSE,
	FAULT_CLOSE_AFTER_KEX,
	FAULT_NO_BANNER,
	FAULT_RESET,
	FAULT_CHANGED_HOST_KEY,
	FAULT_VERIFY_FAILS,
	FAULT_TCAM_FULL,
	FAULT_ROLLBACK_FAILS,
	FAULT_COMMIT_FAILS,
	FAULT_RELOAD_IGNORED,
	FAULT_NEVER_BACK,
	FAULT_AAA_LATE,
	FAULT_NEW_HOST_KEY,
	FAULT_BOOTS_OLD,
	FAULT_IMAGE_FAILS,
	FAULT_WRONG_MD5,
	FAULT_NVRAM_FULL,
	FAULT_ASKS_MORE,
	FAULT_ASKS_ERASE,
	FAULT_ASKS_HOST_KEY,
	FAULT_PORT_LOST,
	FAULT_COPY_CUT,
	FAULT_COPY_STALLS,
	FAULT_COPY_FULL,
	FAULT_COPY_CORRUPTS,
	FAULT__COUNT,
};

enum fault_when {
	WHEN_ANY,
	WHEN_BEFORE, /* drop, log_line: before the line is applied */
	WHEN_AFTER, /* after its output, before the prompt */
	WHEN_MIDDLE, /* in the middle of its output */
	WHEN_MID_ECHO, /* in the middle of its echo */
	WHEN_AFTER_PROMPT, /* log_line: glued to the prompt */
	WHEN__COUNT,
};

struct fault {
	enum fault_kind kind;
	enum fault_when when;
	bool has_regex;
	regex_t regex;
	int64_t line_number; /* config line of the session, from 1; 0 = any */
	int64_t after; /* how many matches pass by before it acts */
	int64_t times; /* how often it still acts; -1 = always */
	int64_t ms;
	int64_t position; /* swallow_chars: column of the line, -1 = middle */
	int64_t count; /* swallow_chars: how many */
	int64_t bytes; /* copies: behind how many it acts */
	char *text;
};

struct faults {
	struct fault *items;
	size_t count;
};

/* Replaces the faults by those of ARRAY (NULL or empty: none). -1 with ERR
 * filled, and the old ones kept, when one is wrong. */
int faults_load(struct faults *faults, const json_t *array, struct err *err);
void faults_clear(struct faults *faults);

/* True if a fault of KIND (and WHEN) is left, whatever the line. */
bool faults_have(
    const struct faults *faults, enum fault_kind kind, enum fault_when when);

/*
 * The fault of KIND and WHEN that acts on LINE, the NUMBERth config line of
 * its session (0 outside configuration); it is used up by one. LINE NULL for
 * the kinds that act on a connection. NULL when there is none.
 */
const struct fault *faults_take(struct faults *faults, enum fault_kind kind,
    enum fault_when when, const char *line, uint64_t number);

/* The same without using it up. */
const struct fault *faults_at(
    const struct faults *faults, enum fault_kind kind, const char *line);

const char *fault_kind_name(enum fault_kind kind);

#endif
