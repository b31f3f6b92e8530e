/*
 * A private key that the parent has read: its workers only sign with it.
 * libssh2 reads a key file anew for each login, through every decoder that
 * OpenSSL has, which costs as much as the rest of the login. Only the kind
 * that is common today: Ed25519 in OpenSSH's own format (PROTOCOL.key of
 * OpenSSH), not encrypted. For others the file's path remains.
 */
#ifndef NETPUSH_DEVICE_SSH_KEY_H
#define NETPUSH_DEVICE_SSH_KEY_H

#include <stddef.h>

struct ssh_key;

#define SSH_KEY_BLOB_BYTES	51 /* "ssh-ed25519" and the public key */
#define SSH_KEY_SIGNATURE_BYTES 64

/* The key in the text of a file, or NULL: another kind, or none at all. */
struct ssh_key *ssh_key_parse(const char *text, size_t len);
void ssh_key_free(struct ssh_key *key);

/* The public key as it is sent (RFC 8709, section 4). */
const unsigned char *ssh_key_blob(const struct ssh_key *key);

/* 0, or -1 if the library refuses. */
int ssh_key_sign(const struct ssh_key *key, const void *data, size_t len,
    unsigned char signature[SSH_KEY_SIGNATURE_BYTES]);

#endif
