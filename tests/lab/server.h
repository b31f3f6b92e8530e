/* SSH for the devices: listening, logging in, and one terminal a connection.
 * The only place that knows libssh. */
#ifndef LAB_SERVER_H
#define LAB_SERVER_H

#include "lab.h"

/* Starts listening for all devices of LAB on one port (lab->port; 0: the
 * system chooses, and it is written there), makes the host keys. */
int server_start(struct lab *lab, struct err *err);

/* Writes known_hosts into the lab's directory. */
int server_write_known_hosts(const struct lab *lab, struct err *err);
void server_stop(void);

/* Frees the connections that ended; after every turn of the loop. */
void server_reap(void);

/* Stops listening and closes all connections, or listens again. */
int server_down(const struct device *device, struct err *err);
int server_up(const struct device *device, struct err *err);

/* Cuts all connections of DEVICE. */
void server_drop(const struct device *device);

/* Ends the delays that its terminals are in. */
void server_release(const struct device *device);

/* Modes of DEVICE's open terminals, as a list of names; caller owns it. */
json_t *server_modes(const struct device *device);

/* Over the whole lab: sessions now and at most at one time. */
void server_totals(uint64_t *sessions_now, uint64_t *sessions_max);

#endif
