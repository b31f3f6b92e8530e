/*
 * Is this line of the screen the echo of what was sent? The one question on
 * which "a configuration line is never silently lost or altered" rests.
 */
#ifndef NETPUSH_DEVICE_ECHO_H
#define NETPUSH_DEVICE_ECHO_H

#include <stdbool.h>
#include <stddef.h>

struct prompts;

/* Of a line that the device scrolled sideways at least this much of the end
 * must be seen. */
#define ECHO_TAIL_BYTES 16

enum echo {
	ECHO_NONE, /* no echo: something else */
	ECHO_WHOLE, /* a prompt and exactly what was sent */
	ECHO_PART, /* its beginning: a wrapped line, or a log line came between;
		      what follows decides */
	ECHO_DAMAGED, /* a prompt and something that was not sent */
};

/*
 * Compares LINE with the SENT text. *PART is how much of it earlier, wrapped
 * lines have shown (0 at first; kept by the caller with the line). *PROMPT_LEN
 * = the bytes of prompt in front. An IOS terminal that is narrower than the
 * line shows "$" and its end: that much is compared. BARE: a log line has
 * broken the prompt's line, so the echo may stand without a prompt.
 */
enum echo echo_compare(const struct prompts *prompts, const char *line,
    size_t len, const char *sent, size_t sent_len, bool bare, size_t *part,
    size_t *prompt_len);

#endif
