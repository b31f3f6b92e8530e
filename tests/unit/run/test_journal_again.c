/* A journal that was left: by a crash, by a process that still has it, by
 * workers that outlived their parent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "state.h"

#include "run/journal.h"
#include "run/rundir.h"

#include "base/buf.h"
#include "base/fdio.h"
#include "base/str.h"
#include "run/result.h"

#include <stdio.h>
#include <sys/stat.h>

#define CHUNK_BYTES (256u << 10) /* what journal_read() reads at once */

static int64_t
size_of(const char *dir)
{
	struct stat about;
	char *path = xasprintf("%s/events.jsonl", dir);
	assert_int_equal(stat(path, &about), 0);
	free(path);
	return about.st_size;
}

/* Adds one event with TEXT to the run in DIR, as a run that goes on. */
static int64_t
add_one(const char *dir, const char *text)
{
	struct err err;
	struct journal *journal = journal_open(dir, &err);
	assert_non_null(journal);
	struct event event = log_event(text);
	int64_t offset = journal_add(journal, &event);
	event_clear(&event);
	assert_int_equal(journal_flush(journal, 1, &err), 0);
	journal_free(journal);
	return offset;
}

struct seen {
	size_t count;
	int64_t offsets[64];
	size_t lengths[64];
	char *last;
};

static void
see(void *data, struct event *event, int64_t offset)
{
	struct seen *seen = data;
	assert_true(seen->count < 64);
	assert_int_equal(event->kind, EVENT_LOG);
	seen->offsets[seen->count] = offset;
	seen->lengths[seen->count++] = strlen(event->text);
	/* Taken over: the reader must not clear it as well. */
	free(seen->last);
	seen->last = event->text;
	event->text = NULL;
}

static int64_t
read_run(const char *dir, struct seen *seen, size_t *bad)
{
	char *path = xasprintf("%s/events.jsonl", dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	*seen = (struct seen){ 0 };
	int64_t end = journal_read(fd, see, seen, bad);
	close(fd);
	free(path);
	return end;
}

static void
a_torn_tail_is_cut_off(void **state)
{
	(void)state;
	static const char
	    torn[] = "{\"event\":\"log\",\"time\":\"2026-11-21T02:40:00.000Z\"";
	static const size_t sizes[] = { 1, sizeof(torn) - 1, CHUNK_BYTES,
		(1u << 20) + 5, (3u << 20) + 1 };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct seen seen;
		size_t bad = 0;
		char *dir = new_run();
		add_one(dir, "one");
		add_one(dir, "two");
		int64_t whole = size_of(dir);
		char *tail = xcalloc(1, sizes[i] + sizeof(torn));
		memset(tail, 'x', sizes[i]);
		memcpy(tail, torn, sizeof(torn) - 1);
		append(dir, "events.jsonl", tail, sizes[i]);
		free(tail);
		assert_int_equal(add_one(dir, "three"), whole);
		assert_int_equal(read_run(dir, &seen, &bad), size_of(dir));
		assert_int_equal(seen.count, 3);
		assert_int_equal(seen.offsets[2], whole);
		assert_string_equal(seen.last, "three");
		assert_int_equal(bad, 0);
		free(seen.last);
		free(dir);
	}
}

/* The power went while the file system had made room: zeros. */
static void
a_tail_of_zeros_is_cut_off(void **state)
{
	(void)state;
	static const char zeros[5000];
	char *dir = new_run();
	add_one(dir, "one");
	int64_t whole = size_of(dir);
	append(dir, "events.jsonl", zeros, sizeof(zeros));
	assert_int_equal(add_one(dir, "two"), whole);
	free(dir);
}

static void
a_whole_journal_is_left_as_it_is(void **state)
{
	(void)state;
	struct err err;
	char *dir = new_run();
	add_one(dir, "one");
	/* No event, but whole. */
	append(dir, "events.jsonl", "what?\n", 6);
	int64_t size = size_of(dir);
	struct journal *journal = journal_open(dir, &err);
	assert_non_null(journal);
	assert_string_equal(journal_dir(journal), dir);
	assert_string_equal(journal_run_id(journal), strrchr(dir, '/') + 1);
	journal_free(journal);
	assert_int_equal(size_of(dir), size);
	free(dir);
}

static void
what_is_no_run_is_not_opened(void **state)
{
	(void)state;
	struct err err = { 0 };
	char *dir = xasprintf("%s/none", state_dir);
	assert_null(journal_open(dir, &err));
	assert_int_not_equal(err.kind, ERR_NONE);
	/* A directory without a journal: none is made. */
	err = (struct err){ 0 };
	assert_null(journal_open(state_dir, &err));
	assert_int_not_equal(err.kind, ERR_NONE);
	char *path = xasprintf("%s/events.jsonl", state_dir);
	assert_int_equal(access(path, F_OK), -1);
	free(path);
	free(dir);
}

static void
who_holds_it_is_left_alone(void **state)
{
	(void)state;
	int pipe_fd;
	struct err err = { 0 };
	char *dir = new_run();
	add_one(dir, "one");
	pid_t pid = held_by_another(dir, &pipe_fd);
	/* Half of what it is just about to write. */
	append(dir, "events.jsonl", "{\"event\":", 9);
	int64_t size = size_of(dir);
	assert_null(journal_open(dir, &err));
	assert_int_equal(err.kind, ERR_JOB);
	char *who = xasprintf("(process %d)", (int)pid);
	assert_non_null(strstr(err.text, who));
	assert_non_null(strstr(err.text, dir));
	free(who);
	assert_int_equal(size_of(dir), size);
	let_go(pid, pipe_fd);
	add_one(dir, "two");
	free(dir);
}

/* Reads a line from FD into LINE. */
static void
read_line(int fd, char *line, size_t room)
{
	size_t len = 0;
	while (
	    len + 1 < room && read(fd, line + len, 1) == 1 && line[len] != '\n')
		len++;
	line[len] = '\0';
}

/*
 * A run whose parent is dead and whose worker still changes a device: it is
 * waited for. The worker ends only after the opener said that it waits.
 */
static void
workers_left_behind_are_waited_for(void **state)
{
	(void)state;
	int status, words[2], hold[2];
	char line[256], go;
	char *dir = new_run();
	assert_int_equal(pipe(words), 0);
	assert_int_equal(pipe(hold), 0);
	pid_t parent = fork();
	if (parent == 0) {
		struct err err;
		close(hold[1]);
		struct journal *journal = journal_open(dir, &err);
		if (!journal)
			_exit(1);
		if (fork() == 0) {
			if (read(hold[0], &go, 1) == 0)
				(void)!write(words[1], "done\n", 5);
			_exit(0);
		}
		_exit(0); /* without a word to anybody */
	}
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_int_equal(status, 0);
	pid_t opener = fork();
	if (opener == 0) {
		struct err err;
		close(hold[1]);
		dup2(words[1], STDERR_FILENO);
		struct journal *journal = journal_open(dir, &err);
		(void)!write(words[1], "open\n", 5);
		_exit(journal ? 0 : 1);
	}
	close(words[1]);
	close(hold[0]);
	read_line(words[0], line, sizeof(line));
	close(hold[1]);
	if (!strstr(line, "waiting for the workers"))
		fail_msg("it says \"%s\"", line);
	read_line(words[0], line, sizeof(line));
	assert_string_equal(line, "done");
	read_line(words[0], line, sizeof(line));
	assert_string_equal(line, "open");
	assert_int_equal(waitpid(opener, &status, 0), opener);
	assert_int_equal(status, 0);
	close(words[0]);
	free(dir);
}

/* Adds a line of LEN bytes, "\n" included; returns the length of its text. */
static size_t
append_line(const char *dir, size_t len)
{
	static const char head[] = "{\"event\":\"log\","
				   "\"time\":\"2026-11-21T02:40:00.000Z\","
				   "\"text\":\"";
	size_t text = len - strlen(head) - 3;
	char *line = xmalloc(len);
	memset(line, 'x', len);
	memcpy(line, head, strlen(head));
	memcpy(line + len - 3, "\"}\n", 3);
	append(dir, "events.jsonl", line, len);
	free(line);
	return text;
}

static void
lines_longer_than_a_read(void **state)
{
	(void)state;
	/* Their ends are before, at and behind the ends of reads. */
	static const size_t sizes[] = { 100, CHUNK_BYTES - 100, CHUNK_BYTES,
		CHUNK_BYTES - 1, CHUNK_BYTES + 1, 100, 100, 1000000, 5000000,
		CHUNK_BYTES * 3, 200, CHUNK_BYTES * 2 + 7, 100 };
	enum { COUNT = sizeof(sizes) / sizeof(*sizes) };
	size_t texts[COUNT], bad = 5;
	struct seen seen;
	int64_t at = 0;
	char *dir = new_run();
	for (size_t i = 0; i < COUNT; i++)
		texts[i] = append_line(dir, sizes[i]);
	append(dir, "events.jsonl", "{\"event\":\"log\"", 14);
	int64_t end = read_run(dir, &seen, &bad);
	assert_int_equal(seen.count, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(seen.offsets[i], at);
		assert_int_equal(seen.lengths[i], texts[i]);
		at += (int64_t)sizes[i];
	}
	assert_int_equal(end, at);
	assert_int_equal(bad, 5); /* a tail that is not whole is no line */
	free(seen.last);
	free(dir);
}

static void
lines_that_are_no_events_are_counted(void **state)
{
	(void)state;
	static const char junk[] = "\n{}\n[1]\n\xff\n{\"event\":\"splendid\","
				   "\"time\":\"2026-11-21T02:40:00.000Z\"}\n"
				   "{\"event\":\"log\"}\n";
	struct seen seen;
	size_t bad = 0;
	char *dir = new_run();
	append_line(dir, 100);
	append(dir, "events.jsonl", junk, sizeof(junk) - 1);
	append_line(dir, 200);
	int64_t end = read_run(dir, &seen, &bad);
	assert_int_equal(seen.count, 2);
	assert_int_equal(bad, 6);
	assert_int_equal(seen.offsets[1], 100 + sizeof(junk) - 1);
	assert_int_equal(end, 300 + sizeof(junk) - 1);
	free(seen.last);
	/* Nobody counts, nobody listens: the end is the same. */
	assert_int_equal(read_run(dir, &seen, NULL), end);
	free(seen.last);
	char *path = xasprintf("%s/events.jsonl", dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(journal_read(fd, NULL, NULL, &bad), end);
	assert_int_equal(bad, 6);
	close(fd);
	free(path);
	free(dir);
}

/* A line that no event can be: memory does not grow with it. */
static void
a_line_without_end_ends_the_reading(void **state)
{
	(void)state;
	struct seen seen;
	size_t bad = 0, len = EVENT_LINE_LIMIT_BYTES + 2 * CHUNK_BYTES;
	char *dir = new_run();
	append_line(dir, 100);
	char *line = xmalloc(len);
	memset(line, 'x', len);
	line[len - 1] = '\n';
	append(dir, "events.jsonl", line, len);
	append_line(dir, 100);
	assert_int_equal(read_run(dir, &seen, &bad), 100);
	assert_int_equal(seen.count, 1);
	free(seen.last);
	free(line);
	free(dir);
}

static void
an_empty_journal_has_no_lines(void **state)
{
	(void)state;
	struct seen seen;
	size_t bad = 0;
	char *dir = new_run();
	assert_int_equal(read_run(dir, &seen, &bad), 0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(bad, 0);
	free(dir);
}

static void
what_was_discarded_is_gone(void **state)
{
	(void)state;
	struct err err;
	struct stat about;
	char *other = new_run();
	struct journal *journal = journal_create(state_dir, "job", &err);
	assert_non_null(journal);
	char *dir = xstrdup(journal_dir(journal));
	char *transcripts = xasprintf("%s/transcripts", dir);
	assert_int_equal(dir_make(transcripts, 0700, &err), 0);
	append(transcripts, "R1.log", "x", 1);
	assert_int_equal(
	    journal_write_file(journal, "plan.json", "{}", 2, &err), 0);
	struct event event = log_event("kept in memory");
	journal_add(journal, &event);
	event_clear(&event);
	journal_discard(journal);
	assert_int_equal(stat(dir, &about), -1);
	assert_int_equal(stat(other, &about), 0);
	free(transcripts);
	free(dir);
	free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(what_is_no_run_is_not_opened),
		WITH_DIR(who_holds_it_is_left_alone),
		WITH_DIR(workers_left_behind_are_waited_for),
		WITH_DIR(a_torn_tail_is_cut_off),
		WITH_DIR(a_tail_of_zeros_is_cut_off),
		WITH_DIR(a_whole_journal_is_left_as_it_is),
		WITH_DIR(lines_that_are_no_events_are_counted),
		WITH_DIR(lines_longer_than_a_read),
		WITH_DIR(a_line_without_end_ends_the_reading),
		WITH_DIR(an_empty_journal_has_no_lines),
		WITH_DIR(what_was_discarded_is_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
