/*
 * A terminal that somebody else plays: what the client types goes to a socket,
 * packet for packet, and what comes from there goes to the client. So a test
 * can say each byte that a device says, and how they are cut into packets.
 */
#ifndef LAB_PUPPET_H
#define LAB_PUPPET_H

#include "session.h"

/* Connects to the device's `terminal` (a SOCK_SEQPACKET listener). An end of
 * that socket is the end of the session, its refusal too. */
struct puppet *puppet_new(struct session *session);
void puppet_free(struct puppet *puppet);

void puppet_input(struct puppet *puppet, const void *data, size_t len);

#endif
