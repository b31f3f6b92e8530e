/* One exchange on its way: what exchange.c (sending, waiting, questions) and
 * exchange_hear.c (what the lines of the screen mean) share. */
#ifndef NETPUSH_DEVICE_EXCHANGE_PARTS_H
#define NETPUSH_DEVICE_EXCHANGE_PARTS_H

#include "base/buf.h"
#include "device/exchange.h"

#define NOT_SHOWN SIZE_MAX

struct in_flight {
	size_t index;
	const char *text;
	size_t len;
	bool alone; /* nothing may be in flight with it */
	size_t part; /* of its echo, seen on wrapped lines so far */
	bool bad; /* damaged, or its question was not answered */
};

struct exchange {
	struct channel *channel;
	const struct profile *profile;
	struct prompts *prompts;
	const struct observer *observer;

	const struct profile_mode *mode;
	struct buf prompt;

	/* While exchange_run() is on: */
	struct exchange_request *request;
	struct fault *fault;
	struct in_flight flight[EXCHANGE_WINDOW_MAX];
	unsigned head, count;
	size_t bytes_in_flight;
	size_t next; /* the first line that was not sent yet */
	bool stop; /* on_reply wants no more */
	bool echoed; /* the head's echo was seen: its answer is awaited */
	bool interrupted; /* a log line broke the prompt's line */
	size_t shown_at; /* where in the answer a prompt stands on a line of
			    its own, blank lines at most behind it */
	unsigned early; /* lines behind the head whose echo came early */
	size_t open_done; /* bytes of the open line that are accounted for */
	bool echoes_early; /* seen once: never more than one line in flight */
	bool glued; /* the open line ends with the prompt, behind other text */
	bool probed; /* a Return was sent to see it alone */
	bool asked; /* the open line is a question that was answered */
	bool secret_given; /* a secret is offered once, never again */
	bool damaged; /* an echo was not what was sent, or a question stayed
			 unanswered: the run fails when all is heard */
	bool aborted; /* abort_line was sent */
	bool failed;
	struct buf answer;
	struct buf out;
};

/* The I-th line in flight; 0 is the head. */
struct in_flight *exchange_flight(struct exchange *x, unsigned i);

/* The fault belongs to the I-th line in flight, if there is one. */
void exchange_fail_at(struct exchange *x, unsigned i, const char *device_text);

/* A finished line of the screen; DATA is the exchange. */
void exchange_hear_line(void *data, const char *line, size_t len);

/* The head has its whole answer; PROMPT is what followed it. */
void exchange_finish_head(
    struct exchange *x, const char *prompt, size_t prompt_len);

/* Finishes the head by a prompt that a log line has pushed up from the open
 * line: what is sent next will be echoed on a line without one. */
void exchange_finish_shown(struct exchange *x);

/* Only the beginning of an echo was seen, and LINE (NULL: the prompt) is not
 * the rest: that much is all that the device has read. LINE is what it made
 * of it. */
void exchange_settle_for_part(struct exchange *x, const char *line, size_t len);

/* Takes the prompts at the start of a line whose echo came early. Returns how
 * many bytes they are. */
size_t exchange_take_early(struct exchange *x, const char *line, size_t len);

#endif
