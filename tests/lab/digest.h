/* The MD5 of a file, computed bit by bit: files are large, the lab is one
 * process. The only place that knows libcrypto. */
#ifndef LAB_DIGEST_H
#define LAB_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_HEX 33

struct digest;
struct digest *digest_new(const char *path); /* NULL: no such file */
void digest_free(struct digest *digest);

/* Reads on; false at the end of the file, then HEX is what it is. */
bool digest_step(struct digest *digest, size_t bytes, char hex[DIGEST_HEX]);

#endif
