/* Host keys as JSON, and from there into known_hosts. */
#include "run/host_key.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "device/known_hosts.h"

#include <stdlib.h>

#define KEY_LIMIT_BYTES 65536

json_t *
host_key_put(const char *address, int port, const char *type, const void *key,
    size_t len)
{
	char *text = base64_put(key, len);
	json_t *note = json_pack("{s:s, s:i, s:s, s:s}", "address", address,
	    "port", port, "key_type", type, "key", text);
	free(text);
	return note;
}

/* How a key gets into the file: one of the two of device/known_hosts.h. */
typedef int write_fn(const char *path, const char *host, uint16_t port,
    const char *key_type, const void *key, size_t len, struct err *err);

static int
write_key(
    const json_t *note, const char *path, write_fn *write_it, struct err *err)
{
	const char *address = NULL, *type = NULL, *key = NULL;
	int port = 0, rc;
	struct buf blob;
	buf_init(&blob, KEY_LIMIT_BYTES);
	if (json_unpack((json_t *)note, "{s:s, s:i, s:s, s:s}", "address",
		&address, "port", &port, "key_type", &type, "key", &key) ||
	    !base64_get(key, &blob))
		rc = err_set(err, ERR_INTERNAL,
		    "a worker reported a host key that makes no sense");
	else
		rc = write_it(path, address, (uint16_t)port, type,
		    buf_str(&blob), blob.len, err);
	buf_clear(&blob);
	return rc;
}

int
host_key_append(const json_t *note, const char *path, struct err *err)
{
	return write_key(note, path, known_hosts_append, err);
}

int
host_key_replace(const json_t *note, const char *path, struct err *err)
{
	return write_key(note, path, known_hosts_replace, err);
}
