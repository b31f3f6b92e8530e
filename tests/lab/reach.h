/*
 * Whether a device lets a client reach its SSH server: every access list that
 * is applied on the way is asked. Which lists those are is the platform's.
 */
#ifndef LAB_REACH_H
#define LAB_REACH_H

#include "acl_match.h"
#include "device.h"

/* The flow from SOURCE (host byte order; the device's `client` comes before
 * it) to port 22 of DEVICE. */
struct flow reach_flow(
    const struct device *device, uint32_t source, bool established);

/*
 * False when a list denies FLOW; then WHY (may be NULL) says which, as
 * "interface mgmt0: EDGE: 20 deny ip any any". A list that is applied and
 * does not exist permits all.
 */
bool reach_permits(
    const struct device *device, const struct flow *flow, struct buf *why);

/* reach_permits() for platforms that keep sections and access lists. */
bool reach_sections(
    const struct device *device, const struct flow *flow, struct buf *why);

/* Lines that apply lists, as "interface X: ip access-group NAME in". */
void reach_bindings(const struct device *device, struct strs *lines);

#endif
