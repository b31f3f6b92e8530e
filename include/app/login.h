/*
 * Gathers the credentials for a run, first that is set: options, the job's
 * `credentials:`, NETPUSH_USERNAME / NETPUSH_PASSWORD /
 * NETPUSH_ENABLE_PASSWORD / NETPUSH_PASSPHRASE / NETPUSH_SERVER_PASSWORD,
 * systemd's credentials (username, password, enable, passphrase,
 * server_password), a prompt on the terminal.
 */
#ifndef NETPUSH_APP_LOGIN_H
#define NETPUSH_APP_LOGIN_H

#include <stdbool.h>

struct credentials;
struct err;
struct job;
struct options;

/* -1 after a message when something is missing and nobody can be asked. */
int login_gather(struct credentials *credentials, const struct options *options,
    const struct job *job);

/* The name of who calls. */
const char *login_name(void);

/* Does the private key at PATH need a passphrase? -1 with ERR when it cannot
 * be read. */
int login_identity_is_encrypted(
    const char *path, bool *encrypted, struct err *err);

/* After a refusal: asks for name and password again. False when there is no
 * terminal or the person gives up. */
bool login_ask_again(struct credentials *credentials);

#endif
