/*
 * A slow line: two connected descriptors with a delay in each direction. It
 * stands between the client's TCP connection and the SSH library, so that
 * every byte, the handshake's too, takes its time.
 */
#ifndef LAB_RELAY_H
#define LAB_RELAY_H

#include <stdint.h>

/* Takes the client's descriptor OUTER over and returns the descriptor that
 * stands for it, or -1 (OUTER is closed). The relay frees itself when both
 * ends are closed. */
int relay_new(int outer, int64_t latency_ms);

/* Frees what still runs; at the end of the process. */
void relays_free(void);

#endif
