/* Waiting and connecting, on loopback and on ports that the kernel chose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device/tcp.h"

#include "base/deadline.h"
#include "base/err.h"
#include "device/wait.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A socket on a free port of 127.0.0.1; listens if BACKLOG >= 0. */
static int
listener(int backlog, int *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void
what_cannot_be_reached(void **state)
{
	(void)state;
	int port;
	int fd = listener(-1, &port); /* bound, so that nobody takes it */
	struct err err = { 0 };
	assert_int_equal(
	    tcp_connect("127.0.0.1", port, deadline_in(5000), -1, &err), -1);
	assert_int_equal(err.kind, ERR_CONNECT);
	assert_non_null(strstr(err.text, "127.0.0.1"));
	close(fd);
	static const char *const names[] = { "no-such-host.invalid",
		"256.256.256.256", "a b" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		err = (struct err){ 0 };
		assert_int_equal(
		    tcp_connect(names[i], 22, deadline_in(5000), -1, &err), -1);
		assert_int_equal(err.kind, ERR_RESOLVE);
	}
}

/*
 * Stands before libc's: a resolver whose servers are dead, one that crashes, and
 * one that knows two addresses, neither of which is a literal to be looked up
 * in this process. LOOKED_UP would show a name that was.
 */
static bool looked_up;

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
    struct addrinfo **list)
{
	int (*real)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (hints->ai_flags & AI_NUMERICHOST)
		return real(name, service, hints, list);
	looked_up = true;
	if (strcmp(name, "dead.test") == 0)
		for (;;)
			pause();
	if (strcmp(name, "crash.test") == 0)
		raise(SIGKILL);
	if (strcmp(name, "two.test"))
		return real(name, service, hints, list);
	int rc = real("127.0.0.2", service, hints, list);
	return rc ? rc : real("127.0.0.1", service, hints, &(*list)->ai_next);
}

static void
nobody_is_left_behind(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_false(looked_up);
}

static void
a_resolver_that_hangs_meets_the_deadline(void **state)
{
	(void)state;
	struct err err = { 0 };
	int fds[2];
	int64_t start = clock_ms();
	assert_int_equal(
	    tcp_connect("dead.test", 22, deadline_in(50), -1, &err), -1);
	assert_int_equal(err.kind, ERR_RESOLVE);
	assert_string_equal(
	    err.text, "dead.test: the name was not resolved in time");
	assert_true(clock_ms() - start >= 50);
	nobody_is_left_behind();
	/* ... and is called off. */
	assert_int_equal(pipe(fds), 0);
	close(fds[1]);
	assert_int_equal(
	    tcp_connect("dead.test", 22, DEADLINE_NEVER, fds[0], &err), -1);
	assert_int_equal(err.kind, ERR_CANCELLED);
	close(fds[0]);
	nobody_is_left_behind();
}

static void
a_resolver_that_dies_is_an_error(void **state)
{
	(void)state;
	struct err err = { 0 };
	assert_int_equal(
	    tcp_connect("crash.test", 22, deadline_in(5000), -1, &err), -1);
	assert_int_equal(err.kind, ERR_RESOLVE);
	nobody_is_left_behind();
}

static void
each_address_of_a_name_is_tried(void **state)
{
	(void)state;
	int port;
	int fd = listener(5, &port); /* nobody listens on 127.0.0.2 there */
	struct err err = { 0 };
	int client = tcp_connect("two.test", port, deadline_in(5000), -1, &err);
	assert_true(client >= 0);
	close(client);
	client = tcp_connect("127.0.0.1", port, deadline_in(5000), -1, &err);
	assert_true(client >= 0);
	close(client);
	close(fd);
	nobody_is_left_behind();
}

/* Fills the queue of a listener that never accepts, until a connection gets
 * no answer; then that waits. */
static int
full_listener(int *port, int *clients, int *count)
{
	int fd = listener(0, port);
	struct err err = { 0 };
	for (*count = 0; *count < 8; ++*count) {
		int client = tcp_connect(
		    "127.0.0.1", *port, deadline_in(50), -1, &err);
		if (client < 0)
			break;
		clients[*count] = client;
	}
	assert_true(*count < 8);
	assert_int_equal(err.kind, ERR_TIMEOUT);
	return fd;
}

static void
no_answer_is_a_timeout_and_can_be_called_off(void **state)
{
	(void)state;
	int port, clients[8], count, fds[2];
	int fd = full_listener(&port, clients, &count);
	struct err err = { 0 };
	assert_int_equal(pipe(fds), 0);
	close(fds[1]);
	int64_t start = clock_ms();
	assert_int_equal(
	    tcp_connect("127.0.0.1", port, deadline_in(20000), fds[0], &err),
	    -1);
	assert_int_equal(err.kind, ERR_CANCELLED);
	assert_true(clock_ms() - start < 10000);
	close(fds[0]);
	while (count)
		close(clients[--count]);
	close(fd);
}

static void
a_connection_is_ready_for_use(void **state)
{
	(void)state;
	int port;
	int fd = listener(5, &port);
	struct err err = { 0 };
	int client = tcp_connect(
	    "127.0.0.1", port, deadline_in(5000), -1, &err);
	assert_true(client >= 0);
	assert_true(fcntl(client, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(client, F_GETFD) & FD_CLOEXEC);
	int server = accept(fd, NULL, NULL);
	assert_int_equal(write(server, "x", 1), 1);
	assert_int_equal(
	    wait_fd(client, POLLIN, deadline_in(5000), -1), WAIT_READY);
	close(server);
	close(client);
	close(fd);
}

static void
waiting_ends_by_all_three_causes(void **state)
{
	(void)state;
	int fds[2], cancel[2];
	char byte;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(cancel), 0);
	int64_t start = clock_ms();
	assert_int_equal(
	    wait_fd(fds[0], POLLIN, deadline_in(30), cancel[0]), WAIT_TIMEOUT);
	assert_true(clock_ms() - start >= 30);
	assert_int_equal(
	    wait_fd(fds[0], POLLIN, deadline_in(-5), -1), WAIT_TIMEOUT);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(
	    wait_fd(fds[0], POLLIN, DEADLINE_NEVER, cancel[0]), WAIT_READY);
	/* Ready, though the deadline has passed. */
	assert_int_equal(
	    wait_fd(fds[0], POLLIN, deadline_in(-5), -1), WAIT_READY);
	/* Called off goes first. */
	assert_int_equal(write(cancel[1], "x", 1), 1);
	assert_int_equal(
	    wait_fd(fds[0], POLLIN, DEADLINE_NEVER, cancel[0]), WAIT_CANCELLED);
	assert_int_equal(read(cancel[0], &byte, 1), 1);
	close(cancel[1]);
	assert_int_equal(
	    wait_fd(fds[0], POLLIN, DEADLINE_NEVER, cancel[0]), WAIT_CANCELLED);
	close(cancel[0]);
	/* The other end is gone: that is news, too. */
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[1]);
	assert_int_equal(
	    wait_fd(fds[0], POLLIN, DEADLINE_NEVER, -1), WAIT_READY);
	close(fds[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_reached),
		cmocka_unit_test(a_resolver_that_hangs_meets_the_deadline),
		cmocka_unit_test(a_resolver_that_dies_is_an_error),
		cmocka_unit_test(each_address_of_a_name_is_tried),
		cmocka_unit_test(no_answer_is_a_timeout_and_can_be_called_off),
		cmocka_unit_test(a_connection_is_ready_for_use),
		cmocka_unit_test(waiting_ends_by_all_three_causes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
