/*
 * The little that netpush itself asks of OpenSSL; SSH's own use of it is
 * libssh2's. The only part of netpush that knows OpenSSL.
 */
#ifndef NETPUSH_DEVICE_CRYPTO_H
#define NETPUSH_DEVICE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#define CRYPTO_SHA1_BYTES 20

/* HMAC-SHA1 (RFC 2104) of DATA into OUT; false if the library refuses. */
bool crypto_hmac_sha1(const void *key, size_t key_len, const void *data,
    size_t len, unsigned char out[CRYPTO_SHA1_BYTES]);

/* SHA-256 of TEXT as 64 hexadecimal digits; false if the library refuses. */
#define CRYPTO_SHA256_TEXT_BYTES 65
bool crypto_sha256_text(
    const void *data, size_t len, char text[CRYPTO_SHA256_TEXT_BYTES]);

struct err;

/* MD5 of the file at PATH as 32 hexadecimal digits: what devices compute of
 * their images. -1 with ERR. */
#define CRYPTO_MD5_TEXT_BYTES 33
int crypto_md5_file(
    const char *path, char text[CRYPTO_MD5_TEXT_BYTES], struct err *err);

/* An Ed25519 key (RFC 8032) from its seed of 32 bytes; NULL if the library
 * refuses. */
struct crypto_key;
struct crypto_key *crypto_key_ed25519(const unsigned char *seed);
void crypto_key_free(struct crypto_key *key);

/* The signature's 64 bytes. 0, or -1 if the library refuses. */
int crypto_key_sign(const struct crypto_key *key, const void *data, size_t len,
    unsigned char *signature);

/*
 * Looks up every algorithm that SSH may come to use, once, in the process
 * that forks the workers. OpenSSL 3 keeps what it found, so a worker inherits
 * it and does not search the providers again. Makes no keys and no random
 * numbers: each worker seeds its own generator.
 */
void crypto_warm_up(void);

/* OpenSSL's version, for --version. */
const char *crypto_library_version(void);

#endif
