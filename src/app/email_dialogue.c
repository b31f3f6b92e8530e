/*
 * The dialogue with a mail server. Which recipient a refusal belongs to, and
 * whether it is for now (4xx) or for good (5xx), is read from it, so that the
 * others get their mail and nobody gets it twice.
 */
#include "email_parts.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

bool
reply_is_for_now(int code)
{
	return code / 100 == 4;
}

bool
reply_is_for_good(int code)
{
	return code / 100 == 5;
}

bool
reply_is_refusal(int code)
{
	return reply_is_for_now(code) || reply_is_for_good(code);
}

/* Each address once: a second copy would be a second mail. */
void
dialogue_init(struct dialogue *dialogue, const struct strs *to)
{
	*dialogue = (struct dialogue){ .count = to->count };
	dialogue->recipients = xcalloc(to->count, sizeof(struct recipient));
	for (size_t i = 0; i < to->count; i++) {
		dialogue->recipients[i].address = to->items[i];
		for (size_t j = 0; j < i; j++)
			if (str_eq(to->items[i], to->items[j]))
				dialogue->recipients[i].over = true;
	}
}

void
dialogue_clear(struct dialogue *dialogue)
{
	free(dialogue->recipients);
	*dialogue = (struct dialogue){ 0 };
}

void
dialogue_begin(struct dialogue *dialogue)
{
	for (size_t i = 0; i < dialogue->count; i++)
		if (!dialogue->recipients[i].over)
			dialogue->recipients[i].code = 0;
	dialogue->current = NULL;
	dialogue->parting = false;
	dialogue->code = 0;
}

/* A server's words are not ours: one line of plain characters. */
static void
take_reply(char reply[REPLY_BYTES], const char *text, size_t len)
{
	size_t kept = 0;
	while (len && (text[len - 1] == '\r' || text[len - 1] == '\n'))
		len--;
	for (; kept < len && kept < REPLY_BYTES - 1; kept++)
		reply[kept] = text[kept] >= ' ' && text[kept] <= '~'
		    ? text[kept]
		    : '?';
	reply[kept] = '\0';
}

void
dialogue_hears(struct dialogue *dialogue, const char *line, size_t len)
{
	int code = 0;
	if (len < 4 || dialogue->parting)
		return;
	for (size_t i = 0; i < 3; i++) {
		if (line[i] < '0' || line[i] > '9')
			return;
		code = 10 * code + (line[i] - '0');
	}
	dialogue->code = code;
	take_reply(dialogue->reply, line, len);
	if (!dialogue->current || line[3] == '-')
		return;
	dialogue->current->code = code;
	memcpy(dialogue->current->reply, dialogue->reply, REPLY_BYTES);
}

/* The recipient in RCPT TO:<ADDRESS>, or NULL. */
static struct recipient *
addressed(const struct dialogue *dialogue, const char *line, size_t len)
{
	static const char command[] = "RCPT TO:<";
	size_t skip = sizeof(command) - 1;
	if (len < skip || strncmp(line, command, skip) != 0)
		return NULL;
	for (size_t i = 0; i < dialogue->count; i++) {
		struct recipient *recipient = &dialogue->recipients[i];
		size_t n = strlen(recipient->address);
		if (!recipient->over && len > skip + n &&
		    line[skip + n] == '>' &&
		    strncmp(line + skip, recipient->address, n) == 0)
			return recipient;
	}
	return NULL;
}

void
dialogue_says(struct dialogue *dialogue, const char *line, size_t len)
{
	static const char quit[] = "QUIT";
	if (len >= sizeof(quit) - 1 && !memcmp(line, quit, sizeof(quit) - 1))
		dialogue->parting = true;
	else
		dialogue->current = addressed(dialogue, line, len);
}

/* Who is through after an attempt: those it was TAKEN for, and those that are
 * refused for good. */
void
dialogue_settle(struct dialogue *dialogue, bool taken)
{
	for (size_t i = 0; i < dialogue->count; i++) {
		struct recipient *recipient = &dialogue->recipients[i];
		if (reply_is_for_good(recipient->code) ||
		    (taken && recipient->code / 100 == 2))
			recipient->over = true;
	}
}

size_t
dialogue_waiting(const struct dialogue *dialogue)
{
	size_t waiting = 0;
	for (size_t i = 0; i < dialogue->count; i++)
		waiting += !dialogue->recipients[i].over;
	return waiting;
}

bool
dialogue_is_about_one(const struct dialogue *dialogue)
{
	return dialogue->current && reply_is_refusal(dialogue->current->code);
}

/* What the refusals of single recipients come to; 0 if there are none. */
int
dialogue_judge(
    const struct dialogue *dialogue, const char *smtp, struct err *err)
{
	for (size_t i = 0; i < dialogue->count; i++) {
		const struct recipient *recipient = &dialogue->recipients[i];
		if (reply_is_refusal(recipient->code))
			return err_set(err, ERR_REFUSED,
			    "%s: the server refused the recipient %s: %s", smtp,
			    recipient->address, recipient->reply);
	}
	return 0;
}
