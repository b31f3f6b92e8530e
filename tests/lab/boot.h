/*
 * Which image a device comes up with: what its startup configuration names,
 * one after the other, else the first image that is found in its flash.
 */
#ifndef LAB_BOOT_H
#define LAB_BOOT_H

#include <jansson.h>

#include "base/str.h"

struct device;
struct buf;

struct boot {
	char *version, *image; /* NULL: no image could be loaded */
	json_t *tried; /* names of those before it */
};

/* What DEVICE would boot now; faults of images count. */
void boot_choose(struct device *device, struct boot *boot);
void boot_clear(struct boot *boot);

/* The images that lines of a configuration name, in their order. */
void boot_images(const struct strs *lines, struct strs *images);

/* The same of the startup configuration. */
void boot_startup_images(const struct device *device, struct strs *images);

/* The name as the platform shows it: "flash:/X", "bootflash:/X". */
char *boot_shown(const struct device *device, const char *image);

#endif
