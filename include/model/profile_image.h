/*
 * What a profile says of a platform's software: how to ask which version runs
 * and for how long, where images are kept, what is to be booted, how it is
 * reloaded. The keys `image`, `boot` and `reload` of docs/profiles.md; all of
 * it is data, the steps know no platform.
 */
#ifndef NETPUSH_MODEL_PROFILE_IMAGE_H
#define NETPUSH_MODEL_PROFILE_IMAGE_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile_question;
struct re;

/* A pattern, matched against one line. `re` is NULL where none was given. */
struct profile_pattern {
	char *text;
	struct re *re;
};

/* Texts with {{names}} are templates; which names they may use is told in
 * docs/profiles.md. NULL: not given. */
struct profile_image {
	/* image */
	char *version; /* command */
	struct profile_pattern version_is; /* group version */
	struct profile_pattern runs; /* group path: the image that runs */
	struct profile_pattern boots_if; /* a line of it: boots by itself */
	char *uptime; /* command, or NULL: `version` shows it, too */
	struct profile_pattern uptime_is; /* groups years to seconds */
	char *filesystem; /* where images are kept: "flash:" */
	char *list; /* template of a command */
	struct profile_pattern file_is; /* groups size and name */
	struct profile_pattern free_is; /* group free, or free_k */
	char *members; /* command; NULL: the platform knows no stack */
	struct profile_pattern member_is; /* group member */
	char *member_filesystem; /* template */
	char *md5; /* template of a command */
	struct profile_pattern md5_is; /* group md5 */
	char *remove; /* template of a command; NULL: never removed */
	char *copy; /* "scp", "sftp", or NULL: whatever works */
	/* boot */
	char *boot_show; /* command */
	struct profile_pattern boot_is; /* group paths: in their order */
	char
	    *boot_next; /* command: what a reload would boot; NULL: as `show` */
	struct profile_pattern boot_next_is; /* group paths */
	struct profile_pattern next_skips; /* a line whose paragraph is not
					    * about the next boot */
	struct profile_pattern stops_if; /* group why: it waits for a person */
	char *boot_lines; /* template of configuration lines */
	/* reload */
	char *reload; /* command */
	struct strs reload_prepare; /* commands before it; may be refused */
	char *install; /* template of a command */
	struct profile_question *questions;
	size_t question_count;
	struct profile_pattern goes; /* it will, though a prompt came back */
	int64_t auth_wait_ms; /* between two logins that it refuses */
};

#define PROFILE_AUTH_WAIT_DEFAULT_MS 60000

/* What GROUP of PATTERN caught in the first line of TEXT that it matches, or
 * NULL; the caller frees it. */
char *profile_pattern_find(
    const struct profile_pattern *pattern, const char *text, const char *group);

/* The same for every line. */
void profile_pattern_find_all(const struct profile_pattern *pattern,
    const char *text, const char *group, struct strs *found);

/* Does a line of TEXT match? Never without a pattern. */
bool profile_pattern_matches(
    const struct profile_pattern *pattern, const char *text);

/*
 * How long the device is up, by what its uptime command showed: at least
 * *AT_LEAST_MS and less than *UNIT_MS more. False where no line says so.
 */
bool profile_uptime(const struct profile_image *image, const char *text,
    int64_t *at_least_ms, int64_t *unit_ms);

/* What a reload would boot, by what the command of `boot.next` (else `show`)
 * showed: the first image of each list of it, and every member of a stack may
 * have one of its own. Of `show` it is the first of all. */
void profile_boot_next(
    const struct profile_image *image, const char *text, struct strs *paths);

/* The images in the order in which they are booted: what PATTERN's group paths
 * caught of TEXT, in every line, the list of a line taken apart. */
void profile_boot_list(const struct profile_pattern *pattern, const char *text,
    struct strs *paths);

/* Do both name the same file? ("flash:/x.bin" is "flash:x.bin".) */
bool profile_path_is_same(const char *a, const char *b);

#endif
