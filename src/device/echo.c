/* Comparing echoes. Knows prompts, but nothing of what is in flight. */
#include "device/echo.h"

#include "device/prompts.h"

#include <string.h>

static bool
ends_with(const char *text, size_t len, const char *tail, size_t tail_len)
{
	return len >= tail_len &&
	    memcmp(text + len - tail_len, tail, tail_len) == 0;
}

/* The line goes on where a wrapped one stopped. */
static enum echo
compare_rest(const char *line, size_t len, const char *sent, size_t sent_len,
    size_t *part)
{
	size_t left = sent_len - *part;
	if (len > left || memcmp(line, sent + *part, len))
		return ECHO_DAMAGED;
	if (len == left)
		return ECHO_WHOLE;
	*part += len;
	return ECHO_PART;
}

enum echo
echo_compare(const struct prompts *prompts, const char *line, size_t len,
    const char *sent, size_t sent_len, bool bare, size_t *part,
    size_t *prompt_len)
{
	*prompt_len = 0;
	if (*part)
		return compare_rest(line, len, sent, sent_len, part);
	if (ends_with(line, len, sent, sent_len)) {
		*prompt_len = len - sent_len;
		if (*prompt_len == 0 && bare)
			return ECHO_WHOLE;
		if (prompts_find(prompts, line, *prompt_len))
			return ECHO_WHOLE;
	}
	size_t prompt = prompts_prefix(prompts, line, len);
	size_t start = prompt + strspn(line + prompt, " ");
	*prompt_len = prompt;
	if (!prompt || start >= len)
		return ECHO_NONE;
	const char *shown = line + start;
	size_t shown_len = len - start;
	if (shown[0] == '$' && shown_len > ECHO_TAIL_BYTES &&
	    ends_with(sent, sent_len, shown + 1, shown_len - 1))
		return ECHO_WHOLE;
	if (shown_len < sent_len && memcmp(shown, sent, shown_len) == 0) {
		*part = shown_len;
		return ECHO_PART;
	}
	return ECHO_DAMAGED;
}
