/*
 * What a device shows of itself before anything secret is sent: its host key,
 * judged by known_hosts and the policy, and the algorithms it agreed to.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "device/known_hosts.h"
#include "device/target.h"

#include "ssh.h"

#include <string.h>

void
ssh_prefer_known_types(
    const struct ssh *ssh, const struct target *target, struct buf *list)
{
	static const char *const all[] = { "ssh-ed25519", "ecdsa-sha2-nistp256",
		"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
		"ssh-dss" };
	struct strs known = { 0 };
	known_hosts_types(
	    target->known_hosts, ssh->address, (uint16_t)ssh->port, &known);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
			bool is_known = strs_has(&known, all[i]);
			if (is_known == (pass == 0))
				buf_addf(
				    list, "%s%s", list->len ? "," : "", all[i]);
		}
	}
	strs_clear(&known);
}

int
ssh_judge_host_key(struct ssh *ssh, const struct target *target,
    const struct observer *observer, const char *key, size_t len,
    struct err *err)
{
	char type[KNOWN_TYPE_BYTES];
	if (!key || !known_hosts_key_type(key, len, type)) {
		return err_set(err, ERR_HOST_KEY,
		    "%s port %d: the device showed no usable host key",
		    ssh->address, ssh->port);
	}
	if (target->host_keys == HOST_KEYS_OFF)
		return 0;
	enum known_answer answer = known_hosts_check(target->known_hosts,
	    ssh->address, (uint16_t)ssh->port, type, key, len);
	if ((answer == KNOWN_CHANGED || answer == KNOWN_OTHER_TYPE) &&
	    observer->new_host_key &&
	    observer->new_host_key(
		observer->data, ssh->address, ssh->port, type, key, len))
		return 0;
	switch (answer) {
	case KNOWN_MATCH:
		return 0;
	case KNOWN_UNKNOWN:
		if (target->host_keys == HOST_KEYS_STRICT) {
			return err_set(err, ERR_HOST_KEY,
			    "%s port %d: host key (%s) is not in known_hosts "
			    "and the policy is strict; nothing was sent",
			    ssh->address, ssh->port, type);
		}
		observer->host_key(
		    observer->data, ssh->address, ssh->port, type, key, len);
		return 0;
	case KNOWN_REVOKED:
		return err_set(err, ERR_HOST_KEY,
		    "%s port %d: host key (%s) is marked as revoked; the "
		    "password was not sent",
		    ssh->address, ssh->port, type);
	case KNOWN_OTHER_TYPE:
		return err_set(err, ERR_HOST_KEY,
		    "%s port %d: only keys of another type than %s are known "
		    "for it; the password was not sent",
		    ssh->address, ssh->port, type);
	default:
		return err_set(err, ERR_HOST_KEY,
		    "%s port %d: HOST KEY HAS CHANGED (%s): a replaced device "
		    "or somebody in between; the password was not sent "
		    "(the known key is in %s)",
		    ssh->address, ssh->port, type,
		    known_hosts_path(target->known_hosts));
	}
}

/*
 * What old devices speak and nobody should any more (RFC 9142 for the key
 * exchange, RFC 8758 for arcfour, RFC 8332 for SHA-1 signatures). libssh2
 * offers all of it, behind the better ones; here it is at least said.
 */
static bool
is_weak(const char *name)
{
	static const char *const weak[] = { "-sha1", "ssh-rsa", "ssh-dss",
		"-cbc", "arcfour", "hmac-md5" };
	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		if (strstr(name, weak[i]))
			return true;
	return false;
}

void
ssh_tell_weak(const struct ssh_algorithm *parts, size_t count,
    const struct observer *observer)
{
	struct buf all, text;
	buf_init(&all, 1024);
	buf_init(&text, 1024);
	for (size_t i = 0; i < count; i++) {
		const char *name = parts[i].name;
		if (name)
			buf_addf(&all, "%s%s %s",
			    all.len ? ", " : "SSH: ", parts[i].what, name);
		if (name && is_weak(name))
			buf_addf(&text, "%s%s %s",
			    text.len ? ", " : "weak SSH algorithms: ",
			    parts[i].what, name);
	}
	if (text.len) {
		observer->log(observer->data, buf_str(&all));
		observer->warn(observer->data, buf_str(&text));
	}
	buf_clear(&all);
	buf_clear(&text);
}
