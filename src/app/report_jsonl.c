/* JSON Lines: the journal as it stands, without a line that is not whole. */
#include "app/report_formats.h"

#include "run/journal.h"
#include "run/result.h"

#include <errno.h>
#include <unistd.h>

#define CHUNK_BYTES 65536

int
report_jsonl(FILE *file, const struct run_view *view)
{
	char chunk[CHUNK_BYTES];
	int64_t end = journal_read(view->journal_fd, NULL, NULL, NULL);
	for (int64_t at = 0; at < end;) {
		size_t wanted = end - at < CHUNK_BYTES ? (size_t)(end - at)
						       : CHUNK_BYTES;
		ssize_t n = pread(view->journal_fd, chunk, wanted, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || fwrite(chunk, 1, (size_t)n, file) != (size_t)n)
			return -1;
		at += n;
	}
	return ferror(file) ? -1 : 0;
}
