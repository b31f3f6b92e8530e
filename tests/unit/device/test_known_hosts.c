/* known_hosts: what a hostile or hand-edited file may hold, and agreement in
 * both directions with the ssh-keygen that people use on the same file. */
#include "device/known_hosts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/str.h"
#include "device/known_hosts_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#define ED_A                                                                   \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIx3ILSDXhqJxTV6gZougkXkQUqEvmI"  \
	"zLMJRWxNVxkQv"
#define ED_B                                                                   \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBhbb0wJR+lIDxvIS3ZhvI58LBzUR7c"  \
	"yVGxaBcsNI1aG"
#define EC                                                                     \
	"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY"  \
	"AAABBBF1tAWW3YO0VPMwSvrXbEvewC870uxK50SoHJjCZrOeRJ8Xqn3KeOS2NU6XLQN"  \
	"2C87YMvffi4uNunjeW9d0zLB4="

static struct known_key
key_of(const char *text)
{
	struct known_line line;
	struct known_key key;
	char *whole = xasprintf("x %s", text);
	struct piece piece = { whole, strlen(whole) };
	assert_int_equal(known_line_parse(piece, &line), LINE_ENTRY);
	assert_true(known_line_key(&line, &key));
	free(whole);
	return key;
}

static enum known_answer
ask(const struct known_hosts *kh, const char *host, uint16_t port,
    const char *key_text)
{
	struct known_key key = key_of(key_text);
	enum known_answer answer = known_hosts_check(
	    kh, host, port, key.type, key.blob, key.len);
	known_key_clear(&key);
	return answer;
}

static int
append(const char *path, const char *host, uint16_t port, const char *key_text,
    struct err *err)
{
	struct known_key key = key_of(key_text);
	int rc = known_hosts_append(
	    path, host, port, key.type, key.blob, key.len, err);
	known_key_clear(&key);
	return rc;
}

/* ---- lines that must not be believed ---- */

static void
bad_lines_are_counted_and_passed_over(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"r1",
		"r1 ssh-ed25519",
		"r1 ssh-ed25519 AAAA",
		"r1 ssh-ed25519 !!!!",
		"r1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA=IIx",
		"r1 ssh-ed25519 A===",
		"r1 ssh-ed25519 /////w==", /* name of 4 GB */
		"r1 ssh-ed25519 AAAABHNzaC1=", /* shorter than it says */
		"r1 ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIIx3ILSDXhqJxTV6gZougk"
		"XkQUqEvmIzLMJRWxNVxkQv", /* type is another */
		"r1 1024 35 1234567890123456789", /* SSH protocol 1 */
		"@unheard-of r1 " ED_A,
		"@revoked",
		"@revoked @revoked r1 " ED_A,
		"|1|short|hash " ED_A,
		"|2|F1E1KeoE/"
		"eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= " ED_A,
		"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y= " ED_A,
		"|1|F1E1KeoE/"
		"eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg " ED_A,
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char *text = xasprintf("# why\n\n%s\nr2 %s\n", bad[i], ED_B);
		struct known_hosts *kh = known_hosts_parse(text, strlen(text));
		unsigned first = 0;
		if (known_hosts_bad_lines(kh, &first) != 1 || first != 3)
			fail_msg("not seen as bad: %s", bad[i]);
		assert_int_equal(ask(kh, "r1", 22, ED_A), KNOWN_UNKNOWN);
		assert_int_equal(ask(kh, "r2", 22, ED_B), KNOWN_MATCH);
		known_hosts_free(kh);
		free(text);
	}
}

static void
a_nul_or_an_endless_line_is_bad(void **state)
{
	(void)state;
	static const char nul[] = "r1\0x " ED_A "\nr2 " ED_B;
	struct known_hosts *kh = known_hosts_parse(nul, sizeof(nul) - 1);
	assert_int_equal(known_hosts_bad_lines(kh, NULL), 1);
	assert_int_equal(ask(kh, "r1", 22, ED_A), KNOWN_UNKNOWN);
	assert_int_equal(ask(kh, "r2", 22, ED_B), KNOWN_MATCH);
	known_hosts_free(kh);

	size_t size = 200000;
	char *text = xmalloc(size + 200);
	memset(text, 'a', size);
	int n = snprintf(text + size, 200, " %s\nr2 %s\n", ED_A, ED_B);
	kh = known_hosts_parse(text, size + (size_t)n);
	unsigned first;
	assert_int_equal(known_hosts_bad_lines(kh, &first), 1);
	assert_int_equal(first, 1);
	assert_int_equal(ask(kh, "r2", 22, ED_B), KNOWN_MATCH);
	known_hosts_free(kh);
	free(text);
}

static void
a_long_list_of_names_is_no_problem(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 6000; i++)
		buf_addf(&text, "host%d,", i);
	buf_addf(&text, "last %s", ED_A);
	struct known_hosts *kh = known_hosts_parse(buf_str(&text), text.len);
	assert_int_equal(known_hosts_bad_lines(kh, NULL), 0);
	assert_int_equal(ask(kh, "host0", 22, ED_A), KNOWN_MATCH);
	assert_int_equal(ask(kh, "host5999", 22, ED_A), KNOWN_MATCH);
	assert_int_equal(ask(kh, "last", 22, ED_A), KNOWN_MATCH);
	assert_int_equal(ask(kh, "host6000", 22, ED_A), KNOWN_UNKNOWN);
	known_hosts_free(kh);
	buf_clear(&text);
}

/* ---- answers ---- */

static void
answers(void **state)
{
	(void)state;
	static const struct {
		const char *text, *host;
		uint16_t port;
		const char *key;
		enum known_answer want;
	} cases[] = {
		{ "", "r1", 22, ED_A, KNOWN_UNKNOWN },
		{ "r1 " ED_B, "r1", 22, ED_A, KNOWN_CHANGED },
		{ "r1 " EC, "r1", 22, ED_A, KNOWN_OTHER_TYPE },
		{ "r1 " EC "\nr1 " ED_B, "r1", 22, ED_A, KNOWN_CHANGED },
		{ "r1 " ED_A, "r1", 22, ED_A, KNOWN_MATCH },
		{ "r1 " ED_A, "r1", 0, ED_A, KNOWN_MATCH },
		{ "r1 " ED_A "\r\n", "r1", 22, ED_A, KNOWN_MATCH },
		{ "  r1\t \t" ED_A " a comment, r9", "r1", 22, ED_A,
		    KNOWN_MATCH },
		{ "#r1 " ED_A, "#r1", 22, ED_A, KNOWN_UNKNOWN },
		{ "r1 " ED_B "\nr1 " ED_A, "r1", 22, ED_A, KNOWN_MATCH },
		{ "R1.Example.NET " ED_A, "r1.eXample.net", 22, ED_A,
		    KNOWN_MATCH },
		{ "a,r1,10.0.0.1 " ED_A, "10.0.0.1", 22, ED_A, KNOWN_MATCH },
		{ "a,r1,10.0.0.1 " ED_A, "10.0.0.11", 22, ED_A, KNOWN_UNKNOWN },
		/* Ports: the bare name is port 22 and nothing else. */
		{ "r1 " ED_B, "r1", 2222, ED_A, KNOWN_UNKNOWN },
		{ "r1 " ED_A, "r1", 2222, ED_A, KNOWN_UNKNOWN },
		{ "[r1]:2222 " ED_A, "r1", 22, ED_A, KNOWN_UNKNOWN },
		{ "[r1]:2222 " ED_A, "R1", 2222, ED_A, KNOWN_MATCH },
		{ "[r1]:2222 " ED_A, "r1", 2223, ED_A, KNOWN_UNKNOWN },
		{ "[fe80::1]:2222 " ED_A, "fe80::1", 2222, ED_A, KNOWN_MATCH },
		{ "fe80::1 " ED_A, "FE80::1", 22, ED_A, KNOWN_MATCH },
		/* Patterns. */
		{ "*.net " ED_A, "r1.net", 22, ED_A, KNOWN_MATCH },
		{ "*.NET " ED_A, "r1.net", 22, ED_A, KNOWN_MATCH },
		{ "*.net " ED_A, "r1.net.org", 22, ED_A, KNOWN_UNKNOWN },
		{ "r? " ED_A, "r1", 22, ED_A, KNOWN_MATCH },
		{ "r? " ED_A, "r", 22, ED_A, KNOWN_UNKNOWN },
		{ "r?*9 " ED_A, "r1119", 22, ED_A, KNOWN_MATCH },
		{ "[*.net]:830 " ED_A, "r1.net", 830, ED_A, KNOWN_MATCH },
		{ "[*.net]:830 " ED_A, "r1.net", 22, ED_A, KNOWN_UNKNOWN },
		{ "*,!r1 " ED_A, "r1", 22, ED_A, KNOWN_UNKNOWN },
		{ "!r1,* " ED_A, "r1", 22, ED_A, KNOWN_UNKNOWN },
		{ "*,!r1 " ED_A, "r2", 22, ED_A, KNOWN_MATCH },
		{ "!r1 " ED_A, "r2", 22, ED_A, KNOWN_UNKNOWN },
		{ "r*,!r?9 " ED_B, "r19", 22, ED_A, KNOWN_UNKNOWN },
		{ "r1 " ED_A "\n* " ED_B, "r1", 22, ED_A, KNOWN_MATCH },
		/* Markers. */
		{ "@revoked r1 " ED_A "\nr1 " ED_A, "r1", 22, ED_A,
		    KNOWN_REVOKED },
		{ "r1 " ED_A "\n@revoked * " ED_A, "r1", 22, ED_A,
		    KNOWN_REVOKED },
		{ "@revoked r2 " ED_A "\nr1 " ED_A, "r1", 22, ED_A,
		    KNOWN_MATCH },
		{ "@revoked r1 " ED_B "\nr1 " ED_A, "r1", 22, ED_A,
		    KNOWN_MATCH },
		{ "@revoked r1 " ED_B, "r1", 22, ED_A, KNOWN_UNKNOWN },
		{ "@cert-authority * " ED_A, "r1", 22, ED_A, KNOWN_UNKNOWN },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct known_hosts *kh = known_hosts_parse(
		    cases[i].text, strlen(cases[i].text));
		enum known_answer got = ask(
		    kh, cases[i].host, cases[i].port, cases[i].key);
		if (got != cases[i].want)
			fail_msg("case %zu, %s: got %d, want %d", i,
			    cases[i].text, (int)got, (int)cases[i].want);
		if (known_hosts_bad_lines(kh, NULL))
			fail_msg("case %zu has a bad line", i);
		known_hosts_free(kh);
	}
}

static void
types_of_a_host(void **state)
{
	(void)state;
	static const char text[] = "* " ED_B "\nr1 " EC "\nr1 " ED_A "\nr1 " EC
				   "\n@revoked r2 " EC "\n[r1]:830 " EC "\n";
	struct known_hosts *kh = known_hosts_parse(text, strlen(text));
	struct strs types = { 0 };
	known_hosts_types(kh, "R1", 22, &types);
	assert_int_equal(types.count, 2);
	assert_string_equal(types.items[0], "ecdsa-sha2-nistp256");
	assert_string_equal(types.items[1], "ssh-ed25519");
	strs_clear(&types);
	known_hosts_types(kh, "r2", 22, &types);
	assert_int_equal(types.count, 1);
	assert_string_equal(types.items[0], "ssh-ed25519");
	strs_clear(&types);
	known_hosts_free(kh);
	kh = known_hosts_parse("", 0);
	known_hosts_types(kh, "r1", 22, &types);
	assert_int_equal(types.count, 0);
	known_hosts_free(kh);
}

static void
type_of_a_blob(void **state)
{
	(void)state;
	static const struct {
		const char *blob;
		size_t len;
	} bad[] = {
		{ "", 0 },
		{ "\0\0\0", 3 },
		{ "\0\0\0\0", 4 },
		{ "\0\0\0\5abcd", 8 },
		{ "\377\377\377\377abcd", 8 },
		{ "\0\0\0\3a\0b", 7 },
		{ "\0\0\0\3a b", 7 },
	};
	char type[KNOWN_TYPE_BYTES];
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(
		    known_hosts_key_type(bad[i].blob, bad[i].len, type));
	unsigned char longest[4 + 65] = { 0, 0, 0, 65 };
	memset(longest + 4, 'a', 65);
	assert_false(known_hosts_key_type(longest, sizeof(longest), type));
	longest[3] = 64;
	assert_true(known_hosts_key_type(longest, sizeof(longest), type));
	assert_int_equal(strlen(type), 64);
	assert_true(known_hosts_key_type("\0\0\0\4abcd", 8, type));
	assert_string_equal(type, "abcd");
}

/* 20,000 devices each asking once: linear would be 400 million comparisons,
 * most of a minute here under the sanitizers. */
static void
twenty_thousand_hosts(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 8 << 20);
	for (int i = 0; i < 20000; i++)
		buf_addf(&text, "r%d.example.net,10.0.%d.%d %s\n", i, i / 256,
		    i % 256, ED_A);
	struct known_hosts *kh = known_hosts_parse(buf_str(&text), text.len);
	struct known_key key = key_of(ED_A);
	int64_t start = clock_ms();
	for (int i = 0; i < 20000; i++) {
		char host[64];
		snprintf(host, sizeof(host), "r%d.example.net", i);
		assert_int_equal(known_hosts_check(
				     kh, host, 22, key.type, key.blob, key.len),
		    KNOWN_MATCH);
	}
	assert_true(clock_ms() - start < 5000);
	known_key_clear(&key);
	known_hosts_free(kh);
	buf_clear(&text);
}

/* ---- files ---- */

static char *dir; /* a fresh directory for each test */

static char *
in_dir(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static int
make_dir(void **state)
{
	(void)state;
	dir = xstrdup("/tmp/netpush-kh-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

/* Runs a program without a shell; its exit status, or -1. */
static int
run(const char *const argv[], const char *stdout_path)
{
	pid_t pid = fork();
	if (pid == 0) {
		int fd = open(stdout_path ? stdout_path : "/dev/null",
		    O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, 1);
		dup2(fd, 2);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int
drop_dir(void **state)
{
	(void)state;
	const char *argv[] = { "rm", "-rf", dir, NULL };
	run(argv, NULL);
	free(dir);
	return 0;
}

static char *
slurp(const char *path)
{
	struct buf text;
	struct err err;
	buf_init(&text, 1 << 20);
	assert_int_equal(file_read(path, &text, &err), 0);
	char *copy = xstrdup(buf_str(&text));
	buf_clear(&text);
	return copy;
}

static void
spit(const char *path, const char *text)
{
	assert_int_equal(
	    file_write_atomic(path, text, strlen(text), 0600, NULL), 0);
}

static void
missing_is_empty_but_unreadable_is_an_error(void **state)
{
	(void)state;
	struct err err = { 0 };
	char *path = in_dir("none/known_hosts");
	struct known_hosts *kh = known_hosts_load(path, &err);
	assert_non_null(kh);
	assert_int_equal(err.kind, ERR_NONE);
	assert_int_equal(ask(kh, "r1", 22, ED_A), KNOWN_UNKNOWN);
	known_hosts_free(kh);
	assert_null(known_hosts_load(dir, &err));
	assert_int_equal(err.kind, ERR_JOB);
	assert_non_null(strstr(err.text, dir));
	assert_null(known_hosts_load(dir, NULL));
	known_hosts_free(NULL);
	free(path);
}

static void
append_refuses_what_would_not_read_back(void **state)
{
	(void)state;
	static const char *const hosts[] = { "", "a b", "a,b", "*", "r?", "!r",
		"#r", "@revoked", "|1|a|b", "r\n1", "r\t1", "r\x7f", "r\xc3" };
	char *path = in_dir("kh");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		struct err err = { 0 };
		assert_int_equal(append(path, hosts[i], 22, ED_A, &err), -1);
		assert_int_equal(err.kind, ERR_HOST_KEY);
	}
	struct err err = { 0 };
	struct known_key key = key_of(ED_A);
	assert_int_equal(known_hosts_append(path, "r1", 22, "ssh-rsa", key.blob,
			     key.len, &err),
	    -1);
	assert_int_equal(err.kind, ERR_HOST_KEY);
	unsigned char *huge = xcalloc(1, 100000);
	memcpy(huge, key.blob, key.len);
	assert_int_equal(
	    known_hosts_append(path, "r1", 22, key.type, huge, 100000, &err),
	    -1);
	assert_int_equal(err.kind, ERR_HOST_KEY);
	free(huge);
	struct stat st;
	assert_true(stat(path, &st) != 0 || st.st_size == 0);
	known_key_clear(&key);
	free(path);
}

static void
append_refuses_a_second_key(void **state)
{
	(void)state;
	static const struct {
		const char *text, *host;
		uint16_t port;
		int want;
	} cases[] = {
		{ "r1 " ED_B "\n", "r1", 22, -1 },
		{ "@revoked * " ED_A "\n", "r1", 22, -1 },
		{ "*.net " ED_B "\n", "r1.net", 22, -1 },
		{ "@cert-authority * " ED_B "\n", "r1", 22, 0 },
		{ "r1 " EC "\n", "r1", 22, 0 },
		{ "r1 " ED_B "\n", "r1", 23, 0 },
		{ "r1 nonsense\n", "r1", 22, 0 },
	};
	char *path = in_dir("kh");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = { 0 };
		spit(path, cases[i].text);
		int rc = append(path, cases[i].host, cases[i].port, ED_A, &err);
		if (rc != cases[i].want)
			fail_msg("case %zu: %d %s", i, rc, err.text);
		char *after = slurp(path);
		assert_true(str_starts(after, cases[i].text));
		if (rc) {
			assert_int_equal(err.kind, ERR_HOST_KEY);
			assert_string_equal(after, cases[i].text);
		}
		free(after);
	}
	free(path);
}

/* What a file becomes when a device comes back with the key ED_A. NULL: it is
 * refused, and the file is left as it is. */
static void
replace_forgets_the_host_and_nobody_else(void **state)
{
	(void)state;
	static const struct {
		const char *before, *after;
		uint16_t port;
	} cases[] = {
		{ "r1 " ED_B "\n", "r1 " ED_A "\n", 22 },
		{ "", "r1 " ED_A "\n", 22 },
		{ "r1 " ED_B "\nr1 " EC "\n", "r1 " ED_A "\n", 22 },
		{ "# mine\nr2 " ED_B "\nR1 " ED_B "\nnonsense\n",
		    "# mine\nr2 " ED_B "\nnonsense\nr1 " ED_A "\n", 22 },
		{ "r2,r1,10.0.0.1 " ED_B " why\n",
		    "r2,10.0.0.1 " ED_B " why\nr1 " ED_A "\n", 22 },
		{ "[r1]:2222 " ED_B "\nr1 " ED_B "\n",
		    "r1 " ED_B "\n[r1]:2222 " ED_A "\n", 2222 },
		{ "@cert-authority * " ED_B "\nr1 " ED_B "\n",
		    "@cert-authority * " ED_B "\nr1 " ED_A "\n", 22 },
		{ "*.net " ED_B "\nr1 " ED_B, "*.net " ED_B "\nr1 " ED_A "\n",
		    22 },
		{ "@revoked * " ED_A "\nr1 " ED_B "\n", NULL, 22 },
	};
	char *path = in_dir("kh");
	struct known_key key = key_of(ED_A);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = { 0 };
		spit(path, cases[i].before);
		int rc = known_hosts_replace(path, "R1", cases[i].port,
		    key.type, key.blob, key.len, &err);
		char *after = slurp(path);
		assert_int_equal(rc, cases[i].after ? 0 : -1);
		if (rc)
			assert_int_equal(err.kind, ERR_HOST_KEY);
		assert_string_equal(
		    after, cases[i].after ? cases[i].after : cases[i].before);
		free(after);
	}
	struct known_hosts *kh = known_hosts_of(
	    "R1", 2222, key.type, key.blob, key.len);
	assert_int_equal(ask(kh, "r1", 2222, ED_A), KNOWN_MATCH);
	assert_int_equal(ask(kh, "r1", 2222, ED_B), KNOWN_CHANGED);
	assert_int_equal(ask(kh, "r1", 22, ED_A), KNOWN_UNKNOWN);
	known_hosts_free(kh);
	known_key_clear(&key);
	free(path);
}

static void
append_makes_mends_and_never_doubles(void **state)
{
	(void)state;
	struct err err = { 0 };
	char *ssh = in_dir("home/.ssh");
	char *path = in_dir("home/.ssh/known_hosts");
	struct stat st;
	assert_int_equal(append(path, "R1", 22, ED_A, &err), 0);
	assert_int_equal(stat(ssh, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(append(path, "r1", 22, ED_A, &err), 0);
	assert_int_equal(append(path, "r1", 22, EC, &err), 0);
	assert_int_equal(append(path, "10.0.0.1", 830, ED_B, &err), 0);
	assert_int_equal(append(path, "10.0.0.1", 830, ED_B, &err), 0);
	char *text = slurp(path);
	assert_string_equal(
	    text, "r1 " ED_A "\nr1 " EC "\n[10.0.0.1]:830 " ED_B "\n");
	free(text);

	spit(path, "# no newline at the end");
	assert_int_equal(append(path, "r1", 22, ED_A, &err), 0);
	text = slurp(path);
	assert_string_equal(text, "# no newline at the end\nr1 " ED_A "\n");
	free(text);
	free(path);
	free(ssh);
}

static void
append_says_why_it_cannot(void **state)
{
	(void)state;
	struct err err = { 0 };
	char *blocked = in_dir("file/known_hosts");
	char *file = in_dir("file");
	spit(file, "");
	assert_int_equal(append(blocked, "r1", 22, ED_A, &err), -1);
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_int_equal(append(dir, "r1", 22, ED_A, &err), -1);
	assert_non_null(strstr(err.text, dir));
	/* A full disk: nothing is taken, and it is said. */
	err = (struct err){ 0 };
	assert_int_equal(append("/dev/full", "r1", 22, ED_A, &err), -1);
	assert_int_equal(err.kind, ERR_INTERNAL);
	free(blocked);
	free(file);
}

/* Several writers at once: every line whole, none lost, none twice. */
static void
writers_do_not_mix(void **state)
{
	(void)state;
	enum { WRITERS = 4, HOSTS = 25 };
	char *path = in_dir("kh");
	pid_t pids[WRITERS];
	for (int w = 0; w < WRITERS; w++) {
		pids[w] = fork();
		if (pids[w])
			continue;
		int bad = 0;
		for (int i = 0; i < HOSTS; i++) {
			char host[32];
			snprintf(
			    host, sizeof(host), "r%d", i + (w % 2) * HOSTS);
			bad |= append(path, host, 22, ED_A, NULL) != 0;
		}
		_exit(bad);
	}
	for (int w = 0; w < WRITERS; w++) {
		int status;
		assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
		assert_int_equal(status, 0);
	}
	char *text = slurp(path);
	struct strs lines = { 0 };
	strs_add_lines(&lines, text);
	assert_int_equal(lines.count, 2 * HOSTS);
	struct known_hosts *kh = known_hosts_parse(text, strlen(text));
	assert_int_equal(known_hosts_bad_lines(kh, NULL), 0);
	for (int i = 0; i < 2 * HOSTS; i++) {
		char host[32];
		snprintf(host, sizeof(host), "r%d", i);
		assert_int_equal(ask(kh, host, 22, ED_A), KNOWN_MATCH);
	}
	known_hosts_free(kh);
	strs_clear(&lines);
	free(text);
	free(path);
}

static void
a_lock_that_is_held_ends_in_an_error(void **state)
{
	(void)state;
	struct err err = { 0 };
	char *path = in_dir("kh");
	spit(path, "");
	int fd = open(path, O_RDWR | O_CLOEXEC);
	/* Even a reader's lock: the writer wants to be alone. */
	assert_int_equal(flock(fd, LOCK_SH), 0);
	assert_int_equal(append(path, "r1", 22, ED_A, &err), -1);
	assert_non_null(strstr(err.text, "locked"));
	close(fd);
	assert_int_equal(append(path, "r1", 22, ED_A, &err), 0);
	free(path);
}

/* ---- the other reader and writer of the same file ---- */

static bool
have_keygen(void)
{
	const char *argv[] = { "ssh-keygen", "-?", NULL };
	return run(argv, NULL) != 127;
}

static void
entries_hashed_by_ssh_keygen(void **state)
{
	(void)state;
	if (!have_keygen())
		skip();
	char *path = in_dir("kh");
	spit(path,
	    "r1.example.net,10.0.0.1 " ED_A "\n[r1.example.net]:2222 " EC
	    "\n@revoked r3 " ED_B "\n");
	const char *argv[] = { "ssh-keygen", "-H", "-f", path, NULL };
	assert_int_equal(run(argv, NULL), 0);
	char *text = slurp(path);
	assert_null(strstr(text, "example"));
	free(text);
	struct err err;
	struct known_hosts *kh = known_hosts_load(path, &err);
	assert_int_equal(known_hosts_bad_lines(kh, NULL), 0);
	assert_int_equal(ask(kh, "R1.example.net", 22, ED_A), KNOWN_MATCH);
	assert_int_equal(ask(kh, "10.0.0.1", 22, ED_A), KNOWN_MATCH);
	assert_int_equal(ask(kh, "10.0.0.1", 22, ED_B), KNOWN_CHANGED);
	assert_int_equal(ask(kh, "r1.example.net", 2222, EC), KNOWN_MATCH);
	assert_int_equal(
	    ask(kh, "r1.example.net", 2222, ED_A), KNOWN_OTHER_TYPE);
	assert_int_equal(ask(kh, "r3", 22, ED_B), KNOWN_REVOKED);
	assert_int_equal(ask(kh, "10.0.0.2", 22, ED_A), KNOWN_UNKNOWN);
	/* And a hashed entry is a duplicate as much as a plain one. */
	text = slurp(path);
	assert_int_equal(append(path, "10.0.0.1", 22, ED_A, &err), 0);
	char *after = slurp(path);
	assert_string_equal(after, text);
	free(after);
	free(text);
	known_hosts_free(kh);
	free(path);
}

static void
ssh_keygen_finds_what_was_appended(void **state)
{
	(void)state;
	if (!have_keygen())
		skip();
	static const struct {
		const char *host;
		uint16_t port;
		const char *find, *key;
	} cases[] = {
		{ "R1.example.net", 22, "r1.example.net", ED_A },
		{ "10.0.0.1", 2222, "[10.0.0.1]:2222", EC },
		{ "fe80::1", 830, "[fe80::1]:830", ED_B },
		{ "fe80::2", 22, "fe80::2", ED_B },
	};
	char *path = in_dir("kh"), *out = in_dir("out");
	struct err err;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(append(path, cases[i].host, cases[i].port,
				     cases[i].key, &err),
		    0);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *argv[] = { "ssh-keygen", "-F", cases[i].find, "-f",
			path, NULL };
		assert_int_equal(run(argv, out), 0);
		char *text = slurp(out);
		assert_non_null(strstr(text, cases[i].key));
		free(text);
	}
	const char *other[] = { "ssh-keygen", "-F", "10.0.0.1", "-f", path,
		NULL };
	assert_int_equal(run(other, NULL), 1);
	free(path);
	free(out);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_lines_are_counted_and_passed_over),
		cmocka_unit_test(a_nul_or_an_endless_line_is_bad),
		cmocka_unit_test(a_long_list_of_names_is_no_problem),
		cmocka_unit_test(answers),
		cmocka_unit_test(types_of_a_host),
		cmocka_unit_test(type_of_a_blob),
		cmocka_unit_test(twenty_thousand_hosts),
		WITH_DIR(missing_is_empty_but_unreadable_is_an_error),
		WITH_DIR(append_refuses_what_would_not_read_back),
		WITH_DIR(append_refuses_a_second_key),
		WITH_DIR(replace_forgets_the_host_and_nobody_else),
		WITH_DIR(append_makes_mends_and_never_doubles),
		WITH_DIR(append_says_why_it_cannot),
		WITH_DIR(writers_do_not_mix),
		WITH_DIR(a_lock_that_is_held_ends_in_an_error),
		WITH_DIR(entries_hashed_by_ssh_keygen),
		WITH_DIR(ssh_keygen_finds_what_was_appended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
