/*
 * SSH through libssh2, never blocking: connect and key exchange, host key,
 * one login attempt, a shell on a terminal, commands. The only part of netpush that
 * knows libssh2.
 */
#ifndef NETPUSH_DEVICE_TRANSPORT_SSH2_H
#define NETPUSH_DEVICE_TRANSPORT_SSH2_H

#include "device/exec.h"
#include "device/target.h"
#include "device/transport.h"

#include <stdint.h>

struct err;
struct fault;
struct ssh;

/* Has the libraries make ready what is the same for every connection. Called
 * by the parent before it forks workers, which inherit it; without it each
 * does that work itself. */
void ssh_warm_up(void);

/* libssh2's version, for --version. */
const char *ssh_library_version(void);

/*
 * TCP, key exchange and host key check. NULL with kind resolve, connect,
 * timeout, host_key, closed or cancelled. Nothing of the credentials has been
 * sent when this returns.
 */
struct ssh *ssh_connect(const struct target *target,
    const struct observer *observer, int64_t deadline, struct err *err);

/*
 * One login with the one method that the credentials name. A password is
 * offered once: by `password`, and by `keyboard-interactive` only where the
 * device answered that it does not know `password` (so that it was not
 * tried). Never asks for the list of methods: that is a `none` login, which
 * devices log as a failure. -1 with kind auth when refused. A device that asks
 * for a new password or for a second secret gets no answer at all: the
 * connection is cut, kind auth, and what it asked is FAULT's device_text.
 */
int ssh_login(struct ssh *ssh, const struct target *target, int64_t deadline,
    struct fault *fault);

/* A terminal and a shell on it. The transport belongs to SSH and is closed
 * with ssh_close(). NULL on failure. */
struct transport *ssh_shell(struct ssh *ssh, int64_t deadline, struct err *err);

/*
 * A command that has still to be started (exec_start(), exec_run()), on a
 * connection that is logged in. WINDOW_BYTES: how much the far side may send
 * ahead, EXEC_WINDOW_BYTES if in doubt. One at a time for each connection, one
 * after the other as many as wanted; freed before ssh_close().
 */
struct exec *ssh_exec(
    struct ssh *ssh, const char *command, uint32_t window_bytes);

/* The same for a subsystem ("sftp"; RFC 4254, section 6.5). */
struct exec *ssh_subsystem(
    struct ssh *ssh, const char *name, uint32_t window_bytes);

/* SSH_MSG_DISCONNECT within the deadline, then frees. NULL is fine. */
void ssh_close(struct ssh *ssh, int64_t deadline);

#endif
