/*
 * When each device was at what, out of the journal. The stages say it but for
 * one thing: a step begins without a word, so its beginning is told from its
 * end and its duration.
 */
#include "report_html_parts.h"

#include "base/alloc.h"
#include "base/str.h"
#include "run/journal.h"

#include <stdlib.h>

static struct html_mark *
last_mark(struct html_marks *marks)
{
	return marks->count ? &marks->items[marks->count - 1] : NULL;
}

static void
add_mark(struct html_marks *marks, int64_t time_ms, char kind, int arg)
{
	struct html_mark *last = last_mark(marks);
	/* Three stages are one login. */
	if (last && last->kind == kind && kind == HTML_MARK_LOGIN)
		return;
	GROW(marks->items, marks->count, marks->cap);
	marks->items[marks->count++] = (struct html_mark){
		.time_ms = time_ms,
		.kind = kind,
		.arg = arg,
	};
}

/* A step began at TIME_MS: between marks that are there already. */
static void
insert_read(struct html_marks *marks, int64_t time_ms)
{
	size_t at = marks->count;
	while (at && marks->items[at - 1].time_ms > time_ms &&
	    marks->items[at - 1].kind != HTML_MARK_BEGIN)
		at--;
	if (!at || marks->items[at - 1].kind == HTML_MARK_READ)
		return;
	GROW(marks->items, marks->count, marks->cap);
	for (size_t i = marks->count++; i > at; i--)
		marks->items[i] = marks->items[i - 1];
	marks->items[at] = (struct html_mark){
		.time_ms = time_ms,
		.kind = HTML_MARK_READ,
	};
}

static char
mark_of_stage(enum stage stage)
{
	switch (stage) {
	case STAGE_CHANGE:
	case STAGE_CONFIRM:
		return HTML_MARK_CHANGE;
	case STAGE_SAVE:
	case STAGE_VERIFY:
		return HTML_MARK_VERIFY;
	case STAGE_CLOSE:
		return HTML_MARK_CLOSE;
	default:
		return HTML_MARK_LOGIN;
	}
}

static int
phase_number(struct html_times *times, const char *name)
{
	for (size_t i = 0; i < times->phases.count; i++)
		if (str_eq(times->phases.items[i], name))
			return (int)i;
	strs_add(&times->phases, name ? name : "");
	return (int)times->phases.count - 1;
}

static int
status_number(const struct event *event)
{
	enum device_status status;
	return event->status && device_status_get(event->status, &status)
	    ? (int)status
	    : DEVICE_UNKNOWN;
}

/* A visit goes on. A check of the credentials is none. */
static bool
is_open(struct html_marks *marks)
{
	const struct html_mark *last = last_mark(marks);
	return last && last->kind != HTML_MARK_END &&
	    last->kind != HTML_MARK_RETRY;
}

static bool
is_save(const struct event *event)
{
	return str_eq(json_string_value(json_object_get(event->more, "kind")),
	    step_kind_name(STEP_SAVE));
}

static void
take_device(
    struct html_times *times, struct html_marks *marks, const struct event *e)
{
	if (e->kind != EVENT_DEVICE_STARTED && !is_open(marks))
		return;
	switch (e->kind) {
	case EVENT_DEVICE_STARTED:
		add_mark(marks, e->time_ms, HTML_MARK_BEGIN,
		    phase_number(times, e->phase));
		break;
	case EVENT_STAGE:
		add_mark(marks, e->time_ms, mark_of_stage(e->stage), 0);
		break;
	case EVENT_STEP:
		/* To save is a stage of its own, from its first moment. */
		if (e->duration_ms >= 0 && !is_save(e))
			insert_read(marks, e->time_ms - e->duration_ms);
		break;
	case EVENT_DEVICE_RETRY:
		add_mark(marks, e->time_ms, HTML_MARK_RETRY, 0);
		break;
	case EVENT_DEVICE_FINISHED:
		add_mark(marks, e->time_ms, HTML_MARK_END, status_number(e));
		break;
	default:
		break;
	}
}

/* The members that the page shows, with the event's time. */
static void
keep(json_t *list, const struct event *event)
{
	json_t *item = event->more ? json_copy(event->more) : json_object();
	json_object_del(item, "run");
	json_object_set_new(item, "at", json_integer(event->time_ms));
	json_array_append_new(list, item);
}

static void
keep_login(struct html_times *times, const struct event *event)
{
	size_t i;
	const json_t *known;
	if (!event->name || !str_eq(event->status, "passed"))
		return;
	json_array_foreach(times->logins, i, known)
	{
		if (str_eq(json_string_value(known), event->name))
			return;
	}
	json_array_append_new(times->logins, json_string(event->name));
}

static void
take(void *data, struct event *event, int64_t offset)
{
	struct html_times *times = data;
	(void)offset;
	switch (event->kind) {
	case EVENT_RUN_STARTED:
		keep(times->parts, event);
		return;
	case EVENT_BATCH_STARTED:
		keep(times->batches, event);
		return;
	case EVENT_CREDENTIALS_CHECKED:
		keep_login(times, event);
		return;
	case EVENT_HOST_KEY:
		times->new_host_keys++;
		return;
	default:
		break;
	}
	const json_t *number = event->hostname
	    ? json_object_get(times->index, event->hostname)
	    : NULL;
	if (number)
		take_device(
		    times, &times->devices[json_integer_value(number)], event);
}

void
html_times_read(struct html_times *times, const struct run_view *view)
{
	const struct ledger *ledger = view->ledger;
	*times = (struct html_times){
		.devices = xcalloc(ledger->count, sizeof(*times->devices)),
		.device_count = ledger->count,
		.parts = json_array(),
		.batches = json_array(),
		.logins = json_array(),
		.index = json_object(),
	};
	for (size_t i = 0; i < ledger->count; i++)
		json_object_set_new(times->index, ledger->devices[i].hostname,
		    json_integer((json_int_t)i));
	if (view->journal_fd >= 0)
		journal_read(view->journal_fd, take, times, NULL);
}

void
html_times_clear(struct html_times *times)
{
	for (size_t i = 0; i < times->device_count; i++)
		free(times->devices[i].items);
	free(times->devices);
	strs_clear(&times->phases);
	json_decref(times->parts);
	json_decref(times->batches);
	json_decref(times->logins);
	json_decref(times->index);
	*times = (struct html_times){ 0 };
}
