/* netpush check: what a run would do, without touching anything. */
#include "app/command.h"
#include "app/load.h"
#include "app/options.h"
#include "app/window.h"
#include "base/deadline.h"
#include "base/str.h"
#include "base/when.h"
#include "model/plan.h"
#include "run/run.h"

#include <stdio.h>
#include <string.h>

#define NAMES_SHOWN 8

/* "4 devices: 2 cisco_ios, 2 cisco_nxos", the types in order of use. */
static void
print_devices(const struct job *job)
{
	struct strs types = { 0 };
	size_t count = job->device_count;
	for (size_t i = 0; i < count; i++)
		if (!strs_has(&types, job->devices[i].device_type))
			strs_add(&types, job->devices[i].device_type);
	printf("devices: %zu", count);
	for (size_t t = 0; t < types.count; t++) {
		size_t of_type = 0;
		for (size_t i = 0; i < count; i++)
			of_type += str_eq(
			    job->devices[i].device_type, types.items[t]);
		printf("%s%zu %s", t ? ", " : " (", of_type, types.items[t]);
	}
	printf(")\n  ");
	for (size_t i = 0; i < count && i < NAMES_SHOWN; i++)
		printf("%s%s", i ? ", " : "", job->devices[i].hostname);
	if (count > NAMES_SHOWN)
		printf(", ... %s", job->devices[count - 1].hostname);
	putchar('\n');
	strs_clear(&types);
}

/* "batches: 1, 10%, 100% of 40 devices; max_failures: 0" */
static void
print_policy(const struct job *job)
{
	const struct job_policy *policy = &job->policy;
	for (size_t i = 0; i < policy->batch_count; i++)
		printf("%s%d%s",
		    i ? ", " : "batches: ", policy->batches[i].value,
		    policy->batches[i].percent ? "%" : "");
	if (policy->batch_count)
		printf("; the last size repeats\n");
	if (policy->has_max_failures)
		printf("limit:   more than %d%s failed device%s stop%s the "
		       "run\n",
		    policy->max_failures.value,
		    policy->max_failures.percent ? "%" : "",
		    policy->max_failures.value == 1 ? "" : "s",
		    policy->max_failures.value == 1 ? "s" : "");
	if (policy->retries)
		printf("retries: %d, only of devices that were not changed\n",
		    policy->retries);
}

static void
print_window(const struct window *window)
{
	char text[WHEN_TEXT_BYTES];
	if (window->start_ms) {
		when_format(window->start_ms, text);
		printf("begins:  %s\n", text);
	}
	if (window->end_ms) {
		when_format(window->end_ms, text);
		printf("ends:    %s, no device is started then\n", text);
	}
}

static void
print_summary(const struct job *job, const struct window *window)
{
	printf("job:     %s (%s)\n", job->name, job->path);
	print_devices(job);
	print_window(window);
	print_policy(job);
	printf("login:   checked once, on %s%s\n",
	    job->validate_on ? job->validate_on : job->devices[0].hostname,
	    job->validate_on ? "" : " or the next that can be reached");
	for (size_t i = 0; i < job->phase_count; i++) {
		const struct job_phase *phase = &job->phases[i];
		printf("phase:   %s, %d device%s at once\n", phase->name,
		    phase->threads, phase->threads == 1 ? "" : "s");
		for (size_t j = 0; j < phase->step_count; j++)
			printf("  %zu. %s\n", j + 1, phase->steps[j].name);
	}
	printf("nothing is wrong with it; see the exact lines with --render\n");
}

static int
print_lines(const struct job *job, const struct job_device *device)
{
	struct diags diags = { 0 };
	printf("! %s (%s, %s port %d)\n", device->hostname, device->device_type,
	    device->address, device->port);
	for (size_t i = 0; i < job->phase_count; i++) {
		const struct job_phase *phase = &job->phases[i];
		for (size_t j = 0; j < phase->step_count; j++) {
			struct plan_lines lines;
			if (plan_render(job, device, &phase->steps[j], &lines,
				&diags)) {
				diags_print(&diags);
				diags_clear(&diags);
				return -1;
			}
			printf("! phase %s, step %s\n", phase->name,
			    phase->steps[j].name);
			for (size_t k = 0; k < lines.count; k++)
				puts(lines.items[k].text);
			plan_lines_clear(&lines);
		}
	}
	return 0;
}

int
command_check(const struct command *command, int argc, char **argv)
{
	struct options options;
	struct loaded loaded = { 0 };
	struct window window;
	int status;
	if (!command_begin(command, argc, argv, 1, 1, "one job file is needed",
		&options, &status))
		return status;
	if (load_job(&loaded, &options, options.words.items[0], NULL))
		goto out;
	if (window_find(&window, loaded.job, options.at, clock_wall_ms()))
		goto out;
	status = EXIT_ALL_WELL;
	if (!options.render)
		print_summary(loaded.job, &window);
	for (size_t i = 0; options.render && i < loaded.job->device_count; i++)
		if (print_lines(loaded.job, &loaded.job->devices[i]))
			status = EXIT_USAGE;
out:
	loaded_clear(&loaded);
	options_clear(&options);
	return status;
}
