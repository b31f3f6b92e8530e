/* Owning the texts of a fault. */
#include "device/fault.h"

#include "base/alloc.h"

#include <stdlib.h>

void
fault_clear(struct fault *fault)
{
	free(fault->sent);
	free(fault->device_text);
	*fault = (struct fault){ 0 };
}

void
fault_at(struct fault *fault, unsigned line, const char *sent,
    const char *device_text)
{
	if (!fault->line)
		fault->line = line;
	if (!fault->sent)
		fault->sent = xstrdup(sent);
	if (!fault->device_text)
		fault->device_text = xstrdup(device_text);
}
