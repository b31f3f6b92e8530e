/*
 * The memory that libssh2 works in. It is wiped when it is given back, and
 * packets that libssh2 makes too little of are read there.
 */
#include "base/secret.h"
#include "base/str.h"

#include "ssh.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* A packet has at most 40,000 bytes; a length that a hostile device names is
 * not to be had. */
#define ALLOC_LIMIT_BYTES (16U << 20)

/* One line, no control characters. */
void
ssh_keep_question(struct ssh *ssh, const char *text, size_t len)
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
#define CHANNEL_REQUEST		  98

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
		ssh_keep_question(ssh, text, len);
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

/* A string of RFC 4251 (section 5) at AT: where it begins, or NULL. */
static const unsigned char *
packet_string(const unsigned char *packet, size_t size, size_t at, size_t *len)
{
	if (at > size || size - at < 4)
		return NULL;
	const unsigned char *p = packet + at;
	*len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 |
	    p[3];
	return *len <= size - at - 4 ? p + 4 : NULL;
}

static bool
is_text(const unsigned char *bytes, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(bytes, text, len) == 0;
}

/*
 * How a command ended (RFC 4254, section 6.10): byte, uint32, string, boolean
 * and then a uint32 or a string. libssh2 tells a status that never came as 0,
 * and trusts the length of a signal's name; so neither is asked of it.
 */
static void
watch_end(struct exec_end *end, const unsigned char *packet, size_t size)
{
	size_t len;
	if (packet[0] != CHANNEL_REQUEST)
		return;
	const unsigned char *kind = packet_string(packet, size, 5, &len);
	if (!kind)
		return;
	size_t at = 5 + 4 + len + 1;
	if (is_text(kind, len, "exit-status") && at + 4 <= size) {
		end->has_status = true;
		end->status = (int)((uint32_t)packet[at] << 24 |
		    (uint32_t)packet[at + 1] << 16 |
		    (uint32_t)packet[at + 2] << 8 | packet[at + 3]);
	}
	if (!is_text(kind, len, "exit-signal"))
		return;
	const unsigned char *name = packet_string(packet, size, at, &len);
	if (!name || len >= EXEC_SIGNAL_BYTES)
		return;
	for (size_t i = 0; i < len; i++)
		end->signal[i] = name[i] > ' ' && name[i] <= '~' ? (char)name[i]
								 : '?';
	end->signal[len] = '\0';
}

/* Freed memory is wiped: it may have held the password's packet. */
void
ssh_mem_free(void *ptr, void **abstract)
{
	struct ssh *ssh = *abstract;
	if (!ptr)
		return;
	size_t size = malloc_usable_size(ptr);
	if (ssh->watching)
		watch_packet(ssh, ptr, size);
	if (ssh->end && size)
		watch_end(ssh->end, ptr, size);
	secret_wipe(ptr, size);
	free(ptr);
}

void *
ssh_mem_alloc(size_t size, void **abstract)
{
	(void)abstract;
	return size <= ALLOC_LIMIT_BYTES ? malloc(size) : NULL;
}

void *
ssh_mem_realloc(void *ptr, size_t size, void **abstract)
{
	void *moved = ssh_mem_alloc(size, abstract);
	if (!ptr)
		return moved;
	if (!moved)
		return NULL;
	size_t old = malloc_usable_size(ptr);
	memcpy(moved, ptr, old < size ? old : size);
	ssh_mem_free(ptr, abstract);
	return moved;
}

bool
ssh_methods_have(const struct ssh *ssh, const char *method)
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
