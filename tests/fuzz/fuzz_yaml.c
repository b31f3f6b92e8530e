/*
 * Fuzzes the loader of jobs: any bytes give a job or at least one message.
 * What is accepted is rendered for every device, written down as a plan, and
 * must be accepted a second time.
 */
#include "base/die.h"
#include "model/job.h"
#include "model/plan.h"
#include "model/profile.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The shipped profiles: NETPUSH_PROFILES names their directory. */
static const struct profiles *
profiles(void)
{
	static struct profiles loaded;
	if (loaded.count)
		return &loaded;
	struct diags diags = { 0 };
	struct strs directories = { 0 };
	const char *directory = getenv("NETPUSH_PROFILES");
	strs_add(&directories, directory ? directory : "device-profiles");
	if (profiles_load(&loaded, &directories, &diags))
		fatal("no profiles: set NETPUSH_PROFILES");
	strs_clear(&directories);
	return &loaded;
}

static struct job *
load(const char *text, size_t size)
{
	struct diags diags = { 0 };
	struct job *job = job_parse(
	    "/nowhere/job.yml", text, size, profiles(), &diags);
	BUG_IF(!job != diags_any(&diags));
	diags_sort(&diags);
	diags_clear(&diags);
	return job;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX)
		return 0;
	/* a copy of exactly that size, so that reading past it is seen */
	char *text = malloc(size ? size : 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	struct job *job = load(text, size);
	if (job) {
		struct diags diags = { 0 };
		int rc = plan_check(job, NULL, &diags);
		BUG_IF((rc != 0) != diags_any(&diags));
		diags_clear(&diags);
		json_decref(plan_json(job));
		struct job *again = load(text, size);
		BUG_IF(!again);
		job_free(again);
	}
	job_free(job);
	free(text);
	return 0;
}
