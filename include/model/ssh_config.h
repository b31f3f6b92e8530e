/*
 * What ~/.ssh/config says of a host (ssh_config(5)), as far as netpush acts on
 * it: Host and Match (all, host, originalhost), Include, HostName, User, Port,
 * IdentityFile, IdentitiesOnly, ProxyJump, UserKnownHostsFile,
 * StrictHostKeyChecking, ConnectTimeout. Of each the first value counts;
 * IdentityFile may be given more than once. Other keywords are passed over,
 * as they are by ssh where it has no use for them; a ProxyCommand is told to
 * the caller, because a host behind one cannot be reached without it.
 */
#ifndef NETPUSH_MODEL_SSH_CONFIG_H
#define NETPUSH_MODEL_SSH_CONFIG_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct ssh_config;

/* Of one host; NULL and 0 where the file says nothing. */
struct ssh_settings {
	char *address; /* HostName; the host's own name without one */
	char *user;
	int port;
	struct strs identities;
	bool identities_only;
	char *proxy_jump; /* "none" is NULL */
	char *proxy_command;
	struct strs known_hosts;
	char *host_keys; /* StrictHostKeyChecking, in lower case */
	int64_t connect_ms;
};

/*
 * Reads PATH; a file that does not exist is an empty one. HOME is what "~" and
 * %d stand for, and where the files of an Include that is no path begin
 * (HOME/.ssh). NULL with ERR (kind job, file and line) for what is wrong.
 */
struct ssh_config *ssh_config_load(
    const char *path, const char *home, struct err *err);
void ssh_config_free(struct ssh_config *config);

/*
 * What holds for HOST, as it was given. USER and PORT (NULL, 0: none) were
 * given with it and stand for %r and %p. LOCAL_USER is who calls (%u). The
 * caller clears SETTINGS.
 */
void ssh_config_find(const struct ssh_config *config, const char *host,
    const char *user, int port, const char *local_user,
    struct ssh_settings *settings);
void ssh_settings_clear(struct ssh_settings *settings);

#endif
