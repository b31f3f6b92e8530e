/* A job and the profiles it needs, loaded and judged for a subcommand. */
#ifndef NETPUSH_APP_LOAD_H
#define NETPUSH_APP_LOAD_H

#include "model/job.h"
#include "model/profile.h"

struct options;

struct loaded {
	struct profiles profiles;
	struct job *job;
};

/* Adds the directories where profiles are: the built-in one, then those of
 * --profiles. */
void load_profile_dirs(const struct options *options, struct strs *dirs);

/*
 * Loads profiles and job, applies --limit and --threads, renders everything
 * for every device. KEPT: a run's directory whose copies are read instead of
 * the files at PATH, or NULL. -1 after every mistake was printed, each with
 * its place.
 */
int load_job(struct loaded *loaded, const struct options *options,
    const char *path, const char *kept);

/* As --threads does, for every phase. */
void load_set_threads(struct job *job, int threads);
void loaded_clear(struct loaded *loaded);

#endif
