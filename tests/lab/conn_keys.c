/* Host keys, and what a device offers in the key exchange. */
#include "conn_keys.h"

#include "device.h"

#include "base/alloc.h"
#include "base/die.h"

#include <libssh/libssh.h>
#include <libssh/server.h>
#include <stdlib.h>
#include <string.h>

#define KEX                                                                    \
	"curve25519-sha256,curve25519-sha256@libssh.org,"                      \
	"ecdh-sha2-nistp256"

struct conn_keys {
	ssh_bind bind;
	const char *type;
	char *public;
};

static void
offer(ssh_bind bind, enum ssh_bind_options_e what, const char *algorithms)
{
	if (algorithms &&
	    ssh_bind_options_set(bind, what, algorithms) != SSH_OK)
		fatal("libssh: cannot offer %s", algorithms);
}

/* What DEVICE (NULL: any) offers in the key exchange. */
static void
offer_algorithms(ssh_bind bind, const struct device *device)
{
	offer(bind, SSH_BIND_OPTIONS_KEY_EXCHANGE,
	    device && device->kex ? device->kex : KEX);
	if (!device)
		return;
	offer(bind, SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, device->host_key_type);
	offer(bind, SSH_BIND_OPTIONS_CIPHERS_C_S, device->ciphers);
	offer(bind, SSH_BIND_OPTIONS_CIPHERS_S_C, device->ciphers);
	offer(bind, SSH_BIND_OPTIONS_HMAC_C_S, device->macs);
	offer(bind, SSH_BIND_OPTIONS_HMAC_S_C, device->macs);
}

struct conn_keys *
conn_keys_new(const struct device *device)
{
	struct conn_keys *keys = xcalloc(1, sizeof(*keys));
	ssh_key key = NULL;
	bool no = false;
	bool rsa = device && device->host_key_type &&
	    strstr(device->host_key_type, "rsa");
	keys->bind = ssh_bind_new();
	keys->type = rsa ? "ssh-rsa" : "ssh-ed25519";
	if (!keys->bind ||
	    ssh_pki_generate(rsa ? SSH_KEYTYPE_RSA : SSH_KEYTYPE_ED25519,
		rsa ? 2048 : 0, &key) != SSH_OK ||
	    ssh_pki_export_pubkey_base64(key, &keys->public) != SSH_OK)
		fatal("libssh: cannot make a host key");
	ssh_bind_options_set(keys->bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no);
	offer_algorithms(keys->bind, device);
	/* The bind owns the key from here on. */
	ssh_bind_options_set(keys->bind, SSH_BIND_OPTIONS_IMPORT_KEY, key);
	ssh_bind_options_set(keys->bind, SSH_BIND_OPTIONS_BANNER, "Cisco-1.25");
	return keys;
}

void
conn_keys_free(struct conn_keys *keys)
{
	if (!keys)
		return;
	ssh_bind_free(keys->bind);
	ssh_string_free_char(keys->public);
	free(keys);
}

const char *
conn_keys_public(const struct conn_keys *keys)
{
	return keys->public;
}

const char *
conn_keys_type(const struct conn_keys *keys)
{
	return keys->type;
}

bool
conn_keys_accept(
    const struct conn_keys *keys, struct ssh_session_struct *ssh, int fd)
{
	return ssh_bind_accept_fd(keys->bind, ssh, fd) == SSH_OK;
}
