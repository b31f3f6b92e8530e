/* The whole world: its devices, where they listen, and the ways to reach
 * them by name. */
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include "device.h"

struct err;

struct lab {
	const char *dir;
	struct device **devices;
	size_t count, cap;
	int port;
};

/* Makes the devices from FILE (may be NULL) or COUNT of TYPE ("mixed" takes
 * turns). -1 with ERR filled when the file is wrong. */
int lab_load(struct lab *lab, const char *file, int64_t count, const char *type,
    struct err *err);

/* Writes inventory.yml into the lab's directory. */
int lab_write_inventory(const struct lab *lab, struct err *err);
void lab_clear(struct lab *lab);

struct device *lab_device(const struct lab *lab, const char *name);

#endif
