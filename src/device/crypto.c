/*
 * What is asked of OpenSSL directly. It must not know of SSH or devices.
 */
#include "device/crypto.h"

#include "base/err.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

bool
crypto_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
    unsigned char out[CRYPTO_SHA1_BYTES])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;
	if (key_len > INT_MAX ||
	    !HMAC(EVP_sha1(), key, (int)key_len, data, len, digest,
		&digest_len) ||
	    digest_len != CRYPTO_SHA1_BYTES)
		return false;
	for (size_t i = 0; i < CRYPTO_SHA1_BYTES; i++)
		out[i] = digest[i];
	return true;
}

bool
crypto_sha256_text(
    const void *data, size_t len, char text[CRYPTO_SHA256_TEXT_BYTES])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;
	if (!EVP_Digest(data, len, digest, &digest_len, EVP_sha256(), NULL) ||
	    digest_len != CRYPTO_SHA256_TEXT_BYTES / 2)
		return false;
	for (unsigned i = 0; i < digest_len; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return true;
}

/* Feeds CONTEXT with all that FILE holds; false if one of them fails. */
static bool
digest_stream(EVP_MD_CTX *context, FILE *file)
{
	static unsigned char block[1u << 18];
	size_t n;
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		if (!EVP_DigestUpdate(context, block, n))
			return false;
	return !ferror(file);
}

int
crypto_md5_file(
    const char *path, char text[CRYPTO_MD5_TEXT_BYTES], struct err *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	int rc = -1;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	FILE *file = fopen(path, "re");
	if (!file) {
		err_sys(err, ERR_INTERNAL, errno, "%s cannot be read", path);
		goto out;
	}
	if (!context || !EVP_DigestInit_ex(context, EVP_md5(), NULL) ||
	    !digest_stream(context, file) ||
	    !EVP_DigestFinal_ex(context, digest, &len) ||
	    len != CRYPTO_MD5_TEXT_BYTES / 2) {
		err_set(err, ERR_INTERNAL,
		    "the MD5 of %s could not be computed", path);
		goto out;
	}
	for (unsigned i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	rc = 0;
out:
	if (file)
		fclose(file);
	EVP_MD_CTX_free(context);
	return rc;
}

#define ED25519_SEED_BYTES	32
#define ED25519_SIGNATURE_BYTES 64

/* crypto_key is OpenSSL's EVP_PKEY, by a name that others may know. */
struct crypto_key *
crypto_key_ed25519(const unsigned char *seed)
{
	return (struct crypto_key *)EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, seed, ED25519_SEED_BYTES);
}

void
crypto_key_free(struct crypto_key *key)
{
	EVP_PKEY_free((EVP_PKEY *)key);
}

int
crypto_key_sign(const struct crypto_key *key, const void *data, size_t len,
    unsigned char *signature)
{
	size_t size = ED25519_SIGNATURE_BYTES;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context &&
	    EVP_DigestSignInit(context, NULL, NULL, NULL, (EVP_PKEY *)key) ==
		1 &&
	    EVP_DigestSign(context, signature, &size, data, len) == 1 &&
	    size == ED25519_SIGNATURE_BYTES;
	EVP_MD_CTX_free(context);
	return good ? 0 : -1;
}

void
crypto_warm_up(void)
{
	static const char *const digests[] = { "MD5", "SHA1", "SHA2-256",
		"SHA2-384", "SHA2-512" };
	static const char *const ciphers[] = { "AES-128-CTR", "AES-192-CTR",
		"AES-256-CTR", "AES-128-CBC", "AES-192-CBC", "AES-256-CBC",
		"DES-EDE3-CBC" };
	static const char *const keys[] = { "X25519", "ED25519", "EC", "RSA",
		"DH" };
	static const char *const exchanges[] = { "X25519", "ECDH", "DH" };
	static const char *const signatures[] = { "ED25519", "ECDSA", "RSA" };
	static const char *const generators[] = { "CTR-DRBG", "SEED-SRC" };
	/* What the library does not have is found missing again when it is
	 * needed: here nothing can go wrong. */
#define LOOK_UP(list, type)                                                    \
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)            \
	EVP_##type##_free(EVP_##type##_fetch(NULL, list[i], NULL))
	LOOK_UP(digests, MD);
	LOOK_UP(ciphers, CIPHER);
	LOOK_UP(keys, KEYMGMT);
	LOOK_UP(exchanges, KEYEXCH);
	LOOK_UP(signatures, SIGNATURE);
	LOOK_UP(generators, RAND);
#undef LOOK_UP
	EVP_MAC_free(EVP_MAC_fetch(NULL, "HMAC", NULL));
}

const char *
crypto_library_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}
