/* Everything that can be wrong is found here, before the network is touched. */
#include "app/load.h"

#include "app/options.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/log.h"
#include "model/plan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The profiles that belong to this executable: beside where it is installed,
 * or in the source tree that it was built in. */
static char *
built_in_dir(void)
{
	static const char *const places[] = {
		"/../share/netpush/device-profiles", /* PREFIX/bin/netpush */
		"/../../device-profiles", /* build/PRESET/netpush */
		"/../device-profiles", /* build/netpush */
	};
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = NULL;
	if (len > 0) {
		self[len] = '\0';
		slash = strrchr(self, '/');
	}
	for (size_t i = 0; slash && i < sizeof(places) / sizeof(*places); i++) {
		*slash = '\0';
		char *path = xasprintf("%s%s", self, places[i]);
		if (access(path, R_OK | X_OK) == 0)
			return path;
		free(path);
	}
	return xstrdup(NETPUSH_PROFILES_DIR);
}

void
load_profile_dirs(const struct options *options, struct strs *dirs)
{
	char *built_in = built_in_dir();
	/* Whoever brings all profiles along needs none of ours. */
	if (!options->profiles.count || access(built_in, R_OK | X_OK) == 0)
		strs_add(dirs, built_in);
	free(built_in);
	for (size_t i = 0; i < options->profiles.count; i++)
		strs_add(dirs, options->profiles.items[i]);
}

void
load_set_threads(struct job *job, int threads)
{
	job->threads = threads;
	for (size_t i = 0; i < job->phase_count; i++)
		job->phases[i].threads = threads;
}

/* The copies of the job and its inventory in a run's directory; PATH stands
 * in messages. */
static struct job *
load_kept(const char *dir, const char *path, const struct profiles *profiles,
    struct diags *diags)
{
	struct buf text;
	struct err err;
	struct job *job = NULL;
	char *copy = xasprintf("%s/job.yml", dir);
	char *inventory = xasprintf("%s/inventory.yml", dir);
	buf_init(&text, JOB_FILE_LIMIT_BYTES);
	if (file_read(copy, &text, &err))
		diag_add(diags, (struct place){ 0 }, "%s", err.text);
	else
		job = job_parse_kept(
		    path, buf_str(&text), text.len, inventory, profiles, diags);
	buf_clear(&text);
	free(inventory);
	free(copy);
	return job;
}

int
load_job(struct loaded *loaded, const struct options *options, const char *path,
    const char *kept)
{
	struct diags diags = { 0 };
	struct strs dirs = { 0 };
	int rc = -1;
	*loaded = (struct loaded){ 0 };
	load_profile_dirs(options, &dirs);
	/* A profile that is broken does not hide what is wrong in the job. */
	profiles_load(&loaded->profiles, &dirs, &diags);
	loaded->job = kept ? load_kept(kept, path, &loaded->profiles, &diags)
			   : job_load(path, &loaded->profiles, &diags);
	if (diags_any(&diags) || !loaded->job)
		goto out;
	if (options->limit.count && !job_limit(loaded->job, &options->limit)) {
		log_error("--limit leaves no device of %s", path);
		goto out;
	}
	if (options->threads)
		load_set_threads(loaded->job, options->threads);
	rc = plan_check(loaded->job, &loaded->job->digest, &diags);
out:
	diags_sort(&diags);
	diags_print(&diags);
	diags_clear(&diags);
	strs_clear(&dirs);
	if (rc)
		loaded_clear(loaded);
	return rc;
}

void
loaded_clear(struct loaded *loaded)
{
	job_free(loaded->job);
	profiles_clear(&loaded->profiles);
	*loaded = (struct loaded){ 0 };
}
