/*
 * The dialogue in which a device fetches a file: one command, its questions,
 * marks of progress that are no prompt, and its last words. What it says is
 * judged by the profile's `pull`; that the file is there, and the right one, is
 * for others to prove.
 */
#include "step_pull.h"

#include "base/alloc.h"
#include "base/str.h"
#include "model/profile.h"
#include "text/re.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_LIMIT_BYTES (1u << 20)

struct pull_step {
	struct session *session;
	const struct job_step *step;
	const char *from, *path;
	bool replace;
	struct fault *fault;
};

static const struct profile_pull *
pull_of(const struct pull_step *pull)
{
	return &session_profile(pull->session)->pull;
}

static size_t
add_questions(struct profile_question *to,
    const struct profile_question_list *list, bool may_answer)
{
	for (size_t i = 0; i < list->count; i++) {
		to[i] = list->items[i];
		if (!may_answer)
			to[i].answer = NULL;
	}
	return list->count;
}

/* What it may ask, with the answers that this step allows. All but the array is
 * the profile's. */
static struct profile_question *
make_questions(const struct pull_step *pull, size_t *count)
{
	const struct profile_pull *from = pull_of(pull);
	struct profile_question *all = xcalloc(from->host_key.count +
		from->overwrite.count + from->questions.count + 1,
	    sizeof(*all));
	size_t n = add_questions(
	    all, &from->host_key, pull->step->image.accept_new_host_key);
	n += add_questions(all + n, &from->overwrite, pull->replace);
	n += add_questions(all + n, &from->questions, true);
	*count = n;
	return all;
}

static bool
is_among(const struct profile_question_list *list, const char *text)
{
	for (size_t i = 0; text && i < list->count; i++)
		if (re_match(
			list->items[i].when.pattern, text, strlen(text), NULL))
			return true;
	return false;
}

/* A question that got no answer, or a password that was asked for twice, in
 * words that say what to do. */
static void
explain(const struct pull_step *pull)
{
	struct fault *fault = pull->fault;
	const char *asked = fault->device_text;
	if (fault->err.kind == ERR_AUTH)
		err_set(&fault->err, ERR_AUTH,
		    "the file server refused the password that devices log in "
		    "with (NETPUSH_SERVER_PASSWORD)");
	else if (fault->err.kind != ERR_PROMPT)
		return;
	else if (is_among(&pull_of(pull)->host_key, asked))
		err_set(&fault->err, ERR_HOST_KEY,
		    "not fetched: the device does not know the file server's "
		    "host key (make it known there, or say "
		    "accept_new_host_key)");
	else if (is_among(&pull_of(pull)->overwrite, asked))
		err_set(&fault->err, ERR_TRANSFER,
		    "not fetched: %s has come up on the device meanwhile",
		    pull->path);
}

/* The device came back to its prompt: what has it done? */
static int
judge(const struct pull_step *pull, const char *shown, struct pull_told *told)
{
	const struct profile_pull *from = pull_of(pull);
	struct fault *fault = pull->fault;
	char *denied = profile_pattern_find(&from->denied, shown, "why");
	char *failed = profile_pattern_find(&from->failed, shown, "why");
	char *digits = profile_pattern_find(&from->copied, shown, "bytes");
	bool copied = !from->copied.re ||
	    profile_pattern_matches(&from->copied, shown);
	int rc = 0;
	if (denied)
		rc = err_set(&fault->err, ERR_AUTH,
		    "the file server lets nobody in with this name and "
		    "password (NETPUSH_SERVER_PASSWORD): %s",
		    denied);
	else if (failed)
		rc = err_set(&fault->err, ERR_TRANSFER, "not fetched: %s",
		    str_trim(failed));
	else if (!copied)
		rc = err_set(&fault->err, ERR_TRANSFER,
		    "the device does not say that it has copied the file");
	else if (digits && !str_to_number(digits, &told->bytes))
		told->bytes = -1;
	if (rc)
		fault_at(fault, 0, NULL, shown);
	free(denied);
	free(failed);
	free(digits);
	return rc;
}

static int
talk(const struct pull_step *pull, const char *command, struct pull_told *told)
{
	const struct profile_pull *from = pull_of(pull);
	struct session *session = pull->session;
	struct fault *fault = pull->fault;
	struct profile_url url;
	struct session_talk talk = {
		.silence_ms = from->silence_ms ? from->silence_ms
					       : session_silence_ms(session),
		.timeout_ms = pull->step->timeout_ms,
	};
	struct buf shown;
	profile_url_read(pull->from, &url);
	/* Who asks without a user's name is not told a password. */
	if (url.has_user)
		talk.secret = session_target(session)->credentials->server;
	profile_url_clear(&url);
	struct profile_question *questions = make_questions(pull, &talk.count);
	talk.questions = questions;
	buf_init(&shown, SHOWN_LIMIT_BYTES);
	int rc = session_dialogue(session, command, &talk, &shown, fault);
	/* The profile's `pull` knows better what is a refusal here. */
	if (rc == 0 || fault->err.kind == ERR_REFUSED) {
		fault_clear(fault);
		rc = judge(pull, buf_str(&shown), told);
	} else {
		told->untouched = fault->err.kind == ERR_PROMPT ||
		    fault->err.kind == ERR_AUTH;
		explain(pull);
	}
	fault_at(fault, 0, rc ? command : NULL, NULL);
	buf_clear(&shown);
	free(questions);
	return rc;
}

int
step_pull(struct session *session, const struct job_step *step,
    const char *from, const char *path, bool replace, struct pull_told *told,
    struct fault *fault)
{
	const struct pull_step pull = { session, step, from, path, replace,
		fault };
	*told = (struct pull_told){ .bytes = -1 };
	json_t *names = json_pack("{s:s}", "from", from);
	char *command = step_profile_text(
	    session, step, pull_of(&pull)->command, path, names, fault);
	json_decref(names);
	int rc = command ? talk(&pull, command, told) : -1;
	free(command);
	return rc;
}
