/* Memory for secrets: its own locked pages, wiped at the end. */
#include "base/secret.h"

#include "base/alloc.h"
#include "base/die.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

struct secret {
	size_t len;
	size_t mapped;
	char *text;
};

struct secret *
secret_new(const char *text, size_t len)
{
	struct secret *secret = xcalloc(1, sizeof(*secret));
	secret->len = len;
	secret->mapped = len + 1;
	secret->text = mmap(NULL, secret->mapped, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (secret->text == MAP_FAILED)
		fatal("out of memory");
	/* Both may be refused (RLIMIT_MEMLOCK, old kernels): best effort. */
	(void)mlock(secret->text, secret->mapped);
	(void)madvise(secret->text, secret->mapped, MADV_DONTDUMP);
	if (len)
		memcpy(secret->text, text, len);
	return secret;
}

void
secret_free(struct secret *secret)
{
	if (!secret)
		return;
	secret_wipe(secret->text, secret->mapped);
	munmap(secret->text, secret->mapped);
	free(secret);
}

const char *
secret_reveal(const struct secret *secret)
{
	return secret->text;
}

size_t
secret_len(const struct secret *secret)
{
	return secret->len;
}

void
secret_wipe(void *data, size_t len)
{
	explicit_bzero(data, len);
}

void
secret_harden_process(void)
{
	struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
