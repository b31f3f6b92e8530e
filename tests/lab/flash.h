/*
 * The flash of a device: real files in DIR/flash/HOSTNAME, those of member N
 * of a stack in DIR/flash/HOSTNAME:N. It is flat. An image is a file whose
 * first line is `netpush-lab-image VERSION`.
 */
#ifndef LAB_FLASH_H
#define LAB_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device;
struct err;

#define FLASH_IMAGE "netpush-lab-image "

/* Where the flashes are; before all else. DIR must stay. */
void flash_init(const char *dir);

/* A place in a flash. */
struct flash_name {
	int64_t member; /* from 1 */
	char file[256]; /* "" for the whole file system */
};

/* Reads "flash:/X", "flash-2:X", "bootflash:///X", "/var/tmp/X" or, when BARE,
 * "X". False when there is no such file system, member or name. */
bool flash_parse(const struct device *device, const char *text, bool bare,
    struct flash_name *name);

/* The path on disk; the caller owns it. The first use of a flash makes it,
 * with the image that runs in it. */
char *flash_path(const struct device *device, const struct flash_name *name);

/* -1: there is no such file. */
int64_t flash_size(const struct device *device, const struct flash_name *name);

/* Bytes that are left on MEMBER. */
int64_t flash_free(const struct device *device, int64_t member);

bool flash_remove(const struct device *device, const struct flash_name *name);

/* Copies a file, as far as there is room; false: that was not far enough, or
 * there is no such file. */
bool flash_copy(const struct device *device, const struct flash_name *from,
    const struct flash_name *to);

/* Writes a small file. */
bool flash_put(const struct device *device, const struct flash_name *name,
    const char *text);

/* The version that an image holds (the caller's), NULL when it is none. */
char *flash_version(const struct device *device, const struct flash_name *name);

/* The files of a member, the oldest first. */
struct flash_list {
	struct flash_file {
		char *name;
		int64_t bytes, wall_s, age; /* age: to sort by */
	} * items;
	size_t count, cap;
};
void flash_list(
    const struct device *device, int64_t member, struct flash_list *list);
void flash_list_clear(struct flash_list *list);

/* As it is in the box. */
void flash_reset(const struct device *device);

#endif
