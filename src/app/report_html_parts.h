/*
 * Between the files of the HTML report: the page as it was built in, the
 * times out of the journal, the data for the page's script.
 */
#ifndef NETPUSH_APP_REPORT_HTML_PARTS_H
#define NETPUSH_APP_REPORT_HTML_PARTS_H

#include "base/str.h"
#include "run/result.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct html_file {
	const char *text;
	size_t len;
};
extern const struct html_file html_page, html_style, html_script;

/* What a device is at, from a moment on. The letters are those of the data. */
enum html_mark_kind {
	HTML_MARK_BEGIN = 'b', /* a worker has begun; arg: the phase */
	HTML_MARK_LOGIN = 'l', /* connect, login, prepare */
	HTML_MARK_READ = 'r', /* a step, but not changing anything */
	HTML_MARK_CHANGE = 'c',
	HTML_MARK_VERIFY = 'v', /* read back, save */
	HTML_MARK_CLOSE = 'x',
	HTML_MARK_END = 'e', /* the visit's end; arg: device_status */
	HTML_MARK_RETRY = 't', /* likewise: it will be tried again */
};

struct html_mark {
	int64_t time_ms; /* since 1970 */
	char kind;
	int arg;
};

struct html_marks {
	struct html_mark *items;
	size_t count, cap;
};

/* What the ledger does not keep: when, and by whom. */
struct html_times {
	struct html_marks *devices;
	size_t device_count;
	struct strs phases; /* numbered by HTML_MARK_BEGIN */
	json_t *parts; /* each run_started: the run, and what resumed it */
	json_t *batches; /* each batch_started */
	json_t *logins; /* names that passed the credentials check */
	size_t new_host_keys;
	json_t *index; /* hostname -> number */
};

/* Reads the journal once, event by event. */
void html_times_read(struct html_times *times, const struct run_view *view);
void html_times_clear(struct html_times *times);

/*
 * The data: a line of JSON for the run, then one for each text (a string, or
 * [string, bytes] for one that is cut) and each device (an object; texts are
 * numbers of text lines). Nothing in it can end a <script>.
 */
int html_data_write(
    FILE *file, const struct run_view *view, const struct html_times *times);

#endif
