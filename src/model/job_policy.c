/* The key `run`: batches, limits, retries, the change window. */
#include "job_parts.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/str.h"
#include "base/when.h"

#include <stdlib.h>
#include <string.h>

#define BATCHES_MAX	       1000
#define RETRIES_MAX	       100
#define RETRY_DELAY_DEFAULT_MS 1000
#define RETRY_DELAY_MAX_MS     (3600 * 1000)
#define GRACE_DEFAULT_MS       (5 * 60 * 1000)
#define GRACE_MAX_MS	       (24 * 3600 * 1000)

struct draft {
	struct job_policy policy;
	const struct yaml_node *batches, *max_failures, *window;
};

#define FIELD(key, kind, member, min, max)                                     \
	{                                                                      \
		(key), YAML_FIELD_##kind, offsetof(struct draft, member),      \
		    false, (min), (max), NULL                                  \
	}

static const struct yaml_field policy_fields[] = {
	FIELD("max_auth_failures", INT, policy.max_auth_failures, 1, 1000),
	FIELD("batches", ANY, batches, 0, 0),
	FIELD("max_failures", ANY, max_failures, 0, 0),
	FIELD("retries", INT, policy.retries, 0, RETRIES_MAX),
	FIELD("retry_delay", DURATION, policy.retry_delay_ms, 1,
	    RETRY_DELAY_MAX_MS),
	FIELD("window", MAP, window, 0, 0),
};
static const struct yaml_table policy_table = YAML_TABLE(
    "\"run\"", policy_fields);

static const struct yaml_field window_fields[] = {
	FIELD("start", LINE, policy.window.start, 0, 0),
	FIELD("end", LINE, policy.window.end, 0, 0),
	FIELD("grace", DURATION, policy.window.grace_ms, 0, GRACE_MAX_MS),
};
static const struct yaml_table window_table = YAML_TABLE(
    "\"window\"", window_fields);

void
job_policy_init(struct job_policy *policy)
{
	*policy = (struct job_policy){
		.max_auth_failures = 1,
		.retry_delay_ms = RETRY_DELAY_DEFAULT_MS,
		.window.grace_ms = GRACE_DEFAULT_MS,
	};
}

void
job_policy_clear(struct job_policy *policy)
{
	free(policy->batches);
	free(policy->window.start);
	free(policy->window.end);
}

size_t
job_share_of(struct job_share share, size_t whole)
{
	return share.percent ? whole * (size_t)share.value / 100
			     : (size_t)share.value;
}

size_t
job_batch_size(const struct job_policy *policy, size_t number, size_t count)
{
	if (!policy->batch_count)
		return count;
	size_t last = policy->batch_count - 1;
	size_t i = number < last ? number : last;
	size_t size = job_share_of(policy->batches[i], count);
	return size ? size : 1;
}

/* "2" or "10%", from MIN on. */
static bool
read_share(const struct yaml_node *node, const char *what, int min,
    struct job_share *share, struct diags *diags)
{
	int64_t value = -1;
	const char *text = node->kind == YAML_SCALAR ? node->text : "";
	size_t len = strlen(text);
	bool percent = len && text[len - 1] == '%';
	char *number = xstrndup(text, percent ? len - 1 : len);
	bool good = str_to_number(number, &value) && value >= min &&
	    value <= (percent ? 100 : JOB_THREADS_MAX * 100);
	free(number);
	if (!good) {
		diag_add(diags, node->place,
		    "%s must be a number of devices from %d on, or a "
		    "percentage from %d%% to 100%%",
		    what, min, min);
		return false;
	}
	*share = (struct job_share){ percent, (int)value };
	return true;
}

static void
read_batches(struct job_policy *policy, const struct yaml_node *node,
    struct diags *diags)
{
	const struct yaml_node *const *items = node->kind == YAML_LIST
	    ? (const struct yaml_node *const *)node->items
	    : &node;
	size_t count = node->kind == YAML_LIST ? node->count : 1;
	if (count == 0 || count > BATCHES_MAX) {
		diag_add(diags, node->place,
		    "\"batches\" must be a list of 1 to %d sizes", BATCHES_MAX);
		return;
	}
	policy->batches = xcalloc(count, sizeof(*policy->batches));
	for (size_t i = 0; i < count; i++)
		if (read_share(items[i], "the size of a batch", 1,
			&policy->batches[policy->batch_count], diags))
			policy->batch_count++;
}

/* Is it a time at all? Whether it has passed is judged when the run begins. */
static void
judge_time(const char *text, struct place place, struct diags *diags)
{
	struct when when;
	struct err err;
	if (text && when_parse(text, clock_wall_ms(), &when, &err))
		diag_add(diags, place, "%s", err.text);
}

void
job_policy_read(struct job_policy *policy, const struct yaml_node *node,
    struct diags *diags)
{
	struct draft draft = { .policy = *policy };
	if (!node)
		return;
	yaml_read(node, &policy_table, &draft, diags);
	if (draft.batches)
		read_batches(&draft.policy, draft.batches, diags);
	if (draft.max_failures)
		draft.policy.has_max_failures = read_share(draft.max_failures,
		    "\"max_failures\"", 0, &draft.policy.max_failures, diags);
	else
		/* A canary that failed is what batches are for. */
		draft.policy.has_max_failures = draft.policy.batch_count > 0;
	if (draft.window) {
		yaml_read(draft.window, &window_table, &draft, diags);
		if (!draft.policy.window.start && !draft.policy.window.end)
			diag_add(diags, draft.window->place,
			    "\"window\" needs \"start\", \"end\" or both");
		judge_time(draft.policy.window.start,
		    yaml_place(draft.window, "start"), diags);
		judge_time(draft.policy.window.end,
		    yaml_place(draft.window, "end"), diags);
	}
	*policy = draft.policy;
}
