/*
 * Addresses in access lists: host, wildcard, prefix and any, IPv4 and IPv6,
 * read into bytes with a wildcard and written in one form. It must not know
 * what stands before or after an address in a line.
 */
#include "model/acl_dialect.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "model/acl_names.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static size_t
size_of(const struct acl_address *address)
{
	return address->kind == ACL_ADDRESS_IPV6 ? 16 : 4;
}

/* Clears the bits that do not matter. An address of which no bit matters is
 * `any`, however it was spelled. */
static void
apply_wildcard(struct acl_address *address)
{
	size_t size = size_of(address), open = 0;
	for (size_t i = 0; i < size; i++) {
		unsigned keep = ~(unsigned)address->wildcard[i] & 0xff;
		address->bytes[i] = (uint8_t)(address->bytes[i] & keep);
		open += keep == 0;
	}
	if (open == size)
		address->kind = ACL_ADDRESS_ANY;
}

static bool
set_bytes(struct acl_address *address, const char *word)
{
	if (inet_pton(AF_INET, word, address->bytes) == 1)
		address->kind = ACL_ADDRESS_IPV4;
	else if (inet_pton(AF_INET6, word, address->bytes) == 1)
		address->kind = ACL_ADDRESS_IPV6;
	else
		return false;
	return true;
}

static bool
set_prefix(struct acl_address *address, const char *word)
{
	char text[INET6_ADDRSTRLEN];
	const char *slash = strchr(word, '/');
	if (!slash || (size_t)(slash - word) >= sizeof(text))
		return false;
	memcpy(text, word, (size_t)(slash - word));
	text[slash - word] = '\0';
	if (!set_bytes(address, text))
		return false;
	int size = (int)size_of(address);
	int len = acl_number_get(slash + 1, size * 8);
	if (len < 0)
		return false;
	for (int i = 0; i < size; i++) {
		int bits = len - i * 8;
		bits = bits < 0 ? 0 : bits > 8 ? 8 : bits;
		address->wildcard[i] = (uint8_t)(0xff >> bits);
	}
	address->prefix = true;
	apply_wildcard(address);
	return true;
}

static bool
set_wildcard(struct acl_address *address, const char *word)
{
	if (inet_pton(AF_INET, word, address->wildcard) != 1)
		return false;
	apply_wildcard(address);
	return true;
}

static bool
is_group_word(const char *word)
{
	return strcasecmp(word, "object-group") == 0 ||
	    strcasecmp(word, "addrgroup") == 0;
}

/* `192.168.1.0, wildcard bits 0.0.0.255`: how IOS and FRR show an entry of a
 * standard list. */
static size_t
parse_wildcard_bits(
    struct acl_address *address, char *const *words, size_t count)
{
	char text[INET_ADDRSTRLEN];
	size_t len = strlen(words[0]);
	if (count < 4 || len < 2 || len > sizeof(text) ||
	    words[0][len - 1] != ',' || strcasecmp(words[1], "wildcard") ||
	    strcasecmp(words[2], "bits"))
		return 0;
	memcpy(text, words[0], len - 1);
	text[len - 1] = '\0';
	if (!set_bytes(address, text) || address->kind != ACL_ADDRESS_IPV4 ||
	    !set_wildcard(address, words[3]))
		return 0;
	return 4;
}

static size_t
parse(struct acl_address *address, char *const *words, size_t count,
    bool bare_host)
{
	if (count == 0)
		return 0;
	if (strcasecmp(words[0], "any") == 0) {
		address->kind = ACL_ADDRESS_ANY;
		return 1;
	}
	if (strcasecmp(words[0], "host") == 0)
		return count > 1 && set_bytes(address, words[1]) ? 2 : 0;
	if (is_group_word(words[0]) && count > 1) {
		address->kind = ACL_ADDRESS_GROUP;
		address->group = xasprintf("%s %s",
		    strcasecmp(words[0], "addrgroup") ? "object-group"
						      : "addrgroup",
		    words[1]);
		return 2;
	}
	if (strchr(words[0], '/'))
		return set_prefix(address, words[0]) ? 1 : 0;
	if (strchr(words[0], ','))
		return parse_wildcard_bits(address, words, count);
	if (!set_bytes(address, words[0]))
		return 0;
	if (address->kind == ACL_ADDRESS_IPV4 && count > 1 &&
	    set_wildcard(address, words[1]))
		return 2;
	return bare_host ? 1 : 0;
}

size_t
acl_address_parse(struct acl_address *address, char *const *words, size_t count,
    bool bare_host)
{
	memset(address, 0, sizeof(*address));
	size_t taken = parse(address, words, count, bare_host);
	if (!taken)
		memset(address, 0, sizeof(*address));
	return taken;
}

int
acl_address_prefix(const struct acl_address *address)
{
	int len = 0, size = (int)size_of(address) * 8;
	while (
	    len < size && !(address->wildcard[len / 8] & (0x80 >> (len % 8))))
		len++;
	for (int i = len; i < size; i++)
		if (!(address->wildcard[i / 8] & (0x80 >> (i % 8))))
			return -1;
	return len;
}

static void
put_bytes(
    struct buf *out, const struct acl_address *address, const char *before)
{
	char text[INET6_ADDRSTRLEN], wildcard[INET_ADDRSTRLEN];
	bool ipv6 = address->kind == ACL_ADDRESS_IPV6;
	inet_ntop(
	    ipv6 ? AF_INET6 : AF_INET, address->bytes, text, sizeof(text));
	buf_addf(out, "%s%s", before, text);
	if (*before)
		return;
	int len = acl_address_prefix(address);
	if (len >= 0) {
		buf_addf(out, "/%d", len);
		return;
	}
	inet_ntop(AF_INET, address->wildcard, wildcard, sizeof(wildcard));
	buf_addf(out, " %s", wildcard);
}

/* Where a prefix is another match, `host A` and `A W` are written in the
 * form that a prefix never has. */
static void
put_wildcard(struct buf *out, const struct acl_address *address)
{
	char text[INET_ADDRSTRLEN], wildcard[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, address->bytes, text, sizeof(text));
	inet_ntop(AF_INET, address->wildcard, wildcard, sizeof(wildcard));
	buf_addf(out, "%s %s", text, wildcard);
}

void
acl_address_put(struct buf *out, const struct acl_address *address,
    const struct acl_dialect *dialect)
{
	switch (address->kind) {
	case ACL_ADDRESS_NONE:
		break;
	case ACL_ADDRESS_ANY:
		buf_adds(out, "any");
		break;
	case ACL_ADDRESS_GROUP:
		buf_adds(out, address->group);
		break;
	case ACL_ADDRESS_IPV4:
	case ACL_ADDRESS_IPV6:
		if (acl_address_prefix(address) == (int)size_of(address) * 8 &&
		    !(dialect->prefix_differs && address->prefix))
			put_bytes(out, address, "host ");
		else if (dialect->prefix_differs && !address->prefix &&
		    address->kind == ACL_ADDRESS_IPV4)
			put_wildcard(out, address);
		else
			put_bytes(out, address, "");
		break;
	}
}
