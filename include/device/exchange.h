/*
 * The heart of the dialogue: lines go out, at most WINDOW of them unanswered,
 * and every single one is accounted for: first its echo, then its answer, up
 * to the prompt that follows. What cannot be attributed is never guessed.
 * docs/session.md draws the states.
 */
#ifndef NETPUSH_DEVICE_EXCHANGE_H
#define NETPUSH_DEVICE_EXCHANGE_H

#include "device/channel.h"
#include "device/fault.h"
#include "device/prompts.h"
#include "device/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXCHANGE_WINDOW_MAX	    64
#define EXCHANGE_BYTES_IN_FLIGHT    2048
#define EXCHANGE_ANSWER_LIMIT_BYTES (16u << 20)

struct exchange;
struct re;
struct secret;

/* One line's answer. The texts are valid only during the call. */
struct exchange_reply {
	size_t index; /* of the line in the request */
	const char *text; /* answer lines, each ended by "\n"; log lines cut */
	size_t len;
	bool cut; /* longer than EXCHANGE_ANSWER_LIMIT_BYTES */
	struct buf *whole; /* the same, to be taken over by a swap */
	const struct profile_mode *mode; /* by the prompt that followed */
	const char *prompt;
	bool opened; /* the request's text was opened by this line */
	bool bad; /* the line was damaged, or its question not answered: the
		     run will fail, this is what the device made of it */
};

struct exchange_request {
	const char *const *lines; /* without line ends */
	size_t count;
	/* Lines that are ours and not the text's ("exit"): they are never
	 * alone. The first own_first, and the one at own_at. */
	size_t own_first, own_at;
	/* Lines that go in one write with the line before them, whatever the
	 * window is; one for each line, or NULL: none. */
	const bool *joined;
	/* The first line opens a text that is read without a prompt: the lines
	 * behind it go when the device has shown this, as they stand, and a
	 * prompt comes only after the last. If a prompt comes instead, they
	 * are not sent. NULL: no such text. */
	const struct re *opened;
	const char *ends; /* bytes that end the text instead of its last line;
			     they are the last of LINES. NULL: none */
	unsigned window; /* lines in flight at most; on_reply may change it */
	bool learn; /* the set-up: echoes teach the prompt */
	bool moves; /* a command that leads to another mode, whose
			      prompt may carry another name */
	bool config; /* the lines are configuration: a damaged echo is an
			      error, stray refusals are heard */
	bool keep_logs; /* log lines are output (`show logging`), except one
			   behind the prompt */
	/* Asked about before the profile's own. NULL: none. */
	const struct profile_question *questions;
	size_t question_count;
	const struct secret *secret; /* answer to a question that the profile
					marks with the answer "{{secret}}" */
	/* Heard in order, one for each line. Non-zero: send nothing more (what
	 * is in flight is still accounted for). May be NULL. */
	int (*on_reply)(void *data, struct exchange_request *request,
	    const struct exchange_reply *reply);
	/* A line of text that belongs to no answer. May be NULL. */
	void (*on_stray)(void *data, const char *line, size_t len);
	void *data;
	size_t sent; /* result: how many lines left */
	int64_t deadline; /* for all of it */
	int64_t silence_ms; /* restarts with every byte heard */
};

/* All is borrowed and must live as long as the exchange. */
struct exchange *exchange_new(struct channel *channel,
    const struct profile *profile, struct prompts *prompts,
    const struct observer *observer);
void exchange_free(struct exchange *exchange);

/*
 * Sends the lines and hears all answers. 0 when each line that was sent was
 * answered; -1 with FAULT otherwise: kinds timeout, closed, echo, prompt (an
 * unanswered question), cancelled. After a failure the session can be
 * trusted with more lines only if exchange_is_settled().
 */
int exchange_run(struct exchange *exchange, struct exchange_request *request,
    struct fault *fault);

/* The mode and the prompt that were seen last; NULL and "" before. */
const struct profile_mode *exchange_mode(const struct exchange *exchange);
const char *exchange_prompt(const struct exchange *exchange);

/* Is a line unaccounted for (a failed run left something in the air)? */
bool exchange_is_settled(const struct exchange *exchange);

#endif
