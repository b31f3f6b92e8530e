/*
 * The SSH side of the lab: libssh's server half on an epoll loop. Every
 * connection has a poll context of its own, so that an event costs the same
 * with one session and with a thousand. What is typed goes to session.c.
 */
#include "server.h"
#include "conn.h"
#include "conn_keys.h"
#include "reach.h"
#include "relay.h"
#include "witness.h"

#include "base/alloc.h"
#include "base/die.h"
#include "base/err.h"
#include "base/fdio.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG	   1024
#define PORT_TRIES 50
#define FILE_LIMIT (16u << 20)

static struct {
	struct listener {
		struct source source;
		struct device *device;
		struct conn_keys *keys;
		int silence[2]; /* see listen_silently(); -1: none */
	} * listeners;
	size_t count;
	int port;
	struct conn_keys *keys, *other_keys; /* other: changed_host_key */
	unsigned next_id;
} server;

static void
refuse_socket(int fd, bool reset)
{
	struct linger linger = { .l_onoff = reset, .l_linger = 0 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

/* A fault of the connection that acts now, noted. */
static bool
fault_now(struct device *device, unsigned id, enum fault_kind kind)
{
	if (!faults_take(&device->faults, kind, WHEN_ANY, NULL, 0))
		return false;
	witness_add("fault", device->name, id,
	    json_pack("{s:s}", "kind", fault_kind_name(kind)));
	return true;
}

/* The lists on the client's way deny it: it learns nothing but that. */
static void
shut_out(struct device *device, unsigned id, int fd, const char *why)
{
	witness_add("shut_out", device->name, id,
	    json_pack("{s:s s:b}", "why", why, "new", 1));
	if (device->lockout == LOCKOUT_SILENCE) {
		fd_set_nonblock(fd);
		conn_mute(device, id, fd);
		return;
	}
	if (device->lockout == LOCKOUT_CLOSE) {
		fd_set_nonblock(fd);
		conn_refuse(device, id, fd);
		return;
	}
	witness_add("disconnect", device->name, id,
	    json_pack("{s:s}", "reason", "refused by access list"));
	device->counters.disconnects++;
	refuse_socket(fd, true);
}

/* False when FD was taken over, to be refused. */
static bool
let_in(struct device *device, unsigned id, int fd, uint32_t peer)
{
	struct flow flow = reach_flow(device, peer, false);
	struct buf why;
	buf_init(&why, 2048);
	bool permitted = reach_permits(device, &flow, &why);
	if (!permitted)
		shut_out(device, id, fd, buf_str(&why));
	buf_clear(&why);
	return permitted;
}

static uint32_t
peer_of(int fd)
{
	struct sockaddr_in peer = { 0 };
	socklen_t len = sizeof(peer);
	getpeername(fd, (struct sockaddr *)&peer, &len);
	return ntohl(peer.sin_addr.s_addr);
}

static void
accept_one(struct listener *listener, int fd)
{
	struct device *device = listener->device;
	struct conn_keys *keys = listener->keys ? listener->keys : server.keys;
	unsigned id = ++server.next_id;
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	device->counters.connections++;
	witness_add("connect", device->name, id, NULL);
	if (fault_now(device, id, FAULT_RESET)) {
		witness_add("disconnect", device->name, id,
		    json_pack("{s:s}", "reason", "reset by fault"));
		refuse_socket(fd, true);
		return;
	}
	uint32_t peer = peer_of(fd);
	if (!let_in(device, id, fd, peer))
		return;
	if (device->latency_ms)
		fd = relay_new(fd, device->latency_ms);
	if (fd < 0)
		return;
	fd_set_nonblock(fd);
	if (fault_now(device, id, FAULT_NO_BANNER)) {
		conn_mute(device, id, fd);
		return;
	}
	if (device->machine.other_key ||
	    fault_now(device, id, FAULT_CHANGED_HOST_KEY))
		keys = server.other_keys;
	conn_new(device, id, fd, peer, keys);
}

static void
listener_ready(struct source *source, uint32_t events)
{
	struct listener *listener = CONTAINER(source, struct listener, source);
	(void)events;
	for (;;) {
		int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return; /* EAGAIN, or the client has gone again */
		accept_one(listener, fd);
	}
}

/* A socket that listens on the device's address, or -1 with errno. *port 0
 * is replaced by the system's choice. */
static int
open_listener(const struct device *device, int *port, int backlog)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)*port) };
	socklen_t len = sizeof(addr);
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	inet_pton(AF_INET, device->address, &addr.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&addr, len) < 0 ||
	    listen(fd, backlog) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) < 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	*port = ntohs(addr.sin_port);
	return fd;
}

/* 0, or -1 with errno. */
static int
listen_on(struct listener *listener, int *port)
{
	int fd = open_listener(listener->device, port, BACKLOG);
	if (fd < 0)
		return -1;
	listener->source.ready = listener_ready;
	loop_add(&listener->source, fd, EPOLLIN);
	return 0;
}

static void
listen_stop(struct listener *listener)
{
	int fd = listener->source.fd;
	loop_remove(&listener->source);
	if (fd >= 0)
		close(fd);
	for (size_t i = 0; i < 2; i++) {
		if (listener->silence[i] >= 0)
			close(listener->silence[i]);
		listener->silence[i] = -1;
	}
}

/*
 * As a device whose power is off looks: nothing answers a SYN. A socket whose
 * queue of connections is full, with one that is ours, lets the kernel drop
 * all others.
 */
static void
listen_silently(struct listener *listener)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)server.port) };
	int *pair = listener->silence;
	inet_pton(AF_INET, listener->device->address, &addr.sin_addr);
	pair[0] = open_listener(listener->device, &server.port, 0);
	pair[1] = socket(
	    AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (pair[0] < 0 || pair[1] < 0 ||
	    (connect(pair[1], (struct sockaddr *)&addr, sizeof(addr)) < 0 &&
		errno != EINPROGRESS))
		fatal("%s: %s", listener->device->name, strerror(errno));
}

/* All on one port, or -1 with errno and none. */
static int
listen_all(int *port)
{
	for (size_t i = 0; i < server.count; i++) {
		if (listen_on(&server.listeners[i], port) == 0)
			continue;
		int saved = errno;
		while (i--)
			listen_stop(&server.listeners[i]);
		errno = saved;
		return -1;
	}
	return 0;
}

static bool
has_own_keys(const struct device *device)
{
	return device->own_host_key || device->kex || device->ciphers ||
	    device->macs || device->host_key_type;
}

static void
cut_all(struct device *device, const char *reason)
{
	conns_drop(device, reason);
}

static struct listener *
listener_of(const struct device *device)
{
	size_t i = 0;
	while (server.listeners[i].device != device)
		i++;
	return &server.listeners[i];
}

static void
power(struct device *device, bool up)
{
	struct listener *listener = listener_of(device);
	const struct machine *machine = &device->machine;
	if (up) {
		conns_reset_hung(device);
		if (listener->source.fd >= 0)
			return;
		listen_stop(listener);
		if (listen_on(listener, &server.port) < 0)
			fatal("%s: %s", device->name, strerror(errno));
		return;
	}
	/* Who sees its connection end must not get another one. */
	if (!machine->at_once)
		listen_stop(listener);
	if (!machine->at_once && machine->silent)
		listen_silently(listener);
	if (machine->silent)
		conns_hang(device);
	else
		conns_drop(device, "cut by reload");
}

static const struct device_watcher watcher = {
	.changed = conns_judge, .say = conns_say, .cut = cut_all, .power = power
};

int
server_start(struct lab *lab, struct err *err)
{
	server.keys = conn_keys_new(NULL);
	device_watch(&watcher);
	server.other_keys = conn_keys_new(NULL);
	server.count = lab->count;
	server.listeners = xcalloc(lab->count, sizeof(*server.listeners));
	for (size_t i = 0; i < lab->count; i++) {
		server.listeners[i].source.fd = -1;
		server.listeners[i].silence[0] = -1;
		server.listeners[i].silence[1] = -1;
		server.listeners[i].device = lab->devices[i];
		if (has_own_keys(lab->devices[i]))
			server.listeners[i].keys = conn_keys_new(
			    lab->devices[i]);
	}
	for (int try = 0; try < PORT_TRIES; try++) {
		int port = lab->port;
		if (listen_all(&port) == 0) {
			server.port = lab->port = port;
			return 0;
		}
		/* Taken on another address: only a free choice can help. */
		if (errno != EADDRINUSE || lab->port)
			break;
	}
	return err_sys(err, ERR_CONNECT, errno, "listen");
}

int
server_write_known_hosts(const struct lab *lab, struct err *err)
{
	struct buf text;
	buf_init(&text, FILE_LIMIT);
	for (size_t i = 0; i < server.count; i++) {
		struct listener *listener = &server.listeners[i];
		const struct conn_keys *keys = listener->keys ? listener->keys
							      : server.keys;
		buf_addf(&text, "[%s]:%d %s %s\n", listener->device->address,
		    server.port, conn_keys_type(keys), conn_keys_public(keys));
	}
	char *path = xasprintf("%s/known_hosts", lab->dir);
	int rc = file_write_atomic(path, text.data, text.len, 0600, err);
	free(path);
	buf_clear(&text);
	return rc;
}

void
server_stop(void)
{
	device_watch(NULL);
	conns_free();
	relays_free();
	for (size_t i = 0; i < server.count; i++) {
		listen_stop(&server.listeners[i]);
		conn_keys_free(server.listeners[i].keys);
	}
	free(server.listeners);
	conn_keys_free(server.keys);
	conn_keys_free(server.other_keys);
}

void
server_reap(void)
{
	conns_reap();
}

int
server_down(const struct device *device, struct err *err)
{
	(void)err;
	listen_stop(listener_of(device));
	conns_drop(device, "dropped by control");
	return 0;
}

int
server_up(const struct device *device, struct err *err)
{
	struct listener *listener = listener_of(device);
	if (listener->source.fd >= 0 || device->machine.down)
		return 0;
	if (listen_on(listener, &server.port) < 0)
		return err_sys(err, ERR_CONNECT, errno, "%s", device->name);
	return 0;
}

void
server_release(const struct device *device)
{
	conns_release(device);
}

void
server_drop(const struct device *device)
{
	conns_drop(device, "dropped by control");
}

json_t *
server_modes(const struct device *device)
{
	return conns_modes(device);
}

void
server_totals(uint64_t *sessions_now, uint64_t *sessions_max)
{
	conns_totals(sessions_now, sessions_max);
}
