/* The call as JSON and back. */
#include "app/call.h"

#include "app/options.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "model/job.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static json_t *
strs_json(const struct strs *list, bool are_paths)
{
	json_t *json = json_array();
	for (size_t i = 0; i < list->count; i++) {
		char *path = are_paths ? realpath(list->items[i], NULL) : NULL;
		json_array_append_new(
		    json, json_string(path ? path : list->items[i]));
		free(path);
	}
	return json;
}

/* PATH made absolute, so that it means the same anywhere. */
static json_t *
path_json(const char *path)
{
	char *absolute = path ? realpath(path, NULL) : NULL;
	json_t *json = path ? json_string(absolute ? absolute : path)
			    : json_null();
	free(absolute);
	return json;
}

json_t *
call_json(const struct options *options, const struct job *job)
{
	char here[PATH_MAX];
	if (!getcwd(here, sizeof(here)))
		here[0] = '\0';
	return json_pack(
	    "{s:o, s:s, s:o, s:o, s:i, s:s*, s:o, s:o, s:b, s:b, s:b}", "job",
	    path_json(job->path), "directory", here, "limit",
	    strs_json(&options->limit, false), "profiles",
	    strs_json(&options->profiles, true), "threads", options->threads,
	    "username", options->username, "known_hosts",
	    path_json(options->known_hosts), "identity",
	    path_json(options->identity), "agent", options->agent,
	    "transcripts", options->transcripts, "check", options->check);
}

static void
take_strs(const json_t *list, struct strs *out)
{
	size_t i;
	const json_t *item;
	json_array_foreach((json_t *)list, i, item)
	    strs_add(out, json_string_value(item));
}

static void
take_text(const char *text, char **out)
{
	if (text && !*out)
		*out = xstrdup(text);
}

int
call_take(const json_t *call, struct options *options, char **job_path,
    struct err *err)
{
	const char *job, *directory, *username = NULL, *known_hosts = NULL,
				     *identity = NULL;
	int threads = 0, agent = 0, transcripts = 0, check = 0;
	if (json_unpack((json_t *)call, "{s:s, s:s, s?i, s?s, s?b, s?b, s?b}",
		"job", &job, "directory", &directory, "threads", &threads,
		"username", &username, "agent", &agent, "transcripts",
		&transcripts, "check", &check))
		return err_set(err, ERR_JOB,
		    "the run's call.json does not say how it was called");
	known_hosts = json_string_value(json_object_get(call, "known_hosts"));
	identity = json_string_value(json_object_get(call, "identity"));
	take_strs(json_object_get(call, "limit"), &options->limit);
	take_strs(json_object_get(call, "profiles"), &options->profiles);
	take_text(username, &options->username);
	take_text(known_hosts, &options->known_hosts);
	take_text(identity, &options->identity);
	if (!options->threads)
		options->threads = threads;
	options->agent |= agent;
	options->transcripts |= transcripts;
	options->check |= check;
	if (directory[0] && chdir(directory))
		return err_sys(err, ERR_JOB, errno, "%s", directory);
	*job_path = xstrdup(job);
	return 0;
}
