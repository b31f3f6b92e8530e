/* Who may log in to a device, by which method, and what is noted of it. */
#ifndef LAB_AUTH_H
#define LAB_AUTH_H

#include "device.h"

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

enum auth_outcome { AUTH_ACCEPTED, AUTH_REFUSED, AUTH_TOO_MANY };

struct auth {
	struct device *device;
	unsigned session;
	int64_t failures;
	char *user; /* of a keyboard-interactive exchange */
	void (*done)(struct auth *auth, enum auth_outcome outcome);
};

/* DONE is called after each answer to a real try (`none` is not one). */
void auth_init(struct auth *auth, struct device *device, unsigned session,
    ssh_session ssh,
    void (*done)(struct auth *auth, enum auth_outcome outcome));

void auth_clear(struct auth *auth);

/* Callbacks for libssh whose user data is AUTH; the caller adds its own. */
struct ssh_server_callbacks_struct auth_callbacks(struct auth *auth);

#endif
