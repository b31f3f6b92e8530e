/* Until the engine is there. */
#include "device/copy.h"
#include "device/fault.h"
int __attribute__((weak)) copy_run(struct ssh *ssh, const struct copy_ask *ask,
    struct copy_result *result, struct fault *fault)
{
	(void)ssh;
	*result = (struct copy_result){ 0 };
	return err_set(&fault->err, ERR_TRANSFER, "%s: no copy engine", ask->local);
}
