/* What the files email*.c share with each other and with nobody else. */
#ifndef NETPUSH_APP_EMAIL_PARTS_H
#define NETPUSH_APP_EMAIL_PARTS_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct strs;

#define REPLY_BYTES 200

struct recipient {
	const char *address;
	bool over; /* it has the mail, or never will */
	int code; /* of the answer to its RCPT; 0: none yet */
	char reply[REPLY_BYTES];
};

/* What is said between the mail server and us, about whom. */
struct dialogue {
	struct recipient *recipients;
	size_t count;
	struct recipient *current; /* who is spoken of; NULL: nobody */
	bool parting; /* QUIT was said: what follows decides nothing */
	int code; /* of the server's last answer */
	char reply[REPLY_BYTES]; /* it: one line of plain characters */
};

/* TO is borrowed; an address that stands there twice counts once. */
void dialogue_init(struct dialogue *dialogue, const struct strs *to);
void dialogue_clear(struct dialogue *dialogue);

/* A new connection, for those who wait. */
void dialogue_begin(struct dialogue *dialogue);

/* We say LINE (LEN bytes, no NUL); nothing of it is kept. */
void dialogue_says(struct dialogue *dialogue, const char *line, size_t len);

/* The server says LINE. */
void dialogue_hears(struct dialogue *dialogue, const char *line, size_t len);

/* The connection is over: who is through? Those it was TAKEN for, and those
 * that are refused for good. */
void dialogue_settle(struct dialogue *dialogue, bool taken);
size_t dialogue_waiting(const struct dialogue *dialogue);

/* The last word was a refusal of one recipient, not of the message. */
bool dialogue_is_about_one(const struct dialogue *dialogue);

/* What the refusals of recipients come to: -1 with ERR about the first one, 0
 * if there are none. */
int dialogue_judge(
    const struct dialogue *dialogue, const char *smtp, struct err *err);

/* Answers 4xx, 5xx, and either (RFC 5321, 4.2.1). */
bool reply_is_for_now(int code);
bool reply_is_for_good(int code);
bool reply_is_refusal(int code);

#endif
