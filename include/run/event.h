/*
 * The spine: everything that happens is an event, an event is one line of
 * JSON. Workers write them to the parent, the parent appends them to the
 * journal, every report is drawn from them. docs/events.md is the contract.
 */
#ifndef NETPUSH_RUN_EVENT_H
#define NETPUSH_RUN_EVENT_H

#include "base/err.h"
#include "device/fault.h"
#include "device/target.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* A line longer than this is no event. Outputs are cut to fit (marked). */
#define EVENT_LINE_LIMIT_BYTES	 (24u << 20)
#define EVENT_OUTPUT_LIMIT_BYTES (1u << 20)

enum event_kind {
	EVENT_RUN_STARTED,
	EVENT_CREDENTIALS_CHECKED,
	EVENT_BATCH_STARTED,
	EVENT_DEVICE_STARTED,
	EVENT_STAGE,
	EVENT_STEP,
	EVENT_LOG,
	EVENT_PROGRESS,
	EVENT_HOST_KEY,
	EVENT_DEVICE_RETRY,
	EVENT_DEVICE_FINISHED,
	EVENT_RUN_FINISHED,
	EVENT__COUNT,
};
const char *event_kind_name(enum event_kind kind);

/*
 * One event. Which members mean something depends on the kind; the others are
 * zero. Strings are owned. `more` holds whatever a kind has beyond them (the
 * run's id and totals, a host key) as an object.
 */
struct event {
	enum event_kind kind;
	int64_t time_ms; /* since 1970 */
	char *hostname;
	char *phase;
	int attempt; /* device_started */
	enum stage stage; /* stage, device_finished: where it ended */
	char *name; /* step */
	char *status; /* step, device_finished, credentials_checked */
	int64_t duration_ms; /* step, device_finished; -1: not known */
	char *output; /* step */
	bool output_cut;
	char *notes; /* step: words to lines that were accepted */
	char *text; /* log */
	struct fault error; /* err.kind ERR_NONE: none */
	json_t *more;
};

/* Time = now, duration unknown, the rest zero. */
void event_init(struct event *event, enum event_kind kind);
void event_clear(struct event *event);

/* Adds the event as one line, "\n" included. */
void event_put(const struct event *event, struct buf *out);

/* Reads one line (without "\n"). -1 with ERR for anything that is not an
 * event of this format; EVENT is then empty. */
int event_get(
    struct event *event, const char *line, size_t len, struct err *err);

/* An error as the JSON of events and results; "null" for none. New
 * reference. */
json_t *event_error_json(const struct fault *fault);

#endif
