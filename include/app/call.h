/*
 * How netpush run was called: what shapes the plan and is no secret. It is
 * kept in the run's directory (call.json), so that resume means the same.
 */
#ifndef NETPUSH_APP_CALL_H
#define NETPUSH_APP_CALL_H

#include <jansson.h>

struct err;
struct job;
struct options;

/* New reference. */
json_t *call_json(const struct options *options, const struct job *job);

/*
 * Fills in OPTIONS what CALL says and they do not. JOB_PATH: where the job was;
 * the caller frees. Goes to the directory that netpush was called in (files
 * that a job names are relative to it). -1 with ERR.
 */
int call_take(const json_t *call, struct options *options, char **job_path,
    struct err *err);

#endif
