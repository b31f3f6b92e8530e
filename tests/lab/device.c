/*
 * Makes devices from the configuration file, and tells about their state. It
 * must not know of sockets or sessions.
 */
#include "cli.h"
#include "junos.h"
#include "nxos_change.h"

#include "base/alloc.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

#define CONFIG_LIMIT (4u << 20)

static const struct device_watcher *watcher;

void
device_watch(const struct device_watcher *who)
{
	watcher = who;
}

void
device_changed(struct device *device, unsigned session, const char *line)
{
	if (device->keeps_history)
		history_note(&device->history, device, session, line);
	if (watcher)
		watcher->changed(device);
}

void
device_say(struct device *device, bool log, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = xvasprintf(fmt, ap);
	va_end(ap);
	if (watcher)
		watcher->say(device, text, log);
	free(text);
}

void
device_cut(struct device *device, const char *reason)
{
	if (watcher)
		watcher->cut(device, reason);
}

void
device_expire(struct device *device)
{
	undo_expire(&device->revert);
	undo_expire(&device->reload_in);
	undo_expire(&device->confirm);
}

void
device_power(struct device *device, bool up)
{
	if (watcher)
		watcher->power(device, up);
}

/* What a power failure takes: pending changes, sessions, checkpoints. */
static void
forget(struct device *device)
{
	undo_disarm(&device->revert);
	undo_disarm(&device->reload_in);
	undo_disarm(&device->confirm);
	nxos_changes_free(device->nxos);
	device->nxos = NULL;
	junos_free(device->junos);
	device->junos = NULL;
}

void
device_free(struct device *device)
{
	if (!device)
		return;
	forget(device);
	machine_clear(&device->machine);
	history_clear(&device->history);
	config_clear(&device->running);
	faults_clear(&device->faults);
	json_decref(device->first_faults);
	free(device->name);
	free(device->address);
	free(device->username);
	free(device->password);
	free(device->enable);
	free(device->banner);
	free(device->authorized_keys);
	free(device->terminal);
	free(device->client);
	free(device->above_prompt);
	free(device->way);
	free(device->kex);
	free(device->ciphers);
	free(device->macs);
	free(device->host_key_type);
	free(device->startup);
	free(device->first_config);
	free(device);
}

void
device_print(const struct device *device, struct buf *out)
{
	device->platform->print_config(device, out);
}

void
device_save(struct device *device)
{
	struct buf text;
	buf_init(&text, CONFIG_LIMIT);
	device_print(device, &text);
	free(device->startup);
	device->startup = buf_take(&text);
	device->counters.saves++;
}

bool
device_is_saved(const struct device *device)
{
	struct buf text;
	buf_init(&text, CONFIG_LIMIT);
	device_print(device, &text);
	bool saved = str_eq(buf_str(&text), device->startup);
	buf_clear(&text);
	return saved;
}

unsigned
device_serial(const struct device *device)
{
	unsigned number = 0;
	for (const char *at = device->address; *at; at++)
		number = number * 31 + (unsigned char)*at;
	return number % 10000;
}

static int
start_from(struct device *device, const char *text, struct err *err)
{
	char *copy = xstrdup(text);
	config_clear(&device->running);
	config_init(&device->running, device->name);
	int rc = cli_load(device, copy, err);
	free(copy);
	return rc;
}

int
device_reload(struct device *device, struct err *err)
{
	forget(device);
	if (start_from(device, device->startup, err))
		return -1;
	device_changed(device, 0, "reload");
	return 0;
}

int
device_reset(struct device *device, struct err *err)
{
	struct counters now = device->counters;
	forget(device);
	machine_reset(device);
	if (start_from(device, device->first_config, err) ||
	    faults_load(&device->faults, device->first_faults, err))
		return -1;
	device_save(device);
	device->counters = (struct counters){
		.connections_now = now.connections_now,
		.sessions_now = now.sessions_now,
		.sessions_max = now.sessions_now,
	};
	if (device->keeps_history)
		history_start(&device->history, device);
	if (watcher)
		watcher->changed(device);
	return 0;
}

/* What an object may say of a device. */
struct wishes {
	const char *hostname, *type, *username, *password, *enable, *mode,
	    *startup, *banner, *keys, *terminal, *kex, *ciphers, *macs,
	    *host_key_type, *client, *way, *lockout, *empty, *logs, *above;
	json_t *auth, *faults;
	json_int_t latency_ms, auth_tries, line_limit, tech_mb, prompts,
	    minute_ms;
	int own_host_key, exec, prompt_cut, numbers, matches, missing,
	    vty_spares, no_archive, rollback_cuts, history;
	struct machine_wishes machine;
};

static int
unpack(const json_t *object, struct wishes *w, struct err *err)
{
	json_error_t error;
	if (json_unpack_ex((json_t *)(uintptr_t)object, &error, JSON_STRICT,
		"{s?s s?s s?s s?s s?s s?s s?s s?s s?s s?o s?o s?I s?I s?I s?I"
		" s?b s?b s?b s?b s?b s?b s?o s?s s?s s?s s?s s?s s?I"
		" s?s s?s s?s s?s s?s s?b s?b s?b s?b s?I s?s"
		" s?s s?s s?s s?I s?I s?I s?I s?I s?b s?b}",
		"hostname", &w->hostname, "type", &w->type, "username",
		&w->username, "password", &w->password, "enable", &w->enable,
		"login_mode", &w->mode, "startup", &w->startup, "banner",
		&w->banner, "authorized_keys", &w->keys, "auth", &w->auth,
		"faults", &w->faults, "latency_ms", &w->latency_ms,
		"auth_tries", &w->auth_tries, "line_limit", &w->line_limit,
		"tech_mb", &w->tech_mb, "own_host_key", &w->own_host_key,
		"exec", &w->exec, "prompt_cut", &w->prompt_cut,
		"numbers_in_config", &w->numbers, "matches", &w->matches,
		"missing_acl_error", &w->missing, "devices",
		&(json_t *){ NULL }, "terminal", &w->terminal, "kex", &w->kex,
		"ciphers", &w->ciphers, "macs", &w->macs, "host_key_type",
		&w->host_key_type, "prompts", &w->prompts, "client", &w->client,
		"way", &w->way, "lockout", &w->lockout, "empty_acl", &w->empty,
		"logs", &w->logs, "vty_spares_open", &w->vty_spares,
		"no_archive", &w->no_archive, "rollback_cuts",
		&w->rollback_cuts, "acl_history", &w->history, "minute_ms",
		&w->minute_ms, "above_prompt", &w->above, "version",
		&w->machine.version, "image", &w->machine.image, "down",
		&w->machine.down, "down_ms", &w->machine.down_ms, "flash_bytes",
		&w->machine.flash_bytes, "members", &w->machine.members,
		"verify_ms", &w->machine.verify_ms, "copy_rate",
		&w->machine.copy_rate, "install_mode", &w->machine.install_mode,
		"dir_kbytes", &w->machine.dir_kbytes))
		return err_set(err, ERR_JOB, "device: %s", error.text);
	return 0;
}

static int
auth_mask(const json_t *list, unsigned *mask, struct err *err)
{
	size_t i;
	const json_t *item;
	*mask = list ? 0 : AUTH_PASSWORD | AUTH_KEYBOARD;
	json_array_foreach(list, i, item)
	{
		const char *name = json_string_value(item);
		if (str_eq(name, "password"))
			*mask |= AUTH_PASSWORD;
		else if (str_eq(name, "keyboard-interactive"))
			*mask |= AUTH_KEYBOARD;
		else if (str_eq(name, "publickey"))
			*mask |= AUTH_KEY;
		else
			return err_set(err, ERR_JOB, "unknown auth method");
	}
	return 0;
}

/* Which of WORDS (ends in NULL) is WORD; the first when it is NULL. */
static int
choose(const char *key, const char *word, const char *const words[],
    struct err *err)
{
	int i = 0;
	while (word && words[i] && !str_eq(word, words[i]))
		i++;
	if (words[i])
		return i;
	return err_set(err, ERR_JOB, "%s: unknown \"%s\"", key, word);
}

/* Who may come in, and changes that take themselves back. */
static int
make_guard(struct device *device, const struct wishes *w, struct err *err)
{
	static const char *const lockouts[] = { "reset", "close", "silence",
		NULL };
	static const char *const empties[] = { "platform", "permit", "deny",
		NULL };
	static const char *const logs[] = { "monitor", "always", NULL };
	int lockout = choose("lockout", w->lockout, lockouts, err);
	int empty = choose("empty_acl", w->empty, empties, err);
	int shown = choose("logs", w->logs, logs, err);
	if (lockout < 0 || empty < 0 || shown < 0)
		return -1;
	device->lockout = (enum lockout)lockout;
	device->empty_permits = empty ? empty == 1
				      : device->platform->empty_permits;
	device->logs_always = shown == 1;
	device->client = xstrdup(w->client);
	device->above_prompt = xstrdup(w->above);
	device->way = xstrdup(w->way ? w->way : device->platform->way);
	device->vty_spares = w->vty_spares;
	device->no_archive = w->no_archive;
	device->rollback_cuts = w->rollback_cuts;
	device->keeps_history = w->history;
	device->minute_ms = w->minute_ms > 0 ? w->minute_ms : 60000;
	return 0;
}

static struct device *
device_make(const struct wishes *w, const char *address, struct err *err)
{
	struct device *device = xcalloc(1, sizeof(*device));
	device->platform = platform_find(w->type);
	device->name = xstrdup(w->hostname);
	device->address = xstrdup(address);
	device->username = xstrdup(w->username);
	device->password = xstrdup(w->password);
	device->enable = xstrdup(w->enable);
	device->banner = xstrdup(w->banner);
	device->authorized_keys = xstrdup(w->keys);
	device->terminal = xstrdup(w->terminal);
	device->kex = xstrdup(w->kex);
	device->ciphers = xstrdup(w->ciphers);
	device->macs = xstrdup(w->macs);
	device->host_key_type = xstrdup(w->host_key_type);
	device->prompts = w->prompts;
	device->startup = xstrdup("");
	device->first_config = xstrdup(w->startup);
	device->latency_ms = w->latency_ms;
	device->auth_tries = w->auth_tries;
	device->tech_mb = w->tech_mb;
	device->user_mode = str_eq(w->mode, "user");
	device->own_host_key = w->own_host_key;
	device->exec = w->exec;
	device->prompt_cut = w->prompt_cut;
	device->numbers = w->numbers;
	device->matches = w->matches;
	device->missing_acl_error = w->missing;
	device->first_faults = json_incref(w->faults);
	config_init(&device->running, w->hostname);
	if (!device->platform) {
		err_set(err, ERR_JOB, "unknown device type \"%s\"", w->type);
		goto fail;
	}
	device->line_limit = w->line_limit ? w->line_limit
					   : device->platform->line_limit;
	if (auth_mask(w->auth, &device->auth, err) ||
	    make_guard(device, w, err) ||
	    machine_init(device, &w->machine, err) || device_reset(device, err))
		goto fail;
	device->counters.saves = 0;
	return device;
fail:
	device_free(device);
	return NULL;
}

struct device *
device_new(const json_t *object, const json_t *defaults, const char *address,
    struct err *err)
{
	struct wishes wishes = { .type = "cisco_ios",
		.username = "neteng",
		.password = "lab-secret",
		.enable = "lab-enable",
		.mode = "exec",
		.startup = "",
		.prompts = 1,
		.auth_tries = 3 };
	if (defaults && unpack(defaults, &wishes, err))
		return NULL;
	if (unpack(object, &wishes, err))
		return NULL;
	if (!wishes.hostname) {
		err_set(err, ERR_JOB, "a device has no hostname");
		return NULL;
	}
	struct device *device = device_make(&wishes, address, err);
	if (!device)
		err_prefix(err, "%s", wishes.hostname);
	return device;
}

json_t *
device_stats(const struct device *device)
{
	const struct counters *c = &device->counters;
	return json_pack("{s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I "
			 "s:I s:I}",
	    "connections", (json_int_t)c->connections, "connections_now",
	    (json_int_t)c->connections_now, "logins", (json_int_t)c->logins,
	    "failed_logins", (json_int_t)c->failed_logins, "auth_none",
	    (json_int_t)c->auth_none, "sessions_now",
	    (json_int_t)c->sessions_now, "sessions_max",
	    (json_int_t)c->sessions_max, "turns", (json_int_t)c->turns, "lines",
	    (json_int_t)c->lines, "config_lines", (json_int_t)c->config_lines,
	    "refused", (json_int_t)c->refused, "saves", (json_int_t)c->saves,
	    "clean_exits", (json_int_t)c->clean_exits, "disconnects",
	    (json_int_t)c->disconnects);
}

/* TEXT as a JSON string, whatever bytes it holds. */
static json_t *
safe_string(const char *text)
{
	struct buf clean;
	buf_init(&clean, CONFIG_LIMIT);
	str_add_utf8(&clean, text, strlen(text));
	json_t *string = json_string(buf_str(&clean));
	buf_clear(&clean);
	return string;
}

static json_t *
acl_state(const struct acl *acl)
{
	json_t *entries = json_array();
	for (size_t i = 0; i < acl->count; i++) {
		const struct acl_entry *entry = &acl->entries[i];
		const char *key = entry->remark ? "remark" : "text";
		const char *text = entry->text;
		if (entry->remark)
			text += strlen("remark ");
		json_array_append_new(entries,
		    json_pack("{s:I s:o}", "sequence",
			(json_int_t)entry->sequence, key, safe_string(text)));
	}
	return json_pack(
	    "{s:s s:o}", "type", acl_kind_name(acl->kind), "entries", entries);
}

json_t *
device_state(const struct device *device)
{
	struct buf running;
	json_t *acls = json_object();
	buf_init(&running, CONFIG_LIMIT);
	device_print(device, &running);
	for (size_t i = 0; i < device->running.acl_count; i++)
		json_object_set_new(acls, device->running.acls[i]->name,
		    acl_state(device->running.acls[i]));
	json_t *state = json_pack("{s:s s:s s:s s:o s:o s:o}", "device",
	    device->name, "hostname", device->running.hostname, "type",
	    device->platform->device_type, "running",
	    safe_string(buf_str(&running)), "startup",
	    safe_string(device->startup), "acls", acls);
	machine_state(device, state);
	buf_clear(&running);
	return state;
}
