/* Following files that grow, without keeping any of them open. */
#include "app/dialogue.h"

#include "base/alloc.h"
#include "model/job.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES 65536

struct dialogue {
	char *dir;
	const struct job *job;
	off_t *read_to; /* of each device's transcript */
};

static char *
transcript_path(const struct dialogue *dialogue, size_t device)
{
	return xasprintf("%s/transcripts/%s.log", dialogue->dir,
	    dialogue->job->devices[device].hostname);
}

struct dialogue *
dialogue_new(const char *dir, const struct job *job)
{
	struct dialogue *dialogue = xcalloc(1, sizeof(*dialogue));
	dialogue->dir = xstrdup(dir);
	dialogue->job = job;
	dialogue->read_to = xcalloc(
	    job->device_count, sizeof(*dialogue->read_to));
	/* A run that goes on has some from its earlier part. */
	for (size_t i = 0; i < job->device_count; i++) {
		struct stat about;
		char *path = transcript_path(dialogue, i);
		if (stat(path, &about) == 0)
			dialogue->read_to[i] = about.st_size;
		free(path);
	}
	return dialogue;
}

void
dialogue_free(struct dialogue *dialogue)
{
	if (!dialogue)
		return;
	free(dialogue->dir);
	free(dialogue->read_to);
	free(dialogue);
}

/* Hands over the whole lines in BYTES; returns how many bytes they are. */
static size_t
take_lines(const struct dialogue *dialogue, size_t device, char *bytes,
    size_t len, dialogue_line_fn *fn, void *data)
{
	const char *hostname = dialogue->job->devices[device].hostname;
	size_t taken = 0;
	char *end;
	while ((end = memchr(bytes + taken, '\n', len - taken))) {
		*end = '\0';
		const char *behind = strchr(bytes + taken, ' ');
		fn(data, hostname, behind ? behind + 1 : bytes + taken);
		taken = (size_t)(end - bytes) + 1;
	}
	/* A line longer than the buffer comes in pieces. */
	if (!taken && len == READ_BYTES) {
		bytes[len] = '\0';
		fn(data, hostname, bytes);
		taken = len;
	}
	return taken;
}

void
dialogue_read(
    struct dialogue *dialogue, size_t device, dialogue_line_fn *fn, void *data)
{
	char *path = transcript_path(dialogue, device);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd < 0)
		return;
	char *bytes = xmalloc(READ_BYTES + 1);
	for (;;) {
		ssize_t n = pread(
		    fd, bytes, READ_BYTES, dialogue->read_to[device]);
		size_t taken = n > 0
		    ? take_lines(dialogue, device, bytes, (size_t)n, fn, data)
		    : 0;
		if (!taken)
			break;
		dialogue->read_to[device] += (off_t)taken;
	}
	free(bytes);
	close(fd);
}
