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
#include "device/crypto.h"
#include "device/fault.h"
#include "device/ssh_key.h"
#include "device/tcp.h"
#include "device/wait.h"
#include "model/profile.h"

#include "ssh.h"

#include <errno.h>
#include <libssh2.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TERMINAL_TYPE	 "vt100"
#define TERMINAL_COLUMNS 511 /* no device wraps what is shorter */
#define TERMINAL_ROWS	 1000
static short
ssh_events(const struct transport *transport)
{
	return ssh_wire_events(&((const struct ssh *)transport)->wire);
}

/* Waits until the last call is worth repeating. -1 with ERR. */
static int
ssh_wait(struct ssh *ssh, int64_t deadline, const char *what, struct err *err)
{
	switch (wait_fd(ssh->wire.fd, ssh_wire_events(&ssh->wire), deadline,
	    ssh->cancel_fd)) {
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

static void
tell_weak_algorithms(struct ssh *ssh, const struct observer *observer)
{
	static const struct {
		int method;
		const char *what;
	} kinds[] = { { LIBSSH2_METHOD_KEX, "key exchange" },
		{ LIBSSH2_METHOD_HOSTKEY, "host key" },
		{ LIBSSH2_METHOD_CRYPT_CS, "cipher" },
		{ LIBSSH2_METHOD_MAC_CS, "MAC" } };
	enum { COUNT = sizeof(kinds) / sizeof(kinds[0]) };
	struct ssh_algorithm parts[COUNT];
	for (size_t i = 0; i < COUNT; i++)
		parts[i] = (struct ssh_algorithm){ kinds[i].what,
			libssh2_session_methods(
			    ssh->session, kinds[i].method) };
	ssh_tell_weak(parts, COUNT, observer);
}

static int
check_host_key(struct ssh *ssh, const struct target *target,
    const struct observer *observer, struct err *err)
{
	size_t len = 0;
	int ignored;
	const char *key = libssh2_session_hostkey(ssh->session, &len, &ignored);
	return ssh_judge_host_key(ssh, target, observer, key, len, err);
}

static void
prefer_known_types(struct ssh *ssh, const struct target *target)
{
	struct buf list;
	buf_init(&list, 512);
	ssh_prefer_known_types(ssh, target, &list);
	libssh2_session_method_pref(
	    ssh->session, LIBSSH2_METHOD_HOSTKEY, buf_str(&list));
	buf_clear(&list);
}

/* What libssh2 calls to send and to receive, see ssh_wire.h: its own socket
 * or the one of the ssh-agent. */
static ssize_t
on_send(libssh2_socket_t fd, const void *data, size_t len, int flags,
    void **abstract)
{
	struct ssh *ssh = *abstract;
	if (fd == ssh->wire.fd)
		return ssh_wire_send(&ssh->wire, data, len, flags);
	ssize_t n = send(fd, data, len, flags);
	return n < 0 ? -errno : n;
}

static ssize_t
on_receive(
    libssh2_socket_t fd, void *data, size_t len, int flags, void **abstract)
{
	struct ssh *ssh = *abstract;
	if (fd == ssh->wire.fd)
		return ssh_wire_recv(&ssh->wire, data, len, flags);
	ssize_t n = recv(fd, data, len, flags);
	return n < 0 ? -errno : n;
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
	int fd = target->device->proxy_jump
	    ? jump_connect(&ssh->jump, target->device->proxy_jump, ssh->address,
		  ssh->port, err)
	    : tcp_connect(
		  ssh->address, ssh->port, deadline, ssh->cancel_fd, err);
	ssh_wire_init(&ssh->wire, fd);
	if (fd < 0)
		goto out;
	ssh->session = libssh2_session_init_ex(
	    ssh_mem_alloc, ssh_mem_free, ssh_mem_realloc, ssh);
	if (!ssh->session) {
		err_set(err, ERR_INTERNAL, "libssh2 gave no session");
		goto out;
	}
	libssh2_session_set_blocking(ssh->session, 0);
	libssh2_session_callback_set(
	    ssh->session, LIBSSH2_CALLBACK_SEND, (void *)on_send);
	libssh2_session_callback_set(
	    ssh->session, LIBSSH2_CALLBACK_RECV, (void *)on_receive);
	if (target->host_keys != HOST_KEYS_OFF)
		prefer_known_types(ssh, target);
	RETRY(rc, libssh2_session_handshake(ssh->session, fd), ssh, deadline,
	    "the SSH key exchange", err);
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
	ssh_keep_question(ssh, text, len);
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
		shutdown(ssh->wire.fd, SHUT_RDWR);
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
	    !ssh_methods_have(ssh, "password") &&
	    ssh_methods_have(ssh, "keyboard-interactive"))
		return login_interactive(ssh, username, deadline, err);
	return rc;
}

/* libssh2 frees what is put into *SIGNATURE with the session's allocator. */
static int
sign(LIBSSH2_SESSION *session, unsigned char **signature, size_t *len,
    const unsigned char *data, size_t data_len, void **abstract)
{
	const struct ssh_key *key = *abstract;
	(void)session;
	*signature = malloc(SSH_KEY_SIGNATURE_BYTES);
	*len = SSH_KEY_SIGNATURE_BYTES;
	return *signature ? ssh_key_sign(key, data, data_len, *signature) : -1;
}

static int
login_read_key(
    struct ssh *ssh, const char *username, int64_t deadline, struct err *err)
{
	void *key = (void *)ssh->target->credentials->key;
	int rc;
	RETRY(rc,
	    libssh2_userauth_publickey(ssh->session, username,
		ssh_key_blob(key), SSH_KEY_BLOB_BYTES, sign, &key),
	    ssh, deadline, "the login (private key)", err);
	return rc;
}

static int
login_key(
    struct ssh *ssh, const char *username, int64_t deadline, struct err *err)
{
	const struct credentials *credentials = ssh->target->credentials;
	if (credentials->key)
		return login_read_key(ssh, username, deadline, err);
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
	if (ssh_wire_flush(&ssh->wire))
		return ssh_fail(
		    ssh, LIBSSH2_ERROR_SOCKET_SEND, ERR_CLOSED, NULL, err);
	if (ssh_wire_pending(&ssh->wire))
		return TRANSPORT_AGAIN;
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
	return ((const struct ssh *)transport)->wire.fd;
}

static void
ssh_transport_close(struct transport *transport, int64_t deadline)
{
	ssh_close((struct ssh *)transport, deadline);
}

/*
 * libssh2 reads are all of this size. One that has to be repeated with another
 * (to send a window adjustment, in the middle of a key exchange) counts another
 * window than it sent, and throws bytes away later.
 */
#define EXEC_READ_BYTES 32768

/* What was read for a caller that takes less at a time. */
struct ahead {
	char *bytes; /* EXEC_READ_BYTES, or NULL */
	size_t at, got;
};

struct ssh_exec {
	struct exec exec;
	struct ahead ahead[EXEC_STREAMS];
	struct ssh *ssh;
	LIBSSH2_CHANNEL *channel;
	const char *request; /* "exec" or "subsystem" */
	char *command; /* or the subsystem's name */
	uint32_t window_bytes;
	struct exec_end end;
};

/* For ssh_wire_recv(): whether an end must wait. */
static void
note_held(struct ssh_exec *exec)
{
	unsigned long held = 0;
	libssh2_channel_window_read_ex(exec->channel, &held, NULL);
	exec->ssh->wire.holds = held > 0;
}

/* The result of an operation that is 0 when it is done. */
static int
exec_result(struct ssh_exec *exec, int rc, const char *what, struct err *err)
{
	exec->exec.heard = exec->ssh->wire.heard;
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return TRANSPORT_AGAIN;
	return rc ? ssh_fail(exec->ssh, rc, ERR_CLOSED, what, err) : 0;
}

static int
ssh_exec_start(struct exec *base, struct err *err)
{
	struct ssh_exec *exec = (struct ssh_exec *)base;
	struct ssh *ssh = exec->ssh;
	static const char what[] = "the start of the command";
	if (strlen(exec->command) > EXEC_COMMAND_LIMIT_BYTES)
		return err_set(err, ERR_REFUSED,
		    "%s port %d: the command is longer than %d bytes",
		    ssh->address, ssh->port, EXEC_COMMAND_LIMIT_BYTES);
	if (!exec->channel) {
		exec->channel = libssh2_channel_open_ex(ssh->session, "session",
		    sizeof("session") - 1, exec->window_bytes,
		    LIBSSH2_CHANNEL_PACKET_DEFAULT, NULL, 0);
		int rc = libssh2_session_last_errno(ssh->session);
		if (!exec->channel && rc == LIBSSH2_ERROR_CHANNEL_FAILURE)
			exec->exec.reach = EXEC_REFUSED;
		if (!exec->channel)
			return exec_result(exec, rc, what, err);
	}
	exec->exec.reach = EXEC_ASKED;
	ssh->end = &exec->end;
	int rc = libssh2_channel_process_startup(exec->channel, exec->request,
	    (unsigned)strlen(exec->request), exec->command,
	    (unsigned)strlen(exec->command));
	if (rc == 0)
		exec->exec.reach = EXEC_STARTED;
	if (rc != LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
		return exec_result(exec, rc, what, err);
	exec->exec.reach = EXEC_REFUSED;
	return err_set(err, ERR_REFUSED,
	    "%s port %d: the device refuses this way of working (SSH request "
	    "\"%s\")",
	    ssh->address, ssh->port, exec->request);
}

/* At least EXEC_READ_BYTES of room. Bytes, 0 at the end, or libssh2's error. */
static ssize_t
read_once(struct ssh_exec *exec, enum exec_stream stream, char *data)
{
	note_held(exec);
	ssize_t n = libssh2_channel_read_ex(exec->channel,
	    stream == EXEC_STDERR ? SSH_EXTENDED_DATA_STDERR : 0, data,
	    EXEC_READ_BYTES);
	exec->exec.heard = exec->ssh->wire.heard;
	if (n == 0 && !libssh2_channel_eof(exec->channel))
		return LIBSSH2_ERROR_EAGAIN;
	return n == LIBSSH2_ERROR_EAGAIN && libssh2_channel_eof(exec->channel)
	    ? 0
	    : n;
}

/* Into the caller's memory if there is room, else by way of ours. */
static ssize_t
read_some(
    struct ssh_exec *exec, enum exec_stream stream, char *data, size_t len)
{
	struct ahead *ahead = &exec->ahead[stream];
	size_t done = 0;
	ssize_t n = 0;
	while (ahead->at == ahead->got && len - done >= EXEC_READ_BYTES) {
		n = read_once(exec, stream, data + done);
		if (n <= 0)
			return done ? (ssize_t)done : n;
		done += (size_t)n;
	}
	if (done)
		return (ssize_t)done;
	if (ahead->at == ahead->got) {
		if (!ahead->bytes)
			ahead->bytes = xmalloc(EXEC_READ_BYTES);
		n = read_once(exec, stream, ahead->bytes);
		if (n <= 0)
			return n;
		ahead->at = 0;
		ahead->got = (size_t)n;
	}
	size_t have = ahead->got - ahead->at;
	if (len > have)
		len = have;
	memcpy(data, ahead->bytes + ahead->at, len);
	ahead->at += len;
	return (ssize_t)len;
}

static ssize_t
ssh_exec_read(struct exec *base, enum exec_stream stream, char *data,
    size_t len, struct err *err)
{
	struct ssh_exec *exec = (struct ssh_exec *)base;
	ssize_t n = read_some(exec, stream, data, len);
	if (n >= 0)
		return n;
	if (n == LIBSSH2_ERROR_EAGAIN)
		return TRANSPORT_AGAIN;
	return ssh_fail(exec->ssh, (int)n, ERR_CLOSED, NULL, err);
}

/* As many packets as the window and the socket take. */
static ssize_t
ssh_exec_write(struct exec *base, const char *data, size_t len, struct err *err)
{
	struct ssh_exec *exec = (struct ssh_exec *)base;
	struct ssh_wire *wire = &exec->ssh->wire;
	size_t done = 0;
	ssize_t n = 0;
	while (done < len) {
		n = ssh_wire_flush(wire) ? LIBSSH2_ERROR_SOCKET_SEND : 0;
		if (n || ssh_wire_pending(wire))
			break;
		note_held(exec);
		n = libssh2_channel_write(
		    exec->channel, data + done, len - done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	exec->exec.heard = wire->heard;
	if (done)
		return (ssize_t)done;
	if (n < 0 && n != LIBSSH2_ERROR_EAGAIN)
		return ssh_fail(exec->ssh, (int)n, ERR_CLOSED, NULL, err);
	return TRANSPORT_AGAIN;
}

static int
ssh_exec_end_input(struct exec *base, struct err *err)
{
	struct ssh_exec *exec = (struct ssh_exec *)base;
	return exec_result(exec, libssh2_channel_send_eof(exec->channel),
	    "the end of the input", err);
}

static int
ssh_exec_finish(struct exec *base, struct exec_end *end, struct err *err)
{
	struct ssh_exec *exec = (struct ssh_exec *)base;
	exec->ssh->wire.holds = false;
	int rc = exec_result(exec, libssh2_channel_close(exec->channel),
	    "the end of the command", err);
	if (rc == 0)
		*end = exec->end;
	return rc;
}

static int
ssh_exec_fd(const struct exec *base)
{
	return ((const struct ssh_exec *)base)->ssh->wire.fd;
}

static short
ssh_exec_events(const struct exec *base)
{
	return ssh_wire_events(&((const struct ssh_exec *)base)->ssh->wire);
}

static void
ssh_exec_free(struct exec *base)
{
	struct ssh_exec *exec = (struct ssh_exec *)base;
	struct ssh *ssh = exec->ssh;
	if (ssh->end == &exec->end)
		ssh->end = NULL;
	ssh->wire.holds = false;
	/* One that is not closed yet goes with the connection. */
	if (exec->channel)
		(void)libssh2_channel_free(exec->channel);
	for (int i = 0; i < EXEC_STREAMS; i++)
		free(exec->ahead[i].bytes);
	free(exec->command);
	free(exec);
}

static const struct exec_ops ssh_exec_ops = {
	.name = "ssh",
	.start = ssh_exec_start,
	.read = ssh_exec_read,
	.write = ssh_exec_write,
	.end_input = ssh_exec_end_input,
	.finish = ssh_exec_finish,
	.fd = ssh_exec_fd,
	.events = ssh_exec_events,
	.free = ssh_exec_free,
};

static struct exec *
new_exec(struct ssh *ssh, const char *request, const char *command,
    uint32_t window_bytes)
{
	struct ssh_exec *exec = xcalloc(1, sizeof(*exec));
	exec->exec.ops = &ssh_exec_ops;
	exec->ssh = ssh;
	exec->request = request;
	exec->command = xstrdup(command);
	exec->window_bytes = window_bytes;
	return &exec->exec;
}

struct exec *
ssh_exec(struct ssh *ssh, const char *command, uint32_t window_bytes)
{
	return new_exec(ssh, "exec", command, window_bytes);
}

struct exec *
ssh_subsystem(struct ssh *ssh, const char *name, uint32_t window_bytes)
{
	return new_exec(ssh, "subsystem", name, window_bytes);
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
	while (ssh_wire_flush(&ssh->wire) == 0 &&
	    ssh_wire_pending(&ssh->wire) &&
	    wait_fd(ssh->wire.fd, POLLOUT, deadline, -1) == WAIT_READY)
		;
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
		/* Nothing is awaited any more, so nothing is refused. */
		ssh->wire.dead = true;
		if (ssh->channel)
			libssh2_channel_free(ssh->channel);
		libssh2_session_free(ssh->session);
	}
	if (ssh->wire.fd >= 0)
		close(ssh->wire.fd);
	ssh_wire_clear(&ssh->wire);
	jump_end(&ssh->jump);
	free(ssh->address);
	free(ssh);
}
