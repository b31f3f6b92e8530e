/*
 * Chooses images. It must not know when a device boots, nor what happens if
 * it cannot.
 */
#include "boot.h"

#include "cli.h"
#include "flash.h"
#include "witness.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* The image that LINE of a configuration names, or NULL. */
static const char *
image_of(const char *line)
{
	static const char *const starts[] = { "boot system switch all ",
		"boot system flash ", "boot system ", "boot nxos " };
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (str_starts(line, starts[i]))
			return line + strlen(starts[i]);
	return NULL;
}

void
boot_images(const struct strs *lines, struct strs *images)
{
	for (size_t i = 0; i < lines->count; i++) {
		const char *image = image_of(lines->items[i]);
		if (image)
			strs_add(images, image);
	}
}

void
boot_startup_images(const struct device *device, struct strs *images)
{
	struct strs lines = { 0 };
	strs_add_lines(&lines, device->startup);
	boot_images(&lines, images);
	strs_clear(&lines);
}

char *
boot_shown(const struct device *device, const char *image)
{
	struct flash_name name;
	if (!flash_parse(device, image, true, &name))
		return xstrdup(image);
	return xasprintf("%s%s", device->platform->file_system, name.file);
}

/* The image's version if it can be loaded; else it is noted as tried. */
static bool
try_image(struct device *device, const char *image, struct boot *boot)
{
	struct flash_name name;
	bool good = flash_parse(device, image, true, &name);
	bool fails = faults_take(
	    &device->faults, FAULT_IMAGE_FAILS, WHEN_ANY, image, 0);
	boot->version = good && !fails ? flash_version(device, &name) : NULL;
	if (!boot->version) {
		json_array_append_new(
		    boot->tried, witness_text(image, strlen(image)));
		return false;
	}
	boot->image = boot_shown(device, image);
	return true;
}

static void
try_all_in_flash(struct device *device, struct boot *boot)
{
	struct flash_list list;
	flash_list(device, 1, &list);
	for (size_t i = 0; i < list.count && !boot->version; i++) {
		struct flash_name name = { .member = 1 };
		memcpy(name.file, list.items[i].name,
		    strlen(list.items[i].name) + 1);
		char *version = flash_version(device, &name);
		if (version)
			try_image(device, list.items[i].name, boot);
		free(version);
	}
	flash_list_clear(&list);
}

void
boot_choose(struct device *device, struct boot *boot)
{
	struct machine *machine = &device->machine;
	struct strs images = { 0 };
	*boot = (struct boot){ .tried = json_array() };
	if (machine->pending)
		strs_add(&images, machine->pending);
	boot_startup_images(device, &images);
	if (!images.count && !device->platform->installed)
		strs_add(&images, machine->image);
	for (size_t i = 0; i < images.count && !boot->version; i++)
		try_image(device, images.items[i], boot);
	if (!boot->version && device->platform->installed) {
		boot->version = xstrdup(machine->version);
		boot->image = xstrdup(machine->image);
	}
	if (!boot->version)
		try_all_in_flash(device, boot);
	strs_clear(&images);
}

void
boot_clear(struct boot *boot)
{
	free(boot->version);
	free(boot->image);
	json_decref(boot->tried);
}
