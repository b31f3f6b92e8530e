/*
 * The host keys that are already trusted, in OpenSSH's known_hosts format
 * (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). The parent loads it once; forked
 * workers inherit it and only ask. This module answers what the file says;
 * what follows from the answer (refuse, accept, ask) is policy and lives with
 * the caller.
 *
 * In the file a host on port 22 stands under its bare name and one on any
 * other port only as "[host]:port". Names compare without regard to case.
 */
#ifndef NETPUSH_DEVICE_KNOWN_HOSTS_H
#define NETPUSH_DEVICE_KNOWN_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct strs;
struct known_hosts;

enum known_answer {
	KNOWN_MATCH, /* this very key stands there for this host */
	KNOWN_UNKNOWN, /* nothing is known of this host */
	KNOWN_CHANGED, /* the host has another key of this type */
	KNOWN_OTHER_TYPE, /* only keys of other types are known */
	KNOWN_REVOKED, /* this key is marked @revoked for this host */
	KNOWN__COUNT,
};

/* Long enough for every key type's name, NUL included (RFC 4251 section 6
 * limits a name to 64 characters). */
#define KNOWN_TYPE_BYTES 65

/*
 * Reads PATH; a file that does not exist is an empty one. NULL and ERR
 * (ERR_JOB) when it is there but cannot be read. Lines that make no sense are
 * never fatal: they are passed over and counted. The caller frees.
 */
struct known_hosts *known_hosts_load(const char *path, struct err *err);

/* The same from memory; cannot fail. TEXT is copied. */
struct known_hosts *known_hosts_parse(const char *text, size_t len);

void known_hosts_free(struct known_hosts *kh);

/* The file that it was read from, for messages. */
const char *known_hosts_path(const struct known_hosts *kh);

/* How many lines were passed over as nonsense; *first_line is the first one's
 * number, counted from 1, and 0 when there is none (may be NULL).
 * @cert-authority lines are skipped on purpose and not counted. */
size_t known_hosts_bad_lines(
    const struct known_hosts *kh, unsigned *first_line);

/*
 * What the file says of this key. HOST is the name or address that was
 * connected to, without brackets. KEY_TYPE is the key's own type ("ssh-rsa"
 * also where the signature is rsa-sha2-256), as known_hosts_key_type() reads
 * it. KEY is the public key blob of RFC 4253 section 6.6.
 */
enum known_answer known_hosts_check(const struct known_hosts *kh,
    const char *host, uint16_t port, const char *key_type, const void *key,
    size_t len);

/*
 * Adds the types of the keys that are known for this host to TYPES, each once,
 * those under its plain name first; revoked ones are left out. The transport offers
 * them first, so that a device with several keys shows the known one.
 */
void known_hosts_types(const struct known_hosts *kh, const char *host,
    uint16_t port, struct strs *types);

/* The type that a public key blob names itself; false if it is no blob. */
bool known_hosts_key_type(
    const void *key, size_t len, char type[KNOWN_TYPE_BYTES]);

/* What a file would say that holds this one key. */
struct known_hosts *known_hosts_of(const char *host, uint16_t port,
    const char *key_type, const void *key, size_t len);

/*
 * Puts this key in the place of all others that stand there for the host: a
 * device that made itself new ones, and somebody said that it may. Lines that
 * also speak of other hosts keep those; revoked keys stay, and one of them is
 * refused (ERR_HOST_KEY). Only the parent may call this. 0, or -1 with ERR.
 */
int known_hosts_replace(const char *path, const char *host, uint16_t port,
    const char *key_type, const void *key, size_t len, struct err *err);

/*
 * Adds one line to the file at PATH; only the parent may call this. The file
 * is made 0600 and its directory 0700 where they are missing, a missing last
 * newline is mended, the file is locked (flock) against other writers, and a
 * failed write is taken back. What the file says at that moment counts: a key
 * that stands there already is success without a new line; a revoked key, or
 * another key of that type, is refused (ERR_HOST_KEY), so that two runs can
 * never trust two keys. 0, or -1 with ERR.
 */
int known_hosts_append(const char *path, const char *host, uint16_t port,
    const char *key_type, const void *key, size_t len, struct err *err);

#endif
