/*
 * The live lines, for any width:
 *
 *	[=========-----           ] 12/40  30 %  1 min 02 s, about 2 min left
 *	batch 2 of 3  changed 10  failed 2  in flight 8
 *	  BRANCH12_DIST1   change   12 s
 */
#include "progress_parts.h"

#include "base/deadline.h"
#include "text/shown.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BAR_COLUMNS_MIN	 10
#define PIECE_BYTES	 160
#define GAP_COLUMNS	 2
#define SLOW_MS		 1000 /* in flight for less: not worth a line */
#define SLOW_MAX	 4
#define NAME_COLUMNS_MIN 8
#define STAGE_COLUMNS	 8 /* the longest is "prepare" */
#define DURATION_COLUMNS 12
#define CERTAIN_MS	 1000 /* an estimate before that is a guess */
#define ROUND_FROM_MS	 120000
#define ROUND_SECONDS	 5

const char *
progress_status_color(enum device_status status)
{
	switch (status) {
	case DEVICE_CHANGED:
		return GREEN;
	case DEVICE_UNCHANGED:
		return "";
	case DEVICE_SKIPPED:
	case DEVICE_ROLLED_BACK:
		return YELLOW;
	default:
		return RED;
	}
}

/* Whole seconds: what changes all the time should not flicker. */
static void
format_seconds(int64_t duration_ms, char text[CLOCK_TEXT_BYTES])
{
	if (duration_ms < 60000)
		snprintf(text, CLOCK_TEXT_BYTES, "%d s",
		    (int)(duration_ms > 0 ? duration_ms / 1000 : 0));
	else
		duration_format(duration_ms, text);
}

/* Not more exact than it can be: "45 s", "3 min", "2 h 10 min". */
static void
format_estimate(int64_t left_ms, char text[CLOCK_TEXT_BYTES])
{
	int64_t seconds = (left_ms + 999) / 1000;
	if (left_ms >= 3600000)
		duration_format(left_ms, text);
	else if (left_ms >= ROUND_FROM_MS)
		snprintf(text, CLOCK_TEXT_BYTES, "%lld min",
		    (long long)((seconds + 30) / 60));
	else
		snprintf(text, CLOCK_TEXT_BYTES, "%lld s",
		    (long long)((seconds + ROUND_SECONDS - 1) / ROUND_SECONDS *
			ROUND_SECONDS));
}

/* One line of pieces: those that do not fit are left out or go on the next
 * line. Colours take no column. */
struct flow {
	struct buf *out;
	size_t columns; /* there are so many */
	size_t column; /* and so many are used */
	bool wraps;
	bool full; /* a piece was left out */
};

static void flow_add(struct flow *flow, const char *color, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
flow_add(struct flow *flow, const char *color, const char *fmt, ...)
{
	char piece[PIECE_BYTES];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(piece, sizeof(piece), fmt, ap);
	va_end(ap);
	size_t len = strlen(piece);
	size_t gap = flow->column ? GAP_COLUMNS : 0;
	if (flow->column && flow->column + gap + len > flow->columns) {
		flow->full |= !flow->wraps;
		if (!flow->wraps)
			return;
		buf_addc(flow->out, '\n');
		flow->column = gap = 0;
	}
	if (flow->full)
		return;
	if (len > flow->columns)
		len = flow->columns;
	buf_addf(flow->out, "%*s%s%.*s%s", (int)gap, "", color, (int)len, piece,
	    *color ? PLAIN : "");
	flow->column += gap + len;
}

/* The bar takes what the rest of its line leaves: "=" is done, "-" in
 * flight. */
static void
add_bar(struct buf *out, const struct progress *progress, size_t columns)
{
	const struct tally *tally = &progress->tally;
	size_t width = columns - 2;
	size_t done = (size_t)((double)width * tally_share(tally));
	size_t total = tally->job->device_count * tally->job->phase_count;
	size_t busy = total ? width * tally->flight_count / total : 0;
	if (!busy && tally->flight_count)
		busy = 1;
	buf_addc(out, '[');
	for (size_t i = 0; i < width; i++)
		buf_addc(out, i < done ? '=' : i < done + busy ? '-' : ' ');
	buf_addc(out, ']');
}

static void
add_head(struct buf *out, const struct progress *progress, size_t columns)
{
	const struct tally *tally = &progress->tally;
	int64_t now = clock_ms();
	int64_t elapsed = now - progress->started_ms;
	int64_t left = tally_left_ms(tally, now);
	char took[CLOCK_TEXT_BYTES], rest[CLOCK_TEXT_BYTES];
	struct buf head;
	buf_init(&head, 1024);
	struct flow flow = { .out = &head, .columns = columns };
	format_seconds(elapsed, took);
	flow_add(&flow, "", "%zu/%zu", tally->done, tally->job->device_count);
	flow_add(&flow, "", "%d %%", (int)(tally_share(tally) * 100));
	if (left >= 0 && now - tally->started_ms >= CERTAIN_MS &&
	    tally->done < tally->job->device_count) {
		format_estimate(left, rest);
		flow_add(&flow, "", "%s, about %s left", took, rest);
	} else {
		flow_add(&flow, "", "%s", took);
	}
	if (columns > flow.column + BAR_COLUMNS_MIN) {
		add_bar(out, progress, columns - flow.column - 1);
		buf_addc(out, ' ');
	}
	buf_adds(out, buf_str(&head));
	buf_clear(&head);
}

static void
add_counts(struct buf *out, const struct progress *progress,
    const struct ledger *ledger, size_t columns)
{
	struct flow flow = { .out = out, .columns = columns, .wraps = true };
	if (progress->batch)
		flow_add(&flow, "", "batch %zu of %zu", progress->batch,
		    progress->batches);
	for (unsigned i = DEVICE_CHANGED; i < DEVICE_STATUS__COUNT; i++) {
		enum device_status status = (enum device_status)i;
		if (ledger->totals[status])
			flow_add(&flow,
			    progress->color ? progress_status_color(status)
					    : "",
			    "%s %zu", device_status_name(status),
			    ledger->totals[status]);
	}
	flow_add(&flow, "", "in flight %zu", progress->tally.flight_count);
}

/* "  41 %  2.3 MB/s  about 45 s left" of a copy (text long enough for it); nothing without one. Returns
 * its length. */
static int
format_copy(const struct ledger_device *device, char *text, size_t size)
{
	char left[CLOCK_TEXT_BYTES];
	int len = 0;
	if (!device->copy_total)
		return 0;
	len = snprintf(text, size, "  %d %%",
	    (int)(device->copied * 100 / device->copy_total));
	if (device->copy_rate >= 1000000)
		len += snprintf(text + len, size - (size_t)len, "  %.1f MB/s",
		    (double)device->copy_rate / 1e6);
	else if (device->copy_rate)
		len += snprintf(text + len, size - (size_t)len, "  %.0f kB/s",
		    (double)device->copy_rate / 1e3);
	if (device->copy_left_ms > 0) {
		format_estimate(device->copy_left_ms, left);
		len += snprintf(
		    text + len, size - (size_t)len, "  about %s left", left);
	}
	return len;
}

/* The devices that keep the others waiting. */
/* In this visit: what it is at then are attempts to reach it. */
static bool
is_reloading(const struct ledger_device *device)
{
	return device->told_open && device->in_flight &&
	    device->told_ms >= device->visit_ms;
}

static void
add_slowest(struct buf *out, const struct progress *progress,
    const struct ledger *ledger, size_t columns, size_t lines)
{
	struct tally_flight slowest[SLOW_MAX];
	size_t rest = GAP_COLUMNS + STAGE_COLUMNS + GAP_COLUMNS +
	    DURATION_COLUMNS;
	size_t name_columns = columns > rest + NAME_COLUMNS_MIN + GAP_COLUMNS
	    ? columns - rest - GAP_COLUMNS
	    : NAME_COLUMNS_MIN;
	size_t widest = NAME_COLUMNS_MIN;
	size_t count = tally_slowest(
	    &progress->tally, slowest, lines < SLOW_MAX ? lines : SLOW_MAX);
	int64_t now = clock_ms();
	while (count && now - slowest[count - 1].since_ms < SLOW_MS)
		count--;
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(
		    ledger->devices[slowest[i].device].hostname);
		if (len > widest)
			widest = len < name_columns ? len : name_columns;
	}
	for (size_t i = 0; i < count; i++) {
		const struct ledger_device
		    *device = &ledger->devices[slowest[i].device];
		char took[CLOCK_TEXT_BYTES], tail[PIECE_BYTES];
		format_seconds(now - slowest[i].since_ms, took);
		buf_adds(out, "\n  ");
		size_t used = GAP_COLUMNS +
		    shown_add_line(out, device->hostname, widest);
		int len = snprintf(tail, sizeof(tail), "%*s  %-*s %s",
		    (int)(widest + GAP_COLUMNS - used), "", STAGE_COLUMNS,
		    is_reloading(device) ? "reload" : stage_name(device->stage),
		    took);
		len += format_copy(
		    device, tail + len, sizeof(tail) - (size_t)len);
		size_t room = columns > used ? columns - used : 0;
		buf_add(out, tail, (size_t)len < room ? (size_t)len : room);
	}
}

/* Cuts behind the first COUNT lines. */
static void
keep_lines(struct buf *out, size_t count)
{
	for (size_t i = 0; i < out->len; i++)
		if (out->data[i] == '\n' && --count == 0)
			buf_truncate(out, i);
}

void
progress_lines(struct buf *out, const struct progress *progress,
    const struct ledger *ledger, size_t columns, size_t rows)
{
	columns--; /* the last column is not touched: some terminals wrap */
	if (!progress->tally.started_ms) {
		char took[CLOCK_TEXT_BYTES];
		struct flow flow = { .out = out, .columns = columns };
		format_seconds(clock_ms() - progress->started_ms, took);
		flow_add(&flow, "", "checking the credentials");
		flow_add(&flow, "", "%s", took);
		return;
	}
	add_head(out, progress, columns);
	if (rows < 6)
		return;
	buf_addc(out, '\n');
	add_counts(out, progress, ledger, columns);
	if (rows >= 12)
		add_slowest(out, progress, ledger, columns, rows / 2 - 4);
	keep_lines(out, rows / 2);
}
