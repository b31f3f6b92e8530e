/*
 * Who logs in and with what. Filled once, in the parent, from options, the
 * job, the environment, systemd's credentials directory or a prompt (in that
 * order, app/login.c), checked by one login, inherited by the workers.
 */
#ifndef NETPUSH_MODEL_CREDENTIALS_H
#define NETPUSH_MODEL_CREDENTIALS_H

#include <stdbool.h>

struct err;
struct secret;
struct ssh_key;

enum credentials_method {
	CREDENTIALS_PASSWORD, /* password, else keyboard-interactive */
	CREDENTIALS_KEY, /* a private key file */
	CREDENTIALS_AGENT, /* the keys that ssh-agent holds */
};

struct credentials {
	char *username;
	enum credentials_method method;
	struct secret *password; /* or NULL */
	struct secret *enable; /* or NULL */
	struct secret *passphrase; /* of the identity, or NULL */
	struct secret *server; /* what devices log in to a file server with, or
				  NULL */
	char *identity; /* path of the private key, or NULL */
	/* The same, read (device/ssh_key.h); NULL: each login reads the file.
	 * Borrowed. */
	const struct ssh_key *key;
};

void credentials_clear(struct credentials *credentials);

/* Reads a secret from the first line of a file. Refused (kind ERR_JOB) when
 * group or others may read it, when it is empty or longer than 1 KiB. */
struct secret *credentials_read_file(const char *path, struct err *err);

/* From an environment variable, which is then removed from the environment
 * (and overwritten), so that no child process sees it. NULL if not set. */
struct secret *credentials_take_env(const char *name);

/* From a file of systemd's $CREDENTIALS_DIRECTORY (systemd.exec(5),
 * LoadCredential=). NULL when there is none. */
struct secret *credentials_from_systemd(const char *name);

#endif
