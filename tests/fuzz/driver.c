/*
 * Runs a fuzz target over the files of the directories and files that are
 * named, once each: what libFuzzer does with a corpus, for compilers that
 * have none. Every file is also tried cut short, at a few places.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/fdio.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#define CUTS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
run_file(const char *path)
{
	struct buf text;
	struct err err = { 0 };
	buf_init(&text, 16 << 20);
	int rc = file_read(path, &text, &err);
	if (rc) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	for (size_t i = 1; i <= CUTS; i++)
		LLVMFuzzerTestOneInput(
		    (const uint8_t *)buf_str(&text), text.len * i / CUTS);
	buf_clear(&text);
	return 0;
}

/* Returns how many files were run, -1 when one could not be read. */
static int
run_directory(const char *path)
{
	int count = 0;
	DIR *directory = opendir(path);
	struct dirent *entry;
	if (!directory)
		return -1;
	while (count >= 0 && (entry = readdir(directory))) {
		char name[4096];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		count = run_file(name) ? -1 : count + 1;
	}
	closedir(directory);
	return count;
}

int
main(int argc, char **argv)
{
	int total = 0;
	for (int i = 1; i < argc; i++) {
		struct stat about;
		int count = -1;
		if (stat(argv[i], &about) == 0)
			count = S_ISDIR(about.st_mode)
			    ? run_directory(argv[i])
			    : 1 + 2 * run_file(argv[i]);
		if (count < 0) {
			fprintf(stderr, "%s cannot be run\n", argv[i]);
			return 1;
		}
		total += count;
	}
	printf("%d inputs\n", total);
	return total ? 0 : 1;
}
