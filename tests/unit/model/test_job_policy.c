/* The key `run`: what is read, what a share comes to, and which devices the
 * batches take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/str.h"
#include "model/job.h"
#include "model/profile.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

static struct profiles profiles;

/* A job of one device with the key `run` as RUN has it; NULL when that is
 * wrong. The caller frees. */
static struct job *
job_with(const char *run, struct diags *diags)
{
	char *text = xasprintf(
	    "device_list:\n"
	    "  - {hostname: R1, device_type: cisco_ios}\n"
	    "phases:\n"
	    "  - {name: look, steps: [command: show clock]}\n"
	    "%s\n",
	    run);
	struct job *job = job_parse(
	    "job.yml", text, strlen(text), &profiles, diags);
	free(text);
	return job;
}

static struct job *
good_job_with(const char *run)
{
	struct diags diags = { 0 };
	struct job *job = job_with(run, &diags);
	diags_print(&diags);
	assert_non_null(job);
	diags_clear(&diags);
	return job;
}

static void
without_the_key_one_batch_and_no_limit(void **state)
{
	(void)state;
	struct job *job = good_job_with("");
	const struct job_policy *policy = &job->policy;
	assert_int_equal(policy->max_auth_failures, 1);
	assert_null(policy->batches);
	assert_int_equal(policy->batch_count, 0);
	assert_false(policy->has_max_failures);
	assert_int_equal(policy->retries, 0);
	assert_int_equal(policy->retry_delay_ms, 1000);
	assert_null(policy->window.start);
	assert_null(policy->window.end);
	assert_int_equal(policy->window.grace_ms, 300000);
	job_free(job);
}

static void
every_key_is_read(void **state)
{
	(void)state;
	struct job *job = good_job_with("run:\n"
					"  max_auth_failures: 7\n"
					"  batches: [1, 10%, 1000000]\n"
					"  max_failures: 5%\n"
					"  retries: 2\n"
					"  retry_delay: 1500ms\n"
					"  window:\n"
					"    start: 2026-11-22 02:00\n"
					"    end: '04:00'\n"
					"    grace: 0s");
	const struct job_policy *policy = &job->policy;
	assert_int_equal(policy->max_auth_failures, 7);
	assert_int_equal(policy->batch_count, 3);
	assert_false(policy->batches[0].percent);
	assert_int_equal(policy->batches[0].value, 1);
	assert_true(policy->batches[1].percent);
	assert_int_equal(policy->batches[1].value, 10);
	assert_int_equal(policy->batches[2].value, 1000000);
	assert_true(policy->has_max_failures);
	assert_true(policy->max_failures.percent);
	assert_int_equal(policy->max_failures.value, 5);
	assert_int_equal(policy->retries, 2);
	assert_int_equal(policy->retry_delay_ms, 1500);
	assert_string_equal(policy->window.start, "2026-11-22 02:00");
	assert_string_equal(policy->window.end, "04:00");
	assert_int_equal(policy->window.grace_ms, 0);
	/* Where they stand, for who reads the times later. */
	job_free(job);
}

static void
one_size_needs_no_list(void **state)
{
	(void)state;
	struct job *job = good_job_with("run: {batches: 25%}");
	assert_int_equal(job->policy.batch_count, 1);
	assert_true(job->policy.batches[0].percent);
	assert_int_equal(job->policy.batches[0].value, 25);
	job_free(job);
}

/* A canary that failed stops the run, unless the job says otherwise. */
static void
batches_bring_a_limit_of_failures(void **state)
{
	(void)state;
	struct job *job = good_job_with("run: {batches: 1}");
	assert_true(job->policy.has_max_failures);
	assert_int_equal(job_share_of(job->policy.max_failures, 1000), 0);
	job_free(job);
	job = good_job_with("run: {batches: 1, max_failures: 3}");
	assert_int_equal(job_share_of(job->policy.max_failures, 1000), 3);
	job_free(job);
	job = good_job_with("run: {max_failures: 0}");
	assert_true(job->policy.has_max_failures);
	job_free(job);
}

static void
one_end_of_a_window_is_enough(void **state)
{
	(void)state;
	struct job *job = good_job_with("run: {window: {start: '02:00'}}");
	assert_string_equal(job->policy.window.start, "02:00");
	assert_null(job->policy.window.end);
	job_free(job);
	job = good_job_with("run: {window: {end: '02:00', grace: 90s}}");
	assert_null(job->policy.window.start);
	assert_int_equal(job->policy.window.grace_ms, 90000);
	job_free(job);
}

static void
shares_that_make_no_sense(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"batches: 0",
		"batches: 0%",
		"batches: 101%",
		"batches: 1000001",
		"batches: -1",
		"batches: 1.5",
		"batches: 10 percent",
		"batches: '%'",
		"batches: '10%%'",
		"batches: ''",
		"batches: []",
		"batches: [1, 0]",
		"batches: [[1]]",
		"batches: {a: 1}",
		"max_failures: -1",
		"max_failures: -1%",
		"max_failures: 101%",
		"max_failures: some",
		"max_failures: [1]",
		"retries: -1",
		"retries: 101",
		"retry_delay: 0s",
		"retry_delay: 3601s",
		"window: {}",
		"window: {grace: 1s}",
		"window: {start: '02:00', grace: 25h}",
		"window: 02:00",
	};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct diags diags = { 0 };
		char *run = xasprintf("run: {%s}", bad[i]);
		struct job *job = job_with(run, &diags);
		if (job || diags.count != 1 || diags.items[0].line != 5)
			fail_msg("%s: %zu messages", run, diags.count);
		free(run);
		diags_clear(&diags);
	}
}

static void
no_more_than_a_thousand_sizes(void **state)
{
	(void)state;
	for (size_t count = 1000; count <= 1001; count++) {
		struct diags diags = { 0 };
		struct buf run;
		buf_init(&run, 1 << 20);
		buf_adds(&run, "run: {batches: [1");
		for (size_t i = 1; i < count; i++)
			buf_adds(&run, ", 1");
		buf_adds(&run, "]}");
		struct job *job = job_with(buf_str(&run), &diags);
		assert_int_equal(job != NULL, count == 1000);
		job_free(job);
		diags_clear(&diags);
		buf_clear(&run);
	}
}

static void
percentages_are_rounded_down(void **state)
{
	(void)state;
	static const struct {
		struct job_share share;
		size_t whole, part;
	} cases[] = {
		{ { true, 10 }, 0, 0 },
		{ { true, 10 }, 9, 0 },
		{ { true, 10 }, 10, 1 },
		{ { true, 10 }, 19, 1 },
		{ { true, 33 }, 100, 33 },
		{ { true, 33 }, 3, 0 },
		{ { true, 34 }, 3, 1 },
		{ { true, 99 }, 100, 99 },
		{ { true, 99 }, 99, 98 },
		{ { true, 100 }, 7, 7 },
		{ { true, 0 }, 1000, 0 },
		{ { true, 100 }, 1000000, 1000000 },
		/* A number is what it is, whatever the whole. */
		{ { false, 5 }, 3, 5 },
		{ { false, 100 }, 1000, 100 },
		{ { false, 0 }, 3, 0 },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(job_share_of(cases[i].share, cases[i].whole),
		    cases[i].part);
}

/* The sizes of the batches for COUNT devices, as the run takes them: "1 3 6".
 * Each device is in one of them, or the test fails. Caller frees. */
static char *
sizes(const struct job_policy *policy, size_t count)
{
	size_t number = 0, taken = 0;
	struct buf text;
	buf_init(&text, 1 << 20);
	while (taken < count) {
		size_t size = job_batch_size(policy, number, count);
		/* An empty one would never come to an end. */
		assert_true(size >= 1);
		if (size > count - taken)
			size = count - taken;
		buf_addf(&text, number ? " %zu" : "%zu", size);
		taken += size;
		number++;
	}
	assert_int_equal(taken, count);
	assert_true(number <= count);
	return buf_take(&text);
}

static void
the_last_size_repeats(void **state)
{
	(void)state;
	static const struct {
		const char *run;
		size_t count;
		const char *sizes;
	} cases[] = {
		{ "", 10, "10" },
		{ "run: {batches: 4}", 10, "4 4 2" },
		{ "run: {batches: [1, 2]}", 6, "1 2 2 1" },
		{ "run: {batches: [1, 10%, 100%]}", 100, "1 10 89" },
		/* Of all devices, not of those that are left. */
		{ "run: {batches: [50, 10%]}", 100, "50 10 10 10 10 10" },
		{ "run: {batches: 10%}", 9, "1 1 1 1 1 1 1 1 1" },
		{ "run: {batches: 34%}", 3, "1 1 1" },
		{ "run: {batches: [100%, 1]}", 5, "5" },
		{ "run: {batches: [7, 1]}", 5, "5" },
		{ "run: {batches: 1}", 1, "1" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct job *job = good_job_with(cases[i].run);
		char *said = sizes(&job->policy, cases[i].count);
		assert_string_equal(said, cases[i].sizes);
		free(said);
		job_free(job);
	}
}

/* Any sizes, any number of devices: each device once (see sizes()), and each
 * batch but the last exactly what was asked for, one at least. */
static void
batches_take_each_device_once(void **state)
{
	(void)state;
	uint64_t dice = 88172645463325252u; /* xorshift: the same each time */
	for (int round = 0; round < 3000; round++) {
		struct job_share shares[5];
		struct job_policy policy = { .batches = shares };
#define ROLL() (dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17)
		policy.batch_count = ROLL() % 6;
		size_t count = 1 + ROLL() % 300;
		for (size_t i = 0; i < policy.batch_count; i++) {
			shares[i].percent = ROLL() % 2;
			shares[i].value = 1 + (int)(ROLL() % 100);
		}
		free(sizes(&policy, count));
		for (size_t i = 0; i < 7; i++) {
			size_t last = policy.batch_count - 1;
			size_t wanted = count;
			if (policy.batch_count)
				wanted = job_share_of(
				    shares[i < last ? i : last], count);
			assert_int_equal(job_batch_size(&policy, i, count),
			    wanted ? wanted : 1);
		}
	}
}

static int
set_up(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	struct strs directories = { 0 };
	strs_add(&directories, SOURCE_DIR "/device-profiles");
	int rc = profiles_load(&profiles, &directories, &diags);
	diags_print(&diags);
	strs_clear(&directories);
	diags_clear(&diags);
	return rc;
}

static int
tear_down(void **state)
{
	(void)state;
	profiles_clear(&profiles);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_that_make_no_sense),
		cmocka_unit_test(no_more_than_a_thousand_sizes),
		cmocka_unit_test(without_the_key_one_batch_and_no_limit),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(one_size_needs_no_list),
		cmocka_unit_test(batches_bring_a_limit_of_failures),
		cmocka_unit_test(one_end_of_a_window_is_enough),
		cmocka_unit_test(percentages_are_rounded_down),
		cmocka_unit_test(the_last_size_repeats),
		cmocka_unit_test(batches_take_each_device_once),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
