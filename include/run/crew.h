/*
 * Several pieces of work in one process, each on a stack of its own: while one
 * waits (device/wait.h) another goes on. Nothing runs at the same time as
 * something else, so what they do needs no locks. It spares a short SSH
 * session what costs more than the session itself: a fork, and the pages and
 * the generator of random numbers that each process has to make its own.
 *
 * The price: what ends the process ends the work of all in it. So a crew is
 * small, and is not for changes of devices.
 */
#ifndef NETPUSH_RUN_CREW_H
#define NETPUSH_RUN_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether there are crews: AddressSanitizer knows one stack a process. */
#ifdef __SANITIZE_ADDRESS__
#define CREW_IS_POSSIBLE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CREW_IS_POSSIBLE 0
#endif
#endif
#ifndef CREW_IS_POSSIBLE
#define CREW_IS_POSSIBLE 1
#endif

/* What the parent hands to a crew, and hears of it. */
struct crew_word {
	uint64_t device;
	int64_t status; /* of WORK, when it is done */
};

/* Parent: WORK for DEVICE is to be done, told over FD. -1 with errno: the
 * crew is gone. */
int crew_hand_over(int control, size_t device, int fd);

/* Parent: the next piece that is done; false when there is none (yet). */
bool crew_hear(int control, struct crew_word *done);

/*
 * Child: does WORK for all that is handed over, at most LIMIT at once, until
 * CONTROL ends. WORK gets DATA, the device, the descriptor and -1: it is
 * called off by the end of the descriptor. The status of the process.
 */
int crew_serve(int (*work)(void *data, size_t device, int fd, int off_fd),
    void *data, unsigned limit, int control);

#endif
