/* One exchange on its way: what exchange.c (sending, waiting), exchange_hear.c
 * (what the lines of the screen mean), exchange_echo.c (echoes), exchange_ask.c
 * (questions) and exchange_text.c (texts until a mark) share. */
#ifndef NETPUSH_DEVICE_EXCHANGE_PARTS_H
#define NETPUSH_DEVICE_EXCHANGE_PARTS_H

#include "base/buf.h"
#include "device/echo.h"
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
	bool opened; /* the request's text was */
	bool interrupted; /* a log line broke the prompt's line */
	size_t shown_at; /* where in the answer a prompt stands on a line of
			    its own, blank lines at most behind it */
	unsigned early; /* lines behind the head whose echo came early */
	size_t open_done; /* bytes of the open line that are accounted for */
	bool echoes_early; /* seen once: never more than one line in flight */
	bool glued; /* the open line ends with a prompt, behind other text */
	bool stranded; /* the prompt came back from a question, but not the
			  lines behind it */
	unsigned probes; /* Returns sent to see whether it awaits a line */
	bool asked; /* the open line is a question that was answered */
	bool unanswered; /* the head's question took what was behind it */
	unsigned eaten; /* lines that did so */
	unsigned lost; /* lines that never came back from it */
	bool secret_given; /* a secret is offered once, never again */
	bool damaged; /* an echo was not what was sent, or a question stayed
			 unanswered: the run fails when all is heard */
	bool aborted; /* abort_line was sent */
	bool failed;
	struct buf answer;
	struct buf begun; /* before the prompt is known: what may be one, with
			     the beginning of the head's echo behind it */
	size_t begun_part; /* how much of the echo that is */
	struct buf out;
};

/* The I-th line in flight; 0 is the head. */
struct in_flight *exchange_flight(struct exchange *x, unsigned i);

/* The fault belongs to the I-th line in flight, if there is one. */
void exchange_fail_at(struct exchange *x, unsigned i, const char *device_text);

/* Is the I-th line in flight part of a text that was opened? */
bool exchange_in_text(const struct exchange *x, unsigned i);

/* May the line NEXT of the request, a text's, be sent by now? */
bool exchange_text_may_go(const struct exchange *x, size_t next);

/* A line of the screen while the head, a line of a text, awaits its echo. */
void exchange_hear_text(struct exchange *x, const char *line, size_t len);

/* A LINE of the answer to the line that opens a text: true if it says that the
 * text is open. */
bool exchange_hear_opened(struct exchange *x, const char *line, size_t len);

/* Only log lines: tells the observer. *PROMPT_LEN = the length of the prompt
 * that stands before it. */
bool exchange_take_log_line(
    struct exchange *x, const char *line, size_t len, size_t *prompt_len);

/* The device made another line of the I-th one in flight: LINE. */
void exchange_note_damage(
    struct exchange *x, unsigned i, const char *line, size_t len);

/* LINE against the echo of the I-th line in flight; see echo_compare(). */
enum echo exchange_compare_echo(struct exchange *x, unsigned i,
    const char *line, size_t len, size_t *prompt_len);

/* A line of the screen while the head awaits its echo, and its answer. */
void exchange_hear_echo(struct exchange *x, const char *line, size_t len);
void exchange_hear_answer(struct exchange *x, const char *line, size_t len);

/* A line that may have been wrapped by a blank and a CR is read so where only
 * that makes it the echo that is due, or begins with a prompt. */
void exchange_read_unfolded(struct exchange *x, const char **line, size_t *len);

/* This prompt was seen: its mode is that of the device. */
void exchange_note_prompt(struct exchange *x, const char *prompt, size_t len);

/* A line that belongs to no answer. */
void exchange_stray(struct exchange *x, const char *line, size_t len);

/* When to wait no longer for the next byte. */
int64_t exchange_quiet_deadline(const struct exchange *x);

/* The open line may be a question: answers it, or declines. */
void exchange_ask(struct exchange *x, const char *open, size_t len);

/* A finished LINE amid the head's answer, with more in flight: if it was a question that nobody
 * answered, the line behind may have. */
void exchange_hear_asked(struct exchange *x, const char *line, size_t len);

/* The echo of the KNOWN-th line in flight follows the head's answer: if it was
 * a question that took the lines between, they are dropped. How many. */
unsigned exchange_drop_eaten(struct exchange *x, unsigned known);

/* All in flight is taken for lost; PROMPT is the one that stays. */
void exchange_give_up_rest(struct exchange *x, const char *prompt, size_t len);

/* Adds what questions cost to the fault. */
void exchange_tell_asked(struct exchange *x);

/* The length of a prompt at the end of TEXT, behind something else; or 0. */
size_t exchange_glued_prompt(
    const struct exchange *x, const char *text, size_t len);

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
