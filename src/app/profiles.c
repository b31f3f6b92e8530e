/* netpush profiles: which platforms are known, and whether their profiles
 * are sound. */
#include "app/command.h"
#include "app/load.h"
#include "app/options.h"
#include "base/log.h"
#include "model/profile_print.h"
#include "run/run.h"

#include <stdio.h>

static void
print_list(const struct profiles *profiles)
{
	for (size_t i = 0; i < profiles->count; i++) {
		const struct profile *profile = profiles->items[i];
		printf("%-16s %-28s %s\n", profile->device_type,
		    profile->description ? profile->description : "",
		    profile->file);
		printf("%-16s templates:", "");
		for (size_t j = 0; j < profile->template_count; j++)
			printf(" %s", profile->templates[j].name);
		printf(profile->template_count ? "\n" : " none\n");
	}
}

static int
print_one(const struct profiles *profiles, const char *device_type)
{
	const struct profile *profile = profiles_find(profiles, device_type);
	if (profile)
		return profile_print(profile, stdout) ? EXIT_DEVICES_FAILED
						      : EXIT_ALL_WELL;
	const char *near = profiles_nearest(profiles, device_type);
	log_error("there is no profile \"%s\"%s%s%s", device_type,
	    near ? "; did you mean \"" : "", near ? near : "",
	    near ? "\"?" : "");
	return EXIT_USAGE;
}

int
command_profiles(const struct command *command, int argc, char **argv)
{
	struct options options;
	struct profiles profiles = { 0 };
	struct diags diags = { 0 };
	struct strs dirs = { 0 };
	int status;
	if (!command_begin(command, argc, argv, 0, 1,
		"one device type at a time", &options, &status))
		return status;
	load_profile_dirs(&options, &dirs);
	if (profiles_load(&profiles, &dirs, &diags) == 0) {
		status = EXIT_ALL_WELL;
		if (options.words.count)
			status = print_one(&profiles, options.words.items[0]);
		else
			print_list(&profiles);
	}
	diags_sort(&diags);
	diags_print(&diags);
	diags_clear(&diags);
	profiles_clear(&profiles);
	strs_clear(&dirs);
	options_clear(&options);
	return status;
}
