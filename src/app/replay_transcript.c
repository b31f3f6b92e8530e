/* A transcript for people: a heading for each session, times that start at 0. */
#include "app/replay_transcript.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/str.h"
#include "run/result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TIME_BYTES 24 /* of a line: "2026-11-22T02:00:00.000Z > text" */
#define TEXT_AT	   (TIME_BYTES + 3)
#define BEGINS	   "a session begins: "

struct look {
	char mark;
	const char *color;
};

static const struct look looks[] = {
	{ '>', "\033[1;36m" },
	{ '<', "" },
	{ '#', "\033[2m" },
};

static const char *
color_of(char mark)
{
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (looks[i].mark == mark)
			return looks[i].color;
	return NULL;
}

static int
no_such_device(
    const struct ledger *ledger, const char *hostname, struct err *err)
{
	const char **names = xcalloc(ledger->count + 1, sizeof(*names));
	for (size_t i = 0; i < ledger->count; i++)
		names[i] = ledger->devices[i].hostname;
	const char *near = str_nearest(hostname, names, ledger->count);
	if (near)
		err_set(err, ERR_JOB,
		    "the run has no device \"%s\"; did you mean \"%s\"?",
		    hostname, near);
	else
		err_set(err, ERR_JOB, "the run has no device \"%s\"", hostname);
	free(names);
	return -1;
}

static FILE *
open_transcript(
    const struct run_view *view, const char *hostname, struct err *err)
{
	bool known = false;
	for (size_t i = 0; i < view->ledger->count && !known; i++)
		known = str_eq(view->ledger->devices[i].hostname, hostname);
	if (!known) {
		no_such_device(view->ledger, hostname, err);
		return NULL;
	}
	char *path = xasprintf("%s/transcripts/%s.log", view->dir, hostname);
	FILE *file = fopen(path, "re");
	if (!file && errno == ENOENT)
		err_set(err, ERR_JOB,
		    "there is no transcript of %s: it never came to a command "
		    "line, or the run was made without --transcripts",
		    hostname);
	else if (!file)
		err_sys(err, ERR_JOB, errno, "%s", path);
	free(path);
	return file;
}

/* One line of the transcript; START_MS is when its session began. False if it
 * is none. */
static bool
print_line(FILE *file, char *line, size_t len, bool color, int64_t *start_ms)
{
	int64_t time_ms;
	if (len < TEXT_AT || line[TIME_BYTES] != ' ')
		return false;
	line[TIME_BYTES] = '\0';
	char mark = line[TIME_BYTES + 1];
	const char *on = color_of(mark), *text = line + TEXT_AT;
	if (!on || !clock_parse(line, &time_ms))
		return false;
	bool begins = mark == '#' && str_starts(text, BEGINS);
	if (begins || *start_ms < 0) {
		if (*start_ms >= 0)
			fputc('\n', file);
		*start_ms = time_ms;
		fprintf(file, "%s%.10s %.8s UTC  %s%s\n",
		    color ? "\033[1m" : "", line, line + 11,
		    begins ? text + strlen(BEGINS) : "",
		    color ? "\033[0m" : "");
		if (begins)
			return true;
	}
	bool paint = color && *on;
	fprintf(file, "%10.3f %c %s%s%s\n",
	    (double)(time_ms - *start_ms) / 1000, mark, paint ? on : "", text,
	    paint ? "\033[0m" : "");
	return true;
}

int
replay_transcript(FILE *file, const struct run_view *view, const char *hostname,
    bool color, struct err *err)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	int64_t start_ms = -1;
	FILE *from = open_transcript(view, hostname, err);
	if (!from)
		return -1;
	/* A last line without its end was being written when all ended. */
	while ((len = getline(&line, &cap, from)) > 0) {
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (!print_line(file, line, (size_t)len, color, &start_ms))
			fprintf(file, "%10s ? (a line that is damaged)\n", "");
	}
	free(line);
	fclose(from);
	return 0;
}
