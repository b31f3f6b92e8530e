/*
 * Logging in: password, keyboard-interactive, public key. Passwords are
 * compared and forgotten; the witness's log says only which method was tried.
 */
#include "auth.h"
#include "witness.h"
#include "words.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fdio.h"

#include <libssh/server.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_LIMIT (1u << 20)

static int
verdict(struct auth *auth, const char *method, const char *user, bool ok)
{
	struct device *device = auth->device;
	if (ok &&
	    (machine_refuses_login(device) ||
		faults_take(
		    &device->faults, FAULT_AUTH_REFUSE, WHEN_ANY, NULL, 0)))
		ok = false;
	witness_add("auth", device->name, auth->session,
	    json_pack("{s:s s:o s:b}", "method", method, "user",
		witness_text(user, strlen(user)), "ok", ok));
	if (ok) {
		device->counters.logins++;
		auth->done(auth, AUTH_ACCEPTED);
		return SSH_AUTH_SUCCESS;
	}
	device->counters.failed_logins++;
	auth->failures++;
	auth->done(auth,
	    auth->failures >= device->auth_tries ? AUTH_TOO_MANY
						 : AUTH_REFUSED);
	return SSH_AUTH_DENIED;
}

static bool
password_fits(const struct auth *auth, const char *user, const char *password)
{
	return password && str_eq(user, auth->device->username) &&
	    str_eq(password, auth->device->password);
}

static int
on_none(ssh_session ssh, const char *user, void *userdata)
{
	struct auth *auth = userdata;
	(void)ssh;
	auth->device->counters.auth_none++;
	witness_add("auth_none", auth->device->name, auth->session,
	    json_pack("{s:o}", "user", witness_text(user, strlen(user))));
	return SSH_AUTH_DENIED;
}

static int
on_password(
    ssh_session ssh, const char *user, const char *password, void *userdata)
{
	struct auth *auth = userdata;
	(void)ssh;
	return verdict(auth, "password", user,
	    (auth->device->auth & AUTH_PASSWORD) &&
		password_fits(auth, user, password));
}

/* One line of an authorized_keys file against a key. */
static bool
line_holds(const char *line, struct ssh_key_struct *key)
{
	struct words words;
	ssh_key known = NULL;
	words_init(&words, line);
	bool same = words.count >= 2 &&
	    ssh_pki_import_pubkey_base64(words.items[1].text,
		ssh_key_type_from_name(words.items[0].text),
		&known) == SSH_OK &&
	    ssh_key_cmp(known, key, SSH_KEY_CMP_PUBLIC) == 0;
	ssh_key_free(known);
	words_clear(&words);
	return same;
}

static bool
key_is_known(const struct auth *auth, struct ssh_key_struct *key)
{
	struct strs lines = { 0 };
	struct buf text;
	bool known = false;
	buf_init(&text, KEYS_LIMIT);
	if (auth->device->authorized_keys &&
	    file_read(auth->device->authorized_keys, &text, NULL) == 0)
		strs_add_lines(&lines, buf_str(&text));
	for (size_t i = 0; i < lines.count && !known; i++)
		known = line_holds(lines.items[i], key);
	strs_clear(&lines);
	buf_clear(&text);
	return known;
}

static int
on_key(ssh_session ssh, const char *user, struct ssh_key_struct *key,
    char state, void *userdata)
{
	struct auth *auth = userdata;
	(void)ssh;
	bool known = (auth->device->auth & AUTH_KEY) &&
	    str_eq(user, auth->device->username) && key_is_known(auth, key);
	/* Without a signature the client only asks whether to send one. */
	if (state == SSH_PUBLICKEY_STATE_NONE && known)
		return SSH_AUTH_SUCCESS;
	return verdict(auth, "publickey", user,
	    known && state == SSH_PUBLICKEY_STATE_VALID);
}

static int
on_keyboard(struct auth *auth, ssh_session ssh, ssh_message message)
{
	static const char *prompts[] = { "Password: ", "Again: " };
	unsigned count = (unsigned)auth->device->prompts;
	char echo[] = { 0, 0 };
	if (!(auth->device->auth & AUTH_KEYBOARD))
		return 1;
	if (!ssh_message_auth_kbdint_is_response(message)) {
		/* The answer will not say again who it is from. */
		free(auth->user);
		auth->user = xstrdup(ssh_message_auth_user(message));
		ssh_message_auth_interactive_request(
		    message, "", "", count, prompts, echo);
		return 0;
	}
	int answers = ssh_userauth_kbdint_getnanswers(ssh);
	const char *user = auth->user ? auth->user : "";
	bool good = answers == (int)count &&
	    str_eq(user, auth->device->username);
	for (unsigned i = 0; good && i < count; i++)
		good = password_fits(
		    auth, user, ssh_userauth_kbdint_getanswer(ssh, i));
	if (verdict(auth, "keyboard-interactive", user, good) !=
	    SSH_AUTH_SUCCESS)
		return 1;
	ssh_message_auth_reply_success(message, 0);
	return 0;
}

/* What the callbacks do not cover; 1 lets libssh refuse it. */
static int
on_message(ssh_session ssh, ssh_message message, void *userdata)
{
	if (ssh_message_type(message) == SSH_REQUEST_AUTH &&
	    ssh_message_subtype(message) == SSH_AUTH_METHOD_INTERACTIVE)
		return on_keyboard(userdata, ssh, message);
	return 1;
}

void
auth_init(struct auth *auth, struct device *device, unsigned session,
    ssh_session ssh, void (*done)(struct auth *auth, enum auth_outcome outcome))
{
	unsigned methods = 0;
	*auth = (struct auth){
		.device = device, .session = session, .done = done
	};
	if (device->auth & AUTH_PASSWORD)
		methods |= SSH_AUTH_METHOD_PASSWORD;
	if (device->auth & AUTH_KEYBOARD)
		methods |= SSH_AUTH_METHOD_INTERACTIVE;
	if (device->auth & AUTH_KEY)
		methods |= SSH_AUTH_METHOD_PUBLICKEY;
	ssh_set_auth_methods(ssh, (int)methods);
	ssh_set_message_callback(ssh, on_message, auth);
}

void
auth_clear(struct auth *auth)
{
	free(auth->user);
	auth->user = NULL;
}

struct ssh_server_callbacks_struct
auth_callbacks(struct auth *auth)
{
	return (struct ssh_server_callbacks_struct){
		.userdata = auth,
		.auth_none_function = on_none,
		.auth_password_function = on_password,
		.auth_pubkey_function = on_key,
	};
}
