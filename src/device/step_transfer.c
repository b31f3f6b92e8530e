/* Copy steps over device/copy. */
#include "step_transfer.h"

int
step_transfer(const struct session *session, const struct transfer *transfer,
    struct fault *fault)
{
	(void)session;
	return err_set(&fault->err, ERR_TRANSFER, "copying %s is not built in",
	    transfer->local);
}
