/* Events to lines of JSON and back, side by side. */
#include "run/event.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/die.h"
#include "base/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Three years. With more, milliseconds would not survive the round trip. */
#define DURATION_MAX_S 1e8

static const char *const kind_names[EVENT__COUNT] = {
	[EVENT_RUN_STARTED] = "run_started",
	[EVENT_CREDENTIALS_CHECKED] = "credentials_checked",
	[EVENT_BATCH_STARTED] = "batch_started",
	[EVENT_DEVICE_STARTED] = "device_started",
	[EVENT_STAGE] = "stage",
	[EVENT_STEP] = "step",
	[EVENT_LOG] = "log",
	[EVENT_HOST_KEY] = "host_key",
	[EVENT_PROGRESS] = "progress",
	[EVENT_DEVICE_RETRY] = "device_retry",
	[EVENT_DEVICE_FINISHED] = "device_finished",
	[EVENT_RUN_FINISHED] = "run_finished",
};

const char *
event_kind_name(enum event_kind kind)
{
	return (unsigned)kind < EVENT__COUNT ? kind_names[kind] : "log";
}

void
event_init(struct event *event, enum event_kind kind)
{
	*event = (struct event){
		.kind = kind,
		.time_ms = clock_wall_ms(),
		.duration_ms = -1,
	};
}

void
event_clear(struct event *event)
{
	free(event->hostname);
	free(event->phase);
	free(event->name);
	free(event->status);
	free(event->output);
	free(event->notes);
	free(event->text);
	fault_clear(&event->error);
	json_decref(event->more);
	*event = (struct event){ 0 };
}

/* The members that are text: one row each, for both directions. */
static const struct {
	const char *key;
	size_t offset;
} texts[] = {
	{ "hostname", offsetof(struct event, hostname) },
	{ "phase", offsetof(struct event, phase) },
	{ "name", offsetof(struct event, name) },
	{ "status", offsetof(struct event, status) },
	{ "output", offsetof(struct event, output) },
	{ "notes", offsetof(struct event, notes) },
	{ "text", offsetof(struct event, text) },
};
#define TEXTS (sizeof(texts) / sizeof(texts[0]))

static char **
text_member(const struct event *event, size_t i)
{
	return (char **)((char *)event + texts[i].offset);
}

static void
set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, json_string(text));
}

json_t *
event_error_json(const struct fault *fault)
{
	if (fault->err.kind == ERR_NONE)
		return json_null();
	json_t *error = json_object();
	set_text(error, "kind", err_kind_name(fault->err.kind));
	set_text(error, "message", fault->err.text);
	json_object_set_new(error, "line",
	    fault->line ? json_integer(fault->line) : json_null());
	json_object_set_new(error, "sent",
	    fault->sent ? json_string(fault->sent) : json_null());
	json_object_set_new(error, "device_text",
	    fault->device_text ? json_string(fault->device_text) : json_null());
	return error;
}

static int
add_to_buf(const char *data, size_t len, void *out)
{
	return buf_add(out, data, len) ? 0 : -1;
}

void
event_put(const struct event *event, struct buf *out)
{
	char time[CLOCK_TEXT_BYTES];
	json_t *line = json_object();
	clock_format(event->time_ms, time);
	set_text(line, "event", event_kind_name(event->kind));
	set_text(line, "time", time);
	for (size_t i = 0; i < TEXTS; i++)
		set_text(line, texts[i].key, *text_member(event, i));
	if (event->attempt)
		json_object_set_new(
		    line, "attempt", json_integer(event->attempt));
	if (event->stage != STAGE_NONE)
		set_text(line, "stage", stage_name(event->stage));
	if (event->duration_ms >= 0)
		json_object_set_new(line, "duration",
		    json_real((double)event->duration_ms / 1000));
	if (event->output_cut)
		json_object_set_new(line, "output_cut", json_true());
	if (event->error.err.kind != ERR_NONE)
		json_object_set_new(
		    line, "error", event_error_json(&event->error));
	if (event->more)
		json_object_update_missing(line, event->more);
	size_t before = out->len;
	int rc = json_dump_callback(
	    line, add_to_buf, out, JSON_COMPACT | JSON_REAL_PRECISION(12));
	/* Texts are valid UTF-8 and outputs are cut before they come here. */
	BUG_IF(rc && !out->cut);
	if (rc || !buf_addc(out, '\n'))
		buf_truncate(out, before);
	json_decref(line);
}

static bool
get_text(const json_t *value, char **text)
{
	if (!json_is_string(value) || *text)
		return false;
	*text = xstrdup(json_string_value(value));
	return true;
}

static bool
get_error(const json_t *value, struct fault *fault)
{
	const char *kind = json_string_value(json_object_get(value, "kind"));
	const char *text = json_string_value(json_object_get(value, "message"));
	json_int_t line = json_integer_value(json_object_get(value, "line"));
	if (!kind || !text || !err_kind_get(kind, &fault->err.kind) ||
	    fault->err.kind == ERR_NONE || line < 0 || line > UINT32_MAX)
		return false;
	err_set(&fault->err, fault->err.kind, "%s", text);
	/* A message that is cut is cut between characters. */
	size_t bad;
	if (!str_is_utf8(fault->err.text, strlen(fault->err.text), &bad))
		fault->err.text[bad] = '\0';
	fault_at(fault, (unsigned)line,
	    json_string_value(json_object_get(value, "sent")),
	    json_string_value(json_object_get(value, "device_text")));
	return true;
}

static bool
get_duration(const json_t *value, int64_t *duration_ms)
{
	double seconds = json_number_value(value);
	if (!json_is_number(value) || !(seconds >= 0) ||
	    seconds > DURATION_MAX_S)
		return false;
	*duration_ms = (int64_t)llround(seconds * 1000);
	return true;
}

/* One member of the line. What is not known goes to `more`. */
static bool
get_member(struct event *event, const char *key, json_t *value)
{
	for (size_t i = 0; i < TEXTS; i++)
		if (strcmp(key, texts[i].key) == 0)
			return get_text(value, text_member(event, i));
	if (strcmp(key, "event") == 0 || strcmp(key, "time") == 0)
		return true;
	if (strcmp(key, "attempt") == 0) {
		json_int_t attempt = json_integer_value(value);
		event->attempt = (int)attempt;
		return json_is_integer(value) && attempt > 0 && attempt < 1000;
	}
	if (strcmp(key, "stage") == 0)
		return json_is_string(value) &&
		    stage_get(json_string_value(value), &event->stage);
	if (strcmp(key, "duration") == 0)
		return get_duration(value, &event->duration_ms);
	if (strcmp(key, "output_cut") == 0) {
		event->output_cut = json_is_true(value);
		return json_is_boolean(value);
	}
	if (strcmp(key, "error") == 0)
		return get_error(value, &event->error);
	if (!event->more)
		event->more = json_object();
	json_object_set(event->more, key, value);
	return true;
}

static bool
get_kind(const json_t *line, struct event *event)
{
	const char *name = json_string_value(json_object_get(line, "event"));
	const char *time = json_string_value(json_object_get(line, "time"));
	if (!name || !time || !clock_parse(time, &event->time_ms))
		return false;
	for (unsigned i = 0; i < EVENT__COUNT; i++) {
		if (strcmp(name, kind_names[i]) == 0) {
			event->kind = (enum event_kind)i;
			return true;
		}
	}
	return false;
}

int
event_get(struct event *event, const char *text, size_t len, struct err *err)
{
	json_error_t why;
	const char *key = NULL;
	json_t *value;
	int rc = -1;
	*event = (struct event){ .duration_ms = -1 };
	json_t *line = len <= EVENT_LINE_LIMIT_BYTES
	    ? json_loadb(text, len, JSON_REJECT_DUPLICATES, &why)
	    : NULL;
	if (!json_is_object(line)) {
		err_set(err, ERR_INTERNAL, "not an event: no JSON object");
		goto out;
	}
	if (!get_kind(line, event)) {
		err_set(err, ERR_INTERNAL,
		    "not an event: unknown kind or bad time");
		goto out;
	}
	json_object_foreach(line, key, value)
	{
		if (!get_member(event, key, value)) {
			err_set(err, ERR_INTERNAL,
			    "not an event: bad value of \"%s\"", key);
			goto out;
		}
	}
	rc = 0;
out:
	json_decref(line);
	if (rc)
		event_clear(event);
	return rc;
}
