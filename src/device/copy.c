/* Choosing the way and counting what goes over it. */
#include "device/copy.h"

#include "base/str.h"

static const char *const method_names[COPY_METHOD__COUNT] = {
	[COPY_AUTO] = "auto",
	[COPY_SCP] = "scp",
	[COPY_SFTP] = "sftp",
};

const char *
copy_method_name(enum copy_method method)
{
	return method_names[method];
}

bool
copy_method_get(const char *name, enum copy_method *method)
{
	int i = str_index(method_names, COPY_METHOD__COUNT, name);
	if (i >= 0)
		*method = (enum copy_method)i;
	return i >= 0;
}
