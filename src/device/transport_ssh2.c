/*
 * libssh2 behind the transport table. Every call is non-blocking: RETRY()
 * repeats it, with the same arguments (libssh2's rule after EAGAIN), each
 * time the socket is ready, until it is done, the deadline passes or the
 * parent calls off.
 */
#include "device/transport_ssh2.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "device/crypto.h"
#include "device/fault.h"
#include "device/jump.h"
#include "device/known_hosts.h"
#include "device/tcp.h"
#include "device/wait.h"
#include "model/profile.h"

#include <libssh2.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TERMINAL_TYPE	 "vt100"
#define TERMINAL_COLUMNS 511 /* no device wraps what is shorter */
#define TERMINAL_ROWS	 1000
#define METHODS_BYTES	 256
#define QUESTION_BYTES	 256 /* of what a device asks at the login */

struct ssh {
	struct transport transport;
	LIBSSH2_SESSION *session;
	LIBSSH2_CHANNEL *channel;
	LIBSSH2_AGENT *agent;
	int fd;
	struct jump jump; /* the client that carries it, or none */
	int cancel_fd;
	char *address;
	int port;
	/* For the keyboard-interactive callback, which gets only this. */
	const struct target *target;
	bool password_given;
	bool declined; /* it asked what gets no answer: `question` */
	bool wants_new_password;
	char question[QUESTION_BYTES];
	/* The methods that the last refusal named (see watch_packet). */
	bool watching;
	char methods[METHODS_BYTES];
};

/* What the device asked, fit to be shown: one line, no control characters. */
static void
keep_question(struct ssh *ssh, const char *text, size_t len)
{
	if (len >= QUESTION_BYTES)
		len = QUESTION_BYTES - 1;
	for (size_t i = 0; i < len; i++)
		ssh->question[i] = (unsigned char)text[i] < ' ' ||
			text[i] == 0x7f
		    ? ' '
		    : text[i];
	ssh->question[len] = '\0';
	str_trim(ssh->question);
}

#define USERAUTH_FAILURE	  51
#define USERAUTH_PASSWD_CHANGEREQ 60

/*
 * libssh2 keeps no note of which methods a refusal (SSH_MSG_USERAUTH_FAILURE,
 * RFC 4252 section 5.1: byte, name-list, boolean) says could go on, and its
 * own way to learn them costs a `none` login; nor of the words with which a
 * device asks for a new password (section 8: byte, string, string). But it
 * allocates through us: the packet passes here when it is freed. So a refusal
 * of `password` by a device that only knows keyboard-interactive is told apart
 * from a wrong password without a second attempt; and so is an expired one,
 * which libssh2 1.10 calls a wrong one, too.
 */
static void
watch_packet(struct ssh *ssh, const unsigned char *packet, size_t size)
{
	if (size < 6 || packet[1] || packet[2])
		return;
	const char *text = (const char *)packet + 5;
	size_t len = (size_t)packet[3] << 8 | packet[4];
	if (len + 5 > size)
		return;
	if (packet[0] == USERAUTH_PASSWD_CHANGEREQ && len) {
		keep_question(ssh, text, len);
		ssh->declined = ssh->wants_new_password = true;
	}
	if (packet[0] != USERAUTH_FAILURE || len >= METHODS_BYTES)
		return;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return;
	memcpy(ssh->methods, text, len);
	ssh->methods[len] = '\0';
}

/* Freed memory is wiped: it may have held the password's packet. */
static void
ssh_mem_free(void *ptr, void **abstract)
{
	struct ssh *ssh = *abstract;
	if (!ptr)
		return;
	size_t size = malloc_usable_size(ptr);
	if (ssh->watching)
		watch_packet(ssh, ptr, size);
	secret_wipe(ptr, size);
	free(ptr);
}

static void *
ssh_mem_alloc(size_t size, void **abstract)
{
	(void)abstract;
	return malloc(size);
}

static void *
ssh_mem_realloc(void *ptr, size_t size, void **abstract)
{
	if (!ptr)
		return malloc(size);
	void *moved = malloc(size);
	if (!moved)
		return NULL;
	size_t old = malloc_usable_size(ptr);
	memcpy(moved, ptr, old < size ? old : size);
	ssh_mem_free(ptr, abstract);
	return moved;
}

static short
ssh_events(const struct transport *transport)
{
	const struct ssh *ssh = (const struct ssh *)transport;
	int directions = libssh2_session_block_directions(ssh->session);
	short events = 0;
	if (directions & LIBSSH2_SESSION_BLOCK_INBOUND)
		events |= POLLIN;
	if (directions & LIBSSH2_SESSION_BLOCK_OUTBOUND)
		events |= POLLOUT;
	return events ? events : POLLIN;
}

/* Waits until the last call is worth repeating. -1 with ERR. */
static int
ssh_wait(struct ssh *ssh, int64_t deadline, const char *what, struct err *err)
{
	switch (wait_fd(
	    ssh->fd, ssh_events(&ssh->transport), deadline, ssh->cancel_fd)) {
	case WAIT_READY:
		return 0;
	case WAIT_CANCELLED:
		return err_set(
		    err, ERR_CANCELLED, "called off during %s", what);
	default:
		return err_set(err, ERR_TIMEOUT,
		    "%s port %d: no answer in "
		    "time during %s",
		    ssh->address, ssh->port, what);
	}
}

#define RETRY(rc, call, ssh, deadline, what, err)                              \
	while (((rc) = (call)) == LIBSSH2_ERROR_EAGAIN) {                      \
		if (ssh_wait(ssh, deadline, what, err))                        \
			break;                                                 \
	}

static const char *
ssh_message(struct ssh *ssh)
{
	char *text = NULL;
	libssh2_session_last_error(ssh->session, &text, NULL, 0);
	return text && *text ? text : "no reason given";
}

/* Fills ERR for a libssh2 failure; a timeout or cancel that ssh_wait already
 * reported (rc is still EAGAIN) stays as it is. */
static int
ssh_fail(struct ssh *ssh, int rc, enum err_kind kind, const char *what,
    struct err *err)
{
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return -1;
	if (rc == LIBSSH2_ERROR_SOCKET_DISCONNECT ||
	    rc == LIBSSH2_ERROR_SOCKET_RECV ||
	    rc == LIBSSH2_ERROR_SOCKET_SEND) {
		return err_set(err, ERR_CLOSED,
		    "%s port %d: the device closed the connection%s%s",
		    ssh->address, ssh->port, what ? " during " : "",
		    what ? what : "");
	}
	return err_set(err, kind, "%s port %d: %s failed: %s", ssh->address,
	    ssh->port, what ? what : "the session", ssh_message(ssh));
}

void
ssh_warm_up(void)
{
	/* If it fails here, it fails in the worker, too, and is told there. */
	(void)libssh2_init(0);
	crypto_warm_up();
}

const char *
ssh_library_version(void)
{
	return libssh2_version(0);
}

/* Host key algorithms by known_hosts: the known types first, so that a
 * device with several keys shows the one that can be compared. */
static void
prefer_known_types(struct ssh *ssh, const struct target *target)
{
	static const char *const all[] = { "ssh-ed25519", "ecdsa-sha2-nistp256",
		"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
		"ssh-dss" };
	struct strs known = { 0 };
	struct buf list;
	buf_init(&list, 512);
	known_hosts_types(
	    target->known_hosts, ssh->address, (uint16_t)ssh->port, &known);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
			bool is_known = strs_has(&known, all[i]);
			if (is_known == (pass == 0))
				buf_addf(
				    &list, "%s%s", list.len ? "," : "", all[i]);
		}
	}
	libssh2_session_method_pref(
	    ssh->session, LIBSSH2_METHOD_HOSTKEY, buf_str(&list));
	strs_clear(&known);
	buf_clear(&list);
}

static int
check_host_key(struct ssh *ssh, const struct target *target,
    const struct observer *observer, struct err *err)
{
	size_t len;
	int ignored;
	char type[KNOWN_TYPE_BYTES];
	const char *key = libssh2_session_hostkey(ssh->session, &len, &ignored);
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

static void
tell_weak_algorithms(struct ssh *ssh, const struct observer *observer)
{
	static const struct {
		int method;
		const char *what;
	} parts[] = { { LIBSSH2_METHOD_KEX, "key exchange" },
		{ LIBSSH2_METHOD_HOSTKEY, "host key" },
		{ LIBSSH2_METHOD_CRYPT_CS, "cipher" },
		{ LIBSSH2_METHOD_MAC_CS, "MAC" } };
	struct buf all, text;
	buf_init(&all, 1024);
	buf_init(&text, 1024);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *name = libssh2_session_methods(
		    ssh->session, parts[i].method);
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

static ssize_t ssh_read(struct transport *, char *, size_t, struct err *);
static ssize_t ssh_write(
    struct transport *, const char *, size_t, struct err *);
static int ssh_fd(const struct transport *);
static void ssh_transport_close(struct transport *, int64_t);

static const struct transport_ops ssh_ops = {
	.name = "ssh",
	.read = ssh_read,
	.write = ssh_write,
	.fd = ssh_fd,
	.events = ssh_events,
	.close = ssh_transport_close,
};

struct ssh *
ssh_connect(const struct target *target, const struct observer *observer,
    int64_t deadline, struct err *err)
{
	int rc = -1;
	struct ssh *ssh = xcalloc(1, sizeof(*ssh));
	ssh->transport.ops = &ssh_ops;
	ssh->address = xstrdup(target->device->address);
	ssh->port = target->device->port;
	ssh->cancel_fd = observer->cancel_fd;
	ssh->fd = target->device->proxy_jump
	    ? jump_connect(&ssh->jump, target->device->proxy_jump, ssh->address,
		  ssh->port, err)
	    : tcp_connect(
		  ssh->address, ssh->port, deadline, ssh->cancel_fd, err);
	if (ssh->fd < 0)
		goto out;
	ssh->session = libssh2_session_init_ex(
	    ssh_mem_alloc, ssh_mem_free, ssh_mem_realloc, ssh);
	if (!ssh->session) {
		err_set(err, ERR_INTERNAL, "libssh2 gave no session");
		goto out;
	}
	libssh2_session_set_blocking(ssh->session, 0);
	if (target->host_keys != HOST_KEYS_OFF)
		prefer_known_types(ssh, target);
	RETRY(rc, libssh2_session_handshake(ssh->session, ssh->fd), ssh,
	    deadline, "the SSH key exchange", err);
	if (rc) {
		ssh_fail(ssh, rc, ERR_CONNECT, "the SSH key exchange", err);
		jump_reason(&ssh->jump, err);
		goto out;
	}
	tell_weak_algorithms(ssh, observer);
	rc = check_host_key(ssh, target, observer, err);
out:
	if (rc) {
		ssh_close(ssh, deadline_in(0));
		ssh = NULL;
	}
	return ssh;
}

static bool
asks_new_password(const struct ssh *ssh, const char *text, size_t len)
{
	return profile_rules_match(
	    &ssh->target->device->profile->new_password, text, len);
}

/* A visible question can only be the user name's, the first hidden one is the
 * password's. A second (a token's code, say) is nothing that we know. */
static bool
may_answer(
    struct ssh *ssh, const LIBSSH2_USERAUTH_KBDINT_PROMPT *asked, bool given)
{
	const char *text = asked->text ? asked->text : "";
	size_t len = asked->text ? asked->length : 0;
	if (asks_new_password(ssh, text, len))
		ssh->wants_new_password = true;
	else if (asked->echo || (!given && ssh->target->credentials->password))
		return true;
	keep_question(ssh, text, len);
	return false;
}

/*
 * Answers what a keyboard-interactive round asks (RFC 4256), or nothing of it.
 * libssh2 knows no way not to answer, and an empty answer would be a wrong
 * one, or a new password: so the line is cut before it can leave.
 */
static void
answer_prompts(const char *name, int name_len, const char *instruction,
    int instruction_len, int count, const LIBSSH2_USERAUTH_KBDINT_PROMPT *asked,
    LIBSSH2_USERAUTH_KBDINT_RESPONSE *answers, void **abstract)
{
	struct ssh *ssh = *abstract;
	(void)name;
	(void)name_len;
	(void)instruction;
	(void)instruction_len;
	bool given = ssh->password_given;
	for (int i = 0; i < count && !ssh->declined; i++) {
		ssh->declined = !may_answer(ssh, &asked[i], given);
		given |= !asked[i].echo;
	}
	if (ssh->declined)
		shutdown(ssh->fd, SHUT_RDWR);
	for (int i = 0; i < count && !ssh->declined; i++) {
		const char *text = asked[i].echo
		    ? target_username(ssh->target)
		    : secret_reveal(ssh->target->credentials->password);
		/* libssh2 frees it with the session's allocator. */
		answers[i].text = strdup(text);
		answers[i].length = (unsigned)strlen(text);
	}
	ssh->password_given = given;
}

static int
login_interactive(
    struct ssh *ssh, const char *username, int64_t deadline, struct err *err)
{
	int rc;
	RETRY(rc,
	    libssh2_userauth_keyboard_interactive_ex(ssh->session, username,
		(unsigned)strlen(username), answer_prompts),
	    ssh, deadline, "the login (keyboard-interactive)", err);
	return rc;
}

static bool
methods_have(const struct ssh *ssh, const char *method)
{
	size_t len = strlen(method);
	for (const char *at = ssh->methods; *at;) {
		size_t n = strcspn(at, ",");
		if (n == len && memcmp(at, method, len) == 0)
			return true;
		at += n + (at[n] == ',');
	}
	return false;
}

static int
login_password(
    struct ssh *ssh, const char *username, int64_t deadline, struct err *err)
{
	const struct secret *password = ssh->target->credentials->password;
	int rc;
	ssh->watching = true;
	RETRY(rc,
	    libssh2_userauth_password_ex(ssh->session, username,
		(unsigned)strlen(username), secret_reveal(password),
		(unsigned)secret_len(password), NULL),
	    ssh, deadline, "the login (password)", err);
	ssh->watching = false;
	/* Not offered is not refused: nothing has been tried yet. */
	if (rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED && ssh->methods[0] &&
	    !methods_have(ssh, "password") &&
	    methods_have(ssh, "keyboard-interactive"))
		return login_interactive(ssh, username, deadline, err);
	return rc;
}

static int
login_key(
    struct ssh *ssh, const char *username, int64_t deadline, struct err *err)
{
	const struct credentials *credentials = ssh->target->credentials;
	const char *passphrase = credentials->passphrase
	    ? secret_reveal(credentials->passphrase)
	    : "";
	int rc;
	RETRY(rc,
	    libssh2_userauth_publickey_fromfile_ex(ssh->session, username,
		(unsigned)strlen(username), NULL, credentials->identity,
		passphrase),
	    ssh, deadline, "the login (private key)", err);
	return rc;
}

/* Offers the agent's keys one after the other; most devices allow three. */
#define AGENT_KEYS_MAX 3

static int
login_agent(
    struct ssh *ssh, const char *username, int64_t deadline, struct err *err)
{
	struct libssh2_agent_publickey *key = NULL;
	int rc = LIBSSH2_ERROR_AUTHENTICATION_FAILED;
	ssh->agent = libssh2_agent_init(ssh->session);
	if (!ssh->agent || libssh2_agent_connect(ssh->agent) ||
	    libssh2_agent_list_identities(ssh->agent)) {
		err_set(err, ERR_AUTH, "the ssh-agent gives no keys: %s",
		    ssh_message(ssh));
		return LIBSSH2_ERROR_EAGAIN; /* ERR is filled */
	}
	for (int i = 0; i < AGENT_KEYS_MAX; i++) {
		struct libssh2_agent_publickey *next;
		if (libssh2_agent_get_identity(ssh->agent, &next, key))
			break;
		key = next;
		RETRY(rc, libssh2_agent_userauth(ssh->agent, username, key),
		    ssh, deadline, "the login (ssh-agent)", err);
		if (rc != LIBSSH2_ERROR_AUTHENTICATION_FAILED)
			break;
	}
	return rc;
}

typedef int login_fn(struct ssh *, const char *, int64_t, struct err *);

static const struct {
	login_fn *login;
	const char *what;
} login_methods[] = {
	[CREDENTIALS_PASSWORD] = { login_password, "the password" },
	[CREDENTIALS_KEY] = { login_key, "the private key" },
	[CREDENTIALS_AGENT] = { login_agent, "the ssh-agent's keys" },
};

/* The device took the login for the beginning of something that is a
 * person's: a new password, a second secret. */
static int
fail_declined(struct ssh *ssh, const char *username, struct fault *fault)
{
	bool new_password = ssh->wants_new_password;
	fault_at(fault, 0, NULL, *ssh->question ? ssh->question : NULL);
	return err_set(&fault->err, ERR_AUTH,
	    "%s port %d: login as %s: the device asks for %s%s%s; nothing was "
	    "answered%s",
	    ssh->address, ssh->port, username,
	    new_password ? "a new password" : "a second secret",
	    *ssh->question ? ": " : "", ssh->question,
	    new_password ? ", the password must be changed by hand" : "");
}

int
ssh_login(struct ssh *ssh, const struct target *target, int64_t deadline,
    struct fault *fault)
{
	const struct credentials *credentials = target->credentials;
	const char *username = target_username(target);
	struct err *err = &fault->err;
	ssh->target = target;
	int rc = login_methods[credentials->method].login(
	    ssh, username, deadline, err);
	ssh->target = NULL;
	if (rc == 0 && libssh2_userauth_authenticated(ssh->session))
		return 0;
	if (rc == LIBSSH2_ERROR_PASSWORD_EXPIRED)
		ssh->declined = ssh->wants_new_password = true;
	if (ssh->declined)
		return fail_declined(ssh, username, fault);
	if (rc == LIBSSH2_ERROR_FILE ||
	    rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED ||
	    rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED ||
	    rc == LIBSSH2_ERROR_METHOD_NOT_SUPPORTED ||
	    rc == LIBSSH2_ERROR_PUBLICKEY_PROTOCOL ||
	    rc == LIBSSH2_ERROR_METHOD_NONE) {
		return err_set(err, ERR_AUTH,
		    "%s port %d: login as %s refused with %s%s%s", ssh->address,
		    ssh->port, username,
		    login_methods[credentials->method].what,
		    rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED ? "" : ": ",
		    rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED
			? ""
			: ssh_message(ssh));
	}
	return ssh_fail(ssh, rc, ERR_AUTH, "the login", err);
}

struct transport *
ssh_shell(struct ssh *ssh, int64_t deadline, struct err *err)
{
	int rc = LIBSSH2_ERROR_EAGAIN;
	for (;;) {
		ssh->channel = libssh2_channel_open_session(ssh->session);
		if (ssh->channel)
			break;
		rc = libssh2_session_last_errno(ssh->session);
		if (rc != LIBSSH2_ERROR_EAGAIN)
			goto fail;
		if (ssh_wait(ssh, deadline, "opening the session", err))
			goto fail;
	}
	RETRY(rc,
	    libssh2_channel_request_pty_ex(ssh->channel, TERMINAL_TYPE,
		(unsigned)strlen(TERMINAL_TYPE), NULL, 0, TERMINAL_COLUMNS,
		TERMINAL_ROWS, 0, 0),
	    ssh, deadline, "opening the session", err);
	if (rc)
		goto fail;
	RETRY(rc, libssh2_channel_shell(ssh->channel), ssh, deadline,
	    "opening the session", err);
	if (rc)
		goto fail;
	return &ssh->transport;
fail:
	ssh_fail(ssh, rc, ERR_CLOSED, "opening the session", err);
	return NULL;
}

static ssize_t
ssh_read(struct transport *transport, char *data, size_t len, struct err *err)
{
	struct ssh *ssh = (struct ssh *)transport;
	ssize_t n = libssh2_channel_read(ssh->channel, data, len);
	if (n > 0)
		return n;
	if (libssh2_channel_eof(ssh->channel))
		return 0;
	if (n == 0 || n == LIBSSH2_ERROR_EAGAIN)
		return TRANSPORT_AGAIN;
	return ssh_fail(ssh, (int)n, ERR_CLOSED, NULL, err);
}

static ssize_t
ssh_write(
    struct transport *transport, const char *data, size_t len, struct err *err)
{
	struct ssh *ssh = (struct ssh *)transport;
	ssize_t n = libssh2_channel_write(ssh->channel, data, len);
	if (n > 0)
		return n;
	if (n == 0 || n == LIBSSH2_ERROR_EAGAIN)
		return TRANSPORT_AGAIN;
	return ssh_fail(ssh, (int)n, ERR_CLOSED, NULL, err);
}

static int
ssh_fd(const struct transport *transport)
{
	return ((const struct ssh *)transport)->fd;
}

static void
ssh_transport_close(struct transport *transport, int64_t deadline)
{
	ssh_close((struct ssh *)transport, deadline);
}

static void
say_goodbye(struct ssh *ssh, int64_t deadline)
{
	struct err ignored;
	int rc;
	if (ssh->channel) {
		RETRY(rc, libssh2_channel_close(ssh->channel), ssh, deadline,
		    "closing", &ignored);
		(void)rc;
	}
	RETRY(rc, libssh2_session_disconnect(ssh->session, "done"), ssh,
	    deadline, "closing", &ignored);
	(void)rc;
}

void
ssh_close(struct ssh *ssh, int64_t deadline)
{
	if (!ssh)
		return;
	if (ssh->session) {
		/* Closing must not be called off half way. */
		ssh->cancel_fd = -1;
		say_goodbye(ssh, deadline);
		if (ssh->agent) {
			libssh2_agent_disconnect(ssh->agent);
			libssh2_agent_free(ssh->agent);
		}
		libssh2_session_set_blocking(ssh->session, 0);
		if (ssh->channel)
			libssh2_channel_free(ssh->channel);
		/* Refuses only while it still wants to send something. */
		for (int i = 0; i < 3; i++)
			if (libssh2_session_free(ssh->session) !=
			    LIBSSH2_ERROR_EAGAIN)
				break;
	}
	if (ssh->fd >= 0)
		close(ssh->fd);
	jump_end(&ssh->jump);
	free(ssh->address);
	free(ssh);
}
