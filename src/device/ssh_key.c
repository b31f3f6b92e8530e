/* OpenSSH's private key format, as far as it holds one plain Ed25519 key. */
#include "device/ssh_key.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/secret.h"
#include "base/str.h"
#include "device/crypto.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN		 "-----BEGIN OPENSSH PRIVATE KEY-----"
#define END		 "-----END OPENSSH PRIVATE KEY-----"
#define TEXT_LIMIT_BYTES 16384
#define PUBLIC_BYTES	 32
#define PRIVATE_BYTES	 64 /* the seed, then the public key again */

static const char magic[] = "openssh-key-v1"; /* with its NUL */
static const char kind[] = "ssh-ed25519";

struct ssh_key {
	unsigned char blob[SSH_KEY_BLOB_BYTES];
	struct crypto_key *signer;
};

/* What is left to read of a text of RFC 4251 strings. */
struct reader {
	const unsigned char *at;
	size_t left;
};

static bool
read_number(struct reader *reader, uint32_t *number)
{
	if (reader->left < 4)
		return false;
	const unsigned char *at = reader->at;
	*number = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	    (uint32_t)at[2] << 8 | at[3];
	reader->at += 4;
	reader->left -= 4;
	return true;
}

static bool
read_string(struct reader *reader, struct reader *string)
{
	uint32_t len;
	if (!read_number(reader, &len) || len > reader->left)
		return false;
	*string = (struct reader){ reader->at, len };
	reader->at += len;
	reader->left -= len;
	return true;
}

static bool
is(const struct reader *string, const char *text)
{
	return string->left == strlen(text) &&
	    memcmp(string->at, text, string->left) == 0;
}

/* The private part: two equal numbers, then the key. */
static bool
read_private(struct reader *all, struct reader *private)
{
	struct reader part, name, public;
	uint32_t a, b;
	return read_string(all, &part) && read_number(&part, &a) &&
	    read_number(&part, &b) && a == b && read_string(&part, &name) &&
	    is(&name, kind) && read_string(&part, &public) &&
	    public.left == PUBLIC_BYTES && read_string(&part, private) &&
	    private->left == PRIVATE_BYTES &&
	    memcmp(private->at + PRIVATE_BYTES - PUBLIC_BYTES, public.at,
		PUBLIC_BYTES) == 0;
}

static struct ssh_key *
read_key(struct reader all)
{
	struct reader cipher, kdf, options, blob, private;
	uint32_t count;
	if (all.left < sizeof(magic) ||
	    memcmp(all.at, magic, sizeof(magic)) != 0)
		return NULL;
	all.at += sizeof(magic);
	all.left -= sizeof(magic);
	if (!read_string(&all, &cipher) || !is(&cipher, "none") ||
	    !read_string(&all, &kdf) || !read_string(&all, &options) ||
	    !read_number(&all, &count) || count != 1 ||
	    !read_string(&all, &blob) || blob.left != SSH_KEY_BLOB_BYTES ||
	    !read_private(&all, &private))
		return NULL;
	struct ssh_key *key = xcalloc(1, sizeof(*key));
	memcpy(key->blob, blob.at, SSH_KEY_BLOB_BYTES);
	key->signer = crypto_key_ed25519(private.at);
	if (key->signer)
		return key;
	ssh_key_free(key);
	return NULL;
}

struct ssh_key *
ssh_key_parse(const char *text, size_t len)
{
	struct ssh_key *key = NULL;
	struct buf packed, bytes;
	const char *begin = memmem(text, len, BEGIN, strlen(BEGIN));
	const char *end = memmem(text, len, END, strlen(END));
	if (!begin || !end || end < begin || len > TEXT_LIMIT_BYTES)
		return NULL;
	/* Of a size from the start: nothing of it is left behind in memory
	 * that was given back. */
	buf_init(&packed, len + 1);
	buf_init(&bytes, len + 1);
	packed.data = xcalloc(1, len + 1);
	packed.cap = len + 1;
	bytes.data = xcalloc(1, len + 1);
	bytes.cap = len + 1;
	for (const char *at = begin + strlen(BEGIN); at < end; at++)
		if (*at != '\n' && *at != '\r')
			buf_addc(&packed, *at);
	if (base64_get(buf_str(&packed), &bytes))
		key = read_key((struct reader){
		    (const unsigned char *)bytes.data, bytes.len });
	secret_wipe(packed.data, packed.cap);
	secret_wipe(bytes.data, bytes.cap);
	buf_clear(&packed);
	buf_clear(&bytes);
	return key;
}

void
ssh_key_free(struct ssh_key *key)
{
	if (!key)
		return;
	crypto_key_free(key->signer);
	free(key);
}

const unsigned char *
ssh_key_blob(const struct ssh_key *key)
{
	return key->blob;
}

int
ssh_key_sign(const struct ssh_key *key, const void *data, size_t len,
    unsigned char signature[SSH_KEY_SIGNATURE_BYTES])
{
	return crypto_key_sign(key->signer, data, len, signature);
}
