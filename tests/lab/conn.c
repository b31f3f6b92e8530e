/*
 * A connection: libssh's callbacks on one side, a session on the other. It
 * decides who may log in, moves bytes, and notes how the connection ended.
 */
#include "conn.h"
#include "auth.h"
#include "conn_keys.h"
#include "editor.h"
#include "reach.h"
#include "transfer.h"
#include "witness.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/die.h"

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long a client that was told good-bye may take to go. */
#define LINGER_MS 1000
struct conn {
	struct conn *next, **link;
	struct source source; /* our own copy of the descriptor */
	struct device *device;
	unsigned id;
	ssh_session ssh;
	ssh_event event;
	ssh_channel channel;
	struct ssh_server_callbacks_struct server_cb;
	struct ssh_channel_callbacks_struct channel_cb;
	struct auth auth;
	struct session *session;
	struct timer linger;
	int width;
	uint32_t peer; /* its address, host byte order */
	bool muted; /* shut out in silence: nothing is read or written */
	bool hung; /* for ever: the device is down */
	bool counted; /* as a session, since login */
	const char *leaving; /* why we said good-bye; waits for its going */
	bool dead; /* over, and noted as such */
	bool draining; /* but not freed before the client has seen our FIN */
};

static struct {
	struct conn *all;
	uint64_t sessions_now, sessions_max;
} conns;

static void conn_flush(struct conn *conn);
static void conn_update(struct conn *conn);
static void conn_reset(struct conn *conn, const char *reason);

static void
count_session(struct conn *conn)
{
	struct counters *counters = &conn->device->counters;
	conn->counted = true;
	if (++counters->sessions_now > counters->sessions_max)
		counters->sessions_max = counters->sessions_now;
	if (++conns.sessions_now > conns.sessions_max)
		conns.sessions_max = conns.sessions_now;
}

/* The end; freed in conns_reap(), when no callback is on the stack. */
static void
conn_end(struct conn *conn, const char *reason)
{
	if (conn->dead)
		return;
	conn->dead = true;
	conn->device->counters.disconnects++;
	conn->device->counters.connections_now--;
	if (conn->counted) {
		conn->device->counters.sessions_now--;
		conns.sessions_now--;
	}
	witness_add("disconnect", conn->device->name, conn->id,
	    json_pack("{s:s}", "reason", reason));
}

static void
drain_ready(struct source *source, uint32_t events)
{
	struct conn *conn = CONTAINER(source, struct conn, source);
	char bytes[4096];
	(void)events;
	ssize_t got = recv(source->fd, bytes, sizeof(bytes), 0);
	if (got == 0 || (got < 0 && errno != EAGAIN))
		conn->draining = false;
}

/*
 * Ends the connection from our side with a FIN. Closing the descriptor while
 * bytes of the client are unread would make it a reset, now and then.
 */
static void
conn_hang_up(struct conn *conn, const char *reason)
{
	if (conn->dead)
		return;
	conn_end(conn, reason);
	conn->draining = true;
	conn->source.ready = drain_ready;
	shutdown(conn->source.fd, SHUT_WR);
	loop_change(&conn->source, EPOLLIN);
	timer_arm(&conn->linger, clock_ms() + LINGER_MS);
}

static void
conn_free(struct conn *conn)
{
	int fd = conn->source.fd;
	loop_remove(&conn->source);
	timer_disarm(&conn->linger);
	session_free(conn->session);
	if (conn->ssh) {
		ssh_event_remove_session(conn->event, conn->ssh);
		ssh_event_free(conn->event);
		ssh_free(conn->ssh); /* its channels go with it */
	}
	close(fd);
	*conn->link = conn->next;
	if (conn->next)
		conn->next->link = conn->link;
	auth_clear(&conn->auth);
	free(conn);
}

void
conns_reap(void)
{
	struct conn *next;
	for (struct conn *conn = conns.all; conn; conn = next) {
		next = conn->next;
		if (conn->dead && !conn->draining)
			conn_free(conn);
	}
}

void
conns_free(void)
{
	while (conns.all)
		conn_free(conns.all);
}

void
conns_drop(const struct device *device, const char *reason)
{
	for (struct conn *conn = conns.all; conn; conn = conn->next) {
		if (conn->device != device)
			continue;
		if (conn->session && conn->session->end == SESSION_OPEN)
			conn->session->end = SESSION_DROP;
		conn_hang_up(conn, reason);
	}
}

void
conns_hang(struct device *device)
{
	for (struct conn *conn = conns.all; conn; conn = conn->next) {
		if (conn->device != device || conn->dead)
			continue;
		conn->muted = conn->hung = true;
		if (conn->session) {
			timer_disarm(&conn->session->timer);
			conn->session->muted = true;
			conn->session->end = SESSION_RESET;
		}
		loop_change(&conn->source, 0);
	}
}

void
conns_reset_hung(struct device *device)
{
	for (struct conn *conn = conns.all; conn; conn = conn->next)
		if (conn->device == device && conn->hung)
			conn_reset(conn, "cut by reload");
}

void
conns_say(struct device *device, const char *text, bool log)
{
	for (struct conn *conn = conns.all; conn; conn = conn->next) {
		if (conn->device != device || !conn->session || conn->dead)
			continue;
		session_say(conn->session, text, log);
		conn_flush(conn);
		conn_update(conn);
	}
}

static void
conn_unmute(struct conn *conn)
{
	conn->muted = false;
	if (conn->session) {
		conn->session->muted = false;
		editor_read(conn->session);
	}
	conn_flush(conn);
	conn_update(conn);
}

static void
conn_shut_out(struct conn *conn, const char *why)
{
	witness_add("shut_out", conn->device->name, conn->id,
	    json_pack("{s:s}", "why", why));
	switch (conn->device->lockout) {
	case LOCKOUT_SILENCE:
		conn->muted = true;
		if (conn->session)
			conn->session->muted = true;
		loop_change(&conn->source, 0);
		return;
	case LOCKOUT_RESET:
		if (conn->session)
			conn->session->end = SESSION_RESET;
		conn_reset(conn, "cut by access list");
		return;
	case LOCKOUT_CLOSE:
		if (conn->session)
			conn->session->end = SESSION_DROP;
		conn_hang_up(conn, "cut by access list");
		return;
	}
}

void
conns_judge(struct device *device)
{
	for (struct conn *conn = conns.all; conn; conn = conn->next) {
		if (conn->device != device || conn->dead || conn->leaving ||
		    conn->hung || !conn->ssh)
			continue;
		struct flow flow = reach_flow(device, conn->peer, true);
		struct buf why;
		buf_init(&why, 2048);
		bool permitted = reach_permits(device, &flow, &why);
		if (permitted && conn->muted)
			conn_unmute(conn);
		else if (!permitted && !conn->muted)
			conn_shut_out(conn, buf_str(&why));
		buf_clear(&why);
	}
}

void
conns_release(const struct device *device)
{
	for (struct conn *conn = conns.all; conn; conn = conn->next)
		if (conn->device == device && conn->session && !conn->dead)
			session_release(conn->session);
}

json_t *
conns_modes(const struct device *device)
{
	json_t *modes = json_array();
	for (struct conn *conn = conns.all; conn; conn = conn->next)
		if (conn->device == device && conn->session && !conn->dead)
			json_array_append_new(modes,
			    json_string(
				cli_mode_name(conn->session->cli.mode)));
	return modes;
}

void
conns_totals(uint64_t *sessions_now, uint64_t *sessions_max)
{
	*sessions_now = conns.sessions_now;
	*sessions_max = conns.sessions_max;
}

/* Moves what the session printed into the channel, as far as the client's
 * window allows. */
static void
conn_write(struct conn *conn)
{
	struct buf *tx = &conn->session->tx;
	while (tx->len || session_refill(conn->session)) {
		uint32_t window = ssh_channel_window_size(conn->channel);
		size_t take = tx->len < window ? tx->len : window;
		if (!take)
			return;
		int sent = ssh_channel_write(
		    conn->channel, tx->data, (uint32_t)take);
		if (sent <= 0)
			return;
		buf_drop(tx, (size_t)sent);
		session_sent(conn->session);
	}
}

static void
say_goodbye(struct conn *conn)
{
	conn->leaving = "exit";
	ssh_channel_request_send_exit_status(
	    conn->channel, conn->session->exit_status);
	ssh_channel_send_eof(conn->channel);
	ssh_channel_close(conn->channel);
	timer_arm(&conn->linger, clock_ms() + LINGER_MS);
}

/* The connection is there for another channel. */
static void
end_channel(struct conn *conn)
{
	if (conn->channel)
		ssh_remove_channel_callbacks(conn->channel, &conn->channel_cb);
	conn->channel = NULL;
	session_free(conn->session);
	conn->session = NULL;
}

/* Is there a file program behind which another channel may come? */
static bool
takes_another(const struct conn *conn)
{
	return conn->session && conn->session->transfer.kind &&
	    conn->device->platform->shell;
}

/* A file program is over: OpenSSH's server would take the next one, that of
 * IOS hangs up. */
static void
finish_transfer(struct conn *conn)
{
	ssh_channel_request_send_exit_status(
	    conn->channel, conn->session->exit_status);
	ssh_channel_send_eof(conn->channel);
	ssh_channel_close(conn->channel);
	end_channel(conn);
}

static void
conn_reset(struct conn *conn, const char *reason)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	setsockopt(
	    conn->source.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	conn_end(conn, reason);
}

/* The session's wishes, then what is left to be written. */
static void
conn_flush(struct conn *conn)
{
	if (conn->dead || conn->muted || !conn->session)
		return;
	if (!conn->leaving && conn->channel)
		conn_write(conn);
	switch (conn->session->end) {
	case SESSION_OPEN:
		break;
	case SESSION_EXIT:
		if (conn->leaving || conn->session->tx.len)
			break;
		if (takes_another(conn))
			finish_transfer(conn);
		else
			say_goodbye(conn);
		break;
	case SESSION_DROP:
		conn_hang_up(conn, "dropped by fault");
		break;
	case SESSION_RESET:
		conn_reset(conn, "reset by fault");
		break;
	}
}

static void
conn_closed(struct conn *conn)
{
	const char *error = ssh_get_error(conn->ssh);
	if (conn->leaving)
		conn_end(conn, conn->leaving);
	else if (error && strstr(error, "SSH_MSG_DISCONNECT"))
		conn_end(conn, "client_disconnect");
	else
		conn_end(conn, "eof");
}

static void
conn_update(struct conn *conn)
{
	if (conn->dead)
		return;
	if (conn->muted) {
		loop_change(&conn->source, 0);
		return;
	}
	int status = ssh_get_status(conn->ssh);
	if (status & (SSH_CLOSED | SSH_CLOSED_ERROR)) {
		conn_closed(conn);
		return;
	}
	bool writing = ssh_get_poll_flags(conn->ssh) & SSH_WRITE_PENDING;
	bool reading = !conn->session || !transfer_holds(conn->session);
	loop_change(&conn->source,
	    (reading ? (uint32_t)EPOLLIN : 0) |
		(writing ? (uint32_t)EPOLLOUT : 0));
}

static void
conn_ready(struct source *source, uint32_t events)
{
	struct conn *conn = CONTAINER(source, struct conn, source);
	if (conn->dead)
		return;
	if (conn->muted) {
		/* Only that the client is gone comes through. */
		if (events & ((uint32_t)EPOLLHUP | (uint32_t)EPOLLERR))
			conn_end(conn, "eof");
		return;
	}
	if (ssh_event_dopoll(conn->event, 0) == SSH_ERROR)
		conn_closed(conn);
	conn_flush(conn);
	/* libssh learns only from a poll that it may write again. */
	if (!conn->dead && (ssh_get_poll_flags(conn->ssh) & SSH_WRITE_PENDING))
		ssh_event_dopoll(conn->event, 0);
	conn_update(conn);
}

static void
session_woken(struct session *session)
{
	struct conn *conn = session->owner;
	conn_flush(conn);
	conn_update(conn);
}

static void
linger_over(struct timer *timer)
{
	struct conn *conn = CONTAINER(timer, struct conn, linger);
	conn->draining = false;
	conn_end(conn, conn->leaving ? conn->leaving : "client_disconnect");
}

static int
on_data(ssh_session ssh, ssh_channel channel, void *data, uint32_t len,
    int is_stderr, void *userdata)
{
	struct conn *conn = userdata;
	(void)ssh, (void)channel, (void)is_stderr;
	if (conn->session && !conn->dead && !conn->leaving)
		session_input(conn->session, data, len);
	return (int)len;
}

/* The client will send no more: a device hangs up when it has answered. */
static void
on_eof(ssh_session ssh, ssh_channel channel, void *userdata)
{
	struct conn *conn = userdata;
	(void)ssh, (void)channel;
	if (conn->session && !conn->dead && transfer_eof(conn->session))
		return;
	if (conn->session && !conn->leaving && !conn->linger.slot)
		timer_arm(&conn->linger, clock_ms() + LINGER_MS);
}

static void
on_close(ssh_session ssh, ssh_channel channel, void *userdata)
{
	struct conn *conn = userdata;
	(void)ssh, (void)channel;
	if (!conn->session)
		conn->channel = NULL; /* it was refused what it asked for */
	else if (takes_another(conn))
		transfer_eof(conn->session); /* the rest is conn_flush()'s */
	else if (!conn->leaving)
		timer_arm(&conn->linger, clock_ms());
}

static int
on_pty(ssh_session ssh, ssh_channel channel, const char *term, int width,
    int height, int pxwidth, int pxheight, void *userdata)
{
	struct conn *conn = userdata;
	(void)ssh, (void)channel, (void)term;
	(void)height, (void)pxwidth, (void)pxheight;
	conn->width = width;
	return 0;
}

static bool
open_session(struct conn *conn, const char *kind)
{
	if (conn->session)
		return false; /* one terminal a connection, as on IOS */
	conn->session = session_new(
	    conn->device, conn->id, conn->width, session_woken, conn);
	conn->session->cli.peer = conn->peer;
	witness_add("open", conn->device->name, conn->id,
	    json_pack("{s:s}", "kind", kind));
	return true;
}

static int
on_shell(ssh_session ssh, ssh_channel channel, void *userdata)
{
	struct conn *conn = userdata;
	(void)ssh, (void)channel;
	if (!open_session(conn, "shell"))
		return 1;
	session_start(conn->session);
	return 0;
}

/* 0, or 1 when the device has no such program. */
static int
open_transfer(struct conn *conn, const char *kind, const char *command)
{
	if (!open_session(conn, kind))
		return 1;
	if (transfer_start(conn->session, command))
		return 0;
	session_free(conn->session);
	conn->session = NULL;
	return 1;
}

static int
on_exec(
    ssh_session ssh, ssh_channel channel, const char *command, void *userdata)
{
	struct conn *conn = userdata;
	(void)ssh, (void)channel;
	if (str_starts(command, "scp ") &&
	    open_transfer(conn, "scp", command) == 0)
		return 0;
	if (!conn->device->exec || !open_session(conn, "exec")) {
		witness_add("exec_refused", conn->device->name, conn->id,
		    json_pack("{s:o}", "line",
			witness_text(command, strlen(command))));
		return 1;
	}
	session_exec(conn->session, command);
	return 0;
}

static int
on_subsystem(
    ssh_session ssh, ssh_channel channel, const char *name, void *userdata)
{
	struct conn *conn = userdata;
	(void)ssh, (void)channel;
	return str_eq(name, "sftp") ? open_transfer(conn, "sftp", NULL) : 1;
}

static ssh_channel
on_channel(ssh_session ssh, void *userdata)
{
	struct conn *conn = CONTAINER(userdata, struct conn, auth);
	/* The end of one and the start of the next may come together. */
	if (conn->channel && takes_another(conn) &&
	    conn->session->end == SESSION_EXIT)
		finish_transfer(conn);
	if (conn->channel)
		return NULL;
	conn->channel = ssh_channel_new(ssh);
	conn->channel_cb = (struct ssh_channel_callbacks_struct){
		.userdata = conn,
		.channel_data_function = on_data,
		.channel_eof_function = on_eof,
		.channel_close_function = on_close,
		.channel_pty_request_function = on_pty,
		.channel_shell_request_function = on_shell,
		.channel_exec_request_function = on_exec,
		.channel_subsystem_request_function = on_subsystem,
	};
	ssh_callbacks_init(&conn->channel_cb);
	ssh_set_channel_callbacks(conn->channel, &conn->channel_cb);
	return conn->channel;
}

static int
on_service(ssh_session ssh, const char *service, void *userdata)
{
	struct conn *conn = CONTAINER(userdata, struct conn, auth);
	(void)ssh, (void)service;
	if (!faults_take(&conn->device->faults, FAULT_CLOSE_AFTER_KEX, WHEN_ANY,
		NULL, 0))
		return 0;
	conn_hang_up(conn, "dropped by fault");
	return 0;
}

/* Called by auth.c's answers through the struct that it shares with us. */
static void
auth_done(struct auth *auth, enum auth_outcome outcome)
{
	struct conn *conn = CONTAINER(auth, struct conn, auth);
	if (outcome == AUTH_ACCEPTED && !conn->counted)
		count_session(conn);
	else if (outcome == AUTH_TOO_MANY && !conn->linger.slot) {
		/* The refusal must still reach the client. */
		conn->leaving = "too many failures";
		timer_arm(&conn->linger, clock_ms() + LINGER_MS / 10);
	}
}

static struct conn *
conn_make(struct device *device, unsigned id)
{
	struct conn *conn = xcalloc(1, sizeof(*conn));
	conn->device = device;
	conn->id = id;
	conn->source.ready = conn_ready;
	conn->linger.fire = linger_over;
	conn->next = conns.all;
	conn->link = &conns.all;
	if (conns.all)
		conns.all->link = &conn->next;
	conns.all = conn;
	device->counters.connections_now++;
	return conn;
}

static void
mute_ready(struct source *source, uint32_t events)
{
	struct conn *conn = CONTAINER(source, struct conn, source);
	char bytes[4096];
	(void)events;
	if (recv(source->fd, bytes, sizeof(bytes), 0) == 0)
		conn_end(conn, "eof");
}

void
conn_mute(struct device *device, unsigned id, int fd)
{
	struct conn *conn = conn_make(device, id);
	conn->source.ready = mute_ready;
	loop_add(&conn->source, fd, EPOLLIN);
}

void
conn_refuse(struct device *device, unsigned id, int fd)
{
	struct conn *conn = conn_make(device, id);
	loop_add(&conn->source, fd, EPOLLIN);
	conn_hang_up(conn, "refused by access list");
}

void
conn_new(struct device *device, unsigned id, int fd, uint32_t peer,
    const struct conn_keys *keys)
{
	struct conn *conn = conn_make(device, id);
	conn->peer = peer;
	/* libssh closes its descriptor when it likes; the copy in the epoll
	 * set is ours, so that no number is closed behind the loop's back. */
	int theirs = dup(fd);
	loop_add(&conn->source, fd, EPOLLIN);
	conn->ssh = ssh_new();
	conn->event = ssh_event_new();
	if (theirs < 0 || !conn->ssh || !conn->event ||
	    !conn_keys_accept(keys, conn->ssh, theirs))
		fatal("libssh: cannot take a connection");
	ssh_set_blocking(conn->ssh, 0);
	auth_init(&conn->auth, device, id, conn->ssh, auth_done);
	conn->server_cb = auth_callbacks(&conn->auth);
	/* Their user data is &conn->auth, in our callbacks too. */
	conn->server_cb.service_request_function = on_service;
	conn->server_cb.channel_open_request_session_function = on_channel;

	ssh_callbacks_init(&conn->server_cb);
	ssh_set_server_callbacks(conn->ssh, &conn->server_cb);
	if (ssh_handle_key_exchange(conn->ssh) == SSH_ERROR) {
		conn_closed(conn);
		return;
	}
	/* Only now has the session a poll handle that can be moved. */
	if (ssh_event_add_session(conn->event, conn->ssh) != SSH_OK)
		fatal("libssh: cannot poll a connection");
	conn_update(conn);
}
