/* A loaded job, run: what `run` and `resume` share. */
#ifndef NETPUSH_APP_EXECUTE_H
#define NETPUSH_APP_EXECUTE_H

struct job;
struct options;

/*
 * Finds the times and the credentials, runs the job, reports. RESUME: the
 * directory of the run to go on with, or NULL. Returns the exit status, or
 * dies by the signal that ended the run.
 */
int execute(
    const struct job *job, const struct options *options, const char *resume);

/* Another way to show the result than a report. */
struct run_view;
struct execute_face {
	void *data;
	void (*show)(void *data, const struct run_view *view);
};
int execute_for(const struct job *job, const struct options *options,
    const char *resume, const struct execute_face *face);

#endif
