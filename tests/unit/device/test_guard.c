/*
 * Guards over one connection: which one is chosen, what arms it, what its
 * answers must be. Second connections are the business of the e2e tests.
 */
#include "fixture.h"
#include "script_transport.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/deadline.h"
#include "base/str.h"
#include "device/guard.h"
#include "device/session.h"
#include "text/re.h"

static struct fixture fixture;

/* An IOS that knows archive and reload; what it says is the test's. */
struct toy {
	bool archive;
	const char *revert; /* to `configure terminal revert timer` */
	bool unarmed; /* goes to the configuration mode without a timer */
	bool asks; /* whether to save, before a reload */
	bool asked, in_config, pending;
	struct buf heard; /* "line|" for each but the set-up */
};

static void
toy_exec(struct toy *toy, const char *line, struct buf *out)
{
	if (str_starts(line, "configure terminal")) {
		toy->in_config = !toy->revert;
		buf_adds(out, toy->revert ? toy->revert : "");
		if (!toy->revert && !toy->unarmed)
			buf_adds(out,
			    "Rollback Confirmed Change: Backing up current "
			    "running config to flash:archive-0\r\n");
	} else if (str_eq(line, "show archive")) {
		buf_adds(out,
		    toy->archive ? "The maximum archive configurations "
				   "allowed is 10.\r\n"
				 : "Archive feature not enabled\r\n");
	} else if (str_eq(line, "show archive config rollback timer")) {
		buf_adds(out,
		    toy->pending ? "Timer type: absolute timer\r\n"
				 : "%No Rollback Confirmed Change pending\r\n");
	} else if (str_eq(line, "show reload")) {
		buf_adds(out,
		    toy->pending ? "Reload scheduled in 3 minutes by y\r\n"
				 : "No reload is scheduled.\r\n");
	} else if (str_eq(line, "configure revert now")) {
		buf_adds(out, "%No Rollback Confirmed Change pending\r\n");
	} else if (str_starts(line, "show nothing")) {
		buf_adds(out, "% Invalid input detected\r\n");
	}
}

/* False: no prompt yet. */
static bool
toy_reload(struct toy *toy, const char *line, struct buf *out)
{
	if (str_starts(line, "reload in")) {
		toy->asked = true;
		buf_adds(out,
		    "\r\nSystem configuration has been modified. Save? "
		    "[yes/no]: ");
		return false;
	}
	if (str_eq(line, "no")) {
		buf_adds(out,
		    "Reload scheduled in 5 minutes by x on vty0\r\n"
		    "Proceed with reload? [confirm]");
		return false;
	}
	toy->asked = false;
	return true;
}

static bool
toy_answer(void *data, const char *line, size_t len, struct buf *out)
{
	struct toy *toy = data;
	char *copy = xstrndup(line, len);
	bool prompt = true;
	buf_addf(out, "%s\r\n", copy);
	if (!str_starts(copy, "terminal "))
		buf_addf(&toy->heard, "%s|", copy);
	if (toy->asked || str_starts(copy, "reload in"))
		prompt = toy_reload(toy, copy, out);
	else if (!toy->in_config)
		toy_exec(toy, copy, out);
	else if (str_eq(copy, "end"))
		toy->in_config = false;
	if (prompt)
		buf_adds(out, toy->in_config ? "R1(config)#" : "R1#");
	bool goes_on = !str_eq(copy, "exit");
	free(copy);
	return goes_on;
}

struct bench {
	struct toy toy;
	struct script script;
	struct session *session;
	struct job_step step;
	struct step_result result;
	struct guard guard;
};

static void
bench_begin(struct bench *bench, struct toy toy)
{
	struct fault fault = { 0 };
	*bench = (struct bench){ .toy = toy };
	fixture_reset(&fixture, "cisco_ios");
	fixture.device.timeouts.silence_ms = 60000;
	fixture.device.timeouts.step_ms = 60000;
	buf_init(&bench->toy.heard, 1 << 16);
	bench->step.guard_minutes = 5;
	script_init(&bench->script, NULL, 0);
	bench->script.answer = toy_answer;
	bench->script.data = &bench->toy;
	buf_adds(&bench->script.out, "\r\nR1#");
	script_signal(&bench->script);
	bench->session = session_new(&bench->script.base, &fixture.target,
	    &fixture.observer, deadline_in(600000));
	if (session_prepare(bench->session, &fault))
		fail_msg("not prepared: %s", fault.err.text);
	step_result_init(&bench->result);
}

static void
bench_end(struct bench *bench)
{
	session_close(bench->session, 1000);
	guard_clear(&bench->guard);
	step_result_clear(&bench->result);
	buf_clear(&bench->toy.heard);
	script_clear(&bench->script);
}

static const struct {
	const char *name;
	enum job_guard guard;
	bool risky, archive;
	const char *chosen; /* NULL: none */
	enum err_kind kind;
} choices[] = {
	{ "off, whatever it is", JOB_GUARD_OFF, true, true, NULL, ERR_NONE },
	{ "auto, harmless", JOB_GUARD_AUTO, false, true, NULL, ERR_NONE },
	{ "auto, risky", JOB_GUARD_AUTO, true, true,
	    "revert timer of the archive", ERR_NONE },
	{ "auto never reloads", JOB_GUARD_AUTO, true, false, NULL, ERR_NONE },
	{ "always, harmless", JOB_GUARD_ALWAYS, false, true,
	    "revert timer of the archive", ERR_NONE },
	{ "always, and there is none", JOB_GUARD_ALWAYS, false, false, NULL,
	    ERR_JOB },
	{ "reload, but there is better", JOB_GUARD_RELOAD, false, true,
	    "revert timer of the archive", ERR_NONE },
	{ "reload", JOB_GUARD_RELOAD, false, false, "scheduled reload",
	    ERR_NONE },
};

static void
the_first_that_is_there_is_chosen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
		struct bench bench;
		const char *name = choices[i].name;
		bench_begin(
		    &bench, (struct toy){ .archive = choices[i].archive });
		bench.step.guard = choices[i].guard;
		int rc = guard_choose(&bench.guard, bench.session, &bench.step,
		    GUARD_FOR_CONFIG, choices[i].risky, &bench.result);
		const char *chosen = bench.guard.how ? bench.guard.how->name
						     : NULL;
		if (rc != (choices[i].kind ? -1 : 0) ||
		    bench.result.fault.err.kind != choices[i].kind ||
		    !str_eq(chosen, choices[i].chosen))
			fail_msg("%s: %d, %s: %s", name, rc,
			    chosen ? chosen : "none",
			    bench.result.fault.err.text);
		/* Nobody is asked who need not be; nothing is armed. */
		bool asks = choices[i].guard != JOB_GUARD_OFF &&
		    (choices[i].risky || choices[i].guard != JOB_GUARD_AUTO);
		assert_string_equal(
		    buf_str(&bench.toy.heard), asks ? "show archive|" : "");
		assert_false(bench.guard.armed);
		assert_string_equal(buf_str(&fixture.stages), "");
		bench_end(&bench);
	}
}

static int
begin(struct bench *bench, enum job_guard guard, struct push *push,
    struct fault *fault)
{
	static const struct plan_lines none;
	bench->step.guard = guard;
	assert_int_equal(
	    guard_choose(&bench->guard, bench->session, &bench->step,
		GUARD_FOR_CONFIG, true, &bench->result),
	    0);
	buf_reset(&bench->toy.heard);
	push_init(push, &none, session_deadline(bench->session, 0));
	return guard_begin(&bench->guard, push, fault);
}

/* Its questions are answered for it alone: to anybody else they are a
 * person's. */
static void
a_reload_is_scheduled_and_nothing_saved(void **state)
{
	(void)state;
	struct bench bench;
	struct push push;
	struct fault fault = { 0 };
	struct buf shown;
	bench_begin(&bench, (struct toy){ 0 });
	assert_int_equal(begin(&bench, JOB_GUARD_RELOAD, &push, &fault), 0);
	assert_string_equal(
	    buf_str(&bench.toy.heard), "show reload|reload in 5|no||");
	assert_string_equal(buf_str(&fixture.stages), "change|");
	assert_true(bench.guard.armed);
	assert_null(push.enter);
	/* Once is enough. */
	assert_int_equal(guard_begin(&bench.guard, &push, &fault), 0);
	assert_string_equal(
	    buf_str(&bench.toy.heard), "show reload|reload in 5|no||");
	push_clear(&push);

	/* The toy knows no ^C: it is left after the silence. */
	fixture.device.timeouts.silence_ms = 50;
	buf_init(&shown, 1 << 16);
	assert_int_equal(
	    session_command(bench.session, "reload in 5", 0, &shown, &fault),
	    -1);
	assert_int_equal(fault.err.kind, ERR_PROMPT);
	buf_clear(&shown);
	fault_clear(&fault);
	bench_end(&bench);
}

static void
nothing_is_armed_where_the_change_is_not_allowed(void **state)
{
	(void)state;
	struct bench bench;
	struct push push;
	struct fault fault = { 0 };
	bench_begin(&bench, (struct toy){ 0 });
	fixture.forbidden = STAGE_CHANGE;
	assert_int_equal(begin(&bench, JOB_GUARD_RELOAD, &push, &fault), -1);
	assert_int_equal(fault.err.kind, ERR_CANCELLED);
	assert_string_equal(buf_str(&bench.toy.heard), "show reload|");
	assert_false(bench.guard.armed);
	push_clear(&push);
	fault_clear(&fault);
	bench_end(&bench);
}

/* Neither is armed beside it, nor taken away. */
static void
what_is_armed_already_is_left_alone(void **state)
{
	static const enum job_guard guards[] = { JOB_GUARD_ALWAYS,
		JOB_GUARD_RELOAD };
	static const char *const asked[] = {
		"show archive config rollback timer|", "show reload|"
	};
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bench bench;
		struct push push;
		struct fault fault = { 0 };
		bench_begin(
		    &bench, (struct toy){ .archive = !i, .pending = true });
		assert_int_equal(begin(&bench, guards[i], &push, &fault), -1);
		assert_int_equal(fault.err.kind, ERR_REFUSED);
		assert_string_equal(buf_str(&bench.toy.heard), asked[i]);
		assert_false(bench.guard.armed);
		push_clear(&push);
		fault_clear(&fault);
		bench_end(&bench);
	}
}

/* A way in that is refused arms nothing: what is pending is somebody else's. */
static void
a_refused_way_in_is_not_undone(void **state)
{
	(void)state;
	struct bench bench;
	struct push push;
	struct fault fault = { 0 };
	bench_begin(&bench,
	    (struct toy){ .archive = true,
		.revert = "%Rollback Confirmed Change is pending\r\n" });
	assert_int_equal(begin(&bench, JOB_GUARD_AUTO, &push, &fault), 0);
	assert_string_equal(push.enter, "configure terminal revert timer 5");
	assert_true(bench.guard.armed);
	int rc = sender_push(bench.session, &push, &fault);
	assert_int_equal(rc, -1);
	assert_int_equal(fault.err.kind, ERR_REFUSED);
	guard_pushed(&bench.guard, &push, rc);
	assert_false(bench.guard.armed);
	push_clear(&push);
	fault_clear(&fault);
	bench_end(&bench);
}

/* The mode is there, the timer may be: nothing is sent, and it is looked. */
static void
a_way_in_that_does_not_arm_is_no_guard(void **state)
{
	(void)state;
	for (int unarmed = 0; unarmed < 2; unarmed++) {
		struct bench bench;
		struct push push;
		struct fault fault = { 0 };
		bench_begin(&bench,
		    (struct toy){ .archive = true, .unarmed = unarmed });
		assert_int_equal(
		    begin(&bench, JOB_GUARD_AUTO, &push, &fault), 0);
		int rc = sender_push(bench.session, &push, &fault);
		assert_int_equal(rc, unarmed ? -1 : 0);
		assert_int_equal(
		    fault.err.kind, unarmed ? ERR_VERIFY : ERR_NONE);
		guard_pushed(&bench.guard, &push, rc);
		assert_true(bench.guard.armed);
		push_clear(&push);
		fault_clear(&fault);
		bench_end(&bench);
	}
}

/* The lines must be over while the timer still runs, in every part. */
static void
lines_end_before_the_timer(void **state)
{
	(void)state;
	struct bench bench;
	struct push push;
	struct fault fault = { 0 };
	bench_begin(&bench, (struct toy){ .archive = true });
	bench.step.guard_minutes = 1;
	assert_int_equal(begin(&bench, JOB_GUARD_AUTO, &push, &fault), 0);
	assert_true(push.deadline <= bench.guard.due_ms - 12000);
	push.deadline = bench.guard.due_ms;
	assert_int_equal(guard_begin(&bench.guard, &push, &fault), 0);
	assert_true(push.deadline <= bench.guard.due_ms - 12000);
	push_clear(&push);
	bench_end(&bench);
}

/* What the line shows decides: LINE, its proof, and what becomes of it. */
static const struct {
	const char *line, *proof;
	enum err_kind kind;
} acts[] = {
	{ "show clock", NULL, ERR_NONE },
	{ "show nothing", NULL, ERR_REFUSED },
	{ "show nothing", "Invalid", ERR_NONE },
	{ "show archive", "enabled$", ERR_NONE },
	{ "show archive", "^The maximum", ERR_VERIFY },
};

static void
a_proof_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++) {
		struct bench bench;
		struct fault fault = { 0 };
		struct err err = { 0 };
		struct buf shown;
		struct session_act act = { .line = acts[i].line };
		bench_begin(&bench, (struct toy){ 0 });
		buf_init(&shown, 1 << 16);
		struct re *proof = acts[i].proof
		    ? re_compile(acts[i].proof, RE_MULTILINE, &err)
		    : NULL;
		act.proof = proof;
		int rc = session_act(bench.session, &act, 0, &shown, &fault);
		if (rc != (acts[i].kind ? -1 : 0) ||
		    fault.err.kind != acts[i].kind)
			fail_msg("%s: %s", acts[i].line, fault.err.text);
		re_free(proof);
		buf_clear(&shown);
		fault_clear(&fault);
		bench_end(&bench);
	}
}

/* A list that is in memory. */
static enum guard_seen
look(void *data, struct session *session, struct fault *fault)
{
	(void)fault;
	const enum guard_seen *seen = data;
	return session_is_usable(session) ? *seen : GUARD_UNSEEN;
}

static void
put_back(void *data, struct session *session, int64_t deadline)
{
	(void)session;
	(void)deadline;
	*(enum guard_seen *)data = GUARD_AS_BEFORE;
}

static const struct {
	const char *name;
	enum guard_seen seen;
	bool can_put_back;
	enum step_status status;
} unguarded[] = {
	{ "as before", GUARD_AS_BEFORE, true, STEP_FAILED },
	{ "as asked after all", GUARD_AS_WANTED, true, STEP_CHANGED },
	{ "put back", GUARD_OTHER, true, STEP_ROLLED_BACK },
	{ "nobody can", GUARD_OTHER, false, STEP_UNKNOWN },
	{ "not to be seen", GUARD_UNSEEN, true, STEP_UNKNOWN },
};

static void
without_a_guard_only_what_is_seen_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(unguarded) / sizeof(*unguarded); i++) {
		struct bench bench;
		enum guard_seen seen = unguarded[i].seen;
		struct guard_change change = {
			.data = &seen,
			.look = look,
			.put_back = unguarded[i].can_put_back ? put_back : NULL,
		};
		bench_begin(&bench, (struct toy){ 0 });
		bench.guard.session = bench.session;
		bench.guard.step = &bench.step;
		err_set(&bench.result.fault.err, ERR_VERIFY, "it is wrong");
		guard_recover(&bench.guard, &change, &bench.result);
		if (bench.result.status != unguarded[i].status)
			fail_msg("%s: %s", unguarded[i].name,
			    step_status_name(bench.result.status));
		bool good = bench.result.status == STEP_CHANGED;
		assert_int_equal(
		    bench.result.fault.err.kind, good ? ERR_NONE : ERR_VERIFY);
		bench_end(&bench);
	}
}

/* What an earlier visit armed is taken away; what is off is left alone. */
static void
an_undo_that_was_left_is_adopted(void **state)
{
	(void)state;
	for (int pending = 0; pending < 2; pending++) {
		struct bench bench;
		bench_begin(&bench,
		    (struct toy){ .archive = true, .pending = pending });
		bench.step.guard = JOB_GUARD_ALWAYS;
		assert_int_equal(
		    guard_choose(&bench.guard, bench.session, &bench.step,
			GUARD_FOR_CONFIG, false, &bench.result),
		    0);
		buf_reset(&bench.toy.heard);
		/* This toy never confirms: that is seen, too. */
		assert_int_equal(
		    guard_adopt(&bench.guard, &bench.result), pending ? -1 : 0);
		assert_string_equal(buf_str(&bench.toy.heard),
		    pending ? "show archive config rollback timer|"
			      "configure confirm|"
			      "show archive config rollback timer|"
			    : "show archive config rollback timer|");
		bench_end(&bench);
	}
}

static int
set_up(void **state)
{
	(void)state;
	return fixture_init(&fixture, SOURCE_DIR "/device-profiles") ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	fixture_clear(&fixture);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_is_there_is_chosen),
		cmocka_unit_test(a_reload_is_scheduled_and_nothing_saved),
		cmocka_unit_test(
		    nothing_is_armed_where_the_change_is_not_allowed),
		cmocka_unit_test(what_is_armed_already_is_left_alone),
		cmocka_unit_test(a_refused_way_in_is_not_undone),
		cmocka_unit_test(lines_end_before_the_timer),
		cmocka_unit_test(a_way_in_that_does_not_arm_is_no_guard),
		cmocka_unit_test(a_proof_decides),
		cmocka_unit_test(without_a_guard_only_what_is_seen_counts),
		cmocka_unit_test(an_undo_that_was_left_is_adopted),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
