/*
 * Fuzz target for the known_hosts parser: no text may crash it, and a key
 * that a line of the text names must be found again by the hosts of that
 * line. Build it with -fsanitize=fuzzer,address,undefined and start it on
 * tests/fuzz/corpus/known_hosts.
 */
#include "device/known_hosts.h"

#include "base/str.h"
#include "device/known_hosts_line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* What a line says alone, the table must know as well: the two ways into the
 * file (the table, and the scan before an append) have to agree. */
static void
check_line(const struct known_hosts *kh, struct piece text)
{
	struct known_line line;
	struct known_key key;
	if (known_line_parse(text, &line) != LINE_ENTRY ||
	    line.marker == MARKER_CA || !known_line_is_plain(line.hosts) ||
	    !known_line_key(&line, &key))
		return;
	struct piece first = piece_until(&line.hosts, ',');
	char *host = known_line_lower(first);
	enum known_answer answer = known_hosts_check(
	    kh, host, 22, key.type, key.blob, key.len);
	if (first.len && answer != KNOWN_MATCH && answer != KNOWN_REVOKED)
		abort();
	if (first.len && key.revoked && answer != KNOWN_REVOKED)
		abort();
	free(host);
	known_key_clear(&key);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct known_hosts *kh = known_hosts_parse((const char *)data, size);
	struct strs types = { 0 };
	known_hosts_types(kh, "router.example.net", 2222, &types);
	known_hosts_check(kh, "r1", 22, "ssh-rsa", data, size);
	struct piece rest = { (const char *)data, size };
	while (rest.len)
		check_line(kh, piece_until(&rest, '\n'));
	strs_clear(&types);
	known_hosts_free(kh);
	return 0;
}
