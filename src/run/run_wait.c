/*
 * The change window. The start and the end are points on the wall clock, which
 * may be set while we wait: the alarms mind that (base/alarm.h).
 */
#include "run_parts.h"

#include "base/alarm.h"
#include "base/alloc.h"
#include "base/deadline.h"
#include "base/when.h"
#include "run/pool.h"

#include <signal.h>
#include <stdlib.h>

#define TICK_MS	      1000
#define KILL_AFTER_MS 15000 /* those that do not let themselves be called off */

/* Alarms are looked at by those who wait for them. */
static void
wake(void *data)
{
	(void)data;
}

bool
run_wait_for_start(struct run *run)
{
	struct err err;
	int64_t start = run->options->start_ms;
	if (!start || clock_wall_ms() >= start)
		return true;
	struct alarm *alarm = alarm_new(start, &err);
	if (!alarm) {
		run_stop(run, ERR_INTERNAL, "%s", err.text);
		return false;
	}
	run->waits = true;
	pool_watch(run->pool, alarm_fd(alarm), wake, NULL);
	while (!run->stopped && alarm_check(alarm) != ALARM_REACHED) {
		run->observer->waiting(run->observer->data, start);
		run_attend(run, TICK_MS);
	}
	pool_unwatch(run->pool, alarm_fd(alarm));
	alarm_free(alarm);
	run->waits = run->interrupts > 0;
	return !run->stopped;
}

static void
on_end(void *data)
{
	struct run *run = data;
	char text[WHEN_TEXT_BYTES];
	if (alarm_check(run->end) != ALARM_REACHED)
		return;
	pool_unwatch(run->pool, alarm_fd(run->end));
	when_format(run->options->end_ms, text);
	run_stop(run, ERR_CANCELLED, "the window closed at %s", text);
	run->call_off_at = deadline_in(run->job->policy.window.grace_ms);
	run->kill_at = run->call_off_at + KILL_AFTER_MS;
	if (!pool_running(run->pool))
		return;
	char grace[CLOCK_TEXT_BYTES];
	duration_format(run->job->policy.window.grace_ms, grace);
	char *notice = xasprintf("the window has closed; those in flight have "
				 "%s to come to an end",
	    grace);
	run->observer->notice(run->observer->data, notice);
	free(notice);
}

int
run_mind_the_end(struct run *run, struct err *err)
{
	if (!run->options->end_ms)
		return 0;
	run->end = alarm_new(run->options->end_ms, err);
	if (!run->end)
		return -1;
	pool_watch(run->pool, alarm_fd(run->end), on_end, run);
	return 0;
}

void
run_press(struct run *run)
{
	if (run->call_off_at > 0 && deadline_passed(run->call_off_at)) {
		run->call_off_at = -1;
		pool_signal(run->pool, SIGTERM);
	}
	if (run->kill_at > 0 && deadline_passed(run->kill_at)) {
		run->kill_at = 0;
		pool_signal(run->pool, SIGKILL);
	}
}
