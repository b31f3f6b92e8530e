/* MD5 through libcrypto. */
#include "digest.h"

#include "base/alloc.h"
#include "base/die.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_BYTES 65536

struct digest {
	FILE *file;
	EVP_MD_CTX *context;
};

struct digest *
digest_new(const char *path)
{
	FILE *file = fopen(path, "rbe");
	if (!file)
		return NULL;
	struct digest *digest = xcalloc(1, sizeof(*digest));
	digest->file = file;
	digest->context = EVP_MD_CTX_new();
	if (!digest->context ||
	    EVP_DigestInit_ex(digest->context, EVP_md5(), NULL) != 1)
		fatal("libcrypto: no MD5");
	return digest;
}

void
digest_free(struct digest *digest)
{
	if (!digest)
		return;
	fclose(digest->file);
	EVP_MD_CTX_free(digest->context);
	free(digest);
}

bool
digest_step(struct digest *digest, size_t bytes, char hex[DIGEST_HEX])
{
	static unsigned char block[BLOCK_BYTES];
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	size_t got;
	for (; bytes; bytes -= got) {
		size_t want = bytes < sizeof(block) ? bytes : sizeof(block);
		got = fread(block, 1, want, digest->file);
		EVP_DigestUpdate(digest->context, block, got);
		if (got < want)
			break;
	}
	if (bytes)
		EVP_DigestFinal_ex(digest->context, sum, &len);
	for (unsigned i = 0; i < len; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", sum[i]);
	return bytes == 0;
}
