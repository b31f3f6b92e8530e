/*
 * What a profile says of files that a device fetches from a server itself: the
 * key `pull` of docs/profiles.md. How it is told, what it asks before and
 * meanwhile, and what it says when it is done or cannot.
 */
#ifndef NETPUSH_MODEL_PROFILE_PULL_H
#define NETPUSH_MODEL_PROFILE_PULL_H

#include "base/str.h"
#include "model/profile_image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile_question;

struct profile_question_list {
	struct profile_question *items;
	size_t count;
};

struct profile_pull {
	struct strs schemes; /* "scp", "tftp": what it fetches by */
	char *command; /* template; NULL: it cannot be told */
	struct profile_question_list questions; /* always looked for */
	/* Answered only where the file may be replaced, and where the job takes
	 * a host key that the device does not know; else they are declined. */
	struct profile_question_list overwrite, host_key;
	struct profile_pattern copied; /* it is done; group bytes, or none */
	struct profile_pattern denied; /* group why: who logs in is nobody */
	struct profile_pattern failed; /* group why: anything else */
	int64_t silence_ms; /* how long it may say nothing; 0: as usual */
};

/* Where a file is fetched from: SCHEME://[USER@]HOST[:PORT]/PATH. */
struct profile_url {
	char *scheme;
	bool has_user;
};

/* Takes TEXT apart. NULL when it is such a URL that may be typed on a command
 * line and names no password; else the sentence's end that says what it must
 * be ("must ..."), which never quotes it. */
const char *profile_url_read(const char *text, struct profile_url *url);
void profile_url_clear(struct profile_url *url);

#endif
