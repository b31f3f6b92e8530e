/*
 * Fuzzes the event decoder. What it takes must encode to one line, and that
 * line must decode and encode to itself.
 */
#include "run/event.h"

#include "base/buf.h"
#include "base/die.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
put(const struct event *event, struct buf *line)
{
	buf_init(line, EVENT_LINE_LIMIT_BYTES);
	event_put(event, line);
	BUG_IF(!line->len);
	BUG_IF((const char *)memchr(line->data, '\n', line->len) !=
	    line->data + line->len - 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event event, again;
	struct err err = { 0 };
	struct buf first, second;
	if (event_get(&event, (const char *)data, size, &err)) {
		BUG_IF(err.kind == ERR_NONE || event.more || event.hostname);
		return 0;
	}
	put(&event, &first);
	BUG_IF(event_get(&again, first.data, first.len - 1, &err));
	BUG_IF(again.kind != event.kind || again.stage != event.stage);
	BUG_IF(again.time_ms != event.time_ms);
	BUG_IF(again.duration_ms != event.duration_ms);
	BUG_IF(again.error.err.kind != event.error.err.kind);
	put(&again, &second);
	BUG_IF(first.len != second.len);
	BUG_IF(memcmp(first.data, second.data, first.len));
	buf_clear(&first);
	buf_clear(&second);
	event_clear(&event);
	event_clear(&again);
	return 0;
}
