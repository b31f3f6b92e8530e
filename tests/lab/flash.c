/*
 * Files of devices on our disk. It must not know how a device shows them, nor
 * how they come here.
 */
#include "flash.h"

#include "cli.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/fdio.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIR_MODE    0700
#define BLOCK_BYTES 65536

static const char *root;

void
flash_init(const char *dir)
{
	root = dir;
}

/* Cuts START and what NUMBER a member has behind it off *text: "flash:",
 * "flash-2:", "flash2:". */
static bool
take_file_system(const char **text, const char *start, int64_t *member)
{
	char digits[16];
	const char *at = *text;
	if (!str_starts(at, start))
		return false;
	at += strlen(start);
	*member = 1;
	if (*at == '-')
		at++;
	size_t len = strspn(at, "0123456789");
	if (len >= sizeof(digits))
		return false;
	memcpy(digits, at, len);
	digits[len] = '\0';
	if (len && !str_to_number(digits, member))
		return false;
	if (at[len] != ':')
		return false;
	*text = at + len + 1;
	return true;
}

bool
flash_parse(const struct device *device, const char *text, bool bare,
    struct flash_name *name)
{
	const char *var_tmp = "/var/tmp/";
	*name = (struct flash_name){ .member = 1 };
	if (str_starts(text, var_tmp))
		text += strlen(var_tmp);
	else if (!take_file_system(&text, "flash", &name->member) &&
	    !take_file_system(&text, "bootflash", &name->member) && !bare)
		return false;
	while (*text == '/')
		text++;
	if (strlen(text) >= sizeof(name->file) || strchr(text, '/') ||
	    *text == '.' || name->member < 1 ||
	    name->member > device->machine.members)
		return false;
	snprintf(name->file, sizeof(name->file), "%s", text);
	return true;
}

static char *
member_dir(const struct device *device, int64_t member)
{
	return member == 1 ? xasprintf("%s/flash/%s", root, device->name)
			   : xasprintf("%s/flash/%s:%lld", root, device->name,
				 (long long)member);
}

static void
write_text(const char *path, const char *text)
{
	struct err err = { 0 };
	if (file_write_atomic(path, text, strlen(text), 0600, &err))
		fprintf(stderr, "netpush-lab: %s\n", err.text);
}

/* Makes the flash of MEMBER, if there is none, with the running image. */
static char *
open_flash(const struct device *device, int64_t member)
{
	struct flash_name image;
	struct stat st;
	char *dir = member_dir(device, member);
	if (stat(dir, &st) == 0)
		return dir;
	dir_make(dir, DIR_MODE, NULL);
	if (flash_parse(device, device->machine.first_image, false, &image)) {
		char *path = xasprintf("%s/%s", dir, image.file);
		char *text = xasprintf(FLASH_IMAGE "%s\nof %s\n",
		    device->machine.first_version, device->name);
		write_text(path, text);
		free(text);
		free(path);
	}
	return dir;
}

char *
flash_path(const struct device *device, const struct flash_name *name)
{
	char *dir = open_flash(device, name->member);
	char *path = xasprintf("%s/%s", dir, name->file);
	free(dir);
	return path;
}

int64_t
flash_size(const struct device *device, const struct flash_name *name)
{
	struct stat st;
	char *path = flash_path(device, name);
	bool there = stat(path, &st) == 0 && S_ISREG(st.st_mode);
	free(path);
	return there ? (int64_t)st.st_size : -1;
}

static int
older(const void *a, const void *b)
{
	const struct flash_file *x = a, *y = b;
	if (x->age != y->age)
		return x->age < y->age ? -1 : 1;
	return strcmp(x->name, y->name);
}

void
flash_list(const struct device *device, int64_t member, struct flash_list *list)
{
	char *path = open_flash(device, member);
	DIR *dir = opendir(path);
	const struct dirent *entry;
	struct stat st;
	*list = (struct flash_list){ 0 };
	while (dir && (entry = readdir(dir))) {
		/* Ours that are being written start with a dot, too. */
		if (entry->d_name[0] == '.' ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0) ||
		    !S_ISREG(st.st_mode))
			continue;
		GROW(list->items, list->count, list->cap);
		list->items[list->count++] = (struct flash_file){
			.name = xstrdup(entry->d_name),
			.bytes = st.st_size,
			.wall_s = st.st_mtim.tv_sec,
			.age = st.st_mtim.tv_sec * 1000000000 +
			    st.st_mtim.tv_nsec,
		};
	}
	if (dir)
		closedir(dir);
	free(path);
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), older);
}

void
flash_list_clear(struct flash_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].name);
	free(list->items);
	*list = (struct flash_list){ 0 };
}

int64_t
flash_free(const struct device *device, int64_t member)
{
	struct flash_list list;
	int64_t left = device->machine.flash_bytes;
	flash_list(device, member, &list);
	for (size_t i = 0; i < list.count; i++)
		left -= list.items[i].bytes;
	flash_list_clear(&list);
	return left > 0 ? left : 0;
}

bool
flash_remove(const struct device *device, const struct flash_name *name)
{
	char *path = flash_path(device, name);
	bool gone = *name->file && unlink(path) == 0;
	free(path);
	return gone;
}

static bool
copy_bytes(FILE *in, FILE *out, int64_t room)
{
	static char block[BLOCK_BYTES];
	size_t got;
	while ((got = fread(block, 1, sizeof(block), in))) {
		size_t fits = (int64_t)got < room ? got : (size_t)room;
		if (fwrite(block, 1, fits, out) != fits || fits < got)
			return false;
		room -= (int64_t)fits;
	}
	return !ferror(in);
}

bool
flash_copy(const struct device *device, const struct flash_name *from,
    const struct flash_name *to)
{
	char *source = flash_path(device, from),
	     *target = flash_path(device, to);
	FILE *in = fopen(source, "rbe"), *out = NULL;
	bool good = false;
	unlink(target);
	if (in)
		out = fopen(target, "wbe");
	if (out)
		good = copy_bytes(in, out, flash_free(device, to->member));
	if (in)
		fclose(in);
	if (out && fclose(out))
		good = false;
	free(source);
	free(target);
	return good;
}

bool
flash_put(const struct device *device, const struct flash_name *name,
    const char *text)
{
	if (flash_free(device, name->member) < (int64_t)strlen(text))
		return false;
	char *path = flash_path(device, name);
	write_text(path, text);
	free(path);
	return true;
}

char *
flash_version(const struct device *device, const struct flash_name *name)
{
	char line[256] = "";
	char *path = flash_path(device, name), *version = NULL;
	FILE *file = *name->file ? fopen(path, "rbe") : NULL;
	if (file && fgets(line, sizeof(line), file) &&
	    str_starts(line, FLASH_IMAGE)) {
		const char *text = str_trim(line + strlen(FLASH_IMAGE));
		if (*text && str_is_utf8(text, strlen(text), NULL))
			version = xstrdup(text);
	}
	if (file)
		fclose(file);
	free(path);
	return version;
}

void
flash_reset(const struct device *device)
{
	for (int64_t m = 1; root && m <= device->machine.members; m++) {
		struct stat st;
		char *dir = member_dir(device, m);
		if (stat(dir, &st) == 0) {
			struct flash_list list;
			flash_list(device, m, &list);
			for (size_t i = 0; i < list.count; i++) {
				struct flash_name name = { .member = m };
				snprintf(name.file, sizeof(name.file), "%s",
				    list.items[i].name);
				flash_remove(device, &name);
			}
			flash_list_clear(&list);
			rmdir(dir);
		}
		free(dir);
	}
}
