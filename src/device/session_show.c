/*
 * Commands whose output is read. An output may hold lines like the prompt:
 * where it matters its end is proved.
 */
#include "session_parts.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/str.h"
#include "text/re.h"

#include <stdlib.h>
#include <string.h>

#define FALSE_PROMPTS_MAX 16 /* in one show */
#define PATIENCE_MS	  1000 /* past the deadline, which comes first */

static int
run_answer(struct session *session, struct command_answer *answer,
    const char *command, int64_t deadline, struct fault *fault)
{
	size_t before = answer->out->len;
	if (session_enter(session, session->profile->exec_mode, fault))
		return -1;
	if (session_run_lines(session, &command, 1, 1, deadline, answer->secret,
		answer, fault))
		return -1;
	if (answer->refused) {
		fault_at(fault, 0, command, buf_str(answer->out) + before);
		return err_set(&fault->err, ERR_REFUSED,
		    "the device refused the command: %s", command);
	}
	return 0;
}

static int
run_command(struct session *session, enum purpose purpose, const char *command,
    int64_t timeout_ms, struct buf *out, struct fault *fault)
{
	struct command_answer answer = { .purpose = purpose, .out = out };
	return run_answer(session, &answer, command,
	    session_deadline(session, timeout_ms), fault);
}

int
session_command(struct session *session, const char *command,
    int64_t timeout_ms, struct buf *out, struct fault *fault)
{
	return run_command(
	    session, FOR_OUTPUT, command, timeout_ms, out, fault);
}

int
session_act(struct session *session, const struct session_act *act,
    int64_t timeout_ms, struct buf *out, struct fault *fault)
{
	const char *mode = act->mode ? act->mode : session->profile->exec_mode;
	struct command_answer answer = {
		.purpose = FOR_OUTPUT,
		.out = out,
		.questions = act->questions,
		.question_count = act->question_count,
	};
	size_t before = out->len;
	if (session_enter(session, mode, fault) ||
	    session_run_lines(session, &act->line, 1, 1,
		session_deadline(session, timeout_ms), NULL, &answer, fault))
		return -1;
	const char *shown = buf_str(out) + before;
	if (act->proof ? re_match(act->proof, shown, strlen(shown), NULL)
		       : !answer.refused)
		return 0;
	fault_at(fault, 0, act->line, shown);
	return err_set(&fault->err, answer.refused ? ERR_REFUSED : ERR_VERIFY,
	    answer.refused ? "the device refused \"%s\""
			   : "the device did not confirm \"%s\"",
	    act->line);
}

/* Nothing but blank lines and the prompt, shown once more. */
static bool
is_blank(const struct session *session, const struct buf *text)
{
	const char *prompt = session_prompt(session);
	size_t len = strlen(prompt);
	const char *line = buf_str(text);
	while (*line) {
		size_t n = strcspn(line, "\n");
		size_t text_len = n;
		while (text_len && line[text_len - 1] == ' ')
			text_len--;
		if (text_len &&
		    (text_len != len || memcmp(line, prompt, len) != 0))
			return false;
		line += n + (line[n] == '\n');
	}
	return true;
}

/* Cuts PROMPT off the end of TEXT if it is its last line. */
static bool
cut_prompt_line(struct buf *text, const char *prompt)
{
	size_t len = strlen(prompt) + 1;
	if (text->len < len || text->data[text->len - 1] != '\n' ||
	    memcmp(text->data + text->len - len, prompt, len - 1) != 0 ||
	    (text->len > len && text->data[text->len - len - 1] != '\n'))
		return false;
	buf_truncate(text, text->len - len);
	return true;
}

/* What came behind a line that read like the prompt (BEFORE) belongs to the
 * show; the prompts at its end, behind which our RETURNS were echoed, do not.
 */
static void
add_rest(const struct session *session, struct buf *out, struct buf *rest,
    const char *before, int returns)
{
	while (returns-- > 0 && cut_prompt_line(rest, session_prompt(session)))
		continue;
	buf_addf(out, "%s\n", before);
	buf_add(out, buf_str(rest), rest->len);
	if (rest->cut)
		out->cut = true;
}

/*
 * A line of a show may read like the prompt, and the device may pause right
 * behind it. A bare Return settles it: it is answered by the same prompt and
 * nothing else, unless the show was not at its end. (A device that says the
 * same to each Return means the Return.)
 */
static int
prove_end(struct session *session, int64_t timeout_ms, struct buf *out,
    struct fault *fault)
{
	static const char *const nothing = "";
	struct buf rest;
	struct command_answer answer = { .purpose = FOR_OUTPUT, .out = &rest };
	size_t shown = out->len;
	char *last = NULL, *before = NULL;
	bool whole = false;
	int rc = 0;
	buf_init(&rest, EXCHANGE_ANSWER_LIMIT_BYTES);
	for (int i = 0; i < FALSE_PROMPTS_MAX && rc == 0 && !whole; i++) {
		buf_reset(&rest);
		free(before);
		before = xstrdup(session_prompt(session));
		rc = session_run_lines(session, &nothing, 1, 1,
		    session_deadline(session, timeout_ms), NULL, &answer,
		    fault);
		whole = str_eq(before, session_prompt(session)) &&
		    is_blank(session, &rest);
		if (rc || whole)
			break;
		if (str_eq(last, buf_str(&rest))) {
			buf_truncate(out, shown);
			whole = true;
			break;
		}
		free(last);
		last = xstrdup(buf_str(&rest));
		add_rest(session, out, &rest, before, i + 1);
	}
	free(last);
	free(before);
	if (rc == 0 && !whole) {
		fault_at(fault, 0, NULL, buf_str(&rest));
		rc = err_set(&fault->err, ERR_PROMPT,
		    "the end of the output cannot be told: it holds the "
		    "prompt again and again");
		session->broken = true;
	}
	buf_clear(&rest);
	return rc;
}

int
session_patient(struct session *session, const char *command,
    int64_t timeout_ms, struct buf *out, struct fault *fault)
{
	struct command_answer answer = { .purpose = FOR_OUTPUT, .out = out };
	int64_t deadline = session_deadline(session, timeout_ms);
	answer.silence_ms = deadline - clock_ms() + PATIENCE_MS;
	return run_answer(session, &answer, command, deadline, fault);
}

int
session_dialogue(struct session *session, const char *command,
    const struct session_talk *talk, struct buf *out, struct fault *fault)
{
	struct command_answer answer = {
		.purpose = FOR_OUTPUT,
		.out = out,
		.silence_ms = talk->silence_ms,
		.questions = talk->questions,
		.question_count = talk->count,
		.secret = talk->secret,
	};
	return run_answer(session, &answer, command,
	    session_deadline(session, talk->timeout_ms), fault);
}

int
session_show(struct session *session, const char *command, int64_t timeout_ms,
    struct buf *out, struct fault *fault)
{
	if (run_command(session, FOR_SHOW, command, timeout_ms, out, fault))
		return -1;
	return prove_end(session, timeout_ms, out, fault);
}

int
session_read_config(struct session *session, int64_t timeout_ms,
    struct buf *out, struct fault *fault)
{
	if (run_command(session, FOR_OUTPUT, session->profile->running_config,
		timeout_ms, out, fault))
		return -1;
	return prove_end(session, timeout_ms, out, fault);
}

/* A whole configuration at the end of what was read: it may hold lines like
 * the prompt. */
static int
prove_last(struct session *session, const struct strs *commands,
    int64_t timeout_ms, struct strs *outputs, struct fault *fault)
{
	size_t last = commands->count - 1;
	struct buf text;
	if (!str_eq(commands->items[last], session->profile->running_config) ||
	    !outputs->items[last])
		return 0;
	buf_init(&text, EXCHANGE_ANSWER_LIMIT_BYTES);
	buf_adds(&text, outputs->items[last]);
	int rc = prove_end(session, timeout_ms, &text, fault);
	free(outputs->items[last]);
	outputs->items[last] = xstrdup(buf_str(&text));
	buf_clear(&text);
	return rc;
}

int
session_commands(struct session *session, const struct strs *commands,
    int64_t timeout_ms, struct strs *outputs, size_t *refused,
    struct fault *fault)
{
	struct command_answer answer = {
		.purpose = FOR_OUTPUT,
		.outputs = outputs,
	};
	if (session_enter(session, session->profile->exec_mode, fault))
		return -1;
	bool strict = session->profile->typeahead_echo || session->one_by_one;
	unsigned window = strict ? 1 : (unsigned)commands->count;
	int rc = session_run_lines(session,
	    (const char *const *)commands->items, commands->count, window,
	    session_deadline(session, timeout_ms), NULL, &answer, fault);
	*refused = answer.refused;
	return rc ? rc
		  : prove_last(session, commands, timeout_ms, outputs, fault);
}
