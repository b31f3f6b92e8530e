/* Loads the devices of a lab and writes the files that describe it. */
#include "lab.h"
#include "cli.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/fdio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES_MAX 60000
#define FILE_LIMIT  (16u << 20)

/* R1 is 127.10.0.1, R250 127.10.0.250, R251 127.10.1.1. */
static int
add_device(struct lab *lab, const json_t *object, const json_t *defaults,
    struct err *err)
{
	char address[32];
	size_t index = lab->count;
	snprintf(address, sizeof(address), "127.10.%zu.%zu", index / 250,
	    index % 250 + 1);
	struct device *device = device_new(object, defaults, address, err);
	if (!device)
		return -1;
	if (lab_device(lab, device->name)) {
		err_set(err, ERR_JOB, "%s: twice", device->name);
		device_free(device);
		return -1;
	}
	GROW(lab->devices, lab->count, lab->cap);
	lab->devices[lab->count++] = device;
	return 0;
}

static int
load_file(struct lab *lab, const char *file, struct err *err)
{
	json_error_t error;
	json_t *root = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
	int rc = -1;
	if (!root) {
		err_set(
		    err, ERR_JOB, "%s:%d: %s", file, error.line, error.text);
		return -1;
	}
	json_t *devices = json_object_get(root, "devices");
	json_t *item;
	size_t i;
	if (!json_is_array(devices)) {
		err_set(err, ERR_JOB, "%s: no devices", file);
		goto out;
	}
	json_array_foreach(devices, i, item)
	{
		if (add_device(lab, item, root, err))
			goto out;
	}
	rc = 0;
out:
	json_decref(root);
	return rc;
}

static int
load_count(struct lab *lab, int64_t count, const char *type, struct err *err)
{
	if (count < 1 || count > DEVICES_MAX)
		return err_set(err, ERR_JOB, "--count: 1 to %d", DEVICES_MAX);
	for (int64_t i = 0; i < count; i++) {
		char name[32];
		const char *kind = type;
		if (str_eq(type, "mixed"))
			kind = i % 2 ? "cisco_nxos" : "cisco_ios";
		snprintf(name, sizeof(name), "R%lld", (long long)i + 1);
		json_t *object = json_pack(
		    "{s:s s:s}", "hostname", name, "type", kind);
		int rc = add_device(lab, object, NULL, err);
		json_decref(object);
		if (rc)
			return -1;
	}
	return 0;
}

int
lab_load(struct lab *lab, const char *file, int64_t count, const char *type,
    struct err *err)
{
	return file ? load_file(lab, file, err)
		    : load_count(lab, count, type, err);
}

int
lab_write_inventory(const struct lab *lab, struct err *err)
{
	struct buf text;
	buf_init(&text, FILE_LIMIT);
	buf_adds(&text, "device_list:\n");
	for (size_t i = 0; i < lab->count; i++)
		buf_addf(&text,
		    "  - hostname: %s\n    address: %s\n    port: %d\n"
		    "    device_type: %s\n",
		    lab->devices[i]->name, lab->devices[i]->address, lab->port,
		    lab->devices[i]->platform->device_type);
	char *path = xasprintf("%s/inventory.yml", lab->dir);
	int rc = file_write_atomic(path, text.data, text.len, 0600, err);
	free(path);
	buf_clear(&text);
	return rc;
}

void
lab_clear(struct lab *lab)
{
	for (size_t i = 0; i < lab->count; i++)
		device_free(lab->devices[i]);
	free(lab->devices);
	*lab = (struct lab){ 0 };
}

struct device *
lab_device(const struct lab *lab, const char *name)
{
	for (size_t i = 0; i < lab->count; i++)
		if (str_eq(lab->devices[i]->name, name))
			return lab->devices[i];
	return NULL;
}
