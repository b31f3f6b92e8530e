/* One push on its way: what sender.c (the tree) and sender_group.c (lines in
 * flight together) share. */
#ifndef NETPUSH_DEVICE_SENDER_PARTS_H
#define NETPUSH_DEVICE_SENDER_PARTS_H

#include "device/exchange.h"
#include "device/sender.h"

#include <stdbool.h>
#include <stddef.h>

struct sender {
	struct session *session;
	const struct profile *profile;
	struct push *push;
	struct fault *fault;
	unsigned window, window_max;
	unsigned clean; /* answers without a word since the window changed */
	size_t calm_from; /* lines of the request before this one left when
			     the window was still wide */

	/* The group that is in flight: */
	size_t first; /* index in push->lines of the request's line 0 */
	size_t lead; /* lines in front that are ours ("exit"): 0 or 1 */
	size_t count; /* lines of the text, without lead and tail */
	/* Behind the last lines of a block go an "exit" and the header of the
	 * next: this is the prompt that the exit must lead to. NULL: no tail. */
	const char *tail_home;
	const char *ends; /* bytes instead of a tail, see exchange_request */
	bool tail_sent; /* ... and all of it was accepted */
	bool nested; /* under a header: must stay in its mode */
	char *home; /* the prompt that belongs to this block */
	bool refused;
	bool bad; /* a line was damaged, not answered, or asked in vain */
	size_t failed_at; /* the index in push->lines of either */
	size_t accepted_behind; /* lines in flight behind it that took */
	bool strayed; /* the mode was left with lines still to come */
};

/* The lines from AT that are one text until a mark, the opening one included; 0
 * if none begins there. */
size_t sender_text_count(const struct sender *sender, size_t at);

/* Line INDEX of the text, without its indentation (but as it stands where it is
 * a banner's, say). */
const char *sender_line(const struct sender *sender, size_t index);

/*
 * Lines [first, first + count) as one exchange; EXIT_LINE (or NULL) before
 * them. HOME: the prompt that the block belongs to. TAIL_HOME: not NULL if an
 * exit and the header behind them (line first + count) go along; then
 * sender->tail_sent says whether all of it was accepted. 0 when every line
 * was.
 */
int sender_group(struct sender *sender, size_t first, size_t count, bool nested,
    char *home, const char *exit_line, const char *tail_home);

/* Any exchange on behalf of the push. A failure names its own lines: they are
 * made the text's. What was refused before it failed is the better story, and
 * stays. */
int sender_run(struct sender *sender, struct exchange_request *request);

/* The mode was left at line INDEX while lines of its block were to come. */
void sender_stray(struct sender *sender, size_t index, const char *prompt);

#endif
