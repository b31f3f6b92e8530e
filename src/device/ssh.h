/*
 * What the files behind device/transport_ssh2.h share. libssh2's own types
 * are named, never looked into: its headers belong to one file each.
 */
#ifndef NETPUSH_DEVICE_SSH_H
#define NETPUSH_DEVICE_SSH_H

#include "device/exec.h"
#include "device/jump.h"
#include "device/transport.h"

#include "ssh_wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct _LIBSSH2_AGENT;
struct _LIBSSH2_CHANNEL;
struct _LIBSSH2_SESSION;
struct buf;
struct err;
struct observer;
struct target;

#define METHODS_BYTES  256
#define QUESTION_BYTES 256 /* of what a device asks at the login */

struct ssh {
	struct transport transport;
	struct _LIBSSH2_SESSION *session;
	struct _LIBSSH2_CHANNEL *channel; /* the shell's */
	struct _LIBSSH2_AGENT *agent;
	struct ssh_wire wire;
	struct jump jump; /* the client that carries it, or none */
	int cancel_fd;
	char *address;
	int port;
	/* For the keyboard-interactive callback, which gets only this. */
	const struct target *target;
	bool password_given;
	bool declined; /* it asked what gets no answer: `question` */
	bool wants_new_password;
	char question[QUESTION_BYTES];
	/* The methods that the last refusal named (see ssh_memory.c). */
	bool watching;
	char methods[METHODS_BYTES];
	struct exec_end *end; /* of the command that runs, or NULL */
};

/* libssh2's allocator, with the connection as *ABSTRACT (ssh_memory.c). */
void *ssh_mem_alloc(size_t size, void **abstract);
void ssh_mem_free(void *ptr, void **abstract);
void *ssh_mem_realloc(void *ptr, size_t size, void **abstract);

/* Keeps what the device asked, fit to be shown. */
void ssh_keep_question(struct ssh *ssh, const char *text, size_t len);

/* Whether the last refusal named METHOD. */
bool ssh_methods_have(const struct ssh *ssh, const char *method);

/* Host key algorithms in the order in which they are to be offered: those of
 * known_hosts first, so that a device with several keys shows the one that can
 * be compared (ssh_hostkey.c). */
void ssh_prefer_known_types(
    const struct ssh *ssh, const struct target *target, struct buf *list);

/* The host key that the device showed, by the policy. -1 with kind
 * host_key. */
int ssh_judge_host_key(struct ssh *ssh, const struct target *target,
    const struct observer *observer, const char *key, size_t len,
    struct err *err);

/* Algorithms that nobody should use any more are said. PARTS: what each is
 * for and its name, or NULL. */
struct ssh_algorithm {
	const char *what, *name;
};
void ssh_tell_weak(const struct ssh_algorithm *parts, size_t count,
    const struct observer *observer);

#endif
