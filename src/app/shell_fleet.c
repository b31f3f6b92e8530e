/*
 * From hosts to how each is reached: what ~/.ssh/config says, what was given
 * on the command line, and what there is to log in with. Files are read once,
 * however many hosts they are for.
 */
#include "shell_parts.h"

#include "app/login.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/secret.h"
#include "device/known_hosts.h"
#include "device/ssh_key.h"
#include "model/credentials.h"
#include "model/ssh_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KNOWN_HOSTS_LIMIT_BYTES (64u << 20)
#define KEY_LIMIT_BYTES		(1u << 20)
#define CONNECT_MS		10000
#define LOGIN_MS		30000

/* The known_hosts files of some hosts. */
struct trust {
	char *paths; /* all of them, as the key */
	char *first; /* the one that is written to */
	struct known_hosts *known;
};

/* One way to log in, or some in their order. */
struct way {
	char *key;
	const struct credentials **logins;
	size_t count;
};

struct shell_fleet {
	const struct shell_options *options;
	char *home;
	struct ssh_config *config;
	struct shell_host *hosts;
	struct ssh_settings *settings; /* a host's texts live here */
	size_t count;
	struct trust *trusts;
	size_t trust_count, trust_cap;
	struct way *ways;
	size_t way_count, way_cap;
	/* Every credential there is, by the path of its key. */
	struct credentials **credentials;
	size_t credentials_count, credentials_cap;
	struct credentials *given; /* by options or environment; or NULL */
	struct credentials agent;
	struct secret *passphrase;
};

struct ssh_config *
shell_config_load(const struct shell_options *options)
{
	struct err err;
	struct ssh_config *config = NULL;
	const char *given = options->ssh_config, *home = getenv("HOME");
	char *path = str_eq(given, "none") ? xstrdup("/dev/null")
	    : given			   ? xstrdup(given)
		    : xasprintf("%s/.ssh/config", home ? home : "");
	if (given && access(path, R_OK)) {
		log_error("%s: %s", path, strerror(errno));
	} else {
		config = ssh_config_load(path, home ? home : "", &err);
		if (!config)
			log_error("%s", err.text);
	}
	free(path);
	return config;
}

/* Are credentials named, so that nothing is to be looked for? */
static bool
is_given(const struct options *options)
{
	const char *password = getenv("NETPUSH_PASSWORD");
	struct secret *systemd = credentials_from_systemd("password");
	bool given = options->agent || options->identity ||
	    options->password_file || (password && *password) || systemd;
	secret_free(systemd);
	return given;
}

/* Read once for all workers, where that can be done; or NULL. */
static const struct ssh_key *
read_key(const char *path)
{
	struct buf text;
	struct err ignored;
	struct ssh_key *key = NULL;
	buf_init(&text, KEY_LIMIT_BYTES);
	if (file_read(path, &text, &ignored) == 0)
		key = ssh_key_parse(buf_str(&text), text.len);
	if (text.data)
		secret_wipe(text.data, text.len);
	buf_clear(&text);
	return key;
}

/* As for any other subcommand; but nobody is asked for a user name. */
static int
gather_given(struct shell_fleet *fleet)
{
	static const struct job no_job;
	struct options options = fleet->options->shared;
	char *name = xstrdup(login_name());
	if (!options.username)
		options.username = name;
	fleet->given = xcalloc(1, sizeof(*fleet->given));
	int rc = login_gather(fleet->given, &options, &no_job);
	if (rc == 0 && fleet->given->method == CREDENTIALS_KEY)
		fleet->given->key = read_key(fleet->given->identity);
	free(name);
	return rc;
}

/* The key at PATH, or NULL where it is of no use: not there, or encrypted and
 * nobody gave the passphrase. */
static const struct credentials *
find_key(struct shell_fleet *fleet, const char *path)
{
	bool encrypted;
	struct err ignored;
	for (size_t i = 0; i < fleet->credentials_count; i++)
		if (str_eq(fleet->credentials[i]->identity, path))
			return fleet->credentials[i];
	if (access(path, R_OK) ||
	    login_identity_is_encrypted(path, &encrypted, &ignored) ||
	    (encrypted && !fleet->passphrase))
		return NULL;
	struct credentials *key = xcalloc(1, sizeof(*key));
	key->method = CREDENTIALS_KEY;
	key->identity = xstrdup(path);
	key->username = xstrdup(login_name());
	key->key = read_key(path);
	if (encrypted)
		key->passphrase = secret_new(secret_reveal(fleet->passphrase),
		    secret_len(fleet->passphrase));
	GROW(fleet->credentials, fleet->credentials_count,
	    fleet->credentials_cap);
	fleet->credentials[fleet->credentials_count++] = key;
	return key;
}

static void
way_add(struct way *way, const struct credentials *login)
{
	way->logins = xrealloc(
	    way->logins, way->count + 1, sizeof(*way->logins));
	way->logins[way->count++] = login;
}

/* As ssh does: the agent's keys, then those of the files. */
static void
fill_way(struct shell_fleet *fleet, struct way *way,
    const struct strs *identities, bool identities_only)
{
	const char *agent = getenv("SSH_AUTH_SOCK");
	if (fleet->given) {
		way_add(way, fleet->given);
		return;
	}
	if (agent && *agent && !identities_only)
		way_add(way, &fleet->agent);
	for (size_t i = 0; i < identities->count; i++) {
		const struct credentials *key = find_key(
		    fleet, identities->items[i]);
		if (key)
			way_add(way, key);
	}
}

static const struct way *
find_way(struct shell_fleet *fleet, const struct strs *identities,
    bool identities_only)
{
	struct buf key;
	buf_init(&key, 1u << 16);
	buf_addc(&key, identities_only ? 'y' : 'n');
	for (size_t i = 0; i < identities->count; i++)
		buf_addf(&key, "\n%s", identities->items[i]);
	for (size_t i = 0; i < fleet->way_count; i++) {
		if (str_eq(fleet->ways[i].key, buf_str(&key))) {
			buf_clear(&key);
			return &fleet->ways[i];
		}
	}
	GROW(fleet->ways, fleet->way_count, fleet->way_cap);
	struct way *way = &fleet->ways[fleet->way_count++];
	*way = (struct way){ .key = buf_take(&key) };
	fill_way(fleet, way, identities, identities_only);
	return way;
}

static void
set_logins(struct shell_fleet *fleet, struct shell_host *host,
    const struct ssh_settings *settings)
{
	static const char *const names[] = { "id_ed25519", "id_ecdsa",
		"id_rsa" };
	struct strs usual = { 0 };
	const struct strs *identities = &settings->identities;
	for (size_t i = 0;
	     i < sizeof(names) / sizeof(names[0]) && !identities->count; i++)
		strs_take(
		    &usual, xasprintf("%s/.ssh/%s", fleet->home, names[i]));
	const struct way *way = find_way(fleet,
	    identities->count ? identities : &usual, settings->identities_only);
	host->logins = (const struct credentials *const *)way->logins;
	host->login_count = way->count;
	strs_clear(&usual);
}

/* The keys of all the files: one is read as it is, more as one text. */
static struct known_hosts *
load_known(const struct strs *paths, struct err *err)
{
	struct buf text;
	if (paths->count == 1)
		return known_hosts_load(paths->items[0], err);
	buf_init(&text, KNOWN_HOSTS_LIMIT_BYTES);
	struct known_hosts *known = NULL;
	for (size_t i = 0; i < paths->count; i++) {
		if (access(paths->items[i], F_OK))
			continue;
		if (file_read(paths->items[i], &text, err))
			goto out;
		buf_addc(&text, '\n');
	}
	known = known_hosts_parse(buf_str(&text), text.len);
out:
	buf_clear(&text);
	return known;
}

static int
set_trust(struct shell_fleet *fleet, struct shell_host *host,
    const struct ssh_settings *settings)
{
	const char *given = fleet->options->shared.known_hosts;
	struct strs paths = { 0 };
	struct buf key;
	struct err err;
	int rc = 0;
	buf_init(&key, 1u << 16);
	for (size_t i = 0; !given && i < settings->known_hosts.count; i++)
		strs_add(&paths, settings->known_hosts.items[i]);
	if (given)
		strs_add(&paths, given);
	else if (!paths.count)
		strs_take(
		    &paths, xasprintf("%s/.ssh/known_hosts", fleet->home));
	for (size_t i = 0; i < paths.count; i++)
		buf_addf(&key, "%s\n", paths.items[i]);
	struct trust *trust = NULL;
	for (size_t i = 0; i < fleet->trust_count && !trust; i++)
		if (str_eq(fleet->trusts[i].paths, buf_str(&key)))
			trust = &fleet->trusts[i];
	if (!trust) {
		struct known_hosts *known = load_known(&paths, &err);
		if (!known) {
			log_error("%s", err.text);
			rc = -1;
			goto out;
		}
		GROW(fleet->trusts, fleet->trust_count, fleet->trust_cap);
		trust = &fleet->trusts[fleet->trust_count++];
		*trust = (struct trust){ buf_take(&key),
			xstrdup(paths.items[0]), known };
	}
	host->known_hosts = trust->known;
	host->known_hosts_path = trust->first;
out:
	buf_clear(&key);
	strs_clear(&paths);
	return rc;
}

/* ssh's `ask` cannot be: nobody is asked while many hosts are at work. */
static enum host_keys_policy
policy_of(const struct options *options, const struct ssh_settings *settings)
{
	const char *word = settings->host_keys;
	if (options->has_host_keys || !word)
		return options->host_keys;
	if (str_eq(word, "yes"))
		return HOST_KEYS_STRICT;
	if (str_eq(word, "no") || str_eq(word, "off"))
		return HOST_KEYS_OFF;
	return HOST_KEYS_ACCEPT_NEW;
}

static const char *
first_of(const char *a, const char *b, const char *c, const char *d)
{
	if (a && *a)
		return a;
	if (b && *b)
		return b;
	return c && *c ? c : d;
}

static int
set_host(struct shell_fleet *fleet, struct shell_host *out,
    const struct host *host, struct ssh_settings *settings)
{
	const struct shell_options *options = fleet->options;
	const char *user = first_of(host->user, options->shared.username,
	    getenv("NETPUSH_USERNAME"), NULL);
	ssh_config_find(fleet->config, host->address, user, host->port,
	    login_name(), settings);
	*out = (struct shell_host){ .host = host };
	struct job_device *device = &out->device;
	device->hostname = host->name;
	device->address = settings->address;
	device->port = host->port ? host->port
	    : settings->port	  ? settings->port
				  : 22;
	device->username = (char *)first_of(
	    user, settings->user, login_name(), NULL);
	device->proxy_jump = settings->proxy_jump;
	device->timeouts = timeouts_built_in;
	device->timeouts.login_ms = LOGIN_MS;
	device->timeouts.connect_ms = options->connect_ms ? options->connect_ms
	    : settings->connect_ms			  ? settings->connect_ms
							  : CONNECT_MS;
	out->host_keys = policy_of(&options->shared, settings);
	if (settings->proxy_command && !settings->proxy_jump)
		out->refused = "its ssh_config has a ProxyCommand, which is "
			       "not supported (a ProxyJump is)";
	set_logins(fleet, out, settings);
	return set_trust(fleet, out, settings);
}

/* Where nothing was found to log in with, somebody may know a password. */
static int
ask_if_nothing(struct shell_fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++)
		if (fleet->hosts[i].login_count)
			return 0;
	if (gather_given(fleet))
		return -1;
	for (size_t i = 0; i < fleet->way_count; i++)
		way_add(&fleet->ways[i], fleet->given);
	for (size_t i = 0; i < fleet->count; i++)
		set_logins(fleet, &fleet->hosts[i], &fleet->settings[i]);
	return 0;
}

static int
fill(struct shell_fleet *fleet, const struct hosts *hosts)
{
	fleet->config = shell_config_load(fleet->options);
	if (!fleet->config)
		return -1;
	if (is_given(&fleet->options->shared) && gather_given(fleet))
		return -1;
	if (!fleet->given)
		fleet->passphrase = credentials_take_env("NETPUSH_PASSPHRASE");
	fleet->agent.method = CREDENTIALS_AGENT;
	fleet->agent.username = xstrdup(login_name());
	fleet->hosts = xcalloc(hosts->count, sizeof(*fleet->hosts));
	fleet->settings = xcalloc(hosts->count, sizeof(*fleet->settings));
	for (; fleet->count < hosts->count; fleet->count++)
		if (set_host(fleet, &fleet->hosts[fleet->count],
			&hosts->items[fleet->count],
			&fleet->settings[fleet->count])) {
			fleet->count++;
			return -1;
		}
	if (ask_if_nothing(fleet))
		return -1;
	for (size_t i = 0; i < fleet->count; i++)
		if (!fleet->hosts[i].login_count && !fleet->hosts[i].refused)
			fleet->hosts[i]
			    .refused = "there is no key to log in with";
	return 0;
}

struct shell_fleet *
shell_fleet_new(const struct shell_options *options, const struct hosts *hosts)
{
	const char *home = getenv("HOME");
	struct shell_fleet *fleet = xcalloc(1, sizeof(*fleet));
	fleet->options = options;
	fleet->home = xstrdup(home ? home : "");
	if (fill(fleet, hosts) == 0)
		return fleet;
	shell_fleet_free(fleet);
	return NULL;
}

const struct shell_host *
shell_fleet_hosts(const struct shell_fleet *fleet)
{
	return fleet->hosts;
}

void
shell_fleet_free(struct shell_fleet *fleet)
{
	if (!fleet)
		return;
	for (size_t i = 0; i < fleet->count; i++)
		ssh_settings_clear(&fleet->settings[i]);
	for (size_t i = 0; i < fleet->trust_count; i++) {
		free(fleet->trusts[i].paths);
		free(fleet->trusts[i].first);
		known_hosts_free(fleet->trusts[i].known);
	}
	for (size_t i = 0; i < fleet->way_count; i++) {
		free(fleet->ways[i].key);
		free(fleet->ways[i].logins);
	}
	for (size_t i = 0; i < fleet->credentials_count; i++) {
		ssh_key_free((struct ssh_key *)fleet->credentials[i]->key);
		credentials_clear(fleet->credentials[i]);
		free(fleet->credentials[i]);
	}
	if (fleet->given) {
		ssh_key_free((struct ssh_key *)fleet->given->key);
		credentials_clear(fleet->given);
	}
	free(fleet->given);
	credentials_clear(&fleet->agent);
	secret_free(fleet->passphrase);
	ssh_config_free(fleet->config);
	free(fleet->credentials);
	free(fleet->trusts);
	free(fleet->ways);
	free(fleet->hosts);
	free(fleet->settings);
	free(fleet->home);
	free(fleet);
}
