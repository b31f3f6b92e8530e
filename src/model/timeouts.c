/*
 * The key `timeouts`, as it stands in jobs and profiles, and the values that
 * count where nobody gives one.
 */
#include "model/timeouts.h"

#include "model/yaml.h"

#include <stddef.h>

#define TIMEOUT_MAX (7 * 86400000LL)

#define TIMEOUT(key, member)                                                   \
	{                                                                      \
		(key), YAML_FIELD_DURATION, offsetof(struct timeouts, member), \
		    false, 1, TIMEOUT_MAX, NULL                                \
	}

static const struct yaml_field timeout_fields[] = {
	TIMEOUT("connect", connect_ms),
	TIMEOUT("login", login_ms),
	TIMEOUT("silence", silence_ms),
	TIMEOUT("step", step_ms),
	TIMEOUT("device", device_ms),
};
const struct yaml_table timeouts_table = YAML_TABLE(
    "\"timeouts\"", timeout_fields);

const struct timeouts timeouts_built_in = {
	.connect_ms = 10000,
	.login_ms = 30000,
	.silence_ms = 60000,
	.step_ms = 300000,
	.device_ms = 900000,
};

struct timeouts
timeouts_unset(void)
{
	return (struct timeouts){ TIMEOUT_UNSET, TIMEOUT_UNSET, TIMEOUT_UNSET,
		TIMEOUT_UNSET, TIMEOUT_UNSET };
}

static void
fill(int64_t *value, int64_t outer)
{
	if (*value == TIMEOUT_UNSET)
		*value = outer;
}

void
timeouts_fill(struct timeouts *timeouts, const struct timeouts *outer)
{
	fill(&timeouts->connect_ms, outer->connect_ms);
	fill(&timeouts->login_ms, outer->login_ms);
	fill(&timeouts->silence_ms, outer->silence_ms);
	fill(&timeouts->step_ms, outer->step_ms);
	fill(&timeouts->device_ms, outer->device_ms);
}
