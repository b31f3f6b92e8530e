/*
 * What stands behind a channel that is no terminal: a program that reads and
 * writes files of the flash.
 */
#ifndef LAB_TRANSFER_H
#define LAB_TRANSFER_H

#include "session.h"

struct transfer_kind {
	/* Takes all LEN bytes. */
	void (*input)(void *state, const char *data, size_t len);
	/* More for the client, when nothing waits; false: nothing now. */
	bool (*refill)(void *state);
	void (*eof)(void *state); /* the client will send no more */
	void (*free)(void *state);
};

/* `scp -t PATH` or `scp -f PATH` (scp.c). False: the device knows none. */
bool scp_start(struct session *session, const char *command);

/* The subsystem `sftp` (sftp.c). */
bool sftp_start(struct session *session);

/* Starts `scp ...`, or the subsystem `sftp` when COMMAND is NULL; false when
 * the device has no such thing. */
bool transfer_start(struct session *session, const char *command);

/* True while bytes of the client must wait. */
bool transfer_holds(const struct session *session);

/* The client will send no more; false: nobody here cares. */
bool transfer_eof(struct session *session);

/* For the session: what came in, and what goes out next (as in
 * session_refill()). */
void transfer_feed(struct session *session);
bool transfer_refill(struct session *session);

/* For the programs: ends the session when what was said is on its way. */
void transfer_exit(struct session *session, int status);

/* Reads nothing and writes nothing for MS; without end when negative. */
void transfer_wait(struct session *session, int64_t ms);

/* True if LINE, or what starts with it, is configured globally. */
bool transfer_enabled(const struct session *session, const char *line);

#endif
