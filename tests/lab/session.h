/*
 * One terminal session: a line editor that echoes what it reads when it reads
 * it, prompts, paging, questions, and the faults that act on lines. Bytes in,
 * bytes out; SSH is the server's.
 */
#ifndef LAB_SESSION_H
#define LAB_SESSION_H

#include "cli.h"
#include "loop.h"

enum session_end {
	SESSION_OPEN,
	SESSION_EXIT, /* the user left by a command: close politely */
	SESSION_DROP, /* a fault: close the TCP connection */
	SESSION_RESET, /* a fault: reset it */
};

struct transfer_kind;

struct session {
	unsigned id;
	struct device *device;
	enum session_end end;
	struct buf tx; /* bytes for the client; the server takes them away */
	void (*woken)(struct session *session); /* after a timer: flush */
	void *owner;

	struct cli cli;
	struct buf rx; /* typed ahead, not yet read */
	size_t rx_at; /* how far editor_read() has come in rx */
	struct buf line; /* being edited */
	struct buf text; /* the command's output, "\n" line ends */
	struct buf page; /* what is still to be paged */
	size_t page_at;
	enum {
		SESSION_IDLE,
		SESSION_READING,
		SESSION_PAGING,
		SESSION_FLOODING,
		SESSION_BLOCKED,
		SESSION_HUNG
	} phase;
	struct timer timer;
	void (*after_timer)(struct session *session);
	uint64_t config_lines;
	uint64_t number; /* of the line in work; 0: no configuration line */
	size_t shown; /* characters of the line now on the screen */
	size_t mid_echo; /* column where a mid-echo fault acts; 0 = none */
	char *mid_text; /* what is printed there; NULL: drop */
	bool skip_newline; /* the last byte was a carriage return */
	struct transfer {
		const struct transfer_kind *kind; /* NULL: a terminal */
		void *state;
	} transfer; /* transfer.h */
	int exit_status;
	struct puppet *puppet; /* who plays the terminal; NULL: we do */
	bool busy; /* between a line and the prompt behind it */
	bool muted; /* nothing passes between us and the client */
	bool answered; /* bytes went out since the client last spoke */
};

struct session *session_new(struct device *device, unsigned id, int width,
    void (*woken)(struct session *session), void *owner);
void session_free(struct session *session);

/* Prints banner and prompt (later, when the device logs in slowly). */
void session_start(struct session *session);

/* Bytes that arrived from the client. */
void session_input(struct session *session, const void *data, size_t len);

/* More of a long output into tx, when it is empty; false: there is none. */
bool session_refill(struct session *session);

/* A message of the device, over whatever stands on the screen. */
void session_say(struct session *session, const char *text, bool log);

/* A delay that a fault ordered, or a task, takes no more time. */
void session_release(struct session *session);

/* Stops reading for MS; the rest of the work is done by AFTER. */
void session_wait(
    struct session *session, int64_t ms, void (*after)(struct session *));

/* The server took bytes of tx to the client. */
void session_sent(struct session *session);

/* Runs one command without terminal (an exec request); output goes to tx. */
void session_exec(struct session *session, const char *command);

#endif
